//! `git rollback to`: goes to a point.

use super::change::{carry_out, request};
use super::release::Of;
use super::{Ctx, story};
use crate::engine::Locks;
use crate::git::Pathspecs;
use crate::model::RepoPath;
use crate::model::report::Outcome;
use crate::plan::release::to_package;
use crate::plan::resolve::{Place, resolve};
use crate::plan::restore::RestoreRequest;
use crate::plan::to::{ToRequest, Way, branch_to_choose_for, plan};
use crate::plan::transition;
use crate::release::{Package, Releases};
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
  git rollback to 1.2.0 -p client             the directory of one of several packages, and nothing else
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

    /// Whose version it is: then its directory alone goes back.
    #[command(flatten)]
    pub of: Of,

    /// For the record
    #[command(flatten)]
    pub record: super::record::RecordArgs,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let mut way = way(&args);
    if let Some((package, place)) = of_package(ctx, &session, &args, way.is_none())? {
        return package_alone(ctx, &session, &args, &package, &place);
    }
    let place = match args.of.package(&session)? {
        package if package.name.is_some() => at_version(&session, &package, &args.point)?,
        _ => resolve(&session, &args.point)?,
    };
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

/// The release of a package that a person names.
fn at_version(session: &Session, package: &Package, typed: &str) -> Result<Place> {
    let releases = Releases::read_tags(session, package)?;
    resolve(session, &format!("tag:{}", releases.find(&session.repo, typed)?.name))
}

/// The package whose directory alone goes back, and to which of its releases: as `-p` says, or whoever is asked.
fn of_package(ctx: &Ctx<'_>, session: &Session, args: &Args, may_ask: bool) -> Result<Option<(Package, Place)>> {
    let package = args.of.package(session)?;
    if package.name.is_some() {
        let place = (!package.path.is_empty()).then(|| at_version(session, &package, &args.point)).transpose()?;
        return Ok(place.map(|place| (package, place)));
    }
    if !may_ask || !ctx.talk.can_ask() || args.clean != Clean::None || session.config.release.packages.is_empty() {
        return Ok(None);
    }
    let place = resolve(session, &args.point)?;
    let Some(tag) = place.what.strip_prefix("tag ") else { return Ok(None) };
    for package in Package::all(&session.config).into_iter().filter(|package| !package.path.is_empty()) {
        if Releases::read_tags(session, &package)?.tags.iter().any(|found| found.name == tag) {
            let options = [format!("{} alone", package.path), "everything".to_owned()];
            let question = format!("{tag} is a version of {}: what goes back?", package.path);
            return match ctx.talk.choose(&question, &options)? {
                Some(0) => Ok(Some((package, place))),
                Some(1) => Ok(None),
                _ => Err(Error::refused("nothing was done: nothing was chosen")),
            };
        }
    }
    Ok(None)
}

/// The directory of a package as it was in one of its releases; everything else stays.
fn package_alone(ctx: &Ctx<'_>, session: &Session, args: &Args, package: &Package, place: &Place) -> Result<Outcome> {
    if way(args).is_some() || args.clean != Clean::None || args.keep_changes {
        let path = &package.path;
        return Err(Error::refused(format!("with -p, {path} alone goes back: HEAD, branches and other files stay"))
            .help(format!("leave -p out to take everything back: `git rollback to {}`", place.typed)));
    }
    let wanted = RestoreRequest {
        staged: true,
        worktree: true,
        no_overlay: true,
        commands: !args.no_commands,
        paths: Pathspecs::of([RepoPath::from(package.path.as_str())].into_iter().collect()),
    };
    let mut request = request(ctx, "to");
    request.trouble = args.record.trouble(session)?;
    request.emergency = args.emergency;
    request.wanted = Wanted { only: wanted.paths.as_set().cloned(), list_ignored: true, ..Wanted::default() };
    carry_out(ctx, session, &request, Locks::IndexAndHead, &|table| {
        to_package(table.session, table.desk, place, &wanted)
    })
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
