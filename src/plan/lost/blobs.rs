//! Content that was staged and never committed: blobs that no commit, lost or not, and no index has.
//!
//! Git writes what is staged as loose objects, and moves what it no longer needs into cruft packs. Looking only there
//! takes no time; whether a blob of any other pack is lost is known only when every tree was read.

use super::describe::{Described, Describer};
use super::group::Group;
use super::guess::Guesses;
use super::search::Search;
use crate::Result;
use crate::git::{MODE_TREE, ObjectKind, Repo};
use crate::model::{LostItem, LostKind, LostName, ObjectId, Reach, RepoPath, Time};
use crate::store::layout;
use crate::worktree::Root;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A cruft pack with more objects is only searched with `--all`.
const MAX_CRUFT: usize = 10_000;
/// Blobs of this size are loose even when a snapshot of this tool has them.
const LOOSE_IN_SNAPSHOTS: u64 = crate::git::BIG;

/// A blob that no commit has.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    pub id: ObjectId,
    /// When it was written, seconds since 1970.
    pub mtime: i64,
    /// The path that it has in a tree which was written and never committed.
    named: Option<RepoPath>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Blobs {
    pub found: Vec<Blob>,
    /// What was not looked at.
    pub note: Option<String>,
    guesses: Guesses,
}

/// What may be lost, and what may name it.
#[derive(Default)]
struct Candidates {
    /// With the time each was written.
    blobs: HashMap<ObjectId, i64>,
    trees: HashSet<ObjectId>,
    commits: Vec<ObjectId>,
    note: Option<String>,
}

impl Blobs {
    /// Finds them; `thorough`: in all packs.
    pub fn find(search: &Search<'_>, groups: &[Group], thorough: bool) -> Result<Blobs> {
        let mut candidates = Candidates::new(search, thorough)?;
        if candidates.blobs.is_empty() {
            return Ok(Blobs { note: candidates.note, ..Blobs::default() });
        }
        for id in search.repo.staged_blobs()? {
            candidates.blobs.remove(&id);
        }
        let visited = candidates.drop_committed(search);
        let big = search.all.loose.iter().any(|o| o.size >= LOOSE_IN_SNAPSHOTS && candidates.blobs.contains_key(&o.id));
        if thorough || big {
            let tips =
                search.tips.iter().filter(|tip| thorough || tip.name.as_bytes().starts_with(layout::REFS.as_bytes()));
            let mut roots: Vec<ObjectId> = tips.map(|tip| tip.id).collect();
            roots.extend(groups.iter().filter(|_| thorough).map(|group| group.id));
            crate::git::each_reachable(search.repo, &roots, &mut |id| {
                candidates.blobs.remove(&id);
            })?;
        } else {
            candidates.blobs.retain(|id, _| !search.all.is_packed(id));
        }
        let names = candidates.names_in_trees(search, &visited);
        let mut found: Vec<Blob> = candidates
            .blobs
            .iter()
            .map(|(id, mtime)| Blob { id: *id, mtime: *mtime, named: names.get(id).cloned() })
            .collect();
        found.sort_by_key(|blob| blob.id);
        Ok(Blobs { found, note: candidates.note, guesses: Guesses::default() })
    }

    /// One of them in full.
    pub fn item(&self, describer: &Describer<'_>, at: usize) -> Described {
        let blob = &self.found[at];
        match self.described(describer, blob) {
            None => Described::Damaged,
            Some((item, content)) => {
                let is_scaffolding = blob.named.is_some() && has_conflict(&content);
                let path = item.name.as_ref().map(|name| &name.name);
                if is_scaffolding || path.is_some_and(|path| stands_there(describer.search.repo, path, blob.id)) {
                    return Described::Held;
                }
                Described::Item(Box::new(item))
            }
        }
    }

    fn described(&self, describer: &Describer<'_>, blob: &Blob) -> Option<(LostItem, Vec<u8>)> {
        let repo = describer.search.repo;
        let mut item = LostItem::new(blob.id, LostKind::Staged, Reach::Nothing);
        item.made = Some(Time::new(blob.mtime, describer.search.now.offset_minutes));
        let size = repo.blob_size(blob.id).ok()?;
        item.size = Some(size);
        let content = if size <= super::guess::MAX_SIZE { repo.blob(blob.id).ok()? } else { Vec::new() };
        item.subject = first_line(&content);
        let origin = match blob.named {
            Some(_) => "written for a commit or a merge that was not finished",
            None => "staged, and never committed",
        };
        origin.clone_into(&mut item.origin);
        item.name = match &blob.named {
            Some(path) => {
                let why = "from a tree that was written and never committed".to_owned();
                Some(LostName { name: path.clone(), why, certain: true })
            }
            None => self.guesses.name(describer.search, &content),
        };
        item.touches = item.name.iter().map(|name| name.name.clone()).collect();
        item.prune = describer.prune(blob.id, &item);
        Some((item, content))
    }
}

/// Whether git itself wrote the content, for a merge with conflicts: it can be had again by merging again.
fn has_conflict(content: &[u8]) -> bool {
    let begins = |mark: &[u8]| content.split(|&b| b == b'\n').any(|line| line.starts_with(mark));
    begins(b"<<<<<<< ") && begins(b">>>>>>> ")
}

/// Whether the file at a path has just this content now: then it is not lost.
fn stands_there(repo: &Repo, path: &RepoPath, id: ObjectId) -> bool {
    let opened = Root::open(repo.root()).and_then(|root| root.open_file(path));
    opened.is_ok_and(|(mut file, stat)| crate::git::name_stream(&mut file, stat.size).is_ok_and(|found| found == id))
}

impl Candidates {
    fn new(search: &Search<'_>, thorough: bool) -> Result<Candidates> {
        let mut out = Candidates::default();
        for object in &search.all.loose {
            out.add(object.kind, object.id, object.mtime);
        }
        for pack in search.all.packs.iter().filter(|pack| !pack.borrowed && (pack.cruft || thorough)) {
            if !thorough && pack.objects > MAX_CRUFT {
                let name = pack.stem.file_name().unwrap_or_default().to_string_lossy().into_owned();
                out.note = Some(format!("{name} was not searched for staged content: --all does that"));
                continue;
            }
            for (kind, id, time) in search.all.objects_of(pack)? {
                // What a plain pack has is no help in finding names: its trees are committed, or as good as lost.
                if pack.cruft || kind == ObjectKind::Blob {
                    out.add(kind, id, time);
                }
            }
        }
        out.blobs.remove(&ObjectId::EMPTY_BLOB);
        Ok(out)
    }

    fn add(&mut self, kind: ObjectKind, id: ObjectId, time: i64) {
        match kind {
            ObjectKind::Blob => self.blobs.insert(id, time).is_none(),
            ObjectKind::Tree => self.trees.insert(id),
            _ => false,
        };
        if kind == ObjectKind::Commit {
            self.commits.push(id);
        }
    }

    /// Takes out what commits have; the trees that were seen.
    ///
    /// A loose tree is reached by loose commits and trees alone: a pack has everything that it leads to, but what was
    /// there already, which is held otherwise.
    fn drop_committed(&mut self, search: &Search<'_>) -> HashSet<ObjectId> {
        let mut seen = HashSet::new();
        let commits = self.commits.iter().filter_map(|id| search.repo.commit(*id).ok().map(|commit| commit.tree));
        let mut next: Vec<ObjectId> = commits.chain(search.tips.iter().map(|tip| tip.id)).collect();
        let Ok(trees) = search.repo.trees() else { return seen };
        while let Some(id) = next.pop() {
            self.blobs.remove(&id);
            if !self.trees.contains(&id) || !seen.insert(id) {
                continue;
            }
            for (_, entry) in trees.read(id).unwrap_or_default() {
                if entry.mode == MODE_TREE {
                    next.push(entry.id);
                } else {
                    self.blobs.remove(&entry.id);
                }
            }
        }
        seen
    }

    /// Paths in trees that no commit has: of a commit that was never finished, a merge that was given up.
    fn names_in_trees(&self, search: &Search<'_>, committed: &HashSet<ObjectId>) -> BTreeMap<ObjectId, RepoPath> {
        let mut names = BTreeMap::new();
        let Ok(trees) = search.repo.trees() else { return names };
        let lost: Vec<ObjectId> = self.trees.difference(committed).copied().collect();
        let mut inner = HashSet::new();
        for id in &lost {
            let below = trees.read(*id).unwrap_or_default();
            inner.extend(below.into_iter().filter(|(_, entry)| entry.mode == MODE_TREE).map(|(_, entry)| entry.id));
        }
        let roots = lost.iter().filter(|id| !inner.contains(id));
        let mut next: Vec<(Vec<u8>, ObjectId)> = roots.map(|id| (Vec::new(), *id)).collect();
        let mut seen = HashSet::new();
        while let Some((dir, id)) = next.pop() {
            // One tree in two places gives one of the two names.
            if committed.contains(&id) || !self.trees.contains(&id) || !seen.insert(id) {
                continue;
            }
            for (name, entry) in trees.read(id).unwrap_or_default() {
                let path = RepoPath::join(&dir, &name);
                if entry.mode == MODE_TREE {
                    next.push((path.as_bytes().to_vec(), entry.id));
                } else if self.blobs.contains_key(&entry.id) {
                    names.entry(entry.id).or_insert(path);
                }
            }
        }
        names
    }
}

/// The first line with something in it, of what looks like text.
fn first_line(content: &[u8]) -> String {
    const LONGEST: usize = 120;
    if content.contains(&0) {
        return String::new();
    }
    let line = content.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty()).unwrap_or_default();
    crate::model::readable(&line[..line.len().min(LONGEST)])
}
