//! What was done, as the operation log records it (`docs/formats.md`).

use super::{Fact, Head, ObjectId, Ran, RepoPath, Skipped, Time, Trouble, Who};
use serde::{Deserialize, Serialize};

/// One entry of the operation log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The format's version.
    pub version: u32,
    /// Its name: eight hexadecimal digits.
    pub id: String,
    /// The command: `to`, `restore`, `undo`, ...
    pub command: String,
    /// A sentence that says what it did.
    pub title: String,
    /// The command line.
    pub argv: Vec<String>,
    /// Why, as the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The worktree it changed.
    pub worktree: String,
    /// Who, and when it began.
    pub who: Who,
    /// How long it took, milliseconds.
    pub millis: u64,
    /// `HEAD` before.
    pub before: HeadAt,
    /// `HEAD` after.
    pub after: HeadAt,
    /// Refs that moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<RefMove>,
    /// How many files it wrote and removed.
    pub files: FileCounts,
    /// What was renamed into the trash, or back out of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trash: Vec<TrashItem>,
    /// Files that somebody saved meanwhile: where they are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptFile>,
    /// What was left in place, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Skipped>,
    /// What became known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// The snapshot of the state before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotName>,
    /// The blob with the steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<ObjectId>,
    /// The point it made or removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<String>,
    /// Whether it changed files, index, `HEAD` or the user's refs: what a bare `undo` takes back.
    pub changes_state: bool,
    /// The operation it took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The undo it took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redoes: Option<String>,
    /// It was stopped half-way and taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aborted: bool,
    /// What was not as planned when the result was read again, or did not pass its verification; empty: verified.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
    /// What was run with it, and what came of that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<Ran>,
    /// What was said about the trouble that it answers.
    #[serde(default, skip_serializing_if = "Trouble::is_empty")]
    pub trouble: Trouble,
}

impl Operation {
    /// The version written now.
    pub const VERSION: u32 = 1;

    /// What differs from the plan, without what was run and failed: `runs` tells that.
    pub fn differs_itself(&self) -> impl Iterator<Item = &String> {
        let failures: Vec<String> = self.runs.iter().filter(|ran| !ran.ok).map(Ran::failure).collect();
        self.differs.iter().filter(move |differs| !failures.contains(differs))
    }

    /// An entry of which nothing is known yet but who does what, where.
    pub fn new(id: String, command: &str, title: String, who: Who, worktree: String, at: HeadAt) -> Operation {
        Operation {
            version: Operation::VERSION,
            id,
            command: command.to_owned(),
            title,
            argv: Vec::new(),
            reason: None,
            worktree,
            who,
            millis: 0,
            before: at.clone(),
            after: at,
            refs: Vec::new(),
            files: FileCounts::default(),
            trash: Vec::new(),
            kept: Vec::new(),
            left: Vec::new(),
            facts: Vec::new(),
            snapshot: None,
            steps: None,
            point: None,
            changes_state: false,
            undoes: None,
            redoes: None,
            aborted: false,
            differs: Vec::new(),
            runs: Vec::new(),
            trouble: Trouble::default(),
        }
    }

    /// Whether it went back to something: what `history` lists.
    pub fn is_rollback(&self) -> bool {
        self.changes_state && matches!(self.command.as_str(), "to" | "restore" | "undo" | "sprint fail")
    }

    /// When the trouble began: as somebody said, else when the operation did.
    pub fn trouble_began(&self) -> Time {
        self.trouble.started.unwrap_or(self.who.time)
    }

    /// How long the recovery took, milliseconds: until the result was verified. `None`: it never was.
    pub fn recovery_millis(&self) -> Option<u64> {
        let waited = self.who.time.seconds.saturating_sub(self.trouble_began().seconds).max(0) as u64;
        (!self.aborted && self.differs.is_empty()).then(|| waited.saturating_mul(1000).saturating_add(self.millis))
    }
}

/// `HEAD` and the commit it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadAt {
    /// What it says.
    pub head: Head,
    /// The commit; `None`: no commit yet.
    pub commit: Option<ObjectId>,
}

/// A ref that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefMove {
    /// Its full name.
    pub name: String,
    /// Before.
    pub old: Option<ObjectId>,
    /// After.
    pub new: Option<ObjectId>,
}

/// How many files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCounts {
    /// Written or replaced.
    pub written: usize,
    /// Removed.
    pub removed: usize,
}

/// Something in the trash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashItem {
    /// Where it belongs.
    pub path: RepoPath,
    /// Where it is, below the trash.
    pub slot: String,
    /// Whether it was moved back out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub back: bool,
}

/// A file that somebody saved meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// Where it stood.
    pub path: RepoPath,
    /// Where it is now.
    pub at: String,
}

/// A snapshot's ref and commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotName {
    /// The full name of its ref.
    pub name: String,
    /// The manifest commit.
    pub id: ObjectId,
}
