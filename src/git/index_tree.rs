//! The tree of the index, built without reading what did not change.

use super::index::{CachedTree, Index};
use super::pack::{ObjectKind, ObjectSink};
use super::tree::{MODE_GITLINK, MODE_TREE, TreeEntry, Trees};
use super::tree_bytes::tree_data;
use crate::Result;
use crate::model::ObjectId;
use std::ops::Range;

/// The tree that the index stands for. Files that are only intended to be added are left out, as git does; where
/// there is a conflict, our side stands in. Trees that the tree `base` lacks go to `sink`.
pub fn index_tree(trees: &Trees<'_>, index: &Index, base: ObjectId, sink: &ObjectSink<'_>) -> Result<ObjectId> {
    let builder = Builder { trees, index, sink };
    match builder.build(0, 0..index.len(), index.cached_tree(), Some(base))? {
        Some(id) if id != ObjectId::EMPTY_TREE => Ok(id),
        // Plain git must find the empty tree as an object.
        _ => sink.add(ObjectKind::Tree, b""),
    }
}

struct Builder<'a> {
    trees: &'a Trees<'a>,
    index: &'a Index,
    sink: &'a ObjectSink<'a>,
}

impl Builder<'_> {
    /// The tree of the entries in `range`, which all share the first `prefix` bytes; `None` when it is empty.
    fn build(
        &self,
        prefix: usize,
        range: Range<usize>,
        cached: Option<CachedTree<'_>>,
        base: Option<ObjectId>,
    ) -> Result<Option<ObjectId>> {
        let whole = cached.filter(|c| c.entry_count().is_some_and(|n| n as usize == range.len()));
        if let Some(id) = whole.and_then(|c| c.id()).filter(|id| Some(*id) == base) {
            return Ok(Some(id));
        }
        let below = base.map_or_else(|| Ok(Vec::new()), |id| self.trees.read(id))?;
        let base_of =
            |name: &[u8]| below.iter().find(|(n, e)| n == name && e.mode == MODE_TREE).map(|(_, entry)| entry.id);
        let mut entries: Vec<(&[u8], TreeEntry)> = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let rest = &self.index.path(at)[prefix..];
            if let Some(slash) = rest.iter().position(|&b| b == b'/') {
                let name = &rest[..slash];
                let full = &self.index.path(at)[..prefix + slash];
                let sub = self.index.range_below_in(full, at..range.end);
                let child = cached.and_then(|c| c.child(name));
                if let Some(id) = self.build(prefix + slash + 1, sub.clone(), child, base_of(name))? {
                    entries.push((name, TreeEntry { mode: MODE_TREE, id }));
                }
                at = sub.end.max(at + 1);
            } else {
                let same = self.index.range_at(self.index.path(at));
                if let Some(entry) = self.choose(same.clone()) {
                    entries.push((rest, entry));
                }
                at = same.end.max(at + 1);
            }
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let data = tree_data(entries);
        let id = super::pack::name_of(ObjectKind::Tree, &data)?;
        if Some(id) == base { Ok(Some(id)) } else { self.sink.add(ObjectKind::Tree, &data).map(Some) }
    }

    /// What stands for a path in the tree: the entry, or in a conflict our side, theirs, the base.
    fn choose(&self, range: Range<usize>) -> Option<TreeEntry> {
        let rank = |i: &usize| [0, 3, 1, 2][usize::from(self.index.stage(*i)).min(3)];
        let i = range.filter(|i| !self.index.flags(*i).intent_to_add).min_by_key(rank)?;
        let mode = self.index.mode(i);
        debug_assert!(mode != MODE_TREE && mode <= MODE_GITLINK, "an index has no directories");
        Some(TreeEntry { mode, id: self.index.id(i) })
    }
}
