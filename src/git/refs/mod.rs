//! Refs: reading them (`ref_edit.rs` moves them).

use super::error::{GitContext, not_found, wrap};
use super::repo::Repo;
use crate::Result;
use crate::model::{ObjectId, RepoPath};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::rc::Rc;

mod loose;
mod packed;

pub(super) use loose::{Loose, list as list_loose};
pub(super) use packed::{MAX_PACKED, Packed, PackedCache, name_of as name_in_packed};

/// A ref and what it points to directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref {
    /// The full name; names are bytes.
    pub name: RepoPath,
    /// A tag object or a commit.
    pub id: ObjectId,
}

impl Ref {
    /// The name, when it is valid UTF-8; git2 can look up no other.
    pub fn utf8_name(&self) -> Option<&str> {
        std::str::from_utf8(self.name.as_bytes()).ok()
    }
}

impl Repo {
    /// What a ref points to directly (a tag object is not followed, a symbolic ref is); `None` when there is none.
    pub fn reference(&self, name: &str) -> Result<Option<ObjectId>> {
        if is_shared(name) {
            match Loose::read(&self.common_dir().join(name))? {
                Loose::Plain(id) => return Ok(Some(id)),
                Loose::None => return Ok(self.packed_refs()?.find(name)),
                Loose::Symbolic(_) | Loose::Other => {}
            }
        }
        match self.git.find_reference(name) {
            Ok(found) => match found.resolve() {
                Ok(found) => Ok(found.target().map(Into::into)),
                Err(e) if not_found(&e) => Ok(None),
                Err(e) => Err(wrap(&format!("cannot read {name}"), &e)),
            },
            Err(e) if not_found(&e) || e.code() == git2::ErrorCode::InvalidSpec => Ok(None),
            Err(e) => Err(wrap(&format!("cannot read {name}"), &e)),
        }
    }

    /// Whether a ref has this name, be it symbolic, dangling or damaged.
    pub fn has_ref(&self, name: &str) -> bool {
        !matches!(self.git.find_reference(name), Err(e) if not_found(&e) || e.code() == git2::ErrorCode::InvalidSpec)
    }

    /// Whether there are refs below `name`: then no ref can have that name.
    pub fn has_refs_below(&self, name: &str) -> Result<bool> {
        let mut below = self.git.references_glob(&format!("{name}/*")).context("cannot list the refs")?;
        Ok(below.next().is_some())
    }

    /// What a shared ref points to that is neither symbolic nor damaged.
    fn plain_reference(&self, name: &str) -> Result<Option<ObjectId>> {
        match Loose::read(&self.common_dir().join(name))? {
            Loose::Plain(id) if is_shared(name) => Ok(Some(id)),
            Loose::None if is_shared(name) => Ok(self.packed_refs()?.find(name)),
            _ => Ok(None),
        }
    }

    pub(super) fn packed_refs(&self) -> Result<Rc<Packed>> {
        self.packed.read(&self.common_dir().join("packed-refs"))
    }

    /// Every ref below a directory, such as `refs/tags/*`, sorted by name; symbolic refs are left out.
    pub fn references(&self, dir: &str) -> Result<Vec<Ref>> {
        self.references_below(dir.trim_end_matches(['*', '/']).as_bytes())
    }

    fn references_below(&self, dir: &[u8]) -> Result<Vec<Ref>> {
        let prefix = [dir, b"/"].concat();
        if let Ok(dir) = std::str::from_utf8(&prefix)
            && is_of_worktree(dir)
        {
            return self.listed_by_libgit2(dir);
        }
        // Files before packed refs, as git reads them: `git pack-refs` may move one from here to there meanwhile.
        let mut found = Vec::new();
        loose::list(&self.common_dir().join(OsStr::from_bytes(dir)), dir, &mut found)?;
        found.retain(|(name, _)| is_ref_name(&String::from_utf8_lossy(name.as_bytes())));
        found.sort_unstable();
        let mut out = self.packed_refs()?.starting_with(&prefix);
        if !found.is_empty() {
            out.retain(|r| found.binary_search_by(|(name, _)| name.cmp(&r.name)).is_err());
            out.extend(found.into_iter().filter_map(|(name, id)| Some(Ref { name, id: id? })));
            out.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(out)
    }

    /// Refs that belong to one worktree: libgit2 knows where they are.
    fn listed_by_libgit2(&self, dir: &str) -> Result<Vec<Ref>> {
        let mut out = Vec::new();
        for found in self.git.references_glob(&format!("{dir}*")).context("cannot list the refs")? {
            let found = found.context("cannot list the refs")?;
            out.extend(found.target().map(|id| Ref { name: RepoPath::new(found.name_bytes()), id: id.into() }));
        }
        Ok(out)
    }

    /// Every ref but the tool's own: of those there can be very many, and they are not even looked at.
    pub fn user_references(&self) -> Result<Vec<Ref>> {
        let mut names: BTreeSet<Vec<u8>> = BTreeSet::new();
        for dir in [self.common_dir(), self.git_dir()] {
            let Ok(entries) = std::fs::read_dir(dir.join("refs")) else { continue };
            names.extend(entries.flatten().map(|entry| entry.file_name().into_vec()));
        }
        names.extend(self.packed_refs()?.top_names().into_iter().map(<[u8]>::to_vec));
        let mut out = Vec::new();
        for name in names.into_iter().filter(|name| name != b"rollback") {
            let full = [b"refs/", name.as_slice()].concat();
            out.extend(self.references_below(&full)?);
            // Such as the stash.
            if let Ok(full) = std::str::from_utf8(&full)
                && let Some(id) = self.plain_reference(full)?
            {
                out.push(Ref { name: RepoPath::new(full), id });
            }
        }
        out.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(out)
    }

    /// Branches (full names) that remotes call their default one.
    pub fn remote_defaults(&self) -> Vec<String> {
        let Ok(found) = self.git.references_glob("refs/remotes/*/HEAD") else { return Vec::new() };
        let targets = found.flatten().filter_map(|r| r.symbolic_target().ok().flatten().map(str::to_owned));
        targets
            .filter_map(|t| Some(format!("refs/heads/{}", t.strip_prefix("refs/remotes/")?.split_once('/')?.1)))
            .collect()
    }

    /// Names of branches that a linked worktree (or the main one) other than this has checked out, with its path.
    pub fn checked_out_elsewhere(&self) -> Vec<(String, String)> {
        let mut dirs = vec![(self.common_dir().to_owned(), self.common_dir().parent().map(|p| p.to_owned()))];
        if let Ok(entries) = std::fs::read_dir(self.common_dir().join("worktrees")) {
            for entry in entries.flatten() {
                let top = std::fs::read_to_string(entry.path().join("gitdir")).ok();
                let top = top.and_then(|t| std::path::Path::new(t.trim()).parent().map(|p| p.to_owned()));
                dirs.push((entry.path(), top));
            }
        }
        dirs.into_iter()
            .filter(|(dir, _)| dir != self.git_dir())
            .filter_map(|(dir, top)| {
                let head = std::fs::read_to_string(dir.join("HEAD")).ok()?;
                let bare = dir == self.common_dir() && self.config_bool("core.bare") == Some(true);
                let branch = head.strip_prefix("ref: ")?.trim().to_owned();
                (!bare).then(|| (branch, top.map_or_else(String::new, |p| p.display().to_string())))
            })
            .collect()
    }
}

/// Whether git accepts a full ref name.
pub fn is_ref_name(name: &str) -> bool {
    git2::Reference::is_valid_name(name)
}

/// Whether each worktree has refs of its own below this name.
pub(super) fn is_of_worktree(name: &str) -> bool {
    ["refs/bisect/", "refs/worktree/", "refs/rewritten/"].iter().any(|dir| name.starts_with(dir))
}

/// Whether a name is that of a ref that all worktrees share.
fn is_shared(name: &str) -> bool {
    name.starts_with("refs/") && is_ref_name(name) && !is_of_worktree(name)
}
