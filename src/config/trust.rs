//! Which commands and filters of a repository its user allows.
//!
//! What a repository brings along is run only after the user has seen and allowed exactly that. What is allowed is
//! remembered outside of the repository, by its common git directory and the SHA-256 of the content: a copied
//! repository, another directory or one changed byte is not allowed any more.

use super::FILE_NAME;
use crate::git::Repo;
use crate::host::{Runner, Talk, clock, env, fs};
use crate::{Error, Result};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// The variable with hashes that are allowed as well, for where nobody can be asked.
pub const VARIABLE: &str = "GIT_ROLLBACK_TRUST";

/// A file of hashes above this size is not ours.
const MAX_FILE: u64 = 1 << 20;

/// The hash of a settings file, as `sha256sum` prints it.
pub fn hash(text: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash of the commands that only the repository's git configuration defines (filters, merge drivers); `None`:
/// there are none.
pub fn hash_of_own_commands(repo: &Repo) -> Option<String> {
    let commands = repo.own_commands();
    // No settings file begins like this: it would not be TOML.
    let mut text = b"commands of the repository\0".to_vec();
    for (key, value) in &commands {
        text.extend_from_slice(format!("{key}\0{value}\0").as_bytes());
    }
    (!commands.is_empty()).then(|| hash(&text))
}

/// Whether the user has allowed what has this hash.
///
/// # Errors
/// When what is remembered cannot be read, or lies where the repository could write it.
pub fn is_allowed(repo: &Repo, hash: &str) -> Result<bool> {
    let of_environment = env::var(VARIABLE).unwrap_or_default();
    if of_environment.split([',', ' ']).any(|one| one.eq_ignore_ascii_case(hash)) {
        return Ok(true);
    }
    Ok(remembered(repo)?.iter().any(|one| one == hash))
}

/// Whether these commands may run.
pub fn allows_own_commands(repo: &Repo) -> bool {
    // Whatever stands in the way of knowing is a no.
    hash_of_own_commands(repo).is_some_and(|hash| is_allowed(repo, &hash).unwrap_or(false))
}

/// What runs the tasks of `text`, a settings file; `version` says whose it is (`None`: that of the worktree).
///
/// # Errors
/// Refused: the user has not allowed exactly this content.
pub fn runner<'a>(repo: &Repo, text: &[u8], version: Option<&str>, talk: &'a dyn Talk) -> Result<Runner<'a>> {
    require(repo, text, version)?;
    Ok(Runner::new(talk, repo.root()))
}

/// Refuses what the user has not allowed.
pub fn require(repo: &Repo, text: &[u8], version: Option<&str>) -> Result<()> {
    if is_allowed(repo, &hash(text))? {
        return Ok(());
    }
    let (whose, from) = match version {
        Some(version) => (format!("the {FILE_NAME} of {version}"), format!(" --from {version}")),
        None => (FILE_NAME.to_owned(), String::new()),
    };
    let error = match remembered(repo)?.is_empty() {
        true => Error::refused(format!("the commands of {whose} were never allowed, so nothing is run")),
        false => Error::refused(format!("{whose} is not the one that was allowed, so nothing is run")),
    };
    Err(error.help(format!(
        "look at them with `git rollback trust{from} --show`, and allow them with `git rollback trust{from}`"
    )))
}

/// Remembers that the user allows what has this hash.
pub fn allow(repo: &Repo, hash: &str, what: &str) -> Result<()> {
    if remembered(repo)?.iter().any(|one| one == hash) {
        return Ok(());
    }
    let place = place(repo)?;
    let mut text = match fs::read_capped(&place, MAX_FILE)? {
        Some(text) => text,
        None => format!("# what `git rollback trust` has allowed in {}\n", repo.common_dir().display()).into_bytes(),
    };
    text.extend_from_slice(format!("{hash} {} {what}\n", clock::now()).as_bytes());
    if let Some(dir) = place.parent() {
        fs::create_dir_all_private(dir)?;
    }
    fs::write_atomic(&place, &text)
}

/// Forgets all that was allowed in a repository; how many things that were.
pub fn forget(repo: &Repo) -> Result<usize> {
    let count = remembered(repo)?.len();
    fs::remove_file_if_exists(&place(repo)?)?;
    Ok(count)
}

/// The hashes that were allowed.
fn remembered(repo: &Repo) -> Result<Vec<String>> {
    let Ok(place) = place(repo) else { return Ok(Vec::new()) };
    let Some(text) = fs::read_capped(&place, MAX_FILE)? else { return Ok(Vec::new()) };
    let meta = place.symlink_metadata().map_err(|e| Error::io(format!("cannot look at {}", place.display()), &e))?;
    let ours = meta.is_file() && meta.uid() == rustix::process::geteuid().as_raw() && meta.mode() & 0o022 == 0;
    if !ours {
        return Err(Error::refused(format!("{} is not a file that only you can write", place.display()))
            .help("look at it, then remove it"));
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    let hashes = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').next());
    Ok(hashes.map(str::to_owned).collect())
}

/// Where it is remembered.
///
/// # Errors
/// Refused where a repository could bring the file along.
fn place(repo: &Repo) -> Result<PathBuf> {
    let state = env::state_dir().ok_or_else(|| {
        Error::refused("there is no place to remember what you allow").help("set HOME, or XDG_STATE_HOME")
    })?;
    // Links in it are resolved as far as it is there.
    let real = state.ancestors().find_map(|dir| Some((dir.canonicalize().ok()?, state.strip_prefix(dir).ok()?)));
    let real = real.map_or_else(|| state.clone(), |(dir, rest)| dir.join(rest));
    if [repo.root(), repo.common_dir(), repo.git_dir()].iter().any(|inside| real.starts_with(inside)) {
        return Err(Error::refused(format!(
            "what you allow would be remembered in {}, which is inside of this repository",
            state.display()
        ))
        .help(format!("set XDG_STATE_HOME to a directory elsewhere, or {VARIABLE} to the exact hash")));
    }
    let name = &hash(repo.common_dir().as_os_str().as_bytes())[..32];
    Ok(state.join("trust").join(name))
}
