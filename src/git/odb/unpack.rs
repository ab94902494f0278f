//! Unpacking the commits of a pack.

use super::commit::{Facts, Look, PackCommits, parse};
use super::entries::{Entries, Form, Header, Window};
use super::graph::Graph;
use super::pack::Pack;
use crate::git::ObjectKind;
use crate::git::inflate::Inflate;
use crate::model::ObjectId;
use std::collections::HashMap;
use std::io::Result;
use std::sync::Mutex;

/// A commit beyond this size is not one that anybody made.
const MAX_SIZE: u64 = 32 << 20;
/// Git packs differences of differences fifty deep, and 4095 at most.
const MAX_CHAIN: usize = 4096;
/// How many commits a thread takes at a time at most: neighbours are differences to one another.
const AT_ONCE: usize = 1 << 10;
/// How many unpacked bases a thread keeps.
const KEPT_BASES: usize = 256;
/// No compressed stream is more than this many times smaller than what it holds.
const MAX_RATIO: u64 = 1040;

/// The commits and tags of a pack. What a commit-graph has is not unpacked.
pub(super) fn commits(pack: &Pack, entries: &Entries, graph: &Graph) -> Result<PackCommits> {
    let numbers = |kind| {
        let at = entries.of_kind(kind);
        let mut numbers: Vec<(u32, u32)> = at.into_iter().map(|at| (entries.order[at as usize], at)).collect();
        numbers.sort_unstable();
        numbers
    };
    let sorted = numbers(ObjectKind::Commit);
    let ids = pack.names(&sorted.iter().map(|(number, _)| *number).collect::<Vec<_>>())?;
    let tags = pack.names(&numbers(ObjectKind::Tag).iter().map(|(number, _)| *number).collect::<Vec<_>>())?;
    let mut out = PackCommits { tags, objects: pack.count, ..PackCommits::default() };
    let known = graph.look_up(&ids);
    let mut parents = Vec::new();
    let mut unknown = Vec::new();
    for (i, id) in ids.iter().enumerate() {
        match known.get(i).copied().flatten().and_then(|at| graph.facts(at, &mut parents)) {
            Some(facts) => out.push(*id, facts, &parents),
            None => unknown.push((sorted[i].1, *id)),
        }
    }
    // In the order of the pack, so that it is read from front to back.
    unknown.sort_unstable_by_key(|(at, _)| *at);
    for mut piece in unpack(pack, entries, &unknown)? {
        out.ids.append(&mut piece.ids);
        out.facts.append(&mut piece.facts);
        out.parents.append(&mut piece.parents);
        out.damaged += piece.damaged;
    }
    out.damaged += entries.kinds.iter().filter(|kind| **kind == super::entries::UNKNOWN).count();
    Ok(out)
}

fn unpack(pack: &Pack, entries: &Entries, wanted: &[(u32, ObjectId)]) -> Result<Vec<PackCommits>> {
    let done = Mutex::new(Vec::new());
    // As many for each thread, so that none waits long for the last piece of another.
    let pieces = wanted.len().div_ceil(AT_ONCE);
    let pieces = pieces.next_multiple_of(crate::host::threads(pieces)).max(1);
    crate::host::share(
        wanted,
        wanted.len().div_ceil(pieces).max(1),
        || Unpacker::new(pack, entries),
        |unpacker, _, piece| {
            let piece = unpacker.piece(piece);
            done.lock().unwrap_or_else(|e| e.into_inner()).push(piece);
        },
    );
    Ok(done.into_inner().unwrap_or_else(|e| e.into_inner()))
}

/// What a thread needs to unpack entries.
struct Unpacker<'p> {
    pack: &'p Pack,
    entries: &'p Entries,
    window: Window<'p>,
    inflate: Inflate,
    bases: HashMap<usize, Vec<u8>>,
}

impl<'p> Unpacker<'p> {
    fn new(pack: &'p Pack, entries: &'p Entries) -> Self {
        let window = Window::new(&pack.data, pack.end);
        Unpacker { pack, entries, window, inflate: Inflate::new(), bases: HashMap::new() }
    }

    fn piece(&mut self, wanted: &[(u32, ObjectId)]) -> PackCommits {
        let mut out = PackCommits::default();
        let (mut parents, mut bytes) = (Vec::new(), Vec::new());
        for (at, id) in wanted {
            let facts: Option<Facts> = self.object(*at as usize, &mut bytes).and_then(|()| parse(&bytes, &mut parents));
            match facts {
                Some(facts) => out.push(*id, facts, &parents),
                None => out.damaged += 1,
            }
        }
        out
    }

    /// Unpacks the entry `at` into `out`; `None`: it is damaged.
    fn object(&mut self, at: usize, out: &mut Vec<u8>) -> Option<()> {
        let (mut chain, mut held) = (Vec::new(), 0);
        let mut base = at;
        let mut object = loop {
            if let Some(known) = self.bases.get(&base) {
                break known.clone();
            }
            let mut bytes = Vec::new();
            let header = self.inflate(base, if chain.is_empty() { out } else { &mut bytes })?;
            let next = match header.form {
                Form::Whole(_) if chain.is_empty() => return Some(()),
                Form::Whole(_) => break bytes,
                Form::Offset(back) => self.entries.before(base, self.entries.offsets[base].checked_sub(back)?)?,
                Form::Named(id) => self.entries.named(self.pack, &id).ok()??,
            };
            let difference = if chain.is_empty() { std::mem::take(out) } else { bytes };
            held += difference.len() as u64;
            chain.push(difference);
            if chain.len() > MAX_CHAIN || held > 2 * MAX_SIZE {
                return None;
            }
            base = next;
        };
        if self.bases.len() >= KEPT_BASES {
            self.bases.clear();
        }
        self.bases.insert(base, object.clone());
        for difference in chain.iter().rev() {
            object = apply(&object, difference)?;
        }
        *out = object;
        Some(())
    }

    fn inflate(&mut self, at: usize, out: &mut Vec<u8>) -> Option<Header> {
        let begin = self.entries.offsets[at];
        let length = self.entries.end_of(at).checked_sub(begin)?;
        let bytes = self.window.get(begin, usize::try_from(length.min(MAX_SIZE * 2)).ok()?).ok()?;
        let header = Header::parse(bytes)?;
        if header.size > MAX_SIZE || header.size > length.saturating_mul(MAX_RATIO) {
            return None;
        }
        out.clear();
        out.resize(header.size as usize, 0);
        let end = bytes.len().min(length as usize);
        self.inflate.zlib(bytes.get(header.length..end)?, out)?;
        Some(header)
    }
}

/// The sizes of the object that a difference is to, and of the one that it makes; and where the instructions begin.
pub(super) fn sizes_of(difference: &[u8]) -> Option<(u64, u64, usize)> {
    let mut at = 0;
    let mut number = || -> Option<u64> {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = *difference.get(at)?;
            at += 1;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    };
    let (from, to) = (number()?, number()?);
    Some((from, to, at))
}

/// Makes an object of another by the instructions of a difference.
pub(super) fn apply(base: &[u8], difference: &[u8]) -> Option<Vec<u8>> {
    let (from, to, at) = sizes_of(difference)?;
    if from != base.len() as u64 || to > MAX_SIZE {
        return None;
    }
    let mut out = Vec::with_capacity(to as usize);
    let mut rest = difference.get(at..)?;
    while let Some((&code, tail)) = rest.split_first() {
        rest = tail;
        if code & 0x80 == 0 {
            // Insert; zero is reserved.
            let (new, tail) = rest.split_at_checked(code as usize).filter(|_| code != 0)?;
            out.extend_from_slice(new);
            rest = tail;
            continue;
        }
        let mut field = |bits: std::ops::Range<u8>| -> Option<usize> {
            let mut value = 0;
            for (place, bit) in bits.enumerate() {
                if code >> bit & 1 == 1 {
                    let (&byte, tail) = rest.split_first()?;
                    value |= (byte as usize) << (8 * place);
                    rest = tail;
                }
            }
            Some(value)
        };
        let (offset, size) = (field(0..4)?, field(4..7)?);
        let size = if size == 0 { 0x10000 } else { size };
        out.extend_from_slice(base.get(offset..offset.checked_add(size)?)?);
        if out.len() as u64 > to {
            return None;
        }
    }
    (out.len() as u64 == to).then_some(out)
}

/// What a commit looks like that only a commit-graph told about.
pub(super) const FROM_GRAPH: Look = Look::Unknown;

#[cfg(test)]
mod tests {
    use super::apply;

    #[test]
    fn differences_are_applied_and_bad_ones_refused() {
        // Copy 3 bytes from 1, insert "xy".
        assert_eq!(apply(b"abcde", b"\x05\x05\x91\x01\x03\x02xy").unwrap(), b"bcdxy");
        for bad in [&b"\x04\x05\x91\x01\x03\x02xy"[..], b"\x05\x04\x91\x01\x03\x02xy", b"\x05\x05\x91\x04\x03\x02xy"] {
            assert_eq!(apply(b"abcde", bad), None);
        }
        assert_eq!(apply(b"abcde", b"\x05\x05\x91"), None);
        assert_eq!(apply(b"abcde", b"\x05\x01\x00"), None);
        assert_eq!(apply(b"", b""), None);
    }
}
