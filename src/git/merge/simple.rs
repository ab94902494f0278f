//! Merges that need no look at anything but the paths that one side changed.
//!
//! Git's `ort` finds renames before it merges, and a rename on one side can move, or stop, what the other side did.
//! So a merge is only done here where no rename can matter:
//!
//! - A path that `theirs` changed or removed still stands in `ours` as it stood in the base, so `ours` renamed nothing
//!   that `theirs` touches. (A rename's source is a path that its side removed, its target one that its side added.)
//! - A path that `theirs` added is free in `ours`, and no directory above it that the base has is gone from `ours`. A
//!   directory counts as renamed only when it is gone.
//! - Where `theirs` removed and added paths, and a directory went with that, `ours` has that directory unchanged: it
//!   added nothing there that would have to follow.
//! - A file that both sides changed and that stands in all three trees is neither source nor target of a rename; its
//!   contents are merged by themselves.
//!
//! Everything else is git's to decide.

use crate::Result;
use crate::git::tree::{MODE_EXEC, MODE_FILE, MODE_TREE, TreeEntry, Trees};
use crate::model::{ObjectId, RepoPath};
use std::collections::{BTreeMap, BTreeSet};

/// A file that both sides changed: base, ours, theirs.
pub(super) type Both = BTreeMap<RepoPath, [TreeEntry; 3]>;

/// What can be said of a merge without git.
pub(super) enum Simple {
    /// The result is this tree.
    Tree(ObjectId),
    /// Ours with these changes, and with the merged contents of these files.
    Changes(BTreeMap<RepoPath, Option<TreeEntry>>, Both),
    /// Git must be asked.
    Unclear,
}

/// Three trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Three {
    pub base: ObjectId,
    pub ours: ObjectId,
    pub theirs: ObjectId,
}

/// Looks at a merge.
pub(super) fn look(trees: &Trees<'_>, three: Three) -> Result<Simple> {
    let Three { base, ours, theirs } = three;
    if base == theirs || ours == theirs {
        return Ok(Simple::Tree(ours));
    }
    if base == ours {
        return Ok(Simple::Tree(theirs));
    }
    let mut changed = Vec::new();
    trees.diff(base, theirs, &mut |path, before, after| {
        changed.push((path, before, after));
        Ok(())
    })?;
    let mut looker = Looker { trees, three, dirs: BTreeSet::new() };
    let adds = changed.iter().any(|(_, before, _)| before.is_none());
    let (mut changes, mut both) = (BTreeMap::new(), Both::new());
    for (path, before, after) in changed {
        let now = trees.find(ours, path.as_bytes())?;
        let clear = match (before, now, after) {
            (None, None, Some(_)) => looker.may_be_added(&path)?,
            (Some(b), Some(o), None) if b == o => !adds || looker.nothing_follows(&path)?,
            (Some(b), Some(o), Some(_)) if b == o => true,
            (Some(_), Some(o), Some(t)) if o == t => continue,
            (Some(b), Some(o), Some(t)) if [b, o, t].iter().all(|e| [MODE_FILE, MODE_EXEC].contains(&e.mode)) => {
                both.insert(path, [b, o, t]);
                continue;
            }
            _ => false,
        };
        if !clear {
            return Ok(Simple::Unclear);
        }
        changes.insert(path, after);
    }
    Ok(Simple::Changes(changes, both))
}

struct Looker<'a, 'r> {
    trees: &'a Trees<'r>,
    three: Three,
    /// Directories that were looked at for an added file.
    dirs: BTreeSet<Vec<u8>>,
}

impl Looker<'_, '_> {
    fn at(&self, tree: ObjectId, path: &[u8]) -> Result<Option<TreeEntry>> {
        self.trees.find(tree, path)
    }

    fn may_be_added(&mut self, path: &RepoPath) -> Result<bool> {
        for dir in path.ancestors() {
            if self.dirs.contains(dir) {
                continue;
            }
            let is_dir = |entry: Option<TreeEntry>| entry.is_some_and(|e| e.mode == MODE_TREE);
            match self.at(self.three.ours, dir)? {
                Some(entry) if entry.mode != MODE_TREE => return Ok(false),
                None if is_dir(self.at(self.three.base, dir)?) => return Ok(false),
                _ => drop(self.dirs.insert(dir.to_vec())),
            }
        }
        Ok(true)
    }

    fn nothing_follows(&self, path: &RepoPath) -> Result<bool> {
        for dir in path.ancestors() {
            let stays = self.at(self.three.theirs, dir)?.is_some_and(|e| e.mode == MODE_TREE);
            if !stays && self.at(self.three.ours, dir)? != self.at(self.three.base, dir)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
