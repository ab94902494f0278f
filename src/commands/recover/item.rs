//! `recover ITEM...`: each as what it was.

use super::Args;
use crate::commands::Ctx;
use crate::commands::change::{carry_out, request};
use crate::engine::Locks;
use crate::git::ObjectKind;
use crate::model::report::{Outcome, Report};
use crate::model::{LostItem, RepoPath};
use crate::plan::recover_item::{Output, RecoverRequest, item_of, names, pin, plan};
use crate::store::scene::Wanted;
use crate::store::session::Session;
use crate::{Error, Kind, Result};
use std::cell::RefCell;
use std::ffi::OsStr;

/// Runs the command.
pub(super) fn run(ctx: &Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    session.refuse_unfinished()?;
    let items = match args.items.is_empty() {
        true => super::pick::pick(ctx, &session)?,
        false => args.items.iter().map(|typed| find(&session, typed)).collect::<Result<Vec<_>>>()?,
    };
    let mut request = request(ctx, "recover");
    request.wanted = Wanted { list_ignored: true, ..Wanted::default() };
    let wanted = RecoverRequest {
        output: args.output.as_deref().map(|typed| output(&session, typed)).transpose()?,
        items: distinct(items),
        pin: args.pin,
        apply: args.apply,
        branch: args.branch,
        // Once, so that the plan that is shown and the one that is carried out have the same names.
        timestamp: names::timestamp(&session.name_operation()?.stamp),
    };
    if wanted.apply && wanted.items.len() > 1 {
        return Err(Error::refused("one stash at a time can be applied")
            .help("leave --apply out: all of them come onto the stash list"));
    }
    let made = RefCell::new(Vec::new());
    let is_file = |item: &LostItem| session.repo.kind_of(item.id) == Some(ObjectKind::Blob);
    let writes_files = wanted.apply || (!wanted.pin && wanted.items.iter().any(is_file));
    let locks = if writes_files { Locks::IndexAndHead } else { Locks::None };
    let mut outcome = carry_out(ctx, &session, &request, locks, &|table| {
        let (plan, recovered) = plan(table.session, table.desk, table.name, &wanted)?;
        made.replace(recovered);
        Ok(plan)
    })?;
    if let Report::Done(done) = &mut outcome.report {
        done.recovered = made.into_inner();
    }
    Ok(outcome)
}

/// What a person names: something lost, or any other object.
fn find(session: &Session, typed: &str) -> Result<LostItem> {
    if let Some(item) = pin::pinned(session, typed)? {
        return Ok(item);
    }
    match crate::plan::lost::resolve(session, typed) {
        Ok(item) => Ok(item),
        // With a cause it is lost, and several things.
        Err(error) if error.kind() == Kind::Refused && !error.causes().is_empty() => Err(error),
        Err(error) => item_of(&session.repo, typed).map_err(|_| error),
    }
}

fn distinct(items: Vec<LostItem>) -> Vec<LostItem> {
    let mut out: Vec<LostItem> = Vec::new();
    for item in items {
        if !out.iter().any(|other| other.id == item.id) {
            out.push(item);
        }
    }
    out
}

/// A place that a person types, relative to the current directory.
fn output(session: &Session, typed: &OsStr) -> Result<Output> {
    let root = session.repo.root();
    let typed = std::path::Path::new(typed);
    let full = root.join(RepoPath::new(crate::host::env::prefix_below(root)).to_os()).join(typed);
    let mut parts: Vec<&OsStr> = Vec::new();
    let outside = || {
        Error::refused(format!("{} is outside of this worktree", typed.display()))
            .help("a file comes back inside of it; `git cat-file blob ID > FILE` writes one elsewhere")
    };
    let below = full.strip_prefix(root).map_err(|_| outside())?;
    for part in below.components() {
        match part {
            std::path::Component::Normal(name) => parts.push(name),
            std::path::Component::ParentDir => drop(parts.pop().ok_or_else(outside)?),
            _ => {}
        }
    }
    let bytes: Vec<Vec<u8>> = parts.into_iter().map(crate::host::env::bytes).collect();
    let path = RepoPath::new(bytes.join(&b'/'));
    let is_dir = path.as_bytes().is_empty()
        || crate::host::env::bytes(typed.as_os_str()).ends_with(b"/")
        || root.join(path.to_os()).symlink_metadata().is_ok_and(|meta| meta.is_dir());
    if is_dir {
        return Ok(Output::Directory(path.as_bytes().to_vec()));
    }
    crate::worktree::check_path(path.as_bytes())?;
    Ok(Output::File(path))
}
