//! `git rollback points`: the places one can go back to.

use super::Ctx;
use crate::Result;
use crate::git::Repo;
use crate::model::report::{Outcome, PointRow, PointsReport};
use crate::model::{ObjectId, RepoPath};
use crate::store::baselines::{self, Baseline};
use crate::store::points::{self, Point};
use crate::store::session::Session;
use crate::store::snapshot;
use std::collections::{BTreeMap, BTreeSet};

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
enum Entry {
    Point { point: Point, address: String },
    Baseline(Baseline),
}

impl Entry {
    fn stamp(&self) -> String {
        match self {
            Entry::Point { point, .. } => point.stamp.clone(),
            Entry::Baseline(baseline) => points::stamp(baseline.time.seconds, 0),
        }
    }
}

fn list(session: &Session, kind: Option<Kind>, limit: usize) -> Result<PointsReport> {
    let wanted = |found: &str| kind.is_none_or(|kind| kind.word() == found);
    let mut entries: Vec<Entry> = addressed(points::list(&session.repo)?);
    if wanted("baseline") {
        entries.extend(baselines::list(&session.repo, &session.config)?.into_iter().map(Entry::Baseline));
    }
    entries.retain(|entry| {
        matches!(entry, Entry::Baseline(_)) || matches!(entry, Entry::Point { point, .. } if wanted(&point.kind))
    });
    // The ref names tell the order: of thousands of points only those that are shown are read.
    entries.sort_by_cached_key(|entry| std::cmp::Reverse(entry.stamp()));
    let shown = if limit == 0 { entries.len() } else { limit.min(entries.len()) };
    let more = (entries.len() - shown) as u64;
    let tags = Tags::of(&session.repo, shown)?;
    let points = entries.into_iter().take(shown).map(|entry| row(&session.repo, &tags, entry)).collect();
    Ok(PointsReport { points, more })
}

/// The points with the words that name each: of several with one name, only the newest has it for itself.
fn addressed(points: Vec<Point>) -> Vec<Entry> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let entry = |point: Point| {
        // An old baseline's name belongs to the tag.
        let is_newest = taken.insert(point.name.clone()) && point.kind != Kind::Baseline.word();
        let address = if is_newest { point.name.clone() } else { format!("{}@{}", point.name, point.stamp) };
        Entry::Point { point, address }
    };
    points.into_iter().map(entry).collect()
}

/// The repository's tags.
enum Tags<'r> {
    /// Looked up one at a time: few are wanted, and there can be many.
    Asked(&'r Repo),
    /// All of them: many are wanted.
    Listed(BTreeMap<RepoPath, ObjectId>),
}

impl<'r> Tags<'r> {
    fn of(repo: &'r Repo, wanted: usize) -> Result<Tags<'r>> {
        if wanted <= LIMIT {
            return Ok(Tags::Asked(repo));
        }
        Ok(Tags::Listed(repo.references("refs/tags/*")?.into_iter().map(|tag| (tag.name, tag.id)).collect()))
    }

    fn get(&self, name: &str) -> Option<ObjectId> {
        let full = format!("refs/tags/{name}");
        match self {
            Tags::Asked(repo) => repo.reference(&full).ok().flatten(),
            Tags::Listed(tags) => tags.get(&RepoPath::new(full)).copied(),
        }
    }
}

fn row(repo: &Repo, tags: &Tags<'_>, entry: Entry) -> PointRow {
    match entry {
        Entry::Point { point, address } => point_row(repo, tags, &point, address),
        Entry::Baseline(baseline) => PointRow {
            kind: Kind::Baseline.word().to_owned(),
            time: baseline.time,
            commit: Some(baseline.commit),
            snapshot: false,
            message: baseline.message.lines().next().unwrap_or_default().to_owned(),
            extra: baseline.name.clone(),
            name: baseline.name,
        },
    }
}

fn point_row(repo: &Repo, tags: &Tags<'_>, point: &Point, name: String) -> PointRow {
    let kind = point.kind.clone();
    let time = points::time_of_stamp(&point.stamp).unwrap_or_default();
    let mut row =
        PointRow { name, kind, time, commit: None, snapshot: false, message: String::new(), extra: String::new() };
    let Ok(detail) = points::detail(repo, point) else {
        row.message = "(cannot be read: see `git rollback doctor`)".to_owned();
        return row;
    };
    row.time = detail.time;
    row.snapshot = snapshot::is_snapshot(repo, detail.target);
    row.commit = if row.snapshot { snapshot::base_commit(repo, detail.target) } else { Some(detail.target) };
    let message = detail.message.lines().next().unwrap_or_default();
    // Without a message the tag has the name in its place.
    row.message = if message == point.name { String::new() } else { message.to_owned() };
    if tags.get(&point.name) == Some(point.tag) {
        row.extra = point.name.clone();
    }
    row
}
