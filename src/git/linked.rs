//! Linked worktrees that live for a moment: where tests and commands run that must not touch the user's files.

use super::process;
use super::repo::Repo;
use crate::Result;
use crate::host::fs;
use crate::model::ObjectId;
use std::path::{Path, PathBuf};

/// A linked worktree below the common git directory, with a commit checked out; removed with this value.
pub struct Linked<'r> {
    repo: &'r Repo,
    path: PathBuf,
    // Held as long as it is in use: what nobody holds was left by a run that died.
    _lock: fs::FileLock,
}

impl<'r> Linked<'r> {
    /// Makes one; what dead runs left is removed first. No hook runs, and filters as they do elsewhere.
    pub fn make(repo: &'r Repo, commit: ObjectId) -> Result<Linked<'r>> {
        let base = home(repo);
        fs::create_dir_all_private(&base)?;
        sweep(repo)?;
        // Two runs may look for a free number at the same time: the lock tells.
        let (path, lock) = loop_for_a_place(&base)?;
        let linked = Linked { repo, path, _lock: lock };
        process::add_worktree(repo, &linked.path, commit)?;
        Ok(linked)
    }

    /// The top of it.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Linked<'_> {
    fn drop(&mut self) {
        // What stays is removed by the next one.
        drop(remove(self.repo, &self.path));
    }
}

/// Removes linked worktrees that a dead run left.
pub fn sweep(repo: &Repo) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(home(repo)) else { return Ok(()) };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        if let Some(_lock) = fs::FileLock::try_acquire(&path.with_extension("lock"))? {
            remove(repo, &path)?;
        }
    }
    Ok(())
}

fn home(repo: &Repo) -> PathBuf {
    repo.common_dir().join("rollback/linked")
}

fn loop_for_a_place(base: &Path) -> Result<(PathBuf, fs::FileLock)> {
    let mut number = 0;
    loop {
        number += 1;
        let path = base.join(format!("{}-{number}", std::process::id()));
        if path.symlink_metadata().is_ok() {
            continue;
        }
        if let Some(lock) = fs::FileLock::try_acquire(&path.with_extension("lock"))? {
            return Ok((path, lock));
        }
    }
}

fn remove(repo: &Repo, path: &Path) -> Result<()> {
    // Only copies of what is in the repository, and what commands made of them, lie there.
    fs::remove_scratch(path)?;
    process::prune_worktree(repo, path)?;
    fs::remove_file_if_exists(&path.with_extension("lock")).map(drop)
}
