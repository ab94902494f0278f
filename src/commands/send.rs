//! Sending what an operation made to a remote: only when that was asked for, all of it or none, and remembered.

use super::change::request;
use super::{Ctx, facts};
use crate::engine::{self, Locks};
use crate::git::{RemoteEdit, Repo, push};
use crate::model::report::{Hint, Outcome, PlanReport, Pushed, Report};
use crate::model::{Operation, Step};
use crate::plan::{Plan, pushed};
use crate::release::remote_of;
use crate::store::log;
use crate::store::session::Session;
use crate::{Error, Kind, Result};
use std::collections::BTreeSet;

/// The remote that is pushed to.
///
/// # Errors
/// Refused: there is none.
pub(super) fn remote_for_push(session: &Session) -> Result<String> {
    remote_of(&session.repo, &session.config)?.ok_or_else(|| {
        Error::refused("it is not known where to push to: there is no remote, or none of several is called origin")
            .help("`git remote add origin URL` adds one; [release] remote in rollback.toml names one")
    })
}

/// Says in a plan that what it makes is sent.
pub(super) fn announce(plan: &mut Plan, remote: &str) {
    let refs = plan.steps.iter().filter_map(|step| match step {
        Step::Ref { name, new: Some(_), .. } if !name.starts_with("refs/rollback/") => Some(short(name)),
        _ => None,
    });
    let names = refs.collect::<Vec<_>>().join(", ");
    say(&mut plan.report, remote, &names);
}

fn say(report: &mut PlanReport, remote: &str, names: &str) {
    report.steps.push(format!("push {names} to {remote}"));
    report.needs_yes.push(format!("{remote} gets {names}"));
    report.not_undoable.push(format!("what is pushed to {remote}"));
}

/// The operation that an answer is about.
pub(super) fn operation_of(session: &Session, outcome: &Outcome) -> Result<Option<Operation>> {
    let Report::Done(done) = &outcome.report else { return Ok(None) };
    let all = log::read(&session.repo, usize::MAX)?;
    Ok(all.into_iter().find(|operation| Some(&operation.id) == done.operation.as_ref()))
}

/// What an operation made, as it is sent: branches under the name that they follow there.
pub(super) fn made_by(repo: &Repo, operation: &Operation, remote: &str) -> Vec<RemoteEdit> {
    let moves = operation.refs.iter().filter(|moved| !moved.name.starts_with("refs/rollback/"));
    let edit = |moved: &crate::model::RefMove| {
        let branch = moved.name.strip_prefix("refs/heads/");
        let follows = branch.and_then(|branch| repo.upstream(branch)).filter(|up| up.remote == remote);
        let name = follows.map_or_else(|| moved.name.clone(), |up| up.merge);
        Some(RemoteEdit::Forward { name, new: moved.new? })
    };
    moves.filter_map(edit).collect()
}

/// Sends it (`now`), or says how it is sent. Where the remote does not take it, what was done here stays.
pub(super) fn send_or_say(
    ctx: &Ctx<'_>,
    session: &Session,
    mut outcome: Outcome,
    (remote, edits): (&str, &[RemoteEdit]),
    now: bool,
) -> Result<Outcome> {
    let operation = operation_of(session, &outcome)?;
    let Report::Done(done) = &mut outcome.report else { return Ok(outcome) };
    if edits.is_empty() {
        return Ok(outcome);
    }
    let by_hand = by_hand(&session.repo, remote, edits);
    if !now {
        done.next.push(Hint::new(by_hand, "publishes it"));
        return Ok(outcome);
    }
    match push(&session.repo, remote, edits) {
        Ok(()) => {
            let gone = |edit: &RemoteEdit| matches!(edit, RemoteEdit::Replace { new: None, .. });
            let name = |edit: &RemoteEdit| match gone(edit) {
                true => format!("{}{}", short(edit.name()), pushed::DELETED),
                false => short(edit.name()).to_owned(),
            };
            let names: Vec<String> = edits.iter().map(name).collect();
            let what = operation.as_ref().map_or("it".to_owned(), |operation| operation.title.clone());
            remember(ctx, session, &operation.into_iter().map(|o| o.id).collect(), &what, remote, &names);
            done.pushed = Some(Pushed { remote: remote.to_owned(), refs: names });
            Ok(outcome)
        }
        Err(error) => {
            let causes = error.causes().join("; ");
            done.warnings.push(format!("{}: {causes}", error.message()));
            done.next.push(Hint::new(by_hand, format!("what was done here is to be sent to {remote}")));
            Ok(outcome.with_exit(Kind::Unverified))
        }
    }
}

/// Remembers what was sent of operations, so that whoever takes them back is told.
pub(super) fn remember(
    ctx: &Ctx<'_>,
    session: &Session,
    operations: &BTreeSet<String>,
    what: &str,
    remote: &str,
    names: &[String],
) {
    let said = format!("{remote}: {}", names.join(", "));
    let request = engine::Request { yes: true, ..request(ctx, pushed::COMMAND) };
    let recorded = engine::run(session, ctx.talk, &request, Locks::None, &|table| {
        pushed::record(table.session, operations, what, &said)
    });
    if let Err(error) = recorded {
        ctx.talk.warn(&format!("it was pushed, and that could not be recorded: {error}"));
    }
}

fn short(name: &str) -> &str {
    name.trim_start_matches("refs/heads/").trim_start_matches("refs/tags/")
}

/// The same as a command of git's.
pub(super) fn by_hand(repo: &Repo, remote: &str, edits: &[RemoteEdit]) -> String {
    let mut words = vec!["git push".to_owned()];
    words.extend((edits.len() > 1).then(|| "--atomic".to_owned()));
    let mut specs = Vec::new();
    for edit in edits {
        match edit {
            RemoteEdit::New { name, new } | RemoteEdit::Forward { name, new } => {
                let same = repo.reference(name).ok().flatten() == Some(*new);
                specs.push(facts::shell_word(&if same { name.clone() } else { format!("{new}:{name}") }));
            }
            RemoteEdit::Replace { name, old, .. } => {
                words.push(facts::shell_word(&format!("--force-with-lease={name}:{old}")));
                specs.push(facts::shell_word(&format!(":{name}")));
            }
        }
    }
    words.push(facts::shell_word(remote));
    words.extend(specs);
    words.join(" ")
}
