//! Checks that run something.

use super::{Found, Shared, looks, pass, skipped};
use crate::Result;
use crate::config::trust;
use crate::git::{self, Linked};
use crate::model::report::CheckResult;
use crate::model::{ObjectId, Ran, Task, Time};
use crate::store::passed::Passed;
use crate::store::session::Session;

/// When the baseline has passed its tests, as far as that is known.
pub(in crate::commands) fn baseline_passed(session: &Session) -> Result<Option<Time>> {
    let Some(commit) = looks::baseline_commit(session)? else { return Ok(None) };
    let tests = session.config.commands.baseline_tests();
    Ok(passed(session, tests, commit)?.map(|passed| passed.at))
}

/// Whether the baseline passes its tests, in a worktree of its own.
pub(super) fn baseline(session: &Session, talk: Shared<'_>, again: bool, dry_run: bool) -> Result<Found> {
    let commands = &session.config.commands;
    let tests = commands.baseline_tests();
    let (Some(text), false) = (&session.config.text, tests.is_empty()) else {
        return skipped("no tests are configured ([baseline] tests, or [commands] test)");
    };
    let Some(commit) = looks::baseline_commit(session)? else { return skipped("there is no baseline") };
    if let Some(passed) = passed(session, tests, commit)?.filter(|_| !again) {
        return pass(format!("passed on {} (--again runs them once more)", passed.at));
    }
    if dry_run {
        return skipped("nothing is run with --dry-run");
    }
    let runs = tests_at(session, talk, text, tests, commit)?;
    Ok(judged(
        runs,
        &format!("they pass at {}", commit.short()),
        "correct these commands in rollback.toml, or set the baseline on a commit that passes",
    ))
}

/// Whether the branch is in step with what it follows; with `fetch` as the server has it now.
pub(super) fn upstream(session: &Session, talk: Shared<'_>, fetch: bool) -> Result<Found> {
    let head = session.repo.head()?;
    let upstream = head.branch().filter(|_| fetch).and_then(|branch| session.repo.upstream(branch));
    match upstream.filter(|upstream| upstream.remote != ".") {
        None => looks::upstream(session, false),
        Some(upstream) => {
            git::fetch(&session.repo, &upstream.remote, &|| talk.interrupted())?;
            // A session of its own: this one may remember where the ref was.
            looks::upstream(&Session::open_at(session.repo.root())?, true)
        }
    }
}

/// When tests passed with the content of a commit; `None`: not that it is known.
pub(in crate::commands) fn passed(session: &Session, tests: &[Task], commit: ObjectId) -> Result<Option<Passed>> {
    let tasks: Vec<&Task> = session.config.commands.install.iter().chain(tests).collect();
    Passed::read(&session.repo, session.repo.commit(commit)?.tree, &tasks)
}

/// Runs tests of the settings `text` at a commit, in a worktree of its own, behind what the code needs. That they passed is
/// remembered.
pub(in crate::commands) fn tests_at(
    session: &Session,
    talk: Shared<'_>,
    text: &[u8],
    tests: &[Task],
    commit: ObjectId,
) -> Result<Vec<Ran>> {
    let install = &session.config.commands.install;
    let runner = trust::runner(&session.repo, text, None, talk)?;
    let linked = Linked::make(&session.repo, commit)?;
    let runner = runner.at(linked.path());
    let mut runs = runner.run_all(install);
    if runs.iter().all(|ran| ran.ok) {
        runs.extend(runner.run_all(tests));
    }
    if runs.iter().all(|ran| ran.ok) {
        let tasks: Vec<&Task> = install.iter().chain(tests).collect();
        Passed::write(&session.repo, session.repo.commit(commit)?.tree, &tasks, runs.clone())?;
    }
    Ok(runs)
}

/// Whether dependencies are as they should be.
pub(super) fn dependencies(session: &Session, talk: Shared<'_>, dry_run: bool) -> Result<Found> {
    let tasks = &session.config.check.dependencies;
    let (Some(text), false) = (&session.config.text, tasks.is_empty()) else {
        return skipped("no command is configured ([check] dependencies)");
    };
    if dry_run {
        return skipped("nothing is run with --dry-run");
    }
    let runs = trust::runner(&session.repo, text, None, talk)?.run_all(tasks);
    Ok(judged(runs, "they are as they should be", "bring them up to date"))
}

fn judged(runs: Vec<Ran>, good: &str, help: &str) -> Found {
    match runs.iter().find(|ran| !ran.ok) {
        None => Found { result: CheckResult::Pass, detail: good.to_owned(), help: None, runs },
        Some(ran) => {
            let (detail, help) = (ran.failure(), Some(help.to_owned()));
            Found { result: CheckResult::Fail, detail, help, runs }
        }
    }
}
