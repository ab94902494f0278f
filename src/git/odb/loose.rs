//! Loose objects: a file each.

use super::commit::{PackCommits, parse};
use crate::git::ObjectKind;
use crate::host::fs;
use crate::model::ObjectId;
use crate::{Error, Result};
use flate2::{Decompress, FlushDecompress};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A loose object.
#[derive(Clone, Copy, Debug)]
pub struct LooseObject {
    /// Its name.
    pub id: ObjectId,
    /// What it is.
    pub kind: ObjectKind,
    /// Its size.
    pub size: u64,
    /// When its file was written, seconds since 1970.
    pub mtime: i64,
}

/// The loose objects of a store.
#[derive(Debug, Default)]
pub(super) struct Loose {
    pub objects: Vec<LooseObject>,
    pub commits: PackCommits,
    pub damaged: usize,
}

/// Of a file no more than this is read to see what it is; most commits are smaller.
const FIRST_PIECE: usize = 4096;
/// A commit beyond this size is not one that anybody made.
const MAX_COMMIT: u64 = 32 << 20;

/// So many directories hold about as many objects: one thread reads them faster than another starts.
const FEW_DIRS: usize = 64;

/// The directories of a store that are named by the first two digits of what they hold.
fn fans(objects: &Path) -> Result<Vec<String>> {
    let failed = |e: std::io::Error| Error::io(format!("cannot read {}", objects.display()), &e);
    let names = std::fs::read_dir(objects).map_err(failed)?;
    let names: Vec<_> =
        names.map(|entry| Ok(entry.map_err(failed)?.file_name().into_string().ok())).collect::<Result<_>>()?;
    let is_fan = |name: &String| name.len() == 2 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    Ok(names.into_iter().flatten().filter(is_fan).collect())
}

/// Reads all loose objects of the store at `objects`.
pub(super) fn read(objects: &Path) -> Result<Loose> {
    let dirs = fans(objects)?;
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Loose::default());
    let work = || {
        let mut reader = Reader { inflate: Decompress::new(true), file: Vec::new(), out: Vec::new() };
        let mut own = Loose::default();
        while let Some(name) = dirs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Ok(entries) = std::fs::read_dir(objects.join(name)) else { continue };
            for entry in entries.flatten() {
                let rest = entry.file_name();
                let hex = [name.as_bytes(), rest.as_encoded_bytes()].concat();
                // Temporary files of git's have other names.
                let Some(id) = ObjectId::from_hex(&hex) else { continue };
                if own.add(id, &entry.path(), &mut reader).is_none() {
                    own.damaged += 1;
                }
            }
        }
        all.lock().unwrap_or_else(|e| e.into_inner()).join(own);
    };
    crate::host::together(dirs.len() / FEW_DIRS + 1, work);
    Ok(all.into_inner().unwrap_or_else(|e| e.into_inner()))
}

impl Loose {
    fn join(&mut self, mut other: Loose) {
        self.objects.append(&mut other.objects);
        self.commits.ids.append(&mut other.commits.ids);
        self.commits.facts.append(&mut other.commits.facts);
        self.commits.parents.append(&mut other.commits.parents);
        self.damaged += other.damaged;
    }

    fn add(&mut self, id: ObjectId, path: &Path, reader: &mut Reader) -> Option<()> {
        let (object, body_at) = reader.start(id, path)?;
        if object.kind == ObjectKind::Commit {
            let bytes = reader.rest(path, body_at, object.size)?;
            let mut parents = Vec::new();
            let facts = parse(bytes, &mut parents)?;
            self.commits.push(id, facts, &parents);
        }
        self.objects.push(object);
        Some(())
    }
}

/// Reads the files one after the other.
struct Reader {
    inflate: Decompress,
    file: Vec<u8>,
    out: Vec<u8>,
}

impl Reader {
    /// What an object is, and where its content begins in what was unpacked.
    fn start(&mut self, id: ObjectId, path: &Path) -> Option<(LooseObject, usize)> {
        let mut file = fs::open_regular(path).ok()?;
        let meta = file.metadata().ok()?;
        self.file.clear();
        Read::by_ref(&mut file).take(FIRST_PIECE as u64).read_to_end(&mut self.file).ok()?;
        self.inflate.reset(true);
        self.out.clear();
        self.out.reserve(FIRST_PIECE);
        self.inflate.decompress_vec(&self.file, &mut self.out, FlushDecompress::None).ok()?;
        let end = self.out.iter().take(32).position(|&b| b == 0)?;
        let (kind, size) = std::str::from_utf8(&self.out[..end]).ok()?.split_once(' ')?;
        let kind = match kind {
            "commit" => ObjectKind::Commit,
            "tree" => ObjectKind::Tree,
            "blob" => ObjectKind::Blob,
            "tag" => ObjectKind::Tag,
            _ => return None,
        };
        Some((LooseObject { id, kind, size: size.parse().ok()?, mtime: meta.mtime() }, end + 1))
    }

    /// The content of the object that was started.
    fn rest(&mut self, path: &Path, from: usize, size: u64) -> Option<&[u8]> {
        let total = from + usize::try_from(size.min(MAX_COMMIT + 1)).ok()?;
        if size > MAX_COMMIT {
            return None;
        }
        if self.out.len() < total {
            // The beginning was not enough: once more, with room for all.
            self.file = fs::read_capped(path, MAX_COMMIT).ok()??;
            self.inflate.reset(true);
            self.out = Vec::with_capacity(total);
            self.inflate.decompress_vec(&self.file, &mut self.out, FlushDecompress::Finish).ok()?;
        }
        self.out.get(from..total)
    }
}
