//! `git rollback lost`.

use crate::model::{LostItem, Time};
use serde::Serialize;

/// What can still be brought back, the newest first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LostReport {
    /// One entry an item.
    pub items: Vec<LostItem>,
    /// How many more there are than the limit let through.
    pub more: usize,
    /// Objects that were skipped because they are damaged or gone.
    pub damaged: usize,
    /// What deserves a look.
    pub warnings: Vec<String>,
    /// Recent events that may have overwritten edits which git never saw.
    pub unseen: Vec<Unseen>,
}

/// Something that moved `HEAD` and wrote files.
#[derive(Clone, Debug, Serialize)]
pub struct Unseen {
    /// When.
    pub time: Time,
    /// What, as the reflog of `HEAD` has it.
    pub what: String,
    /// The commit before.
    pub from: String,
    /// The commit after.
    pub to: String,
}
