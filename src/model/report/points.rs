//! Points and baselines.

use super::Check;
use crate::model::{ObjectId, Time};
use serde::Serialize;

/// The points, newest first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PointsReport {
    /// One row a point.
    pub points: Vec<PointRow>,
    /// How many more there are than the limit let through.
    pub more: u64,
}

/// One point.
#[derive(Clone, Debug, Serialize)]
pub struct PointRow {
    /// Its name.
    pub name: String,
    /// `baseline`, `checkpoint`, `backup`, `release` or `deployment`.
    pub kind: String,
    /// When it was made.
    pub time: Time,
    /// The commit it stands on; none before the first commit.
    pub commit: Option<ObjectId>,
    /// Whether it holds a whole working state, not only a commit.
    pub snapshot: bool,
    /// The first line of its message; may be empty.
    pub message: String,
    /// More, such as the tag that names it; may be empty.
    pub extra: String,
}

/// The baselines: all, one, or one that was verified.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BaselineReport {
    /// One row a baseline, newest first.
    pub baselines: Vec<BaselineRow>,
    /// Results of `verify`; empty otherwise.
    pub checks: Vec<Check>,
}

impl BaselineReport {
    /// Whether a check failed.
    pub fn failed(&self) -> bool {
        self.checks.iter().any(|check| check.verdict == super::Verdict::Fail)
    }
}

/// One baseline.
#[derive(Clone, Debug, Serialize)]
pub struct BaselineRow {
    /// Its name.
    pub name: String,
    /// The full name of its tag.
    pub tag: String,
    /// The commit.
    pub commit: ObjectId,
    /// The first line of the commit's message.
    pub subject: String,
    /// When it was set.
    pub time: Time,
    /// Who set it.
    pub who: String,
    /// Commits that HEAD has and the baseline has not, where it was counted.
    pub ahead: Option<u64>,
    /// Commits that the baseline has and HEAD has not, where it was counted.
    pub behind: Option<u64>,
}
