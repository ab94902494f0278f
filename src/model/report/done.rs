//! What was done.

use super::{Hint, LeftInPlace, Story};
use crate::model::{ObjectId, RepoPath};
use serde::Serialize;

/// What was done, where everything is that was there before, and the way back.
#[derive(Clone, Debug, Serialize)]
pub struct DoneReport {
    /// The operation; none where nothing was recorded.
    pub operation: Option<String>,
    /// The command, as in `to`.
    pub command: String,
    /// One sentence: what was done.
    pub summary: String,
    /// The point that was made.
    pub point: Option<String>,
    /// The snapshot that holds what was there.
    pub snapshot: Option<String>,
    /// Whether the state was read again and equals the plan.
    pub verified: bool,
    /// How much changed.
    pub changed: Changed,
    /// Lost work that came back.
    pub recovered: Vec<Recovered>,
    /// What was run, and what came of it.
    pub runs: Vec<crate::model::Ran>,
    /// What became of commits that were picked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<super::PickRow>,
    /// Files that were moved or saved elsewhere, and where they are.
    pub kept: Vec<Kept>,
    /// What stayed although one might expect otherwise, or was not captured.
    pub left_in_place: Vec<LeftInPlace>,
    /// What was sent to a remote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed: Option<Pushed>,
    /// What happened, with checklists, where a failure was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<Box<Story>>,
    /// What deserves a look.
    pub warnings: Vec<String>,
    /// What to type next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<Hint>,
    /// The exact command that brings everything back.
    pub way_back: Option<String>,
    /// How plain git brings it back, without this tool.
    pub recover_with_git: Option<String>,
}

impl Default for DoneReport {
    /// Nothing yet, and verified: not having verified has to be said.
    fn default() -> Self {
        DoneReport {
            operation: None,
            command: String::new(),
            summary: String::new(),
            point: None,
            snapshot: None,
            verified: true,
            changed: Changed::default(),
            recovered: Vec::new(),
            runs: Vec::new(),
            commits: Vec::new(),
            kept: Vec::new(),
            left_in_place: Vec::new(),
            pushed: None,
            story: None,
            warnings: Vec::new(),
            next: Vec::new(),
            way_back: None,
            recover_with_git: None,
        }
    }
}

/// How much changed.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Changed {
    /// Files written or made.
    pub written: u64,
    /// Files removed.
    pub removed: u64,
    /// Entries moved to the trash.
    pub trashed: u64,
    /// Refs of the user's that moved.
    pub refs: u64,
}

/// What was sent to a remote.
#[derive(Clone, Debug, Serialize)]
pub struct Pushed {
    /// The remote.
    pub remote: String,
    /// Branches and tags, by their short names.
    pub refs: Vec<String>,
}

/// Something lost that came back.
#[derive(Clone, Debug, Serialize)]
pub struct Recovered {
    /// The object.
    pub id: ObjectId,
    /// What it is, in words.
    pub item: String,
    /// Where it is now, as in `branch recovery/topic`.
    pub place: String,
    /// A command that goes on with it.
    pub next: Option<String>,
    /// Why it came back there and not under its own name, or not at all.
    pub why: Option<String>,
}

/// A file that is elsewhere now.
#[derive(Clone, Debug, Serialize)]
pub struct Kept {
    /// Where it was.
    pub path: RepoPath,
    /// Where it is: a place, or the command that brings it back.
    pub at: String,
}
