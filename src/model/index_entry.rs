//! An entry of the index.

use super::{ObjectId, RepoPath};
use serde::{Deserialize, Serialize};

/// The marks a user can set on an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryFlags {
    /// `git update-index --assume-unchanged`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub assume_unchanged: bool,
    /// `git update-index --skip-worktree`, and what a sparse checkout leaves out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub skip_worktree: bool,
    /// `git add --intent-to-add`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub intent_to_add: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_default(flags: &EntryFlags) -> bool {
    *flags == EntryFlags::default()
}

/// One entry of the index, without the file's stat data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// Mode as in a tree.
    pub mode: u32,
    /// The staged blob, or the commit of a submodule.
    pub id: ObjectId,
    /// 0, or 1 to 3 in a conflict.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stage: u8,
    /// Marks.
    #[serde(default, skip_serializing_if = "is_default")]
    pub flags: EntryFlags,
}

fn is_zero(stage: &u8) -> bool {
    *stage == 0
}

impl IndexEntry {
    /// A plain entry, as a tree has it.
    pub fn plain(mode: u32, id: ObjectId) -> Self {
        IndexEntry { mode, id, stage: 0, flags: EntryFlags::default() }
    }

    /// Whether this is the one entry of a path without conflict, marked or not, whose content is known.
    pub fn is_plain_but_marks(&self) -> bool {
        self.stage == 0 && !self.flags.intent_to_add
    }

    /// Whether a tree says everything about this entry.
    pub fn is_plain(&self) -> bool {
        self.stage == 0 && is_default(&self.flags)
    }
}

/// All entries at one path of the index, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexChange {
    /// Where.
    pub path: RepoPath,
    /// What stands there before; several in a conflict, none when the path is not in the index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub old: Vec<IndexEntry>,
    /// What shall stand there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new: Vec<IndexEntry>,
}
