//! What to do about a failure, and who was told about one.

use super::{Duration, Hint, Story};
use crate::model::decision::{Answers, Course};
use crate::model::{Impact, Time};
use serde::Serialize;
use std::collections::BTreeMap;

/// What to do.
#[derive(Clone, Debug, Serialize)]
pub struct DecisionReport {
    /// What was answered.
    pub answers: Answers,
    /// How bad it is.
    pub severity: Impact,
    /// What to do.
    pub action: Course,
    /// Why, a sentence each.
    pub why: Vec<String>,
    /// How long it may take.
    pub budget: Duration,
    /// When that time is over.
    pub until: Time,
    /// What to type, in this order.
    pub steps: Vec<Hint>,
    /// Whom to ask, by role.
    pub contacts: BTreeMap<String, String>,
}

/// What others are told, and who was.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NotificationReport {
    /// The operation it is about.
    pub operation: String,
    /// Whether nothing was sent yet.
    pub dry_run: bool,
    /// The message, as Markdown.
    pub text: String,
    /// The ways it took; none: it is only shown.
    pub sent: Vec<Sent>,
    /// What the message was made from.
    pub story: Box<Story>,
}

/// One way that a message took.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// Its name in the settings.
    pub to: String,
    /// Whether it arrived.
    pub ok: bool,
    /// How often it was tried.
    pub tries: u32,
    /// Why not.
    pub why: Option<String>,
}
