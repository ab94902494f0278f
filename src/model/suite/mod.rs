//! What a run of tests says: read from JUnit XML, or from the output of pytest, cargo test and nextest. Of any other
//! program the exit code and the last lines are all there is.

mod junit;
mod lines;

use serde::{Deserialize, Serialize};

/// The result of a run of tests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suite {
    /// What the numbers were read from: `JUnit XML`, `pytest`, `cargo test`, `nextest`; empty: there are none.
    pub read_from: String,
    /// How many tests ran or were skipped.
    pub total: u64,
    /// How many passed.
    pub passed: u64,
    /// How many failed, errors among them.
    pub failed: u64,
    /// How many were skipped.
    pub skipped: u64,
    /// The tests that failed.
    pub failing: Vec<Failing>,
}

/// A test that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Failing {
    /// Its name.
    pub name: String,
    /// What it said, in one line; may be empty.
    pub why: String,
}

/// More names than this say nothing more.
const MOST_NAMES: usize = 200;

impl Suite {
    /// From what a test program printed. `None`: nothing in it is a summary that we know.
    pub fn of_output(output: &str) -> Option<Suite> {
        let plain = anstream::adapter::strip_str(output).to_string();
        junit::read(&plain).or_else(|| lines::read(&plain)).map(Suite::tidy)
    }

    /// From files of JUnit XML. `None`: none of them is one.
    pub fn of_files<'a>(files: impl IntoIterator<Item = &'a str>) -> Option<Suite> {
        let found = files.into_iter().filter_map(junit::read).reduce(Suite::and);
        found.map(Suite::tidy)
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Suite) -> Suite {
        self.total += other.total;
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.failing.extend(other.failing);
        if self.read_from != other.read_from {
            self.read_from = [self.read_from, other.read_from].join(", ");
        }
        self
    }

    /// `3 of 120 tests failed`, in words.
    pub fn words(&self) -> String {
        let tests = if self.total == 1 { "test" } else { "tests" };
        let skipped = if self.skipped > 0 { format!(", {} skipped", self.skipped) } else { String::new() };
        match self.failed {
            0 => format!("{} of {} {tests} passed{skipped}", self.passed, self.total),
            failed => format!("{failed} of {} {tests} failed{skipped}", self.total),
        }
    }

    /// The tests that fail here and do not there.
    pub fn newly_failing<'s>(&'s self, before: &Suite) -> Vec<&'s Failing> {
        self.failing.iter().filter(|one| !before.failing.iter().any(|old| old.name == one.name)).collect()
    }

    fn tidy(mut self) -> Suite {
        self.failing.sort();
        self.failing.dedup_by(|a, b| a.name == b.name);
        self.failing.truncate(MOST_NAMES);
        self
    }
}

/// One line of a longer text, cut where it is long.
fn brief(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default().trim();
    match line.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests;
