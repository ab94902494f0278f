//! `git rollback continue`: finishes an interrupted operation.

use super::Ctx;
use crate::model::report::Outcome;
use crate::{Error, Result};

/// Finish an operation that was interrupted
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback            is an operation unfinished, and how far did it get?
  git rollback continue   finish it
  git rollback abort      or take it back")]
pub struct Args {}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let _ = (&ctx.global, args);
    Err(Error::refused("not built yet"))
}
