//! `recover` without an item: a person chooses.

use crate::commands::Ctx;
use crate::git::{DiffForm, ObjectKind, diff_text};
use crate::host::clock;
use crate::model::{LostItem, LostKind};
use crate::plan::lost::{Filter, find, trees};
use crate::store::session::Session;
use crate::{Error, Result};

/// The most that is offered: nobody looks through more, and typing an id reaches the rest.
const OFFERED: usize = 2000;
/// The most of a text that is shown.
const SHOWN: usize = 16 << 10;

/// Lets a person choose.
///
/// # Errors
/// Refused without a terminal, and where nothing is lost or nothing was chosen.
pub(super) fn pick(ctx: &Ctx<'_>, session: &Session) -> Result<Vec<LostItem>> {
    if !ctx.talk.can_ask() {
        return Err(Error::refused("say what to bring back: there is no terminal to choose on")
            .help("`git rollback lost` lists what can be brought back, each with its id")
            .help("then `git rollback recover ID`"));
    }
    let found = find(session, &Filter { limit: OFFERED, ..Filter::default() })?;
    if found.items.is_empty() {
        return Err(
            Error::refused("nothing is lost that git still has").help("`git rollback lost` says where else to look")
        );
    }
    let rows: Vec<String> = found.items.iter().map(row).collect();
    let chosen = ctx.talk.pick("Bring back", &rows, &|at| preview(session, &found.items[at]))?;
    match chosen {
        Some(chosen) => Ok(chosen.into_iter().map(|at| found.items[at].clone()).collect()),
        None => Err(Error::refused("nothing was done: nothing was chosen")),
    }
}

fn row(item: &LostItem) -> String {
    let age = item.when().map(|time| time.age(clock::now())).unwrap_or_default();
    let name = item.name.as_ref().map(|name| format!("{} ", name.name)).unwrap_or_default();
    let id = item.id.short();
    format!("{id}  {:<6}  {age:<15}  {name}{}", item.kind.word(), item.subject)
}

/// What an item holds.
fn preview(session: &Session, item: &LostItem) -> String {
    let mut out = String::new();
    for line in [&item.author, &item.origin] {
        if !line.is_empty() {
            out.push_str(&format!("{}\n", line.lines().next().unwrap_or_default()));
        }
    }
    if item.commit_count > 1 && item.kind != LostKind::Stash {
        out.push_str(&format!("{} commits\n", item.commit_count));
    }
    out.push_str(&content(session, item).unwrap_or_else(|error| error.to_string()));
    out
}

fn content(session: &Session, item: &LostItem) -> Result<String> {
    let repo = &session.repo;
    let mut bytes = match repo.kind_of(item.id) {
        Some(ObjectKind::Blob) if repo.blob_size(item.id)? > crate::git::BIG => b"(a big file)".to_vec(),
        Some(ObjectKind::Blob) => repo.blob(item.id)?,
        Some(ObjectKind::Commit | ObjectKind::Tag) => {
            let mut text = Vec::new();
            for (old, new) in trees(repo, item)? {
                text.append(&mut diff_text(repo, old, new, DiffForm::Patch, &[])?);
            }
            text
        }
        _ => Vec::new(),
    };
    if bytes.iter().take(8000).any(|byte| *byte == 0) {
        return Ok("(not text)".to_owned());
    }
    bytes.truncate(SHOWN);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
