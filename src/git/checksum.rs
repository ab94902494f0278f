//! The hash at the end of git's own files, which guards against accidents.
//!
//! Objects are named by another hasher, one that notices attacks on SHA-1 and takes several times as long.

use sha1::{Digest, Sha1};

/// The SHA-1 of these bytes.
pub(super) fn checksum(parts: &[&[u8]]) -> [u8; 20] {
    let mut hasher = Sha1::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}
