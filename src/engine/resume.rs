//! `continue`, `skip` and `abort`: ending what was interrupted, and going on where a person was waited for.

use super::leg::{self, Asked, Sofar, arrive, go_on, leg};
use super::run::{Ended, GitLocks, Locks, Planner, Request, Waiting, plan_only, steps_of};
use super::steps::Hands;
use crate::host::Talk;
use crate::host::gitlock::GitLock;
use crate::model::report::PlanReport;
use crate::model::{Answer, Step};
use crate::plan::Turn;
use crate::store::journal::{Journal, Phase, last_step};
use crate::store::log;
use crate::store::scene::Wanted;
use crate::store::session::{Session, unfinished};
use crate::{Error, Kind, Result};

/// Which way to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Go on.
    Continue,
    /// Go on without what it stopped at.
    Skip,
    /// Take back what was done.
    Abort,
}

impl Way {
    fn word(self) -> &'static str {
        match self {
            Way::Continue => "continue",
            Way::Skip => "skip",
            Way::Abort => "abort",
        }
    }
}

/// Ends an operation that is unfinished, or goes on with it to its next stop. `planner` plans what remains of one that
/// waits for a person.
///
/// # Errors
/// Refused when nothing is unfinished; stopped when a step fails again, or what the person was asked for is not done.
pub fn resume(session: &Session, talk: &dyn Talk, way: Way, planner: Planner<'_>) -> Result<Ended> {
    let _lock = session.lock()?;
    let Some(journal) = Journal::read(&session.layout)? else {
        session.clear_leftovers()?;
        return Err(nothing_unfinished(way));
    };
    let request = request(way);
    let asked = Asked { session, talk, request: &request, planner, turn: None, way: leg::Way::Forward };
    let ended = match journal.phase {
        Phase::Waiting => {
            session.clear_leftovers()?;
            return answered(&asked, journal, way);
        }
        _ if way == Way::Skip => {
            return Err(Error::refused(
                "there is nothing to skip: the operation was interrupted, and waits for nobody",
            )
            .help("finish it with `git rollback continue`, or take it back with `git rollback abort`"));
        }
        _ => end_leg(session, talk, journal, way)?,
    };
    match (ended, way) {
        (Ended::Waiting(_), Way::Abort) => {
            let Some(journal) = Journal::read(&session.layout)? else { return Err(nothing_unfinished(way)) };
            answered(&asked, journal, way)
        }
        (ended, _) => go_on(&asked, ended),
    }
}

fn request(way: Way) -> Request {
    let wanted = Wanted { list_ignored: true, ..Wanted::default() };
    Request { command: way.word(), yes: true, wanted, ..Request::default() }
}

/// The person has answered: the next leg.
fn answered(asked: &Asked<'_>, journal: Journal, way: Way) -> Result<Ended> {
    let locks = GitLocks::take(asked.session, Locks::IndexAndHead)?;
    let Some(turn) = turn_of(&journal, way) else {
        let operation = journal.operation.clone();
        let planner: Planner<'_> = &|table| crate::plan::undo::plan(table.session, table.desk, &operation);
        let back = Asked { planner, way: leg::Way::Back, ..*asked };
        return leg(&back, locks, Sofar::default(), Some(journal));
    };
    let next = Asked { turn: Some(&turn), ..*asked };
    let ended = leg(&next, locks, Sofar::default(), Some(journal.clone())).map_err(|e| half_way(&journal, e))?;
    go_on(asked, ended)
}

fn turn_of(journal: &Journal, way: Way) -> Option<Turn> {
    let answer = match way {
        Way::Continue => Answer::Continue,
        Way::Skip => Answer::Skip,
        Way::Abort => return None,
    };
    journal.pause.clone().map(|pause| Turn { pause, answer })
}

/// Ends a leg that was interrupted: forward, or back to where it began.
fn end_leg(session: &Session, talk: &dyn Talk, journal: Journal, way: Way) -> Result<Ended> {
    session.repo.clear_ref_locks()?;
    let locks = GitLocks { index: adopt(session, true)?, head: adopt(session, false)? };
    let began = crate::host::clock::instant();
    let steps = steps_of(session, &journal)?;
    let mut hands = Hands::new(session, talk, locks, &journal.operation)?;
    hands.clear_stage(&steps.steps)?;
    let last = last_step(&session.layout)?;
    let onward = (way == Way::Continue) == (journal.phase == Phase::Steps);
    let ended = match (onward, last) {
        (true, last) => hands.take_all(&steps.steps, last.unwrap_or(0), false),
        (false, Some(last)) => hands.take_back(&steps.steps, last),
        (false, None) => Ok(()),
    };
    if let Err(error) = ended {
        return Err(with_ways_out(&journal, error));
    }
    // What was done before the stop was not lost: the record has all of it, the look at the result only the rest.
    let rest = match onward {
        true => steps.steps.iter().skip(last.unwrap_or(0)).cloned().collect(),
        false => taken_back(steps.steps.clone(), last),
    };
    let differs = super::verify::differences(session, &hands, &rest)?;
    if onward {
        hands.run_all(&steps.steps, last.unwrap_or(0)).map_err(|e| with_ways_out(&journal, e))?;
    }
    let ended = match journal.earlier {
        Some(earlier) if !onward => {
            earlier.wait(&session.layout)?;
            let operation = earlier.operation;
            let Some(pause) = earlier.pause else { return Err(Error::fault("the journal is not complete")) };
            Ended::Waiting(Box::new(Waiting { operation, pause, differs, warnings: Vec::new(), commits: Vec::new() }))
        }
        earlier => {
            let phase = if onward { journal.phase } else { Phase::Back };
            let pause = journal.pause.filter(|_| onward);
            arrive(session, talk, Journal { phase, pause, earlier, ..journal }, &hands, &steps.steps, began, differs)?
        }
    };
    drop(hands);
    crate::git::clear_leftovers(&session.repo)?;
    Ok(ended)
}

/// What ending it would do.
///
/// # Errors
/// Refused when nothing is unfinished.
pub fn preview(session: &Session, talk: &dyn Talk, way: Way, planner: Planner<'_>) -> Result<PlanReport> {
    let Some(journal) = Journal::read(&session.layout)? else { return Err(nothing_unfinished(way)) };
    if journal.phase == Phase::Waiting {
        let (request, turn) = (request(way), turn_of(&journal, way));
        let planner: Planner<'_> = &|table| match table.turn {
            Some(_) => planner(table),
            None => crate::plan::undo::plan(table.session, table.desk, &journal.operation),
        };
        let asked = Asked { session, talk, request: &request, planner, turn: turn.as_ref(), way: leg::Way::Forward };
        return plan_only(&asked).map(|plan| plan.report).map_err(|e| half_way(&journal, e));
    }
    let steps = steps_of(session, &journal)?;
    let onward = (way == Way::Continue) == (journal.phase == Phase::Steps);
    let steps = if onward { steps } else { steps.reversed() };
    let word = if way == Way::Continue { "Finish" } else { "Take back" };
    Ok(PlanReport {
        command: way.word().to_owned(),
        title: format!("{word} {}: {}", journal.operation.id, journal.operation.title),
        files: crate::plan::files_of(&steps.steps),
        steps: crate::plan::sentences(&steps.steps),
        ..PlanReport::default()
    })
}

fn nothing_unfinished(way: Way) -> Error {
    Error::refused(format!("there is nothing to {}: no operation is unfinished", way.word()))
        .help("`git rollback log` lists what was done, and `git rollback undo` takes the last one back")
}

/// The lock of git's that the dead run held, or a fresh one.
fn adopt(session: &Session, index: bool) -> Result<Option<GitLock>> {
    let (private, target) = if index {
        (session.layout.lock_index(), session.repo.index_path())
    } else {
        (session.layout.lock_head(), session.repo.git_dir().join("HEAD"))
    };
    if let Some(lock) = GitLock::adopt(&private, &target)? {
        return Ok(Some(lock));
    }
    GitLock::clear_stale(&private, &target)?;
    GitLock::take(&private, &target).map(Some)
}

/// A step failed, or a signal came: what was done is taken back at once, up to the last stop of the operation. Where that
/// fails too, the journal stays for `continue` and `abort`.
pub(super) fn stopped(
    session: &Session,
    talk: &dyn Talk,
    journal: &Journal,
    mut hands: Hands<'_>,
    error: Error,
) -> Error {
    let taken_back = take_back(session, journal, &mut hands);
    let kept = hands.kept_files();
    drop(hands);
    if taken_back.is_err() {
        return with_ways_out(journal, error);
    }
    let before = if journal.earlier.is_some() { "as it was before this command" } else { "as it was before" };
    let mut out = match talk.signal() {
        Some(signal) => Error::new(Kind::Interrupted(signal), format!("interrupted: everything is {before}")),
        None => {
            let kind = if error.kind() == Kind::Stopped { Kind::Fault } else { error.kind() };
            error.with_kind(kind).context(format!("a step failed; everything is {before}"))
        }
    };
    for file in kept {
        out = out.because(format!("{} was saved meanwhile by somebody else: it is kept at {}", file.path, file.at));
    }
    out
}

/// The reversed steps that were carried out, for looking at the result.
fn taken_back(mut steps: Vec<Step>, last: Option<usize>) -> Vec<Step> {
    steps.truncate(last.map_or(0, |last| last + 1));
    steps.into_iter().rev().filter(|step| !step.runs()).map(Step::reversed).collect()
}

fn take_back(session: &Session, journal: &Journal, hands: &mut Hands<'_>) -> Result<()> {
    let steps = steps_of(session, journal)?;
    hands.clear_stage(&steps.steps)?;
    hands.forget();
    if let Some(last) = last_step(&session.layout)? {
        hands.take_back(&steps.steps, last)?;
    }
    if let Some(earlier) = &journal.earlier {
        return earlier.wait(&session.layout);
    }
    let mut operation = journal.operation.clone();
    operation.aborted = true;
    operation.kept = hands.kept_files();
    log::append(&session.repo, &session.layout, &operation)?;
    Journal::remove(&session.layout)
}

/// What stands in the way of an operation that is half-way: it still waits.
pub(super) fn half_way(journal: &Journal, error: Error) -> Error {
    match error.kind() {
        Kind::Refused => with_ways_out(journal, error),
        _ => error,
    }
}

pub(super) fn with_ways_out(journal: &Journal, error: Error) -> Error {
    let ways = unfinished(journal);
    let kind = if matches!(error.kind(), Kind::Interrupted(_)) { error.kind() } else { Kind::Stopped };
    let mut out = Error::new(kind, format!("stopped half-way: {}", error.message()));
    for cause in error.causes() {
        out = out.because(cause);
    }
    for help in error.helps().iter().chain(ways.helps()) {
        out = out.help(help.clone());
    }
    out.help("nothing is lost: the state before is in a snapshot")
}
