//! `git rollback analyze`: the failed state beside the baseline.

mod past;
mod runs;

use super::change::{carry_out, request};
use super::{Ctx, story};
use crate::documents::{self, Document};
use crate::engine::Locks;
use crate::host::{clock, machine};
use crate::model::causes::{Evidence, likely};
use crate::model::report::{AnalysisReport, Hint, Outcome, Report};
use crate::model::{Operation, RepoPath};
use crate::plan::write;
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// Analyse a failure: tests and commands on the failed state and on the baseline, timeline, likely causes
///
/// The failed state is what the snapshot of the operation holds: commits, uncommitted and untracked files. It is checked
/// out into a temporary linked worktree, as the baseline is; your worktree only gets the report. The tests, and the
/// commands of `[analyze]` in rollback.toml, run in both. The environment is not written down.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback analyze                 the last rollback of this worktree
  git rollback analyze 3f2a91c0        another operation
  git rollback analyze --no-run        without running tests and commands")]
pub struct Args {
    /// The operation whose state before is looked at; without it, the last rollback of this worktree
    #[arg(value_name = "OP")]
    pub operation: Option<String>,

    /// Run nothing
    #[arg(long)]
    pub no_run: bool,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    session.refuse_unfinished()?;
    let operation = story::operation(&session, args.operation.as_deref())?;
    let directory = directory(&session)?;
    let mut report = gather(ctx, &session, &operation, args.no_run || ctx.global.dry_run)?;
    report.file = format!("{directory}/analysis.md");
    let own = session.config.report.templates.as_ref().map(|dir| session.repo.root().join(dir));
    let text = documents::write(Document::Analysis, own.as_deref(), &report)?;
    let files: BTreeMap<RepoPath, String> = [(report.file.as_str().into(), text)].into();
    let title = format!("Write an analysis of {}", operation.id);
    let outcome = carry_out(ctx, &session, &request(ctx, "analyze"), Locks::None, &|table| {
        write::plan(table.desk, &files, title.clone())
    })?;
    let Report::Done(done) = outcome.report else { return Ok(outcome) };
    report.operation.clone_from(&done.operation);
    report.way_back = done.way_back;
    report.warnings.extend(done.warnings);
    let exit_code = outcome.exit_code;
    Ok(Outcome { exit_code, ..Outcome::from(report) })
}

/// A directory of its own.
fn directory(session: &Session) -> Result<String> {
    let base = format!("{}/analysis-{}", session.config.report.directory, clock::now().compact());
    let mut names = std::iter::once(base.clone()).chain((2..1000).map(|count| format!("{base}-{count}")));
    let free = names.find(|name| session.repo.root().join(name).symlink_metadata().is_err());
    free.ok_or_else(|| Error::refused(format!("there are too many analyses called {base}-2, -3, ...")))
}

fn gather(ctx: &Ctx<'_>, session: &Session, operation: &Operation, run_nothing: bool) -> Result<AnalysisReport> {
    let mut story = story::of_operation(session, operation)?;
    let baseline = story::baseline(session).ok();
    let mut report = AnalysisReport { written: clock::now().to_string(), ..AnalysisReport::default() };
    let both = match run_nothing {
        true => runs::Both::default(),
        false => runs::both(ctx, session, operation, baseline.as_ref().map(|b| b.commit), &mut report.warnings)?,
    };
    let committed = story.changes.committed.iter().map(|change| (&change.path, true));
    let open = story.changes.uncommitted.iter().filter(|c| !story.changes.committed.iter().any(|o| o.path == c.path));
    let evidence = Evidence {
        changed: committed.chain(open.map(|change| (&change.path, false))).collect(),
        lines: story.changes.added + story.changes.removed,
        commits: story.commit_count,
        failed: both.failed.as_ref(),
        baseline: both.baseline.as_ref(),
        commands: both.only_failed.clone(),
        on_both: both.on_both.clone(),
    };
    report.causes = likely(&evidence);
    let none = crate::model::suite::Suite::default();
    if let Some(failed) = &both.failed {
        let newly = failed.newly_failing(both.baseline.as_ref().unwrap_or(&none));
        report.newly_failing = newly.into_iter().cloned().collect();
    }
    report.runs = both.compared;
    report.timeline = past::timeline(session, operation, baseline.as_ref())?;
    report.refs = past::refs(session, operation)?;
    report.graph = past::graph(session, operation, baseline.as_ref().map(|b| b.commit))?;
    report.machine = machine::facts(session.repo.root());
    story.next = next(&story, operation, !report.newly_failing.is_empty());
    report.story = Box::new(story);
    Ok(report)
}

fn next(story: &crate::model::report::Story, operation: &Operation, tests_fail: bool) -> Vec<Hint> {
    let mut out = Vec::new();
    if story.commit_count > 0
        && let Some(branch) = operation.before.head.branch()
    {
        let from = super::facts::shell_word(branch);
        out.push(Hint::new(
            format!("git rollback recover --from {from} --here"),
            "bring the good commits onto this branch",
        ));
    }
    if tests_fail {
        out.push(Hint::new("git rollback validate", "after a repair: the tests that belong to it"));
    }
    if story.cause.is_empty() {
        let id = &operation.id;
        out.push(Hint::new(
            format!("git rollback log amend {id} --cause WORDS"),
            "write the cause down for the figures",
        ));
    }
    out.push(Hint::new(format!("git rollback notify {}", operation.id), "tell the others"));
    out
}
