//! `git rollback validate`: runs only the tests that belong to what was changed.

use super::Ctx;
use crate::config::trust;
use crate::engine::about;
use crate::model::RepoPath;
use crate::model::report::{Outcome, ValidateReport};
use crate::plan::resolve::resolve;
use crate::plan::validate::{changed_since, tests_of};
use crate::store::session::Session;
use crate::{Error, Kind, Result};

/// Run only the tests that belong to the files that were changed
///
/// Which tests belong to which files, and what runs them, is said in `[validate]` of rollback.toml. Compared with the
/// baseline, or with --since; what is not committed counts. Exit code 0 also when no test belongs to them, 1 when one fails.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback validate                since the baseline
  git rollback validate --since HEAD   only what is not committed
  git rollback validate -n             which tests would run?")]
pub struct Args {
    /// Compare with this point instead of the baseline
    #[arg(long, value_name = "POINT")]
    pub since: Option<String>,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let validate = &session.config.validate;
    let text = session.config.text.clone().filter(|_| !validate.run.is_empty());
    let Some(text) = text else {
        return Err(Error::refused("the settings do not say what runs the tests")
            .help("add `[validate] map` and `run` to rollback.toml, then `git rollback trust`"));
    };
    let place = resolve(&session, args.since.as_deref().unwrap_or("baseline"))?;
    let changed = changed_since(&session, ctx.talk, &place)?;
    let there = |path: &RepoPath| session.repo.root().join(path.to_os()).symlink_metadata().is_ok();
    let found = tests_of(&validate.map, &changed, &there);
    let tests: Vec<RepoPath> = found.tests.into_iter().collect();
    let mut report = ValidateReport {
        since: place.what.clone(),
        changed: super::facts::files(changed.into_iter().collect()),
        tests,
        without: found.without,
        runs: Vec::new(),
    };
    if !report.tests.is_empty() && !ctx.global.dry_run {
        let runner = trust::runner(&session.repo, &text, None, ctx.talk)?;
        let tasks: Vec<_> = validate.run.iter().map(|task| about(task, &report.tests)).collect();
        report.runs = runner.run_all(&tasks);
        if let Some(signal) = ctx.talk.signal() {
            return Err(Error::new(Kind::Interrupted(signal), "interrupted"));
        }
    }
    Ok(report.into())
}
