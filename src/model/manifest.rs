//! What a snapshot holds beside the stash commit (`docs/formats.md`).

use super::{DirSpec, Head, IndexEntry, ObjectId, PathSet, RepoPath, SubmoduleState, Who};
use serde::{Deserialize, Serialize};

/// `manifest.json` of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format's version.
    pub version: u32,
    /// The operation that made it.
    pub operation: String,
    /// The worktree it is of.
    pub worktree: String,
    /// Who made it, and when.
    pub who: Who,
    /// What `HEAD` said.
    pub head: Head,
    /// The commit `HEAD` led to; `None`: no commit yet.
    pub head_commit: Option<ObjectId>,
    /// Of which files and directories it tells; `None`: of the whole worktree. The index is whole in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<PathSet>,
    /// Permission bits that most files have: plain ones and executable ones.
    pub perms: Perms,
    /// Entries of the index that its tree does not tell: conflicts, marks, intent to add.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub index: Vec<IndexAt>,
    /// Files whose exact bytes or permission bits the stash commit does not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileDetail>,
    /// Tracked paths that were left out of the worktree on purpose (sparse checkout), and submodules without a directory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<RepoPath>,
    /// Paths of the untracked tree that git ignores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<RepoPath>,
    /// The topmost entries that git ignored and that stayed where they were; `None`: nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored_in_place: Option<Vec<RepoPath>>,
    /// Empty directories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub empty_dirs: Vec<DirSpec>,
    /// Directories with unusual permission bits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dirs: Vec<DirSpec>,
    /// Files of the git directory that tell of a merge, rebase, ... under way; their bytes are below `state/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub git_files: Vec<GitFile>,
    /// The stash list, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stashes: Vec<ObjectId>,
    /// Nested repositories, file by file (with `--nested`); their bytes are below `nested/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nested: Vec<NestedRepo>,
    /// Submodules (with `--nested`): snapshots in their own repositories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub submodules: Vec<SubmoduleAt>,
    /// What is not in the snapshot, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
}

impl Manifest {
    /// The newest version: with a scope, which older programs would take for the whole.
    pub const VERSION: u32 = 2;
    /// The version of a manifest without a scope.
    pub const WHOLE: u32 = 1;
}

/// Permission bits that need not be written for each file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Perms {
    /// Of files.
    pub file: u32,
    /// Of executable files.
    pub exec: u32,
}

impl Perms {
    /// What the system gives new files.
    pub fn of_umask(umask: u32) -> Self {
        Perms { file: 0o666 & !umask, exec: 0o777 & !umask }
    }

    /// The usual bits of a file with or without the executable bit.
    pub fn usual(self, executable: bool) -> u32 {
        if executable { self.exec } else { self.file }
    }
}

/// All entries at one path of the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexAt {
    /// Where.
    pub path: RepoPath,
    /// What stands there; nothing when the index has no entry where its tree has one.
    pub entries: Vec<IndexEntry>,
}

/// What the stash commit does not tell of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDetail {
    /// Where.
    pub path: RepoPath,
    /// Permission bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perm: Option<u32>,
    /// The blob with the exact bytes; also below `raw/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<ObjectId>,
}

/// A file of the git directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitFile {
    /// Its name below the git directory.
    pub name: RepoPath,
    /// The blob with its bytes.
    pub blob: ObjectId,
}

/// A nested repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NestedRepo {
    /// Where it stands.
    pub path: RepoPath,
    /// Its files, its git directory's among them, with paths below the worktree's top.
    pub files: Vec<NestedFile>,
    /// Its directories.
    pub dirs: Vec<DirSpec>,
}

/// A file of a nested repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NestedFile {
    /// Where.
    pub path: RepoPath,
    /// What.
    #[serde(flatten)]
    pub spec: super::FileSpec,
}

/// A submodule's snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmoduleAt {
    /// Where it stands.
    pub path: RepoPath,
    /// Its state.
    #[serde(flatten)]
    pub state: SubmoduleState,
}

/// Something that is not in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Where.
    pub path: RepoPath,
    /// Why.
    pub why: String,
    /// Its size in bytes, where that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}
