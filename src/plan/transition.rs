//! From the present state to a target: which files, directories and index entries change.

use super::Plan;
use super::ignored::ignored_there;
use super::target::Target;
use super::way::clear_the_way;
use crate::config::Config;
use crate::git::{
    MODE_EXEC, MODE_GITLINK, MODE_LINK, MODE_TREE, ObjectSink, SparsePatterns, ToSmudge, TreeEntry, Trees,
    attributes_of, smudge,
};
use crate::model::report::{Finding, LeftInPlace, Severity};
use crate::model::{
    DirMode, DirSpec, FileChange, FileKind, FileSpec, GitFileChange, IndexChange, IndexEntry, ObjectId, Perms,
    RepoPath, Stat, Step, WorktreeChange,
};
use crate::store::gitfiles::is_bisect;
use crate::store::scene::{Scene, tree_spec};
use crate::worktree::EntryState;
use crate::{Error, Result};
use std::collections::btree_map::Entry;
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

/// What a transition may touch.
pub struct Scope<'a> {
    /// Files.
    pub worktree: bool,
    /// The index.
    pub index: bool,
    /// The state of an interrupted merge, rebase, ...
    pub git_files: bool,
    /// Paths outside stay; `None`: all.
    pub only: Option<&'a dyn Fn(&RepoPath) -> bool>,
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
        self.only.is_none_or(|only| only(path)) && !self.carried.contains(path)
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
    sparse: Option<SparsePatterns>,
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
            desk,
            scope,
            target,
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
            findings: Vec::new(),
            left: Vec::new(),
        };
        if scope.worktree {
            if target.exact && scope.clean == Clean::None {
                this.ignored_there = ignored_there(desk, &this.trees, target)?;
            }
            let wanted = this.wanted()?;
            let wanted = this.convert(wanted)?;
            this.compare(wanted)?;
            this.check_readable()?;
            this.leave()?;
            clear_the_way(&mut this)?;
            this.remove_made()?;
            this.leave_out_what_moves();
            super::folders::settle(&mut this)?;
            let to_trash = &this.to_trash;
            this.left.retain(|left| !to_trash.contains(&left.path) && !scope.leaving.contains(&left.path));
        }
        Ok(this)
    }

    /// Ignored files that an operation made are none of the state before it, so no snapshot tells of them.
    fn remove_made(&mut self) -> Result<()> {
        for path in self.scope.made.clone() {
            if !self.changes.contains_key(&path) && !self.target.files.contains_key(&path) {
                super::way::save_and_remove(self, &path)?;
            }
        }
        Ok(())
    }

    /// What another step moves away as it is needs neither to be removed nor to be moved again.
    fn leave_out_what_moves(&mut self) {
        let leaving = &self.scope.leaving;
        let moves = |path: &RepoPath| {
            leaving.contains(path) || (!leaving.is_empty() && path.ancestors().any(|dir| leaving.contains(dir)))
        };
        self.to_trash.retain(|path| !moves(path));
        self.seen.retain(|path, _| !moves(path));
        self.changes.values_mut().filter(|change| moves(&change.path)).for_each(|change| change.old = None);
        self.changes.retain(|_, change| change.old.is_some() || change.new.is_some());
    }

    fn find(&self, tree: ObjectId, path: &RepoPath) -> Result<Option<TreeEntry>> {
        Ok(self.trees.find(tree, path.as_bytes())?.filter(|entry| entry.mode != MODE_TREE))
    }

    /// What shall stand at each path that may differ.
    fn wanted(&self) -> Result<BTreeMap<RepoPath, Option<Wanted>>> {
        let (scene, target) = (self.desk.scene, self.target);
        let mut out: BTreeMap<RepoPath, Option<Wanted>> = BTreeMap::new();
        self.trees.diff(self.desk.index_tree, target.tree, &mut |path, _, entry| {
            out.insert(path, entry.map(Wanted::Tree));
            Ok(())
        })?;
        let mut unsure: Vec<RepoPath> =
            scene.changed.keys().chain(scene.untracked.keys()).chain(scene.ignored.keys()).cloned().collect();
        let special = |i: &usize| {
            let unlike_a_tree = || !scene.index.entry(*i).is_plain() || self.has_unusual_perm(*i);
            scene.scan.entries[*i] == EntryState::Submodule { present: false } || (target.exact && unlike_a_tree())
        };
        unsure.extend((0..scene.index.len()).filter(special).map(|i| RepoPath::new(scene.index.path(i))));
        for path in unsure {
            if let Entry::Vacant(free) = out.entry(path) {
                let entry = self.find(target.tree, free.key())?;
                free.insert(entry.map(Wanted::Tree));
            }
        }
        for (path, spec) in &target.files {
            out.insert(path.clone(), Some(Wanted::Exact(spec.clone())));
        }
        for path in &target.absent {
            out.insert(path.clone(), None);
        }
        if !target.exact {
            out.retain(|path, _| !self.is_left_out(path));
        }
        out.retain(|path, _| self.scope.holds(path));
        for path in out.iter().filter(|(_, wanted)| wanted.is_some()).map(|(path, _)| path) {
            crate::worktree::check_path(path.as_bytes())
                .map_err(|e| e.context("the target holds a path that must not be written"))?;
        }
        Ok(out)
    }

    fn has_unusual_perm(&self, i: usize) -> bool {
        match self.desk.scene.scan.entries[i] {
            EntryState::Clean(stat) | EntryState::Suspect(stat) if stat.is_file() => {
                let usual = self.target.perms.unwrap_or(self.desk.scene.perms);
                stat.perm() != usual.usual(stat.perm() & 0o100 != 0)
            }
            _ => false,
        }
    }

    /// In a sparse checkout, going to a commit leaves out what is left out now and what the patterns leave out.
    fn is_left_out(&self, path: &RepoPath) -> bool {
        if self.desk.scene.index.range_at(path.as_bytes()).is_empty() {
            self.sparse.as_ref().is_some_and(|patterns| !patterns.includes(path))
        } else {
            self.desk.scene.is_absent(path)
        }
    }

    /// Runs conversions, so that from here on every file is exact bytes.
    fn convert(
        &mut self,
        mut wanted: BTreeMap<RepoPath, Option<Wanted>>,
    ) -> Result<BTreeMap<RepoPath, Option<Wanted>>> {
        let files = self.attribute_files()?;
        let attributes = attributes_of(self.desk.scene.repo, &files)?;
        if attributes.is_trivial() {
            return Ok(wanted);
        }
        let mut jobs = Vec::new();
        for (path, wanted) in &wanted {
            if let Some(Wanted::Tree(entry)) = wanted
                && entry.mode != MODE_GITLINK
                && entry.mode != MODE_LINK
            {
                let conversion = attributes.conversion(path);
                if conversion.smudges {
                    jobs.push(ToSmudge { path: path.clone(), mode: entry.mode, blob: entry.id, conversion });
                }
            }
        }
        self.wanted_raw = smudge(self.desk.scene.repo, self.desk.scratch, &files, &jobs, self.desk.sink)?;
        for (path, raw) in &self.wanted_raw {
            if let Some(Some(Wanted::Tree(entry))) = wanted.get_mut(path) {
                self.converted.insert(path.clone(), entry.id);
                entry.id = *raw;
            }
        }
        Ok(wanted)
    }

    /// The `.gitattributes` files of the target.
    fn attribute_files(&self) -> Result<BTreeMap<RepoPath, ObjectId>> {
        let is_ours = |path: &[u8]| path == b".gitattributes" || path.ends_with(b"/.gitattributes");
        let mut out = BTreeMap::new();
        for i in (0..self.desk.scene.index.len()).filter(|i| is_ours(self.desk.scene.index.path(*i))) {
            out.insert(RepoPath::new(self.desk.scene.index.path(i)), self.desk.scene.index.id(i));
        }
        self.trees.diff(self.desk.index_tree, self.target.tree, &mut |path, _, entry| {
            if is_ours(path.as_bytes()) {
                match entry.filter(|e| e.mode != MODE_LINK && e.mode != MODE_GITLINK) {
                    Some(entry) => drop(out.insert(path, entry.id)),
                    None => drop(out.remove(&path)),
                }
            }
            Ok(())
        })?;
        for (path, spec) in self.target.files.iter().filter(|(path, _)| is_ours(path.as_bytes())) {
            out.insert(path.clone(), spec.blob);
        }
        Ok(out)
    }

    fn compare(&mut self, wanted: BTreeMap<RepoPath, Option<Wanted>>) -> Result<()> {
        for (path, wanted) in wanted {
            if matches!(&wanted, Some(Wanted::Tree(entry)) if entry.mode == MODE_GITLINK) {
                self.want_submodule(path)?;
                continue;
            }
            let tracked = !self.desk.scene.index.range_at(path.as_bytes()).is_empty();
            if wanted.is_none() && self.may_stay(&path, tracked) {
                continue;
            }
            let present = self.desk.scene.current(&path, self.desk.sink)?;
            let new = wanted.map(|wanted| self.spec(wanted, present.as_ref().map(|(spec, _)| spec)));
            self.change(path, present, new);
        }
        Ok(())
    }

    /// Notes a change, when it is one.
    pub(super) fn change(&mut self, path: RepoPath, present: Option<(FileSpec, Stat)>, new: Option<FileSpec>) {
        let old = present.as_ref().map(|(spec, _)| spec.clone());
        if old == new {
            return;
        }
        if let Some((spec, stat)) = present {
            self.hold(&path, &spec);
            self.seen.insert(path.clone(), stat);
        }
        self.changes.insert(path.clone(), FileChange { path, old, new });
    }

    /// Bytes that the stash commit does not hold must be held by the manifest.
    fn hold(&mut self, path: &RepoPath, spec: &FileSpec) {
        let scene = self.desk.scene;
        let saved = scene.untracked.contains_key(path) || scene.ignored.contains_key(path);
        let saved = saved || matches!(scene.changed.get(path), Some(Some(_))) || self.extra_files.contains_key(path);
        if !saved && scene.index_entry(path).is_some_and(|entry| entry.id != spec.blob) {
            self.extra_raw.insert(path.clone(), spec.blob);
        }
    }

    /// Files that the target does not have: tracked ones leave (unless paths are only laid over), others only
    /// when asked.
    fn may_stay(&self, path: &RepoPath, tracked: bool) -> bool {
        if self.scope.overlay || tracked {
            return self.scope.overlay;
        }
        let ignored = self.desk.scene.ignored.contains_key(path) || self.ignored_there.contains(path);
        ignored || (self.scope.clean == Clean::None && !self.target.exact)
    }

    fn spec(&self, wanted: Wanted, present: Option<&FileSpec>) -> FileSpec {
        match wanted {
            Wanted::Exact(spec) => spec,
            Wanted::Tree(entry) => {
                let exec = entry.mode == MODE_EXEC;
                let same = present.filter(|p| {
                    let as_wanted = p.kind == FileKind::File && (p.mode & 0o100 != 0) == exec && p.blob == entry.id;
                    as_wanted && !self.target.exact
                });
                let usual = self.target.perms.unwrap_or_else(|| Perms::of_umask(crate::host::umask()));
                tree_spec(entry.mode, entry.id, same.map_or(usual.usual(exec), |p| p.mode))
            }
        }
    }

    /// A submodule is a directory here; what is in it is its own business.
    fn want_submodule(&mut self, path: RepoPath) -> Result<()> {
        match self.desk.scene.root.stat(&path)? {
            // With tracked files in it, it may go with them and has to be made again.
            Some(stat) if stat.is_dir() && self.desk.scene.index.range_below(path.as_bytes()).is_empty() => {
                return Ok(());
            }
            Some(stat) if stat.is_dir() => {}
            Some(_) => match self.desk.scene.current(&path, self.desk.sink)? {
                Some(present) => self.change(path.clone(), Some(present), None),
                None => drop(self.to_trash.insert(path.clone())),
            },
            None => {}
        }
        self.make_dirs.insert(DirSpec { path, perm: None });
        Ok(())
    }

    /// Everything that will be written is read once before anything is touched.
    fn check_readable(&self) -> Result<()> {
        let made: BTreeSet<ObjectId> = self.wanted_raw.values().copied().collect();
        let blobs: BTreeSet<ObjectId> = self.changes.values().filter_map(|c| c.new.as_ref()).map(|s| s.blob).collect();
        let blobs: Vec<ObjectId> = blobs.difference(&made).copied().collect();
        self.desk.scene.repo.check_blobs(&blobs, self.desk.sink)
    }

    /// Ignored entries, and files too big to be saved, are moved and not copied.
    fn leave(&mut self) -> Result<()> {
        let scene = self.desk.scene;
        let removes = (self.target.exact || self.scope.clean != Clean::None) && !self.scope.overlay;
        if removes {
            let (skipped, ignored) = (&self.target.skipped, &self.ignored_there);
            let leaves = |path: &RepoPath| self.scope.holds(path) && !skipped.contains(path) && !ignored.contains(path);
            for found in scene.big.iter().filter(|f| leaves(&f.path)) {
                self.to_trash.insert(found.path.clone());
            }
            for found in &scene.scan.special {
                if !self.to_trash.contains(&found.path) {
                    self.stays(found.path.clone(), "not a file (pipe, socket or device)");
                }
            }
            for path in &scene.scan.nested {
                self.stays(path.clone(), "a repository of its own");
            }
        }
        if self.scope.clean != Clean::All {
            return Ok(());
        }
        let keep = crate::git::Keep::new(&self.desk.config.keep);
        let mounts = crate::host::mounts::mount_points_below(scene.repo.root());
        for entry in &scene.scan.ignored {
            let split = crate::worktree::split_ignored(scene.repo.root(), entry, &keep, &mounts)?;
            self.to_trash.extend(split.movable.into_iter().map(|f| f.path));
            split.kept.into_iter().for_each(|path| self.stays(path, "kept by your settings ([keep] paths)"));
            split.nested.into_iter().for_each(|path| self.stays(path, "a repository of its own"));
            split.mounted.into_iter().for_each(|path| self.stays(path, "a file system is mounted there"));
        }
        Ok(())
    }

    fn stays(&mut self, path: RepoPath, reason: &str) {
        self.left.push(LeftInPlace { path, reason: reason.to_owned(), bytes: None });
    }

    /// Nested repositories and submodules that the target holds and that are not as it says.
    fn repositories(&self, plan: &mut Plan) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        if self.scope.only.is_some() || !self.scope.worktree {
            return Ok(steps);
        }
        for (n, repo) in self.target.nested.iter().enumerate() {
            let there = self.desk.scene.root.stat(&repo.path)?.is_some_and(|stat| stat.is_dir());
            if there {
                let now = crate::store::nested::capture(self.desk.scene.repo.root(), &repo.path, self.desk.sink)?;
                if &now == repo {
                    continue;
                }
                let slot = format!("{}/a{n}", self.desk.operation);
                steps.push(Step::MoveToTrash { path: repo.path.clone(), slot });
            }
            steps.push(Step::Nested { repo: repo.clone(), slot: format!("{}/b{n}", self.desk.operation), new: true });
            plan.extra.nested.push(repo.clone());
        }
        for target in &self.target.submodules {
            steps.push(Step::Submodule { path: target.path.clone(), old: None, new: Some(target.state.clone()) });
        }
        Ok(steps)
    }

    fn dir_modes(&self) -> Vec<DirMode> {
        let usual = 0o777 & !crate::host::umask();
        let present: BTreeMap<&RepoPath, u32> =
            self.desk.scene.scan.dirs.iter().map(|(path, perm)| (path, *perm)).collect();
        let mut wanted = present.clone();
        if self.target.exact && self.scope.only.is_none() {
            let goes_back = |path: &RepoPath| !self.ignored_there.contains(path);
            wanted.iter_mut().filter(|(path, _)| goes_back(path)).for_each(|(_, perm)| *perm = usual);
            wanted.extend(self.target.dirs.iter().filter_map(|d| Some((&d.path, d.perm?))));
        }
        // Also where both are the same: a directory that goes on the way comes back with its bits.
        wanted
            .into_iter()
            .map(|(path, new)| DirMode { path: path.clone(), old: present.get(path).copied().unwrap_or(usual), new })
            .collect()
    }

    fn index_changes(&self) -> Result<Vec<IndexChange>> {
        let scene = self.desk.scene;
        let mut paths: BTreeSet<RepoPath> = self.target.index.keys().cloned().collect();
        self.trees.diff(self.desk.index_tree, self.target.index_tree, &mut |path, _, _| {
            paths.insert(path);
            Ok(())
        })?;
        let special = (0..scene.index.len()).filter(|i| !scene.index.entry(*i).is_plain());
        paths.extend(special.map(|i| RepoPath::new(scene.index.path(i))));
        let mut out = Vec::new();
        for path in paths.into_iter().filter(|path| self.scope.holds(path)) {
            let old = scene.index_entries(&path);
            let new = match self.target.index.get(&path) {
                Some(entries) => entries.clone(),
                None => {
                    let entry = self.find(self.target.index_tree, &path)?;
                    entry.map(|entry| self.plain_entry(&path, entry)).into_iter().collect()
                }
            };
            if old != new && !(new.is_empty() && self.scope.overlay) {
                out.push(IndexChange { path, old, new });
            }
        }
        self.make_room_in_index(&mut out);
        Ok(out)
    }

    /// A path is a file or a directory, never both: where one comes, the other leaves.
    fn make_room_in_index(&self, changes: &mut Vec<IndexChange>) {
        let index = &self.desk.scene.index;
        let known: BTreeSet<RepoPath> = changes.iter().map(|c| c.path.clone()).collect();
        let mut gone: BTreeSet<RepoPath> = BTreeSet::new();
        for change in changes.iter().filter(|c| !c.new.is_empty() && c.old.is_empty()) {
            let below = index.range_below(change.path.as_bytes());
            gone.extend(below.map(|i| RepoPath::new(index.path(i))));
            let above = change.path.ancestors().filter(|dir| !index.range_at(dir).is_empty());
            gone.extend(above.map(RepoPath::new));
        }
        for path in gone.into_iter().filter(|path| !known.contains(path)) {
            changes.push(IndexChange { old: self.desk.scene.index_entries(&path), new: Vec::new(), path });
        }
    }

    /// Marks that a user set outlive a move to another commit.
    fn plain_entry(&self, path: &RepoPath, entry: TreeEntry) -> IndexEntry {
        let mut new = IndexEntry::plain(entry.mode, entry.id);
        if self.target.exact {
            return new;
        }
        match self.desk.scene.index_entry(path) {
            Some(old) if old.stage == 0 => {
                new.flags.assume_unchanged = old.flags.assume_unchanged;
                new.flags.skip_worktree = old.flags.skip_worktree;
            }
            Some(_) => {}
            None => new.flags.skip_worktree = self.sparse.as_ref().is_some_and(|p| !p.includes(path)),
        }
        new
    }

    fn git_file_changes(&self) -> Vec<GitFileChange> {
        let present: BTreeMap<&RepoPath, ObjectId> =
            self.desk.scene.git_files.iter().map(|f| (&f.name, f.blob)).collect();
        let wanted: BTreeMap<&RepoPath, ObjectId> = if self.target.exact {
            self.target.git_files.iter().map(|f| (&f.name, f.blob)).collect()
        } else {
            present.iter().filter(|(name, _)| is_bisect(name)).map(|(name, id)| (*name, *id)).collect()
        };
        let names: BTreeSet<&RepoPath> = present.keys().chain(wanted.keys()).copied().collect();
        names
            .into_iter()
            .map(|name| {
                let (old, new) = (present.get(name).copied(), wanted.get(name).copied());
                GitFileChange { name: name.clone(), old, new }
            })
            .filter(|change| change.old != change.new)
            .collect()
    }

    /// Puts the steps into a plan. `middle` (refs, `HEAD`) goes behind the files, so that a stop in between looks
    /// like local changes and never like lost ones; `last` goes to the end.
    pub fn into_plan(mut self, plan: &mut Plan, middle: Vec<Step>, last: Vec<Step>) -> Result<()> {
        let index = if self.scope.index { self.index_changes()? } else { Vec::new() };
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
        if !index.is_empty() || !self.scope.index_stays_fresh(plan) {
            plan.steps.push(Step::Index { changes: index });
        }
        plan.steps.extend(last);
        plan.seen.append(&mut self.seen);
        plan.converted.append(&mut self.converted);
        plan.extra.raw.append(&mut self.extra_raw);
        plan.extra.files.append(&mut self.extra_files);
        plan.extra.wanted.append(&mut self.wanted_raw);
        plan.report.findings.append(&mut self.findings);
        Ok(())
    }

    /// Says that something stands in the way of all of it.
    pub(super) fn block(&mut self, message: String, help: &str) {
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
