//! Files and directories of ours that live for a moment.

use super::fs::failed;
use crate::{Error, Result};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A file without a name; it is gone when it is closed.
pub fn anonymous_file(dir: &Path) -> Result<File> {
    super::fs::create_dir_all_private(dir)?;
    let path = dir.join(format!("spool-{}", std::process::id()));
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .or_else(|e| match e.kind() {
            // Left by a dead run with the same number.
            std::io::ErrorKind::AlreadyExists => {
                super::fs::remove_file_if_exists(&path).map_err(|e| std::io::Error::other(e.to_string()))?;
                OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)
            }
            _ => Err(e),
        })
        .map_err(|e| failed("make", &path, &e))?;
    super::fs::remove_file_if_exists(&path)?;
    Ok(file)
}

/// Writes a file that must not exist yet, synced.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(|e| failed("make", path, &e))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| failed("write", path, &e))
}

/// Writes the content of a file.
type WriteInto<'a> = dyn FnMut(&mut dyn Write) -> Result<()> + 'a;

/// Writes a file that must not exist yet, with these permission bits.
pub fn write_new_with_mode(path: &Path, mode: u32, write: &mut WriteInto<'_>) -> Result<()> {
    new_file(path, mode, write).map(drop)
}

/// The same, synced; one that could not be written whole is removed.
pub fn write_new_synced(path: &Path, mode: u32, write: &mut WriteInto<'_>) -> Result<()> {
    let written = new_file(path, mode, write).and_then(|file| file.sync_all().map_err(|e| failed("write", path, &e)));
    written.inspect_err(|_| drop(super::fs::remove_file_if_exists(path)))
}

fn new_file(path: &Path, mode: u32, write: &mut WriteInto<'_>) -> Result<File> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|e| failed("make", path, &e))?;
    write(&mut file)?;
    file.set_permissions(std::fs::Permissions::from_mode(mode)).map_err(|e| failed("set the mode of", path, &e))?;
    Ok(file)
}

/// Makes a symbolic link.
pub fn make_link(target: &[u8], path: &Path) -> Result<()> {
    use std::os::unix::ffi::OsStrExt;
    std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(target), path).map_err(|e| failed("make", path, &e))
}

/// Makes a directory and its parents as git does, open to whom the umask lets in.
pub fn create_dir_all(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|e| failed("make", path, &e))
}

/// Adds to the end of a file in one write, synced; it is made when there is none.
pub fn append(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(|e| failed("write", path, &e))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| failed("write", path, &e))
}

/// Renames a file of ours over another.
#[expect(clippy::disallowed_methods, reason = "records of ours, both in one directory")]
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).map_err(|e| failed("rename", from, &e))
}

/// Renames a directory to a name that nothing has.
#[expect(clippy::disallowed_methods, reason = "the one place that renames directories outside of a worktree")]
pub fn move_new(from: &Path, to: &Path) -> Result<()> {
    if to.symlink_metadata().is_ok() {
        return Err(Error::refused(format!("{} is there already", to.display())));
    }
    // A directory that was made in between is only replaced when it is empty.
    std::fs::rename(from, to).map_err(|e| failed("rename", from, &e))
}

/// Removes a directory that nothing is in: the call refuses others.
pub fn remove_dir_if_empty(path: &Path) -> Result<()> {
    match std::fs::remove_dir(path) {
        Err(e) if !matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::DirectoryNotEmpty) => {
            Err(failed("remove", path, &e))
        }
        _ => Ok(()),
    }
}

/// Sets permission bits.
pub fn set_mode(path: &Path, mode: u32) -> Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(|e| failed("set the mode of", path, &e))
}

/// An empty directory of ours; what a dead run left there is removed.
pub fn fresh_dir(path: &Path) -> Result<PathBuf> {
    remove_scratch(path)?;
    if let Some(parent) = path.parent() {
        super::fs::create_dir_all_private(parent)?;
    }
    DirBuilder::new().mode(0o700).create(path).map_err(|e| failed("make", path, &e))?;
    Ok(path.to_owned())
}

/// Removes a scratch directory: copies that were made for the moment.
#[expect(clippy::disallowed_methods, reason = "only copies that this program made itself lie there")]
pub fn remove_scratch(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(failed("remove", path, &e)),
        _ => Ok(()),
    }
}

/// Opens a regular file, following no link and waiting for nobody.
pub fn open_regular(path: &Path) -> Result<File> {
    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|e| failed("open", path, &e))?;
    match file.metadata() {
        Ok(meta) if meta.is_file() => Ok(file),
        Ok(_) => Err(Error::fault(format!("{} is not a file", path.display()))),
        Err(e) => Err(failed("look at", path, &e)),
    }
}

/// Whether files can be made in a directory.
pub fn is_writable_dir(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok()
}

/// A directory outside the repository that is removed with this value.
#[derive(Debug)]
pub struct TemporaryDir(PathBuf);

impl TemporaryDir {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryDir {
    fn drop(&mut self) {
        // Nothing but copies: if it stays, the system's own cleaning takes it.
        drop(remove_scratch(&self.0));
    }
}

/// A name for a directory outside the repository; it is made when first used.
pub fn temporary_dir() -> Result<TemporaryDir> {
    let base = super::env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    let (seconds, nanos) = super::clock::precise();
    Ok(TemporaryDir(base.join(format!("git-rollback-{}-{seconds}-{nanos}", std::process::id()))))
}
