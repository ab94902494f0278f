//! Some paths, each with all that is below it.

use super::RepoPath;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Files and directories by name; a directory stands for all that is below it. The empty path cannot be among them:
/// whoever means everything has no set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PathSet(BTreeSet<RepoPath>);

impl PathSet {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The paths as they were named.
    pub fn iter(&self) -> impl Iterator<Item = &RepoPath> {
        self.0.iter()
    }

    /// Whether a path is one of them, or below one.
    pub fn covers(&self, path: &[u8]) -> bool {
        let named = |path: &[u8]| self.0.contains(path);
        named(path) || path.iter().enumerate().any(|(at, byte)| *byte == b'/' && named(&path[..at]))
    }

    /// Whether anything below a directory is covered.
    pub fn reaches_below(&self, dir: &[u8]) -> bool {
        let is_below = |path: &RepoPath| path.as_bytes().strip_prefix(dir).is_some_and(|rest| rest.starts_with(b"/"));
        let next = [dir, b"/"].concat();
        self.covers(dir) || self.0.range(RepoPath::new(next)..).next().is_some_and(is_below)
    }
}

impl FromIterator<RepoPath> for PathSet {
    fn from_iter<I: IntoIterator<Item = RepoPath>>(paths: I) -> Self {
        PathSet(paths.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_stands_for_what_is_below() {
        let set: PathSet = ["a/b/c", "d"].map(RepoPath::from).into_iter().collect();
        assert!(["a/b/c", "a/b/c/d", "d", "d/e"].iter().all(|path| set.covers(path.as_bytes())));
        assert!(!["a", "a/b", "a/b/cc", "dd", "e"].iter().any(|path| set.covers(path.as_bytes())));
        assert!(["a", "a/b", "a/b/c", "d/e"].iter().all(|dir| set.reaches_below(dir.as_bytes())));
        assert!(!["a/bb", "a-b", "e", "a/b/d"].iter().any(|dir| set.reaches_below(dir.as_bytes())));
    }
}
