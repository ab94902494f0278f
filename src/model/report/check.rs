//! Answers of commands that run something to judge: checks and tests.

use super::Files;
use crate::model::{Ran, RepoPath};
use serde::Serialize;

/// Whether it is safe to begin.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CheckReport {
    /// Whether nothing failed.
    pub safe: bool,
    /// The sprint it is about.
    pub sprint: Option<String>,
    /// Each check.
    pub checks: Vec<SafetyCheck>,
    /// The checkpoint that was made.
    pub checkpoint: Option<String>,
    /// What deserves a look.
    pub warnings: Vec<String>,
}

/// One check and how long it took.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SafetyCheck {
    /// What was checked.
    pub name: String,
    /// The result.
    pub result: CheckResult,
    /// What was found, or why it was skipped.
    pub detail: String,
    /// What to do about it.
    pub help: Option<String>,
    /// How long it took, milliseconds.
    pub millis: u64,
    /// What was run for it.
    pub runs: Vec<Ran>,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckResult {
    /// As it should be.
    #[default]
    Pass,
    /// Not as it should be.
    Fail,
    /// Not checked.
    Skipped,
}

/// The tests of what was changed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ValidateReport {
    /// Compared with what.
    pub since: String,
    /// What differs.
    pub changed: Files,
    /// The tests that belong to it.
    pub tests: Vec<RepoPath>,
    /// What has no test.
    pub without: Vec<RepoPath>,
    /// What was run, and what came of it.
    pub runs: Vec<Ran>,
}

impl ValidateReport {
    /// Whether a test failed.
    pub fn failed(&self) -> bool {
        self.runs.iter().any(|ran| !ran.ok)
    }
}
