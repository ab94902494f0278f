//! `git rollback skip`: leaves out what an operation stopped at, and goes on.

use super::Ctx;
use super::change::end;
use crate::Result;
use crate::engine::resume::Way;
use crate::model::report::Outcome;

/// Leave out the commit that an operation stopped at, and go on
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback            what does the operation wait for?
  git rollback skip       go on without that commit
  git rollback skip -n    what would that change?")]
pub struct Args {}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let Args {} = args;
    end(ctx, Way::Skip)
}
