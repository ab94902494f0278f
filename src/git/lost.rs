//! Objects that no ref leads to.

use super::error::GitContext;
use super::repo::Repo;
use crate::Result;
use crate::model::ObjectId;
use std::collections::HashSet;

/// A line of lost commits.
#[derive(Clone, Debug)]
pub struct LostTip {
    /// Its commits, the tip first.
    pub commits: Vec<ObjectId>,
    /// Whether a reflog leads to the tip.
    pub in_reflog: bool,
}

impl Repo {
    /// Lost commits, by their tips.
    pub fn lost_tips(&self) -> Result<Vec<LostTip>> {
        let odb = self.git.odb().context("cannot open the object database")?;
        let mut commits = Vec::new();
        odb.foreach(|id| {
            if odb.read_header(*id).is_ok_and(|(_, kind)| kind == git2::ObjectType::Commit) {
                commits.push(*id);
            }
            true
        })
        .context("cannot list the objects")?;
        let mut walk = self.git.revwalk().context("cannot walk the history")?;
        walk.push_glob("refs/*").context("cannot walk the history")?;
        let _ = walk.push_head();
        let kept: HashSet<git2::Oid> = walk.flatten().collect();
        commits.retain(|id| !kept.contains(id));
        let mut inner = HashSet::new();
        for id in &commits {
            let Ok(commit) = self.git.find_commit(*id) else { continue };
            inner.extend(commit.parent_ids());
        }
        let mut out = Vec::new();
        for tip in commits.iter().filter(|id| !inner.contains(id)) {
            let mut line = vec![(*tip).into()];
            let mut seen = HashSet::from([*tip]);
            let mut next = vec![*tip];
            while let Some(commit) = next.pop().and_then(|id| self.git.find_commit(id).ok()) {
                for parent in commit.parent_ids().filter(|id| !kept.contains(id)) {
                    if seen.insert(parent) {
                        line.push(parent.into());
                        next.push(parent);
                    }
                }
            }
            out.push(LostTip { commits: line, in_reflog: false });
        }
        Ok(out)
    }
}
