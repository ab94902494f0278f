//! `git rollback hotfix finish` and `backport`.

use crate::Result;
use crate::commands::Ctx;
use crate::commands::change::{carry_out, request};
use crate::commands::release::Of;
use crate::engine::{Locks, Request, Table};
use crate::model::report::Outcome;
use crate::plan::Plan;
use crate::plan::finish::{self, FinishRequest, living};
use crate::release::hotfix;
use crate::store::scene::Wanted;
use crate::store::session::Session;

/// What can be typed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback hotfix finish                  the hotfix that HEAD is on
  git rollback hotfix finish 1.0.1 --dry-run  what would become of each line?
  git rollback hotfix finish --no-backport    only release it
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

    /// Whose version it is.
    #[command(flatten)]
    pub of: Of,
}

/// Runs `finish`.
pub(super) fn run(ctx: &Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    session.refuse_unfinished()?;
    let package = args.of.package(&session)?;
    let hotfix = hotfix::find(&session, Some(&package), args.hotfix.as_deref())?;
    let lines = if args.no_backport { Vec::new() } else { living(&session, &hotfix)? };
    let wanted = FinishRequest { hotfix, lines, test: !args.no_tests, beside: false, message: args.message };
    go(ctx, &session, "hotfix finish", &wanted, &|table| {
        finish::start(table.session, table.desk, &table.name.who, &wanted)
    })
}

/// Runs `backport`.
pub(super) fn backport(ctx: &Ctx<'_>, args: BackportArgs) -> Result<Outcome> {
    let session = Session::open()?;
    session.refuse_unfinished()?;
    let package = args.of.package(&session)?;
    let hotfix = hotfix::find(&session, Some(&package), Some(&args.hotfix))?;
    let lines = if args.lines.is_empty() { living(&session, &hotfix)? } else { args.lines };
    let wanted = FinishRequest { hotfix, lines, test: false, beside: false, message: None };
    go(ctx, &session, "hotfix backport", &wanted, &|table| {
        finish::backport(table.session, table.desk, &table.name.who, &wanted)
    })
}

fn go(
    ctx: &Ctx<'_>,
    session: &Session,
    command: &'static str,
    _wanted: &FinishRequest,
    plan: &dyn for<'s, 'r> Fn(&Table<'s, 'r>) -> Result<Plan>,
) -> Result<Outcome> {
    let request = request(ctx, command);
    let request = Request { wanted: Wanted { list_ignored: true, ..Wanted::default() }, ..request };
    carry_out(ctx, session, &request, Locks::IndexAndHead, &|table| match table.turn {
        // After the tests it goes on by itself.
        Some(turn) => crate::plan::go_on(table.session, table.desk, &table.name.who, turn),
        None => plan(table),
    })
}
