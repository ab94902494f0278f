//! Linked worktrees that live for a moment: where tests and commands run that must not touch the user's files.

use super::linked_records::{add_worktree, prune_worktree};
use super::repo::Repo;
use crate::Result;
use crate::host::fs;
use crate::model::ObjectId;
use std::collections::BTreeSet;
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
        clear_linked(repo)?;
        // Two runs may look for a free number at the same time: the lock tells.
        let (path, lock) = loop_for_a_place(&base)?;
        let linked = Linked { repo, path, _lock: lock };
        let mark = linked.path.file_name().unwrap_or_default().to_string_lossy();
        add_worktree(repo, &linked.path, commit, &mark)?;
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
pub fn clear_linked(repo: &Repo) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(home(repo)) else { return Ok(()) };
    // Each has its lock, and one that was only just begun has nothing else.
    let found: BTreeSet<PathBuf> = entries.flatten().map(|entry| entry.path().with_extension("")).collect();
    for path in found {
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
    prune_worktree(repo, path)?;
    fs::remove_file_if_exists(&path.with_extension("lock")).map(drop)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make files as a run leaves them that died")]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;

    fn repo() -> (TestRepo, Repo) {
        let test = TestRepo::new();
        test.write("a", "a");
        test.commit_all();
        let repo = Repo::open_at(test.root()).unwrap();
        (test, repo)
    }

    #[test]
    fn what_dead_runs_left_is_removed_and_what_is_in_use_stays() {
        let (test, repo) = repo();
        let head = repo.head_commit(&repo.head().unwrap()).unwrap().unwrap();
        let used = Linked::make(&repo, head).unwrap();
        assert_eq!(std::fs::read(used.path().join("a")).unwrap(), b"a");
        let left = home(&repo).join("1-1");
        add_worktree(&repo, &left, head, "1-1").unwrap();
        std::fs::write(left.with_extension("lock"), "").unwrap();
        // Stopped before git had made anything.
        std::fs::write(home(&repo).join("1-2.lock"), "").unwrap();
        // Stopped before git had written where it leads.
        std::fs::write(home(&repo).join("1-3.lock"), "").unwrap();
        std::fs::create_dir(repo.common_dir().join("worktrees/1-3")).unwrap();
        std::fs::write(repo.common_dir().join("worktrees/1-3/locked"), "1-3").unwrap();
        clear_linked(&repo).unwrap();
        let stay = std::fs::read_dir(home(&repo)).unwrap().count();
        assert_eq!(stay, 2, "the one in use, and its lock");
        assert_eq!(std::fs::read_dir(repo.common_dir().join("worktrees")).unwrap().count(), 1);
        assert_eq!(String::from_utf8(test.git(&["worktree", "list"])).unwrap().lines().count(), 2);
        drop(used);
        assert_eq!(std::fs::read_dir(home(&repo)).unwrap().count(), 0);
        assert_eq!(String::from_utf8(test.git(&["worktree", "list"])).unwrap().lines().count(), 1);
    }

    /// `git reset` takes the lock of `packed-refs`: killed there, it would leave one that nobody dares to remove. It also writes `ORIG_HEAD`.
    #[test]
    fn it_is_filled_without_locks_that_all_worktrees_share() {
        let (_test, repo) = repo();
        let head = repo.head_commit(&repo.head().unwrap()).unwrap().unwrap();
        let linked = Linked::make(&repo, head).unwrap();
        let entry = repo.common_dir().join("worktrees").join(linked.path().file_name().unwrap());
        assert!(entry.join("index").exists() && !entry.join("ORIG_HEAD").exists());
    }
}
