//! Running the tests of the settings, and understanding what they say.

use crate::host::{Runner, clock};
use crate::model::report::Duration;
use crate::model::report::story::Tests;
use crate::model::suite::Suite;
use crate::model::{Ran, Task};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A run of tests.
#[derive(Clone, Debug, Default)]
pub(super) struct Tested {
    /// What was run.
    pub ran: Vec<Ran>,
    /// What it said, where that is understood.
    pub suite: Option<Suite>,
}

/// Runs tasks in the worktree whose top is `top`. Files with results (patterns in `results`) that are written
/// meanwhile are read; otherwise the output tells.
pub(super) fn run(runner: &Runner<'_>, top: &Path, tasks: &[Task], results: &[String]) -> Tested {
    let began = clock::file_time();
    let ran = runner.run_all(tasks);
    let files: Vec<String> = results.iter().flat_map(|pattern| written_since(top, pattern, began)).collect();
    let of_files = Suite::of_files(files.iter().map(String::as_str));
    let of_output = || ran.iter().filter_map(|one| Suite::of_output(&one.output)).reduce(Suite::and);
    Tested { suite: of_files.or_else(of_output), ran }
}

impl Tested {
    /// Whether all of it passed.
    pub fn ok(&self) -> bool {
        self.ran.iter().all(|ran| ran.ok)
    }

    /// The result in words: numbers where they are known, and why it failed.
    pub fn words(&self) -> String {
        let failure = self.ran.iter().find(|ran| !ran.ok).map(Ran::failure);
        match (&self.suite, failure) {
            (Some(suite), Some(_)) if suite.failed > 0 => suite.words(),
            (Some(suite), None) => suite.words(),
            (Some(suite), Some(failure)) => format!("{}, but {failure}", suite.words()),
            (None, Some(failure)) => failure,
            (None, None) => "all passed (exit code 0)".to_owned(),
        }
    }

    /// For documents; nothing where nothing was run.
    pub fn story(&self) -> Option<Tests> {
        let last = self.ran.last()?;
        let commands: Vec<&str> = self.ran.iter().map(|ran| ran.command.as_str()).collect();
        Some(Tests {
            ok: self.ok(),
            command: commands.join("; "),
            result: self.words(),
            took: Duration::of(self.ran.iter().map(|ran| ran.millis).sum()).words(),
            suite: self.suite.clone(),
            tail: last.tail(40).into_iter().map(str::to_owned).collect(),
        })
    }

    /// The whole output, for a file of its own.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for ran in &self.ran {
            let end = ran.why.clone().unwrap_or_else(|| "ended well".to_owned());
            out.push_str(&format!("$ {}\n{}", ran.command, ran.output));
            if ran.left_out > 0 {
                out.push_str(&format!("\n({} bytes in the middle are left out)", ran.left_out));
            }
            out.push_str(&format!("\n[{}: {end}, {}]\n\n", ran.name, Duration::of(ran.millis).words()));
        }
        if out.is_empty() {
            out.push_str("No tests are set: [commands] test in rollback.toml.\n");
        }
        out
    }
}

/// The texts of files that match a pattern (`*` within a part of the path) and were written since `began`.
fn written_since(top: &Path, pattern: &str, began: SystemTime) -> Vec<String> {
    let mut found: Vec<PathBuf> = vec![top.to_owned()];
    for part in pattern.split('/').filter(|part| !part.is_empty() && *part != "." && *part != "..") {
        found = found.into_iter().flat_map(|dir| children(&dir, part)).take(MOST_FILES).collect();
    }
    // Times of files may be coarser than the clock.
    let since = began - std::time::Duration::from_secs(2);
    let fresh =
        |path: &PathBuf| path.symlink_metadata().is_ok_and(|m| m.is_file() && m.modified().is_ok_and(|t| t >= since));
    let read = |path: PathBuf| crate::host::fs::read_capped(&path, MOST_BYTES).ok().flatten();
    let texts = found.into_iter().filter(fresh).filter_map(read);
    texts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

const MOST_FILES: usize = 1000;
const MOST_BYTES: u64 = 64 << 20;

fn children(dir: &Path, part: &str) -> Vec<PathBuf> {
    if !part.contains('*') {
        return vec![dir.join(part)];
    }
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let matches = |name: &str| crate::git::glob_matches(part, name);
    let mut out: Vec<PathBuf> =
        entries.flatten().filter(|e| e.file_name().to_str().is_some_and(matches)).map(|e| e.path()).collect();
    out.sort();
    out
}
