//! Hotfixes.

use super::{Check, CommitRow, Hint};
use crate::model::{ObjectId, Time};
use serde::Serialize;

/// The hotfixes, those of the newest version first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct HotfixesReport {
    /// One row a hotfix.
    pub hotfixes: Vec<HotfixRow>,
}

/// How a hotfix stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HotfixState {
    /// Work on it goes on.
    #[default]
    Open,
    /// Its version is released.
    Applied,
    /// It is released, and every line has got it.
    MergedBack,
    /// It was given up.
    Abandoned,
    /// Its branch was deleted, and nobody said why.
    Gone,
}

/// One hotfix in one line.
#[derive(Clone, Debug, Default, Serialize)]
pub struct HotfixRow {
    /// The version that it will become, or became.
    pub version: String,
    /// Its branch.
    pub branch: String,
    /// The package; none: the whole repository.
    pub package: Option<String>,
    /// How it stands.
    pub state: HotfixState,
    /// Whether `HEAD` is on its branch.
    pub here: bool,
    /// The tag of the release that it began at, where that is known.
    pub from: Option<String>,
    /// The commit of that release.
    pub base: Option<ObjectId>,
    /// The tip of the branch here.
    pub tip: Option<ObjectId>,
    /// Remotes that had the branch when they were last asked.
    pub remotes: Vec<String>,
    /// Another worktree that has it checked out.
    pub worktree: Option<String>,
    /// The tag of its version.
    pub tag: Option<String>,
    /// The lines that have not got it, once it is released.
    pub lacking: Vec<String>,
    /// What it is for.
    pub description: Option<String>,
    /// When it was started.
    pub started: Option<Time>,
    /// By whom.
    pub who: Option<String>,
}

/// One hotfix in full.
#[derive(Clone, Debug, Default, Serialize)]
pub struct HotfixReport {
    /// The line of the list.
    #[serde(flatten)]
    pub row: HotfixRow,
    /// Its commits beyond the release, newest first.
    pub commits: Vec<CommitRow>,
    /// What was looked at (`hotfix status`).
    pub checks: Vec<Check>,
    /// What to type next.
    pub next: Vec<Hint>,
}
