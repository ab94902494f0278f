//! Finding lost work: what git no longer shows and has not removed yet.

use crate::git::Pathspecs;
use crate::model::{LostItem, LostKind, ObjectId, Reach, Time};
use crate::store::session::Session;
use crate::{Error, Result};

/// Which lost work is wanted; by default all.
#[derive(Debug, Default)]
pub struct Filter {
    /// Not before this moment.
    pub since: Option<Time>,
    /// Part of the author's name or address, whatever its case.
    pub author: Option<String>,
    /// Only what touches these paths.
    pub paths: Option<Pathspecs>,
    /// Part of a message, whatever its case.
    pub grep: Option<String>,
    /// Part of the content of a lost blob.
    pub content: Option<Vec<u8>>,
    /// Only these kinds; empty: all.
    pub kinds: Vec<LostKind>,
    /// Look at every object for staged content, not only where it usually is.
    pub thorough: bool,
    /// At most this many items are described in full; 0: all.
    pub limit: usize,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The newest first, as many as the limit allows.
    pub items: Vec<LostItem>,
    /// How many more there are.
    pub more: usize,
    /// Objects that were skipped because they are damaged or gone.
    pub damaged: usize,
}

/// Everything lost that the filter lets through.
pub fn find(session: &Session, filter: &Filter) -> Result<Found> {
    let mut found = Found::default();
    for mut tip in session.repo.lost_tips()? {
        let Ok(commit) = session.repo.commit(tip.commits[0]) else {
            found.damaged += 1;
            continue;
        };
        let kind = if is_stash(&commit) { LostKind::Stash } else { LostKind::Commit };
        let mut item = LostItem::new(commit.id, kind, if tip.in_reflog { Reach::Reflogs } else { Reach::Nothing });
        item.made = Some(Time::new(commit.time.0, commit.time.1));
        item.author = commit.author;
        item.subject = commit.subject;
        item.commit_count = tip.commits.len();
        item.commits = std::mem::take(&mut tip.commits);
        if filter.kinds.is_empty() || filter.kinds.contains(&kind) {
            found.items.push(item);
        }
    }
    found.items.sort_by_key(|item| std::cmp::Reverse(item.when()));
    if filter.limit > 0 && found.items.len() > filter.limit {
        found.more = found.items.len() - filter.limit;
        found.items.truncate(filter.limit);
    }
    Ok(found)
}

/// The lost item that a person names: by the first digits of its id or of a commit in it, or by the name it had.
///
/// An item that is named by a commit below its tip comes back with that commit as its tip.
///
/// # Errors
/// Refused: nothing lost has that name, or several things.
pub fn resolve(session: &Session, typed: &str) -> Result<LostItem> {
    let found = find(session, &Filter { thorough: true, ..Filter::default() })?;
    let is_digits = typed.len() >= 4 && typed.len() <= 40 && typed.bytes().all(|b| b.is_ascii_hexdigit());
    let digits = typed.to_ascii_lowercase();
    let begins = |id: &ObjectId| is_digits && id.to_string().starts_with(&digits);
    let named = |item: &LostItem| item.name.as_ref().is_some_and(|name| name.name.as_bytes() == typed.as_bytes());
    let mut hits: Vec<LostItem> = found.items.iter().filter(|item| begins(&item.id) || named(item)).cloned().collect();
    if hits.is_empty() {
        for item in &found.items {
            if let Some(at) = item.commits.iter().position(begins) {
                let mut part = item.clone();
                part.id = item.commits[at];
                part.commits.drain(..at);
                hits.push(part);
            }
        }
    }
    match hits.len() {
        1 => Ok(hits.remove(0)),
        0 => Err(Error::refused(format!("nothing lost is called \"{typed}\""))
            .help("`git rollback lost` lists what can be brought back")),
        _ => {
            let several = Error::refused(format!("\"{typed}\" means several lost things"));
            let error = hits.iter().fold(several, |error, item| {
                error.because(format!("{} {}: {}", item.kind.word(), item.id, item.subject))
            });
            Err(error.help("type more of the id"))
        }
    }
}

/// Whether a commit has the shape of a stash entry: parents are HEAD, the index, and perhaps untracked files.
fn is_stash(commit: &crate::git::CommitInfo) -> bool {
    (2..=3).contains(&commit.parents.len())
        && (commit.subject.starts_with("WIP on ") || commit.subject.starts_with("On "))
}
