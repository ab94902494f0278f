//! Every object of a repository at once: what libgit2 answers one object at a time, and much slower.
//!
//! A pack is read from front to back: the headers of its entries tell which are commits, and only those are
//! decompressed (<https://git-scm.com/docs/pack-format>). What a pack holds never changes, so that its commits are
//! remembered for the next time.

pub(super) mod big;
pub(super) mod blobs;
mod cache;
mod commit;
mod entries;
mod graph;
mod ids;
mod loose;
mod pack;
mod places;
mod sizes;
mod table;
#[cfg(test)]
mod tests;
mod unpack;

pub use commit::Look;
pub use ids::{ById, Ids};
pub use loose::LooseObject;
pub use sizes::Sizes;
pub use table::{Commits, Seen};

use super::ObjectKind;
use super::repo::Repo;
use crate::model::ObjectId;
use crate::{Error, Result};
use commit::PackCommits;
use pack::Pack;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// A pack, as far as the age and the owner of its objects go.
#[derive(Clone, Debug)]
pub struct PackAt {
    /// Its path without an ending.
    pub stem: PathBuf,
    /// When it was written, seconds since 1970.
    pub mtime: i64,
    /// Whether a `.keep` file protects it.
    pub kept: bool,
    /// Whether it holds what was unreachable when it was written, with a time for each object.
    pub cruft: bool,
    /// Whether it belongs to another repository that this one borrows objects from.
    pub borrowed: bool,
    /// How many objects it has.
    pub objects: usize,
    /// Its checksum, by which it is remembered.
    checksum: ObjectId,
}

/// All commits, and what else a search for lost work needs.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// All commits.
    pub commits: Commits,
    /// All annotated tags.
    pub tags: Vec<ObjectId>,
    /// Those that only another repository has, from which this one borrows.
    pub borrowed_tags: HashSet<ObjectId>,
    /// All loose objects of this repository itself, sorted by name.
    pub loose: Vec<LooseObject>,
    /// All packs.
    pub packs: Vec<PackAt>,
    /// How many objects there are, as far as they were counted.
    pub objects: usize,
    /// Objects that could not be read.
    pub damaged: usize,
    /// Packs that could not be read, with the reason.
    pub bad_packs: Vec<(PathBuf, String)>,
    /// The packs again, held open for questions about single objects.
    opened: OnceCell<Vec<Option<Opened>>>,
}

/// A pack with the times of its objects, if it has them.
type Opened = (Pack, Option<Vec<u32>>);

/// From so many commits on, writing them down is work for a thread.
const MUCH: usize = 1 << 14;
/// More packs are not held open at a time.
const MAX_OPEN: usize = 200;

impl Repo {
    /// Reads the commits of all packs and all loose objects. What is found out about big packs is remembered in
    /// `memory`, a directory of our own.
    pub fn catalogue(&self, memory: &Path) -> Result<Catalogue> {
        let stores = places::stores(self)?;
        let graph = graph::Graph::read(self, &stores);
        let mut out = Catalogue::default();
        let (mut found, mut own_tags) = (Vec::new(), HashSet::new());
        // What was found out about packs now, by its place in `found`.
        let mut fresh = Vec::new();
        for store in &stores {
            for stem in places::packs(store) {
                match read_pack(&stem, &graph, memory, store.borrowed) {
                    Ok((at, commits, is_fresh)) => {
                        out.objects += commits.objects;
                        out.damaged += commits.damaged;
                        out.tags.extend(&commits.tags);
                        own_tags.extend(commits.tags.iter().filter(|_| !at.borrowed).copied());
                        if is_fresh && at.objects >= cache::WORTH_IT {
                            fresh.push((found.len(), at.checksum));
                        }
                        found.push((commits, at.borrowed));
                        out.packs.push(at);
                    }
                    Err(error) => out.bad_packs.push((stem.with_extension("pack"), error.to_string())),
                }
            }
            let loose = loose::read(&store.path)?;
            out.damaged += loose.damaged;
            out.objects += loose.objects.len();
            let tags = loose.objects.iter().filter(|o| o.kind == ObjectKind::Tag).map(|o| o.id);
            out.tags.extend(tags.clone());
            own_tags.extend(tags.filter(|_| !store.borrowed));
            found.push((loose.commits, store.borrowed));
            if !store.borrowed {
                out.loose = loose.objects;
                out.loose.sort_unstable_by_key(|object| object.id);
            }
        }
        out.tags.sort_unstable();
        out.tags.dedup();
        out.borrowed_tags = out.tags.iter().filter(|tag| !own_tags.contains(*tag)).copied().collect();
        cache::forget_others(memory, &out.packs.iter().map(|pack| pack.checksum).collect::<Vec<_>>());
        let shallow = graph::shallow(self);
        let save = || fresh.iter().for_each(|(at, checksum)| cache::save(memory, checksum, &found[*at].0));
        out.commits = std::thread::scope(|scope| {
            // Hashing and writing it takes as long as putting the commits together, and a thread as long as few of them.
            let much = fresh.iter().any(|(at, _)| found[*at].0.ids.len() > MUCH);
            if much {
                crate::host::beside(scope, save);
            } else {
                save();
            }
            Commits::new(&found, &shallow)
        });
        Ok(out)
    }
}

impl Catalogue {
    /// For each pack that holds an object: when the object was written there, and whether the pack is protected.
    pub fn times_in_packs(&self, id: &ObjectId) -> Vec<(i64, bool)> {
        let mut out = Vec::new();
        for (n, at) in self.packs.iter().enumerate().filter(|(_, at)| !at.borrowed) {
            self.with_pack(n, |(pack, times)| {
                let Ok(Some(number)) = pack.find(id) else { return };
                let own = times.as_ref().and_then(|times| times.get(number as usize).copied());
                out.push((own.map_or(at.mtime, i64::from), at.kept));
            });
        }
        out
    }

    /// Whether a pack has an object, cruft packs left out.
    pub fn is_packed(&self, id: &ObjectId) -> bool {
        let mut found = false;
        for (n, _) in self.packs.iter().enumerate().filter(|(_, at)| !at.cruft) {
            self.with_pack(n, |(pack, _)| found |= pack.find(id).is_ok_and(|at| at.is_some()));
        }
        found
    }

    fn with_pack(&self, n: usize, work: impl FnOnce(&Opened)) {
        let open = |at: &PackAt| {
            let pack = Pack::open(&at.stem).ok()?;
            let times = pack.times();
            Some((pack, times))
        };
        let opened = self.opened.get_or_init(|| self.packs.iter().take(MAX_OPEN).map(open).collect());
        let now = if n < MAX_OPEN { None } else { open(&self.packs[n]) };
        if let Some(opened) = opened.get(n).map_or(now.as_ref(), Option::as_ref) {
            work(opened);
        }
    }

    /// All objects of a pack: kind, name and when each was written.
    pub fn objects_of(&self, at: &PackAt) -> Result<Vec<(ObjectKind, ObjectId, i64)>> {
        let failed = |e: std::io::Error| Error::io(format!("cannot read {}", at.stem.display()), &e);
        let pack = Pack::open(&at.stem).map_err(failed)?;
        let entries = entries::Entries::read(&pack).map_err(failed)?;
        let names = pack.names(&(0..pack.count as u32).collect::<Vec<_>>()).map_err(failed)?;
        let times = pack.times();
        let kinds = [ObjectKind::Commit, ObjectKind::Tree, ObjectKind::Blob, ObjectKind::Tag];
        let mut out = Vec::with_capacity(pack.count);
        for (number, kind) in entries.order.iter().zip(&entries.kinds) {
            let Some(kind) = kinds.into_iter().find(|known| *known as u8 == *kind) else { continue };
            let time = times.as_ref().and_then(|times| times.get(*number as usize)).map_or(at.mtime, |t| i64::from(*t));
            out.push((kind, names[*number as usize], time));
        }
        Ok(out)
    }
}

/// A pack with its commits, and whether they were read now, not remembered.
fn read_pack(
    stem: &Path,
    graph: &graph::Graph,
    memory: &Path,
    borrowed: bool,
) -> std::io::Result<(PackAt, PackCommits, bool)> {
    let pack = Pack::open(stem)?;
    let at = PackAt {
        stem: stem.to_owned(),
        mtime: pack.mtime,
        kept: pack.kept,
        cruft: pack.cruft,
        borrowed,
        objects: pack.count,
        checksum: pack.checksum,
    };
    if let Some(known) = cache::load(memory, &pack) {
        return Ok((at, known, false));
    }
    let entries = entries::Entries::read(&pack)?;
    let commits = unpack::commits(&pack, &entries, graph)?;
    Ok((at, commits, true))
}
