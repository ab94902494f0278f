//! The one way of every changing command.

use super::leg::{Asked, Sofar, Way, approved, go_on, leg, make_plan, refuse_blocked};
use crate::git::ObjectSink;
use crate::host::gitlock::GitLock;
use crate::host::{Talk, fs};
use crate::model::report::{PickRow, PlanReport};
use crate::model::{Operation, Pause, Steps};
use crate::plan::transition::Desk;
use crate::plan::{Plan, Turn};
use crate::store::journal::{self, Journal};
use crate::store::scene::{Scene, Wanted};
use crate::store::session::{OperationName, Session};
use crate::store::snapshot::Stash;
use crate::{Kind, Result};

/// What a changing command was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The command's name.
    pub command: &'static str,
    /// Stop after the plan.
    pub dry_run: bool,
    /// The yes was given.
    pub yes: bool,
    /// Ask nothing, verify nothing.
    pub emergency: bool,
    /// Why, for the record.
    pub reason: Option<String>,
    /// What was said about the trouble, for the record.
    pub trouble: crate::model::Trouble,
    /// Whether something may have to be stopped before anything changes.
    pub stops: bool,
    /// What to look at.
    pub wanted: Wanted,
    /// The message of the stash commit.
    pub stash_message: Option<String>,
}

/// Which of git's locks a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locks {
    /// None: nothing that git writes is written (a point is made).
    None,
    /// The index and `HEAD`.
    IndexAndHead,
}

/// What a planner gets.
pub struct Table<'s, 'r> {
    /// The present state and the place for objects.
    pub desk: Desk<'s, 'r>,
    /// The stash commit of the present state.
    pub stash: &'s Stash,
    /// The operation.
    pub name: &'s OperationName,
    /// The session.
    pub session: &'s Session,
    /// What goes on; `None`: the operation begins.
    pub turn: Option<&'s Turn>,
}

/// How a command ended.
#[derive(Debug)]
pub enum Ended {
    /// It was a dry run: this would be done.
    Planned(Box<PlanReport>),
    /// There was nothing to do.
    Nothing(Box<PlanReport>),
    /// The answer was no.
    Declined,
    /// It was done.
    Done(Box<Finished>),
    /// It is done half-way, and waits for a person.
    Waiting(Box<Waiting>),
}

/// An operation that waits for a person.
#[derive(Debug)]
pub struct Waiting {
    /// What the log will say.
    pub operation: Operation,
    /// What it waits for.
    pub pause: Pause,
    /// What is not as planned; empty: verified.
    pub differs: Vec<String>,
    /// What deserves a look.
    pub warnings: Vec<String>,
    /// What became of commits that were picked.
    pub commits: Vec<PickRow>,
}

/// An operation that was carried out.
#[derive(Debug)]
pub struct Finished {
    /// The log's entry.
    pub operation: Operation,
    /// What is not as planned; empty: verified.
    pub differs: Vec<String>,
    /// What deserves a look.
    pub warnings: Vec<String>,
    /// What became of commits that were picked.
    pub commits: Vec<PickRow>,
}

/// A function that makes a plan.
pub type Planner<'p> = &'p dyn for<'s, 'r> Fn(&Table<'s, 'r>) -> Result<Plan>;

/// Carries out a command: plan, check, approve, snapshot, journal, steps, verify, log.
///
/// # Errors
/// Before the journal is written nothing was changed; afterwards the error is of kind `Stopped` and names
/// `continue` and `abort`.
pub fn run(session: &Session, talk: &dyn Talk, request: &Request, locks: Locks, planner: Planner<'_>) -> Result<Ended> {
    let mut shown = None;
    if request.dry_run || (talk.can_ask() && !request.yes && !request.emergency) {
        session.refuse_unfinished()?;
        let plan = plan_only(&Asked { session, talk, request, planner, turn: None, way: Way::Forward })?;
        if request.dry_run {
            return Ok(Ended::Planned(Box::new(plan.report)));
        }
        refuse_blocked(&plan)?;
        if plan.is_empty() {
            return Ok(Ended::Nothing(Box::new(plan.report)));
        }
        if !talk.approve(&plan.report)? {
            return Ok(Ended::Declined);
        }
        shown = Some(plan.report);
    }
    let _lock = session.lock_for_change()?;
    let asked = Asked { session, talk, request, planner, turn: None, way: Way::Forward };
    let ended = match request.stops {
        true => stop_first(&asked, locks, shown)?,
        false => leg(&asked, GitLocks::take(session, locks)?, Sofar { shown, ..Sofar::default() }, None)?,
    };
    go_on(&asked, ended)
}

/// What `stop` changes is part of the state that is saved, so everything is looked at once more after it; whether the
/// world is still the one that was shown is asked before.
fn stop_first(asked: &Asked<'_>, locks: Locks, shown: Option<PlanReport>) -> Result<Ended> {
    let session = asked.session;
    let plan = plan_only(asked)?;
    refuse_blocked(&plan)?;
    if !approved(asked, shown.as_ref(), &plan.report)? {
        return Ok(Ended::Declined);
    }
    let Some(before) = &plan.before else {
        return leg(asked, GitLocks::take(session, locks)?, Sofar { shown, ..Sofar::default() }, None);
    };
    let ran = super::tasks::stop(session, asked.talk, asked.request, before)?;
    let sofar = Sofar { shown: None, approved: true, ran };
    let ended = GitLocks::take(session, locks).and_then(|git_locks| leg(asked, git_locks, sofar, None));
    ended.map_err(|error| match error.kind() {
        Kind::Stopped => error,
        _ => super::tasks::stopped_already(error, before),
    })
}

/// Git's locks while an operation is under way.
pub(super) struct GitLocks {
    pub index: Option<GitLock>,
    pub head: Option<GitLock>,
}

impl GitLocks {
    pub fn take(session: &Session, locks: Locks) -> Result<GitLocks> {
        if locks == Locks::None {
            return Ok(GitLocks { index: None, head: None });
        }
        let (layout, repo) = (&session.layout, &session.repo);
        let index = Some(GitLock::take(&layout.lock_index(), &repo.index_path())?);
        let head = Some(GitLock::take(&layout.lock_head(), &repo.git_dir().join("HEAD"))?);
        Ok(GitLocks { index, head })
    }
}

/// The plan that a command would carry out now. Nothing is stored, locked or asked, and an unfinished operation does
/// not stand in the way.
///
/// # Errors
/// As the command itself; what blocks is among the findings.
pub fn plan_for(session: &Session, talk: &dyn Talk, request: &Request, planner: Planner<'_>) -> Result<PlanReport> {
    Ok(plan_only(&Asked { session, talk, request, planner, turn: None, way: Way::Forward })?.report)
}

/// Plans without locks and without storing anything in the repository.
pub(super) fn plan_only(asked: &Asked<'_>) -> Result<Plan> {
    let session = asked.session;
    let sink = ObjectSink::naming_only(&session.repo);
    let name = session.name_operation()?;
    let scratch = fs::temporary_dir()?;
    let scene = Scene::observe(&session.repo, &session.config, &asked.request.wanted, &sink, asked.talk)?;
    Ok(make_plan(asked, &scene, &sink, &name, scratch.path())?.0)
}

/// The steps of a journal.
pub(super) fn steps_of(session: &Session, journal: &Journal) -> Result<Steps> {
    journal::parse_steps(&session.repo.blob(journal.steps)?)
}
