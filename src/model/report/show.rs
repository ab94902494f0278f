//! `git rollback show`.

use super::{Files, Head, InProgress, LeftInPlace};
use crate::model::{LostItem, ObjectId, RepoPath, Time};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// What a point, operation or revision is and holds, and what going there would mean.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ShowReport {
    /// What was asked for.
    pub id: String,
    /// What it is: `checkpoint`, `baseline`, `backup`, `operation`, `tag`, `branch`, `commit`, ...
    pub what: String,
    /// Its full name: a ref, or an operation's id.
    pub name: String,
    /// The commit it stands on; none before the first commit.
    pub commit: Option<ObjectId>,
    /// The first line of the commit's message.
    pub subject: String,
    /// When it was made.
    pub time: Option<Time>,
    /// Who made it.
    pub who: String,
    /// Its own message, in full; may have several lines, may be empty.
    pub message: String,
    /// What it holds beyond the commit; none: it is only a commit.
    pub holds: Option<Holds>,
    /// What going there would mean; none where that makes no sense.
    pub going: Option<Going>,
    /// What is known of something lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<Box<LostItem>>,
    /// What `stat` or `patch` compares, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<String>,
    /// Changed lines by file, with `--stat`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stat: Vec<StatLine>,
    /// The changes as a patch, with `--patch`.
    #[serde(flatten)]
    pub patch: Patch,
    /// What deserves a look.
    pub warnings: Vec<String>,
    /// The command that goes there.
    pub way_there: Option<String>,
    /// How plain git brings it back.
    pub recover_with_git: Option<String>,
}

/// What a snapshot holds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Holds {
    /// HEAD at that time.
    pub head: Head,
    /// Paths staged with other content than the commit's.
    pub staged: Files,
    /// Tracked files with other content than the index's.
    pub changed: Files,
    /// Paths with an unresolved conflict.
    pub conflicts: Files,
    /// Untracked files.
    pub untracked: Files,
    /// Ignored files.
    pub ignored: Files,
    /// Git operations that waited for their end.
    pub in_progress: Vec<InProgress>,
    /// Nested repositories whose state it names.
    pub nested: Vec<RepoPath>,
    /// What it does not hold, and why.
    pub not_captured: Vec<LeftInPlace>,
}

/// What going there would mean, in sentences.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Going {
    /// What would change.
    pub changes: Vec<String>,
    /// What would no longer be there (it is saved first).
    pub loses: Vec<String>,
    /// What would stay.
    pub keeps: Vec<String>,
}

/// Changed lines of one file.
#[derive(Clone, Debug, Serialize)]
pub struct StatLine {
    /// Which file.
    pub path: RepoPath,
    /// Lines added; none: not text.
    pub added: Option<u64>,
    /// Lines removed; none: not text.
    pub removed: Option<u64>,
}

/// A patch: bytes, because file contents need not be text.
///
/// In JSON the fields `patch` (text) and `patch_exact` (false where bytes that are not UTF-8 were replaced); nothing
/// where there is no patch.
#[derive(Clone, Debug, Default)]
pub struct Patch(pub Option<Vec<u8>>);

impl Serialize for Patch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = if self.0.is_some() { 2 } else { 0 };
        let mut out = serializer.serialize_struct("Patch", fields)?;
        if let Some(bytes) = &self.0 {
            out.serialize_field("patch", &String::from_utf8_lossy(bytes))?;
            out.serialize_field("patch_exact", &std::str::from_utf8(bytes).is_ok())?;
        }
        out.end()
    }
}
