//! Changing the index and writing it.

use super::{CachedTree, EntryFlags, Index, IndexEntry, TreeNode, cached};
use crate::model::{RepoPath, Stat};
use crate::{Error, Result};
use gix_index::entry::{self, Flags, Mode};
use std::io::Write;

impl Index {
    /// For each path: removes what stands at it in every stage, then adds the given entries.
    ///
    /// New entries carry no stat data, so that git looks at the file, until [`Index::record_stat`].
    /// The cached trees above each path become invalid; the others stay.
    pub fn replace(&mut self, mut edits: Vec<(RepoPath, Vec<IndexEntry>)>) {
        edits.sort_by(|a, b| a.0.cmp(&b.0));
        let gone: Vec<_> = edits.iter().map(|(path, _)| self.range_at(path.as_bytes())).collect();
        let mut gone = gone.into_iter().peekable();
        self.state.remove_entries(|i, _, _| {
            while gone.next_if(|range| range.end <= i).is_some() {}
            gone.peek().is_some_and(|range| range.contains(&i))
        });
        for (path, entries) in &edits {
            for entry in entries {
                self.push(path, entry);
            }
            if let Some(trees) = &mut self.trees {
                trees.invalidate(path.as_bytes());
            }
        }
        self.state.sort_entries();
        // As `git reset` does: the records tell of conflicts that are history now.
        self.resolve_undo = None;
    }

    fn push(&mut self, path: &RepoPath, entry: &IndexEntry) {
        let EntryFlags { assume_unchanged, skip_worktree, intent_to_add } = entry.flags;
        let mut flags = Flags::from_bits_retain((u32::from(entry.stage) << 12) & Flags::STAGE_MASK.bits());
        flags.set(Flags::ASSUME_VALID, assume_unchanged);
        flags.set(Flags::SKIP_WORKTREE, skip_worktree);
        flags.set(Flags::INTENT_TO_ADD, intent_to_add);
        // Without this bit the two flags above are not written, and the file is not of version 3.
        flags.set(Flags::EXTENDED, skip_worktree || intent_to_add);
        self.state.dangerously_push_entry(
            entry::Stat::default(),
            gix_hash::ObjectId::from_bytes_or_panic(entry.id.as_bytes()),
            flags,
            Mode::from_bits_retain(entry.mode),
            path.as_bytes().into(),
        );
    }

    /// Records that the file of entry `i` has the entry's content as long as `lstat` says this.
    ///
    /// The stat must have been taken before the content was compared or right after it was written.
    pub fn record_stat(&mut self, i: usize, stat: &Stat) {
        let time = |(secs, nsecs): (i64, u32)| entry::stat::Time { secs: secs as u32, nsecs };
        // Git keeps the low 32 bits of everything.
        let recorded = entry::Stat {
            mtime: time(stat.mtime),
            ctime: time(stat.ctime),
            dev: stat.dev as u32,
            ino: stat.ino as u32,
            uid: stat.uid,
            gid: stat.gid,
            size: stat.size as u32,
        };
        if let Some(entry) = self.state.entries_mut().get_mut(i) {
            entry.stat = recorded;
        }
    }

    /// Makes git look at the file of entry `i` again.
    pub fn forget_stat(&mut self, i: usize) {
        if let Some(entry) = self.state.entries_mut().get_mut(i) {
            entry.stat = entry::Stat::default();
        }
    }

    /// Sets the flags of entry `i`.
    pub fn set_flags(&mut self, i: usize, new: EntryFlags) {
        if let Some(entry) = self.state.entries_mut().get_mut(i) {
            entry.flags.set(Flags::ASSUME_VALID, new.assume_unchanged);
            entry.flags.set(Flags::SKIP_WORKTREE, new.skip_worktree);
            entry.flags.set(Flags::INTENT_TO_ADD, new.intent_to_add);
            entry.flags.set(Flags::EXTENDED, new.skip_worktree || new.intent_to_add);
        }
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
        let failed = |error: &dyn std::fmt::Display| Error::fault("cannot write the index").because(error);
        let mut out =
            std::io::BufWriter::with_capacity(1 << 16, Hashed { out, hasher: gix_hash::hasher(gix_hash::Kind::Sha1) });
        let options = gix_index::write::Options { extensions: gix_index::write::Extensions::None, skip_hash: false };
        self.state.write_to(&mut out, options).map_err(|error| failed(&error))?;
        let trees = self.cached_tree().map(CachedTree::encode);
        for (name, body) in [(b"TREE", &trees), (b"REUC", &self.resolve_undo)] {
            let Some(body) = body else { continue };
            let size = u32::try_from(body.len()).map_err(|error| failed(&error))?;
            [name.as_slice(), &size.to_be_bytes(), body]
                .into_iter()
                .try_for_each(|part| out.write_all(part))
                .map_err(|error| failed(&error))?;
        }
        let Hashed { out, hasher } = out.into_inner().map_err(|error| failed(error.error()))?;
        let sum = hasher.try_finalize().map_err(|error| failed(&error))?;
        out.write_all(sum.as_bytes()).and_then(|()| out.flush()).map_err(|error| failed(&error))
    }
}

/// Passes bytes on and hashes them.
struct Hashed<'a> {
    out: &'a mut dyn Write,
    hasher: gix_hash::Hasher,
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}
