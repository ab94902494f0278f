//! What is not whole does not come back: it is said what is missing, and what can still be had.

use super::words;
use crate::git::{Damage, ObjectKind, ObjectSink, Repo};
use crate::model::{LostItem, LostKind, ObjectId};
use crate::plan::count;
use crate::{Error, Result};

/// How many objects are named.
const NAMED: usize = 5;
/// How far back a whole ancestor is looked for.
const BACK: usize = 50;

/// Refuses an item that is not whole; the objects of a whole one are kept in `sink`.
pub(super) fn refuse(repo: &Repo, sink: &ObjectSink<'_>, item: &LostItem) -> Result<()> {
    let rescued = repo.rescue(item.id, sink)?;
    let damage = rescued.damage;
    if damage.is_empty() {
        return Ok(());
    }
    let objects = count(damage.len(), "object is", "objects are");
    let error = Error::refused(format!("{} cannot come back: {objects} missing or damaged", words(item)));
    let mut error = damage.iter().take(NAMED).fold(error, |error, object| error.because(place(object)));
    if damage.len() > NAMED {
        error = error.because(format!("and {} more", damage.len() - NAMED));
    }
    for (what, id) in parts(repo, item)? {
        error = error.help(format!("{what} is whole: `git rollback recover {}` brings it back", id.short()));
    }
    if let Some(id) = whole_ancestor(repo, item.id, &rescued.commits)? {
        error = error.help(format!("the commit {} before it is whole: `git rollback recover {0}`", id.short()));
    }
    if readable(repo, item.id) {
        error = error.help(format!(
            "what is left of its files can be read one by one: `git show {}:PATH` (`git ls-tree -r {0}` lists them)",
            item.id.short()
        ));
    }
    Err(match (repo.is_shallow(), repo.is_partial_clone()) {
        (true, _) => error.help("this clone is shallow: `git fetch --unshallow` may bring the rest"),
        (_, true) => error.help("this is a partial clone: `git fetch --refetch` may bring the objects"),
        _ => error.help("a copy of the repository may have it: `git fetch` from there, or copy its objects"),
    })
}

fn place(object: &Damage) -> String {
    let what = match object.kind {
        ObjectKind::Blob => "file",
        ObjectKind::Tree => "directory",
        ObjectKind::Commit => "commit",
        ObjectKind::Tag => "tag",
    };
    let path = object.path.as_ref().filter(|path| !path.as_bytes().is_empty());
    let path = path.map(|path| format!(" {path}")).unwrap_or_default();
    let commit = object.commit.filter(|commit| *commit != object.id);
    let commit = commit.map(|id| format!(" of commit {}", id.short())).unwrap_or_default();
    format!("{what}{path}{commit} ({})", object.id)
}

/// The parts of a stash that are whole by themselves.
fn parts(repo: &Repo, item: &LostItem) -> Result<Vec<(&'static str, ObjectId)>> {
    let mut out = Vec::new();
    if item.kind != LostKind::Stash {
        return Ok(out);
    }
    let parents = repo.commit(item.id).map(|commit| commit.parents).unwrap_or_default();
    for (what, id) in ["what was staged in it", "its part of untracked files"].into_iter().zip(parents.iter().skip(1)) {
        if is_whole(repo, *id)? {
            out.push((what, *id));
        }
    }
    Ok(out)
}

fn is_whole(repo: &Repo, id: ObjectId) -> Result<bool> {
    Ok(repo.rescue(id, &ObjectSink::naming_only(repo))?.damage.is_empty())
}

/// The nearest lost commit behind `tip` with which nothing is wrong.
fn whole_ancestor(repo: &Repo, tip: ObjectId, lost: &[ObjectId]) -> Result<Option<ObjectId>> {
    let mut at = tip;
    for _ in 0..BACK {
        let Some(parent) = repo.commit(at).ok().and_then(|commit| commit.parents.first().copied()) else { break };
        if !lost.contains(&parent) {
            break;
        }
        if is_whole(repo, parent)? {
            return Ok(Some(parent));
        }
        at = parent;
    }
    Ok(None)
}

/// Whether the top of its files can be listed.
fn readable(repo: &Repo, id: ObjectId) -> bool {
    repo.commit(id).is_ok_and(|commit| repo.trees().is_ok_and(|trees| trees.read(commit.tree).is_ok()))
}
