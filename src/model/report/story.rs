//! What happened, as documents and notifications tell it: gathered once, written by templates.
//!
//! The names of the fields are what users' own templates use (`docs/templates.md`).

use super::Hint;
use crate::model::suite::Suite;
use crate::model::{ObjectId, RepoPath};
use serde::Serialize;
use std::collections::BTreeMap;

/// A failure and the rollback that answers it. Every text may be empty: not known.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Story {
    /// One sentence: what happened.
    pub title: String,
    /// The operation; empty while it is being planned.
    pub operation: String,
    /// The command.
    pub command: String,
    /// The sprint.
    pub sprint: String,
    /// When, in local time with its offset.
    pub date: String,
    /// Who rolled back.
    pub who: String,
    /// Why.
    pub reason: String,
    /// How bad it was.
    pub severity: String,
    /// What caused it.
    pub cause: String,
    /// When the trouble began, in local time with its offset.
    pub started: String,
    /// From the beginning of the trouble to now, or to the verified result.
    pub recovery: String,
    /// How long the recovery may take, by the severity.
    pub budget: String,
    /// Whether it was within the budget; none: there is no budget.
    pub within_budget: Option<bool>,
    /// What was decided.
    pub decision: String,
    /// The state that everyone can rely on.
    pub baseline: Ref,
    /// What failed.
    pub failed: Ref,
    /// Where the work of the failed state is kept.
    pub backup: String,
    /// The branch on which it goes on.
    pub recovery_branch: String,
    /// The snapshot with the whole failed state.
    pub snapshot: String,
    /// The directory of the report, and whether it lies on the backup branch.
    pub report: String,
    /// The tests of the failed state; none: they were not run.
    pub tests: Option<Tests>,
    /// Commits since the baseline, newest first (the first ones, where there are many).
    pub commits: Vec<Commit>,
    /// How many there are.
    pub commit_count: u64,
    /// Files that differ from the baseline.
    pub changes: Changes,
    /// Before the rollback.
    pub before: Vec<Item>,
    /// After it.
    pub after: Vec<Item>,
    /// What to type next.
    pub next: Vec<Hint>,
    /// Whom to ask, by role.
    pub contacts: BTreeMap<String, String>,
}

/// A branch or tag, and the commit it is at.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Ref {
    /// Its short name; empty: none.
    pub name: String,
    /// The commit, abbreviated; empty: none.
    pub commit: String,
}

/// A run of tests.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tests {
    /// Whether all of it passed.
    pub ok: bool,
    /// What was run.
    pub command: String,
    /// The result in words: numbers where they are known, else the exit code.
    pub result: String,
    /// How long it took.
    pub took: String,
    /// The numbers, where the output is understood.
    pub suite: Option<Suite>,
    /// The last lines of the output.
    pub tail: Vec<String>,
}

/// A commit in a list.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Commit {
    /// Its whole name.
    pub id: String,
    /// Its abbreviated name.
    pub short: String,
    /// When, in its own local time.
    pub date: String,
    /// Who wrote it.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
}

/// Files that differ.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Changes {
    /// In commits.
    pub committed: Vec<Change>,
    /// Not committed: tracked and untracked files.
    pub uncommitted: Vec<Change>,
    /// How many files there are in both.
    pub count: u64,
    /// Lines that commits added.
    pub added: u64,
    /// Lines that commits removed.
    pub removed: u64,
}

/// A file that differs.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Where.
    pub path: RepoPath,
    /// `added`, `modified`, `deleted`.
    pub what: &'static str,
    /// Lines added; none: not counted, or not text.
    pub added: Option<u64>,
    /// Lines removed.
    pub removed: Option<u64>,
}

/// A line of a checklist.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// What should be so.
    pub what: String,
    /// Whether it is; none: a person has to look.
    pub done: Option<bool>,
    /// What is known about it; may be empty.
    pub note: String,
}

impl Item {
    /// Something that is known.
    pub fn known(what: &str, done: bool, note: impl Into<String>) -> Item {
        Item { what: what.to_owned(), done: Some(done), note: note.into() }
    }

    /// Something that a person has to see to.
    pub fn open(what: &str) -> Item {
        Item { what: what.to_owned(), done: None, note: String::new() }
    }
}

impl Ref {
    /// A name and where it is.
    pub fn new(name: &str, commit: Option<ObjectId>) -> Ref {
        Ref { name: name.to_owned(), commit: commit.map(|id| id.short()).unwrap_or_default() }
    }
}
