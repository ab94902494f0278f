//! libgit2's errors in our words.

use crate::{Error, Kind, Result};

/// Says what was attempted when a libgit2 call fails.
pub(super) trait GitContext<T> {
    fn context(self, what: &str) -> Result<T>;
}

impl<T> GitContext<T> for std::result::Result<T, git2::Error> {
    fn context(self, what: &str) -> Result<T> {
        self.map_err(|e| wrap(what, &e))
    }
}

/// Whether the error says that something does not exist.
pub(super) fn not_found(e: &git2::Error) -> bool {
    matches!(e.code(), git2::ErrorCode::NotFound | git2::ErrorCode::UnbornBranch)
}

/// An error for people; a lock or a value that moved becomes [`Kind::Busy`].
pub(super) fn wrap(what: &str, e: &git2::Error) -> Error {
    let kind = match e.code() {
        git2::ErrorCode::Locked | git2::ErrorCode::Modified => Kind::Busy,
        _ => Kind::Fault,
    };
    let error = Error::new(kind, what).because(e.message());
    match e.code() {
        git2::ErrorCode::Locked => error.help("another git command is at work; try again when it is done"),
        git2::ErrorCode::Modified => error.help("it was moved by somebody else meanwhile; look at it and try again"),
        _ => error,
    }
}
