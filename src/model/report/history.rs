//! Rollbacks: one by one, and in figures.

use super::{Duration, LogRow, UndoState};
use crate::model::stats::{Spread, Tally};
use crate::model::{Impact, ObjectId, Time, Trouble};
use serde::Serialize;

/// Rollbacks, newest first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct HistoryReport {
    /// One row a rollback.
    pub rollbacks: Vec<RollbackRow>,
    /// How many more there are than the limit let through.
    pub more: u64,
    /// What was done with releases and hotfixes, newest first; left out where rollbacks are filtered.
    pub releases: Vec<LogRow>,
    /// Records that could not be read.
    pub warnings: Vec<String>,
}

/// One rollback.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RollbackRow {
    /// The operation.
    pub id: String,
    /// When it began.
    pub time: Time,
    /// The command.
    pub command: String,
    /// Where it came from.
    pub from: Place,
    /// Where it went.
    pub to: Place,
    /// The tag of the newest release that HEAD contained before, when it went to a release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_version: Option<String>,
    /// The tag of the release that it went to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_version: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was said about the trouble.
    #[serde(flatten)]
    pub trouble: Trouble,
    /// From the beginning of the trouble to a verified result; none: it was not verified.
    pub recovery: Option<Duration>,
    /// How long the operation itself took.
    pub took: Duration,
    /// How it ended.
    pub result: RollbackResult,
    /// What became of it since.
    pub undo: UndoState,
    /// What it did, in one sentence.
    pub summary: String,
    /// Who.
    pub who: String,
}

/// A commit and what people call it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Place {
    /// The commit.
    pub commit: Option<ObjectId>,
    /// The branch `HEAD` was on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// A tag at that commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// How a rollback ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollbackResult {
    /// As planned, and verified.
    #[default]
    Recovered,
    /// Done, but not as planned or not verified.
    Unverified,
    /// Stopped half-way and taken back.
    TakenBack,
}

/// Figures over all rollbacks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StatsReport {
    /// The first and the last rollback counted.
    pub first: Option<Time>,
    /// The newest.
    pub last: Option<Time>,
    /// How many.
    pub total: u64,
    /// How many ended with a verified result.
    pub recovered: u64,
    /// How many were undone later.
    pub undone: u64,
    /// By cause.
    pub causes: Vec<Tally>,
    /// By severity, with the time each had.
    pub severities: Vec<SeverityRow>,
    /// By sprint.
    pub sprints: Vec<Tally>,
    /// By branch.
    pub branches: Vec<Tally>,
    /// By month, oldest first.
    pub months: Vec<Tally>,
    /// Recovery times; none where nothing was recovered.
    pub recovery: Option<RecoveryTimes>,
    /// Records that could not be read.
    pub warnings: Vec<String>,
}

/// Recovery times, in seconds in JSON.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct RecoveryTimes {
    /// How many were measured.
    pub count: u64,
    /// Their mean.
    pub mean: Duration,
    /// The middle one.
    pub median: Duration,
    /// The 95th percentile.
    pub p95: Duration,
    /// The longest.
    pub longest: Duration,
}

impl From<Spread> for RecoveryTimes {
    fn from(spread: Spread) -> Self {
        let Spread { count, mean, median, p95, longest } = spread;
        let [mean, median, p95, longest] = [mean, median, p95, longest].map(Duration::of);
        RecoveryTimes { count, mean, median, p95, longest }
    }
}

/// The rollbacks of one severity.
#[derive(Clone, Debug, Serialize)]
pub struct SeverityRow {
    /// The severity; none: nobody said.
    pub severity: Option<Impact>,
    /// How many.
    pub count: u64,
    /// How many ended with a verified result.
    pub recovered: u64,
    /// The time that one may take; none where the severity is not known.
    pub budget: Option<Duration>,
    /// How many were within it.
    pub within: u64,
    /// How long they took.
    pub recovery: Option<RecoveryTimes>,
}
