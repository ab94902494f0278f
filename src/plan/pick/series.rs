//! Picking commits in memory, one after the other, until one is in conflict.

use crate::git::{Conflict, Labels, Merged, Merger, ObjectKind, ObjectSink, RawCommit, Repo, pick_bytes};
use crate::model::{ObjectId, PickOptions, PickOutcome, Picked, Who};
use crate::store::session::Session;
use crate::{Error, Result};
use std::path::Path;

/// Picks that were made so far, and where they lead.
pub struct Series<'m, 'a> {
    repo: &'a Repo,
    sink: &'a ObjectSink<'a>,
    merger: &'m mut Merger<'a>,
    who: &'m Who,
    options: PickOptions,
    /// The newest commit.
    pub tip: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// What became of each commit.
    pub done: Vec<Picked>,
    /// A directory for what signing needs; `None`: commits are not signed.
    pub signed_in: Option<&'m Path>,
    /// Commits whose change is made there already: where they are in conflict, they are left out.
    pub made_there: Vec<ObjectId>,
}

/// Where a series ended before its end.
pub struct Stop {
    /// The commit that is in conflict.
    pub commit: RawCommit,
    /// The conflict.
    pub conflict: Conflict,
}

impl<'m, 'a> Series<'m, 'a> {
    /// Begins on the commit `tip`.
    pub fn on(
        session: &'a Session,
        sink: &'a ObjectSink<'a>,
        merger: &'m mut Merger<'a>,
        who: &'m Who,
        options: PickOptions,
        tip: ObjectId,
    ) -> Result<Series<'m, 'a>> {
        let repo = &session.repo;
        let tree = repo.commit(tip)?.tree;
        let (done, made_there) = (Vec::new(), Vec::new());
        Ok(Series { repo, sink, merger, who, options, tip, tree, done, signed_in: None, made_there })
    }

    /// Picks one commit; `Some`: it is in conflict.
    pub fn pick(&mut self, id: ObjectId) -> Result<Option<Stop>> {
        let commit = self.repo.raw_commit(id)?;
        let parent = parent(&commit, self.options.mainline)?;
        let base = base_tree(self.repo, &commit, self.options.mainline)?;
        if parent == Some(self.tip) && !self.options.note_origin && commit.parents.len() == 1 && base != commit.tree {
            // It stands there already, as it is.
            self.take(commit.id, commit.tree, PickOutcome::Picked, commit.id);
            return Ok(None);
        }
        if base == commit.tree && !self.options.allow_empty {
            self.leave_out(id, PickOutcome::Empty);
            return Ok(None);
        }
        match self.merge(&commit, base)? {
            Merged::Conflict(_) if self.made_there.contains(&id) => self.leave_out(id, PickOutcome::Applied),
            Merged::Conflict(conflict) => return Ok(Some(Stop { commit, conflict: *conflict })),
            Merged::Clean(tree) if tree == self.tree && base != commit.tree => {
                self.leave_out(id, PickOutcome::Applied);
            }
            Merged::Clean(tree) => {
                let message = self.message(&commit);
                self.commit(&commit, tree, &message, PickOutcome::Picked)?;
            }
        }
        Ok(None)
    }

    /// A blob of the repository, or one that was made on the way.
    pub fn blob(&self, id: ObjectId) -> Result<Vec<u8>> {
        self.merger.blob(id)
    }

    /// The conflict that a commit has here; nothing is picked.
    pub fn conflict(&mut self, commit: &RawCommit) -> Result<Option<Conflict>> {
        let base = base_tree(self.repo, commit, self.options.mainline)?;
        Ok(match self.merge(commit, base)? {
            Merged::Conflict(conflict) => Some(*conflict),
            Merged::Clean(_) => None,
        })
    }

    fn merge(&mut self, commit: &RawCommit, base: ObjectId) -> Result<Merged> {
        self.merger.merge(base, self.tree, commit.tree, || labels(self.repo, commit))
    }

    /// The message of a picked commit.
    pub fn message(&self, commit: &RawCommit) -> Vec<u8> {
        if self.options.note_origin { commit.message_with_origin() } else { commit.message.clone() }
    }

    /// Writes a commit anew with this tree.
    pub fn commit(&mut self, commit: &RawCommit, tree: ObjectId, message: &[u8], outcome: PickOutcome) -> Result<()> {
        let plain = pick_bytes(tree, self.tip, commit, message, self.who);
        let new = match self.signed_in {
            Some(scratch) => self.repo.add_commit(self.sink, scratch, plain)?.0,
            None => self.sink.add(ObjectKind::Commit, &plain)?,
        };
        self.take(commit.id, tree, outcome, new);
        Ok(())
    }

    /// Notes a commit that stands on the tip.
    pub fn take(&mut self, commit: ObjectId, tree: ObjectId, outcome: PickOutcome, new: ObjectId) {
        (self.tip, self.tree) = (new, tree);
        self.done.push(Picked { commit, outcome, new: Some(new) });
    }

    /// Notes a commit that is not picked.
    pub fn leave_out(&mut self, commit: ObjectId, outcome: PickOutcome) {
        self.done.push(Picked { commit, outcome, new: None });
    }
}

/// The parent against which a commit is a change; `None`: it is the first one.
pub fn parent(commit: &RawCommit, mainline: Option<usize>) -> Result<Option<ObjectId>> {
    if commit.parents.len() < 2 {
        return Ok(commit.parents.first().copied());
    }
    let short = commit.id.short();
    let Some(number) = mainline else {
        return Err(Error::refused(format!("{short} is a merge: which of its parents is it a change of?"))
            .help("--mainline 1 picks it as what it changed on the branch that it was made on")
            .help("or choose the commits that it brought in, and leave it out"));
    };
    match commit.parents.get(number.wrapping_sub(1)) {
        Some(parent) => Ok(Some(*parent)),
        None => Err(Error::refused(format!("{short} has no parent number {number}"))
            .help(format!("it has {}: --mainline takes 1 to {0}", commit.parents.len()))),
    }
}

/// The tree against which a commit is a change.
pub fn base_tree(repo: &Repo, commit: &RawCommit, mainline: Option<usize>) -> Result<ObjectId> {
    parent(commit, mainline)?.map_or(Ok(ObjectId::EMPTY_TREE), |id| repo.commit(id).map(|c| c.tree))
}

/// The names of both sides, as `git cherry-pick` writes them into conflict markers.
fn labels(repo: &Repo, commit: &RawCommit) -> Labels {
    let theirs = format!("{} ({})", repo.short_name(commit.id), commit.subject());
    Labels { ours: "HEAD".to_owned(), base: format!("parent of {theirs}"), theirs }
}
