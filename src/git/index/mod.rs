//! The index file: read once, asked by position, edited in memory, written whole
//! (<https://git-scm.com/docs/index-format>).
//!
//! The entries stay as the bytes that they are in the file, with a list of where each begins: nothing is decoded that
//! nobody asks for, and writing is copying.

mod cached;
mod edit;
mod entry;
mod raw;
mod read;
#[cfg(test)]
mod tests;

pub use cached::{CachedTree, TreeNode};
pub use read::Check;

use crate::model::{ObjectId, Stat};
use entry::Entry;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    entries: entry::Entries,
    /// `lstat` of the file it was read from; zero when there was none.
    file: Stat,
    trust: Trust,
    trees: Option<cached::Trees>,
    /// Where the last path was found that was looked for.
    last: AtomicUsize,
    /// The resolve-undo extension as it stood, for `git checkout -m` and `git update-index --unresolve`.
    resolve_undo: Option<Vec<u8>>,
}

impl Index {
    /// An index without entries.
    pub fn empty() -> Index {
        Index {
            entries: entry::Entries::default(),
            file: Stat::default(),
            trust: Trust::default(),
            trees: None,
            last: AtomicUsize::new(0),
            resolve_undo: None,
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
        self.file.mtime
    }

    /// Whether the file at `path` is still the one that was read.
    pub fn is_still(&self, path: &Path) -> bool {
        stat_of_file(path) == Some(self.file)
    }

    /// The number of entries, all stages counted.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The positions of all entries that are more than a file of the user's with a plain entry: submodules, entries with
    /// a mark or in a conflict, files such as `.gitignore`, and names that some file system takes for `.git`.
    pub fn notable(&self) -> &[usize] {
        self.entries.notable()
    }

    /// The path of entry `i`.
    pub fn path(&self, i: usize) -> &[u8] {
        self.entries.at(i).path()
    }

    /// The object of entry `i`.
    pub fn id(&self, i: usize) -> ObjectId {
        self.entries.at(i).id()
    }

    /// The mode of entry `i`: `0o100644`, `0o100755`, `0o120000` or `0o160000`.
    pub fn mode(&self, i: usize) -> u32 {
        self.entries.at(i).mode()
    }

    /// The size that the file of entry `i` had when it was last looked at; 0 where that is not known.
    pub fn size(&self, i: usize) -> u32 {
        self.entries.at(i).size()
    }

    /// The stage of entry `i`: 0, or 1 to 3 in a conflict.
    pub fn stage(&self, i: usize) -> u8 {
        self.entries.at(i).stage()
    }

    /// The flags of entry `i`.
    pub fn flags(&self, i: usize) -> EntryFlags {
        self.entries.at(i).flags()
    }

    /// Entry `i` in its owned form.
    pub fn entry(&self, i: usize) -> IndexEntry {
        IndexEntry { mode: self.mode(i), id: self.id(i), stage: self.stage(i), flags: self.flags(i) }
    }

    /// The entries at exactly `path`, all stages.
    pub fn range_at(&self, path: &[u8]) -> Range<usize> {
        let low = self.first(self.near(path), |entry| entry.path() >= path);
        self.last.store(low, Ordering::Relaxed);
        // At most four stages.
        let stages = (low..self.len()).take_while(|i| self.path(*i) == path).count();
        low..low + stages
    }

    /// Where `path` must be looked for. Paths are asked for in their order mostly: from where the last one was, it is
    /// searched in steps of double size.
    fn near(&self, path: &[u8]) -> Range<usize> {
        let mut low = self.last.load(Ordering::Relaxed);
        let order = if low < self.len() { self.path(low).cmp(path) } else { std::cmp::Ordering::Greater };
        match order {
            // The same once more: planners ask several questions about each path.
            std::cmp::Ordering::Equal => return low..low,
            std::cmp::Ordering::Greater => return 0..self.len().min(low + 1),
            std::cmp::Ordering::Less => {}
        }
        let mut step = 1;
        while low + step < self.len() && self.path(low + step) < path {
            low += step;
            step *= 2;
        }
        low..self.len().min(low + step + 1)
    }

    /// The first position of `within` from which on `is_behind` is true.
    fn first(&self, within: Range<usize>, is_behind: impl Fn(Entry<'_>) -> bool) -> usize {
        let (mut low, mut high) = (within.start, within.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if is_behind(self.entries.at(middle)) { high = middle } else { low = middle + 1 }
        }
        low
    }

    /// The entries at `path` and below it.
    pub fn range_at_and_below(&self, path: &[u8]) -> impl Iterator<Item = usize> {
        self.range_at(path).chain(self.range_below(path))
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
        // Compares the start of the path with `dir/` without building that string.
        let order = |path: &[u8]| {
            let head = path.len().min(dir.len());
            path[..head].cmp(&dir[..head]).then_with(|| match path.get(dir.len()) {
                None => std::cmp::Ordering::Less,
                Some(next) => next.cmp(&b'/'),
            })
        };
        let low = self.first(within.clone(), |entry| order(entry.path()).is_ge());
        low..self.first(low..within.end, |entry| order(entry.path()).is_gt())
    }

    /// Whether the stat data recorded for entry `i` proves that the file has its content.
    ///
    /// `false` says nothing; the content must be looked at.
    pub fn stat_is_current(&self, i: usize, stat: &Stat) -> bool {
        let entry = self.entries.at(i);
        if entry.stage() != 0 || entry.flags().intent_to_add || !self.mode_is_current(i, stat) {
            return false;
        }
        // Size 0 also stands for "look again": it is proof for the empty blob only.
        entry.stat_is(stat, self.trust.ctime)
            && (entry.size() != 0 || (stat.size == 0 && entry.id() == ObjectId::EMPTY_BLOB))
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

/// What `stat` says of an index file; `None`: there is none.
pub fn stat_of_file(path: &Path) -> Option<Stat> {
    std::fs::metadata(path).ok().map(|meta| stat_of(&meta))
}

fn stat_of(meta: &std::fs::Metadata) -> Stat {
    use std::os::unix::fs::MetadataExt;
    let time = |secs: i64, nanos: i64| (secs, u32::try_from(nanos).unwrap_or(0));
    Stat {
        dev: meta.dev(),
        ino: meta.ino(),
        mode: meta.mode(),
        nlink: meta.nlink(),
        uid: meta.uid(),
        gid: meta.gid(),
        size: meta.size(),
        mtime: time(meta.mtime(), meta.mtime_nsec()),
        ctime: time(meta.ctime(), meta.ctime_nsec()),
    }
}
