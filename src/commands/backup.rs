//! `git rollback backup`: saves the working state as a stash entry.

use super::Ctx;
use crate::model::report::Outcome;
use crate::{Error, Result};

/// Save the working state as a stash entry that plain git can handle
///
/// The entry is in `git stash list`, and `git stash pop --index` brings it back.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback backup -m \"half-way through the parser\"
  git rollback backup --clean      save everything and start from a clean tree
  git stash pop --index            plain git brings it back")]
pub struct Args {
    /// Say what this backup is
    #[arg(long, short, value_name = "MSG")]
    pub message: Option<String>,

    /// Leave a clean tree behind, as `git stash push -u` does
    #[arg(long)]
    pub clean: bool,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let _ = (&ctx.global, args);
    Err(Error::refused("not built yet"))
}
