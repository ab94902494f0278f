//! What became of a release: what is known is gathered, then judged.

mod gather;
mod here;
mod judge;
mod words;

pub use gather::{Asking, Gathered, gather};
pub(crate) use gather::{ask, runner};
pub use here::line_of;
pub use judge::{Judgement, judge};
pub use words::facts;

use super::{RemoteTag, Version};
use crate::git::Signature;
use crate::model::ObjectId;

/// The answer to a question outside of this repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes; what was asked.
    Yes(String),
    /// No; what was asked.
    No(String),
    /// Of several some say yes and some no; which.
    Partly(String),
    /// There is no answer, and why.
    NotAsked(String),
    /// The settings do not say how to ask.
    NotSet(&'static str),
}

/// A tag of the version in this clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTag {
    /// Its name, without `refs/tags/`.
    pub name: String,
    /// What it points to directly.
    pub id: ObjectId,
    /// The commit; `None`: it is not there.
    pub commit: Option<ObjectId>,
    /// Whether it is an annotated tag.
    pub annotated: bool,
    /// The commit that the version was recorded for.
    pub recorded: Option<ObjectId>,
    /// Whether that commit is there.
    pub recorded_is_here: bool,
}

/// A hotfix that will replace a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacing {
    /// The version that it becomes.
    pub version: Version,
    /// Whether anything was committed for it.
    pub has_commits: bool,
}

/// What the version files of the commit say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilesSay {
    /// There are none.
    Nothing,
    /// The version, in so many places.
    TheVersion(usize),
    /// Another version, and the first place where it stands.
    Another(Version, String),
    /// They do not agree, or cannot be understood.
    Unclear(String),
}

/// Everything that is known of one version.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The version.
    pub version: Version,
    /// Its package; `None`: the whole repository.
    pub package: Option<String>,
    /// Its tags here, the one that counts first.
    pub tags: Vec<LocalTag>,
    /// The remote; `None`: there is none.
    pub remote: Option<String>,
    /// The version's tags on the remote, or why it was not asked.
    pub there: Result<Vec<RemoteTag>, String>,
    /// The signature of the tag.
    pub signature: Signature,
    /// A branch that leads to the commit.
    pub line: Option<String>,
    /// Where there is none: the name of one that can be made.
    pub new_line: String,
    /// What the version files say.
    pub files: FilesSay,
    /// The changelog, and whether it has an entry; `None`: there is no changelog.
    pub changelog: Option<(String, bool)>,
    /// Whether the registry has it.
    pub published: Answer,
    /// Whether its files are there.
    pub assets: Answer,
    /// Whether the settings say how it is published.
    pub publishes: bool,
    /// Whether the settings say how these files are fetched.
    pub fetches_assets: bool,
    /// The names of the questions that say yes.
    pub said_yes: Vec<String>,
    /// When it was published from here, as it is recorded.
    pub published_here: Option<String>,
    /// Whether publishing it from here failed the last time: a part of it may be out.
    pub failed_here: bool,
    /// Whether it is recorded that it was withdrawn.
    pub yanked: bool,
    /// Whether it must not be relied on (a candidate never is, which is no fault).
    pub broken: bool,
    /// Why.
    pub why: Option<String>,
    /// When its number was given up: the version that took its place, if one did.
    pub renumbered: Option<Option<String>>,
    /// A later release that nobody called unstable.
    pub newer: Option<String>,
    /// The open hotfix that began at it.
    pub hotfix: Option<Replacing>,
}

impl Findings {
    /// The tag that counts.
    pub fn tag(&self) -> Option<&LocalTag> {
        self.tags.first()
    }

    /// The commit of that tag.
    pub fn commit(&self) -> Option<ObjectId> {
        self.tag()?.commit
    }

    /// The remote's tag of the same name, else another one of the version.
    pub fn tag_there(&self) -> Option<&RemoteTag> {
        let there = self.there.as_ref().ok()?;
        let name = self.tag().map(|tag| &tag.name);
        there.iter().find(|tag| Some(&tag.name) == name).or(there.first())
    }

    /// Whether the remote was asked and has no tag of the version.
    pub fn is_not_there(&self) -> bool {
        self.there.as_ref().is_ok_and(Vec::is_empty)
    }

    /// Whether the remote has a tag of this name, or may have it.
    pub fn is_on_remote(&self, tag: &str) -> bool {
        match &self.there {
            Ok(there) => there.iter().any(|there| there.name == tag),
            Err(_) => self.remote.is_some(),
        }
    }

    /// Whether anything of it is out, as the registry and the files to download tell.
    pub fn is_out(&self) -> bool {
        [&self.published, &self.assets].iter().any(|answer| matches!(answer, Answer::Yes(_) | Answer::Partly(_)))
    }

    /// Whether something of it is not out.
    pub fn lacks_a_part(&self) -> bool {
        [&self.published, &self.assets].iter().any(|answer| matches!(answer, Answer::No(_) | Answer::Partly(_)))
    }

    /// Tags beside the one that counts that nobody else has.
    pub fn extra(&self) -> impl Iterator<Item = &LocalTag> {
        self.tags.iter().skip(1).filter(|tag| !self.is_on_remote(&tag.name))
    }

    /// Whether somebody else may have it: then its number is burned.
    pub fn may_be_published(&self) -> bool {
        let on_remote = self.remote.is_some() && !self.is_not_there();
        let is_out = |answer| !matches!(answer, &Answer::No(_) | &Answer::NotSet(_));
        on_remote || self.published_here.is_some() || is_out(&self.published) || is_out(&self.assets)
    }

    /// `1.2.0`, with its package as it is typed.
    pub fn typed(&self) -> String {
        match &self.package {
            Some(name) => format!("{} -p {}", self.version, crate::model::quoted(name)),
            None => self.version.to_string(),
        }
    }
}
