//! The files of the git directory that tell of a merge, rebase, cherry-pick, revert, am or bisect under way.

use crate::git::{Handles, ObjectKind, ObjectSink, Repo};
use crate::host::fs;
use crate::model::{GitFile, ObjectId, RepoPath};
use crate::{Error, Result};
use std::path::Path;

const OPERATION: [&str; 8] = [
    "MERGE_HEAD",
    "MERGE_MSG",
    "MERGE_MODE",
    "MERGE_RR",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "AUTO_MERGE",
    "SQUASH_MSG",
];
const OPERATION_DIRS: [&str; 3] = ["rebase-merge", "rebase-apply", "sequencer"];
const BISECT: [&str; 6] =
    ["BISECT_LOG", "BISECT_START", "BISECT_NAMES", "BISECT_TERMS", "BISECT_EXPECTED_REV", "BISECT_ANCESTORS_OK"];
/// More than any of these files ever has.
const MAX_SIZE: u64 = 64 << 20;

/// Whether a file belongs to a bisection: that one goes on when the commit changes.
pub fn is_bisect(name: &RepoPath) -> bool {
    name.as_bytes().starts_with(b"BISECT_")
}

/// What is under way, in git's words.
pub fn in_progress(git_dir: &Path) -> Vec<&'static str> {
    let there = |name: &str| git_dir.join(name).exists();
    let mut out = Vec::new();
    if there("rebase-merge") || there("rebase-apply/rebasing") {
        out.push("rebase");
    } else if there("rebase-apply") {
        out.push("am");
    }
    for (file, word) in [
        ("MERGE_HEAD", "merge"),
        ("CHERRY_PICK_HEAD", "cherry-pick"),
        ("REVERT_HEAD", "revert"),
        ("BISECT_LOG", "bisect"),
    ] {
        if there(file) {
            out.push(word);
        }
    }
    out
}

/// Saves all of them.
pub fn capture(repo: &Handles, sink: &ObjectSink<'_>) -> Result<Vec<GitFile>> {
    let mut out = Vec::new();
    for name in OPERATION.iter().chain(&BISECT) {
        save(repo.git_dir(), RepoPath::from(*name), sink, &mut out)?;
    }
    for name in OPERATION_DIRS {
        save_dir(repo.git_dir(), &RepoPath::from(name), sink, &mut out)?;
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(out)
}

fn save_dir(git_dir: &Path, dir: &RepoPath, sink: &ObjectSink<'_>, out: &mut Vec<GitFile>) -> Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let failed = |e: std::io::Error| Error::io(format!("cannot read {dir} in the git directory"), &e);
    let entries = match std::fs::read_dir(git_dir.join(dir.to_os())) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(failed(e)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let path = RepoPath::join(dir.as_bytes(), entry.file_name().as_bytes());
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            save_dir(git_dir, &path, sink, out)?;
        } else if kind.is_file() {
            save(git_dir, path, sink, out)?;
        }
    }
    Ok(())
}

fn save(git_dir: &Path, name: RepoPath, sink: &ObjectSink<'_>, out: &mut Vec<GitFile>) -> Result<()> {
    if let Some(bytes) = fs::read_capped(&git_dir.join(name.to_os()), MAX_SIZE)? {
        out.push(GitFile { blob: sink.add(ObjectKind::Blob, &bytes)?, name });
    }
    Ok(())
}

/// The bytes of one of the files, when it is there.
pub fn read(repo: &Handles, name: &RepoPath) -> Result<Option<Vec<u8>>> {
    fs::read_capped(&repo.git_dir().join(name.to_os()), MAX_SIZE)
}

/// Whether a record may name this file: records are input, and only known files are ever written.
pub fn is_known(name: &RepoPath) -> bool {
    let text = String::from_utf8_lossy(name.as_bytes()).into_owned();
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    OPERATION.contains(&text.as_str())
        || BISECT.contains(&text.as_str())
        || OPERATION_DIRS.iter().any(|dir| {
            text.strip_prefix(dir)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|rest| rest.split('/').all(plain))
        })
}

/// Commits that the files name and that nothing else may hold (an autostash, the head before a rebase).
pub fn commits_named(repo: &Repo, files: &[GitFile]) -> Vec<ObjectId> {
    let mut out = Vec::new();
    for file in files {
        let Ok(Some(bytes)) = read(repo, &file.name) else { continue };
        if bytes.len() > 1 << 16 {
            continue;
        }
        for word in bytes.split(|b| b.is_ascii_whitespace()) {
            if let Some(id) = ObjectId::from_hex(word)
                && !out.contains(&id)
                && repo.commit(id).is_ok()
            {
                out.push(id);
            }
        }
    }
    out
}
