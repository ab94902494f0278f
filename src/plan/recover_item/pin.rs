//! Keeping something from being pruned: a point of the kind `pin`. Refs lead to commits and tags only, so a file is
//! wrapped into a small commit.

use super::{Back, words};
use crate::Result;
use crate::git::{MODE_FILE, ObjectKind, TreeEntry, write_commit};
use crate::model::{LostItem, ObjectId, RepoPath, Step};
use crate::store::points::{self, PointRecord, reference_of};
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
            point(back, item, commit, KIND, &name)?;
        }
        _ => point(back, item, item.id, KIND, &name)?,
    }
    back.plan.point.get_or_insert(name.clone());
    back.note(item, place, Some(format!("git rollback points delete {name}")), None);
    Ok(())
}

/// Makes a point on a commit.
pub(super) fn point(
    back: &mut Back<'_, '_, '_>,
    item: &LostItem,
    commit: ObjectId,
    kind: &str,
    name: &str,
) -> Result<()> {
    let operation = back.name;
    let record = PointRecord {
        target: commit,
        base: None,
        kind,
        name,
        message: &words(item),
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
