//! The operation log: a chain of small commits, one chain a clone, merged on reading.

use super::layout::{LOG, Layout};
use crate::git::{MODE_FILE, ObjectKind, ObjectSink, Repo, TreeEntry, write_commit};
use crate::host::fs;
use crate::model::{ObjectId, Operation, RepoPath, Steps};
use crate::{Error, Kind, Result};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const MAX_RECORD: u64 = 4 << 20;

/// The name of this clone, made when first needed.
fn clone_id(repo: &Repo, layout: &Layout) -> Result<String> {
    let path = layout.clone_id();
    if let Some(id) = read_clone_id(layout)? {
        return Ok(id);
    }
    let (seconds, nanos) = crate::host::clock::precise();
    let seed = format!(
        "{seconds}.{nanos} {} {} {}",
        std::process::id(),
        crate::host::clock::host_name(),
        repo.root().display()
    );
    let id = crate::git::name_of(ObjectKind::Blob, seed.as_bytes())?.to_string()[..12].to_owned();
    repo.write_whole(&path, format!("{id}\n").as_bytes())?;
    Ok(id)
}

fn read_clone_id(layout: &Layout) -> Result<Option<String>> {
    let text = fs::read_capped(&layout.clone_id(), 256)?;
    let id = text.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    Ok(id.filter(|id| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit())))
}

/// Adds an entry. Already there (after a crash): nothing happens.
pub fn append(repo: &Repo, layout: &Layout, operation: &Operation) -> Result<()> {
    let name = format!("{LOG}{}", clone_id(repo, layout)?);
    // Another worktree of this clone may append at the same moment.
    for _ in 0..5 {
        let tip = repo.reference(&name)?;
        if newest(repo, tip, 50)?.iter().any(|o| o.id == operation.id && o.aborted == operation.aborted) {
            return Ok(());
        }
        let sink = ObjectSink::new(repo, layout.area().to_owned());
        let commit = write_entry(repo, &sink, tip, operation)?;
        let published = sink.publish()?;
        let moved = repo.edit_ref(&name, tip, Some(commit), &operation.who, "rollback");
        published.release()?;
        match moved {
            Err(e) if e.kind() == Kind::Busy => std::thread::sleep(std::time::Duration::from_millis(5)),
            other => return other,
        }
    }
    Err(Error::new(Kind::Busy, "the operation log is written to by many others at this moment"))
}

fn write_entry(repo: &Repo, sink: &ObjectSink<'_>, tip: Option<ObjectId>, operation: &Operation) -> Result<ObjectId> {
    let json = serde_json::to_vec_pretty(operation).map_err(|e| Error::fault("cannot write a record").because(e))?;
    let blob = |id| Some(TreeEntry { mode: MODE_FILE, id });
    let mut entries: BTreeMap<RepoPath, Option<TreeEntry>> = BTreeMap::new();
    entries.insert("operation.json".into(), blob(sink.add(ObjectKind::Blob, &json)?));
    if let Some(steps) = operation.steps {
        entries.insert("steps.json".into(), blob(steps));
    }
    let tree = repo.trees()?.edit(ObjectId::EMPTY_TREE, &entries, sink)?;
    let parents: Vec<ObjectId> = tip.into_iter().collect();
    write_commit(sink, tree, &parents, &operation.who, &message(operation))
}

fn message(operation: &Operation) -> String {
    let mut out = format!("{}\n", operation.title);
    if let Some(reason) = &operation.reason {
        out.push_str(&format!("\nReason: {}\n", reason.replace('\n', " ")));
    }
    out.push_str(&format!("\nRollback-Operation: {}\nRollback-Command: {}\n", operation.id, operation.command));
    for (key, value) in [("Undoes", &operation.undoes), ("Redoes", &operation.redoes)] {
        if let Some(value) = value {
            out.push_str(&format!("Rollback-{key}: {value}\n"));
        }
    }
    for fact in &operation.facts {
        let value = fact.new.as_deref().unwrap_or("(nothing)").replace('\n', " ");
        out.push_str(&format!("Rollback-Fact: {}: {} = {value}\n", fact.about, fact.key));
    }
    if operation.aborted {
        out.push_str("Rollback-Aborted: yes\n");
    }
    for (key, value) in super::facts::told(&operation.trouble) {
        let (first, rest) = key.split_at(1);
        out.push_str(&format!("Rollback-{}{rest}: {}\n", first.to_uppercase(), value.replace(char::is_control, " ")));
    }
    if let Some(snapshot) = &operation.snapshot {
        out.push_str(&format!("Rollback-Snapshot: {}\n", snapshot.name));
    }
    out
}

/// The newest entries of one chain, newest first. A record that cannot be read ends the chain: what is older
/// than damage is not guessed at.
fn newest(repo: &Repo, tip: Option<ObjectId>, at_most: usize) -> Result<Vec<Operation>> {
    Ok(chain(repo, tip, at_most).0)
}

/// The newest entries of one chain, and the commit at which it cannot be read any further.
fn chain(repo: &Repo, tip: Option<ObjectId>, at_most: usize) -> (Vec<Operation>, Option<ObjectId>) {
    let mut out = Vec::new();
    let mut next = tip;
    while let Some(commit) = next.filter(|_| out.len() < at_most) {
        let Some((operation, parent)) = read_entry(repo, commit) else { return (out, Some(commit)) };
        out.extend(operation);
        next = parent;
    }
    (out, None)
}

/// Like [`read`], of everything, with a sentence for each log that cannot be read to its end.
pub fn read_all(repo: &Repo) -> Result<(Vec<Operation>, Vec<String>)> {
    let (mut out, mut damage) = (Vec::new(), Vec::new());
    for found in repo.references(&format!("{LOG}*"))? {
        let (operations, end) = chain(repo, Some(found.id), usize::MAX);
        out.push(operations);
        if let Some(commit) = end {
            let name = String::from_utf8_lossy(found.name.as_bytes()).into_owned();
            damage.push(format!("the log {name} cannot be read at {} and before", commit.short()));
        }
    }
    Ok((merged(out, usize::MAX), damage))
}

/// An entry (`None`: of a newer version, or not one of ours) and the commit before it.
fn read_entry(repo: &Repo, commit: ObjectId) -> Option<(Option<Operation>, Option<ObjectId>)> {
    let info = repo.commit(commit).ok()?;
    let parent = info.parents.first().copied();
    let entry = repo.trees().ok()?.find(info.tree, b"operation.json").ok()??;
    if entry.mode != MODE_FILE || repo.blob_size(entry.id).ok()? > MAX_RECORD {
        return Some((None, parent));
    }
    let operation: Option<Operation> = serde_json::from_slice(&repo.blob(entry.id).ok()?).ok();
    Some((operation.filter(|o| o.version <= Operation::VERSION), parent))
}

/// Entries of all clones whose logs are here, newest first; of entries with one name (an operation and the note
/// that it was taken back half-way) the newest counts.
pub fn read(repo: &Repo, at_most: usize) -> Result<Vec<Operation>> {
    let mut out = Vec::new();
    for chain in repo.references(&format!("{LOG}*"))? {
        out.push(newest(repo, Some(chain.id), at_most)?);
    }
    Ok(merged(out, at_most))
}

/// Entries that this clone wrote: undo never takes back what was done elsewhere.
pub fn read_own(repo: &Repo, layout: &Layout, at_most: usize) -> Result<Vec<Operation>> {
    let Some(id) = read_clone_id(layout)? else { return Ok(Vec::new()) };
    let tip = repo.reference(&format!("{LOG}{id}"))?;
    Ok(merged(vec![newest(repo, tip, at_most)?], at_most))
}

/// Chains of several clones as one list. Within a chain its own order counts, never the clock, which may go back;
/// between chains the time does.
fn merged(chains: Vec<Vec<Operation>>, at_most: usize) -> Vec<Operation> {
    let mut chains: Vec<VecDeque<Operation>> = chains.into_iter().map(VecDeque::from).collect();
    let (mut out, mut seen) = (Vec::new(), BTreeSet::new());
    while out.len() < at_most {
        let newest = chains.iter_mut().max_by_key(|chain| chain.front().map(|o| (o.who.time.seconds, o.millis)));
        let Some(operation) = newest.and_then(VecDeque::pop_front) else { break };
        if seen.insert(operation.id.clone()) {
            out.push(operation);
        }
    }
    out
}

/// The operation a person names by the beginning of its id.
///
/// # Errors
/// Refused: none, or several.
pub fn find(operations: &[Operation], id: &str) -> Result<Operation> {
    let id = id.strip_prefix("op:").unwrap_or(id);
    let found: Vec<&Operation> = operations.iter().filter(|o| !id.is_empty() && o.id.starts_with(id)).collect();
    match found[..] {
        [one] => Ok(one.clone()),
        [] => Err(Error::refused(format!("there is no operation {id}")).help("`git rollback log` lists them")),
        _ => Err(Error::refused(format!("{id} is the beginning of several operations"))
            .help(format!("type more of it: {}", found.iter().map(|o| o.id.as_str()).collect::<Vec<_>>().join(", ")))),
    }
}

/// The steps of an operation.
pub fn steps_of(repo: &Repo, operation: &Operation) -> Result<Steps> {
    let Some(blob) = operation.steps else { return Ok(Steps::new(Vec::new())) };
    super::journal::parse_steps(&repo.blob(blob)?)
}

/// What can be undone and redone in a worktree, the next one last.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Operations that a bare `undo` walks back through.
    pub done: Vec<Operation>,
    /// Undo operations that a `redo` takes back.
    pub undone: Vec<Operation>,
}

/// Replays the log of one worktree.
pub fn timeline(operations: &[Operation], worktree: &str) -> Timeline {
    let mut out = Timeline::default();
    let mine = operations.iter().rev().filter(|o| {
        o.worktree == worktree && !o.aborted && (o.changes_state || o.undoes.is_some() || o.redoes.is_some())
    });
    for operation in mine {
        if let Some(redone) = &operation.redoes {
            if let Some(at) = out.undone.iter().position(|o| &o.id == redone) {
                out.undone.remove(at);
            }
            if operation.changes_state {
                out.done.push(operation.clone());
            }
        } else if let Some(undone) = &operation.undoes {
            if let Some(at) = out.done.iter().rposition(|o| &o.id == undone) {
                out.done.remove(at);
            }
            out.undone.push(operation.clone());
        } else {
            out.done.push(operation.clone());
            out.undone.clear();
        }
    }
    out
}
