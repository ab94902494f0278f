//! `git rollback doctor`: checks everything this tool relies on.

mod machine;
mod records;

use super::Ctx;
use crate::Result;
use crate::model::report::{Check, DoctorReport, Outcome, Verdict};
use crate::store::session::Session;

/// Check everything this tool relies on: the repository, its records, the machine
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback doctor          is all well, and can everything saved be read back?
  git rollback doctor --json   the same for a program")]
pub struct Args {}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, _args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let mut checks = machine::checks(&session);
    checks.extend(records::checks(&session));
    checks.push(settle("files on disk", on_disk(&session)));
    let bar = ctx.talk.progress("checking objects", None);
    checks.push(records::objects(&session));
    drop(bar);
    Ok(DoctorReport { checks }.into())
}

/// Whether all that the last operation wrote outlived a restart of the machine.
fn on_disk(session: &Session) -> Result<Check> {
    let name = "files on disk";
    Ok(match crate::store::durable::warning(session)? {
        Some(warning) => fail(name, warning, "`git rollback log` lists the operations"),
        None => ok(name, "what the last operation wrote is there"),
    })
}

fn ok(name: &str, detail: impl Into<String>) -> Check {
    Check { name: name.to_owned(), verdict: Verdict::Ok, detail: detail.into(), help: None }
}

fn warn(name: &str, detail: impl Into<String>, help: impl Into<String>) -> Check {
    Check { verdict: Verdict::Warn, help: Some(help.into()), ..ok(name, detail) }
}

fn fail(name: &str, detail: impl Into<String>, help: impl Into<String>) -> Check {
    Check { verdict: Verdict::Fail, help: Some(help.into()), ..ok(name, detail) }
}

/// The check, or that it could not be made.
fn settle(name: &str, result: Result<Check>) -> Check {
    result.unwrap_or_else(|error| {
        let help = error.helps().first().cloned();
        Check { help, ..fail(name, error.to_string(), "") }
    })
}

/// `a, b, c and 4 more`.
fn some_of(names: &[String]) -> String {
    let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > 5 { format!("{shown} and {} more", names.len() - 5) } else { shown }
}
