//! The index file: read once, asked by position, edited in memory, written whole.
//!
//! Entries are decoded and encoded by `gix-index`; extensions are handled here, because split and
//! sparse indexes must be refused before anything is decoded half-way.

mod cached;
mod edit;
mod raw;
#[cfg(test)]
mod tests;

pub use cached::{CachedTree, TreeNode};
pub use raw::is_safe_path;

use crate::model::{ObjectId, Stat};
use crate::{Error, Result};
use gix_index::entry::Flags;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

pub use crate::model::{EntryFlags, IndexEntry};

/// Which parts of `lstat` can be believed here; each is a setting of git's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    /// `core.trustctime`.
    pub ctime: bool,
    /// `core.fileMode`.
    pub exec_bit: bool,
    /// `core.symlinks`; without it a link is a regular file that holds the target.
    pub symlinks: bool,
}

impl Default for Trust {
    fn default() -> Self {
        Trust { ctime: true, exec_bit: true, symlinks: true }
    }
}

/// The index of one worktree, in memory.
///
/// Entries that were changed in the same tick of the clock as the index was written ("racy") lose
/// their recorded size on reading: their stat data proves nothing, and would look proven once the
/// index is written again with a newer time.
pub struct Index {
    state: gix_index::State,
    mtime: (i64, u32),
    trust: Trust,
    trees: Option<cached::Trees>,
    /// The resolve-undo extension as it stood, for `git checkout -m` and `git update-index --unresolve`.
    resolve_undo: Option<Vec<u8>>,
}

impl Index {
    /// An index without entries.
    pub fn empty() -> Index {
        let state = gix_index::State::new(gix_hash::Kind::Sha1);
        Index { state, mtime: (0, 0), trust: Trust::default(), trees: None, resolve_undo: None }
    }

    /// Reads the index file; a missing file is an empty index.
    ///
    /// # Errors
    ///
    /// A damaged file is a fault that names it; a split or a sparse index is refused.
    pub fn read(path: &Path) -> Result<Index> {
        let what = || format!("cannot read the index {}", path.display());
        let mut file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Index::empty()),
            Err(error) => return Err(Error::io(what(), &error)),
        };
        // The time is read before the bytes: should git replace the content in between (it never
        // does in place), an older time makes more entries racy, never fewer.
        let meta = file.metadata().map_err(|error| Error::io(what(), &error))?;
        let mut data = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0).min(1 << 31));
        file.read_to_end(&mut data).map_err(|error| Error::io(what(), &error))?;
        let mut index = Index::decode(&data).map_err(|error| match error.kind() {
            crate::Kind::Refused => error,
            _ => error.context(format!("the index {} is damaged", path.display())).help(
                "`git fsck` looks closer; move the file away and run `git reset` to build it anew from HEAD \
                 (files are not touched, what was staged is lost)",
            ),
        })?;
        index.mtime = mtime_of(&meta);
        index.distrust_racy_entries();
        Ok(index)
    }

    fn decode(data: &[u8]) -> Result<Index> {
        let layout = raw::layout(data)?;
        // The hash costs more than decoding: the second core takes it for big files.
        let (state, sum) = if data.len() > 1 << 20 {
            std::thread::scope(|scope| {
                let sum = scope.spawn(|| raw::verify_checksum(data));
                let state = raw::decode_entries(data, &layout);
                (state, sum.join().unwrap_or_else(|_| Err(Error::fault("the checksum could not be computed"))))
            })
        } else {
            (raw::decode_entries(data, &layout), raw::verify_checksum(data))
        };
        sum?;
        let state = state?;
        raw::check_entries(&state)?;
        let trees = layout.tree.and_then(cached::Trees::parse);
        let resolve_undo = layout.resolve_undo.map(<[u8]>::to_vec);
        Ok(Index { state, mtime: (0, 0), trust: Trust::default(), trees, resolve_undo })
    }

    fn distrust_racy_entries(&mut self) {
        let (seconds, nanos) = self.mtime;
        for entry in self.state.entries_mut() {
            let recorded = entry.stat.mtime;
            let racy = match (i64::from(recorded.secs), recorded.nsecs) {
                // A time without a fraction comes from a coarse clock: FAT counts in steps of two seconds.
                (secs, 0) => seconds <= secs.saturating_add(1),
                (secs, nsecs) => (seconds, nanos) <= (secs, nsecs),
            };
            if racy {
                entry.stat.size = 0;
            }
        }
    }

    /// Says which parts of `lstat` can be believed (all of them, unless set).
    pub fn set_trust(&mut self, trust: Trust) {
        self.trust = trust;
    }

    /// Which parts of `lstat` are believed.
    pub fn trust(&self) -> Trust {
        self.trust
    }

    /// When the index file was last written: seconds, nanoseconds; zero when there was none.
    pub fn mtime(&self) -> (i64, u32) {
        self.mtime
    }

    /// The number of entries, all stages counted.
    pub fn len(&self) -> usize {
        self.state.entries().len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.state.entries().is_empty()
    }

    /// The path of entry `i`.
    pub fn path(&self, i: usize) -> &[u8] {
        self.state.entry(i).path(&self.state)
    }

    /// The object of entry `i`.
    pub fn id(&self, i: usize) -> ObjectId {
        // Always SHA-1 here; the empty tree stands in for what cannot happen.
        ObjectId::from_bytes(self.state.entry(i).id.as_bytes()).unwrap_or(ObjectId::EMPTY_TREE)
    }

    /// The mode of entry `i`: `0o100644`, `0o100755`, `0o120000` or `0o160000`.
    pub fn mode(&self, i: usize) -> u32 {
        self.state.entry(i).mode.bits()
    }

    /// The size that the file of entry `i` had when it was last looked at; 0 where that is not known.
    pub fn size(&self, i: usize) -> u32 {
        self.state.entry(i).stat.size
    }

    /// The stage of entry `i`: 0, or 1 to 3 in a conflict.
    pub fn stage(&self, i: usize) -> u8 {
        // Two bits.
        self.state.entry(i).stage_raw() as u8
    }

    /// The flags of entry `i`.
    pub fn flags(&self, i: usize) -> EntryFlags {
        let flags = self.state.entry(i).flags;
        EntryFlags {
            assume_unchanged: flags.contains(Flags::ASSUME_VALID),
            skip_worktree: flags.contains(Flags::SKIP_WORKTREE),
            intent_to_add: flags.contains(Flags::INTENT_TO_ADD),
        }
    }

    /// Entry `i` in its owned form.
    pub fn entry(&self, i: usize) -> IndexEntry {
        IndexEntry { mode: self.mode(i), id: self.id(i), stage: self.stage(i), flags: self.flags(i) }
    }

    /// The entries at exactly `path`, all stages.
    pub fn range_at(&self, path: &[u8]) -> Range<usize> {
        let entries = self.state.entries();
        let low = entries.partition_point(|entry| &**entry.path(&self.state) < path);
        // At most four stages.
        let stages = entries[low..].iter().take_while(|entry| &**entry.path(&self.state) == path).count();
        low..low + stages
    }

    /// The entries below the directory `dir` (all of them when it is empty).
    pub fn range_below(&self, dir: &[u8]) -> Range<usize> {
        self.range_below_in(dir, 0..self.len())
    }

    /// Like [`Index::range_below`], looking only at the entries of `within`.
    pub fn range_below_in(&self, dir: &[u8], within: Range<usize>) -> Range<usize> {
        if dir.is_empty() {
            return within;
        }
        let entries = &self.state.entries()[within.clone()];
        // Compares the start of the path with `dir/` without building that string.
        let order = |path: &[u8]| {
            let head = path.len().min(dir.len());
            path[..head].cmp(&dir[..head]).then_with(|| match path.get(dir.len()) {
                None => std::cmp::Ordering::Less,
                Some(next) => next.cmp(&b'/'),
            })
        };
        let low = entries.partition_point(|entry| order(entry.path(&self.state)).is_lt());
        let high = low + entries[low..].partition_point(|entry| order(entry.path(&self.state)).is_eq());
        within.start + low..within.start + high
    }

    /// Whether the stat data recorded for entry `i` proves that the file has its content.
    ///
    /// `false` says nothing; the content must be looked at.
    pub fn stat_is_current(&self, i: usize, stat: &Stat) -> bool {
        let entry = self.state.entry(i);
        if entry.stage_raw() != 0 || entry.flags.contains(Flags::INTENT_TO_ADD) || !self.mode_is_current(i, stat) {
            return false;
        }
        let recorded = &entry.stat;
        // Git keeps the low 32 bits of everything.
        let same = recorded.mtime.secs == stat.mtime.0 as u32
            && recorded.mtime.nsecs == stat.mtime.1
            && recorded.size == stat.size as u32
            && recorded.ino == stat.ino as u32
            && recorded.uid == stat.uid
            && recorded.gid == stat.gid
            && (!self.trust.ctime
                || (recorded.ctime.secs == stat.ctime.0 as u32 && recorded.ctime.nsecs == stat.ctime.1));
        // Size 0 also stands for "look again": it is proof for the empty blob only.
        same && (recorded.size != 0 || (stat.size == 0 && entry.id.as_bytes() == EMPTY_BLOB))
    }

    /// Whether kind and exec bit of the file are those of entry `i`.
    pub fn mode_is_current(&self, i: usize, stat: &Stat) -> bool {
        let mode = self.mode(i);
        match mode {
            0o120000 => stat.is_link() || (!self.trust.symlinks && stat.is_file()),
            0o100644 | 0o100755 => stat.is_file() && (!self.trust.exec_bit || (mode ^ stat.mode) & 0o100 == 0),
            _ => false,
        }
    }

    /// The trees that git remembers for directories of the index.
    pub fn cached_tree(&self) -> Option<CachedTree<'_>> {
        self.trees.as_ref().map(cached::Trees::root)
    }
}

const EMPTY_BLOB: [u8; 20] = [
    0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43, 0x4b, 0x8b, 0x29, 0xae, 0x77, 0x5a, 0xd8, 0xc2, 0xe4, 0x8c, 0x53,
    0x91,
];

#[cfg(unix)]
fn mtime_of(meta: &std::fs::Metadata) -> (i64, u32) {
    use std::os::unix::fs::MetadataExt;
    (meta.mtime(), u32::try_from(meta.mtime_nsec()).unwrap_or(0))
}
