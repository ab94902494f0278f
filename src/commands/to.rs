//! `git rollback to`: goes to a point.

use super::Ctx;
use crate::model::report::Outcome;
use crate::{Error, Result};

/// Go to a point: everything that is there now is saved first
///
/// What moves depends on the situation, and the plan (`--dry-run`) says which way and why: on a branch, an earlier commit
/// moves the branch back; published commits on a protected branch are reverted by one new commit; a detached HEAD moves
/// alone. A checkpoint is restored exactly: branch, index, files, untracked files, interrupted merge or rebase.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback to v1.2.0 --dry-run            what would happen?
  git rollback to baseline                    back to the last known-good state
  git rollback to last                        back to the newest checkpoint
  git rollback to v1.2.0 --revert --branch fix/back-out
  git rollback undo                           and back again")]
pub struct Args {
    /// A point, a version, `baseline`, `last`, `op:ID`, a time (`@2h`) or any git revision
    pub point: String,

    /// Move the branch there
    #[arg(long, conflicts_with_all = ["revert", "branch", "detach"])]
    pub reset: bool,

    /// Make one new commit with the content of the point
    #[arg(long, conflicts_with = "detach")]
    pub revert: bool,

    /// Start a branch there; with --revert, make the reverting commit on a new branch
    #[arg(long, value_name = "NAME", conflicts_with = "detach")]
    pub branch: Option<String>,

    /// Leave the branch where it is, and detach HEAD there
    #[arg(long)]
    pub detach: bool,

    /// Also remove files that the point does not have (they are saved first)
    #[arg(long, value_enum, value_name = "WHAT", default_value = "none")]
    pub clean: Clean,

    /// Carry changes that are not committed along
    #[arg(long)]
    pub keep_changes: bool,

    /// Ask nothing and verify nothing; saving and recording stay
    #[arg(long)]
    pub emergency: bool,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let _ = (&ctx.global, args);
    Err(Error::refused("not built yet"))
}

/// Which files that the point does not have are removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Clean {
    /// None: untracked files stay unless they are in the way
    #[default]
    None,
    /// Untracked files
    Untracked,
    /// Untracked and ignored files; ignored ones are moved to the trash
    All,
}
