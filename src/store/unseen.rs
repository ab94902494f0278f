//! Files that differ from the bytes git would write, without git calling them changed.
//!
//! `git add` of mixed line ends does that: the stat data of such a file is that of the index, but a conversion was run on
//! its bytes. Its size gives it away: it is another than that of its blob.

use super::layout::Layout;
use crate::Result;
use crate::git::{Attributes, Index, Lookup, Repo, Sizes};
use crate::worktree::{EntryState, Scan};
use std::sync::Mutex;

/// Fewer files are not worth remembering the sizes of their blobs for.
const MANY: usize = 2_000;
/// How many files a thread takes at a time.
const AT_ONCE: usize = 1_024;

/// What one thread found.
#[derive(Default)]
struct Found {
    /// Their bytes may be others.
    suspects: Vec<usize>,
    /// The sizes of these, and of their blobs, decide.
    unknown: Vec<(usize, u64)>,
}

/// The entries of the index, sorted, whose files have to be read although they are clean.
pub(super) fn may_differ(repo: &Repo, index: &Index, scan: &Scan, attributes: &Attributes) -> Result<Vec<usize>> {
    if attributes.is_trivial() {
        return Ok(Vec::new());
    }
    let memory = Layout::new(repo).sizes();
    let mut sizes = if index.len() >= MANY { Sizes::recall(&memory) } else { Sizes::default() };
    let all = Mutex::new(Found::default());
    crate::host::share(
        &scan.entries,
        AT_ONCE,
        || Lookup::new(attributes),
        |lookup, first, states| {
            let mut found = Found::default();
            for (i, state) in states.iter().enumerate().map(|(at, state)| (first + at, state)) {
                let EntryState::Clean(seen) = state else { continue };
                let conversion = lookup.conversion(index.path(i));
                if !conversion.cleans || conversion.external || !seen.is_file() {
                    continue;
                }
                match sizes.get(&index.id(i)) {
                    _ if conversion.smudges => found.suspects.push(i),
                    None => found.unknown.push((i, seen.size())),
                    Some(size) if size != seen.size() => found.suspects.push(i),
                    Some(_) => {}
                }
            }
            let mut all = all.lock().unwrap_or_else(|e| e.into_inner());
            all.suspects.append(&mut found.suspects);
            all.unknown.append(&mut found.unknown);
        },
    );
    let Found { mut suspects, unknown } = all.into_inner().unwrap_or_else(|e| e.into_inner());
    sizes.learn(repo, unknown.iter().map(|(i, _)| index.id(*i)).collect())?;
    let differs = |(i, size): &(usize, u64)| sizes.get(&index.id(*i)).is_some_and(|known| known != *size);
    suspects.extend(unknown.iter().filter(|one| differs(one)).map(|(i, _)| *i));
    suspects.sort_unstable();
    if index.len() >= MANY {
        sizes.remember(&memory, (0..index.len()).map(|i| index.id(i)));
    }
    Ok(suspects)
}
