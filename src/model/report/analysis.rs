//! What an analysis found.

use super::Story;
use crate::model::causes::Cause;
use crate::model::suite::Failing;
use serde::Serialize;

/// An analysis: the answer, and what its document is made from.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AnalysisReport {
    /// The operation that wrote it; none: it was not written.
    pub operation: Option<String>,
    /// The file with all of it.
    pub file: String,
    /// When it was written, in local time.
    pub written: String,
    /// What happened.
    pub story: Box<Story>,
    /// Likely causes, the strongest first.
    pub causes: Vec<Cause>,
    /// What happened when, oldest first.
    pub timeline: Vec<Moment>,
    /// What was run, on the failed state and on the baseline.
    pub runs: Vec<Compared>,
    /// Tests that fail on the failed state and not on the baseline.
    pub newly_failing: Vec<Failing>,
    /// Where refs moved.
    pub refs: Vec<String>,
    /// The history as a graph, a line each.
    pub graph: Vec<String>,
    /// Disk, memory and the like.
    pub machine: Vec<String>,
    /// What deserves a look.
    pub warnings: Vec<String>,
    /// The command that takes it back.
    pub way_back: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    /// When, in local time with its offset.
    pub when: String,
    /// What.
    pub what: String,
}

/// Something that was run on both states.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// The result on the failed state, in words.
    pub failed: String,
    /// The result on the baseline, in words.
    pub baseline: String,
    /// The last lines of its output on the failed state, where it failed or only prints.
    pub tail: Vec<String>,
}
