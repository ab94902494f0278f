//! What was found out about packs, for the next time: a pack never changes.
//!
//! A file a pack, named by the checksum of the pack: magic, version, counts, then names, facts and parents of its
//! commits and the names of its tags, and last the SHA-1 of all that. It is made again when it does not fit.

use super::commit::{Facts, Look, PackCommits};
use super::pack::Pack;
use crate::git::checksum::checksum;
use crate::host::fs;
use crate::model::ObjectId;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"GRBKCOM\x01";
const HEADER: usize = 8 + 20 + 5 * 8;
const ROW: usize = 11;
/// Smaller packs are read again: that takes no time, and looking at a small repository writes nothing.
pub(super) const WORTH_IT: usize = if cfg!(test) { 1 } else { 2_000 };
const MAX_FILE: u64 = 1 << 30;

fn path(memory: &Path, pack: &ObjectId) -> PathBuf {
    memory.join(format!("{pack}.commits"))
}

/// What is known of a pack.
pub(super) fn load(memory: &Path, pack: &Pack) -> Option<PackCommits> {
    if pack.count < WORTH_IT {
        return None;
    }
    let content = recall(&path(memory, &pack.checksum))?;
    if content.get(..8)? != MAGIC || content.get(8..28)? != pack.checksum.as_bytes() {
        return None;
    }
    let mut counts = content.get(28..HEADER)?.chunks_exact(8).map(long);
    let mut count = || counts.next().and_then(|count| usize::try_from(count).ok());
    let (commits, parents, tags, objects, damaged) = (count()?, count()?, count()?, count()?, count()?);
    let names = commits.checked_add(parents)?.checked_add(tags)?;
    if objects != pack.count
        || Some(content.len()) != names.checked_mul(20)?.checked_add(commits.checked_mul(ROW)?)?.checked_add(HEADER)
    {
        return None;
    }
    let (ids, rest) = content[HEADER..].split_at(commits * 20);
    let (rows, rest) = rest.split_at(commits * ROW);
    let (parents, tags) = rest.split_at(parents * 20);
    let names = |bytes: &[u8]| bytes.chunks_exact(20).filter_map(ObjectId::from_bytes).collect::<Vec<_>>();
    let facts: Vec<Facts> = rows.chunks_exact(ROW).map(facts).collect::<Option<_>>()?;
    let out = PackCommits { ids: names(ids), facts, parents: names(parents), tags: names(tags), objects, damaged };
    let together: usize = out.facts.iter().map(|facts| usize::from(facts.parents)).sum();
    (together == out.parents.len()).then_some(out)
}

/// Remembers what is known of the pack with this checksum. Where that cannot be written, the next time takes as long as this.
pub(super) fn save(memory: &Path, pack: &ObjectId, commits: &PackCommits) {
    let mut out = Vec::with_capacity(HEADER + commits.ids.len() * 60);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(pack.as_bytes());
    let lengths = [commits.ids.len(), commits.parents.len(), commits.tags.len(), commits.objects, commits.damaged];
    lengths.iter().for_each(|length| out.extend_from_slice(&(*length as u64).to_be_bytes()));
    commits.ids.iter().for_each(|id| out.extend_from_slice(id.as_bytes()));
    for facts in &commits.facts {
        out.extend_from_slice(&facts.time.to_be_bytes());
        out.push(facts.look.code());
        out.extend_from_slice(&facts.parents.to_be_bytes());
    }
    commits.parents.iter().chain(&commits.tags).for_each(|id| out.extend_from_slice(id.as_bytes()));
    remember(&path(memory, pack), out);
}

/// What a file holds that [`remember`] wrote; `None`: there is none, or it is damaged.
pub(super) fn recall(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = fs::read_capped(path, MAX_FILE).ok().flatten()?;
    let content = bytes.len().checked_sub(20)?;
    (checksum(&[&bytes[..content]]) == bytes[content..]).then(|| {
        bytes.truncate(content);
        bytes
    })
}

/// Writes a file below the area for the next time. Where that cannot be done, the next time takes as long as this.
pub(super) fn remember(path: &Path, mut content: Vec<u8>) {
    let Some(memory) = path.parent() else { return };
    // A copied repository could bring links that lead anywhere.
    let is_link = |path: &Path| path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
    if memory.ancestors().take(3).any(is_link) || fs::create_dir_all_private(memory).is_err() {
        return;
    }
    let sum = checksum(&[&content]);
    content.extend_from_slice(&sum);
    // Not synced: what a power cut leaves is made again, as its checksum does not fit.
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let write = fs::write_new_with_mode(&new, 0o600, &mut |file| {
        file.write_all(&content).map_err(|e| crate::Error::io("cannot write down what was found out", &e))
    });
    let _ = write.and_then(|()| fs::rename(&new, path));
}

/// Removes what is remembered of packs that are gone.
pub(super) fn forget_others(memory: &Path, packs: &[ObjectId]) {
    for entry in std::fs::read_dir(memory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let known = name.to_str().and_then(|name| ObjectId::from_hex(name.get(..40)?.as_bytes()));
        if known.is_some_and(|id| !packs.contains(&id)) {
            let _ = fs::remove_file_if_exists(&entry.path());
        }
    }
}

fn long(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn facts(row: &[u8]) -> Option<Facts> {
    Some(Facts {
        time: long(row) as i64,
        look: Look::from_code(row[8])?,
        parents: u16::from_be_bytes([row[9], row[10]]),
    })
}
