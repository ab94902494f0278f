//! Every place and every ref name the tool uses, once.

use crate::git::Repo;
use std::path::{Path, PathBuf};

/// All refs of this tool.
pub const REFS: &str = "refs/rollback/";
/// Refs of snapshots: `refs/rollback/snapshots/<stamp>-<operation>`.
pub const SNAPSHOTS: &str = "refs/rollback/snapshots/";
/// Refs of points: `refs/rollback/points/<stamp>/<kind>/<name>`.
pub const POINTS: &str = "refs/rollback/points/";
/// Refs of operation logs: `refs/rollback/log/<clone>`.
pub const LOG: &str = "refs/rollback/log/";

/// The files of one worktree: below the git directory that all worktrees share, because `git worktree remove`
/// would delete them elsewhere.
#[derive(Clone, Debug)]
pub struct Layout {
    base: PathBuf,
    area: PathBuf,
}

impl Layout {
    /// The places for the worktree that `repo` was opened in.
    pub fn new(repo: &Repo) -> Layout {
        let base = repo.common_dir().join("rollback");
        Layout { area: repo.area(), base }
    }

    /// The directory of this worktree's files.
    pub fn area(&self) -> &Path {
        &self.area
    }

    /// Our own lock: one changing command at a time.
    pub fn lock(&self) -> PathBuf {
        self.area.join("lock")
    }

    /// The journal of an operation under way.
    pub fn journal(&self) -> PathBuf {
        self.area.join("journal.json")
    }

    /// The journal of the last operation that came to its end: what it wrote may still be on its way to the disk.
    pub fn finished(&self) -> PathBuf {
        self.area.join("finished.json")
    }

    /// How far the operation under way has come.
    pub fn progress(&self) -> PathBuf {
        self.area.join("progress")
    }

    /// Our name for the index's lock file.
    pub fn lock_index(&self) -> PathBuf {
        self.area.join("lock-index")
    }

    /// Our name for the lock file of `HEAD`.
    pub fn lock_head(&self) -> PathBuf {
        self.area.join("lock-head")
    }

    /// Where new files are made before they are exchanged with the present ones.
    pub fn stage(&self) -> PathBuf {
        self.area.join("stage")
    }

    /// Where files go that somebody saved while an operation was under way.
    pub fn kept(&self, operation: &str) -> PathBuf {
        self.area.join("kept").join(operation)
    }

    /// All kept files.
    pub fn all_kept(&self) -> PathBuf {
        self.area.join("kept")
    }

    /// Where files and directories go that leave the worktree by rename.
    pub fn trash(&self) -> PathBuf {
        self.area.join("trash")
    }

    /// The directories of all worktrees.
    pub fn all_areas(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.base);
        entries
            .map_or_else(|_| Vec::new(), |entries| entries.flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect())
    }

    /// What was found out about packs and blobs, for the next time. It can be thrown away at any time.
    pub fn scans(&self) -> PathBuf {
        self.area.join("scans")
    }

    /// The sizes of blobs that were found out, for the next time.
    pub fn sizes(&self) -> PathBuf {
        self.scans().join("sizes")
    }

    /// The file with the name of this clone.
    pub fn clone_id(&self) -> PathBuf {
        self.base.join("clone-id")
    }
}
