//! Refs: reading them, and moving one at a time with its expected old value.

use super::error::{GitContext, not_found, wrap};
use super::repo::Repo;
use crate::model::{ObjectId, RepoPath, Who};
use crate::{Error, Kind, Result};

/// A ref and what it points to directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref {
    /// The full name; names are bytes.
    pub name: RepoPath,
    /// A tag object or a commit.
    pub id: ObjectId,
}

impl Ref {
    /// The name, when it is valid UTF-8; git2 can look up no other.
    pub fn utf8_name(&self) -> Option<&str> {
        std::str::from_utf8(self.name.as_bytes()).ok()
    }
}

impl Repo {
    /// What a ref points to directly (a tag object is not followed, a symbolic ref is); `None` when there is none.
    pub fn reference(&self, name: &str) -> Result<Option<ObjectId>> {
        match self.git.find_reference(name) {
            Ok(found) => match found.resolve() {
                Ok(found) => Ok(found.target().map(Into::into)),
                Err(e) if not_found(&e) => Ok(None),
                Err(e) => Err(wrap(&format!("cannot read {name}"), &e)),
            },
            Err(e) if not_found(&e) || e.code() == git2::ErrorCode::InvalidSpec => Ok(None),
            Err(e) => Err(wrap(&format!("cannot read {name}"), &e)),
        }
    }

    /// Every ref whose name matches `glob`, sorted by name; symbolic refs are left out.
    pub fn references(&self, glob: &str) -> Result<Vec<Ref>> {
        let mut out = Vec::new();
        for found in self.git.references_glob(glob).context("cannot list the refs")? {
            let found = found.context("cannot list the refs")?;
            if let Some(id) = found.target() {
                out.push(Ref { name: RepoPath::new(found.name_bytes()), id: id.into() });
            }
        }
        out.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(out)
    }

    /// Moves, makes (`old` is `None`) or deletes (`new` is `None`) a ref. Already as wanted: nothing happens.
    ///
    /// # Errors
    /// Busy when the ref is neither `old` nor `new`.
    pub fn edit_ref(
        &self,
        name: &str,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        message: &str,
    ) -> Result<()> {
        let now = self.reference(name)?;
        if now == new {
            return Ok(());
        }
        if now != old {
            let shown = |id: Option<ObjectId>| id.map_or_else(|| "nothing".to_owned(), |id| id.short());
            return Err(Error::new(Kind::Busy, format!("{name} was moved by somebody else meanwhile"))
                .because(format!("expected {}, found {}, wanted {}", shown(old), shown(now), shown(new)))
                .help(format!("put it back with `git update-ref {name} {}` and continue, or abort", shown(old))));
        }
        match (old, new) {
            (Some(old), Some(new)) => self
                .retry(|| self.git.reference_matching(name, new.into(), true, old.into(), message).map(drop))
                .context(&format!("cannot move {name}")),
            (None, Some(new)) => self
                .retry(|| self.git.reference(name, new.into(), false, message).map(drop))
                .context(&format!("cannot make {name}")),
            (_, None) => self
                .retry(|| self.git.find_reference(name).and_then(|mut r| r.delete()))
                .context(&format!("cannot delete {name}")),
        }
    }

    /// Adds a line to the reflog of `HEAD`, as git does when it switches.
    pub fn log_head(&self, new: ObjectId, who: &Who, message: &str) -> Result<()> {
        if !self.git.reference_has_log("HEAD").unwrap_or(false) {
            return Ok(());
        }
        let mut log = self.git.reflog("HEAD").context("cannot read the reflog of HEAD")?;
        log.append(new.into(), &signature(who)?, Some(message)).context("cannot write the reflog of HEAD")?;
        log.write().context("cannot write the reflog of HEAD")
    }

    /// The stash list, newest first: commit and message.
    pub fn stashes(&self) -> Result<Vec<(ObjectId, String)>> {
        if self.reference("refs/stash")?.is_none() {
            return Ok(Vec::new());
        }
        let log = self.git.reflog("refs/stash").context("cannot read the stash list")?;
        Ok(log
            .iter()
            .map(|e| {
                let message = String::from_utf8_lossy(e.message_bytes().unwrap_or_default()).into_owned();
                (e.id_new().into(), message)
            })
            .collect())
    }

    /// Puts a commit on top of the stash list, as `git stash store` does. Already on the list: nothing happens.
    pub fn add_stash(&self, commit: ObjectId, who: &Who, message: &str) -> Result<()> {
        if self.stashes()?.iter().any(|(id, _)| *id == commit) {
            return Ok(());
        }
        self.git.reference_ensure_log("refs/stash").context("cannot write the stash list")?;
        let before = self.git.reflog("refs/stash").map(|log| log.len()).unwrap_or(0);
        let old = self.reference("refs/stash")?;
        match old {
            Some(old) => {
                self.retry(|| self.git.reference_matching("refs/stash", commit.into(), true, old.into(), message))
            }
            None => self.retry(|| self.git.reference("refs/stash", commit.into(), false, message)),
        }
        .context("cannot write the stash list")?;
        let mut log = self.git.reflog("refs/stash").context("cannot read the stash list")?;
        if log.len() == before {
            // core.logAllRefUpdates=false: the list is the reflog, so it is written all the same.
            log.append(commit.into(), &signature(who)?, Some(message)).context("cannot write the stash list")?;
            log.write().context("cannot write the stash list")?;
        }
        Ok(())
    }

    /// Takes a commit off the stash list, as `git stash drop` does. Not on the list: nothing happens.
    pub fn remove_stash(&self, commit: ObjectId) -> Result<()> {
        let what = "cannot write the stash list";
        let list = self.stashes()?;
        let rest: Vec<ObjectId> = list.iter().map(|(id, _)| *id).filter(|id| *id != commit).collect();
        let top = self.reference("refs/stash")?;
        if rest.len() == list.len() && top != Some(commit) {
            return Ok(());
        }
        let Some(newest) = rest.first() else {
            self.retry(|| self.git.find_reference("refs/stash").and_then(|mut r| r.delete())).context(what)?;
            return self.git.reflog_delete("refs/stash").or_else(|e| if not_found(&e) { Ok(()) } else { Err(e) }).context(what);
        };
        if top == Some(commit) {
            // The ref first: were it to stay on a commit that is not listed, git would show a wrong top entry.
            self.retry(|| self.git.reference_matching("refs/stash", (*newest).into(), true, commit.into(), "drop"))
                .context(what)?;
        }
        let mut log = self.git.reflog("refs/stash").context(what)?;
        // Moving the ref may have logged itself: each entry stands once, in the order there was.
        let keep = |log: &git2::Reflog, at: usize| {
            let extra = log.len() - rest.len();
            log.get(at).is_some_and(|e| ObjectId::from(e.id_new()) != commit && !(extra > 1 && at == 0))
        };
        while log.len() > rest.len() {
            let Some(at) = (0..log.len()).find(|at| !keep(&log, *at)).or((!log.is_empty()).then_some(0)) else { break };
            log.remove(at, true).context(what)?;
        }
        log.write().context(what)
    }

    /// Branches (full names) that remotes call their default one.
    pub fn remote_defaults(&self) -> Vec<String> {
        let Ok(found) = self.git.references_glob("refs/remotes/*/HEAD") else { return Vec::new() };
        let targets = found.flatten().filter_map(|r| r.symbolic_target().ok().flatten().map(str::to_owned));
        targets.filter_map(|t| Some(format!("refs/heads/{}", t.strip_prefix("refs/remotes/")?.split_once('/')?.1))).collect()
    }

    /// Names of branches that a linked worktree (or the main one) other than this has checked out, with its path.
    pub fn checked_out_elsewhere(&self) -> Vec<(String, String)> {
        let mut dirs = vec![(self.common_dir().to_owned(), self.common_dir().parent().map(|p| p.to_owned()))];
        if let Ok(entries) = std::fs::read_dir(self.common_dir().join("worktrees")) {
            for entry in entries.flatten() {
                let top = std::fs::read_to_string(entry.path().join("gitdir")).ok();
                let top = top.and_then(|t| std::path::Path::new(t.trim()).parent().map(|p| p.to_owned()));
                dirs.push((entry.path(), top));
            }
        }
        dirs.into_iter()
            .filter(|(dir, _)| dir != self.git_dir())
            .filter_map(|(dir, top)| {
                let head = std::fs::read_to_string(dir.join("HEAD")).ok()?;
                let bare = dir == self.common_dir() && self.config_bool("core.bare") == Some(true);
                let branch = head.strip_prefix("ref: ")?.trim().to_owned();
                (!bare).then(|| (branch, top.map_or_else(String::new, |p| p.display().to_string())))
            })
            .collect()
    }

    /// A lock of a moment's length is waited for, as git itself does.
    fn retry<T>(&self, mut act: impl FnMut() -> std::result::Result<T, git2::Error>) -> Result<T, git2::Error> {
        let mut wait = std::time::Duration::from_millis(5);
        loop {
            match act() {
                Err(e) if e.code() == git2::ErrorCode::Locked && wait.as_millis() < 700 => {
                    std::thread::sleep(wait);
                    wait *= 2;
                }
                other => return other,
            }
        }
    }
}

fn signature(who: &Who) -> Result<git2::Signature<'static>> {
    git2::Signature::new(&who.name, &who.email, &git2::Time::new(who.time.seconds, who.time.offset_minutes))
        .context("the identity cannot be used")
}

/// Whether git accepts a full ref name.
pub fn is_ref_name(name: &str) -> bool {
    git2::Reference::is_valid_name(name)
}
