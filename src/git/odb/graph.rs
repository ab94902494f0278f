//! Commit-graph files (<https://git-scm.com/docs/gitformat-commit-graph>): parents and times without unpacking.

use super::commit::Facts;
use super::pack::number;
use super::places::Store;
use super::unpack::FROM_GRAPH;
use crate::git::Repo;
use crate::host::fs;
use crate::model::ObjectId;
use std::collections::HashSet;
use std::path::Path;

/// More than any file of this kind.
const MAX_FILE: u64 = 1 << 30;
const NO_PARENT: u32 = 0x7000_0000;
const LAST: u32 = 0x8000_0000;

/// All commit-graph files that count.
#[derive(Debug, Default)]
pub(super) struct Graph {
    layers: Vec<Layer>,
}

/// One file. Numbers of commits go through all files of a chain.
#[derive(Debug)]
struct Layer {
    bytes: Vec<u8>,
    names: usize,
    data: usize,
    edges: std::ops::Range<usize>,
    count: usize,
    /// The chain it belongs to, by the place of the first file of it, and how many commits stand before it there.
    chain: usize,
    before: usize,
}

/// A commit in one of the files.
pub(super) type GraphAt = (u16, u32);

impl Graph {
    /// Reads the files. None are used where git itself does not use them: where parents are not what commits say.
    pub fn read(repo: &Repo, stores: &[Store]) -> Graph {
        let mut graph = Graph::default();
        let grafts = repo.common_dir().join("info/grafts").exists();
        if grafts || repo.is_shallow() || repo.config_bool("core.commitGraph") == Some(false) {
            return graph;
        }
        for store in stores {
            graph.add_chain(&store.path.join("info"));
        }
        graph
    }

    fn add_chain(&mut self, info: &Path) {
        let first = self.layers.len();
        if let Some(layer) = load(&info.join("commit-graph")) {
            self.push(layer, first, 0);
        }
        let (chain, mut before) = (self.layers.len(), 0);
        let dir = info.join("commit-graphs");
        let list = fs::read_capped(&dir.join("commit-graph-chain"), 1 << 20).ok().flatten().unwrap_or_default();
        for line in list.split(|&b| b == b'\n') {
            let Some(id) = ObjectId::from_hex(line) else { break };
            let Some(layer) = load(&dir.join(format!("graph-{id}.graph"))) else { break };
            let count = layer.count;
            self.push(layer, chain, before);
            before += count;
        }
    }

    fn push(&mut self, layer: Layer, chain: usize, before: usize) {
        if self.layers.len() < usize::from(u16::MAX) {
            self.layers.push(Layer { chain, before, ..layer });
        }
    }

    /// Where each of these commits is, if any; `ids` are sorted.
    pub fn look_up(&self, ids: &[ObjectId]) -> Vec<Option<GraphAt>> {
        if self.layers.is_empty() {
            return Vec::new();
        }
        let mut out = vec![None; ids.len()];
        for (number, layer) in self.layers.iter().enumerate() {
            // Both lists are sorted: one walk through both.
            let mut at = 0;
            for (slot, id) in out.iter_mut().zip(ids) {
                while at < layer.count && layer.name(at) < id.as_bytes() {
                    at += 1;
                }
                if at < layer.count && layer.name(at) == id.as_bytes() {
                    *slot = Some((number as u16, at as u32));
                }
            }
        }
        out
    }

    /// What the file says of a commit; its parents are left in `parents`. `None`: the file is damaged there.
    pub fn facts(&self, (number_of_layer, at): GraphAt, parents: &mut Vec<ObjectId>) -> Option<Facts> {
        parents.clear();
        let layer = self.layers.get(usize::from(number_of_layer))?;
        let row = layer.bytes.get(layer.data + at as usize * 36..)?.get(..36)?;
        let (one, two) = (number(row, 20), number(row, 24));
        if one != NO_PARENT {
            parents.push(self.name(layer.chain, one)?);
        }
        if two & LAST != 0 {
            let edges = layer.bytes.get(layer.edges.clone())?;
            for edge in edges.get((two & !LAST) as usize * 4..)?.chunks_exact(4) {
                let edge = number(edge, 0);
                parents.push(self.name(layer.chain, edge & !LAST)?);
                u16::try_from(parents.len()).ok()?;
                if edge & LAST != 0 {
                    break;
                }
            }
        } else if two != NO_PARENT {
            parents.push(self.name(layer.chain, two)?);
        }
        let time = i64::from(number(row, 28) & 3) << 32 | i64::from(number(row, 32));
        Some(Facts { time, look: FROM_GRAPH, parents: u16::try_from(parents.len()).ok()? })
    }

    fn name(&self, chain: usize, number: u32) -> Option<ObjectId> {
        let number = number as usize;
        let layers = self.layers[chain..].iter().take_while(|layer| layer.chain == chain);
        let layer = layers.take_while(|layer| layer.before <= number).last()?;
        let at = number - layer.before;
        (at < layer.count).then(|| ObjectId::from_bytes(layer.name(at)))?
    }
}

impl Layer {
    fn name(&self, at: usize) -> &[u8] {
        &self.bytes[self.names + at * 20..][..20]
    }
}

fn load(path: &Path) -> Option<Layer> {
    let bytes = fs::read_capped(path, MAX_FILE).ok().flatten()?;
    if bytes.get(..6)? != b"CGPH\x01\x01" {
        return None;
    }
    let chunks = usize::from(*bytes.get(6)?);
    let long = |at: usize| -> Option<usize> {
        let bytes: [u8; 8] = bytes.get(at..at + 8)?.try_into().ok()?;
        usize::try_from(u64::from_be_bytes(bytes)).ok()
    };
    let find = |name: &[u8]| -> Option<std::ops::Range<usize>> {
        let row = (0..chunks).map(|n| 8 + n * 12).find(|row| bytes.get(*row..row + 4) == Some(name))?;
        let range = long(row + 4)?..long(row + 16)?;
        (range.start <= range.end && range.end <= bytes.len()).then_some(range)
    };
    let (names, data) = (find(b"OIDL")?, find(b"CDAT")?);
    let count = names.len() / 20;
    let edges = find(b"EDGE").unwrap_or(0..0);
    let whole = data.len() >= count * 36;
    whole.then_some(Layer { names: names.start, data: data.start, edges, count, chain: 0, before: 0, bytes })
}

/// Commits whose parents were cut off by `git clone --depth`.
pub(super) fn shallow(repo: &Repo) -> HashSet<ObjectId> {
    let list = fs::read_capped(&repo.common_dir().join("shallow"), 1 << 28).ok().flatten().unwrap_or_default();
    list.split(|&b| b == b'\n').filter_map(ObjectId::from_hex).collect()
}
