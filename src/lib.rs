//! Go back to any known-good state of a git repository; lose nothing; come back again.
//!
//! This crate is the program `git rollback` as a library. Before anything is changed, the whole working state is saved as a
//! snapshot: commits, index, tracked and untracked files, an interrupted merge or rebase. Each change is a plan of
//! steps, is recorded in a log, can be undone, and can be continued or taken back when it was interrupted.
//!
//! # What to use
//!
//! | for | use |
//! |---|---|
//! | opening a repository | [`store::session::Session`] |
//! | listing and reading what is there | [`store::points`], [`store::log`], [`store::snapshot`], [`store::survey`] |
//! | finding what a name such as `last` or `v1.2.0` means | [`plan::resolve`] |
//! | planning a change | the planners in [`plan`] |
//! | carrying a plan out, or looking at it only | [`engine::run`], [`engine::plan_for`] |
//! | ending what was interrupted | [`engine::resume`] |
//! | being asked and told things on the way | [`host::Talk`], or [`host::talk::Silent`] |
//!
//! # Layers
//!
//! A module names only modules further down in this list.
//!
//! - [`cli`]: the command line, the terminal, exit codes.
//! - [`commands`]: one file a command; they return an answer and print nothing.
//! - [`render`]: answers as text and as JSON.
//! - [`engine`]: carries plans out: lock, snapshot, journal, steps, verify, log.
//! - [`plan`]: what a command would do, as a value.
//! - [`release`]: versions, version files, tags, changelogs.
//! - [`store`]: snapshots, points, log, journal.
//! - [`documents`]: reports and messages, written by templates.
//! - [`config`]: the settings.
//! - [`worktree`]: the user's files.
//! - [`git`]: the only code that names a git library or starts `git`.
//! - [`host`]: clock, environment, files, processes.
//! - [`model`]: pure values, and the answers in [`model::report`].
//!
//! `docs/architecture.md` says more, `docs/formats.md` says what is stored and how.
//!
//! # Example
//!
//! A checkpoint of a new repository, and the list of its points:
//!
//! ```
//! use git_rollback::engine::{self, Ended, Locks, Request};
//! use git_rollback::host::talk::Silent;
//! use git_rollback::plan::points::{CheckpointRequest, checkpoint};
//! use git_rollback::store::{points, session::Session};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = std::env::temp_dir().join(format!("git-rollback-example-{}", std::process::id()));
//! let made = std::process::Command::new("git").args(["init", "-q"]).arg(&dir).status()?;
//! assert!(made.success());
//! std::fs::write(dir.join("notes.txt"), "not committed, not even staged\n")?;
//!
//! let session = Session::open_at(&dir)?;
//! let request = Request { command: "checkpoint", ..Request::default() };
//! let wanted = CheckpointRequest { name: Some("first-draft".to_owned()), ..CheckpointRequest::default() };
//! let ended = engine::run(&session, &Silent, &request, Locks::None, &|table| {
//!     checkpoint(table.session, table.name, &wanted)
//! })?;
//! let Ended::Done(finished) = ended else { panic!("nothing was saved") };
//! assert!(finished.differs.is_empty());
//!
//! let points = points::list(&session.repo)?;
//! assert_eq!(points.len(), 1);
//! assert_eq!((points[0].kind.as_str(), points[0].name.as_str()), ("checkpoint", "first-draft"));
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok(())
//! # }
//! ```

pub mod cli;
pub mod commands;
pub mod config;
pub mod documents;
pub mod engine;
pub mod error;
pub mod git;
pub mod host;
pub mod model;
pub mod plan;
pub mod release;
pub mod render;
pub mod store;
pub mod worktree;

pub use error::{Error, Kind, Result};
