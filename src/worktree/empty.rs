//! Deleting a trash directory for good.

use super::dirs::{chmod_dir, open_list, open_path, stat_at};
use crate::Result;
use crate::host::fs::failed;
use rustix::fs::{AtFlags, Dir, Mode};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Directories deeper than this are first moved to the top, so that neither stack nor descriptors run out.
const DEPTH: usize = 64;

/// What was deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Emptied {
    /// Files and links.
    pub files: u64,
    /// Their sizes together.
    pub bytes: u64,
    /// What stays: mount points, with the directories that hold them.
    pub left: Vec<PathBuf>,
}

/// Deletes a directory with all that is in it: links are never followed, other file systems and mounts never entered.
pub fn empty(dir: &Path) -> Result<Emptied> {
    let mut done = Emptied::default();
    let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else { return Ok(done) };
    let parent = open_path(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })?;
    let doing = |error: Errno| failed("delete", dir, &error.into());
    let Some(stat) = stat_at(&parent, name.as_bytes()).map_err(doing)? else { return Ok(done) };
    if !stat.is_dir() {
        return Err(doing(Errno::NOTDIR));
    }
    let top = open_dir(&parent, name.as_bytes(), stat.dev, stat.perm()).map_err(doing)?;
    let mut deep = VecDeque::new();
    let mut sweep = Sweep { top: &top, device: stat.dev, done: &mut done, deep: &mut deep, lifted: 0 };
    let mut clear = sweep.folder(&top, dir, 0)?;
    while let Some(name) = sweep.deep.pop_front() {
        clear &= sweep.entry(&top, &name, dir, 0)?;
    }
    if clear {
        rustix::fs::unlinkat(&*parent, name, AtFlags::REMOVEDIR).map_err(doing)?;
    }
    Ok(done)
}

struct Sweep<'a> {
    top: &'a OwnedFd,
    device: u64,
    done: &'a mut Emptied,
    deep: &'a mut VecDeque<Vec<u8>>,
    lifted: u64,
}

impl Sweep<'_> {
    /// Deletes all that is in a directory; whether it is empty now.
    fn folder(&mut self, dir: &OwnedFd, shown: &Path, depth: usize) -> Result<bool> {
        let doing = |error: Errno| failed("list", shown, &error.into());
        // All names first: entries must not be removed while the directory is being read.
        let names = Dir::read_from(dir).and_then(|entries| {
            entries.map(|entry| entry.map(|e| e.file_name().to_bytes().to_vec())).collect::<Result<Vec<_>, _>>()
        });
        let mut clear = true;
        for name in names.map_err(doing)? {
            if name != b"." && name != b".." {
                clear &= self.entry(dir, &name, shown, depth)?;
            }
        }
        Ok(clear)
    }

    /// Deletes one entry; whether it is gone.
    fn entry(&mut self, dir: &OwnedFd, name: &[u8], shown: &Path, depth: usize) -> Result<bool> {
        let at = || shown.join(OsStr::from_bytes(name));
        let doing = |error: Errno| failed("delete", &at(), &error.into());
        let Some(stat) = stat_at(dir, name).map_err(doing)? else { return Ok(true) };
        if !stat.is_dir() {
            return match rustix::fs::unlinkat(dir, name, AtFlags::empty()) {
                Ok(()) => {
                    self.done.files += 1;
                    self.done.bytes += stat.size;
                    Ok(true)
                }
                // A file can be a mount point as well.
                Err(Errno::BUSY) => self.leave(at()),
                Err(error) => Err(doing(error)),
            };
        }
        if depth >= DEPTH && self.lift(dir, name) {
            return Ok(true);
        }
        let inner = match open_dir(dir, name, self.device, stat.perm()) {
            Ok(inner) => inner,
            Err(Errno::XDEV) => return self.leave(at()),
            Err(error) => return Err(doing(error)),
        };
        if !self.folder(&inner, &at(), depth + 1)? {
            return Ok(false);
        }
        match rustix::fs::unlinkat(dir, name, AtFlags::REMOVEDIR) {
            Ok(()) => Ok(true),
            Err(Errno::BUSY) => self.leave(at()),
            Err(error) => Err(doing(error)),
        }
    }

    fn leave(&mut self, path: PathBuf) -> Result<bool> {
        self.done.left.push(path);
        Ok(false)
    }

    /// Moves a deep directory to the top, to be deleted from there.
    fn lift(&mut self, dir: &OwnedFd, name: &[u8]) -> bool {
        let lifted = format!(".deep-{}-{}", std::process::id(), self.lifted).into_bytes();
        self.lifted += 1;
        let moved = super::renames::Renames::ALL.take((dir, name), (self.top, &lifted)).is_ok();
        if moved {
            self.deep.push_back(lifted);
        }
        moved
    }
}

/// Opens a directory for deleting what is in it, and makes it writable if it is not; `EXDEV` for a mount point.
fn open_dir(parent: &OwnedFd, name: &[u8], device: u64, perm: u32) -> Result<OwnedFd, Errno> {
    let dir = match open_beneath(parent, name) {
        Err(Errno::ACCESS) => {
            chmod_dir(parent, name, 0o700)?;
            open_beneath(parent, name)
        }
        other => other,
    }?;
    if rustix::fs::fstat(&dir).map(|stat| super::dirs::to_stat(&stat).dev)? != device {
        return Err(Errno::XDEV);
    }
    if perm & 0o700 != 0o700 {
        rustix::fs::fchmod(&dir, Mode::from_raw_mode(0o700))?;
    }
    Ok(dir)
}

/// Opens a directory unless a mount lies there; the device number does not tell for a bind mount of the same file system.
#[cfg(target_os = "linux")]
fn open_beneath(parent: &OwnedFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    use rustix::fs::{OFlags, ResolveFlags};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat2(parent, name, flags, Mode::empty(), ResolveFlags::NO_XDEV) {
        // Kernels before 5.6, and containers that forbid the call.
        Err(Errno::NOSYS | Errno::PERM) => open_list(parent, name),
        other => other,
    }
}

#[cfg(not(target_os = "linux"))]
fn open_beneath(parent: &OwnedFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    open_list(parent, name)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn deletes_read_only_directories_and_follows_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let trash = dir.path().join("trash");
        fs::create_dir_all(trash.join("a/b")).unwrap();
        fs::write(trash.join("a/b/f"), b"12345").unwrap();
        fs::create_dir(dir.path().join("outside")).unwrap();
        fs::write(dir.path().join("outside/keep"), b"x").unwrap();
        symlink(dir.path().join("outside"), trash.join("a/link")).unwrap();
        for path in ["a/b", "a"] {
            fs::set_permissions(trash.join(path), fs::Permissions::from_mode(0o000)).unwrap();
        }
        let done = empty(&trash).unwrap();
        assert_eq!(done.files, 2);
        assert!(done.bytes >= 5 && done.left.is_empty());
        assert!(!trash.exists());
        assert!(dir.path().join("outside/keep").exists());
        assert_eq!(empty(&trash).unwrap(), Emptied::default());
        symlink("outside", &trash).unwrap();
        assert!(empty(&trash).is_err());
        assert!(dir.path().join("outside/keep").exists());
    }

    #[test]
    fn deletes_very_deep_trees() {
        let dir = tempfile::tempdir().unwrap();
        let root = crate::worktree::dirs::Root::open(dir.path()).unwrap();
        let deep = format!("trash/{}/f", vec!["some-directory"; 500].join("/"));
        crate::worktree::folders::make_dirs(&root, &[(deep.as_str().into(), None)]).unwrap();
        empty(&dir.path().join("trash")).unwrap();
        assert!(!dir.path().join("trash").exists());
    }
}
