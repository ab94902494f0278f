//! Writing many objects at once: one pack, synced, whatever the number of files.
//!
//! The pack is written by code of our own ([`super::pack_file`]): libgit2's writer inflates every object once more and
//! names it again, and syncs twice as often.

use super::deflate::deflate;
use super::error::GitContext;
use super::pack_file::{Draft, HEADER, Packed};
use super::repo::{Handles, Repo};
use crate::model::ObjectId;
use crate::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The kinds of object, with their numbers in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// A commit.
    Commit = 1,
    /// A tree.
    Tree = 2,
    /// A blob.
    Blob = 3,
    /// An annotated tag.
    Tag = 4,
}

impl ObjectKind {
    pub(super) fn of(kind: git2::ObjectType) -> Option<ObjectKind> {
        match kind {
            git2::ObjectType::Commit => Some(ObjectKind::Commit),
            git2::ObjectType::Tree => Some(ObjectKind::Tree),
            git2::ObjectType::Blob => Some(ObjectKind::Blob),
            git2::ObjectType::Tag => Some(ObjectKind::Tag),
            git2::ObjectType::Any => None,
        }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            ObjectKind::Commit => "commit",
            ObjectKind::Tree => "tree",
            ObjectKind::Blob => "blob",
            ObjectKind::Tag => "tag",
        }
    }
}

/// Files above this size are streamed into an object of their own and never held in memory.
pub const BIG: u64 = 32 << 20;
/// From this size on a second thread is worth it.
const MUCH: usize = 1 << 20;
/// What is held in memory before the spool goes to a file.
const SPOOL_IN_MEMORY: usize = 16 << 20;

/// Collects objects, names them, and publishes them together.
///
/// Nothing is looked up before it is added: an object that exists but that nothing refers to can be pruned at
/// any moment, so a snapshot brings its own copy.
pub struct ObjectSink<'r> {
    repo: &'r Handles,
    /// `None`: objects are named but not kept (a dry run).
    spool: Option<Mutex<Spool>>,
    /// What was named and not kept.
    named: Mutex<HashSet<ObjectId>>,
    made: MadeTrees,
}

/// Trees and commits that were made and are not in the repository yet: planners read them back.
pub(super) type MadeTrees = Arc<Mutex<HashMap<ObjectId, Vec<u8>>>>;

struct Spool {
    memory: Vec<u8>,
    file: Option<File>,
    directory: PathBuf,
    seen: HashSet<ObjectId>,
    alone: Vec<ObjectId>,
    objects: Vec<Packed>,
    /// Where the next object will begin in the pack.
    end: u64,
}

/// What [`ObjectSink::publish`] wrote.
#[derive(Debug, Default)]
pub struct Published {
    keep: Option<PathBuf>,
    alone: Vec<ObjectId>,
}

impl<'r> ObjectSink<'r> {
    /// A sink that writes into `repo`; `spool_dir` holds a temporary file when there is much.
    pub fn new(repo: &'r Handles, spool_dir: PathBuf) -> Self {
        let spool = Spool {
            memory: Vec::new(),
            file: None,
            directory: spool_dir,
            seen: HashSet::new(),
            alone: Vec::new(),
            objects: Vec::new(),
            end: HEADER,
        };
        ObjectSink { repo, spool: Some(Mutex::new(spool)), named: Mutex::default(), made: MadeTrees::default() }
    }

    /// A sink that only names objects.
    pub fn naming_only(repo: &'r Handles) -> Self {
        ObjectSink { repo, spool: None, named: Mutex::default(), made: MadeTrees::default() }
    }

    /// The trees that were added.
    pub(super) fn made_trees(&self) -> MadeTrees {
        Arc::clone(&self.made)
    }

    /// The bytes of a tree or a commit that was added.
    pub(super) fn made(&self, id: &ObjectId) -> Option<Vec<u8>> {
        lock(&self.made).get(id).cloned()
    }

    /// Whether objects are kept, not only named.
    pub fn keeps(&self) -> bool {
        self.spool.is_some()
    }

    /// Whether an object was added.
    pub fn holds(&self, id: &ObjectId) -> bool {
        match &self.spool {
            Some(spool) => lock(spool).seen.contains(id),
            None => lock(&self.named).contains(id),
        }
    }

    /// Notes an object that is not added because a tree in this sink, or one that is in the repository, leads to it and
    /// the index holds it now: [`Published::is_complete`] looks whether it is still there when a ref is made.
    pub fn lean_on(&self, id: ObjectId) {
        if let Some(spool) = &self.spool {
            let mut spool = lock(spool);
            if !spool.seen.contains(&id) {
                spool.alone.push(id);
            }
        }
    }

    /// Adds an object.
    pub fn add(&self, kind: ObjectKind, data: &[u8]) -> Result<ObjectId> {
        if data.len() > MUCH && self.spool.is_some() {
            return self.add_much(kind, data);
        }
        self.add_unless(kind, data, |_| false)
    }

    /// The same, unless `is_there` says that the object need not be added.
    pub fn add_unless(
        &self,
        kind: ObjectKind,
        data: &[u8],
        is_there: impl FnOnce(ObjectId) -> bool,
    ) -> Result<ObjectId> {
        let id = name_of(kind, data)?;
        if is_there(id) {
            return Ok(id);
        }
        if matches!(kind, ObjectKind::Tree | ObjectKind::Commit) {
            lock(&self.made).insert(id, data.to_vec());
        }
        let Some(spool) = &self.spool else {
            lock(&self.named).insert(id);
            return Ok(id);
        };
        if lock(spool).seen.contains(&id) {
            return Ok(id);
        }
        let entry = pack_entry(kind, data).map_err(|e| Error::io("cannot compress an object", &e))?;
        lock(spool).push(id, &entry)?;
        Ok(id)
    }

    /// Adds an object of some size: one thread names it while another compresses it.
    fn add_much(&self, kind: ObjectKind, data: &[u8]) -> Result<ObjectId> {
        let (id, entry) = std::thread::scope(|scope| {
            let id = crate::host::beside(scope, || name_of(kind, data));
            let entry = pack_entry(kind, data).map_err(|e| Error::io("cannot compress an object", &e));
            (id.join().unwrap_or_else(|_| Err(Error::fault("an object could not be named"))), entry)
        });
        let (id, entry) = (id?, entry?);
        if kind == ObjectKind::Tree {
            lock(&self.made).insert(id, data.to_vec());
        }
        if let Some(spool) = &self.spool {
            lock(spool).push(id, &entry)?;
        }
        Ok(id)
    }

    /// Adds a blob of exactly `size` bytes from a reader; big ones are streamed.
    ///
    /// # Errors
    /// Busy when the reader has fewer or more bytes than `size`: the file is being written.
    pub fn add_stream(&self, reader: &mut dyn Read, size: u64) -> Result<ObjectId> {
        if size <= BIG {
            let mut data = Vec::with_capacity(size as usize + 1);
            reader.take(size + 1).read_to_end(&mut data).map_err(|e| Error::io("cannot read a file to save", &e))?;
            if data.len() as u64 != size {
                return Err(changed_while_reading());
            }
            return self.add(ObjectKind::Blob, &data);
        }
        match &self.spool {
            Some(spool) => {
                let id = self.stream_alone(reader, size)?;
                let mut spool = lock(spool);
                if spool.seen.insert(id) {
                    spool.alone.push(id);
                }
                Ok(id)
            }
            None => name_stream(reader, size),
        }
    }

    fn stream_alone(&self, reader: &mut dyn Read, size: u64) -> Result<ObjectId> {
        self.repo.with_handle(|git| {
            let odb = git.odb().context("cannot open the object database")?;
            let mut writer = odb.writer(size as usize, git2::ObjectType::Blob).context("cannot write a big object")?;
            copy_exactly(reader, size, |piece| {
                writer.write_all(piece).map_err(|e| Error::io("cannot write a big object", &e))
            })?;
            Ok(writer.finalize().context("cannot write a big object")?.into())
        })
    }

    /// Writes all collected objects, synced; they stay safe from `git gc` until [`Published::release`].
    pub fn publish(&self) -> Result<Published> {
        let Some(spool) = &self.spool else { return Ok(Published::default()) };
        let mut spool = lock(spool);
        let alone = std::mem::take(&mut spool.alone);
        if spool.objects.is_empty() {
            return Ok(Published { keep: None, alone });
        }
        let prefix = self.repo.pack_dir().join(format!("{}{}", draft_prefix(self.repo), std::process::id()));
        crate::host::fs::create_dir_all(&self.repo.pack_dir())?;
        let mut objects = std::mem::take(&mut spool.objects);
        let written = Draft::write(&prefix, &mut objects, &mut |feed| spool.give(feed));
        spool.clear();
        let draft = written?;
        let file = |ending: &str| draft.name.with_extension(ending);
        let (keep, pack, index) = (file("keep"), file("pack"), file("idx"));
        // Nobody may take the pack away before a ref leads to it.
        if !keep.exists() {
            self.repo.make_keep(&keep)?;
        }
        draft.publish()?;
        if pack.exists() && index.exists() {
            return Ok(Published { keep: Some(keep), alone });
        }
        Err(Error::new(crate::Kind::Busy, "the repository is being pruned; the snapshot could not be written")
            .help("try again when `git gc` is done"))
    }
}

impl Handles {
    fn pack_dir(&self) -> PathBuf {
        self.common_dir().join("objects/pack")
    }

    /// Makes a `.keep` file. It is a second name of a file that is on disk already, so that after a power cut it is not
    /// an empty one, which nobody would know for ours.
    fn make_keep(&self, keep: &Path) -> Result<()> {
        use crate::host::fs;
        let (mark, text) = (self.area().join("keep"), keep_mark(&self.worktree_id()));
        if fs::read_capped(&mark, 1 << 16).is_ok_and(|found| found.as_deref() != Some(text.as_bytes())) {
            fs::create_dir_all_private(&self.area())?;
            fs::write_atomic(&mark, text.as_bytes())?;
        }
        // The objects may lie on another file system.
        fs::hard_link(&mark, keep).or_else(|_| fs::write_new(keep, text.as_bytes()))
    }
}

/// How the names of packs begin that a run in this worktree is writing.
fn draft_prefix(repo: &Handles) -> String {
    format!("rollback-{}-", repo.worktree_id())
}

/// What our `.keep` files say: whose run is writing.
fn keep_mark(worktree: &str) -> String {
    format!("git-rollback: a snapshot of {worktree} is being written\n")
}

impl Published {
    /// Whether the objects outside of the pack are still there: nothing protects them before a ref holds them.
    pub fn is_complete(&self, repo: &Repo) -> Result<bool> {
        let odb = repo.git.odb().context("cannot open the object database")?;
        Ok(self.alone.iter().all(|id| odb.exists((*id).into())))
    }

    /// Lets `git gc` have the pack: refs hold what is in it now.
    pub fn release(self) -> Result<()> {
        self.keep.map_or(Ok(()), |keep| crate::host::fs::remove_file_if_exists(&keep).map(drop))
    }
}

/// Removes what a killed run left beside the packs. Only under our lock: no other run is writing a pack.
pub fn clear_leftovers(repo: &Repo) -> Result<()> {
    repo.clear_ref_locks()?;
    crate::host::fs::clear_drafts(&repo.area())?;
    let (mark, draft) = (keep_mark(&repo.worktree_id()), draft_prefix(repo));
    let Ok(entries) = std::fs::read_dir(repo.pack_dir()) else { return Ok(()) };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let is_draft = name.as_encoded_bytes().starts_with(draft.as_bytes()) && {
            let ending = path.extension().unwrap_or_default();
            ending == "pack-new" || ending == "idx-new"
        };
        if is_draft {
            crate::host::fs::remove_file_if_exists(&path)?;
        }
        let is_keep = path.extension().is_some_and(|e| e == "keep")
            && crate::host::fs::read_capped(&path, 1 << 16)
                .is_ok_and(|bytes| bytes.as_deref() == Some(mark.as_bytes()));
        if is_keep {
            // Git never removes a pack that has no index.
            if !path.with_extension("idx").exists() {
                crate::host::fs::remove_file_if_exists(&path.with_extension("pack"))?;
            }
            crate::host::fs::remove_file_if_exists(&path)?;
        }
    }
    Ok(())
}

impl Spool {
    fn push(&mut self, id: ObjectId, entry: &[u8]) -> Result<()> {
        if !self.seen.insert(id) {
            return Ok(());
        }
        let mut crc = flate2::Crc::new();
        crc.update(entry);
        self.objects.push(Packed { id, offset: self.end, crc: crc.sum() });
        self.end += entry.len() as u64;
        self.memory.extend_from_slice(entry);
        if self.memory.len() > SPOOL_IN_MEMORY {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        if self.file.is_none() {
            self.file = Some(crate::host::fs::anonymous_file(&self.directory)?);
        }
        if let Some(file) = &mut self.file {
            file.write_all(&self.memory).map_err(|e| Error::io("cannot write a temporary file", &e))?;
            self.memory.clear();
        }
        Ok(())
    }

    /// What was collected is written: whatever comes now belongs into another pack.
    fn clear(&mut self) {
        self.objects.clear();
        self.memory.clear();
        self.file = None;
        self.end = HEADER;
    }

    /// Gives the bytes of all objects.
    fn give(&mut self, feed: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if let Some(file) = &mut self.file {
            let failed = |e: std::io::Error| Error::io("cannot read a temporary file", &e);
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
            let mut piece = vec![0; 1 << 20];
            loop {
                let n = file.read(&mut piece).map_err(failed)?;
                if n == 0 {
                    break;
                }
                feed(&piece[..n])?;
            }
        }
        feed(&self.memory)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

/// The name an object has.
pub fn name_of(kind: ObjectKind, data: &[u8]) -> Result<ObjectId> {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(format!("{} {}\0", kind.name(), data.len()).as_bytes());
    hasher.update(data);
    finish(hasher)
}

/// The name a blob with the next `size` bytes of `reader` has.
pub fn name_stream(reader: &mut dyn Read, size: u64) -> Result<ObjectId> {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(format!("blob {size}\0").as_bytes());
    copy_exactly(reader, size, |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    finish(hasher)
}

fn finish(hasher: gix_hash::Hasher) -> Result<ObjectId> {
    let id = hasher.try_finalize().map_err(|e| Error::fault("a file looks like a SHA-1 attack").because(e))?;
    ObjectId::from_bytes(id.as_slice()).ok_or_else(|| Error::fault("an object name has the wrong length"))
}

fn copy_exactly(reader: &mut dyn Read, size: u64, mut sink: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    // Most files are small, and clearing a mebibyte costs more than reading one of those.
    let mut piece = vec![0; size.saturating_add(1).min(1 << 20) as usize];
    let mut left = size;
    loop {
        let n = reader.read(&mut piece).map_err(|e| Error::io("cannot read a file to save", &e))?;
        if n as u64 > left || (n == 0 && left > 0) {
            return Err(changed_while_reading());
        }
        if n == 0 {
            return Ok(());
        }
        sink(&piece[..n])?;
        left -= n as u64;
    }
}

fn changed_while_reading() -> Error {
    Error::new(crate::Kind::Busy, "a file changed while it was being read").help("try again when it is written")
}

fn pack_entry(kind: ObjectKind, data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len() / 2 + 32);
    let mut size = data.len() as u64;
    let mut byte = ((kind as u8) << 4) | (size & 0x0f) as u8;
    size >>= 4;
    while size > 0 {
        out.push(byte | 0x80);
        byte = (size & 0x7f) as u8;
        size >>= 7;
    }
    out.push(byte);
    deflate(data, &mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;

    #[test]
    fn git_reads_what_was_written() {
        let repo = TestRepo::new();
        let opened = Repo::open_at(repo.root()).unwrap();
        let sink = ObjectSink::new(&opened, opened.area());
        // More than what is held in memory, in bytes that do not shrink.
        let mut state = 1u64;
        let mut noise = |count: usize| -> Vec<u8> {
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            };
            (0..count).map(|_| next()).collect()
        };
        let texts: Vec<Vec<u8>> = (0..600).map(|i| noise(i * 100)).collect();
        let ids: Vec<ObjectId> = texts.iter().map(|text| sink.add(ObjectKind::Blob, text).unwrap()).collect();
        let empty = sink.add(ObjectKind::Tree, b"").unwrap();
        assert!(lock(sink.spool.as_ref().unwrap()).file.is_some(), "nothing was spilled");
        let published = sink.publish().unwrap();
        let keep = published.keep.clone().unwrap();
        repo.git(&["verify-pack", &keep.with_extension("idx").to_string_lossy()]);
        repo.git(&["gc", "-q", "--prune=now"]);
        assert_eq!(repo.git(&["cat-file", "-t", &empty.to_string()]), b"tree\n");
        for (id, text) in ids.iter().zip(&texts).step_by(50) {
            assert_eq!(&opened.blob(*id).unwrap(), text);
        }
        published.release().unwrap();
        assert!(!keep.exists());
        // The next pack holds only what comes now.
        let late = sink.add(ObjectKind::Blob, b"late").unwrap();
        let second = sink.publish().unwrap().keep.unwrap();
        assert_eq!(opened.blob(late).unwrap(), b"late");
        // A run that died leaves its mark, and what it had not finished.
        let draft = second.with_file_name(format!("{}1.pack-new", draft_prefix(&opened)));
        crate::host::fs::write_new(&draft, b"PACK").unwrap();
        clear_leftovers(&opened).unwrap();
        assert!(!draft.exists() && !second.exists() && second.with_extension("pack").exists());
        repo.git(&["fsck", "--strict"]);
    }
}
