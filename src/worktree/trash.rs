//! Whole files and directories moved out of the worktree by rename, and back.

use super::dirs::{Dir, Root, open_path, stat_at};
use super::renames::Renames;
use crate::host::fs::{create_dir_all_private, failed};
use crate::model::RepoPath;
use crate::{Error, Kind, Result};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub use super::empty::{Emptied, empty};

/// How a move ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It was moved now.
    Done,
    /// It had been moved before.
    AlreadyDone,
    /// It stays where it was, because of this (a part of a sentence).
    LeftInPlace(String),
}

/// The mount points of this process, read once before directories move: a rename would take a mount along.
#[derive(Clone, Debug, Default)]
pub struct Mounts(Vec<PathBuf>);

impl Mounts {
    /// Reads the mount table; empty where the system has none to read.
    pub fn read() -> Mounts {
        Mounts::parse(&std::fs::read("/proc/self/mountinfo").unwrap_or_default())
    }

    /// The first mount point at or below `path`, which must be absolute and without links.
    pub fn within(&self, path: &Path) -> Option<&Path> {
        self.0.iter().map(PathBuf::as_path).find(|mount| mount.starts_with(path))
    }

    fn parse(table: &[u8]) -> Mounts {
        let point = |line: &[u8]| line.split(|&b| b == b' ').nth(4).map(unescape);
        Mounts(table.split(|&b| b == b'\n').filter_map(point).collect())
    }
}

/// A path from the mount table, in which blanks stand as `\040` and the like.
fn unescape(text: &[u8]) -> PathBuf {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let octal = |digits: &[u8]| {
            digits.iter().try_fold(0_u32, |sum, b| b.is_ascii_digit().then(|| sum * 8 + u32::from(b - b'0')))
        };
        match tail.get(..3).and_then(octal).and_then(|value| u8::try_from(value).ok()) {
            Some(byte) if *first == b'\\' => {
                out.push(byte);
                rest = &tail[3..];
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    PathBuf::from(OsStr::from_bytes(&out))
}

/// Moves whatever stands at `path` to the name `slot`, whatever its size.
///
/// Asking the mount table first ([`Mounts::within`]) is left to the caller, who does it once for many.
pub fn move_out(root: &Root, path: &RepoPath, slot: &Path) -> Result<Moved> {
    let (dir, name) = open_slot(slot)?;
    let in_slot = |dir: &Dir| stat_at(dir, &name).map_err(|e| failed("look at", slot, &e.into()));
    let Some(parent) = root.walker().parent(path)? else { return Ok(gone(in_slot(&dir)?.is_some(), NOT_THERE)) };
    match Renames::ALL.take((&parent, path.name()), (&dir, &name)) {
        Ok(()) => Ok(Moved::Done),
        Err(Errno::NOENT) => Ok(gone(in_slot(&dir)?.is_some(), NOT_THERE)),
        Err(Errno::EXIST | Errno::NOTEMPTY) => Ok(Moved::LeftInPlace(format!(
            "it was made again after the earlier one had been moved to {}",
            slot.display()
        ))),
        Err(error) => left(error, "move", &root.show(path)),
    }
}

/// Moves what is at `slot` back to `path`, never over anything; missing parents are made.
pub fn move_back(root: &Root, slot: &Path, path: &RepoPath) -> Result<Moved> {
    let stat = |found: Result<_, Errno>| found.map_err(|e| failed("look at", slot, &e.into()));
    let (from, name) = match slot.parent().map(open_path) {
        Some(Ok(dir)) => (dir, slot.file_name().unwrap_or_default().as_bytes()),
        _ => return Ok(gone(root.stat(path)?.is_some(), NOT_IN_TRASH)),
    };
    if stat(stat_at(&from, name))?.is_none() {
        return Ok(gone(root.stat(path)?.is_some(), NOT_IN_TRASH));
    }
    let parent = root.walker().make_parent(path)?;
    match Renames::ALL.place((&from, name), (&parent, path.name())) {
        Ok(()) => Ok(Moved::Done),
        Err(Errno::EXIST | Errno::NOTEMPTY | Errno::ISDIR | Errno::NOTDIR) => {
            Err(Error::new(Kind::Stopped, format!("{} is in the way", root.show(path).display()))
                .because(format!("{} cannot be moved back to that place", slot.display()))
                .help("move it away, then continue"))
        }
        Err(error) => left(error, "move back", slot),
    }
}

/// The source is missing. When the destination is there, it was moved before; otherwise somebody took it away, and
/// neither going on nor going back may hang on that.
fn gone(moved: bool, why: &str) -> Moved {
    if moved { Moved::AlreadyDone } else { Moved::LeftInPlace(why.to_owned()) }
}

const NOT_THERE: &str = "it is no longer there";
const NOT_IN_TRASH: &str = "it is no longer in the trash";

fn left(error: Errno, doing: &str, path: &Path) -> Result<Moved> {
    let why = match error {
        Errno::XDEV => "it is on another file system",
        Errno::ACCESS | Errno::PERM => "permission is denied",
        Errno::BUSY => "it is a mount point or in use",
        Errno::ROFS => "the file system is read-only",
        error => return Err(failed(doing, path, &error.into())),
    };
    Ok(Moved::LeftInPlace(why.to_owned()))
}

fn open_slot(slot: &Path) -> Result<(Dir, Vec<u8>)> {
    let (Some(parent), Some(name)) = (slot.parent(), slot.file_name()) else {
        return Err(Error::fault(format!("{} is no place in the trash", slot.display())));
    };
    create_dir_all_private(parent)?;
    Ok((open_path(parent)?, name.as_bytes().to_vec()))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
mod tests {
    use super::*;
    use std::fs;

    fn root() -> (tempfile::TempDir, Root, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("work/build/sub")).unwrap();
        fs::write(dir.path().join("work/build/sub/f"), b"x").unwrap();
        let root = Root::open(&dir.path().join("work")).unwrap();
        let slot = dir.path().join("trash/op/0");
        (dir, root, slot)
    }

    #[test]
    fn moves_out_and_back_and_says_when_it_was_done_before() {
        let (dir, root, slot) = root();
        let path = RepoPath::from("build/sub");
        assert_eq!(move_out(&root, &path, &slot).unwrap(), Moved::Done);
        assert_eq!(move_out(&root, &path, &slot).unwrap(), Moved::AlreadyDone);
        assert_eq!(fs::read(slot.join("f")).unwrap(), b"x");
        fs::remove_dir(dir.path().join("work/build")).unwrap();
        assert_eq!(move_out(&root, &path, &slot).unwrap(), Moved::AlreadyDone);
        assert_eq!(move_back(&root, &slot, &path).unwrap(), Moved::Done);
        assert_eq!(move_back(&root, &slot, &path).unwrap(), Moved::AlreadyDone);
        assert_eq!(fs::read(dir.path().join("work/build/sub/f")).unwrap(), b"x");
        assert_eq!(move_out(&root, &"none".into(), &slot).unwrap(), Moved::LeftInPlace(NOT_THERE.to_owned()));
        assert_eq!(move_back(&root, &slot, &"none".into()).unwrap(), Moved::LeftInPlace(NOT_IN_TRASH.to_owned()));
    }

    #[test]
    fn nothing_is_replaced_on_either_side() {
        let (dir, root, slot) = root();
        let path = RepoPath::from("build");
        move_out(&root, &path, &slot).unwrap();
        fs::create_dir(dir.path().join("work/build")).unwrap();
        assert!(matches!(move_out(&root, &path, &slot).unwrap(), Moved::LeftInPlace(_)));
        let error = move_back(&root, &slot, &path).unwrap_err();
        assert!(error.to_string().contains("work/build") && error.to_string().contains("trash/op/0"), "{error}");
        assert!(slot.join("sub/f").exists());
    }

    #[test]
    fn a_link_among_the_parents_is_not_followed() {
        let (dir, root, slot) = root();
        std::os::unix::fs::symlink("build", dir.path().join("work/link")).unwrap();
        assert!(matches!(move_out(&root, &"link/sub".into(), &slot).unwrap(), Moved::LeftInPlace(_)));
        assert!(dir.path().join("work/build/sub/f").exists());
        assert_eq!(move_out(&root, &"link".into(), &slot).unwrap(), Moved::Done);
        assert!(slot.symlink_metadata().unwrap().is_symlink());
    }

    #[test]
    fn mount_points_are_found_at_and_below() {
        let table = b"22 1 0:20 / / rw - ext4 x rw\n23 22 0:21 / /srv/a\\040b/mnt rw - tmpfs x rw\n";
        let mounts = Mounts::parse(table);
        assert_eq!(mounts.within(Path::new("/srv")), Some(Path::new("/srv/a b/mnt")));
        assert_eq!(mounts.within(Path::new("/srv/a b/mnt")), Some(Path::new("/srv/a b/mnt")));
        assert_eq!(mounts.within(Path::new("/srv/a")), None);
    }
}
