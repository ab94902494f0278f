//! Directories: made, given their permission bits, removed when empty.

use super::dirs::{Root, chmod_dir, stat_at};
use crate::host::fs::failed;
use crate::model::RepoPath;
use crate::{Error, Kind, Result};
use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;

/// Makes directories and those above them; permission bits are set on new ones only, and only where given.
pub fn make_dirs(root: &Root, dirs: &[(RepoPath, Option<u32>)]) -> Result<()> {
    let mut walker = root.walker();
    for (path, mode) in dirs {
        let parent = walker.make_parent(path)?;
        let doing = |error: Errno| failed("make the directory", &root.show(path), &error.into());
        match rustix::fs::mkdirat(&*parent, path.name(), Mode::from_raw_mode(0o777)) {
            Ok(()) => {
                if let Some(mode) = mode {
                    chmod_dir(&parent, path.name(), *mode).map_err(doing)?;
                }
            }
            Err(Errno::EXIST) if stat_at(&parent, path.name()).map_err(doing)?.is_some_and(|stat| stat.is_dir()) => {}
            Err(Errno::EXIST) => {
                return Err(Error::new(Kind::Stopped, format!("{} is in the way", root.show(path).display()))
                    .because("it is a file or a link, and a directory goes there")
                    .help("move it away, then continue"));
            }
            Err(error) => return Err(doing(error)),
        }
    }
    Ok(())
}

/// Removes those of the directories that are empty, deepest first; missing ones and ones with content are passed over.
pub fn remove_empty_dirs(root: &Root, dirs: &[RepoPath]) -> Result<()> {
    let mut walker = root.walker();
    let mut sorted: Vec<&RepoPath> = dirs.iter().collect();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    for path in sorted {
        let Some(parent) = walker.parent(path)? else { continue };
        match rustix::fs::unlinkat(&*parent, path.name(), AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTDIR | Errno::NOTEMPTY | Errno::EXIST | Errno::BUSY) => {}
            Err(error) => return Err(failed("remove the directory", &root.show(path), &error.into())),
        }
        walker.forget();
    }
    Ok(())
}

/// Sets the permission bits of directories, in the order given; missing ones are passed over.
pub fn set_dir_modes(root: &Root, dirs: &[(RepoPath, u32)]) -> Result<()> {
    let mut walker = root.walker();
    for (path, mode) in dirs {
        let Some(parent) = walker.parent(path)? else { continue };
        match chmod_dir(&parent, path.name(), *mode) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Err(error) => return Err(failed("set the mode of", &root.show(path), &error.into())),
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn makes_sets_and_removes() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::open(dir.path()).unwrap();
        let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().mode() & 0o7777;
        make_dirs(&root, &[("a/b".into(), Some(0o2750)), ("c".into(), None), ("a/b".into(), Some(0o700))]).unwrap();
        assert_eq!(mode("a/b"), 0o2750);
        set_dir_modes(&root, &[("a/b".into(), 0o500), ("none/x".into(), 0o700), ("none".into(), 0o700)]).unwrap();
        assert_eq!(mode("a/b"), 0o500);
        fs::write(dir.path().join("c/f"), b"").unwrap();
        remove_empty_dirs(&root, &["a".into(), "c".into(), "a/b".into(), "none/x".into()]).unwrap();
        assert!(!dir.path().join("a").exists());
        assert!(dir.path().join("c/f").exists());
        assert_eq!(make_dirs(&root, &[("c/f".into(), None)]).unwrap_err().kind(), Kind::Stopped);
    }
}
