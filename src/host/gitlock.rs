//! Git's own lock files, taken so that after a crash we can tell ours from anybody else's.
//!
//! A file of our own is made first and then `link()`ed to `<target>.lock`. As long as our name exists its inode cannot be
//! given to another file, so the lock is ours exactly when both names are one file; pid, time or inode number alone
//! would not tell (file systems reuse inode numbers at once).

#![allow(clippy::disallowed_methods, reason = "the one home of raw file writes outside the worktree")]

use super::fs::{boot_id, failed, fsync_dir, remove_file_if_exists, same_file, this_process};
use crate::{Error, Kind, Result};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long to wait for another git command to finish.
const PATIENCE: Duration = Duration::from_secs(2);

/// A lock of git's, held; let go when dropped.
#[derive(Debug)]
pub struct GitLock {
    private: PathBuf,
    target: PathBuf,
    lock: PathBuf,
    held: bool,
}

/// `<target>.lock`.
fn lock_path(target: &Path) -> PathBuf {
    let mut name = OsString::from(target);
    name.push(".lock");
    PathBuf::from(name)
}

impl GitLock {
    /// Takes `<target>.lock`, known as ours by the second name `private`; waits about two seconds for another holder.
    pub fn take(private: &Path, target: &Path) -> Result<GitLock> {
        Self::take_within(private, target, PATIENCE)
    }

    /// The same without waiting; `None`: another command holds it.
    pub fn try_take(private: &Path, target: &Path) -> Result<Option<GitLock>> {
        match Self::take_within(private, target, Duration::ZERO) {
            Err(error) if error.kind() == Kind::Busy => Ok(None),
            taken => taken.map(Some),
        }
    }

    fn take_within(private: &Path, target: &Path, patience: Duration) -> Result<GitLock> {
        let mut wanted = GitLock::new(private, target, false);
        // Our own names are only used under our own lock: what stands there was left by a step that failed.
        wanted.let_go()?;
        write_private(private, target)?;
        let mut pause = Duration::from_millis(5);
        let started = Instant::now();
        let failure = loop {
            match fs::hard_link(private, &wanted.lock) {
                Ok(()) => {
                    wanted.held = true;
                    return Ok(wanted);
                }
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => break no_link(&wanted.lock, &error),
                Err(_) if started.elapsed() >= patience => break busy(&wanted.lock),
                Err(_) => {}
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(200));
        };
        remove_file_if_exists(private)?;
        Err(failure)
    }

    /// The lock of a run that died: `Some` when `private` exists and `<target>.lock` is the same file.
    pub fn adopt(private: &Path, target: &Path) -> Result<Option<GitLock>> {
        let ours = same_file(private, &lock_path(target))?;
        Ok(ours.then(|| GitLock::new(private, target, true)))
    }

    /// Whether the lock of a run that died had already become `target`.
    pub fn published(private: &Path, target: &Path) -> Result<bool> {
        same_file(private, target)
    }

    /// Removes what a run that died left: `<target>.lock` when it is ours, and our private name.
    pub fn clear_stale(private: &Path, target: &Path) -> Result<()> {
        GitLock::new(private, target, true).let_go()
    }

    /// Writes the new content into the lock file and renames it over the target.
    pub fn publish(mut self, contents: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        let doing = |error: &io::Error| failed("write", &self.lock, error);
        // Through our own name: `<target>.lock` could have been replaced by a person.
        let file = OpenOptions::new().write(true).truncate(true).open(&self.private).map_err(|e| doing(&e))?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        contents(&mut out)?;
        let file = out.into_inner().map_err(|e| doing(e.error()))?;
        file.sync_all().map_err(|e| doing(&e))?;
        if !same_file(&self.private, &self.lock)? {
            let what = format!("{} was removed or replaced while we held it", self.lock.display());
            return Err(Error::new(Kind::Busy, what).help("nothing was written; run the command again"));
        }
        fs::rename(&self.lock, &self.target).map_err(|e| failed("write", &self.target, &e))?;
        self.held = false;
        if let Some(dir) = self.target.parent() {
            fsync_dir(dir)?;
        }
        remove_file_if_exists(&self.private).map(drop)
    }

    /// Lets the lock go without having changed the target.
    pub fn release(mut self) -> Result<()> {
        let gone = self.let_go();
        // Failed once, it is tried once more when this is dropped.
        self.held = gone.is_err();
        gone
    }

    fn new(private: &Path, target: &Path, held: bool) -> GitLock {
        let (private, target) = (private.to_owned(), target.to_owned());
        GitLock { lock: lock_path(&target), private, target, held }
    }

    fn let_go(&self) -> Result<()> {
        // The private name goes last: while it exists a leftover lock can still be recognised.
        if same_file(&self.private, &self.lock)? {
            remove_file_if_exists(&self.lock)?;
        }
        remove_file_if_exists(&self.private).map(drop)
    }
}

impl Drop for GitLock {
    fn drop(&mut self) {
        if self.held {
            // What cannot be removed now is recognised and removed by the next run.
            let _ = self.let_go();
        }
    }
}

/// Makes our own file, with the owner group and permission bits that the target has: it will become the target.
fn write_private(private: &Path, target: &Path) -> Result<()> {
    let doing = |error: &io::Error| failed("make the lock file", private, error);
    let mut file = OpenOptions::new().write(true).create_new(true).open(private).map_err(|e| doing(&e))?;
    let filled = fill_private(&mut file, target);
    filled.map_err(|error| {
        // Made exclusively just above, so it is ours to remove.
        let _ = fs::remove_file(private);
        doing(&error)
    })
}

fn fill_private(file: &mut File, target: &Path) -> io::Result<()> {
    if let Ok(meta) = fs::symlink_metadata(target)
        && meta.is_file()
    {
        // Best effort, as in git: a shared repository stays shared where we are allowed to keep it so.
        let _ = rustix::fs::fchown(&*file, None, Some(rustix::fs::Gid::from_raw(meta.gid())));
        let _ = rustix::fs::fchmod(&*file, rustix::fs::Mode::from_raw_mode(meta.mode() & 0o777));
    }
    // Not synced: what tells the lock is the file's two names, and its text is for people.
    writeln!(file, "git-rollback holds this lock ({}, boot {})", this_process(), boot_id())
}

fn busy(lock: &Path) -> Error {
    let age = fs::symlink_metadata(lock).ok().and_then(|meta| meta.modified().ok()?.elapsed().ok());
    let age = age.map_or(String::new(), |age| format!(", made {} s ago", age.as_secs()));
    Error::new(Kind::Busy, format!("another git command holds {}{age}", lock.display()))
        .help("wait for it to finish and try again")
        .help(format!("if no git command is running in this repository, remove {}", lock.display()))
}

fn no_link(lock: &Path, error: &io::Error) -> Error {
    let failure = failed("take the lock", lock, error);
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported | io::ErrorKind::CrossesDevices => {
            failure.help("the git directory must be writable and on a file system that has hard links")
        }
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Repo(tempfile::TempDir);

    impl Repo {
        fn new() -> Repo {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("index"), b"old index").unwrap();
            Repo(dir)
        }
        fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }
        fn take(&self) -> Result<GitLock> {
            GitLock::take(&self.at("private"), &self.at("index"))
        }
        fn names(&self) -> Vec<String> {
            let mut names: Vec<_> = fs::read_dir(self.0.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    #[test]
    fn publishes_with_the_same_inode_and_mode() {
        let repo = Repo::new();
        fs::set_permissions(repo.at("index"), std::os::unix::fs::PermissionsExt::from_mode(0o664)).unwrap();
        let lock = repo.take().unwrap();
        let ino = fs::metadata(repo.at("index.lock")).unwrap().ino();
        lock.publish(|out| out.write_all(b"new").map_err(|e| Error::io("x", &e))).unwrap();
        assert_eq!(fs::read(repo.at("index")).unwrap(), b"new");
        let meta = fs::metadata(repo.at("index")).unwrap();
        assert_eq!((meta.ino(), meta.mode() & 0o777), (ino, 0o664));
        assert_eq!(repo.names(), ["index"]);
    }

    #[test]
    fn failing_contents_and_drop_release() {
        let repo = Repo::new();
        assert!(repo.take().unwrap().publish(|_| Err(Error::fault("no"))).is_err());
        assert_eq!(repo.names(), ["index"]);
        drop(repo.take().unwrap());
        repo.take().unwrap().release().unwrap();
        assert_eq!(repo.names(), ["index"]);
        assert_eq!(fs::read(repo.at("index")).unwrap(), b"old index");
    }

    #[test]
    fn a_foreign_lock_is_busy_and_stays() {
        let repo = Repo::new();
        fs::write(repo.at("index.lock"), b"git").unwrap();
        let error = repo.take().unwrap_err();
        assert_eq!(error.kind(), Kind::Busy);
        assert!(error.message().contains("index.lock"));
        assert_eq!(repo.names(), ["index", "index.lock"]);
        GitLock::clear_stale(&repo.at("private"), &repo.at("index")).unwrap();
        assert!(GitLock::adopt(&repo.at("private"), &repo.at("index")).unwrap().is_none());
        assert_eq!(fs::read(repo.at("index.lock")).unwrap(), b"git");
    }

    #[test]
    fn a_short_foreign_lock_is_waited_for() {
        let repo = Repo::new();
        fs::write(repo.at("index.lock"), b"git").unwrap();
        let path = repo.at("index.lock");
        let other = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            fs::remove_file(path).unwrap();
        });
        let lock = repo.take().unwrap();
        other.join().unwrap();
        drop(lock);
    }

    #[test]
    fn a_lock_replaced_by_a_person_is_not_touched() {
        let repo = Repo::new();
        let lock = repo.take().unwrap();
        fs::remove_file(repo.at("index.lock")).unwrap();
        fs::write(repo.at("index.lock"), b"theirs").unwrap();
        assert_eq!(lock.publish(|_| Ok(())).unwrap_err().kind(), Kind::Busy);
        assert_eq!(fs::read(repo.at("index.lock")).unwrap(), b"theirs");
        assert_eq!(repo.names(), ["index", "index.lock"]);
    }

    #[test]
    fn a_dead_run_is_adopted_or_found_published() {
        let repo = Repo::new();
        let (private, index) = (repo.at("private"), repo.at("index"));
        std::mem::forget(repo.take().unwrap());
        assert!(!GitLock::published(&private, &index).unwrap());
        let lock = GitLock::adopt(&private, &index).unwrap().unwrap();
        lock.release().unwrap();
        std::mem::forget(repo.take().unwrap());
        fs::rename(repo.at("index.lock"), &index).unwrap();
        assert!(GitLock::published(&private, &index).unwrap());
        assert!(GitLock::adopt(&private, &index).unwrap().is_none());
        GitLock::clear_stale(&private, &index).unwrap();
        assert_eq!(repo.names(), ["index"]);
    }
}
