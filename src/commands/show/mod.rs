//! `git rollback show`: what a point, operation or revision holds.

mod difference;
mod going;
mod holds;
mod lost;

use super::{Ctx, facts};
use crate::git::{Pathspecs, Repo};
use crate::host::env;
use crate::model::report::{Outcome, ShowReport};
use crate::model::{LostItem, ObjectId, Operation, Time};
use crate::plan::describe;
use crate::plan::lost::resolve as find_lost;
use crate::plan::resolve::{Place, resolve};
use crate::store::layout::SNAPSHOTS;
use crate::store::session::Session;
use crate::store::{log, points};
use crate::{Error, Kind, Result};
use std::ffi::OsString;

/// Show what a point, an operation, a revision or something lost holds, and what going there would change
///
/// --stat and --patch compare: of a checkpoint, its own commit with the files that it holds; of a commit, HEAD with it;
/// of something that `lost` lists, what it was made on with it. Paths alone mean --stat.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback show last              the newest checkpoint
  git rollback show v1.2.0 --stat     which files going there would change
  git rollback show last --patch -- src/main.rs
  git rollback show 3f2a9c1b --patch  something that `git rollback lost` lists")]
pub struct Args {
    /// A point, an operation (`op:ID`), a time (`@2h`), any git revision, or something lost
    pub id: String,

    /// List changed files with their numbers of lines
    #[arg(long, conflicts_with = "patch")]
    pub stat: bool,

    /// Show the changes as a patch
    #[arg(long)]
    pub patch: bool,

    /// Compare something lost with the files as they are now
    #[arg(long)]
    pub worktree: bool,

    /// Only these paths
    #[arg(last = true, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    pub paths: Vec<OsString>,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let typed: Vec<Vec<u8>> = args.paths.iter().map(|path| env::bytes(path)).collect();
    let only = Pathspecs::parse(&typed, &env::prefix_below(session.repo.root()))?;
    let only = (!typed.is_empty()).then_some(&only);
    let place = match find(&session, &args.id)? {
        Named::Place(place) => place,
        Named::Lost(item) => {
            let form = lost::Form { patch: args.patch, worktree: args.worktree, only };
            return Ok(lost::report(&session, &args.id, *item, &form)?.into());
        }
    };
    if args.worktree {
        return Err(Error::refused("--worktree is for something lost").help("`git rollback status` looks at the files"));
    }
    let mut report = identity(&session, &place);
    if place.after.is_none()
        && let Some(snapshot) = &place.snapshot
    {
        report.holds = Some(holds::of(&session.repo, snapshot)?);
        report.warnings.extend(holds::scope(snapshot));
        let name = snapshot_ref(&session.repo, snapshot.commit).unwrap_or_else(|| snapshot.commit.to_string());
        report.recover_with_git = Some(format!("git stash apply --index {name}^"));
    }
    if args.stat || args.patch || !args.paths.is_empty() {
        difference::add(&session.repo, &place, args.patch, only, &mut report)?;
    } else {
        going::add(&session, ctx.talk, &place, &mut report);
    }
    Ok(report.into())
}

/// What a person named.
enum Named {
    Place(Place),
    Lost(Box<LostItem>),
}

/// What `id` names; an operation also by its bare name, as `log` lists it, and what `lost` lists by its id or name.
fn find(session: &Session, id: &str) -> Result<Named> {
    let is_hex = (4..=40).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit());
    let found = match resolve(session, id) {
        Err(error) if error.kind() == Kind::Refused && is_hex && id.len() <= 8 => {
            resolve(session, &format!("op:{id}")).map_err(|_| error)
        }
        other => other,
    };
    match found {
        // An object's name: only looking at all refs tells whether it is lost.
        Ok(place) if !is_hex || !place.what.starts_with("revision ") => Ok(Named::Place(place)),
        Err(error) if error.kind() != Kind::Refused => Err(error),
        found => match (find_lost(session, id), found) {
            (Ok(item), _) => Ok(Named::Lost(Box::new(item))),
            (_, found) => found.map(Named::Place),
        },
    }
}

/// What it is, who made it and when.
fn identity(session: &Session, place: &Place) -> ShowReport {
    let repo = &session.repo;
    let (what, name) = place.what.split_once(' ').unwrap_or((&place.what, ""));
    let mut report = ShowReport {
        id: place.typed.clone(),
        what: what.to_owned(),
        name: name.to_owned(),
        commit: place.commit,
        way_there: Some(format!("git rollback to {}", facts::shell_word(&place.typed))),
        ..ShowReport::default()
    };
    if let Some(commit) = place.commit.and_then(|id| repo.commit(id).ok()) {
        report.subject = commit.subject.clone();
        report.time = Some(Time::new(commit.time.0, commit.time.1));
        report.who = commit.author;
        if place.snapshot.is_none() {
            let body = commit.message.strip_prefix(commit.subject.as_str()).unwrap_or_default();
            report.message = body.trim().to_owned();
        }
    }
    if let Some(snapshot) = &place.snapshot {
        let who = &snapshot.manifest.who;
        report.time = Some(who.time);
        report.who = format!("{} <{}>", who.name, who.email);
    }
    match (&place.point, &place.after) {
        (Some(point), _) => {
            report.what.clone_from(&point.kind);
            report.name.clone_from(&point.name);
            if let Ok(detail) = points::detail(repo, point) {
                report.time = Some(detail.time);
                // Without a message the tag has the name in its place.
                report.message = if detail.message == point.name { String::new() } else { detail.message };
            }
        }
        (None, Some(operation)) => after_operation(repo, operation, &mut report),
        (None, None) if what == "op" => report.what = "state before operation".to_owned(),
        (None, None) if what == "tag" => tag(repo, name, &mut report),
        (None, None) if what == "revision" => report.what = "commit".to_owned(),
        (None, None) => {}
    }
    if report.what == "state before operation" {
        report.name = name.trim_end_matches('^').to_owned();
    }
    report
}

fn after_operation(repo: &Repo, operation: &Operation, report: &mut ShowReport) {
    report.what = "state after operation".to_owned();
    report.name.clone_from(&operation.id);
    let steps = log::steps_of(repo, operation).map(|steps| describe::sentences(&steps.steps)).unwrap_or_default();
    let steps = steps.iter().enumerate().map(|(at, step)| format!("\n{}. {step}", at + 1));
    report.message = format!("{}{}", operation.title, steps.collect::<String>());
}

fn tag(repo: &Repo, name: &str, report: &mut ShowReport) {
    let found = repo.reference(&format!("refs/tags/{name}")).ok().flatten();
    let Some(info) = found.and_then(|id| repo.tag(id).ok().flatten()) else { return };
    if info.message.lines().any(|line| line == "Rollback-Kind: baseline") {
        report.what = "baseline".to_owned();
    }
    report.message = without_signature(&points::body_of(&info.message));
    report.time = info.time.map(|(seconds, offset)| Time::new(seconds, offset)).or(report.time);
    report.who = info.tagger.unwrap_or_else(|| std::mem::take(&mut report.who));
}

/// A tag's message ends with its signature, which says nothing to a person.
fn without_signature(message: &str) -> String {
    let text: Vec<&str> = message.lines().take_while(|line| !line.starts_with("-----BEGIN ")).collect();
    text.join("\n").trim().to_owned()
}

/// The ref that holds a snapshot.
fn snapshot_ref(repo: &Repo, commit: ObjectId) -> Option<String> {
    let refs = repo.references(&format!("{SNAPSHOTS}*")).ok()?;
    refs.iter().find(|found| found.id == commit).and_then(|found| found.utf8_name().map(str::to_owned))
}
