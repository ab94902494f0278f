//! Withdraws a release, and takes that back.

use super::publish::{ask_until, remember};
use super::repair::look;
use crate::commands::Ctx;
use crate::config::trust;
use crate::model::report::{DoneReport, Hint, Outcome, PlanReport};
use crate::model::{Ran, Task};
use crate::release::Package;
use crate::release::diagnosis::{Answer, Findings, runner};
use crate::release::records::{GONE, STABLE, WHY, YANKED, yes_or_no};
use crate::store::session::Session;
use crate::{Error, Result};

/// Withdraws it (`back`: takes that back).
pub(super) fn run(ctx: &Ctx<'_>, session: &Session, package: &Package, typed: &str, back: bool) -> Result<Outcome> {
    session.refuse_unfinished()?;
    let found = look(ctx, session, package, typed)?;
    let Some(tag) = found.tag().map(|tag| tag.name.clone()) else {
        return Err(Error::refused(format!("{} has no tag here", found.version))
            .help("`git fetch --tags` brings those of others"));
    };
    // A second try need not say it again.
    let known = found.why.clone().filter(|_| found.broken && !back);
    let reason = ctx.global.reason.clone().or(known);
    if found.yanked != back && found.broken != back {
        let state = if back { "is not withdrawn" } else { "is withdrawn already" };
        let report = DoneReport {
            command: name(back),
            summary: format!("Nothing to do: {} {state}", found.version),
            verified: true,
            ..DoneReport::default()
        };
        return Ok(report.into());
    }
    if !back && reason.is_none() {
        return Err(Error::refused("it is not said why it is withdrawn").help("say it with --reason \"...\""));
    }
    let publishing = &package.publishing;
    let tasks = if back { &publishing.unyank } else { &publishing.yank };
    let plan = plan(&found, back, tasks);
    if ctx.global.dry_run {
        return Ok(plan.into());
    }
    if !tasks.is_empty() {
        trust::require(&session.repo, session.config.text.as_deref().unwrap_or_default(), None)?;
    }
    if !ctx.talk.approve(&plan)? {
        return Err(Error::refused("nothing was done: the answer was no"));
    }
    // Whoever looks from now on shall see it, whatever the registry says.
    let marks = [(tag.clone(), STABLE, Some(yes_or_no(back).to_owned())), (tag.clone(), WHY, reason)];
    let mut report =
        DoneReport { command: name(back), summary: plan.title.clone(), verified: true, ..DoneReport::default() };
    report.operation = remember(ctx, session, "release yank", plan.title, &marks)?;
    if tasks.is_empty() {
        let by_hand = if back { "taken back" } else { "done" };
        report.warnings.push(format!(
            "only the mark was set: no [release] {} is set, so the registry's part is to be {by_hand} by hand",
            if back { "unyank" } else { "yank" }
        ));
        return Ok(report.into());
    }
    report.runs = runner(session, ctx.talk, &found)?.run_all(tasks);
    match report.runs.iter().find(|ran| !ran.ok).map(Ran::failure) {
        None => {
            let title = format!("{} in the registry", report.summary);
            let gone = after(ctx, session, package, &found, back, &mut report)?;
            let known = [
                (tag.clone(), YANKED, Some(yes_or_no(!back).to_owned())),
                (tag, GONE, gone.filter(|_| !back).map(|gone| yes_or_no(gone).to_owned())),
            ];
            remember(ctx, session, "release yank", title, &known)?;
        }
        Some(failure) => {
            report.verified = false;
            report.warnings.push(format!("it is marked, and the registry still has it as before: {failure}"));
            let undo = if back { " --undo" } else { "" };
            report.next.push(Hint::new(format!("git rollback release yank {}{undo}", found.typed()), "tries it again"));
        }
    }
    Ok(report.into())
}

/// How often the registry is asked: many never take a withdrawn version away.
const TRIES: u32 = 5;

/// Asks the registry whether it is gone (`back`: there again), and says what it says; `None`: it gave no answer.
fn after(
    ctx: &Ctx<'_>,
    session: &Session,
    package: &Package,
    found: &Findings,
    back: bool,
    report: &mut DoneReport,
) -> Result<Option<bool>> {
    let version = &found.version;
    let wanted =
        |answer: &Answer| if back { matches!(answer, Answer::Yes(_)) } else { matches!(answer, Answer::No(_)) };
    let answer = ask_until(ctx, session, found, &package.publishing.published, TRIES, wanted)?;
    match &answer {
        Answer::No(which) if back => report.warnings.push(format!(
            "the command ended well, and the registry still says that {version} is not there ({which})"
        )),
        Answer::Yes(which) | Answer::Partly(which) if !back => report.warnings.push(format!(
            "the command ended well, and the registry still has {version} ({which}): some hide a withdrawn version from new \
             users only, so look there"
        )),
        Answer::NotAsked(why) => report.warnings.push(format!("nobody can tell what the registry has now: {why}")),
        Answer::NotSet(_) => report
            .warnings
            .push("what the registry has now was not asked: no [release] published is set".to_owned()),
        Answer::Yes(_) => report.summary.push_str("; the registry has it again"),
        Answer::No(_) => report.summary.push_str("; the registry has it no more"),
        Answer::Partly(_) => {}
    }
    Ok(match answer {
        Answer::No(_) => Some(true),
        Answer::Yes(_) | Answer::Partly(_) => Some(false),
        Answer::NotAsked(_) | Answer::NotSet(_) => None,
    })
}

fn name(back: bool) -> String {
    if back { "release yank --undo" } else { "release yank" }.to_owned()
}

fn plan(found: &Findings, back: bool, tasks: &[Task]) -> PlanReport {
    let version = &found.version;
    let mut steps = vec![format!("mark {version} as {}", if back { "stable" } else { "not stable" })];
    steps.extend(tasks.iter().map(|task| format!("run {}: {}", task.name, task.spelled())));
    let outside = !tasks.is_empty();
    PlanReport {
        command: name(back),
        title: if back { format!("Take back that {version} is withdrawn") } else { format!("Withdraw {version}") },
        steps,
        needs_yes: if outside { vec!["the registry is changed".to_owned()] } else { Vec::new() },
        not_undoable: if outside {
            vec!["what the registry does; `--undo` is the way back".to_owned()]
        } else {
            Vec::new()
        },
        ..PlanReport::default()
    }
}
