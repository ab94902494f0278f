//! Raw files outside the worktree: written whole or not at all, and locks that die with their process.

#![allow(clippy::disallowed_methods, reason = "the one home of raw file writes outside the worktree")]

pub use super::scratch::{
    anonymous_file, append, create_dir_all, fresh_dir, is_writable_dir, make_link, open_regular, remove_scratch,
    rename, set_mode, temporary_dir, write_new, write_new_synced, write_new_with_mode,
};
use crate::{Error, Result};
use rustix::fs::FlockOperation;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// An input or output error that names the path.
pub(crate) fn failed(doing: &str, path: &Path, source: &io::Error) -> Error {
    Error::io(format!("cannot {doing} {}", path.display()), source)
}

/// The directory that holds `path`; the current one for a bare name.
fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes `bytes` to `path` so that a reader, or a power cut, finds the old file or the new one and nothing between.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomic_from(parent_of(path), path, bytes)
}

/// The same for a file in a directory that is not ours alone: what a run that dies leaves of it lies in `drafts`, on the same file system.
pub fn write_atomic_from(drafts: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    let (temp, mut file) = create_draft(drafts, path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    let renamed = written.and_then(|()| fs::rename(&temp, path));
    if let Err(error) = renamed {
        // The name is ours alone (made exclusively just above), so it may go; the first error is the one that counts.
        let _ = fs::remove_file(&temp);
        return Err(failed("write", path, &error));
    }
    fsync_dir(parent_of(path))
}

/// What the names of drafts have in common.
const DRAFT: &str = ".tmp-";

/// A new empty file in a directory, with the permission bits that `path` has now.
fn create_draft(dir: &Path, path: &Path) -> Result<(PathBuf, File)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mode = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file).map(|meta| meta.mode() & 0o7777);
    loop {
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or(OsStr::new("file")));
        name.push(format!("{DRAFT}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        let temp = dir.join(name);
        match OpenOptions::new().write(true).create_new(true).open(&temp) {
            Ok(file) => {
                if let Some(mode) = mode {
                    // Not ours to change on some file systems; then the default stays.
                    let _ = rustix::fs::fchmod(&file, rustix::fs::Mode::from_raw_mode(mode));
                }
                return Ok((temp, file));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("write", path, &error)),
        }
    }
}

/// Removes drafts in a directory that nobody is writing in now.
pub fn clear_drafts(dir: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with('.') && name.contains(DRAFT)) {
            remove_file_if_exists(&entry.path())?;
        }
    }
    Ok(())
}

/// Brings the names in a directory to disk.
pub fn fsync_dir(dir: &Path) -> Result<()> {
    let synced = File::open(dir).and_then(|file| file.sync_all());
    match synced {
        // File systems that cannot sync a directory say so with these; there is nothing more to do on them.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other.map_err(|error| failed("sync the directory", dir, &error)),
    }
}

/// Makes a directory and those above it, readable by the owner only.
pub fn create_dir_all_private(dir: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| failed("make the directory", dir, &e))
}

/// Removes a file; whether there was one.
pub fn remove_file_if_exists(path: &Path) -> Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("remove", path, &error)),
    }
}

/// Reads a regular file of at most `max` bytes; `None` when there is none.
pub fn read_capped(path: &Path, max: u64) -> Result<Option<Vec<u8>>> {
    // Not blocking: a FIFO put there must not hang us.
    let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path, &error)),
    };
    let meta = file.metadata().map_err(|e| failed("read", path, &e))?;
    if !meta.is_file() {
        return Err(Error::refused(format!("{} is not a regular file", path.display())));
    }
    // One byte more than it has, so that its end shows at once.
    let mut bytes = Vec::with_capacity(meta.len().min(max).saturating_add(1) as usize);
    file.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| failed("read", path, &e))?;
    if bytes.len() as u64 > max {
        return Err(Error::refused(format!("{} is larger than {max} bytes", path.display())));
    }
    Ok(Some(bytes))
}

/// The last bytes of a file, at most `most`.
pub fn read_end(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(most)))?;
        file.read_to_end(&mut bytes)
    });
    read.map(|_| bytes).map_err(|e| failed("read", path, &e))
}

/// Gives a file a second name; fails when `link` exists.
pub fn hard_link(original: &Path, link: &Path) -> Result<()> {
    fs::hard_link(original, link).map_err(|e| failed("link", link, &e))
}

/// Whether two names are the same file (device and inode, links not followed); a missing name is the same as nothing.
pub fn same_file(a: &Path, b: &Path) -> Result<bool> {
    let id = |path: &Path| match fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some((meta.dev(), meta.ino()))),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(failed("look at", path, &e)),
    };
    let (a, b) = (id(a)?, id(b)?);
    Ok(a.is_some() && a == b)
}

/// The bytes that this user may still write on the file system of `path`.
pub fn available_space(path: &Path) -> Result<u64> {
    let stat = rustix::fs::statvfs(path).map_err(|e| failed("ask for the free space at", path, &e.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// How much of the file system of `path` is used, of a hundred, rounded up as `df` does, and the bytes that this user may
/// still write.
pub fn disk_use(path: &Path) -> Result<(u8, u64)> {
    let stat = rustix::fs::statvfs(path).map_err(|e| failed("ask for the free space at", path, &e.into()))?;
    let used = stat.f_blocks.saturating_sub(stat.f_bfree);
    let all = used.saturating_add(stat.f_bavail).max(1);
    let percent = (u128::from(used) * 100).div_ceil(u128::from(all));
    Ok((percent as u8, stat.f_bavail.saturating_mul(stat.f_frsize)))
}

/// What differs from boot to boot; empty where the system does not tell.
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Who we are, for a person who finds one of our locks: process id and command, in one line.
pub fn this_process() -> String {
    let mut command = String::new();
    for (at, arg) in std::env::args_os().enumerate() {
        let arg = if at == 0 { Path::new(&arg).file_name().unwrap_or(&arg).to_owned() } else { arg };
        if at > 0 {
            command.push(' ');
        }
        command.extend(String::from_utf8_lossy(arg.as_bytes()).chars().flat_map(char::escape_debug));
    }
    let short: String = command.chars().take(200).collect();
    format!("pid {}, {short}", std::process::id())
}

/// The name of a file system on which exchanging two names may not work; `None`: it should.
#[cfg(target_os = "linux")]
pub fn weak_file_system(path: &Path) -> Result<Option<&'static str>> {
    const WEAK: [(u64, &str); 9] = [
        (0x6969, "NFS"),
        (0x517b, "SMB"),
        (0xff53_4d42, "SMB"),
        (0xfe53_4d42, "SMB"),
        (0x4d44, "FAT"),
        (0x2011_bab0, "exFAT"),
        (0x7366_746e, "NTFS"),
        (0x6573_5546, "FUSE"),
        (0x0102_1997, "9p"),
    ];
    let stat = rustix::fs::statfs(path).map_err(|e| failed("ask for the file system at", path, &e.into()))?;
    // The kernel's own type for it differs between machines; the numbers have 32 bits.
    let kind = stat.f_type as u64 & 0xffff_ffff;
    Ok(WEAK.iter().find(|(magic, _)| *magic == kind).map(|(_, name)| *name))
}

/// The name of a file system on which exchanging two names may not work; `None`: it should.
#[cfg(not(target_os = "linux"))]
pub fn weak_file_system(_path: &Path) -> Result<Option<&'static str>> {
    Ok(Some("not Linux"))
}

/// The mode of what stands at `path`; `None`: nothing.
pub fn mode_of(path: &Path) -> Result<Option<u32>> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some(meta.mode())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed("look at", path, &e)),
    }
}

/// Whether a directory is there and holds anything.
pub fn has_entries(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some())
}

/// The bytes of all files at and below `path`; what cannot be looked at counts nothing. Links are not followed.
pub fn size_below(path: &Path) -> u64 {
    let Ok(meta) = fs::symlink_metadata(path) else { return 0 };
    if !meta.is_dir() {
        return meta.len();
    }
    fs::read_dir(path).map_or(0, |entries| entries.flatten().map(|entry| size_below(&entry.path())).sum())
}

/// A lock that is free again when its process ends, however it ends.
#[derive(Debug)]
pub struct FileLock {
    // Only held: closing it frees the lock. Rust opens files close-on-exec, so no child inherits it.
    _file: File,
}

impl FileLock {
    /// Takes the lock, or `None` when another process has it.
    pub fn try_acquire(path: &Path) -> Result<Option<FileLock>> {
        loop {
            // A link there would make a file, or lock one, somewhere else; and its name never is what is held.
            let plain = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(plain);
            let file = options.open(path);
            let mut file = file.map_err(|e| failed("open the lock", path, &e))?;
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
                Err(error) => return Err(failed("lock", path, &error.into())),
            }
            // Somebody removed the file between open and lock: what we hold keeps nobody out.
            let held = file.metadata().map_err(|e| failed("lock", path, &e))?;
            match fs::symlink_metadata(path) {
                Ok(named) if (named.dev(), named.ino()) == (held.dev(), held.ino()) => {}
                _ => continue,
            }
            let line = format!("{}\n", this_process());
            // For people only; a full disk must not keep anybody from taking the lock.
            let _ = file.set_len(0).and_then(|()| file.write_all(line.as_bytes()));
            return Ok(Some(FileLock { _file: file }));
        }
    }

    /// Whether somebody holds the lock now; nothing is written.
    pub fn is_held(path: &Path) -> Result<bool> {
        let file = File::open(path).map_err(|e| failed("open the lock", path, &e))?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(false),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
            Err(error) => Err(failed("ask for the lock", path, &error.into())),
        }
    }

    /// What the present (or last) holder wrote about itself.
    pub fn holder(path: &Path) -> Option<String> {
        let bytes = read_capped(path, 4096).ok().flatten()?;
        let line = String::from_utf8_lossy(&bytes).trim().to_owned();
        (!line.is_empty()).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atomic_write_replaces_keeps_the_mode_and_leaves_no_temp() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        write_atomic(&path, b"one").unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let error = write_atomic(&dir.path().join("no/such"), b"x").unwrap_err();
        assert!(error.to_string().contains("no/such"), "{error}");
    }

    #[test]
    fn a_file_beyond_the_cap_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        assert_eq!(read_capped(&path, 3).unwrap(), None);
        fs::write(&path, b"abc").unwrap();
        assert_eq!(read_capped(&path, 3).unwrap().unwrap(), b"abc");
        assert!(read_capped(&path, 2).is_err());
        assert!(read_capped(dir.path(), 2).is_err());
    }

    #[test]
    fn one_holder_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let lock = FileLock::try_acquire(&path).unwrap().unwrap();
        assert!(FileLock::try_acquire(&path).unwrap().is_none());
        assert!(FileLock::holder(&path).unwrap().contains(&format!("pid {}", std::process::id())));
        drop(lock);
        assert!(FileLock::try_acquire(&path).unwrap().is_some());
    }

    #[test]
    fn same_file_means_same_inode() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b, c) = (dir.path().join("a"), dir.path().join("b"), dir.path().join("c"));
        fs::write(&a, b"x").unwrap();
        hard_link(&a, &b).unwrap();
        std::os::unix::fs::symlink("a", &c).unwrap();
        assert!(same_file(&a, &b).unwrap());
        assert!(!same_file(&a, &c).unwrap());
        assert!(!same_file(&a, &dir.path().join("none")).unwrap());
        assert!(!same_file(&dir.path().join("none"), &dir.path().join("none")).unwrap());
        assert!(hard_link(&a, &b).is_err());
        assert!(available_space(&a).unwrap() > 0);
        assert!(remove_file_if_exists(&b).unwrap());
        assert!(!remove_file_if_exists(&b).unwrap());
    }
}
