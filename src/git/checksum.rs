//! The hash at the end of git's own files, which guards against accidents.
//!
//! Objects are named by another hasher, one that notices attacks on SHA-1 and takes several times as long.

use sha1::{Digest, Sha1};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// The SHA-1 of these bytes.
pub(super) fn checksum(parts: &[&[u8]]) -> [u8; 20] {
    let mut hasher = Sha1::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// The SHA-1 of the first `size` bytes of a file.
pub(super) fn checksum_of_file(file: &File, size: u64) -> std::io::Result<[u8; 20]> {
    let mut hasher = Sha1::new();
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    while at < size {
        let piece = &mut piece[..usize::try_from(size - at).map_or(PIECE, |rest| rest.min(PIECE))];
        file.read_exact_at(piece, at)?;
        hasher.update(&piece);
        at += piece.len() as u64;
    }
    Ok(hasher.finalize().into())
}

/// So much is read at a time: it stays in the processor's cache.
const PIECE: usize = 128 << 10;
