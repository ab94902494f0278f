//! What came of a task, as the operation log records it (`docs/formats.md`).

use serde::{Deserialize, Serialize};

/// What came of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// The task's name.
    pub name: String,
    /// What was run or asked, as the settings spell it.
    pub command: String,
    /// Whether it did what it should.
    pub ok: bool,
    /// The exit code of a command, or the status code of an answer; `None`: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// Why it is not `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How often it was tried.
    pub tries: u32,
    /// How long all of it took, milliseconds.
    pub millis: u64,
    /// What it printed in the last try, standard error among it. The middle of a long output is left out, and
    /// values of secret variables are replaced.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
    /// How many bytes of the output were left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Ran {
    /// What went wrong, in one sentence: `verify failed: exit code 1`.
    pub fn failure(&self) -> String {
        format!("{} failed: {}", self.name, self.why.as_deref().unwrap_or("no reason is known"))
    }

    /// The last lines of the output.
    pub fn tail(&self, lines: usize) -> Vec<&str> {
        let all: Vec<&str> = self.output.lines().collect();
        all[all.len().saturating_sub(lines)..].to_vec()
    }
}
