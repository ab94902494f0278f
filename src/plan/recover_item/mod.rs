//! `recover`: bringing lost work back, each kind as what it was. Nothing that is there is replaced.

mod apply;
mod damage;
mod files;
pub mod names;
pub mod pin;

use super::transition::Desk;
use super::{Plan, describe};
use crate::git::{ObjectKind, Repo};
use crate::model::report::Recovered;
use crate::model::{LostItem, LostKind, ObjectId, RepoPath, Step, quoted, readable};
use crate::store::points::Base;
use crate::store::session::{OperationName, Session};
use crate::store::snapshot;
use crate::{Error, Result};
use names::{FileNames, RefNames, branch_by_pattern};

/// What was asked for.
#[derive(Clone, Debug)]
pub struct RecoverRequest {
    /// What comes back.
    pub items: Vec<LostItem>,
    /// Only keep it from being pruned.
    pub pin: bool,
    /// Put a stash into the worktree and the index, and not onto the list.
    pub apply: bool,
    /// The name of the branch that a commit gets.
    pub branch: Option<String>,
    /// Where a file goes.
    pub output: Option<Output>,
    /// The time as it stands in names.
    pub timestamp: String,
}

/// Where a file goes.
#[derive(Clone, Debug)]
pub enum Output {
    /// Exactly there.
    File(RepoPath),
    /// Under its own name in this directory; empty: the top.
    Directory(Vec<u8>),
}

/// Makes the plan, and says what comes back as what.
///
/// # Errors
/// Refused: something of an item is missing, or a name that was asked for is taken.
pub fn plan(
    session: &Session,
    desk: Desk<'_, '_>,
    name: &OperationName,
    request: &RecoverRequest,
) -> Result<(Plan, Vec<Recovered>)> {
    let mut back = Back {
        session,
        desk,
        name,
        request,
        refs: RefNames::new(desk.scene),
        places: FileNames::new(desk.scene),
        steps: Vec::new(),
        files: Vec::new(),
        plan: Plan::default(),
        made: Vec::new(),
    };
    for item in &request.items {
        damage::refuse(&session.repo, desk.sink, item)?;
        if request.pin {
            pin::pin(&mut back, item)?;
        } else if request.apply {
            back.plan.changes_state = true;
            apply::apply(&mut back, item)?;
        } else {
            back.bring_back(item)?;
        }
    }
    back.number_stashes();
    let Back { steps, files, mut plan, made, .. } = back;
    files::into_plan(desk, files, steps, &mut plan)?;
    plan.report.title = title(request, &made);
    plan.report.steps = describe::sentences(&plan.steps);
    plan.report.way_back = plan.changes_state.then(|| "git rollback undo".to_owned());
    Ok((plan, made))
}

fn title(request: &RecoverRequest, made: &[Recovered]) -> String {
    let verb = if request.pin { "Pin" } else { "Bring back" };
    match made {
        [one] if request.pin => format!("{verb} {}", one.item),
        [one] if request.apply => format!("Apply {}", one.item),
        [one] => format!("{verb} {} as {}", one.item, one.place),
        many => format!("{verb} {} lost items", many.len()),
    }
}

/// What is called what, as in `stash 1a2b3c4d5e (WIP on main)`.
fn words(item: &LostItem) -> String {
    let kind = if item.kind == LostKind::Staged { "file" } else { item.kind.word() };
    let name = match (&item.name, item.kind) {
        (Some(name), LostKind::Branch | LostKind::Tag | LostKind::Staged) => {
            format!(" {}", readable(name.name.as_bytes()).replace('\n', "\\n"))
        }
        _ => String::new(),
    };
    let subject = match item.kind {
        _ if item.subject.is_empty() => String::new(),
        LostKind::Staged => format!(" (begins \"{}\")", item.subject),
        _ => format!(" ({})", item.subject),
    };
    format!("{kind}{name} {}{subject}", item.id.short())
}

/// What is being planned.
struct Back<'a, 's, 'r> {
    session: &'a Session,
    desk: Desk<'s, 'r>,
    name: &'a OperationName,
    request: &'a RecoverRequest,
    refs: RefNames<'r>,
    places: FileNames<'s, 'r>,
    steps: Vec<Step>,
    files: Vec<(RepoPath, ObjectId)>,
    plan: Plan,
    made: Vec<Recovered>,
}

impl Back<'_, '_, '_> {
    fn repo(&self) -> &Repo {
        &self.session.repo
    }

    fn bring_back(&mut self, item: &LostItem) -> Result<()> {
        let kind = self.repo().kind_of(item.id);
        self.plan.changes_state = true;
        match (item.kind, kind) {
            (_, Some(ObjectKind::Blob)) => files::bring_back(self, item),
            (_, Some(ObjectKind::Tree)) => {
                let commit = pin::wrap(self, item)?;
                self.branch(item, commit)
            }
            (LostKind::Tag, _) | (_, Some(ObjectKind::Tag)) => self.tag(item),
            (LostKind::Stash, _) => self.stash(item),
            (LostKind::Branch, _) => self.old_branch(item),
            _ if snapshot::is_snapshot(self.repo(), item.id) => self.saved(item),
            _ => self.branch(item, item.id),
        }
    }

    /// Notes what becomes of an item.
    fn note(&mut self, item: &LostItem, place: String, next: Option<String>, why: Option<String>) {
        self.made.push(Recovered { id: item.id, item: words(item), place, next, why });
    }

    fn make_ref(&mut self, name: &str, id: ObjectId) {
        let message = "rollback: recover".to_owned();
        self.steps.push(Step::Ref { name: name.to_owned(), old: None, new: Some(id), message });
    }

    fn hold(&mut self, id: ObjectId) {
        self.plan.extra.commits.push(id);
    }

    /// A stash goes onto the stash list, with its message.
    fn stash(&mut self, item: &LostItem) -> Result<()> {
        if let Some(at) = self.desk.scene.stashes.iter().position(|(id, _)| *id == item.id) {
            self.note(item, format!("stash@{{{at}}}"), None, Some("it is on the stash list already".to_owned()));
            return Ok(());
        }
        let commit = self.repo().commit(item.id)?;
        if !(2..=3).contains(&commit.parents.len()) {
            return self.branch(item, item.id);
        }
        self.hold(item.id);
        let message = commit.subject.replace('\t', " ");
        self.steps.push(Step::Stash { commit: item.id, message, old: false, new: true });
        self.note(item, ON_LIST.to_owned(), None, None);
        Ok(())
    }

    /// The last one that is put on the list is its first entry.
    fn number_stashes(&mut self) {
        let on_list = self.made.iter_mut().rev().filter(|made| made.place == ON_LIST);
        for (number, made) in on_list.enumerate() {
            made.place = format!("stash@{{{number}}}");
            made.next = Some(format!("git stash pop --index stash@{{{number}}}"));
        }
    }

    /// A commit gets a branch of its own.
    fn branch(&mut self, item: &LostItem, commit: ObjectId) -> Result<()> {
        if let Some(name) = &self.request.branch {
            let full = format!("refs/heads/{name}");
            if !self.refs.take(&full)? {
                return Err(Error::refused(format!("a branch cannot get the name {name}"))
                    .because("it is taken, is in the way of another branch, or git does not allow it")
                    .help("choose another name"));
            }
            self.new_branch(item, commit, &full);
            return Ok(());
        }
        let here = self.repo().references("refs/heads/*")?.into_iter().find(|branch| branch.id == commit);
        if let Some(name) = here.as_ref().and_then(|branch| branch.utf8_name()?.strip_prefix("refs/heads/")) {
            self.note(item, format!("branch {name}"), None, Some("it is there already".to_owned()));
            return Ok(());
        }
        let known = item.name.as_ref().filter(|_| item.kind != LostKind::Staged).map(|name| name.name.to_string());
        let pattern = &self.session.config.recovery.branch;
        let name = branch_by_pattern(pattern, known.as_deref(), &self.request.timestamp)?;
        let free = self.refs.take_near("refs/heads/", &name)?;
        self.new_branch(item, commit, &free);
        Ok(())
    }

    fn new_branch(&mut self, item: &LostItem, commit: ObjectId, full: &str) {
        let short = full.trim_start_matches("refs/heads/").to_owned();
        self.hold(commit);
        self.make_ref(full, commit);
        self.note(item, format!("branch {short}"), Some(format!("git switch {}", quoted(&short))), None);
    }

    /// A deleted branch gets its old name, when that is free.
    fn old_branch(&mut self, item: &LostItem) -> Result<()> {
        let known = item.name.as_ref().and_then(|name| std::str::from_utf8(name.name.as_bytes()).ok());
        let Some(name) = known.filter(|_| self.request.branch.is_none()) else { return self.branch(item, item.id) };
        let full = format!("refs/heads/{name}");
        if self.refs.take(&full)? {
            self.new_branch(item, item.id, &full);
            self.follow(name);
            return Ok(());
        }
        self.branch(item, item.id)?;
        self.say_why(format!("the name {name} is not free"));
        Ok(())
    }

    /// A branch under its old name follows what it did follow: what git's configuration still says, or else the remote
    /// branch of its name.
    fn follow(&mut self, branch: &str) {
        if let Some(upstream) = self.repo().upstream(branch) {
            self.say_why(format!("it follows {upstream}, as before"));
            return;
        }
        if let Some(upstream) = self.repo().upstream_to_guess(branch) {
            self.say_why(format!("it follows {upstream}"));
            self.steps.push(Step::Upstream { branch: branch.to_owned(), old: None, new: Some(upstream) });
        }
    }

    /// A deleted tag gets its old name, when that is free.
    fn tag(&mut self, item: &LostItem) -> Result<()> {
        let known = item.name.as_ref().map(|name| name.name.to_string());
        let full = known.as_ref().map(|name| format!("refs/tags/{name}"));
        let full = match full {
            Some(full) if self.repo().reference(&full)? == Some(item.id) => {
                self.note(item, full.replacen("refs/tags/", "tag ", 1), None, Some("it is there already".to_owned()));
                return Ok(());
            }
            Some(full) if self.refs.take(&full)? => full,
            _ => {
                let name = known.as_deref().and_then(names::ref_part);
                let name = format!("recovery/{}", name.as_deref().unwrap_or(&self.request.timestamp));
                self.refs.take_near("refs/tags/", &name)?
            }
        };
        let short = full.trim_start_matches("refs/tags/").to_owned();
        if let Some(commit) = self.repo().peel(item.id)? {
            self.hold(commit);
        }
        self.make_ref(&full, item.id);
        self.note(item, format!("tag {short}"), None, None);
        if let Some(known) = known.filter(|known| *known != short) {
            self.say_why(format!("the name {known} is not free"));
        }
        Ok(())
    }

    fn say_why(&mut self, why: String) {
        if let Some(made) = self.made.last_mut().filter(|made| made.why.is_none()) {
            made.why = Some(why);
        }
    }

    /// A state that this tool saved gets a name to go to.
    fn saved(&mut self, item: &LostItem) -> Result<()> {
        let snapshot = snapshot::load(self.repo(), item.id)?;
        let name = format!("recovered-{}", snapshot.manifest.operation);
        let base = Base::of(snapshot.manifest.head_commit);
        pin::point(self, item, item.id, Some(base), &name)?;
        self.note(item, format!("point {name}"), Some(format!("git rollback to {name}")), None);
        Ok(())
    }
}

/// Stands for a place on the stash list until it is known how many come.
const ON_LIST: &str = "stash";

/// The item that any object is, also one that is not lost.
///
/// # Errors
/// Refused: no such object.
pub fn item_of(repo: &Repo, typed: &str) -> Result<LostItem> {
    use crate::model::{Reach, Time};
    // A whole id is not looked up: the object may be damaged, which is told later and better.
    let id = ObjectId::from_hex(typed.as_bytes()).map_or_else(|| repo.resolve(typed), |id| Ok(Some(id)))?;
    let not_there = || {
        Error::refused(format!("nothing lost is called \"{typed}\", and no object either"))
            .help("`git rollback lost` lists what can be brought back")
    };
    let id = id.ok_or_else(not_there)?;
    let kind = repo.kind_of(id).ok_or_else(not_there)?;
    let mut item = LostItem::new(id, LostKind::Commit, Reach::Nothing);
    match kind {
        ObjectKind::Commit => {
            let commit = repo.commit(id)?;
            if is_stash(repo, &commit.parents) {
                item.kind = LostKind::Stash;
            } else if snapshot::is_snapshot(repo, id) {
                item.kind = LostKind::Saved;
            }
            item.subject = commit.subject;
            item.made = Some(Time::new(commit.time.0, commit.time.1));
        }
        ObjectKind::Tag => item.kind = LostKind::Tag,
        ObjectKind::Blob => item.kind = LostKind::Staged,
        ObjectKind::Tree => {}
    }
    Ok(item)
}

/// Whether parents are those of a stash entry: the commit, its index, perhaps untracked files.
fn is_stash(repo: &Repo, parents: &[ObjectId]) -> bool {
    let second = parents.get(1).filter(|_| parents.len() <= 3).and_then(|id| repo.commit(*id).ok());
    second.is_some_and(|index| index.subject.starts_with("index on "))
}
