//! An operation that waits for a person.

use super::Hint;
use crate::model::{ObjectId, PickOutcome, RepoPath};
use serde::Serialize;

/// What was done half-way, what has to be decided, and the ways on.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StoppedReport {
    /// The operation.
    pub operation: String,
    /// The command, as in `recover`.
    pub command: String,
    /// One sentence: what it does.
    pub summary: String,
    /// What the person has to decide.
    pub why: String,
    /// The paths to look at.
    pub paths: Vec<RepoPath>,
    /// What became of commits so far.
    pub commits: Vec<PickRow>,
    /// How many commits are still to come.
    pub remaining: u64,
    /// What deserves a look.
    pub warnings: Vec<String>,
    /// What to type.
    pub next: Vec<Hint>,
}

/// A commit, and what becomes of it.
#[derive(Clone, Debug, Serialize)]
pub struct PickRow {
    /// The commit.
    pub id: ObjectId,
    /// The first line of its message.
    pub subject: String,
    /// What came of it; none: it is in conflict, or was not tried.
    pub outcome: Option<PickOutcome>,
    /// The new commit.
    pub new: Option<ObjectId>,
}
