//! What an operation still has to do when it stops half-way for a person (`docs/formats.md`).

use super::{Head, ObjectId, RepoPath};
use serde::{Deserialize, Serialize};

/// What comes after the steps that a journal names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// What the person has to decide, as a sentence; `None`: nothing, it goes on by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The same for the case that what is run after the steps fails; `None`: it goes on then, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_failed: Option<String>,
    /// What was run after the steps has failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// The paths to look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<RepoPath>,
    /// What remains to be done.
    pub work: Work,
}

/// Work that is done in several goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "kebab-case")]
pub enum Work {
    /// Commits are picked onto a branch.
    Pick(PickWork),
    /// A hotfix is released and brought to other branches.
    Hotfix(HotfixWork),
}

impl Work {
    /// How much is still to come.
    pub fn remaining(&self) -> usize {
        match self {
            Work::Pick(work) => work.rest.len(),
            Work::Hotfix(work) => work.rest.len(),
        }
    }
}

/// A hotfix that is released, and brought to other branches (lines) one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotfixWork {
    /// Its branch, by its short name.
    pub branch: String,
    /// The commit of its release.
    pub tip: ObjectId,
    /// The commit that only changes the version and the changelog; `None`: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ObjectId>,
    /// The message of its tag, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The blob with the settings that name the tests, which come first; `None`: none, or they are over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<ObjectId>,
    /// The line that stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<StoppedLine>,
    /// The lines that are still to get it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rest: Vec<String>,
    /// What became of those before, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<String>,
    /// Protected lines get it on a branch of their own.
    #[serde(default)]
    pub beside: bool,
    /// Where `HEAD` was, and goes back to.
    pub home: Head,
}

/// A line in conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedLine {
    /// The line, by its short name.
    pub line: String,
    /// The full name of the ref that gets the fix.
    pub onto: String,
    /// Where that was; `None`: it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<ObjectId>,
    /// Where the line was.
    pub at: ObjectId,
    /// What is picked; `None`: it is merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picks: Option<Box<PickWork>>,
}

/// How a person answers a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done: go on.
    Continue,
    /// Leave it out, and go on.
    Skip,
}

/// Commits that are picked one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickWork {
    /// The full name of the branch that gets them.
    pub branch: String,
    /// What they are picked from, as it was typed.
    pub from: String,
    /// Where that branch was left.
    pub tip: ObjectId,
    /// The commit that stopped it; `None`: none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<ObjectId>,
    /// How the branch is tested after each commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<PickTests>,
    /// The last commit is being tested; the tip without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tested: Option<ObjectId>,
    /// What is still to be picked, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rest: Vec<ObjectId>,
    /// Of these, those whose change some commit makes there already: where they are in conflict, they are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made_there: Vec<ObjectId>,
    /// What became of those before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<Picked>,
    /// How commits are picked.
    #[serde(default)]
    pub options: PickOptions,
}

/// How commits are picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickOptions {
    /// A merge is the change against this parent, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mainline: Option<usize>,
    /// The message names the commit it comes from.
    #[serde(default)]
    pub note_origin: bool,
    /// Commits that change nothing are picked too.
    #[serde(default)]
    pub allow_empty: bool,
}

/// How a branch is tested after each commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickTests {
    /// The blob with the settings that name the tests.
    pub settings: ObjectId,
    /// Commits with which they fail are left out; otherwise they stop the operation.
    pub leave_out: bool,
}

/// What became of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picked {
    /// The commit.
    pub commit: ObjectId,
    /// What came of it.
    pub outcome: PickOutcome,
    /// The new commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<ObjectId>,
}

/// What can become of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PickOutcome {
    /// It is a new commit.
    Picked,
    /// A person solved its conflict.
    Resolved,
    /// A person left it out.
    Skipped,
    /// It changes nothing by itself, and was left out.
    Empty,
    /// What it changes is there already, and it was left out.
    Applied,
    /// The tests failed with it, and it was left out.
    Failing,
}

impl PickOutcome {
    /// The outcome in words.
    pub fn words(self) -> &'static str {
        match self {
            PickOutcome::Picked => "picked",
            PickOutcome::Resolved => "picked, after its conflict was solved",
            PickOutcome::Skipped => "left out",
            PickOutcome::Empty => "left out: it changes nothing",
            PickOutcome::Applied => "left out: what it changes is there already",
            PickOutcome::Failing => "left out: the tests fail with it",
        }
    }
}
