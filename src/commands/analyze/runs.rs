//! Tests and commands on the failed state and on the baseline, each in a temporary linked worktree.

use crate::commands::Ctx;
use crate::commands::tested::{self, Tested};
use crate::config::trust;
use crate::git::{Linked, ObjectSink, TreeEntry, write_commit};
use crate::host::Runner;
use crate::model::report::Compared;
use crate::model::suite::Suite;
use crate::model::{ObjectId, Operation, Ran, RepoPath};
use crate::store::session::Session;
use crate::store::snapshot;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// What was found on both.
#[derive(Default)]
pub(super) struct Both {
    pub compared: Vec<Compared>,
    pub failed: Option<Suite>,
    pub baseline: Option<Suite>,
    /// Commands that fail on the failed state only.
    pub only_failed: Vec<String>,
    /// Commands that fail on both.
    pub on_both: Vec<String>,
}

/// What was run on one state, by name.
type Runs = BTreeMap<String, Tested>;

/// Runs all of it. What cannot be run is said in `warnings`.
pub(super) fn both(
    ctx: &Ctx<'_>,
    session: &Session,
    operation: &Operation,
    baseline: Option<ObjectId>,
    warnings: &mut Vec<String>,
) -> Result<Both> {
    let config = &session.config;
    if config.commands.tests().is_empty() && config.analyze.is_empty() {
        warnings.push("nothing was run: no tests and no [analyze] commands are set in rollback.toml".to_owned());
        return Ok(Both::default());
    }
    let text = config.text.as_deref().unwrap_or_default();
    let runner = || {
        trust::runner(&session.repo, text, None, ctx.talk).map_err(|error| error.help("or run nothing with --no-run"))
    };
    // Before anything is made: whether it may run at all.
    runner()?;
    let failed = match failed_commit(session, operation)? {
        Some(commit) => on(session, runner()?, commit, ctx)?,
        None => {
            warnings.push("the snapshot of the failed state has expired: nothing was run on it".to_owned());
            Runs::new()
        }
    };
    let good = match baseline {
        Some(commit) => on(session, runner()?, commit, ctx)?,
        None => {
            warnings.push("there is no baseline to compare with: `git rollback baseline set` sets one".to_owned());
            Runs::new()
        }
    };
    Ok(compare(&failed, &good))
}

/// The failed state as one commit: tracked files as they were, and untracked ones.
fn failed_commit(session: &Session, operation: &Operation) -> Result<Option<ObjectId>> {
    let repo = &session.repo;
    let Some(name) = operation.snapshot.as_ref().filter(|name| repo.exists(name.id)) else { return Ok(None) };
    let snapshot = snapshot::load(repo, name.id)?;
    let trees = repo.trees()?;
    let untracked: BTreeMap<RepoPath, Option<TreeEntry>> =
        trees.files(snapshot.untracked_tree)?.into_iter().map(|(path, entry)| (path, Some(entry))).collect();
    let sink = ObjectSink::new(repo, session.layout.area().to_owned());
    let tree = repo.trees()?.edit(snapshot.work_tree, &untracked, &sink)?;
    let commit = write_commit(&sink, tree, &[snapshot.stash], &session.who(), "The failed state, to be analysed")?;
    sink.publish()?.release()?;
    Ok(Some(commit))
}

fn on(session: &Session, runner: Runner<'_>, commit: ObjectId, ctx: &Ctx<'_>) -> Result<Runs> {
    let config = &session.config;
    ctx.talk.note(&format!("looking at {} in a temporary worktree", commit.short()));
    let linked = Linked::make(&session.repo, commit)?;
    let runner = runner.at(linked.path());
    let mut out = Runs::new();
    let run = |tasks: &[crate::model::Task]| tested::run(&runner, linked.path(), tasks, &config.report.results);
    if !config.commands.install.is_empty() {
        out.insert("install".to_owned(), run(&config.commands.install));
    }
    if !config.commands.tests().is_empty() {
        out.insert("tests".to_owned(), run(config.commands.tests()));
    }
    for (name, tasks) in &config.analyze {
        out.insert(name.clone(), run(tasks));
    }
    match ctx.talk.signal() {
        Some(signal) => Err(Error::new(crate::Kind::Interrupted(signal), "interrupted; nothing was changed")),
        None => Ok(out),
    }
}

fn compare(failed: &Runs, good: &Runs) -> Both {
    let mut out = Both::default();
    let names: std::collections::BTreeSet<&String> = failed.keys().chain(good.keys()).collect();
    for name in names {
        let words = |runs: &Runs| runs.get(name).map_or_else(|| "not run".to_owned(), result);
        let fails = |runs: &Runs| runs.get(name).is_some_and(|tested| !tested.ok());
        let is_tests = name == "tests";
        let tail = failed.get(name).filter(|tested| !is_tests || tested.suite.is_none()).and_then(|t| t.ran.last());
        out.compared.push(Compared {
            name: name.clone(),
            failed: words(failed),
            baseline: words(good),
            tail: tail.map(|ran| ran.tail(20).into_iter().map(str::to_owned).collect()).unwrap_or_default(),
        });
        match (fails(failed), fails(good)) {
            (true, true) => out.on_both.push(format!("{name}: {}", words(failed))),
            (true, false) if !is_tests => out.only_failed.push(format!("{name}: {}", words(failed))),
            _ => {}
        }
    }
    out.failed = failed.get("tests").and_then(|tested| tested.suite.clone());
    out.baseline = good.get("tests").and_then(|tested| tested.suite.clone());
    out
}

/// Numbers, or else the last line that was printed and the exit code.
fn result(tested: &Tested) -> String {
    let said = tested.ran.last().and_then(|ran: &Ran| ran.output.lines().rev().find(|line| !line.trim().is_empty()));
    match (&tested.suite, said) {
        (None, Some(said)) if tested.ok() => said.trim().chars().take(100).collect(),
        _ => tested.words(),
    }
}
