//! Where history begins: refs and `HEAD` of every worktree, and what their reflogs remember.

use super::index::Index;
use super::refs::{MAX_PACKED, list_loose};
use super::repo::Repo;
use crate::Result;
use crate::host::fs;
use crate::model::{ObjectId, RepoPath, Time, readable};
use std::collections::{BTreeMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// More than any reflog.
const MAX_REFLOG: u64 = 1 << 28;

/// Something that keeps objects: a ref, or the `HEAD` of a worktree.
#[derive(Clone, Debug)]
pub struct Tip {
    /// The full name of the ref; `HEAD`; with `worktrees/<id>/` in front where it belongs to a linked worktree.
    pub name: RepoPath,
    /// What it points to.
    pub id: ObjectId,
    /// What the tag that it points to leads to in the end, where `packed-refs` says so.
    pub peeled: Option<ObjectId>,
}

/// What a ref pointed to over time.
#[derive(Clone, Debug)]
pub struct Reflog {
    /// The ref, named as in [`Tip`].
    pub name: RepoPath,
    /// The branch that is checked out now, in the reflog of a `HEAD`.
    pub on: Option<String>,
    /// The oldest entry first.
    pub entries: Vec<ReflogEntry>,
}

/// One move of a ref.
#[derive(Clone, Debug)]
pub struct ReflogEntry {
    /// Before; `None`: the ref was made.
    pub old: Option<ObjectId>,
    /// After; `None`: the ref was removed.
    pub new: Option<ObjectId>,
    /// When.
    pub time: Time,
    /// Why, as git wrote it.
    pub message: String,
}

impl Repo {
    /// Every ref and `HEAD` of every worktree, damaged and symbolic ones left out.
    pub fn tips(&self) -> Result<Vec<Tip>> {
        let common = self.common_dir();
        let mut peeled = BTreeMap::new();
        let mut found = loose(common)?;
        let packed = fs::read_capped(&common.join("packed-refs"), MAX_PACKED)?.unwrap_or_default();
        let mut last: Option<RepoPath> = None;
        for line in packed.split(|&b| b == b'\n') {
            if let Some(id) = line.strip_prefix(b"^").and_then(ObjectId::from_hex) {
                peeled.extend(last.take().map(|name| (name, id)));
                continue;
            }
            let (Some(id), Some(name)) = (line.get(..40).and_then(ObjectId::from_hex), line.get(41..)) else {
                continue;
            };
            let name = RepoPath::new(name);
            last = (!found.contains_key(&name)).then(|| name.clone());
            found.entry(name).or_insert(Some(id));
        }
        for (prefix, dir) in self.worktree_dirs() {
            if dir != common {
                let own = loose(&dir)?;
                found
                    .extend(own.into_iter().map(|(name, id)| (RepoPath::new([&prefix, name.as_bytes()].concat()), id)));
            }
            let head = fs::read_capped(&dir.join("HEAD"), 4096).ok().flatten();
            let id = head.and_then(|head| ObjectId::from_hex(head.trim_ascii()));
            found.insert(RepoPath::new([&prefix[..], b"HEAD"].concat()), id);
        }
        let tip = |(name, id): (RepoPath, Option<ObjectId>)| {
            let peeled = peeled.get(&name).copied();
            Some(Tip { id: id?, peeled, name })
        };
        Ok(found.into_iter().filter_map(tip).collect())
    }

    /// All reflogs of all worktrees. Lines that make no sense are left out.
    pub fn reflogs(&self) -> Result<Vec<Reflog>> {
        let mut out = Vec::new();
        for (prefix, dir) in self.worktree_dirs() {
            let first = out.len();
            read_logs(&dir.join("logs"), &prefix, &mut out)?;
            let head = [&prefix[..], b"HEAD"].concat();
            if let Some(log) = out[first..].iter_mut().find(|log| log.name.as_bytes() == head) {
                let text = fs::read_capped(&dir.join("HEAD"), 4096).ok().flatten().unwrap_or_default();
                log.on = text.trim_ascii().strip_prefix(b"ref: refs/heads/").map(readable);
            }
        }
        Ok(out)
    }

    /// Objects that a merge, rebase, ... under way in any worktree names, an autostash among them.
    pub fn named_by_operations(&self) -> Vec<ObjectId> {
        const FILES: [&str; 5] = ["MERGE_HEAD", "MERGE_AUTOSTASH", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG"];
        const DIRS: [&str; 3] = ["rebase-merge", "rebase-apply", "sequencer"];
        const MAX_SIZE: u64 = 1 << 20;
        let mut out = Vec::new();
        for (_, dir) in self.worktree_dirs() {
            let mut files: Vec<PathBuf> = FILES.iter().map(|name| dir.join(name)).collect();
            for entry in DIRS.iter().filter_map(|name| std::fs::read_dir(dir.join(name)).ok()).flatten().flatten() {
                files.push(entry.path());
            }
            for bytes in files.iter().filter_map(|path| fs::read_capped(path, MAX_SIZE).ok().flatten()) {
                out.extend(bytes.split(|b| !b.is_ascii_hexdigit()).filter_map(ObjectId::from_hex));
            }
        }
        out
    }

    /// The blobs that the indexes of all worktrees name, whatever their stage.
    ///
    /// # Errors
    /// When the index of this worktree cannot be read; one of another is left out.
    pub fn staged_blobs(&self) -> Result<HashSet<ObjectId>> {
        let mut out = HashSet::new();
        for (_, dir) in self.worktree_dirs() {
            let path = dir.join("index");
            if !path.exists() {
                continue;
            }
            match Index::read(&path) {
                Ok(index) => out.extend((0..index.len()).map(|i| index.id(i))),
                Err(error) if dir == self.git_dir() => return Err(error),
                Err(_) => {}
            }
        }
        Ok(out)
    }

    /// The git directories of all worktrees, each with what stands before the names of its own refs.
    fn worktree_dirs(&self) -> Vec<(Vec<u8>, PathBuf)> {
        let mut out = vec![(Vec::new(), self.common_dir().to_owned())];
        let entries = std::fs::read_dir(self.common_dir().join("worktrees"));
        for entry in entries.into_iter().flatten().flatten() {
            out.push(([b"worktrees/", entry.file_name().as_bytes(), b"/"].concat(), entry.path()));
        }
        out
    }
}

/// The refs of a git directory that are files.
fn loose(dir: &Path) -> Result<BTreeMap<RepoPath, Option<ObjectId>>> {
    let mut found = Vec::new();
    list_loose(&dir.join("refs"), b"refs", &mut found)?;
    Ok(found.into_iter().filter(|(name, _)| !name.as_bytes().ends_with(b".lock")).collect())
}

fn read_logs(path: &Path, name: &[u8], out: &mut Vec<Reflog>) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(path) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = [name, entry.file_name().as_bytes()].concat();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            read_logs(&entry.path(), &[&name[..], b"/"].concat(), out)?;
        } else if let Some(bytes) = fs::read_capped(&entry.path(), MAX_REFLOG)? {
            let entries: Vec<ReflogEntry> = bytes.split(|&b| b == b'\n').filter_map(parse).collect();
            out.push(Reflog { name: RepoPath::new(name), on: None, entries });
        }
    }
    Ok(())
}

/// `<old> <new> Name <address> seconds zone<TAB>message`.
fn parse(line: &[u8]) -> Option<ReflogEntry> {
    let id = |at: usize| line.get(at..at + 40).and_then(ObjectId::from_hex);
    let set = |id: ObjectId| Some(id).filter(|id| id.as_bytes().iter().any(|b| *b != 0));
    let (old, new) = (id(0)?, id(41)?);
    let rest = line.get(81..)?;
    let (who, message) = match rest.iter().position(|&b| b == b'\t') {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, &[][..]),
    };
    let after = who.iter().rposition(|&b| b == b'>').map_or(&[][..], |at| &who[at + 1..]);
    let mut words = std::str::from_utf8(after).ok()?.split_ascii_whitespace();
    let seconds = words.next()?.parse().ok()?;
    let zone: i32 = words.next().and_then(|zone| zone.parse().ok()).unwrap_or(0);
    let time = Time::new(seconds, zone / 100 * 60 + zone % 100);
    Some(ReflogEntry { old: set(old), new: set(new), time, message: readable(message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_reflog() {
        let zero = "0".repeat(40);
        let id = ObjectId::EMPTY_BLOB;
        let entry = parse(format!("{zero} {id} A <a@b> 77 -0130\tcommit: x > y").as_bytes()).unwrap();
        assert_eq!((entry.old, entry.new, entry.message.as_str()), (None, Some(id), "commit: x > y"));
        assert_eq!(entry.time, Time::new(77, -90));
        assert!(parse(format!("{id} {id} A <a> 5 +0000").as_bytes()).unwrap().message.is_empty());
        for bad in [&b""[..], b"x y z", format!("{id} {id} A").as_bytes()] {
            assert!(parse(bad).is_none());
        }
    }
}
