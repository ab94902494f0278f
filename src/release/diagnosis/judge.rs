//! From what is known to what is the case, and what to do about it. Looks at nothing.

use super::{Answer, FilesSay, Findings, LocalTag, Replacing};
use crate::git::Signature;
use crate::model::report::{Hint, ReleaseState};
use crate::model::{ObjectId, quoted};
use std::collections::BTreeSet;

/// What is the case with a release.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// What.
    pub state: ReleaseState,
    /// The same in a sentence.
    pub summary: String,
    /// Whether nothing is left to do.
    pub settled: bool,
    /// What to do.
    pub next: Option<Hint>,
}

fn say(state: ReleaseState, summary: impl Into<String>, next: Hint) -> Judgement {
    Judgement { state, summary: summary.into(), settled: false, next: Some(next) }
}

fn settled(state: ReleaseState, summary: impl Into<String>) -> Judgement {
    Judgement { state, summary: summary.into(), settled: true, next: None }
}

/// Judges; what is worst comes first.
pub fn judge(found: &Findings) -> Judgement {
    if let Some(new) = &found.renumbered {
        let why = found.why.as_deref().unwrap_or("nothing took its place");
        let what = new.as_ref().map_or(why.to_owned(), |new| format!("{new} took its place"));
        return settled(ReleaseState::GivenUp, format!("its number was given up: {what}"));
    }
    tags(found).or_else(|| broken(found)).or_else(|| content(found)).or_else(|| publishing(found)).unwrap_or_else(
        || match (&found.line, found.tag()) {
            (None, Some(tag)) => say(
                ReleaseState::Unreachable,
                "no branch leads to its commit: only the tag holds it",
                Hint::new(
                    format!("git branch {} {}", quoted(&found.new_line), quoted(&format!("refs/tags/{}", tag.name))),
                    "a branch that leads to it",
                ),
            ),
            _ => settled(ReleaseState::Fine, "nothing is wrong with it, as far as was asked"),
        },
    )
}

fn repair(found: &Findings, why: &str) -> Hint {
    Hint::new(format!("git rollback release repair {}", found.typed()), why)
}

fn renumber(found: &Findings) -> Hint {
    repair(found, "releases it under the next free number")
}

/// Tags that are not there, or not where they should be.
fn tags(found: &Findings) -> Option<Judgement> {
    let there = found.tag_there();
    let remote = found.remote.as_deref().unwrap_or_default();
    let Some(tag) = found.tag() else {
        return Some(match there {
            Some(there) => {
                let spec = format!("refs/tags/{0}:refs/tags/{0}", there.name);
                let next = Hint::new(format!("git fetch {} {}", quoted(remote), quoted(&spec)), "brings the tag");
                say(ReleaseState::NotHere, format!("its tag is on {remote} and not here"), next)
            }
            None => say(
                ReleaseState::VersionConflict,
                "it is published, and no tag says from which commit",
                repair(found, "releases what HEAD is at under the next free number, or gives this one up"),
            ),
        });
    };
    let Some(commit) = tag.commit else { return Some(lost(found, tag)) };
    let here: BTreeSet<ObjectId> = found.tags.iter().filter_map(|tag| tag.commit).collect();
    if here.len() > 1 {
        let names: Vec<&str> = found.tags.iter().map(|tag| tag.name.as_str()).collect();
        let summary = format!("{} both say this version, at different commits", names.join(" and "));
        let next = match found.extra().next() {
            Some(_) => repair(found, &format!("keeps {}", tag.name)),
            None => renumber(found),
        };
        return Some(say(ReleaseState::Duplicate, summary, next));
    }
    if let Some(there) = there.filter(|there| there.commit != commit) {
        let (a, b) = (commit.short(), there.commit.short());
        return Some(match tag.recorded {
            Some(recorded) if recorded == there.commit => moved(
                found,
                tag,
                format!("{} was moved here: it is at {a}, on {remote} and in the log at {b}", tag.name),
            ),
            Some(recorded) if recorded == commit => say(
                ReleaseState::Moved,
                format!("{} was moved on {remote}: it is at {b} there, here and in the log at {a}", there.name),
                renumber(found),
            ),
            _ => say(
                ReleaseState::VersionConflict,
                format!("two commits claim it: {} is at {a} here, {} at {b} on {remote}", tag.name, there.name),
                renumber(found),
            ),
        });
    }
    let recorded = tag.recorded.filter(|recorded| *recorded != commit)?;
    let places = format!("it was recorded at {} and is at {}", recorded.short(), commit.short());
    Some(match there {
        None => moved(found, tag, format!("{} was moved: {places}", tag.name)),
        Some(_) => {
            say(ReleaseState::Moved, format!("{} was moved, here and on {remote}: {places}", tag.name), renumber(found))
        }
    })
}

/// A tag whose commit is not here.
fn lost(found: &Findings, tag: &LocalTag) -> Judgement {
    let summary = format!("{} leads to a commit that is not here", tag.name);
    let remote = found.remote.as_deref().unwrap_or_default();
    let next = match found.remote.is_some() && found.is_on_remote(&tag.name) {
        true => {
            let spec = quoted(&format!("+refs/tags/{0}:refs/tags/{0}", tag.name));
            Hint::new(format!("git fetch {} {spec}", quoted(remote)), "brings the tag and its commit")
        }
        false => repair(found, "takes the tag away: nobody has what it led to"),
    };
    say(ReleaseState::NotHere, summary, next)
}

fn moved(found: &Findings, tag: &LocalTag, summary: String) -> Judgement {
    let back = format!("puts {} back", tag.name);
    let next = match (tag.recorded_is_here, found.tag_there()) {
        (true, _) => repair(found, &back),
        (false, Some(there)) => {
            let remote = found.remote.as_deref().unwrap_or_default();
            let fetch = format!("git fetch {} {}", quoted(remote), quoted(&format!("refs/tags/{}", there.name)));
            Hint::new(format!("{fetch} && git rollback release repair {}", found.typed()), back)
        }
        (false, None) => renumber(found),
    };
    say(ReleaseState::Moved, summary, next)
}

fn broken(found: &Findings) -> Option<Judgement> {
    if !found.broken {
        return None;
    }
    let what = if found.yanked { "it was withdrawn" } else { "it must not be relied on" };
    let why = found.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    Some(match &found.newer {
        Some(newer) => settled(ReleaseState::Broken, format!("{what}{why}; {newer} came after it")),
        None => say(ReleaseState::Broken, format!("{what}{why}"), replace(found)),
    })
}

/// The hotfix that replaces it.
fn replace(found: &Findings) -> Hint {
    let of = found.package.as_ref().map(|name| format!(" -p {}", quoted(name))).unwrap_or_default();
    match &found.hotfix {
        None => {
            Hint::new(format!("git rollback hotfix start {}", found.typed()), "begins the release that replaces it")
        }
        Some(Replacing { version, has_commits: true }) => {
            Hint::new(format!("git rollback hotfix finish {version}{of}"), "releases what replaces it")
        }
        Some(Replacing { version, has_commits: false }) => Hint::new(
            format!("git rollback hotfix status {version}{of}"),
            "the hotfix that replaces it has no commit yet",
        ),
    }
}

/// What the tag holds.
fn content(found: &Findings) -> Option<Judgement> {
    if let Signature::Bad(why) = &found.signature {
        return Some(say(
            ReleaseState::BadSignature,
            format!("the signature of its tag is not its own: {why}"),
            renumber(found),
        ));
    }
    if let FilesSay::Another(version, place) = &found.files {
        return Some(say(ReleaseState::FilesDiffer, format!("{place} says {version} in its commit"), renumber(found)));
    }
    let [first, second, ..] = &found.tags[..] else { return None };
    if found.remote.is_some() && found.there.is_err() {
        return None;
    }
    let there = |name: &str| found.there.as_ref().is_ok_and(|there| there.iter().any(|tag| tag.name == name));
    // Both are published: they stay, and say the same.
    let extra = [second, first].into_iter().find(|tag| !there(&tag.name))?;
    let delete = match &found.package {
        Some(name) => {
            format!("git rollback release repair tag:{} -p {} --delete-tag", quoted(&extra.name), quoted(name))
        }
        None => format!("git rollback release repair tag:{} --delete-tag", quoted(&extra.name)),
    };
    let summary = format!("{} and {} say this version, at the same commit", first.name, second.name);
    Some(say(ReleaseState::Duplicate, summary, Hint::new(delete, "takes away the one too many")))
}

/// What others can get.
fn publishing(found: &Findings) -> Option<Judgement> {
    let tag = found.tag()?;
    let remote = found.remote.as_deref().unwrap_or_default();
    let publish = |options: &str, why: &str| match found.publishes {
        true => Hint::new(format!("git rollback release publish {}{options}", found.typed()), why),
        false => by_hand(found, tag),
    };
    if found.remote.is_some() && found.is_not_there() {
        let push = Hint::new(
            format!("git push {} {}", quoted(remote), quoted(&format!("refs/tags/{}", tag.name))),
            "publishes the tag",
        );
        return Some(match (found.is_out(), found.published_here.is_some() || found.failed_here) {
            (true, false) => say(
                ReleaseState::VersionConflict,
                format!("it is published, and nobody knows from which commit: its tag is not on {remote}"),
                renumber(found),
            ),
            (true, true) if !found.lacks_a_part() => {
                say(ReleaseState::Partial, format!("it is published, and its tag is not on {remote}"), push)
            }
            _ => say(ReleaseState::NotPushed, format!("its tag is not on {remote}"), push),
        });
    }
    let from_assets = found.fetches_assets && matches!(found.assets, Answer::Yes(_));
    let finish = || match from_assets {
        true => publish(" --from-assets", "publishes the files that it has"),
        false => publish("", "publishes what is missing, from its tag"),
    };
    match (&found.published, &found.assets) {
        (Answer::Partly(which), _) => {
            Some(say(ReleaseState::Partial, format!("a part of it is published: {which}"), finish()))
        }
        (Answer::No(_), Answer::Yes(_) | Answer::Partly(_)) => {
            Some(say(ReleaseState::Partial, "its files are there, and the registry does not have it", finish()))
        }
        (Answer::Yes(_), Answer::No(which) | Answer::Partly(which)) => Some(say(
            ReleaseState::Partial,
            format!("it is published, and files of it are missing: {which}"),
            publish("", "publishes what is missing, from its tag"),
        )),
        // Candidates need not be published.
        (Answer::No(_), _) if !found.version.is_prerelease() || found.published_here.is_some() => {
            Some(say(ReleaseState::PublishFailed, "it is tagged, and the registry does not have it", finish()))
        }
        _ => None,
    }
}

/// Where no command is set that publishes.
fn by_hand(found: &Findings, tag: &LocalTag) -> Hint {
    let to = format!("../release-{}", found.version);
    let command = format!("git worktree add --detach {} {}", quoted(&to), quoted(&format!("refs/tags/{}", tag.name)));
    Hint::new(command, "publish from there: no [release] publish is set")
}
