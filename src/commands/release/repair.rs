//! Puts right what went wrong with a release: here, and when it is asked for, on the remote.

use crate::commands::Ctx;
use crate::commands::change::{carry_out, request};
use crate::commands::send::{by_hand, made_by, operation_of, send_or_say};
use crate::engine::Locks;
use crate::git::RemoteEdit;
use crate::model::Operation;
use crate::model::report::{Finding, Hint, Outcome, PlanReport, Report, Severity};
use crate::plan::hotfix::next_free;
use crate::plan::repair::{self, Repair, RepairRequest, after, full};
use crate::release::diagnosis::{Asking, Findings, gather};
use crate::release::{Package, Releases, Version};
use crate::store::session::Session;
use crate::{Error, Result};

/// What is asked for.
pub(super) struct Wanted {
    pub version: String,
    pub renumber: bool,
    pub delete_tag: bool,
    pub push: bool,
    pub force: bool,
}

pub(super) fn run(ctx: &Ctx<'_>, session: &Session, package: &Package, wanted: &Wanted) -> Result<Outcome> {
    session.refuse_unfinished()?;
    let found = look(ctx, session, package, &wanted.version)?;
    let number = number_after(ctx, session, package, &found)?;
    let how = match (wanted.renumber, wanted.delete_tag) {
        (true, _) => Repair::Renumber,
        (_, true) => Repair::DeleteTag { name: tag_to_delete(&found, &wanted.version)?, force: wanted.force },
        _ => Repair::AsFound,
    };
    let asked = RepairRequest { found: &found, how, number, reason: ctx.global.reason.clone() };
    let remote = found.remote.clone().filter(|_| wanted.push);
    if wanted.push && remote.is_none() {
        return Err(Error::refused("there is no remote to push to").help("`git remote add origin URL` adds one"));
    }
    let outcome = carry_out(ctx, session, &request(ctx, "release repair"), Locks::IndexAndHead, &|table| {
        let mut plan = repair::plan(session, table.desk, table.name, package, &asked)?;
        if let Some(remote) = remote.as_ref().filter(|_| !plan.is_empty()) {
            announce(&mut plan.report, remote);
        }
        Ok(plan)
    })?;
    match outcome.report {
        Report::Done(_) => sent(ctx, session, &asked, remote.as_deref(), outcome),
        _ => Ok(outcome),
    }
}

/// Everything that is known of one version.
pub(super) fn look(ctx: &Ctx<'_>, session: &Session, package: &Package, typed: &str) -> Result<Findings> {
    let asking = Asking { typed: Some(typed), limit: 1, remote: true, run: true };
    let gathered = gather(session, package, ctx.talk, &asking)?;
    for why in &gathered.not_asked {
        ctx.talk.warn(&format!("not asked: {why}"));
    }
    gathered.found.into_iter().next().ok_or_else(|| Error::refused(format!("there is no release \"{typed}\"")))
}

/// The next number that nobody has: no tag or hotfix here, no tag on the remote, and not the registry.
fn number_after(ctx: &Ctx<'_>, session: &Session, package: &Package, found: &Findings) -> Result<Version> {
    let releases = Releases::read(session, package)?;
    let mut number = match found.version.is_prerelease() {
        true => after(&found.version),
        false => next_free(session, package, &releases, &found.version, None)?,
    };
    for _ in 0..MOST_TAKEN {
        let typed = number.to_string();
        let asking = Asking { typed: Some(&typed), limit: 1, remote: true, run: true };
        // Where anything at all is known of it, it is taken.
        if gather(session, package, &crate::host::talk::Quiet(ctx.talk), &asking).is_err() {
            return Ok(number);
        }
        number = after(&number);
    }
    Err(Error::refused(format!("no number behind {} is free", found.version)))
}

/// More numbers in a row are not taken by accident.
const MOST_TAKEN: usize = 50;

fn tag_to_delete(found: &Findings, typed: &str) -> Result<String> {
    let here = found.tags.iter().map(|tag| &tag.name);
    let there = found.there.iter().flatten().map(|tag| &tag.name);
    let names: Vec<&String> = here.chain(there).collect();
    let named = typed.strip_prefix("tag:").unwrap_or(typed);
    match names.iter().find(|name| **name == named).or(names.first()) {
        Some(name) => Ok((*name).clone()),
        None => Err(Error::refused(format!("{} has no tag", found.version))),
    }
}

fn announce(plan: &mut PlanReport, remote: &str) {
    plan.findings.push(Finding {
        severity: Severity::Note,
        message: format!("{remote} is changed as well"),
        help: None,
    });
    plan.needs_yes.push(format!("{remote} is changed"));
    plan.not_undoable.push(format!("what {remote} has afterwards; the answer says how it is sent again"));
}

/// Sends what was done to the remote, or says how.
fn sent(
    ctx: &Ctx<'_>,
    session: &Session,
    asked: &RepairRequest<'_>,
    remote: Option<&str>,
    outcome: Outcome,
) -> Result<Outcome> {
    let operation = operation_of(session, &outcome)?;
    let edits = edits(session, asked, operation.as_ref());
    let Some(name) = asked.found.remote.as_deref().filter(|_| !edits.is_empty()) else { return Ok(outcome) };
    if remote.is_none() && matches!(asked.how, Repair::DeleteTag { .. }) {
        return Ok(outcome);
    }
    if let (Some(remote), None) = (remote, &operation) {
        // Nothing was left to do here, so nobody was asked.
        let by_hand = by_hand(&session.repo, remote, &edits);
        let mut plan = PlanReport { title: format!("Change {remote}: {by_hand}"), ..PlanReport::default() };
        announce(&mut plan, remote);
        if !ctx.talk.approve(&plan)? {
            return Err(Error::refused("nothing was done: the answer was no"));
        }
    }
    let mut outcome = send_or_say(ctx, session, outcome, (name, &edits), remote.is_some())?;
    if let Report::Done(done) = &mut outcome.report
        && done.pushed.is_some()
    {
        done.next.extend(again(asked, name));
    }
    Ok(outcome)
}

/// How a tag that was deleted on the remote comes back there.
fn again(asked: &RepairRequest<'_>, remote: &str) -> Option<Hint> {
    let Repair::DeleteTag { name, .. } = &asked.how else { return None };
    let there = asked.found.there.iter().flatten().find(|tag| &tag.name == name)?;
    let command = format!("git push {remote} {}:{}", there.id, full(name));
    Some(Hint::new(command, "brings it back there, when `undo` has brought it back here"))
}

/// What the remote lacks of what was done.
fn edits(session: &Session, asked: &RepairRequest<'_>, operation: Option<&Operation>) -> Vec<RemoteEdit> {
    let found = asked.found;
    if let Repair::DeleteTag { name, .. } = &asked.how {
        let there = found.there.iter().flatten().filter(|tag| &tag.name == name);
        return there.map(|tag| RemoteEdit::Replace { name: full(name), old: tag.id, new: None }).collect();
    }
    let old = found.tags.iter().map(|tag| full(&tag.name)).collect::<Vec<_>>();
    let remote = found.remote.as_deref().unwrap_or_default();
    let made = operation.map(|operation| made_by(&session.repo, operation, remote)).unwrap_or_default();
    made.into_iter().filter(|edit| !old.iter().any(|name| name == edit.name())).collect()
}
