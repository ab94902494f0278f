//! Reaching files in the worktree without ever following a link.

use crate::host::fs::failed;
use crate::model::{RepoPath, Stat};
use crate::{Error, Kind, Result};
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use crate::model::check_path;

/// How many levels keep their descriptor open; deeper paths are walked from there, so that no path is too deep.
const CACHED_LEVELS: usize = 32;

/// Opening a directory only to look up names in it, which needs no read permission where the system has a way for that.
#[cfg(target_os = "linux")]
const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A directory that is open; shared, because several files below it are at work at a time.
pub(crate) type Dir = Arc<OwnedFd>;

/// The top of a worktree, held open: it stays the same directory whatever is renamed.
#[derive(Debug)]
pub struct Root {
    fd: Dir,
    path: PathBuf,
}

impl Root {
    /// Opens the top of a worktree (a link to it is followed: the user named it).
    pub fn open(path: &Path) -> Result<Root> {
        let flags = DIRECTORY.difference(OFlags::NOFOLLOW);
        let fd = rustix::fs::openat(CWD, path, flags, Mode::empty());
        let fd = fd.map_err(|e| failed("open the worktree", path, &e.into()))?;
        Ok(Root { fd: Arc::new(fd), path: path.to_owned() })
    }

    /// Where it is, for messages and for joining names.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The place of a path, for messages.
    pub fn show(&self, path: &RepoPath) -> PathBuf {
        self.path.join(path.to_os())
    }

    /// A walker of its own for a thread.
    pub fn walker(&self) -> Walker<'_> {
        Walker { root: self, chain: Vec::new(), last: None }
    }

    /// What stands at `path`; links are not followed. See [`Walker::stat`].
    pub fn stat(&self, path: &RepoPath) -> Result<Option<Stat>> {
        self.walker().stat(path)
    }

    /// The target of the link at `path`. See [`Walker::read_link`].
    pub fn read_link(&self, path: &RepoPath) -> Result<Vec<u8>> {
        self.walker().read_link(path)
    }

    /// Opens the regular file at `path`. See [`Walker::open_file`].
    pub fn open_file(&self, path: &RepoPath) -> Result<(File, Stat)> {
        self.walker().open_file(path)
    }
}

/// What to do about parents that are missing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Make,
    Leave,
}

/// Opens parents one component at a time and remembers the last ones: neighbouring paths share them.
#[derive(Debug)]
pub struct Walker<'r> {
    root: &'r Root,
    chain: Vec<(Vec<u8>, Dir)>,
    last: Option<(Vec<u8>, Dir)>,
}

impl Walker<'_> {
    /// The directory that holds `path`; `None` when a parent is missing, or is no directory (a link is none).
    pub(crate) fn parent(&mut self, path: &RepoPath) -> Result<Option<Dir>> {
        match self.open_parent(path, Missing::Leave)? {
            Ok(dir) => Ok(Some(dir)),
            Err((_, Errno::NOENT | Errno::NOTDIR | Errno::LOOP)) => Ok(None),
            Err((at, error)) => Err(self.failed_at(&at, error)),
        }
    }

    /// The directory that holds `path`, made where it is missing; a link or file among the parents is an error.
    pub(crate) fn make_parent(&mut self, path: &RepoPath) -> Result<Dir> {
        self.open_parent(path, Missing::Make)?.map_err(|(at, error)| match error {
            Errno::NOTDIR | Errno::LOOP => {
                let shown = self.root.path.join(RepoPath::new(at).to_os());
                Error::new(Kind::Stopped, format!("{} is in the way", shown.display()))
                    .because(format!("it is a link or a file, but {path} must go below it"))
                    .help("move it away, then continue")
            }
            error => self.failed_at(&at, error),
        })
    }

    /// Forgets the open directories: somebody may have moved them.
    pub(crate) fn forget(&mut self) {
        self.chain.clear();
        self.last = None;
    }

    /// What stands at `path`; `None` for nothing, also when a parent is missing or a link.
    pub fn stat(&mut self, path: &RepoPath) -> Result<Option<Stat>> {
        let Some(dir) = self.parent(path)? else { return Ok(None) };
        stat_at(&dir, path.name()).map_err(|e| failed("look at", &self.root.show(path), &e.into()))
    }

    /// The target of the link at `path`.
    pub fn read_link(&mut self, path: &RepoPath) -> Result<Vec<u8>> {
        let read = self.parent(path)?.ok_or(Errno::NOENT).and_then(|dir| read_link_at(&dir, path.name()));
        read.map_err(|e| failed("read the link", &self.root.show(path), &e.into()))
    }

    /// Opens the regular file at `path` for reading: never a link, and never waiting for a FIFO or device.
    pub fn open_file(&mut self, path: &RepoPath) -> Result<(File, Stat)> {
        let opened = self.parent(path)?.ok_or(Errno::NOENT).and_then(|dir| open_file_at(&dir, path.name()));
        opened.map_err(|e| failed("open", &self.root.show(path), &e.into()))
    }

    fn failed_at(&self, dir: &[u8], error: Errno) -> Error {
        failed("open the directory", &self.root.path.join(RepoPath::new(dir).to_os()), &error.into())
    }

    /// Walks down. A directory that was open may have been removed meanwhile, and made anew: then from the top again.
    fn open_parent(&mut self, path: &RepoPath, missing: Missing) -> Result<Result<Dir, (Vec<u8>, Errno)>> {
        match self.walk_down(path, missing)? {
            Err((_, Errno::NOENT)) if missing == Missing::Make => {
                self.forget();
                self.walk_down(path, missing)
            }
            other => Ok(other),
        }
    }

    /// Walks down; the inner error names the directory that could not be opened.
    fn walk_down(&mut self, path: &RepoPath, missing: Missing) -> Result<Result<Dir, (Vec<u8>, Errno)>> {
        let parent = path.parent();
        if let Some((_, dir)) = self.last.as_ref().filter(|(at, _)| at == parent && !parent.is_empty()) {
            // What is above was checked when it was opened.
            check_path(path.name())?;
            return Ok(Ok(dir.clone()));
        }
        check_path(path.as_bytes())?;
        if parent.is_empty() {
            return Ok(Ok(self.root.fd.clone()));
        }
        let names: Vec<&[u8]> = parent.split(|&b| b == b'/').collect();
        let common = self.chain.iter().zip(&names).take_while(|((have, _), want)| have == *want).count();
        self.chain.truncate(common);
        let mut dir = self.chain.last().map_or(&self.root.fd, |(_, dir)| dir).clone();
        let mut walked = names[..common].iter().map(|name| name.len() + 1).sum::<usize>();
        for (level, name) in names.iter().enumerate().skip(common) {
            walked += name.len() + 1;
            dir = match open_dir(&dir, name, missing) {
                Ok(next) => Arc::new(next),
                Err(error) => return Ok(Err((parent[..walked - 1].to_vec(), error))),
            };
            if level < CACHED_LEVELS {
                self.chain.push((name.to_vec(), dir.clone()));
            }
        }
        self.last = Some((parent.to_vec(), dir.clone()));
        Ok(Ok(dir))
    }
}

fn open_dir(dir: &OwnedFd, name: &[u8], missing: Missing) -> Result<OwnedFd, Errno> {
    let open = || rustix::fs::openat(dir, name, DIRECTORY, Mode::empty());
    match open() {
        Err(Errno::NOENT) if missing == Missing::Make => {
            match rustix::fs::mkdirat(dir, name, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => open(),
                Err(error) => Err(error),
            }
        }
        other => other,
    }
}

/// Opens a directory by its full path, to reach names in it.
pub(crate) fn open_path(path: &Path) -> Result<Dir> {
    let fd = rustix::fs::openat(CWD, path, DIRECTORY, Mode::empty());
    fd.map(Arc::new).map_err(|e| failed("open the directory", path, &e.into()))
}

/// Opens the directory `name` in `dir` for listing it.
pub(crate) fn open_list(dir: impl AsFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(dir, name, flags, Mode::empty())
}

/// `lstat` below an open directory; `None` when there is nothing.
pub(crate) fn stat_at(dir: &OwnedFd, name: &[u8]) -> Result<Option<Stat>, Errno> {
    match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(to_stat(&stat))),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `readlink` below an open directory.
pub(crate) fn read_link_at(dir: &OwnedFd, name: &[u8]) -> Result<Vec<u8>, Errno> {
    rustix::fs::readlinkat(dir, name, Vec::new()).map(|target| target.into_bytes())
}

/// Opens a regular file below an open directory for reading.
pub(crate) fn open_file_at(dir: &OwnedFd, name: &[u8]) -> Result<(File, Stat), Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(dir, name, flags, Mode::empty())?);
    let stat = to_stat(&rustix::fs::fstat(&file)?);
    if stat.is_file() { Ok((file, stat)) } else { Err(Errno::INVAL) }
}

/// Sets the permission bits of the directory `name`, also of one that we may not read.
pub(crate) fn chmod_dir(dir: &OwnedFd, name: &[u8], mode: u32) -> Result<(), Errno> {
    let mode = Mode::from_raw_mode(mode);
    match open_list(dir, name) {
        Ok(fd) => rustix::fs::fchmod(fd, mode),
        #[cfg(target_os = "linux")]
        Err(Errno::ACCESS) => {
            use std::os::fd::AsRawFd;
            // The only way to the inode itself: a name could be exchanged for a link in between.
            let fd = open_dir(dir, name, Missing::Leave)?;
            rustix::fs::chmodat(CWD, format!("/proc/self/fd/{}", fd.as_raw_fd()), mode, AtFlags::empty())
        }
        Err(error) => Err(error),
    }
}

/// The parts of `lstat` that matter here. (The types of the fields differ from system to system.)
#[allow(clippy::unnecessary_cast, reason = "the types differ between systems")]
pub fn to_stat(stat: &rustix::fs::Stat) -> Stat {
    Stat {
        dev: stat.st_dev as u64,
        ino: stat.st_ino as u64,
        mode: stat.st_mode as u32,
        nlink: stat.st_nlink as u64,
        uid: stat.st_uid,
        gid: stat.st_gid,
        size: stat.st_size as u64,
        mtime: (stat.st_mtime as i64, stat.st_mtime_nsec as u32),
        ctime: (stat.st_ctime as i64, stat.st_ctime_nsec as u32),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    fn root() -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::open(dir.path()).unwrap();
        (dir, root)
    }

    #[test]
    fn links_among_the_parents_are_never_followed() {
        let (dir, root) = root();
        fs::create_dir(dir.path().join("real")).unwrap();
        fs::write(dir.path().join("real/f"), b"x").unwrap();
        symlink("real", dir.path().join("link")).unwrap();
        assert!(root.stat(&"real/f".into()).unwrap().unwrap().is_file());
        assert!(root.stat(&"link/f".into()).unwrap().is_none());
        assert!(root.stat(&"real/f/g".into()).unwrap().is_none());
        assert!(root.stat(&"link".into()).unwrap().unwrap().is_link());
        assert!(root.open_file(&"link/f".into()).is_err());
        let error = root.walker().make_parent(&"link/new/f".into()).unwrap_err();
        assert_eq!(error.kind(), Kind::Stopped);
        assert!(error.to_string().contains("link"));
        assert!(root.walker().make_parent(&"real/f/g".into()).is_err());
        assert!(!dir.path().join("real/new").exists());
    }

    #[test]
    fn reads_files_and_links_and_no_fifos() {
        let (dir, root) = root();
        fs::write(dir.path().join("f"), b"text").unwrap();
        symlink("f", dir.path().join("l")).unwrap();
        rustix::fs::mkfifoat(CWD, dir.path().join("fifo"), Mode::from_raw_mode(0o600)).unwrap();
        let mut text = String::new();
        root.open_file(&"f".into()).unwrap().0.read_to_string(&mut text).unwrap();
        assert_eq!(text, "text");
        assert_eq!(root.read_link(&"l".into()).unwrap(), b"f");
        assert!(root.open_file(&"l".into()).is_err());
        assert!(root.open_file(&"fifo".into()).is_err());
        assert!(root.open_file(&"none/f".into()).is_err());
        assert_eq!(root.stat(&".git/x".into()).unwrap_err().kind(), Kind::Refused);
    }

    #[test]
    fn walks_deeper_than_the_longest_path_and_shares_parents() {
        let (_dir, root) = root();
        let deep = format!("{}/f", vec!["directory-with-a-name"; 400].join("/"));
        assert!(deep.len() > 4096);
        let mut walker = root.walker();
        let parent = walker.make_parent(&deep.as_str().into()).unwrap();
        let flags = OFlags::WRONLY | OFlags::CREATE;
        drop(rustix::fs::openat(&*parent, "f", flags, Mode::from_raw_mode(0o600)).unwrap());
        assert!(walker.stat(&deep.as_str().into()).unwrap().unwrap().is_file());
        assert!(root.stat(&deep.as_str().into()).unwrap().unwrap().is_file());
        assert!(walker.stat(&format!("{deep}x").as_str().into()).unwrap().is_none());
        assert!(walker.chain.len() <= CACHED_LEVELS);
        crate::worktree::trash::empty(root.path()).unwrap();
    }
}
