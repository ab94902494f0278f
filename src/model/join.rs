//! Two lists of steps as one: what an operation did that stopped half-way and went on.

use super::{FileChange, GitFileChange, IndexChange, ObjectId, RepoPath, Step, Steps, WorktreeChange};
use std::collections::BTreeMap;

impl Steps {
    /// These steps and then `later`, as one list in which each file, ref and entry stands once: what it was before all
    /// of them, and what it is after.
    #[must_use]
    pub fn then(self, later: Steps) -> Steps {
        let mut sum = Sum::default();
        for step in self.steps.into_iter().chain(later.steps) {
            sum.add(step);
        }
        Steps { version: self.version, steps: sum.steps() }
    }
}

#[derive(Default)]
struct Sum {
    out_of_the_way: Vec<Step>,
    worktree: WorktreeChange,
    files: BTreeMap<RepoPath, FileChange>,
    git_files: BTreeMap<RepoPath, GitFileChange>,
    others: Vec<Step>,
    refs: BTreeMap<String, (Option<ObjectId>, Option<ObjectId>, String)>,
    head: Option<Step>,
    index: BTreeMap<RepoPath, IndexChange>,
    back: Vec<Step>,
}

impl Sum {
    fn add(&mut self, step: Step) {
        match step {
            Step::MoveToTrash { .. } => self.out_of_the_way.push(step),
            Step::MoveFromTrash { .. } => self.back.push(step),
            Step::Worktree(change) => self.add_worktree(change),
            Step::GitFiles { files } => {
                for file in files {
                    let new = file.new;
                    self.git_files.entry(file.name.clone()).or_insert(file).new = new;
                }
            }
            Step::Ref { name, old, new, message } => {
                let entry = self.refs.entry(name).or_insert((old, new, String::new()));
                (entry.1, entry.2) = (new, message);
            }
            Step::Head { old, new, old_commit, new_commit } => {
                let (old, old_commit) = match self.head.take() {
                    Some(Step::Head { old, old_commit, .. }) => (old, old_commit),
                    _ => (old, old_commit),
                };
                self.head = Some(Step::Head { old, new, old_commit, new_commit });
            }
            Step::Index { changes } => {
                for change in changes {
                    let new = change.new.clone();
                    self.index.entry(change.path.clone()).or_insert(change).new = new;
                }
            }
            other => self.others.push(other),
        }
    }

    fn add_worktree(&mut self, change: WorktreeChange) {
        for file in change.files {
            let new = file.new.clone();
            self.files.entry(file.path.clone()).or_insert(file).new = new;
        }
        // A directory that comes and goes again was never there.
        for dir in change.make_dirs {
            match self.worktree.remove_dirs.iter().position(|gone| gone.path == dir.path) {
                Some(at) => drop(self.worktree.remove_dirs.remove(at)),
                None => self.worktree.make_dirs.push(dir),
            }
        }
        for dir in change.remove_dirs {
            match self.worktree.make_dirs.iter().position(|made| made.path == dir.path) {
                Some(at) => drop(self.worktree.make_dirs.remove(at)),
                None => self.worktree.remove_dirs.push(dir),
            }
        }
        for mode in change.dir_modes {
            match self.worktree.dir_modes.iter_mut().find(|known| known.path == mode.path) {
                Some(known) => known.new = mode.new,
                None => self.worktree.dir_modes.push(mode),
            }
        }
    }

    fn steps(mut self) -> Vec<Step> {
        let mut out = self.out_of_the_way;
        self.worktree.files = self.files.into_values().filter(|file| file.old != file.new).collect();
        if !self.worktree.is_empty() {
            out.push(Step::Worktree(self.worktree));
        }
        let files: Vec<GitFileChange> = self.git_files.into_values().filter(|file| file.old != file.new).collect();
        if !files.is_empty() {
            out.push(Step::GitFiles { files });
        }
        out.extend(self.others);
        let moved = self.refs.into_iter().filter(|(_, (old, new, _))| old != new);
        out.extend(moved.map(|(name, (old, new, message))| Step::Ref { name, old, new, message }));
        out.extend(self.head.filter(|step| !matches!(step, Step::Head { old, new, .. } if old == new)));
        let changes: Vec<IndexChange> = self.index.into_values().filter(|change| change.old != change.new).collect();
        if !changes.is_empty() {
            out.push(Step::Index { changes });
        }
        out.extend(self.back);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Head;

    fn id(n: u8) -> Option<ObjectId> {
        ObjectId::from_bytes(&[n; 20])
    }

    fn moved(name: &str, old: Option<ObjectId>, new: Option<ObjectId>) -> Step {
        Step::Ref { name: name.to_owned(), old, new, message: "m".to_owned() }
    }

    #[test]
    fn each_thing_stands_once_with_its_first_and_last_value() {
        let head = |old: &str, new: &str| Step::Head {
            old: Head::Branch(old.to_owned()),
            new: Head::Branch(new.to_owned()),
            old_commit: None,
            new_commit: None,
        };
        let first = Steps::new(vec![moved("refs/a", None, id(1)), moved("refs/b", id(5), id(6)), head("x", "y")]);
        let later = Steps::new(vec![moved("refs/a", id(2), id(3)), moved("refs/b", id(6), id(5)), head("y", "x")]);
        assert_eq!(first.then(later).steps, [moved("refs/a", None, id(3))]);
    }
}
