//! A state to go to, whatever it comes from.

use crate::Result;
use crate::git::{MODE_EXEC, MODE_FILE, Repo};
use crate::model::{
    DirSpec, FileKind, FileSpec, GitFile, IndexEntry, NestedRepo, ObjectId, PathSet, Perms, RepoPath, SubmoduleAt,
};
use crate::store::snapshot::Snapshot;
use std::collections::{BTreeMap, BTreeSet};

/// What the worktree and the index shall be.
#[derive(Debug)]
pub struct Target {
    /// The tree of the tracked files.
    pub tree: ObjectId,
    /// The tree of the index.
    pub index_tree: ObjectId,
    /// Entries of the index that its tree does not tell.
    pub index: BTreeMap<RepoPath, Vec<IndexEntry>>,
    /// Files that the tree does not tell exactly: untracked ones, unusual bits or bytes.
    pub files: BTreeMap<RepoPath, FileSpec>,
    /// The permission bits of all other files.
    pub perms: Option<Perms>,
    /// Tracked paths that shall not be on disk.
    pub absent: BTreeSet<RepoPath>,
    /// The topmost ignored entries that stood there; `None`: not known.
    pub ignored: Option<BTreeSet<RepoPath>>,
    /// Empty directories.
    pub empty_dirs: Vec<DirSpec>,
    /// Directories with unusual permission bits.
    pub dirs: Vec<DirSpec>,
    /// The state of a merge, rebase, ... under way.
    pub git_files: Vec<GitFile>,
    /// Nested repositories, file by file.
    pub nested: Vec<NestedRepo>,
    /// Snapshots inside submodules.
    pub submodules: Vec<SubmoduleAt>,
    /// What stood there and was not saved: it stays.
    pub skipped: BTreeSet<RepoPath>,
    /// The paths that it tells of; `None`: all.
    pub scope: Option<PathSet>,
    /// The state is exact: what it does not have was not there.
    pub exact: bool,
}

impl Target {
    /// The content of a commit: untracked files, permission bits and the like are not its business.
    pub fn of_tree(tree: ObjectId) -> Target {
        Target {
            tree,
            index_tree: tree,
            index: BTreeMap::new(),
            files: BTreeMap::new(),
            perms: None,
            absent: BTreeSet::new(),
            ignored: None,
            empty_dirs: Vec::new(),
            dirs: Vec::new(),
            git_files: Vec::new(),
            nested: Vec::new(),
            submodules: Vec::new(),
            skipped: BTreeSet::new(),
            scope: None,
            exact: false,
        }
    }

    /// The bytes of one regular file of it.
    pub fn file(&self, repo: &Repo, path: &RepoPath) -> Result<Option<Vec<u8>>> {
        if self.absent.contains(path) {
            return Ok(None);
        }
        let blob = match self.files.get(path) {
            Some(spec) => (spec.kind == FileKind::File).then_some(spec.blob),
            None => {
                let entry = repo.trees()?.find(self.tree, path.as_bytes())?;
                entry.filter(|e| e.mode == MODE_FILE || e.mode == MODE_EXEC).map(|e| e.id)
            }
        };
        blob.map(|id| repo.blob(id)).transpose()
    }

    /// The exact state that a snapshot holds.
    pub fn of_snapshot(repo: &Repo, snapshot: &Snapshot) -> Result<Target> {
        let manifest = &snapshot.manifest;
        Ok(Target {
            tree: snapshot.work_tree,
            index_tree: snapshot.index_tree,
            index: manifest.index.iter().map(|at| (at.path.clone(), at.entries.clone())).collect(),
            files: snapshot.exact_files(repo)?,
            perms: Some(manifest.perms),
            absent: manifest.absent.iter().cloned().collect(),
            ignored: manifest.ignored_in_place.as_ref().map(|paths| paths.iter().cloned().collect()),
            empty_dirs: manifest.empty_dirs.clone(),
            dirs: manifest.dirs.clone(),
            git_files: manifest.git_files.clone(),
            nested: manifest.nested.clone(),
            submodules: manifest.submodules.clone(),
            skipped: manifest.skipped.iter().map(|s| s.path.clone()).collect(),
            scope: manifest.scope.clone(),
            exact: true,
        })
    }
}
