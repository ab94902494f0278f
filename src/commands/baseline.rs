//! `git rollback baseline`: known-good states, as tags.

use super::Ctx;
use crate::model::report::Outcome;
use crate::{Error, Result};

/// Set, show, list or verify a known-good state to go back to
///
/// A baseline is an annotated tag, so it can be pushed and everyone sees it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback baseline set                    this commit is known to be good
  git rollback baseline set v1.2.0 --name stable
  git rollback baseline show                   where is it, how far am I from it?
  git rollback to baseline                     go back to it")]
pub struct Args {
    /// What to do; without it, `show`.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What to do with baselines.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Action {
    /// Mark a commit as known to be good
    Set {
        /// The commit; without it, HEAD
        rev: Option<String>,

        /// Name of the baseline
        #[arg(long, value_name = "NAME")]
        name: Option<String>,

        /// Take the name even if a baseline has it; the old one stays, under a name with its time
        #[arg(long)]
        force: bool,
    },
    /// Show the nearest baseline and how far HEAD is from it
    Show {
        /// Name of the baseline; without it, the nearest
        name: Option<String>,
    },
    /// List all baselines
    List,
    /// Check that baselines and all they need are there and undamaged
    Verify {
        /// Name of the baseline; without it, all
        name: Option<String>,
    },
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let _ = (&ctx.global, args);
    Err(Error::refused("not built yet"))
}
