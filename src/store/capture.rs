//! Saving files of the worktree as objects, on all processors.

use crate::git::{Attributes, Handles, Index, ObjectKind, ObjectSink, clean};
use crate::model::{FileKind, FileSpec, ObjectId, RepoPath, Stat};
use crate::worktree::Root;
use crate::{Error, Kind, Result};
use std::fs::File;
use std::io::Read;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A file of the worktree whose bytes are in an object.
#[derive(Clone, Debug)]
pub struct Saved {
    /// What it is exactly.
    pub spec: FileSpec,
    /// The blob git would store for it.
    pub clean: ObjectId,
    /// `lstat` of it when its bytes were read.
    pub stat: Stat,
}

impl Saved {
    /// Its mode in a tree.
    pub fn tree_mode(&self) -> u32 {
        match self.spec.kind {
            FileKind::Link => crate::git::MODE_LINK,
            FileKind::File if self.spec.mode & 0o100 != 0 => crate::git::MODE_EXEC,
            FileKind::File => crate::git::MODE_FILE,
        }
    }
}

/// What saves files of a worktree: threads share it.
#[derive(Clone, Copy)]
pub struct Saver<'a> {
    /// The repository's objects.
    pub repo: &'a Handles,
    /// The worktree.
    pub root: &'a Root,
    /// How files are converted.
    pub attributes: &'a Attributes,
    /// What is staged: some conversions depend on it.
    pub index: &'a Index,
    /// Where the objects go.
    pub sink: &'a ObjectSink<'a>,
}

impl Saver<'_> {
    /// Saves files; what vanished meanwhile is `None`. `done` is told of each file.
    ///
    /// # Errors
    /// The first file that cannot be read: a snapshot that lacks a file is none.
    pub fn save_all(&self, paths: &[RepoPath], done: &(dyn Fn(u64) + Sync)) -> Result<Vec<Option<Saved>>> {
        let slots: Vec<Mutex<Option<Saved>>> = paths.iter().map(|_| Mutex::new(None)).collect();
        let next = AtomicUsize::new(0);
        let failure: Mutex<Option<Error>> = Mutex::new(None);
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let (Some(path), Some(slot)) = (paths.get(at), slots.get(at)) else { break };
                if lock(&failure).is_some() {
                    break;
                }
                match self.save(path) {
                    Ok(saved) => {
                        *lock(slot) = saved;
                        done(1);
                    }
                    Err(e) => drop(lock(&failure).get_or_insert(e)),
                }
            }
        };
        crate::host::together(paths.len() / 16 + 1, work);
        match failure.into_inner().unwrap_or_else(|e| e.into_inner()) {
            Some(error) => Err(error),
            None => Ok(slots.into_iter().map(|s| s.into_inner().unwrap_or_else(|e| e.into_inner())).collect()),
        }
    }

    /// Saves one file; `None` when nothing that could be saved stands there (any more).
    pub fn save(&self, path: &RepoPath) -> Result<Option<Saved>> {
        let mut last = None;
        // Somebody may be saving the file at this moment: what is stored must be one state of it.
        for _ in 0..5 {
            match self.save_once(path) {
                Err(e) if e.kind() == Kind::Busy => last = Some(e),
                other => return other,
            }
        }
        Err(last.unwrap_or_else(|| Error::fault("cannot save a file")).context(format!("{path} keeps changing")))
    }

    fn save_once(&self, path: &RepoPath) -> Result<Option<Saved>> {
        let Some(stat) = self.root.stat(path)? else { return Ok(None) };
        if stat.is_link() {
            let blob = self.sink.add(ObjectKind::Blob, &self.root.read_link(path)?)?;
            return Ok(Some(Saved { spec: FileSpec { kind: FileKind::Link, mode: 0, blob }, clean: blob, stat }));
        }
        if !stat.is_file() {
            return Ok(None);
        }
        let (mut file, before) = match self.root.open_file(path) {
            Ok(opened) => opened,
            Err(_) if self.root.stat(path)?.is_none() => return Ok(None),
            Err(e) => {
                return Err(e.help("a file that cannot be read cannot be saved: `chmod u+r` it, or move it away"));
            }
        };
        let (raw, stored) = self.add(path, &mut file, before.size)?;
        if !self.root.stat(path)?.is_some_and(|after| after.same_content(&before)) {
            return Err(Error::new(Kind::Busy, format!("{path} changed while it was being read")));
        }
        let spec = FileSpec { kind: FileKind::File, mode: before.perm(), blob: raw };
        Ok(Some(Saved { spec, clean: stored, stat: before }))
    }

    /// Adds a file's bytes, and what git would store for them.
    fn add(&self, path: &RepoPath, file: &mut File, size: u64) -> Result<(ObjectId, ObjectId)> {
        let conversion = self.attributes.conversion(path);
        let is_converted = conversion.cleans && !conversion.external;
        let staged = self.staged(path);
        if size > crate::git::BIG || (!is_converted && staged.is_none()) {
            let raw = self.sink.add_stream(file, size).map_err(|e| match e.kind() {
                Kind::Busy => e,
                _ => e.context(format!("cannot save {path}")),
            })?;
            return Ok((raw, raw));
        }
        let mut bytes = Vec::with_capacity(size as usize + 1);
        let read = file.take(size + 1).read_to_end(&mut bytes);
        read.map_err(|e| Error::io(format!("cannot read {path}"), &e))?;
        // More or fewer bytes than `size`: the caller sees that the file is being written.
        let raw = self.keep(staged, &bytes)?;
        if !is_converted {
            return Ok((raw, raw));
        }
        let stored = || self.repo.blob(self.index.id(self.index.range_at(path.as_bytes()).next()?)).ok();
        let cleaned = clean(&conversion, &bytes, stored);
        Ok((raw, if cleaned == bytes { raw } else { self.keep(staged, &cleaned)? }))
    }

    /// The blob that the index has at a path, where the tree of the index has it too.
    fn staged(&self, path: &RepoPath) -> Option<ObjectId> {
        let range = self.index.range_at(path.as_bytes());
        let plain = range.len() == 1 && self.index.entry(range.start).is_plain_but_marks();
        plain.then(|| self.index.id(range.start))
    }

    /// Adds the bytes of a file, unless they are what is staged: every snapshot holds the tree of the index.
    fn keep(&self, staged: Option<ObjectId>, bytes: &[u8]) -> Result<ObjectId> {
        let Some(staged) = staged else { return self.sink.add(ObjectKind::Blob, bytes) };
        self.sink.add_unless(ObjectKind::Blob, bytes, |id| {
            // One that is damaged or missing is saved again.
            let is_there = staged == id && self.repo.blob(id).is_ok();
            if is_there {
                self.sink.lean_on(id);
            }
            is_there
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}
