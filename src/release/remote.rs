//! What the remote knows of releases.

use super::{TagNames, Version};
use crate::config::Config;
use crate::git::{Repo, list_remote};
use crate::model::ObjectId;
use crate::{Error, Result};

/// A tag of the remote whose name says a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteTag {
    /// Its name, without `refs/tags/`.
    pub name: String,
    /// The version.
    pub version: Version,
    /// What it points to directly.
    pub id: ObjectId,
    /// The commit.
    pub commit: ObjectId,
}

/// The remote with the published tags: as the settings say, else `origin`, else the only one; `None`: there is none, or
/// nobody can tell which of several.
///
/// # Errors
/// Refused: the settings name one that is not there.
pub fn remote_of(repo: &Repo, config: &Config) -> Result<Option<String>> {
    let mut all = repo.remotes();
    if let Some(name) = &config.release.remote {
        return match all.contains(name) {
            true => Ok(Some(name.clone())),
            false => Err(Error::refused(format!("there is no remote \"{name}\", which [release] remote names"))
                .help(format!("`git remote add {name} URL` adds it; `git remote` lists those that are there"))),
        };
    }
    if let Some(at) = all.iter().position(|name| name == "origin") {
        return Ok(Some(all.swap_remove(at)));
    }
    Ok(all.pop().filter(|_| all.is_empty()))
}

/// The tags of versions that a remote has.
///
/// # Errors
/// Refused: it cannot be asked.
pub fn remote_tags(repo: &Repo, remote: &str, names: &TagNames) -> Result<Vec<RemoteTag>> {
    let all = list_remote(repo, remote, &["refs/tags/*"])?.into_iter();
    let tag = |found: crate::git::RemoteRef| {
        let name = found.name.strip_prefix("refs/tags/")?.to_owned();
        Some(RemoteTag { version: names.version(&name)?, id: found.id, commit: found.commit(), name })
    };
    Ok(all.filter_map(tag).collect())
}
