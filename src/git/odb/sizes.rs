//! Sizes of blobs that are asked for again and again: they never change, and finding one costs as much as looking at a file.
//!
//! The file has a magic, then name and size of each blob, sorted by name, and last the SHA-1 of all that. It can be
//! deleted at any time.

use super::cache::{recall, remember};
use super::{ById, blobs};
use crate::Result;
use crate::git::Handles;
use crate::model::ObjectId;
use std::cmp::Ordering;
use std::path::Path;
use std::sync::Mutex;

const MAGIC: &[u8; 8] = b"GRBKSIZ\x01";
const NAME: usize = 20;
const ROW: usize = NAME + 8;
/// As many new ones are worth writing the file for.
const WORTH_IT: usize = if cfg!(test) { 1 } else { 200 };

/// Sizes of blobs, as far as they are known.
#[derive(Debug, Default)]
pub struct Sizes {
    /// Rows of the file.
    old: Vec<u8>,
    new: ById<u64>,
}

impl Sizes {
    /// Those that were remembered in the file `memory`, in a directory of our own.
    pub fn recall(memory: &Path) -> Sizes {
        let content = recall(memory).filter(|content| content.starts_with(MAGIC));
        let old = content.map(|content| content[MAGIC.len()..].to_vec()).filter(|rows| rows.len() % ROW == 0);
        Sizes { old: old.unwrap_or_default(), new: ById::default() }
    }

    /// The size of a blob, when it is known.
    pub fn get(&self, id: &ObjectId) -> Option<u64> {
        self.find(id).or_else(|| self.new.get(id).copied())
    }

    fn find(&self, id: &ObjectId) -> Option<u64> {
        let rows = self.old.as_chunks::<ROW>().0;
        let (mut low, mut high) = (0, rows.len());
        // Names are evenly spread: the first bytes tell about where one is.
        let first = u64::from(u32::from_be_bytes(*id.as_bytes().first_chunk()?));
        let mut middle = ((first * rows.len() as u64) >> 32) as usize;
        let mut step = 8;
        while low < high {
            let row = &rows[middle];
            match row[..NAME].cmp(id.as_bytes()) {
                Ordering::Equal => return Some(u64::from_be_bytes(*row.last_chunk()?)),
                Ordering::Less => (low, middle) = (middle + 1, middle + step),
                Ordering::Greater => (high, middle) = (middle, middle.saturating_sub(step)),
            }
            // From there in steps of double size, until it lies between two of them.
            step *= 2;
            if !(low..high).contains(&middle) {
                middle = low + (high - low) / 2;
            }
        }
        None
    }

    /// Finds those that are not known; what is missing or no blob stays unknown.
    pub fn learn(&mut self, repo: &Handles, unknown: Vec<ObjectId>) -> Result<()> {
        let found = Mutex::new(std::mem::take(&mut self.new));
        let take = |sizes: Vec<(ObjectId, u64)>| found.lock().unwrap_or_else(|e| e.into_inner()).extend(sizes);
        let left = blobs::sizes(repo, unknown, &take)?;
        for id in left {
            if let Ok(size) = repo.blob_size(id) {
                take(vec![(id, size)]);
            }
        }
        self.new = found.into_inner().unwrap_or_else(|e| e.into_inner());
        Ok(())
    }

    /// Writes down what is known of these blobs, and forgets all others, when much was learned.
    pub fn remember(&self, memory: &Path, blobs: impl Iterator<Item = ObjectId>) {
        if self.new.len() < WORTH_IT {
            return;
        }
        let mut rows: Vec<(ObjectId, u64)> = blobs.filter_map(|id| Some((id, self.get(&id)?))).collect();
        rows.sort_unstable();
        rows.dedup();
        let mut content = Vec::with_capacity(MAGIC.len() + rows.len() * ROW + NAME);
        content.extend_from_slice(MAGIC);
        for (id, size) in rows {
            content.extend_from_slice(id.as_bytes());
            content.extend_from_slice(&size.to_be_bytes());
        }
        remember(memory, content);
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
mod tests {
    use super::*;
    use crate::git::Repo;
    use crate::git::testing::TestRepo;

    #[test]
    fn sizes_are_found_in_packs_and_remembered() {
        let repo = TestRepo::new();
        let lines: String = (0..50).map(|n| format!("line {n} of a text that is much the same everywhere\n")).collect();
        for n in 0..300 {
            repo.write(format!("{n}"), format!("{lines}{n}\n{}", &lines[n..]));
        }
        repo.commit_all();
        repo.git(&["repack", "-adfq"]);
        repo.write("loose", "not in a pack");
        repo.git(&["add", "loose"]);
        let list =
            repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname) %(objectsize)"]);
        let list = String::from_utf8(list).unwrap();
        let blobs: Vec<(ObjectId, u64)> = list
            .lines()
            .filter_map(|line| line.strip_prefix("blob ")?.split_once(' '))
            .map(|(id, size)| (ObjectId::from_hex(id.as_bytes()).unwrap(), size.parse().unwrap()))
            .collect();
        assert_eq!(blobs.len(), 301);
        let nowhere = ObjectId::from_bytes(&[7; 20]).unwrap();
        let ids = || blobs.iter().map(|(id, _)| *id);
        let right = |sizes: &Sizes| blobs.iter().filter(|(id, size)| sizes.get(id) == Some(*size)).count();
        let area = tempfile::tempdir().unwrap();
        let memory = area.path().join("scans/sizes");
        let mut sizes = Sizes::recall(&memory);
        assert_eq!(right(&sizes), 0);
        let opened = Repo::open_at(repo.root()).unwrap();
        sizes.learn(&opened, ids().chain([nowhere]).collect()).unwrap();
        assert_eq!((right(&sizes), sizes.get(&nowhere)), (301, None));

        sizes.remember(&memory, ids().skip(1));
        let mut known = Sizes::recall(&memory);
        assert_eq!((right(&known), known.get(&blobs[0].0), known.get(&nowhere)), (300, None, None));
        known.learn(&opened, vec![blobs[0].0]).unwrap();
        known.remember(&memory, ids());
        assert_eq!(right(&Sizes::recall(&memory)), 301);

        let good = std::fs::read(&memory).unwrap();
        for at in [0, 8, 30, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&memory, bad).unwrap();
            assert_eq!(right(&Sizes::recall(&memory)), 0, "{at}");
        }
    }
}
