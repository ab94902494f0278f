//! Picking commits of a branch onto another: in memory as far as they merge cleanly, then a person is waited for.

pub(super) mod answer;
pub mod candidates;
pub mod series;
mod testing;

use self::answer::{answer, refuse_busy};
use self::series::{Series, Stop};
use super::target::Target;
use super::transition::{Clean, Desk, Scope, Transition};
use super::{Plan, Turn, describe};
use crate::git::{Conflict, Merger, ObjectKind};
use crate::model::report::{Finding, Move, MoveKind, PickRow, Severity};
use crate::model::{
    GitFile, Head, HeadAt, ObjectId, Pause, PickOptions, PickOutcome, PickTests, PickWork, Picked, RepoPath, Step, Who,
    Work,
};
use crate::store::scene::Scene;
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeSet;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct PickRequest {
    /// The commits, in the order of history.
    pub commits: Vec<ObjectId>,
    /// What they come from, as it was typed.
    pub from: String,
    /// Where they go.
    pub place: PickPlace,
    /// How they are picked.
    pub options: PickOptions,
    /// Of these, those whose change some commit makes there already.
    pub made_there: Vec<ObjectId>,
    /// Run the tests after each; `Some(true)`: commits with which they fail are left out.
    pub test: Option<bool>,
}

/// Where commits are picked onto.
#[derive(Clone, Debug)]
pub enum PickPlace {
    /// A new branch with this full name, at this commit.
    New(String, ObjectId),
    /// The branch that `HEAD` is on.
    Here,
}

/// Plans the first leg: from nothing to the end, or to the first conflict.
///
/// # Errors
/// Refused: a merge without a mainline; uncommitted changes in the way of picking onto the present branch.
pub fn start(session: &Session, desk: Desk<'_, '_>, who: &Who, request: &PickRequest) -> Result<Plan> {
    let scene = desk.scene;
    let mut plan = Plan { changes_state: true, ..Plan::default() };
    let (branch, onto, old) = match &request.place {
        PickPlace::New(branch, onto) => (branch.clone(), *onto, None),
        PickPlace::Here => {
            refuse_busy(desk)?;
            let (branch, tip) = present_branch(scene)?;
            (branch, tip, Some(tip))
        }
    };
    let mut merger = Merger::new(&session.repo, desk.sink, desk.scratch)?;
    let mut series = Series::on(session, desk.sink, &mut merger, who, request.options, onto)?;
    series.made_there.clone_from(&request.made_there);
    let since = series.tree;
    let tests = match request.test {
        Some(leave_out) => Some(PickTests { settings: testing::settings(session, desk)?, leave_out }),
        None => None,
    };
    let went = advance(&mut series, &request.commits, tests.is_some())?;
    let mine = if old.is_some() { unstaged(scene) } else { BTreeSet::new() };
    let from = request.from.clone();
    let end = End { branch, from, old, mine, since, before: Vec::new(), options: request.options, tests };
    if went.stop.is_none() && series.tip == onto {
        report(session, &end, &series, 0, &mut plan)?;
        return Ok(plan);
    }
    arrive(session, desk, end, &series, went, &mut plan)?;
    if tests.is_some() {
        super::lifecycle::needs_yes(&mut plan);
    }
    if old.is_none() {
        super::to::note_set_aside(desk, &mut plan);
    }
    Ok(plan)
}

/// Plans what comes after a stop.
///
/// # Errors
/// Stopped as before when the conflict is not solved, or the branch is not as it was left.
pub fn go_on(session: &Session, desk: Desk<'_, '_>, who: &Who, turn: &Turn, work: &PickWork) -> Result<Plan> {
    let mut plan = Plan { changes_state: true, ..Plan::default() };
    let tip = desk.scene.head_commit.unwrap_or(work.tip);
    let mut merger = Merger::new(&session.repo, desk.sink, desk.scratch)?;
    let mut series = Series::on(session, desk.sink, &mut merger, who, work.options, tip)?;
    series.made_there.clone_from(&work.made_there);
    let mut before = work.done.clone();
    let mine = match work.tested {
        Some(without) => testing::answer(session, desk, turn, work, without, (&mut series, &mut before))?,
        None => answer(session, desk, turn.answer, work, &mut series)?,
    };
    let since = series.tree;
    let solved = series.done.last().is_some_and(|picked| picked.new.is_some());
    let went = match work.tests {
        // It is tested as well, before anything else comes on top of it.
        Some(_) if solved => Went { stop: None, rest: work.rest.clone(), tested: Some(work.tip) },
        tests => advance(&mut series, &work.rest, tests.is_some())?,
    };
    let (branch, from) = (work.branch.clone(), work.from.clone());
    let (options, tests) = (work.options, work.tests);
    let end = End { branch, from, old: Some(tip), mine, since, before, options, tests };
    arrive(session, desk, end, &series, went, &mut plan)?;
    Ok(plan)
}

/// How far a leg went.
struct Went {
    /// A commit is in conflict.
    stop: Option<Stop>,
    /// The commits behind.
    rest: Vec<ObjectId>,
    /// The last one is to be tested; the tip without it.
    tested: Option<ObjectId>,
}

/// Picks commits: all of them, or with `one` up to the first that is new.
fn advance(series: &mut Series<'_, '_>, commits: &[ObjectId], one: bool) -> Result<Went> {
    for (at, id) in commits.iter().enumerate() {
        let without = series.tip;
        let stop = series.pick(*id)?;
        if stop.is_some() || (one && series.tip != without) {
            let tested = stop.is_none().then_some(without);
            return Ok(Went { stop, rest: commits[at + 1..].to_vec(), tested });
        }
    }
    Ok(Went { stop: None, rest: Vec::new(), tested: None })
}

/// Where a leg began, and what it must leave alone.
struct End {
    branch: String,
    from: String,
    /// Where the branch is; `None`: it does not exist yet.
    old: Option<ObjectId>,
    /// Paths with changes that are not committed and stay.
    mine: BTreeSet<RepoPath>,
    /// The tree that files are at which nobody changed.
    since: ObjectId,
    before: Vec<Picked>,
    options: PickOptions,
    tests: Option<PickTests>,
}

/// The steps to where a series led, and what remains.
fn arrive(
    session: &Session,
    desk: Desk<'_, '_>,
    end: End,
    series: &Series<'_, '_>,
    went: Went,
    plan: &mut Plan,
) -> Result<()> {
    let (scene, Went { stop, rest, tested }) = (desk.scene, went);
    let mut target = Target::of_tree(series.tree);
    if let Some(stop) = &stop {
        in_conflict(desk, series, stop, &mut target)?;
    }
    let trees = session.repo.trees()?.and_made_in(desk.sink);
    let mut both = Vec::new();
    trees.diff(end.since, target.tree, &mut |path, _, _| {
        if end.mine.contains(&path) {
            both.push(path);
        }
        Ok(())
    })?;
    refuse_overlap(&both)?;
    let mut scope = Scope::whole(Clean::None);
    scope.carried.clone_from(&end.mine);
    let middle = moves(scene, &end, series.tip);
    plan.extra.commits.extend(rest.iter().chain(stop.iter().map(|stop| &stop.commit.id)).copied());
    plan.extra.commits.extend([series.tip]);
    plan.extra.commits.extend(end.old);
    Transition::work_out(desk, &target, &scope)?.into_plan(plan, middle, Vec::new())?;
    plan.after = Some(HeadAt { head: Head::Branch(end.branch.clone()), commit: Some(series.tip) });
    report(session, &end, series, rest.len() + usize::from(stop.is_some()), plan)?;
    if let (Some(_), Some(tests)) = (tested, end.tests) {
        testing::follow(tests, plan);
    }
    if stop.is_some() || tested.is_some() {
        plan.pause = Some(pause(end, series, stop.as_ref(), rest, tested));
    }
    if let Some(Stop { commit, conflict }) = stop {
        let messages = conflict.messages.iter().filter(|text| text.starts_with("CONFLICT"));
        let note = |text| {
            let message = format!("it stops at {} ({}): {text}", commit.id.short(), commit.subject());
            Finding { severity: Severity::Note, message, help: None }
        };
        plan.report.findings.extend(messages.map(note));
    }
    Ok(())
}

/// What remains, and what a person has to decide.
fn pause(
    end: End,
    series: &Series<'_, '_>,
    stop: Option<&Stop>,
    rest: Vec<ObjectId>,
    tested: Option<ObjectId>,
) -> Pause {
    let paths: Vec<RepoPath> = stop.iter().flat_map(|stop| stop.conflict.stages.keys().cloned()).collect();
    let why = stop.map(|stop| {
        format!(
            "{} ({}) is in conflict: edit {}, `git add` {} when it is solved",
            stop.commit.id.short(),
            stop.commit.subject(),
            super::count(paths.len(), "file", "files"),
            if paths.len() == 1 { "it" } else { "each" },
        )
    });
    let last = series.done.last().map(|picked| picked.commit.short()).unwrap_or_default();
    let stops = tested.is_some() && end.tests.is_some_and(|tests| !tests.leave_out);
    Pause {
        why,
        if_failed: stops.then(|| format!("the tests fail with {last}: correct and commit it, or skip it")),
        failed: false,
        paths,
        work: Work::Pick(PickWork {
            branch: end.branch,
            from: end.from,
            tip: series.tip,
            stopped: stop.map(|stop| stop.commit.id),
            tests: end.tests,
            tested,
            rest,
            made_there: series.made_there.clone(),
            done: end.before.into_iter().chain(series.done.iter().cloned()).collect(),
            options: end.options,
        }),
    }
}

/// The state that `git cherry-pick` leaves for a person: stages in the index, markers in files, and what it is about.
pub(super) fn in_conflict(desk: Desk<'_, '_>, series: &Series<'_, '_>, stop: &Stop, target: &mut Target) -> Result<()> {
    let head = ("CHERRY_PICK_HEAD", format!("{}\n", stop.commit.id));
    leave_conflict(desk, &stop.conflict, series.message(&stop.commit), vec![head], target)
}

/// The same for any conflict: `heads` are the files that say what is under way.
pub(super) fn leave_conflict(
    desk: Desk<'_, '_>,
    conflict: &Conflict,
    mut message: Vec<u8>,
    heads: Vec<(&str, String)>,
    target: &mut Target,
) -> Result<()> {
    if !message.ends_with(b"\n") {
        message.push(b'\n');
    }
    message.extend_from_slice(b"\n# Conflicts:\n");
    for path in conflict.stages.keys() {
        message.extend_from_slice(&[b"#\t", path.as_bytes(), b"\n"].concat());
    }
    let mut files: Vec<(&str, Vec<u8>)> = heads.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    files.push(("MERGE_MSG", message));
    files.push(("AUTO_MERGE", format!("{}\n", conflict.tree).into_bytes()));
    for (name, bytes) in files {
        target.git_files.push(GitFile { name: name.into(), blob: desk.sink.add(ObjectKind::Blob, &bytes)? });
    }
    (target.tree, target.index_tree) = (conflict.tree, conflict.tree);
    target.index = conflict.stages.clone();
    Ok(())
}

/// Refs and `HEAD`.
fn moves(scene: &Scene<'_>, end: &End, tip: ObjectId) -> Vec<Step> {
    let message = format!("rollback: recover from {}", end.from);
    let mut out = Vec::new();
    if end.old != Some(tip) {
        let step = Step::Ref { name: end.branch.clone(), old: end.old, new: Some(tip), message };
        out.push(step);
    }
    out.extend(crate::plan::switch(scene, &Head::Branch(end.branch.clone()), Some(tip)));
    out
}

fn report(session: &Session, end: &End, series: &Series<'_, '_>, left: usize, plan: &mut Plan) -> Result<()> {
    let done: Vec<&Picked> = end.before.iter().chain(&series.done).collect();
    for picked in &done {
        let subject = session.repo.raw_commit(picked.commit)?.subject();
        let (outcome, new) = (Some(picked.outcome), picked.new);
        plan.report.commits_picked.push(PickRow { id: picked.commit, subject, outcome, new });
    }
    let taken = |picked: &&&Picked| matches!(picked.outcome, PickOutcome::Picked | PickOutcome::Resolved);
    let count = done.iter().filter(taken).count();
    let all = done.len() + left;
    let branch = end.branch.strip_prefix("refs/heads/").unwrap_or(&end.branch);
    let of = if all > count { format!("{count} of {all} commits") } else { super::count(count, "commit", "commits") };
    plan.report.title = format!("Recover {of} of {} onto {branch}", end.from);
    if end.old.is_none() {
        plan.report.moves = Some(Move {
            how: MoveKind::Branch,
            what: branch.to_owned(),
            why: "the others stay as they are".to_owned(),
        });
    }
    plan.report.steps = describe::sentences(&plan.steps);
    plan.report.way_back = Some("git rollback undo".to_owned());
    Ok(())
}

fn present_branch(scene: &Scene<'_>) -> Result<(String, ObjectId)> {
    match (&scene.head, scene.head_commit) {
        (Head::Branch(name), Some(tip)) => Ok((name.clone(), tip)),
        (Head::Branch(_), None) => {
            Err(Error::refused("this branch has no commit yet, so nothing can be picked onto it")
                .help("leave --here out"))
        }
        (Head::Detached(_), _) => Err(Error::refused("HEAD is on no branch, so there is none to pick onto")
            .help("leave --here out: a new branch is made")),
    }
}

/// Tracked files that are not as they are staged.
pub(super) fn unstaged(scene: &Scene<'_>) -> BTreeSet<RepoPath> {
    scene.changed.keys().cloned().collect()
}

pub(super) fn refuse_overlap(paths: &[RepoPath]) -> Result<()> {
    if paths.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = paths.iter().take(10).map(ToString::to_string).collect();
    Err(Error::refused(format!(
        "{} changes that are not committed, and the commits change {} too",
        super::count(paths.len(), "file has", "files have"),
        if paths.len() == 1 { "it" } else { "them" }
    ))
    .because(names.join(", "))
    .help("commit them, or put them aside with `git rollback backup --clean`"))
}
