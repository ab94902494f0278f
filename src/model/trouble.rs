//! What people say about an operation beside its reason: how bad it was, why it happened, when the trouble began.

use super::Time;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How bad the failure was that a rollback answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Impact {
    /// Data or users are at risk now.
    Critical,
    /// Users are affected, or nobody can work.
    High,
    /// Work is held up.
    Medium,
    /// A nuisance.
    Low,
}

impl Impact {
    /// All of them, the worst first.
    pub const ALL: [Impact; 4] = [Impact::Critical, Impact::High, Impact::Medium, Impact::Low];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Impact::Critical => "critical",
            Impact::High => "high",
            Impact::Medium => "medium",
            Impact::Low => "low",
        }
    }

    /// How long a recovery may take when the settings say nothing, seconds.
    pub fn usual_budget(self) -> u64 {
        match self {
            Impact::Critical => 15 * 60,
            Impact::High => 30 * 60,
            Impact::Medium => 2 * 3600,
            Impact::Low => 8 * 3600,
        }
    }
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Trouble of an operation; each may be missing, and may be added later (`log amend`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// How bad it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Impact>,
    /// What caused it, in a word or a few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// When the trouble began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Time>,
    /// The sprint it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sprint: Option<String>,
}

impl Trouble {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Trouble::default()
    }

    /// Takes over what `later` says.
    pub fn amend(&mut self, later: &Trouble) {
        let Trouble { severity, cause, started, sprint } = later.clone();
        self.severity = severity.or(self.severity);
        self.started = started.or(self.started);
        self.cause = cause.or(self.cause.take());
        self.sprint = sprint.or(self.sprint.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_later_counts_and_the_rest_stays() {
        let mut trouble =
            Trouble { severity: Some(Impact::Low), cause: Some("tests".to_owned()), ..Trouble::default() };
        trouble.amend(&Trouble { severity: Some(Impact::High), sprint: Some("4".to_owned()), ..Trouble::default() });
        assert_eq!(trouble.severity, Some(Impact::High));
        assert_eq!(trouble.cause.as_deref(), Some("tests"));
        assert_eq!(trouble.sprint.as_deref(), Some("4"));
    }
}
