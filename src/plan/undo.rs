//! `undo` and `redo`: back to the state before an operation.

use super::target::Target;
use super::transition::{Clean, Desk, Only, Scope, Transition, missing_object};
use super::{Plan, describe};
use crate::git::Pathspecs;
use crate::model::report::{Finding, Severity};
use crate::model::{HeadAt, ObjectId, Operation, RepoPath, Step};
use crate::store::facts::Facts;
use crate::store::session::Session;
use crate::store::{log, snapshot, tags};
use crate::{Error, Result};
use std::collections::BTreeMap;

/// Makes the plan that takes back `operation`, the last one of this worktree.
///
/// The files and the index come back exactly as the snapshot before the operation has them (where that tells of some
/// paths alone, these; the operation touched no others); refs and `HEAD` only where the operation moved them.
///
/// # Errors
/// Refused when the snapshot has expired.
pub fn plan(session: &Session, desk: Desk<'_, '_>, operation: &Operation) -> Result<Plan> {
    let scene = desk.scene;
    let expired = || {
        Error::refused(format!("operation {} can no longer be undone: its snapshot has expired", operation.id))
            .help("`git rollback log` lists what can be undone")
    };
    let before = operation.snapshot.as_ref().ok_or_else(expired)?;
    if !session.repo.exists(before.id) {
        return Err(expired());
    }
    let snapshot = snapshot::load(&session.repo, before.id)?;
    let target = Target::of_snapshot(&session.repo, &snapshot).map_err(|e| missing_object(scene, e))?;
    let done = carried_out(session, operation)?;
    let mut plan = Plan { changes_state: operation.changes_state, ..Plan::default() };
    let reversal = reverse_the_rest(session, desk, &done, &mut plan)?;
    plan.extra.commits.push(before.id);
    let only = target.scope.clone().map(Pathspecs::of);
    let mut scope = Scope { only: only.as_ref().map(|only| only as &dyn Only), ..Scope::whole(Clean::None) };
    scope.git_files = only.is_none();
    scope.made = made_by(&done);
    scope.leaving = reversal.leaving.clone();
    let transition = Transition::work_out(desk, &target, &scope)?;
    transition.into_plan(&mut plan, reversal.middle, reversal.last)?;
    let mut steps = reversal.first;
    steps.append(&mut plan.steps);
    plan.steps = steps;
    plan.after = Some(reversal.after);
    tags::revive(&session.repo, &plan.steps, before.id, desk.sink)?;
    drift(&mut plan, &done);
    plan.report.title = format!("Undo {}: {}", operation.id, operation.title);
    plan.report.steps = describe::sentences(&plan.steps);
    plan.report.way_back = Some("git rollback redo".to_owned());
    Ok(plan)
}

/// The steps of an operation, without the moves that the file system refused: what was left in place is there.
fn carried_out(session: &Session, operation: &Operation) -> Result<Vec<Step>> {
    let mut steps = log::steps_of(&session.repo, operation)?.steps;
    steps.retain(|step| match step {
        Step::Run { .. } => false,
        Step::MoveToTrash { path, .. } => !operation.left.iter().any(|left| &left.path == path),
        _ => true,
    });
    Ok(steps)
}

/// Files that the operation made where nothing was.
fn made_by(done: &[Step]) -> std::collections::BTreeSet<RepoPath> {
    let changes = done.iter().filter_map(|step| match step {
        Step::Worktree(change) => Some(&change.files),
        _ => None,
    });
    changes.flatten().filter(|c| c.old.is_none()).map(|c| c.path.clone()).collect()
}

#[derive(Debug)]
struct Reversal {
    leaving: std::collections::BTreeSet<RepoPath>,
    first: Vec<Step>,
    middle: Vec<Step>,
    last: Vec<Step>,
    after: HeadAt,
}

/// Everything but files and index: refs, `HEAD`, the stash list, the trash.
fn reverse_the_rest(session: &Session, desk: Desk<'_, '_>, done: &[Step], plan: &mut Plan) -> Result<Reversal> {
    let (scene, repo) = (desk.scene, &session.repo);
    let mut out = Reversal {
        leaving: Default::default(),
        first: Vec::new(),
        middle: Vec::new(),
        last: Vec::new(),
        after: HeadAt { head: scene.head.clone(), commit: scene.head_commit },
    };
    let facts = facts_for(session, done)?;
    let mut slots = 0;
    let home = done.iter().find_map(|step| match step {
        Step::Head { old_commit, .. } => *old_commit,
        _ => None,
    });
    let home = home.or(scene.head_commit);
    for step in done.iter().rev().cloned() {
        match step.reversed() {
            Step::Ref { name, new, message, .. } => {
                let now = repo.reference(&name)?;
                if now != new {
                    // A branch that goes: what the place that is gone to has as well does not leave.
                    note_commits(session, &name, now, new.or(home), plan)?;
                    plan.extra.commits.extend(now.and_then(|id| repo.peel(id).ok().flatten()));
                    out.middle.push(Step::Ref { name, old: now, new, message: format!("undo of: {message}") });
                }
            }
            Step::Head { new, new_commit, .. } => {
                out.middle.extend(super::switch(scene, &new, new_commit));
                out.after = HeadAt { head: new, commit: new_commit };
            }
            Step::MoveFromTrash { path, slot } => {
                if session.layout.trash().join(&slot).symlink_metadata().is_err() {
                    missing_slot(plan, &path);
                    continue;
                }
                if scene.root.stat(&path)?.is_some() && !is_tracked_now(desk, &path) {
                    // It was made again meanwhile: both are kept.
                    slots += 1;
                    out.leaving.insert(path.clone());
                    out.first
                        .push(Step::MoveToTrash { path: path.clone(), slot: format!("{}/c{slots}", desk.operation) });
                }
                out.last.insert(0, Step::MoveFromTrash { path, slot });
            }
            Step::MoveToTrash { path, .. } => {
                if scene.root.stat(&path)?.is_none() {
                    continue;
                }
                slots += 1;
                out.leaving.insert(path.clone());
                out.first.push(Step::MoveToTrash { path, slot: format!("{}/c{slots}", desk.operation) });
            }
            Step::Stash { commit, message, old, new } => out.middle.push(Step::Stash { commit, message, old, new }),
            Step::Upstream { branch, new, .. } => {
                let now = repo.upstream(&branch);
                if now != new {
                    out.middle.push(Step::Upstream { branch, old: now, new });
                }
            }
            Step::Nested { repo, slot, new: false } => {
                out.leaving.insert(repo.path.clone());
                out.first.push(Step::Nested { repo, slot, new: false });
            }
            step @ (Step::Submodule { .. } | Step::Nested { .. } | Step::Linked { .. }) => out.middle.push(step),
            Step::Fact(fact) => out.middle.extend(facts.step(&fact.about, &fact.key, fact.new)),
            Step::Worktree(_) | Step::Index { .. } | Step::GitFiles { .. } | Step::Run { .. } => {}
        }
    }
    if let crate::model::Head::Branch(_) = &out.after.head {
        out.after.commit = super::to::head_commit_after(scene, &out.after.head, &out.middle, repo)?;
    }
    Ok(out)
}

/// What is known, where a step is about that: it takes reading the whole log.
fn facts_for(session: &Session, steps: &[Step]) -> Result<Facts> {
    let any = steps.iter().any(|step| matches!(step, Step::Fact(_)));
    if any { Facts::read(&session.repo) } else { Ok(Facts::default()) }
}

fn is_tracked_now(desk: Desk<'_, '_>, path: &RepoPath) -> bool {
    let index = &desk.scene.index;
    !index.range_at(path.as_bytes()).is_empty() || !index.range_below(path.as_bytes()).is_empty()
}

fn missing_slot(plan: &mut Plan, path: &RepoPath) {
    plan.report.findings.push(Finding {
        severity: Severity::Warn,
        message: format!("{path} cannot come back: it is no longer in the trash"),
        help: None,
    });
}

fn note_commits(
    session: &Session,
    name: &str,
    now: Option<ObjectId>,
    new: Option<ObjectId>,
    plan: &mut Plan,
) -> Result<()> {
    let (Some(now), true) = (now, name.starts_with("refs/heads/")) else { return Ok(()) };
    let made_by_us = plan.extra.commits.contains(&now);
    let leaving = session.repo.leaving(now, new, 20)?;
    if leaving.count > 0 && !made_by_us {
        for (commit, published) in leaving.newest {
            plan.report.commits_leaving.push(crate::model::report::CommitRow {
                id: commit.id,
                subject: commit.subject,
                published,
            });
        }
    }
    Ok(())
}

/// Says what was done since the operation and would be replaced; that needs a yes.
fn drift(plan: &mut Plan, done: &[Step]) {
    let mut expected: BTreeMap<RepoPath, Option<crate::model::FileSpec>> = BTreeMap::new();
    for step in done {
        if let Step::Worktree(change) = step {
            expected.extend(change.files.iter().map(|c| (c.path.clone(), c.new.clone())));
        }
    }
    let mut since: Vec<String> = Vec::new();
    for step in &plan.steps {
        if let Step::Worktree(change) = step {
            for file in &change.files {
                if expected.get(&file.path) != Some(&file.old) {
                    since.push(file.path.to_string());
                }
            }
        }
    }
    if !since.is_empty() {
        let names = since.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        plan.report.findings.push(Finding {
            severity: Severity::Note,
            message: format!(
                "{} since; saved first: {names}",
                super::count(since.len(), "file changed", "files changed")
            ),
            help: Some("`git rollback redo` brings them back".to_owned()),
        });
        plan.report.needs_yes.push(format!(
            "{} since then, and replaced now",
            super::count(since.len(), "file changed", "files changed")
        ));
    }
    let leaving = plan.report.commits_leaving.len();
    if leaving > 0 && done_moves_forward(plan, done) {
        plan.report
            .needs_yes
            .push(format!("{} since then leave the branch", super::count(leaving, "commit made", "commits made")));
    }
}

/// Whether a branch is not where the operation left it.
fn done_moves_forward(plan: &Plan, done: &[Step]) -> bool {
    let left: BTreeMap<&String, Option<ObjectId>> = done
        .iter()
        .filter_map(|step| match step {
            Step::Ref { name, new, .. } => Some((name, *new)),
            _ => None,
        })
        .collect();
    plan.steps.iter().any(|step| match step {
        Step::Ref { name, old, .. } => left.get(name).is_some_and(|id| id != old),
        _ => false,
    })
}

/// Takes back one older operation and keeps the later ones.
///
/// # Errors
/// Refused, with what stands in the way, when later changes touch the same things.
pub fn plan_older(session: &Session, desk: Desk<'_, '_>, operation: &Operation) -> Result<Plan> {
    let steps: Vec<Step> = carried_out(session, operation)?.into_iter().rev().map(Step::reversed).collect();
    let obstacles = obstacles(session, desk, &steps)?;
    if let Some(first) = obstacles.first() {
        let more = obstacles.len() - 1;
        let mut error = Error::refused(format!("operation {} cannot be undone alone", operation.id)).because(first);
        if more > 0 {
            error = error.because(format!("and {more} more"));
        }
        return Err(error
            .help("undo the later operations first (`git rollback undo`, repeatedly)")
            .help(before(session, operation)));
    }
    let mut plan = Plan { changes_state: operation.changes_state, steps, ..Plan::default() };
    plan.extra.commits.extend(operation.snapshot.as_ref().map(|s| s.id).filter(|id| session.repo.exists(*id)));
    for step in &plan.steps {
        if let Step::Worktree(change) = step {
            super::describe::files(&mut Plan::default(), desk.scene, change, &Default::default(), &[]);
        }
    }
    if let Some(before) = operation.snapshot.as_ref().filter(|s| session.repo.exists(s.id)) {
        tags::revive(&session.repo, &plan.steps, before.id, desk.sink)?;
    }
    plan.after = Some(after(session, desk, &plan.steps)?);
    plan.report.title = format!("Undo {} alone: {}", operation.id, operation.title);
    plan.report.steps = describe::sentences(&plan.steps);
    plan.report.way_back = Some("git rollback redo".to_owned());
    Ok(plan)
}

/// How to get at the state before an operation when it cannot be undone.
fn before(session: &Session, operation: &Operation) -> String {
    let id = &operation.id;
    let loaded = operation.snapshot.as_ref().and_then(|before| snapshot::load(&session.repo, before.id).ok());
    match loaded.is_some_and(|snapshot| snapshot.manifest.scope.is_some()) {
        true => format!("or bring back what it replaced: `git rollback restore --from op:{id}^ PATH`"),
        false => format!("or go to the state before it: `git rollback to op:{id}^`"),
    }
}

fn after(session: &Session, desk: Desk<'_, '_>, steps: &[Step]) -> Result<HeadAt> {
    let head = steps.iter().find_map(|step| match step {
        Step::Head { new, .. } => Some(new.clone()),
        _ => None,
    });
    let head = head.unwrap_or_else(|| desk.scene.head.clone());
    let commit = super::to::head_commit_after(desk.scene, &head, steps, &session.repo)?;
    Ok(HeadAt { head, commit })
}

fn obstacles(session: &Session, desk: Desk<'_, '_>, steps: &[Step]) -> Result<Vec<String>> {
    let (scene, repo) = (desk.scene, &session.repo);
    let mut out = Vec::new();
    let facts = facts_for(session, steps)?;
    for step in steps {
        match step {
            Step::Fact(fact) if facts.get(&fact.about, &fact.key) != fact.old.as_deref() => {
                out.push(format!("{}: {} was recorded differently since", fact.about, fact.key));
            }
            Step::Worktree(change) => {
                for file in &change.files {
                    let now = scene.current(&file.path, desk.sink)?.map(|(spec, _)| spec);
                    if now != file.old {
                        out.push(format!("{} changed since", file.path));
                    }
                }
            }
            Step::Index { changes } => {
                let moved = changes.iter().filter(|c| scene.index_entries(&c.path) != c.old);
                out.extend(moved.map(|c| format!("{} was staged differently since", c.path)));
            }
            Step::Ref { name, old, .. } if repo.reference(name)? != *old => out.push(format!("{name} moved since")),
            Step::Upstream { branch, old, .. } if repo.upstream(branch) != *old => {
                out.push(format!("what {branch} follows changed since"));
            }
            Step::Head { old, .. } if &scene.head != old => out.push("HEAD moved since".to_owned()),
            Step::MoveFromTrash { path, .. } if scene.root.stat(path)?.is_some() => {
                out.push(format!("{path} was made again since"));
            }
            _ => {}
        }
    }
    Ok(out)
}
