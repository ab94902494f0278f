//! `git rollback points`: the places one can go back to.

use super::Ctx;
use crate::model::report::Outcome;
use crate::{Error, Result};

/// List the points to go back to, or delete one
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_long_help = "Examples:
  git rollback points                          all points, newest first
  git rollback points --kind checkpoint --limit 10
  git rollback points delete before-refactor   `undo` brings it back
  git rollback points delete old --purge       for good, with what it holds")]
pub struct Args {
    /// What to do; without it, list them.
    #[command(subcommand)]
    pub action: Option<Action>,

    /// Only points of this kind
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: Option<Kind>,

    /// At most this many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// What to do with points.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Action {
    /// Delete a point
    Delete {
        /// Its name
        name: String,

        /// Also remove what it holds, for good
        #[arg(long)]
        purge: bool,
    },
}

/// The kinds of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Known to be good
    Baseline,
    /// A saved working state
    Checkpoint,
    /// A stash entry
    Backup,
    /// A released version
    Release,
    /// What was deployed
    Deployment,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let _ = (&ctx.global, args);
    Err(Error::refused("not built yet"))
}
