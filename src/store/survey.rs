//! What differs from the commit, in numbers. Nothing is saved, and only what stat data leaves open is read.

use super::capture::{Saved, Saver};
use super::scene::{Wanted, look, present_attributes};
use crate::Result;
use crate::git::{Attributes, Index, MODE_LINK, ObjectSink, Repo, staged};
use crate::model::{FileKind, ObjectId, RepoPath};
use crate::worktree::{EntryState, Root, Scan};
use std::collections::BTreeSet;

/// How many paths differ, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Staged changes.
    pub staged: u64,
    /// Changes that are not staged.
    pub unstaged: u64,
    /// Files that git does not know.
    pub untracked: u64,
    /// Paths with an unresolved conflict.
    pub conflicts: u64,
    /// Changed files that git was told to overlook.
    pub hidden: u64,
}

impl Survey {
    /// Looks at the worktree; `head_tree` is the tree of the commit, the empty tree when there is none.
    pub fn take(repo: &Repo, head_tree: ObjectId) -> Result<Survey> {
        let (mut index, check) = Index::read_unchecked(&repo.index_path())?;
        index.set_trust(repo.stat_trust());
        let wanted = Wanted::default();
        let scan = check.before(look(repo, &wanted, &index))?;
        let attributes = present_attributes(repo, &wanted, &index, &scan)?;
        let differing = Look { repo, index: &index, scan: &scan, attributes: &attributes }.differing()?;
        // In a sparse checkout git takes the mark off a file that is there all the same.
        let on = |key| repo.config_bool(key) == Some(true);
        let skip_hides = !on("core.sparsecheckout") || on("sparse.expectfilesoutsideofpatterns");
        let is_hidden = |i: &&usize| {
            let flags = index.flags(**i);
            flags.assume_unchanged || (flags.skip_worktree && skip_hides)
        };
        let hidden = differing.iter().filter(is_hidden).count() as u64;
        let conflicts: BTreeSet<&[u8]> =
            (0..index.len()).filter(|i| index.stage(*i) > 0).map(|i| index.path(i)).collect();
        Ok(Survey {
            staged: staged(&repo.trees()?, &index, head_tree)?.len() as u64,
            unstaged: differing.len() as u64 - hidden,
            untracked: scan.untracked.len() as u64,
            conflicts: conflicts.len() as u64,
            hidden,
        })
    }

    /// Paths that a commit would not hold.
    pub fn unsaved(&self) -> u64 {
        self.staged + self.unstaged + self.untracked + self.conflicts + self.hidden
    }
}

struct Look<'a> {
    repo: &'a Repo,
    index: &'a Index,
    scan: &'a Scan,
    attributes: &'a Attributes,
}

impl Look<'_> {
    /// The entries, conflicts apart, whose file is not what they say.
    fn differing(&self) -> Result<Vec<usize>> {
        let mut out = Vec::new();
        let mut unsure = Vec::new();
        for (i, state) in self.scan.entries.iter().enumerate().filter(|(i, _)| self.index.stage(*i) == 0) {
            match state {
                EntryState::Missing | EntryState::Blocked(_) => out.push(i),
                EntryState::Suspect(_) if self.index.flags(i).intent_to_add => out.push(i),
                EntryState::Suspect(stat) if self.size_tells(i, stat.size, stat.is_file()) => out.push(i),
                EntryState::Suspect(_) => unsure.push(i),
                _ => {}
            }
        }
        let root = Root::open(self.repo.root())?;
        let paths: Vec<RepoPath> = unsure.iter().map(|i| RepoPath::new(self.index.path(*i))).collect();
        let sink = ObjectSink::naming_only(self.repo);
        let (repo, index, attributes) = (self.repo, self.index, self.attributes);
        let saver = Saver { repo, root: &root, attributes, index, sink: &sink };
        let read = saver.save_all(&paths, &|_| {})?;
        out.extend(
            unsure.into_iter().zip(read).filter(|(i, saved)| !self.is_entry(*i, saved.as_ref())).map(|(i, _)| i),
        );
        Ok(out)
    }

    /// Whether the size alone shows that the content is another one: then nothing has to be read.
    fn size_tells(&self, i: usize, size: u64, is_file: bool) -> bool {
        let plain =
            || self.attributes.is_trivial() || self.attributes.conversion(&RepoPath::new(self.index.path(i))).is_none();
        is_file
            && self.index.mode(i) != MODE_LINK
            && plain()
            && self.repo.blob_size(self.index.id(i)).is_ok_and(|stored| stored != size)
    }

    /// Whether git would call the file unchanged.
    fn is_entry(&self, i: usize, saved: Option<&Saved>) -> bool {
        let Some(saved) = saved else { return false };
        let mode = self.index.mode(i);
        let mode_counts = self.repo.config_bool("core.filemode") != Some(false) || saved.spec.kind == FileKind::Link;
        saved.clean == self.index.id(i) && (saved.tree_mode() == mode || (!mode_counts && mode != MODE_LINK))
    }
}
