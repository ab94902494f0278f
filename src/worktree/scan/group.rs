//! The index entries of one directory, by name.

use super::EntryState;
use crate::git::index::Index;

/// The index entries of one name in a directory: a file in its stages, or all that is below.
pub(super) struct Group<'e> {
    pub name: &'e [u8],
    pub is_dir: bool,
    /// The position in the index of the first of `states`.
    pub start: usize,
    pub states: &'e mut [EntryState],
}

/// Splits the entries below a directory by the next name in their paths.
pub(super) fn groups<'e>(
    index: &'e Index,
    dir: &[u8],
    mut start: usize,
    mut states: &'e mut [EntryState],
) -> Vec<Group<'e>> {
    let base = if dir.is_empty() { 0 } else { dir.len() + 1 };
    let mut groups = Vec::with_capacity(states.len().min(256));
    while !states.is_empty() {
        let path = index.path(start);
        let rest = path.get(base..).unwrap_or_default();
        let slash = rest.iter().position(|&byte| byte == b'/');
        let all = start..start + states.len();
        let count = match slash {
            Some(at) => index.range_below_in(&path[..base + at], all).len(),
            None => all.take_while(|&i| index.path(i) == path).count(),
        };
        // Never zero: the entry at hand belongs to its own group.
        let (mine, others) = states.split_at_mut(count.max(1));
        let name = &rest[..slash.unwrap_or(rest.len())];
        start += mine.len();
        groups.push(Group { name, is_dir: slash.is_some(), start: start - mine.len(), states: mine });
        states = others;
    }
    groups
}
