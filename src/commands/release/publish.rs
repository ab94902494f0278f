//! Publishes a release from its tag, in a worktree of its own.

use super::repair::look;
use crate::commands::Ctx;
use crate::commands::change::request;
use crate::config::trust;
use crate::engine::{self, Ended, Locks};
use crate::git::Linked;
use crate::host::{Runner, clock, fs};
use crate::model::report::{DoneReport, Hint, Outcome, PlanReport, ReleaseState};
use crate::model::{ObjectId, Ran, Task};
use crate::plan::repair::{Known, record};
use crate::release::Package;
use crate::release::diagnosis::{Answer, Findings, ask, judge, runner};
use crate::release::records::{PUBLISH_FAILED, PUBLISHED};
use crate::store::session::Session;
use crate::{Error, Kind, Result};

pub(super) fn run(
    ctx: &Ctx<'_>,
    session: &Session,
    package: &Package,
    typed: &str,
    from_assets: bool,
) -> Result<Outcome> {
    session.refuse_unfinished()?;
    let found = look(ctx, session, package, typed)?;
    if let Some(why) = done_already(&found) {
        let summary = format!("Nothing to do: {} is published ({why})", found.version);
        return Ok(done(summary, true, Vec::new()).into());
    }
    let (tag, commit) = publishable(&found)?;
    let tasks = tasks(package, &found, from_assets)?;
    let plan = plan(&found, &tag, &tasks);
    if ctx.global.dry_run {
        return Ok(plan.into());
    }
    let settings = session.config.text.as_deref().unwrap_or_default();
    trust::require(&session.repo, settings, None)?;
    if !ctx.talk.approve(&plan)? {
        return Err(Error::refused("nothing was done: the answer was no"));
    }
    fs::create_dir_all_private(session.layout.area())?;
    let busy = || Error::new(Kind::Busy, "another run is publishing at this moment").help("wait for its end");
    let _alone = fs::FileLock::try_acquire(&session.layout.area().join("publishing"))?.ok_or_else(busy)?;
    let runs = publish(ctx, session, &found, commit, &tasks)?;
    finish(ctx, session, package, &found, &tag, runs)
}

/// Why there is nothing to publish any more.
fn done_already(found: &Findings) -> Option<String> {
    match (&found.published, &found.assets) {
        (Answer::Yes(what), Answer::Yes(_) | Answer::NotSet(_)) => Some(what.clone()),
        (Answer::NotSet(_), Answer::Yes(_) | Answer::NotSet(_)) => found
            .published_here
            .as_ref()
            .map(|when| format!("recorded at {when}; no [release] published is set to ask")),
        _ => None,
    }
}

/// The tag and its commit, when what they hold may be published under that number.
fn publishable(found: &Findings) -> Result<(String, ObjectId)> {
    let version = &found.version;
    let judged = judge(found);
    let good = matches!(
        judged.state,
        ReleaseState::Fine
            | ReleaseState::PublishFailed
            | ReleaseState::Partial
            | ReleaseState::NotPushed
            | ReleaseState::Unreachable
    );
    let commit = found.commit().filter(|_| good);
    let (Some(tag), Some(commit)) = (found.tag(), commit) else {
        let error = Error::refused(format!("{version} cannot be published as it is: {}", judged.summary));
        return Err(match judged.next {
            Some(next) => error.help(format!("`{}` {}", next.command, next.why)),
            None => error,
        });
    };
    for answer in [&found.published, &found.assets] {
        if let Answer::NotAsked(why) = answer {
            return Err(Error::refused(format!("nobody can tell whether {version} is published"))
                .because(why)
                .help("try again when the registry answers; publishing twice does harm"));
        }
    }
    Ok((tag.name.clone(), commit))
}

/// What is run, one after the other.
struct Tasks<'s> {
    fetch: &'s [Task],
    publish: Vec<&'s Task>,
}

fn tasks<'s>(package: &'s Package, found: &Findings, from_assets: bool) -> Result<Tasks<'s>> {
    let publishing = &package.publishing;
    if publishing.publish.is_empty() {
        return Err(Error::refused("no command is set that publishes")
            .help("set [release] publish in rollback.toml, and allow it with `git rollback trust`")
            .help(format!(
                "by hand: `git worktree add ../release {}`, publish there, then diagnose again",
                found.version
            )));
    }
    if from_assets && publishing.fetch_assets.is_empty() {
        return Err(Error::refused("no command is set that fetches the files of a release")
            .help("set [release] fetch-assets in rollback.toml"));
    }
    // What has the name of a question that says yes is done.
    let publish = publishing.publish.iter().filter(|task| !found.said_yes.contains(&task.name)).collect();
    Ok(Tasks { fetch: if from_assets { &publishing.fetch_assets } else { &[] }, publish })
}

fn plan(found: &Findings, tag: &str, tasks: &Tasks<'_>) -> PlanReport {
    let all = tasks.fetch.iter().chain(tasks.publish.iter().copied());
    PlanReport {
        command: "release publish".to_owned(),
        title: format!("Publish {} from {tag}, in a temporary worktree", found.version),
        steps: all.map(|task| format!("run {}: {}", task.name, task.spelled())).collect(),
        needs_yes: vec!["it is published to others".to_owned()],
        not_undoable: vec!["what is published".to_owned()],
        ..PlanReport::default()
    }
}

fn publish(
    ctx: &Ctx<'_>,
    session: &Session,
    found: &Findings,
    commit: ObjectId,
    tasks: &Tasks<'_>,
) -> Result<Vec<Ran>> {
    let linked = Linked::make(&session.repo, commit)?;
    let runner = runner(session, ctx.talk, found)?.at(linked.path());
    let mut runs: Vec<Ran> = runner.run_all(tasks.fetch);
    for task in &tasks.publish {
        if runs.iter().any(|ran| !ran.ok) || ctx.talk.interrupted() {
            break;
        }
        runs.push(runner.run(task));
    }
    Ok(runs)
}

/// Records what came of it, and waits until the registry has it.
fn finish(
    ctx: &Ctx<'_>,
    session: &Session,
    package: &Package,
    found: &Findings,
    tag: &str,
    runs: Vec<Ran>,
) -> Result<Outcome> {
    let typed = found.typed();
    let next = Hint::new(format!("git rollback release diagnose {typed}"), "what is published now?");
    if let Some(failed) = runs.iter().find(|ran| !ran.ok) {
        let why = failed.failure();
        let facts = [(tag.to_owned(), PUBLISH_FAILED, Some(why.clone()))];
        remember(ctx, session, "release publish", format!("Publishing {} failed: {why}", found.version), &facts)?;
        let error = Error::refused(why).because("a part may be published");
        return Err(match ctx.talk.signal() {
            Some(signal) => error.with_kind(Kind::Interrupted(signal)),
            None => error.help(format!("`{}` tells what is published now", next.command)),
        });
    }
    let mut report = done(format!("Published {} from {tag}", found.version), true, runs);
    let facts = [(tag.to_owned(), PUBLISHED, Some(clock::now().to_string())), (tag.to_owned(), PUBLISH_FAILED, None)];
    report.operation = remember(ctx, session, "release publish", report.summary.clone(), &facts)?;
    if let Some(why) = arrive(ctx, session, package, found)? {
        report.verified = false;
        report.warnings.push(format!("the commands ended well, and {why}"));
        report.next.push(next);
    }
    Ok(report.into())
}

/// How often the registry is asked until it has what was published.
const TRIES: u32 = 30;

/// Waits for the registry; why it does not have it, when it does not.
fn arrive(ctx: &Ctx<'_>, session: &Session, package: &Package, found: &Findings) -> Result<Option<String>> {
    let publishing = &package.publishing;
    for tasks in [&publishing.published, &publishing.assets] {
        match ask_until(ctx, session, found, tasks, TRIES, |answer| matches!(answer, Answer::Yes(_)))? {
            Answer::Yes(_) | Answer::NotSet(_) => {}
            Answer::NotAsked(why) => return Ok(Some(format!("nobody can tell whether it is there: {why}"))),
            Answer::No(which) | Answer::Partly(which) => {
                return Ok(Some(format!("the registry still says that it is not there: {which}")));
            }
        }
    }
    Ok(None)
}

/// Asks until the answer is the wanted one, or it was asked often enough; the last answer.
pub(super) fn ask_until(
    ctx: &Ctx<'_>,
    session: &Session,
    found: &Findings,
    tasks: &[Task],
    tries: u32,
    wanted: impl Fn(&Answer) -> bool,
) -> Result<Answer> {
    let Some(first) = tasks.first() else { return Ok(Answer::NotSet("published")) };
    let quiet = crate::host::talk::Quiet(ctx.talk);
    let runner: Runner<'_> = runner(session, &quiet, found)?;
    let bar = ctx.talk.progress("waiting for the registry", Some(u64::from(tries)));
    let mut answer = ask(&runner, tasks).0;
    for _ in 1..tries {
        if wanted(&answer) || ctx.talk.interrupted() {
            break;
        }
        bar.advance(1);
        std::thread::sleep(first.interval);
        answer = ask(&runner, tasks).0;
    }
    Ok(answer)
}

fn done(summary: String, verified: bool, runs: Vec<Ran>) -> DoneReport {
    DoneReport { command: "release publish".to_owned(), summary, verified, runs, ..DoneReport::default() }
}

/// Records facts that commands outside of git have made true; the operation, where there was something new.
pub(super) fn remember(
    ctx: &Ctx<'_>,
    session: &Session,
    command: &'static str,
    title: String,
    known: &[Known],
) -> Result<Option<String>> {
    let request = engine::Request { yes: true, ..request(ctx, command) };
    let ended = engine::run(session, ctx.talk, &request, Locks::None, &|_| record(session, title.clone(), known))?;
    Ok(match ended {
        Ended::Done(finished) => Some(finished.operation.id),
        _ => None,
    })
}
