//! `to`: going to a place. What moves depends on the situation; the plan says which way and why.

use super::resolve::Place;
use super::transition::{Clean, Desk, Scope, Transition};
use super::{Plan, describe};
use crate::git::{ObjectSink, Repo, write_commit};
use crate::model::report::{Finding, Move, MoveKind, Severity};
use crate::model::{FileSpec, Head, HeadAt, ObjectId, RepoPath, Step, Who};
use crate::store::scene::Scene;
use crate::store::session::Session;
use crate::store::snapshot::Snapshot;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The way a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Move the branch.
    Reset,
    /// One new commit with the place's content.
    Revert,
    /// Start a branch there.
    Branch(String),
    /// The reverting commit on a new branch.
    RevertBranch(String),
    /// Leave the branch, detach `HEAD`.
    Detach,
    /// Switch to a branch that is there; the place is its tip.
    Switch(String),
}

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct ToRequest {
    /// The way; `None`: what suits the situation.
    pub way: Option<Way>,
    /// Which other files leave.
    pub clean: Clean,
    /// Carry uncommitted changes along.
    pub keep_changes: bool,
    /// Run what the settings name around it.
    pub commands: bool,
    /// Look afterwards whether what was started works.
    pub verify: bool,
    /// Files that shall stand there although the place does not have them; git does not track them there.
    pub also: BTreeMap<RepoPath, FileSpec>,
}

/// Makes the plan.
///
/// # Errors
/// Refused when no way suits by itself: the message names the flags.
pub fn plan(session: &Session, desk: Desk<'_, '_>, who: &Who, place: &Place, request: &ToRequest) -> Result<Plan> {
    let scene = desk.scene;
    let mut plan = Plan { changes_state: true, ..Plan::default() };
    let mut target = place.target(&session.repo).map_err(|e| super::transition::missing_object(scene, e))?;
    if target.scope.is_some() {
        return Err(only_some_paths(place));
    }
    let moving = Moving { session, scene, sink: desk.sink, who, place };
    let (head, refs) = moving.decide(request.way.as_ref(), &mut plan)?;
    let mut middle = refs;
    let commit = head_commit_after(scene, &head, &middle, &session.repo)?;
    middle.extend(super::switch(scene, &head, commit));
    if let (Some(snapshot), None) = (&place.snapshot, &place.after) {
        middle.extend(private_refs(&session.repo, scene, snapshot)?);
    }
    target.files.extend(request.also.clone());
    let mut scope = Scope::whole(request.clean);
    if request.keep_changes {
        if target.exact {
            return Err(Error::refused("--keep-changes does not go with a checkpoint: it is restored exactly")
                .help("leave --keep-changes out; your changes are saved first"));
        }
        scope.carried = carried(desk, target.tree)?;
        scope.git_files = false;
        target.git_files.clear();
    }
    plan.extra.commits.extend(place.snapshot.as_ref().map(|s| s.commit));
    plan.extra.commits.extend(place.commit);
    plan.extra.commits.extend(middle.iter().filter_map(|step| match step {
        Step::Ref { old, .. } => *old,
        _ => None,
    }));
    Transition::work_out(desk, &target, &scope)?.into_plan(&mut plan, middle, Vec::new())?;
    if !request.keep_changes {
        note_set_aside(desk, &mut plan);
    }
    plan.after = Some(HeadAt { head, commit });
    if plan.report.files.ignored_moved.count > 0 {
        plan.report.needs_yes.push(format!(
            "{} to the trash",
            super::count(plan.report.files.ignored_moved.count as usize, "entry moves", "entries move")
        ));
    }
    let what = if place.what.ends_with(&format!(" {}", place.typed)) {
        place.what.clone()
    } else {
        format!("{} ({})", place.typed, place.what)
    };
    plan.report.title = format!("Go to {what}");
    plan.changes_state = !plan.steps.is_empty();
    plan.report.steps = describe::sentences(&plan.steps);
    plan.report.way_back = plan.changes_state.then(|| "git rollback undo".to_owned());
    if request.commands {
        super::lifecycle::surround(session, desk, &target, &place.typed, request.verify, &mut plan)?;
    }
    super::release::note(session, desk, place, &mut plan)?;
    Ok(plan)
}

/// A snapshot that tells of some paths is no state to go to.
fn only_some_paths(place: &Place) -> Error {
    let error = Error::refused(format!("{} holds some paths only: what a restore was about to replace", place.what));
    let error = error.help(format!("`git rollback restore --from {} PATH` brings one of them back", place.typed));
    match place.snapshot.as_ref().map(|snapshot| &snapshot.manifest.operation) {
        Some(operation) => error.help(format!("`git rollback undo {operation}` takes that restore back")),
        None => error,
    }
}

/// What was not committed does not come along: that is said, and where it is.
pub(super) fn note_set_aside(desk: Desk<'_, '_>, plan: &mut Plan) {
    let note = |message: String| Finding { severity: Severity::Note, message, help: None };
    let touched: BTreeSet<&RepoPath> = plan
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Worktree(change) => Some(change.files.iter().map(|c| &c.path)),
            _ => None,
        })
        .flatten()
        .collect();
    let mine = desk.scene.changed.keys().filter(|path| touched.contains(path)).count();
    let ends = plan.steps.iter().any(
        |step| matches!(step, Step::GitFiles { files } if files.iter().any(|f| f.old.is_some() && f.new.is_none())),
    );
    let under_way = crate::store::gitfiles::in_progress(desk.scene.repo.git_dir());
    let mut notes = Vec::new();
    if mine > 0 {
        let files = super::count(mine, "file", "files");
        notes.push(note(format!("your uncommitted changes in {files} are saved and set aside; undo brings them back")));
    }
    if ends && !under_way.is_empty() {
        notes.push(note(format!("the {} under way is saved and ended; undo brings it back", under_way.join(" and "))));
    }
    plan.report.findings.extend(notes);
}

/// Refs that belong to one worktree's interrupted bisection or rebase: they are part of its state.
pub(super) fn private_refs(repo: &Repo, scene: &Scene<'_>, snapshot: &Snapshot) -> Result<Vec<Step>> {
    let then = snapshot.refs(repo)?;
    let is_private = |name: &str| name.starts_with("refs/bisect/") || name.starts_with("refs/rewritten/");
    let now: BTreeMap<String, ObjectId> =
        scene.refs.iter().filter_map(|r| Some((r.utf8_name()?.to_owned(), r.id))).collect();
    let names: BTreeSet<&String> = then.keys().chain(now.keys()).filter(|name| is_private(name)).collect();
    let mut out = Vec::new();
    for name in names {
        let (old, new) = (now.get(name).copied(), then.get(name).copied().filter(|id| repo.exists(*id)));
        if old != new {
            out.push(Step::Ref { name: name.clone(), old, new, message: "rollback: state of a bisection".to_owned() });
        }
    }
    Ok(out)
}

/// The branch for which a person must say how to go to a place; `None`: the situation says it.
pub fn branch_to_choose_for(session: &Session, place: &Place) -> Result<Option<String>> {
    let head = session.repo.head()?;
    let (Head::Branch(name), None, Some(target)) = (&head, place.head(), place.commit) else { return Ok(None) };
    let Some(tip) = session.repo.head_commit(&head)? else { return Ok(None) };
    let clear = session.repo.is_ancestor(target, tip)? || is_protected_and_published(session, name, tip, place.commit)?;
    Ok((!clear).then(|| short(name)))
}

/// Published commits of a protected branch are never rewritten.
fn is_protected_and_published(session: &Session, name: &str, tip: ObjectId, target: Option<ObjectId>) -> Result<bool> {
    let protected = session.config.is_protected(&short(name))
        || session.repo.remote_defaults().iter().any(|default| default == name);
    Ok(protected && session.repo.leaving(tip, target, 0)?.published > 0)
}

/// Where `HEAD` leads once the refs have moved.
pub(super) fn head_commit_after(
    scene: &Scene<'_>,
    head: &Head,
    refs: &[Step],
    repo: &Repo,
) -> Result<Option<ObjectId>> {
    let Head::Branch(branch) = head else { return repo.head_commit(head) };
    let moved = refs.iter().find_map(|step| match step {
        Step::Ref { name, new, .. } if name == branch => Some(*new),
        _ => None,
    });
    match moved {
        Some(new) => Ok(new),
        None if head == &scene.head => Ok(scene.head_commit),
        None => repo.reference(branch),
    }
}

/// Paths with uncommitted changes, which stay as they are.
fn carried(desk: Desk<'_, '_>, tree: ObjectId) -> Result<BTreeSet<crate::model::RepoPath>> {
    let scene = desk.scene;
    let mut mine: BTreeSet<_> = scene.changed.keys().cloned().collect();
    let trees = scene.repo.trees()?.and_made_in(desk.sink);
    trees.diff(scene.head_tree, desk.index_tree, &mut |path, _, _| {
        mine.insert(path);
        Ok(())
    })?;
    let mut both = Vec::new();
    trees.diff(scene.head_tree, tree, &mut |path, _, _| {
        if mine.contains(&path) {
            both.push(path);
        }
        Ok(())
    })?;
    if both.is_empty() {
        return Ok(mine);
    }
    let names: Vec<String> = both.iter().take(10).map(ToString::to_string).collect();
    Err(Error::refused(format!("{} changed files cannot be carried along: they differ there too", both.len()))
        .because(names.join(", "))
        .help("leave --keep-changes out: they are saved, and `git rollback undo` brings them back"))
}

struct Moving<'a, 'r> {
    session: &'a Session,
    scene: &'a Scene<'r>,
    sink: &'a ObjectSink<'r>,
    who: &'a Who,
    place: &'a Place,
}

impl Moving<'_, '_> {
    /// What `HEAD` shall say, and which refs move.
    fn decide(&self, way: Option<&Way>, plan: &mut Plan) -> Result<(Head, Vec<Step>)> {
        match (way, self.place.head()) {
            (Some(way), _) => self.by_way(way, plan),
            (None, Some(head)) => self.as_saved(head, plan),
            (None, None) => self.by_situation(plan),
        }
    }

    fn commit(&self) -> Result<ObjectId> {
        self.place.commit.ok_or_else(|| {
            Error::refused(format!("{} has no commit yet", self.place.typed))
                .help("go to it without --reset, --revert, --branch or --detach")
        })
    }

    /// A snapshot: `HEAD` says what it said then, and its branch is where it was.
    fn as_saved(&self, head: Head, plan: &mut Plan) -> Result<(Head, Vec<Step>)> {
        let Head::Branch(name) = &head else {
            self.say(plan, MoveKind::Detach, "HEAD", "it was detached then");
            return Ok((head, Vec::new()));
        };
        self.refuse_elsewhere(name)?;
        let now = self.session.repo.reference(name)?;
        let switches = head != self.scene.head;
        let kind = if switches { MoveKind::Switch } else { MoveKind::Stay };
        if now == self.place.commit {
            self.say(plan, kind, &short(name), "the branch is where it was then");
            return Ok((head.clone(), Vec::new()));
        }
        if let (Some(tip), Some(_)) = (now, self.place.commit)
            && self.must_revert(name, tip)?
        {
            return self.revert_on(head.clone(), name, tip, plan);
        }
        self.note_leaving(now, plan)?;
        self.say(plan, MoveKind::Reset, &short(name), "the branch goes back to where it was then");
        Ok((head.clone(), vec![self.move_ref(name, now, self.place.commit)]))
    }

    fn by_situation(&self, plan: &mut Plan) -> Result<(Head, Vec<Step>)> {
        let target = self.commit()?;
        let Head::Branch(name) = &self.scene.head else { return self.by_way(&Way::Detach, plan) };
        let Some(tip) = self.scene.head_commit else { return self.by_way(&Way::Reset, plan) };
        if tip == target {
            self.say(plan, MoveKind::Stay, &short(name), "the branch is there already");
            return Ok((self.scene.head.clone(), Vec::new()));
        }
        if self.must_revert(name, tip)? {
            return self.revert_on(self.scene.head.clone(), name, tip, plan);
        }
        if self.session.repo.is_ancestor(target, tip)? {
            return self.by_way(&Way::Reset, plan);
        }
        let place = &self.place.typed;
        Err(Error::refused(format!("{place} is not behind {}: say how to go there", short(name)))
            .help(format!("`git rollback to {place} --detach` looks at it without touching a branch"))
            .help(format!("`git rollback to {place} --branch NAME` starts a branch there"))
            .help(format!("`git rollback to {place} --reset` moves {} there", short(name)))
            .help(format!("`git rollback to {place} --revert` makes one new commit with its content")))
    }

    fn by_way(&self, way: &Way, plan: &mut Plan) -> Result<(Head, Vec<Step>)> {
        let target = self.commit()?;
        match way {
            Way::Detach => {
                self.say(plan, MoveKind::Detach, "HEAD", "branches stay where they are");
                Ok((Head::Detached(target), Vec::new()))
            }
            Way::Switch(name) => {
                let full = format!("refs/heads/{name}");
                self.refuse_elsewhere(&full)?;
                self.say(plan, MoveKind::Switch, name, "branches stay where they are");
                Ok((Head::Branch(full), Vec::new()))
            }
            Way::Branch(name) => {
                let full = new_branch(&self.session.repo, name)?;
                self.say(plan, MoveKind::Branch, name, "a new branch starts there; the others stay");
                let step = self.move_ref(&full, None, Some(target));
                Ok((Head::Branch(full), vec![step]))
            }
            Way::RevertBranch(name) => {
                let full = new_branch(&self.session.repo, name)?;
                let tip =
                    self.scene.head_commit.ok_or_else(|| Error::refused("there is no commit to revert from yet"))?;
                let commit = self.reverting_commit(tip)?;
                self.say(plan, MoveKind::RevertBranch, name, "one new commit with its content, on a new branch");
                plan.extra.commits.push(commit);
                let step = self.move_ref(&full, None, Some(commit));
                Ok((Head::Branch(full), vec![step]))
            }
            Way::Reset | Way::Revert => {
                let Head::Branch(name) = &self.scene.head else {
                    return Err(Error::refused("HEAD is on no branch, so there is none to move")
                        .help("use --detach, or --branch NAME to start a branch there"));
                };
                match (way, self.scene.head_commit) {
                    (Way::Revert, Some(tip)) => self.revert_on(self.scene.head.clone(), name, tip, plan),
                    (_, tip) => {
                        self.refuse_elsewhere(name)?;
                        self.note_leaving(tip, plan)?;
                        self.say(
                            plan,
                            MoveKind::Reset,
                            &short(name),
                            if plan.report.findings.is_empty() {
                                "no published commit leaves it"
                            } else {
                                "as asked for"
                            },
                        );
                        let steps =
                            if tip == Some(target) { vec![] } else { vec![self.move_ref(name, tip, Some(target))] };
                        Ok((self.scene.head.clone(), steps))
                    }
                }
            }
        }
    }

    fn move_ref(&self, name: &str, old: Option<ObjectId>, new: Option<ObjectId>) -> Step {
        Step::Ref { name: name.to_owned(), old, new, message: format!("rollback: to {}", self.place.typed) }
    }

    fn say(&self, plan: &mut Plan, how: MoveKind, what: &str, why: &str) {
        plan.report.moves = Some(Move { how, what: what.to_owned(), why: why.to_owned() });
    }

    fn refuse_elsewhere(&self, name: &str) -> Result<()> {
        let elsewhere = self.session.repo.checked_out_elsewhere();
        match elsewhere.iter().find(|(branch, _)| branch == name) {
            Some((_, path)) => {
                Err(Error::refused(format!("branch {} is checked out in another worktree", short(name)))
                    .because(path)
                    .help("run the command there, or use --detach or --branch NAME here"))
            }
            None => Ok(()),
        }
    }

    fn must_revert(&self, name: &str, tip: ObjectId) -> Result<bool> {
        is_protected_and_published(self.session, name, tip, self.place.commit)
    }

    fn revert_on(&self, head: Head, name: &str, tip: ObjectId, plan: &mut Plan) -> Result<(Head, Vec<Step>)> {
        self.refuse_elsewhere(name)?;
        let commit = self.reverting_commit(tip)?;
        plan.extra.commits.push(commit);
        self.say(plan, MoveKind::Revert, &short(name), "its published commits are not rewritten");
        let (tree, wanted) = (self.session.repo.commit(tip)?.tree, self.wanted_tree()?);
        let steps = if tree == wanted { Vec::new() } else { vec![self.move_ref(name, Some(tip), Some(commit))] };
        Ok((head, steps))
    }

    fn wanted_tree(&self) -> Result<ObjectId> {
        Ok(self.session.repo.commit(self.commit()?)?.tree)
    }

    fn reverting_commit(&self, tip: ObjectId) -> Result<ObjectId> {
        let target = self.commit()?;
        let message = format!("Roll back to {}\n\nThis commit has the content of {target}.\n", self.place.typed);
        write_commit(self.sink, self.wanted_tree()?, &[tip], self.who, &message)
    }

    /// Lists the commits that the branch would no longer reach.
    fn note_leaving(&self, tip: Option<ObjectId>, plan: &mut Plan) -> Result<()> {
        let Some(tip) = tip else { return Ok(()) };
        let leaving = self.session.repo.leaving(tip, self.place.commit, 50)?;
        if leaving.count == 0 {
            return Ok(());
        }
        plan.report.commits_leaving = super::commit_rows(leaving.newest);
        plan.report.needs_yes.push(format!(
            "{} the branch (they are kept, and undo brings them back)",
            super::count(leaving.count, "commit leaves", "commits leave")
        ));
        if leaving.published > 0 {
            plan.report.findings.push(Finding {
                severity: Severity::Warn,
                message: format!(
                    "{} of the commits that leave are published: the next push needs a lease",
                    leaving.published
                ),
                help: Some("--revert makes one new commit instead".to_owned()),
            });
        }
        Ok(())
    }
}

/// The full name of a branch that is to be made.
///
/// # Errors
/// Refused: git allows no such name, or a branch is in the way of it.
pub(super) fn new_branch(repo: &Repo, name: &str) -> Result<String> {
    let full = format!("refs/heads/{name}");
    if name.starts_with('-') || name == "HEAD" || !crate::git::is_ref_name(&full) {
        return Err(Error::refused(format!("\"{name}\" is not a name git allows for a branch")));
    }
    if repo.reference(&full)?.is_some() {
        return Err(Error::refused(format!("there is a branch {name} already")).help("choose another name"));
    }
    // To git, a branch and those below its name are as a file and a directory of one name.
    let above = name.match_indices('/').map(|(at, _)| &name[..at]);
    for above in above {
        if repo.has_ref(&format!("refs/heads/{above}")) {
            return Err(Error::refused(format!("the branch {name} cannot be made beside the branch {above}"))
                .help(format!("choose another name, or rename the other one: `git branch -m {above} NEW`")));
        }
    }
    if repo.has_refs_below(&full)? {
        return Err(Error::refused(format!("the branch {name} cannot be made beside those called {name}/..."))
            .help("choose another name"));
    }
    Ok(full)
}

fn short(name: &str) -> String {
    name.strip_prefix("refs/heads/").unwrap_or(name).to_owned()
}
