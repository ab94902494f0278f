//! What this tool saved before it changed something.

use super::search::Search;
use crate::Result;
use crate::model::{LostItem, LostKind, LostName, Prune, Reach, RepoPath};
use crate::store::log;

/// The snapshots of the newest operations, at most so many, each with what was moved into the trash.
pub(super) fn items(search: &Search<'_>, at_most: usize) -> Result<Vec<LostItem>> {
    let mut out = Vec::new();
    for operation in log::read(search.repo, at_most)? {
        // What only makes a point is found among the points.
        let Some(snapshot) = operation.snapshot.as_ref().filter(|_| operation.changes_state) else { continue };
        if !search.repo.exists(snapshot.id) {
            continue;
        }
        let mut item = LostItem::new(snapshot.id, LostKind::Saved, Reach::Saved);
        item.made = Some(operation.who.time);
        item.author.clone_from(&operation.who.name);
        item.subject = format!("the state before: {}", operation.title);
        item.origin = format!("saved by operation {}", operation.id);
        let name = RepoPath::from(&*format!("op:{}^", operation.id));
        item.name = Some(LostName { name, why: "from the operation log".to_owned(), certain: true });
        item.prune = Prune::Never;
        item.touches = operation.trash.iter().filter(|t| !t.back).map(|t| t.path.clone()).collect();
        item.touches.extend(operation.kept.iter().map(|kept| kept.path.clone()));
        item.touches_more = item.touches.len().saturating_sub(8);
        item.touches.truncate(8);
        out.push(item);
    }
    Ok(out)
}
