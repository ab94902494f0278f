//! Moving refs one at a time, each with its expected old value.
//!
//! Not through libgit2: a run that is killed must leave only locks that the next run recognises as ours.
//! Formats: <https://git-scm.com/docs/gitrepository-layout>.

use super::reflog;
use super::refs::{Loose, MAX_PACKED, is_of_worktree, is_ref_name};
use super::repo::Repo;
use crate::host::fs;
use crate::host::gitlock::GitLock;
use crate::model::{ObjectId, Who};
use crate::{Error, Kind, Result};
use std::path::{Path, PathBuf};

const STASH: &str = "refs/stash";
/// More than any reflog here.
const MAX_LOG: u64 = 1 << 30;

impl Repo {
    /// Moves, makes (`old` is `None`) or deletes (`new` is `None`) a ref. Already as wanted: nothing happens.
    ///
    /// # Errors
    /// Busy when the ref is neither `old` nor `new`, or locked by another command.
    pub fn edit_ref(
        &self,
        name: &str,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        who: &Who,
        message: &str,
    ) -> Result<()> {
        if self.reference(name)? == new {
            return self.settle_log(name, new, who, message);
        }
        if let Some(id) = new.filter(|id| !self.exists(*id)) {
            return Err(Error::fault(format!("{name} cannot be set: object {id} is not there")));
        }
        let name = &self.behind_links(name);
        let path = self.ref_path(name)?;
        self.make_room(name, &path)?;
        let lock = GitLock::take(&self.private_name(name), &path)?;
        let now = self.reference(name)?;
        if now == new {
            return lock.release();
        }
        if now != old {
            lock.release()?;
            return Err(moved_meanwhile(name, old, now, new));
        }
        let Some(id) = new else {
            self.remove_packed(name)?;
            fs::remove_file_if_exists(&path)?;
            // Somebody may have packed it in between.
            self.remove_packed(name)?;
            self.remove_log(name)?;
            return lock.release();
        };
        self.log_move(name, old, id, who, message)?;
        lock.publish(|out| writeln!(out, "{id}").map_err(|e| Error::io(format!("cannot write {name}"), &e)))
    }

    /// The stash list, newest first: commit and message.
    pub fn stashes(&self) -> Result<Vec<(ObjectId, String)>> {
        if self.reference(STASH)?.is_none() {
            return Ok(Vec::new());
        }
        let lines = self.stash_lines()?;
        let read = |line: &Vec<u8>| {
            let message = line.iter().position(|&b| b == b'\t').map_or(&[][..], |at| &line[at + 1..]);
            Some((ObjectId::from_hex(line.get(41..81)?)?, String::from_utf8_lossy(message).into_owned()))
        };
        Ok(lines.iter().rev().filter_map(read).collect())
    }

    fn stash_lines(&self) -> Result<Vec<Vec<u8>>> {
        let text = fs::read_capped(&self.log_path(STASH), MAX_LOG)?.unwrap_or_default();
        Ok(text.split(|&b| b == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect())
    }

    /// Puts a commit on top of the stash list, as `git stash store` does. Already on the list: nothing happens.
    pub fn add_stash(&self, commit: ObjectId, who: &Who, message: &str) -> Result<()> {
        let list = self.stashes()?;
        let listed = list.iter().any(|(id, _)| *id == commit);
        let top = self.reference(STASH)?;
        let path = self.ref_path(STASH)?;
        // A run that died may have written the line, and the ref still names the entry below it.
        if listed && (top == Some(commit) || list.first().is_none_or(|(newest, _)| *newest != commit)) {
            return Ok(());
        }
        let lock = GitLock::take(&self.private_name(STASH), &path)?;
        if !listed {
            // The list is the reflog; a ref that is there already was set by a run that died before the line.
            let old = top.filter(|top| *top != commit);
            reflog::append(&self.log_path(STASH), old, commit, who, message)?;
        }
        lock.publish(|out| writeln!(out, "{commit}").map_err(|e| Error::io("cannot write the stash list", &e)))
    }

    /// Takes a commit off the stash list, as `git stash drop` does. Not on the list: nothing happens.
    pub fn remove_stash(&self, commit: ObjectId) -> Result<()> {
        let lines = self.stash_lines()?;
        let hex = commit.to_string();
        let rest: Vec<&Vec<u8>> = lines.iter().filter(|line| line.get(41..81) != Some(hex.as_bytes())).collect();
        let top = self.reference(STASH)?;
        if rest.len() == lines.len() && top != Some(commit) {
            // A run that died before it had written the first line left an empty file.
            return if top.is_none() && lines.is_empty() { self.remove_log(STASH) } else { Ok(()) };
        }
        let lock = GitLock::take(&self.private_name(STASH), &self.ref_path(STASH)?)?;
        let Some(newest) = rest.last().and_then(|line| ObjectId::from_hex(line.get(41..81)?)) else {
            self.remove_packed(STASH)?;
            fs::remove_file_if_exists(&self.ref_path(STASH)?)?;
            fs::remove_file_if_exists(&self.log_path(STASH))?;
            return lock.release();
        };
        self.write_whole(&self.log_path(STASH), &rewritten(&rest))?;
        lock.publish(|out| writeln!(out, "{newest}").map_err(|e| Error::io("cannot write the stash list", &e)))
    }

    /// Removes locks on refs that a run of ours left that died. Only under our lock.
    pub fn clear_ref_locks(&self) -> Result<()> {
        let Ok(entries) = std::fs::read_dir(self.area()) else { return Ok(()) };
        for entry in entries.flatten() {
            let file = entry.file_name();
            let Some(name) = file.to_str().and_then(|f| f.strip_prefix(PRIVATE)).and_then(decode) else { continue };
            if let Ok(path) = self.ref_path(&name) {
                GitLock::clear_stale(&entry.path(), &path)?;
            }
        }
        self.clear_config_lock()?;
        GitLock::clear_stale(&self.private_packed(), &self.packed_path())
    }

    /// Writes a file below the git directory whole. What a run that dies leaves of it lies in the area, where the next run clears it.
    pub fn write_whole(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let area = self.area();
        fs::create_dir_all_private(&area)?;
        fs::write_atomic_from(&area, path, bytes)
    }

    /// The ref that a symbolic one leads to: that is the one that moves.
    fn behind_links(&self, name: &str) -> String {
        let mut name = name.to_owned();
        for _ in 0..5 {
            match Loose::read(&self.base_of(&name).join(&name)) {
                Ok(Loose::Symbolic(target)) if target.starts_with("refs/") && is_ref_name(&target) => name = target,
                _ => break,
            }
        }
        name
    }

    pub(super) fn private_name(&self, name: &str) -> PathBuf {
        self.area().join(format!("{PRIVATE}{}", encode(name)))
    }

    /// Whether a ref belongs to one worktree alone.
    pub(super) fn base_of(&self, name: &str) -> &Path {
        if name == "HEAD" || is_of_worktree(name) { self.git_dir() } else { self.common_dir() }
    }

    pub(super) fn ref_path(&self, name: &str) -> Result<PathBuf> {
        if !name.starts_with("refs/") || !is_ref_name(name) {
            return Err(Error::fault(format!("{name:?} is not the name of a ref")));
        }
        Ok(self.base_of(name).join(name))
    }

    /// Directories for a new ref; refs whose names are the beginning of each other cannot both be.
    fn make_room(&self, name: &str, path: &Path) -> Result<()> {
        for (at, _) in name.match_indices('/').skip(1) {
            if self.reference(&name[..at])?.is_some() {
                return Err(Error::refused(format!("{name} cannot be made: there is a ref {}", &name[..at])));
            }
        }
        if path.is_dir() {
            remove_empty_dirs(path);
            if path.is_dir() {
                return Err(Error::refused(format!("{name} cannot be made: there are refs below that name")));
            }
        }
        path.parent().map_or(Ok(()), fs::create_dir_all)
    }

    pub(super) fn packed_path(&self) -> PathBuf {
        self.common_dir().join("packed-refs")
    }

    /// Our second name for the lock of `packed-refs`.
    pub(super) fn private_packed(&self) -> PathBuf {
        self.area().join("lock-packed-refs")
    }

    fn remove_packed(&self, name: &str) -> Result<()> {
        let path = self.packed_path();
        let Some(text) = fs::read_capped(&path, MAX_PACKED)? else { return Ok(()) };
        if !lines_of(&text).any(|line| names(line, name)) {
            return Ok(());
        }
        let lock = GitLock::take(&self.private_packed(), &path)?;
        let text = fs::read_capped(&path, MAX_PACKED)?.unwrap_or_default();
        lock.publish(|out| {
            let mut skip = false;
            for line in lines_of(&text) {
                // A line with `^` is the peeled value of the ref before it.
                skip = if line.starts_with(b"^") { skip } else { names(line, name) };
                if !skip {
                    out.write_all(line).map_err(|e| Error::io("cannot write packed-refs", &e))?;
                }
            }
            Ok(())
        })
    }
}

/// The lines of a reflog from which one was taken: each begins where the one before ends.
fn rewritten(lines: &[&Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut before = "0".repeat(40).into_bytes();
    for line in lines {
        out.extend_from_slice(&before);
        out.extend_from_slice(&line[40..]);
        out.push(b'\n');
        before = line.get(41..81).unwrap_or_default().to_vec();
    }
    out
}

fn lines_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&b| b == b'\n')
}

fn names(line: &[u8], name: &str) -> bool {
    line.get(41..).is_some_and(|rest| rest.trim_ascii_end() == name.as_bytes())
}

/// Only when there is nothing in them: that is all this call does.
fn remove_empty_dirs(dir: &Path) {
    if let Ok(entries) = std::fs::read_dir(dir) {
        entries
            .flatten()
            .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
            .for_each(|e| remove_empty_dirs(&e.path()));
    }
    drop(std::fs::remove_dir(dir));
}

fn moved_meanwhile(name: &str, old: Option<ObjectId>, now: Option<ObjectId>, new: Option<ObjectId>) -> Error {
    let shown = |id: Option<ObjectId>| id.map_or_else(|| "nothing".to_owned(), |id| id.short());
    Error::new(Kind::Busy, format!("{name} was moved by somebody else meanwhile"))
        .because(format!("expected {}, found {}, wanted {}", shown(old), shown(now), shown(new)))
        .help("look at it, then try again")
}

/// Our second names for locks on refs; the ref's name is in them, so that they can be cleared.
const PRIVATE: &str = "lock-ref-";

fn encode(name: &str) -> String {
    name.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02x}") })
        .collect()
}

fn decode(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            out.push(u8::from_str_radix(std::str::from_utf8(tail.get(..2)?).ok()?, 16).ok()?);
            rest = &tail[2..];
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_names_tell_the_ref() {
        for name in ["refs/heads/main", "refs/heads/ä%x", "refs/tags/v1.0"] {
            assert_eq!(decode(&encode(name)).as_deref(), Some(name));
        }
    }
}
