//! `git rollback hotfix`: repairing a released version, apart from everything that came after it.

mod abandon;
mod finish;
mod look;
mod push;
pub(super) mod remote;
mod start;

pub(super) use self::look::rows;
use super::Ctx;
use super::release::Of;
use crate::Result;
use crate::model::report::Outcome;

/// Start a hotfix at a released version, look at hotfixes, or give one up
///
/// A hotfix is a branch at a released version: it gets the fix alone, and nothing of what came after.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback hotfix start 1.0.0 -m \"Mail is no longer lost\"
  git rollback hotfix start 1.0.0 --dry-run   where would it begin, and which number would it get?
  git rollback hotfix list                    which are open, which are released?
  git rollback undo                           take a start back: exactly the state before")]
pub struct Args {
    /// What to do; without it, list them.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What to do with hotfixes.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Action {
    /// Start a hotfix at a released version, on a branch of its own
    ///
    /// It begins at the newest patch of that line (at 1.0.1 when there is one), so that no fix is left out, and becomes the
    /// next number that nobody has. Your work is saved first.
    Start(start::Args),
    /// Release a hotfix, and bring the fix to the main line and to the lines that live on beside it
    ///
    /// One commit changes the version and the changelog; the tests of rollback.toml run; the tag comes on that commit. Then each line
    /// gets the fix: merged where it contains the release that the hotfix began at, otherwise picked. A line keeps its own version. A
    /// conflict stops it: `continue`, `skip` and `abort`.
    Finish(finish::Args),
    /// Bring a released hotfix to lines that have not got it yet
    Backport(finish::BackportArgs),
    /// Tell how a hotfix stands, and what is next
    Status {
        /// The version or the branch; without it, the one HEAD is on, or the only open one
        hotfix: Option<String>,

        /// Whose version it is.
        #[command(flatten)]
        of: Of,
    },
    /// Give a hotfix up: its branch goes, everything on it is kept
    Abandon(abandon::Args),
    /// List the hotfixes, newest version first
    List {
        /// Only those of this package
        #[command(flatten)]
        of: Of,
    },
    /// Show a hotfix: its commits, and what to do next
    Show {
        /// The version or the branch; without it, the one HEAD is on, or the only open one
        hotfix: Option<String>,

        /// Whose version it is.
        #[command(flatten)]
        of: Of,
    },
}

/// Starts the hotfix of a version that was withdrawn.
pub(super) fn begin(ctx: &Ctx<'_>, version: String, of: Of) -> Result<Outcome> {
    start::run(ctx, start::Args { version, message: ctx.global.reason.clone(), of, ..start::Args::default() })
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    match args.action.unwrap_or(Action::List { of: Of::default() }) {
        Action::Start(args) => start::run(ctx, args),
        Action::Finish(args) => finish::run(ctx, args),
        Action::Backport(args) => finish::backport(ctx, args),
        Action::Status { hotfix, of } => look::status(hotfix.as_deref(), &of),
        Action::Abandon(args) => abandon::run(ctx, args),
        Action::List { of } => look::list(&of),
        Action::Show { hotfix, of } => look::show(hotfix.as_deref(), &of),
    }
}
