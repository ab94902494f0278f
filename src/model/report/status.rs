//! `git rollback status`.

use super::{Head, Hint, InProgress, LogRow};
use crate::model::{ObjectId, Time};
use serde::Serialize;

/// Where am I, what is unsaved, what happened last, what to do next.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StatusReport {
    /// The top of the worktree.
    pub top: String,
    /// Where HEAD is.
    pub head: Head,
    /// The nearest baseline behind HEAD.
    pub baseline: Option<BaselineDistance>,
    /// Git operations that wait for their end.
    pub in_progress: Vec<InProgress>,
    /// What is not committed.
    pub counts: Counts,
    /// An operation of this tool that was interrupted.
    pub unfinished: Option<Unfinished>,
    /// The newest operations of this worktree, newest first.
    pub operations: Vec<LogRow>,
    /// The newest checkpoint of this worktree.
    pub last_checkpoint: Option<PointNote>,
    /// What to type next.
    pub hints: Vec<Hint>,
    /// What deserves a look (a record that could not be read, a clock that went back).
    pub warnings: Vec<String>,
}

/// A baseline and how far HEAD is from it.
#[derive(Clone, Debug, Serialize)]
pub struct BaselineDistance {
    /// The baseline's name.
    pub name: String,
    /// Its commit.
    pub commit: ObjectId,
    /// Commits that HEAD has and the baseline has not.
    pub ahead: u64,
    /// Commits that the baseline has and HEAD has not.
    pub behind: u64,
    /// When it was set.
    pub time: Option<Time>,
}

/// How many paths differ, and how.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Counts {
    /// Staged changes.
    pub staged: u64,
    /// Changes that are not staged.
    pub unstaged: u64,
    /// Files that git does not know.
    pub untracked: u64,
    /// Paths with an unresolved conflict.
    pub conflicts: u64,
    /// Changed files that git was told to overlook (`assume-unchanged`, `skip-worktree`): `git status` does not show them.
    pub hidden: u64,
    /// Ignored entries, where they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored: Option<u64>,
}

impl Counts {
    /// Whether everything is committed.
    pub fn is_clean(&self) -> bool {
        self.staged + self.unstaged + self.untracked + self.conflicts + self.hidden == 0
    }
}

/// An operation that was interrupted and waits for `continue` or `abort`.
#[derive(Clone, Debug, Serialize)]
pub struct Unfinished {
    /// The operation.
    pub id: String,
    /// The command that started it.
    pub command: String,
    /// When.
    pub started: Time,
    /// How far it got, as in `12 of 40 files written`.
    pub phase: String,
    /// Whether it waits for a person, and was not interrupted.
    pub waits: bool,
    /// What to type; usually `continue` and `abort`.
    pub next: Vec<Hint>,
}

/// A point in one line.
#[derive(Clone, Debug, Serialize)]
pub struct PointNote {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub time: Time,
    /// The first line of its message; may be empty.
    pub message: String,
}
