//! Reading everything that an object needs and that no ref holds, before anything relies on it: it is known to be whole
//! then, and a copy of it is kept, because git may remove it at any moment.

use super::error::GitContext;
use super::pack::{BIG, ObjectKind, ObjectSink};
use super::repo::Repo;
use super::tree::{MODE_GITLINK, MODE_TREE, TreeEntry, Trees};
use crate::model::{ObjectId, RepoPath};
use crate::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::io::{Seek, SeekFrom};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What [`Repo::rescue`] read.
#[derive(Clone, Debug, Default)]
pub struct Rescued {
    /// Commits that no ref holds, newest first.
    pub commits: Vec<ObjectId>,
    /// What cannot be read; empty: it is whole.
    pub damage: Vec<Damage>,
}

/// An object that is gone or damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The object.
    pub id: ObjectId,
    /// What it should be.
    pub kind: ObjectKind,
    /// The commit that needs it.
    pub commit: Option<ObjectId>,
    /// The file or directory it is; empty for the top.
    pub path: Option<RepoPath>,
}

impl Repo {
    /// Reads all that `id` (a commit, tag, tree or blob) needs and that no ref holds, and adds it to `sink`.
    pub fn rescue(&self, id: ObjectId, sink: &ObjectSink<'_>) -> Result<Rescued> {
        let mut reader = Reader {
            repo: self,
            odb: self.git.odb().context("cannot open the object database")?,
            trees: self.trees()?,
            sink,
            seen: HashSet::new(),
            blobs: Vec::new(),
            out: Rescued::default(),
        };
        reader.object(id)?;
        reader.blobs()?;
        Ok(reader.out)
    }

    /// What kind of object this is; `None`: it is not there.
    pub fn kind_of(&self, id: ObjectId) -> Option<ObjectKind> {
        let (_, kind) = self.git.odb().ok()?.read_header(id.into()).ok()?;
        ObjectKind::of(kind)
    }

    /// The commits that `tip` reaches and no ref does, and those of them that are not there.
    fn history_without_refs(&self, tip: ObjectId) -> Result<(Vec<ObjectId>, Vec<ObjectId>)> {
        let mut tips = Vec::new();
        for reference in self.git.references().context("cannot list the refs")?.flatten() {
            tips.extend(reference.peel_to_commit().ok().map(|commit| commit.id()));
        }
        tips.extend(self.git.head().ok().and_then(|head| head.target()));
        let mut walk = self.git.revwalk().context("cannot walk the history")?;
        let pushed = walk.push(tip.into());
        // A damaged ref holds nothing.
        tips.iter().for_each(|id| drop(walk.hide(*id)));
        match pushed.and_then(|()| walk.collect::<std::result::Result<Vec<_>, _>>()) {
            Ok(commits) => Ok((commits.into_iter().map(Into::into).collect(), Vec::new())),
            Err(_) => self.broken_history(tip, &tips),
        }
    }

    /// The same where a commit is missing somewhere.
    fn broken_history(&self, tip: ObjectId, tips: &[git2::Oid]) -> Result<(Vec<ObjectId>, Vec<ObjectId>)> {
        let mut walk = self.git.revwalk().context("cannot walk the history")?;
        tips.iter().for_each(|id| drop(walk.push(*id)));
        let held: HashSet<git2::Oid> = walk.map_while(std::result::Result::ok).collect();
        let (mut commits, mut missing) = (Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        let mut next = vec![git2::Oid::from(tip)];
        while let Some(id) = next.pop() {
            if held.contains(&id) || !seen.insert(id) {
                continue;
            }
            match self.git.find_commit(id) {
                Ok(commit) => {
                    commits.push(id.into());
                    next.extend(commit.parent_ids());
                }
                Err(_) => missing.push(id.into()),
            }
        }
        Ok((commits, missing))
    }
}

struct Reader<'a, 'r> {
    repo: &'a Repo,
    odb: git2::Odb<'a>,
    trees: Trees<'a>,
    sink: &'a ObjectSink<'r>,
    seen: HashSet<ObjectId>,
    blobs: Vec<Damage>,
    out: Rescued,
}

impl Reader<'_, '_> {
    fn object(&mut self, id: ObjectId) -> Result<()> {
        let place = |kind| Damage { id, kind, commit: None, path: None };
        match self.repo.kind_of(id) {
            None => self.out.damage.push(place(ObjectKind::Blob)),
            Some(ObjectKind::Blob) => self.blobs.push(place(ObjectKind::Blob)),
            Some(ObjectKind::Tree) => self.tree(None, id, None, &[])?,
            Some(ObjectKind::Commit) => self.history(id)?,
            Some(ObjectKind::Tag) => {
                let Some(bytes) = self.keep(place(ObjectKind::Tag))? else { return Ok(()) };
                let target = bytes.strip_prefix(b"object ").and_then(|rest| ObjectId::from_hex(rest.get(..40)?));
                match target {
                    Some(target) if self.seen.insert(target) => self.object(target)?,
                    Some(_) => {}
                    None => self.out.damage.push(place(ObjectKind::Tag)),
                }
            }
        }
        Ok(())
    }

    fn history(&mut self, tip: ObjectId) -> Result<()> {
        let (commits, missing) = self.repo.history_without_refs(tip)?;
        let gone = |id| Damage { id, kind: ObjectKind::Commit, commit: Some(tip), path: None };
        self.out.damage.extend(missing.into_iter().map(gone));
        for id in &commits {
            let id = *id;
            if self.keep(gone(id))?.is_none() {
                continue;
            }
            let commit = self.repo.commit(id)?;
            let parent = commit.parents.first().and_then(|parent| self.repo.commit(*parent).ok());
            self.tree(parent.map(|parent| parent.tree), commit.tree, Some(id), &[])?;
        }
        self.out.commits.extend(commits);
        Ok(())
    }

    /// What `right` has and `left` has not: `left` is there, or was looked at itself.
    fn tree(&mut self, left: Option<ObjectId>, right: ObjectId, commit: Option<ObjectId>, path: &[u8]) -> Result<()> {
        if left == Some(right) || !self.seen.insert(right) {
            return Ok(());
        }
        if path.len() > 1 << 16 {
            return Err(Error::refused("a tree is nested too deeply to be brought back"));
        }
        let place = |id, kind, path: &[u8]| Damage { id, kind, commit, path: Some(RepoPath::new(path)) };
        let entries = match self.trees.read(right) {
            Ok(entries) if self.keep(place(right, ObjectKind::Tree, path))?.is_some() => entries,
            Ok(_) => return Ok(()),
            Err(_) => {
                self.out.damage.push(place(right, ObjectKind::Tree, path));
                return Ok(());
            }
        };
        let old: HashMap<Vec<u8>, TreeEntry> =
            left.and_then(|left| self.trees.read(left).ok()).unwrap_or_default().into_iter().collect();
        for (name, entry) in entries {
            let before = old.get(&name);
            let below = RepoPath::join(path, &name);
            match entry.mode {
                MODE_GITLINK => {}
                MODE_TREE => {
                    let before = before.filter(|before| before.mode == MODE_TREE).map(|before| before.id);
                    self.tree(before, entry.id, commit, below.as_bytes())?;
                }
                _ if before.is_some_and(|before| before.id == entry.id) => {}
                _ if self.seen.insert(entry.id) => {
                    self.blobs.push(place(entry.id, ObjectKind::Blob, below.as_bytes()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads an object that is no blob, and keeps a copy.
    fn keep(&mut self, place: Damage) -> Result<Option<Vec<u8>>> {
        if place.id == ObjectId::EMPTY_TREE {
            self.sink.add(ObjectKind::Tree, b"")?;
            return Ok(Some(Vec::new()));
        }
        match self.odb.read(place.id.into()) {
            Ok(object) if ObjectKind::of(object.kind()) == Some(place.kind) => {
                let bytes = object.data().to_vec();
                if self.sink.keeps() {
                    self.sink.add(place.kind, &bytes)?;
                }
                Ok(Some(bytes))
            }
            _ => {
                self.out.damage.push(place);
                Ok(None)
            }
        }
    }

    /// Blobs are most of it: they are read on all processors.
    fn blobs(&mut self) -> Result<()> {
        let (next, damage, failure) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(None));
        let (blobs, repo, sink) = (&self.blobs, &**self.repo, self.sink);
        let work = || {
            while let Some(place) = blobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                match keep_blob(repo, place.id, sink) {
                    Ok(true) => {}
                    Ok(false) => damage.lock().unwrap_or_else(|e| e.into_inner()).push(place.clone()),
                    Err(error) => {
                        *failure.lock().unwrap_or_else(|e| e.into_inner()) = Some(error);
                        return;
                    }
                }
            }
        };
        crate::host::together(blobs.len() / 64 + 1, work);
        let mut damage = damage.into_inner().unwrap_or_else(|e| e.into_inner());
        damage.sort_by(|a, b| (&a.path, a.id).cmp(&(&b.path, b.id)));
        self.out.damage.append(&mut damage);
        failure.into_inner().unwrap_or_else(|e| e.into_inner()).map_or(Ok(()), Err)
    }
}

/// Reads a blob and keeps a copy; `false`: it cannot be read.
fn keep_blob(repo: &super::repo::Handles, id: ObjectId, sink: &ObjectSink<'_>) -> Result<bool> {
    let Ok(size) = repo.blob_size(id) else { return Ok(false) };
    if size <= BIG || !sink.keeps() {
        let mut bytes = Vec::new();
        let read: &mut dyn std::io::Write = if sink.keeps() { &mut bytes } else { &mut std::io::sink() };
        return Ok(repo.copy_blob(id, read).is_ok() && (!sink.keeps() || sink.add(ObjectKind::Blob, &bytes)? == id));
    }
    let mut spool = crate::host::fs::anonymous_file(&repo.common_dir().join("rollback"))?;
    if repo.copy_blob(id, &mut spool).is_err() {
        return Ok(false);
    }
    spool.seek(SeekFrom::Start(0)).map_err(|e| Error::io("cannot read a temporary file", &e))?;
    Ok(sink.add_stream(&mut spool, size)? == id)
}
