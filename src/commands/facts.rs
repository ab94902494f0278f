//! Facts about the repository as answers want them; several commands share these.

use crate::git::Repo;
use crate::model::report::{self, Files, InProgress, LeftInPlace, LogRow, UndoState};
use crate::model::{Head, ObjectId, Operation, RepoPath, Skipped};
use crate::store::log::Timeline;
use crate::store::session::Session;
use crate::store::{log, underway};
use std::collections::{BTreeMap, BTreeSet};

/// Lists in an answer are cut here; the counts are whole.
const SHOWN: usize = 1000;

/// Where HEAD is or was.
pub(super) fn head(repo: &Repo, head: &Head, commit: Option<ObjectId>) -> report::Head {
    let branch = head.branch().unwrap_or_default().to_owned();
    let Some(commit) = commit else { return report::Head::Unborn { branch } };
    // Of a state long ago the commit may be gone: its name still says where HEAD was.
    let subject = repo.commit(commit).map(|info| info.subject).unwrap_or_default();
    match head {
        Head::Branch(_) => report::Head::Branch { branch, commit, subject },
        Head::Detached(_) => report::Head::Detached { commit, subject },
    }
}

/// Some files, with the list cut where it is long.
pub(super) fn files(paths: Vec<RepoPath>) -> Files {
    let count = paths.len() as u64;
    Files { count, bytes: None, paths: paths.into_iter().take(SHOWN).collect() }
}

/// A word for a command line that is meant to be copied.
pub(super) fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "._/@:^~+-%,=".contains(c);
    if !word.is_empty() && !word.starts_with('~') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// What git has under way; `read` gives the bytes of a file of the git directory.
pub(super) fn in_progress(read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Vec<InProgress> {
    let found = underway::under_way(read).into_iter();
    found.map(|u| InProgress { what: u.what.to_owned(), detail: u.detail }).collect()
}

/// What was not saved or not touched.
pub(super) fn left(skipped: &[Skipped]) -> Vec<LeftInPlace> {
    let left = |s: &Skipped| LeftInPlace { path: s.path.clone(), reason: s.why.clone(), bytes: s.size };
    skipped.iter().map(left).collect()
}

/// Operations, and what became of them.
pub(super) struct History<'s> {
    session: &'s Session,
    own: BTreeSet<String>,
    timelines: BTreeMap<String, Timeline>,
    undone_by: BTreeMap<String, String>,
    redone_by: BTreeMap<String, String>,
}

impl<'s> History<'s> {
    /// From the operations that this clone recorded.
    pub(super) fn new(session: &'s Session, own: &[Operation]) -> History<'s> {
        let worktrees: BTreeSet<&String> = own.iter().map(|o| &o.worktree).collect();
        let timelines = worktrees.into_iter().map(|w| (w.clone(), log::timeline(own, w))).collect();
        let whole = || own.iter().filter(|o| !o.aborted);
        let link = |to: &Option<String>, o: &Operation| Some((to.clone()?, o.id.clone()));
        History {
            session,
            own: own.iter().map(|o| o.id.clone()).collect(),
            timelines,
            undone_by: whole().filter_map(|o| link(&o.undoes, o)).collect(),
            redone_by: whole().filter_map(|o| link(&o.redoes, o)).collect(),
        }
    }

    /// What can be undone and redone in this worktree.
    pub(super) fn here(&self) -> Timeline {
        self.timelines.get(&self.session.repo.worktree_id()).cloned().unwrap_or_default()
    }

    /// Whether an operation can be taken back.
    pub(super) fn state(&self, operation: &Operation) -> UndoState {
        let is_own = self.own.contains(&operation.id);
        if !is_own || operation.aborted || !operation.changes_state {
            return UndoState::NothingToUndo;
        }
        match self.became(&operation.id, &operation.worktree, 0) {
            UndoState::Undoable if self.has_expired(operation) => UndoState::Expired,
            // An undo is taken back by `redo`.
            UndoState::Undone if operation.undoes.is_some() => UndoState::NothingToUndo,
            state => state,
        }
    }

    fn has_expired(&self, operation: &Operation) -> bool {
        !operation.snapshot.as_ref().is_some_and(|s| self.session.repo.exists(s.id))
    }

    /// The log is input: a circle in it must not hold us.
    fn became(&self, id: &str, worktree: &str, depth: usize) -> UndoState {
        if self.timelines.get(worktree).is_some_and(|t| t.done.iter().any(|o| o.id == id)) {
            return UndoState::Undoable;
        }
        let redone = self.undone_by.get(id).and_then(|undo| self.redone_by.get(undo)).filter(|_| depth < 100);
        match redone.map(|redo| self.became(redo, worktree, depth + 1)) {
            Some(UndoState::Undoable | UndoState::Redone) => UndoState::Redone,
            _ => UndoState::Undone,
        }
    }

    /// One line of the log.
    pub(super) fn row(&self, operation: &Operation) -> LogRow {
        let here = operation.worktree == self.session.repo.worktree_id();
        let worktree = match (self.own.contains(&operation.id), here) {
            (true, true) => String::new(),
            (true, false) => operation.worktree.clone(),
            (false, _) => format!("{} of another clone", operation.worktree),
        };
        let mut summary = operation.title.clone();
        if operation.aborted {
            summary.push_str(" (stopped half-way and taken back)");
        }
        LogRow {
            id: operation.id.clone(),
            time: operation.who.time,
            command: operation.command.clone(),
            reason: operation.reason.clone(),
            summary,
            undo: self.state(operation),
            worktree,
            who: format!("{} <{}>", operation.who.name, operation.who.email),
        }
    }
}
