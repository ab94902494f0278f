//! What all changing commands share: from a planner to an answer.

use super::Ctx;
use crate::engine::resume::Way;
use crate::engine::{self, Ended, Locks, Planner, Request};
use crate::model::report::{DoneReport, Hint, Outcome, PlanReport, Report, StoppedReport};
use crate::plan::points;
use crate::plan::resolve::resolve;
use crate::store::session::Session;
use crate::{Error, Result};

/// A request with the options that every command has.
pub(super) fn request(ctx: &Ctx<'_>, command: &'static str) -> Request {
    Request {
        command,
        dry_run: ctx.global.dry_run,
        yes: ctx.global.yes,
        reason: ctx.global.reason.clone(),
        ..Request::default()
    }
}

/// Carries a command out and makes the answer.
pub(super) fn carry_out(
    ctx: &Ctx<'_>,
    session: &Session,
    request: &Request,
    locks: Locks,
    planner: Planner<'_>,
) -> Result<Outcome> {
    match engine::run(session, ctx.talk, request, locks, planner)? {
        Ended::Planned(report) => Ok((*report).into()),
        Ended::Nothing(report) => Ok(nothing_to_do(&report).into()),
        Ended::Declined => Err(Error::refused("nothing was done: the answer was no")),
        ended => Ok(answer(ended)),
    }
}

/// The answer of an operation that ended, or waits for a person.
fn answer(ended: Ended) -> Outcome {
    match ended {
        Ended::Done(finished) => {
            let way_back = way_back(&finished.operation).filter(|_| !finished.operation.aborted);
            engine::done_report(&finished, way_back).into()
        }
        Ended::Waiting(waiting) => stopped(*waiting).into(),
        Ended::Planned(report) | Ended::Nothing(report) => nothing_to_do(&report).into(),
        Ended::Declined => DoneReport::default().into(),
    }
}

fn stopped(waiting: engine::Waiting) -> StoppedReport {
    let remaining = waiting.pause.work.remaining() as u64;
    StoppedReport {
        operation: waiting.operation.id,
        command: waiting.operation.command,
        summary: waiting.operation.title,
        why: waiting.pause.why.unwrap_or_default(),
        paths: waiting.pause.paths,
        commits: waiting.commits,
        remaining,
        warnings: waiting.warnings.into_iter().chain(waiting.differs).collect(),
        next: ways_on(),
    }
}

/// What to type while an operation waits.
pub(super) fn ways_on() -> Vec<Hint> {
    vec![
        Hint::new("git rollback continue", "go on, when it is solved and added"),
        Hint::new("git rollback skip", "leave it out, and go on"),
        Hint::new("git rollback abort", "take all of it back: everything as it was before"),
    ]
}

/// `continue`, `skip` and `abort`.
pub(super) fn end(ctx: &Ctx<'_>, way: Way) -> Result<Outcome> {
    let session = Session::open_to_go_back(ctx.talk)?;
    let planner: Planner<'_> = &|table| match table.turn {
        Some(turn) => crate::plan::go_on(table.session, table.desk, &table.name.who, turn),
        None => Err(Error::fault("it is not known what remains to be done")),
    };
    if ctx.global.dry_run {
        return Ok(engine::resume::preview(&session, ctx.talk, way, planner)?.into());
    }
    Ok(answer(engine::resume::resume(&session, ctx.talk, way, planner)?))
}

fn nothing_to_do(report: &PlanReport) -> DoneReport {
    DoneReport {
        command: report.command.clone(),
        summary: format!("Nothing to do: everything is as wanted ({})", report.title),
        ..DoneReport::default()
    }
}

/// The command that takes an operation back.
fn way_back(operation: &crate::model::Operation) -> Option<String> {
    Some(match (operation.command.as_str(), &operation.point) {
        ("checkpoint", Some(point)) => format!("git rollback to {point}"),
        ("undo", _) => "git rollback redo".to_owned(),
        (_, _) if operation.changes_state => "git rollback undo".to_owned(),
        _ => format!("git rollback undo {}", operation.id),
    })
}

/// `points delete`.
pub(super) fn delete_point(ctx: &Ctx<'_>, name: &str, purge: bool) -> Result<Outcome> {
    let session = Session::open()?;
    let request = request(ctx, "points");
    let mut outcome =
        carry_out(ctx, &session, &request, Locks::None, &|table| points::delete(table.session, name, purge))?;
    if let Report::Done(done) = &mut outcome.report
        && purge
    {
        // It may still work, until git prunes; that is no way back to promise.
        done.way_back = None;
    }
    Ok(outcome)
}

/// `baseline set`.
pub(super) fn set_baseline(ctx: &Ctx<'_>, rev: Option<&str>, name: Option<&str>, force: bool) -> Result<Outcome> {
    let session = Session::open()?;
    let place = resolve(&session, rev.unwrap_or("HEAD"))?;
    let tag = name.unwrap_or(&session.config.baseline).to_owned();
    let reason = ctx.global.reason.clone();
    carry_out(ctx, &session, &request(ctx, "baseline"), Locks::None, &|table| {
        points::set_baseline(table.session, table.desk.sink, table.name, &place, &tag, reason.as_deref(), force)
    })
}
