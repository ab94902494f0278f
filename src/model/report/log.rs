//! The operation log.

use super::{Changed, Files, Head, Kept, LeftInPlace};
use crate::model::{ObjectId, Time, Trouble};
use serde::{Serialize, Serializer};

/// Operations, newest first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LogReport {
    /// One row an operation.
    pub operations: Vec<LogRow>,
    /// How many more there are than the limit let through.
    pub more: u64,
    /// Records that could not be read, and other things that deserve a look.
    pub warnings: Vec<String>,
}

/// Whether an operation can be taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UndoState {
    /// `undo` takes it back.
    #[default]
    Undoable,
    /// It was taken back.
    Undone,
    /// It was taken back and done again.
    Redone,
    /// It changed nothing that could be taken back (it made a point).
    NothingToUndo,
    /// It can no longer be taken back (its snapshot expired).
    Expired,
}

impl UndoState {
    /// The state in words.
    pub fn words(self) -> &'static str {
        match self {
            UndoState::Undoable => "can be undone",
            UndoState::Undone => "undone",
            UndoState::Redone => "redone",
            UndoState::NothingToUndo => "nothing to undo",
            UndoState::Expired => "its snapshot has expired",
        }
    }
}

/// One operation in one line.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LogRow {
    /// The operation.
    pub id: String,
    /// When it ended.
    pub time: Time,
    /// Its kind: the command's first word.
    pub command: String,
    /// Why, as the user said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it did, in one sentence.
    pub summary: String,
    /// Whether it can be taken back.
    pub undo: UndoState,
    /// The worktree it ran in; empty: this one.
    pub worktree: String,
    /// Who.
    pub who: String,
}

/// One operation in full.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LogDetail {
    /// The line of the list.
    #[serde(flatten)]
    pub row: LogRow,
    /// The command line.
    pub argv: Vec<String>,
    /// How long it took.
    pub duration: Duration,
    /// HEAD before.
    pub head_before: Head,
    /// HEAD after.
    pub head_after: Head,
    /// Refs that moved.
    pub refs: Vec<RefMove>,
    /// What was done, step by step, as sentences.
    pub steps: Vec<String>,
    /// How much changed.
    pub changed: Changed,
    /// The files, where they are known.
    pub files: Files,
    /// The snapshot of what was there before.
    pub snapshot: Option<String>,
    /// What lies in the trash.
    pub trash: Vec<Kept>,
    /// What was kept elsewhere.
    pub kept: Vec<Kept>,
    /// What was not touched or not captured.
    pub left_in_place: Vec<LeftInPlace>,
    /// What was said about the trouble that it answers.
    pub trouble: Trouble,
    /// From the beginning of the trouble to a verified result, for an operation that went back.
    pub recovery: Option<Duration>,
    /// What was not as planned afterwards.
    pub differs: Vec<String>,
    /// What was run with it, and what came of that.
    pub runs: Vec<crate::model::Ran>,
    /// The operation that this one takes back.
    pub undoes: Option<String>,
    /// The operation that this one does again.
    pub redoes: Option<String>,
    /// What deserves a look.
    pub warnings: Vec<String>,
    /// The command that takes it back.
    pub way_back: Option<String>,
    /// How plain git brings back what was there.
    pub recover_with_git: Option<String>,
}

/// A ref and where it moved.
#[derive(Clone, Debug, Serialize)]
pub struct RefMove {
    /// The full name.
    pub name: String,
    /// Where it was; none: it did not exist.
    pub old: Option<ObjectId>,
    /// Where it is; none: it is gone.
    pub new: Option<ObjectId>,
}

/// A length of time; in JSON, seconds with a fraction.
#[derive(Clone, Copy, Debug, Default)]
pub struct Duration {
    /// Milliseconds.
    pub millis: u64,
}

impl Duration {
    /// From milliseconds.
    pub fn of(millis: u64) -> Self {
        Duration { millis }
    }

    /// `0.4 s`, `2 min 5 s`, `3 h 20 min`, `4 d 2 h`.
    pub fn words(self) -> String {
        match self.millis / 1000 {
            seconds if seconds < 60 => format!("{:.1} s", self.millis as f64 / 1000.0),
            seconds if seconds < 3600 => two(seconds / 60, "min", seconds % 60, "s"),
            seconds if seconds < 86_400 => two(seconds / 3600, "h", seconds / 60 % 60, "min"),
            seconds => two(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
        }
    }
}

fn two(big: u64, unit: &str, small: u64, smaller: &str) -> String {
    if small == 0 { format!("{big} {unit}") } else { format!("{big} {unit} {small} {smaller}") }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.millis as f64 / 1000.0)
    }
}
