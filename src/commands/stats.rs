//! `git rollback stats`: figures over all rollbacks.

use super::Ctx;
use super::facts::History;
use super::history::Filter;
use crate::Result;
use crate::config::Config;
use crate::model::report::{Duration, Outcome, SeverityRow, StatsReport, UndoState};
use crate::model::stats::{Case, Spread, by_month, tally};
use crate::model::{Impact, Operation};
use crate::store::log;
use crate::store::session::Session;

/// Figures over the rollbacks: how many, why, how long until all was well again
///
/// Recovery time runs from `--started`, else from the beginning of the operation, to its verified end. An `undo` counts
/// where somebody said a severity, a cause or a start: without them it corrects a command and answers no failure.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback stats
  git rollback stats --since 90d
  git rollback stats --sprint 4 --json
  git rollback log amend 3f2a91c0 --cause tests      add what was not said at the time")]
pub struct Args {
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap would take words here as the command's")]
    pub filter: Filter,
}

/// Runs the command.
pub fn run(_ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let (mut found, warnings) = args.filter.rollbacks(&session)?;
    found.retain(|operation| operation.command != "undo" || !operation.trouble.is_empty());
    let own = log::read_own(&session.repo, &session.layout, usize::MAX)?;
    let history = History::new(&session, &own);
    let undone = found.iter().filter(|operation| history.state(operation) == UndoState::Undone).count();
    Ok(StatsReport { undone: undone as u64, warnings, ..figures(&found, &session.config) }.into())
}

fn figures(found: &[Operation], config: &Config) -> StatsReport {
    let cases: Vec<Case> = found.iter().map(case).collect();
    let recoveries = |cases: &[&Case]| Spread::of(cases.iter().filter_map(|case| case.recovery).collect());
    let severity = |wanted: Option<Impact>| {
        let cases: Vec<&Case> = cases.iter().filter(|case| case.severity == wanted).collect();
        let budget = wanted.map(|severity| config.budget(severity) * 1000);
        let within = |case: &&&Case| case.recovery.zip(budget).is_some_and(|(took, budget)| took <= budget);
        (!cases.is_empty()).then(|| SeverityRow {
            severity: wanted,
            count: cases.len() as u64,
            recovered: cases.iter().filter(|case| case.recovery.is_some()).count() as u64,
            budget: budget.map(Duration::of),
            within: cases.iter().filter(within).count() as u64,
            recovery: recoveries(&cases).map(Into::into),
        })
    };
    StatsReport {
        first: cases.last().map(|case| case.time),
        last: cases.first().map(|case| case.time),
        total: cases.len() as u64,
        recovered: cases.iter().filter(|case| case.recovery.is_some()).count() as u64,
        undone: 0,
        causes: tally(&cases, |case| case.cause.clone()),
        severities: Impact::ALL.map(Some).into_iter().chain([None]).filter_map(severity).collect(),
        sprints: tally(&cases, |case| case.sprint.clone()),
        branches: tally(&cases, |case| case.branch.clone()),
        months: by_month(&cases),
        recovery: recoveries(&cases.iter().collect::<Vec<_>>()).map(Into::into),
        warnings: Vec::new(),
    }
}

fn case(operation: &Operation) -> Case {
    Case {
        time: operation.who.time,
        severity: operation.trouble.severity,
        cause: operation.trouble.cause.clone(),
        sprint: operation.trouble.sprint.clone(),
        branch: operation.before.head.branch().map(str::to_owned),
        recovery: operation.recovery_millis(),
    }
}
