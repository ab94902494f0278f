//! Finding lost work: what git no longer shows and has not removed yet.

mod blobs;
mod describe;
mod evidence;
mod group;
mod guess;
mod prune;
mod saved;
mod search;
mod unseen;

use crate::git::Pathspecs;
use crate::model::report::Unseen;
use crate::model::{LostItem, LostKind, ObjectId, Time};
use crate::store::session::Session;
use crate::{Error, Result};
use blobs::Blobs;
pub use describe::trees;
use describe::{Described, Describer, Draft};
use evidence::Evidence;
use search::Search;
use std::cmp::Reverse;
use std::collections::HashSet;

/// Which lost work is wanted; by default all.
#[derive(Debug, Default)]
pub struct Filter {
    /// Not before this moment, seconds since 1970.
    pub since: Option<i64>,
    /// Part of the author's name, whatever its case.
    pub author: Option<String>,
    /// Only what touches these paths.
    pub paths: Option<Pathspecs>,
    /// Part of a message, whatever its case.
    pub grep: Option<String>,
    /// Part of the content of a lost file.
    pub content: Option<Vec<u8>>,
    /// Only these kinds; empty: all.
    pub kinds: Vec<LostKind>,
    /// Look at every object for staged content, not only where it usually is.
    pub thorough: bool,
    /// At most this many items are described; 0: all.
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
    /// What deserves a look.
    pub warnings: Vec<String>,
    /// Recent events that may have overwritten edits which git never saw.
    pub unseen: Vec<Unseen>,
}

/// Something lost, before it is described.
enum Candidate {
    Line(Box<Draft>),
    Blob(usize, i64),
    Saved(Box<LostItem>),
}

impl Candidate {
    fn when(&self) -> i64 {
        match self {
            Candidate::Line(draft) => draft.when,
            Candidate::Blob(_, when) => *when,
            Candidate::Saved(item) => item.when().map_or(0, |time| time.seconds),
        }
    }

    fn kind(&self) -> LostKind {
        match self {
            Candidate::Line(draft) => draft.group.kind,
            Candidate::Blob(..) => LostKind::Staged,
            Candidate::Saved(_) => LostKind::Saved,
        }
    }
}

/// Everything lost that the filter lets through.
pub fn find(session: &Session, filter: &Filter) -> Result<Found> {
    let lost = Lost::read(session, filter)?;
    let describer = Describer::new(&lost.search, &lost.evidence);
    let mut found = Found { unseen: unseen::events(&lost.search), ..Found::default() };
    let bad = lost.search.all.bad_packs.iter();
    found.warnings.extend(bad.map(|(path, why)| format!("{} is skipped: {why}", path.display())));
    found.warnings.extend(lost.blobs.note.clone());
    found.damaged = lost.search.all.damaged;
    for candidate in &lost.candidates {
        let is_full = filter.limit > 0 && found.items.len() == filter.limit;
        if is_full && !filter.asks_items() {
            found.more += 1;
            continue;
        }
        match lost.item(&describer, candidate) {
            Described::Damaged => found.damaged += 1,
            Described::Held => {}
            Described::Item(item) if !filter.lets(&describer, candidate, &item) => {}
            Described::Item(_) if is_full => found.more += 1,
            Described::Item(item) => found.items.push(*item),
        }
    }
    describe::touches(&session.repo, &mut found.items);
    Ok(found)
}

/// Everything lost, the newest first, before it is described.
struct Lost<'s> {
    search: Search<'s>,
    evidence: Evidence,
    blobs: Blobs,
    candidates: Vec<Candidate>,
}

impl<'s> Lost<'s> {
    /// All that is of the wanted kinds and not too old.
    fn read(session: &'s Session, filter: &Filter) -> Result<Lost<'s>> {
        let mut search = Search::new(session)?;
        let groups = group::groups(&mut search);
        let wants_blobs = filter.wants(LostKind::Staged);
        let blobs = if wants_blobs { Blobs::find(&search, &groups, filter.thorough)? } else { Blobs::default() };
        let evidence = Evidence::new(&search, &groups.iter().map(|group| group.id).collect::<HashSet<_>>());
        let mut candidates = lines(&search, &evidence, groups);
        candidates.extend(blobs.found.iter().enumerate().map(|(at, blob)| Candidate::Blob(at, blob.mtime)));
        if filter.wants(LostKind::Saved) {
            let at_most = if filter.limit == 0 { usize::MAX } else { filter.limit.saturating_mul(4) };
            candidates.extend(saved::items(&search, at_most)?.into_iter().map(|item| Candidate::Saved(Box::new(item))));
        }
        // Describing a line may show that it was a branch.
        candidates.retain(|c| filter.wants(c.kind()) || c.kind() == LostKind::Commit && filter.wants(LostKind::Branch));
        candidates.retain(|c| filter.since.is_none_or(|since| c.when() >= since));
        candidates.sort_by_cached_key(|c| Reverse(c.when()));
        Ok(Lost { search, evidence, blobs, candidates })
    }

    /// A candidate in full.
    fn item(&self, describer: &Describer<'_>, candidate: &Candidate) -> Described {
        match candidate {
            Candidate::Line(draft) => {
                describer.item(draft).map_or(Described::Damaged, |item| Described::Item(Box::new(item)))
            }
            Candidate::Blob(at, _) => self.blobs.item(describer, *at),
            Candidate::Saved(item) => Described::Item(item.clone()),
        }
    }

    /// The object that brings a candidate back.
    fn id(&self, candidate: &Candidate) -> ObjectId {
        match candidate {
            Candidate::Line(draft) => draft.group.id,
            Candidate::Blob(at, _) => self.blobs.found[*at].id,
            Candidate::Saved(item) => item.id,
        }
    }
}

/// The groups with what reflogs tell of them.
fn lines(search: &Search<'_>, evidence: &Evidence, groups: Vec<group::Group>) -> Vec<Candidate> {
    let mut drafts: Vec<Draft> = groups
        .into_iter()
        .map(|group| {
            let story = evidence.story(group.id);
            let made = group.tip.map_or(0, |tip| search.all.commits.time(tip));
            let when = story.lost.map_or(made, |time| time.seconds);
            Draft { group, story, when }
        })
        .collect();
    drafts.sort_by_key(|draft| Reverse(draft.when));
    // Of several lines that a deleted branch left, the last one is the branch.
    let mut branches = HashSet::new();
    for draft in drafts.iter_mut().filter(|draft| draft.group.kind == LostKind::Commit) {
        if draft.story.given_up {
            draft.group.kind = LostKind::State;
        } else if draft.story.branch_is_gone
            && let Some(name) = &draft.story.name
            && branches.insert(name.name.clone())
        {
            draft.group.kind = LostKind::Branch;
        }
    }
    drafts.into_iter().map(|draft| Candidate::Line(Box::new(draft))).collect()
}

impl Filter {
    fn wants(&self, kind: LostKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Whether every item must be described to know whether it is wanted.
    fn asks_items(&self) -> bool {
        self.author.is_some()
            || self.paths.is_some()
            || self.grep.is_some()
            || self.content.is_some()
            || !self.kinds.is_empty()
    }

    fn lets(&self, describer: &Describer<'_>, candidate: &Candidate, item: &LostItem) -> bool {
        let holds = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
        self.wants(item.kind)
            && self.author.as_ref().is_none_or(|author| holds(&item.author, author))
            && self.grep.as_ref().is_none_or(|part| {
                holds(&item.subject, part) || matches!(candidate, Candidate::Line(_)) && said(describer, item, part)
            })
            && self.paths.as_ref().is_none_or(|paths| touches(describer, candidate, item, paths))
            && self.content.as_ref().is_none_or(|part| contains(describer, candidate, item, part))
    }
}

/// Whether the message of any of its commits has a part.
fn said(describer: &Describer<'_>, item: &LostItem, part: &str) -> bool {
    let part = part.to_lowercase();
    let repo = describer.search.repo;
    item.commits.iter().any(|id| repo.commit(*id).is_ok_and(|commit| commit.message.to_lowercase().contains(&part)))
        || repo
            .tag_bytes(item.id)
            .ok()
            .flatten()
            .is_some_and(|tag| String::from_utf8_lossy(&tag).to_lowercase().contains(&part))
}

fn touches(describer: &Describer<'_>, candidate: &Candidate, item: &LostItem, paths: &Pathspecs) -> bool {
    let mut hit = item.touches.iter().any(|path| paths.matches(path));
    if let Candidate::Line(_) = candidate {
        let _ = describer.changes(item, &mut |path, _| hit |= paths.matches(&path));
    }
    if item.kind == LostKind::Staged {
        hit |= item.name.as_ref().is_some_and(|name| paths.matches(&name.name));
    }
    hit
}

/// Blobs above this size are not searched for a text.
const SEARCHED: u64 = 8 << 20;

fn contains(describer: &Describer<'_>, candidate: &Candidate, item: &LostItem, part: &[u8]) -> bool {
    let mut blobs = Vec::new();
    match candidate {
        Candidate::Blob(..) => blobs.push(item.id),
        _ => {
            let _ = describer.changes(item, &mut |_, blob| blobs.extend(blob));
        }
    }
    let repo = describer.search.repo;
    let readable = |id: &ObjectId| repo.blob_size(*id).is_ok_and(|size| size <= SEARCHED);
    let has = |bytes: &[u8]| part.is_empty() || bytes.windows(part.len()).any(|window| window == part);
    blobs.iter().any(|id| readable(id) && repo.blob(*id).is_ok_and(|bytes| has(&bytes)))
}

/// The lost item that a person names: by the first digits of its id or of a commit in it, or by the name it had.
///
/// An item that is named by a commit below its tip comes back with that commit as its tip.
///
/// # Errors
/// Refused: nothing lost has that name, or several things.
pub fn resolve(session: &Session, typed: &str) -> Result<LostItem> {
    let mut hits = named(session, typed, false)?;
    // Staged content can be in a pack; to know that it is lost, every tree must be read.
    if hits.is_empty() && session.repo.resolve(typed)?.is_some_and(|id| session.repo.blob_size(id).is_ok()) {
        hits = named(session, typed, true)?;
    }
    describe::touches(&session.repo, &mut hits);
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

/// The items with this id or name; without any, the parts of items that begin with a commit of this id.
fn named(session: &Session, typed: &str, thorough: bool) -> Result<Vec<LostItem>> {
    let lost = Lost::read(session, &Filter { thorough, ..Filter::default() })?;
    let describer = Describer::new(&lost.search, &lost.evidence);
    let digits = typed.to_ascii_lowercase();
    let is_digits = (4..=40).contains(&typed.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let begins = |id: &ObjectId| is_digits && id.to_string().starts_with(&digits);
    let describe = |candidate: &Candidate| match lost.item(&describer, candidate) {
        Described::Item(item) => Some(*item),
        Described::Damaged | Described::Held => None,
    };
    let by_id = lost.candidates.iter().filter(|c| begins(&lost.id(c)));
    let mut hits: Vec<LostItem> = by_id.filter_map(describe).collect();
    for candidate in lost.candidates.iter().filter(|_| hits.is_empty() && is_digits) {
        let Candidate::Line(draft) = candidate else { continue };
        let commits = &lost.search.all.commits;
        if let Some(at) = draft.group.members.iter().position(|n| begins(&commits.id(*n))) {
            return Ok(describe(candidate).map(|item| part(session, item, at)).into_iter().collect());
        }
    }
    if hits.is_empty() {
        // The name of an item can be known only once it is described.
        let is_name = |item: &LostItem| item.name.as_ref().is_some_and(|n| n.name.as_bytes() == typed.as_bytes());
        hits = lost.candidates.iter().filter_map(describe).filter(is_name).collect();
        // Of several that had the name, the one that was the branch is meant.
        let is_branch = |item: &LostItem| item.kind == LostKind::Branch;
        if hits.iter().filter(|item| is_branch(item)).count() == 1 {
            hits.retain(is_branch);
        }
    }
    Ok(hits)
}

/// The item from its commit number `at` on.
fn part(session: &Session, mut item: LostItem, at: usize) -> LostItem {
    item.id = item.commits[at];
    item.commits.drain(..at);
    item.commit_count = item.commits.len();
    if let Ok(commit) = session.repo.commit(item.id) {
        item.made = Some(Time::new(commit.time.0, commit.time.1));
        (item.subject, item.author) = (commit.subject, commit.author);
    }
    item
}
