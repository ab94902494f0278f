//! The branches that get a hotfix: the main line, and those that live on beside it.

use crate::git::{Repo, glob_matches};
use crate::model::{ObjectId, Upstream};
use crate::release::Hotfix;
use crate::release::hotfix::{about, line_key};
use crate::store::facts::Facts;
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::{BTreeSet, HashSet};

/// A branch that gets a hotfix.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its short name.
    pub name: String,
    /// Where it is.
    pub at: ObjectId,
    /// The full name of the ref that gets the fix.
    pub onto: String,
    /// Where that is now; `None`: it is made.
    pub old: Option<ObjectId>,
    /// What a new branch of that name shall follow.
    pub follows: Option<Upstream>,
}

impl Line {
    /// The line of a name. `beside`: it gets the fix on a branch of its own, if it is protected.
    ///
    /// # Errors
    /// Refused: there is no such branch, or the branch beside it is there already.
    pub fn find(session: &Session, name: &str, hotfix: &Hotfix, beside: bool) -> Result<Line> {
        let (repo, onto) = (&session.repo, format!("refs/heads/{name}"));
        let old = repo.reference(&onto)?;
        let follows = repo.upstream_to_guess(name).filter(|_| old.is_none());
        let there = follows.as_ref().map(|up| format!("refs/remotes/{}/{name}", up.remote));
        let at = match (old, there) {
            (None, Some(there)) => repo.reference(&there)?,
            (old, _) => old,
        };
        let Some(at) = at else {
            return Err(Error::refused(format!("there is no branch {name}"))
                .help("`git branch -a` lists them; [release] lines in rollback.toml names the lines"));
        };
        if !(beside && is_protected(session, name)) {
            return Ok(Line { name: name.to_owned(), at, onto, old, follows });
        }
        let branch = format!("backport/{}-to-{}", hotfix.version, name.replace('/', "-"));
        let onto = format!("refs/heads/{branch}");
        if repo.reference(&onto)?.is_some() {
            return Err(Error::refused(format!("there is a branch {branch} already"))
                .help(format!("when it is no longer needed, delete it: `git branch -d {branch}`")));
        }
        Ok(Line { name: name.to_owned(), at, onto, old: None, follows: None })
    }

    /// Whether it gets the fix on a branch of its own.
    pub fn is_beside(&self) -> bool {
        self.onto != format!("refs/heads/{}", self.name)
    }

    /// The short name of what gets the fix.
    pub fn branch(&self) -> &str {
        self.onto.trim_start_matches("refs/heads/")
    }
}

/// Whether a branch is protected: by the settings, or because a remote calls it its default one.
fn is_protected(session: &Session, name: &str) -> bool {
    session.config.is_protected(name) || session.repo.remote_defaults().contains(&format!("refs/heads/{name}"))
}

/// The main line and the living ones, by their short names.
///
/// # Errors
/// A fault when the refs cannot be listed.
pub fn living(session: &Session, hotfix: &Hotfix) -> Result<Vec<String>> {
    let repo = &session.repo;
    let there = branches(repo)?;
    let mut out: Vec<String> = main_line(repo, &there).into_iter().collect();
    for name in there {
        let named = session.config.release.lines.iter().any(|pattern| glob_matches(pattern, &name));
        if named && !out.contains(&name) {
            out.push(name);
        }
    }
    out.retain(|name| *name != hotfix.branch);
    Ok(out)
}

/// For each hotfix the lines that have not got it; none for one that is not released.
///
/// # Errors
/// A fault when the history cannot be walked.
pub fn lacking(session: &Session, hotfixes: &[Hotfix]) -> Result<Vec<Vec<String>>> {
    let repo = &session.repo;
    let mut out = vec![Vec::new(); hotfixes.len()];
    let releases: Vec<Option<ObjectId>> = hotfixes
        .iter()
        .map(|hotfix| repo.resolve(&format!("refs/tags/{}^{{commit}}", hotfix.tag.as_ref()?)).ok().flatten())
        .collect();
    let Some(any) = hotfixes.iter().find(|hotfix| hotfix.tag.is_some()) else { return Ok(out) };
    let facts = Facts::read(repo)?;
    for name in living(session, any)? {
        let recorded = |hotfix: &Hotfix| {
            let id = facts.get(&about(&hotfix.branch), &line_key(&name))?;
            ObjectId::from_hex(id.as_bytes())
        };
        let wanted: HashSet<ObjectId> =
            releases.iter().copied().chain(hotfixes.iter().map(recorded)).flatten().collect();
        // One walk a line, however many hotfixes there are.
        let mut seen = HashSet::new();
        repo.each_ancestor(Line::find(session, &name, any, false)?.at, &mut |id| {
            if wanted.contains(&id) {
                seen.insert(id);
            }
        })?;
        for ((hotfix, release), out) in hotfixes.iter().zip(&releases).zip(&mut out) {
            let has = |id: Option<ObjectId>| id.is_some_and(|id| seen.contains(&id));
            if release.is_some() && !has(*release) && !has(recorded(hotfix)) {
                out.push(name.clone());
            }
        }
    }
    Ok(out)
}

/// All branches, here and (where only one remote has them) there.
fn branches(repo: &Repo) -> Result<BTreeSet<String>> {
    let mut out = BTreeSet::new();
    for found in repo.references("refs/heads/*")? {
        out.extend(found.utf8_name().and_then(|name| name.strip_prefix("refs/heads/")).map(str::to_owned));
    }
    let there = repo.remote_branches()?.into_iter().map(|found| found.branch);
    out.extend(there.filter(|name| repo.upstream_to_guess(name).is_some()));
    Ok(out)
}

/// The branch that everything comes to in the end.
fn main_line(repo: &Repo, there: &BTreeSet<String>) -> Option<String> {
    let defaults = repo.remote_defaults();
    let named = defaults.iter().filter_map(|full| full.strip_prefix("refs/heads/")).map(str::to_owned);
    let usual = ["main", "master", "trunk"].map(str::to_owned);
    named.chain(repo.config_string("init.defaultBranch")).chain(usual).find(|name| there.contains(name))
}

/// Refuses branches that others have moved on: what is made here could not be sent there.
///
/// # Errors
/// Refused: lists them.
pub fn refuse_behind(repo: &Repo, names: &[String]) -> Result<()> {
    let mut behind = Vec::new();
    for name in names {
        let full = format!("refs/heads/{name}");
        let (Some(here), Some(tracking)) = (repo.reference(&full)?, repo.tracking_ref(&full)) else { continue };
        let Some(there) = repo.reference(&tracking)? else { continue };
        if !repo.is_ancestor(there, here)? {
            let (ahead, missing) = repo.ahead_behind(here, there)?;
            let also = if ahead > 0 { format!(", and has {ahead} of its own") } else { String::new() };
            let remote = tracking.trim_start_matches("refs/remotes/");
            behind.push(format!("{name} lacks {} of {remote}{also}", crate::plan::count(missing, "commit", "commits")));
        }
    }
    let Some(first) = names.first().filter(|_| !behind.is_empty()) else { return Ok(()) };
    let error = match behind.len() {
        1 => Error::refused("a branch is behind the one it follows, so nothing was done"),
        n => Error::refused(format!("{n} branches are behind those they follow, so nothing was done")),
    };
    let error = behind.iter().fold(error, |error, line| error.because(line));
    let name = behind.first().and_then(|line| line.split(' ').next()).unwrap_or(first);
    Err(error.help(format!("bring it up to date first: `git switch {name} && git pull --ff-only`, or `--rebase`")))
}
