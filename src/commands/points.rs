//! `git rollback points`: the places one can go back to.

use super::Ctx;
use crate::Result;
use crate::git::odb::ById;
use crate::git::{Ref, Repo};
use crate::model::report::{Outcome, PointRow, PointsReport};
use crate::model::{ObjectId, RepoPath};
use crate::store::baselines::{self, Baseline};
use crate::store::points::{self, PointDetail, PointName};
use crate::store::session::Session;
use crate::store::snapshot;
use std::collections::{BTreeMap, HashSet};

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
    let tags = Tags::of(repo, entries.len())?;
    let points = entries.iter().filter_map(|entry| match entry {
        Entry::Point { tag, .. } => Some(*tag),
        Entry::Baseline { .. } => None,
    });
    let read = repo.tags(points.collect(), &points::of_tag);
    let rows = entries.into_iter().map(|entry| row(repo, &tags, &read, entry));
    Ok(PointsReport { points: rows.collect(), more })
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

fn row(repo: &Repo, tags: &Tags<'_>, read: &ById<PointDetail>, entry: Entry<'_>) -> PointRow {
    match entry {
        Entry::Point { name, tag, is_newest } => point_row(repo, tags, (name, tag, is_newest), read.get(&tag)),
        Entry::Baseline { baseline, .. } => PointRow {
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

fn point_row(
    repo: &Repo,
    tags: &Tags<'_>,
    (point, tag, is_newest): (PointName<'_>, ObjectId, bool),
    detail: Option<&PointDetail>,
) -> PointRow {
    let mut row = PointRow {
        name: if is_newest { point.name.to_owned() } else { format!("{}@{}", point.name, point.stamp) },
        kind: point.kind.to_owned(),
        time: detail.map_or_else(|| points::time_of_stamp(point.stamp).unwrap_or_default(), |detail| detail.time),
        commit: None,
        snapshot: false,
        message: String::new(),
        extra: String::new(),
    };
    let Some(detail) = detail else {
        row.message = "(cannot be read: see `git rollback doctor`)".to_owned();
        return row;
    };
    // The tag says it; those of older versions do not.
    row.snapshot = detail.base.is_some() || snapshot::is_snapshot(repo, detail.target);
    row.commit = match detail.base {
        Some(base) => base.commit(),
        None if row.snapshot => snapshot::base_commit(repo, detail.target),
        None => Some(detail.target),
    };
    let message = detail.message.lines().next().unwrap_or_default();
    // Without a message the tag has the name in its place.
    row.message = if message == point.name { String::new() } else { message.to_owned() };
    if tags.get(point.name) == Some(tag) {
        row.extra = point.name.to_owned();
    }
    row
}
