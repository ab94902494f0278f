//! A pack and its index: two files and three syncs, whatever the number of objects.
//! Formats: <https://git-scm.com/docs/gitformat-pack>.

use crate::host::fs;
use crate::model::ObjectId;
use crate::{Error, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

/// An object in a pack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed {
    /// Its name.
    pub id: ObjectId,
    /// Where it begins.
    pub offset: u64,
    /// The CRC-32 of its bytes in the pack.
    pub crc: u32,
}

/// What stands before the first object.
pub(super) const HEADER: u64 = 12;

/// A pack and its index under names that git does not look at.
pub(super) struct Draft {
    pack: PathBuf,
    index: PathBuf,
    /// The name they shall have, without an ending.
    pub name: PathBuf,
}

/// Gives the bytes of all objects, one after the other.
pub(super) type Give<'a> = dyn FnMut(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> + 'a;

impl Draft {
    /// Writes and syncs both files. `prefix` is the beginning of their names, which must not be one that git takes for
    /// garbage.
    ///
    /// # Errors
    /// When the disk is full, or cannot be written.
    pub(super) fn write(prefix: &Path, objects: &mut [Packed], give: &mut Give<'_>) -> Result<Draft> {
        let named = |ending: &str| {
            let mut name = prefix.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        let (pack, index) = (named(".pack-new"), named(".idx-new"));
        let mode = 0o444 & !crate::host::umask();
        let mut sum = None;
        fs::write_new_synced(&pack, mode, &mut |out| {
            let mut out = Hashed::new(out);
            out.all(b"PACK\0\0\0\x02")?;
            out.all(&u32::try_from(objects.len()).map_err(|_| Error::fault("too many files"))?.to_be_bytes())?;
            give(&mut |bytes| out.all(bytes))?;
            sum = Some(out.finish()?);
            Ok(())
        })?;
        let sum = sum.ok_or_else(|| Error::fault("cannot name a pack"))?;
        objects.sort_unstable_by_key(|object| object.id);
        fs::write_new_synced(&index, mode, &mut |out| write_index(out, objects, &sum))?;
        let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Draft { pack, index, name: prefix.with_file_name(format!("pack-{hex}")) })
    }

    /// Gives both their names: first the pack, because git takes an index without its pack for garbage.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub(super) fn publish(self) -> Result<()> {
        fs::rename(&self.pack, &self.name.with_extension("pack"))?;
        fs::rename(&self.index, &self.name.with_extension("idx"))?;
        self.name.parent().map_or(Ok(()), fs::fsync_dir)
    }
}

fn write_index(out: &mut dyn Write, objects: &[Packed], pack: &[u8]) -> Result<()> {
    /// Offsets from here on do not fit into their table.
    const FAR: u64 = 1 << 31;
    let mut out = Hashed::new(out);
    out.all(b"\xfftOc\0\0\0\x02")?;
    for first in 0..=255u8 {
        let below = objects.partition_point(|object| object.id.as_bytes()[0] <= first);
        out.all(&(below as u32).to_be_bytes())?;
    }
    objects.iter().try_for_each(|object| out.all(object.id.as_bytes()))?;
    objects.iter().try_for_each(|object| out.all(&object.crc.to_be_bytes()))?;
    let far: Vec<u64> = objects.iter().map(|object| object.offset).filter(|offset| *offset >= FAR).collect();
    let mut next_far = 0u32;
    for object in objects {
        let near = if object.offset < FAR {
            object.offset as u32
        } else {
            next_far += 1;
            FAR as u32 | (next_far - 1)
        };
        out.all(&near.to_be_bytes())?;
    }
    far.iter().try_for_each(|offset| out.all(&offset.to_be_bytes()))?;
    out.all(pack)?;
    out.finish().map(drop)
}

/// Writes, and hashes what it writes.
struct Hashed<'a> {
    out: std::io::BufWriter<&'a mut dyn Write>,
    hasher: gix_hash::Hasher,
}

impl<'a> Hashed<'a> {
    fn new(out: &'a mut dyn Write) -> Self {
        let hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
        Hashed { out: std::io::BufWriter::with_capacity(1 << 16, out), hasher }
    }

    fn all(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.out.write_all(bytes).map_err(|e| failed(&e))
    }

    /// Writes the sum of all that was written.
    fn finish(mut self) -> Result<Vec<u8>> {
        let sum = self.hasher.try_finalize().map_err(|e| Error::fault("cannot name a pack").because(e))?;
        self.out.write_all(sum.as_slice()).and_then(|()| self.out.flush()).map_err(|e| failed(&e))?;
        Ok(sum.as_slice().to_vec())
    }
}

fn failed(error: &std::io::Error) -> Error {
    Error::io("cannot write the snapshot's pack", error).with_kind(crate::Kind::Fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_offsets_have_a_table_of_their_own() {
        let id = |n: u8| ObjectId::from_bytes(&[n; 20]).unwrap();
        let objects = [(1, 12), (2, 5 << 32), (2, 1 << 31), (255, 100)];
        let objects = objects.map(|(n, offset)| Packed { id: id(n), offset, crc: u32::from(n) });
        let mut out = Vec::new();
        write_index(&mut out, &objects, &[7; 20]).unwrap();
        let at = |position: usize| u32::from_be_bytes(out[position..position + 4].try_into().unwrap());
        assert_eq!([at(8), at(8 + 4), at(8 + 8), at(8 + 255 * 4)], [0, 1, 3, 4]);
        let offsets = 8 + 1024 + 4 * 24;
        let near: Vec<u32> = (0..4).map(|i| at(offsets + 4 * i)).collect();
        assert_eq!(near, [12, 0x8000_0000, 0x8000_0001, 100]);
        assert_eq!(out[offsets + 16..offsets + 32], [(5u64 << 32).to_be_bytes(), (1u64 << 31).to_be_bytes()].concat());
        assert_eq!(out.len(), offsets + 16 + 16 + 40);
    }
}
