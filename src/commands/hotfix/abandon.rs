//! `git rollback hotfix abandon`.

use super::remote::push_or_take_back;
use crate::Result;
use crate::commands::Ctx;
use crate::commands::change::{carry_out, request};
use crate::commands::release::Of;
use crate::commands::send::remote_for_push;
use crate::engine::Locks;
use crate::git::RemoteEdit;
use crate::model::report::{Outcome, Report};
use crate::plan::hotfix::abandon;
use crate::plan::pushed::DELETED;
use crate::release::hotfix;
use crate::store::scene::Wanted;
use crate::store::session::Session;

/// What can be typed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback hotfix abandon 1.0.2 --reason \"fixed in 1.1.0\"
  git rollback hotfix abandon               the one HEAD is on: then HEAD goes back to where it came from
  git rollback hotfix abandon 1.0.2 --push  also delete the branch on the remote
  git rollback undo                         take it back: branch and all")]
pub struct Args {
    /// The version or the branch; without it, the one HEAD is on, or the only open one
    pub hotfix: Option<String>,

    /// Also delete the branch on the remote, if it still is where it was last seen
    #[arg(long)]
    pub push: bool,

    /// Whose version it is.
    #[command(flatten)]
    pub of: Of,
}

/// Runs the command.
pub(super) fn run(ctx: &Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    session.refuse_unfinished()?;
    let package = args.of.package(&session)?;
    let hotfix = hotfix::find(&session, Some(&package), args.hotfix.as_deref())?;
    let remote = if args.push { Some(remote_for_push(&session)?) } else { None };
    let there = remote.and_then(|remote| Some((hotfix.remotes.get(&remote).copied()?, remote)));
    let mut request = request(ctx, "hotfix abandon");
    request.wanted = Wanted { list_ignored: true, ..Wanted::default() };
    let why = ctx.global.reason.clone();
    let mut outcome = carry_out(ctx, &session, &request, Locks::IndexAndHead, &|table| {
        let mut plan = abandon(table.session, table.desk, table.name, &hotfix, why.as_deref())?;
        if let Some((_, remote)) = &there {
            plan.report.steps.push(format!("delete {} on {remote}", hotfix.branch));
            plan.report.needs_yes.push(format!("{} is deleted on {remote}", hotfix.branch));
            plan.report.not_undoable.push(format!("the branch on {remote}: `git push {remote} {}`", hotfix.branch));
        }
        Ok(plan)
    })?;
    let Report::Done(done) = &mut outcome.report else { return Ok(outcome) };
    if let Some((old, remote)) = &there {
        let edit = RemoteEdit::Replace { name: format!("refs/heads/{}", hotfix.branch), old: *old, new: None };
        let gone = format!("{}{DELETED}", hotfix.branch);
        push_or_take_back(ctx, &session, done, remote, &[edit], &[gone])?;
    }
    for remote in hotfix.remotes.keys().filter(|remote| there.as_ref().is_none_or(|(_, other)| other != *remote)) {
        let how = format!("git push {remote} --delete {}", hotfix.branch);
        done.warnings.push(format!("{remote} still has the branch: `{how}` deletes it there"));
    }
    Ok(outcome)
}
