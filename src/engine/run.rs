//! The one way of every changing command.

use super::check::check;
use super::record::{finish, start};
use super::steps::Hands;
use crate::git::{ObjectSink, Published};
use crate::host::gitlock::GitLock;
use crate::host::{Talk, fs};
use crate::model::report::PlanReport;
use crate::model::{ObjectId, Operation, SnapshotName, Step, Steps};
use crate::plan::Plan;
use crate::plan::transition::Desk;
use crate::store::journal;
use crate::store::journal::Journal;
use crate::store::layout::SNAPSHOTS;
use crate::store::points::{self, Base, PointRecord};
use crate::store::scene::{Scene, Wanted, check_supported};
use crate::store::session::{OperationName, Session};
use crate::store::snapshot::{Stash, write_manifest, write_stash};
use crate::{Error, Kind, Result};

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
        let (plan, _) = plan_only(session, talk, request, planner)?;
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
    if !request.stops {
        let git_locks = GitLocks::take(session, locks)?;
        return carry_out(session, talk, request, planner, git_locks, Sofar { shown, ..Sofar::default() });
    }
    // What `stop` changes is part of the state that is saved, so everything is looked at once more after it; whether
    // the world is still the one that was shown is asked before.
    let (plan, _) = plan_only(session, talk, request, planner)?;
    refuse_blocked(&plan)?;
    if !approved(talk, request, shown.as_ref(), &plan.report)? {
        return Ok(Ended::Declined);
    }
    let Some(before) = &plan.before else {
        let git_locks = GitLocks::take(session, locks)?;
        return carry_out(session, talk, request, planner, git_locks, Sofar { shown, ..Sofar::default() });
    };
    let ran = super::tasks::stop(session, talk, request, before)?;
    let sofar = Sofar { shown: None, approved: true, ran };
    let ended = GitLocks::take(session, locks)
        .and_then(|git_locks| carry_out(session, talk, request, planner, git_locks, sofar));
    ended.map_err(|error| match error.kind() {
        Kind::Stopped => error,
        _ => super::tasks::stopped_already(error, before),
    })
}

/// What came before an operation is carried out.
#[derive(Default)]
struct Sofar {
    /// The plan that was shown, and got its yes.
    shown: Option<PlanReport>,
    /// The yes was given, to a plan that need not be the same any more.
    approved: bool,
    /// What was run.
    ran: Vec<crate::model::Ran>,
}

/// Whether the plan as it is now has its yes; the one that was shown must be the same.
fn approved(talk: &dyn Talk, request: &Request, shown: Option<&PlanReport>, now: &PlanReport) -> Result<bool> {
    match shown {
        Some(shown) if !same_plan(shown, now) => {
            Err(Error::new(Kind::Busy, "something changed while you were reading; nothing was done")
                .help("run the command again and look at the new plan"))
        }
        None if !request.yes && !request.emergency => talk.approve(now),
        _ => Ok(true),
    }
}

/// Git's locks while an operation is under way.
pub(super) struct GitLocks {
    pub index: Option<GitLock>,
    pub head: Option<GitLock>,
}

impl GitLocks {
    fn take(session: &Session, locks: Locks) -> Result<GitLocks> {
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
    Ok(plan_only(session, talk, request, planner)?.0.report)
}

/// Plans without locks and without storing anything in the repository.
fn plan_only(
    session: &Session,
    talk: &dyn Talk,
    request: &Request,
    planner: Planner<'_>,
) -> Result<(Plan, OperationName)> {
    let sink = ObjectSink::naming_only(&session.repo);
    let name = session.name_operation()?;
    let scratch = fs::temporary_dir()?;
    let scene = Scene::observe(&session.repo, &session.config, &request.wanted, &sink, talk)?;
    let plan = make_plan(session, request, &scene, &sink, &name, scratch.path(), planner)?;
    Ok((plan.0, name))
}

fn make_plan(
    session: &Session,
    request: &Request,
    scene: &Scene<'_>,
    sink: &ObjectSink<'_>,
    name: &OperationName,
    scratch: &std::path::Path,
    planner: Planner<'_>,
) -> Result<(Plan, Stash)> {
    check_supported(scene)?;
    let message =
        request.stash_message.clone().unwrap_or_else(|| format!("git rollback {} {}", request.command, name.id));
    let stash = write_stash(scene, sink, &name.who, &message)?;
    let desk =
        Desk { scene, index_tree: stash.index_tree, sink, config: &session.config, operation: &name.id, scratch };
    let mut plan = planner(&Table { desk, stash: &stash, name, session })?;
    plan.report.command = request.command.to_owned();
    check(session, scene, request, &mut plan)?;
    Ok((plan, stash))
}

fn refuse_blocked(plan: &Plan) -> Result<()> {
    use crate::model::report::Severity;
    let mut blocks = plan.report.findings.iter().filter(|f| f.severity == Severity::Block);
    let Some(first) = blocks.next() else { return Ok(()) };
    let mut error = Error::refused(first.message.clone());
    let mut helps: Vec<&String> = first.help.iter().collect();
    for more in blocks {
        error = error.because(&more.message);
        helps.extend(more.help.iter().filter(|h| Some(*h) != first.help.as_ref()));
    }
    Err(helps.into_iter().fold(error, |error, help| error.help(help.clone())))
}

fn carry_out(
    session: &Session,
    talk: &dyn Talk,
    request: &Request,
    planner: Planner<'_>,
    git_locks: GitLocks,
    sofar: Sofar,
) -> Result<Ended> {
    let began = crate::host::clock::instant();
    let name = session.name_operation()?;
    let sink = ObjectSink::new(&session.repo, session.layout.area().to_owned());
    let scene = Scene::observe(&session.repo, &session.config, &request.wanted, &sink, talk)?;
    let scratch = session.layout.area().join("scratch");
    let (mut plan, stash) = make_plan(session, request, &scene, &sink, &name, &scratch, planner)?;
    refuse_blocked(&plan)?;
    if request.wanted.nested {
        plan.extra.submodules = super::nested::save_submodules(session, &scene, talk, &sink)?;
        for path in &scene.scan.nested {
            plan.extra.nested.push(crate::store::nested::capture(session.repo.root(), path, &sink)?);
        }
    }
    if plan.is_empty() {
        return Ok(Ended::Nothing(Box::new(plan.report)));
    }
    if !sofar.approved && !approved(talk, request, sofar.shown.as_ref(), &plan.report)? {
        return Ok(Ended::Declined);
    }
    if let Some(signal) = talk.signal() {
        return Err(Error::new(Kind::Interrupted(signal), "interrupted before anything was changed"));
    }
    let mut operation = start(session, request, &scene, &plan, &name);
    let (snapshot, published) = publish(session, &scene, &stash, &mut plan, &mut operation, &name, &sink)?;
    operation.snapshot = Some(snapshot);
    operation.runs = sofar.ran;
    let journal = Journal {
        version: Journal::VERSION,
        steps: operation.steps.unwrap_or(ObjectId::EMPTY_TREE),
        operation,
        boot: fs::boot_id(),
    };
    journal.write(&session.layout)?;
    talk.step("journal");
    let steps = Steps::new(std::mem::take(&mut plan.steps));
    let mut hands = Hands::new(session, talk, git_locks, &journal.operation)?;
    let warnings = plan.report.findings.iter().map(|f| f.message.clone()).collect();
    hands.know(plan, scene);
    let outcome = hands.take_all(&steps.steps, 0, true);
    if let Err(error) = outcome {
        return Err(super::resume::stopped(session, talk, &journal, hands, error));
    }
    // Before anything is run that may change files.
    let differs =
        if request.emergency { Vec::new() } else { super::verify::differences(session, &hands, &steps.steps)? };
    hands.run_all(&steps.steps, 0).map_err(|e| super::resume::with_ways_out(&journal, e))?;
    let mut finished = finish(session, journal.operation.clone(), &hands, &steps.steps, began, differs)
        .map_err(|e| super::resume::with_ways_out(&journal, e))?;
    finished.warnings = warnings;
    talk.step("logged");
    Journal::finish(&session.layout)?;
    // Only now: until the log held them, the steps of a point were in no tree.
    published.release()?;
    drop(hands);
    Ok(Ended::Done(Box::new(finished)))
}

/// Whether what was shown is what would be done now (names of trash slots and the like may differ).
fn same_plan(shown: &PlanReport, now: &PlanReport) -> bool {
    let text = |report: &PlanReport| serde_json::to_string(report).unwrap_or_default();
    let plain = |report: &PlanReport| PlanReport { way_back: None, steps: Vec::new(), ..report.clone() };
    text(&plain(shown)) == text(&plain(now))
}

/// Writes the snapshot, and makes it safe: from here on everything that is there can be brought back.
fn publish(
    session: &Session,
    scene: &Scene<'_>,
    stash: &Stash,
    plan: &mut Plan,
    operation: &mut Operation,
    name: &OperationName,
    sink: &ObjectSink<'_>,
) -> Result<(SnapshotName, Published)> {
    let repo = &session.repo;
    let text = format!("{}\n\nRollback-Operation: {}\n", operation.title, name.id);
    // A point's ref can only be a step once the snapshot has its name, so the steps are stored beside it, not in it.
    let point = plan.point_on_snapshot.clone();
    if point.is_none() {
        plan.extra.steps = Some(store_steps(&mut plan.steps, sink)?);
    }
    plan.extra.tags = crate::store::tags::copies(repo, &plan.steps, sink)?;
    let commit = write_manifest(scene, stash, &plan.extra, &name.id, &name.who, &text, sink)?;
    if let Some(point) = point {
        let record = PointRecord {
            target: commit,
            base: Some(Base::of(scene.head_commit)),
            kind: &point.kind,
            name: &point.name,
            message: &point.message,
            operation: &name.id,
            worktree: &repo.worktree_id(),
        };
        let tag = points::write(sink, &record, &name.who)?;
        let step = |name: String| Step::Ref { name, old: None, new: Some(tag), message: "rollback: point".to_owned() };
        plan.steps.insert(0, step(point.reference.clone()));
        for step in &mut plan.steps {
            if let Step::Ref { new: new @ Some(ObjectId::EMPTY_TREE), .. } = step {
                // A placeholder of the planner for "the tag of the point".
                *new = Some(tag);
            }
        }
        plan.extra.steps = Some(store_steps(&mut plan.steps, sink)?);
    }
    operation.steps = plan.extra.steps;
    let published = sink.publish()?;
    let reference = format!("{SNAPSHOTS}{}-{}", name.stamp, name.id);
    repo.edit_ref(&reference, None, Some(commit), &name.who, "rollback: snapshot")?;
    if !published.is_complete(repo)? {
        repo.edit_ref(&reference, Some(commit), None, &name.who, "rollback: snapshot")?;
        return Err(Error::new(
            Kind::Busy,
            "the repository was pruned while the snapshot was being written; nothing was changed",
        )
        .help("try again when `git gc` is done"));
    }
    Ok((SnapshotName { name: reference, id: commit }, published))
}

fn store_steps(steps: &mut Vec<Step>, sink: &ObjectSink<'_>) -> Result<ObjectId> {
    // Taken and put back: there can be ten thousands.
    let all = Steps::new(std::mem::take(steps));
    let json = serde_json::to_vec(&all).map_err(|e| Error::fault("cannot write down the steps").because(e))?;
    *steps = all.steps;
    sink.add(crate::git::ObjectKind::Blob, &json)
}

/// The steps of a journal.
pub(super) fn steps_of(session: &Session, journal: &Journal) -> Result<Steps> {
    journal::parse_steps(&session.repo.blob(journal.steps)?)
}
