//! `git rollback sprint start`.

use crate::commands::Ctx;
use crate::commands::change::{carry_out, request};
use crate::engine::Locks;
use crate::model::Trouble;
use crate::model::report::Outcome;
use crate::plan::resolve::resolve;
use crate::plan::sprint::{Start, check_number, start};
use crate::store::scene::Wanted;
use crate::store::session::Session;
use crate::{Error, Result};

/// What can be typed.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The sprint: a number or a short name
    #[arg(value_name = "N")]
    pub number: String,

    /// Go on with changes that are not committed
    #[arg(long)]
    pub allow_dirty: bool,
}

/// Runs the command.
pub(super) fn run(ctx: &Ctx<'_>, args: Args) -> Result<Outcome> {
    check_number(&args.number)?;
    let session = Session::open()?;
    session.refuse_unfinished()?;
    let branch = session.config.sprint.branch.replace("{n}", &args.number);
    if session.repo.reference(&format!("refs/heads/{branch}"))?.is_some() {
        return Err(Error::refused(format!("sprint {} was started already: there is a branch {branch}", args.number))
            .help(format!("`git rollback sprint show {}` says how it stands", args.number))
            .help(format!("`git switch {branch}` goes on with it")));
    }
    let place = resolve(&session, "baseline")?;
    let wanted = Start { number: args.number.clone(), branch, keep_changes: args.allow_dirty };
    let mut request = request(ctx, "sprint start");
    request.trouble = Trouble { sprint: Some(args.number), ..Trouble::default() };
    request.wanted = Wanted { list_ignored: true, ..Wanted::default() };
    carry_out(ctx, &session, &request, Locks::IndexAndHead, &|table| {
        start(table.session, table.desk, table.name, &place, &wanted)
    })
}
