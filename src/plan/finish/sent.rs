//! Sending a finished hotfix to a remote: what belongs to it, and what is remembered of it.

use super::lines::living;
use crate::git::RemoteEdit;
use crate::model::Operation;
use crate::model::report::{Finding, Severity};
use crate::plan::{Plan, describe};
use crate::release::hotfix::{about, beside_key, line_key};
use crate::release::{Hotfix, records};
use crate::store::facts::{Facts, about_operation};
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeSet;

/// What is known of an operation once what it made was sent: the remote, and the refs.
const PUSHED: &str = "pushed";

/// What is sent.
#[derive(Clone, Debug, Default)]
pub struct Sending {
    /// Refs there, and what they become.
    pub edits: Vec<RemoteEdit>,
    /// The same in words.
    pub names: Vec<String>,
    /// Protected lines, and the branches that are to be merged into them.
    pub beside: Vec<(String, String)>,
}

/// The tag of a hotfix, the lines that got it, the branches beside protected ones, and its own branch where the remote has it.
///
/// # Errors
/// Refused: it is not released yet.
pub fn what(session: &Session, hotfix: &Hotfix, remote: &str) -> Result<Sending> {
    let repo = &session.repo;
    let Some(tag) = &hotfix.tag else {
        return Err(Error::refused(format!("the hotfix {} is not released yet", hotfix.version)));
    };
    let (facts, subject) = (Facts::read(repo)?, about(&hotfix.branch));
    let mut out = Sending::default();
    let mut add = |name: String, local: &str| -> Result<bool> {
        let Some(new) = repo.reference(local)? else { return Ok(false) };
        out.names.push(name.trim_start_matches("refs/heads/").trim_start_matches("refs/tags/").to_owned());
        out.edits.push(RemoteEdit::Forward { name, new });
        Ok(true)
    };
    let mut beside = Vec::new();
    for line in living(session, hotfix)? {
        let local = format!("refs/heads/{line}");
        if let Some(branch) = facts.get(&subject, &beside_key(&line)) {
            let full = format!("refs/heads/{branch}");
            if add(full.clone(), &full)? {
                beside.push((line, branch.to_owned()));
            }
        } else if facts.get(&subject, &line_key(&line)).is_some() {
            let follows = repo.upstream(&line).filter(|up| up.remote == remote).map(|up| up.merge);
            add(follows.unwrap_or_else(|| local.clone()), &local)?;
        }
    }
    if hotfix.remotes.contains_key(remote) {
        let own = format!("refs/heads/{}", hotfix.branch);
        add(own.clone(), &own)?;
    }
    let tag = format!("refs/tags/{tag}");
    add(tag.clone(), &tag)?;
    out.beside = beside;
    Ok(out)
}

/// Plans recording that a hotfix was sent.
///
/// # Errors
/// A fault when the log cannot be read.
pub fn record(session: &Session, hotfix: &Hotfix, remote: &str, names: &[String]) -> Result<Plan> {
    let facts = Facts::read(&session.repo)?;
    let mut operations: BTreeSet<String> = BTreeSet::new();
    let mut made_by = |about: &str, key: &str| operations.extend(facts.known(about, key).map(|k| k.operation.clone()));
    if let Some(tag) = &hotfix.tag {
        made_by(&records::about(tag), records::COMMIT);
    }
    for line in living(session, hotfix)? {
        made_by(&about(&hotfix.branch), &line_key(&line));
        made_by(&about(&hotfix.branch), &beside_key(&line));
    }
    let said = format!("{remote}: {}", names.join(", "));
    let step = |operation: &String| facts.step(&about_operation(operation), PUSHED, Some(said.clone()));
    let mut plan = Plan { steps: operations.iter().filter_map(step).collect(), ..Plan::default() };
    plan.report.title = format!("The hotfix {} was pushed to {said}", hotfix.version);
    plan.report.steps = describe::sentences(&plan.steps);
    Ok(plan)
}

/// Says of an operation that is taken back what others may have already.
///
/// # Errors
/// A fault when the log cannot be read.
pub fn note_pushed(session: &Session, operation: &Operation, plan: &mut Plan) -> Result<()> {
    let facts = Facts::read(&session.repo)?;
    let Some(pushed) = facts.get(&about_operation(&operation.id), PUSHED) else { return Ok(()) };
    let version = operation.point.as_deref().unwrap_or("VERSION");
    plan.report.findings.push(Finding {
        severity: Severity::Warn,
        message: format!("it was pushed to {pushed}; that stays as it is there, only what is here is taken back"),
        help: Some(format!(
            "forward is safer: `git rollback release mark {version} --unstable`, then repair it with the next hotfix, or take the fix out \
             of a line by a new commit (`git revert -m 1`)"
        )),
    });
    plan.report.needs_yes.push("it was pushed".to_owned());
    plan.report.not_undoable.push(format!("what was pushed to {pushed}"));
    Ok(())
}
