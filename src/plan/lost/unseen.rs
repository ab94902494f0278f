//! What git never saw: events that overwrite files, and leave nothing behind of edits that were not staged.

use super::search::Search;
use crate::model::report::Unseen;
use crate::model::{ObjectId, RepoPath};

/// How far back, in seconds.
const RECENT: i64 = 30 * 86_400;
/// How many events are named.
const EVENTS: usize = 3;

/// The newest events of this worktree that may have overwritten edits.
pub(super) fn events(search: &Search<'_>) -> Vec<Unseen> {
    let id = search.repo.worktree_id();
    let name = match id.strip_prefix("wt-") {
        Some(worktree) => format!("worktrees/{worktree}/HEAD"),
        None => "HEAD".to_owned(),
    };
    let log = search.reflogs.iter().find(|log| log.name == RepoPath::from(&*name));
    let entries = log.into_iter().flat_map(|log| log.entries.iter().rev());
    let recent = entries.take_while(|entry| entry.time.seconds >= search.now.seconds - RECENT);
    // Git does not say whether a checkout was forced, nor whether a reset was hard.
    let overwrites =
        recent.filter(|entry| ["reset: ", "checkout: "].iter().any(|what| entry.message.starts_with(what)));
    let short = |id: Option<ObjectId>| id.map(|id| id.short()).unwrap_or_default();
    overwrites
        .take(EVENTS)
        .map(|entry| Unseen {
            time: entry.time,
            what: entry.message.clone(),
            from: short(entry.old),
            to: short(entry.new),
        })
        .collect()
}
