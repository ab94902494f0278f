//! `git rollback sprint start`.

use crate::commands::change::{carry_out, request};
use crate::commands::{Ctx, check};
use crate::engine::Locks;
use crate::model::Trouble;
use crate::model::report::{CheckReport, CheckResult, Outcome};
use crate::plan::resolve::resolve;
use crate::plan::sprint::{Start, check_number, start};
use crate::store::scene::Wanted;
use crate::store::session::Session;
use crate::{Error, Kind, Result};

/// What can be typed.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The sprint: a number or a short name
    #[arg(value_name = "N")]
    pub number: String,

    /// Go on with changes that are not committed
    #[arg(long)]
    pub allow_dirty: bool,

    /// Start without the safety checks (`git rollback check`)
    #[arg(long)]
    pub no_check: bool,
}

/// Makes the safety checks; the answer, where one failed.
fn check(ctx: &Ctx<'_>, session: &Session, args: &Args) -> Result<Option<Outcome>> {
    let wanted =
        check::Args { sprint: Some(args.number.clone()), allow_dirty: args.allow_dirty, ..check::Args::default() };
    let checks = check::all(ctx, session, &wanted);
    if let Some(signal) = ctx.talk.signal() {
        return Err(Error::new(Kind::Interrupted(signal), "interrupted; nothing was changed"));
    }
    let count = |result| checks.iter().filter(|check| check.result == result).count();
    if count(CheckResult::Fail) == 0 {
        let (passed, skipped) = (count(CheckResult::Pass), count(CheckResult::Skipped));
        ctx.talk.note(&format!("safe to start: {passed} checks passed, {skipped} skipped"));
        return Ok(None);
    }
    let warnings = vec!["the sprint was not started; --no-check starts it all the same".to_owned()];
    let report = CheckReport { safe: false, sprint: wanted.sprint, checks, warnings, ..CheckReport::default() };
    Ok(Some(report.into()))
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
    if !args.no_check
        && let Some(unsafe_to_start) = check(ctx, &session, &args)?
    {
        return Ok(unsafe_to_start);
    }
    let wanted = Start { number: args.number.clone(), branch, keep_changes: args.allow_dirty };
    let mut request = request(ctx, "sprint start");
    request.trouble = Trouble { sprint: Some(args.number), ..Trouble::default() };
    request.wanted = Wanted { list_ignored: true, ..Wanted::default() };
    carry_out(ctx, &session, &request, Locks::IndexAndHead, &|table| {
        start(table.session, table.desk, table.name, &place, &wanted)
    })
}
