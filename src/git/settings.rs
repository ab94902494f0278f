//! Git's configuration, read once: single values, and which of it the repository brings along.

use super::error::GitContext;
use super::repo::Repo;
use crate::Result;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Git's configuration, as far as it was asked for.
#[derive(Default)]
pub(super) struct Configuration {
    snapshot: OnceLock<git2::Config>,
    lines: OnceLock<Vec<Setting>>,
}

/// A line of git's configuration.
pub(super) struct Setting {
    /// As in `filter.lfs.smudge`.
    pub key: String,
    pub value: String,
    pub of: Owner,
}

/// Who wrote a setting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The user, or who runs the machine.
    User,
    /// It stands in the repository, which may have brought it along.
    Repository,
    /// Whoever started this program.
    Caller,
}

/// The middle of a key, when it is one of these: `lfs` in `filter.lfs.smudge`.
fn name_in<'k>(key: &'k str, section: &str, last: &[&str]) -> Option<&'k str> {
    let (name, end) = key.strip_prefix(section)?.strip_prefix('.')?.rsplit_once('.')?;
    last.contains(&end).then_some(name)
}

/// What is run to reach a remote.
fn reaches_remote(key: &str) -> bool {
    let plain = ["core.sshcommand", "core.gitproxy", "core.askpass", "core.alternaterefscommand", "credential.helper"];
    plain.contains(&key)
        || name_in(key, "credential", &["helper"]).is_some()
        || name_in(key, "remote", &["uploadpack", "receivepack", "vcs"]).is_some()
}

impl Repo {
    fn config(&self) -> Result<&git2::Config> {
        if let Some(config) = self.configuration.snapshot.get() {
            return Ok(config);
        }
        let config = self.git.config().and_then(|mut c| c.snapshot()).context("cannot read git's configuration")?;
        Ok(self.configuration.snapshot.get_or_init(|| config))
    }

    /// A value of git's configuration.
    pub fn config_string(&self, key: &str) -> Option<String> {
        self.config().ok()?.get_string(key).ok()
    }

    /// A true-or-false value of git's configuration.
    pub fn config_bool(&self, key: &str) -> Option<bool> {
        self.config().ok()?.get_bool(key).ok()
    }

    /// A path of git's configuration, `~` resolved.
    pub fn config_path(&self, key: &str) -> Option<PathBuf> {
        self.config().ok()?.get_path(key).ok()
    }

    /// Every line of it, the system's first, so that the last of a key is the one that counts.
    fn lines(&self) -> &[Setting] {
        self.configuration.lines.get_or_init(|| {
            let lines = self.read_lines();
            // Git knows more conditions than libgit2, and what it includes then can name commands.
            let condition =
                |line: &Setting| line.of == Owner::Repository && name_in(&line.key, "includeif", &["path"]).is_some();
            let asked = lines.iter().any(condition).then(|| super::process::settings(self).ok());
            asked.flatten().unwrap_or(lines)
        })
    }

    fn read_lines(&self) -> Vec<Setting> {
        use git2::ConfigLevel::{Global, Local, ProgramData, System, Worktree, XDG};
        let mut out = Vec::new();
        let Ok(config) = self.config() else { return out };
        let Ok(mut entries) = config.entries(None) else { return out };
        while let Some(Ok(entry)) = entries.next() {
            let (Ok(key), Ok(value)) = (entry.name(), entry.value()) else { continue };
            let of = match entry.level() {
                Local | Worktree => Owner::Repository,
                Global | System | XDG | ProgramData => Owner::User,
                _ => Owner::Caller,
            };
            out.push(Setting { key: key.to_owned(), value: value.to_owned(), of });
        }
        out
    }

    /// Every value of a key that the user's or the system's own configuration holds: what a repository brings
    /// along does not count.
    pub fn config_of_user(&self, key: &str) -> Vec<String> {
        let of_user = self.lines().iter().filter(|line| line.of == Owner::User && line.key == key);
        of_user.map(|line| line.value.clone()).collect()
    }

    /// Names of filters that the repository's own configuration defines, and that the user's does not have just so.
    pub fn filters_of_repository(&self) -> BTreeSet<String> {
        self.of_repository("filter", &["clean", "smudge", "process"])
    }

    /// Names of merge drivers that the repository's own configuration defines, and that the user's does not have just so.
    pub fn drivers_of_repository(&self) -> BTreeSet<String> {
        self.of_repository("merge", &["driver"])
    }

    fn of_repository(&self, section: &str, last: &[&str]) -> BTreeSet<String> {
        let all = self.lines();
        let of_user = |key: &str| all.iter().rev().find(|line| line.of != Owner::Repository && line.key == key);
        let differs = |line: &Setting| of_user(&line.key).is_none_or(|user| user.value != line.value);
        let own = all.iter().filter(|line| line.of == Owner::Repository);
        let named = own.filter_map(|line| Some((name_in(&line.key, section, last)?, line)));
        named.filter(|(_, line)| differs(line)).map(|(name, _)| name.to_owned()).collect()
    }

    /// What the repository's own configuration runs to reach a remote, and the user's does not have just so: keys and
    /// values.
    pub(super) fn remote_commands_of_repository(&self) -> Vec<(String, String)> {
        let same = |one: &Setting, user: &Setting| user.key == one.key && user.value == one.value;
        let of_user = |one: &Setting| self.lines().iter().any(|user| user.of != Owner::Repository && same(one, user));
        let own = self.settings(&reaches_remote).filter(|one| one.of == Owner::Repository && !of_user(one));
        own.map(|one| (one.key.clone(), one.value.clone())).collect()
    }

    /// All commands that the repository's own configuration defines (filters, merge drivers, what reaches a remote), and
    /// that the user's does not have just so: keys and values, in a fixed order.
    pub fn own_commands(&self) -> Vec<(String, String)> {
        let (filters, drivers) = (self.filters_of_repository(), self.drivers_of_repository());
        let listed = |key: &str| {
            let filter = name_in(key, "filter", &["clean", "smudge", "process", "required"]);
            filter.is_some_and(|name| filters.contains(name))
                || name_in(key, "merge", &["driver"]).is_some_and(|name| drivers.contains(name))
        };
        let own = self.settings(&listed).filter(|line| line.of == Owner::Repository);
        let mut out: Vec<(String, String)> = own.map(|line| (line.key.clone(), line.value.clone())).collect();
        out.extend(self.remote_commands_of_repository());
        out.sort();
        out
    }

    /// The settings whose keys are wanted, the last of a key being the one that counts.
    pub(super) fn settings<'a>(&'a self, wanted: &'a dyn Fn(&str) -> bool) -> impl Iterator<Item = &'a Setting> {
        self.lines().iter().filter(|line| wanted(&line.key))
    }

    /// Whether objects of remotes may be missing on purpose (a partial clone).
    pub fn is_partial_clone(&self) -> bool {
        self.lines().iter().any(|line| name_in(&line.key, "remote", &["promisor"]).is_some())
    }
}
