//! Pieces that several answers share.

use crate::model::{ObjectId, RepoPath};
use serde::Serialize;

/// Where HEAD is.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Head {
    /// On a branch that has commits.
    Branch {
        /// The branch without `refs/heads/`.
        branch: String,
        /// Its tip.
        commit: ObjectId,
        /// The first line of the tip's message.
        subject: String,
    },
    /// On a commit, on no branch.
    Detached {
        /// The commit.
        commit: ObjectId,
        /// The first line of its message.
        subject: String,
    },
    /// On a branch without a commit.
    Unborn {
        /// The branch without `refs/heads/`.
        branch: String,
    },
    /// Somewhere that cannot be read.
    Broken {
        /// The branch without `refs/heads/`; empty: on none, or not known.
        branch: String,
        /// What is wrong.
        why: String,
    },
}

impl Default for Head {
    fn default() -> Self {
        Head::Unborn { branch: String::new() }
    }
}

/// A merge, rebase, cherry-pick, revert, `am` or bisect that waits for its end.
#[derive(Clone, Debug, Default, Serialize)]
pub struct InProgress {
    /// One word: `merge`, `rebase`, `cherry-pick`, `revert`, `am`, `bisect`.
    pub what: String,
    /// More, as in `step 3 of 7 onto main`; may be empty.
    pub detail: String,
}

/// What to type, and what it does.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Hint {
    /// The exact command.
    pub command: String,
    /// What it does, or why to type it.
    pub why: String,
}

impl Hint {
    /// From a command and its purpose.
    pub fn new(command: impl Into<String>, why: impl Into<String>) -> Self {
        Hint { command: command.into(), why: why.into() }
    }
}

/// Some files: how many, how big, and which.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Files {
    /// How many.
    pub count: u64,
    /// Their size together, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Which; fewer than `count` where the list was cut.
    pub paths: Vec<RepoPath>,
}

impl Files {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl From<Vec<RepoPath>> for Files {
    fn from(paths: Vec<RepoPath>) -> Self {
        Files { count: paths.len() as u64, bytes: None, paths }
    }
}

impl FromIterator<RepoPath> for Files {
    fn from_iter<I: IntoIterator<Item = RepoPath>>(paths: I) -> Self {
        paths.into_iter().collect::<Vec<_>>().into()
    }
}

/// Something that is not touched, not saved or not captured, and why.
#[derive(Clone, Debug, Serialize)]
pub struct LeftInPlace {
    /// Where.
    pub path: RepoPath,
    /// Why, as in `a nested repository`.
    pub reason: String,
    /// Its size, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// A commit in a list.
#[derive(Clone, Debug, Serialize)]
pub struct CommitRow {
    /// The commit.
    pub id: ObjectId,
    /// The first line of its message.
    pub subject: String,
    /// Whether a remote-tracking ref reaches it.
    pub published: bool,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    #[default]
    Ok,
    /// Works, but deserves a look.
    Warn,
    /// Not as it should be.
    Fail,
    /// Nobody could tell.
    Unknown,
}

/// One thing that was checked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// The result.
    pub verdict: Verdict,
    /// What was found; may be empty.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}
