//! One finished process and what it said.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

/// A finished command with everything it printed.
pub struct Run {
    what: String,
    output: Output,
}

impl Run {
    /// Runs `command` to its end.
    pub fn of(command: &mut Command) -> Self {
        let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
        let what = format!("{} {}", command.get_program().to_string_lossy(), args.join(" "));
        command.stdin(std::process::Stdio::null());
        let output = command.output().unwrap_or_else(|error| panic!("cannot start {what}: {error}"));
        Run { what, output }
    }

    /// Standard output as text.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// Standard error as text.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The bytes of standard output.
    pub fn bytes(&self) -> &[u8] {
        &self.output.stdout
    }

    /// The exit code; a signal counts as 128 plus its number, as in a shell.
    pub fn exit(&self) -> i32 {
        self.output.status.code().unwrap_or_else(|| 128 + self.output.status.signal().unwrap_or(0))
    }

    /// Whether the process was stopped by the test seam, as if killed.
    pub fn was_stopped(&self) -> bool {
        self.output.status.signal().is_some() || self.output.status.code() == Some(137)
    }

    /// Asserts exit code 0.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.code(0)
    }

    /// Asserts this exit code.
    #[track_caller]
    pub fn code(self, wanted: i32) -> Self {
        assert!(self.exit() == wanted, "exit code {} instead of {wanted}\n{self}", self.exit());
        self
    }

    /// Asserts that standard error says `text`.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr().contains(text), "standard error does not say {text:?}\n{self}");
        self
    }

    /// Standard output as exactly one JSON document with a `schema` number.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        let mut documents = serde_json::Deserializer::from_slice(&self.output.stdout).into_iter::<serde_json::Value>();
        let first = match documents.next() {
            Some(Ok(document)) => document,
            other => panic!("standard output is not JSON ({other:?})\n{self}"),
        };
        assert!(documents.next().is_none(), "more than one JSON document\n{self}");
        assert!(first["schema"].is_u64(), "no schema number\n{self}");
        first
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "$ {}\nexit {}", self.what, self.exit())?;
        writeln!(f, "stdout: {}", self.stdout().trim_end())?;
        write!(f, "stderr: {}", self.stderr().trim_end())
    }
}
