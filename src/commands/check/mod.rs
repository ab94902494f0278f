//! `git rollback check`: is it safe to begin?

mod looks;
pub(super) mod runs;

pub(super) use runs::baseline_passed;

use super::Ctx;
use super::change::request;
use crate::engine::{self, Ended, Locks};
use crate::host::{Talk, clock};
use crate::model::report::{CheckReport, CheckResult, Outcome, SafetyCheck};
use crate::plan::points::{CheckpointRequest, checkpoint};
use crate::store::session::Session;
use crate::{Error, Kind, Result};

/// Check that it is safe to begin something risky, and save the state
///
/// Checked are the baseline and its tests (in a temporary worktree; what has passed once is not run again), that nothing is
/// uncommitted or under way, the upstream branch, the disk, the repository, dependencies, hooks and filters. Every check
/// is shown; the exit code is 0 only when none failed, and then a checkpoint is made.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback check                 is it safe to begin?
  git rollback check --sprint 4 --tag
  git rollback check --fetch         with what is on the server now
  git rollback check --deep --again  read every object, and run the tests once more
  git rollback check -n              look only: no tests, no checkpoint")]
pub struct Args {
    /// The sprint that is about to begin, for the record
    #[arg(long, value_name = "N")]
    pub sprint: Option<String>,

    /// Also make an annotated tag `checkpoint-<time>`
    #[arg(long)]
    pub tag: bool,

    /// Let uncommitted changes pass; the checkpoint holds them
    #[arg(long)]
    pub allow_dirty: bool,

    /// Read every object of the repository
    #[arg(long)]
    pub deep: bool,

    /// Ask the upstream branch's server what is new there, before comparing with it
    #[arg(long)]
    pub fetch: bool,

    /// Run the tests of the baseline even if they have passed before
    #[arg(long)]
    pub again: bool,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    Ok(safety(ctx, &session, &args)?.into())
}

/// All checks, and the checkpoint when none failed.
///
/// # Errors
/// When a signal came, or the checkpoint cannot be made; a check that cannot be made is one that failed.
pub(super) fn safety(ctx: &Ctx<'_>, session: &Session, args: &Args) -> Result<CheckReport> {
    session.refuse_unfinished()?;
    let checks = all(ctx, session, args);
    if let Some(signal) = ctx.talk.signal() {
        return Err(Error::new(Kind::Interrupted(signal), "interrupted; nothing was changed"));
    }
    let safe = checks.iter().all(|check| check.result != CheckResult::Fail);
    let mut report = CheckReport { safe, sprint: args.sprint.clone(), checks, ..CheckReport::default() };
    if !safe || ctx.global.dry_run {
        return Ok(report);
    }
    let what =
        args.sprint.as_ref().map_or_else(|| "all checks passed".to_owned(), |n| format!("checked before sprint {n}"));
    let wanted = CheckpointRequest { message: Some(what), tag: args.tag, ..CheckpointRequest::default() };
    let mut request = request(ctx, "check");
    request.trouble.sprint = args.sprint.clone();
    let ended =
        engine::run(session, ctx.talk, &request, Locks::None, &|table| checkpoint(table.session, table.name, &wanted))?;
    if let Ended::Done(finished) = ended {
        report.checkpoint = finished.operation.point.clone();
        report.warnings = finished.warnings;
    }
    Ok(report)
}

/// The checks. The slow ones run at the same time, each with a session of its own.
pub(super) fn all(ctx: &Ctx<'_>, session: &Session, args: &Args) -> Vec<SafetyCheck> {
    let (root, talk, dry_run) = (session.repo.root(), ctx.talk, ctx.global.dry_run);
    let alone = |name: &str, look: &dyn Fn(&Session) -> Result<Found>| timed(name, || look(&Session::open_at(root)?));
    std::thread::scope(|scope| {
        let tests =
            scope.spawn(|| alone("baseline tests", &|session| runs::baseline(session, talk, args.again, dry_run)));
        let dependencies = scope.spawn(|| alone("dependencies", &|session| runs::dependencies(session, talk, dry_run)));
        let repository = scope.spawn(|| alone("repository", &|session| looks::repository(session, args.deep)));
        let fetch = args.fetch && !dry_run;
        let upstream = scope.spawn(move || alone("upstream", &|session| runs::upstream(session, talk, fetch)));
        let mut out = vec![
            timed("baseline", || looks::baseline(session)),
            timed("work committed", || looks::committed(session, args.allow_dirty)),
            timed("nothing under way", || looks::under_way(session)),
            timed("disk", || looks::disk(session)),
            timed("hooks and filters", || looks::hooks_and_filters(session)),
        ];
        let slow = [dependencies, repository, tests, upstream];
        let [dependencies, repository, tests, upstream] =
            slow.map(|thread| thread.join().unwrap_or_else(|_| panicked()));
        out.insert(3, upstream);
        out.insert(1, tests);
        out.extend([dependencies, repository]);
        out
    })
}

fn panicked() -> SafetyCheck {
    SafetyCheck {
        name: "a check".to_owned(),
        result: CheckResult::Fail,
        detail: "it came to no end".to_owned(),
        ..SafetyCheck::default()
    }
}

/// What a check has found.
struct Found {
    result: CheckResult,
    detail: String,
    help: Option<String>,
    runs: Vec<crate::model::Ran>,
}

fn pass(detail: impl Into<String>) -> Result<Found> {
    Ok(Found { result: CheckResult::Pass, detail: detail.into(), help: None, runs: Vec::new() })
}

fn skipped(why: impl Into<String>) -> Result<Found> {
    Ok(Found { result: CheckResult::Skipped, detail: why.into(), help: None, runs: Vec::new() })
}

fn fail(detail: impl Into<String>, help: impl Into<String>) -> Result<Found> {
    Ok(Found { result: CheckResult::Fail, detail: detail.into(), help: Some(help.into()), runs: Vec::new() })
}

/// A check that cannot be made has failed.
fn timed(name: &str, look: impl FnOnce() -> Result<Found>) -> SafetyCheck {
    let began = clock::instant();
    let found = look().unwrap_or_else(|error| Found {
        result: CheckResult::Fail,
        // One line: it stands in a table.
        detail: error.to_string().split_whitespace().collect::<Vec<_>>().join(" "),
        help: error.helps().first().cloned(),
        runs: Vec::new(),
    });
    SafetyCheck {
        name: name.to_owned(),
        result: found.result,
        detail: found.detail,
        help: found.help,
        millis: began.elapsed().as_millis() as u64,
        runs: found.runs,
    }
}

/// Runs on a thread, where only the talk is shared.
pub(super) type Shared<'a> = &'a dyn Talk;
