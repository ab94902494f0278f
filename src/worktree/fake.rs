//! For tests: blobs in memory, and a worktree with its area.

#![allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]

use super::dirs::Root;
use super::recover::clear_stage;
use super::renames::Renames;
use super::write::{Applied, Area, Blobs, Change, Kept, Look, apply_with};
use crate::model::{FileChange, FileKind, FileSpec, ObjectId, RepoPath, Stat};
use crate::{Error, Result};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Blobs by a hash that is good enough for tests.
#[derive(Default)]
pub(crate) struct Memory(HashMap<ObjectId, Vec<u8>>);

pub(crate) fn fake_id(bytes: &[u8]) -> ObjectId {
    let mut out = [0_u8; 20];
    for (at, chunk) in out.chunks_mut(8).enumerate() {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ ((at as u64) << 32);
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(7);
        }
        let len = chunk.len();
        chunk.copy_from_slice(&hash.to_be_bytes()[..len]);
    }
    ObjectId::from_bytes(&out).unwrap()
}

impl Memory {
    pub(crate) fn add(&mut self, bytes: &[u8]) -> ObjectId {
        self.0.insert(fake_id(bytes), bytes.to_vec());
        fake_id(bytes)
    }
    pub(crate) fn file(&mut self, mode: u32, text: &str) -> Option<FileSpec> {
        Some(FileSpec { kind: FileKind::File, mode, blob: self.add(text.as_bytes()) })
    }
    pub(crate) fn link(&mut self, target: &str) -> Option<FileSpec> {
        Some(FileSpec { kind: FileKind::Link, mode: 0, blob: self.add(target.as_bytes()) })
    }
}

impl Blobs for Memory {
    fn copy_to(&self, id: &ObjectId, out: &mut dyn Write) -> Result<()> {
        let bytes = self.0.get(id).ok_or_else(|| Error::fault("no such blob"))?;
        bytes.chunks(7).try_for_each(|part| out.write_all(part)).map_err(|e| Error::io("copy", &e))
    }
    fn link_target(&self, id: &ObjectId) -> Result<Vec<u8>> {
        self.0.get(id).cloned().ok_or_else(|| Error::fault("no such blob"))
    }
    fn hash(&self, read: &mut dyn Read, _size: u64) -> Result<ObjectId> {
        let mut bytes = Vec::new();
        read.read_to_end(&mut bytes).map_err(|e| Error::io("read", &e))?;
        Ok(fake_id(&bytes))
    }
}

/// A look just now.
pub(crate) fn look(stat: Option<Stat>) -> Option<Look> {
    stat.map(|stat| Look { stat, since: crate::host::clock::file_time() })
}

/// A worktree in a temporary directory.
pub(crate) struct Lab {
    /// Only held; public because tests spell out some of the fields and take the rest from another value.
    pub _dir: tempfile::TempDir,
    pub top: PathBuf,
    pub root: Root,
    pub area: Area,
    pub blobs: Memory,
    pub changes: Vec<FileChange>,
    pub renames: Renames,
    pub threads: usize,
}

impl Lab {
    pub(crate) fn new() -> Lab {
        Lab::with_area(None)
    }

    /// With stage and kept on another file system.
    pub(crate) fn with_area(area: Option<&Path>) -> Lab {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("work");
        fs::create_dir(&top).unwrap();
        let root = Root::open(&top).unwrap();
        let base = area.unwrap_or(dir.path());
        let area = Area::new(base.join("stage/op"), base.join("kept/op"));
        let (blobs, changes) = (Memory::default(), Vec::new());
        Lab { _dir: dir, top, root, area, blobs, changes, renames: Renames::ALL, threads: 1 }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.top.join(name)
    }

    /// Plans a change and makes the old file.
    pub(crate) fn change(&mut self, path: &str, old: Option<FileSpec>, new: Option<FileSpec>) {
        if let Some(old) = &old {
            self.make(path, old);
        }
        self.changes.push(FileChange { path: path.into(), old, new });
    }

    pub(crate) fn make(&self, path: &str, spec: &FileSpec) {
        let at = self.at(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        let bytes = self.blobs.link_target(&spec.blob).unwrap();
        match spec.kind {
            FileKind::Link => symlink(std::ffi::OsStr::from_bytes(&bytes), &at).unwrap(),
            FileKind::File => {
                fs::write(&at, &bytes).unwrap();
                fs::set_permissions(&at, fs::Permissions::from_mode(spec.mode)).unwrap();
            }
        }
    }

    /// What `lstat` says of the old files now.
    pub(crate) fn seen(&self) -> Vec<Option<Stat>> {
        self.changes.iter().map(|change| self.root.stat(&change.path).unwrap()).collect()
    }

    /// The changes, turned round when going back.
    pub(crate) fn turned(&self, back: bool) -> Vec<FileChange> {
        let mut changes = self.changes.clone();
        if back {
            changes.iter_mut().for_each(|change| std::mem::swap(&mut change.old, &mut change.new));
        }
        changes
    }

    pub(crate) fn run(&self, seen: &[Option<Stat>], back: bool, stop_after: usize) -> Result<Applied> {
        let turned = self.turned(back);
        let changes: Vec<Change<'_>> = turned
            .iter()
            .enumerate()
            .map(|(at, change)| Change { change, seen: look(seen.get(at).copied().flatten()) })
            .collect();
        let progress =
            |done: usize| if done >= stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        apply_with(&self.root, &self.area, &changes, &self.blobs, self.threads, &progress, self.renames)
    }

    /// From start to end as the engine does it.
    pub(crate) fn apply(&self) -> Result<Applied> {
        self.run(&self.seen(), false, usize::MAX)
    }

    pub(crate) fn clear(&self) -> Vec<Kept> {
        clear_stage(&self.root, &self.area, &self.changes, &|_| false, &self.blobs).unwrap()
    }

    /// All files and links with mode and content, and all directories.
    pub(crate) fn tree(&self) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        tree_of(&self.top, "", &mut out);
        out
    }

    /// The tree that the plan wants: the old or the new files and nothing else.
    pub(crate) fn wanted(&self, back: bool) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        for change in self.turned(back) {
            let Some(spec) = &change.new else { continue };
            for dir in change.path.ancestors() {
                out.insert(String::from_utf8_lossy(dir).into_owned(), "directory".to_owned());
            }
            let text = String::from_utf8(self.blobs.link_target(&spec.blob).unwrap()).unwrap();
            let text = match spec.kind {
                FileKind::Link => format!("link {text}"),
                FileKind::File => format!("{:o} {text}", spec.mode),
            };
            out.insert(change.path.to_string(), text);
        }
        out
    }

    /// Whether stage and kept are as empty as after a run without surprises.
    pub(crate) fn is_clean(&self) -> bool {
        !self.area.stage.exists() && self.area.list_kept().unwrap().is_empty()
    }
}

fn tree_of(dir: &Path, prefix: &str, out: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let meta = entry.path().symlink_metadata().unwrap();
        let text = if meta.is_dir() {
            tree_of(&entry.path(), &format!("{name}/"), out);
            "directory".to_owned()
        } else if meta.is_symlink() {
            format!("link {}", fs::read_link(entry.path()).unwrap().display())
        } else {
            format!("{:o} {}", meta.mode() & 0o7777, String::from_utf8_lossy(&fs::read(entry.path()).unwrap()))
        };
        out.insert(name, text);
    }
}

/// A plan with every kind of change, applied by nobody yet.
pub(crate) fn every_kind() -> Lab {
    let mut lab = Lab::new();
    macro_rules! f {
        ($mode:expr, $text:expr) => {
            lab.blobs.file($mode, $text)
        };
    }
    let (a, b) = (f!(0o644, "old a, longer"), f!(0o644, "new a"));
    let (c, d) = (f!(0o755, "same"), f!(0o644, "same"));
    let (l, m) = (lab.blobs.link("a"), lab.blobs.link("nowhere/at/all"));
    let (x, y) = (f!(0o600, ""), f!(0o4711, "set"));
    lab.change("deep/er/chmod", c.clone(), d);
    lab.change("deep/er/edit", a.clone(), b.clone());
    lab.change("dir-to-file/one/x", a.clone(), None);
    lab.change("dir-to-file/two", c.clone(), None);
    lab.change("dir-to-file", None, b.clone());
    lab.change("dir-to-link/x", a.clone(), None);
    lab.change("dir-to-link", None, m.clone());
    lab.change("edit", a.clone(), b.clone());
    lab.change("file-to-dir", a.clone(), None);
    lab.change("file-to-dir/x", None, b.clone());
    lab.change("file-to-dir/y/z", None, l.clone());
    lab.change("file-to-link", a.clone(), l.clone());
    lab.change("gone/all/of/it", a.clone(), None);
    lab.change("gone/all/too", l.clone(), None);
    lab.change("link-to-dir", m.clone(), None);
    lab.change("link-to-dir/x", None, b.clone());
    lab.change("link-to-file", l.clone(), b.clone());
    lab.change("link-to-link", l.clone(), m.clone());
    lab.change("new/made/here", None, y.clone());
    lab.change("truncated", a, x.clone());
    lab.change("filled", x, y);
    lab
}

/// Whether a `RepoPath` was kept, with this content.
pub(crate) fn kept_text(kept: &[Kept], path: &str) -> Option<String> {
    let one = kept.iter().find(|kept| kept.path == RepoPath::from(path))?;
    fs::read_to_string(&one.at).ok()
}
