//! `git rollback hotfix start`.

use crate::Result;
use crate::commands::Ctx;
use crate::commands::change::{carry_out, request};
use crate::commands::release::Of;
use crate::engine::Locks;
use crate::model::report::{Hint, Outcome, Report};
use crate::plan::hotfix::{StartRequest, start};
use crate::store::scene::Wanted;
use crate::store::session::Session;

/// What can be typed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback hotfix start 1.0.0 -m \"Mail is no longer lost\"
  git rollback hotfix start 1.0.0 --exact     at 1.0.0 itself, although 1.0.1 is released
  git rollback hotfix start 1.0.0 --dry-run   where would it begin, and which number would it get?
  git rollback hotfix start 2.1.0 -p client   a package of rollback.toml")]
pub struct Args {
    /// The released version, or its tag
    pub version: String,

    /// What it is for: said in lists, and in the changelog
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,

    /// Begin at that very version, also when newer patches of its line are released
    #[arg(long)]
    pub exact: bool,

    /// Whose version it is.
    #[command(flatten)]
    pub of: Of,
}

/// Runs the command.
pub(super) fn run(ctx: &Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    session.refuse_unfinished()?;
    let wanted = StartRequest {
        package: args.of.package(&session)?,
        version: args.version,
        message: args.message,
        exact: args.exact,
    };
    let mut request = request(ctx, "hotfix start");
    request.wanted = Wanted { list_ignored: true, ..Wanted::default() };
    let mut outcome = carry_out(ctx, &session, &request, Locks::IndexAndHead, &|table| {
        start(table.session, table.desk, table.name, &wanted)
    })?;
    if let Report::Done(done) = &mut outcome.report {
        done.next.push(Hint::new("git commit", "commit the fix here"));
    }
    Ok(outcome)
}
