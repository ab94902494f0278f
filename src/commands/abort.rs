//! `git rollback abort`: takes an unfinished operation back.

use super::Ctx;
use super::change::end;
use crate::Result;
use crate::engine::resume::Way;
use crate::model::report::Outcome;

/// Take back an operation that was interrupted, or that waits for you
///
/// Everything is as it was before it began. What you did since then is saved first.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback            is an operation unfinished, and how far did it get?
  git rollback abort      back to how it was before
  git rollback continue   or finish it")]
pub struct Args {}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let Args {} = args;
    end(ctx, Way::Abort)
}
