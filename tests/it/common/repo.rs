//! A repository of a fixture script, alone in a temporary directory.

use super::Run;
use std::cell::{Cell, OnceCell};
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The time at which every test starts.
const START: i64 = 1_767_225_600;

/// A repository with its surroundings: `r` is the repository, `outside` what nobody may touch, `home` an empty home.
pub struct TestRepo {
    base: TempDir,
    top: PathBuf,
    clock: Cell<i64>,
    git_dir: OnceCell<PathBuf>,
    common_dir: OnceCell<PathBuf>,
}

/// The names of all fixture scripts.
pub fn fixtures() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(fixture_dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".sh").map(str::to_owned))
        .collect();
    names.sort();
    names
}

fn fixture_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

impl TestRepo {
    /// The repository that `fixtures/<name>.sh` makes.
    pub fn fixture(name: &str) -> Self {
        let script = fixture_dir().join(format!("{name}.sh"));
        assert!(script.is_file(), "no fixture {name}");
        let repo = Self::empty();
        Run::of(repo.command("bash").arg(script)).ok();
        let stand = std::fs::read_to_string(repo.base.path().join("stand"));
        let top = repo.base.path().join(stand.as_deref().map_or("r", str::trim));
        TestRepo { top, ..repo }
    }

    /// An empty directory, not yet a repository.
    pub fn empty() -> Self {
        let base = tempfile::Builder::new().prefix("git-rollback-").tempdir().unwrap();
        let top = base.path().join("r");
        std::fs::create_dir(&top).unwrap();
        std::fs::create_dir(base.path().join("home")).unwrap();
        Self::at(base, top, START)
    }

    fn at(base: TempDir, top: PathBuf, now: i64) -> Self {
        TestRepo { base, top, clock: Cell::new(now), git_dir: OnceCell::new(), common_dir: OnceCell::new() }
    }

    /// The same files and the same time in another temporary directory.
    pub fn copy(&self) -> Self {
        let base = tempfile::Builder::new().prefix("git-rollback-").tempdir().unwrap();
        let copied = Command::new("cp").arg("-a").arg(self.base.path().join(".")).arg(base.path()).status();
        assert!(copied.unwrap().success(), "cp failed");
        let top = base.path().join(self.top.strip_prefix(self.base.path()).unwrap());
        let copy = Self::at(base, top, self.clock.get());
        if copy.base.path().join("linked/.git").exists() {
            Run::of(copy.command("git").current_dir(copy.base.path().join("r")).args([
                "worktree",
                "repair",
                "../linked",
            ]))
            .ok();
        }
        copy
    }

    /// The directory that holds the repository and its surroundings.
    pub fn base(&self) -> &Path {
        self.base.path()
    }

    /// The top of the worktree.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// A file of the worktree.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.top.join(path)
    }

    /// The git directory of this worktree.
    pub fn git_dir(&self) -> &Path {
        self.git_dir.get_or_init(|| self.git_path(&["rev-parse", "--absolute-git-dir"]))
    }

    /// The git directory that all worktrees share.
    pub fn common_dir(&self) -> &Path {
        self.common_dir.get_or_init(|| self.git_path(&["rev-parse", "--path-format=absolute", "--git-common-dir"]))
    }

    fn git_path(&self, args: &[&str]) -> PathBuf {
        let run = self.git(args);
        PathBuf::from(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(run.bytes().trim_ascii_end()))
    }

    /// A command in the worktree that sees nothing of the machine it runs on.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let home = self.base.path().join("home");
        let date = format!("{} +0000", self.clock.get());
        let mut command = Command::new(program);
        command
            .current_dir(&self.top)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_STATE_HOME", home.join(".state"))
            .env("TMPDIR", self.base.path().join("home"))
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TEMPLATE_DIR", "") // no sample hooks: making files is what takes the time
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_EDITOR", "true")
            .env("GIT_CEILING_DIRECTORIES", self.base.path())
            .env("GIT_AUTHOR_NAME", "A. U. Thor")
            .env("GIT_AUTHOR_EMAIL", "author@example.com")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", "C. O. Mitter")
            .env("GIT_COMMITTER_EMAIL", "committer@example.com")
            .env("GIT_COMMITTER_DATE", &date)
            .env("GIT_ROLLBACK_NOW", self.clock.get().to_string());
        command
    }

    /// Runs git and expects success.
    #[track_caller]
    pub fn git(&self, args: &[impl AsRef<OsStr>]) -> Run {
        self.try_git(args).ok()
    }

    /// Runs git.
    #[must_use]
    pub fn try_git(&self, args: &[impl AsRef<OsStr>]) -> Run {
        Run::of(self.command("git").args(args))
    }

    /// What git answers, without the line end.
    #[track_caller]
    pub fn answer(&self, args: &[&str]) -> String {
        self.git(args).stdout().trim_end().to_owned()
    }

    /// Runs a shell script in the worktree and expects success.
    #[track_caller]
    pub fn sh(&self, script: &str) -> Run {
        Run::of(self.command("bash").args(["-euc", script])).ok()
    }

    /// Runs the program under test, one second after the last time.
    #[must_use]
    pub fn rollback(&self, args: &[impl AsRef<OsStr>]) -> Run {
        self.rollback_with(&[], args)
    }

    /// Runs the program under test with more in its environment.
    #[must_use]
    pub fn rollback_with(&self, environment: &[(&str, &str)], args: &[impl AsRef<OsStr>]) -> Run {
        self.clock.set(self.clock.get() + 1);
        let mut command = self.command(env!("CARGO_BIN_EXE_git-rollback"));
        Run::of(command.envs(environment.iter().copied()).args(args))
    }

    /// Types a command into a shell as it stands there, `git rollback ...` among them; where the program asks for a yes, it gets one.
    #[must_use]
    pub fn typed(&self, command: &str) -> Run {
        self.clock.set(self.clock.get() + 1);
        let bin = self.base.path().join("bin");
        let program = bin.join("git-rollback");
        if !program.exists() {
            std::fs::create_dir(&bin).unwrap();
            let script = format!("#!/bin/sh\nexec '{}' \"$@\" --yes\n", env!("CARGO_BIN_EXE_git-rollback"));
            std::fs::write(&program, script).unwrap();
            std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", bin.display());
        Run::of(self.command("bash").env("PATH", path).args(["-euc", command]))
    }

    /// Runs the program with a line of words and expects success.
    #[track_caller]
    pub fn rb(&self, line: &str) -> Run {
        self.rollback(&words(line)).ok()
    }

    /// Allows what `rollback.toml` runs.
    #[track_caller]
    pub fn trust(&self) {
        let hash = self.rb("trust --show --json").json()["settings"]["hash"].as_str().unwrap().to_owned();
        self.rb(&format!("trust --hash {hash}"));
    }

    /// The ids of the operations in the log, newest first.
    #[track_caller]
    pub fn operations(&self) -> Vec<String> {
        let log = self.rb("log --json").json();
        let operations = log["operations"].as_array().unwrap_or_else(|| panic!("no operations in {log}"));
        operations.iter().map(|operation| operation["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Asserts that git finds nothing wrong with the object store.
    #[track_caller]
    pub fn fsck(&self) {
        let run = self.git(&["fsck", "--strict", "--no-progress", "--no-dangling"]);
        let said = run.stdout() + &run.stderr();
        let complaints = said.lines().filter(|line| !line.starts_with("notice: ")).count();
        assert!(complaints == 0, "fsck is not silent\n{run}");
    }

    /// Lock files and half-made files that a finished command must not leave behind.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if path.is_dir() && !path.is_symlink() {
                    walk(&path, found);
                } else if name.ends_with(".lock") || name.starts_with("lock-") || name.starts_with("tmp_") {
                    found.push(path);
                }
            }
        }
        let mut found = Vec::new();
        walk(self.common_dir(), &mut found);
        found
    }

    /// Writes a file, making its directories.
    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Appends to a file, which need not be there.
    pub fn append(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let mut all = std::fs::read(self.path(&path)).unwrap_or_default();
        all.extend_from_slice(bytes.as_ref());
        self.write(path, all);
    }

    /// Removes whatever stands at `path`, if anything.
    pub fn remove(&self, path: impl AsRef<Path>) {
        let path = self.path(path);
        match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(path).unwrap(),
            Ok(_) => std::fs::remove_file(path).unwrap(),
            Err(_) => {}
        }
    }

    /// Makes a symbolic link.
    pub fn symlink(&self, target: impl AsRef<Path>, path: impl AsRef<Path>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    /// Sets permission bits.
    pub fn chmod(&self, path: impl AsRef<Path>, mode: u32) {
        std::fs::set_permissions(self.path(path), PermissionsExt::from_mode(mode)).unwrap();
    }
}

/// The words of a line that needs no quoting.
pub fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}
