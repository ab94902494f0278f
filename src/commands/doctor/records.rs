//! What this tool keeps, and whether it can be read back.

use super::{fail, ok, settle, some_of, warn};
use crate::host::fs;
use crate::model::ObjectId;
use crate::model::report::Check;
use crate::store::journal::Journal;
use crate::store::layout::SNAPSHOTS;
use crate::store::session::Session;
use crate::store::{log, points, snapshot};
use crate::{Result, git};
use std::collections::BTreeSet;
use std::path::Path;

/// How many snapshots and points are read.
const READ: usize = 200;

pub(super) fn checks(session: &Session) -> Vec<Check> {
    let mut out = vec![
        settle("own directory", own_directory(session)),
        unfinished(session),
        settle("locks", locks(session)),
        settle("operation log", operation_log(session)),
    ];
    out.push(settle("points", read_points(session)));
    out.push(settle("snapshots", read_snapshots(session)));
    out.push(trash(session));
    out
}

fn own_directory(session: &Session) -> Result<Check> {
    let name = "own directory";
    let area = session.layout.area();
    let Some(mode) = fs::mode_of(area)? else { return Ok(ok(name, "nothing is kept for this worktree yet")) };
    if !fs::is_writable_dir(area) {
        let help = "give it back to yourself: `chown -R` and `chmod -R u+rwX` on it";
        return Ok(fail(name, format!("{} cannot be written", area.display()), help));
    }
    if mode & 0o077 != 0 {
        let detail = format!("others may look into {} (mode {:o})", area.display(), mode & 0o777);
        return Ok(warn(name, detail, format!("chmod 700 {}", area.display())));
    }
    Ok(ok(name, "only you can look into it"))
}

fn unfinished(session: &Session) -> Check {
    let name = "unfinished operation";
    match Journal::read(&session.layout) {
        Ok(None) => ok(name, "none"),
        Ok(Some(_)) if session.is_at_work().unwrap_or(false) => ok(name, "another run is at work now"),
        Ok(Some(journal)) => {
            let detail = format!("{} ({})", journal.operation.title, journal.operation.id);
            warn(name, detail, "`git rollback continue` finishes it, `git rollback abort` takes it back")
        }
        Err(error) => settle(name, Err(error)),
    }
}

/// Lock files, and files on their way into the worktree.
fn locks(session: &Session) -> Result<Check> {
    let name = "locks";
    let (layout, git_dir) = (&session.layout, session.repo.git_dir());
    if session.is_at_work()? {
        return Ok(ok(name, "another run is at work now"));
    }
    if Journal::read(layout).is_ok_and(|journal| journal.is_some()) {
        return Ok(ok(name, "as the unfinished operation left them"));
    }
    let ours = [layout.lock_index(), layout.lock_head()].iter().any(|path| path.exists());
    if ours || fs::has_entries(&layout.stage()) {
        let detail = "an interrupted run left files of its own";
        return Ok(warn(name, detail, "the next command that changes something clears them; nothing is lost"));
    }
    let theirs: Vec<String> =
        ["index.lock", "HEAD.lock"].iter().filter(|n| git_dir.join(n).exists()).map(|n| (*n).to_owned()).collect();
    if !theirs.is_empty() {
        let detail = format!("git left {} in {}, or is at work", some_of(&theirs), git_dir.display());
        return Ok(warn(name, detail, "if no git command is running, remove it"));
    }
    Ok(ok(name, "none left over"))
}

fn operation_log(session: &Session) -> Result<Check> {
    let name = "operation log";
    let (operations, damage) = log::read_all(&session.repo)?;
    Ok(match damage.first() {
        None => ok(name, format!("{} operations can be read", operations.len())),
        Some(first) => {
            let help = "newer operations are not affected; points and snapshots do not depend on the log";
            fail(name, format!("{first}; {} operations can be read", operations.len()), help)
        }
    })
}

fn read_points(session: &Session) -> Result<Check> {
    let repo = &session.repo;
    let all = points::list(repo)?;
    let mut bad = Vec::new();
    for point in all.iter().take(READ) {
        let target = points::detail(repo, point).and_then(|detail| readable(session, detail.target));
        if let Err(error) = target {
            bad.push(format!("{} ({error})", point.name));
        }
    }
    Ok(summary(
        "points",
        all.len(),
        bad,
        "delete it with `git rollback points delete NAME`; the others are not affected",
    ))
}

fn read_snapshots(session: &Session) -> Result<Check> {
    let mut all = session.repo.references(&format!("{SNAPSHOTS}*"))?;
    all.reverse();
    let mut bad = Vec::new();
    for found in all.iter().take(READ) {
        if let Err(error) = snapshot::load(&session.repo, found.id) {
            let name = String::from_utf8_lossy(found.name.as_bytes()).into_owned();
            bad.push(format!("{} ({error})", name.trim_start_matches(SNAPSHOTS)));
        }
    }
    let help =
        "the operation it belongs to cannot be undone; plain git may still read it: `git stash apply --index REF^`";
    Ok(summary("snapshots", all.len(), bad, help))
}

/// Whether a point's target can be gone to, as far as its records tell.
fn readable(session: &Session, target: ObjectId) -> Result<()> {
    if snapshot::is_snapshot(&session.repo, target) {
        return snapshot::load(&session.repo, target).map(drop);
    }
    session.repo.commit(target).map(drop)
}

fn summary(name: &str, all: usize, bad: Vec<String>, help: &str) -> Check {
    if !bad.is_empty() {
        return fail(name, format!("cannot be read: {}", some_of(&bad)), help);
    }
    match all {
        0 => ok(name, "none yet"),
        all if all > READ => ok(name, format!("{all}; the newest {READ} can be read")),
        all => ok(name, format!("{all}, all can be read")),
    }
}

fn trash(session: &Session) -> Check {
    let size = |path: &Path| fs::size_below(path);
    let (trash, kept) = (size(&session.layout.trash()), size(&session.layout.all_kept()));
    let mib = |bytes: u64| bytes.div_ceil(1 << 20);
    if trash + kept == 0 {
        return ok("trash", "empty");
    }
    ok(
        "trash",
        format!("{} MiB, and {} MiB of files kept aside; `git rollback gc` removes what is old", mib(trash), mib(kept)),
    )
}

/// Whether everything that refs lead to is there.
pub(super) fn objects(session: &Session) -> Check {
    let name = "objects";
    settle(
        name,
        git::fsck(&session.repo).map(|complaints| {
            if complaints.is_empty() {
                return ok(name, "everything that refs lead to is there (git fsck)");
            }
            let distinct: BTreeSet<&String> = complaints.iter().collect();
            let some: Vec<String> = distinct.into_iter().take(6).cloned().collect();
            let help = "fetch what is missing from another clone; `git fsck --full` says more";
            fail(name, format!("git fsck: {}", some_of(&some)), help)
        }),
    )
}
