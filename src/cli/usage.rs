//! What clap has to say: help, version, and wrong usage.

use crate::render::{self, escape};
use crate::{Error, Kind};
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::io::Write;

/// Prints help or the version (exit code 0), or what is wrong with the command line (129, git's own code for it).
pub(super) fn answer(error: &clap::Error, json: bool) -> u8 {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Fails only where nobody reads it any more.
        let _ = error.print();
        return 0;
    }
    let text = escape::lines(error.to_string());
    // The man page that `git rollback --help` would open may not be installed.
    let text = text.replace("'--help'", "`-h`");
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
    if json && let Ok(document) = render::error_json(&as_error(&text)) {
        let _ = std::io::stdout().lock().write_all(document.as_bytes());
    }
    Kind::Usage.exit_code()
}

/// clap's text as an error of ours: its first paragraph, and where to read more.
fn as_error(text: &str) -> Error {
    let message = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect::<Vec<_>>().join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
    Error::new(Kind::Usage, message).help("see `git rollback -h`")
}

/// Whether `--json` stands among arguments that could not be parsed.
pub(super) fn asks_for_json(arguments: &[OsString]) -> bool {
    arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json")
}
