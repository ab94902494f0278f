//! What is known about something that itself never changes (a published tag, an operation): recorded in the log.

use serde::{Deserialize, Serialize};

/// One thing that became known, and what was known before. Of several about the same thing the newest counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is about: `release v1.2.0`, `operation 3f2a91c0`.
    pub about: String,
    /// What is known of it: `stable`, `commit`, `why`.
    pub key: String,
    /// What was known before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What is known now; `None`: nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

impl Fact {
    /// The fact that takes this one back.
    #[must_use]
    pub fn reversed(self) -> Fact {
        Fact { about: self.about, key: self.key, old: self.new, new: self.old }
    }
}
