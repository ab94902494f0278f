//! What is run around a full rollback: `stop` before anything changes; `install`, `start` and `verify` after.

use super::Plan;
use super::target::Target;
use super::transition::Desk;
use crate::config::{Commands, Config, FILE_NAME, trust};
use crate::git::ObjectKind;
use crate::model::report::{Finding, Severity};
use crate::model::{Phase, RepoPath, Step, Task};
use crate::store::session::Session;
use crate::{Error, Result};

/// What is run before anything changes.
#[derive(Clone, Debug)]
pub struct Before {
    /// The settings file it comes from.
    pub settings: Vec<u8>,
    /// The tasks.
    pub tasks: Vec<Task>,
    /// The tasks that start again what these have stopped, spelled.
    pub start: Vec<String>,
}

/// Puts the commands around a plan to go to `target`, which is called `name`. `verify`: also look whether it works.
///
/// `stop` comes from the version that is left. The others come from the version that is gone to, whose code they
/// belong to; where it has none of them, from the version that is left.
pub fn surround(
    session: &Session,
    desk: Desk<'_, '_>,
    target: &Target,
    name: &str,
    verify: bool,
    plan: &mut Plan,
) -> Result<()> {
    let here = session.config.text.clone().unwrap_or_default();
    let left = &session.config.commands;
    let there = target.file(&session.repo, &RepoPath::from(FILE_NAME))?;
    let restored = match &there {
        Some(text) => Some(commands(text, name)?),
        None => None,
    };
    let has_some = |c: &Commands| !(c.install.is_empty() && c.start.is_empty() && c.verify.is_empty());
    let (after, text, version) = match (&restored, &there) {
        (Some(commands), Some(text)) if has_some(commands) => (commands, text, (*text != here).then_some(name)),
        _ => (left, &here, None),
    };
    let mut lines: Vec<String> = Vec::new();
    if !left.stop.is_empty() {
        allowed(session, &here, None, plan)?;
        let start = after.start.iter().map(Task::spelled).collect();
        lines.extend(left.stop.iter().map(line));
        plan.before = Some(Before { settings: here.clone(), tasks: left.stop.clone(), start });
    }
    lines.append(&mut super::sentences(&plan.steps));
    let phases = [(Phase::Install, &after.install), (Phase::Start, &after.start), (Phase::Verify, &after.verify)];
    let phases: Vec<_> =
        phases.into_iter().filter(|(phase, tasks)| !tasks.is_empty() && (verify || *phase != Phase::Verify)).collect();
    if !phases.is_empty() {
        allowed(session, text, version, plan)?;
        let settings = desk.sink.add(ObjectKind::Blob, text)?;
        plan.extra.wanted.entry(RepoPath::from(FILE_NAME)).or_insert(settings);
        for (phase, tasks) in phases {
            lines.extend(tasks.iter().map(line));
            plan.steps.push(Step::Run { phase, settings, files: Vec::new(), at: None });
        }
    }
    plan.report.steps = lines;
    let count =
        plan.before.as_ref().map_or(0, |before| before.tasks.len()) + plan.steps.iter().filter(|s| s.runs()).count();
    if count > 0 {
        needs_yes(plan);
    }
    Ok(())
}

/// Running something needs a yes, and cannot be taken back.
pub(super) fn needs_yes(plan: &mut Plan) {
    plan.report.needs_yes.push(format!("commands of {FILE_NAME} run"));
    plan.report.not_undoable.push(format!("what the commands of {FILE_NAME} do outside of git"));
}

fn line(task: &Task) -> String {
    format!("{}: {}", task.name, task.spelled())
}

fn commands(text: &[u8], name: &str) -> Result<Commands> {
    let config = Config::of_text(text).map_err(|e| {
        e.context(format!("the {FILE_NAME} of {name} cannot be used"))
            .help("--no-commands goes there without running anything")
    })?;
    Ok(config.commands)
}

/// What the user has not allowed stands in the way of all of it.
pub(super) fn allowed(session: &Session, text: &[u8], version: Option<&str>, plan: &mut Plan) -> Result<()> {
    let Err(error) = trust::require(&session.repo, text, version) else { return Ok(()) };
    if error.kind() != crate::Kind::Refused {
        return Err(error);
    }
    let help = |error: &Error| format!("{}; or leave them out with --no-commands", error.helps().join("; "));
    let (message, help) = (error.message().to_owned(), Some(help(&error)));
    plan.report.findings.push(Finding { severity: Severity::Block, message, help });
    Ok(())
}
