//! `git rollback abort`: takes an interrupted operation back.

use super::Ctx;
use crate::Result;
use crate::engine::{self, resume::Way};
use crate::model::report::Outcome;
use crate::store::session::Session;

/// Take back an operation that was interrupted
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback            is an operation unfinished, and how far did it get?
  git rollback abort      back to how it was before
  git rollback continue   or finish it")]
pub struct Args {}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let Args {} = args;
    let session = Session::open()?;
    if ctx.global.dry_run {
        return Ok(engine::resume::preview(&session, Way::Abort)?.into());
    }
    let finished = engine::resume::resume(&session, ctx.talk, Way::Abort)?;
    Ok(engine::done_report(&finished, None).into())
}
