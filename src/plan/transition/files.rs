//! Which files change, leave, or stay.

use super::{Clean, Transition, Wanted};
use crate::Result;
use crate::git::{Ids, MODE_EXEC, MODE_GITLINK, ReadBlobs};
use crate::model::report::LeftInPlace;
use crate::model::{DirMode, DirSpec, FileChange, FileKind, FileSpec, ObjectId, Perms, RepoPath, Stat, Step};
use crate::plan::Plan;
use crate::store::scene::tree_spec;
use std::collections::BTreeMap;

/// Why something stays.
const KEPT: &str = "kept ([keep] paths)";

impl<'r> Transition<'_, 'r> {
    /// What another step moves away as it is needs neither to be removed nor to be moved again.
    pub(super) fn leave_out_what_moves(&mut self) {
        let leaving = &self.scope.leaving;
        let moves = |path: &RepoPath| {
            leaving.contains(path) || (!leaving.is_empty() && path.ancestors().any(|dir| leaving.contains(dir)))
        };
        self.to_trash.retain(|path| !moves(path));
        self.seen.retain(|path, _| !moves(path));
        self.changes.values_mut().filter(|change| moves(&change.path)).for_each(|change| change.old = None);
        self.changes.retain(|_, change| change.old.is_some() || change.new.is_some());
    }

    pub(super) fn compare(&mut self, wanted: BTreeMap<RepoPath, Option<Wanted>>) -> Result<()> {
        for (path, wanted) in wanted {
            if matches!(&wanted, Some(Wanted::Tree(entry)) if entry.mode == MODE_GITLINK) {
                self.want_submodule(path)?;
                continue;
            }
            let tracked = !self.desk.scene.index.range_at(path.as_bytes()).is_empty();
            if wanted.is_none() && self.may_stay(&path, tracked) {
                continue;
            }
            if wanted.is_none() && !tracked && self.is_kept(&path) {
                self.stays(path, KEPT);
                continue;
            }
            let present = self.desk.scene.current(&path, self.desk.sink)?;
            let new = wanted.map(|wanted| self.spec(wanted, present.as_ref().map(|(spec, _)| spec)));
            self.change(path, present, new);
        }
        Ok(())
    }

    /// Notes a change, when it is one.
    pub(in crate::plan) fn change(&mut self, path: RepoPath, present: Option<(FileSpec, Stat)>, new: Option<FileSpec>) {
        let old = present.as_ref().map(|(spec, _)| spec.clone());
        if old == new {
            return;
        }
        if let Some((spec, stat)) = present {
            self.hold(&path, &spec);
            self.seen.insert(path.clone(), stat);
        }
        self.changes.insert(path.clone(), FileChange { path, old, new });
    }

    /// Bytes that the stash commit does not hold must be held by the manifest.
    pub(super) fn hold(&mut self, path: &RepoPath, spec: &FileSpec) {
        let scene = self.desk.scene;
        let saved = scene.untracked.contains_key(path) || scene.ignored.contains_key(path);
        let saved = saved || matches!(scene.changed.get(path), Some(Some(_))) || self.extra_files.contains_key(path);
        if !saved && scene.index_entry(path).is_some_and(|entry| entry.id != spec.blob) {
            self.extra_raw.insert(path.clone(), spec.blob);
        }
    }

    /// Files that the target does not have: tracked ones leave (unless paths are only laid over), others only
    /// when asked.
    pub(super) fn may_stay(&self, path: &RepoPath, tracked: bool) -> bool {
        if self.scope.overlay || tracked {
            return self.scope.overlay;
        }
        let ignored = self.desk.scene.ignored.contains_key(path) || self.ignored_there.contains(path);
        ignored || (self.scope.clean == Clean::None && !self.target.exact)
    }

    /// Cleaning never takes what the settings keep, nor the settings themselves: the next command would not know what
    /// to run.
    fn is_kept(&self, path: &RepoPath) -> bool {
        let kept =
            || self.keep.covers(path.as_bytes(), false) || path.as_bytes() == crate::config::FILE_NAME.as_bytes();
        !self.target.exact && kept()
    }

    pub(super) fn spec(&self, wanted: Wanted, present: Option<&FileSpec>) -> FileSpec {
        match wanted {
            Wanted::Exact(spec) => spec,
            Wanted::Tree(entry) => {
                let exec = entry.mode == MODE_EXEC;
                let same = present.filter(|p| {
                    let as_wanted = p.kind == FileKind::File && (p.mode & 0o100 != 0) == exec && p.blob == entry.id;
                    as_wanted && !self.target.exact
                });
                let usual = self.target.perms.unwrap_or_else(|| Perms::of_umask(crate::host::umask()));
                tree_spec(entry.mode, entry.id, same.map_or(usual.usual(exec), |p| p.mode))
            }
        }
    }

    /// A submodule is a directory here; what is in it is its own business.
    pub(super) fn want_submodule(&mut self, path: RepoPath) -> Result<()> {
        match self.desk.scene.root.stat(&path)? {
            // With tracked files in it, it may go with them and has to be made again.
            Some(stat) if stat.is_dir() && self.desk.scene.index.range_below(path.as_bytes()).is_empty() => {
                return Ok(());
            }
            Some(stat) if stat.is_dir() => {}
            Some(_) => match self.desk.scene.current(&path, self.desk.sink)? {
                Some(present) => self.change(path.clone(), Some(present), None),
                None => drop(self.to_trash.insert(path.clone())),
            },
            None => {}
        }
        self.make_dirs.insert(DirSpec { path, perm: None });
        Ok(())
    }

    /// The blobs that will be written unless the worktree holds them already: those that the index does not have. Few
    /// are not worth a thread.
    pub(super) fn likely(&self, wanted: &BTreeMap<RepoPath, Option<Wanted>>) -> Vec<ObjectId> {
        const WORTH_IT: usize = 1000;
        if self.differences.len() < WORTH_IT {
            return Vec::new();
        }
        let blob = |path: &RepoPath| match wanted.get(path)? {
            Some(Wanted::Tree(entry)) if entry.mode != MODE_GITLINK => Some(entry.id),
            _ => None,
        };
        self.not_made(self.differences.keys().filter_map(blob))
    }

    /// Everything that will be written is read once before anything is touched. `read` is what was read and found whole
    /// before, and what that was asked for.
    pub(super) fn check_readable(&self, read: Option<(ReadBlobs, &[ObjectId])>) -> Result<ReadBlobs> {
        let (mut found, checked) = read.unwrap_or_default();
        let checked: Ids = checked.iter().copied().collect();
        let blobs = self.changes.values().filter_map(|c| Some(c.new.as_ref()?.blob));
        let blobs = self.not_made(blobs.filter(|id| !checked.contains(id)));
        found.append(self.desk.scene.repo.check_blobs(&blobs, self.desk.sink)?);
        Ok(found)
    }

    /// Each of `blobs` once, without those that conversions made just now.
    fn not_made(&self, blobs: impl Iterator<Item = ObjectId>) -> Vec<ObjectId> {
        let made: Ids = self.wanted_raw.values().copied().collect();
        let mut known = Ids::default();
        // In the order of the paths: packs hold neighbours as differences from one another.
        blobs.filter(|id| !made.contains(id) && known.insert(*id)).collect()
    }

    /// Ignored entries, and files too big to be saved, are moved and not copied.
    pub(super) fn leave(&mut self) -> Result<()> {
        let scene = self.desk.scene;
        let removes = (self.target.exact || self.scope.clean != Clean::None) && !self.scope.overlay;
        if removes {
            let (skipped, ignored) = (&self.target.skipped, &self.ignored_there);
            let leaves = |path: &RepoPath| self.scope.holds(path) && !skipped.contains(path) && !ignored.contains(path);
            for found in scene.big.iter().filter(|f| leaves(&f.path)) {
                self.to_trash.insert(found.path.clone());
            }
            for found in &scene.scan.special {
                if !self.to_trash.contains(&found.path) {
                    self.stays(found.path.clone(), "not a file (pipe, socket or device)");
                }
            }
            for path in &scene.scan.nested {
                self.stays(path.clone(), "a repository of its own");
            }
        }
        if self.scope.clean != Clean::All {
            return Ok(());
        }
        let mounts = crate::host::mounts::mount_points_below(scene.repo.root());
        for entry in &scene.scan.ignored {
            let split = crate::worktree::split_ignored(scene.repo.root(), entry, &self.keep, &mounts)?;
            self.to_trash.extend(split.movable.into_iter().map(|f| f.path));
            split.kept.into_iter().for_each(|path| self.stays(path, KEPT));
            split.nested.into_iter().for_each(|path| self.stays(path, "a repository of its own"));
            split.mounted.into_iter().for_each(|path| self.stays(path, "a file system is mounted there"));
        }
        Ok(())
    }

    pub(super) fn stays(&mut self, path: RepoPath, reason: &str) {
        self.left.push(LeftInPlace { path, reason: reason.to_owned(), bytes: None });
    }

    /// Ignored files that an operation made are none of the state before it, so no snapshot tells of them.
    pub(super) fn remove_made(&mut self) -> Result<()> {
        for path in self.scope.made.clone() {
            if !self.changes.contains_key(&path) && !self.target.files.contains_key(&path) {
                crate::plan::way::save_and_remove(self, &path)?;
            }
        }
        Ok(())
    }

    /// Nested repositories and submodules that the target holds and that are not as it says.
    pub(super) fn repositories(&self, plan: &mut Plan) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        if self.scope.only.is_some() || !self.scope.worktree {
            return Ok(steps);
        }
        for (n, repo) in self.target.nested.iter().enumerate() {
            let there = self.desk.scene.root.stat(&repo.path)?.is_some_and(|stat| stat.is_dir());
            if there {
                let now = crate::store::nested::capture(self.desk.scene.repo.root(), &repo.path, self.desk.sink)?;
                if &now == repo {
                    continue;
                }
                let slot = format!("{}/a{n}", self.desk.operation);
                steps.push(Step::MoveToTrash { path: repo.path.clone(), slot });
            }
            steps.push(Step::Nested { repo: repo.clone(), slot: format!("{}/b{n}", self.desk.operation), new: true });
            plan.extra.nested.push(repo.clone());
        }
        for target in &self.target.submodules {
            steps.push(Step::Submodule { path: target.path.clone(), old: None, new: Some(target.state.clone()) });
        }
        Ok(steps)
    }

    pub(super) fn dir_modes(&self) -> Vec<DirMode> {
        let usual = 0o777 & !crate::host::umask();
        let present: BTreeMap<&RepoPath, u32> =
            self.desk.scene.scan.dirs.iter().map(|(path, perm)| (path, *perm)).collect();
        let mut wanted = present.clone();
        if self.target.exact && self.scope.folders {
            let goes_back = |path: &RepoPath| !self.ignored_there.contains(path) && self.scope.holds(path);
            wanted.iter_mut().filter(|(path, _)| goes_back(path)).for_each(|(_, perm)| *perm = usual);
            wanted.extend(self.target.dirs.iter().filter_map(|d| Some((&d.path, d.perm?))));
        }
        // Also where both are the same: a directory that goes on the way comes back with its bits.
        wanted
            .into_iter()
            .map(|(path, new)| DirMode { path: path.clone(), old: present.get(path).copied().unwrap_or(usual), new })
            .collect()
    }
}
