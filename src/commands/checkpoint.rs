//! `git rollback checkpoint`: saves the whole working state.

use super::Ctx;
use super::change::{carry_out, request};
use crate::Result;
use crate::engine::Locks;
use crate::model::report::Outcome;
use crate::plan::points::{CheckpointRequest, checkpoint};
use crate::store::scene::Wanted;
use crate::store::session::Session;

/// Save the whole working state as a point to go back to
///
/// Saved are HEAD, the index (staged apart from unstaged), changed and untracked files, and an interrupted merge, rebase,
/// cherry-pick, revert or bisect. Nothing in the worktree changes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback checkpoint                          save everything, now
  git rollback checkpoint before-refactor -m \"all tests pass\"
  git rollback checkpoint full --ignored --nested  with build output and submodules
  git rollback to before-refactor                  come back to it")]
pub struct Args {
    /// Name of the point; without it, one is made from the time
    pub name: Option<String>,

    /// Say what this point is
    #[arg(long, short, value_name = "MSG")]
    pub message: Option<String>,

    /// Also save ignored files
    #[arg(long)]
    pub ignored: bool,

    /// Also save the state of submodules and nested repositories
    #[arg(long)]
    pub nested: bool,

    /// Also make a git tag of this name
    #[arg(long, requires = "name")]
    pub tag: bool,

    /// Take the name even if a point has it; the old point stays, under a name with its time
    #[arg(long)]
    pub force: bool,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let mut request = request(ctx, "checkpoint");
    request.wanted =
        Wanted { ignored: args.ignored, list_ignored: args.ignored, nested: args.nested, ..Wanted::default() };
    let wanted = CheckpointRequest { name: args.name, message: args.message, tag: args.tag, force: args.force };
    carry_out(ctx, &session, &request, Locks::None, &|table| checkpoint(table.session, table.name, &wanted))
}
