//! `git rollback points`: the places one can go back to.

use super::Ctx;
use crate::Result;
use crate::git::{Ref, Repo, TagText};
use crate::model::report::{Outcome, PointRow, PointsReport};
use crate::model::{ObjectId, Time};
use crate::store::baselines::{self, Baseline};
use crate::store::points::{self, Base, PointLine, PointName};
use crate::store::session::Session;
use crate::store::snapshot;
use std::collections::HashSet;

/// List the points to go back to, or delete one
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_long_help = "Examples:
  git rollback points                          all points, newest first
  git rollback points --kind checkpoint --limit 10
  git rollback points delete before-refactor   `undo` brings it back
  git rollback points delete old --purge       for good, with what it holds")]
pub struct Args {
    /// What to do; without it, list them.
    #[command(subcommand)]
    pub action: Option<Action>,

    /// Only points of this kind
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: Option<Kind>,

    /// At most this many; 0: all [default: 50]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// What to do with points.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Action {
    /// Delete a point
    Delete {
        /// Its name
        name: String,

        /// Also remove what it holds, for good
        #[arg(long)]
        purge: bool,
    },
}

/// The kinds of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Known to be good
    Baseline,
    /// A saved working state
    Checkpoint,
    /// A stash entry
    Backup,
    /// A released version
    Release,
    /// What was deployed
    Deployment,
    /// Something lost that is kept from being pruned
    Pin,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Baseline => "baseline",
            Kind::Checkpoint => "checkpoint",
            Kind::Backup => "backup",
            Kind::Release => "release",
            Kind::Deployment => "deployment",
            Kind::Pin => "pin",
        }
    }
}

/// How many points are listed when nobody says.
const LIMIT: usize = 50;

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    match args.action {
        Some(Action::Delete { name, purge }) => super::change::delete_point(ctx, &name, purge),
        None => {
            let session = Session::open()?;
            Ok(list(&session, args.kind, args.limit.unwrap_or(LIMIT))?.into())
        }
    }
}

/// A point as it is found, before anything is read of it.
enum Entry<'r> {
    Point { name: PointName<'r>, tag: ObjectId, is_newest: bool },
    Baseline { stamp: String, baseline: Baseline },
}

impl Entry<'_> {
    fn stamp(&self) -> &str {
        match self {
            Entry::Point { name, .. } => name.stamp,
            Entry::Baseline { stamp, .. } => stamp,
        }
    }
}

fn list(session: &Session, kind: Option<Kind>, limit: usize) -> Result<PointsReport> {
    let repo = &session.repo;
    let wanted = |found: &str| kind.is_none_or(|kind| kind.word() == found);
    let limit = if limit == 0 { usize::MAX } else { limit };
    let refs = points::refs(repo)?;
    let (mut entries, mut all) = of_refs(&refs, &wanted, limit);
    if wanted("baseline") {
        let baselines = baselines::list(repo, &session.config)?;
        all += baselines.len();
        entries.extend(
            baselines
                .into_iter()
                .map(|baseline| Entry::Baseline { stamp: points::stamp(baseline.time.seconds, 0), baseline }),
        );
    }
    // The ref names tell the order: of thousands of points only those that are shown are read.
    entries.sort_by(|a, b| b.stamp().cmp(a.stamp()));
    entries.truncate(limit);
    let more = (all - entries.len()) as u64;
    Ok(PointsReport { points: rows(repo, entries)?, more })
}

/// The newest `limit` points that are wanted, and how many there are in all. Of several with one name, only the newest
/// has it for itself.
fn of_refs<'r>(refs: &'r [Ref], wanted: &dyn Fn(&str) -> bool, limit: usize) -> (Vec<Entry<'r>>, usize) {
    let (mut entries, mut all, mut taken) = (Vec::new(), 0, HashSet::new());
    for found in refs {
        let Some(name) = PointName::of(found) else { continue };
        if entries.len() < limit {
            // An old baseline's name belongs to the tag.
            let is_newest = taken.insert(name.name) && name.kind != Kind::Baseline.word();
            if wanted(name.kind) {
                entries.push(Entry::Point { name, tag: found.id, is_newest });
            }
        }
        all += usize::from(wanted(name.kind));
    }
    (entries, all)
}

/// The repository's tags.
enum Tags<'r> {
    /// Looked up one at a time: few are wanted, and there can be many.
    Asked(&'r Repo),
    /// All of them, sorted by name: many are wanted.
    Listed(Vec<Ref>),
}

const TAGS: &str = "refs/tags/";

impl<'r> Tags<'r> {
    fn of(repo: &'r Repo, wanted: usize) -> Result<Tags<'r>> {
        if wanted <= LIMIT { Ok(Tags::Asked(repo)) } else { Ok(Tags::Listed(repo.references(TAGS)?)) }
    }

    fn get(&self, name: &str) -> Option<ObjectId> {
        match self {
            Tags::Asked(repo) => repo.reference(&format!("{TAGS}{name}")).ok().flatten(),
            Tags::Listed(tags) => {
                let at = tags.binary_search_by(|tag| tag.name.as_bytes()[TAGS.len()..].cmp(name.as_bytes()));
                at.ok().map(|at| tags[at].id)
            }
        }
    }
}

fn rows(repo: &Repo, entries: Vec<Entry<'_>>) -> Result<Vec<PointRow>> {
    let tags = Tags::of(repo, entries.len())?;
    let points = entries.iter().filter_map(|entry| match entry {
        Entry::Point { name, tag, is_newest } => Some((*tag, (*name, *is_newest))),
        Entry::Baseline { .. } => None,
    });
    let (ids, names): (Vec<ObjectId>, Vec<(PointName<'_>, bool)>) = points.unzip();
    let mut read = repo.tags(&ids, &|at, tag| point_row(names[at], tag)).into_iter().zip(names);
    let row = |entry| match entry {
        Entry::Baseline { baseline, .. } => Some(baseline_row(baseline)),
        Entry::Point { tag, .. } => {
            let (row, (name, is_newest)) = read.next()?;
            let Some((mut row, untold)) = row else { return Some(unreadable(name, is_newest)) };
            if let Some(target) = untold {
                row.snapshot = snapshot::is_snapshot(repo, target);
                row.commit = if row.snapshot { snapshot::base_commit(repo, target) } else { Some(target) };
            }
            if tags.get(name.name) == Some(tag) {
                row.extra = name.name.to_owned();
            }
            Some(row)
        }
    };
    Ok(entries.into_iter().filter_map(row).collect())
}

fn baseline_row(baseline: Baseline) -> PointRow {
    PointRow {
        kind: Kind::Baseline.word().to_owned(),
        time: baseline.time,
        commit: Some(baseline.commit),
        snapshot: false,
        message: baseline.message.lines().next().unwrap_or_default().to_owned(),
        extra: baseline.name.clone(),
        name: baseline.name,
    }
}

/// What the name of a point says.
fn named_row(point: PointName<'_>, is_newest: bool) -> PointRow {
    PointRow {
        name: if is_newest { point.name.to_owned() } else { format!("{}@{}", point.name, point.stamp) },
        kind: point.kind.to_owned(),
        time: Time::default(),
        commit: None,
        snapshot: false,
        message: String::new(),
        extra: String::new(),
    }
}

fn unreadable(point: PointName<'_>, is_newest: bool) -> PointRow {
    PointRow {
        time: points::time_of_stamp(point.stamp).unwrap_or_default(),
        message: "(cannot be read: see `git rollback doctor`)".to_owned(),
        ..named_row(point, is_newest)
    }
}

/// A row, and what the point leads to when its tag does not say what that is: those of older versions do not.
fn point_row((point, is_newest): (PointName<'_>, bool), tag: &TagText<'_>) -> (PointRow, Option<ObjectId>) {
    let PointLine { subject, time, base } = PointLine::of(tag);
    let row = PointRow {
        time,
        commit: base.and_then(Base::commit),
        snapshot: base.is_some(),
        // Without a message the tag has the name in its place.
        message: if subject == point.name { String::new() } else { subject.to_owned() },
        ..named_row(point, is_newest)
    };
    (row, base.is_none().then_some(tag.target))
}
