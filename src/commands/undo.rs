//! `git rollback undo`: takes an operation back.

use super::Ctx;
use super::change::{carry_out, request};
use crate::engine::Locks;
use crate::model::Operation;
use crate::model::report::{Finding, Outcome, Severity};
use crate::plan::pushed;
use crate::plan::undo::{plan, plan_older};
use crate::store::log;
use crate::store::scene::Wanted;
use crate::store::session::Session;
use crate::{Error, Result};

/// Take back the last operation, or one that is named
///
/// Again, it takes back the one before. What was done since is saved first.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback undo            take the last operation back
  git rollback undo -n         what would that change?
  git rollback undo 3f2a91c0   take one older operation back, keep the later ones
  git rollback redo            do it again after all")]
pub struct Args {
    /// The operation; without it, the last one that changed files, index, HEAD or branches (making a point is not one)
    #[arg(value_name = "OP")]
    pub operation: Option<String>,

    /// For the record
    #[command(flatten)]
    pub record: super::record::RecordArgs,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open_to_go_back(ctx.talk)?;
    session.refuse_unfinished()?;
    let operations = log::read_own(&session.repo, &session.layout, usize::MAX)?;
    let timeline = log::timeline(&operations, &session.repo.worktree_id());
    let last = timeline.done.last();
    let operation = match &args.operation {
        Some(id) => find(&session, &operations, id)?,
        None => last.cloned().ok_or_else(|| {
            Error::refused("there is nothing to undo in this worktree").help("`git rollback log` lists what was done")
                .help("work that was saved: `git rollback points` lists it, `git rollback to last` is the newest checkpoint")
        })?,
    };
    let is_last = last.is_some_and(|last| last.id == operation.id);
    if operation.aborted || timeline.undone.iter().any(|o| o.undoes.as_ref() == Some(&operation.id)) {
        return Err(Error::refused(format!("operation {} was taken back already", operation.id)));
    }
    let skipped = if args.operation.is_none() { passed_over(&operations, &operation) } else { None };
    let mut request = request(ctx, "undo");
    request.trouble = args.record.trouble(&session)?;
    request.wanted = Wanted { list_ignored: true, ..Wanted::default() };
    carry_out(ctx, &session, &request, Locks::IndexAndHead, &|table| {
        let mut plan = if is_last {
            plan(table.session, table.desk, &operation)?
        } else {
            plan_older(table.session, table.desk, &operation)?
        };
        plan.undoes = Some(operation.id.clone());
        plan.report.findings.extend(skipped.clone());
        pushed::note(table.session, &operation, &mut plan)?;
        Ok(plan)
    })
}

/// Operations that are newer than the one a bare undo takes back, because they only made or moved points.
fn passed_over(operations: &[Operation], undone: &Operation) -> Option<Finding> {
    let mine = operations.iter().filter(|o| o.worktree == undone.worktree).take_while(|o| o.id != undone.id);
    let recorded = |o: &Operation| ["checkpoint", pushed::COMMAND].contains(&o.command.as_str());
    let other = |o: &&Operation| !o.changes_state && o.steps.is_some() && !recorded(o) && !o.aborted;
    let newest = mine.filter(|o| o.undoes.is_none() && o.redoes.is_none()).find(other)?;
    Some(Finding {
        severity: Severity::Note,
        message: format!(
            "not undone, because it changed no files: {} ({}); `git rollback undo {}` takes that back",
            newest.title, newest.id, newest.id
        ),
        help: None,
    })
}

fn find(session: &Session, operations: &[Operation], id: &str) -> Result<Operation> {
    let operation = log::find(operations, id)?;
    let here = session.repo.worktree_id();
    if operation.worktree != here {
        return Err(Error::refused(format!("operation {} was done in another worktree", operation.id))
            .because(format!("it was {}, this is {here}", operation.worktree))
            .help("run the command there"));
    }
    if operation.steps.is_none() {
        return Err(Error::refused(format!("operation {} cannot be undone", operation.id))
            .because("what it removed was removed on purpose"));
    }
    Ok(operation)
}
