//! Releases as they are recorded: a tag, and what the operation log knows about it.

use super::{Package, TagNames, Version, VersionTag};
use crate::git::Repo;
use crate::model::{ObjectId, Time, Who};
use crate::store::facts::Facts;
use crate::store::points::body_of;
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// What facts about a release are about: its tag, which says the package too.
pub fn about(tag: &str) -> String {
    format!("{ABOUT}{tag}")
}

const ABOUT: &str = "release ";

/// The commit that a version was recorded for.
pub const COMMIT: &str = "commit";
/// Whether it can be relied on: `yes` or `no`.
pub const STABLE: &str = "stable";
/// Why it can, or cannot.
pub const WHY: &str = "why";
/// When it was published from here.
pub const PUBLISHED: &str = "published";
/// Why publishing it from here failed.
pub const PUBLISH_FAILED: &str = "publish-failed";
/// That it was withdrawn: `yes`; taken back: `no`.
pub const YANKED: &str = "yanked";
/// Whether the registry was without it after it was withdrawn: `yes` or `no`; nothing is known where it was not asked.
pub const GONE: &str = "gone";
/// The version that took its place, when its number was given up; [`NOTHING`]: none did.
pub const RENUMBERED: &str = "renumbered";
/// A number was given up, and no other took its place.
pub const NOTHING: &str = "nothing";
/// What it is, in words.
pub const DESCRIPTION: &str = "description";

/// The trailer with the first value of [`STABLE`] in the message of a tag that was made here.
const STABLE_TRAILER: &str = "Rollback-Stable";

/// The message of a new tag.
pub fn tag_message(title: &str, stable: bool, operation: &str) -> String {
    let stable = yes_or_no(stable);
    format!("{title}\n\nRollback-Kind: release\n{STABLE_TRAILER}: {stable}\nRollback-Operation: {operation}\n")
}

/// How facts spell a yes.
pub fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// Everything that is known about the releases of a package.
#[derive(Debug)]
pub struct Releases {
    /// How the package's tags are called.
    pub names: TagNames,
    /// Its tags, newest version first. A version may have two.
    pub tags: Vec<VersionTag>,
    /// What the log knows.
    pub facts: Facts,
    /// How the tags of the other packages are called.
    pub(crate) others: Vec<(String, TagNames)>,
}

/// What is known of one release.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The commit; `None`: the tag does not lead to one that is there.
    pub commit: Option<ObjectId>,
    /// Whether it is an annotated tag.
    pub annotated: bool,
    /// Whether the tag says it was signed; nobody verified it.
    pub signed: bool,
    /// When the tag was made; of a lightweight tag, when the commit was.
    pub time: Option<Time>,
    /// Who made the tag; of a lightweight tag, who wrote the commit.
    pub who: String,
    /// What the tag says, or what was recorded.
    pub description: String,
    /// Whether it can be relied on; `None`: nobody said.
    pub stable: Option<bool>,
    /// Why.
    pub why: Option<String>,
    /// Who said so, and when; `None`: the tag itself says it, or nobody did.
    pub marked: Option<Who>,
    /// The commit that the version was recorded for.
    pub recorded: Option<ObjectId>,
}

fn tag_names(session: &Session, package: &Package) -> TagNames {
    let go = Some(package.path.as_str()).filter(|path| !path.is_empty());
    TagNames::of(package, go.is_some_and(|path| session.repo.root().join(path).join("go.mod").is_file()))
}

impl Releases {
    /// Reads the tags of a package, and the log.
    ///
    /// # Errors
    /// A fault when refs or the log cannot be read.
    pub fn read(session: &Session, package: &Package) -> Result<Releases> {
        Ok(Releases { facts: Facts::read(&session.repo)?, ..Self::read_tags(session, package)? })
    }

    /// Reads the tags of a package alone: nothing is known of marks.
    ///
    /// # Errors
    /// A fault when refs cannot be read.
    pub fn read_tags(session: &Session, package: &Package) -> Result<Releases> {
        let names = tag_names(session, package);
        let tags = names.list(&session.repo)?;
        let others = Package::all(&session.config).into_iter().filter(|other| other.name != package.name);
        let others = others.filter_map(|other| Some((other.name.clone()?, tag_names(session, &other)))).collect();
        Ok(Releases { names, tags, facts: Facts::default(), others })
    }

    /// The tags of one version: none, one, or `v1.2.0` beside `1.2.0`.
    pub fn of_version(&self, version: &Version) -> Vec<&VersionTag> {
        self.tags.iter().filter(|tag| tag.version.same(version)).collect()
    }

    /// The release that a person names: a version, or its tag.
    ///
    /// # Errors
    /// Refused: there is none, or two tags of that version stand at different commits.
    pub fn find(&self, repo: &Repo, typed: &str) -> Result<&VersionTag> {
        // A name that could be a version as well, such as `1.2.0`, does not say which of two tags is meant.
        let name = typed.strip_prefix("tag:").or((!typed.starts_with(|c: char| c.is_ascii_digit())).then_some(typed));
        if let Some(tag) = name.and_then(|name| self.tags.iter().find(|tag| tag.name == name)) {
            return Ok(tag);
        }
        let version = Version::read(typed).ok_or_else(|| self.no_version(typed))?;
        let found = self.of_version(&version);
        let commits: BTreeSet<Option<ObjectId>> = found.iter().map(|tag| commit_of(repo, tag.id)).collect();
        match found[..] {
            [] => Err(self.unknown(typed)),
            [first, ..] if commits.len() == 1 => Ok(first),
            _ => {
                let names: Vec<String> = found.iter().map(|tag| tag.name.clone()).collect();
                Err(Error::refused(format!(
                    "the version {version} has tags at different commits: {}",
                    names.join(", ")
                ))
                .help("name the tag that is meant; `git rollback release show tag:NAME` shows each"))
            }
        }
    }

    fn no_version(&self, typed: &str) -> Error {
        let of = self.others.iter().find_map(|(package, names)| Some((package, names.version(typed)?)));
        match of {
            Some((package, version)) => {
                Error::refused(format!("{typed} is called like a tag of the package {package}"))
                    .help(format!("name the package, and the version alone: `-p {package} {version}`"))
            }
            None => Version::parse(typed).err().unwrap_or_else(|| unknown(typed)),
        }
    }

    fn unknown(&self, typed: &str) -> Error {
        let error = unknown(typed);
        let names: Vec<&str> = self.tags.iter().map(|tag| tag.name.as_str()).collect();
        let error = match crate::model::nearest(typed, &names) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error,
        };
        error.help("`git rollback release list` lists the releases; `git fetch --tags` brings those of others")
    }

    /// Whether a release can be relied on, as the newest mark says; `None`: nobody said, or the tag itself does.
    fn marked_stable(&self, tag: &str) -> Option<bool> {
        self.facts.get(&about(tag), STABLE).map(|word| word == yes_or_no(true))
    }

    /// Whether a release can be relied on; `None`: nobody said.
    pub fn stable(&self, repo: &Repo, tag: &VersionTag) -> Option<bool> {
        // A mark that was taken back leaves what the tag says.
        self.marked_stable(&tag.name).or_else(|| said_stable(&repo.tag(tag.id).ok()??.message))
    }

    /// What is known of a release.
    pub fn detail(&self, repo: &Repo, tag: &VersionTag) -> Detail {
        let subject = about(&tag.name);
        let info = repo.tag(tag.id).ok().flatten();
        let commit = commit_of(repo, tag.id);
        let made = commit.and_then(|commit| repo.commit(commit).ok());
        let time = info.as_ref().and_then(|info| info.time).or(made.as_ref().map(|made| made.time));
        let message = info.as_ref().map(|info| info.message.clone()).unwrap_or_default();
        let (message, signed) = match message.find("-----BEGIN ") {
            Some(at) => (message[..at].to_owned(), true),
            None => (message, false),
        };
        let mark = self.facts.known(&subject, STABLE).filter(|known| known.value.is_some());
        let text = |key| self.facts.get(&subject, key).map(str::to_owned);
        Detail {
            commit,
            annotated: info.is_some(),
            signed,
            time: time.map(|(seconds, offset)| Time::new(seconds, offset)),
            who: info.and_then(|info| info.tagger).or(made.map(|made| made.author)).unwrap_or_default(),
            description: text(DESCRIPTION).unwrap_or_else(|| body_of(&message)),
            stable: self.marked_stable(&tag.name).or_else(|| said_stable(&message)),
            why: text(WHY),
            marked: mark.map(|known| known.who.clone()),
            recorded: self.recorded(&tag.name),
        }
    }

    /// The commit that a tag's version was recorded for.
    pub fn recorded(&self, tag: &str) -> Option<ObjectId> {
        self.facts.get(&about(tag), COMMIT).and_then(|id| ObjectId::from_hex(id.as_bytes()))
    }

    /// The versions that were ever recorded, also those whose tag is gone: their numbers are not given again.
    pub fn recorded_versions(&self) -> Vec<Version> {
        self.facts.subjects(ABOUT).filter_map(|tag| self.names.version(tag)).collect()
    }

    /// The newest release that `commit` contains.
    ///
    /// # Errors
    /// A fault when the history cannot be walked.
    pub fn newest_in(&self, repo: &Repo, commit: ObjectId) -> Result<Option<&VersionTag>> {
        // Usually it is one of the newest; only on an old line a walk through the whole history is needed.
        for tag in self.tags.iter().take(4) {
            if let Some(target) = commit_of(repo, tag.id)
                && repo.is_ancestor(target, commit)?
            {
                return Ok(Some(tag));
            }
        }
        let mut by_commit: BTreeMap<ObjectId, usize> = BTreeMap::new();
        for (at, tag) in self.tags.iter().enumerate().skip(4) {
            if let Some(target) = commit_of(repo, tag.id) {
                by_commit.entry(target).or_insert(at);
            }
        }
        if by_commit.is_empty() {
            return Ok(None);
        }
        let mut best: Option<usize> = None;
        repo.each_ancestor(commit, &mut |id| {
            if let Some(at) = by_commit.get(&id) {
                best = Some(best.map_or(*at, |best| best.min(*at)));
            }
        })?;
        Ok(best.map(|at| &self.tags[at]))
    }
}

fn said_stable(message: &str) -> Option<bool> {
    let word = message.lines().find_map(|line| line.strip_prefix(STABLE_TRAILER)?.strip_prefix(": "))?;
    Some(word.trim() == yes_or_no(true))
}

fn commit_of(repo: &Repo, id: ObjectId) -> Option<ObjectId> {
    repo.peel(id).ok().flatten()
}

fn unknown(typed: &str) -> Error {
    Error::refused(format!("there is no release \"{typed}\""))
}
