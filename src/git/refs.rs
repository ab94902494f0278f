//! Refs: reading them (`ref_edit.rs` moves them).

use super::error::{GitContext, not_found, wrap};
use super::repo::Repo;
use crate::host::fs;
use crate::model::{ObjectId, RepoPath};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// More than any file of packed refs.
const MAX_PACKED: u64 = 1 << 30;

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

    /// The tool's own refs below `dir`. There can be ten thousands of them, and libgit2 takes several calls for each.
    fn own_references(&self, dir: &str) -> Result<Vec<Ref>> {
        let mut found = BTreeMap::new();
        // Files before packed refs, as git reads them: `git pack-refs` may move one from here to there meanwhile.
        read_loose(&self.common_dir().join(dir), dir.as_bytes(), &mut found)?;
        let packed = fs::read_capped(&self.common_dir().join("packed-refs"), MAX_PACKED)?.unwrap_or_default();
        for line in packed.split(|&b| b == b'\n') {
            let Some(name) = line.get(41..).filter(|name| name.starts_with(dir.as_bytes())) else { continue };
            if let Some(id) = line.get(..40).and_then(ObjectId::from_hex).filter(|_| name.get(dir.len()) == Some(&b'/'))
            {
                found.entry(RepoPath::new(name)).or_insert(Some(id));
            }
        }
        Ok(found.into_iter().filter_map(|(name, id)| Some(Ref { name, id: id? })).collect())
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

/// Refs that are files. What is no plain ref (a symbolic one, a damaged one) is `None`: as in git, it hides a packed one.
fn read_loose(dir: &Path, name: &[u8], found: &mut BTreeMap<RepoPath, Option<ObjectId>>) -> Result<()> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(e) => return Err(Error::io("cannot list the refs", &e)),
    };
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("cannot list the refs", &e))?;
        let full = RepoPath::join(name, entry.file_name().as_bytes());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            read_loose(&entry.path(), full.as_bytes(), found)?;
        } else if !full.as_bytes().ends_with(b".lock") {
            let text = match std::fs::read(entry.path()) {
                // Deleted or packed this moment.
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                text => text.map_err(|e| Error::io("cannot read a ref", &e))?,
            };
            found.insert(full, text.get(..40).and_then(ObjectId::from_hex).filter(|_| text.len() <= 64));
        }
    }
    Ok(())
}

/// Whether git accepts a full ref name.
pub fn is_ref_name(name: &str) -> bool {
    git2::Reference::is_valid_name(name)
}
