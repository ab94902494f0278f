//! `git rollback trust`: allows what the repository brings along to run.

use super::Ctx;
use crate::config::{Config, FILE_NAME, trust};
use crate::model::RepoPath;
use crate::model::report::{Allowed, Hint, Outcome, TaskRow, TrustReport};
use crate::plan::resolve::resolve;
use crate::store::session::Session;
use crate::{Error, Result};

/// See what the repository's commands would run, and allow exactly that
///
/// The commands of rollback.toml, and filters and merge drivers that only the repository's own git configuration
/// defines, run only after you have allowed them. What is allowed is remembered outside the repository, by its content:
/// one changed byte, and you are asked again. Scripts that a command starts are not looked at.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback trust --show                   what would run, and is it allowed?
  git rollback trust                          look at it and allow it
  git rollback trust --from baseline          the same for the rollback.toml of the baseline
  git rollback trust --hash SHA               without a terminal: allow exactly this
  GIT_ROLLBACK_TRUST=SHA git rollback check   for one command only")]
pub struct Args {
    /// Only show what would run and whether it is allowed
    #[arg(long, conflicts_with_all = ["hash", "forget"])]
    pub show: bool,

    /// Allow what has this SHA-256, without a question
    #[arg(long, value_name = "SHA", conflicts_with = "forget")]
    pub hash: Option<String>,

    /// Look at the rollback.toml of another state
    #[arg(long, value_name = "POINT", conflicts_with = "forget")]
    pub from: Option<String>,

    /// Allow nothing in this repository any more
    #[arg(long)]
    pub forget: bool,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    if args.forget && !ctx.global.dry_run {
        let count = trust::forget(&session.repo)?;
        let mut report = look(&session, None)?;
        report.done = Some(format!("Nothing is allowed here any more ({count} before)"));
        return Ok(report.into());
    }
    let mut report = look(&session, args.from.as_deref())?;
    let waiting: Vec<Allowed> =
        [&report.settings, &report.git].into_iter().flatten().filter(|a| !a.allowed).cloned().collect();
    if args.show || args.forget || ctx.global.dry_run || (waiting.is_empty() && args.hash.is_none()) {
        if !waiting.is_empty() {
            let from = args.from.map(|point| format!(" --from {point}")).unwrap_or_default();
            report.hints.push(Hint::new(format!("git rollback trust{from}"), "look at it and allow it"));
        }
        return Ok(report.into());
    }
    let chosen = match &args.hash {
        Some(hash) => by_hash(&report, hash)?,
        None => ask(ctx, &waiting)?,
    };
    for allowed in &chosen {
        trust::allow(&session.repo, &allowed.hash, &allowed.what)?;
    }
    let what: Vec<&str> = chosen.iter().map(|allowed| allowed.what.as_str()).collect();
    let done = format!("Allowed: {}", what.join(" and "));
    Ok(TrustReport { done: Some(done), ..look(&session, args.from.as_deref())? }.into())
}

/// What there is to allow.
fn look(session: &Session, from: Option<&str>) -> Result<TrustReport> {
    let repo = &session.repo;
    let mut report = TrustReport::default();
    let text = match from {
        None => session.config.text.clone(),
        Some(point) => resolve(session, point)?.target(repo)?.file(repo, &RepoPath::from(FILE_NAME))?,
    };
    if let Some(text) = text {
        let hash = trust::hash(&text);
        let config = Config::of_text(&text)?;
        let commands = config.tasks().into_iter().map(|(key, task)| TaskRow {
            // What nobody named is called as its key, or the last word of that and a number.
            key: match key.rsplit(' ').next().and_then(|last| task.name.strip_prefix(last)) {
                Some(number) if number.is_empty() || number.starts_with(' ') => format!("{key}{number}"),
                _ => format!("{key} {}", task.name),
            },
            command: task.spelled(),
            cwd: task.cwd.clone(),
            environment: task.environment.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        });
        let what = from.map_or_else(|| FILE_NAME.to_owned(), |point| format!("{FILE_NAME} of {point}"));
        report.settings =
            Some(Allowed { what, allowed: trust::is_allowed(repo, &hash)?, hash, commands: commands.collect() });
    }
    if let Some(hash) = trust::hash_of_own_commands(repo) {
        let row = |(key, command)| TaskRow { key, command, ..TaskRow::default() };
        let commands = repo.own_commands().into_iter().map(row).collect();
        let what = "the git configuration of the repository".to_owned();
        report.git = Some(Allowed { what, allowed: trust::is_allowed(repo, &hash)?, hash, commands });
    }
    Ok(report)
}

/// What has exactly this hash.
fn by_hash(report: &TrustReport, hash: &str) -> Result<Vec<Allowed>> {
    let all = [&report.settings, &report.git].into_iter().flatten();
    let found: Vec<Allowed> = all.filter(|allowed| allowed.hash.eq_ignore_ascii_case(hash)).cloned().collect();
    if found.is_empty() {
        return Err(Error::refused("nothing here has this hash, so nothing was allowed")
            .because(hash)
            .help("`git rollback trust --show` shows what there is and its hash"));
    }
    Ok(found)
}

/// Shows what would run, and asks. A yes given beforehand does not count: it says nothing about what was seen.
fn ask(ctx: &Ctx<'_>, waiting: &[Allowed]) -> Result<Vec<Allowed>> {
    let question: Vec<&str> = waiting.iter().map(|allowed| allowed.what.as_str()).collect();
    if !ctx.talk.can_ask() || ctx.global.quiet || ctx.global.yes {
        return Err(Error::refused(
            "this needs somebody who looks at it on a terminal (--yes and --quiet are not enough)",
        )
        .because(format!("{} would be allowed to run commands", question.join(" and ")))
        .help("`git rollback trust --show` shows what would run and its hash")
        .help(format!(
            "`git rollback trust --hash SHA` allows exactly that, or {}=SHA for one command",
            trust::VARIABLE
        )));
    }
    for allowed in waiting {
        ctx.talk.note(&format!("{} ({}) would run:", allowed.what, allowed.hash));
        allowed.commands.iter().for_each(|row| ctx.talk.output(&row.key, &row.line()));
    }
    match ctx.talk.confirm(&format!("Allow exactly this ({})?", question.join(" and ")))? {
        true => Ok(waiting.to_vec()),
        false => Err(Error::refused("nothing was allowed")),
    }
}
