//! `git rollback log`: the operations.

use super::Ctx;
use super::change::{carry_out, request};
use super::facts::{self, History};
use super::record::RecordArgs;
use crate::engine::Locks;
use crate::model::report::{Changed, Duration, Kept, LogDetail, LogReport, LogRow, Outcome, RefMove, UndoState};
use crate::model::{self, Operation, RepoPath, Step, Steps, Trouble};
use crate::plan::{self, describe};
use crate::store::facts::amended;
use crate::store::log;
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeSet;

/// List the operations, show one in full, or correct what is recorded about one
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback log                   what was done, newest first
  git rollback log --kind to --limit 5
  git rollback log 3f2a91c0          one operation in full
  git rollback log amend 3f2a91c0 --severity high --cause \"bad migration\"
  git rollback log --json            for a program")]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// The operation to show in full
    #[arg(value_name = "OP", conflicts_with_all = ["kind", "limit"])]
    pub operation: Option<String>,

    /// Only operations of this kind, as in `to` or `checkpoint`
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,

    /// At most this many; 0: all [default: 50]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,

    /// What else to do with the log.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What else to do with the log.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Action {
    /// Add or correct what is recorded about an operation; `--reason` replaces its reason
    ///
    /// The entry itself stays as it was written: what is said now is a new entry about it, and the newest counts.
    Amend(Amend),
}

/// What to record about an operation.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback log amend 3f2a91c0 --severity high --cause \"bad migration\"
  git rollback log amend 3f2a91c0 --started 2026-01-10T16:40 --sprint 4
  git rollback log amend 3f2a91c0 --reason \"the queue stood still\"")]
pub struct Amend {
    /// The operation, by its name or the beginning of it
    #[arg(value_name = "OP")]
    pub operation: String,

    /// The sprint it belongs to
    #[arg(long, value_name = "N")]
    pub sprint: Option<String>,

    /// For the record
    #[command(flatten)]
    pub record: RecordArgs,
}

/// How many operations are listed when nobody says.
const LIMIT: usize = 50;

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open_to_go_back(ctx.talk)?;
    if let Some(Action::Amend(args)) = &args.action {
        return amend(ctx, &session, args);
    }
    let (all, mut warnings) = log::read_all(&session.repo)?;
    let own = log::read_own(&session.repo, &session.layout, usize::MAX)?;
    let history = History::new(&session, &own);
    let all = amended(all);
    if let Some(id) = &args.operation {
        let operation = log::find(&all, id)?;
        return Ok(detail(&session, &history, &operation, ctx.global.verbose).into());
    }
    let wanted = |operation: &&Operation| args.kind.as_ref().is_none_or(|kind| &operation.command == kind);
    let found: Vec<&Operation> = all.iter().filter(wanted).collect();
    if let Some(kind) = args.kind.as_ref().filter(|_| found.is_empty() && !all.is_empty()) {
        let known: BTreeSet<&str> = all.iter().map(|o| o.command.as_str()).collect();
        let known: Vec<&str> = known.into_iter().collect();
        warnings.push(format!("no operation is of the kind \"{kind}\"; there are: {}", known.join(", ")));
    }
    let limit = args.limit.unwrap_or(LIMIT);
    let shown = if limit == 0 { found.len() } else { limit.min(found.len()) };
    let operations = found[..shown].iter().map(|operation| history.row(operation)).collect();
    Ok(LogReport { operations, more: (found.len() - shown) as u64, warnings }.into())
}

fn amend(ctx: &Ctx<'_>, session: &Session, args: &Amend) -> Result<Outcome> {
    let operation = log::find(&log::read(&session.repo, usize::MAX)?, &args.operation)?;
    let trouble = Trouble { sprint: args.sprint.clone(), ..args.record.told()? };
    let reason = ctx.global.reason.as_deref();
    if trouble.is_empty() && reason.is_none() {
        return Err(Error::refused("nothing was said that could be recorded")
            .help("give --severity, --cause, --started, --sprint or --reason"));
    }
    carry_out(ctx, session, &request(ctx, "log"), Locks::None, &|table| {
        plan::amend::plan(table.session, &operation, &trouble, reason)
    })
}

fn detail(session: &Session, history: &History<'_>, operation: &Operation, verbose: bool) -> LogDetail {
    let repo = &session.repo;
    let row = history.row(operation);
    let mut warnings = Vec::new();
    let steps = log::steps_of(repo, operation).map_err(|error| warnings.push(error.to_string())).unwrap_or_default();
    let snapshot = operation.snapshot.as_ref().filter(|s| repo.exists(s.id));
    if operation.snapshot.is_some() && snapshot.is_none() {
        warnings.push("its snapshot has expired: what was there before can no longer be brought back".to_owned());
    }
    let moved = |r: &model::RefMove| RefMove { name: r.name.clone(), old: r.old, new: r.new };
    // The tool's own refs are how it keeps what it saves.
    let is_shown = |r: &&model::RefMove| verbose || !r.name.starts_with("refs/rollback/");
    let trash = session.layout.trash();
    LogDetail {
        argv: operation.argv.clone(),
        duration: Duration { millis: operation.millis },
        head_before: facts::head(repo, &operation.before.head, operation.before.commit),
        head_after: facts::head(repo, &operation.after.head, operation.after.commit),
        refs: operation.refs.iter().filter(is_shown).map(moved).collect(),
        changed: Changed {
            written: operation.files.written as u64,
            removed: operation.files.removed as u64,
            trashed: operation.trash.iter().filter(|item| !item.back).count() as u64,
            refs: operation.refs.iter().filter(|r| !r.name.starts_with("refs/rollback/")).count() as u64,
        },
        files: facts::files(files_of(&steps)),
        steps: describe::sentences(&steps.steps),
        snapshot: operation.snapshot.as_ref().map(|s| s.name.clone()),
        trash: operation
            .trash
            .iter()
            .filter(|item| !item.back)
            .map(|item| Kept { path: item.path.clone(), at: trash.join(&item.slot).display().to_string() })
            .collect(),
        kept: operation.kept.iter().map(|k| Kept { path: k.path.clone(), at: k.at.clone() }).collect(),
        left_in_place: facts::left(&operation.left),
        trouble: operation.trouble.clone(),
        recovery: operation.is_rollback().then(|| operation.recovery_millis()).flatten().map(Duration::of),
        differs: operation.differs.clone(),
        runs: operation.runs.clone(),
        undoes: operation.undoes.clone(),
        redoes: operation.redoes.clone(),
        warnings,
        way_back: way_back(history, &row, operation),
        recover_with_git: snapshot
            .filter(|s| repo.reference(&s.name).is_ok_and(|id| id.is_some()))
            .map(|s| format!("git stash apply --index {}^", s.name)),
        row,
    }
}

/// The files that the operation wrote or removed.
fn files_of(steps: &Steps) -> Vec<RepoPath> {
    let mut out = Vec::new();
    for step in &steps.steps {
        if let Step::Worktree(change) = step {
            out.extend(change.files.iter().map(|file| file.path.clone()));
        }
    }
    out
}

fn way_back(history: &History<'_>, row: &LogRow, operation: &Operation) -> Option<String> {
    let line = history.here();
    let is = |last: Option<&Operation>| last.is_some_and(|last| last.id == operation.id);
    match row.undo {
        UndoState::Undoable if is(line.done.last()) => Some("git rollback undo".to_owned()),
        UndoState::Undoable => Some(format!("git rollback undo {}", operation.id)),
        _ if is(line.undone.last()) => Some("git rollback redo".to_owned()),
        _ => None,
    }
}
