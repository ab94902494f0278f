//! `git rollback redo`: does again what undo took back.

use super::Ctx;
use super::change::{carry_out, request};
use crate::engine::Locks;
use crate::model::report::Outcome;
use crate::plan::undo::plan;
use crate::store::log;
use crate::store::scene::Wanted;
use crate::store::session::Session;
use crate::{Error, Result};

/// Do again what `undo` took back
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback redo       forward again by one operation
  git rollback redo -n    what would that change?")]
pub struct Args {}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let Args {} = args;
    let session = Session::open_to_go_back(ctx.talk)?;
    session.refuse_unfinished()?;
    let operations = log::read_own(&session.repo, &session.layout, usize::MAX)?;
    let undo = log::timeline(&operations, &session.repo.worktree_id()).undone.pop().ok_or_else(|| {
        Error::refused("there is nothing to redo in this worktree")
            .help("redo takes back an undo that nothing followed; `git rollback points` lists what was saved")
    })?;
    let mut request = request(ctx, "redo");
    request.wanted = Wanted { list_ignored: true, ..Wanted::default() };
    carry_out(ctx, &session, &request, Locks::IndexAndHead, &|table| {
        let mut plan = plan(table.session, table.desk, &undo)?;
        plan.report.title = format!("Redo what {} took back", undo.id);
        plan.report.way_back = Some("git rollback undo".to_owned());
        plan.redoes = Some(undo.id.clone());
        Ok(plan)
    })
}
