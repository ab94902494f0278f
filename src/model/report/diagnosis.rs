//! What became of releases.

use super::story::{Commit, Item};
use super::{Check, Hint, HotfixRow, Moment, RollbackRow};
use crate::model::Ran;
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of releases, newest version first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DiagnosisReport {
    /// The package; none: the whole repository.
    pub package: Option<String>,
    /// The remote that was asked for its tags; none: there is none.
    pub remote: Option<String>,
    /// One a release.
    pub releases: Vec<Diagnosis>,
    /// How many older ones were not looked at.
    pub more: u64,
    /// What was not asked, and why.
    pub not_asked: Vec<String>,
}

/// What became of one release.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Diagnosis {
    /// The version.
    pub version: String,
    /// Its tag here; none: it has none.
    pub tag: Option<String>,
    /// What is the case.
    pub state: ReleaseState,
    /// The same in a sentence.
    pub summary: String,
    /// Whether nothing is left to do about it.
    pub settled: bool,
    /// What was looked at.
    pub facts: Vec<Check>,
    /// The one thing to do next.
    pub next: Option<Hint>,
}

/// What can be the case with a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseState {
    /// All is as it should be.
    #[default]
    Fine,
    /// The remote has its tag, this clone has not.
    NotHere,
    /// This clone has its tag, the remote has not.
    NotPushed,
    /// It is tagged, and the registry does not have it.
    PublishFailed,
    /// A part of it was published.
    Partial,
    /// Two commits, or a commit and the registry, claim the version.
    VersionConflict,
    /// Its tag is not where it was recorded.
    Moved,
    /// Two tags say its version.
    Duplicate,
    /// The files of its commit say another version.
    FilesDiffer,
    /// The signature of its tag does not belong to it.
    BadSignature,
    /// No branch leads to its commit.
    Unreachable,
    /// It was withdrawn, or must not be relied on.
    Broken,
    /// Its number was given up for another.
    GivenUp,
}

impl ReleaseState {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            ReleaseState::Fine => "fine",
            ReleaseState::NotHere => "not here",
            ReleaseState::NotPushed => "not pushed",
            ReleaseState::PublishFailed => "publish failed",
            ReleaseState::Partial => "partial release",
            ReleaseState::VersionConflict => "version conflict",
            ReleaseState::Moved => "moved tag",
            ReleaseState::Duplicate => "duplicate tags",
            ReleaseState::FilesDiffer => "files differ",
            ReleaseState::BadSignature => "bad signature",
            ReleaseState::Unreachable => "unreachable tag",
            ReleaseState::Broken => "broken",
            ReleaseState::GivenUp => "given up",
        }
    }
}

/// The newest release that can be relied on.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LastGoodReport {
    /// The package; none: the whole repository.
    pub package: Option<String>,
    /// The version; none: there is no such release.
    pub version: Option<String>,
    /// Its tag.
    pub tag: Option<String>,
    /// Releases that were tested, newest version first.
    pub tested: Vec<TestedRelease>,
    /// Releases that were not taken, and why.
    pub passed_over: Vec<String>,
    /// The operation that recorded what the tests said.
    pub operation: Option<String>,
    /// What to type next.
    pub next: Vec<Hint>,
}

/// A release that was tested.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TestedRelease {
    /// The version.
    pub version: String,
    /// Its tag.
    pub tag: String,
    /// Whether it passed.
    pub ok: bool,
    /// When it passed, or why it did not.
    pub detail: String,
    /// What was run.
    pub runs: Vec<Ran>,
}

/// What happened to a release, written down.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PostmortemReport {
    /// The version.
    pub version: String,
    /// The package; none: the whole repository.
    pub package: Option<String>,
    /// Its tag.
    pub tag: String,
    /// Its commit, short.
    pub commit: String,
    /// When this was written.
    pub written: String,
    /// When the tag was made.
    pub released: String,
    /// Who made it.
    pub who: String,
    /// What it is, in words; may be empty.
    pub description: String,
    /// The tag of the release before it.
    pub before: Option<String>,
    /// A later release that nobody called unstable.
    pub newer: Option<String>,
    /// What is the case, in a word or two.
    pub state: String,
    /// The same in a sentence.
    pub summary: String,
    /// Why it can be relied on, or cannot; may be empty.
    pub why: String,
    /// What was looked at.
    pub facts: Vec<Check>,
    /// What was not asked, and why.
    pub not_asked: Vec<String>,
    /// What happened, oldest first.
    pub timeline: Vec<Moment>,
    /// Rollbacks away from it, or to it, newest first.
    pub rollbacks: Vec<RollbackRow>,
    /// Hotfixes that began at it.
    pub hotfixes: Vec<HotfixRow>,
    /// The newest commits that came with it.
    pub commits: Vec<Commit>,
    /// How many there are.
    pub commit_count: u64,
    /// What should have been done by now.
    pub checklist: Vec<Item>,
    /// What to type next.
    pub next: Vec<Hint>,
    /// Whom to ask, by role.
    pub contacts: BTreeMap<String, String>,
    /// The file, below the top of the worktree.
    pub file: String,
    /// The operation that wrote it; none: it was not written.
    pub operation: Option<String>,
    /// The command that takes it back.
    pub way_back: Option<String>,
}
