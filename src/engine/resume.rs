//! `continue` and `abort`: ending what was interrupted.

use super::record::finish;
use super::run::{Finished, GitLocks, steps_of};
use super::steps::Hands;
use crate::host::Talk;
use crate::host::gitlock::GitLock;
use crate::model::Step;
use crate::model::report::PlanReport;
use crate::store::journal::{Journal, last_step};
use crate::store::log;
use crate::store::session::{Session, unfinished};
use crate::{Error, Kind, Result};

/// Which way to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Take the remaining steps.
    Continue,
    /// Take back the steps that were taken.
    Abort,
}

/// Ends an interrupted operation.
///
/// # Errors
/// Refused when nothing is unfinished; stopped when a step fails again.
pub fn resume(session: &Session, talk: &dyn Talk, way: Way) -> Result<Finished> {
    let _lock = session.lock()?;
    let Some(journal) = Journal::read(&session.layout)? else {
        session.clear_leftovers()?;
        return Err(nothing_unfinished(way));
    };
    session.repo.clear_ref_locks()?;
    let locks = GitLocks { index: adopt(session, true)?, head: adopt(session, false)? };
    let began = crate::host::clock::instant();
    let steps = steps_of(session, &journal)?;
    let mut hands = Hands::new(session, talk, locks, &journal.operation)?;
    hands.clear_stage(&steps.steps)?;
    let last = last_step(&session.layout)?;
    let ended = match (way, last) {
        (Way::Continue, last) => hands.take_all(&steps.steps, last.unwrap_or(0), false),
        (Way::Abort, Some(last)) => hands.take_back(&steps.steps, last),
        (Way::Abort, None) => Ok(()),
    };
    if let Err(error) = ended {
        return Err(with_ways_out(&journal, error));
    }
    // What was done before the stop was not lost: the record has all of it, the look at the result only the rest.
    let (all, rest) = match way {
        Way::Continue => {
            let rest = steps.steps.iter().skip(last.unwrap_or(0)).cloned().collect();
            (steps.steps, rest)
        }
        Way::Abort => (Vec::new(), taken_back(steps.steps, last)),
    };
    let differs = super::verify::differences(session, &hands, &rest)?;
    if way == Way::Continue {
        hands.run_all(&all, last.unwrap_or(0)).map_err(|e| with_ways_out(&journal, e))?;
    }
    let mut operation = journal.operation.clone();
    if way == Way::Abort {
        operation.aborted = true;
        operation.after = operation.before.clone();
    }
    let finished = finish(session, operation, &hands, &all, began, differs).map_err(|e| with_ways_out(&journal, e))?;
    match way {
        Way::Continue => Journal::finish(&session.layout)?,
        Way::Abort => Journal::remove(&session.layout)?,
    }
    drop(hands);
    crate::git::clear_leftovers(&session.repo)?;
    Ok(finished)
}

/// What ending it would do.
///
/// # Errors
/// Refused when nothing is unfinished.
pub fn preview(session: &Session, way: Way) -> Result<PlanReport> {
    let Some(journal) = Journal::read(&session.layout)? else { return Err(nothing_unfinished(way)) };
    let steps = steps_of(session, &journal)?;
    let (word, steps) = match way {
        Way::Continue => ("Finish", steps),
        Way::Abort => ("Take back", steps.reversed()),
    };
    Ok(PlanReport {
        command: if way == Way::Continue { "continue" } else { "abort" }.to_owned(),
        title: format!("{word} {}: {}", journal.operation.id, journal.operation.title),
        files: crate::plan::files_of(&steps.steps),
        steps: crate::plan::sentences(&steps.steps),
        ..PlanReport::default()
    })
}

fn nothing_unfinished(way: Way) -> Error {
    let word = if way == Way::Continue { "continue" } else { "abort" };
    Error::refused(format!("there is nothing to {word}: no operation is unfinished"))
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

/// A step failed, or a signal came: what was done is taken back at once. Where that fails too, the journal stays
/// for `continue` and `abort`.
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
    let mut out = match talk.signal() {
        Some(signal) => Error::new(Kind::Interrupted(signal), "interrupted: everything is as it was before"),
        None => {
            let kind = if error.kind() == Kind::Stopped { Kind::Fault } else { error.kind() };
            error.with_kind(kind).context("a step failed; everything is as it was before")
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
    let mut operation = journal.operation.clone();
    operation.aborted = true;
    operation.kept = hands.kept_files();
    log::append(&session.repo, &session.layout, &operation)?;
    Journal::remove(&session.layout)
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
