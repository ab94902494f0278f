//! Many blobs or tags at once, straight from the packs.
//!
//! libgit2 asks for an object's size first, sets up its decompressor anew for each, and looks into every pack. Whatever
//! is not as usual here (no such pack, a big blob, a difference to something far away, damage) is left to it: every blob
//! is named again, so that only the right bytes are ever taken.

use super::entries::{Form, Header, LONGEST_HEADER, Window};
use super::pack::Pack;
use super::places;
use super::unpack::{apply, sizes_of};
use crate::Result;
use crate::git::inflate::Inflate;
use crate::git::repo::Handles;
use crate::git::{ObjectKind, name_of};
use crate::model::ObjectId;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Mutex;

/// Bigger ones are not read here.
pub(in crate::git) const SMALL: usize = 1 << 20;
/// Fewer are not worth opening the packs for.
const MANY: usize = 200;
/// So many are looked up by each thread at least.
const MANY_TO_FIND: usize = 4096;
/// So many packs are looked into, the biggest first: small ones hold little, and there can be thousands.
const PACKS: usize = 16;
/// A longer chain of differences is left to libgit2.
const CHAIN: usize = 64;
/// How many bytes of unpacked bases a thread keeps.
const BASES: usize = 4 << 20;
/// How many blobs a thread takes at a time: neighbours in the pack.
const AT_ONCE: usize = 128;

/// What was found of objects, a piece at a time: threads that came for each would wait for one another.
pub(in crate::git) type Found<T> = Vec<(ObjectId, T)>;

/// Reads objects of one kind on all processors and gives them to `take`; returns those that were not read.
pub(in crate::git) fn read(
    repo: &Handles,
    kind: ObjectKind,
    wanted: Vec<ObjectId>,
    take: &(dyn Fn(Found<Vec<u8>>) + Sync),
) -> Result<Vec<ObjectId>> {
    each(repo, wanted, &|reader, at, id| reader.named(kind, at, id).map(Cow::into_owned), &Vec::len, take)
}

/// The same with what `make` makes of each.
pub(in crate::git) fn read_as<T>(
    repo: &Handles,
    kind: ObjectKind,
    wanted: Vec<ObjectId>,
    make: &(dyn Fn(&ObjectId, &[u8]) -> Option<T> + Sync),
    take: &(dyn Fn(Found<T>) + Sync),
) -> Result<Vec<ObjectId>> {
    each(repo, wanted, &|reader, at, id| make(id, &reader.named(kind, at, id)?), &|_| 0, take)
}

/// Finds the sizes of blobs on all processors and gives them to `take`; returns those that were not found. As with libgit2,
/// they are what the packs say, and the content is not looked at.
pub(in crate::git) fn sizes(
    repo: &Handles,
    wanted: Vec<ObjectId>,
    take: &(dyn Fn(Found<u64>) + Sync),
) -> Result<Vec<ObjectId>> {
    each(repo, wanted, &|reader, at, _| reader.size(at), &|_| 0, take)
}

/// Looks at objects in the packs, and returns those that are nowhere, or that `look` could not make sense of. What is found
/// is handed over early when it grows big, by `weight`.
fn each<T>(
    repo: &Handles,
    wanted: Vec<ObjectId>,
    look: &(dyn Fn(&mut Reader<'_>, u64, &ObjectId) -> Option<T> + Sync),
    weight: &(dyn Fn(&T) -> usize + Sync),
    take: &(dyn Fn(Found<T>) + Sync),
) -> Result<Vec<ObjectId>> {
    if wanted.len() < MANY {
        return Ok(wanted);
    }
    let mut stems: Vec<_> = places::stores(repo)?.iter().flat_map(places::packs).collect();
    let size = |stem: &std::path::PathBuf| std::fs::metadata(stem.with_extension("pack")).map_or(0, |meta| meta.len());
    stems.sort_by_cached_key(|stem| std::cmp::Reverse(size(stem)));
    let mut left = wanted;
    left.sort_unstable();
    for stem in stems.iter().take(PACKS) {
        // A pack that cannot be read is libgit2's business.
        let Ok(pack) = Pack::open(stem) else { continue };
        let Ok(mut found) = find(&pack, &left) else { continue };
        // Both are sorted by name still.
        let mut here = found.iter().map(|(_, id)| *id).peekable();
        left.retain(|id| here.next_if_eq(id).is_none());
        found.sort_unstable();
        let unread = Mutex::new(Vec::new());
        crate::host::share(
            &found,
            AT_ONCE,
            || Reader::new(&pack),
            |reader, _, piece| {
                let (mut seen, mut bytes) = (Found::with_capacity(piece.len()), 0);
                for (at, id) in piece {
                    let Some(what) = look(reader, *at, id) else {
                        unread.lock().unwrap_or_else(|e| e.into_inner()).push(*id);
                        continue;
                    };
                    bytes += weight(&what);
                    seen.push((*id, what));
                    if bytes > SMALL {
                        take(std::mem::take(&mut seen));
                        bytes = 0;
                    }
                }
                take(seen);
            },
        );
        left.extend(unread.into_inner().unwrap_or_else(|e| e.into_inner()));
        left.sort_unstable();
        if left.is_empty() {
            break;
        }
    }
    Ok(left)
}

/// Where those that a pack has begin, sorted by name as they are asked for.
fn find(pack: &Pack, wanted: &[ObjectId]) -> std::io::Result<Vec<(u64, ObjectId)>> {
    let parts = crate::host::threads(wanted.len() / MANY_TO_FIND);
    let mut parts = wanted.chunks(wanted.len().div_ceil(parts).max(1));
    let first = parts.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let others: Vec<_> = parts.map(|part| crate::host::beside(scope, move || pack.find_all(part))).collect();
        let mut found = pack.find_all(first)?;
        for other in others {
            found.append(&mut other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(found)
    })
}

/// What a thread needs to unpack blobs.
struct Reader<'p> {
    window: Window<'p>,
    inflate: Inflate,
    /// What was unpacked last.
    out: Vec<u8>,
    /// Objects that others are differences to, by their place.
    bases: HashMap<u64, Vec<u8>>,
    room: usize,
}

impl<'p> Reader<'p> {
    fn new(pack: &'p Pack) -> Self {
        let window = Window::small(&pack.data, pack.end);
        Reader { window, inflate: Inflate::new(), out: Vec::new(), bases: HashMap::new(), room: BASES }
    }

    /// The object of this kind and name, when it is what the entry unpacks to.
    fn named(&mut self, kind: ObjectKind, at: u64, id: &ObjectId) -> Option<Cow<'_, [u8]>> {
        let bytes = self.object(at)?;
        // The kind is part of what is named.
        (name_of(kind, &bytes).ok()? == *id).then_some(bytes)
    }

    /// The size of a blob, or of whatever a difference makes: a tree or a commit would have to be named by the index.
    fn size(&mut self, at: u64) -> Option<u64> {
        let header = Header::parse(self.window.get(at, LONGEST_HEADER).ok()?)?;
        match header.form {
            Form::Whole(kind) => (kind == ObjectKind::Blob as u8).then_some(header.size),
            Form::Offset(_) | Form::Named(_) => {
                self.inflate(at)?;
                sizes_of(&self.out).map(|(_, to, _)| to)
            }
        }
    }

    fn object(&mut self, wanted: u64) -> Option<Cow<'_, [u8]>> {
        let mut chain = Vec::new();
        let mut at = wanted;
        let mut object = loop {
            if let Some(known) = self.bases.get(&at) {
                break known.clone();
            }
            match self.inflate(at)? {
                Form::Whole(_) if chain.is_empty() => return Some(Cow::Borrowed(&self.out)),
                Form::Whole(_) => {
                    let bytes = self.out.clone();
                    self.keep(at, &bytes);
                    break bytes;
                }
                Form::Offset(back) if back > 0 && chain.len() < CHAIN => {
                    chain.push(self.out.clone());
                    at = at.checked_sub(back)?;
                }
                _ => return None,
            }
        };
        for difference in chain.iter().rev() {
            object = apply(&object, difference).filter(|bytes| bytes.len() <= SMALL)?;
        }
        // The next one is often a difference to this one.
        self.keep(wanted, &object);
        Some(Cow::Owned(object))
    }

    fn keep(&mut self, at: u64, bytes: &[u8]) {
        if bytes.len() > self.room {
            self.bases.clear();
            self.room = BASES;
        }
        self.room -= bytes.len();
        self.bases.insert(at, bytes.to_vec());
    }

    /// Unpacks an entry into `out`.
    fn inflate(&mut self, at: u64) -> Option<Form> {
        let header = Header::parse(self.window.get(at, LONGEST_HEADER).ok()?)?;
        let size = usize::try_from(header.size).ok().filter(|size| *size <= SMALL)?;
        // What cannot be compressed grows, but never by so much.
        let most = header.length + size + size / 8 + 256;
        self.out.clear();
        self.out.resize(size, 0);
        let bytes = self.window.get(at, most).ok()?;
        self.inflate.zlib(bytes.get(header.length..bytes.len().min(most))?, &mut self.out)?;
        Some(header.form)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
mod tests {
    use super::*;
    use crate::git::Repo;
    use crate::git::testing::TestRepo;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// What was read, each with its right name, and what was left.
    fn read_all(repo: &TestRepo, wanted: &[ObjectId]) -> (usize, usize) {
        let opened = Repo::open_at(repo.root()).unwrap();
        let count = AtomicUsize::new(0);
        let take = |read: Found<Vec<u8>>| {
            read.iter().for_each(|(id, bytes)| assert_eq!(name_of(ObjectKind::Blob, bytes).unwrap(), *id));
            count.fetch_add(read.len(), Ordering::Relaxed);
        };
        let left = read(&opened, ObjectKind::Blob, wanted.to_vec(), &take).unwrap();
        (count.into_inner(), left.len())
    }

    #[test]
    fn every_blob_of_a_pack_is_read_and_damage_is_left_to_others() {
        let repo = TestRepo::new();
        let lines: String =
            (0..200).map(|n| format!("line {n} of a text that is much the same everywhere\n")).collect();
        for version in 0..3 {
            for n in 0..100 {
                repo.write(format!("d{}/{n}", n % 7), format!("{lines}{n} {version}\n{lines}"));
            }
            repo.write("empty", "");
            repo.commit_all();
        }
        repo.git(&["repack", "-adfq", "--depth=50", "--window=50"]);
        let list = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)"]);
        let list = String::from_utf8(list).unwrap();
        let mut wanted: Vec<ObjectId> =
            list.lines().filter_map(|line| ObjectId::from_hex(line.strip_prefix("blob ")?.as_bytes())).collect();
        assert_eq!(wanted.len(), 301);
        assert_eq!(read_all(&repo, &wanted), (301, 0));
        // Trees and names that are nowhere are left.
        let tree = list.lines().find_map(|line| line.strip_prefix("tree ")).unwrap();
        wanted.push(ObjectId::from_hex(tree.as_bytes()).unwrap());
        wanted.push(ObjectId::from_bytes(&[7; 20]).unwrap());
        assert_eq!(read_all(&repo, &wanted), (301, 2));
        let packs = std::fs::read_dir(repo.root().join(".git/objects/pack")).unwrap();
        let pack = packs.map(|e| e.unwrap().path()).find(|path| path.extension().is_some_and(|e| e == "pack")).unwrap();
        let good = std::fs::read(&pack).unwrap();
        std::fs::remove_file(&pack).unwrap();
        for at in (12..good.len() - 20).step_by(good.len() / 10) {
            let mut bad = good.clone();
            bad[at] ^= 0x55;
            std::fs::write(&pack, bad).unwrap();
            let (read, left) = read_all(&repo, &wanted);
            assert_eq!(read + left, wanted.len());
        }
    }
}
