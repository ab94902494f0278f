//! What is staged: the index against a tree. Directories that are equal are never read, and nothing is built.

use super::index::{CachedTree, Index};
use super::tree::{MODE_TREE, TreeEntry, Trees};
use crate::Result;
use crate::model::{ObjectId, RepoPath};
use std::collections::BTreeMap;
use std::ops::Range;

/// Paths that stand in the index otherwise than in `tree`. Conflicts, and files that are only intended to be
/// added, are not among them.
pub fn staged(trees: &Trees<'_>, index: &Index, tree: ObjectId) -> Result<Vec<RepoPath>> {
    let mut walk = Walk { trees, index, out: Vec::new() };
    walk.directory(0, 0..index.len(), index.cached_tree(), Some(tree))?;
    Ok(walk.out)
}

struct Walk<'a> {
    trees: &'a Trees<'a>,
    index: &'a Index,
    out: Vec<RepoPath>,
}

impl Walk<'_> {
    /// Compares the entries in `range`, which all share the first `prefix` bytes, with the tree `base`.
    fn directory(
        &mut self,
        prefix: usize,
        range: Range<usize>,
        cached: Option<CachedTree<'_>>,
        base: Option<ObjectId>,
    ) -> Result<()> {
        let whole = cached.filter(|c| c.entry_count().is_some_and(|n| n as usize == range.len()));
        if base.is_some() && whole.and_then(|c| c.id()) == base {
            return Ok(());
        }
        let entries = base.map_or_else(|| Ok(Vec::new()), |id| self.trees.read(id))?;
        let mut rest: BTreeMap<Vec<u8>, TreeEntry> = entries.into_iter().collect();
        let dir = if range.is_empty() { Vec::new() } else { self.index.path(range.start)[..prefix].to_vec() };
        let mut at = range.start;
        while at < range.end {
            let path = self.index.path(at).to_vec();
            let name = &path[prefix..];
            if let Some(slash) = name.iter().position(|&b| b == b'/') {
                let name = &name[..slash];
                let below = self.index.range_below_in(&path[..prefix + slash], at..range.end);
                let other = rest.remove(name);
                if other.is_some_and(|e| e.mode != MODE_TREE) {
                    self.out.push(RepoPath::new(&path[..prefix + slash]));
                }
                let tree = other.filter(|e| e.mode == MODE_TREE).map(|e| e.id);
                self.directory(prefix + slash + 1, below.clone(), cached.and_then(|c| c.child(name)), tree)?;
                at = below.end.max(at + 1);
            } else {
                let same = self.index.range_at(&path);
                let other = rest.remove(name);
                self.file(&path, same.clone(), other)?;
                at = same.end.max(at + 1);
            }
        }
        rest.into_iter().try_for_each(|(name, entry)| self.gone([dir.as_slice(), &name].concat(), entry))
    }

    fn file(&mut self, path: &[u8], entries: Range<usize>, other: Option<TreeEntry>) -> Result<()> {
        let i = entries.start;
        if self.index.stage(i) > 0 {
            return Ok(());
        }
        let entry = TreeEntry { mode: self.index.mode(i), id: self.index.id(i) };
        let there = (!self.index.flags(i).intent_to_add).then_some(entry);
        match other {
            Some(tree) if tree.mode == MODE_TREE => self.gone(path.to_vec(), tree)?,
            other if other == there => return Ok(()),
            _ => {}
        }
        self.out.push(RepoPath::new(path));
        Ok(())
    }

    /// What the tree has and the index has not.
    fn gone(&mut self, path: Vec<u8>, entry: TreeEntry) -> Result<()> {
        if entry.mode != MODE_TREE {
            self.out.push(RepoPath::new(path));
            return Ok(());
        }
        let files = self.trees.files(entry.id)?.into_keys();
        self.out.extend(files.map(|file| RepoPath::join(&path, file.as_bytes())));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Repo;
    use crate::git::testing::TestRepo;

    fn names(repo: &TestRepo) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let opened = Repo::open_at(repo.root()).unwrap();
        let head = opened.head().unwrap();
        let tree =
            opened.head_commit(&head).unwrap().map_or(ObjectId::EMPTY_TREE, |id| opened.commit(id).unwrap().tree);
        let index = Index::read(&opened.index_path()).unwrap();
        let found = staged(&opened.trees().unwrap(), &index, tree).unwrap();
        let mut ours: Vec<Vec<u8>> = found.iter().map(|path| path.as_bytes().to_vec()).collect();
        ours.sort();
        (ours, repo.git_list(&["diff", "--cached", "--no-renames", "--name-only", "-z"]))
    }

    #[test]
    fn the_same_paths_as_git_lists() {
        let repo = TestRepo::new();
        for path in ["a", "d/a", "d/e/a", "d/e/b", "f/a", "swap/x", "flip"] {
            repo.write(path, path);
        }
        repo.git(&["add", "-A"]);
        repo.git(&["commit", "-qm", "1"]);
        let (ours, git) = names(&repo);
        assert_eq!((ours.len(), git.len()), (0, 0));
        repo.write("d/e/a", "other");
        repo.write("new/deep/file", "n");
        repo.git(&["rm", "-qr", "f", "swap", "flip"]);
        repo.write("swap", "a file now");
        repo.write("flip/x", "a directory now");
        repo.git(&["add", "-A"]);
        repo.write("later", "x");
        repo.git(&["add", "-N", "later"]);
        let (ours, git) = names(&repo);
        assert_eq!(ours, git);
        assert_eq!(ours.len(), 7);
    }

    #[test]
    fn no_commit_yet() {
        let repo = TestRepo::new();
        repo.write("d/a", "x");
        repo.git(&["add", "-A"]);
        let (ours, _) = names(&repo);
        assert_eq!(ours, [b"d/a".to_vec()]);
    }
}
