//! `git rollback continue`: finishes an interrupted operation.

use super::Ctx;
use crate::Result;
use crate::engine::{self, resume::Way};
use crate::model::report::Outcome;
use crate::store::session::Session;

/// Finish an operation that was interrupted
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback            is an operation unfinished, and how far did it get?
  git rollback continue   finish it
  git rollback abort      or take it back")]
pub struct Args {}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let Args {} = args;
    let session = Session::open()?;
    if ctx.global.dry_run {
        return Ok(engine::resume::preview(&session, Way::Continue)?.into());
    }
    let finished = engine::resume::resume(&session, ctx.talk, Way::Continue)?;
    Ok(engine::done_report(
        &finished,
        Some("git rollback undo".to_owned()).filter(|_| finished.operation.changes_state),
    )
    .into())
}
