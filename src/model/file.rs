//! What stands at a path in the worktree.

use super::{ObjectId, RepoPath};
use serde::{Deserialize, Serialize};

/// A regular file or a symbolic link; nothing else is ever written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A symbolic link; its content is the target.
    Link,
}

/// One file exactly: kind, permission bits and bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSpec {
    /// File or link.
    pub kind: FileKind,
    /// Permission bits (`0o7777`); 0 for links.
    #[serde(rename = "perm")]
    pub mode: u32,
    /// The blob that holds the exact bytes as they stand on disk (never filtered).
    pub blob: ObjectId,
}

/// What one path was and shall be; both absent never happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Where.
    pub path: RepoPath,
    /// What stands there before; `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<FileSpec>,
    /// What shall stand there; `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<FileSpec>,
}

/// What `lstat` said of a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Device.
    pub dev: u64,
    /// Inode.
    pub ino: u64,
    /// Type and permission bits.
    pub mode: u32,
    /// Number of hard links.
    pub nlink: u64,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Last change of the content: seconds, nanoseconds.
    pub mtime: (i64, u32),
    /// Last change of the inode: seconds, nanoseconds.
    pub ctime: (i64, u32),
}

impl Stat {
    /// Whether this is a regular file.
    pub fn is_file(&self) -> bool {
        self.mode & 0o170000 == 0o100000
    }

    /// Whether this is a symbolic link.
    pub fn is_link(&self) -> bool {
        self.mode & 0o170000 == 0o120000
    }

    /// Whether this is a directory.
    pub fn is_dir(&self) -> bool {
        self.mode & 0o170000 == 0o040000
    }

    /// The permission bits.
    pub fn perm(&self) -> u32 {
        self.mode & 0o7777
    }

    /// Whether the same file with the same content time was seen (a rename in between changes only `ctime`).
    pub fn same_content(&self, other: &Stat) -> bool {
        (self.dev, self.ino, self.size, self.mtime) == (other.dev, other.ino, other.size, other.mtime)
            && self.mode & 0o170000 == other.mode & 0o170000
    }
}
