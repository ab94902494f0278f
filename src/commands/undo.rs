//! `git rollback undo`: takes an operation back.

use super::Ctx;
use crate::model::report::Outcome;
use crate::{Error, Result};

/// Take back the last operation, or one that is named
///
/// Again, it takes back the one before. What was done since is saved first.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback undo            take the last operation back
  git rollback undo -n         what would that change?
  git rollback undo 3f2a91c0   take one older operation back, keep the later ones
  git rollback redo            do it again after all")]
pub struct Args {
    /// The operation; without it, the last one that changed files, index, HEAD or refs
    #[arg(value_name = "OP")]
    pub operation: Option<String>,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let _ = (&ctx.global, args);
    Err(Error::refused("not built yet"))
}
