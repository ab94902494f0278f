//! `git rollback hotfix start`.

use super::remote::{ask, push_or_take_back};
use crate::commands::Ctx;
use crate::commands::change::{carry_out, request};
use crate::commands::release::Of;
use crate::commands::send::remote_for_push;
use crate::engine::Locks;
use crate::git::RemoteEdit;
use crate::host::env;
use crate::model::report::{DoneReport, Hint, Outcome, Report};
use crate::plan::hotfix::{StartRequest, start, start_beside};
use crate::release::{Hotfix, hotfix};
use crate::store::log;
use crate::store::scene::Wanted;
use crate::store::session::Session;
use crate::{Error, Kind, Result};
use std::path::{Path, PathBuf};

/// What can be typed.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback hotfix start 1.0.0 -m \"Mail is no longer lost\"
  git rollback hotfix start 1.0.0 --exact     at 1.0.0 itself, although 1.0.1 is released
  git rollback hotfix start 1.0.0 --worktree  beside your work, in a worktree of its own
  git rollback hotfix start 1.0.0 --push      reserve the number for everybody
  git rollback hotfix start 1.0.0 --dry-run   where would it begin, and which number would it get?
  git rollback hotfix start 2.1.0 -p client   a package of rollback.toml")]
pub struct Args {
    /// The released version, or its tag
    pub version: String,

    /// What it is for: said in lists, and in the changelog
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,

    /// Begin at that very version, also when newer patches of its line are released
    #[arg(long)]
    pub exact: bool,

    /// Make a linked worktree for it, and leave this one as it is; without PATH, beside this one
    #[arg(long, value_name = "PATH", num_args = 0..=1, value_hint = clap::ValueHint::DirPath)]
    pub worktree: Option<Option<PathBuf>>,

    /// Push the branch, so that nobody else gets its number
    #[arg(long)]
    pub push: bool,

    /// Do not ask the remote which numbers are taken
    #[arg(long, conflicts_with = "push")]
    pub offline: bool,

    /// Whose version it is.
    #[command(flatten)]
    pub of: Of,
}

/// How often another number is tried when somebody else was faster.
const TRIES: usize = 5;

/// Runs the command.
pub(super) fn run(ctx: &Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    session.refuse_unfinished()?;
    let push = if args.push { Some(remote_for_push(&session)?) } else { None };
    let place = args.worktree.flatten_path()?;
    let mut wanted = StartRequest {
        package: args.of.package(&session)?,
        version: args.version,
        message: args.message,
        exact: args.exact,
        elsewhere: None,
        push,
    };
    for left in (0..TRIES).rev() {
        wanted.elsewhere = if args.offline { None } else { ask(ctx, &session, wanted.push.is_some())? };
        let mut outcome = match &place {
            Place::Here => here(ctx, &session, &wanted)?,
            Place::Beside(path) => beside(ctx, &session, &wanted, path.as_deref())?,
        };
        let Report::Done(done) = &mut outcome.report else { return Ok(outcome) };
        match share(ctx, &session, &wanted, done) {
            Err(error) if error.kind() == Kind::Busy && left > 0 => {
                ctx.talk.warn(&format!("{}; the next number is tried", error.message()));
            }
            shared => {
                shared?;
                next(&session, done);
                return Ok(outcome);
            }
        }
    }
    Err(Error::new(Kind::Busy, "others took every number that was tried").help("try again"))
}

/// Where the work goes on.
enum Place {
    Here,
    Beside(Option<PathBuf>),
}

trait FlattenPath {
    fn flatten_path(self) -> Result<Place>;
}

impl FlattenPath for Option<Option<PathBuf>> {
    /// An absolute path without `..`, as records need it.
    fn flatten_path(self) -> Result<Place> {
        let Some(path) = self else { return Ok(Place::Here) };
        let Some(path) = path else { return Ok(Place::Beside(None)) };
        let cwd = env::current_dir().map_err(|e| Error::io("cannot find the current directory", &e))?;
        let path = cwd.join(path);
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Error::refused(format!("{} cannot be a worktree", path.display())));
        };
        let parent = parent
            .canonicalize()
            .map_err(|e| Error::io(format!("cannot find {}", parent.display()), &e).with_kind(Kind::Refused))?;
        Ok(Place::Beside(Some(parent.join(name))))
    }
}

fn here(ctx: &Ctx<'_>, session: &Session, wanted: &StartRequest) -> Result<Outcome> {
    let mut request = request(ctx, "hotfix start");
    request.wanted = Wanted { list_ignored: true, ..Wanted::default() };
    carry_out(ctx, session, &request, Locks::IndexAndHead, &|table| {
        start(table.session, table.desk, table.stash, table.name, wanted)
    })
}

fn beside(ctx: &Ctx<'_>, session: &Session, wanted: &StartRequest, path: Option<&Path>) -> Result<Outcome> {
    carry_out(ctx, session, &request(ctx, "hotfix start"), Locks::None, &|table| {
        start_beside(table.session, table.desk, wanted, path)
    })
}

/// Pushes the branch that was just made.
fn share(ctx: &Ctx<'_>, session: &Session, wanted: &StartRequest, done: &DoneReport) -> Result<()> {
    let Some(remote) = &wanted.push else { return Ok(()) };
    let hotfix = made(session, done)?;
    let new = hotfix.tip.ok_or_else(|| Error::fault(format!("{} is not there", hotfix.branch)))?;
    let edit = RemoteEdit::New { name: format!("refs/heads/{}", hotfix.branch), new };
    push_or_take_back(ctx, session, done, remote, &[edit], &[hotfix.branch])
}

/// The hotfix that an operation started.
fn made(session: &Session, done: &DoneReport) -> Result<Hotfix> {
    let operations = log::read_own(&session.repo, &session.layout, usize::MAX)?;
    let operation = log::find(&operations, done.operation.as_deref().unwrap_or_default())?;
    let branch = operation.facts.iter().find_map(|fact| hotfix::branch_of(&fact.about));
    hotfix::find(session, None, Some(branch.unwrap_or_default()))
}

fn next(session: &Session, done: &mut DoneReport) {
    let Ok(hotfix) = made(session, done) else { return };
    let full = format!("refs/heads/{}", hotfix.branch);
    if let Some((_, path)) = session.repo.checked_out_elsewhere().into_iter().find(|(branch, _)| *branch == full) {
        done.next.push(Hint::new(format!("cd {path}"), "the hotfix is there"));
    }
    done.next.push(Hint::new("git commit", "commit the fix on that branch"));
    done.next.push(Hint::new(format!("git rollback hotfix finish {}", hotfix.version), "then release it"));
}
