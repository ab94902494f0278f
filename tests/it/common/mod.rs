//! What every test needs: repositories made by scripts, the program in a closed world, whole states to compare.

pub mod repo;
pub mod run;
pub mod state;

pub use repo::{TestRepo, fixtures};
pub use run::Run;
pub use state::{RepoFiles, State};

/// The failures of a table of cases, reported all at once.
#[derive(Default)]
pub struct Report {
    cases: usize,
    failed: Vec<String>,
}

impl Report {
    /// Runs one case; a panic in it is recorded and the next case goes on.
    pub fn case(&mut self, name: &str, body: impl FnOnce()) {
        self.cases += 1;
        let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)) else { return };
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default();
        self.failed.push(format!("--- {name}\n{text}"));
    }

    /// Fails when a case failed, or when there was none.
    pub fn finish(self) {
        assert!(self.cases > 0, "no case ran");
        assert!(
            self.failed.is_empty(),
            "{} of {} cases failed\n{}",
            self.failed.len(),
            self.cases,
            self.failed.join("\n")
        );
    }
}
