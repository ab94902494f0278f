//! `git rollback notify`: tells others what happened.

use super::change::request;
use super::{Ctx, story};
use crate::config::trust;
use crate::documents::{self, Document};
use crate::engine::{self, Locks};
use crate::model::report::{NotificationReport, Outcome, Sent};
use crate::model::{Action, Task, nearest};
use crate::plan::amend;
use crate::store::session::Session;
use crate::{Error, Result};

/// Tell others about a rollback: on standard output, through a command, or to a webhook
///
/// A command gets the message as Markdown on its standard input. A webhook gets JSON with `text` (the same Markdown, which
/// Slack and others show) and `rollback` (all that it was made from). A way that fails is a warning: the rollback itself
/// is done.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback notify                   the message about the last rollback, on standard output
  git rollback notify | mail -s rollback team@example.org
  git rollback notify --to slack        through [commands] notify of that name
  git rollback notify 3f2a91c0 --to slack --dry-run")]
pub struct Args {
    /// The operation; without it, the last rollback of this worktree
    #[arg(value_name = "OP")]
    pub operation: Option<String>,

    /// Send it through the task of this name in `[commands] notify`; can be given several times
    #[arg(long, value_name = "NAME")]
    pub to: Vec<String>,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let operation = story::operation(&session, args.operation.as_deref())?;
    let story = story::of_operation(&session, &operation)?;
    let own = session.config.report.templates.as_ref().map(|dir| session.repo.root().join(dir));
    let text = documents::write(Document::Notification, own.as_deref(), &story)?;
    let tasks = args.to.iter().map(|name| task(&session, name)).collect::<Result<Vec<&Task>>>()?;
    let id = operation.id.clone();
    let mut report = NotificationReport {
        operation: id,
        dry_run: ctx.global.dry_run,
        text,
        story: Box::new(story),
        ..NotificationReport::default()
    };
    if tasks.is_empty() || ctx.global.dry_run {
        return Ok(report.into());
    }
    // Sending cannot be taken back: what would refuse the record refuses it before.
    session.refuse_unfinished()?;
    let settings = session.config.text.as_deref().unwrap_or_default();
    let runner = trust::runner(&session.repo, settings, None, ctx.talk)?;
    for task in tasks {
        let input = match task.action {
            Action::Webhook(_) => webhook(&report)?,
            _ => report.text.clone().into_bytes(),
        };
        let ran = runner.run_with_input(task, Some(&input));
        report.sent.push(Sent { to: ran.name, ok: ran.ok, tries: ran.tries, why: ran.why });
    }
    let told: Vec<&str> = report.sent.iter().filter(|sent| sent.ok).map(|sent| sent.to.as_str()).collect();
    if !told.is_empty() {
        let told = told.join(", ");
        let recorded = engine::run(&session, ctx.talk, &request(ctx, "notify"), Locks::None, &|table| {
            amend::notified(table.session, &operation, &told)
        });
        if let Err(error) = recorded {
            ctx.talk.warn(&format!("it was sent, and that could not be recorded: {error}"));
        }
    }
    Ok(report.into())
}

fn task<'s>(session: &'s Session, name: &str) -> Result<&'s Task> {
    let tasks = &session.config.commands.notify;
    let names: Vec<&str> = tasks.iter().map(|task| task.name.as_str()).collect();
    tasks.iter().find(|task| task.name == name).ok_or_else(|| {
        let error = Error::refused(format!("there is no way called \"{name}\" to tell others"));
        match (nearest(name, &names), names.is_empty()) {
            (Some(near), _) => error.help(format!("did you mean `{near}`?")),
            (None, true) => error.help(
                "add one to [commands] notify in rollback.toml: { name = \"slack\", webhook = \"${SLACK_URL}\" }",
            ),
            (None, false) => error.help(format!("[commands] notify has: {}", names.join(", "))),
        }
    })
}

/// One form for all: `text` is what chat programs show.
fn webhook(report: &NotificationReport) -> Result<Vec<u8>> {
    let document = serde_json::json!({ "text": report.text, "rollback": report.story });
    serde_json::to_vec(&document).map_err(|e| Error::fault("cannot write the message as JSON").because(e))
}
