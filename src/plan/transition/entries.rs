//! Which entries of the index, and which state files of git's, change.

use super::Transition;
use crate::Result;
use crate::git::TreeEntry;
use crate::model::{GitFileChange, IndexChange, IndexEntry, ObjectId, RepoPath};
use crate::store::gitfiles::is_bisect;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

impl<'r> Transition<'_, 'r> {
    pub(super) fn index_changes(&self) -> Result<Vec<IndexChange>> {
        let scene = self.desk.scene;
        let tree = self.target.index_tree;
        let mut paths = match tree == self.target.tree {
            true => self.differences.clone(),
            false => self.differ(tree)?,
        };
        let special = scene.index.notable().iter().copied().filter(|i| !scene.index.entry(*i).is_plain());
        for path in self.target.index.keys().cloned().chain(special.map(|i| RepoPath::new(scene.index.path(i)))) {
            if let Entry::Vacant(free) = paths.entry(path) {
                let entry = self.find(tree, free.key())?;
                free.insert(entry);
            }
        }
        let mut out = Vec::new();
        for (path, entry) in paths.into_iter().filter(|(path, _)| self.scope.holds(path)) {
            let old = scene.index_entries(&path);
            let new = match self.target.index.get(&path) {
                Some(entries) => entries.clone(),
                None => entry.map(|entry| self.plain_entry(&path, entry)).into_iter().collect(),
            };
            if old != new && !(new.is_empty() && self.scope.overlay) {
                out.push(IndexChange { path, old, new });
            }
        }
        self.make_room_in_index(&mut out);
        Ok(out)
    }

    /// A path is a file or a directory, never both: where one comes, the other leaves.
    pub(super) fn make_room_in_index(&self, changes: &mut Vec<IndexChange>) {
        let index = &self.desk.scene.index;
        let known: BTreeSet<RepoPath> = changes.iter().map(|c| c.path.clone()).collect();
        let mut gone: BTreeSet<RepoPath> = BTreeSet::new();
        for change in changes.iter().filter(|c| !c.new.is_empty() && c.old.is_empty()) {
            let below = index.range_below(change.path.as_bytes());
            gone.extend(below.map(|i| RepoPath::new(index.path(i))));
            let above = change.path.ancestors().filter(|dir| !index.range_at(dir).is_empty());
            gone.extend(above.map(RepoPath::new));
        }
        for path in gone.into_iter().filter(|path| !known.contains(path)) {
            changes.push(IndexChange { old: self.desk.scene.index_entries(&path), new: Vec::new(), path });
        }
    }

    /// Marks that a user set outlive a move to another commit.
    pub(super) fn plain_entry(&self, path: &RepoPath, entry: TreeEntry) -> IndexEntry {
        let mut new = IndexEntry::plain(entry.mode, entry.id);
        if self.target.exact {
            return new;
        }
        match self.desk.scene.index_entry(path) {
            Some(old) if old.stage == 0 => {
                new.flags.assume_unchanged = old.flags.assume_unchanged;
                new.flags.skip_worktree = old.flags.skip_worktree;
            }
            Some(_) => {}
            None => new.flags.skip_worktree = self.sparse.as_ref().is_some_and(|p| !p.includes(path)),
        }
        new
    }

    pub(super) fn git_file_changes(&self) -> Vec<GitFileChange> {
        let present: BTreeMap<&RepoPath, ObjectId> =
            self.desk.scene.git_files.iter().map(|f| (&f.name, f.blob)).collect();
        let mut wanted: BTreeMap<&RepoPath, ObjectId> =
            self.target.git_files.iter().map(|f| (&f.name, f.blob)).collect();
        if !self.target.exact {
            wanted.extend(present.iter().filter(|(name, _)| is_bisect(name)).map(|(name, id)| (*name, *id)));
        }
        let names: BTreeSet<&RepoPath> = present.keys().chain(wanted.keys()).copied().collect();
        names
            .into_iter()
            .map(|name| {
                let (old, new) = (present.get(name).copied(), wanted.get(name).copied());
                GitFileChange { name: name.clone(), old, new }
            })
            .filter(|change| change.old != change.new)
            .collect()
    }
}
