//! An item in full: what a person wants to know of lost work before bringing it back.

use super::evidence::{Evidence, Story, merged_into, short};
use super::group::Group;
use super::prune;
use super::search::Search;
use crate::git::Repo;
use crate::model::{LostItem, LostKind, LostName, ObjectId, Reach, RepoPath, Time, readable};
use crate::{Error, Result};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Mutex;

/// How many of the files that an item changed are named.
const FILES: usize = 8;
/// Beyond this they are not counted.
const MAX_FILES: usize = 1000;
/// Of how many merges in a line the message is read to find the name of its branch.
const MERGES: usize = 5;

/// A lost line, stash or tag, before it is described.
pub(super) struct Draft {
    pub group: Group,
    pub story: Story,
    /// Seconds since 1970: when it was lost, or else made.
    pub when: i64,
}

/// What describing comes to.
pub(super) enum Described {
    /// It is lost.
    Item(Box<LostItem>),
    /// It cannot be read.
    Damaged,
    /// It is not lost.
    Held,
}

/// What describing needs.
pub(super) struct Describer<'a> {
    pub search: &'a Search<'a>,
    pub evidence: &'a Evidence,
    rules: OnceCell<prune::Rules>,
    /// By a commit that was merged: the merge.
    merges: OnceCell<HashMap<u32, u32>>,
}

impl<'a> Describer<'a> {
    pub fn new(search: &'a Search<'a>, evidence: &'a Evidence) -> Self {
        Describer { search, evidence, rules: OnceCell::new(), merges: OnceCell::new() }
    }

    /// When git may remove an object.
    pub fn prune(&self, id: ObjectId, item: &LostItem) -> crate::model::Prune {
        let rules = self.rules.get_or_init(|| prune::Rules::new(self.search));
        rules.of(self.search, id, item.reach)
    }

    /// The item; `None`: it cannot be read.
    pub fn item(&self, draft: &Draft) -> Option<LostItem> {
        let Draft { group, story, .. } = draft;
        let mut item = LostItem::new(group.id, group.kind, group.reach);
        item.lost = story.lost;
        item.name.clone_from(&story.name);
        item.origin.clone_from(&story.origin);
        item.commit_count = group.members.len();
        let commits = &self.search.all.commits;
        item.commits = group.members.iter().map(|n| commits.id(*n)).collect();
        item.base = self.base(group).map(|base| commits.id(base));
        item.damaged = group.members.iter().map(|n| commits.missing_parents(*n)).sum();
        match group.kind {
            LostKind::Tag => self.tag(group, &mut item)?,
            _ => self.commit(group, &mut item)?,
        }
        if item.name.is_none() && matches!(item.kind, LostKind::Commit | LostKind::Branch) {
            self.guess_name(group, &mut item);
        }
        item.upstream = item.name.as_ref().and_then(|name| self.upstream(&readable(name.name.as_bytes())));
        item.prune = self.prune(group.id, &item);
        Some(item)
    }

    fn commit(&self, group: &Group, item: &mut LostItem) -> Option<()> {
        let commit = self.search.repo.commit(group.id).ok()?;
        item.made = Some(Time::new(commit.time.0, commit.time.1));
        item.author = commit.author;
        item.subject = commit.subject;
        let origin = match group.kind {
            LostKind::Stash if item.subject.contains("autostash") => "set aside by --autostash",
            LostKind::Stash => "dropped, popped or cleared from the stash list",
            LostKind::Saved if group.reach == Reach::Saved => "a point that was deleted",
            LostKind::Saved => "a snapshot of this tool that has expired",
            _ if item.origin.is_empty() && group.reach == Reach::Saved => "only a snapshot of this tool holds it",
            _ if item.origin.is_empty() => "no ref and no reflog leads to it",
            _ => return Some(()),
        };
        origin.clone_into(&mut item.origin);
        Some(())
    }

    fn tag(&self, group: &Group, item: &mut LostItem) -> Option<()> {
        let tag = self.search.repo.tag(group.id).ok()??;
        item.made = tag.time.map(|(seconds, offset)| Time::new(seconds, offset));
        item.author = tag.tagger.unwrap_or_default();
        item.subject = tag.message.lines().next().unwrap_or_default().to_owned();
        let bytes = self.search.repo.tag_bytes(group.id).ok()??;
        let name = bytes.split(|&b| b == b'\n').find_map(|line| line.strip_prefix(b"tag "))?;
        let full = format!("refs/tags/{}", readable(name));
        let taken = self.evidence.has_ref(&full);
        let origin = if taken { "the tag was replaced by another of the same name" } else { "the tag was deleted" };
        origin.clone_into(&mut item.origin);
        item.name = Some(LostName { name: RepoPath::new(name), why: "from the tag itself".to_owned(), certain: true });
        Some(())
    }

    /// The name of a branch by what merges say.
    fn guess_name(&self, group: &Group, item: &mut LostItem) {
        let commits = &self.search.all.commits;
        let subject = |n: u32| self.search.repo.commit(commits.id(n)).map(|commit| commit.subject).unwrap_or_default();
        let merges = group.members.iter().filter(|n| commits.parent_count(**n) > 1).take(MERGES);
        let mut found = merges.filter_map(|n| merged_into(&subject(*n)).map(str::to_owned));
        let guess = |name: String, why: &str| {
            Some(LostName { name: RepoPath::from(&*name), why: why.to_owned(), certain: false })
        };
        item.name = found.next().and_then(|name| guess(name, "from the message of a merge in it"));
        if let Some(name) = &item.name {
            let full = format!("refs/heads/{}", readable(name.name.as_bytes()));
            if !self.evidence.has_ref(&full) && item.kind == LostKind::Commit {
                item.kind = LostKind::Branch;
            }
            return;
        }
        let Some(merge) = self.base(group).and_then(|base| self.merges().get(&base).copied()) else { return };
        if let Some(name) = super::evidence::merged(&subject(merge)) {
            item.name = guess(name.to_owned(), "it goes on where a merged branch of this name ended");
        }
    }

    fn merges(&self) -> &HashMap<u32, u32> {
        self.merges.get_or_init(|| {
            let commits = &self.search.all.commits;
            let merges = (0..commits.len() as u32).filter(|n| commits.parent_count(*n) > 1);
            merges.flat_map(|n| commits.parents(n).skip(1).map(move |parent| (parent, n))).collect()
        })
    }

    /// The commit below the line.
    fn base(&self, group: &Group) -> Option<u32> {
        let commits = &self.search.all.commits;
        let tip = group.tip?;
        let mut at = tip;
        loop {
            let parent = commits.parents(at).next()?;
            if group.kind == LostKind::Stash || self.search.owner[parent as usize] != tip {
                return Some(parent);
            }
            at = parent;
        }
    }

    /// The remote-tracking branch that belongs to a branch of this name.
    fn upstream(&self, branch: &str) -> Option<String> {
        let config = |key: &str| self.search.repo.config_string(&format!("branch.{branch}.{key}"));
        if let (Some(remote), Some(merge)) = (config("remote"), config("merge")) {
            return Some(format!("{remote}/{}", short(&merge)));
        }
        let ending = format!("/{branch}");
        let names = self.search.tips.iter().filter_map(|tip| std::str::from_utf8(tip.name.as_bytes()).ok());
        let mut remotes = names.filter_map(|name| name.strip_prefix("refs/remotes/"));
        remotes.find(|name| name.strip_suffix(&ending).is_some_and(|remote| !remote.contains('/'))).map(str::to_owned)
    }

    /// Calls `each` with every path that the item changed, and the blob it has there; `None`: a tree cannot be read.
    pub fn changes(&self, item: &LostItem, each: &mut dyn FnMut(RepoPath, Option<ObjectId>)) -> Option<()> {
        let repo = self.search.repo;
        let all = repo.trees().ok()?;
        for (old, new) in trees(repo, item).ok()? {
            let diff = all.diff(old, new, &mut |path, _, new| {
                each(path, new.map(|entry| entry.id));
                Ok(())
            });
            diff.ok()?;
        }
        Some(())
    }
}

/// Names files that the items changed, on all processors: with thousands of items this is most of the work.
pub(super) fn touches(repo: &Repo, items: &mut [LostItem]) {
    const AT_ONCE: usize = 32;
    let threads = crate::host::threads(items.len() / AT_ONCE + 1);
    let pieces = Mutex::new(items.chunks_mut(AT_ONCE));
    let work = |repo: &Repo| {
        loop {
            let next = pieces.lock().unwrap_or_else(|e| e.into_inner()).next();
            let Some(piece) = next else { return };
            for item in piece.iter_mut().filter(|item| !matches!(item.kind, LostKind::Staged | LostKind::Saved)) {
                if touched(repo, item).is_err() {
                    item.damaged += 1;
                }
            }
        }
    };
    let (root, work) = (repo.root(), &work);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // A thread that cannot open the repository leaves the work to the others.
            crate::host::beside(scope, move || Repo::open_at(root).map(|own| work(&own)));
        }
        work(repo);
    });
}

fn touched(repo: &Repo, item: &mut LostItem) -> Result<()> {
    let mut paths = Vec::new();
    let all = repo.trees()?;
    for (old, new) in trees(repo, item)? {
        let diff = all.diff(old, new, &mut |path, _, _| {
            paths.push(path);
            // Where all of history was changed nobody wants to know how many files exactly.
            if paths.len() < MAX_FILES { Ok(()) } else { Err(Error::refused("enough")) }
        });
        if diff.is_err() && paths.len() < MAX_FILES {
            return diff;
        }
    }
    item.touches_more = paths.len().saturating_sub(FILES);
    paths.truncate(FILES);
    item.touches = paths;
    Ok(())
}

/// Pairs of trees that show what an item changed: what it stands on, and it. None for a blob, and for a tag on what is
/// not lost.
pub fn trees(repo: &Repo, item: &LostItem) -> Result<Vec<(ObjectId, ObjectId)>> {
    let tip = match item.kind {
        LostKind::Staged => None,
        LostKind::Tag if item.commits.is_empty() => None,
        LostKind::Tag => repo.peel(item.id)?,
        // The manifest is for the machine: the stash below it has the files.
        LostKind::Saved => repo.commit(item.id)?.parents.first().copied(),
        _ => Some(item.id),
    };
    let Some(tip) = tip else { return Ok(Vec::new()) };
    let commit = repo.commit(tip)?;
    let is_stash = matches!(item.kind, LostKind::Stash | LostKind::Saved);
    let base = if is_stash { commit.parents.first().copied() } else { item.base };
    // A line whose first commit is a root, or whose parent is gone, changed everything it has.
    let base = base.map_or(Ok(ObjectId::EMPTY_TREE), |base| repo.commit(base).map(|commit| commit.tree))?;
    let mut out = vec![(base, commit.tree)];
    if let Some(untracked) = commit.parents.get(2).filter(|_| is_stash) {
        out.push((ObjectId::EMPTY_TREE, repo.commit(*untracked)?.tree));
    }
    Ok(out)
}
