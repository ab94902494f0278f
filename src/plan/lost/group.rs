//! Related commits are one item: a line of commits by its tip, a stash with its parts, a tag with what it alone held.

use super::search::{IN_REFLOG, SAVED, Search, TAKEN};
use crate::git::odb::Look;
use crate::model::{LostKind, ObjectId, Reach};
use crate::store::{points, snapshot};
use std::cmp::Reverse;

/// Lost commits that belong together.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// What brings it back.
    pub id: ObjectId,
    pub kind: LostKind,
    pub reach: Reach,
    /// Its tip; none for a tag on what is not lost, or on no commit.
    pub tip: Option<u32>,
    /// Its commits by their numbers, the tip first. No commit is in two groups.
    pub members: Vec<u32>,
}

/// All lost commits and tags, in groups.
pub(super) fn groups(search: &mut Search<'_>) -> Vec<Group> {
    let mut out = Vec::new();
    saved(search, &mut out);
    stashes(search, &mut out);
    lines(search, SAVED, &mut out);
    lines(search, IN_REFLOG, &mut out);
    tags(search, &mut out);
    lines(search, 0, &mut out);
    out
}

/// Snapshots of this tool whose ref is gone.
fn saved(search: &mut Search<'_>, out: &mut Vec<Group>) {
    let likely: Vec<u32> = search.lost(TAKEN).into_iter().filter(|n| search.may_be_snapshot(*n)).collect();
    for number in likely {
        let id = search.all.commits.id(number);
        if !snapshot::is_snapshot(search.repo, id) {
            continue;
        }
        let stash: Vec<u32> = search.all.commits.parents(number).take(1).collect();
        let parts = stash.iter().flat_map(|stash| search.all.commits.parents(*stash).skip(1));
        let whole: Vec<u32> = std::iter::once(number).chain(stash.iter().copied()).chain(parts).collect();
        let members = take(search, number, whole);
        out.push(Group { id, kind: LostKind::Saved, reach: reach(search, number), tip: Some(number), members });
    }
}

fn stashes(search: &mut Search<'_>, out: &mut Vec<Group>) {
    let lost: Vec<u32> = search.lost(TAKEN).into_iter().filter(|n| is_stash(search, *n)).collect();
    for number in lost {
        let parts = search.all.commits.parents(number).skip(1);
        let whole: Vec<u32> = std::iter::once(number).chain(parts).collect();
        let members = take(search, number, whole);
        let (id, reach) = (search.all.commits.id(number), reach(search, number));
        out.push(Group { id, kind: LostKind::Stash, reach, tip: Some(number), members });
    }
}

/// Whether a commit is an entry of the stash list by its shape, too: the second parent keeps the index.
fn is_stash(search: &Search<'_>, number: u32) -> bool {
    let commits = &search.all.commits;
    let index = commits.parents(number).nth(1);
    commits.look(number) == Look::Stash
        && index.is_none_or(|index| matches!(commits.look(index), Look::StashIndex | Look::Unknown))
}

/// Takes those that are lost and in no other group, for the group of `tip`.
fn take(search: &mut Search<'_>, tip: u32, numbers: Vec<u32>) -> Vec<u32> {
    let mut out = Vec::new();
    for number in numbers {
        if search.is_lost(number, TAKEN) {
            search.seen[number as usize] |= TAKEN;
            search.owner[number as usize] = tip;
            out.push(number);
        }
    }
    out
}

fn reach(search: &Search<'_>, number: u32) -> Reach {
    if search.has(number, SAVED) {
        Reach::Saved
    } else if search.has(number, IN_REFLOG) {
        Reach::Reflogs
    } else {
        Reach::Nothing
    }
}

/// Lines of commits that have the mark `only` (0: all). Where lines share commits, the newest one has them.
fn lines(search: &mut Search<'_>, only: u8, out: &mut Vec<Group>) {
    let wanted: Vec<u32> = search.lost(TAKEN).into_iter().filter(|n| only == 0 || search.has(*n, only)).collect();
    let mut is_parent = vec![false; search.seen.len()];
    for number in &wanted {
        search.all.commits.parents(*number).for_each(|parent| is_parent[parent as usize] = true);
    }
    let mut tips: Vec<u32> = wanted.into_iter().filter(|n| !is_parent[*n as usize]).collect();
    tips.sort_by_key(|n| Reverse((search.all.commits.time(*n), search.all.commits.id(*n))));
    for tip in tips {
        let members = line(search, tip);
        let (id, reach) = (search.all.commits.id(tip), reach(search, tip));
        out.push(Group { id, kind: LostKind::Commit, reach, tip: Some(tip), members });
    }
}

/// Takes a commit and what it leads to.
fn line(search: &mut Search<'_>, tip: u32) -> Vec<u32> {
    let mut members = Vec::new();
    let mut next = vec![tip];
    while let Some(number) = next.pop() {
        let taken = take(search, tip, vec![number]);
        if !taken.is_empty() {
            members.extend(taken);
            next.extend(search.all.commits.parents(number));
        }
    }
    // The walk is the order of history but for merges; the newest first is what a person expects.
    members[1..].sort_by_key(|n| Reverse(search.all.commits.time(*n)));
    members
}

/// Annotated tags that nothing holds, each with the commits that nothing else led to.
fn tags(search: &mut Search<'_>, out: &mut Vec<Group>) {
    let lost = search.lost_tags.clone();
    let mut inner = std::collections::HashSet::new();
    let mut found = Vec::new();
    for id in lost {
        let Ok(Some(tag)) = search.repo.tag(id) else {
            search.all.damaged += 1;
            continue;
        };
        inner.insert(tag.target);
        found.push((id, tag));
    }
    found.sort_by_key(|(id, tag)| Reverse((tag.time, *id)));
    for (id, tag) in found.into_iter().filter(|(id, _)| !inner.contains(id)) {
        let tip = search.repo.peel(id).ok().flatten().or(Some(tag.target));
        let tip = tip.and_then(|tip| search.all.commits.number(&tip));
        if points::is_of_point(&tag.message) {
            out.extend(tip.and_then(|tip| point(search, tip)));
            continue;
        }
        let members = tip.filter(|tip| search.is_lost(*tip, TAKEN));
        let members = members.map(|tip| line(search, tip)).unwrap_or_default();
        let reach = if search.in_reflogs.contains(&id) { Reach::Reflogs } else { Reach::Nothing };
        out.push(Group { id, kind: LostKind::Tag, reach, tip, members });
    }
}

/// What a deleted point named: a snapshot. A commit of the user's is an item without it.
fn point(search: &Search<'_>, tip: u32) -> Option<Group> {
    let id = search.all.commits.id(tip);
    let is_new = search.may_be_snapshot(tip) && !search.has(tip, TAKEN) && snapshot::is_snapshot(search.repo, id);
    let reach = if search.is_lost(tip, 0) { reach(search, tip) } else { Reach::Saved };
    is_new.then_some(Group { id, kind: LostKind::Saved, reach, tip: Some(tip), members: Vec::new() })
}
