//! `git rollback release candidate` and `release promote`.

use super::Of;
use crate::commands::Ctx;
use crate::commands::change::{carry_out, request};
use crate::commands::check::runs;
use crate::commands::facts::shell_word;
use crate::commands::hotfix::remote::ask;
use crate::commands::send::{announce, made_by, operation_of, remote_for_push, send_or_say};
use crate::engine::Locks;
use crate::model::report::{Hint, Outcome, Report};
use crate::model::{ObjectId, Ran};
use crate::plan::Plan;
use crate::plan::candidate::{CutRequest, PromoteRequest, candidate, cut, promote};
use crate::plan::hotfix::Elsewhere;
use crate::plan::resolve::resolve;
use crate::release::{Package, Version, remote_of};
use crate::store::session::Session;
use crate::{Error, Result};

/// What becomes of the remote.
#[derive(Clone, Debug, clap::Args)]
pub struct WithRemote {
    /// Send the tag, and the branch that got its commit, to the remote: both, or none
    #[arg(long)]
    pub push: bool,

    /// Do not ask the remote which versions are there
    #[arg(long, conflicts_with = "push")]
    pub offline: bool,
}

impl WithRemote {
    fn push(&self, session: &Session) -> Result<Option<String>> {
        if self.push { remote_for_push(session).map(Some) } else { Ok(None) }
    }

    fn ask(&self, ctx: &Ctx<'_>, session: &Session) -> Result<Option<Elsewhere>> {
        if self.offline { Ok(None) } else { ask(ctx, session, self.push) }
    }
}

/// What can be typed.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The version that it is a candidate of, as in 1.2.0; 1.2.0-rc.3 for a number of your own
    pub version: String,

    /// The commit; without it, HEAD
    pub rev: Option<String>,

    /// What this candidate is
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,

    /// Leave the version files as they are
    #[arg(long)]
    pub keep_files: bool,

    /// What becomes of the remote.
    #[command(flatten)]
    pub remote: WithRemote,

    /// Whose version it is.
    #[command(flatten)]
    pub of: Of,
}

/// What can be typed.
#[derive(Clone, Debug, clap::Args)]
pub struct PromoteArgs {
    /// The candidate, or its version: then the newest candidate of that
    pub candidate: String,

    /// What this release is: said by the tag, and first in the changelog
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,

    /// Do not run the tests of rollback.toml at the candidate first
    #[arg(long)]
    pub no_tests: bool,

    /// What becomes of the remote.
    #[command(flatten)]
    pub remote: WithRemote,

    /// Whose version it is.
    #[command(flatten)]
    pub of: Of,
}

/// Runs `candidate`.
pub(super) fn run(ctx: &Ctx<'_>, session: &Session, args: Args) -> Result<Outcome> {
    let package = args.of.package(session)?;
    let push = args.remote.push(session)?;
    let wanted = CutRequest {
        version: Version::parse(args.version.strip_prefix('v').unwrap_or(&args.version))?,
        place: args.rev.map(|rev| resolve(session, &rev)).transpose()?,
        message: args.message,
        keep_files: args.keep_files,
        elsewhere: args.remote.ask(ctx, session)?,
    };
    let outcome = carry_out(ctx, session, &request(ctx, "release candidate"), Locks::IndexAndHead, &|table| {
        let plan = cut(table.session, table.desk, table.name, &package, &wanted)?;
        Ok(announced(plan, push.as_deref()))
    })?;
    let of = args.of.package.map(|name| format!(" -p {}", shell_word(&name))).unwrap_or_default();
    let mut outcome = sent(ctx, session, outcome, push.is_some())?;
    if let Report::Done(done) = &mut outcome.report
        && let Some(tag) = &done.point
    {
        let command = format!("git rollback release promote {}{of}", shell_word(tag));
        done.next.push(Hint::new(command, "make it the release"));
    }
    Ok(outcome)
}

/// Runs `promote`.
pub(super) fn promote_it(ctx: &Ctx<'_>, session: &Session, args: PromoteArgs) -> Result<Outcome> {
    session.refuse_unfinished()?;
    let package = args.of.package(session)?;
    let push = args.remote.push(session)?;
    let wanted =
        PromoteRequest { typed: args.candidate, message: args.message, elsewhere: args.remote.ask(ctx, session)? };
    if !args.no_tests && !ctx.global.dry_run {
        tested(ctx, session, &package, &wanted.typed)?;
    }
    let outcome = carry_out(ctx, session, &request(ctx, "release promote"), Locks::IndexAndHead, &|table| {
        let plan = promote(table.session, table.desk, table.name, &package, &wanted)?;
        Ok(announced(plan, push.as_deref()))
    })?;
    sent(ctx, session, outcome, push.is_some())
}

/// Refuses a candidate that does not pass its tests.
fn tested(ctx: &Ctx<'_>, session: &Session, package: &Package, typed: &str) -> Result<()> {
    let (tag, commit): (_, ObjectId) = candidate(session, package, typed)?;
    let tests = session.config.commands.tests();
    let (Some(text), false) = (&session.config.text, tests.is_empty()) else { return Ok(()) };
    if let Some(passed) = runs::passed(session, tests, commit)? {
        ctx.talk.note(&format!("the tests passed at {} on {}", tag.name, passed.at));
        return Ok(());
    }
    let runs = runs::tests_at(session, ctx.talk, text, tests, commit)?;
    match runs.iter().find(|ran| !ran.ok) {
        None => Ok(()),
        Some(failed) => {
            let error = Error::refused(format!("{} does not pass its tests", tag.name)).because(Ran::failure(failed));
            let error = failed.tail(5).into_iter().fold(error, |error, line| error.because(line));
            Err(error.help("correct it and cut the next candidate; --no-tests promotes it all the same"))
        }
    }
}

fn announced(mut plan: Plan, remote: Option<&str>) -> Plan {
    if let Some(remote) = remote {
        announce(&mut plan, remote);
    }
    plan
}

/// Sends what was made, or says how it is sent.
fn sent(ctx: &Ctx<'_>, session: &Session, outcome: Outcome, now: bool) -> Result<Outcome> {
    let (Some(remote), Some(operation)) =
        (remote_of(&session.repo, &session.config)?, operation_of(session, &outcome)?)
    else {
        return Ok(outcome);
    };
    let edits = made_by(&session.repo, &operation, &remote);
    send_or_say(ctx, session, outcome, (&remote, &edits), now)
}
