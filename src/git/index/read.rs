//! Reading the index file. Its checksum costs more than all else, so that it is compared beside what comes next.

use super::super::checksum::checksum_of_file;
use super::{Index, cached, entry, raw, stat_of};
use crate::host::{aside, big_pages};
use crate::{Error, Kind, Result};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

/// From this size on a second core is worth it.
pub(super) const MUCH: usize = 1 << 20;

/// The comparison of an index file with its checksum, which may still go on.
#[must_use = "what was read counts only when its checksum is right"]
pub struct Check {
    path: PathBuf,
    sum: Sum,
}

enum Sum {
    Known(Result<()>),
    UnderWay(JoinHandle<Result<()>>),
}

impl Check {
    fn begin(path: &Path, file: &Arc<File>, size: u64) -> Check {
        let sum = match size < MUCH as u64 {
            true => Sum::Known(verify(file, size)),
            // It reads the file by itself: what is in memory is changed meanwhile.
            false => {
                let file = Arc::clone(file);
                Sum::UnderWay(aside(move || verify(&file, size)))
            }
        };
        Check { path: path.to_owned(), sum }
    }

    /// Waits for the end of it, and gives what was made of the index meanwhile.
    ///
    /// # Errors
    ///
    /// The index is damaged; that counts more than what went wrong meanwhile.
    pub fn before<T>(self, made: Result<T>) -> Result<T> {
        let sum = match self.sum {
            Sum::Known(sum) => sum,
            Sum::UnderWay(thread) => {
                thread.join().unwrap_or_else(|_| Err(Error::fault("the checksum could not be computed")))
            }
        };
        sum.map_err(|error| is_damaged(error, &self.path))?;
        made
    }
}

impl Index {
    /// Reads the index file; a missing file is an empty index.
    ///
    /// # Errors
    ///
    /// A damaged file is a fault that names it; a split or a sparse index is refused.
    pub fn read(path: &Path) -> Result<Index> {
        let (index, check) = Index::read_unchecked(path)?;
        check.before(Ok(index))
    }

    /// The same, but the checksum is still being computed: nothing may be written or said before [`Check::before`].
    pub fn read_unchecked(path: &Path) -> Result<(Index, Check)> {
        let failed = |error: io::Error| Error::io(format!("cannot read the index {}", path.display()), &error);
        let file = match File::open(path) {
            Ok(file) => Arc::new(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok((Index::empty(), Check { path: path.to_owned(), sum: Sum::Known(Ok(())) }));
            }
            Err(error) => return Err(failed(error)),
        };
        // The time is read before the bytes: should git replace the content in between (it never
        // does in place), an older time makes more entries racy, never fewer.
        let meta = file.metadata().map_err(failed)?;
        let check = Check::begin(path, &file, meta.len());
        let made = read_all(&file, meta.len()).map_err(failed).and_then(|data| {
            Index::decode(data).map_err(|error| match error.kind() {
                Kind::Refused => error,
                _ => is_damaged(error, path),
            })
        });
        match made {
            Ok(mut index) => {
                index.file = stat_of(&meta);
                index.distrust_racy_entries();
                Ok((index, check))
            }
            Err(error) => check.before(Err(error)),
        }
    }

    fn decode(mut data: Vec<u8>) -> Result<Index> {
        let layout = raw::layout(&data)?;
        let parsed = entry::Entries::parse(&data[..layout.extensions], layout.version, layout.count)?;
        let trees = layout.tree.map(|body| &data[body]).and_then(cached::Trees::parse);
        let resolve_undo = layout.resolve_undo.map(|body| data[body].to_vec());
        data.truncate(layout.extensions);
        let entries = entry::Entries::of(data, parsed);
        Ok(Index { entries, trees, resolve_undo, ..Index::empty() })
    }

    fn distrust_racy_entries(&mut self) {
        let (seconds, nanos) = self.file.mtime;
        for i in 0..self.len() {
            let racy = match self.entries.at(i).mtime() {
                // A time without a fraction comes from a coarse clock: FAT counts in steps of two seconds.
                (secs, 0) => seconds <= i64::from(secs).saturating_add(1),
                (secs, nsecs) => (seconds, nanos) <= (i64::from(secs), nsecs),
            };
            if racy {
                self.entries.set_size(i, 0);
            }
        }
    }
}

fn is_damaged(error: Error, path: &Path) -> Error {
    error.context(format!("the index {} is damaged", path.display())).help(
        "`git fsck` looks closer; move the file away and run `git reset` to build it anew from HEAD \
         (files are not touched, what was staged is lost)",
    )
}

fn read_all(file: &File, size: u64) -> io::Result<Vec<u8>> {
    let mut data = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    big_pages(&data);
    file.read_exact_at(&mut data, 0)?;
    Ok(data)
}

/// Compares the trailing hash with the content; `index.skipHash` leaves zeros.
fn verify(file: &File, size: u64) -> Result<()> {
    let failed = |error: io::Error| Error::io("cannot read the index", &error);
    let Some(content) = size.checked_sub(raw::HASH as u64) else { return Ok(()) };
    let mut sum = [0; raw::HASH];
    file.read_exact_at(&mut sum, content).map_err(failed)?;
    if sum == [0; raw::HASH] || checksum_of_file(file, content).map_err(failed)? == sum {
        return Ok(());
    }
    Err(raw::damaged("its checksum does not match its content"))
}
