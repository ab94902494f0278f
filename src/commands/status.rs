//! `git rollback status`: where am I, what is unsaved, what to do next.

use super::{Ctx, facts};
use crate::git::Repo;
use crate::model::ObjectId;
use crate::model::report::{
    BaselineDistance, Counts, Head, Hint, Outcome, PointNote, StatusReport, UndoState, Unfinished,
};
use crate::store::journal::{Journal, Phase};
use crate::store::points::{Point, PointDetail, PointName};
use crate::store::session::Session;
use crate::store::survey::Survey;
use crate::store::{baselines, durable, gitfiles, journal, log, points, snapshot};
use crate::{Error, Result};

/// Show where you are, what is unsaved, and what to do next
///
/// Also what `git rollback` alone does. Writes nothing.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback              where am I?
  git rollback --json       the same for a program
  git rollback -C ../other  the same for another repository")]
pub struct Args {}

/// How many operations are listed.
const OPERATIONS: usize = 5;
/// How far back the log is read to find out what became of them.
const LOG_READ: usize = 200;

/// Runs the command.
///
/// What cannot be read becomes a warning: whoever asks where he is may be in trouble already.
pub fn run(ctx: &mut Ctx<'_>, _args: Args) -> Result<Outcome> {
    let session = Session::open_to_go_back(ctx.talk)?;
    let mut report = StatusReport { top: session.repo.root().display().to_string(), ..StatusReport::default() };
    let (mut warnings, mut notes) = (Vec::new(), Vec::new());
    let journal = attempt(&mut warnings, unfinished(&session, &mut notes));
    let is_damaged = journal.is_none();
    report.unfinished = journal.flatten();
    warnings.append(&mut notes);
    let not_on_disk = attempt(&mut warnings, durable::warning(&session)).flatten();
    warnings.extend(not_on_disk);
    let tip = head(&session.repo, &mut report, &mut warnings);
    if let Some(counts) = attempt(&mut warnings, count(&session.repo, tip)) {
        report.counts = counts;
    }
    let read = |name: &str| gitfiles::read(&session.repo, &name.into()).ok().flatten();
    report.in_progress = facts::in_progress(&read);
    let baselines = attempt(&mut warnings, baselines::list(&session.repo, &session.config)).unwrap_or_default();
    if let Some(tip) = tip {
        report.baseline = attempt(&mut warnings, distance(&session.repo, tip, &baselines)).flatten();
    }
    if let Some(newest) = attempt(&mut warnings, newest_checkpoint(&session)).flatten() {
        report.last_checkpoint = Some(note(&newest.0, &newest.1));
        report
            .hints
            .extend(attempt(&mut warnings, way_to_checkpoint(&session, &newest, &report.counts, tip)).flatten());
    }
    attempt(&mut warnings, operations(&session, &mut report));
    hints(&mut report, !baselines.is_empty(), is_damaged);
    report.warnings = warnings;
    Ok(report.into())
}

/// The value, or a warning.
fn attempt<T>(warnings: &mut Vec<String>, result: Result<T>) -> Option<T> {
    result.map_err(|error| warnings.push(in_words(&error))).ok()
}

fn in_words(error: &Error) -> String {
    let helps = error.helps().iter().map(|help| format!("; {help}"));
    format!("{error}{}", helps.collect::<String>())
}

fn head(repo: &Repo, report: &mut StatusReport, warnings: &mut Vec<String>) -> Option<ObjectId> {
    let broken = |branch: &str, error: &Error| Head::Broken { branch: branch.to_owned(), why: error.to_string() };
    let now = match repo.head() {
        Ok(now) => now,
        Err(error) => {
            report.head = broken("", &error);
            warnings.push("HEAD is damaged; `git reflog` or `git rollback points` show where it was".to_owned());
            return None;
        }
    };
    let tip = repo.head_commit(&now).and_then(|tip| tip.map(|id| repo.commit(id).map(drop).map(|()| id)).transpose());
    match tip {
        Ok(tip) => {
            report.head = facts::head(repo, &now, tip);
            tip
        }
        Err(error) => {
            report.head = broken(now.branch().unwrap_or_default(), &error);
            warnings.push("the commit of HEAD is damaged or missing; everything counts as staged".to_owned());
            None
        }
    }
}

fn count(repo: &Repo, tip: Option<ObjectId>) -> Result<Counts> {
    let tree = tip.map_or(Ok(ObjectId::EMPTY_TREE), |id| repo.commit(id).map(|info| info.tree))?;
    let Survey { staged, unstaged, untracked, conflicts, hidden } = Survey::take(repo, tree)?;
    Ok(Counts { staged, unstaged, untracked, conflicts, hidden, ignored: None })
}

fn distance(repo: &Repo, tip: ObjectId, all: &[baselines::Baseline]) -> Result<Option<BaselineDistance>> {
    let nearest = baselines::nearest(repo, tip, all)?;
    Ok(nearest.map(|(baseline, ahead, behind)| BaselineDistance {
        name: baseline.name,
        commit: baseline.commit,
        ahead: ahead as u64,
        behind: behind as u64,
        time: Some(baseline.time),
    }))
}

/// How many checkpoints are looked at to find one of this worktree.
const CHECKPOINTS: usize = 100;

/// The newest checkpoint of this worktree.
fn newest_checkpoint(session: &Session) -> Result<Option<(Point, PointDetail)>> {
    let here = session.repo.worktree_id();
    let refs = points::refs(&session.repo)?;
    let checkpoints = refs.iter().filter_map(|found| Some((PointName::of(found)?, found.id)));
    for (name, tag) in checkpoints.filter(|(name, _)| name.kind == "checkpoint").take(CHECKPOINTS) {
        let point = name.point(tag);
        // One that cannot be read is a matter for `doctor`.
        let Ok(detail) = points::detail(&session.repo, &point) else { continue };
        if detail.worktree.as_deref() == Some(&here) {
            return Ok(Some((point, detail)));
        }
    }
    Ok(None)
}

fn note(point: &Point, detail: &PointDetail) -> PointNote {
    let message = detail.message.lines().next().unwrap_or_default().to_owned();
    // Without a message the tag has the name in its place.
    let message = if message == point.name { String::new() } else { message };
    PointNote { name: point.name.clone(), time: detail.time, message }
}

/// Somebody who looks for lost work should see where it was saved last: when the commit is another one now, or what
/// was unsaved then is gone.
fn way_to_checkpoint(
    session: &Session,
    (point, detail): &(Point, PointDetail),
    counts: &Counts,
    tip: Option<ObjectId>,
) -> Result<Option<Hint>> {
    if !snapshot::is_snapshot(&session.repo, detail.target) {
        return Ok(None);
    }
    let saved = snapshot::load(&session.repo, detail.target)?;
    let had_work = match saved.manifest.head_commit {
        Some(head) => {
            saved.work_tree != session.repo.commit(head)?.tree || saved.untracked_tree != ObjectId::EMPTY_TREE
        }
        None => true,
    };
    let elsewhere = saved.manifest.head_commit != tip;
    let gone = had_work && counts.is_clean();
    Ok((elsewhere || gone)
        .then(|| Hint::new("git rollback to last", format!("come back to the checkpoint {}", point.name))))
}

fn operations(session: &Session, report: &mut StatusReport) -> Result<()> {
    let own = log::read_own(&session.repo, &session.layout, LOG_READ)?;
    let history = facts::History::new(session, &own);
    let here = session.repo.worktree_id();
    let mine = own.iter().filter(|o| o.worktree == here);
    report.operations = mine.take(OPERATIONS).map(|operation| history.row(operation)).collect();
    let line = history.here();
    let undoable = line.done.last().filter(|o| history.state(o) == UndoState::Undoable);
    report.hints.extend(undoable.map(|o| Hint::new("git rollback undo", format!("take back {}: {}", o.id, o.title))));
    let redoable = line.undone.last();
    report.hints.extend(redoable.map(|o| Hint::new("git rollback redo", format!("do again what {} took back", o.id))));
    Ok(())
}

fn unfinished(session: &Session, notes: &mut Vec<String>) -> Result<Option<Unfinished>> {
    let Some(Journal { operation, steps, phase, pause, .. }) = Journal::read(&session.layout)? else { return Ok(None) };
    // A run at work has a journal too: nothing is wrong then.
    if session.is_at_work()? {
        notes.push(format!("another git rollback is at work in this worktree: {} ({})", operation.title, operation.id));
        return Ok(None);
    }
    let started = operation.who.time;
    if let Some(pause) = pause.filter(|_| phase == Phase::Waiting) {
        let phase = pause.why.unwrap_or_else(|| "it goes on with the next commit".to_owned());
        let (id, command, next) = (operation.id, operation.title, super::change::ways_on());
        return Ok(Some(Unfinished { id, command, started, phase, waits: true, next }));
    }
    let count = session.repo.blob(steps).and_then(|bytes| journal::parse_steps(&bytes)).map(|s| s.steps.len());
    let phase = match count {
        Ok(1) => "it has 1 step".to_owned(),
        Ok(count) => format!("it has {count} steps"),
        Err(_) => "its steps cannot be read".to_owned(),
    };
    let next = vec![
        Hint::new("git rollback continue", "finish it"),
        Hint::new("git rollback abort", "take it back: everything as it was before"),
    ];
    Ok(Some(Unfinished { id: operation.id, command: operation.title, started, phase, waits: false, next }))
}

/// What to type next, the most urgent first. What undoes and redoes is listed already.
fn hints(report: &mut StatusReport, has_baseline: bool, is_damaged: bool) {
    let known = std::mem::take(&mut report.hints);
    let is_broken = matches!(report.head, Head::Broken { .. });
    if is_damaged || is_broken {
        report.hints.push(Hint::new("git rollback doctor", "see what is damaged, and what to do about it"));
    }
    if report.unfinished.is_some() || is_damaged || is_broken {
        // Anything else would be refused, or has to wait.
        return;
    }
    if !report.counts.is_clean() {
        report.hints.push(Hint::new("git rollback checkpoint", "save the whole working state"));
    }
    report.hints.extend(known);
    let has_commit = !matches!(report.head, Head::Unborn { .. });
    if !has_baseline && has_commit && report.in_progress.is_empty() {
        report.hints.push(Hint::new("git rollback baseline set", "mark this commit as known to be good"));
    }
}
