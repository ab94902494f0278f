//! `git rollback status`: where am I, what is unsaved, what to do next.

use super::Ctx;
use crate::model::report::Outcome;
use crate::{Error, Result};

/// Show where you are, what is unsaved, and what to do next
///
/// Also what `git rollback` alone does. Writes nothing.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback              where am I?
  git rollback --json       the same for a program
  git rollback -C ../other  the same for another repository")]
pub struct Args {}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let _ = (&ctx.global, args);
    Err(Error::refused("not built yet"))
}
