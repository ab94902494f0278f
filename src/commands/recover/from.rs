//! `recover --from BRANCH`: commits of a branch that failed, picked onto another.

use super::Args;
use crate::commands::Ctx;
use crate::commands::change::{carry_out, request};
use crate::engine::Locks;
use crate::git::{DiffForm, diff_text, is_ref_name};
use crate::model::report::{CandidateRow, CandidateState, CandidatesReport, Hint, Outcome};
use crate::model::{ObjectId, PickOptions};
use crate::plan::pick::candidates::{Range, choose, list, tried};
use crate::plan::pick::{PickPlace, PickRequest, start};
use crate::plan::recover_item::names;
use crate::plan::resolve::resolve;
use crate::store::scene::Wanted;
use crate::store::session::Session;
use crate::{Error, Result};

/// What can be said about picking.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Commits of a branch")]
pub struct Picks {
    /// Pick commits that BRANCH (any point or revision) has and the baseline has not
    #[arg(long, value_name = "BRANCH", conflicts_with_all = ["pin", "output"])]
    pub from: Option<String>,

    /// Start the new branch at this point instead of the baseline
    #[arg(long, value_name = "POINT", requires = "from", conflicts_with = "here")]
    pub onto: Option<String>,

    /// Pick onto the branch that you are on, and make no new one
    #[arg(long, requires = "from", conflicts_with = "branch")]
    pub here: bool,

    /// Pick all of them
    #[arg(long, requires = "from", conflicts_with = "items")]
    pub all: bool,

    /// A merge is the change against its parent NUMBER; without this, merges are left out
    #[arg(long, short, value_name = "NUMBER", requires = "from", value_parser = clap::value_parser!(u8).range(1..))]
    pub mainline: Option<u8>,

    /// Note in each message which commit it comes from
    #[arg(short = 'x', requires = "from")]
    pub note_origin: bool,

    /// Run the tests of the settings after each commit, and stop where they fail
    #[arg(long, requires = "from")]
    pub test: bool,

    /// With --test: leave out the commits with which the tests fail, and go on
    #[arg(long, requires = "test")]
    pub bisect_bad: bool,

    /// Pick commits that change nothing, too
    #[arg(long, requires = "from")]
    pub allow_empty: bool,
}

/// Runs the command.
pub(in crate::commands) fn run(ctx: &Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let picks = &args.picks;
    let typed = picks.from.clone().unwrap_or_default();
    let (range, onto) = range(&session, picks, &typed)?;
    let all = list(&session, range)?;
    let commits = match (picks.all, args.items.is_empty()) {
        (true, _) => without_merges(ctx, &session, &all, range.options)?,
        (false, false) => choose(&session, &all, &args.items)?,
        (false, true) => {
            let scratch = crate::host::fs::temporary_dir()?;
            let rows = tried(&session, range, &all, scratch.path())?;
            let ask = ctx.talk.can_ask() && !ctx.global.json && !ctx.global.dry_run && !rows.is_empty();
            if !ask {
                return Ok(report(typed, onto, rows).into());
            }
            ask_which(ctx, &session, &typed, &onto, &rows)?
        }
    };
    session.refuse_unfinished()?;
    if commits.is_empty() {
        return Err(Error::refused(format!("{typed} has nothing to pick that {onto} does not have"))
            .help(format!("`git rollback recover --from {typed}` lists what it has")));
    }
    let place = if picks.here { PickPlace::Here } else { new_branch(&session, &args, range.onto)? };
    let made_there = session.repo.made_there(&commits, range.onto, range.from)?.into_keys().collect();
    let test = picks.test.then_some(picks.bisect_bad);
    let wanted = PickRequest { commits, from: typed, place, options: range.options, made_there, test };
    let mut request = request(ctx, "recover");
    request.wanted = Wanted { list_ignored: true, ..Wanted::default() };
    carry_out(ctx, &session, &request, Locks::IndexAndHead, &|table| match table.turn {
        // After each commit that was tested it goes on by itself.
        Some(turn) => crate::plan::go_on(table.session, table.desk, &table.name.who, turn),
        None => start(table.session, table.desk, &table.name.who, &wanted),
    })
}

/// The commits in question, and where they go in words.
fn range(session: &Session, picks: &Picks, typed: &str) -> Result<(Range, String)> {
    let commit = |typed: &str| {
        resolve(session, typed)?.commit.ok_or_else(|| Error::refused(format!("{typed} has no commit yet")))
    };
    let onto = match (&picks.onto, picks.here) {
        (Some(onto), _) => onto.clone(),
        (None, true) => "HEAD".to_owned(),
        (None, false) => "baseline".to_owned(),
    };
    let place = commit(&onto).map_err(|e| match picks.onto {
        None if !picks.here => e.help("or name another point with --onto, or pick onto this branch with --here"),
        _ => e,
    })?;
    let options = PickOptions {
        mainline: picks.mainline.map(usize::from),
        note_origin: picks.note_origin,
        allow_empty: picks.allow_empty,
    };
    Ok((Range { from: commit(typed)?, onto: place, options }, onto))
}

/// All but merges, where nothing says what they change.
fn without_merges(ctx: &Ctx<'_>, session: &Session, all: &[ObjectId], options: PickOptions) -> Result<Vec<ObjectId>> {
    let mut out = Vec::new();
    for id in all {
        if options.mainline.is_none() && session.repo.raw_commit(*id)?.parents.len() > 1 {
            ctx.talk.note(&format!("{} is a merge, and is left out: --mainline 1 picks it as one change", id.short()));
        } else {
            out.push(*id);
        }
    }
    Ok(out)
}

fn new_branch(session: &Session, args: &Args, onto: ObjectId) -> Result<PickPlace> {
    let name = match &args.branch {
        Some(name) => name.clone(),
        None => {
            let timestamp = names::timestamp(&session.name_operation()?.stamp);
            names::branch_by_pattern(&session.config.recovery.branch, None, &timestamp)?
        }
    };
    let full = format!("refs/heads/{name}");
    if name.starts_with('-') || name == "HEAD" || !is_ref_name(&full) {
        return Err(Error::refused(format!("\"{name}\" is not a name git allows for a branch")));
    }
    if args.branch.is_some() && session.repo.reference(&full)?.is_some() {
        return Err(Error::refused(format!("there is a branch {name} already"))
            .help(format!("choose another name, or switch to it and use --here: `git switch {name}`")));
    }
    let mut free = full.clone();
    let mut number = 2;
    while session.repo.reference(&free)?.is_some() {
        free = format!("{full}-{number}");
        number += 1;
    }
    Ok(PickPlace::New(free, onto))
}

fn report(from: String, onto: String, commits: Vec<CandidateRow>) -> CandidatesReport {
    let mut next = Vec::new();
    if !commits.is_empty() {
        let to = if onto == "HEAD" {
            " --here".to_owned()
        } else if onto == "baseline" {
            String::new()
        } else {
            format!(" --onto {onto}")
        };
        next.push(Hint::new(format!("git rollback recover --from {from}{to} 1 3-5"), "pick some of them"));
        next.push(Hint::new(format!("git rollback recover --from {from}{to} --all"), "pick all of them"));
    }
    CandidatesReport { from, onto, commits, next }
}

fn ask_which(ctx: &Ctx<'_>, session: &Session, from: &str, onto: &str, rows: &[CandidateRow]) -> Result<Vec<ObjectId>> {
    let line = |row: &CandidateRow| {
        let needs: Vec<String> = row.needs.iter().map(ToString::to_string).collect();
        let state = match row.state {
            CandidateState::Clean => String::new(),
            CandidateState::Needs => format!(" [after {}]", needs.join(", ")),
            CandidateState::Conflict => " [conflict]".to_owned(),
            CandidateState::Applied => " [there already]".to_owned(),
            CandidateState::Empty => " [changes nothing]".to_owned(),
            CandidateState::Merge => " [merge: needs --mainline]".to_owned(),
        };
        format!("{:>3} {} {}{state}", row.number, row.id.short(), row.subject)
    };
    let lines: Vec<String> = rows.iter().map(line).collect();
    let question = format!("Which commits of {from} shall go onto {onto}?");
    let preview = |at: usize| rows.get(at).map_or_else(String::new, |row| preview(session, row.id));
    match ctx.talk.pick(&question, &lines, &preview)? {
        Some(picked) if !picked.is_empty() => {
            Ok(picked.iter().filter_map(|at| rows.get(*at)).map(|row| row.id).collect())
        }
        _ => Err(Error::refused("nothing was done: no commit was chosen")),
    }
}

/// What a commit says and changes.
fn preview(session: &Session, id: ObjectId) -> String {
    let shown = session.repo.raw_commit(id).and_then(|commit| {
        let base =
            commit.parents.first().map_or(Ok(ObjectId::EMPTY_TREE), |id| session.repo.commit(*id).map(|c| c.tree))?;
        let patch = diff_text(&session.repo, base, commit.tree, DiffForm::Patch, &[])?;
        Ok(format!("{}\n{}", String::from_utf8_lossy(&commit.message), String::from_utf8_lossy(&patch)))
    });
    shown.unwrap_or_else(|error| error.to_string())
}
