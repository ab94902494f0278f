//! Recording releases, and what is known of them.

use super::resolve::Place;
use super::restore::RestoreRequest;
use super::transition::Desk;
use super::{Plan, describe};
use crate::git::{NewTag, ObjectKind, Repo, write_tag};
use crate::model::report::{Finding, MoveKind, Severity};
use crate::model::{Fact, ObjectId, Step, Who};
use crate::release::records::{COMMIT, DESCRIPTION, RENUMBERED, STABLE, WHY, about, tag_message, yes_or_no};
use crate::release::{CommitTree, Package, Releases, Version, VersionFiles, VersionTag};
use crate::store::facts::{FROM_VERSION as FROM, Facts, TO_VERSION as TO, about_operation};
use crate::store::session::{OperationName, Session};
use crate::{Error, Result};

/// A release to be recorded.
#[derive(Clone, Debug)]
pub struct AddRequest {
    /// The version.
    pub version: Version,
    /// Where it is; `None`: at its tag, or at `HEAD`.
    pub place: Option<Place>,
    /// What it is, in words.
    pub message: Option<String>,
    /// Whether it can be relied on.
    pub stable: bool,
}

/// Plans recording a release: its tag is adopted, or made.
///
/// # Errors
/// Refused: the version is recorded or tagged at another commit.
pub fn add(
    session: &Session,
    desk: Desk<'_, '_>,
    name: &OperationName,
    package: &Package,
    request: &AddRequest,
) -> Result<Plan> {
    let repo = &session.repo;
    let releases = Releases::read(session, package)?;
    let version = &request.version;
    let wanted = request.place.as_ref().map(commit_of).transpose()?;
    let mut plan = Plan::default();
    let (tag, commit) = match releases.of_version(version).is_empty() {
        false => {
            let tag = releases.find(repo, &version.to_string())?;
            let gone = || Error::refused(format!("the tag {} does not lead to a commit that is there", tag.name));
            let commit = repo.peel(tag.id).ok().flatten().ok_or_else(gone)?;
            refuse_another(&format!("{version} is the tag {}", tag.name), commit, wanted)?;
            plan.report.title = format!("Record the release {version}: the tag {} at {}", tag.name, commit.short());
            (tag.name.clone(), commit)
        }
        true => {
            let commit = match wanted {
                Some(commit) => commit,
                None => repo.head_commit(&repo.head()?)?.ok_or_else(|| {
                    Error::refused("there is no commit yet to release").help("commit something first")
                })?,
            };
            let tag = releases.names.name_for(version, &releases.tags);
            let title = request.message.clone().unwrap_or_else(|| format!("Release {version}"));
            let bytes = repo.commit_object(commit)?;
            let new = NewRelease { tag: &tag, commit, bytes: &bytes, title: &title, stable: request.stable };
            let step = make_tag(repo, desk, &name.who, &new)?;
            refuse_taken(repo, &releases.facts, &tag)?;
            plan.steps.push(step);
            plan.report.title = format!("Record the release {version}: a new tag {tag} at {}", commit.short());
            (tag, commit)
        }
    };
    if let Some(recorded) = releases.recorded(&tag).filter(|recorded| *recorded != commit) {
        return Err(recorded_elsewhere(&tag, recorded, commit));
    }
    let facts = [
        (COMMIT, Some(commit.to_string())),
        (STABLE, Some(yes_or_no(request.stable).to_owned())),
        (DESCRIPTION, request.message.clone().filter(|_| plan.steps.is_empty())),
    ];
    let known = |(key, new): (&str, Option<String>)| releases.facts.step(&about(&tag), key, Some(new?));
    plan.steps.extend(facts.into_iter().filter_map(known));
    plan.report.findings.extend(other_version(session, package, commit, version));
    plan.point = Some(tag);
    plan.report.steps = describe::sentences(&plan.steps);
    Ok(plan)
}

pub(super) fn commit_of(place: &Place) -> Result<ObjectId> {
    place.commit.filter(|_| place.snapshot.is_none()).ok_or_else(|| {
        Error::refused(format!("{} is not a commit, and a release is one", place.typed)).help("commit it first")
    })
}

/// A version is one commit for ever: who has it installed could not tell otherwise.
fn refuse_another(what: &str, commit: ObjectId, wanted: Option<ObjectId>) -> Result<()> {
    match wanted.filter(|wanted| *wanted != commit) {
        None => Ok(()),
        Some(wanted) => Err(Error::refused(format!("{what} at {} already, not at {}", commit.short(), wanted.short()))
            .because("a version that was released never changes: others may have it")
            .help("record the new commit under the next free version")),
    }
}

fn recorded_elsewhere(tag: &str, recorded: ObjectId, commit: ObjectId) -> Error {
    Error::refused(format!(
        "the tag {tag} was moved: it was recorded at {} and is at {}",
        recorded.short(),
        commit.short()
    ))
    .because("a version that was released never changes: others may have the first one")
    .help(format!(
        "`git tag -f {tag} {}` puts it back; then record the new commit under the next free version",
        recorded.short()
    ))
}

/// The tag of a release that is to be made.
pub(super) struct NewRelease<'a> {
    /// Its name.
    pub tag: &'a str,
    /// The commit.
    pub commit: ObjectId,
    /// The bytes of the commit, which may be new.
    pub bytes: &'a [u8],
    /// What the tag says.
    pub title: &'a str,
    /// Whether the release can be relied on.
    pub stable: bool,
}

/// Makes an annotated tag, signed where git's configuration says so, and the step that sets it.
///
/// # Errors
/// Refused: git does not allow the name, or cannot sign.
pub(super) fn make_tag(repo: &Repo, desk: Desk<'_, '_>, who: &Who, wanted: &NewRelease<'_>) -> Result<Step> {
    let name = wanted.tag;
    let full = format!("refs/tags/{name}");
    if !crate::git::is_ref_name(&full) {
        return Err(Error::refused(format!("\"{name}\" is not a name git allows for a tag"))
            .help("correct the pattern of tags in rollback.toml"));
    }
    let message = tag_message(wanted.title, wanted.stable, desk.operation);
    let new = NewTag { name, target: wanted.commit, commit: wanted.bytes, who, message: &message };
    let id = tag_object(repo, desk, &new)?;
    Ok(Step::Ref { name: full, old: None, new: Some(id), message: "rollback: release".to_owned() })
}

/// Refuses a tag whose name is taken.
///
/// # Errors
/// Refused: a ref of that name, or below it, is there.
pub(super) fn refuse_taken(repo: &Repo, facts: &Facts, tag: &str) -> Result<()> {
    if facts.get(&about(tag), RENUMBERED).is_some() {
        let why = facts.get(&about(tag), WHY).unwrap_or("others may have it");
        return Err(Error::refused(format!("the number of {tag} was given up, and is never used again"))
            .because(why)
            .help("take the next number; `git rollback release list` shows which there are"));
    }
    let full = format!("refs/tags/{tag}");
    if repo.has_ref(&full) || repo.has_refs_below(&full)? {
        return Err(Error::refused(format!("the tag {tag} cannot be made: {full} is taken"))
            .help("`git tag` lists the tags; [release] tag in rollback.toml says how tags are called"));
    }
    Ok(())
}

/// A new tag object, signed where git's configuration says so; a dry run asks for no key.
fn tag_object(repo: &Repo, desk: Desk<'_, '_>, new: &NewTag<'_>) -> Result<ObjectId> {
    match repo.signs_tags() && desk.sink.keeps() {
        true => desk.sink.add(ObjectKind::Tag, &repo.signed_tag(desk.scratch, new)?),
        false => write_tag(desk.sink, new.target, new.name, new.who, new.message),
    }
}

/// What the version files of the commit say, when that is not the version.
pub(super) fn other_version(
    session: &Session,
    package: &Package,
    commit: ObjectId,
    version: &Version,
) -> Option<Finding> {
    let survey = CommitTree::of(&session.repo, commit).and_then(|tree| VersionFiles::of(&tree, package));
    let message = match survey {
        Ok(survey) => {
            let said = survey.version.as_ref().filter(|said| !said.same(version))?;
            let place = survey.places().into_iter().next().map(|place| place.path).unwrap_or_default();
            format!("{place} says {said} in that commit, not {version}")
        }
        Err(error) => {
            let error = std::iter::once(error.message().to_owned()).chain(error.causes().iter().cloned());
            format!("its version files: {}", error.collect::<Vec<_>>().join("; "))
        }
    };
    Some(Finding { severity: Severity::Warn, message, help: None })
}

/// Plans marking a release as stable, or as one not to rely on.
///
/// # Errors
/// Refused: there is no such release.
pub fn mark(session: &Session, package: &Package, typed: &str, stable: bool, why: Option<&str>) -> Result<Plan> {
    let releases = Releases::read(session, package)?;
    let tag = releases.find(&session.repo, typed)?;
    let word = if stable { "stable" } else { "not stable" };
    let mut plan = Plan { point: Some(tag.name.clone()), ..Plan::default() };
    let is_so = releases.stable(&session.repo, tag) == Some(stable);
    plan.report.title = format!("Mark the release {} as {word}", tag.name);
    let new_why = why.map(str::to_owned);
    if is_so && (why.is_none() || releases.facts.get(&about(&tag.name), WHY) == why) {
        plan.report.title = format!("the release {} is marked as {word} already", tag.name);
        return Ok(plan);
    }
    let facts = [(STABLE, Some(yes_or_no(stable).to_owned())), (WHY, new_why)];
    plan.steps.extend(facts.into_iter().filter_map(|(key, new)| releases.facts.step(&about(&tag.name), key, new)));
    plan.report.steps = describe::sentences(&plan.steps);
    Ok(plan)
}

/// Says what is known of the release that `to` goes to, and records from which version to which it went.
///
/// # Errors
/// A fault when tags or the log cannot be read.
pub(super) fn note(session: &Session, desk: Desk<'_, '_>, place: &Place, plan: &mut Plan) -> Result<()> {
    note_of(session, desk, place, plan, false)
}

/// Plans going back to a version of a package: its directory alone gets the content of then, and keeps nothing that came later.
///
/// # Errors
/// As `restore`.
pub fn to_package(session: &Session, desk: Desk<'_, '_>, place: &Place, request: &RestoreRequest) -> Result<Plan> {
    let mut plan = super::restore::plan(session, desk, place, request)?;
    note_of(session, desk, place, &mut plan, true)?;
    plan.report.steps = describe::sentences(&plan.steps);
    Ok(plan)
}

/// `alone`: nothing but the package's directory goes back.
fn note_of(session: &Session, desk: Desk<'_, '_>, place: &Place, plan: &mut Plan, alone: bool) -> Result<()> {
    let (Some(tag), Some(commit), None) = (place.what.strip_prefix("tag "), place.commit, &place.snapshot) else {
        return Ok(());
    };
    let Some((package, releases, found)) = release_of(session, tag)? else { return Ok(()) };
    let mut say = |severity, message: String, help: Option<String>| {
        plan.report.findings.push(Finding { severity, message, help });
    };
    if releases.stable(&session.repo, &found) == Some(false) {
        let why = releases.facts.get(&about(tag), WHY).map(|why| format!(": {why}")).unwrap_or_default();
        say(Severity::Warn, format!("{tag} is marked as not stable{why}"), None);
        plan.report.needs_yes.push(format!("{tag} is marked as not stable"));
    }
    if let Some(recorded) = releases.recorded(tag).filter(|recorded| *recorded != commit) {
        let message = format!("{tag} was moved: it was recorded at {} and is at {}", recorded.short(), commit.short());
        plan.report.findings.push(Finding { severity: Severity::Warn, message, help: None });
        plan.report.needs_yes.push(format!("{tag} is not where it was recorded"));
    }
    let mut say = |message: String| {
        plan.report.findings.push(Finding { severity: Severity::Note, message, help: None });
    };
    if let (false, Some(name), false) = (package.path.is_empty(), &package.name, alone) {
        let (path, version) = (&package.path, &found.version);
        say(format!(
            "this is a version of {path} alone: `git rollback to {version} -p {name}` takes back nothing else"
        ));
    }
    if alone {
        say(format!("nothing but {} goes back: `git rollback to {tag}` takes everything back", package.path));
    }
    let how = plan.report.moves.as_ref().map(|moved| moved.how);
    if matches!(how, Some(MoveKind::Revert | MoveKind::RevertBranch)) {
        let made = plan.steps.iter().find_map(|step| match step {
            Step::Ref { name, new, .. } if name.starts_with("refs/heads/") => *new,
            _ => None,
        });
        let made = made.map(|id| format!(": `git revert {}`", id.short())).unwrap_or_default();
        say(format!("to merge the old work again later, first revert the commit that this makes{made}"));
        if let Some(newest) = releases.tags.iter().find(|tag| !tag.version.is_prerelease()) {
            let free = super::hotfix::next_free(session, &package, &releases, &newest.version, None)?;
            say(format!("the next free version is {free}"));
        }
    }
    if plan.steps.is_empty() {
        return Ok(());
    }
    let from = desk.scene.head_commit.map(|head| releases.newest_in(&session.repo, head)).transpose()?.flatten();
    let operation = about_operation(desk.operation);
    let record = |key: &str, tag: &str| {
        let (about, key) = (operation.clone(), key.to_owned());
        Step::Fact(Fact { about, key, old: None, new: Some(tag.to_owned()) })
    };
    let facts: Vec<Step> = from.map(|from| record(FROM, &from.name)).into_iter().chain([record(TO, tag)]).collect();
    // Before anything is run: a command that fails must not leave out what was done.
    let at = plan.steps.iter().position(Step::runs).unwrap_or(plan.steps.len());
    plan.steps.splice(at..at, facts);
    Ok(())
}

/// The package, and all its releases, of which one has this tag.
fn release_of(session: &Session, tag: &str) -> Result<Option<(Package, Releases, VersionTag)>> {
    for package in Package::all(&session.config) {
        let releases = Releases::read_tags(session, &package)?;
        if let Some(found) = releases.tags.iter().find(|found| found.name == tag).cloned() {
            return Ok(Some((package, Releases { facts: Facts::read(&session.repo)?, ..releases }, found)));
        }
    }
    Ok(None)
}
