//! Keeping something from being pruned: a point of the kind `pin`. Refs lead to commits and tags only, so a file is
//! wrapped into a small commit.

use super::{Back, words};
use crate::git::{MODE_FILE, ObjectKind, TreeEntry, write_commit};
use crate::model::{LostItem, LostKind, LostName, ObjectId, Reach, RepoPath, Step};
use crate::store::points::{self, Base, Point, PointRecord, reference_of};
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// The kind of these points.
pub const KIND: &str = "pin";

/// Pins an item.
pub(super) fn pin(back: &mut Back<'_, '_, '_>, item: &LostItem) -> Result<()> {
    let name = format!("pin-{}", item.id.short());
    let place = format!("point {name}");
    if points::list(back.repo())?.iter().any(|point| point.kind == KIND && point.name == name) {
        back.note(item, place, None, Some("it is pinned already".to_owned()));
        return Ok(());
    }
    match back.repo().kind_of(item.id) {
        // A tag cannot be the target of a point's tag without being taken for one; it holds itself.
        Some(ObjectKind::Tag) => {
            let reference = reference_of(&back.name.stamp, KIND, &name);
            back.make_ref(&reference, item.id);
            back.plan.extra.commits.extend(back.repo().peel(item.id)?);
        }
        Some(ObjectKind::Blob | ObjectKind::Tree) => {
            let commit = wrap(back, item)?;
            point(back, item, commit, None, &name)?;
        }
        _ => point(back, item, item.id, None, &name)?,
    }
    back.plan.point.get_or_insert(name.clone());
    back.note(item, place, None, Some(format!("kept until `git rollback points delete {name}` lets go of it")));
    Ok(())
}

/// Makes a pin on a commit, or a checkpoint on a snapshot (which stands on `base`).
pub(super) fn point(
    back: &mut Back<'_, '_, '_>,
    item: &LostItem,
    commit: ObjectId,
    base: Option<Base>,
    name: &str,
) -> Result<()> {
    let kind = if base.is_some() { "checkpoint" } else { KIND };
    let facts = if base.is_some() { String::new() } else { format!("\n\n{}", facts(item)?) };
    let operation = back.name;
    let record = PointRecord {
        target: commit,
        base,
        kind,
        name,
        message: &format!("{}{facts}", words(item)),
        operation: &operation.id,
        worktree: &back.repo().worktree_id(),
    };
    let tag = points::write(back.desk.sink, &record, &operation.who)?;
    back.hold(commit);
    let reference = reference_of(&operation.stamp, kind, name);
    let message = "rollback: point".to_owned();
    back.steps.push(Step::Ref { name: reference, old: None, new: Some(tag), message });
    Ok(())
}

/// What is known of an item now, and nowhere once it is pinned: it is not lost any more.
fn facts(item: &LostItem) -> Result<String> {
    let mut facts = format!("{ITEM}{}\n{ITEM_KIND}{}", item.id, item.kind.word());
    if let Some(name) = &item.name {
        let name = serde_json::to_string(&name.name).map_err(|e| Error::fault("cannot write a name").because(e))?;
        facts.push_str(&format!("\n{ITEM_NAME}{name}"));
    }
    Ok(facts)
}

const ITEM: &str = "Rollback-Item: ";
const ITEM_KIND: &str = "Rollback-Item-Kind: ";
const ITEM_NAME: &str = "Rollback-Item-Name: ";

/// The pinned item that a person names: by the name of its pin, or the first digits of its id.
pub fn pinned(session: &Session, typed: &str) -> Result<Option<LostItem>> {
    let is_digits = typed.len() >= 4 && typed.bytes().all(|b| b.is_ascii_hexdigit());
    for point in points::list(&session.repo)?.iter().filter(|point| point.kind == KIND) {
        let short = point.name.trim_start_matches("pin-");
        if point.name != typed && !(is_digits && (typed.starts_with(short) || short.starts_with(typed))) {
            continue;
        }
        let item = item_of(session, point)?;
        if point.name == typed || item.id.to_string().starts_with(typed) {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

/// What a pin holds.
fn item_of(session: &Session, point: &Point) -> Result<LostItem> {
    let bytes = session.repo.tag_bytes(point.tag)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let fact = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    let known = |name: RepoPath| Some(LostName { name, why: "from its pin".to_owned(), certain: false });
    let Some(id) = fact(ITEM).and_then(|id| ObjectId::from_hex(id.as_bytes())) else {
        let mut item = LostItem::new(point.tag, LostKind::Tag, Reach::Saved);
        item.name = fact("tag ").and_then(|name| known(RepoPath::from(name)));
        return Ok(item);
    };
    let word = fact(ITEM_KIND).unwrap_or_default();
    let mut item = LostItem::new(id, LostKind::of_word(word).unwrap_or(LostKind::Commit), Reach::Saved);
    item.name = fact(ITEM_NAME).and_then(|name| serde_json::from_str(name).ok()).and_then(known);
    item.subject = session.repo.commit(id).map(|commit| commit.subject).unwrap_or_default();
    Ok(item)
}

/// A commit without parents that holds a file, or a tree.
pub(super) fn wrap(back: &Back<'_, '_, '_>, item: &LostItem) -> Result<ObjectId> {
    let tree = match back.repo().kind_of(item.id) {
        Some(ObjectKind::Blob) => {
            let path = item.name.as_ref().map(|name| name.name.clone());
            let path = path.filter(|path| crate::worktree::check_path(path.as_bytes()).is_ok());
            let path = path.unwrap_or_else(|| RepoPath::from("content"));
            let entry = TreeEntry { mode: MODE_FILE, id: item.id };
            let trees = back.repo().trees()?.and_made_in(back.desk.sink);
            trees.edit(ObjectId::EMPTY_TREE, &BTreeMap::from([(path, Some(entry))]), back.desk.sink)?
        }
        _ => item.id,
    };
    let message = format!("Recovered: {}\n\nRollback-Item: {}\n", words(item), item.id);
    write_commit(back.desk.sink, tree, &[], &back.name.who, &message)
}
