//! Cleaning, checking, and plain sentences.

use super::{Check, Hint};
use crate::model::Time;
use serde::Serialize;

/// What was, or with `--dry-run` would be, removed for good.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GcReport {
    /// Whether nothing was done yet.
    pub dry_run: bool,
    /// What goes.
    pub removed: Vec<GcItem>,
    /// How many things stay.
    pub kept: u64,
    /// Bytes that come free in the trash.
    pub bytes: u64,
    /// What deserves a look, such as what could not be removed.
    pub warnings: Vec<String>,
}

/// One thing that goes.
#[derive(Clone, Debug, Serialize)]
pub struct GcItem {
    /// `snapshot`, `trash`, `kept` or `test result`.
    pub what: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub time: Option<Time>,
    /// Its size, where it is known.
    pub bytes: Option<u64>,
    /// Why it goes.
    pub reason: String,
}

/// The health of everything this tool relies on.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DoctorReport {
    /// One row a check.
    pub checks: Vec<Check>,
}

/// A sentence, and what to do next.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MessageReport {
    /// The sentence, without a full stop.
    pub message: String,
    /// What to do next.
    pub hints: Vec<Hint>,
}

impl MessageReport {
    /// Only a sentence.
    pub fn new(message: impl Into<String>) -> Self {
        MessageReport { message: message.into(), hints: Vec::new() }
    }
}

/// A text for another program.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TextReport {
    /// What it is: `completion`, `man`.
    pub what: String,
    /// The text.
    pub text: String,
}
