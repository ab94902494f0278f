//! Commits that are picked: reading them as they are, finding which there are, and writing them anew.

use super::error::GitContext;
use super::repo::Repo;
use super::tree::{TreeEntry, Trees};
use crate::Result;
use crate::model::{ObjectId, RepoPath, Who};
use std::collections::{BTreeMap, HashMap};

/// A commit as bytes, for writing it anew.
#[derive(Clone, Debug)]
pub struct RawCommit {
    /// Its name.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents.
    pub parents: Vec<ObjectId>,
    /// Who wrote it and when, as stored.
    pub author: Vec<u8>,
    /// The encoding of its message, as stored; `None`: UTF-8.
    pub encoding: Option<Vec<u8>>,
    /// Its message.
    pub message: Vec<u8>,
}

impl RawCommit {
    /// The first line of its message.
    pub fn subject(&self) -> String {
        String::from_utf8_lossy(self.message.split(|&b| b == b'\n').next().unwrap_or_default()).into_owned()
    }

    /// Its message with a line that says where it comes from, as `git cherry-pick -x` writes it.
    pub fn message_with_origin(&self) -> Vec<u8> {
        let mut out = self.message.clone();
        if !out.ends_with(b"\n") {
            out.push(b'\n');
        }
        if !ends_in_trailers(&out) {
            out.push(b'\n');
        }
        out.extend_from_slice(format!("(cherry picked from commit {})\n", self.id).as_bytes());
        out
    }
}

/// Whether the last paragraph, which is not the first, is made of trailers.
fn ends_in_trailers(message: &[u8]) -> bool {
    let text = String::from_utf8_lossy(message);
    let Some((_, last)) = text.trim_end().rsplit_once("\n\n") else { return false };
    let is_trailer = |line: &str| {
        let named = line
            .split_once(": ")
            .is_some_and(|(key, _)| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
        named || line.starts_with("(cherry picked from commit ") || line.starts_with([' ', '\t'])
    };
    !last.starts_with([' ', '\t']) && last.lines().all(is_trailer)
}

impl Repo {
    /// Reads a commit.
    pub fn raw_commit(&self, id: ObjectId) -> Result<RawCommit> {
        let commit = self.git.find_commit(id.into()).context(&format!("cannot read commit {id}"))?;
        let header = |name: &[u8]| {
            let lines = commit.raw_header_bytes().split(|&b| b == b'\n');
            lines.into_iter().find_map(|line| line.strip_prefix(name).map(<[u8]>::to_vec))
        };
        Ok(RawCommit {
            id,
            tree: commit.tree_id().into(),
            parents: commit.parent_ids().map(Into::into).collect(),
            author: header(b"author ").unwrap_or_default(),
            encoding: header(b"encoding "),
            message: commit.message_raw_bytes().to_vec(),
        })
    }

    /// The beginning of a commit's name that git itself would show.
    pub fn short_name(&self, id: ObjectId) -> String {
        let found = self.git.find_object(id.into(), None).and_then(|object| object.short_id());
        found.ok().and_then(|name| name.as_str().ok().map(str::to_owned)).unwrap_or_else(|| id.short())
    }

    /// Commits that `tip` reaches and `base` does not, each behind its parents. With `mainline`, only those on the line
    /// that leads through this parent (counted from 1) of each merge.
    pub fn beyond(&self, tip: ObjectId, base: ObjectId, mainline: Option<usize>) -> Result<Vec<ObjectId>> {
        let what = "cannot walk the history";
        let mut walk = self.git.revwalk().context(what)?;
        walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::TIME | git2::Sort::REVERSE).context(what)?;
        walk.push(tip.into()).context(what)?;
        walk.hide(base.into()).context(what)?;
        let all: Vec<ObjectId> = walk.map(|id| id.map(Into::into)).collect::<Result<_, _>>().context(what)?;
        let Some(mainline) = mainline else { return Ok(all) };
        let known: std::collections::HashSet<&ObjectId> = all.iter().collect();
        let (mut line, mut at) = (Vec::new(), Some(tip));
        while let Some(id) = at.filter(|id| known.contains(id)) {
            line.push(id);
            let parents = self.raw_commit(id)?.parents;
            at = if parents.len() > 1 { parents.get(mainline - 1).copied() } else { parents.first().copied() };
        }
        line.reverse();
        Ok(line)
    }

    /// Of `commits`, those whose change some commit that `tip` reaches and `base` does not makes as well: that one.
    pub fn made_there(
        &self,
        commits: &[ObjectId],
        tip: ObjectId,
        base: ObjectId,
    ) -> Result<BTreeMap<ObjectId, ObjectId>> {
        let trees = self.trees()?;
        let mut by_paths: HashMap<Vec<RepoPath>, Vec<ObjectId>> = HashMap::new();
        for id in commits {
            if let Some(paths) = self.paths_changed(&trees, *id)? {
                by_paths.entry(paths).or_default().push(*id);
            }
        }
        let mut out = BTreeMap::new();
        if by_paths.is_empty() {
            return Ok(out);
        }
        for there in self.beyond(tip, base, None)? {
            // Naming the files costs little; the patches are only made where these are the same.
            let Some(same) = self.paths_changed(&trees, there)?.and_then(|paths| by_paths.get(&paths)) else {
                continue;
            };
            let patch = self.patch_id(there)?;
            for id in same {
                if patch.is_some() && self.patch_id(*id)? == patch {
                    out.entry(*id).or_insert(there);
                }
            }
        }
        Ok(out)
    }

    fn paths_changed(&self, trees: &Trees<'_>, id: ObjectId) -> Result<Option<Vec<RepoPath>>> {
        let commit = self.raw_commit(id)?;
        if commit.parents.len() > 1 {
            return Ok(None);
        }
        let base = commit.parents.first().map_or(Ok(ObjectId::EMPTY_TREE), |id| self.commit(*id).map(|c| c.tree))?;
        let mut paths = Vec::new();
        trees.diff(base, commit.tree, &mut |path, _, _: Option<TreeEntry>| {
            paths.push(path);
            Ok(())
        })?;
        Ok((!paths.is_empty()).then_some(paths))
    }

    fn patch_id(&self, id: ObjectId) -> Result<Option<ObjectId>> {
        let what = || format!("cannot compare commit {id}");
        let commit = self.git.find_commit(id.into()).context(&what())?;
        let tree = commit.tree().context(&what())?;
        let base = commit.parent(0).and_then(|parent| parent.tree()).ok();
        let diff = self.git.diff_tree_to_tree(base.as_ref(), Some(&tree), None).context(&what())?;
        // Of binary files it only says that they differ: the same words for other contents.
        let mut text_only = true;
        let seen = diff.foreach(
            &mut |_, _| true,
            Some(&mut |_, _| {
                text_only = false;
                true
            }),
            None,
            None,
        );
        seen.context(&what())?;
        if !text_only {
            return Ok(None);
        }
        Ok(Some(diff.patchid(None).context(&what())?.into()))
    }
}

/// The bytes of a commit anew on another parent: author, date and message stay, `who` commits it.
pub fn pick_bytes(tree: ObjectId, parent: ObjectId, original: &RawCommit, message: &[u8], who: &Who) -> Vec<u8> {
    let mut data = format!("tree {tree}\nparent {parent}\nauthor ").into_bytes();
    data.extend_from_slice(&original.author);
    data.extend_from_slice(format!("\ncommitter {}\n", who.git_line()).as_bytes());
    if let Some(encoding) = &original.encoding {
        data.extend_from_slice(&[b"encoding ", &encoding[..], b"\n"].concat());
    }
    data.push(b'\n');
    data.extend_from_slice(message);
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_noted_as_git_notes_it() {
        let commit = |message: &str| RawCommit {
            id: ObjectId::EMPTY_TREE,
            tree: ObjectId::EMPTY_TREE,
            parents: Vec::new(),
            author: Vec::new(),
            encoding: None,
            message: message.as_bytes().to_vec(),
        };
        let noted = |message: &str| String::from_utf8(commit(message).message_with_origin()).unwrap();
        let line = format!("(cherry picked from commit {})\n", ObjectId::EMPTY_TREE);
        assert_eq!(noted("subject"), format!("subject\n\n{line}"));
        assert_eq!(noted("s\n\nbody: is\nno trailer\n"), format!("s\n\nbody: is\nno trailer\n\n{line}"));
        assert_eq!(noted("s\n\nb\n\nSigned-off-by: A\n"), format!("s\n\nb\n\nSigned-off-by: A\n{line}"));
        assert_eq!(noted(&noted("s\n")), format!("s\n\n{line}{line}"));
    }
}
