//! The bytes of tree objects.

use super::tree::{MODE_EXEC, MODE_FILE, MODE_GITLINK, MODE_LINK, MODE_TREE, TreeEntry};
use crate::model::ObjectId;
use std::cmp::Ordering;

/// An entry and its name, which stands in the bytes of the tree.
pub(super) type Named<'e> = (&'e [u8], TreeEntry);

/// The bytes of a tree object, its entries sorted as git does.
pub(super) fn tree_data(mut entries: Vec<Named<'_>>) -> Vec<u8> {
    entries.sort_by(in_order);
    let mut data = Vec::with_capacity(entries.len() * 40);
    for (name, entry) in &entries {
        match entry.mode {
            MODE_FILE => data.extend_from_slice(b"100644 "),
            MODE_TREE => data.extend_from_slice(b"40000 "),
            mode => data.extend_from_slice(format!("{mode:o} ").as_bytes()),
        }
        data.extend_from_slice(name);
        data.push(0);
        data.extend_from_slice(entry.id.as_bytes());
    }
    data
}

/// Git compares names as if directories ended in a slash.
pub(super) fn in_order((left, l): &Named<'_>, (right, r): &Named<'_>) -> Ordering {
    let common = left.len().min(right.len());
    let rest = |name: &[u8], entry: &TreeEntry| match name.get(common) {
        None => (entry.mode == MODE_TREE).then_some(b'/'),
        more => more.copied(),
    };
    left[..common].cmp(&right[..common]).then_with(|| rest(left, l).cmp(&rest(right, r)))
}

/// The entry of this name in the bytes of a tree; `None`: they make no sense.
pub(super) fn entry_in(data: &[u8], name: &[u8]) -> Option<Option<TreeEntry>> {
    let mut rest = data;
    while !rest.is_empty() {
        let (found, entry, after) = first_entry(rest)?;
        if found == name {
            return Some(Some(entry));
        }
        rest = after;
    }
    Some(None)
}

/// The entries of a tree object.
pub(super) fn parse(data: &[u8]) -> Option<Vec<Named<'_>>> {
    let mut out = Vec::with_capacity(data.len() / 32);
    let mut rest = data;
    while !rest.is_empty() {
        let (name, entry, after) = first_entry(rest)?;
        rest = after;
        out.push((name, entry));
    }
    Some(out)
}

/// The name of the first entry, the entry, and what comes behind it.
fn first_entry(data: &[u8]) -> Option<(&[u8], TreeEntry, &[u8])> {
    let (mut mode, mut at) = (0u32, 0);
    loop {
        match *data.get(at)? {
            b' ' if at > 0 => break,
            digit @ b'0'..=b'7' => mode = mode.checked_mul(8)? + u32::from(digit - b'0'),
            _ => return None,
        }
        at += 1;
    }
    let rest = &data[at + 1..];
    let end = rest.iter().position(|&b| b == 0)?;
    let (id, after) = rest[end + 1..].split_at_checked(20)?;
    Some((&rest[..end], TreeEntry { mode: normal_mode(mode), id: ObjectId::from_bytes(id)? }, after))
}

/// Old repositories have modes such as 100664.
fn normal_mode(mode: u32) -> u32 {
    match mode & 0o170000 {
        0o040000 => MODE_TREE,
        0o120000 => MODE_LINK,
        0o160000 => MODE_GITLINK,
        _ if mode & 0o100 != 0 => MODE_EXEC,
        _ => MODE_FILE,
    }
}
