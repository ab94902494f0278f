//! Removing what is old: snapshots that no point names, what lies in the trash, and results of tests.

use crate::Result;
use crate::git::Ref;
use crate::host::fs;
use crate::model::report::{GcItem, GcReport};
use crate::model::{FileCounts, Operation, RefMove, Time};
use crate::store::layout::SNAPSHOTS;
use crate::store::points::{self, stamp};
use crate::store::session::Session;
use crate::store::{journal::Journal, log, passed};
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Removes (or, in a dry run, lists) what is older than `age` seconds. The log stays.
///
/// This cannot be undone, which is why it is a command of its own and nothing else removes anything.
///
/// # Errors
/// Stopped while an operation is unfinished.
pub fn gc(session: &Session, age: u64, dry_run: bool, reason: Option<String>) -> Result<GcReport> {
    if dry_run && Journal::read(&session.layout)?.is_none() {
        return collect(session, age);
    }
    let _lock = session.lock_for_change()?;
    let mut report = collect(session, age)?;
    report.dry_run = dry_run;
    let name = session.name_operation()?;
    let mut operation = record(session, &name, reason)?;
    let mut snapshots = Vec::new();
    for item in &report.removed {
        match item.what.as_str() {
            "snapshot" => {
                let full = format!("{SNAPSHOTS}{}", item.name);
                let old = session.repo.reference(&full)?;
                snapshots.extend(old.map(|id| (full.clone(), id)));
                operation.refs.push(RefMove { name: full, old, new: None });
            }
            "test result" => {
                fs::remove_file_if_exists(&passed::dir(&session.repo).join(&item.name))?;
            }
            _ => {
                let base = if item.what == "trash" { session.layout.trash() } else { session.layout.all_kept() };
                let emptied = crate::worktree::trash::empty(&base.join(&item.name))?;
                operation.files =
                    FileCounts { removed: operation.files.removed + emptied.files as usize, ..operation.files };
                report.warnings.extend(emptied.left.iter().map(|left| format!("{} stays", left.display())));
            }
        }
    }
    session.repo.remove_references(&snapshots)?;
    if !report.removed.is_empty() {
        log::append(&session.repo, &session.layout, &operation)?;
    }
    Ok(report)
}

fn collect(session: &Session, age: u64) -> Result<GcReport> {
    let (seconds, nanos) = crate::host::clock::precise();
    let limit = seconds.saturating_sub(age as i64);
    let limit_stamp = stamp(limit, nanos);
    let mut report = GcReport { dry_run: true, ..GcReport::default() };
    let named = named(session)?;
    let mut live: BTreeSet<String> = BTreeSet::new();
    for Ref { name, id } in session.repo.references(&format!("{SNAPSHOTS}*"))? {
        let Some(short) = std::str::from_utf8(name.as_bytes()).ok().and_then(|n| n.strip_prefix(SNAPSHOTS)) else {
            continue;
        };
        let operation = short.rsplit('-').next().unwrap_or_default().to_owned();
        if short < limit_stamp.as_str() && !named.contains(&id) {
            let time = session.repo.commit(id).ok().map(|c| Time { seconds: c.time.0, offset_minutes: c.time.1 });
            report.removed.push(item("snapshot", short, time, None, "older than asked, and no point names it"));
        } else {
            report.kept += 1;
            live.insert(operation);
        }
    }
    let dirs = [
        ("trash", session.layout.trash(), OPERATION_LENGTH),
        ("kept", session.layout.all_kept(), OPERATION_LENGTH),
        // Nothing is lost with these: the tests run once more.
        ("test result", passed::dir(&session.repo), passed::NAME_LENGTH),
    ];
    for (what, base, length) in dirs {
        for (name, changed, bytes) in entries(&base, length) {
            if changed <= limit && !live.contains(&name) {
                report.bytes += bytes;
                let time = Some(Time { seconds: changed, offset_minutes: 0 });
                report.removed.push(item(what, &name, time, Some(bytes), "older than asked"));
            } else {
                report.kept += 1;
            }
        }
    }
    Ok(report)
}

/// Snapshots that points name, and that unfinished operations need.
fn named(session: &Session) -> Result<BTreeSet<crate::model::ObjectId>> {
    let mut out = BTreeSet::new();
    for point in points::list(&session.repo)? {
        // A ref that is no point holds what it holds by itself.
        if let Ok(detail) = points::detail(&session.repo, &point) {
            out.insert(detail.target);
        }
    }
    // Another worktree's unfinished operation still needs its snapshot.
    for area in session.layout.all_areas() {
        out.extend(Journal::read_at(&area.join("journal.json"))?.iter().flat_map(Journal::snapshots));
    }
    Ok(out)
}

fn item(what: &str, name: &str, time: Option<Time>, bytes: Option<u64>, reason: &str) -> GcItem {
    GcItem { what: what.to_owned(), name: name.to_owned(), time, bytes, reason: reason.to_owned() }
}

/// How long the name of an operation is.
const OPERATION_LENGTH: usize = 8;

/// What is ours in a directory: name, last change, size. Our names are hexadecimal.
fn entries(base: &Path, length: usize) -> Vec<(String, i64, u64)> {
    let Ok(found) = std::fs::read_dir(base) else { return Vec::new() };
    let entry = |entry: std::fs::DirEntry| {
        let meta = entry.metadata().ok()?;
        let name = entry.file_name().into_string().ok()?;
        let ours = name.len() == length && name.bytes().all(|b| b.is_ascii_hexdigit());
        ours.then(|| (name, meta.ctime(), size_of(&entry.path())))
    };
    found.flatten().filter_map(entry).collect()
}

fn size_of(path: &Path) -> u64 {
    let Ok(meta) = std::fs::symlink_metadata(path) else { return 0 };
    if !meta.is_dir() {
        return meta.len();
    }
    std::fs::read_dir(path).map_or(0, |entries| entries.flatten().map(|e| size_of(&e.path())).sum())
}

fn record(session: &Session, name: &crate::store::session::OperationName, reason: Option<String>) -> Result<Operation> {
    let title = "Remove old snapshots and trash".to_owned();
    Ok(Operation { reason, ..super::record::entry(session, name, "gc", title)? })
}
