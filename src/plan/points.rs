//! Making and removing points.

use super::{NewPoint, Plan, describe};
use crate::git::{ObjectSink, write_tag};
use crate::model::report::{Finding, Severity};
use crate::model::{ObjectId, Step};
use crate::plan::resolve::Place;
use crate::release::{Package, TagNames};
use crate::store::points::{self, Point, PointRecord, reference_of};
use crate::store::session::{OperationName, Session};
use crate::{Error, Result};

/// What a checkpoint is asked for.
#[derive(Clone, Debug, Default)]
pub struct CheckpointRequest {
    /// Its name; without one it is made from the time.
    pub name: Option<String>,
    /// Its message.
    pub message: Option<String>,
    /// A tag of the same name too.
    pub tag: bool,
    /// Take a name that a point has.
    pub force: bool,
}

/// Plans a checkpoint.
///
/// # Errors
/// Refused: a name that means something else, or that a point has.
pub fn checkpoint(session: &Session, name: &OperationName, request: &CheckpointRequest) -> Result<Plan> {
    let point_name = match &request.name {
        Some(wanted) => {
            let taken = points::list(&session.repo)?.into_iter().any(|p| &p.name == wanted);
            if taken && !request.force {
                return Err(Error::refused(format!("there is a point \"{wanted}\" already"))
                    .help("choose another name, or use --force: the old one stays, as NAME@TIME"));
            }
            if !taken {
                points::check_name(&session.repo, wanted)?;
            }
            wanted.clone()
        }
        None => format!("checkpoint-{}", name.stamp.replace('.', "-")),
    };
    let mut plan = Plan::default();
    let reference = reference_of(&name.stamp, "checkpoint", &point_name);
    if request.tag {
        let full = format!("refs/tags/{point_name}");
        if session.repo.reference(&full)?.is_some() {
            return Err(Error::refused(format!("there is a tag {point_name} already")).help("choose another name"));
        }
        // The tag object exists only when the snapshot does: the engine puts it here.
        let new = Some(ObjectId::EMPTY_TREE);
        plan.steps.push(Step::Ref { name: full, old: None, new, message: "rollback: checkpoint".to_owned() });
    }
    plan.point = Some(point_name.clone());
    plan.point_on_snapshot = Some(NewPoint {
        kind: "checkpoint".to_owned(),
        message: request.message.clone().unwrap_or_default(),
        name: point_name.clone(),
        reference,
    });
    plan.report.title = format!("Save the whole working state as {point_name}");
    plan.report.steps = vec![format!("save a snapshot and name it {point_name}")];
    plan.report.way_back = Some(format!("git rollback points delete {point_name}"));
    Ok(plan)
}

/// Plans setting a baseline: an annotated tag on a commit.
///
/// # Errors
/// Refused: a tag of that name that says something else, unless forced.
pub fn set_baseline(
    session: &Session,
    sink: &ObjectSink<'_>,
    name: &OperationName,
    place: &Place,
    tag: &str,
    reason: Option<&str>,
    force: bool,
) -> Result<Plan> {
    let commit = place.commit.filter(|_| place.snapshot.is_none()).ok_or_else(|| {
        Error::refused(format!("{} is not a commit, and a baseline is one", place.typed))
            .help("commit first, or make a checkpoint: it can be gone back to as well")
    })?;
    let full = format!("refs/tags/{tag}");
    if tag.starts_with('-') || !crate::git::is_ref_name(&full) {
        return Err(Error::refused(format!("\"{tag}\" is not a name git allows for a tag")));
    }
    let old = session.repo.reference(&full)?;
    let mut plan = Plan { point: Some(tag.to_owned()), ..Plan::default() };
    plan.report.title = format!("Set the tag {tag} as a baseline at {}", commit.short());
    if let Some(old) = old {
        if session.repo.peel(old)? == Some(commit) {
            plan.report.title = format!("The baseline {tag} is at {} already", commit.short());
            return Ok(plan);
        }
        if !force {
            return Err(Error::refused(format!("there is a baseline (tag) {tag} at another commit already"))
                .help("use --force to move it: the old one stays, as NAME@TIME; or give another --name"));
        }
        let is_release = Package::all(&session.config).iter().any(|p| TagNames::of(p, false).version(tag).is_some());
        if is_release && reason.is_none() {
            return Err(Error::refused(format!("the tag {tag} is that of a release, which never moves"))
                .help("give the baseline another name: --name baseline")
                .help("or say why with --reason, when nobody else has that tag yet"));
        }
        plan.steps.push(keep_old(session, sink, name, tag, old)?);
        plan.extra.commits.extend(session.repo.peel(old)?);
    }
    let message = format!(
        "{}\n\nRollback-Kind: baseline\nRollback-Operation: {}\n",
        reason.unwrap_or("known to be good"),
        name.id
    );
    let new = write_tag(sink, commit, tag, &name.who, &message)?;
    plan.steps.push(Step::Ref { name: full, old, new: Some(new), message: "rollback: baseline".to_owned() });
    plan.report.steps = describe::sentences(&plan.steps);
    Ok(plan)
}

/// The old place of a baseline stays as a point with its time.
fn keep_old(session: &Session, sink: &ObjectSink<'_>, name: &OperationName, tag: &str, old: ObjectId) -> Result<Step> {
    let repo = &session.repo;
    let commit = repo.peel(old)?.ok_or_else(|| Error::refused(format!("the tag {tag} does not lead to a commit")))?;
    let record = PointRecord {
        target: commit,
        base: None,
        kind: "baseline",
        name: tag,
        message: &format!("{tag}, until it was moved"),
        operation: &name.id,
        worktree: &repo.worktree_id(),
    };
    let point = points::write(sink, &record, &name.who)?;
    let reference = reference_of(&name.stamp, "baseline", tag);
    Ok(Step::Ref { name: reference, old: None, new: Some(point), message: "rollback: point".to_owned() })
}

/// Plans removing a point. Its snapshot stays until `gc`, unless it is purged.
///
/// # Errors
/// Refused: no such point.
pub fn delete(session: &Session, typed: &str, purge: bool) -> Result<Plan> {
    let repo = &session.repo;
    let point = find(session, typed)?;
    let detail = points::detail(repo, &point)?;
    let mut plan = Plan { point: Some(point.name.clone()), ..Plan::default() };
    let gone = |name: String, id| Step::Ref { name, old: Some(id), new: None, message: "rollback: delete".to_owned() };
    plan.steps.push(gone(point.reference.clone(), point.tag));
    plan.report.title = format!("Delete the point {}", point.name);
    if purge {
        let held = repo.references(&format!("{}*", crate::store::layout::SNAPSHOTS))?;
        for snapshot in held.into_iter().filter(|s| s.id == detail.target) {
            if let Some(name) = snapshot.utf8_name() {
                plan.steps.push(gone(name.to_owned(), snapshot.id));
            }
        }
        for tag in repo.references("refs/tags/*")?.iter().filter(|tag| tag.id == point.tag) {
            let name = tag.name.to_string();
            let short = name.trim_start_matches("refs/tags/");
            plan.report.findings.push(Finding {
                severity: Severity::Warn,
                message: format!("the tag {short} still holds what this point saved: `git tag -d {short}` deletes it"),
                help: None,
            });
        }
        plan.report.title = format!("Delete the point {} and what it saved", point.name);
        plan.report.needs_yes.push("what this point saved can be pruned by git afterwards".to_owned());
        plan.report.not_undoable.push("a purged snapshot is gone once git has pruned it".to_owned());
    } else {
        plan.extra.commits.push(detail.target);
    }
    plan.report.steps = describe::sentences(&plan.steps);
    Ok(plan)
}

fn find(session: &Session, typed: &str) -> Result<Point> {
    let name = typed.strip_prefix("point:").unwrap_or(typed);
    let points = points::list(&session.repo)?;
    points::find(&points, name).cloned().ok_or_else(|| {
        let names: Vec<&str> = points.iter().map(|p| p.name.as_str()).collect();
        let error = Error::refused(format!("there is no point \"{typed}\""));
        match crate::model::nearest(name, &names) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("`git rollback points` lists them"),
        }
    })
}
