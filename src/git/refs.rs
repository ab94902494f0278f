//! Refs: reading them (`ref_edit.rs` moves them).

use super::error::{GitContext, not_found, wrap};
use super::repo::Repo;
use crate::Result;
use crate::host::fs;
use crate::model::{ObjectId, RepoPath};
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;

/// More than any file of packed refs.
pub(super) const MAX_PACKED: u64 = 1 << 30;

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

    /// Every ref whose name matches `glob`, sorted by name; symbolic refs are left out.
    pub fn references(&self, glob: &str) -> Result<Vec<Ref>> {
        if let Some(dir) = glob.strip_suffix("/*").filter(|dir| dir.starts_with("refs/rollback/")) {
            return self.own_references(dir);
        }
        let mut out = Vec::new();
        for found in self.git.references_glob(glob).context("cannot list the refs")? {
            let found = found.context("cannot list the refs")?;
            if let Some(id) = found.target() {
                out.push(Ref { name: RepoPath::new(found.name_bytes()), id: id.into() });
            }
        }
        out.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(out)
    }

    /// Every ref but the tool's own: of those there can be very many, and they are not even looked at.
    pub fn user_references(&self) -> Result<Vec<Ref>> {
        let mut names: BTreeSet<RepoPath> = BTreeSet::new();
        for dir in [self.common_dir(), self.git_dir()] {
            let Ok(entries) = std::fs::read_dir(dir.join("refs")) else { continue };
            names.extend(entries.flatten().map(|entry| RepoPath::new(entry.file_name().as_bytes())));
        }
        let packed = fs::read_capped(&self.common_dir().join("packed-refs"), MAX_PACKED)?.unwrap_or_default();
        for name in packed.split(|&b| b == b'\n').filter_map(|line| line.get(41..)?.strip_prefix(b"refs/")) {
            let first = name.split(|&b| b == b'/').next().unwrap_or_default();
            if names.last().is_none_or(|last| last.as_bytes() != first) {
                names.insert(RepoPath::new(first));
            }
        }
        // A glob is text; names that are not are rare enough to be found the long way.
        let Some(names) = names.iter().map(|n| std::str::from_utf8(n.as_bytes()).ok()).collect::<Option<Vec<_>>>()
        else {
            let mut all = self.references("refs/*")?;
            all.retain(|r| !r.name.as_bytes().starts_with(b"refs/rollback/"));
            return Ok(all);
        };
        let mut out = Vec::new();
        for name in names.into_iter().filter(|name| *name != "rollback" && !name.contains(['*', '?', '[', '\\'])) {
            out.extend(self.references(&format!("refs/{name}/*"))?);
            if let Ok(found) = self.git.find_reference(&format!("refs/{name}"))
                && let Some(id) = found.target()
            {
                out.push(Ref { name: RepoPath::new(found.name_bytes()), id: id.into() });
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
