//! Sending a finished hotfix to a remote: what belongs to it, and what is remembered of it.

use super::lines::living;
use crate::git::RemoteEdit;
use crate::release::hotfix::{about, beside_key, line_key};
use crate::release::{Hotfix, records};
use crate::store::facts::Facts;
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeSet;

/// What is sent.
#[derive(Clone, Debug, Default)]
pub struct Sending {
    /// Refs there, and what they become.
    pub edits: Vec<RemoteEdit>,
    /// The same in words.
    pub names: Vec<String>,
    /// Protected lines, and the branches that are to be merged into them.
    pub beside: Vec<(String, String)>,
}

/// The tag of a hotfix, the lines that got it, the branches beside protected ones, and its own branch where the remote has it.
///
/// # Errors
/// Refused: it is not released yet.
pub fn what(session: &Session, hotfix: &Hotfix, remote: &str) -> Result<Sending> {
    let repo = &session.repo;
    let Some(tag) = &hotfix.tag else {
        return Err(Error::refused(format!("the hotfix {} is not released yet", hotfix.version)));
    };
    let (facts, subject) = (Facts::read(repo)?, about(&hotfix.branch));
    let mut out = Sending::default();
    let mut add = |name: String, local: &str| -> Result<bool> {
        let Some(new) = repo.reference(local)? else { return Ok(false) };
        out.names.push(name.trim_start_matches("refs/heads/").trim_start_matches("refs/tags/").to_owned());
        out.edits.push(RemoteEdit::Forward { name, new });
        Ok(true)
    };
    let mut beside = Vec::new();
    for line in living(session, hotfix)? {
        let local = format!("refs/heads/{line}");
        if let Some(branch) = facts.get(&subject, &beside_key(&line)) {
            let full = format!("refs/heads/{branch}");
            if add(full.clone(), &full)? {
                beside.push((line, branch.to_owned()));
            }
        } else if facts.get(&subject, &line_key(&line)).is_some() {
            let follows = repo.upstream(&line).filter(|up| up.remote == remote).map(|up| up.merge);
            add(follows.unwrap_or_else(|| local.clone()), &local)?;
        }
    }
    if hotfix.remotes.contains_key(remote) {
        let own = format!("refs/heads/{}", hotfix.branch);
        add(own.clone(), &own)?;
    }
    let tag = format!("refs/tags/{tag}");
    add(tag.clone(), &tag)?;
    out.beside = beside;
    Ok(out)
}

/// The operations that made what is sent of a hotfix.
///
/// # Errors
/// A fault when the log cannot be read.
pub fn made_by(session: &Session, hotfix: &Hotfix) -> Result<BTreeSet<String>> {
    let facts = Facts::read(&session.repo)?;
    let mut operations: BTreeSet<String> = BTreeSet::new();
    let mut made_by = |about: &str, key: &str| operations.extend(facts.known(about, key).map(|k| k.operation.clone()));
    if let Some(tag) = &hotfix.tag {
        made_by(&records::about(tag), records::COMMIT);
    }
    for line in living(session, hotfix)? {
        made_by(&about(&hotfix.branch), &line_key(&line));
        made_by(&about(&hotfix.branch), &beside_key(&line));
    }
    Ok(operations)
}
