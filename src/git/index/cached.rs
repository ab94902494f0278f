//! The cached trees of the index (the `TREE` extension), flat: no recursion on a file's data.

use crate::model::ObjectId;
use std::ops::Range;

/// A description of the cached tree of one directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeNode {
    /// The name in the directory above; empty for the root.
    pub name: Vec<u8>,
    /// The tree object; `None`: not known.
    pub id: Option<ObjectId>,
    /// The number of index entries below, at any depth; only used with an id.
    pub entry_count: u32,
    /// The directories in it.
    pub children: Vec<TreeNode>,
}

/// All cached trees, in the order of the file: each directory before those in it.
pub(super) struct Trees {
    names: Vec<u8>,
    nodes: Vec<Node>,
    /// For each node its children, sorted by name.
    order: Vec<u32>,
}

struct Node {
    name: Range<usize>,
    tree: Option<(ObjectId, u32)>,
    children: Range<usize>,
}

/// One directory among the cached trees.
#[derive(Clone, Copy)]
pub struct CachedTree<'a> {
    trees: &'a Trees,
    at: usize,
}

impl<'a> CachedTree<'a> {
    fn node(self) -> &'a Node {
        &self.trees.nodes[self.at]
    }

    /// The name in the directory above; empty for the root.
    pub fn name(self) -> &'a [u8] {
        &self.trees.names[self.node().name.clone()]
    }

    /// The tree object, when it is known.
    pub fn id(self) -> Option<ObjectId> {
        self.node().tree.map(|(id, _)| id)
    }

    /// The number of index entries below, when the tree is known. The file says so; compare it with
    /// [`super::Index::range_below`] before building on it.
    pub fn entry_count(self) -> Option<u32> {
        self.node().tree.map(|(_, count)| count)
    }

    /// The directories in this one, sorted by name.
    pub fn children(self) -> impl Iterator<Item = CachedTree<'a>> {
        let trees = self.trees;
        trees.order[self.node().children.clone()].iter().map(move |&at| CachedTree { trees, at: at as usize })
    }

    /// The directory `name` in this one.
    pub fn child(self, name: &[u8]) -> Option<CachedTree<'a>> {
        let trees = self.trees;
        let children = &trees.order[self.node().children.clone()];
        let found =
            children.binary_search_by(|&at| trees.names[trees.nodes[at as usize].name.clone()].cmp(name)).ok()?;
        Some(CachedTree { trees, at: children[found] as usize })
    }

    /// The directory at the path `dir` below this one (this one when empty).
    pub fn below(self, dir: &[u8]) -> Option<CachedTree<'a>> {
        dir.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).try_fold(self, CachedTree::child)
    }

    /// The payload of the extension for this directory as the root.
    pub(super) fn encode(self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut stack = vec![self];
        while let Some(node) = stack.pop() {
            out.extend_from_slice(node.name());
            let count = node.entry_count().map_or("-1".to_owned(), |count| count.to_string());
            out.extend_from_slice(format!("\0{count} {}\n", node.node().children.len()).as_bytes());
            if let Some(id) = node.id() {
                out.extend_from_slice(id.as_bytes());
            }
            let children = stack.len();
            stack.extend(node.children());
            stack[children..].reverse();
        }
        out
    }
}

impl Trees {
    pub(super) fn root(&self) -> CachedTree<'_> {
        CachedTree { trees: self, at: 0 }
    }

    /// Reads the payload; `None` when it makes no sense (it is only a cache).
    pub(super) fn parse(mut data: &[u8]) -> Option<Trees> {
        let mut trees = Trees { names: Vec::new(), nodes: Vec::new(), order: Vec::new() };
        // For each open directory: itself, how many of its children are still to come, those seen.
        let mut open: Vec<(usize, usize, Vec<u32>)> = Vec::new();
        loop {
            let children = trees.parse_node(&mut data)?;
            let at = trees.nodes.len() - 1;
            open.push((at, children, Vec::new()));
            while let Some((at, _, seen)) = open.pop_if(|(_, missing, _)| *missing == 0) {
                trees.close(at, seen)?;
                let Some((_, missing, siblings)) = open.last_mut() else {
                    return data.is_empty().then_some(trees);
                };
                *missing -= 1;
                siblings.push(u32::try_from(at).ok()?);
            }
        }
    }

    fn parse_node(&mut self, data: &mut &[u8]) -> Option<usize> {
        let name = until(data, 0)?;
        let count: i64 = std::str::from_utf8(until(data, b' ')?).ok()?.parse().ok()?;
        let children: usize = std::str::from_utf8(until(data, b'\n')?).ok()?.parse().ok()?;
        let tree = match u32::try_from(count) {
            Err(_) => None,
            Ok(count) => {
                let (id, rest) = data.split_at_checked(20)?;
                *data = rest;
                Some((ObjectId::from_bytes(id)?, count))
            }
        };
        let start = self.names.len();
        self.names.extend_from_slice(name);
        self.nodes.push(Node { name: start..self.names.len(), tree, children: 0..0 });
        Some(children)
    }

    /// Sorts the children of a node; two of one name make no sense.
    fn close(&mut self, at: usize, mut children: Vec<u32>) -> Option<()> {
        let name = |at: &u32| &self.names[self.nodes[*at as usize].name.clone()];
        children.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        if children.windows(2).any(|pair| name(&pair[0]) == name(&pair[1])) {
            return None;
        }
        let start = self.order.len();
        self.order.append(&mut children);
        self.nodes[at].children = start..self.order.len();
        Some(())
    }

    pub(super) fn from_description(root: &TreeNode) -> Trees {
        let mut trees = Trees { names: Vec::new(), nodes: Vec::new(), order: Vec::new() };
        let mut queue = std::collections::VecDeque::from([root]);
        let mut next = 1;
        while let Some(node) = queue.pop_front() {
            let start = trees.names.len();
            trees.names.extend_from_slice(&node.name);
            let mut children: Vec<&TreeNode> = node.children.iter().collect();
            children.sort_by(|a, b| a.name.cmp(&b.name));
            children.dedup_by(|a, b| a.name == b.name);
            let first = trees.order.len();
            for child in children {
                trees.order.push(next);
                next += 1;
                queue.push_back(child);
            }
            trees.nodes.push(Node {
                name: start..trees.names.len(),
                tree: node.id.map(|id| (id, node.entry_count)),
                children: first..trees.order.len(),
            });
        }
        trees
    }

    /// Forgets the trees above `path`, and those at and below it should it have been a directory.
    pub(super) fn invalidate(&mut self, path: &[u8]) {
        let mut at = 0;
        self.nodes[at].tree = None;
        for name in path.split(|&byte| byte == b'/') {
            let Some(child) = CachedTree { trees: self, at }.child(name) else { return };
            at = child.at;
            self.nodes[at].tree = None;
        }
        let mut below = vec![at];
        while let Some(at) = below.pop() {
            self.nodes[at].tree = None;
            below.extend(self.order[self.nodes[at].children.clone()].iter().map(|&at| at as usize));
        }
    }
}

/// Takes what stands before `stop`, and `stop` itself.
fn until<'a>(data: &mut &'a [u8], stop: u8) -> Option<&'a [u8]> {
    let at = data.iter().position(|&byte| byte == stop)?;
    let (head, rest) = (&data[..at], &data[at + 1..]);
    *data = rest;
    Some(head)
}
