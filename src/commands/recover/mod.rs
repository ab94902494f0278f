//! `git rollback recover`: brings lost work back.

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
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback lost                     what can be brought back?
  git rollback recover 1a2b3c4d         bring that one back
  git rollback recover topic 77aa12     several at once; a deleted branch by its name
  git rollback recover 1a2b3c4d --pin   only keep git from removing it
  git rollback undo                     not this one after all")]
pub struct Args {
    /// What to bring back: ids and names that `lost` lists, or the id of any object
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
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    item::run(ctx, args)
}
