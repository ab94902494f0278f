//! What is remembered of an operation once what it made was sent to a remote, and said when it is taken back.

use super::{Plan, describe};
use crate::Result;
use crate::model::Operation;
use crate::model::report::{Finding, Severity};
use crate::release::hotfix::branch_of;
use crate::store::facts::{Facts, about_operation};
use crate::store::session::Session;
use std::collections::BTreeSet;

/// What is known of such an operation: the remote, and the refs.
const PUSHED: &str = "pushed";

/// The command that an operation says which only records this: nobody takes it back.
pub const COMMAND: &str = "push";

/// Stands behind what was deleted there.
pub const DELETED: &str = " (deleted)";

/// Plans recording what was sent of operations.
///
/// # Errors
/// A fault when the log cannot be read.
pub fn record(session: &Session, operations: &BTreeSet<String>, what: &str, said: &str) -> Result<Plan> {
    let facts = Facts::read(&session.repo)?;
    let step = |operation: &String| facts.step(&about_operation(operation), PUSHED, Some(said.to_owned()));
    let mut plan = Plan { steps: operations.iter().filter_map(step).collect(), ..Plan::default() };
    plan.report.title = format!("{what} was pushed to {said}");
    plan.report.steps = describe::sentences(&plan.steps);
    Ok(plan)
}

/// Says of an operation that is taken back what others may have already, and what to do about that.
///
/// # Errors
/// A fault when the log cannot be read.
pub fn note(session: &Session, operation: &Operation, plan: &mut Plan) -> Result<()> {
    let facts = Facts::read(&session.repo)?;
    let Some(said) = facts.get(&about_operation(&operation.id), PUSHED) else { return Ok(()) };
    let forward = forward(operation, said);
    plan.report.findings.push(Finding {
        severity: Severity::Warn,
        message: format!(
            "it was pushed to {said}; that stays as it is there, only what is here is taken back. Forward is safer: {forward}"
        ),
        help: None,
    });
    plan.report.needs_yes.push(format!("it was pushed to {said}"));
    plan.report.not_undoable.push(format!("what was pushed to {said}"));
    Ok(())
}

/// What to do instead, or afterwards.
fn forward(operation: &Operation, said: &str) -> String {
    let branch = operation.facts.iter().find_map(|fact| branch_of(&fact.about)).unwrap_or_default();
    let (remote, names) = said.split_once(": ").unwrap_or((said, ""));
    if let Some(deleted) = names.strip_suffix(DELETED) {
        return format!("`git push {remote} {deleted}` sends it again, once it is back here");
    }
    match operation.command.as_str() {
        "hotfix start" => format!(
            "`git rollback hotfix abandon {branch} --push` gives the hotfix up there too, so that its number is free again; \
             `git switch {branch}` goes on with it"
        ),
        _ => format!(
            "`git rollback release mark {} --unstable`, then repair it with the next hotfix, or take the fix out of a line by a \
             new commit (`git revert -m 1`)",
            operation.point.as_deref().unwrap_or("VERSION")
        ),
    }
}
