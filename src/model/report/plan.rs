//! What a command would do: the answer of `--dry-run`, and what is shown before a yes is asked for.

use super::{CommitRow, Files, LeftInPlace};
use serde::Serialize;

/// What would be done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PlanReport {
    /// The command, as in `to`.
    pub command: String,
    /// One sentence: what this does.
    pub title: String,
    /// What moves, and why this way.
    pub moves: Option<Move>,
    /// The steps as sentences, in order.
    pub steps: Vec<String>,
    /// Commits that the branch would no longer reach, newest first.
    pub commits_leaving: Vec<CommitRow>,
    /// Commits that are picked, in order, and what comes of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commits_picked: Vec<super::PickRow>,
    /// What happens to files.
    pub files: PlanFiles,
    /// Everything that was checked and is not as it should be.
    pub findings: Vec<Finding>,
    /// Why a yes is needed; empty: it is not.
    pub needs_yes: Vec<String>,
    /// What cannot be undone afterwards; usually empty.
    pub not_undoable: Vec<String>,
    /// The command that brings everything back.
    pub way_back: Option<String>,
}

impl PlanReport {
    /// Whether a finding stands in the way.
    pub fn is_blocked(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Block)
    }
}

/// What moves, and why this way and not another.
#[derive(Clone, Debug, Serialize)]
pub struct Move {
    /// The way.
    pub how: MoveKind,
    /// What moves: a branch, or `HEAD`.
    pub what: String,
    /// Why this way, as in `no commit that leaves is published`.
    pub why: String,
}

/// The ways to go to a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveKind {
    /// The branch moves.
    Reset,
    /// One new commit with the point's content.
    Revert,
    /// HEAD leaves its branch.
    Detach,
    /// A new branch starts at the point.
    Branch,
    /// A new branch gets the reverting commit.
    RevertBranch,
    /// HEAD goes to the branch that the point was on.
    Switch,
    /// Nothing of git's moves: only files and index change.
    Stay,
}

/// What happens to files.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PlanFiles {
    /// Written with other content or mode, or made.
    pub written: Files,
    /// Tracked files that go.
    pub removed: Files,
    /// Untracked files that are saved.
    pub untracked_saved: Files,
    /// Untracked files that are saved and removed.
    pub untracked_removed: Files,
    /// Ignored entries that are moved to the trash.
    pub ignored_moved: Files,
    /// What stays although one might expect otherwise.
    pub left_in_place: Vec<LeftInPlace>,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Stands in the way.
    Block,
    /// Deserves a look first.
    Warn,
    /// Good to know.
    Note,
}

/// Something that a check found.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// A sentence without a full stop.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}
