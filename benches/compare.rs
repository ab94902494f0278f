//! Plain git and `git rollback` side by side at the same work: `cargo bench --bench compare -- --help`.
//!
//! It measures and never asserts a time; what it does assert is that both sides did the same work.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark stops at the first surprise and drives the world directly"
)]

mod compare {
    mod lab;
    pub(super) mod options;
    mod points;
    mod repo;
    mod report;
    pub(super) mod rounds;
    mod rows;
    mod run;
}

fn main() {
    if let Some(options) = compare::options::Options::from_args() {
        compare::rounds::all(&options);
    }
}
