//! Linked worktrees that stay: made complete before they are seen, and removed only when nothing in them would be lost.

use super::linked_records::{self as records, MAX};
use super::repo::Repo;
use crate::host::{fs, scratch};
use crate::{Error, Kind, Result};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// A linked worktree, there or not.
pub struct LinkedPlace<'r> {
    repo: &'r Repo,
    /// Where it stands.
    path: &'r Path,
    /// Beside it: where it is made, and where it goes before it is removed.
    stage: PathBuf,
}

impl<'r> LinkedPlace<'r> {
    /// The worktree at `path`; `mark` makes the name of the stage our own.
    ///
    /// # Errors
    /// Refused: a record could lead there that nobody here has written. Programs look for what they run in directories whose
    /// names begin with a dot.
    pub fn new(repo: &'r Repo, path: &'r Path, mark: &str) -> Result<LinkedPlace<'r>> {
        let beside = repo.root().parent().and_then(|parent| path.strip_prefix(parent).ok()).unwrap_or(path);
        let hidden = |part: Component<'_>| match part {
            Component::Normal(name) => name.as_bytes().starts_with(b"."),
            Component::ParentDir | Component::CurDir => true,
            _ => false,
        };
        if !path.is_absolute() || beside.components().any(hidden) || path.file_name().is_none() {
            return Err(Error::refused(format!("no worktree is made at {}", path.display()))
                .because("a directory on the way there is hidden: its name begins with a dot")
                .help("choose another place"));
        }
        let stage = path.with_file_name(format!(".git-rollback-{}", mark.replace('/', "-")));
        Ok(LinkedPlace { repo, path, stage })
    }

    fn staged(&self) -> PathBuf {
        self.stage.join(self.path.file_name().unwrap_or_default())
    }

    /// Where it goes from there when nothing in it would be lost. No worktree has a hidden name.
    fn looked_at(&self) -> PathBuf {
        self.stage.join(".looked-at")
    }

    /// Where it stands while it is being removed, and git's record of it still leads to its place.
    fn moved_away(&self) -> Result<Option<PathBuf>> {
        let away = [self.looked_at(), self.staged()].into_iter().find(|path| path.symlink_metadata().is_ok());
        Ok(if self.entry(self.path)?.is_some() { away } else { None })
    }

    /// Makes it, with a branch checked out. It is there already: nothing happens. Filters of the repository run only when
    /// they are allowed, and no hooks.
    ///
    /// # Errors
    /// Busy: something else stands there now.
    pub fn make(&self, branch: &str, more: &[(&str, Vec<u8>)]) -> Result<()> {
        if self.path.symlink_metadata().is_err() {
            match self.moved_away()? {
                Some(away) => scratch::move_new(&away, self.path)?,
                None => self.make_staged(branch, more)?,
            }
        }
        self.settle()?;
        self.forget_stage()
    }

    fn make_staged(&self, branch: &str, more: &[(&str, Vec<u8>)]) -> Result<()> {
        let staged = self.staged();
        if staged.symlink_metadata().is_err() || self.entry(&staged)?.is_none_or(|entry| is_half_made(&entry)) {
            self.forget_stage()?;
            records::add_branch_worktree(self.repo, &staged, branch, &self.mark())?;
            for (name, bytes) in more {
                fs::write_new(&staged.join(name), bytes)?;
            }
            if let Some(entry) = self.entry(&staged)? {
                fs::remove_file_if_exists(&entry.join("locked"))?;
            }
        }
        scratch::move_new(&staged, self.path)
    }

    /// It stands in its place: git's record of it leads there, whatever a run did not come to.
    fn settle(&self) -> Result<PathBuf> {
        if let Some(record) = self.entry(self.path)? {
            return Ok(record);
        }
        let record = self.entry(&self.staged())?.filter(|_| self.staged().symlink_metadata().is_err());
        let record = record.ok_or_else(|| self.in_the_way())?;
        let leads = [self.path.join(".git").as_os_str().as_bytes(), b"\n"].concat();
        self.repo.write_whole(&record.join("gitdir"), &leads)?;
        records::repair_worktree(self.repo, self.path)?;
        Ok(record)
    }

    /// What git's record says as long as it is not complete.
    fn mark(&self) -> String {
        self.stage.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn in_the_way(&self) -> Error {
        Error::new(Kind::Busy, format!("{} was made by somebody else meanwhile", self.path.display()))
            .help("choose another place, or move it away and try again")
    }

    /// Removes it. It is gone already: nothing happens.
    ///
    /// # Errors
    /// Refused: something in it is not committed, or git ignores it; then it stays as it is.
    pub fn remove(&self, more: &[(&str, Vec<u8>)]) -> Result<()> {
        if self.path.symlink_metadata().is_ok() {
            let entry = self.settle()?;
            self.refuse_to_lose(self.path, &entry, more)?;
            fs::create_dir_all_private(&self.stage)?;
            scratch::move_new(self.path, &self.staged())?;
        }
        if self.staged().symlink_metadata().is_ok() {
            // Moved just now, or by a run that died then: whoever saved a file there in between finds it where it was.
            let looked = match self.entry(self.path)? {
                Some(entry) => self.refuse_to_lose(&self.staged(), &entry, more),
                None => Err(self.unrecorded()),
            };
            if let Err(error) = looked {
                scratch::move_new(&self.staged(), self.path)?;
                self.forget_stage()?;
                return Err(error);
            }
            scratch::move_new(&self.staged(), &self.looked_at())?;
        }
        if let (true, Some(entry)) = (self.looked_at().symlink_metadata().is_ok(), self.entry(self.path)?) {
            records::discard(self.repo, &entry)?;
        }
        self.forget_stage()?;
        scratch::remove_dir_if_empty(&self.repo.common_dir().join("worktrees"))
    }

    /// Somebody removed git's record of it (`git worktree prune`) while it was away from its place.
    fn unrecorded(&self) -> Error {
        Error::refused(format!("the worktree {} cannot be removed", self.path.display()))
            .because("git has no record of it any more, so that nobody can tell what in it is not committed")
            .help("look through it; when nothing in it is needed, remove the directory by hand")
    }

    /// What would be lost with it, as a refusal.
    fn refuse_to_lose(&self, at: &Path, entry: &Path, more: &[(&str, Vec<u8>)]) -> Result<()> {
        let refuse = |why: String| {
            Error::refused(format!("the worktree {} cannot be removed", self.path.display()))
                .because(why)
                .help(format!("commit or save it there: `git -C {} rollback backup --clean`", self.path.display()))
                .help(format!(
                    "`git worktree remove --force {}` removes it with all that is in it",
                    self.path.display()
                ))
        };
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if self.repo.common_dir().join("rollback").join(format!("wt-{name}")).join("journal.json").exists() {
            return Err(refuse("an operation is unfinished there".to_owned()));
        }
        if entry.join("locked").exists() {
            return Err(refuse("it is locked (`git worktree unlock`)".to_owned()));
        }
        let ours = |line: &str| {
            let name = line.get(3..).unwrap_or_default();
            let bytes = more.iter().find(|(own, _)| *own == name).map(|(_, bytes)| bytes);
            bytes.is_some_and(|bytes| fs::read_capped(&at.join(name), MAX << 4).ok().flatten().as_ref() == Some(bytes))
        };
        let found = records::status_lines(self.repo, entry, at)?;
        let lost: Vec<&String> = found.iter().filter(|line| !ours(line)).collect();
        match lost.first() {
            None => Ok(()),
            Some(first) => {
                let more = if lost.len() > 1 { format!(" and {} more", lost.len() - 1) } else { String::new() };
                let word = if first.starts_with("!!") { "git ignores" } else { "not committed:" };
                Err(refuse(format!("{word} {}{more}", first.get(3..).unwrap_or_default())))
            }
        }
    }

    /// Git's record of the worktree that stands, or stood, at `path`.
    fn entry(&self, path: &Path) -> Result<Option<PathBuf>> {
        records::record_of(self.repo, path)
    }

    /// Removes the stage, and git's record of what stands in it. Only copies of what is in the repository lie there.
    fn forget_stage(&self) -> Result<()> {
        fs::remove_scratch(&self.stage)?;
        match self.entry(&self.staged())? {
            Some(entry) => records::discard(self.repo, &entry),
            None => records::discard_begun(self.repo, self.path, &self.mark()),
        }
    }
}

/// It is locked until everything is in it: a run was stopped before that.
fn is_half_made(entry: &Path) -> bool {
    entry.join("locked").exists()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;

    fn outside() -> tempfile::TempDir {
        tempfile::Builder::new().prefix("worktrees-").tempdir().unwrap()
    }

    fn repo() -> TestRepo {
        let test = TestRepo::new();
        test.write("a", "a");
        test.write(".gitignore", "*.log");
        test.commit_all();
        test.git(&["branch", "side"]);
        test
    }

    #[test]
    fn it_is_made_removed_and_made_again() {
        let (test, outside) = (repo(), outside());
        let repo = Repo::open_at(test.root()).unwrap();
        let before = test.git(&["worktree", "list"]);
        let path = outside.path().join("side tree");
        let place = LinkedPlace::new(&repo, &path, "op/0").unwrap();
        let more = [("rollback.toml", b"x".to_vec())];
        for _ in 0..2 {
            place.make("side", &more).unwrap();
            place.make("side", &more).unwrap();
            assert_eq!(std::fs::read(path.join("a")).unwrap(), b"a");
            assert_eq!(std::fs::read(path.join("rollback.toml")).unwrap(), b"x");
            let list = String::from_utf8(test.git(&["worktree", "list", "--porcelain"])).unwrap();
            assert!(list.contains("side tree\n") && list.contains("branch refs/heads/side"), "{list}");
            assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1, "the stage is gone");
            place.remove(&more).unwrap();
            place.remove(&more).unwrap();
            assert!(!path.exists());
            assert_eq!(test.git(&["worktree", "list"]), before);
        }
    }

    #[test]
    fn nothing_in_it_is_lost() {
        let (test, outside) = (repo(), outside());
        let repo = Repo::open_at(test.root()).unwrap();
        let path = outside.path().join("x");
        let place = LinkedPlace::new(&repo, &path, "op/0").unwrap();
        place.make("side", &[]).unwrap();
        for (file, why) in [("a", "not committed"), ("new", "not committed"), ("b.log", "git ignores b.log")] {
            let before = std::fs::read(path.join(file)).ok();
            std::fs::write(path.join(file), "mine").unwrap();
            let error = place.remove(&[]).unwrap_err();
            assert!(error.causes().iter().any(|cause| cause.contains(why)), "{error} {:?}", error.causes());
            assert_eq!(std::fs::read(path.join(file)).unwrap(), b"mine");
            match before {
                Some(bytes) => std::fs::write(path.join(file), bytes).unwrap(),
                None => std::fs::remove_file(path.join(file)).unwrap(),
            }
        }
        place.remove(&[]).unwrap();
    }

    #[test]
    fn what_a_dead_run_left_is_finished() {
        let (test, outside) = (repo(), outside());
        let repo = Repo::open_at(test.root()).unwrap();
        let path = outside.path().join("x");
        let place = LinkedPlace::new(&repo, &path, "op/0").unwrap();
        // Stopped in git, half the files there.
        records::add_branch_worktree(&repo, &place.staged(), "side", &place.mark()).unwrap();
        let entry = place.entry(&place.staged()).unwrap().unwrap();
        std::fs::write(entry.join("locked"), "initializing").unwrap();
        std::fs::remove_file(place.staged().join("a")).unwrap();
        place.make("side", &[]).unwrap();
        assert!(path.join("a").exists());
        place.remove(&[]).unwrap();
        // Stopped before the settings were in it.
        records::add_branch_worktree(&repo, &place.staged(), "side", &place.mark()).unwrap();
        let more = [("rollback.toml", b"x".to_vec())];
        place.make("side", &more).unwrap();
        assert_eq!(std::fs::read(path.join("rollback.toml")).unwrap(), b"x");
        place.remove(&more).unwrap();
        // Stopped between the move and the record.
        records::add_branch_worktree(&repo, &place.staged(), "side", &place.mark()).unwrap();
        std::fs::remove_file(place.entry(&place.staged()).unwrap().unwrap().join("locked")).unwrap();
        std::fs::rename(place.staged(), &path).unwrap();
        place.make("side", &[]).unwrap();
        assert!(test.git(&["-C", path.to_str().unwrap(), "status", "--porcelain"]).is_empty());
        // Stopped while it was being removed, and somebody's file came with it.
        let staged = place.staged();
        std::fs::create_dir_all(&place.stage).unwrap();
        std::fs::rename(&path, &staged).unwrap();
        std::fs::write(staged.join("new"), "mine").unwrap();
        place.remove(&[]).unwrap_err();
        assert_eq!(std::fs::read(path.join("new")).unwrap(), b"mine");
        std::fs::remove_file(path.join("new")).unwrap();
        place.remove(&[]).unwrap();
        assert!(!path.exists());
        // The same, and the removal is given up: what stood there comes back, with the file.
        place.make("side", &[]).unwrap();
        std::fs::write(path.join("new"), "mine").unwrap();
        std::fs::create_dir_all(&place.stage).unwrap();
        std::fs::rename(&path, &staged).unwrap();
        place.make("side", &[]).unwrap();
        assert_eq!(std::fs::read(path.join("new")).unwrap(), b"mine");
        // The same, and somebody removed git's record meanwhile: nobody can tell what is committed.
        std::fs::create_dir_all(&place.stage).unwrap();
        std::fs::rename(&path, &staged).unwrap();
        test.git(&["worktree", "prune", "--expire=now"]);
        assert!(place.remove(&[]).unwrap_err().causes().iter().any(|cause| cause.contains("no record")));
        assert_eq!(std::fs::read(path.join("new")).unwrap(), b"mine");
        std::fs::remove_dir_all(&path).unwrap();
        // Stopped after the last look.
        place.make("side", &[]).unwrap();
        std::fs::create_dir_all(&place.stage).unwrap();
        std::fs::rename(&path, place.looked_at()).unwrap();
        place.remove(&[]).unwrap();
        assert!(!path.exists() && !place.stage.exists() && place.entry(&path).unwrap().is_none());
        // Stopped between the move and the record, and taken back.
        records::add_branch_worktree(&repo, &place.staged(), "side", &place.mark()).unwrap();
        std::fs::remove_file(place.entry(&place.staged()).unwrap().unwrap().join("locked")).unwrap();
        std::fs::rename(place.staged(), &path).unwrap();
        place.remove(&[]).unwrap();
        assert!(!path.exists());
        // Stopped before git had written where its record leads; one of the user's is in the same state.
        let worktrees = repo.common_dir().join("worktrees");
        for (name, reason) in [("x", place.mark()), ("x1", "mine".to_owned()), ("x2", String::new())] {
            std::fs::create_dir_all(worktrees.join(name)).unwrap();
            std::fs::write(worktrees.join(name).join("locked"), reason).unwrap();
        }
        place.make("side", &[]).unwrap();
        assert_eq!(place.entry(&path).unwrap(), Some(worktrees.join("x")));
        place.remove(&[]).unwrap();
        let left: Vec<_> = std::fs::read_dir(&worktrees).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["x1"]);
        // Something else stands there.
        std::fs::create_dir(&path).unwrap();
        assert_eq!(place.make("side", &[]).unwrap_err().kind(), Kind::Busy);
        assert!(place.remove(&[]).is_err());
        assert!(path.exists());
    }
}
