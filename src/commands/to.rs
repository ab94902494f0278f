//! `git rollback to`: goes to a point.

use super::change::{carry_out, request};
use super::{Ctx, story};
use crate::engine::Locks;
use crate::model::report::Outcome;
use crate::plan::resolve::resolve;
use crate::plan::to::{ToRequest, Way, branch_to_choose_for, plan};
use crate::plan::transition;
use crate::store::scene::Wanted;
use crate::store::session::Session;
use crate::{Error, Result};

/// Go to a point: everything that is there now is saved first
///
/// What moves depends on the situation, and the plan (`--dry-run`) says which way and why: on a branch, an earlier commit
/// moves the branch back; published commits on a protected branch are reverted by one new commit; a detached HEAD moves
/// alone. A checkpoint is restored exactly: branch, index, files, untracked files, interrupted merge or rebase.
///
/// With `--clean all` the commands of rollback.toml run around it, once you have allowed them (`git rollback trust`):
/// `stop` before anything changes; `install`, `start` and `verify` after. They come from the version that is gone to, and
/// where it has none, from the one that is left.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback to v1.2.0 --dry-run            what would happen?
  git rollback to baseline                    back to the last known-good state
  git rollback to baseline --clean all        full rollback: stop, clean, install, start, verify
  git rollback to last                        back to the newest checkpoint
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

    /// Run no commands of rollback.toml
    #[arg(long)]
    pub no_commands: bool,

    /// Ask nothing, verify nothing, go on where `stop` fails; saving and recording stay
    #[arg(long)]
    pub emergency: bool,

    /// For the record
    #[command(flatten)]
    pub record: super::record::RecordArgs,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let place = resolve(&session, &args.point)?;
    let mut way = way(&args);
    if way.is_none()
        && ctx.talk.can_ask()
        && let Some(branch) = branch_to_choose_for(&session, &place)?
    {
        way = Some(ask(ctx, &args.point, &branch)?);
    }
    let clean = match args.clean {
        Clean::None => transition::Clean::None,
        Clean::Untracked => transition::Clean::Untracked,
        Clean::All => transition::Clean::All,
    };
    let commands = clean == transition::Clean::All && !args.no_commands;
    let wanted = ToRequest {
        way,
        clean,
        keep_changes: args.keep_changes,
        commands,
        verify: !args.emergency,
        ..ToRequest::default()
    };
    let mut request = request(ctx, "to");
    request.trouble = args.record.trouble(&session)?;
    request.emergency = args.emergency;
    request.stops = commands && !session.config.commands.stop.is_empty();
    request.wanted = Wanted { list_ignored: true, ..Wanted::default() };
    let mut outcome = carry_out(ctx, &session, &request, Locks::IndexAndHead, &|table| {
        plan(table.session, table.desk, &table.name.who, &place, &wanted)
    })?;
    if commands && session.config.text.is_some() {
        story::add_checklists(&session, &mut outcome);
    }
    Ok(outcome)
}

fn way(args: &Args) -> Option<Way> {
    match (&args.branch, args.revert, args.reset, args.detach) {
        (Some(name), true, ..) => Some(Way::RevertBranch(name.clone())),
        (Some(name), ..) => Some(Way::Branch(name.clone())),
        (None, true, ..) => Some(Way::Revert),
        (None, _, true, _) => Some(Way::Reset),
        (None, _, _, true) => Some(Way::Detach),
        _ => None,
    }
}

/// The situation does not say which way is meant: the person does.
fn ask(ctx: &Ctx<'_>, point: &str, branch: &str) -> Result<Way> {
    let options = [
        "look at it without touching a branch (--detach)".to_owned(),
        format!("move {branch} there (--reset)"),
        format!("one new commit on {branch} with its content (--revert)"),
    ];
    let question = format!("{point} is not behind {branch}: how do you want to go there?");
    match ctx.talk.choose(&question, &options)? {
        Some(0) => Ok(Way::Detach),
        Some(1) => Ok(Way::Reset),
        Some(2) => Ok(Way::Revert),
        _ => Err(Error::refused("nothing was done: no way was chosen")),
    }
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
