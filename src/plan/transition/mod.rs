//! From the present state to a target: which files, directories and index entries change.

mod entries;
mod files;
mod wanted;

use super::Plan;
use super::ignored::ignored_there;
use super::target::Target;
use super::way::clear_the_way;
use crate::config::Config;
use crate::git::{Handles, Keep, ObjectSink, Pathspecs, ReadBlobs, SparsePatterns, TreeEntry, Trees};
use crate::model::report::{Finding, LeftInPlace, Severity};
use crate::model::{DirSpec, FileChange, FileSpec, IndexChange, ObjectId, RepoPath, Stat, Step, WorktreeChange};
use crate::store::scene::Scene;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Which untracked and ignored files leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clean {
    /// None but those in the way.
    #[default]
    None,
    /// Untracked ones.
    Untracked,
    /// Ignored ones too.
    All,
}

/// Says which paths may be touched.
pub trait Only {
    /// Whether this one may.
    fn holds(&self, path: &RepoPath) -> bool;

    /// Whether anything below a directory may. A yes can be wrong: then only more is looked at.
    fn may_hold_below(&self, _dir: &[u8]) -> bool {
        true
    }
}

impl<F: Fn(&RepoPath) -> bool> Only for F {
    fn holds(&self, path: &RepoPath) -> bool {
        self(path)
    }
}

impl Only for Pathspecs {
    fn holds(&self, path: &RepoPath) -> bool {
        self.matches(path)
    }

    fn may_hold_below(&self, dir: &[u8]) -> bool {
        self.may_match_below(dir)
    }
}

/// What a transition may touch.
pub struct Scope<'a> {
    /// Files.
    pub worktree: bool,
    /// The index.
    pub index: bool,
    /// The state of an interrupted merge, rebase, ...
    pub git_files: bool,
    /// Empty directories.
    pub folders: bool,
    /// Paths outside stay; `None`: all.
    pub only: Option<&'a dyn Only>,
    /// Files that the target does not have stay.
    pub overlay: bool,
    /// Which files leave that git does not know.
    pub clean: Clean,
    /// Paths that keep what they are (changes that are carried along).
    pub carried: BTreeSet<RepoPath>,
    /// Files that leave although git ignores them: the operation that is taken back made them.
    pub made: BTreeSet<RepoPath>,
    /// What else leaves by other steps: directories above it may become empty.
    pub leaving: BTreeSet<RepoPath>,
}

impl Scope<'_> {
    /// Everything.
    pub fn whole(clean: Clean) -> Self {
        Scope {
            worktree: true,
            index: true,
            git_files: true,
            folders: true,
            only: None,
            overlay: false,
            clean,
            carried: BTreeSet::new(),
            made: BTreeSet::new(),
            leaving: BTreeSet::new(),
        }
    }

    fn index_stays_fresh(&self, plan: &Plan) -> bool {
        !plan.steps.iter().any(|step| matches!(step, Step::Worktree(change) if !change.files.is_empty()))
    }

    pub(super) fn holds(&self, path: &RepoPath) -> bool {
        self.only.is_none_or(|only| only.holds(path)) && !self.carried.contains(path)
    }

    /// Whether it may hold anything below a directory.
    fn may_hold_below(&self, dir: &[u8]) -> bool {
        self.only.is_none_or(|only| only.may_hold_below(dir))
    }
}

/// What a planner works with.
#[derive(Clone, Copy)]
pub struct Desk<'s, 'r> {
    /// The present state.
    pub scene: &'s Scene<'r>,
    /// The tree of the index.
    pub index_tree: ObjectId,
    /// Where objects go that the plan needs.
    pub sink: &'s ObjectSink<'r>,
    /// The settings.
    pub config: &'s Config,
    /// The operation's name.
    pub operation: &'s str,
    /// A directory for files that are made on the way.
    pub scratch: &'s Path,
}

/// A transition that was worked out.
pub struct Transition<'s, 'r> {
    pub(super) desk: Desk<'s, 'r>,
    pub(super) scope: &'s Scope<'s>,
    pub(super) target: &'s Target,
    pub(super) trees: Trees<'r>,
    /// What never moves away.
    pub(super) keep: Keep,
    sparse: Option<SparsePatterns>,
    /// What the trees of the index and of the target's files differ in.
    differences: BTreeMap<RepoPath, Option<TreeEntry>>,
    pub(super) changes: BTreeMap<RepoPath, FileChange>,
    pub(super) seen: BTreeMap<RepoPath, Stat>,
    pub(super) to_trash: BTreeSet<RepoPath>,
    pub(super) make_dirs: BTreeSet<DirSpec>,
    pub(super) remove_dirs: BTreeSet<DirSpec>,
    pub(super) extra_files: BTreeMap<RepoPath, FileSpec>,
    extra_raw: BTreeMap<RepoPath, ObjectId>,
    /// What is untracked now and ignored by the target's own rules.
    pub(super) ignored_there: BTreeSet<RepoPath>,
    wanted_raw: BTreeMap<RepoPath, ObjectId>,
    converted: BTreeMap<RepoPath, ObjectId>,
    /// What was read of the blobs that are written.
    blobs: ReadBlobs,
    index: Vec<IndexChange>,
    findings: Vec<Finding>,
    left: Vec<LeftInPlace>,
}

impl<'s, 'r> Transition<'s, 'r> {
    /// Works out what has to change.
    ///
    /// # Errors
    /// When objects of the target are missing or damaged, or a path of it must not be written.
    pub fn work_out(desk: Desk<'s, 'r>, target: &'s Target, scope: &'s Scope<'s>) -> Result<Self> {
        Self::try_work_out(desk, target, scope).map_err(|e| match e.kind() {
            crate::Kind::Fault => missing_object(desk.scene, e),
            _ => e,
        })
    }

    fn try_work_out(desk: Desk<'s, 'r>, target: &'s Target, scope: &'s Scope<'s>) -> Result<Self> {
        let mut this = Transition {
            trees: desk.scene.repo.trees()?.and_made_in(desk.sink),
            sparse: SparsePatterns::of(desk.scene.repo)?,
            keep: Keep::new(&desk.config.keep),
            desk,
            scope,
            target,
            differences: BTreeMap::new(),
            changes: BTreeMap::new(),
            seen: BTreeMap::new(),
            to_trash: BTreeSet::new(),
            make_dirs: BTreeSet::new(),
            remove_dirs: BTreeSet::new(),
            extra_files: BTreeMap::new(),
            extra_raw: BTreeMap::new(),
            ignored_there: BTreeSet::new(),
            wanted_raw: BTreeMap::new(),
            converted: BTreeMap::new(),
            blobs: ReadBlobs::default(),
            index: Vec::new(),
            findings: Vec::new(),
            left: Vec::new(),
        };
        this.differences = this.differ(target.tree)?;
        if scope.worktree {
            if target.exact && scope.clean == Clean::None {
                this.ignored_there = ignored_there(desk, &this.trees, target)?;
            }
            let wanted = this.wanted()?;
            let wanted = this.convert(wanted)?;
            let likely = this.likely(&wanted);
            let (repo, sink): (&Handles, _) = (desk.scene.repo, desk.sink);
            std::thread::scope(|threads| {
                // What is likely to be written is read while the rest of the plan, which has one core only, is made.
                let read = || repo.check_blobs(&likely, sink);
                let reading = (!likely.is_empty()).then(|| crate::host::beside(threads, read));
                this.decide(wanted)?;
                let read = reading.and_then(|reading| reading.join().ok()).and_then(Result::ok);
                this.blobs = this.check_readable(read.map(|read| (read, &likely[..])))?;
                Ok::<(), Error>(())
            })?;
        } else {
            this.decide_index()?;
        }
        Ok(this)
    }

    /// What happens to each path.
    fn decide(&mut self, wanted: BTreeMap<RepoPath, Option<Wanted>>) -> Result<()> {
        self.compare(wanted)?;
        self.leave()?;
        clear_the_way(self)?;
        self.remove_made()?;
        self.leave_out_what_moves();
        super::folders::settle(self)?;
        let (to_trash, scope) = (&self.to_trash, self.scope);
        self.left.retain(|left| !to_trash.contains(&left.path) && !scope.leaving.contains(&left.path));
        self.decide_index()
    }

    fn decide_index(&mut self) -> Result<()> {
        if self.scope.index {
            self.index = self.index_changes()?;
        }
        Ok(())
    }

    /// What differs between the tree of the index and another one, as that has it.
    fn differ(&self, tree: ObjectId) -> Result<BTreeMap<RepoPath, Option<TreeEntry>>> {
        let mut out = BTreeMap::new();
        self.trees.diff_within(
            self.desk.index_tree,
            tree,
            &|dir| self.scope.may_hold_below(dir),
            &mut |path, _, new| {
                out.insert(path, new);
                Ok(())
            },
        )?;
        Ok(out)
    }

    /// Puts the steps into a plan. `middle` (refs, `HEAD`) goes behind the files, so that a stop in between looks
    /// like local changes and never like lost ones; `last` goes to the end.
    pub fn into_plan(mut self, plan: &mut Plan, middle: Vec<Step>, last: Vec<Step>) -> Result<()> {
        let git_files = if self.scope.git_files { self.git_file_changes() } else { Vec::new() };
        for (n, path) in self.to_trash.iter().enumerate() {
            let slot = format!("{}/{n}", self.desk.operation);
            plan.steps.push(Step::MoveToTrash { path: path.clone(), slot });
        }
        let mut change = WorktreeChange {
            files: std::mem::take(&mut self.changes).into_values().collect(),
            make_dirs: std::mem::take(&mut self.make_dirs).into_iter().collect(),
            remove_dirs: std::mem::take(&mut self.remove_dirs).into_iter().collect(),
            dir_modes: Vec::new(),
        };
        let modes = if self.scope.worktree { self.dir_modes() } else { Vec::new() };
        if !change.is_empty() || modes.iter().any(|m| m.old != m.new) {
            change.dir_modes = modes;
        }
        let repositories = self.repositories(plan)?;
        super::describe::files(plan, self.desk.scene, &change, &self.to_trash, &self.left);
        if !change.is_empty() {
            plan.steps.push(Step::Worktree(change));
        }
        if !git_files.is_empty() {
            plan.steps.push(Step::GitFiles { files: git_files });
        }
        plan.steps.extend(repositories);
        plan.steps.extend(middle);
        // Also without changes: the index learns the files' new stat data, so that git need not read them again.
        if !self.index.is_empty() || !self.scope.index_stays_fresh(plan) {
            plan.steps.push(Step::Index { changes: std::mem::take(&mut self.index) });
        }
        plan.steps.extend(last);
        plan.seen.append(&mut self.seen);
        plan.converted.append(&mut self.converted);
        plan.blobs.append(self.blobs);
        plan.extra.raw.append(&mut self.extra_raw);
        plan.extra.files.append(&mut self.extra_files);
        plan.extra.wanted.append(&mut self.wanted_raw);
        plan.report.findings.append(&mut self.findings);
        Ok(())
    }

    /// Says that something stands in the way of all of it.
    pub(in crate::plan) fn block(&mut self, message: String, help: &str) {
        self.findings.push(Finding { severity: Severity::Block, message, help: Some(help.to_owned()) });
    }
}

/// What shall stand at a path.
#[derive(Clone, Debug)]
enum Wanted {
    Tree(TreeEntry),
    Exact(FileSpec),
}

/// An object that a target needs cannot be read.
pub fn missing_object(scene: &Scene<'_>, cause: Error) -> Error {
    let error = Error::refused("an object that the target needs is missing or damaged").because(cause);
    match (scene.repo.is_shallow(), scene.repo.is_partial_clone()) {
        (true, _) => error.help("this clone is shallow: `git fetch --unshallow` brings the rest"),
        (_, true) => error.help("this is a partial clone: `git fetch --refetch` brings the objects"),
        _ => error.help("`git fsck` shows what is damaged; fetch it again, or go to another point"),
    }
}
