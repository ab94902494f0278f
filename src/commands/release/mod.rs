//! `git rollback release`: released versions as points to go back to.

mod candidate;
mod check;
mod diagnose;
mod last_good;
mod look;
mod postmortem;
mod publish;
mod repair;
mod yank;

use super::Ctx;
use super::change::{carry_out, request};
use crate::engine::Locks;
use crate::model::report::Outcome;
use crate::plan::release::{self, AddRequest};
use crate::plan::resolve::resolve;
use crate::release::{Package, Version};
use crate::store::session::Session;
use crate::{Error, Result};

/// Record released versions, list and check them, and mark which can be relied on
///
/// A release is a tag. Whether it is stable is recorded in the operation log, because a published tag never changes.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback release add 1.2.0               record the tag v1.2.0, or make it at HEAD
  git rollback release list --stable           what can be gone back to?
  git rollback release check 1.2.0             can I go back to it now, and if not, why?
  git rollback release mark 1.3.0 --unstable --reason \"loses mail\"
  git rollback release list -p client          one of several packages ([[package]] in rollback.toml)")]
pub struct Args {
    /// What to do; without it, list them.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What to do with releases.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Action {
    /// Record a released version: its tag is adopted, or made at a commit
    ///
    /// A version is one commit for ever: a second record for another commit is refused.
    #[command(after_long_help = "Examples:
  git rollback release add 1.2.0               record the tag v1.2.0, or make it at HEAD
  git rollback release add 1.3.0 main -m \"Faster search\"
  git rollback release add 2.0.0-rc.1          a candidate, which is not stable
  git rollback release add 0.2.0 -p client     a package of rollback.toml")]
    Add {
        /// The version, as in 1.2.0
        version: String,

        /// The commit; without it, the version's tag, or HEAD
        rev: Option<String>,

        /// What this release is
        #[arg(long, short, value_name = "TEXT")]
        message: Option<String>,

        /// Not to be relied on (candidates never are)
        #[arg(long)]
        unstable: bool,

        /// Whose version it is.
        #[command(flatten)]
        of: Of,
    },
    /// List the releases, newest version first
    List {
        /// Only those marked as stable
        #[arg(long)]
        stable: bool,

        /// At most this many; 0: all [default: 50]
        #[arg(long, value_name = "N")]
        limit: Option<usize>,

        /// Whose versions they are.
        #[command(flatten)]
        of: Of,
    },
    /// Tell whether one can go back to a version, and why not (exit code 1)
    Check {
        /// The version, or its tag
        version: String,

        /// Whose version it is.
        #[command(flatten)]
        of: Of,
    },
    /// Show one release: tag, commit, marks, and where its version stands
    Show {
        /// The version, or its tag
        version: String,

        /// Whose version it is.
        #[command(flatten)]
        of: Of,
    },
    /// Find out what became of releases: tags, files, registry, and the one thing to do next
    ///
    /// Looks at the tags here and on the remote, the signature, the version files and the changelog of the tagged commit,
    /// and asks the registry as [release] published and assets in rollback.toml say. Exit code 1: something is left to do.
    #[command(after_long_help = "Examples:
  git rollback release diagnose                 the newest releases
  git rollback release diagnose 1.2.0           one of them, with everything that was looked at
  git rollback release diagnose 1.2.0 --offline ask neither the remote nor the registry")]
    Diagnose {
        /// The version, or its tag; without it, the newest releases
        version: Option<String>,

        /// At most this many; 0: all [default: 10]
        #[arg(long, value_name = "N", conflicts_with = "version")]
        limit: Option<usize>,

        /// Ask neither the remote nor the registry
        #[arg(long)]
        offline: bool,

        /// Whose versions they are.
        #[command(flatten)]
        of: Of,
    },
    /// Put right what `diagnose` has found: a new number, or a tag that goes or comes back
    ///
    /// What may be published is never changed: its content is released under the next free number, with version files,
    /// changelog and tag, and the old number is given up. Nothing is sent to the remote without --push.
    #[command(after_long_help = "Examples:
  git rollback release repair 1.2.0 --dry-run   what would be done?
  git rollback release repair 1.2.0             as its state wants it
  git rollback release repair 1.2.0 --renumber --push
  git rollback release repair 1.2.0 --delete-tag                   a tag that nobody else has
  git rollback release repair 1.2.0 --delete-tag --push --force --reason \"tagged by mistake\"")]
    Repair {
        /// The version, or its tag
        version: String,

        /// Release its content under the next free number
        #[arg(long, conflicts_with = "delete_tag")]
        renumber: bool,

        /// Delete its tag here; with --push, on the remote too, if it is still where it was seen
        #[arg(long)]
        delete_tag: bool,

        /// Send what was done to the remote
        #[arg(long)]
        push: bool,

        /// Delete a tag although others may have it; --reason says why
        #[arg(long, requires = "delete_tag")]
        force: bool,

        /// Whose version it is.
        #[command(flatten)]
        of: Of,
    },
    /// Cut the next candidate of a version: 1.2.0-rc.1, 1.2.0-rc.2, ...
    ///
    /// It is a tag. Where the version files say neither the candidate nor the version itself, a commit below it gives them the
    /// candidate's; Python files spell it 1.2.0rc1.
    #[command(after_long_help = "Examples:
  git rollback release candidate 1.2.0            at HEAD
  git rollback release candidate 1.2.0 -n         which number would it get, and what would change?
  git rollback release candidate 1.2.0 release/1.2 -m \"For the testers\"
  git rollback release candidate 1.2.0 --push     and send tag and branch to the remote, both or none")]
    Candidate(candidate::Args),
    /// Make a candidate the release, once it passes its tests
    ///
    /// One commit on the candidate changes version and changelog alone, and gets the tag; where there is nothing to change, the same
    /// commit gets it.
    #[command(after_long_help = "Examples:
  git rollback release promote 1.2.0-rc.2
  git rollback release promote 1.2.0              its newest candidate
  git rollback release promote 1.2.0 --push       and send tag and branch to the remote, both or none")]
    Promote(candidate::PromoteArgs),
    /// Publish a release from its tag, or finish publishing it
    ///
    /// [release] publish of rollback.toml runs in a temporary worktree at the tag; what is published already is left out. Then
    /// the registry is asked until it has it. A second run does nothing.
    #[command(after_long_help = "Examples:
  git rollback release publish 1.2.0 --dry-run   what would run?
  git rollback release publish 1.2.0
  git rollback release publish 1.2.0 --from-assets   the files that it has, instead of building them anew")]
    Publish {
        /// The version, or its tag
        version: String,

        /// First fetch the files that the release has ([release] fetch-assets)
        #[arg(long)]
        from_assets: bool,

        /// Whose version it is.
        #[command(flatten)]
        of: Of,
    },
    /// Withdraw a release: mark it as broken, and run [release] yank
    #[command(after_long_help = "Examples:
  git rollback release yank 1.2.0 --reason \"loses mail\"
  git rollback release yank 1.2.0 --reason \"loses mail\" --hotfix
  git rollback release yank 1.2.0 --undo")]
    Yank {
        /// The version, or its tag
        version: String,

        /// Also start the hotfix that replaces it
        #[arg(long)]
        hotfix: bool,

        /// Take it back
        #[arg(long, conflicts_with = "hotfix")]
        undo: bool,

        /// Whose version it is.
        #[command(flatten)]
        of: Of,
    },
    /// Find the newest release that can be relied on
    ///
    /// The newest that is marked as stable; with --test, the newest that passes the tests of rollback.toml, found by halving over
    /// the release tags in temporary worktrees; what is learned is marked. Exit code 1: there is none.
    #[command(after_long_help = "Examples:
  git rollback release last-good
  git rollback release last-good --test
  git rollback release last-good --recover            what came after it, and would it apply there?
  git rollback release last-good --recover 1 3-5      a branch there with these commits
  git rollback release last-good --test --recover     with all commits that pass the tests")]
    LastGood {
        /// Run the tests
        #[arg(long)]
        test: bool,

        /// Make a branch there, and pick these commits of HEAD onto it (numbers of the list, ranges, names)
        #[arg(long, value_name = "COMMIT", num_args = 0..)]
        recover: Option<Vec<String>>,

        /// Whose version it is.
        #[command(flatten)]
        of: Of,
    },
    /// Write down what happened to a release, for people to complete
    ///
    /// Timeline, rollbacks, hotfixes, commits, what is the case now, and a checklist, from the history and the operation log; a
    /// Markdown file below the directory of reports. An earlier one stays.
    Postmortem {
        /// The version, or its tag
        version: String,

        /// Ask neither the remote nor the registry
        #[arg(long)]
        offline: bool,

        /// Whose version it is.
        #[command(flatten)]
        of: Of,
    },
    /// Mark a release as one to rely on, or not; --reason says why
    Mark {
        /// The version, or its tag
        version: String,

        /// It can be relied on
        #[arg(long, required_unless_present = "unstable", conflicts_with = "unstable")]
        stable: bool,

        /// It must not be relied on
        #[arg(long)]
        unstable: bool,

        /// Whose version it is.
        #[command(flatten)]
        of: Of,
    },
}

/// Whose versions are meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Of {
    /// A package of rollback.toml; without it, the whole repository
    #[arg(long, short, value_name = "NAME")]
    pub package: Option<String>,
}

impl Of {
    pub(super) fn package(&self, session: &Session) -> Result<Package> {
        Package::find(&session.config, self.package.as_deref())
    }
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let list = Action::List { stable: false, limit: None, of: Of::default() };
    match args.action.unwrap_or(list) {
        Action::Add { version, rev, message, unstable, of } => {
            let package = of.package(&session)?;
            let version = Version::parse(version.strip_prefix('v').unwrap_or(&version))?;
            if !version.build().is_empty() {
                return Err(Error::refused(format!(
                    "{version} has build metadata, which does not make it another version"
                ))
                .help(format!("record {}", version.without_build())));
            }
            let place = rev.map(|rev| resolve(&session, &rev)).transpose()?;
            let stable = !unstable && !version.is_prerelease();
            let wanted = AddRequest { version, place, message, stable };
            carry_out(ctx, &session, &request(ctx, "release"), Locks::None, &|table| {
                release::add(table.session, table.desk, table.name, &package, &wanted)
            })
        }
        Action::Candidate(args) => candidate::run(ctx, &session, args),
        Action::Promote(args) => candidate::promote_it(ctx, &session, args),
        Action::Mark { version, stable, of, .. } => {
            let package = of.package(&session)?;
            let why = ctx.global.reason.clone();
            carry_out(ctx, &session, &request(ctx, "release"), Locks::None, &|table| {
                release::mark(table.session, &package, &version, stable, why.as_deref())
            })
        }
        Action::List { stable, limit, of } => look::list(&session, &of.package(&session)?, stable, limit),
        Action::Show { version, of } => look::show(&session, &of.package(&session)?, &version),
        Action::Diagnose { version, limit, offline, of } => {
            let wanted = diagnose::Wanted { version, limit, offline };
            diagnose::run(ctx, &session, &of.package(&session)?, &wanted)
        }
        Action::Repair { version, renumber, delete_tag, push, force, of } => {
            let wanted = repair::Wanted { version, renumber, delete_tag, push, force };
            repair::run(ctx, &session, &of.package(&session)?, &wanted)
        }
        Action::Publish { version, from_assets, of } => {
            publish::run(ctx, &session, &of.package(&session)?, &version, from_assets)
        }
        Action::Yank { version, hotfix, undo, of } => {
            let outcome = yank::run(ctx, &session, &of.package(&session)?, &version, undo)?;
            match hotfix && outcome.exit_code == 0 && !ctx.global.dry_run {
                true => super::hotfix::begin(ctx, version, of),
                false => Ok(outcome),
            }
        }
        Action::LastGood { test, recover, of } => {
            let wanted = last_good::Wanted { test, recover };
            last_good::run(ctx, &session, &of.package(&session)?, wanted)
        }
        Action::Postmortem { version, offline, of } => {
            postmortem::run(ctx, &session, &of.package(&session)?, &version, offline)
        }
        Action::Check { version, of } => check::run(ctx, &session, &of.package(&session)?, &version),
    }
}
