//! Where objects are: the repository's own store, and those it borrows from.

use crate::git::Handles;
use crate::host::{env, fs};
use crate::{Error, Result};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A directory of objects.
#[derive(Debug)]
pub(super) struct Store {
    pub path: PathBuf,
    /// Whether it belongs to another repository.
    pub borrowed: bool,
}

/// How far repositories may borrow from one another, as in git.
const MAX_DEPTH: usize = 6;
/// More than any list of alternates.
const MAX_LIST: u64 = 1 << 20;

/// The repository's own store first, then the alternates.
pub(super) fn stores(repo: &Handles) -> Result<Vec<Store>> {
    let own = env::var_os("GIT_OBJECT_DIRECTORY").map(PathBuf::from).unwrap_or(repo.common_dir().join("objects"));
    let mut seen = BTreeSet::new();
    seen.insert(own.canonicalize().map_err(|e| Error::io("cannot find the objects of this repository", &e))?);
    let mut out = vec![Store { path: own.clone(), borrowed: false }];
    let mut level = vec![own];
    for _ in 0..MAX_DEPTH {
        let mut next = Vec::new();
        for dir in level {
            let list = fs::read_capped(&dir.join("info/alternates"), MAX_LIST)?.unwrap_or_default();
            for line in list.split(|&b| b == b'\n').filter(|line| !line.is_empty() && line[0] != b'#') {
                // An alternate that is gone is no error for git either.
                let Ok(path) = dir.join(OsStr::from_bytes(line)).canonicalize() else { continue };
                if seen.insert(path.clone()) {
                    out.push(Store { path: path.clone(), borrowed: true });
                    next.push(path);
                }
            }
        }
        level = next;
    }
    Ok(out)
}

/// The packs of a store by their paths without an ending: those that have both a pack and an index.
pub(super) fn packs(store: &Store) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(store.path.join("pack")) else { return Vec::new() };
    let names: BTreeSet<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let is_whole =
        |path: &Path| path.extension() == Some(OsStr::new("idx")) && names.contains(&path.with_extension("pack"));
    names.iter().filter(|path| is_whole(path)).map(|path| path.with_extension("")).collect()
}
