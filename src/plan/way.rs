//! What stands in the way of files that will be written, and how it leaves.

use super::transition::Transition;
use crate::Result;
use crate::model::{DirSpec, RepoPath};
use crate::store::scene::Scene;
use crate::worktree::EntryState;
use std::collections::BTreeSet;

/// Sees to it that nothing unknown stands where the plan writes: what can be saved is saved and removed, what
/// cannot is moved to the trash, and repositories stop the plan.
pub(super) fn clear_the_way(this: &mut Transition<'_, '_>) -> Result<()> {
    let written: Vec<RepoPath> =
        this.changes.values().filter(|c| c.new.is_some() && c.old.is_none()).map(|c| c.path.clone()).collect();
    let mut looked: BTreeSet<Vec<u8>> = BTreeSet::new();
    for path in written {
        let mut free = true;
        for parent in path.ancestors() {
            if free && looked.insert(parent.to_vec()) {
                free = parent_is_free(this, &RepoPath::new(parent))?;
            }
        }
        if free {
            place_is_free(this, &path)?;
        }
    }
    Ok(())
}

/// Makes a place for a directory; `false`: nothing stands there or below.
fn parent_is_free(this: &mut Transition<'_, '_>, dir: &RepoPath) -> Result<bool> {
    let Some(stat) = this.desk.scene.root.stat(dir)? else { return Ok(false) };
    if leaves_anyway(this, dir) {
        return Ok(false);
    }
    if stat.is_dir() {
        if is_repository(this, dir) {
            this.block(
                format!("{dir} is a repository of its own, and the target has files there"),
                "move it away, then try again",
            );
        }
        return Ok(true);
    }
    move_away(this, dir)?;
    Ok(false)
}

/// Whether the plan removes what stands at `path` already.
fn leaves_anyway(this: &Transition<'_, '_>, path: &RepoPath) -> bool {
    let moved = |dir: &[u8]| this.to_trash.contains(dir);
    moved(path.as_bytes())
        || path.ancestors().any(moved)
        || this.changes.get(path).is_some_and(|change| change.old.is_some())
}

fn is_repository(this: &Transition<'_, '_>, dir: &RepoPath) -> bool {
    let scene = this.desk.scene;
    let submodule = scene.index.range_at(dir.as_bytes()).any(|i| {
        // An empty directory is all that is left of a submodule that was never fetched.
        matches!(scene.scan.entries[i], EntryState::Submodule { present: true }) && !is_empty_dir(scene, dir)
    });
    let covered = |nested: &RepoPath| this.target.nested.iter().any(|n| &n.path == nested);
    submodule || scene.scan.nested.iter().any(|nested| nested == dir && !covered(nested))
}

/// Whether nothing is in a directory; one that cannot be read counts as full.
pub(super) fn is_empty_dir(scene: &Scene<'_>, dir: &RepoPath) -> bool {
    std::fs::read_dir(scene.repo.root().join(dir.to_os())).is_ok_and(|mut entries| entries.next().is_none())
}

fn place_is_free(this: &mut Transition<'_, '_>, path: &RepoPath) -> Result<()> {
    let Some(stat) = this.desk.scene.root.stat(path)? else { return Ok(()) };
    let moves = |dir: &[u8]| this.to_trash.contains(dir);
    if moves(path.as_bytes()) || path.ancestors().any(moves) {
        return Ok(());
    }
    if !stat.is_dir() {
        return move_away(this, path);
    }
    if is_repository(this, path) || this.desk.scene.scan.nested.iter().any(|n| n.is_within(path.as_bytes())) {
        this.block(
            format!("{path} holds a repository of its own, and the target has a file there"),
            "move it away, then try again",
        );
        return Ok(());
    }
    empty_directory(this, path)
}

/// Everything below a directory leaves, and it with them.
fn empty_directory(this: &mut Transition<'_, '_>, dir: &RepoPath) -> Result<()> {
    let scene = this.desk.scene;
    let below = |path: &RepoPath| path.is_within(dir.as_bytes());
    let tracked = scene.index.range_below(dir.as_bytes()).map(|i| RepoPath::new(scene.index.path(i)));
    let untracked = scene.untracked.keys().chain(scene.ignored.keys()).filter(|p| below(p)).cloned();
    for path in tracked.chain(untracked).collect::<Vec<_>>() {
        if !this.changes.contains_key(&path) {
            let present = scene.current(&path, this.desk.sink)?;
            this.change(path, present, None);
        }
    }
    let moved = scene.scan.ignored.iter().filter(|f| !scene.ignored.contains_key(&f.path));
    let moved = moved.chain(&scene.scan.special).chain(&scene.big).map(|f| &f.path);
    this.to_trash.extend(moved.filter(|p| below(p)).cloned());
    if scene.scan.ignored.iter().any(|f| f.stat.is_dir() && dir.is_within(f.path.as_bytes())) {
        // Inside an ignored directory nothing was listed: it moves as a whole.
        this.to_trash.insert(dir.clone());
        return Ok(());
    }
    let empty = scene.scan.empty_dirs.iter().filter(|f| below(&f.path));
    this.remove_dirs.extend(empty.map(|f| DirSpec { path: f.path.clone(), perm: Some(f.stat.perm()) }));
    Ok(())
}

/// A file that shall not be there: saved and removed, or moved.
pub(super) fn save_and_remove(this: &mut Transition<'_, '_>, path: &RepoPath) -> Result<()> {
    match this.desk.scene.root.stat(path)? {
        Some(stat) if !stat.is_dir() && !leaves_anyway(this, path) => move_away(this, path),
        _ => Ok(()),
    }
}

/// A single thing in the way: a file is saved and replaced, anything else is moved.
fn move_away(this: &mut Transition<'_, '_>, path: &RepoPath) -> Result<()> {
    let scene = this.desk.scene;
    if scene.big.iter().any(|f| &f.path == path) {
        this.to_trash.insert(path.clone());
        return Ok(());
    }
    let present = match scene.current(path, this.desk.sink)? {
        Some(present) => Some(present),
        None => {
            let small = scene.root.stat(path)?.is_some_and(|s| s.is_link() || (s.is_file() && s.size <= MOVE_ABOVE));
            let saved = if small { scene.saver(this.desk.sink).save(path)? } else { None };
            saved.map(|saved| {
                this.extra_files.insert(path.clone(), saved.spec.clone());
                (saved.spec, saved.stat)
            })
        }
    };
    let Some(present) = present else {
        this.to_trash.insert(path.clone());
        return Ok(());
    };
    let new = this.changes.remove(path).and_then(|change| change.new);
    this.change(path.clone(), Some(present), new);
    Ok(())
}

/// Above this size an ignored file in the way is renamed, not copied.
const MOVE_ABOVE: u64 = 64 << 20;
