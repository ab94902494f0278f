//! What the bytes at a name are.

use super::dirs::{Dir, open_file_at, read_link_at, stat_at};
use super::write::Blobs;
use crate::host::fs::failed;
use crate::model::{FileKind, FileSpec, ObjectId, Stat};
use crate::{Error, Result};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A name in an open directory.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub dir: Dir,
    pub name: Vec<u8>,
    /// Where the directory is, for messages.
    pub base: Arc<Path>,
}

impl Spot {
    /// The place, for messages.
    pub(crate) fn show(&self) -> PathBuf {
        use std::os::unix::ffi::OsStrExt;
        self.base.join(std::ffi::OsStr::from_bytes(&self.name))
    }

    /// Directory and name as the renames want them.
    pub(crate) fn at(&self) -> (&std::os::fd::OwnedFd, &[u8]) {
        (&self.dir, &self.name)
    }

    /// `lstat`; `None` for nothing.
    pub(crate) fn stat(&self) -> Result<Option<Stat>> {
        stat_at(&self.dir, &self.name).map_err(|e| self.failed("look at", e))
    }

    /// Removes a name whose bytes are known to be safe.
    pub(crate) fn unlink(&self) -> Result<()> {
        match rustix::fs::unlinkat(&*self.dir, &*self.name, rustix::fs::AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.failed("remove", error)),
        }
    }

    /// An error that names the place.
    pub(crate) fn failed(&self, doing: &str, error: Errno) -> Error {
        failed(doing, &self.show(), &error.into())
    }

    /// The name of the blob with these bytes; `None` when they cannot be told: no file or link, not readable for us, or
    /// changing while we read.
    pub(crate) fn blob(&self, stat: &Stat, blobs: &dyn Blobs) -> Result<Option<ObjectId>> {
        if stat.is_link() {
            return match read_link_at(&self.dir, &self.name) {
                Ok(target) => blobs.hash(&mut &target[..], target.len() as u64).map(Some),
                Err(Errno::NOENT | Errno::INVAL) => Ok(None),
                Err(error) => Err(self.failed("read the link", error)),
            };
        }
        if !stat.is_file() {
            return Ok(None);
        }
        let (mut file, before) = match open_file_at(&self.dir, &self.name) {
            Ok(opened) => opened,
            // A link or FIFO by now, or gone, or not for us to read: then it is not what we look for.
            Err(Errno::NOENT | Errno::LOOP | Errno::INVAL | Errno::NXIO | Errno::ACCESS | Errno::PERM) => {
                return Ok(None);
            }
            Err(error) => return Err(self.failed("open", error)),
        };
        let hashed = blobs.hash(&mut file, before.size);
        let after = rustix::fs::fstat(&file).map(|stat| super::dirs::to_stat(&stat));
        let after = after.map_err(|e| self.failed("look at", e))?;
        if !after.same_content(&before) || !before.same_content(stat) {
            return Ok(None);
        }
        hashed.map(Some)
    }

    /// Whether the file is a strict beginning of the blob: what a write that was cut off leaves.
    pub(crate) fn is_fragment_of(&self, id: &ObjectId, blobs: &dyn Blobs) -> bool {
        let Ok((file, _)) = open_file_at(&self.dir, &self.name) else { return false };
        let mut compare = Compare { file, same: true, ended: false };
        // The writer stops the copy by an error as soon as the answer is known.
        let _ = blobs.copy_to(id, &mut compare);
        compare.same && compare.ended
    }
}

/// Whether kind and permission bits are the ones of `spec`.
pub(crate) fn shape_is(stat: &Stat, spec: &FileSpec) -> bool {
    match spec.kind {
        FileKind::File => stat.is_file() && stat.perm() == spec.mode,
        FileKind::Link => stat.is_link(),
    }
}

/// Compares what is written to it with a file.
struct Compare {
    file: File,
    same: bool,
    ended: bool,
}

impl Write for Compare {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut have = vec![0; bytes.len().min(1 << 16)];
        let part = &bytes[..have.len()];
        let read = self.file.read(&mut have)?;
        self.same &= have[..read] == part[..read];
        self.ended = read == 0 && !part.is_empty();
        if !self.same || self.ended { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(read) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
