//! What a target ignores: such files are neither its own nor later than it.

use super::target::Target;
use super::transition::Desk;
use crate::Result;
use crate::git::ignore::{DirRules, Rules};
use crate::git::{MODE_EXEC, MODE_FILE, Trees};
use crate::model::{FileKind, RepoPath};
use std::collections::{BTreeSet, HashMap};

/// Those of the untracked files and empty directories of today that were ignored in the target's state.
///
/// A snapshot does not hold ignored files. Where the rules differ between here and there, a file that was ignored
/// then is merely untracked now, and must not pass for one that came later. A snapshot that looked for ignored
/// entries lists the topmost of them; for one that did not, its own rules tell.
pub(super) fn ignored_there(desk: Desk<'_, '_>, trees: &Trees<'_>, target: &Target) -> Result<BTreeSet<RepoPath>> {
    let scene = desk.scene;
    let rules = crate::store::scene::rules(scene.repo)?;
    let mut there = There { desk, trees, target, known: HashMap::new() };
    let mut out = BTreeSet::new();
    let files = scene.untracked.keys().chain(scene.big.iter().map(|found| &found.path));
    let dirs = scene.scan.empty_dirs.iter().map(|found| &found.path);
    for (path, is_dir) in files.map(|path| (path, false)).chain(dirs.map(|path| (path, true))) {
        let ignored = match &target.ignored {
            Some(known) => known.contains(path) || path.ancestors().any(|dir| known.contains(dir)),
            None => there.rules_in(&rules, path.parent())?.is_ignored(path.as_bytes(), is_dir),
        };
        if ignored {
            out.insert(path.clone());
        }
    }
    Ok(out)
}

struct There<'t, 's, 'r, 'e> {
    desk: Desk<'s, 'r>,
    trees: &'t Trees<'r>,
    target: &'t Target,
    known: HashMap<Vec<u8>, DirRules<'e>>,
}

impl<'e> There<'_, '_, '_, 'e> {
    /// The rules in one directory of the target.
    fn rules_in(&mut self, rules: &'e Rules, dir: &[u8]) -> Result<DirRules<'e>> {
        // From the nearest directory that is known downwards, not by recursion: directories may be very deep.
        let mut path = RepoPath::new(dir);
        let mut below: Vec<RepoPath> = Vec::new();
        let mut here = loop {
            if let Some(known) = self.known.get(path.as_bytes()) {
                break known.clone();
            }
            if path.as_bytes().is_empty() {
                break self.enter(rules.top(), &path)?;
            }
            let parent = RepoPath::new(path.parent());
            below.push(std::mem::replace(&mut path, parent));
        };
        for dir in below.into_iter().rev() {
            here = self.enter(here.enter(dir.as_bytes()), &dir)?;
        }
        Ok(here)
    }

    fn enter(&mut self, rules: DirRules<'e>, dir: &RepoPath) -> Result<DirRules<'e>> {
        let rules = match self.ignore_file(dir)?.filter(|_| !rules.all_ignored()) {
            Some(text) => rules.push(dir.as_bytes(), &text),
            None => rules,
        };
        self.known.insert(dir.as_bytes().to_vec(), rules.clone());
        Ok(rules)
    }

    fn ignore_file(&self, dir: &RepoPath) -> Result<Option<Vec<u8>>> {
        let path = RepoPath::join(dir.as_bytes(), b".gitignore");
        let blob = match self.target.files.get(&path) {
            Some(spec) => (spec.kind == FileKind::File).then_some(spec.blob),
            None => {
                let entry = self.trees.find(self.target.tree, path.as_bytes())?;
                entry.filter(|e| e.mode == MODE_FILE || e.mode == MODE_EXEC).map(|e| e.id)
            }
        };
        blob.map(|id| self.desk.scene.repo.blob(id)).transpose()
    }
}
