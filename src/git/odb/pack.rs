//! A pack with its index, reverse index and times.

use crate::model::ObjectId;
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// A pack that was opened. Nothing that it says about itself is trusted before it is checked against the files' sizes.
#[derive(Debug)]
pub(super) struct Pack {
    pub data: File,
    index: File,
    index_version: u32,
    fan: Vec<u32>,
    /// How many objects it holds.
    pub count: usize,
    /// Where the last entry ends.
    pub end: u64,
    pub mtime: i64,
    pub kept: bool,
    pub cruft: bool,
    /// The checksum of the pack, which stands for its content.
    pub checksum: ObjectId,
    stem: std::path::PathBuf,
}

const FAN_BYTES: u64 = 1024;
const V2_HEADER: u64 = 8;
const TRAILER: u64 = 40;

pub(super) fn bad(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

impl Pack {
    pub fn open(stem: &Path) -> Result<Pack> {
        let (index, data) = (File::open(stem.with_extension("idx"))?, File::open(stem.with_extension("pack"))?);
        let (index_size, meta) = (index.metadata()?.len(), data.metadata()?);
        let mut head = [0; 8];
        index.read_exact_at(&mut head, 0)?;
        let index_version = if head[..4] == *b"\xfftOc" { number(&head, 4) } else { 1 };
        let fan_at = match index_version {
            1 => 0,
            2 => V2_HEADER,
            _ => return Err(bad("the index of the pack has an unknown version")),
        };
        let mut fan = vec![0; FAN_BYTES as usize];
        index.read_exact_at(&mut fan, fan_at)?;
        let fan: Vec<u32> = fan.chunks_exact(4).map(|bytes| number(bytes, 0)).collect();
        let count = u64::from(fan[255]);
        let least = fan_at + FAN_BYTES + count * if index_version == 1 { 24 } else { 28 } + TRAILER;
        if !fan.is_sorted() || index_size < least || meta.len() < 12 + 20 {
            return Err(bad("the index of the pack is damaged"));
        }
        let mut header = [0; 12];
        data.read_exact_at(&mut header, 0)?;
        if header[..4] != *b"PACK" || !(2..=3).contains(&number(&header, 4)) || u64::from(number(&header, 8)) != count {
            return Err(bad("the pack does not fit its index"));
        }
        let mut checksum = [0; 20];
        index.read_exact_at(&mut checksum, index_size - TRAILER)?;
        Ok(Pack {
            index,
            index_version,
            fan,
            count: count as usize,
            end: meta.len() - 20,
            mtime: meta.mtime(),
            kept: stem.with_extension("keep").exists(),
            cruft: stem.with_extension("mtimes").exists(),
            checksum: ObjectId::from_bytes(&checksum).ok_or_else(|| bad("no checksum"))?,
            stem: stem.to_owned(),
            data,
        })
    }

    /// Where the entries begin, by the number of the object in the index.
    pub fn offsets(&self) -> Result<Vec<u64>> {
        let count = self.count as u64;
        if self.index_version == 1 {
            let mut table = vec![0; self.count * 24];
            self.index.read_exact_at(&mut table, FAN_BYTES)?;
            return Ok(table.chunks_exact(24).map(|entry| u64::from(number(entry, 0))).collect());
        }
        let mut table = vec![0; self.count * 4];
        let at = self.offset_table();
        self.index.read_exact_at(&mut table, at)?;
        let short: Vec<u32> = table.chunks_exact(4).map(|bytes| number(bytes, 0)).collect();
        let longs = short.iter().filter(|offset| **offset >> 31 == 1).count();
        let mut long = vec![0; longs * 8];
        self.index.read_exact_at(&mut long, at + count * 4)?;
        let long: Vec<u64> =
            long.chunks_exact(8).map(|bytes| u64::from(number(bytes, 0)) << 32 | u64::from(number(bytes, 4))).collect();
        let far = |offset: u32| long.get((offset & 0x7fff_ffff) as usize).copied();
        short
            .into_iter()
            .map(|offset| if offset >> 31 == 1 { far(offset) } else { Some(offset.into()) })
            .collect::<Option<_>>()
            .ok_or_else(|| bad("the index of the pack is damaged"))
    }

    /// Where the entry of one object begins.
    pub fn offset(&self, number: u32) -> Result<u64> {
        let (mut four, mut eight) = ([0; 4], [0; 8]);
        if self.index_version == 1 {
            self.index.read_exact_at(&mut four, FAN_BYTES + u64::from(number) * 24)?;
            return Ok(u32::from_be_bytes(four).into());
        }
        let at = self.offset_table();
        self.index.read_exact_at(&mut four, at + u64::from(number) * 4)?;
        let short = u32::from_be_bytes(four);
        if short >> 31 == 0 {
            return Ok(short.into());
        }
        self.index.read_exact_at(&mut eight, at + self.count as u64 * 4 + u64::from(short & 0x7fff_ffff) * 8)?;
        Ok(u64::from_be_bytes(eight))
    }

    /// The numbers of the objects in the order of their entries, when git has written it down.
    pub fn order(&self) -> Option<Vec<u32>> {
        let bytes = numbers_file(&self.stem.with_extension("rev"), b"RIDX", self.count)?;
        Some(bytes.chunks_exact(4).map(|bytes| number(bytes, 0)).collect())
    }

    /// The times of the objects in a cruft pack, by number in the index.
    pub fn times(&self) -> Option<Vec<u32>> {
        let bytes = numbers_file(&self.stem.with_extension("mtimes"), b"MTME", self.count)?;
        Some(bytes.chunks_exact(4).map(|bytes| number(bytes, 0)).collect())
    }

    /// The names of objects by their numbers, which are sorted.
    pub fn names(&self, numbers: &[u32]) -> Result<Vec<ObjectId>> {
        const AT_ONCE: usize = 1 << 15;
        let (width, skip, base) = self.name_table();
        let mut out = Vec::with_capacity(numbers.len());
        let (mut piece, mut first) = (Vec::new(), 0usize);
        for &wanted in numbers {
            let wanted = wanted as usize;
            if wanted >= self.count {
                return Err(bad("the reverse index of the pack is damaged"));
            }
            if piece.is_empty() || wanted < first || (wanted - first) * width >= piece.len() {
                first = wanted;
                piece.resize(AT_ONCE.min(self.count - first) * width, 0);
                self.index.read_exact_at(&mut piece, base + (first * width) as u64)?;
            }
            let at = (wanted - first) * width + skip;
            out.push(ObjectId::from_bytes(&piece[at..at + 20]).ok_or_else(|| bad("a name of the wrong length"))?);
        }
        Ok(out)
    }

    /// The number of an object in the index.
    pub fn find(&self, id: &ObjectId) -> Result<Option<u32>> {
        let (width, skip, base) = self.name_table();
        let first = id.as_bytes()[0] as usize;
        let mut low = if first == 0 { 0 } else { self.fan[first - 1] };
        let mut high = self.fan[first];
        let mut name = [0; 20];
        while low < high {
            let middle = low + (high - low) / 2;
            self.index.read_exact_at(&mut name, base + u64::from(middle) * width as u64 + skip as u64)?;
            match name.as_slice().cmp(id.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Ok(Some(middle)),
            }
        }
        Ok(None)
    }

    /// Where the entries of objects begin; names that are not here are left out. The names must be sorted.
    pub fn find_all(&self, names: &[ObjectId]) -> Result<Vec<(u64, ObjectId)>> {
        let (width, skip, base) = self.name_table();
        let mut out = Vec::with_capacity(names.len());
        let (mut table, mut places) = (Vec::new(), Vec::new());
        for group in names.chunk_by(|a, b| a.as_bytes()[0] == b.as_bytes()[0]) {
            let first = usize::from(group[0].as_bytes()[0]);
            let low = if first == 0 { 0 } else { self.fan[first - 1] };
            let count = (self.fan[first] - low) as usize;
            table.resize(count * width, 0);
            self.index.read_exact_at(&mut table, base + u64::from(low) * width as u64)?;
            // For a few, asking one by one reads less.
            let at_once = self.index_version != 1 && group.len() * 64 > count;
            if at_once {
                places.resize(count * 4, 0);
                self.index.read_exact_at(&mut places, self.offset_table() + u64::from(low) * 4)?;
            }
            let here: Vec<&[u8]> = table.chunks_exact(width).map(|entry| &entry[skip..skip + 20]).collect();
            for id in group {
                let Ok(at) = here.binary_search(&id.as_bytes()) else { continue };
                let near = at_once.then(|| number(&places, at * 4)).filter(|short| short >> 31 == 0);
                let place = near.map_or_else(|| self.offset(low + at as u32), |short| Ok(short.into()))?;
                out.push((place, *id));
            }
        }
        Ok(out)
    }

    /// Where version 2 of the index has the places of the entries, four bytes each.
    fn offset_table(&self) -> u64 {
        V2_HEADER + FAN_BYTES + self.count as u64 * 24
    }

    /// Bytes of an index entry, how many of them stand before the name, and where the entries begin.
    fn name_table(&self) -> (usize, usize, u64) {
        if self.index_version == 1 { (24, 4, FAN_BYTES) } else { (20, 0, V2_HEADER + FAN_BYTES) }
    }
}

/// A file of one number an object; `None`: there is none, or it does not fit.
fn numbers_file(path: &Path, magic: &[u8], count: usize) -> Option<Vec<u8>> {
    const HEADER: usize = 12;
    let file = File::open(path).ok()?;
    if file.metadata().ok()?.len() != (HEADER + count * 4) as u64 + TRAILER {
        return None;
    }
    let mut header = [0; HEADER];
    file.read_exact_at(&mut header, 0).ok()?;
    if header[..4] != *magic || number(&header, 4) != 1 || number(&header, 8) != 1 {
        return None;
    }
    let mut bytes = vec![0; count * 4];
    file.read_exact_at(&mut bytes, HEADER as u64).ok()?;
    Some(bytes)
}

/// Four bytes at `at`, the biggest first.
pub(super) fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
}
