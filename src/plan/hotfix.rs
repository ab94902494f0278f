//! Hotfixes: starting one at a release, and giving one up.

use super::resolve::Place;
use super::to::{ToRequest, Way};
use super::transition::Desk;
use super::{Plan, sprint, to};
use crate::git::Repo;
use crate::model::ObjectId;
use crate::model::report::{Finding, Severity};
use crate::release::hotfix::{BASE, FROM, PACKAGE, STATE, TIP, VERSION, about, branch_names};
use crate::release::records::{DESCRIPTION, WHY};
use crate::release::{Hotfix, Package, Releases, Version, VersionTag, hotfix, records};
use crate::store::facts::Facts;
use crate::store::session::{OperationName, Session};
use crate::{Error, Result};

/// A hotfix to be started.
#[derive(Clone, Debug, Default)]
pub struct StartRequest {
    /// The released version, as it was typed.
    pub version: String,
    /// Whose version it is.
    pub package: Package,
    /// What the hotfix is for, in words.
    pub message: Option<String>,
    /// Begin at that very version, whatever came after it.
    pub exact: bool,
}

/// Where a hotfix begins, and what it will become.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// The tag of the release.
    pub tag: VersionTag,
    /// Its commit.
    pub base: ObjectId,
    /// The version that the hotfix will become.
    pub version: Version,
    /// Its branch.
    pub branch: String,
    /// What deserves a look.
    pub findings: Vec<Finding>,
}

/// Finds where a hotfix of a version begins: at the newest patch of its line, so that no fix is left out. Its own number is
/// the next one that nobody has.
///
/// # Errors
/// Refused: there is no such release, or it is a candidate.
pub fn beginning(session: &Session, request: &StartRequest) -> Result<Beginning> {
    let (repo, package) = (&session.repo, &request.package);
    let releases = Releases::read(session, package)?;
    let named = releases.find(repo, &request.version)?;
    if named.version.is_prerelease() {
        return Err(Error::refused(format!("{} is a candidate, and a hotfix begins at a release", named.name))
            .help(format!("make the next candidate: `git rollback release candidate {}`", named.version.core())));
    }
    let line = |version: &Version| version.numbers()[..2] == named.version.numbers()[..2];
    let newest = releases.tags.iter().find(|tag| line(&tag.version) && !tag.version.is_prerelease());
    let tag = newest.filter(|_| !request.exact).unwrap_or(named);
    let base = repo.peel(tag.id).ok().flatten();
    let base = base.ok_or_else(|| Error::refused(format!("the tag {} does not lead to a commit", tag.name)))?;
    let version = next_free(session, package, &releases, &tag.version)?;
    let branch = branch_names(session, package).name_for(&version, &[]);
    let mut findings = Vec::new();
    let mut say = |severity, message: String| findings.push(Finding { severity, message, help: None });
    if tag.name != named.name {
        let also = format!("--exact begins at {} all the same", named.name);
        say(Severity::Note, format!("it begins at {}, the newest patch of that line; {also}", tag.name));
        if !repo.is_ancestor(repo.peel(named.id)?.unwrap_or(base), base)? {
            say(Severity::Warn, format!("{} does not contain {}", tag.name, named.name));
        }
    }
    if releases.stable(repo, tag) == Some(false) {
        let why = releases.facts.get(&records::about(&tag.name), WHY).map(|why| format!(": {why}")).unwrap_or_default();
        say(Severity::Note, format!("{} is marked as not stable{why}", tag.name));
    }
    Ok(Beginning { tag: tag.clone(), base, version, branch, findings })
}

/// The next number of a line that no tag, hotfix or record has, here or (as far as it is known) elsewhere.
///
/// # Errors
/// A fault when refs or the log cannot be read.
pub fn next_free(session: &Session, package: &Package, releases: &Releases, base: &Version) -> Result<Version> {
    let mut taken = vec![base.clone()];
    taken.extend(releases.tags.iter().map(|tag| tag.version.core()));
    taken.extend(releases.recorded_versions());
    let mine = |hotfix: &Hotfix| hotfix.package.name == package.name && (!hotfix.abandoned || is_there(hotfix));
    taken.extend(hotfix::all(session)?.into_iter().filter(mine).map(|hotfix| hotfix.version));
    let of_line = taken.iter().filter(|version| version.numbers()[..2] == base.numbers()[..2]);
    Ok(of_line.map(Version::core).max().unwrap_or_else(|| base.clone()).next())
}

fn is_there(hotfix: &Hotfix) -> bool {
    hotfix.tip.is_some() || !hotfix.remotes.is_empty()
}

/// Plans the start by switching: the branch at the release, with all work saved.
///
/// # Errors
/// As [`beginning`]; refused when the branch is there already.
pub fn start(session: &Session, desk: Desk<'_, '_>, name: &OperationName, request: &StartRequest) -> Result<Plan> {
    let begin = beginning(session, request)?;
    let place = place(&session.repo, &begin)?;
    let way = ToRequest {
        way: Some(Way::Branch(begin.branch.clone())),
        also: sprint::settings(desk, &place)?,
        ..ToRequest::default()
    };
    let mut plan = to::plan(session, desk, &name.who, &place, &way)?;
    record(session, &mut plan, request, &begin)?;
    Ok(plan)
}

fn place(repo: &Repo, begin: &Beginning) -> Result<Place> {
    repo.commit(begin.base)?;
    let (typed, what) = (begin.tag.name.clone(), format!("release {}", begin.tag.name));
    Ok(Place { typed, what, point: None, snapshot: None, commit: Some(begin.base), after: None })
}

/// What the log shall know of it.
fn record(session: &Session, plan: &mut Plan, request: &StartRequest, begin: &Beginning) -> Result<()> {
    let facts = [
        (VERSION, Some(begin.version.to_string())),
        (FROM, Some(begin.tag.name.clone())),
        (BASE, Some(begin.base.to_string())),
        (PACKAGE, request.package.name.clone()),
        (DESCRIPTION, request.message.clone()),
        // One of that name was given up before.
        (STATE, None),
        (TIP, None),
    ];
    let (known, about) = (Facts::read(&session.repo)?, about(&begin.branch));
    plan.steps.extend(facts.into_iter().filter_map(|(key, new)| known.step(&about, key, new)));
    plan.report.findings.extend(begin.findings.iter().cloned());
    plan.report.title = format!("Start the hotfix {} on {}, at {}", begin.version, begin.branch, begin.tag.name);
    plan.report.steps = super::sentences(&plan.steps);
    Ok(())
}
