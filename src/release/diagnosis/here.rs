//! What this clone knows of a version.

use super::{Answer, FilesSay, Findings, LocalTag, Replacing};
use crate::git::{Repo, Signature, verify_tag};
use crate::model::ObjectId;
use crate::release::records::{NOTHING, PUBLISH_FAILED, PUBLISHED, RENUMBERED, WHY, YANKED, about, yes_or_no};
use crate::release::{
    Changelog, CommitTree, Package, Releases, Tree, Version, VersionFiles, VersionTag, changelog_in, hotfix,
};
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeSet;

/// Its tags. Everything else is looked at when the remote has answered: that may say which of two tags counts.
pub(super) fn tags(session: &Session, package: &Package, releases: &Releases, version: Version) -> Findings {
    let tags = releases.of_version(&version).into_iter().map(|tag| local_tag(&session.repo, releases, tag));
    let mut tags: Vec<LocalTag> = tags.collect();
    tags.sort_by_key(|tag| tag.recorded.is_none());
    let publishing = &package.publishing;
    Findings {
        package: package.name.clone(),
        tags,
        remote: None,
        there: Err("it was not asked".to_owned()),
        signature: Signature::None,
        line: None,
        new_line: String::new(),
        files: FilesSay::Nothing,
        changelog: None,
        published: Answer::NotSet("published"),
        assets: Answer::NotSet("assets"),
        publishes: !publishing.publish.is_empty(),
        fetches_assets: !publishing.fetch_assets.is_empty(),
        said_yes: Vec::new(),
        published_here: None,
        failed_here: false,
        yanked: false,
        broken: false,
        why: None,
        renumbered: None,
        newer: None,
        hotfix: None,
        version,
    }
}

/// Which of its tags counts, and what is known of that one.
pub(super) fn complete(session: &Session, package: &Package, releases: &Releases, one: &mut Findings) -> Result<()> {
    let repo = &session.repo;
    order(repo, package, releases, one);
    // Also of one whose tag is gone.
    let usual = || releases.names.name_for(&one.version, &releases.tags);
    let name = one.tag().map_or_else(usual, |tag| tag.name.clone());
    let fact = |key| releases.facts.get(&about(&name), key).map(str::to_owned);
    let marked = one.tag().and_then(|tag| releases.tags.iter().find(|other| other.name == tag.name));
    let unstable = marked.is_some_and(|tag| releases.stable(repo, tag) == Some(false));
    one.broken = unstable && !one.version.is_prerelease();
    one.published_here = fact(PUBLISHED);
    one.failed_here = fact(PUBLISH_FAILED).is_some();
    one.yanked = fact(YANKED).as_deref() == Some(yes_or_no(true));
    one.why = fact(WHY);
    one.renumbered = fact(RENUMBERED).map(|new| Some(new).filter(|new| new != NOTHING));
    one.newer = newer(repo, releases, &one.version);
    if let Some(tag) = one.tag().filter(|tag| tag.annotated) {
        one.signature = verify_tag(repo, tag.id)?;
    }
    if let Some(commit) = one.commit() {
        one.line = line_of(repo, commit)?;
        (one.files, one.changelog) = content(repo, package, &one.version, commit);
    }
    if one.line.is_none() {
        one.new_line = new_line(repo, &name)?;
    }
    if one.broken && one.newer.is_none() {
        one.hotfix = replacing(session, package, &name)?;
    }
    Ok(())
}

/// The tag that counts comes first: what was recorded, then what the remote has, then what the files of the commit say, then how
/// tags are called.
fn order(repo: &Repo, package: &Package, releases: &Releases, one: &mut Findings) {
    let commits: BTreeSet<Option<ObjectId>> = one.tags.iter().map(|tag| tag.commit).collect();
    let says_it = |tag: &LocalTag| {
        let files = tag.commit.filter(|_| commits.len() > 1).map(|commit| files(repo, package, &one.version, commit));
        matches!(files, Some(FilesSay::TheVersion(_)))
    };
    let is_there = |tag: &LocalTag| one.there.as_ref().is_ok_and(|all| all.iter().any(|there| there.name == tag.name));
    let usual = releases.names.name_for(&one.version, &releases.tags);
    let mut tags = one.tags.clone();
    tags.sort_by_cached_key(|tag| (tag.recorded.is_none(), !is_there(tag), !says_it(tag), tag.name != usual));
    one.tags = tags;
}

fn local_tag(repo: &Repo, releases: &Releases, tag: &VersionTag) -> LocalTag {
    let recorded = releases.recorded(&tag.name);
    LocalTag {
        name: tag.name.clone(),
        id: tag.id,
        commit: repo.peel(tag.id).ok().flatten(),
        annotated: repo.tag(tag.id).ok().flatten().is_some(),
        recorded,
        recorded_is_here: recorded.is_some_and(|commit| repo.exists(commit)),
    }
}

/// The open hotfix that will replace a release.
fn replacing(session: &Session, package: &Package, tag: &str) -> Result<Option<Replacing>> {
    let mut all = hotfix::all(session)?.into_iter().filter(|hotfix| hotfix.is_open());
    let found = all.find(|one| one.package.name == package.name && one.from.as_deref() == Some(tag));
    Ok(found.map(|one| Replacing { has_commits: one.newest() != one.base, version: one.version }))
}

/// The name of a branch that can be made for a tag that no branch leads to.
fn new_line(repo: &Repo, tag: &str) -> Result<String> {
    let below = if repo.has_ref("refs/heads/line") { "line-" } else { "line/" };
    for count in 1.. {
        let name = if count == 1 { format!("{below}{tag}") } else { format!("{below}{tag}-{count}") };
        let full = format!("refs/heads/{name}");
        if !repo.has_ref(&full) && !repo.has_refs_below(&full)? {
            return Ok(name);
        }
    }
    Ok(String::new())
}

/// A release that came later and that nobody called unstable, the nearest.
fn newer(repo: &Repo, releases: &Releases, version: &Version) -> Option<String> {
    let later = releases.tags.iter().rev().filter(|tag| tag.version > *version && !tag.version.same(version));
    let mut good = later.filter(|tag| !tag.version.is_prerelease() && releases.stable(repo, tag) != Some(false));
    good.next().map(|tag| tag.name.clone())
}

/// A branch that leads to a commit, without `refs/heads/` or `refs/remotes/`.
///
/// # Errors
/// A fault when branches cannot be read.
pub fn line_of(repo: &Repo, commit: ObjectId) -> Result<Option<String>> {
    for dir in ["refs/heads/", "refs/remotes/"] {
        for branch in repo.references(&format!("{dir}*"))? {
            let Ok(Some(tip)) = repo.peel(branch.id) else { continue };
            if repo.is_ancestor(commit, tip)? {
                return Ok(Some(branch.name.to_string().trim_start_matches(dir).to_owned()));
            }
        }
    }
    Ok(None)
}

/// What the files of the commit say about the version, and whether the changelog has an entry.
fn content(repo: &Repo, package: &Package, version: &Version, commit: ObjectId) -> (FilesSay, Option<(String, bool)>) {
    let changelog = CommitTree::of(repo, commit).ok().and_then(|tree| {
        let path = changelog_in(&tree.paths(), &package.path)?.to_owned();
        let bytes = tree.read(&path).ok().flatten()?;
        Some((path, Changelog::read(&bytes).ok()?.entry(version).is_some()))
    });
    (files(repo, package, version, commit), changelog)
}

fn files(repo: &Repo, package: &Package, version: &Version, commit: ObjectId) -> FilesSay {
    let unclear = |error: Error| {
        let words = std::iter::once(error.message().to_owned()).chain(error.causes().iter().cloned());
        FilesSay::Unclear(words.collect::<Vec<_>>().join("; "))
    };
    let found = CommitTree::of(repo, commit).and_then(|tree| VersionFiles::of(&tree, package));
    match found {
        Err(error) => unclear(error),
        Ok(files) => match &files.version {
            None => FilesSay::Nothing,
            Some(said) if said.same(version) => FilesSay::TheVersion(files.places().len()),
            Some(said) => {
                let place = files.places().into_iter().next().map(|place| place.path).unwrap_or_default();
                FilesSay::Another(said.clone(), place)
            }
        },
    }
}
