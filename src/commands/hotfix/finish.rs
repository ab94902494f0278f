//! `git rollback hotfix finish` and `backport`.

use super::push::{self, Remote};
use crate::commands::Ctx;
use crate::commands::change::{carry_out, request};
use crate::commands::release::Of;
use crate::engine::{Locks, Request, Table};
use crate::model::report::{DoneReport, Hint, Outcome, PlanReport, Report};
use crate::plan::Plan;
use crate::plan::finish::{self, FinishRequest, living, sent};
use crate::release::{Hotfix, hotfix};
use crate::store::scene::Wanted;
use crate::store::session::Session;
use crate::{Error, Result};

/// What can be typed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback hotfix finish                  the hotfix that HEAD is on
  git rollback hotfix finish 1.0.1 --dry-run  what would become of each line?
  git rollback hotfix finish --no-backport    only release it
  git rollback hotfix finish --push           and send the tag and the lines to the remote
  git rollback undo                           take all of it back: exactly the state before")]
pub struct Args {
    /// The version or the branch; without it, the one HEAD is on, or the only open one
    pub hotfix: Option<String>,

    /// The message of the tag
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,

    /// Only release it: no other line gets it
    #[arg(long)]
    pub no_backport: bool,

    /// Do not run the tests of rollback.toml
    #[arg(long)]
    pub no_tests: bool,

    /// What the remote has to do with it.
    #[command(flatten)]
    pub remote: Remote,

    /// Whose version it is.
    #[command(flatten)]
    pub of: Of,
}

/// What can be typed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback hotfix backport 1.0.1              to all lines that have not got it
  git rollback hotfix backport 1.0.1 release/2.x  to this one")]
pub struct BackportArgs {
    /// The version or the branch
    pub hotfix: String,

    /// The lines; without them, the main line and those of [release] lines
    pub lines: Vec<String>,

    /// What the remote has to do with it.
    #[command(flatten)]
    pub remote: Remote,

    /// Whose version it is.
    #[command(flatten)]
    pub of: Of,
}

/// Runs `finish`.
pub(super) fn run(ctx: &Ctx<'_>, args: Args) -> Result<Outcome> {
    let (session, hotfix, remote) = begin(ctx, &args.of, args.hotfix.as_deref(), &args.remote)?;
    if let (Some(_), Some(remote), true) = (&hotfix.tag, &remote, args.remote.push) {
        return push_alone(ctx, &session, &hotfix, remote);
    }
    let lines = if args.no_backport { Vec::new() } else { living(&session, &hotfix)? };
    let push = remote.filter(|_| args.remote.push);
    let wanted =
        FinishRequest { hotfix, lines, test: !args.no_tests, beside: args.remote.pr, message: args.message, push };
    go(ctx, &session, "hotfix finish", &wanted, &|table| {
        finish::start(table.session, table.desk, &table.name.who, &wanted)
    })
}

/// Runs `backport`.
pub(super) fn backport(ctx: &Ctx<'_>, args: BackportArgs) -> Result<Outcome> {
    let (session, hotfix, remote) = begin(ctx, &args.of, Some(&args.hotfix), &args.remote)?;
    let lines = if args.lines.is_empty() { living(&session, &hotfix)? } else { args.lines };
    let push = remote.filter(|_| args.remote.push);
    let wanted = FinishRequest { hotfix, lines, test: false, beside: args.remote.pr, message: None, push };
    go(ctx, &session, "hotfix backport", &wanted, &|table| {
        finish::backport(table.session, table.desk, &table.name.who, &wanted)
    })
}

/// What both begin with: the hotfix, as it is after a look at the remote.
fn begin(ctx: &Ctx<'_>, of: &Of, typed: Option<&str>, options: &Remote) -> Result<(Session, Hotfix, Option<String>)> {
    let session = Session::open()?;
    session.refuse_unfinished()?;
    let package = of.package(&session)?;
    let hotfix = hotfix::find(&session, Some(&package), typed)?;
    let remote = push::ask(ctx, &session, &hotfix, options)?;
    // What was fetched counts.
    let hotfix = hotfix::find(&session, Some(&package), Some(&hotfix.branch))?;
    Ok((session, hotfix, remote))
}

/// A planner of a first leg.
type First<'p> = &'p dyn for<'s, 'r> Fn(&Table<'s, 'r>) -> Result<Plan>;

fn go(
    ctx: &Ctx<'_>,
    session: &Session,
    command: &'static str,
    wanted: &FinishRequest,
    plan: First<'_>,
) -> Result<Outcome> {
    let request = request(ctx, command);
    let request = Request { wanted: Wanted { list_ignored: true, ..Wanted::default() }, ..request };
    let mut outcome = carry_out(ctx, session, &request, Locks::IndexAndHead, &|table| match table.turn {
        // After the tests it goes on by itself.
        Some(turn) => crate::plan::go_on(table.session, table.desk, &table.name.who, turn),
        None => plan(table),
    })?;
    let version = &wanted.hotfix.version;
    match (&mut outcome.report, &wanted.push) {
        (Report::Done(done), Some(remote)) if done.verified => push::send(ctx, &wanted.hotfix.branch, remote, done)?,
        (Report::Done(done), Some(remote)) => {
            done.warnings.push(format!("it is not what was planned, so nothing was sent to {remote}"));
        }
        (Report::Stopped(stopped), Some(_)) => {
            let later = format!("git rollback hotfix finish {version} --push");
            stopped.next.push(Hint::new(later, "push it, when it is done"));
        }
        (Report::Done(done), None) if done.operation.is_some() && !session.repo.remotes().is_empty() => {
            let later = format!("git rollback hotfix finish {version} --push");
            done.next.push(Hint::new(later, "send the tag and the lines to the remote"));
        }
        _ => {}
    }
    Ok(outcome)
}

/// Sends what is finished already.
fn push_alone(ctx: &Ctx<'_>, session: &Session, hotfix: &Hotfix, remote: &str) -> Result<Outcome> {
    let sending = sent::what(session, hotfix, remote)?;
    let names = sending.names.join(", ");
    let report = PlanReport {
        command: "hotfix finish".to_owned(),
        title: format!("Push the hotfix {} to {remote}: {names}", hotfix.version),
        needs_yes: vec![format!("{remote} gets {names}")],
        not_undoable: vec![format!("what is pushed to {remote}")],
        ..PlanReport::default()
    };
    if ctx.global.dry_run {
        return Ok(report.into());
    }
    if !ctx.talk.approve(&report)? {
        return Err(Error::refused("nothing was done: the answer was no"));
    }
    let mut done = DoneReport { command: report.command, summary: report.title, ..DoneReport::default() };
    push::send(ctx, &hotfix.branch, remote, &mut done)?;
    Ok(done.into())
}
