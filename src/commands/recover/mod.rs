//! `git rollback recover`: brings lost work back.

pub(super) mod from;
mod item;
mod pick;

use super::Ctx;
use crate::Result;
use crate::model::report::Outcome;
use std::ffi::OsString;

/// Bring lost work back: stashes, commits, branches, tags, files that were staged
///
/// Each comes back as what it was: a stash onto the stash list, a deleted branch or tag under its old name, other commits as
/// a branch recovery/..., the content of a file as a file. Nothing that is there is replaced: where a name is taken,
/// a free one beside it is used. `git rollback lost` lists what there is.
///
/// With --from, commits of a branch that failed are picked onto a new branch at the baseline, in the order of history. Without
/// commits it lists what the branch has, and what would apply. Where one is in conflict, it stops: solve it, then
/// `git rollback continue`, or `skip` or `abort`. All of it is one operation, which `undo` takes back.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback lost                     what can be brought back?
  git rollback recover topic 77aa12     several at once; a deleted branch by its name
  git rollback recover 1a2b3c4d --pin   only keep git from removing it
  git rollback recover --from topic             what has topic beyond the baseline, and would it apply?
  git rollback recover --from topic 1 3-5       pick these onto a new branch at the baseline")]
pub struct Args {
    /// What to bring back: ids and names that `lost` lists, or the id of any object. With --from: commits, by their number in
    /// the list, ranges (2-5, A..B), or names
    #[arg(value_name = "ITEM")]
    pub items: Vec<String>,

    /// Keep it from being pruned, and do nothing else (`points --kind pin` lists, `points delete` lets go)
    #[arg(long, conflicts_with_all = ["output", "branch"])]
    pub pin: bool,

    /// Put a stash into the worktree and the index, and not onto the stash list
    #[arg(long, conflicts_with_all = ["pin", "output", "branch"])]
    pub apply: bool,

    /// The name of the branch that a commit gets
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,

    /// Where a file goes: a place that is free, or a directory
    #[arg(long, short, value_name = "FILE", value_hint = clap::ValueHint::AnyPath)]
    pub output: Option<OsString>,

    /// Commits of a branch that failed
    #[command(flatten)]
    pub picks: from::Picks,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    if args.picks.from.is_some() { from::run(ctx, args) } else { item::run(ctx, args) }
}
