//! What kind of object each entry of a pack is, from the headers alone.

use super::pack::{Pack, bad};
use crate::git::ObjectKind;
use crate::model::ObjectId;
use std::fs::File;
use std::io::Result;
use std::os::unix::fs::FileExt;
use std::sync::Mutex;

/// The entries of a pack in the order in which they stand.
#[derive(Debug)]
pub(super) struct Entries {
    /// Where each begins.
    pub offsets: Vec<u64>,
    /// The number of each in the index.
    pub order: Vec<u32>,
    /// What each is once it is unpacked: the number of an [`ObjectKind`], or [`UNKNOWN`].
    pub kinds: Vec<u8>,
    /// Where the last one ends.
    pub end: u64,
}

/// The kind of an entry that cannot be told: it is damaged.
pub(super) const UNKNOWN: u8 = 0;
const OFFSET_DELTA: u8 = 6;
const REF_DELTA: u8 = 7;
/// No header of an entry is longer.
pub(super) const LONGEST_HEADER: usize = 48;
/// From so many on both tables are read at the same time.
const MANY: usize = 1 << 15;
/// How many entries a thread takes at a time.
const AT_ONCE: usize = 1 << 12;

/// The header of an entry.
pub(super) struct Header {
    /// What it is.
    pub form: Form,
    /// Size of what it unpacks to: the object, or the instructions that make it of another.
    pub size: u64,
    /// Bytes of the header.
    pub length: usize,
}

/// What an entry is.
pub(super) enum Form {
    /// A whole object, with the number of its kind.
    Whole(u8),
    /// A difference to the entry this many bytes before it.
    Offset(u64),
    /// A difference to a named object.
    Named(ObjectId),
}

impl Header {
    /// Reads a header at the beginning of `bytes`.
    pub fn parse(bytes: &[u8]) -> Option<Header> {
        let first = *bytes.first()?;
        let (mut size, mut shift, mut at, mut byte) = (u64::from(first & 15), 4, 1, first);
        while byte & 0x80 != 0 {
            byte = *bytes.get(at)?;
            at += 1;
            size |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
        }
        let form = match (first >> 4) & 7 {
            kind @ 1..=4 => Form::Whole(kind),
            OFFSET_DELTA => {
                let mut byte = *bytes.get(at)?;
                let mut back = u64::from(byte & 0x7f);
                at += 1;
                while byte & 0x80 != 0 {
                    byte = *bytes.get(at)?;
                    at += 1;
                    back = (back + 1).checked_mul(128)? | u64::from(byte & 0x7f);
                }
                Form::Offset(back)
            }
            REF_DELTA => {
                at += 20;
                Form::Named(ObjectId::from_bytes(bytes.get(at - 20..at)?)?)
            }
            _ => return None,
        };
        Some(Header { form, size, length: at })
    }
}

/// A piece of a file that moves along with what is read.
pub(super) struct Window<'f> {
    file: &'f File,
    end: u64,
    at: u64,
    piece: Vec<u8>,
    /// How much is read at a time.
    size: usize,
}

impl<'f> Window<'f> {
    const SIZE: usize = 1 << 17;

    pub fn new(file: &'f File, end: u64) -> Self {
        Window { file, end, at: 0, piece: Vec::new(), size: Self::SIZE }
    }

    /// For reading here and there.
    pub fn small(file: &'f File, end: u64) -> Self {
        Window { size: 1 << 14, ..Window::new(file, end) }
    }

    /// At least `want` bytes from `at` on, fewer only where the entries end.
    pub fn get(&mut self, at: u64, want: usize) -> Result<&[u8]> {
        let have = self.at + self.piece.len() as u64;
        let until = at.saturating_add(want as u64).min(self.end);
        if at < self.at || until > have {
            let size = (until.saturating_sub(at) as usize).max(self.size.min(self.end.saturating_sub(at) as usize));
            self.piece.clear();
            self.piece.resize(size, 0);
            self.at = at;
            self.file.read_exact_at(&mut self.piece, at)?;
        }
        Ok(&self.piece[(at - self.at) as usize..])
    }
}

impl Entries {
    /// Reads the headers of all entries.
    pub fn read(pack: &Pack) -> Result<Entries> {
        let (offsets, order) = in_order(pack)?;
        if offsets.first().is_some_and(|first| *first < 12) || offsets.last().is_some_and(|last| *last >= pack.end) {
            return Err(bad("the index of the pack is damaged"));
        }
        let mut entries = Entries { kinds: vec![UNKNOWN; offsets.len()], offsets, order, end: pack.end };
        // The entry that each is a difference to, plus one; zero: none.
        let mut bases = vec![0u32; entries.kinds.len()];
        let mut kinds = std::mem::take(&mut entries.kinds);
        let pieces = Mutex::new(kinds.chunks_mut(AT_ONCE).zip(bases.chunks_mut(AT_ONCE)).enumerate());
        let failed = Mutex::new(None);
        let work = || {
            let mut window = Window::new(&pack.data, pack.end);
            loop {
                let next = pieces.lock().unwrap_or_else(|e| e.into_inner()).next();
                let Some((piece, (kinds, bases))) = next else { return };
                if let Err(error) = entries.headers(pack, &mut window, piece * AT_ONCE, kinds, bases) {
                    *failed.lock().unwrap_or_else(|e| e.into_inner()) = Some(error);
                    return;
                }
            }
        };
        crate::host::together(entries.offsets.len() / AT_ONCE + 1, work);
        if let Some(error) = failed.into_inner().unwrap_or_else(|e| e.into_inner()) {
            return Err(error);
        }
        resolve(&mut kinds, &mut bases);
        entries.kinds = kinds;
        Ok(entries)
    }

    fn headers(
        &self,
        pack: &Pack,
        window: &mut Window<'_>,
        first: usize,
        kinds: &mut [u8],
        bases: &mut [u32],
    ) -> Result<()> {
        for (i, (kind, base)) in kinds.iter_mut().zip(bases).enumerate() {
            let at = first + i;
            let offset = self.offsets[at];
            let Some(header) = Header::parse(window.get(offset, LONGEST_HEADER)?) else { continue };
            let found = match header.form {
                Form::Whole(whole) => {
                    *kind = whole;
                    continue;
                }
                Form::Offset(back) => offset.checked_sub(back).and_then(|base| self.before(at, base)),
                Form::Named(id) => self.named(pack, &id)?,
            };
            *base = found.map_or(0, |found| found as u32 + 1);
        }
        Ok(())
    }

    /// The entry that begins at `offset`, which is near before the entry `at`.
    pub fn before(&self, at: usize, offset: u64) -> Option<usize> {
        let mut step = 1;
        while step < at && self.offsets[at - step] > offset {
            step *= 2;
        }
        let low = at.saturating_sub(step);
        self.offsets[low..at].binary_search(&offset).ok().map(|found| low + found)
    }

    /// The entry of a named object in the same pack.
    pub fn named(&self, pack: &Pack, id: &ObjectId) -> Result<Option<usize>> {
        let Some(number) = pack.find(id)? else { return Ok(None) };
        Ok(self.offsets.binary_search(&pack.offset(number)?).ok())
    }

    /// Where an entry ends.
    pub fn end_of(&self, at: usize) -> u64 {
        self.offsets.get(at + 1).copied().unwrap_or(self.end)
    }

    /// The entries of one kind.
    pub fn of_kind(&self, kind: ObjectKind) -> Vec<u32> {
        let wanted = kind as u8;
        self.kinds.iter().enumerate().filter(|(_, kind)| **kind == wanted).map(|(at, _)| at as u32).collect()
    }
}

/// The offsets, sorted, and the number in the index of each.
fn in_order(pack: &Pack) -> Result<(Vec<u64>, Vec<u32>)> {
    let (offsets, order) = match pack.count < MANY {
        true => (pack.offsets(), pack.order()),
        false => std::thread::scope(|scope| {
            let order = crate::host::beside(scope, || pack.order());
            (pack.offsets(), order.join().unwrap_or_default())
        }),
    };
    let offsets = offsets?;
    if let Some(order) = order {
        let sorted: Option<Vec<u64>> = order.iter().map(|at| offsets.get(*at as usize).copied()).collect();
        // Increasing without a gap in the numbers: nothing is there twice, so nothing is missing.
        if let Some(sorted) = sorted.filter(|sorted| sorted.is_sorted_by(|a, b| a < b)) {
            return Ok((sorted, order));
        }
    }
    let mut order: Vec<u32> = (0..offsets.len() as u32).collect();
    order.sort_unstable_by_key(|at| offsets[*at as usize]);
    let sorted: Vec<u64> = order.iter().map(|at| offsets[*at as usize]).collect();
    Ok((sorted, order))
}

/// Gives each difference the kind of what it is a difference to.
fn resolve(kinds: &mut [u8], bases: &mut [u32]) {
    let mut chain = Vec::new();
    for first in 0..kinds.len() {
        let mut at = first;
        // Differences to named objects can lead forward, and in a damaged pack in a circle.
        while let Some(base) = bases[at].checked_sub(1).filter(|_| kinds[at] == UNKNOWN && chain.len() < bases.len()) {
            chain.push(at);
            at = base as usize;
        }
        let kind = kinds[at];
        for at in chain.drain(..) {
            kinds[at] = kind;
            bases[at] = 0;
        }
    }
}
