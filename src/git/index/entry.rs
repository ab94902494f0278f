//! Entries as the bytes that they are in the file.

use super::raw::{Kind, be_u16, be_u32, check_entry, damaged};
use super::{EntryFlags, IndexEntry};
use crate::Result;
use crate::model::{ObjectId, RepoPath, Stat};
use std::ops::Range;
use std::sync::OnceLock;

/// Where the parts of an entry are.
const CTIME: usize = 0;
const MTIME: usize = 8;
const INO: usize = 20;
const MODE: usize = 24;
const UID: usize = 28;
const GID: usize = 32;
const SIZE: usize = 36;
const ID: usize = 40;
const FLAGS: usize = 60;
/// The end of an entry's head: two more bytes of flags may follow, and then the path.
const HEAD: usize = 62;

const ASSUME_UNCHANGED: u16 = 0x8000;
const EXTENDED: u16 = 0x4000;
const LENGTH: u16 = 0x0fff;
const SKIP_WORKTREE: u16 = 0x4000;
const INTENT_TO_ADD: u16 = 0x2000;

/// The size of what stands before the first entry.
pub(super) const HEADER: usize = 12;

/// All entries of an index, in the form of the versions 2 and 3.
pub(super) struct Entries {
    /// [`HEADER`] bytes that say nothing, and the entries without a gap.
    data: Vec<u8>,
    /// Where each begins.
    starts: Vec<usize>,
    /// Those that are more than a file, or more than a tree can say; found anew once entries have changed.
    notable: OnceLock<Vec<usize>>,
}

impl Default for Entries {
    fn default() -> Self {
        Entries { data: vec![0; HEADER], starts: Vec::new(), notable: OnceLock::new() }
    }
}

/// One entry.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a>(&'a [u8]);

impl<'a> Entry<'a> {
    fn u32(self, at: usize) -> u32 {
        be_u32(self.0, at).unwrap_or(0)
    }

    fn raw_flags(self) -> u16 {
        be_u16(self.0, FLAGS).unwrap_or(0)
    }

    /// Where the path is; an entry that was parsed has all of it.
    fn name(self) -> Range<usize> {
        let flags = self.raw_flags();
        let start = if flags & EXTENDED == 0 { HEAD } else { HEAD + 2 };
        let length = match flags & LENGTH {
            LENGTH => self.0[start..].iter().position(|byte| *byte == 0).unwrap_or(0),
            length => usize::from(length),
        };
        start..start + length
    }

    pub fn path(self) -> &'a [u8] {
        self.0.get(self.name()).unwrap_or_default()
    }

    pub fn id(self) -> ObjectId {
        ObjectId::from_bytes(&self.0[ID..FLAGS]).unwrap_or(ObjectId::EMPTY_TREE)
    }

    pub fn mode(self) -> u32 {
        self.u32(MODE)
    }

    pub fn stage(self) -> u8 {
        (self.raw_flags() >> 12 & 3) as u8
    }

    fn is_extended(self) -> bool {
        self.raw_flags() & EXTENDED != 0
    }

    pub fn flags(self) -> EntryFlags {
        let more = if self.is_extended() { be_u16(self.0, HEAD).unwrap_or(0) } else { 0 };
        EntryFlags {
            assume_unchanged: self.raw_flags() & ASSUME_UNCHANGED != 0,
            skip_worktree: more & SKIP_WORKTREE != 0,
            intent_to_add: more & INTENT_TO_ADD != 0,
        }
    }

    /// Seconds and nanoseconds.
    pub fn mtime(self) -> (u32, u32) {
        (self.u32(MTIME), self.u32(MTIME + 4))
    }

    pub fn size(self) -> u32 {
        self.u32(SIZE)
    }

    /// Whether the recorded stat data is this; git keeps the low 32 bits of everything.
    pub fn stat_is(self, stat: &Stat, ctime_counts: bool) -> bool {
        self.mtime() == (stat.mtime.0 as u32, stat.mtime.1)
            && self.size() == stat.size as u32
            && self.u32(INO) == stat.ino as u32
            && self.u32(UID) == stat.uid
            && self.u32(GID) == stat.gid
            && (!ctime_counts || (self.u32(CTIME), self.u32(CTIME + 4)) == (stat.ctime.0 as u32, stat.ctime.1))
    }
}

impl Entries {
    /// Where the entries of a file begin: it ends with the last of them. Everything that others build on is checked.
    pub fn parse(data: &[u8], version: u32, count: u32) -> Result<Parsed> {
        let mut parsed = Parsed { starts: Vec::with_capacity(count as usize), notable: Vec::new(), plain: None };
        crate::host::big_pages(&parsed.starts);
        let mut before: (&[u8], u8) = (b"", 0);
        if version == 4 {
            let plain = expand(data, count)?;
            let parsed = Entries::parse(&plain, 3, count)?;
            return Ok(Parsed { plain: Some(plain), ..parsed });
        }
        let mut at = HEADER;
        while parsed.starts.len() < count as usize {
            let entry = Entry(&data[at..]);
            let size = entry.whole_size(version).ok_or_else(|| damaged("an entry is cut off or malformed"))?;
            let now = (entry.path(), entry.stage());
            let kind = check_entry(before, now, entry.mode())?;
            before = now;
            if kind == Kind::Notable || entry.raw_flags() & !LENGTH != 0 {
                parsed.notable.push(parsed.starts.len());
            }
            parsed.starts.push(at);
            at += size;
        }
        match at == data.len() {
            true => Ok(parsed),
            false => Err(damaged("its entries do not end where they should")),
        }
    }

    /// From the bytes of a file up to the end of its entries, and what [`Entries::parse`] made of them.
    pub fn of(data: Vec<u8>, parsed: Parsed) -> Entries {
        Entries { data: parsed.plain.unwrap_or(data), starts: parsed.starts, notable: parsed.notable.into() }
    }

    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn at(&self, i: usize) -> Entry<'_> {
        Entry(&self.data[self.starts[i]..])
    }

    pub fn notable(&self) -> &[usize] {
        self.notable.get_or_init(|| {
            let is_notable = |i: &usize| {
                let entry = self.at(*i);
                entry.raw_flags() & !LENGTH != 0 || super::raw::kind(entry.path(), entry.mode()) == Kind::Notable
            };
            (0..self.len()).filter(is_notable).collect()
        })
    }

    /// Where entry `i` begins; for the number behind the last one, where that ends.
    fn start(&self, i: usize) -> usize {
        self.starts.get(i).map_or(self.data.len(), |start| *start)
    }

    fn set(&mut self, i: usize, at: usize, numbers: &[u32]) {
        let start = self.starts[i] + at;
        for (place, number) in self.data[start..].chunks_exact_mut(4).zip(numbers) {
            place.copy_from_slice(&number.to_be_bytes());
        }
    }

    pub fn set_size(&mut self, i: usize, size: u32) {
        self.set(i, SIZE, &[size]);
    }

    pub fn set_stat(&mut self, i: usize, stat: &Stat) {
        // Git keeps the low 32 bits of everything.
        let ((changed, changed_ns), (written, written_ns)) = (stat.ctime, stat.mtime);
        self.set(i, CTIME, &[changed as u32, changed_ns, written as u32, written_ns, stat.dev as u32, stat.ino as u32]);
        self.set(i, UID, &[stat.uid, stat.gid, stat.size as u32]);
    }

    /// Puts other entries in the place of some; the places are sorted, and so are the paths.
    pub fn replace(&mut self, edits: &[(Range<usize>, &RepoPath, &[IndexEntry])]) {
        self.notable = OnceLock::new();
        let fits = |place: &Range<usize>, new: &[IndexEntry]| {
            place.len() == 1 && new.len() == 1 && self.at(place.start).is_extended() == (more_flags(&new[0]) != 0)
        };
        if edits.iter().all(|(place, _, new)| fits(place, new)) {
            edits.iter().for_each(|(place, _, new)| self.overwrite(place.start, &new[0]));
            return;
        }
        let added = edits.iter().map(|(_, _, new)| new.len()).sum::<usize>();
        let mut out = Entries {
            data: Vec::with_capacity(self.data.len() + added * (HEAD + 66)),
            starts: Vec::with_capacity(self.len() + added),
            notable: OnceLock::new(),
        };
        out.data.extend_from_slice(&self.data[..HEADER]);
        let mut next = 0;
        for (gone, path, new) in edits {
            out.copy(self, next..gone.start);
            new.iter().for_each(|entry| out.push(path, entry));
            next = gone.end;
        }
        out.copy(self, next..self.len());
        *self = out;
    }

    /// Puts an entry without stat data in the place of one with the same path, which takes as much room.
    fn overwrite(&mut self, i: usize, entry: &IndexEntry) {
        let length = self.at(i).raw_flags() & LENGTH;
        let start = self.starts[i];
        self.data[start..start + ID].fill(0);
        self.set(i, MODE, &[entry.mode]);
        self.data[start + ID..start + FLAGS].copy_from_slice(entry.id.as_bytes());
        let (flags, more) = (length | flags(entry), more_flags(entry));
        self.data[start + FLAGS..start + HEAD].copy_from_slice(&flags.to_be_bytes());
        if more != 0 {
            self.data[start + HEAD..start + HEAD + 2].copy_from_slice(&more.to_be_bytes());
        }
    }

    fn copy(&mut self, from: &Entries, range: Range<usize>) {
        let bytes = from.start(range.start)..from.start(range.end);
        let to = self.data.len();
        self.starts.extend(from.starts[range].iter().map(|start| start - bytes.start + to));
        self.data.extend_from_slice(&from.data[bytes]);
    }

    /// Adds an entry without stat data behind all others.
    fn push(&mut self, path: &RepoPath, entry: &IndexEntry) {
        let start = self.data.len();
        let path = path.as_bytes();
        let length = u16::try_from(path.len()).map_or(LENGTH, |length| length.min(LENGTH));
        let (flags, more) = (length | flags(entry), more_flags(entry));
        self.starts.push(start);
        self.data.resize(start + ID, 0);
        self.data[start + MODE..][..4].copy_from_slice(&entry.mode.to_be_bytes());
        self.data.extend_from_slice(entry.id.as_bytes());
        self.data.extend_from_slice(&flags.to_be_bytes());
        if more != 0 {
            self.data.extend_from_slice(&more.to_be_bytes());
        }
        self.data.extend_from_slice(path);
        pad(&mut self.data, start);
    }

    /// The header and the entries of the file.
    pub fn file(&self) -> ([u8; HEADER], &[u8]) {
        // Version 3 when there are more flags than version 2 can say.
        let version: u32 = if (0..self.len()).any(|i| self.at(i).is_extended()) { 3 } else { 2 };
        let mut header = [0; HEADER];
        let numbers = [*b"DIRC", version.to_be_bytes(), (self.len() as u32).to_be_bytes()];
        header.copy_from_slice(numbers.as_flattened());
        (header, &self.data[HEADER..])
    }
}

/// The flags of an entry but for the length of its path.
fn flags(entry: &IndexEntry) -> u16 {
    let assume = if entry.flags.assume_unchanged { ASSUME_UNCHANGED } else { 0 };
    let extended = if more_flags(entry) == 0 { 0 } else { EXTENDED };
    u16::from(entry.stage & 3) << 12 | assume | extended
}

/// The flags that an entry of version 3 can have besides.
fn more_flags(entry: &IndexEntry) -> u16 {
    let mark = |set, flag| if set { flag } else { 0 };
    mark(entry.flags.skip_worktree, SKIP_WORKTREE) | mark(entry.flags.intent_to_add, INTENT_TO_ADD)
}

/// What [`Entries::parse`] found.
pub(super) struct Parsed {
    starts: Vec<usize>,
    notable: Vec<usize>,
    /// The entries of a file of version 4 in the form of version 3.
    plain: Option<Vec<u8>>,
}

impl Entry<'_> {
    /// The size of the entry that these bytes begin with, its padding included; `None`: it is cut off.
    fn whole_size(self, version: u32) -> Option<usize> {
        if self.0.len() < HEAD + 2 || (self.is_extended() && version < 3) {
            return None;
        }
        let name = self.name();
        // At least one NUL, then up to a multiple of eight from the start of the entry.
        let size = (name.end + 8) & !7;
        let ends = self.0.get(name.end) == Some(&0) && !name.is_empty();
        (ends && size <= self.0.len()).then_some(size)
    }
}

/// NULs behind a path: at least one, then up to a multiple of eight from the start of the entry.
fn pad(data: &mut Vec<u8>, start: usize) {
    let size = (data.len() - start + 8) & !7;
    data.resize(start + size, 0);
}

/// Writes out the paths of a file of version 4, which names only what is not as in the path before.
fn expand(data: &[u8], count: u32) -> Result<Vec<u8>> {
    let mut out = vec![0; HEADER];
    let mut path: Vec<u8> = Vec::new();
    let mut rest = &data[HEADER..];
    for _ in 0..count {
        let name = expand_one(rest, &mut path).ok_or_else(|| damaged("an entry is cut off or malformed"))?;
        let start = out.len();
        let head = if be_u16(rest, FLAGS).unwrap_or(0) & EXTENDED == 0 { HEAD } else { HEAD + 2 };
        out.extend_from_slice(&rest[..head]);
        let length = u16::try_from(path.len()).map_or(LENGTH, |length| length.min(LENGTH));
        let flags = be_u16(rest, FLAGS).unwrap_or(0) & !LENGTH | length;
        out[start + FLAGS..start + HEAD].copy_from_slice(&flags.to_be_bytes());
        out.extend_from_slice(&path);
        pad(&mut out, start);
        rest = &rest[name..];
    }
    match rest.is_empty() {
        true => Ok(out),
        false => Err(damaged("its entries do not end where they should")),
    }
}

/// Makes `path` that of the entry which `data` begins with; the size of that entry.
fn expand_one(data: &[u8], path: &mut Vec<u8>) -> Option<usize> {
    let name = if be_u16(data, FLAGS)? & EXTENDED == 0 { HEAD } else { HEAD + 2 };
    let (strip, suffix) = super::raw::varint(data, name)?;
    let end = suffix + data.get(suffix..)?.iter().position(|byte| *byte == 0)?;
    path.truncate(path.len().checked_sub(strip)?);
    path.extend_from_slice(&data[suffix..end]);
    Some(end + 1)
}
