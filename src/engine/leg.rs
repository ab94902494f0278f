//! One leg: from a plan to its last step. Most operations have one; an operation that stops for a person has one from
//! each stop to the next.

use super::check::check;
use super::record::{finish, start};
use super::run::{Ended, GitLocks, Planner, Request, Table, Waiting};
use super::steps::Hands;
use crate::git::{ObjectKind, ObjectSink, Published};
use crate::host::{Talk, fs};
use crate::model::report::{PlanReport, Severity};
use crate::model::{Answer, GitFile, ObjectId, Operation, SnapshotName, Step, Steps};
use crate::plan::transition::Desk;
use crate::plan::{Plan, Turn};
use crate::store::journal::{Journal, Phase, parse_steps, steps_json};
use crate::store::layout::{POINTS, SNAPSHOTS};
use crate::store::points::{self, Base, PointRecord};
use crate::store::scene::{Scene, check_supported};
use crate::store::session::{OperationName, Session};
use crate::store::snapshot::{Stash, write_manifest, write_stash};
use crate::{Error, Kind, Result};

/// So many points and snapshots may have a file each.
const MANY_REFS: usize = 200;

/// Where the steps of a leg lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// On.
    Forward,
    /// To the state before the operation.
    Back,
}

/// What a leg is made from.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub session: &'a Session,
    pub talk: &'a dyn Talk,
    pub request: &'a Request,
    pub planner: Planner<'a>,
    pub turn: Option<&'a Turn>,
    pub way: Way,
}

/// Makes a plan, and checks it.
pub(super) fn make_plan(
    asked: &Asked<'_>,
    scene: &Scene<'_>,
    sink: &ObjectSink<'_>,
    name: &OperationName,
    scratch: &std::path::Path,
) -> Result<(Plan, Stash)> {
    let (session, request) = (asked.session, asked.request);
    check_supported(scene)?;
    let message =
        request.stash_message.clone().unwrap_or_else(|| format!("git rollback {} {}", request.command, name.id));
    let stash = write_stash(scene, sink, &name.who, &message)?;
    let desk =
        Desk { scene, index_tree: stash.index_tree, sink, config: &session.config, operation: &name.id, scratch };
    let mut plan = (asked.planner)(&Table { desk, stash: &stash, name, session, turn: asked.turn })?;
    plan.report.command = request.command.to_owned();
    check(session, scene, request, &mut plan)?;
    Ok((plan, stash))
}

pub(super) fn refuse_blocked(plan: &Plan) -> Result<()> {
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

/// Carries out one leg. `earlier` is the journal of an operation that goes on.
///
/// # Errors
/// Before the journal is written nothing was changed; afterwards the error says what is the case.
pub(super) fn leg(asked: &Asked<'_>, git_locks: GitLocks, sofar: Sofar, earlier: Option<Journal>) -> Result<Ended> {
    let Asked { session, talk, request, .. } = *asked;
    let began = crate::host::clock::instant();
    let name = session.name_operation()?;
    let sink = ObjectSink::new(&session.repo, session.layout.area().to_owned());
    let scene = Scene::observe(&session.repo, &session.config, &request.wanted, &sink, talk)?;
    let scratch = session.layout.area().join("scratch");
    let (mut plan, stash) = make_plan(asked, &scene, &sink, &name, &scratch)?;
    refuse_blocked(&plan)?;
    if request.wanted.nested {
        plan.extra.submodules = super::nested::save_submodules(session, &scene, talk, &sink)?;
        for path in &scene.scan.nested {
            plan.extra.nested.push(crate::store::nested::capture(session.repo.root(), path, &sink)?);
        }
    }
    if plan.is_empty() && earlier.is_none() {
        return Ok(Ended::Nothing(Box::new(plan.report)));
    }
    if !sofar.approved && !approved(asked, sofar.shown.as_ref(), &plan.report)? {
        return Ok(Ended::Declined);
    }
    refuse_signal(asked)?;
    let operation = match &earlier {
        None => Operation { runs: sofar.ran, ..start(session, request, &scene, &plan, &name) },
        Some(journal) => gone_on(&journal.operation, &plan, asked.way),
    };
    let so_far = earlier.as_ref().map(|journal| so_far(session, &scene, journal, &sink)).transpose()?;
    let (journal, published) = publish(session, &scene, &stash, &mut plan, operation, &name, &sink, so_far)?;
    let journal = Journal {
        phase: if asked.way == Way::Back { Phase::Back } else { Phase::Steps },
        pause: plan.pause.take(),
        earlier: earlier.map(Box::new),
        ..journal
    };
    journal.write(&session.layout)?;
    talk.step("journal");
    let steps = Steps::new(std::mem::take(&mut plan.steps));
    let mut hands = Hands::new(session, talk, git_locks, &journal.operation)?;
    let warnings = plan.report.findings.iter().map(|f| f.message.clone()).collect();
    let commits = std::mem::take(&mut plan.report.commits_picked);
    hands.know(plan, scene);
    if let Err(error) = hands.take_all(&steps.steps, 0, true) {
        return Err(super::resume::stopped(session, talk, &journal, hands, error));
    }
    // Before anything is run that may change files.
    let differs =
        if request.emergency { Vec::new() } else { super::verify::differences(session, &hands, &steps.steps)? };
    hands.run_all(&steps.steps, 0).map_err(|e| super::resume::with_ways_out(&journal, e))?;
    let mut ended = arrive(session, talk, journal, &hands, &steps.steps, began, differs)?;
    // Only now: until the log held them, the steps of a point were in no tree.
    published.release()?;
    hands.let_go(steps);
    match &mut ended {
        Ended::Done(finished) => {
            (finished.warnings, finished.commits) = (warnings, commits);
            // The operation is done, whatever becomes of this.
            if let Err(error) = session.repo.pack_references(&[POINTS, SNAPSHOTS], MANY_REFS) {
                finished.warnings.push(format!("the refs of old points could not be packed: {error}"));
            }
        }
        Ended::Waiting(waiting) => (waiting.warnings, waiting.commits) = (warnings, commits),
        _ => {}
    }
    Ok(ended)
}

/// What came before a leg is carried out.
#[derive(Default)]
pub(super) struct Sofar {
    /// The plan that was shown, and got its yes.
    pub shown: Option<PlanReport>,
    /// The yes was given, to a plan that need not be the same any more.
    pub approved: bool,
    /// What was run.
    pub ran: Vec<crate::model::Ran>,
}

/// Whether the plan as it is now has its yes; the one that was shown must be the same.
pub(super) fn approved(asked: &Asked<'_>, shown: Option<&PlanReport>, now: &PlanReport) -> Result<bool> {
    let Asked { talk, request, .. } = *asked;
    match shown {
        Some(shown) if !same_plan(shown, now) => {
            Err(Error::new(Kind::Busy, "something changed while you were reading; nothing was done")
                .help("run the command again and look at the new plan"))
        }
        None if !request.yes && !request.emergency => talk.approve(now),
        _ => Ok(true),
    }
}

fn refuse_signal(asked: &Asked<'_>) -> Result<()> {
    match asked.talk.signal() {
        Some(signal) if asked.turn.is_some() => {
            Err(Error::new(Kind::Interrupted(signal), "interrupted: the operation is half-way, and nothing is lost")
                .help("go on with `git rollback continue`, or take it back with `git rollback abort`"))
        }
        Some(signal) => Err(Error::new(Kind::Interrupted(signal), "interrupted before anything was changed")),
        None => Ok(()),
    }
}

/// Whether what was shown is what would be done now (names of trash slots and the like may differ).
fn same_plan(shown: &PlanReport, now: &PlanReport) -> bool {
    let text = |report: &PlanReport| serde_json::to_string(report).unwrap_or_default();
    let plain = |report: &PlanReport| PlanReport { way_back: None, steps: Vec::new(), ..report.clone() };
    text(&plain(shown)) == text(&plain(now))
}

/// The steps are taken: the operation is done, or waits for a person. `taken` are those of the journal.
pub(super) fn arrive(
    session: &Session,
    talk: &dyn Talk,
    mut journal: Journal,
    hands: &Hands<'_>,
    taken: &[Step],
    began: std::time::Instant,
    differs: Vec<String>,
) -> Result<Ended> {
    if let Some(mut pause) = journal.pause.take() {
        if let Some(failure) = hands.failures().first() {
            pause.failed = true;
            pause.why = pause.if_failed.take().map(|text| format!("{text}: {failure}"));
        }
        journal.pause = Some(pause.clone());
        journal.operation.left.extend(hands.left.iter().cloned());
        journal.operation.runs.extend(hands.ran.iter().cloned());
        journal.earlier = None;
        journal.wait(&session.layout)?;
        talk.step("waiting");
        let operation = journal.operation;
        return Ok(Ended::Waiting(Box::new(Waiting {
            operation,
            pause,
            differs,
            warnings: Vec::new(),
            commits: Vec::new(),
        })));
    }
    let mut operation = journal.operation.clone();
    let whole;
    let steps = match operation.steps {
        _ if journal.phase == Phase::Back => {
            operation.aborted = true;
            operation.after = operation.before.clone();
            &[]
        }
        None => &[],
        Some(blob) if blob == journal.steps => taken,
        // The operation had other legs.
        Some(blob) => {
            whole = parse_steps(&session.repo.blob(blob)?)?.steps;
            &whole[..]
        }
    };
    let finished = finish(session, operation, hands, steps, began, differs)
        .map_err(|e| super::resume::with_ways_out(&journal, e))?;
    talk.step("logged");
    match journal.phase {
        Phase::Back => Journal::remove(&session.layout)?,
        _ => Journal::finish(&session.layout)?,
    }
    Ok(Ended::Done(Box::new(finished)))
}

/// What waits for nobody goes on.
pub(super) fn go_on(asked: &Asked<'_>, mut ended: Ended) -> Result<Ended> {
    loop {
        let Ended::Waiting(waiting) = &ended else { return Ok(ended) };
        if waiting.pause.why.is_some() {
            return Ok(ended);
        }
        let turn = Turn { pause: waiting.pause.clone(), answer: Answer::Continue };
        let Some(journal) = Journal::read(&asked.session.layout)? else { return Ok(ended) };
        let locks = GitLocks::take(asked.session, super::run::Locks::IndexAndHead)?;
        let request = Request { yes: true, ..asked.request.clone() };
        let next = Asked { turn: Some(&turn), request: &request, ..*asked };
        ended = leg(&next, locks, Sofar::default(), Some(journal.clone()))
            .map_err(|e| super::resume::half_way(&journal, e))?;
    }
}

/// The log entry of an operation that goes on.
fn gone_on(operation: &Operation, plan: &Plan, way: Way) -> Operation {
    let mut out = operation.clone();
    if way == Way::Forward {
        out.title.clone_from(&plan.report.title);
        out.left.extend(plan.left.iter().cloned());
        out.after = plan.after.clone().unwrap_or(out.after);
    }
    out
}

/// The steps of an operation until now, with what the person made of them while it waited.
fn so_far(session: &Session, scene: &Scene<'_>, journal: &Journal, sink: &ObjectSink<'_>) -> Result<Steps> {
    let Some(blob) = journal.operation.steps else { return Ok(Steps::new(Vec::new())) };
    let mut steps = parse_steps(&session.repo.blob(blob)?)?;
    for step in &mut steps.steps {
        match step {
            Step::Worktree(change) => {
                for file in &mut change.files {
                    file.new = scene.current(&file.path, sink)?.map(|(spec, _)| spec);
                }
            }
            Step::Index { changes } => {
                changes.iter_mut().for_each(|change| change.new = scene.index_entries(&change.path));
            }
            Step::GitFiles { files } => {
                let now = |name| scene.git_files.iter().find(|f: &&GitFile| &f.name == name).map(|f| f.blob);
                files.iter_mut().for_each(|file| file.new = now(&file.name));
            }
            Step::Ref { name, new, .. } => *new = session.repo.reference(name)?,
            Step::Head { new, new_commit, .. } => (*new, *new_commit) = (scene.head.clone(), scene.head_commit),
            _ => {}
        }
    }
    Ok(steps)
}

/// Writes the snapshot, and makes it safe: from here on everything that is there can be brought back.
#[allow(clippy::too_many_arguments, reason = "everything that a snapshot is made of")]
fn publish(
    session: &Session,
    scene: &Scene<'_>,
    stash: &Stash,
    plan: &mut Plan,
    mut operation: Operation,
    name: &OperationName,
    sink: &ObjectSink<'_>,
    so_far: Option<Steps>,
) -> Result<(Journal, Published)> {
    let repo = &session.repo;
    let text = format!("{}\n\nRollback-Operation: {}\n", operation.title, name.id);
    // A point's ref can only be a step once the snapshot has its name, so the steps are stored beside it, not in it.
    let point = plan.point_on_snapshot.clone();
    if point.is_none() {
        plan.extra.steps = Some(store_steps(&mut plan.steps, sink)?);
    }
    if let Some(so_far) = &so_far {
        let mut whole = so_far.clone().then(Steps::new(plan.steps.clone()));
        plan.extra.whole = Some(store_steps(&mut whole.steps, sink)?);
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
    if so_far.is_none() {
        operation.snapshot = Some(SnapshotName { name: reference, id: commit });
    }
    operation.steps = plan.extra.whole.or(plan.extra.steps);
    let journal = Journal {
        version: Journal::VERSION,
        operation,
        steps: plan.extra.steps.unwrap_or(ObjectId::EMPTY_TREE),
        boot: fs::boot_id(),
        phase: Phase::Steps,
        pause: None,
        snapshot: Some(commit),
        earlier: None,
    };
    Ok((journal, published))
}

fn store_steps(steps: &mut Vec<Step>, sink: &ObjectSink<'_>) -> Result<ObjectId> {
    // Taken and put back: there can be ten thousands.
    let all = Steps::new(std::mem::take(steps));
    let json = steps_json(&all);
    *steps = all.steps;
    sink.add(ObjectKind::Blob, &json?)
}
