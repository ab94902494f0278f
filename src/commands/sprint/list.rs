//! `git rollback sprint list` and `sprint show`: what branches and the log tell.

use crate::commands::facts::History;
use crate::commands::history;
use crate::commands::record::sprint_branches;
use crate::commands::story::{backup_of, baseline};
use crate::git::Repo;
use crate::model::Operation;
use crate::model::report::{Outcome, SprintBranch, SprintReport, SprintRow, SprintState, SprintsReport, UndoState};
use crate::model::{Time, nearest};
use crate::plan::sprint::sprint_of;
use crate::store::facts::amended;
use crate::store::log;
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// Lists the sprints.
pub(super) fn list() -> Result<Outcome> {
    let session = Session::open()?;
    Ok(SprintsReport { sprints: all(&session)?.into_values().collect() }.into())
}

/// Shows one of them.
pub(super) fn show(number: &str) -> Result<Outcome> {
    let session = Session::open()?;
    let mut sprints = all(&session)?;
    let names: Vec<String> = sprints.keys().cloned().collect();
    let row = sprints.remove(number).ok_or_else(|| {
        let error = Error::refused(format!("there is no sprint {number}"));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match nearest(number, &names) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("`git rollback sprint list` lists them"),
        }
    })?;
    let rollbacks = history::rows(&session, |operation| operation.trouble.sprint.as_deref() == Some(number))?;
    let base = baseline(&session).ok().map(|baseline| baseline.commit);
    let mut branches = Vec::new();
    for name in row.branch.iter().chain(&row.retries).chain(&row.backups) {
        let Some(commit) = session.repo.reference(&format!("refs/heads/{name}"))? else { continue };
        let ahead =
            base.map(|base| session.repo.ahead_behind(commit, base)).transpose()?.map(|(ahead, _)| ahead as u64);
        branches.push(SprintBranch { name: name.clone(), commit, ahead });
    }
    Ok(SprintReport { row, branches, rollbacks }.into())
}

fn all(session: &Session) -> Result<BTreeMap<String, SprintRow>> {
    let operations = amended(log::read(&session.repo, usize::MAX)?);
    let own = log::read_own(&session.repo, &session.layout, usize::MAX)?;
    let history = History::new(session, &own);
    let mut out: BTreeMap<String, SprintRow> = BTreeMap::new();
    // Oldest first, so that the last thing that happened decides.
    for operation in operations.iter().rev() {
        note(session, &history, operation, &mut out);
    }
    add_branches(session, &mut out)?;
    Ok(out)
}

fn note(session: &Session, history: &History<'_>, operation: &Operation, out: &mut BTreeMap<String, SprintRow>) {
    let is_mine = operation.command.starts_with("sprint ") && !operation.aborted;
    let Some(number) = operation.trouble.sprint.as_ref().filter(|_| is_mine) else { return };
    if history.state(operation) == UndoState::Undone {
        return;
    }
    let row = out.entry(number.clone()).or_insert_with(|| new_row(number));
    let time: Time = operation.who.time;
    if operation.command == "sprint start" {
        row.started = Some(time);
    } else {
        row.failures += 1;
        row.failed = Some(time);
        row.state = SprintState::Failed;
        row.reason = operation.reason.clone();
        row.backups.extend(backup_of(&session.config, operation));
    }
}

fn new_row(number: &str) -> SprintRow {
    SprintRow { number: number.to_owned(), ..SprintRow::default() }
}

/// Branches are there also where the log of whoever made them is not.
fn add_branches(session: &Session, out: &mut BTreeMap<String, SprintRow>) -> Result<()> {
    let (repo, sprint): (&Repo, _) = (&session.repo, &session.config.sprint);
    let head = repo.head()?;
    for found in repo.references("refs/heads/*")? {
        let Some(name) = found.utf8_name().and_then(|name| name.strip_prefix("refs/heads/")) else { continue };
        if sprint_branches(&sprint.backup, name) {
            continue;
        }
        let Some(number) = sprint_of(name, &sprint.branch) else { continue };
        let row = out.entry(number.clone()).or_insert_with(|| new_row(&number));
        row.here |= head.branch() == Some(name);
        if name == sprint.branch.replace("{n}", &number) {
            row.branch = Some(name.to_owned());
        } else {
            row.retries.push(name.to_owned());
        }
    }
    Ok(())
}
