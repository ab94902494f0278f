//! What git will ignore once the ignore files of a target stand in the worktree.

use super::target::Target;
use crate::Result;
use crate::git::ignore::{DirRules, Rules};
use crate::git::{MODE_EXEC, MODE_FILE, Trees};
use crate::model::{FileKind, RepoPath};
use crate::store::scene::{Scene, ignore_rules};
use std::collections::{BTreeMap, BTreeSet};

/// The paths that git does not ignore now and will ignore there: going from one state to another with other ignore
/// rules must not take away what both call none of git's business (build output, say).
pub(super) fn ignored_there(scene: &Scene<'_>, target: &Target, trees: &Trees<'_>) -> Result<BTreeSet<RepoPath>> {
    let rules = ignore_rules(scene.repo)?;
    let mut there = There { scene, target, trees, rules: &rules, dirs: BTreeMap::new() };
    let files = scene.untracked.keys().chain(scene.big.iter().map(|found| &found.path));
    let dirs = scene.scan.empty_dirs.iter().map(|found| &found.path);
    let dirs = dirs.chain(scene.scan.dirs.iter().map(|(path, _)| path));
    let paths = files.map(|path| (path, false)).chain(dirs.map(|path| (path, true)));
    let mut out = BTreeSet::new();
    for (path, is_dir) in paths {
        if there.rules_in(path.parent())?.is_ignored(path.as_bytes(), is_dir) {
            out.insert(path.clone());
        }
    }
    Ok(out)
}

struct There<'a, 'r> {
    scene: &'a Scene<'r>,
    target: &'a Target,
    trees: &'a Trees<'r>,
    rules: &'a Rules,
    dirs: BTreeMap<Vec<u8>, DirRules<'a>>,
}

impl<'a> There<'a, '_> {
    /// The rules in the directory `dir`.
    fn rules_in(&mut self, dir: &[u8]) -> Result<DirRules<'a>> {
        if let Some(known) = self.dirs.get(dir) {
            return Ok(known.clone());
        }
        let path = RepoPath::new(dir);
        let above = path.ancestors().map(<[u8]>::to_vec);
        let whole = (!dir.is_empty()).then(|| dir.to_vec());
        let mut rules = self.step(self.rules.top(), Vec::new())?;
        for dir in above.chain(whole) {
            rules = match self.dirs.get(&dir) {
                Some(known) => known.clone(),
                None => self.step(rules.enter(&dir), dir)?,
            };
        }
        Ok(rules)
    }

    /// The rules of the directory with its own ignore file.
    fn step(&mut self, rules: DirRules<'a>, dir: Vec<u8>) -> Result<DirRules<'a>> {
        if let Some(known) = self.dirs.get(&dir) {
            return Ok(known.clone());
        }
        let rules = match self.ignore_file(&RepoPath::join(&dir, b".gitignore"))? {
            Some(text) if !rules.all_ignored() => rules.push(&dir, &text),
            _ => rules,
        };
        self.dirs.insert(dir, rules.clone());
        Ok(rules)
    }

    fn ignore_file(&self, path: &RepoPath) -> Result<Option<Vec<u8>>> {
        let blob = match self.target.files.get(path) {
            Some(spec) => (spec.kind == FileKind::File).then_some(spec.blob),
            None => {
                let entry = self.trees.find(self.target.tree, path.as_bytes())?;
                entry.filter(|entry| matches!(entry.mode, MODE_FILE | MODE_EXEC)).map(|entry| entry.id)
            }
        };
        blob.map(|blob| self.scene.repo.blob(blob)).transpose()
    }
}
