//! The log entry of an operation, and the answer made from it.

use super::run::{Finished, Request};
use super::steps::Hands;
use crate::Result;
use crate::model::report::{Changed, DoneReport, Kept, LeftInPlace};
use crate::model::{FileCounts, HeadAt, Operation, RefMove, Step, TrashItem};
use crate::plan::Plan;
use crate::store::log;
use crate::store::scene::Scene;
use crate::store::session::{OperationName, Session};

/// The entry as it is known before the first step.
pub(super) fn start(
    session: &Session,
    request: &Request,
    scene: &Scene<'_>,
    plan: &Plan,
    name: &OperationName,
) -> Operation {
    let before = HeadAt { head: scene.head.clone(), commit: scene.head_commit };
    let (title, worktree) = (plan.report.title.clone(), session.repo.worktree_id());
    let mut operation = Operation::new(name.id.clone(), request.command, title, name.who.clone(), worktree, before);
    operation.argv = crate::host::env::argv();
    operation.reason = request.reason.clone();
    operation.trouble = request.trouble.clone();
    operation.left = plan.left.clone();
    operation.point = plan.point.clone();
    operation.changes_state = plan.changes_state;
    operation.undoes = plan.undoes.clone();
    operation.redoes = plan.redoes.clone();
    if let Some(after) = &plan.after {
        operation.after = after.clone();
    }
    operation
}

/// An entry for something that leaves `HEAD` where it is.
pub(super) fn entry(session: &Session, name: &OperationName, command: &str, title: String) -> Result<Operation> {
    let head = session.repo.head()?;
    let at = HeadAt { commit: session.repo.head_commit(&head)?, head };
    let worktree = session.repo.worktree_id();
    let operation = Operation::new(name.id.clone(), command, title, name.who.clone(), worktree, at);
    Ok(Operation { argv: crate::host::env::argv(), ..operation })
}

/// Completes the entry and appends it to the log.
pub(super) fn finish(
    session: &Session,
    mut operation: Operation,
    hands: &Hands<'_>,
    steps: &[Step],
    began: std::time::Instant,
    differs: Vec<String>,
) -> Result<Finished> {
    for step in steps {
        match step {
            Step::Ref { name, old, new, .. } => {
                operation.refs.push(RefMove { name: name.clone(), old: *old, new: *new });
            }
            Step::MoveToTrash { path, slot } => {
                operation.trash.push(TrashItem { path: path.clone(), slot: slot.clone(), back: false });
            }
            Step::MoveFromTrash { path, slot } => {
                operation.trash.push(TrashItem { path: path.clone(), slot: slot.clone(), back: true });
            }
            Step::Fact(fact) => operation.facts.push(fact.clone()),
            _ => {}
        }
    }
    operation.trash.retain(|item| !hands.left.iter().any(|left| left.path == item.path));
    operation.left.extend(hands.left.iter().cloned());
    for step in steps {
        if let Step::Worktree(change) = step {
            let removed = change.files.iter().filter(|c| c.new.is_none()).count();
            operation.files = FileCounts { written: change.files.len() - removed, removed };
        }
    }
    operation.kept = hands.kept_files();
    let differs = [differs, hands.failures()].concat();
    operation.runs.extend(hands.ran.iter().cloned());
    operation.differs = differs.clone();
    operation.millis = began.elapsed().as_millis() as u64;
    log::append(&session.repo, &session.layout, &operation)?;
    Ok(Finished { operation, differs, warnings: Vec::new(), commits: Vec::new() })
}

/// The answer to a command that was carried out.
pub fn done_report(finished: &Finished, way_back: Option<String>) -> DoneReport {
    let operation = &finished.operation;
    let snapshot = operation.snapshot.as_ref();
    let kept = |file: &crate::model::KeptFile| Kept { path: file.path.clone(), at: file.at.clone() };
    let left = |left: &crate::model::Skipped| LeftInPlace {
        path: left.path.clone(),
        reason: left.why.clone(),
        bytes: left.size,
    };
    let mut warnings = finished.warnings.clone();
    warnings.extend(operation.differs_itself().cloned());
    DoneReport {
        operation: Some(operation.id.clone()),
        command: operation.command.clone(),
        summary: match operation.aborted {
            true => format!("Taken back, everything is as it was before: {}", operation.title),
            false => operation.title.clone(),
        },
        point: operation.point.clone(),
        snapshot: snapshot.map(|s| s.name.rsplit('/').next().unwrap_or_default().to_owned()),
        verified: finished.differs.is_empty(),
        changed: Changed {
            written: operation.files.written as u64,
            removed: operation.files.removed as u64,
            trashed: operation.trash.iter().filter(|item| !item.back).count() as u64,
            refs: operation.refs.iter().filter(|r| !r.name.starts_with("refs/rollback/")).count() as u64,
        },
        recovered: Vec::new(),
        runs: operation.runs.clone(),
        commits: finished.commits.clone(),
        kept: operation.kept.iter().map(kept).collect(),
        left_in_place: operation.left.iter().map(left).collect(),
        pushed: None,
        story: None,
        warnings,
        next: Vec::new(),
        way_back,
        recover_with_git: snapshot.map(|s| format!("git stash apply --index {}^", s.name)),
    }
}
