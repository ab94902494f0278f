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

/// Every variable whose name and value are valid UTF-8.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn all() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The command line, for the record.
pub fn argv() -> Vec<String> {
    std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect()
}

/// The bytes of an argument.
#[cfg(unix)]
pub fn bytes(text: &std::ffi::OsStr) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    text.as_bytes().to_vec()
}

/// The current directory.
#[expect(clippy::disallowed_methods, reason = "the one place that asks for it")]
pub fn current_dir() -> std::io::Result<std::path::PathBuf> {
    std::env::current_dir()
}

/// The current directory below `top`; empty at the top.
pub fn prefix_below(top: &std::path::Path) -> Vec<u8> {
    let here = current_dir().and_then(|cwd| cwd.canonicalize()).unwrap_or_default();
    here.strip_prefix(top).map(|rest| bytes(rest.as_os_str())).unwrap_or_default()
}

/// Where this program keeps what it remembers beside the repositories (`$XDG_STATE_HOME`, otherwise `~/.local/state`).
pub fn state_dir() -> Option<std::path::PathBuf> {
    let absolute = |path: OsString| Some(std::path::PathBuf::from(path)).filter(|path| path.is_absolute());
    let base = var_os("XDG_STATE_HOME").and_then(absolute);
    let base = base.or_else(|| var_os("HOME").and_then(absolute).map(|home| home.join(".local/state")));
    base.map(|base| base.join("git-rollback"))
}
