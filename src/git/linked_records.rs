//! Git's records of linked worktrees, `worktrees/*` below the common git directory: made by git, and removed here.

use super::process::{git, only_allowed_filters, set};
use super::repo::{Handles, Repo};
use crate::host::process::Done;
use crate::host::{fs, scratch};
use crate::model::{ObjectId, readable};
use crate::{Error, Result};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// More than any file of git's about a worktree.
pub(super) const MAX: u64 = 1 << 16;

/// Adds a linked worktree with a detached `HEAD`. Filters of the repository run only when they are allowed, and no hooks.
pub(super) fn add_worktree(repo: &Repo, path: &Path, commit: ObjectId, mark: &str) -> Result<()> {
    add(repo, path, &["--detach"], &commit.to_string(), mark)
}

/// The same with a branch checked out. Both are locked afterwards, with `mark` as the reason: so nobody takes one for complete that is
/// not, and what git had only begun when it was killed is known by it.
pub(super) fn add_branch_worktree(repo: &Repo, path: &Path, branch: &str, mark: &str) -> Result<()> {
    add(repo, path, &[], branch, mark)
}

fn add(repo: &Repo, path: &Path, options: &[&str], what: &str, mark: &str) -> Result<()> {
    let mut command = git(repo);
    set(&mut command, &only_allowed_filters(repo));
    command.args(["worktree", "add", "--quiet", "--no-guess-remote", "--no-checkout", "--lock", "--reason", mark]);
    command.args(options.iter().copied()).arg_bytes(path.as_os_str().as_bytes()).args([what]);
    done(&command.input(b"")?, "cannot make a linked worktree")?;
    // `git worktree add` fills it with `git reset`, and that takes git's lock of all packed refs for a moment: killed there, it would
    // leave a lock that nobody can tell from one that is held.
    let mut command = git(repo);
    set(&mut command, &only_allowed_filters(repo));
    command.env("GIT_DIR", path.join(".git")).env("GIT_WORK_TREE", path).cwd(path);
    done(&command.args(["read-tree", "--reset", "-u", "HEAD"]).input(b"")?, "cannot make a linked worktree")
}

/// Lets a linked worktree and git's record of it lead to each other again.
pub(super) fn repair_worktree(repo: &Handles, path: &Path) -> Result<()> {
    let mut command = git(repo);
    command.args(["worktree", "repair"]).arg_bytes(path.as_os_str().as_bytes());
    done(&command.input(b"")?, "cannot repair a linked worktree")
}

/// What is not committed in a linked worktree, files that git ignores among them, as `git status --porcelain` has it.
pub(super) fn status_lines(repo: &Handles, record: &Path, top: &Path) -> Result<Vec<String>> {
    let mut command = git(repo);
    command.env("GIT_DIR", record).env("GIT_WORK_TREE", top).cwd(top);
    command.args(["status", "--porcelain", "-z", "--untracked-files=all", "--ignored", "--no-renames"]);
    let said = command.input(b"")?;
    done(&said, "cannot tell what is in a linked worktree")?;
    let lines = said.stdout.split(|&b| b == 0).filter(|line| !line.is_empty());
    Ok(lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect())
}

fn done(said: &Done, cannot: &str) -> Result<()> {
    match said.code {
        Some(0) => Ok(()),
        _ => Err(Error::fault(format!("git {cannot}")).because(readable(&said.stderr).trim())),
    }
}

/// All records.
fn records(repo: &Repo) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repo.common_dir().join("worktrees"));
    entries.map_or_else(|_| Vec::new(), |entries| entries.flatten().map(|entry| entry.path()).collect())
}

/// Where a record leads; nowhere: git was killed before it wrote that.
fn leads(record: &Path) -> Result<Option<PathBuf>> {
    let text = fs::read_capped(&record.join("gitdir"), MAX)?.unwrap_or_default();
    let text = PathBuf::from(std::ffi::OsStr::from_bytes(text.trim_ascii_end()));
    Ok((!text.as_os_str().is_empty()).then(|| record.join(text)))
}

/// Git's record of the worktree that stands, or stood, at `path`.
pub(super) fn record_of(repo: &Repo, path: &Path) -> Result<Option<PathBuf>> {
    let wanted = path.join(".git");
    for record in records(repo) {
        if leads(&record)?.is_some_and(|leads| same_place(&leads, &wanted)) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

fn same_place(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    a == b || real(a).is_some_and(|a| Some(a) == real(b))
}

/// Removes a record. Only under our lock. It leaves its place whole: half of one would lead nowhere, and nobody would find it again.
pub(super) fn discard(repo: &Repo, record: &Path) -> Result<()> {
    let gone = fs::fresh_dir(&repo.area().join("scratch/worktree"))?.join("record");
    scratch::move_new(record, &gone)?;
    fs::remove_scratch(&gone)
}

/// Removes what git had begun for a worktree at `path` when it was killed: a record that leads nowhere yet, with our mark or not even that.
pub(super) fn discard_begun(repo: &Repo, path: &Path, mark: &str) -> Result<()> {
    let name = path.file_name().unwrap_or_default().as_bytes();
    for record in records(repo) {
        let ours = record.file_name().is_some_and(|file| file.as_bytes().starts_with(name));
        if !ours || leads(&record)?.is_some() || record.join("HEAD").exists() {
            continue;
        }
        let said = fs::read_capped(&record.join("locked"), MAX)?.unwrap_or_default();
        if mark.as_bytes().starts_with(said.trim_ascii_end()) {
            discard(repo, &record)?;
        }
    }
    Ok(())
}

/// Forgets a worktree of ours for the moment, whose directory is gone. The caller holds its lock, so that a record by its name that leads
/// nowhere is what is left of it.
pub(super) fn prune_worktree(repo: &Repo, path: &Path) -> Result<()> {
    let Some(name) = path.file_name() else { return Ok(()) };
    let record = repo.common_dir().join("worktrees").join(name);
    match leads(&record)? {
        Some(leads) if leads != path.join(".git") => Ok(()),
        _ => fs::remove_scratch(&record),
    }
}
