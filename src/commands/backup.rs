//! `git rollback backup`: saves the working state as a stash entry.

use super::Ctx;
use super::change::{carry_out, request};
use crate::Result;
use crate::engine::Locks;
use crate::model::report::Outcome;
use crate::plan::backup::plan;
use crate::store::scene::Wanted;
use crate::store::session::Session;

/// Save the working state as a stash entry that plain git can handle
///
/// The entry is in `git stash list`, and `git stash pop --index` brings it back.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback backup -m \"half-way through the parser\"
  git rollback backup --clean      save everything and start from a clean tree
  git stash pop --index            plain git brings it back")]
pub struct Args {
    /// Say what this backup is
    #[arg(long, short, value_name = "MSG")]
    pub message: Option<String>,

    /// Leave a clean tree behind, as `git stash push -u` does
    #[arg(long)]
    pub clean: bool,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let message = stash_message(&session, args.message.as_deref())?;
    let mut request = request(ctx, "backup");
    request.stash_message = Some(message.clone());
    request.wanted = Wanted { list_ignored: args.clean, ..Wanted::default() };
    let locks = if args.clean { Locks::IndexAndHead } else { Locks::None };
    carry_out(ctx, &session, &request, locks, &|table| plan(table.desk, table.stash, table.name, &message, args.clean))
}

/// The message as git's own stash words it.
fn stash_message(session: &Session, typed: Option<&str>) -> Result<String> {
    let head = session.repo.head()?;
    let branch = head.branch().unwrap_or("(no branch)").to_owned();
    let line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    Ok(match (typed, session.repo.head_commit(&head)?) {
        (Some(text), _) => format!("On {branch}: {}", line(text)),
        (None, Some(id)) => {
            let commit = session.repo.commit(id)?;
            format!("WIP on {branch}: {} {}", &id.to_string()[..7], line(&commit.subject))
        }
        (None, None) => format!("WIP on {branch}"),
    })
}
