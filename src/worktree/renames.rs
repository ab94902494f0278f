//! Renames that never replace anything, with ways around for file systems that lack them.

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// Which kinds of rename to try; tests switch them off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Renames {
    /// `RENAME_EXCHANGE`.
    pub exchange: bool,
    /// `RENAME_NOREPLACE`.
    pub no_replace: bool,
}

impl Renames {
    pub(crate) const ALL: Renames = Renames { exchange: true, no_replace: true };

    /// Exchanges two names: neither is ever missing.
    pub(crate) fn exchange(self, from: (&OwnedFd, &[u8]), to: (&OwnedFd, &[u8])) -> Result<(), Errno> {
        if !self.exchange {
            return Err(Errno::OPNOTSUPP);
        }
        rustix::fs::renameat_with(from.0, from.1, to.0, to.1, RenameFlags::EXCHANGE)
    }

    /// Takes whatever stands at `from` to the name `to` in a directory of our own.
    ///
    /// Where the system cannot refuse to replace we look first: nobody else makes names there. (Link and unlink would
    /// be wrong here: the unlink could hit a file that was saved in between.)
    pub(crate) fn take(self, from: (&OwnedFd, &[u8]), to: (&OwnedFd, &[u8])) -> Result<(), Errno> {
        match self.without_replacing(from, to) {
            Err(error) if unsupported(error) => look_and_rename(from, to),
            other => other,
        }
    }

    /// Puts our own `from` at the name `to`, where others may make files at any moment.
    pub(crate) fn place(self, from: (&OwnedFd, &[u8]), to: (&OwnedFd, &[u8])) -> Result<(), Errno> {
        match self.without_replacing(from, to) {
            Err(error) if unsupported(error) => {}
            other => return other,
        }
        match rustix::fs::linkat(from.0, from.1, to.0, to.1, AtFlags::empty()) {
            Ok(()) => rustix::fs::unlinkat(from.0, from.1, AtFlags::empty()),
            Err(error) if unsupported(error) || matches!(error, Errno::PERM | Errno::MLINK) => {
                look_and_rename(from, to)
            }
            Err(error) => Err(error),
        }
    }

    fn without_replacing(self, from: (&OwnedFd, &[u8]), to: (&OwnedFd, &[u8])) -> Result<(), Errno> {
        if !self.no_replace {
            return Err(Errno::OPNOTSUPP);
        }
        rustix::fs::renameat_with(from.0, from.1, to.0, to.1, RenameFlags::NOREPLACE)
    }
}

/// Whether the file system, or the kernel, lacks this kind of rename.
pub(crate) fn unsupported(error: Errno) -> bool {
    matches!(error, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}

fn look_and_rename(from: (&OwnedFd, &[u8]), to: (&OwnedFd, &[u8])) -> Result<(), Errno> {
    match rustix::fs::statat(to.0, to.1, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => rustix::fs::renameat(from.0, from.1, to.0, to.1),
        Ok(_) => Err(Errno::EXIST),
        Err(error) => Err(error),
    }
}
