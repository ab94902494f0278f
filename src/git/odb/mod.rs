//! Every object of a repository at once: what libgit2 answers one object at a time, and much slower.
//!
//! A pack is read from front to back: the headers of its entries tell which are commits, and only those are
//! decompressed (<https://git-scm.com/docs/pack-format>). What a pack holds never changes, so that its commits are
//! remembered for the next time.

mod cache;
mod commit;
mod entries;
mod graph;
mod loose;
mod pack;
mod places;
mod table;
mod unpack;

pub use commit::Look;
pub use loose::LooseObject;
pub use table::{Commits, Seen};

use super::ObjectKind;
use super::repo::Repo;
use crate::model::ObjectId;
use crate::{Error, Result};
use commit::PackCommits;
use pack::Pack;
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
}

/// All commits, and what else a search for lost work needs.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// All commits.
    pub commits: Commits,
    /// All annotated tags.
    pub tags: Vec<ObjectId>,
    /// All loose objects of this repository itself.
    pub loose: Vec<LooseObject>,
    /// All packs.
    pub packs: Vec<PackAt>,
    /// How many objects there are, as far as they were counted.
    pub objects: usize,
    /// Objects that could not be read.
    pub damaged: usize,
    /// Packs that could not be read, with the reason.
    pub bad_packs: Vec<(PathBuf, String)>,
}

impl Repo {
    /// Reads the commits of all packs and all loose objects. What is found out about big packs is remembered in
    /// `memory`, a directory of our own.
    pub fn catalogue(&self, memory: &Path) -> Result<Catalogue> {
        let stores = places::stores(self)?;
        let graph = graph::Graph::read(self, &stores);
        let mut out = Catalogue::default();
        let mut found = Vec::new();
        for store in &stores {
            for stem in places::packs(store) {
                match read_pack(&stem, &graph, memory, store.borrowed) {
                    Ok((at, commits)) => {
                        out.objects += commits.objects;
                        out.damaged += commits.damaged;
                        out.tags.extend(&commits.tags);
                        found.push((commits, at.borrowed));
                        out.packs.push(at);
                    }
                    Err(error) => out.bad_packs.push((stem.with_extension("pack"), error.to_string())),
                }
            }
            let loose = loose::read(&store.path)?;
            out.damaged += loose.damaged;
            out.objects += loose.objects.len();
            out.tags.extend(loose.objects.iter().filter(|o| o.kind == ObjectKind::Tag).map(|o| o.id));
            found.push((loose.commits, store.borrowed));
            if !store.borrowed {
                out.loose = loose.objects;
            }
        }
        out.tags.sort_unstable();
        out.tags.dedup();
        out.commits = Commits::new(found, &graph::shallow(self));
        Ok(out)
    }
}

impl Catalogue {
    /// For each pack that holds an object: when the object was written there, and whether the pack is protected.
    pub fn times_in_packs(&self, id: &ObjectId) -> Vec<(i64, bool)> {
        let time = |at: &PackAt| {
            let pack = Pack::open(&at.stem).ok()?;
            let number = pack.find(id).ok()??;
            let own = pack.times().and_then(|times| times.get(number as usize).copied());
            Some((own.map_or(at.mtime, i64::from), at.kept))
        };
        self.packs.iter().filter(|at| !at.borrowed).filter_map(time).collect()
    }

    /// Whether a pack has an object, cruft packs left out.
    pub fn is_packed(&self, id: &ObjectId) -> bool {
        let has = |at: &PackAt| Pack::open(&at.stem).is_ok_and(|pack| pack.find(id).is_ok_and(|found| found.is_some()));
        self.packs.iter().filter(|at| !at.cruft).any(has)
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

fn read_pack(
    stem: &Path,
    graph: &graph::Graph,
    memory: &Path,
    borrowed: bool,
) -> std::io::Result<(PackAt, PackCommits)> {
    let pack = Pack::open(stem)?;
    let at = PackAt {
        stem: stem.to_owned(),
        mtime: pack.mtime,
        kept: pack.kept,
        cruft: pack.cruft,
        borrowed,
        objects: pack.count,
    };
    if let Some(known) = cache::load(memory, &pack) {
        return Ok((at, known));
    }
    let entries = entries::Entries::read(&pack)?;
    let commits = unpack::commits(&pack, &entries, graph)?;
    cache::save(memory, &pack, &commits);
    Ok((at, commits))
}
