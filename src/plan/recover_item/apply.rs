//! `--apply`: a stash comes back into the worktree and the index, where nothing of it meets changes that are there.

use super::{Back, words};
use crate::git::{Labels, Merged, Merger, TreeEntry};
use crate::model::{LostItem, ObjectId, RepoPath};
use crate::plan::count;
use crate::plan::target::Target;
use crate::plan::transition::{Clean, Scope, Transition};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The trees of a stash entry.
struct Parts {
    base: ObjectId,
    index: ObjectId,
    work: ObjectId,
    untracked: ObjectId,
}

/// Puts the files and the index of a stash into the plan.
pub(super) fn apply(back: &mut Back<'_, '_, '_>, item: &LostItem) -> Result<()> {
    let scene = back.desk.scene;
    let unmerged = (0..scene.index.len()).any(|i| scene.index.stage(i) > 0);
    if unmerged {
        return Err(Error::refused("a stash cannot be applied in the middle of a conflict")
            .help("resolve the conflict, or end what is under way, then try again")
            .help(on_the_list(item)));
    }
    let parts = parts(back, item)?;
    let labels = || Labels {
        ours: "what is here".to_owned(),
        theirs: words(item),
        base: format!("parent of {}", item.id.short()),
    };
    let mut merger = Merger::new(scene.repo, back.desk.sink, back.desk.scratch)?;
    let here = back.desk.index_tree;
    let tree = match merger.merge(parts.base, here, parts.work, labels)? {
        Merged::Clean(tree) => tree,
        Merged::Conflict(conflict) => {
            let paths = conflict.stages.into_keys().collect();
            return Err(in_the_way(item, &paths, "changed differently here since")
                .help("`git stash branch NAME` then starts from the commit it was made on"));
        }
    };
    // What was staged in it stays staged, where that goes; otherwise it comes back as changes that are not staged.
    let index_tree = match merger.merge(parts.base, here, parts.index, labels)? {
        Merged::Clean(index) => index,
        Merged::Conflict(_) => here,
    };
    let reach = reach(back, here, tree, index_tree, parts.untracked)?;
    refuse_in_the_way(back, item, &reach)?;
    let only = |path: &RepoPath| reach.paths.contains(path);
    let scope = Scope { git_files: false, folders: false, only: Some(&only), ..Scope::whole(Clean::None) };
    let target = Target { index_tree, ..Target::of_tree(reach.tree) };
    Transition::work_out(back.desk, &target, &scope)?.into_plan(&mut back.plan, Vec::new(), Vec::new())?;
    back.hold(item.id);
    back.note(item, "changes here".to_owned(), Some("git status".to_owned()), None);
    Ok(())
}

fn on_the_list(item: &LostItem) -> String {
    let id = item.id.short();
    format!("`git rollback recover {id}` puts it onto the stash list, where git can apply, show or branch off it")
}

fn parts(back: &Back<'_, '_, '_>, item: &LostItem) -> Result<Parts> {
    let repo = back.repo();
    let stash = repo.commit(item.id)?;
    let [base, index, rest @ ..] = stash.parents.as_slice() else {
        return Err(Error::refused(format!("{} is not a stash entry, and only those are applied", words(item)))
            .help("leave --apply out: it comes back as what it is"));
    };
    let tree = |id: &ObjectId| repo.commit(*id).map(|commit| commit.tree);
    Ok(Parts {
        base: tree(base)?,
        index: tree(index)?,
        work: stash.tree,
        untracked: rest.first().map_or(Ok(ObjectId::EMPTY_TREE), tree)?,
    })
}

/// What a stash reaches here.
struct Reach {
    /// The tree with all that comes back.
    tree: ObjectId,
    /// Paths that change, in the worktree or in the index.
    paths: BTreeSet<RepoPath>,
    /// Paths where a file comes that git does not know here.
    new: BTreeMap<RepoPath, TreeEntry>,
}

fn reach(
    back: &Back<'_, '_, '_>,
    here: ObjectId,
    tree: ObjectId,
    index_tree: ObjectId,
    untracked: ObjectId,
) -> Result<Reach> {
    let trees = back.repo().trees()?.and_made_in(back.desk.sink);
    let (mut paths, mut new) = (BTreeSet::new(), BTreeMap::new());
    trees.diff(here, tree, &mut |path, old, entry| {
        if let (None, Some(entry)) = (old, entry) {
            new.insert(path.clone(), entry);
        }
        paths.insert(path);
        Ok(())
    })?;
    trees.diff(here, index_tree, &mut |path, _, _| {
        paths.insert(path);
        Ok(())
    })?;
    let mut files = BTreeMap::new();
    for (path, entry) in trees.files(untracked)? {
        if trees.find(tree, path.as_bytes())?.is_none_or(|there| there.id != entry.id)
            && !is_there(back, &path, &entry)?
        {
            files.insert(path.clone(), Some(entry));
            paths.insert(path.clone());
            new.insert(path, entry);
        }
    }
    Ok(Reach { tree: trees.edit(tree, &files, back.desk.sink)?, paths, new })
}

/// Whether a file stands there already, with the same content.
fn is_there(back: &Back<'_, '_, '_>, path: &RepoPath, entry: &TreeEntry) -> Result<bool> {
    Ok(back.desk.scene.current(path, back.desk.sink)?.is_some_and(|(spec, _)| spec.blob == entry.id))
}

/// Changes that are not committed, and files that git does not know, are not mixed with what comes back.
fn refuse_in_the_way(back: &Back<'_, '_, '_>, item: &LostItem, reach: &Reach) -> Result<()> {
    let scene = back.desk.scene;
    let mut found: BTreeSet<RepoPath> =
        reach.paths.iter().filter(|path| scene.changed.contains_key(*path)).cloned().collect();
    for (path, entry) in &reach.new {
        if scene.root.stat(path)?.is_some() && !is_there(back, path, entry)? {
            found.insert(path.clone());
        }
        for dir in path.ancestors().map(RepoPath::new) {
            if !reach.paths.contains(&dir) && scene.root.stat(&dir)?.is_some_and(|stat| !stat.is_dir()) {
                found.insert(dir);
            }
        }
    }
    match found.is_empty() {
        true => Ok(()),
        false => Err(in_the_way(item, &found, "changed or made here, and not committed")
            .help("or commit or back up what is here first: `git rollback backup --clean`")),
    }
}

fn in_the_way(item: &LostItem, paths: &BTreeSet<RepoPath>, why: &str) -> Error {
    let names: Vec<String> = paths.iter().take(10).map(ToString::to_string).collect();
    let more = paths.len() - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Error::refused(format!(
        "{} cannot be applied here: {} in the way",
        words(item),
        count(paths.len(), "file is", "files are")
    ))
    .because(format!("{why}: {}{more}", names.join(", ")))
    .help(on_the_list(item))
}
