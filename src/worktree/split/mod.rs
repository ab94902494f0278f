//! Which parts of an ignored entry can be moved away whole.

use super::listing::{Dir, Listing, Top};
use super::scan::Found;
use crate::git::ignore::Keep;
use crate::model::RepoPath;
use crate::{Error, Result};
use rustix::fs::FileType;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An ignored entry taken apart. All lists are sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SplitIgnored {
    /// The largest entries that can be renamed away without taking anything along that must stay.
    pub movable: Vec<Found>,
    /// Paths named by a keep pattern.
    pub kept: Vec<RepoPath>,
    /// Directories with a repository of their own.
    pub nested: Vec<RepoPath>,
    /// Mount points.
    pub mounted: Vec<RepoPath>,
    /// Directories that cannot be read: nobody knows what is in them, so they stay.
    pub unreadable: Vec<RepoPath>,
}

/// Takes the topmost ignored `entry` apart, so that what `keep` names, nested repositories and the
/// mount points in `mounts` (relative to `root`, see [`crate::host::mounts::mount_points_below`]) stay.
///
/// # Errors
///
/// `root` cannot be opened, or something below cannot be looked at.
pub fn split_ignored(root: &Path, entry: &Found, keep: &Keep, mounts: &[PathBuf]) -> Result<SplitIgnored> {
    let top = Top::open(root).map_err(|error| Error::io(format!("cannot open {}", root.display()), &error))?;
    let mounts = mounts.iter().map(|path| bytes_of(path)).collect();
    let mut split = Splitter { top, keep, mounts, found: SplitIgnored::default() };
    split.run(entry)?;
    let mut found = split.found;
    found.movable.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    for list in [&mut found.kept, &mut found.nested, &mut found.mounted, &mut found.unreadable] {
        list.sort_unstable();
    }
    Ok(found)
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

struct Splitter<'a> {
    top: Top,
    keep: &'a Keep,
    mounts: BTreeSet<Vec<u8>>,
    found: SplitIgnored,
}

impl Splitter<'_> {
    fn run(&mut self, entry: &Found) -> Result<()> {
        let path = &entry.path;
        if self.keep.covers(path.as_bytes(), entry.stat.is_dir()) {
            self.found.kept.push(path.clone());
        } else if self.mounts.contains(path.as_bytes()) {
            self.found.mounted.push(path.clone());
        } else if !entry.stat.is_dir() {
            self.found.movable.push(entry.clone());
        } else {
            self.find_blockers(path)?;
            let SplitIgnored { kept, nested, mounted, unreadable, .. } = &self.found;
            let blockers: BTreeSet<RepoPath> =
                [kept, nested, mounted, unreadable].into_iter().flatten().cloned().collect();
            if blockers.is_empty() {
                self.found.movable.push(entry.clone());
            } else if !blockers.contains(path) {
                self.collect_movable(path, &blockers)?;
            }
        }
        Ok(())
    }

    /// Walks the whole directory for what must stay; what must stay is not entered.
    fn find_blockers(&mut self, path: &RepoPath) -> Result<()> {
        let mut listing = Listing::default();
        let mut stack: Vec<(RepoPath, Option<Arc<Dir>>)> = vec![(path.clone(), None)];
        while let Some((path, parent)) = stack.pop() {
            let opened = self.top.open_dir(parent.as_deref(), path.as_bytes());
            drop(parent);
            let Ok(dir) = opened.and_then(|dir| listing.fill(&dir).map(|()| dir)) else {
                self.found.unreadable.push(path);
                continue;
            };
            if listing.is_repository() {
                self.found.nested.push(path);
                continue;
            }
            let first = stack.len();
            for (name, kind) in listing.iter() {
                let child = RepoPath::join(path.as_bytes(), name);
                let is_dir = kind == FileType::Directory;
                if self.keep.names(child.as_bytes(), is_dir) {
                    self.found.kept.push(child);
                } else if self.mounts.contains(child.as_bytes()) {
                    self.found.mounted.push(child);
                } else if is_dir {
                    stack.push((child, None));
                }
            }
            if stack.len() > first
                && let Some(dir) = self.top.hold(dir)
            {
                stack[first..].iter_mut().for_each(|(_, parent)| *parent = Some(Arc::clone(&dir)));
            }
        }
        Ok(())
    }

    /// Takes everything in `path` that neither is nor holds a blocker.
    fn collect_movable(&mut self, path: &RepoPath, blockers: &BTreeSet<RepoPath>) -> Result<()> {
        let mut listing = Listing::default();
        let mut stack = vec![path.clone()];
        while let Some(path) = stack.pop() {
            let cannot = |error| Error::io(format!("cannot read the directory `{path}`"), &error);
            let dir = self.top.open_dir(None, path.as_bytes()).map_err(cannot)?;
            listing.fill(&dir).map_err(cannot)?;
            for (name, _) in listing.iter() {
                let child = RepoPath::join(path.as_bytes(), name);
                if blockers.contains(&child) {
                    continue;
                }
                let below = RepoPath::join(child.as_bytes(), b"");
                let next = blockers.range(below.clone()..).next();
                if next.is_some_and(|next| next.as_bytes().starts_with(below.as_bytes())) {
                    stack.push(child);
                } else if let Some(stat) = dir.lstat(name).map_err(cannot)? {
                    self.found.movable.push(Found { path: child, stat });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
