//! Files by their paths, wherever they are: in a commit, or in memory.

use crate::Result;
use crate::git::{MODE_FILE, MODE_LINK, Repo, TreeEntry, Trees};
use crate::model::{ObjectId, RepoPath};
use std::collections::BTreeMap;

/// More than any manifest or lock file.
const MAX_SIZE: u64 = 32 << 20;

/// Files that can be listed and read. Paths have `/` between their parts, and are relative to the top.
pub trait Tree {
    /// The paths of all regular files whose names are text, sorted.
    fn paths(&self) -> Vec<&str>;

    /// The bytes of a file; `None`: it is not there.
    ///
    /// # Errors
    /// A fault when it cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>>;
}

impl Tree for BTreeMap<String, Vec<u8>> {
    fn paths(&self) -> Vec<&str> {
        self.keys().map(String::as_str).collect()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.get(path).cloned())
    }
}

/// The files of a commit, or of a tree.
pub struct CommitTree<'r> {
    repo: &'r Repo,
    files: BTreeMap<String, ObjectId>,
    /// Reads what need not be in the repository yet.
    reader: Option<&'r Reader<'r>>,
}

/// Reads a blob.
type Reader<'r> = dyn Fn(ObjectId) -> Result<Vec<u8>> + 'r;

impl<'r> CommitTree<'r> {
    /// The files of `commit`.
    ///
    /// # Errors
    /// A fault when an object of it is missing.
    pub fn of(repo: &'r Repo, commit: ObjectId) -> Result<CommitTree<'r>> {
        let files = plain_files(&repo.trees()?, repo.commit(commit)?.tree)?;
        Ok(CommitTree { repo, files, reader: None })
    }

    /// The files of a tree that may be new: `trees` has it, and `reader` reads its blobs.
    ///
    /// # Errors
    /// A fault when a tree is missing.
    pub fn of_new(repo: &'r Repo, trees: &Trees<'_>, tree: ObjectId, reader: &'r Reader<'r>) -> Result<CommitTree<'r>> {
        Ok(CommitTree { repo, files: plain_files(trees, tree)?, reader: Some(reader) })
    }
}

fn plain_files(trees: &Trees<'_>, tree: ObjectId) -> Result<BTreeMap<String, ObjectId>> {
    let plain = |(path, entry): (RepoPath, TreeEntry)| {
        let regular = entry.mode & 0o170_000 == MODE_FILE & 0o170_000 && entry.mode != MODE_LINK;
        Some((String::from_utf8(path.as_bytes().to_vec()).ok().filter(|_| regular)?, entry.id))
    };
    Ok(trees.files(tree)?.into_iter().filter_map(plain).collect())
}

impl Tree for CommitTree<'_> {
    fn paths(&self) -> Vec<&str> {
        self.files.keys().map(String::as_str).collect()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let Some(id) = self.files.get(path) else { return Ok(None) };
        if let Some(reader) = self.reader {
            return reader(*id).map(Some);
        }
        if self.repo.blob_size(*id)? > MAX_SIZE {
            return Err(crate::Error::refused(format!("{path} is too big for a version file")));
        }
        self.repo.blob(*id).map(Some)
    }
}

/// A tree with some files changed.
pub(super) struct Changed<'t> {
    pub below: &'t dyn Tree,
    pub files: &'t BTreeMap<String, Vec<u8>>,
}

impl Tree for Changed<'_> {
    fn paths(&self) -> Vec<&str> {
        self.below.paths()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        self.files.get(path).map_or_else(|| self.below.read(path), |bytes| Ok(Some(bytes.clone())))
    }
}
