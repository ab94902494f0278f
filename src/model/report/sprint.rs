//! Sprints.

use super::RollbackRow;
use crate::model::{ObjectId, Time};
use serde::Serialize;

/// All sprints.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SprintsReport {
    /// By their names.
    pub sprints: Vec<SprintRow>,
}

/// One sprint in one line.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SprintRow {
    /// The sprint.
    pub number: String,
    /// How it stands.
    pub state: SprintState,
    /// Whether `HEAD` is on one of its branches.
    pub here: bool,
    /// Its branch.
    pub branch: Option<String>,
    /// When it was started.
    pub started: Option<Time>,
    /// How often it failed.
    pub failures: u64,
    /// When it failed last.
    pub failed: Option<Time>,
    /// Why.
    pub reason: Option<String>,
    /// Branches for other tries.
    pub retries: Vec<String>,
    /// Branches with the work of failed tries.
    pub backups: Vec<String>,
}

/// How a sprint stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SprintState {
    /// Work goes on.
    #[default]
    Open,
    /// It failed; another try may be under way.
    Failed,
}

/// One sprint in full.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SprintReport {
    /// The line of the list.
    #[serde(flatten)]
    pub row: SprintRow,
    /// Its branches.
    pub branches: Vec<SprintBranch>,
    /// The rollbacks in it, newest first.
    pub rollbacks: Vec<RollbackRow>,
}

/// A branch of a sprint.
#[derive(Clone, Debug, Serialize)]
pub struct SprintBranch {
    /// Its name.
    pub name: String,
    /// Its tip.
    pub commit: ObjectId,
    /// How many commits it has beyond the baseline.
    pub ahead: Option<u64>,
}
