//! All commits of a repository in memory, and who leads to whom.

use super::commit::{Look, PackCommits};
use super::ids::ById;
use crate::model::ObjectId;
use std::collections::HashSet;

/// The commits, by numbers of our own.
#[derive(Default)]
pub struct Commits {
    ids: Vec<ObjectId>,
    rows: Vec<Row>,
    numbers: ById<u32>,
    /// Numbers of parents, [`GONE`] where there is none of that name.
    parents: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Row {
    time: i64,
    parents_at: u32,
    parents: u16,
    look: Look,
    borrowed: bool,
}

/// A parent that is not there.
const GONE: u32 = u32::MAX;

/// Marks on commits, a bit each.
pub type Seen = Vec<u8>;

impl Commits {
    /// Puts the commits of all packs together; a commit that is in several of them counts once. The parents of those
    /// in `cut` are not followed. The `bool` says that a pack belongs to another repository.
    pub(super) fn new(found: &[(PackCommits, bool)], cut: &HashSet<ObjectId>) -> Commits {
        let total = found.iter().map(|(pack, _)| pack.ids.len()).sum();
        let mut out = Commits {
            ids: Vec::with_capacity(total),
            rows: Vec::with_capacity(total),
            numbers: ById::with_capacity_and_hasher(total, Default::default()),
            parents: Vec::with_capacity(total + total / 4),
        };
        let mut later: Vec<(u32, usize, usize)> = Vec::new();
        for (pack, (commits, borrowed)) in found.iter().enumerate() {
            let mut at = 0;
            for (id, facts) in commits.ids.iter().zip(&commits.facts) {
                let number = out.ids.len() as u32;
                if let std::collections::hash_map::Entry::Vacant(slot) = out.numbers.entry(*id) {
                    slot.insert(number);
                    out.ids.push(*id);
                    let (time, look) = (facts.time, facts.look);
                    out.rows.push(Row { time, parents_at: 0, parents: facts.parents, look, borrowed: *borrowed });
                    later.push((number, pack, at));
                }
                at += usize::from(facts.parents);
            }
        }
        // Only now is every name known.
        for (number, pack, at) in later {
            let row = &mut out.rows[number as usize];
            row.parents_at = out.parents.len() as u32;
            if !cut.is_empty() && cut.contains(&out.ids[number as usize]) {
                row.parents = 0;
            }
            for id in &found[pack].0.parents[at..at + usize::from(row.parents)] {
                out.parents.push(out.numbers.get(id).copied().unwrap_or(GONE));
            }
        }
        out
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The number of a commit.
    pub fn number(&self, id: &ObjectId) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    /// The name of a commit.
    pub fn id(&self, number: u32) -> ObjectId {
        self.ids[number as usize]
    }

    /// When it was committed, seconds since 1970.
    pub fn time(&self, number: u32) -> i64 {
        self.rows[number as usize].time
    }

    /// What its message makes it look like.
    pub fn look(&self, number: u32) -> Look {
        self.rows[number as usize].look
    }

    /// Sets what was not looked at.
    pub fn set_look(&mut self, number: u32, look: Look) {
        self.rows[number as usize].look = look;
    }

    /// Whether only another repository, from which this one borrows, has it.
    pub fn is_borrowed(&self, number: u32) -> bool {
        self.rows[number as usize].borrowed
    }

    /// Its parents; those that are not there are left out.
    pub fn parents(&self, number: u32) -> impl Iterator<Item = u32> + '_ {
        self.all_parents(number).iter().copied().filter(|parent| *parent != GONE)
    }

    /// How many parents it says it has.
    pub fn parent_count(&self, number: u32) -> usize {
        usize::from(self.rows[number as usize].parents)
    }

    /// How many of its parents are not there.
    pub fn missing_parents(&self, number: u32) -> usize {
        self.all_parents(number).iter().filter(|parent| **parent == GONE).count()
    }

    fn all_parents(&self, number: u32) -> &[u32] {
        let row = &self.rows[number as usize];
        &self.parents[row.parents_at as usize..][..usize::from(row.parents)]
    }

    /// Puts `mark` on everything that `from` leads to. What has it already, or has `stop`, is not followed.
    pub fn mark(&self, from: impl IntoIterator<Item = u32>, mark: u8, stop: u8, seen: &mut Seen) {
        let done = mark | stop;
        let mut next: Vec<u32> = from.into_iter().collect();
        while let Some(number) = next.pop() {
            let bits = &mut seen[number as usize];
            if *bits & done == 0 {
                *bits |= mark;
                next.extend(self.parents(number).filter(|parent| seen[*parent as usize] & done == 0));
            }
        }
    }
}

impl std::fmt::Debug for Commits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Commits").field("count", &self.len()).finish_non_exhaustive()
    }
}
