//! Release candidates: the next one of a version, and one that becomes the release.

use super::advance::advance;
use super::hotfix::Elsewhere;
use super::release::{NewRelease, commit_of, make_tag, refuse_taken};
use super::release_commit::{ReleaseCommit, Wanted, changes_since, release_commit, version_in};
use super::resolve::Place;
use super::transition::Desk;
use super::{Plan, describe};
use crate::model::ObjectId;
use crate::model::report::{Finding, Severity};
use crate::release::records::{COMMIT, STABLE, WHY, about, yes_or_no};
use crate::release::{Package, Releases, Version, VersionTag};
use crate::store::session::{OperationName, Session};
use crate::{Error, Result};

/// A candidate to be cut.
#[derive(Clone, Debug)]
pub struct CutRequest {
    /// The version that it is a candidate of, or the candidate itself.
    pub version: Version,
    /// Where; `None`: at `HEAD`.
    pub place: Option<Place>,
    /// What it is, in words.
    pub message: Option<String>,
    /// Leave the version files as they are.
    pub keep_files: bool,
    /// What the remote has, when it was asked just now.
    pub elsewhere: Option<Elsewhere>,
}

/// Plans cutting the next candidate of a version: a tag, and below it a commit with that version where the files say another.
///
/// # Errors
/// Refused: the version is released already, or its candidate is at that commit.
pub fn cut(
    session: &Session,
    desk: Desk<'_, '_>,
    name: &OperationName,
    package: &Package,
    request: &CutRequest,
) -> Result<Plan> {
    let repo = &session.repo;
    let releases = Releases::read(session, package)?;
    let core = request.version.core();
    refuse_released(&releases, &core, request.elsewhere.as_ref())?;
    let source = match &request.place {
        Some(place) => commit_of(place)?,
        None => desk
            .scene
            .head_commit
            .ok_or_else(|| Error::refused("there is no commit yet to release").help("commit something first"))?,
    };
    let (version, tag) = next(&releases, request)?;
    let at = |tag: &&VersionTag| repo.peel(tag.id).ok().flatten() == Some(source);
    if let Some(same) = candidates(&releases, &core).find(at) {
        return Err(Error::refused(format!("{} is at {} already", same.name, source.short()))
            .help(format!("`git rollback release promote {}` makes it the release", same.name)));
    }
    let said = if request.keep_files { None } else { version_in(repo, package, source)? };
    let bumps = said.is_some_and(|said| !said.same(&version) && !said.same(&core));
    let made = match bumps {
        false => as_it_is(session, source)?,
        true => {
            let message = format!("Release candidate {version}\n");
            let wanted = Wanted { parent: source, package, version: &version, changes: Vec::new(), message };
            release_commit(repo, (desk.sink, desk.scratch), &name.who, wanted)?
        }
    };
    let title = request.message.clone().unwrap_or_else(|| format!("Release candidate {version}"));
    let release = Made { tag: &tag, title: &title, stable: false, source };
    let mut plan = tagged(session, desk, name, &releases, &release, made)?;
    plan.report.title = format!("Cut the candidate {version}: {}", plan.report.title);
    Ok(plan)
}

/// The commit itself, where nothing has to be changed.
fn as_it_is(session: &Session, id: ObjectId) -> Result<ReleaseCommit> {
    let (tree, bytes) = (session.repo.commit(id)?.tree, session.repo.commit_object(id)?);
    Ok(ReleaseCommit { id, tree, bytes, files: Vec::new(), notes: Vec::new() })
}

fn candidates<'a>(releases: &'a Releases, core: &'a Version) -> impl Iterator<Item = &'a VersionTag> {
    releases.tags.iter().filter(move |tag| tag.version.is_prerelease() && tag.version.core() == *core)
}

/// A version that is out has no candidates any more.
fn refuse_released(releases: &Releases, core: &Version, elsewhere: Option<&Elsewhere>) -> Result<()> {
    let here = releases.of_version(core).first().map(|tag| format!("the tag {}", tag.name));
    let there = || {
        let elsewhere = elsewhere?;
        let found = elsewhere.tags().find(|name| releases.names.version(name).is_some_and(|v| v.same(core)))?;
        Some(format!("{} has the tag {found}", elsewhere.remote))
    };
    match here.or_else(there) {
        None => Ok(()),
        Some(tag) => Err(Error::refused(format!("{core} is released already: {tag}"))
            .because("a version that was released never changes: others may have it")
            .help("take the next free version")),
    }
}

/// The number behind `rc`; `None`: it is another kind of prerelease.
fn number_of(version: &Version) -> Option<u64> {
    let rest = version.prerelease().strip_prefix("rc")?;
    rest.trim_start_matches(['.', '-']).parse().ok()
}

/// The next candidate and its tag, spelled as those that are there.
fn next(releases: &Releases, request: &CutRequest) -> Result<(Version, String)> {
    let core = request.version.core();
    let there = request.elsewhere.iter().flat_map(Elsewhere::tags).filter_map(|name| releases.names.version(name));
    let known = releases.tags.iter().map(|tag| tag.version.clone()).chain(releases.recorded_versions()).chain(there);
    let taken: Vec<Version> = known.filter(|version| version.core() == core).collect();
    let version = match request.version.is_prerelease() {
        true if taken.iter().any(|version| version.same(&request.version)) => {
            return Err(Error::refused(format!("{} was cut already", request.version))
                .help(format!("`git rollback release candidate {core}` takes the next number")));
        }
        true => request.version.clone(),
        false => {
            let number = taken.iter().filter_map(number_of).max().unwrap_or(0) + 1;
            let short = spelled(releases) == "-rc";
            Version::parse(&format!("{core}-rc{}{number}", if short { "" } else { "." }))?
        }
    };
    let mut tag = releases.names.name_for(&version, &releases.tags);
    if spelled(releases) == "rc" {
        tag = tag.replace("-rc.", "rc");
    }
    refuse_name(releases, &tag)?;
    Ok((version, tag))
}

fn refuse_name(releases: &Releases, tag: &str) -> Result<()> {
    match releases.names.version(tag) {
        Some(_) => Ok(()),
        None => Err(Error::fault(format!("the tag {tag} would not be found again"))),
    }
}

/// What stands before the number in the newest tag of a candidate: `-rc.`, or as the project spells it.
fn spelled(releases: &Releases) -> &'static str {
    let newest = releases.tags.iter().find(|tag| number_of(&tag.version).is_some());
    let Some((_, end)) = newest.and_then(|tag| tag.name.split_once(&tag.version.core().to_string())) else {
        return "-rc.";
    };
    ["-rc.", "-rc", "rc"].into_iter().find(|begin| end.starts_with(begin)).unwrap_or("-rc.")
}

/// A candidate to become the release.
#[derive(Clone, Debug)]
pub struct PromoteRequest {
    /// The candidate, as it was typed; a version alone means its newest candidate.
    pub typed: String,
    /// What the release is, in words.
    pub message: Option<String>,
    /// What the remote has, when it was asked just now.
    pub elsewhere: Option<Elsewhere>,
}

/// The candidate that a person means, and its commit.
///
/// # Errors
/// Refused: there is none.
pub fn candidate(session: &Session, package: &Package, typed: &str) -> Result<(VersionTag, ObjectId)> {
    let releases = Releases::read(session, package)?;
    let version = Version::read(typed).filter(|version| !version.is_prerelease());
    let newest = version.as_ref().filter(|version| releases.of_version(version).is_empty());
    let tag = match newest.and_then(|core| candidates(&releases, core).next()) {
        Some(tag) => tag,
        None => releases.find(&session.repo, typed)?,
    };
    if !tag.version.is_prerelease() {
        return Err(Error::refused(format!("{} is a release already", tag.name)));
    }
    let gone = || Error::refused(format!("the tag {} does not lead to a commit that is there", tag.name));
    Ok((tag.clone(), session.repo.peel(tag.id).ok().flatten().ok_or_else(gone)?))
}

/// Plans making a candidate the release: one commit on it that changes version and changelog alone, and the tag.
///
/// # Errors
/// Refused: there is no such candidate, or its version is released already.
pub fn promote(
    session: &Session,
    desk: Desk<'_, '_>,
    name: &OperationName,
    package: &Package,
    request: &PromoteRequest,
) -> Result<Plan> {
    let repo = &session.repo;
    let (from, source) = candidate(session, package, &request.typed)?;
    let releases = Releases::read(session, package)?;
    let core = from.version.core();
    refuse_released(&releases, &core, request.elsewhere.as_ref())?;
    let changes = match base_of(session, package, source)? {
        Some(base) => changes_since(repo, base, source, request.message.as_deref())?,
        None => request.message.iter().flat_map(|text| text.lines()).map(str::to_owned).collect(),
    };
    let message = format!("Release {core}\n");
    let wanted = Wanted { parent: source, package, version: &core, changes, message };
    let made = release_commit(repo, (desk.sink, desk.scratch), &name.who, wanted)?;
    let tag = releases.names.name_for(&core, &releases.tags);
    let title = request.message.clone().unwrap_or_else(|| format!("Release {core}"));
    let release = Made { tag: &tag, title: &title, stable: true, source };
    let mut plan = tagged(session, desk, name, &releases, &release, made)?;
    plan.report.title = format!("Promote {} to {core}: {}", from.name, plan.report.title);
    if let Some(newer) = candidates(&releases, &core).find(|other| other.version > from.version) {
        plan.report.needs_yes.push(format!("{} is newer than {}", newer.name, from.name));
    }
    if let Some(why) = releases.facts.get(&about(&from.name), WHY)
        && releases.stable(repo, &from) == Some(false)
    {
        plan.report.needs_yes.push(format!("{} is marked as not stable: {why}", from.name));
    }
    Ok(plan)
}

/// The newest release, no candidate, that a commit contains.
fn base_of(session: &Session, package: &Package, commit: ObjectId) -> Result<Option<ObjectId>> {
    let mut releases = Releases::read_tags(session, package)?;
    releases.tags.retain(|tag| !tag.version.is_prerelease());
    let newest = releases.newest_in(&session.repo, commit)?;
    Ok(newest.and_then(|tag| session.repo.peel(tag.id).ok().flatten()))
}

/// What gets a tag.
struct Made<'a> {
    tag: &'a str,
    title: &'a str,
    stable: bool,
    /// The commit below a new one.
    source: ObjectId,
}

/// The tag on a commit, which may be new: then the branch that `HEAD` is on gets it, if it ends there.
fn tagged(
    session: &Session,
    desk: Desk<'_, '_>,
    name: &OperationName,
    releases: &Releases,
    release: &Made<'_>,
    made: ReleaseCommit,
) -> Result<Plan> {
    let mut plan = Plan::default();
    let mut say = Vec::new();
    if made.id != release.source {
        plan.extra.commits.extend([release.source, made.id]);
        say.push(format!("one commit changes {} alone", made.files.join(", ")));
        if !advance(session, desk, &mut plan, release.source, &made, "rollback: release")? {
            let how = format!("`git merge {}` brings it to a branch", release.tag);
            say.push(format!("that commit is on no branch, because HEAD is not at {}: {how}", release.source.short()));
        }
    }
    say.extend(made.notes);
    refuse_taken(&session.repo, &releases.facts, release.tag)?;
    let new = NewRelease {
        tag: release.tag,
        commit: made.id,
        bytes: &made.bytes,
        title: release.title,
        stable: release.stable,
    };
    plan.steps.push(make_tag(&session.repo, desk, &name.who, &new)?);
    let facts = [(COMMIT, made.id.to_string()), (STABLE, yes_or_no(release.stable).to_owned())];
    let about = about(release.tag);
    plan.steps.extend(facts.into_iter().filter_map(|(key, new)| releases.facts.step(&about, key, Some(new))));
    let note = |message| Finding { severity: Severity::Note, message, help: None };
    plan.report.findings.extend(say.into_iter().map(note));
    plan.point = Some(release.tag.to_owned());
    // The name of a new commit is not known before it is signed.
    let at = if made.id == release.source { release.source.short() } else { "a new commit".to_owned() };
    plan.report.title = format!("a new tag {} at {at}", release.tag);
    plan.report.steps = describe::sentences(&plan.steps);
    Ok(plan)
}
