//! Real repositories for tests, made by the `git` that is installed.

#![allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]

use std::path::Path;
use std::process::Command;

/// A repository in a directory that goes with it.
pub(crate) struct TestRepo(tempfile::TempDir);

impl TestRepo {
    /// A new repository without commits.
    pub fn new() -> Self {
        let repo = TestRepo(tempfile::tempdir().unwrap());
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    /// The top of the worktree.
    pub fn root(&self) -> &Path {
        self.0.path()
    }

    /// The index file.
    pub fn index_file(&self) -> std::path::PathBuf {
        self.root().join(".git/index")
    }

    /// Runs git, which must succeed, and returns its output.
    pub fn git(&self, args: &[&str]) -> Vec<u8> {
        self.git_with_input(args, b"")
    }

    /// Like [`TestRepo::git`], with `input` on its standard input.
    pub fn git_with_input(&self, args: &[&str], input: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut child = Command::new("git")
            .current_dir(self.root())
            .args(["-c", "user.name=T", "-c", "user.email=t@example.com"])
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        out.stdout
    }

    /// The NUL-separated output of git, sorted.
    pub fn git_list(&self, args: &[&str]) -> Vec<Vec<u8>> {
        let out = self.git(args);
        let mut list: Vec<_> = out.split(|&b| b == 0).filter(|p| !p.is_empty()).map(<[u8]>::to_vec).collect();
        list.sort();
        list
    }

    /// Writes a file, making its directories.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Stages everything and commits.
    pub fn commit_all(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "c"]);
    }

    /// Makes the index older than it is not: files written before now are not racy any more.
    pub fn settle(&self) {
        // The clock that stamps files ticks every few milliseconds.
        std::thread::sleep(std::time::Duration::from_millis(30));
        self.git(&["update-index", "-q", "--refresh"]);
        self.git(&["update-index", "--force-write-index"]);
    }
}

/// The path of bytes.
pub(crate) fn os(bytes: &[u8]) -> std::path::PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

/// What `lstat` says.
pub(crate) fn lstat(path: &Path) -> crate::model::Stat {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::symlink_metadata(path).unwrap();
    crate::model::Stat {
        dev: meta.dev(),
        ino: meta.ino(),
        mode: meta.mode(),
        nlink: meta.nlink(),
        uid: meta.uid(),
        gid: meta.gid(),
        size: meta.size(),
        mtime: (meta.mtime(), meta.mtime_nsec() as u32),
        ctime: (meta.ctime(), meta.ctime_nsec() as u32),
    }
}
