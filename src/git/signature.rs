//! Whether the signature of a tag is good, as git says.

use super::process;
use super::repo::Repo;
use crate::Result;
use crate::model::{ObjectId, readable};
use std::time::Duration;

/// What git says about the signature of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// There is none.
    None,
    /// It is good.
    Good,
    /// It does not belong to this tag.
    Bad(String),
    /// Nobody can tell here, and why: the key is not known, a program is missing.
    Unknown(String),
}

/// What verifies, by the keys of git's configuration, and what git takes where nothing is set.
const PROGRAMS: &[(&str, &str)] = &[
    ("gpg.program", "gpg"),
    ("gpg.openpgp.program", "gpg"),
    ("gpg.x509.program", "gpgsm"),
    ("gpg.ssh.program", "ssh-keygen"),
];

/// Verifies the signature of a tag. Programs that only the repository's own configuration names are not run.
///
/// # Errors
/// When git cannot be started.
pub fn verify_tag(repo: &Repo, id: ObjectId) -> Result<Signature> {
    let mut command = process::git(repo);
    let plain = repo.config_of_user("gpg.program").pop();
    for (key, usual) in PROGRAMS {
        let of_user = repo.config_of_user(key).pop();
        let of_user = of_user.or_else(|| plain.clone().filter(|_| *key == "gpg.openpgp.program"));
        command.args(["-c", &format!("{key}={}", of_user.as_deref().unwrap_or(usual))]);
    }
    command.args(["verify-tag", "--raw", &*id.to_string()]).within(Duration::from_secs(30));
    let done = command.input(b"")?;
    let said = readable(&[done.stdout, done.stderr].concat());
    Ok(match done.code {
        Some(0) => Signature::Good,
        _ if said.contains("no signature found") => Signature::None,
        _ if is_bad(&said) => Signature::Bad(first_line(&said)),
        _ => Signature::Unknown(first_line(&said)),
    })
}

/// The words of gpg and of ssh-keygen for a signature of something else.
fn is_bad(said: &str) -> bool {
    said.contains("[GNUPG:] BADSIG") || said.contains("incorrect signature")
}

fn first_line(said: &str) -> String {
    let plain = said.lines().map(|line| line.trim_start_matches("[GNUPG:] ").trim_start_matches("error: "));
    plain
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with("NEWSIG"))
        .unwrap_or("git does not say why")
        .to_owned()
}
