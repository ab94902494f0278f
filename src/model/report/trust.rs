//! What of the repository's may run.

use super::Hint;
use serde::Serialize;

/// What a repository brings along that would run, and whether its user has allowed it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TrustReport {
    /// The settings file and its commands.
    pub settings: Option<Allowed>,
    /// Filters and merge drivers that only the repository's own git configuration defines.
    pub git: Option<Allowed>,
    /// What was done, if anything was.
    pub done: Option<String>,
    /// What to do next.
    pub hints: Vec<Hint>,
}

/// A content, and whether exactly it is allowed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Allowed {
    /// What it is.
    pub what: String,
    /// SHA-256 of it.
    pub hash: String,
    /// Whether it is allowed.
    pub allowed: bool,
    /// What would run.
    pub commands: Vec<TaskRow>,
}

/// One command.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TaskRow {
    /// The key it stands under.
    pub key: String,
    /// What is run, as it is spelled.
    pub command: String,
    /// Where, when it is not the top of the worktree; empty: there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cwd: String,
    /// Variables that it gets, as `NAME=value`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<String>,
}

impl TaskRow {
    /// The command with what it gets, in one line.
    pub fn line(&self) -> String {
        let mut out = self.command.clone();
        if !self.cwd.is_empty() {
            out.push_str(&format!("   (in {})", self.cwd));
        }
        if !self.environment.is_empty() {
            out.push_str(&format!("   (with {})", self.environment.join(", ")));
        }
        out
    }
}
