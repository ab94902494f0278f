//! Finding the place a person names.

use super::target::Target;
use crate::git::Repo;
use crate::model::{Edge, Head, IndexEntry, ObjectId, Operation, RepoPath, Step, nearest};
use crate::release::{Package, Releases, Version};
use crate::store::points::{self, Point};
use crate::store::session::Session;
use crate::store::snapshot::{self, Snapshot};
use crate::store::{layout, log};
use crate::{Error, Result};
use std::collections::BTreeMap;

/// A place to go to.
#[derive(Clone, Debug)]
pub struct Place {
    /// What was typed.
    pub typed: String,
    /// What it turned out to be, as in `tag v1.2.0`.
    pub what: String,
    /// The point, when it is one.
    pub point: Option<Point>,
    /// A snapshot; `None`: a plain commit.
    pub snapshot: Option<Box<Snapshot>>,
    /// The commit; for a snapshot the one `HEAD` was on. `None`: there was no commit yet.
    pub commit: Option<ObjectId>,
    /// The operation whose state afterwards is meant.
    pub after: Option<Box<Operation>>,
}

impl Place {
    /// The state of this place.
    pub fn target(&self, repo: &Repo) -> Result<Target> {
        match (&self.snapshot, &self.after) {
            (Some(snapshot), Some(operation)) => {
                let mut target = Target::of_snapshot(repo, snapshot)?;
                advance(repo, &mut target, operation)?;
                Ok(target)
            }
            (Some(snapshot), None) => Target::of_snapshot(repo, snapshot),
            (None, _) => {
                let commit = self.commit.ok_or_else(|| Error::refused(format!("{} has no commit", self.typed)))?;
                Ok(Target::of_tree(repo.commit(commit)?.tree))
            }
        }
    }

    /// What `HEAD` said there, when the place knows.
    pub fn head(&self) -> Option<Head> {
        match (&self.snapshot, &self.after) {
            (_, Some(operation)) => Some(operation.after.head.clone()),
            (Some(snapshot), None) => Some(snapshot.manifest.head.clone()),
            (None, None) => None,
        }
    }
}

/// Applies what an operation did to the state before it.
fn advance(repo: &Repo, target: &mut Target, operation: &Operation) -> Result<()> {
    for step in log::steps_of(repo, operation)?.steps {
        match step {
            Step::Worktree(change) => {
                for file in change.files {
                    match file.new {
                        Some(spec) => {
                            target.absent.remove(&file.path);
                            target.files.insert(file.path, spec);
                        }
                        None => {
                            target.files.remove(&file.path);
                            target.absent.insert(file.path);
                        }
                    }
                }
            }
            Step::Index { changes } => target.index.extend(changes.into_iter().map(|c| (c.path, c.new))),
            Step::GitFiles { files } => {
                let mut now: BTreeMap<RepoPath, ObjectId> =
                    target.git_files.iter().map(|f| (f.name.clone(), f.blob)).collect();
                for file in files {
                    match file.new {
                        Some(blob) => drop(now.insert(file.name, blob)),
                        None => drop(now.remove(&file.name)),
                    }
                }
                target.git_files = now.into_iter().map(|(name, blob)| crate::model::GitFile { name, blob }).collect();
            }
            _ => {}
        }
    }
    let _: &BTreeMap<RepoPath, Vec<IndexEntry>> = &target.index;
    Ok(())
}

/// Finds what `typed` names: a point, a version, a keyword, an operation, a time, a tag, a branch, a revision.
///
/// # Errors
/// Refused: nothing (with what is near), or several things that mean different states.
pub fn resolve(session: &Session, typed: &str) -> Result<Place> {
    let found = candidates(session, typed)?;
    let mut places = found.into_iter();
    let Some(first) = places.next() else { return Err(nothing(session, typed)) };
    let same = |a: &Place, b: &Place| {
        a.commit == b.commit && a.snapshot.as_ref().map(|s| s.commit) == b.snapshot.as_ref().map(|s| s.commit)
    };
    let others: Vec<Place> = places.filter(|place| !same(place, &first)).collect();
    if others.is_empty() {
        return Ok(first);
    }
    let mut error = Error::refused(format!("\"{typed}\" means several things"));
    for place in std::iter::once(&first).chain(&others) {
        let id = place.snapshot.as_ref().map(|s| s.commit).or(place.commit).map(|id| id.short()).unwrap_or_default();
        error = error.because(format!("{} at {id}", place.what));
        error = error.help(format!("`{}` names this one", place.what.replacen(' ', ":", 1)));
    }
    Err(error)
}

fn candidates(session: &Session, typed: &str) -> Result<Vec<Place>> {
    let repo = &session.repo;
    if let Some(name) = typed.strip_prefix("point:") {
        return Ok(point(session, typed, name)?.into_iter().collect());
    }
    if let Some(name) = typed.strip_prefix("tag:") {
        return Ok(reference(repo, typed, &format!("refs/tags/{name}"), format!("tag {name}"))?.into_iter().collect());
    }
    if let Some(name) = typed.strip_prefix("branch:") {
        let found = reference(repo, typed, &format!("refs/heads/{name}"), format!("branch {name}"))?;
        return Ok(found.into_iter().collect());
    }
    if let Some(id) = typed.strip_prefix("op:") {
        return operation(session, typed, id).map(|place| vec![place]);
    }
    if typed == "last" {
        return last(session, typed).map(|place| vec![place]);
    }
    if let Some(time) = typed.strip_prefix('@').filter(|time| time.starts_with(|c: char| c.is_ascii_digit())) {
        return at_time(session, typed, time).map(|place| vec![place]);
    }
    if typed == "HEAD" || typed == "@" {
        let head = revision(repo, typed, "HEAD")?;
        return head.map(|head| vec![head]).ok_or_else(|| {
            Error::refused("there is no commit yet")
                .help("commit something first; `git rollback checkpoint` works already")
        });
    }
    let mut out = Vec::new();
    let tag = if typed == "baseline" { session.config.baseline.clone() } else { typed.to_owned() };
    out.extend(point(session, typed, typed)?);
    out.extend(reference(repo, typed, &format!("refs/tags/v{typed}"), format!("tag v{typed}"))?);
    out.extend(reference(repo, typed, &format!("refs/tags/{tag}"), format!("tag {tag}"))?);
    out.extend(reference(repo, typed, &format!("refs/heads/{typed}"), format!("branch {typed}"))?);
    if out.is_empty() {
        out.extend(version(session, typed)?);
    }
    if out.is_empty() {
        out.extend(revision(repo, typed, typed)?);
    }
    Ok(out)
}

fn point(session: &Session, typed: &str, name: &str) -> Result<Option<Place>> {
    let points = points::list(&session.repo)?;
    points::find(&points, name).map(|point| of_point(session, typed, point)).transpose()
}

/// The place a point stands for.
pub fn of_point(session: &Session, typed: &str, point: &Point) -> Result<Place> {
    let detail = points::detail(&session.repo, point)?;
    let mut place = of_commit(&session.repo, typed, detail.target, format!("point {}", point.name))?;
    place.point = Some(point.clone());
    Ok(place)
}

/// A commit, or the snapshot that it is.
fn of_commit(repo: &Repo, typed: &str, id: ObjectId, what: String) -> Result<Place> {
    let mut place = Place { typed: typed.to_owned(), what, point: None, snapshot: None, commit: Some(id), after: None };
    if snapshot::is_snapshot(repo, id) {
        let snapshot = snapshot::load(repo, id)?;
        place.commit = snapshot.manifest.head_commit;
        place.snapshot = Some(Box::new(snapshot));
    }
    Ok(place)
}

fn reference(repo: &Repo, typed: &str, name: &str, what: String) -> Result<Option<Place>> {
    let Some(id) = repo.reference(name)? else { return Ok(None) };
    let commit = repo.peel(id).map_err(|e| e.with_kind(crate::Kind::Refused))?;
    let commit = commit.ok_or_else(|| Error::refused(format!("{name} does not lead to a commit")))?;
    of_commit(repo, typed, commit, what).map(Some)
}

/// The release of a version, whatever its tag is called; of a version with two tags, both.
fn version(session: &Session, typed: &str) -> Result<Vec<Place>> {
    let Some(version) = Version::read(typed) else { return Ok(Vec::new()) };
    let releases = Releases::read_tags(session, &Package::find(&session.config, None)?)?;
    let found = releases.of_version(&version).into_iter();
    let places = found
        .map(|tag| reference(&session.repo, typed, &format!("refs/tags/{}", tag.name), format!("tag {}", tag.name)));
    Ok(places.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn revision(repo: &Repo, typed: &str, name: &str) -> Result<Option<Place>> {
    let Some(id) = repo.resolve(name)? else { return Ok(None) };
    match repo.peel(id)? {
        Some(commit) => of_commit(repo, typed, commit, format!("revision {name}")).map(Some),
        None => Err(Error::refused(format!("{name} is not a commit")).help("name a commit, a tag or a branch")),
    }
}

fn operation(session: &Session, typed: &str, id: &str) -> Result<Place> {
    let operations = log::read(&session.repo, usize::MAX)?;
    let (id, before) = id.strip_suffix('^').map_or((id, false), |id| (id, true));
    let operation = log::find(&operations, id)?;
    let expired = || Error::refused(format!("the snapshot of operation {} has expired", operation.id));
    let commit = operation.snapshot.as_ref().map(|s| s.id).ok_or_else(expired)?;
    if !session.repo.exists(commit) {
        return Err(expired());
    }
    let what = format!("op {}{}", operation.id, if before { "^" } else { "" });
    let mut place = of_commit(&session.repo, typed, commit, what)?;
    if !before && !operation.aborted {
        place.commit = operation.after.commit;
        place.after = Some(Box::new(operation));
    }
    Ok(place)
}

fn last(session: &Session, typed: &str) -> Result<Place> {
    let worktree = session.repo.worktree_id();
    for point in points::list(&session.repo)?.iter().filter(|p| p.kind == "checkpoint") {
        if points::detail(&session.repo, point)?.worktree.as_deref() == Some(&worktree) {
            return of_point(session, typed, point);
        }
    }
    Err(Error::refused("there is no checkpoint of this worktree yet").help("make one with `git rollback checkpoint`"))
}

/// The newest saved state of this worktree that is not younger than a time.
fn at_time(session: &Session, typed: &str, text: &str) -> Result<Place> {
    let now = crate::host::clock::now();
    let wanted = now.told(text, Edge::End).ok_or_else(|| {
        Error::refused(format!("\"{typed}\" is not a time"))
            .help("write @30m, @2h, @3d, @2026-01-10 or @2026-01-10T17:00")
    })?;
    let limit = points::stamp(wanted + 1, 0);
    let refs = session.repo.references(&format!("{}*", layout::SNAPSHOTS))?;
    let names = refs.iter().rev().filter_map(|r| Some((r.utf8_name()?.strip_prefix(layout::SNAPSHOTS)?, r.id)));
    for (_, commit) in names.filter(|(name, _)| *name < limit.as_str()) {
        let snapshot = snapshot::load(&session.repo, commit)?;
        // One of some paths is not the state of that time.
        if snapshot.manifest.worktree == session.repo.worktree_id() && snapshot.manifest.scope.is_none() {
            return of_commit(&session.repo, typed, commit, format!("snapshot of {}", snapshot.manifest.who.time));
        }
    }
    Err(Error::refused(format!("nothing of this worktree was saved at or before {typed}"))
        .help("`git rollback points` and `git rollback log` list what was saved"))
}

fn nothing(session: &Session, typed: &str) -> Error {
    let repo = &session.repo;
    let mut names: Vec<String> = points::list(repo).unwrap_or_default().into_iter().map(|p| p.name).collect();
    for glob in ["refs/tags/*", "refs/heads/*"] {
        let refs = repo.references(glob).unwrap_or_default();
        names.extend(refs.iter().filter_map(|r| Some(r.utf8_name()?.splitn(3, '/').nth(2)?.to_owned())));
    }
    let short: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut near: Vec<&str> = nearest(typed, &short).into_iter().collect();
    let lower = typed.to_lowercase();
    near.extend(short.iter().filter(|n| n.to_lowercase().contains(&lower) || lower.contains(&n.to_lowercase())));
    near.dedup();
    let error = Error::refused(format!("there is no point, version, tag, branch or commit \"{typed}\""));
    let error = if typed == "baseline" {
        error.help("set one with `git rollback baseline set`")
    } else if near.is_empty() {
        error
    } else {
        error.help(format!(
            "did you mean {}?",
            near.iter().take(5).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
        ))
    };
    let error = error.help("`git rollback points` lists the points");
    if repo.is_shallow() {
        return error.help("this clone is shallow: `git fetch --unshallow` brings the older history");
    }
    error
}
