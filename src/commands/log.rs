//! `git rollback log`: the operations.

use super::Ctx;
use crate::model::report::Outcome;
use crate::{Error, Result};

/// List the operations, or show one in full
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback log                   what was done, newest first
  git rollback log --kind to --limit 5
  git rollback log 3f2a91c0          one operation in full
  git rollback log --json            for a program")]
pub struct Args {
    /// The operation to show in full
    #[arg(value_name = "OP", conflicts_with_all = ["kind", "limit"])]
    pub operation: Option<String>,

    /// Only operations of this kind, as in `to` or `checkpoint`
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,

    /// At most this many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let _ = (&ctx.global, args);
    Err(Error::refused("not built yet"))
}
