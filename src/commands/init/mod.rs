//! `git rollback init`: looks at the repository, and writes a `rollback.toml` for it.

mod look;
mod text;

use super::Ctx;
use super::change::{carry_out, request};
use crate::config::{Config, FILE_NAME};
use crate::engine::Locks;
use crate::git::ObjectSink;
use crate::model::RepoPath;
use crate::model::report::{Hint, Outcome, Report};
use crate::plan::resolve::resolve;
use crate::plan::{Plan, points, write};
use crate::store::scene::Wanted;
use crate::store::session::{OperationName, Session};
use crate::{Error, Result};
use std::collections::BTreeMap;

/// Look at the repository, write a rollback.toml for it, and set the baseline
///
/// What it finds (default branch, language, package manager, tests, services, CI) becomes a proposal, with what it is not
/// sure of as comments. Flags take the place of what it found. The baseline is set on HEAD where there is none. Nothing of
/// the commands runs before you allow them with `git rollback trust`.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback init -n -v                         what would it write?
  git rollback init                               write it, and set the baseline
  git rollback init --tests 'make check' --install 'npm ci' --no-baseline")]
pub struct Args {
    /// The command that runs the tests
    #[arg(long, value_name = "COMMAND")]
    pub tests: Option<String>,

    /// The command that stops what runs from here, before a full rollback
    #[arg(long, value_name = "COMMAND")]
    pub stop: Option<String>,

    /// The command that installs what the code needs
    #[arg(long, value_name = "COMMAND")]
    pub install: Option<String>,

    /// The command that starts it
    #[arg(long, value_name = "COMMAND")]
    pub start: Option<String>,

    /// The command that tells whether it works, or an address to ask
    #[arg(long, value_name = "COMMAND")]
    pub verify: Option<String>,

    /// A branch whose published commits are never rewritten, beside main, master and release/*
    #[arg(long, value_name = "BRANCH")]
    pub protect: Vec<String>,

    /// The name of the tag that is the baseline
    #[arg(long, value_name = "NAME")]
    pub baseline: Option<String>,

    /// The commit that is known to be good, instead of HEAD
    #[arg(long, value_name = "REV", conflicts_with = "no_baseline")]
    pub rev: Option<String>,

    /// Set no baseline
    #[arg(long)]
    pub no_baseline: bool,

    /// Replace the rollback.toml that is there (it is saved first)
    #[arg(long)]
    pub force: bool,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    if session.config.text.is_some() && !args.force {
        return Err(Error::refused(format!("there is a {FILE_NAME} already"))
            .help("edit it, or replace it with --force (it is saved first, and `git rollback undo` brings it back)")
            .help("`git rollback baseline set` sets the baseline"));
    }
    let found = look::at(&session);
    let text = text::of(&found, &args);
    Config::of_text(text.as_bytes()).map_err(|e| e.help("look at the values of the flags"))?;
    show(ctx, &found, &text);
    let asks = ctx.talk.can_ask() && !ctx.global.yes && !ctx.global.dry_run;
    if asks && !ctx.talk.confirm(&format!("Write this {FILE_NAME}? You can edit it afterwards."))? {
        return Err(Error::refused("nothing was written"));
    }
    let mut request = request(ctx, "init");
    request.wanted = Wanted { list_ignored: true, ..Wanted::default() };
    let mut outcome = carry_out(ctx, &session, &request, Locks::IndexAndHead, &|table| {
        let files = BTreeMap::from([(RepoPath::from(FILE_NAME), text.clone())]);
        let title = format!("Write {FILE_NAME} ({})", found.words());
        let mut plan = write::plan(table.desk, &files, title)?;
        if !args.no_baseline {
            baseline(table.session, table.desk.sink, table.name, &args, &mut plan)?;
        }
        Ok(plan)
    })?;
    if let Report::Done(done) = &mut outcome.report {
        done.next = vec![
            Hint::new("git rollback trust", "look at its commands, and allow them"),
            Hint::new(format!("git add {FILE_NAME}"), "it belongs into the repository: commit it"),
            Hint::new("git rollback check", "is it safe to begin something risky?"),
        ];
    }
    Ok(outcome)
}

fn show(ctx: &Ctx<'_>, found: &look::Found, text: &str) {
    ctx.talk.note(&format!("Found: {}", found.words()));
    if ctx.talk.can_ask() || ctx.global.verbose {
        text.lines().for_each(|line| ctx.talk.output(FILE_NAME, line));
    }
}

/// Adds the baseline, where there is none of that name yet.
fn baseline(
    session: &Session,
    sink: &ObjectSink<'_>,
    name: &OperationName,
    args: &Args,
    plan: &mut Plan,
) -> Result<()> {
    let tag = args.baseline.as_deref().unwrap_or(&session.config.baseline);
    let there = session.repo.has_ref(&format!("refs/tags/{tag}"));
    let unborn = session.repo.head_commit(&session.repo.head()?)?.is_none();
    if args.rev.is_none() && (there || unborn) {
        return Ok(());
    }
    let place = resolve(session, args.rev.as_deref().unwrap_or("HEAD"))?;
    let reason = Some("known to be good when git rollback was set up");
    let set = points::set_baseline(session, sink, name, &place, tag, reason, args.force)?;
    let at = place.commit.map(|commit| format!(" at {}", commit.short())).unwrap_or_default();
    plan.report.title = format!("{}, and set the tag {tag} as a baseline{at}", plan.report.title);
    plan.report.steps.extend(set.report.steps);
    plan.steps.extend(set.steps);
    plan.extra.commits.extend(set.extra.commits);
    plan.point = set.point;
    Ok(())
}
