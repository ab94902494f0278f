//! Tables by object name.

use crate::model::ObjectId;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// What belongs to objects, by their names.
pub type ById<V> = HashMap<ObjectId, V, BuildHasherDefault<FirstBytes>>;
/// Names of objects.
pub type Ids = HashSet<ObjectId, BuildHasherDefault<FirstBytes>>;

/// Object names are evenly spread already: their first bytes serve as the hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            // The length of the name comes here too, as fewer or as equal bytes at each: it does no harm.
            self.0 ^= u64::from_ne_bytes(*first);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
