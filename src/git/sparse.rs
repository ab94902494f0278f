//! Which paths a sparse checkout wants (<https://git-scm.com/docs/git-sparse-checkout>).

use super::repo::Repo;
use crate::model::RepoPath;
use crate::{Error, Result};
use gix_ignore::Search;
use gix_ignore::search::Ignore;

/// The patterns of a sparse checkout.
pub struct SparsePatterns {
    search: Search,
}

impl SparsePatterns {
    /// The patterns in force; `None`: the checkout is not sparse.
    pub fn of(repo: &Repo) -> Result<Option<SparsePatterns>> {
        if repo.config_bool("core.sparsecheckout") != Some(true) {
            return Ok(None);
        }
        let path = repo.git_dir().join("info/sparse-checkout");
        let Some(bytes) = crate::host::fs::read_capped(&path, 64 << 20)? else { return Ok(None) };
        let mut search = Search::default();
        search
            .add_patterns_buffer(&bytes, "sparse-checkout", None, Ignore::default())
            .map_err(|e| Error::io("cannot read the sparse-checkout patterns", &e))?;
        Ok(Some(SparsePatterns { search }))
    }

    /// Whether a file belongs into the worktree: the last pattern that matches it or, failing that, the nearest
    /// directory above it decides.
    pub fn includes(&self, path: &RepoPath) -> bool {
        let mut names = vec![(path.as_bytes(), false)];
        let parents: Vec<&[u8]> = path.ancestors().collect();
        names.extend(parents.into_iter().rev().map(|dir| (dir, true)));
        for (name, is_dir) in names {
            let case = gix_glob::pattern::Case::Sensitive;
            if let Some(found) = self.search.pattern_matching_relative_path(name.into(), Some(is_dir), case) {
                return !found.pattern.is_negative();
            }
        }
        false
    }
}
