//! Directories that come and go beside the files of a plan.

use super::transition::{Clean, Transition};
use crate::Result;
use crate::git::{MODE_GITLINK, MODE_TREE};
use crate::model::{DirSpec, RepoPath};
use crate::worktree::{EntryState, Found};
use std::collections::BTreeSet;

/// Notes which empty directories are made and which directories leave.
pub(super) fn settle(this: &mut Transition<'_, '_>) -> Result<()> {
    if !this.scope.folders {
        return Ok(());
    }
    let present = &this.desk.scene.scan.empty_dirs;
    let wanted: BTreeSet<&RepoPath> = this.target.empty_dirs.iter().map(|d| &d.path).collect();
    if this.target.exact || this.scope.clean != Clean::None {
        let gone = present.iter().filter(|f| !wanted.contains(&f.path) && !this.ignored_there.contains(&f.path));
        let gone = gone.filter(|f| this.scope.holds(&f.path));
        this.remove_dirs.extend(gone.map(|found| DirSpec { path: found.path.clone(), perm: Some(found.stat.perm()) }));
    }
    if !this.scope.overlay {
        remove_left_by_submodules(this, &wanted)?;
    }
    if this.target.exact {
        remove_emptied_parents(this, &wanted);
    } else if !this.scope.overlay {
        remove_deserted(this)?;
    }
    let there: BTreeSet<&RepoPath> = present.iter().map(|f| &f.path).collect();
    this.make_dirs.extend(this.target.empty_dirs.iter().filter(|d| !there.contains(&d.path)).cloned());
    Ok(())
}

/// Directories that hold nothing any more once what is in them has left: they were not there either.
fn remove_emptied_parents(this: &mut Transition<'_, '_>, wanted: &BTreeSet<&RepoPath>) {
    let removed = this.remove_dirs.iter().map(|d| &d.path);
    let leaving = removed.chain(&this.to_trash).chain(&this.scope.leaving);
    let parents: BTreeSet<&[u8]> = leaving.flat_map(|path| path.ancestors()).collect();
    let emptied: Vec<RepoPath> = parents.into_iter().map(RepoPath::new).filter(|dir| !wanted.contains(dir)).collect();
    // Only what is empty then is removed; the rest stays as it is.
    this.remove_dirs.extend(emptied.into_iter().map(|path| DirSpec { path, perm: None }));
}

/// Directories that are empty because the user deleted the tracked files in them, which the target does not have
/// either: nothing is left that would be removed, and that would take its directory along.
fn remove_deserted(this: &mut Transition<'_, '_>) -> Result<()> {
    let scene = this.desk.scene;
    let held_files = |found: &&Found| !scene.index.range_below(found.path.as_bytes()).is_empty();
    for found in scene.scan.empty_dirs.iter().filter(held_files) {
        for dir in found.path.ancestors().chain([found.path.as_bytes()]) {
            let path = RepoPath::new(dir);
            if !is_directory_there(this, dir)? && this.scope.holds(&path) {
                let perm = (path == found.path).then(|| found.stat.perm());
                this.remove_dirs.insert(DirSpec { path, perm });
            }
        }
    }
    Ok(())
}

/// The empty directories of submodules that the target does not have; one with anything in it stays.
fn remove_left_by_submodules(this: &mut Transition<'_, '_>, wanted: &BTreeSet<&RepoPath>) -> Result<()> {
    let scene = this.desk.scene;
    for (i, state) in scene.scan.entries.iter().enumerate() {
        if *state != (EntryState::Submodule { present: true }) {
            continue;
        }
        let path = RepoPath::new(scene.index.path(i));
        if wanted.contains(&path) || !this.scope.holds(&path) {
            continue;
        }
        let stays = is_directory_there(this, path.as_bytes())? && !this.target.absent.contains(&path);
        if stays || !super::way::is_empty_dir(scene, &path) {
            continue;
        }
        let parents: Vec<RepoPath> = path.ancestors().map(RepoPath::new).collect();
        let perm = scene.root.stat(&path)?.map(|stat| stat.perm());
        this.remove_dirs.insert(DirSpec { path, perm });
        for path in parents {
            if !is_directory_there(this, path.as_bytes())? {
                this.remove_dirs.insert(DirSpec { path, perm: None });
            }
        }
    }
    Ok(())
}

fn is_directory_there(this: &Transition<'_, '_>, path: &[u8]) -> Result<bool> {
    let entry = this.trees.find(this.target.tree, path)?;
    Ok(entry.is_some_and(|entry| entry.mode == MODE_TREE || entry.mode == MODE_GITLINK))
}
