//! Trees: reading, comparing, building. Equal subtrees are never read.

use super::error::GitContext;
use super::odb::{ById, Ids};
use super::pack::{MadeTrees, ObjectKind, ObjectSink};
use super::repo::{Handles, Repo};
use super::tree_bytes::{Named, entry_in, in_order, parse, tree_data};
use crate::model::{ObjectId, RepoPath};
use crate::{Error, Result};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Mutex;

/// Mode of a directory.
pub const MODE_TREE: u32 = 0o040000;
/// Mode of a regular file.
pub const MODE_FILE: u32 = 0o100644;
/// Mode of an executable file.
pub const MODE_EXEC: u32 = 0o100755;
/// Mode of a symbolic link.
pub const MODE_LINK: u32 = 0o120000;
/// Mode of a submodule.
pub const MODE_GITLINK: u32 = 0o160000;

/// One entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// One of the `MODE_` constants (old spellings are normalised).
    pub mode: u32,
    /// The object.
    pub id: ObjectId,
}

type Entries = Vec<(Vec<u8>, TreeEntry)>;
/// A name, and what stands there on the left and on the right.
type Difference<'e> = (&'e [u8], Option<TreeEntry>, Option<TreeEntry>);
/// What shall stand at a path below a directory.
type Edit<'a> = (&'a [u8], Option<TreeEntry>);
/// Called with the path and what stands there on the left and on the right.
type OnChange<'a> = dyn FnMut(RepoPath, Option<TreeEntry>, Option<TreeEntry>) -> Result<()> + 'a;

/// Trees that were read, and how many bytes they have together.
#[derive(Default)]
struct Recent {
    trees: HashMap<ObjectId, Rc<[u8]>>,
    bytes: usize,
}

/// More bytes of trees are not kept.
const KEPT: usize = 16 << 20;

/// Access to the trees of a repository.
pub struct Trees<'r> {
    repo: &'r Handles,
    odb: git2::Odb<'r>,
    /// The bytes of trees: planners look up many paths below the same directories.
    recent: RefCell<Recent>,
    made: Option<MadeTrees>,
}

impl Repo {
    /// Access to trees.
    pub fn trees(&self) -> Result<Trees<'_>> {
        let odb = self.git.odb().context("cannot open the object database")?;
        Ok(Trees { repo: self, odb, recent: RefCell::default(), made: None })
    }
}

impl Trees<'_> {
    /// Reads trees that were only added to `sink`, too.
    #[must_use]
    pub fn and_made_in(mut self, sink: &ObjectSink<'_>) -> Self {
        self.made = Some(sink.made_trees());
        self
    }

    /// The entries of one tree, in git's order.
    pub fn read(&self, id: ObjectId) -> Result<Entries> {
        let data = self.bytes(id)?;
        let entries = parse(&data).ok_or_else(|| damaged(id))?;
        Ok(entries.into_iter().map(|(name, entry)| (name.to_vec(), entry)).collect())
    }

    /// The bytes of a tree.
    fn bytes(&self, id: ObjectId) -> Result<Rc<[u8]>> {
        if id == ObjectId::EMPTY_TREE {
            return Ok(Rc::default());
        }
        if let Some(data) = self.recent.borrow().trees.get(&id) {
            return Ok(Rc::clone(data));
        }
        let data = self.bytes_anew(id)?;
        let mut recent = self.recent.borrow_mut();
        if recent.bytes + data.len() > KEPT {
            *recent = Recent::default();
        }
        recent.bytes += data.len();
        recent.trees.insert(id, Rc::clone(&data));
        Ok(data)
    }

    fn bytes_anew(&self, id: ObjectId) -> Result<Rc<[u8]>> {
        if let Some(made) = &self.made
            && let Some(data) = made.lock().unwrap_or_else(|e| e.into_inner()).get(&id)
        {
            return Ok(data.as_slice().into());
        }
        let object = self.odb.read(id.into()).context(&format!("cannot read tree {id}"))?;
        if object.kind() != git2::ObjectType::Tree {
            return Err(Error::fault(format!("object {id} is not a tree")));
        }
        Ok(object.data().into())
    }

    /// What stands at `path` below `tree`.
    pub fn find(&self, tree: ObjectId, path: &[u8]) -> Result<Option<TreeEntry>> {
        let mut at = TreeEntry { mode: MODE_TREE, id: tree };
        for part in path.split(|&b| b == b'/') {
            if at.mode != MODE_TREE {
                return Ok(None);
            }
            match entry_in(&self.bytes(at.id)?, part).ok_or_else(|| damaged(at.id))? {
                Some(entry) => at = entry,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// Calls `each` for every file, link and submodule that differs between two trees, in the order of the paths.
    pub fn diff(&self, left: ObjectId, right: ObjectId, each: &mut OnChange<'_>) -> Result<()> {
        self.diff_within(left, right, &|_| true, each)
    }

    /// The same without the directories that `enter` says no to.
    pub fn diff_within(
        &self,
        left: ObjectId,
        right: ObjectId,
        enter: &dyn Fn(&[u8]) -> bool,
        each: &mut OnChange<'_>,
    ) -> Result<()> {
        let mut found = Vec::new();
        // All directories of one depth at a time: many trees are read faster together.
        let mut level = vec![(RepoPath::new(&b""[..]), Some(left), Some(right))];
        while !level.is_empty() {
            let mut next = Vec::new();
            for part in level.chunks(AT_ONCE) {
                let part: Vec<_> = part.iter().filter(|(_, left, right)| left != right).collect();
                let known = self.read_many(part.iter().flat_map(|(_, left, right)| [*left, *right]).flatten())?;
                let entries = |id: Option<ObjectId>| match id {
                    None => Ok(Vec::new()),
                    Some(id) => known.get(&id).and_then(|data| parse(data)).ok_or_else(|| damaged(id)),
                };
                for (dir, left, right) in part {
                    for (name, l, r) in side_by_side(&entries(*left)?, &entries(*right)?) {
                        let path = RepoPath::join(dir.as_bytes(), name);
                        let subtree = |entry: Option<TreeEntry>| entry.filter(|e| e.mode == MODE_TREE).map(|e| e.id);
                        let leaf = |entry: Option<TreeEntry>| entry.filter(|e| e.mode != MODE_TREE);
                        if (subtree(l).is_some() || subtree(r).is_some()) && enter(path.as_bytes()) {
                            refuse_depth(path.as_bytes())?;
                            next.push((path.clone(), subtree(l), subtree(r)));
                        }
                        if leaf(l).is_some() || leaf(r).is_some() {
                            found.push((path, leaf(l), leaf(r)));
                        }
                    }
                }
            }
            level = next;
        }
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        found.into_iter().try_for_each(|(path, left, right)| each(path, left, right))
    }

    /// The bytes of many trees.
    fn read_many(&self, ids: impl Iterator<Item = ObjectId>) -> Result<ById<Vec<u8>>> {
        let wanted: Vec<ObjectId> = ids.collect::<Ids>().into_iter().collect();
        let found = Mutex::new(ById::with_capacity_and_hasher(wanted.len(), Default::default()));
        let take = |read| found.lock().unwrap_or_else(|e| e.into_inner()).extend::<Vec<_>>(read);
        let left = super::odb::blobs::read(self.repo, ObjectKind::Tree, wanted, &take)?;
        for id in left {
            take(vec![(id, self.bytes(id)?.to_vec())]);
        }
        Ok(found.into_inner().unwrap_or_else(|e| e.into_inner()))
    }

    /// Every file, link and submodule of a tree.
    pub fn files(&self, tree: ObjectId) -> Result<BTreeMap<RepoPath, TreeEntry>> {
        self.files_within(tree, &|_| true)
    }

    /// The same without the directories that `enter` says no to.
    pub fn files_within(&self, tree: ObjectId, enter: &dyn Fn(&[u8]) -> bool) -> Result<BTreeMap<RepoPath, TreeEntry>> {
        let mut out = BTreeMap::new();
        let mut dirs = vec![(Vec::new(), tree)];
        while let Some((dir, id)) = dirs.pop() {
            refuse_depth(&dir)?;
            for (name, entry) in self.read(id)? {
                let path = RepoPath::join(&dir, &name);
                if entry.mode != MODE_TREE {
                    out.insert(path, entry);
                } else if enter(path.as_bytes()) {
                    dirs.push((path.as_bytes().to_vec(), entry.id));
                }
            }
        }
        Ok(out)
    }

    /// The tree that results when the entries at `changes` are replaced in `base` (`None` removes). New trees
    /// go to `sink`; directories that become empty disappear.
    pub fn edit(
        &self,
        base: ObjectId,
        changes: &BTreeMap<RepoPath, Option<TreeEntry>>,
        sink: &ObjectSink<'_>,
    ) -> Result<ObjectId> {
        let changes: Vec<_> = changes.iter().map(|(path, entry)| (path.as_bytes(), *entry)).collect();
        let root = self.edit_below(Some(base), &changes, sink)?;
        match root {
            Some(id) if id == ObjectId::EMPTY_TREE => sink.add(ObjectKind::Tree, b""),
            Some(id) => Ok(id),
            None => sink.add(ObjectKind::Tree, b""),
        }
    }

    fn edit_below(
        &self,
        base: Option<ObjectId>,
        changes: &[(&[u8], Option<TreeEntry>)],
        sink: &ObjectSink<'_>,
    ) -> Result<Option<ObjectId>> {
        if changes.is_empty() {
            return Ok(base);
        }
        let data = base.map_or_else(|| Ok(Rc::default()), |id| self.bytes(id))?;
        let old = parse(&data).ok_or_else(|| damaged(base.unwrap_or(ObjectId::EMPTY_TREE)))?;
        let mut entries: BTreeMap<&[u8], TreeEntry> = old.into_iter().collect();
        // Removals first: a directory may give way to a file and the other way round.
        let (removed, added): (Vec<_>, Vec<_>) = changes.iter().copied().partition(|(_, entry)| entry.is_none());
        for group in [removed, added] {
            let mut below: BTreeMap<&[u8], Vec<Edit<'_>>> = BTreeMap::new();
            for (path, entry) in group {
                match path.iter().position(|&b| b == b'/') {
                    Some(at) => below.entry(&path[..at]).or_default().push((&path[at + 1..], entry)),
                    None => match entry {
                        Some(entry) => drop(entries.insert(path, entry)),
                        None if entries.get(path).is_some_and(|e| e.mode != MODE_TREE) => drop(entries.remove(path)),
                        None => {}
                    },
                }
            }
            for (name, changes) in below {
                let old = entries.get(name).filter(|e| e.mode == MODE_TREE).map(|e| e.id);
                if old.is_none() && changes.iter().all(|(_, entry)| entry.is_none()) {
                    continue;
                }
                match self.edit_below(old, &changes, sink)? {
                    Some(id) => drop(entries.insert(name, TreeEntry { mode: MODE_TREE, id })),
                    None => drop(entries.remove(name)),
                }
            }
        }
        if entries.is_empty() {
            return Ok(None);
        }
        sink.add(ObjectKind::Tree, &tree_data(entries.into_iter().collect())).map(Some)
    }
}

/// What differs between two trees, by name. Most entries are equal: they are stepped over.
fn side_by_side<'e>(mut left: &[Named<'e>], mut right: &[Named<'e>]) -> Vec<Difference<'e>> {
    let mut names: BTreeMap<&[u8], (Option<TreeEntry>, Option<TreeEntry>)> = BTreeMap::new();
    loop {
        match (left, right) {
            ([l, ls @ ..], [r, rs @ ..]) if l == r => (left, right) = (ls, rs),
            // Only the order is guessed at here: what has one name meets in the map.
            ([l, ls @ ..], rest) if rest.first().is_none_or(|r| in_order(l, r).is_le()) => {
                names.entry(l.0).or_default().0 = Some(l.1);
                left = ls;
            }
            (_, [r, rs @ ..]) => {
                names.entry(r.0).or_default().1 = Some(r.1);
                right = rs;
            }
            ([], []) | ([_, ..], []) => break,
        }
    }
    names.into_iter().filter(|(_, (l, r))| l != r).map(|(name, (l, r))| (name, l, r)).collect()
}

const MAX_PATH: usize = 1 << 16;
/// So many directories are compared at a time: their trees are held in memory.
const AT_ONCE: usize = 4096;

fn refuse_depth(dir: &[u8]) -> Result<()> {
    match dir.len() > MAX_PATH {
        true => Err(Error::refused("a tree is nested too deeply to be written")),
        false => Ok(()),
    }
}

fn damaged(id: ObjectId) -> Error {
    Error::fault(format!("tree {id} is damaged"))
}

/// Whether a name matches a pattern in which `*` crosses no slash, as in branch patterns.
pub fn glob_matches(pattern: &str, name: &str) -> bool {
    gix_glob::wildmatch(pattern.into(), name.into(), gix_glob::wildmatch::Mode::NO_MATCH_SLASH_LITERAL)
}
