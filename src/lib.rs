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
//! | releases and hotfixes: tags, versions, what became of them | [`release`], [`release::diagnosis`] |
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
//!
//! Releases: recorded, listed, gone back to with a reason, repaired by a hotfix, and what was done read from the log:
//!
//! ```
//! use git_rollback::engine::{self, Ended, Finished, Locks, Planner, Request, plan_for};
//! use git_rollback::host::talk::Silent;
//! use git_rollback::plan::finish::{self, FinishRequest};
//! use git_rollback::plan::release::{AddRequest, add};
//! use git_rollback::plan::resolve::resolve;
//! use git_rollback::plan::to::{self, ToRequest, Way};
//! use git_rollback::plan::hotfix;
//! use git_rollback::release::{Package, Releases, Version};
//! use git_rollback::store::{log, session::Session};
//! # use std::path::Path;
//!
//! # fn git(dir: &Path, line: &str) {
//! #     let mut git = std::process::Command::new("git");
//! #     git.current_dir(dir).args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]);
//! #     assert!(git.args(line.split(' ')).status().is_ok_and(|status| status.success()), "git {line}");
//! # }
//! // Says yes to each plan: whoever wants to see it first asks `plan_for`, or brings a `Talk` of their own.
//! fn carry_out(session: &Session, command: &'static str, reason: &str, planner: Planner<'_>) -> git_rollback::Result<Finished> {
//!     let request = Request { command, yes: true, reason: Some(reason.to_owned()), ..Request::default() };
//!     match engine::run(session, &Silent, &request, Locks::IndexAndHead, planner)? {
//!         Ended::Done(finished) => Ok(*finished),
//!         other => panic!("{command} did not come to its end: {other:?}"),
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = std::env::temp_dir().join(format!("git-rollback-releases-{}", std::process::id()));
//! # git(Path::new("."), &format!("init -q -b main {}", dir.display()));
//! # for version in ["1.0.0", "1.1.0"] {
//! #     std::fs::write(dir.join("VERSION"), version)?;
//! #     git(&dir, "add .");
//! #     git(&dir, &format!("commit -q -m {version}"));
//! # }
//! // `dir` is a repository whose last two commits are the versions 1.0.0 and 1.1.0.
//! let session = Session::open_at(&dir)?;
//! let package = Package::default();
//! for (version, at) in [("1.0.0", "HEAD~1"), ("1.1.0", "HEAD")] {
//!     let place = Some(resolve(&session, at)?);
//!     let wanted = AddRequest { version: Version::parse(version)?, place, message: None, stable: true };
//!     carry_out(&session, "release", "released", &|table| {
//!         add(table.session, table.desk, table.name, &package, &wanted)
//!     })?;
//! }
//! let releases = Releases::read(&session, &package)?;
//! let names: Vec<&str> = releases.tags.iter().map(|tag| tag.name.as_str()).collect();
//! assert_eq!(names, ["v1.1.0", "v1.0.0"]);
//!
//! // Can one go back to 1.0.0? What stands in the way is among the findings.
//! let place = resolve(&session, "1.0.0")?;
//! let way = ToRequest { way: Some(Way::Detach), ..ToRequest::default() };
//! let back = |table: &engine::Table<'_, '_>| to::plan(table.session, table.desk, &table.name.who, &place, &way);
//! let plan = plan_for(&session, &Silent, &Request { command: "to", ..Request::default() }, &back)?;
//! assert!(!plan.is_blocked());
//! let went = carry_out(&session, "to", "1.1.0 loses mail", &back)?;
//! assert_eq!(std::fs::read_to_string(dir.join("VERSION"))?, "1.0.0");
//!
//! // A hotfix of 1.0.0: its branch, the fix, and its release, which goes to the main line as well.
//! let start = hotfix::StartRequest { version: "1.0.0".to_owned(), exact: true, ..hotfix::StartRequest::default() };
//! carry_out(&session, "hotfix start", "mail", &|table| {
//!     hotfix::start(table.session, table.desk, table.stash, table.name, &start)
//! })?;
//! std::fs::write(dir.join("mail.txt"), "is kept")?;
//! # git(&dir, "add mail.txt");
//! # git(&dir, "commit -q -m fix");
//! let hotfix = git_rollback::release::hotfix::find(&session, None, None)?;
//! assert_eq!(hotfix.version.to_string(), "1.0.1");
//! let finish = FinishRequest {
//!     hotfix,
//!     lines: vec!["main".to_owned()],
//!     test: false,
//!     beside: false,
//!     message: None,
//!     push: None,
//! };
//! carry_out(&session, "hotfix finish", "mail", &|table| {
//!     finish::start(table.session, table.desk, &table.name.who, &finish)
//! })?;
//! assert!(session.repo.has_ref("refs/tags/v1.0.1"));
//!
//! // What was done, newest first.
//! let history = log::read(&session.repo, usize::MAX)?;
//! let back = history.iter().find(|operation| operation.is_rollback()).ok_or("no rollback")?;
//! assert_eq!((&back.id, back.reason.as_deref()), (&went.operation.id, Some("1.1.0 loses mail")));
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
