//! `git rollback show`: what a point, operation or revision holds.

use super::Ctx;
use crate::model::report::Outcome;
use crate::{Error, Result};
use std::ffi::OsString;

/// Show what a point, an operation or a revision holds, and what going there would change
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback show last              the newest checkpoint
  git rollback show v1.2.0 --stat     which files going there would change
  git rollback show last --patch -- src/main.rs")]
pub struct Args {
    /// A point, an operation (`op:ID`), a time (`@2h`) or any git revision
    pub id: String,

    /// List changed files with their numbers of lines
    #[arg(long, conflicts_with = "patch")]
    pub stat: bool,

    /// Show the changes as a patch
    #[arg(long)]
    pub patch: bool,

    /// Only these paths
    #[arg(last = true, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    pub paths: Vec<OsString>,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let _ = (&ctx.global, args);
    Err(Error::refused("not built yet"))
}
