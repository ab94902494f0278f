//! What a snapshot holds beyond its commit.

use crate::Result;
use crate::commands::facts;
use crate::git::{Repo, Trees};
use crate::model::report::{Files, Holds};
use crate::model::{ObjectId, RepoPath};
use crate::store::snapshot::Snapshot;
use std::collections::BTreeSet;

/// Everything that a snapshot says.
pub(super) fn of(repo: &Repo, snapshot: &Snapshot) -> Result<Holds> {
    let manifest = &snapshot.manifest;
    let trees = repo.trees()?;
    let head_tree = match manifest.head_commit {
        Some(id) => repo.commit(id)?.tree,
        None => ObjectId::EMPTY_TREE,
    };
    let conflicts: BTreeSet<&RepoPath> =
        manifest.index.iter().filter(|at| at.entries.iter().any(|e| e.stage > 0)).map(|at| &at.path).collect();
    let ignored: BTreeSet<&RepoPath> = manifest.ignored.iter().collect();
    let staged = differing(&trees, head_tree, snapshot.index_tree)?;
    let rest: Vec<RepoPath> = trees.files(snapshot.untracked_tree)?.into_keys().collect();
    let (ignored_files, untracked): (Vec<RepoPath>, Vec<RepoPath>) =
        rest.into_iter().partition(|path| ignored.contains(path));
    let read = |name: &str| {
        let file = manifest.git_files.iter().find(|file| file.name.as_bytes() == name.as_bytes())?;
        repo.blob(file.blob).ok()
    };
    let nested = manifest.nested.iter().map(|n| &n.path).chain(manifest.submodules.iter().map(|s| &s.path));
    Ok(Holds {
        head: facts::head(repo, &manifest.head, manifest.head_commit),
        staged: facts::files(staged.into_iter().filter(|path| !conflicts.contains(path)).collect()),
        changed: facts::files(changed(&trees, snapshot, &conflicts)?),
        conflicts: facts::files(conflicts.iter().map(|path| (*path).clone()).collect()),
        untracked: sized(repo, &trees, snapshot, untracked),
        ignored: facts::files(ignored_files),
        in_progress: facts::in_progress(&read),
        nested: nested.cloned().collect(),
        not_captured: facts::left(&manifest.skipped),
    })
}

/// Said of a snapshot that tells of some paths only.
pub(super) fn scope(snapshot: &Snapshot) -> Option<String> {
    let scope = snapshot.manifest.scope.as_ref()?;
    let names: Vec<String> = scope.iter().take(5).map(ToString::to_string).collect();
    let more = if scope.iter().count() > names.len() { ", ..." } else { "" };
    Some(format!("it tells of these paths only, which a restore was about to replace: {}{more}", names.join(", ")))
}

fn differing(trees: &Trees<'_>, from: ObjectId, to: ObjectId) -> Result<Vec<RepoPath>> {
    let mut out = Vec::new();
    trees.diff(from, to, &mut |path, _, _| {
        out.push(path);
        Ok(())
    })?;
    Ok(out)
}

fn changed(trees: &Trees<'_>, snapshot: &Snapshot, conflicts: &BTreeSet<&RepoPath>) -> Result<Vec<RepoPath>> {
    // Left out of the worktree on purpose is not changed.
    let absent: BTreeSet<&RepoPath> = snapshot.manifest.absent.iter().collect();
    let mut out = differing(trees, snapshot.index_tree, snapshot.work_tree)?;
    out.retain(|path| !conflicts.contains(path) && !absent.contains(path));
    Ok(out)
}

/// How many files are asked for their size.
const SIZED: usize = 2000;

fn sized(repo: &Repo, trees: &Trees<'_>, snapshot: &Snapshot, paths: Vec<RepoPath>) -> Files {
    let size = |path: &RepoPath| {
        let entry = trees.find(snapshot.untracked_tree, path.as_bytes()).ok()??;
        repo.blob_size(entry.id).ok()
    };
    let bytes = (!paths.is_empty() && paths.len() <= SIZED).then(|| paths.iter().filter_map(size).sum());
    Files { bytes, ..facts::files(paths) }
}
