//! What hotfixes ask remotes, and send to them.

use crate::Result;
use crate::commands::{Ctx, Global, send, undo};
use crate::git::{RemoteEdit, list_remote, push};
use crate::model::report::DoneReport;
use crate::plan::hotfix::Elsewhere;
use crate::release::remote_of;
use crate::store::session::Session;

/// What the remote has now. One that cannot be asked is said, and what was last fetched counts; for a push it must answer.
pub(in crate::commands) fn ask(ctx: &Ctx<'_>, session: &Session, must: bool) -> Result<Option<Elsewhere>> {
    let Some(remote) = remote_of(&session.repo, &session.config)? else { return Ok(None) };
    match list_remote(&session.repo, &remote, &["refs/heads/*", "refs/tags/*"]) {
        Ok(refs) => Ok(Some(Elsewhere { remote, refs })),
        Err(error) if must => Err(error),
        Err(error) => {
            let why = error.causes().first().map(|why| format!(" ({why})")).unwrap_or_default();
            let what = "only what was last fetched is known of numbers that others took";
            ctx.talk.warn(&format!("{}{why}: {what}", error.message()));
            Ok(None)
        }
    }
}

/// Sends what an operation made. When that fails, the operation is taken back: nothing is changed then, here or there.
///
/// # Errors
/// As `push`.
pub(super) fn push_or_take_back(
    ctx: &Ctx<'_>,
    session: &Session,
    done: &DoneReport,
    remote: &str,
    edits: &[RemoteEdit],
    names: &[String],
) -> Result<()> {
    let Err(error) = push(&session.repo, remote, edits) else {
        ctx.talk.note(&format!("pushed to {remote}"));
        let operations = done.operation.iter().cloned().collect();
        send::remember(ctx, session, &operations, &done.summary, remote, names);
        return Ok(());
    };
    let global = Global { yes: true, dry_run: false, reason: Some("the push failed".to_owned()), ..ctx.global.clone() };
    let mut again = Ctx { global, talk: ctx.talk, command_line: ctx.command_line };
    let args = undo::Args { operation: done.operation.clone(), ..undo::Args::default() };
    match undo::run(&mut again, args) {
        Ok(_) => Err(error.help("what was done here was taken back")),
        Err(other) => {
            let id = done.operation.clone().unwrap_or_default();
            Err(error
                .because(format!("and what was done here stays: {other}"))
                .help(format!("`git rollback undo {id}`")))
        }
    }
}
