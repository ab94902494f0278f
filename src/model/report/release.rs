//! Releases.

use super::{Check, Hint};
use crate::model::{ObjectId, Time};
use serde::Serialize;

/// The releases, newest version first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReleasesReport {
    /// The package; none: the whole repository.
    pub package: Option<String>,
    /// One row a release.
    pub releases: Vec<ReleaseRow>,
    /// How many more there are than the limit let through.
    pub more: u64,
    /// What deserves a look, such as two tags of one version.
    pub warnings: Vec<String>,
}

/// One release.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReleaseRow {
    /// The version.
    pub version: String,
    /// Its tag.
    pub tag: String,
    /// The commit; none: it is not there.
    pub commit: Option<ObjectId>,
    /// When the tag was made.
    pub time: Option<Time>,
    /// Whether it can be relied on; none: nobody said.
    pub stable: Option<bool>,
    /// Whether it was recorded with this tool.
    pub recorded: bool,
    /// The first line of what is said about it; may be empty.
    pub description: String,
}

/// One release in full.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReleaseReport {
    /// The line of the list.
    #[serde(flatten)]
    pub row: ReleaseRow,
    /// The package; none: the whole repository.
    pub package: Option<String>,
    /// The first line of the commit's message.
    pub subject: String,
    /// Who made the tag.
    pub who: String,
    /// Whether the tag is annotated.
    pub annotated: bool,
    /// Whether the tag has a signature; it was not verified.
    pub signed: bool,
    /// All that is said about it; may have several lines, may be empty.
    pub message: String,
    /// Why it can be relied on, or cannot.
    pub why: Option<String>,
    /// Who said so last; none: the tag itself says it, or nobody did.
    pub marked_by: Option<String>,
    /// When.
    pub marked_at: Option<Time>,
    /// The release before it, by version.
    pub previous: Option<String>,
    /// Commits that HEAD has and the release has not, where it was counted.
    pub ahead: Option<u64>,
    /// Commits that the release has and HEAD has not, where it was counted.
    pub behind: Option<u64>,
    /// Where the version stands in the files of that commit.
    pub places: Vec<VersionPlace>,
    /// What deserves a look.
    pub warnings: Vec<String>,
}

/// A place where a version stands.
#[derive(Clone, Debug, Serialize)]
pub struct VersionPlace {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What it is: `package.version`.
    pub what: String,
    /// What stands there.
    pub value: String,
}

/// Whether one can go back to a release, and why not.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReleaseCheckReport {
    /// What was asked for.
    pub version: String,
    /// Its tag; none: there is no such release.
    pub tag: Option<String>,
    /// Whether one can go there.
    pub possible: bool,
    /// Everything that was looked at.
    pub checks: Vec<Check>,
    /// What to type next.
    pub next: Vec<Hint>,
}
