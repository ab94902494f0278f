//! The one error type: what happened, why, and what to do next.

use std::fmt;

/// How an error ends the program; each kind owns one exit code (`docs/exit-codes.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Refused, not found, answered no, or a check failed; nothing changed. Exit code 1.
    Refused,
    /// Done, but the state afterwards differs from the plan. Exit code 2.
    Unverified,
    /// Stopped half-way and waiting for a person: `continue` or `abort`. Exit code 3.
    Stopped,
    /// Locked, or changed under us; try again. Exit code 4.
    Busy,
    /// Git, disk or a damaged object. Exit code 128.
    Fault,
    /// Wrong usage. Exit code 129, git's own code for it.
    Usage,
    /// A signal arrived. Exit code 128 plus the signal's number.
    Interrupted(u8),
}

impl Kind {
    /// The process exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Refused => 1,
            Kind::Unverified => 2,
            Kind::Stopped => 3,
            Kind::Busy => 4,
            Kind::Fault => 128,
            Kind::Usage => 129,
            Kind::Interrupted(signal) => 128 + signal,
        }
    }
}

/// An error for a person: a sentence, what caused it, and the way out.
#[derive(Clone, Debug)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: Kind,
    message: String,
    causes: Vec<String>,
    help: Vec<String>,
}

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind` that says `message` (a sentence without a full stop).
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, message: message.into(), causes: Vec::new(), help: Vec::new() }))
    }

    /// The request is refused; nothing changed.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// Git, the disk or an object failed.
    pub fn fault(message: impl Into<String>) -> Self {
        Self::new(Kind::Fault, message)
    }

    /// An input or output error while doing `what`.
    pub fn io(what: impl Into<String>, source: &std::io::Error) -> Self {
        use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match source.kind() {
            PermissionDenied | ReadOnlyFilesystem => Self::new(Kind::Refused, what).because(source),
            StorageFull | QuotaExceeded => {
                Self::new(Kind::Refused, what).because(source).help("free some space, then try again")
            }
            _ => Self::new(Kind::Fault, what).because(source),
        }
    }

    /// Adds a cause, outermost first.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.0.causes.push(cause.to_string());
        self
    }

    /// Adds a line that names the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.push(help.into());
        self
    }

    /// The same error with another kind.
    #[must_use]
    pub fn with_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// The same error with a sentence in front; the old sentence becomes the first cause.
    #[must_use]
    pub fn context(mut self, message: impl Into<String>) -> Self {
        let old = std::mem::replace(&mut self.0.message, message.into());
        self.0.causes.insert(0, old);
        self
    }

    /// What kind of error this is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The causes, outermost first.
    pub fn causes(&self) -> &[String] {
        &self.0.causes
    }

    /// The ways out.
    pub fn helps(&self) -> &[String] {
        &self.0.help
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for cause in &self.0.causes {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
