//! `log amend`: what becomes known about an operation later.

use super::{Plan, describe};
use crate::Result;
use crate::model::{Operation, Trouble};
use crate::store::facts::{Facts, about_operation, told};
use crate::store::session::Session;

/// Plans recording that others were told about an operation.
pub fn notified(session: &Session, operation: &Operation, told: &str) -> Result<Plan> {
    let facts = Facts::read(&session.repo)?;
    let step = facts.step(&about_operation(&operation.id), NOTIFIED, Some(told.to_owned()));
    let mut plan = Plan { steps: step.into_iter().collect(), ..Plan::default() };
    plan.report.title = format!("Others were told about {}: {told}", operation.id);
    plan.report.steps = describe::sentences(&plan.steps);
    Ok(plan)
}

/// What is known of an operation once others were told.
pub const NOTIFIED: &str = "notified";

/// Makes the plan.
pub fn plan(session: &Session, operation: &Operation, trouble: &Trouble, reason: Option<&str>) -> Result<Plan> {
    let facts = Facts::read(&session.repo)?;
    let about = about_operation(&operation.id);
    let reason = reason.map(|text| ("reason", text.to_owned()));
    let said: Vec<(&str, String)> = told(trouble).into_iter().chain(reason).collect();
    let words: Vec<String> = said.iter().map(|(key, value)| format!("{key} {value}")).collect();
    let steps = said.into_iter().filter_map(|(key, value)| facts.step(&about, key, Some(value))).collect();
    let mut plan = Plan { steps, ..Plan::default() };
    plan.report.title = format!("Amend {}: {}", operation.id, words.join(", "));
    plan.report.steps = describe::sentences(&plan.steps);
    Ok(plan)
}
