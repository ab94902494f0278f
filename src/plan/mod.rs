//! Planners: they read, decide, and return a plan. Nothing is changed here.

mod advance;
pub mod amend;
pub mod backup;
pub mod candidate;
pub mod describe;
pub mod finish;
mod folders;
pub mod hotfix;
mod ignored;
pub mod lifecycle;
pub mod lost;
pub mod pick;
pub mod points;
pub mod pushed;
pub mod recover_item;
pub mod release;
pub mod release_commit;
pub mod repair;
pub mod resolve;
pub mod restore;
pub mod sprint;
pub mod target;
pub mod to;
pub mod transition;
pub mod undo;
pub mod validate;
mod way;
pub mod write;

pub use describe::{commit_rows, count, files_of, sentences};

use self::transition::Desk;
use crate::Result;
use crate::model::report::PlanReport;
use crate::model::{Answer, Head, HeadAt, ObjectId, Pause, RepoPath, Skipped, Stat, Step, Who, Work};
use crate::store::scene::Scene;
use crate::store::session::Session;
use crate::store::snapshot::Extra;
use std::collections::BTreeMap;

/// What a command would do.
#[derive(Debug, Default)]
pub struct Plan {
    /// For people: what, why, and what was found.
    pub report: PlanReport,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What the snapshot before must hold beyond the usual.
    pub extra: Extra,
    /// `lstat` of the files that will be replaced, when their bytes were saved.
    pub seen: BTreeMap<RepoPath, Stat>,
    /// Blobs that git would store for files that are converted when they are written.
    pub converted: BTreeMap<RepoPath, crate::model::ObjectId>,
    /// Blobs that it writes, where they are at hand.
    pub blobs: crate::git::ReadBlobs,
    /// What stays in place.
    pub left: Vec<Skipped>,
    /// Whether files, index, `HEAD` or the user's refs change.
    pub changes_state: bool,
    /// `HEAD` afterwards; `None`: as before.
    pub after: Option<HeadAt>,
    /// The operation it takes back.
    pub undoes: Option<String>,
    /// The undo it takes back.
    pub redoes: Option<String>,
    /// The point it makes or removes.
    pub point: Option<String>,
    /// What is run before anything changes.
    pub before: Option<lifecycle::Before>,
    /// A point to be made on the snapshot of the operation itself.
    pub point_on_snapshot: Option<NewPoint>,
    /// What remains when the steps are taken; `None`: nothing, the operation is done then.
    pub pause: Option<Pause>,
}

/// An operation that stopped half-way goes on.
#[derive(Clone, Debug)]
pub struct Turn {
    /// What it waited for, and what remains.
    pub pause: Pause,
    /// What the person says.
    pub answer: Answer,
}

/// A point that is made on the snapshot of the operation itself.
#[derive(Clone, Debug)]
pub struct NewPoint {
    /// Kind of the point.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its message.
    pub message: String,
    /// Its ref.
    pub reference: String,
}

/// Plans what remains of an operation that stopped half-way.
///
/// # Errors
/// What it waited for is not done.
pub fn go_on(session: &Session, desk: Desk<'_, '_>, who: &Who, turn: &Turn) -> Result<Plan> {
    match &turn.pause.work {
        Work::Pick(work) => pick::go_on(session, desk, who, turn, work),
        Work::Hotfix(work) => finish::go_on(session, desk, who, turn, work),
    }
}

/// The step that lets `HEAD` point to `head`, which leads to `commit`; `None`: it does.
fn switch(scene: &Scene<'_>, head: &Head, commit: Option<ObjectId>) -> Option<Step> {
    let step =
        || Step::Head { old: scene.head.clone(), new: head.clone(), old_commit: scene.head_commit, new_commit: commit };
    (scene.head != *head).then(step)
}

impl Plan {
    /// Whether there is nothing to do.
    ///
    /// Taking an operation back is always something: when everything stands already as it was before it, that is
    /// still noted, or the next `undo` would meet the same operation for ever.
    pub fn is_empty(&self) -> bool {
        let takes_back = self.undoes.is_some() || self.redoes.is_some();
        self.steps.is_empty() && self.before.is_none() && self.point_on_snapshot.is_none() && !takes_back
    }
}
