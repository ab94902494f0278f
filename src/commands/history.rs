//! `git rollback history`: the rollbacks, from where to where, and why.

use super::Ctx;
use super::facts::History;
use crate::Result;
use crate::git::Repo;
use crate::model::report::{Duration, HistoryReport, LogRow, Outcome, Place, RollbackResult, RollbackRow};
use crate::model::{HeadAt, Impact, ObjectId, Operation};
use crate::store::facts::{FROM_VERSION, TO_VERSION, amended};
use crate::store::log;
use crate::store::session::Session;
use std::collections::BTreeMap;

/// List the rollbacks: from where to where, why, how long
///
/// Rollbacks are `to`, `restore`, `undo` and `sprint fail`, of this clone and of all whose logs were fetched.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback history                      newest first
  git rollback history --severity critical
  git rollback history --sprint 4 --json
  git rollback log 3f2a91c0                 one of them in full")]
pub struct Args {
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap would take words here as the command's")]
    pub filter: Filter,

    /// At most this many; 0: all [default: 50]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// Which rollbacks are meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Filter {
    /// Only those of this severity
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub severity: Option<Impact>,

    /// Only those with this cause
    #[arg(long, value_name = "WORDS")]
    pub cause: Option<String>,

    /// Only those of this sprint
    #[arg(long, value_name = "N")]
    pub sprint: Option<String>,

    /// Only those since then: 30d (ago), 2026-01-10
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
}

impl Filter {
    /// Whether all are meant.
    fn is_empty(&self) -> bool {
        self.severity.is_none() && self.cause.is_none() && self.sprint.is_none() && self.since.is_none()
    }

    /// The rollbacks that are meant, newest first, and what could not be read.
    ///
    /// # Errors
    /// Refused: a time that is none.
    pub(super) fn rollbacks(&self, session: &Session) -> Result<(Vec<Operation>, Vec<String>)> {
        let (all, warnings) = log::read_all(&session.repo)?;
        let since = self.since.as_deref().map(super::record::since).transpose()?;
        let same = |text: &Option<String>, wanted: &Option<String>| {
            let lower = |text: &Option<String>| text.as_ref().map(|text| text.to_lowercase());
            wanted.is_none() || lower(text) == lower(wanted)
        };
        let mut out = amended(all);
        out.retain(|operation| {
            let trouble = &operation.trouble;
            operation.is_rollback()
                && self.severity.is_none_or(|severity| trouble.severity == Some(severity))
                && same(&trouble.cause, &self.cause)
                && same(&trouble.sprint, &self.sprint)
                && since.is_none_or(|since| operation.who.time.seconds >= since)
        });
        Ok((out, warnings))
    }
}

/// How many are listed when nobody says.
const LIMIT: usize = 50;

/// Runs the command.
pub fn run(_ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let (found, warnings) = args.filter.rollbacks(&session)?;
    let limit = args.limit.unwrap_or(LIMIT);
    let shown = if limit == 0 { found.len() } else { limit.min(found.len()) };
    let rollbacks = rows_of(&session, &found[..shown])?;
    let releases = match args.filter.is_empty() {
        true => releases(&session, if limit == 0 { usize::MAX } else { limit })?,
        false => Vec::new(),
    };
    Ok(HistoryReport { rollbacks, more: (found.len() - shown) as u64, releases, warnings }.into())
}

/// What was done with releases and hotfixes, newest first.
fn releases(session: &Session, limit: usize) -> Result<Vec<LogRow>> {
    let own = log::read_own(&session.repo, &session.layout, usize::MAX)?;
    let history = History::new(session, &own);
    let all = log::read(&session.repo, usize::MAX)?;
    let about = |operation: &&Operation| {
        let first = operation.command.split(' ').next().unwrap_or_default();
        !operation.aborted && ["release", "hotfix"].contains(&first)
    };
    Ok(all.iter().filter(about).take(limit).map(|operation| history.row(operation)).collect())
}

/// All rollbacks that are `wanted`, newest first.
pub(super) fn rows(session: &Session, wanted: impl Fn(&Operation) -> bool) -> Result<Vec<RollbackRow>> {
    let (mut found, _) = Filter::default().rollbacks(session)?;
    found.retain(wanted);
    rows_of(session, &found)
}

fn rows_of(session: &Session, found: &[Operation]) -> Result<Vec<RollbackRow>> {
    let own = log::read_own(&session.repo, &session.layout, usize::MAX)?;
    let history = History::new(session, &own);
    let tags = tags(&session.repo)?;
    Ok(found.iter().map(|operation| row(&history, &tags, operation)).collect())
}

fn row(history: &History<'_>, tags: &BTreeMap<ObjectId, String>, operation: &Operation) -> RollbackRow {
    let line = history.row(operation);
    let place = |at: &HeadAt| Place {
        commit: at.commit,
        branch: at.head.branch().map(str::to_owned),
        tag: at.commit.and_then(|commit| tags.get(&commit).cloned()),
    };
    let version = |key: &str| operation.facts.iter().find(|fact| fact.key == key).and_then(|fact| fact.new.clone());
    RollbackRow {
        id: line.id,
        time: line.time,
        command: line.command,
        from: place(&operation.before),
        to: place(&operation.after),
        from_version: version(FROM_VERSION),
        to_version: version(TO_VERSION),
        reason: line.reason,
        trouble: operation.trouble.clone(),
        recovery: operation.recovery_millis().map(Duration::of),
        took: Duration::of(operation.millis),
        result: match (operation.aborted, operation.differs.is_empty()) {
            (true, _) => RollbackResult::TakenBack,
            (false, true) => RollbackResult::Recovered,
            (false, false) => RollbackResult::Unverified,
        },
        undo: line.undo,
        summary: line.summary,
        who: line.who,
    }
}

/// The tag at each commit that has one; of several, the last by name.
fn tags(repo: &Repo) -> Result<BTreeMap<ObjectId, String>> {
    let mut out = BTreeMap::new();
    for tag in repo.references("refs/tags/*")? {
        if let (Some(name), Ok(Some(commit))) = (tag.utf8_name(), repo.peel(tag.id)) {
            out.insert(commit, name.trim_start_matches("refs/tags/").to_owned());
        }
    }
    Ok(out)
}
