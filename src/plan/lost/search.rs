//! Which commits and tags are lost: everything there is, less what is still held.

use crate::Result;
use crate::git::odb::{Catalogue, Look, Seen};
use crate::git::{Reflog, Repo, Tip};
use crate::model::{ObjectId, Time};
use crate::store::session::Session;
use crate::store::{layout, snapshot};
use std::collections::{BTreeSet, HashSet};

/// Held by a ref, a `HEAD`, the stash list or an operation under way.
pub(super) const HELD: u8 = 1;
/// Lost, and a reflog leads to it.
pub(super) const IN_REFLOG: u8 = 2;
/// Lost, and part of an item already.
pub(super) const TAKEN: u8 = 4;
/// Held by a ref of this tool.
const OURS: u8 = 8;
/// Work of the user's that nothing but snapshots of this tool hold.
pub(super) const SAVED: u8 = 16;

/// All commits, with marks, and what was read to find them.
pub(super) struct Search<'s> {
    pub repo: &'s Repo,
    pub all: Catalogue,
    pub seen: Seen,
    /// The tip of the item that each taken commit is part of.
    pub owner: Vec<u32>,
    pub tips: Vec<Tip>,
    pub reflogs: Vec<Reflog>,
    /// Every object that a reflog names.
    pub in_reflogs: HashSet<ObjectId>,
    /// Tags that nothing holds.
    pub lost_tags: Vec<ObjectId>,
    pub now: Time,
}

/// The reflog of the stash list: what stands in it is not lost.
const STASH_LIST: &[u8] = b"refs/stash";

impl<'s> Search<'s> {
    /// Reads everything and marks what is held.
    pub fn new(session: &'s Session) -> Result<Search<'s>> {
        let repo = &session.repo;
        let all = repo.catalogue(&session.layout.scans())?;
        let (seen, owner) = (vec![0; all.commits.len()], vec![u32::MAX; all.commits.len()]);
        let (tips, reflogs, now) = (repo.tips()?, repo.reflogs()?, crate::host::clock::now());
        let mut search =
            Search { repo, all, seen, owner, tips, reflogs, in_reflogs: HashSet::new(), lost_tags: Vec::new(), now };
        search.mark_held();
        search.mark_reflogs();
        search.look_at_merges();
        Ok(search)
    }

    fn mark_held(&mut self) {
        let mut tags = HashSet::new();
        let (mut roots, mut points, mut ours) = (Vec::new(), Vec::new(), Vec::new());
        for tip in &self.tips {
            let is_below = |prefix: &str| tip.name.as_bytes().starts_with(prefix.as_bytes());
            let list = match () {
                () if is_below(layout::POINTS) => &mut points,
                () if is_below(layout::REFS) => &mut ours,
                () => &mut roots,
            };
            self.follow(tip.id, tip.peeled, &mut tags, list);
        }
        // A point can be a commit of the user's.
        let (snapshots, commits): (Vec<u32>, _) = points.into_iter().partition(|n| self.may_be_snapshot(*n));
        roots.extend(commits);
        ours.extend(snapshots);
        // Git holds the older entries of the stash list by its reflog alone.
        let stashes = self.reflogs.iter().filter(|log| log.name.as_bytes() == STASH_LIST);
        let named = stashes.flat_map(|log| log.entries.iter().filter_map(|entry| entry.new));
        for id in named.chain(self.repo.named_by_operations()) {
            roots.extend(self.all.commits.number(&id));
        }
        self.all.commits.mark(roots, HELD, 0, &mut self.seen);
        self.mark_saved(ours);
        let is_lost = |tag: &ObjectId| !tags.contains(tag) && !self.all.borrowed_tags.contains(tag);
        self.lost_tags = self.all.tags.iter().copied().filter(is_lost).collect();
        if !self.lost_tags.is_empty() {
            // Now it counts which tags are held by other tags.
            for tag in tags.clone() {
                self.follow(tag, None, &mut tags, &mut Vec::new());
            }
            self.lost_tags.retain(|tag| !tags.contains(tag));
        }
    }

    /// Snapshots hold the commit that `HEAD` was on, and what the operation left behind. Nobody sees that in them.
    fn mark_saved(&mut self, ours: Vec<u32>) {
        let commits = &self.all.commits;
        let mut saved = Vec::new();
        for snapshot in ours.iter().filter(|n| self.seen[**n as usize] & HELD == 0) {
            let Some(stash) = commits.parents(*snapshot).next() else { continue };
            let work = commits.parents(*snapshot).skip(1).chain(commits.parents(stash).take(1));
            let work = work.filter(|n| self.seen[*n as usize] & HELD == 0 && !self.may_be_snapshot(*n));
            let work: Vec<u32> = work.collect();
            if !work.is_empty() && snapshot::is_snapshot(self.repo, commits.id(*snapshot)) {
                saved.extend(work);
            }
        }
        commits.mark(ours, OURS, HELD, &mut self.seen);
        commits.mark(saved, SAVED, HELD, &mut self.seen);
    }

    /// Whether a commit has the shape of a snapshot of this tool: it stands on a stash with all its parts.
    pub fn may_be_snapshot(&self, number: u32) -> bool {
        let commits = &self.all.commits;
        let looks = |n, wanted| [wanted, Look::Unknown].contains(&commits.look(n));
        let Some(stash) = commits.parents(number).next() else { return false };
        let parts: Vec<u32> = commits.parents(stash).collect();
        matches!(parts[..], [_, index, rest] if looks(index, Look::StashIndex) && looks(rest, Look::StashUntracked))
    }

    /// Adds what an object leads to: the tags on the way, and the commit at its end.
    fn follow(&self, id: ObjectId, peeled: Option<ObjectId>, tags: &mut HashSet<ObjectId>, roots: &mut Vec<u32>) {
        let mut next = id;
        // Tags of tags of tags: nobody goes deeper.
        for _ in 0..10 {
            if let Some(number) = self.all.commits.number(&next) {
                roots.push(number);
                return;
            }
            if self.all.tags.binary_search(&next).is_err() {
                return;
            }
            tags.insert(next);
            if let Some(number) = peeled.and_then(|id| self.all.commits.number(&id)) {
                roots.push(number);
                return;
            }
            let Ok(Some(tag)) = self.repo.tag(next) else { return };
            next = tag.target;
        }
    }

    fn mark_reflogs(&mut self) {
        let entries = self.reflogs.iter().flat_map(|log| &log.entries);
        self.in_reflogs = entries.flat_map(|entry| [entry.old, entry.new]).flatten().collect();
        let roots: Vec<u32> = self.in_reflogs.iter().filter_map(|id| self.all.commits.number(id)).collect();
        self.all.commits.mark(roots, IN_REFLOG, HELD, &mut self.seen);
    }

    /// A commit-graph does not say which commits are stash entries.
    fn look_at_merges(&mut self) {
        for number in self.lost(0) {
            let parents = self.all.commits.parent_count(number);
            if self.all.commits.look(number) == Look::Unknown && (2..=3).contains(&parents) {
                let message = self.repo.commit(self.all.commits.id(number)).map(|commit| commit.message);
                let look = message.map_or(Look::Plain, |message| Look::of(message.as_bytes(), parents));
                self.all.commits.set_look(number, look);
            }
        }
    }

    /// The lost commits that have none of these marks, held and borrowed ones left out.
    pub fn lost(&self, without: u8) -> Vec<u32> {
        (0..self.seen.len() as u32).filter(|n| self.is_lost(*n, without)).collect()
    }

    /// Whether a commit is lost and has none of these marks.
    pub fn is_lost(&self, number: u32, without: u8) -> bool {
        let bits = self.seen[number as usize];
        bits & (HELD | without) == 0 && bits & (OURS | SAVED) != OURS && !self.all.commits.is_borrowed(number)
    }

    /// Whether a commit has a mark.
    pub fn has(&self, number: u32, mark: u8) -> bool {
        self.seen[number as usize] & mark != 0
    }

    /// The full names of all refs there are.
    pub fn ref_names(&self) -> BTreeSet<&[u8]> {
        self.tips.iter().map(|tip| tip.name.as_bytes()).collect()
    }
}
