//! `git rollback doctor`: checks everything this tool relies on.

use super::Ctx;
use crate::model::report::Outcome;
use crate::{Error, Result};

/// Check everything this tool relies on: the repository, its records, the machine
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback doctor          is all well, and can everything saved be read back?
  git rollback doctor --json   the same for a program")]
pub struct Args {}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let _ = (&ctx.global, args);
    Err(Error::refused("not built yet"))
}
