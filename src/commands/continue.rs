//! `git rollback continue`: finishes an interrupted operation, or goes on with one that waits.

use super::Ctx;
use super::change::end;
use crate::Result;
use crate::engine::resume::Way;
use crate::model::report::Outcome;

/// Finish an operation that was interrupted, or go on with one that waits for you
///
/// After a conflict: edit the files, `git add` them, then continue. What was finished by hand with plain git
/// (`git cherry-pick --continue`, `git commit`) is recognised.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback            is an operation unfinished, and how far did it get?
  git rollback continue   finish it
  git rollback skip       or go on without the commit it stopped at
  git rollback abort      or take it back")]
pub struct Args {}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let Args {} = args;
    end(ctx, Way::Continue)
}
