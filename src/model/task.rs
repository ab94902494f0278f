//! What the settings ask to be run: a command, or a question to a server.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Something of the user's that is run: a command of `rollback.toml`, with its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What it is called in records and in front of its output: the key it stands under (`stop`, `verify`), or its
    /// own `name`.
    pub name: String,
    /// What is done.
    pub action: Action,
    /// How long one try may take.
    pub timeout: Duration,
    /// Where a command runs, below the top of the worktree; empty: at the top.
    pub cwd: String,
    /// Variables that a command gets beside the environment of the program.
    pub environment: BTreeMap<String, String>,
    /// How often it is tried again when it fails.
    pub retries: u32,
    /// How long to wait between tries.
    pub interval: Duration,
}

/// When a task's turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// After everything was checked, and before anything is changed.
    Stop,
    /// After files and refs are in place.
    Install,
    /// After that.
    Start,
    /// Last: does it work?
    Verify,
    /// The tests that belong to files that were brought back.
    Validate,
    /// All tests, after each commit that is picked.
    Test,
}

impl Phase {
    /// The key in the settings.
    pub fn key(self) -> &'static str {
        match self {
            Phase::Stop => "stop",
            Phase::Install => "install",
            Phase::Start => "start",
            Phase::Verify => "verify",
            Phase::Validate => "validate",
            Phase::Test => "test",
        }
    }
}

/// What a task does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A line for the shell.
    Shell(String),
    /// A program with its arguments, run as it is.
    Program(Vec<String>),
    /// A question to a server, and the answer that is wanted.
    Http(HttpCheck),
    /// A document sent to a server. The address may name a variable of the environment: `${SLACK_URL}`.
    Webhook(String),
}

/// A question to a server, and the answer that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCheck {
    /// What is asked for. May name variables of the environment: `http://localhost:${PORT}/health`.
    pub url: String,
    /// The status codes that are good; empty: all from 200 to 299.
    pub expect: Vec<u16>,
    /// What the body must contain.
    pub contains: Option<String>,
    /// How long it is asked again until the answer is good.
    pub within: Option<Duration>,
}

impl Task {
    /// What it does, in words, as the settings spell it.
    pub fn spelled(&self) -> String {
        match &self.action {
            Action::Shell(line) => line.clone(),
            Action::Program(words) => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
            Action::Http(check) => format!("GET {}", check.url),
            Action::Webhook(url) => format!("POST {url}"),
        }
    }
}

/// A word as a shell reads it as one.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,{}".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(quoted("src/a.rs"), "src/a.rs");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("$(rm)"), "'$(rm)'");
        assert_eq!(quoted(""), "''");
    }
}
