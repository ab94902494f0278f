//! The environment: every variable is read here.

use std::ffi::OsString;

/// A variable's value, when it is set and valid UTF-8.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A variable's value, when it is set.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn var_os(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// The command line, for the record.
pub fn argv() -> Vec<String> {
    std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect()
}
