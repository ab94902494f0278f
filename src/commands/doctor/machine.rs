//! What the machine and git offer.

use super::{fail, ok, settle, some_of, warn};
use crate::Result;
use crate::git;
use crate::host::fs;
use crate::model::report::Check;
use crate::store::session::Session;

/// Older ones lack what some commands need.
const OLDEST_GIT: (u32, u32) = (2, 38);
/// Below this much free space a snapshot of any size may not fit.
const LITTLE_SPACE: u64 = 500 << 20;

pub(super) fn checks(session: &Session) -> Vec<Check> {
    vec![
        git_version(),
        repository(session),
        settings(session),
        filters(session),
        syncing(session),
        settle("file system", file_system(session)),
        settle("space", space(session)),
    ]
}

fn git_version() -> Check {
    let name = "git";
    match git::version() {
        Err(error) => fail(name, error.to_string(), "install git"),
        Ok(version) => {
            let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
            let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
            if found >= OLDEST_GIT {
                return ok(name, version);
            }
            let (major, minor) = OLDEST_GIT;
            warn(name, format!("{version} is old"), format!("update git to {major}.{minor} or newer"))
        }
    }
}

fn repository(session: &Session) -> Check {
    let repo = &session.repo;
    let name = "repository";
    let worktree = match repo.worktree_id().as_str() {
        "main" => "the main worktree".to_owned(),
        linked => format!("the linked worktree {}", linked.trim_start_matches("wt-")),
    };
    if repo.is_partial_clone() {
        let help = "going to a commit whose files were never fetched is refused: fetch them first (`git fetch --refetch --no-filter`)";
        return warn(name, format!("{worktree}; a partial clone: objects may be missing on purpose"), help);
    }
    let shallow = if repo.is_shallow() { "; the history was cut off by a shallow clone" } else { "" };
    ok(name, format!("{worktree}{shallow}"))
}

fn settings(session: &Session) -> Check {
    let config = &session.config;
    let reason = if config.reason_required { "; a reason is required" } else { "" };
    ok("settings", format!("baseline {}; protected: {}{reason}", config.baseline, config.protect.join(", ")))
}

fn filters(session: &Session) -> Check {
    let name = "filters";
    let own: Vec<String> = session.repo.filters_of_repository().into_iter().collect();
    if own.is_empty() {
        return ok(name, "none that only this repository defines");
    }
    let detail = format!("only this repository's configuration defines {}", some_of(&own));
    if crate::config::trust::allows_own_commands(&session.repo) {
        return ok(name, format!("{detail}, which you have allowed"));
    }
    warn(name, format!("{detail}: they are not run"), "look at them and allow them with `git rollback trust`")
}

fn syncing(session: &Session) -> Check {
    let name = "syncing";
    // Opening the repository fails where ours cannot be switched on; git's own is the user's choice.
    match session.repo.config_string("core.fsync") {
        Some(value) if value.split(',').any(|word| word.trim() == "none") => warn(
            name,
            "what this tool writes is synced to disk; what git itself writes is not (core.fsync=none)",
            "`git config --unset core.fsync`",
        ),
        _ => ok(name, "everything is synced to disk before anything is overwritten"),
    }
}

fn file_system(session: &Session) -> Result<Check> {
    let name = "file system";
    Ok(match fs::weak_file_system(session.repo.root())? {
        None => ok(name, "files are exchanged in one step"),
        Some(kind) => warn(
            name,
            format!("{kind}: files may have to be moved aside before new ones take their names"),
            "nothing is lost, but for a moment a name may be missing; close programs that watch the files",
        ),
    })
}

fn space(session: &Session) -> Result<Check> {
    let free = fs::available_space(session.repo.common_dir())?;
    let detail = format!("{} MiB free", free >> 20);
    Ok(if free >= LITTLE_SPACE {
        ok("space", detail)
    } else {
        warn("space", detail, "free some: `git rollback gc` empties the trash, `git gc` packs objects")
    })
}
