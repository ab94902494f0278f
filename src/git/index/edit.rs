//! Changing the index and writing it.

use super::super::checksum::checksum;
use super::read::MUCH;
use super::{CachedTree, Index, IndexEntry, TreeNode, cached};
use crate::model::{RepoPath, Stat};
use crate::{Error, Result};
use std::io::Write;

impl Index {
    /// For each path: removes what stands at it in every stage, then adds the given entries.
    ///
    /// New entries carry no stat data, so that git looks at the file, until [`Index::record_stat`].
    /// The cached trees above each path become invalid; the others stay.
    pub fn replace(&mut self, mut edits: Vec<(RepoPath, Vec<IndexEntry>)>) {
        edits.sort_by(|a, b| a.0.cmp(&b.0));
        edits.iter_mut().for_each(|(_, new)| new.sort_by_key(|entry| entry.stage));
        let places = edits.iter().map(|(path, new)| (self.range_at(path.as_bytes()), path, new.as_slice()));
        let places: Vec<_> = places.collect();
        self.entries.replace(&places);
        *self.last.get_mut() = 0;
        if let Some(trees) = &mut self.trees {
            edits.iter().for_each(|(path, _)| trees.invalidate(path.as_bytes()));
        }
        // As `git reset` does: the records tell of conflicts that are history now.
        self.resolve_undo = None;
    }

    /// Records that the file of entry `i` has the entry's content as long as `lstat` says this.
    ///
    /// The stat must have been taken before the content was compared or right after it was written.
    pub fn record_stat(&mut self, i: usize, stat: &Stat) {
        self.entries.set_stat(i, stat);
    }

    /// Makes git look at the file of entry `i` again.
    pub fn forget_stat(&mut self, i: usize) {
        self.entries.set_stat(i, &Stat::default());
    }

    /// Sets the trees that git shall remember for the directories of the index; `None` drops them.
    pub fn set_cached_tree(&mut self, root: Option<&TreeNode>) {
        self.trees = root.map(cached::Trees::from_description);
    }

    /// Writes the whole index file, its checksum included; version 3 when a flag needs it, else 2.
    ///
    /// # Errors
    ///
    /// What `out` reports.
    pub fn write(&self, out: &mut dyn Write) -> Result<()> {
        let (header, entries) = self.entries.file();
        let mut extensions = Vec::new();
        let trees = self.cached_tree().map(CachedTree::encode);
        for (name, body) in [(b"TREE", trees.as_ref()), (b"REUC", self.resolve_undo.as_ref())] {
            let Some(body) = body else { continue };
            let size = u32::try_from(body.len()).map_err(|e| Error::fault("cannot write the index").because(e))?;
            extensions.extend_from_slice(name);
            extensions.extend_from_slice(&size.to_be_bytes());
            extensions.extend_from_slice(body);
        }
        let parts = [&header[..], entries, &extensions];
        let mut write = |parts: &[&[u8]]| parts.iter().try_for_each(|part| out.write_all(part));
        let (written, sum) = match entries.len() < MUCH {
            true => (write(&parts), checksum(&parts)),
            // One core writes while the other hashes.
            false => std::thread::scope(|scope| {
                let sum = crate::host::beside(scope, || checksum(&parts));
                let written = write(&parts);
                (written, sum.join().unwrap_or_else(|_| checksum(&parts)))
            }),
        };
        let written = written.and_then(|()| write(&[sum.as_slice()])).and_then(|()| out.flush());
        written.map_err(|e| Error::io("cannot write the index", &e).with_kind(crate::Kind::Fault))
    }
}
