//! What a hotfix changes, and how a line gets it.
//!
//! A line keeps its own version, and its changelog its own order. So what is merged is the fix without the commit of its release;
//! then the version follows where the line still has the one that was repaired, and the changelog gets the entry at its place. A
//! conflict about versions or changelogs cannot come up this way.

use super::lines::Line;
use crate::git::{CommitInfo, Conflict, Labels, Merged, Merger, RawCommit, commit_bytes};
use crate::model::{ObjectId, PickOptions, PickOutcome, Time, Who};
use crate::plan::pick::series::{Series, Stop};
use crate::plan::release_commit::{Edited, bumped, changes_since, version_in, write};
use crate::plan::transition::Desk;
use crate::release::{CommitTree, Entry, Hotfix, Version};
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// The commit of a release.
#[derive(Clone, Copy, Debug)]
pub struct Tip {
    /// The commit.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// The commit that only changes version and changelog, its tree, and the commit below; `None`: there is none.
    pub release: Option<(ObjectId, ObjectId, ObjectId)>,
}

/// What a hotfix changes.
pub struct Fix<'a> {
    session: &'a Session,
    desk: Desk<'a, 'a>,
    hotfix: &'a Hotfix,
    /// The commit that it began at.
    base: ObjectId,
    base_version: Option<Version>,
    tip: Tip,
    /// The newest commit of it that is in the repository.
    anchor: ObjectId,
    /// The tree of the fix without the version and the changelog of its release.
    own: ObjectId,
    entry: Option<Entry>,
    who: &'a Who,
}

/// Reads a blob that a merge may have made.
pub type Read<'r> = dyn Fn(ObjectId) -> Result<Vec<u8>> + 'r;

/// How a line gets a fix.
pub enum Landed {
    /// It has it already.
    There,
    /// It becomes the hotfix.
    Forward,
    /// One commit merges it.
    Merged(New),
    /// Its commits were picked.
    Picked(New),
    /// A person must merge.
    MergeConflict(Box<Conflict>),
    /// A person must solve a commit that is picked.
    PickConflict(Box<Stop>, Picks),
}

/// Where a line leads.
#[derive(Clone, Debug)]
pub struct New {
    /// The commit.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// Picks up to a conflict.
pub struct Picks {
    /// Where they lead.
    pub tip: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// What becomes of the message of the one in conflict.
    pub message: Vec<u8>,
    /// What is still to be picked.
    pub rest: Vec<ObjectId>,
}

/// How commits are picked onto a line: each message says where it comes from.
pub const PICKING: PickOptions = PickOptions { mainline: None, note_origin: true, allow_empty: false };

impl<'a> Fix<'a> {
    /// Looks at a hotfix.
    ///
    /// # Errors
    /// A fault when its commits cannot be read.
    pub fn of(
        session: &'a Session,
        desk: Desk<'a, 'a>,
        merger: &mut Merger<'a>,
        (hotfix, base): (&'a Hotfix, ObjectId),
        tip: Tip,
        who: &'a Who,
    ) -> Result<Fix<'a>> {
        let repo = &session.repo;
        let anchor = match tip.release {
            Some((id, _, below)) if id == tip.id && !repo.exists(id) => below,
            _ => tip.id,
        };
        // A version that is not understood here is not understood on a line either: it stays as it is.
        let base_version = version_in(repo, &hotfix.package, base).ok().flatten();
        let (mut own, mut upto, mut date) = (tip.tree, tip.id, who.time);
        if let Some((id, tree, below)) = tip.release {
            let labels = Labels { ours: String::new(), theirs: String::new(), base: String::new() };
            if let Merged::Clean(tree) = merger.merge(tree, tip.tree, repo.commit(below)?.tree, || labels)? {
                own = tree;
            }
            upto = below;
            if repo.exists(id) {
                let CommitInfo { time: (seconds, offset), .. } = repo.commit(id)?;
                date = Time::new(seconds, offset);
            }
        } else if let Some(version) = &base_version {
            own = without_version(session, desk, hotfix, version, tip)?;
        }
        let changes = changes_since(repo, base, upto, hotfix.description.as_deref())?;
        let entry = Some(Entry { version: hotfix.version.clone(), date, changes }).filter(|e| !e.changes.is_empty());
        Ok(Fix { session, desk, hotfix, base, base_version, tip, anchor, own, entry, who })
    }

    /// How a line gets it.
    ///
    /// # Errors
    /// Refused: what both have in common is not clear.
    pub fn land(&self, merger: &mut Merger<'a>, line: &Line) -> Result<Landed> {
        let repo = &self.session.repo;
        if repo.exists(self.tip.id) && repo.is_ancestor(self.tip.id, line.at)? {
            return Ok(Landed::There);
        }
        if repo.is_ancestor(line.at, self.anchor)? {
            return Ok(Landed::Forward);
        }
        if !repo.is_ancestor(self.base, line.at)? {
            return self.pick(merger, line);
        }
        match self.merge(merger, line)? {
            Merged::Conflict(conflict) => Ok(Landed::MergeConflict(conflict)),
            Merged::Clean(tree) => Ok(Landed::Merged(self.merged(&|id| merger.blob(id), line, tree, None)?)),
        }
    }

    /// Merges the fix into the files of a line.
    pub fn merge(&self, merger: &mut Merger<'a>, line: &Line) -> Result<Merged> {
        let repo = &self.session.repo;
        let bases = repo.merge_bases(line.at, self.anchor)?;
        let [base] = bases[..] else {
            return Err(Error::refused(format!("{} and {} were merged crosswise", line.name, self.hotfix.branch))
                .help(format!("merge it by hand: `git switch {} && git merge {}`", line.name, self.hotfix.branch)));
        };
        let labels =
            Labels { ours: "HEAD".to_owned(), theirs: self.hotfix.branch.clone(), base: repo.short_name(base) };
        merger.merge(repo.commit(base)?.tree, repo.commit(line.at)?.tree, self.own, || labels)
    }

    /// The commit that merges the fix into a line, whose files become `tree`.
    pub fn merged(&self, read: &Read<'_>, line: &Line, tree: ObjectId, message: Option<&str>) -> Result<New> {
        let same = |version: &Version| self.base_version.as_ref().is_some_and(|base| base.same(version));
        let version = version_in(&self.session.repo, &self.hotfix.package, line.at).ok().flatten().filter(same);
        let (tree, notes) = self.settle(read, tree, version.is_some())?;
        let usual = self.merge_message(line);
        let message = message.unwrap_or(&usual);
        let id = self.commit(tree, &[line.at, self.tip.id], message)?;
        Ok(New { id, tree, notes })
    }

    fn commit(&self, tree: ObjectId, parents: &[ObjectId], message: &str) -> Result<ObjectId> {
        let plain = commit_bytes(tree, parents, self.who, message).into_bytes();
        Ok(self.session.repo.add_commit(self.desk.sink, self.desk.scratch, plain)?.0)
    }

    /// The message of a merge.
    pub fn merge_message(&self, line: &Line) -> String {
        format!("Merge the hotfix {} into {}\n", self.hotfix.version, line.name)
    }

    /// The version (where it shall follow) and the changelog of a line that has the fix.
    fn settle(&self, read: &Read<'_>, tree: ObjectId, follow: bool) -> Result<(ObjectId, Vec<String>)> {
        let repo = &self.session.repo;
        let trees = repo.trees()?.and_made_in(self.desk.sink);
        let files = CommitTree::of_new(repo, &trees, tree, read)?;
        let package = &self.hotfix.package;
        let mut edited = Edited::default();
        if follow {
            match bumped(&files, package, &self.hotfix.version) {
                Ok(found) => edited = found,
                Err(error) => edited.notes.push(format!("the version stays as it is: {}", error.message())),
            }
        }
        if let Some(entry) = &self.entry {
            edited.note(&files, package, entry)?;
        }
        let Edited { files, notes } = edited;
        let tree = if files.is_empty() { tree } else { write(&trees, self.desk.sink, tree, files)? };
        Ok((tree, notes))
    }

    /// The commits of the fix, without that of its release.
    fn commits(&self) -> Result<Vec<ObjectId>> {
        let repo = &self.session.repo;
        let mut all = repo.beyond(self.anchor, self.base, None)?;
        all.retain(|id| self.tip.release.is_none_or(|(release, ..)| release != *id));
        let mut out = Vec::new();
        for id in all {
            // What a merge brought in is picked by itself.
            if repo.raw_commit(id)?.parents.len() < 2 {
                out.push(id);
            }
        }
        Ok(out)
    }

    /// Picks its commits onto a line.
    fn pick(&self, merger: &mut Merger<'a>, line: &Line) -> Result<Landed> {
        let commits = &self.commits()?;
        let repo = &self.session.repo;
        let made_there = repo.made_there(commits, line.at, self.base)?.into_keys().collect();
        let mut series = Series::on(self.session, self.desk.sink, merger, self.who, PICKING, line.at)?;
        series.made_there = made_there;
        series.signed_in = Some(self.desk.scratch);
        self.go_on_picking(line, &mut series, commits)
    }

    /// Goes on with a series.
    pub fn go_on_picking(&self, line: &Line, series: &mut Series<'_, '_>, commits: &[ObjectId]) -> Result<Landed> {
        for (n, id) in commits.iter().enumerate() {
            if let Some(stop) = series.pick(*id)? {
                let message = series.message(&stop.commit);
                let rest = commits[n + 1..].to_vec();
                let picks = Picks { tip: series.tip, tree: series.tree, message, rest };
                return Ok(Landed::PickConflict(Box::new(stop), picks));
            }
        }
        if series.tip == line.at && series.done.iter().all(|picked| picked.outcome != PickOutcome::Resolved) {
            return Ok(Landed::There);
        }
        let (tree, notes) = self.settle(&|id| series.blob(id), series.tree, false)?;
        if tree == series.tree {
            return Ok(Landed::Picked(New { id: series.tip, tree, notes }));
        }
        let message = format!("Changelog: the hotfix {}\n", self.hotfix.version);
        let id = self.commit(tree, &[series.tip], &message)?;
        Ok(Landed::Picked(New { id, tree, notes }))
    }
}

/// The files of a hotfix with the version that it began with: where nobody knows which commit changed it.
fn without_version(
    session: &Session,
    desk: Desk<'_, '_>,
    hotfix: &Hotfix,
    version: &Version,
    tip: Tip,
) -> Result<ObjectId> {
    let files = CommitTree::of(&session.repo, tip.id)?;
    let Ok(edited) = bumped(&files, &hotfix.package, version) else { return Ok(tip.tree) };
    let files: BTreeMap<_, _> = edited.files;
    if files.is_empty() {
        return Ok(tip.tree);
    }
    write(&session.repo.trees()?.and_made_in(desk.sink), desk.sink, tip.tree, files)
}

/// What is known of a commit of a release that is in the repository.
///
/// # Errors
/// A fault when it cannot be read.
pub fn tip_of(session: &Session, id: ObjectId, release: Option<ObjectId>) -> Result<Tip> {
    let repo = &session.repo;
    let release = match release {
        Some(release) if repo.exists(release) => {
            let RawCommit { tree, parents, .. } = repo.raw_commit(release)?;
            parents.first().map(|below| (release, tree, *below))
        }
        _ => None,
    };
    Ok(Tip { id, tree: repo.commit(id)?.tree, release })
}
