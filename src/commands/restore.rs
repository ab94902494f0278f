//! `git rollback restore`: brings back some paths.

use super::Ctx;
use super::change::{carry_out, request};
use crate::Result;
use crate::engine::Locks;
use crate::git::Pathspecs;
use crate::model::report::Outcome;
use crate::plan::resolve::resolve;
use crate::plan::restore::{RestoreRequest, plan};
use crate::store::scene::Wanted;
use crate::store::session::Session;
use std::ffi::OsString;

/// Bring back some paths from a point; HEAD and branches stay
///
/// Without --staged and --worktree, files and index are both brought back. The tests that belong to the files
/// (`[validate]` of rollback.toml) run afterwards; when they fail, the exit code is 2.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback restore --from last src/main.rs
  git rollback restore --from @2h --worktree docs/     the files only, not the index
  git rollback restore --from v1.2.0 --no-overlay src  exactly the directory of then")]
pub struct Args {
    /// The point, operation, time or revision to take them from
    #[arg(long, value_name = "POINT")]
    pub from: String,

    /// Bring back the index
    #[arg(long)]
    pub staged: bool,

    /// Bring back the files
    #[arg(long)]
    pub worktree: bool,

    /// Also remove files that the point does not have
    #[arg(long)]
    pub no_overlay: bool,

    /// Run no commands of rollback.toml
    #[arg(long)]
    pub no_commands: bool,

    /// Which paths, as git spells them
    #[arg(required = true, value_name = "PATHSPEC", value_hint = clap::ValueHint::AnyPath)]
    pub pathspecs: Vec<OsString>,

    /// For the record
    #[command(flatten)]
    pub record: super::record::RecordArgs,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let place = resolve(&session, &args.from)?;
    let typed: Vec<Vec<u8>> = args.pathspecs.iter().map(|p| crate::host::env::bytes(p)).collect();
    let wanted = RestoreRequest {
        staged: args.staged,
        worktree: args.worktree || !args.staged,
        no_overlay: args.no_overlay,
        commands: !args.no_commands,
        paths: Pathspecs::parse(&typed, &crate::host::env::prefix_below(session.repo.root()))?,
    };
    let mut request = request(ctx, "restore");
    request.trouble = args.record.trouble(&session)?;
    // Nothing else is replaced, so nothing else is looked at and saved.
    let only = wanted.paths.as_set().cloned();
    request.wanted = Wanted { only, list_ignored: true, ..Wanted::default() };
    carry_out(ctx, &session, &request, Locks::IndexAndHead, &|table| plan(table.session, table.desk, &place, &wanted))
}
