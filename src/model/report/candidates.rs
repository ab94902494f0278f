//! What a branch has that could be picked.

use super::Hint;
use crate::model::{ObjectId, RepoPath, Time};
use serde::Serialize;

/// Commits that a branch has beyond a point, oldest first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CandidatesReport {
    /// The branch, as it was typed.
    pub from: String,
    /// Where the commits would go, in words.
    pub onto: String,
    /// One row a commit.
    pub commits: Vec<CandidateRow>,
    /// What to type next.
    pub next: Vec<Hint>,
}

/// A commit that could be picked.
#[derive(Clone, Debug, Serialize)]
pub struct CandidateRow {
    /// Its number in the list, from 1.
    pub number: usize,
    /// Its name.
    pub id: ObjectId,
    /// The first line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// When it was committed.
    pub time: Time,
    /// What would come of it.
    pub state: CandidateState,
    /// The numbers of those that must be picked before it.
    pub needs: Vec<usize>,
    /// The paths that are in conflict when all before it were picked.
    pub conflicts: Vec<RepoPath>,
    /// A commit that makes the same change there already.
    pub same_as: Option<ObjectId>,
}

/// What would come of a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CandidateState {
    /// It applies by itself.
    #[default]
    Clean,
    /// It applies when others were picked before it.
    Needs,
    /// It is in conflict.
    Conflict,
    /// What it changes is there already.
    Applied,
    /// It changes nothing.
    Empty,
    /// It is a merge: without `--mainline` it cannot be picked.
    Merge,
}
