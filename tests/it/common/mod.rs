//! What every test needs: repositories made by scripts, the program in a closed world, whole states to compare.

pub mod registry;
pub mod repo;
pub mod run;
pub mod server;
pub mod state;

pub use registry::Registry;
pub use repo::{TestRepo, fixtures};
pub use run::Run;
pub use state::{RepoFiles, State};

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `body`; a panic in it is an error with its place and its text, and prints nothing.
pub fn caught(body: impl FnOnce()) -> Result<(), String> {
    static HOOK: std::sync::Once = std::sync::Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !CAUGHT.get() {
                return usual(info);
            }
            let text = info.payload().downcast_ref::<String>().map(String::as_str);
            let text = text.or(info.payload().downcast_ref::<&str>().copied()).unwrap_or("a panic without a text");
            let place = info.location().map(|place| format!("{}:{}: ", place.file(), place.line())).unwrap_or_default();
            SAID.set(place + text);
        }));
    });
    let outer = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(body));
    CAUGHT.set(outer);
    result.map_err(|_| SAID.take())
}

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
        if let Err(text) = caught(body) {
            self.failed.push(format!("--- {name}\n{text}"));
        }
    }

    /// Fails when a case failed, or when there was none.
    #[track_caller]
    pub fn finish(self) {
        assert!(self.cases > 0, "no case ran");
        let (failed, cases) = (self.failed.len(), self.cases);
        assert!(failed == 0, "{failed} of {cases} cases failed\n{}", self.failed.join("\n"));
    }
}
