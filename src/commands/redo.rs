//! `git rollback redo`: does again what undo took back.

use super::Ctx;
use crate::model::report::Outcome;
use crate::{Error, Result};

/// Do again what `undo` took back
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback redo       forward again by one operation
  git rollback redo -n    what would that change?")]
pub struct Args {}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let _ = (&ctx.global, args);
    Err(Error::refused("not built yet"))
}
