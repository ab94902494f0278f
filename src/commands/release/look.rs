//! Listing releases, and showing one.

use crate::Result;
use crate::git::Repo;
use crate::model::report::{Outcome, ReleaseReport, ReleaseRow, ReleasesReport, VersionPlace};
use crate::release::{CommitTree, Detail, Package, Releases, VersionFiles, VersionTag};
use crate::store::session::Session;
use std::collections::BTreeMap;

/// How many are listed when nobody says.
const LIMIT: usize = 50;

pub(super) fn list(session: &Session, package: &Package, stable: bool, limit: Option<usize>) -> Result<Outcome> {
    let repo = &session.repo;
    let releases = Releases::read(session, package)?;
    let tags: Vec<&VersionTag> =
        releases.tags.iter().filter(|tag| !stable || releases.stable(repo, tag) == Some(true)).collect();
    let limit = limit.unwrap_or(LIMIT);
    let shown = if limit == 0 { tags.len() } else { limit.min(tags.len()) };
    // Only those that are shown are read.
    let rows = tags[..shown].iter().map(|tag| row(tag, &releases.detail(repo, tag))).collect();
    Ok(ReleasesReport {
        package: package.name.clone(),
        releases: rows,
        more: (tags.len() - shown) as u64,
        warnings: twice(repo, &releases),
    }
    .into())
}

fn row(tag: &VersionTag, detail: &Detail) -> ReleaseRow {
    ReleaseRow {
        version: tag.version.to_string(),
        tag: tag.name.clone(),
        commit: detail.commit,
        time: detail.time,
        stable: detail.stable,
        recorded: detail.recorded.is_some(),
        description: detail.description.lines().next().unwrap_or_default().to_owned(),
    }
}

/// Versions with tags at different commits.
fn twice(repo: &Repo, releases: &Releases) -> Vec<String> {
    let mut by_version: BTreeMap<String, Vec<&VersionTag>> = BTreeMap::new();
    for tag in &releases.tags {
        by_version.entry(tag.version.without_build().to_string()).or_default().push(tag);
    }
    let differ = |tags: &Vec<&VersionTag>| {
        let commits = tags.iter().map(|tag| repo.peel(tag.id).ok().flatten());
        let commits: std::collections::BTreeSet<_> = commits.collect();
        tags.len() > 1 && commits.len() > 1
    };
    let names = |tags: &Vec<&VersionTag>| tags.iter().map(|tag| tag.name.clone()).collect::<Vec<_>>().join(" and ");
    let found = by_version.iter().filter(|(_, tags)| differ(tags));
    found.map(|(version, tags)| format!("{} are both {version}, at different commits", names(tags))).collect()
}

pub(super) fn show(session: &Session, package: &Package, typed: &str) -> Result<Outcome> {
    let repo = &session.repo;
    let releases = Releases::read(session, package)?;
    let tag = releases.find(repo, typed)?;
    let detail = releases.detail(repo, tag);
    let mut warnings = Vec::new();
    let head = repo.head_commit(&repo.head()?)?;
    let distance = head.zip(detail.commit).and_then(|(head, commit)| repo.ahead_behind(head, commit).ok());
    let places = detail.commit.map(|commit| places(session, package, tag, commit, &mut warnings)).unwrap_or_default();
    if let (Some(recorded), Some(commit)) = (detail.recorded, detail.commit)
        && recorded != commit
    {
        warnings.push(format!(
            "the tag was moved: it was recorded at {} and is at {}",
            recorded.short(),
            commit.short()
        ));
    }
    let previous = releases.tags.iter().find(|other| other.version < tag.version && !other.version.same(&tag.version));
    Ok(ReleaseReport {
        row: row(tag, &detail),
        package: package.name.clone(),
        subject: detail.commit.and_then(|id| repo.commit(id).ok()).map(|commit| commit.subject).unwrap_or_default(),
        who: detail.who,
        annotated: detail.annotated,
        signed: detail.signed,
        message: detail.description,
        why: detail.why,
        marked_at: detail.marked.as_ref().map(|who| who.time),
        marked_by: detail.marked.map(|who| who.name),
        previous: previous.map(|tag| tag.name.clone()),
        ahead: distance.map(|(ahead, _)| ahead as u64),
        behind: distance.map(|(_, behind)| behind as u64),
        places,
        warnings,
    }
    .into())
}

/// Where the version stands in the files of a commit; what is not as it should be is a warning.
fn places(
    session: &Session,
    package: &Package,
    tag: &VersionTag,
    commit: crate::model::ObjectId,
    warnings: &mut Vec<String>,
) -> Vec<VersionPlace> {
    let found = CommitTree::of(&session.repo, commit).and_then(|tree| VersionFiles::of(&tree, package));
    match found {
        Ok(found) => {
            if let Some(version) = found.version.as_ref().filter(|version| !version.same(&tag.version)) {
                warnings.push(format!("its version files say {version}"));
            }
            warnings.extend(found.notes.iter().cloned());
            let place =
                |p: crate::release::Place| VersionPlace { path: p.path, line: p.line, what: p.what, value: p.value };
            found.places().into_iter().map(place).collect()
        }
        Err(error) => {
            warnings.push(error.message().to_owned());
            warnings.extend(error.causes().iter().cloned());
            Vec::new()
        }
    }
}
