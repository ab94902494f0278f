//! `git rollback sprint`: a risky piece of work that can fail as a whole.

mod fail;
mod list;
mod start;

use super::Ctx;
use crate::Result;
use crate::model::report::Outcome;

/// Start a sprint at the baseline, end one that failed, or look at them
///
/// A failed sprint loses nothing: its commits stay on its branch, uncommitted work is committed on a branch of its own,
/// and a report says what happened. Then a fresh branch at the baseline is switched to.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback sprint start 4                check, save a checkpoint, branch off the baseline
  git rollback sprint fail 4 --reason \"migration cannot be reversed\" --severity high
  git rollback sprint fail 4 --dry-run       what would that do?
  git rollback sprint show 4                 branches, failures, reports
  git rollback undo                          take a failure back: exactly the state before")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with sprints.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Action {
    /// Check, save a checkpoint, and start the branch of a sprint at the baseline
    Start(start::Args),
    /// Keep all work of a sprint, write down what happened, and start again at the baseline
    ///
    /// The tests run first, on the failed state. Files that git ignores stay where they are.
    Fail(fail::Args),
    /// List the sprints
    List,
    /// Show a sprint: its branches, its failures, and where the reports are
    Show {
        /// The sprint
        #[arg(value_name = "N")]
        number: String,
    },
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    match args.action {
        Action::Start(args) => start::run(ctx, args),
        Action::Fail(args) => fail::run(ctx, args),
        Action::List => list::list(),
        Action::Show { number } => list::show(&number),
    }
}
