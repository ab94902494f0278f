//! What shall stand at each path, as exact bytes.

use super::{Transition, Wanted};
use crate::Result;
use crate::git::{MODE_GITLINK, MODE_LINK, MODE_TREE, ToSmudge, TreeEntry, attributes_of, smudge};
use crate::model::{ObjectId, RepoPath, Stat};
use crate::worktree::EntryState;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

impl<'r> Transition<'_, 'r> {
    pub(super) fn find(&self, tree: ObjectId, path: &RepoPath) -> Result<Option<TreeEntry>> {
        Ok(self.trees.find(tree, path.as_bytes())?.filter(|entry| entry.mode != MODE_TREE))
    }

    /// What shall stand at each path that may differ.
    pub(super) fn wanted(&self) -> Result<BTreeMap<RepoPath, Option<Wanted>>> {
        let (scene, target) = (self.desk.scene, self.target);
        let differing = self.differences.iter().map(|(path, entry)| (path.clone(), entry.map(Wanted::Tree)));
        let mut out: BTreeMap<RepoPath, Option<Wanted>> = differing.collect();
        let mut unsure: Vec<RepoPath> =
            scene.changed.keys().chain(scene.untracked.keys()).chain(scene.ignored.keys()).cloned().collect();
        let index = &scene.index;
        let special = |i: &usize| {
            let is_absent = scene.scan.entries[*i] == EntryState::Submodule { present: false };
            is_absent || (target.exact && !index.entry(*i).is_plain())
        };
        unsure.extend(index.notable().iter().copied().filter(special).map(|i| RepoPath::new(index.path(i))));
        let unusual = (0..index.len()).filter(|i| target.exact && self.has_unusual_perm(*i));
        unsure.extend(unusual.map(|i| RepoPath::new(index.path(i))));
        for path in unsure {
            if let Entry::Vacant(free) = out.entry(path) {
                let entry = self.find(target.tree, free.key())?;
                free.insert(entry.map(Wanted::Tree));
            }
        }
        for (path, spec) in &target.files {
            out.insert(path.clone(), Some(Wanted::Exact(spec.clone())));
        }
        for path in &target.absent {
            out.insert(path.clone(), None);
        }
        out.retain(|path, _| self.scope.holds(path) && (target.exact || !self.is_left_out(path)));
        for path in out.iter().filter(|(_, wanted)| wanted.is_some()).map(|(path, _)| path) {
            crate::worktree::check_path(path.as_bytes())
                .map_err(|e| e.context("the target holds a path that must not be written"))?;
        }
        Ok(out)
    }

    pub(super) fn has_unusual_perm(&self, i: usize) -> bool {
        self.desk.scene.scan.entries[i].file().filter(Stat::is_file).is_some_and(|stat| {
            let usual = self.target.perms.unwrap_or(self.desk.scene.perms);
            stat.perm() != usual.usual(stat.perm() & 0o100 != 0)
        })
    }

    /// In a sparse checkout, going to a commit leaves out what is left out now and what the patterns leave out.
    pub(super) fn is_left_out(&self, path: &RepoPath) -> bool {
        if self.desk.scene.index.range_at(path.as_bytes()).is_empty() {
            self.sparse.as_ref().is_some_and(|patterns| !patterns.includes(path))
        } else {
            self.desk.scene.is_absent(path)
        }
    }

    /// Runs conversions, so that from here on every file is exact bytes.
    pub(super) fn convert(
        &mut self,
        mut wanted: BTreeMap<RepoPath, Option<Wanted>>,
    ) -> Result<BTreeMap<RepoPath, Option<Wanted>>> {
        let files = self.attribute_files()?;
        let attributes = attributes_of(self.desk.scene.repo, &files)?;
        if attributes.is_trivial() {
            return Ok(wanted);
        }
        let mut jobs = Vec::new();
        for (path, wanted) in &wanted {
            if let Some(Wanted::Tree(entry)) = wanted
                && entry.mode != MODE_GITLINK
                && entry.mode != MODE_LINK
            {
                let conversion = attributes.conversion(path);
                if conversion.smudges {
                    jobs.push(ToSmudge { path: path.clone(), mode: entry.mode, blob: entry.id, conversion });
                }
            }
        }
        self.wanted_raw = smudge(self.desk.scene.repo, self.desk.scratch, &files, &jobs, self.desk.sink)?;
        for (path, raw) in &self.wanted_raw {
            if let Some(Some(Wanted::Tree(entry))) = wanted.get_mut(path) {
                self.converted.insert(path.clone(), entry.id);
                entry.id = *raw;
            }
        }
        Ok(wanted)
    }

    /// The `.gitattributes` files of the target.
    pub(super) fn attribute_files(&self) -> Result<BTreeMap<RepoPath, ObjectId>> {
        let is_ours = |path: &[u8]| path == b".gitattributes" || path.ends_with(b"/.gitattributes");
        let mut out = BTreeMap::new();
        let index = &self.desk.scene.index;
        for i in index.notable().iter().copied().filter(|i| is_ours(index.path(*i))) {
            out.insert(RepoPath::new(index.path(i)), index.id(i));
        }
        for (path, entry) in self.differences.iter().filter(|(path, _)| is_ours(path.as_bytes())) {
            match entry.filter(|e| e.mode != MODE_LINK && e.mode != MODE_GITLINK) {
                Some(entry) => drop(out.insert(path.clone(), entry.id)),
                None => drop(out.remove(path)),
            }
        }
        for (path, spec) in self.target.files.iter().filter(|(path, _)| is_ours(path.as_bytes())) {
            out.insert(path.clone(), spec.blob);
        }
        Ok(out)
    }
}
