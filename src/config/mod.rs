//! Settings: defaults, then `rollback.toml` at the top of the worktree, then git's configuration (`rollback.*`), then
//! the environment.

mod file;
mod release;
mod task;
#[cfg(test)]
mod tests;
pub mod trust;
mod values;

use crate::git::Repo;
use crate::model::{Impact, Task};
use crate::{Error, Result};
use file::{File, OVERRIDES, Override};
pub use release::{
    FileRule, PackageRule, Publishing, RELEASE_COMMIT, RELEASE_PACKAGE, RELEASE_PEP440, RELEASE_TAG, RELEASE_VERSION,
    Release,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// The tag that is the baseline.
    pub baseline: String,
    /// Patterns of branches whose published commits are never rewritten.
    pub protect: Vec<String>,
    /// Whether going back needs a reason.
    pub reason_required: bool,
    /// Patterns of ignored paths that never move away.
    pub keep: Vec<String>,
    /// An untracked file above this many bytes is named, not copied.
    pub max_file_size: u64,
    /// Untracked files together above this many bytes likewise, as the user says.
    pub max_total_size: Option<u64>,
    /// The same as `rollback.toml` says: it can only raise the default.
    total_size_of_file: Option<u64>,
    /// What is run around a full rollback, and as tests. All of it needs trust (`config::trust`).
    pub commands: Commands,
    /// Which tests belong to which files.
    pub validate: Validate,
    /// What `check` looks at.
    pub check: Check,
    /// Names of branches of sprints.
    pub sprint: Sprint,
    /// Names of branches of hotfixes.
    pub hotfix: Hotfix,
    /// Names of branches that work is recovered on.
    pub recovery: Recovery,
    /// How releases are made.
    pub release: Release,
    /// Where reports go, and how they look.
    pub report: Reports,
    /// More commands that `analyze` runs on the failed state and on the baseline, by name.
    pub analyze: BTreeMap<String, Vec<Task>>,
    /// How long a recovery may take, seconds, where it is not the usual time.
    pub budgets: BTreeMap<Impact, u64>,
    /// Whom to tell, by role.
    pub contacts: BTreeMap<String, String>,
    /// The exact bytes of `rollback.toml` that these settings were read from; `None`: there is no such file.
    pub text: Option<Vec<u8>>,
}

/// What is run, as `rollback.toml` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    /// Stops what runs from the worktree.
    pub stop: Vec<Task>,
    /// Installs what the code needs.
    pub install: Vec<Task>,
    /// Starts it.
    pub start: Vec<Task>,
    /// Tells whether it works.
    pub verify: Vec<Task>,
    /// The tests (`[commands] test`); see [`Commands::tests`].
    pub test: Vec<Task>,
    /// The tests that a baseline must pass (`[baseline] tests`); see [`Commands::baseline_tests`].
    pub baseline_tests: Vec<Task>,
    /// Who is told, by name: a command gets the message on its standard input.
    pub notify: Vec<Task>,
}

impl Commands {
    /// The tests: those of the baseline where no others are set.
    pub fn tests(&self) -> &[Task] {
        if self.test.is_empty() { &self.baseline_tests } else { &self.test }
    }

    /// The tests that a baseline must pass: the tests where no others are set.
    pub fn baseline_tests(&self) -> &[Task] {
        if self.baseline_tests.is_empty() { &self.test } else { &self.baseline_tests }
    }
}

/// Which tests belong to which files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validate {
    /// From files to their tests.
    pub map: Vec<Rule>,
    /// What runs them; `{files}` stands for the tests.
    pub run: Vec<Task>,
}

/// From files to their tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A path with `{path}` (any path) and `{name}` (a part without `/`); `**` and `*` stand for the same, and are
    /// forgotten.
    pub from: String,
    /// The path of the test, with the same words.
    pub to: String,
}

/// What `check` looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// It fails when more than this part (of a hundred) of the disk is used.
    pub disk: u8,
    /// Tells whether dependencies are up to date.
    pub dependencies: Vec<Task>,
}

/// Names of branches of sprints: `{n}` is the sprint, `{timestamp}` the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sprint {
    /// The branch that a sprint works on.
    pub branch: String,
    /// The branch that keeps the work of a failed one.
    pub backup: String,
    /// The branch for another try; `-2`, `-3`, ... is added when it is taken.
    pub retry: String,
    /// Where the report of a failed sprint goes.
    pub report: ReportPlace,
}

/// Where the report of a failed sprint goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportPlace {
    /// It is committed on the backup branch.
    Branch,
    /// It stays in the worktree.
    Worktree,
}

/// Names of branches of hotfixes: `{version}` is the version, `{name}` the package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hotfix {
    /// The branch; `None`: as `git flow` calls it here, otherwise `hotfix/{version}`.
    pub branch: Option<String>,
}

/// Names of branches that work is recovered on: `{name}` is what is recovered, `{timestamp}` the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The branch.
    pub branch: String,
}

/// Where reports go, and how they look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reports {
    /// The directory of reports, below the top of the worktree.
    pub directory: String,
    /// A directory with templates that take the place of the built-in ones.
    pub templates: Option<String>,
    /// Files that tests write as JUnit XML; `*` stands for any part of a name.
    pub results: Vec<String>,
}

impl Default for Sprint {
    fn default() -> Self {
        Sprint {
            branch: "refactor/sprint-{n}".to_owned(),
            backup: "backup/sprint-{n}-{timestamp}".to_owned(),
            retry: "refactor/sprint-{n}-retry".to_owned(),
            report: ReportPlace::Branch,
        }
    }
}

impl Default for Reports {
    fn default() -> Self {
        Reports { directory: "rollbacks".to_owned(), templates: None, results: Vec::new() }
    }
}

impl Default for Config {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect();
        Config {
            baseline: "baseline".to_owned(),
            protect: words(&["main", "master", "release/*"]),
            reason_required: false,
            keep: words(&[".env*", "rollback.toml"]),
            max_file_size: 1 << 30,
            max_total_size: None,
            total_size_of_file: None,
            commands: Commands::default(),
            validate: Validate::default(),
            check: Check { disk: 90, dependencies: Vec::new() },
            sprint: Sprint::default(),
            hotfix: Hotfix::default(),
            recovery: Recovery { branch: "recovery/{name}".to_owned() },
            release: Release::default(),
            report: Reports::default(),
            analyze: BTreeMap::new(),
            budgets: BTreeMap::new(),
            contacts: BTreeMap::new(),
            text: None,
        }
    }
}

/// The settings file's name, at the top of the worktree.
pub const FILE_NAME: &str = "rollback.toml";

/// A settings file above this size is not read.
const MAX_FILE: u64 = 1 << 20;

impl Config {
    /// Loads the settings for a repository.
    ///
    /// # Errors
    /// Refused: a settings file that cannot be understood, or with an unknown key.
    pub fn load(repo: &Repo) -> Result<Config> {
        let mut config = Config::default();
        let bytes = read(repo)?;
        File::parse(bytes.as_deref().unwrap_or_default(), &overrides(repo))?.apply(&mut config)?;
        config.text = bytes;
        config.apply_user(repo)?;
        Ok(config)
    }

    /// The settings without a file that cannot be understood: nothing of it runs, and only the user's own count.
    ///
    /// # Errors
    /// Refused: the user's own cannot be understood.
    pub fn without_file(repo: &Repo) -> Result<Config> {
        let mut config = Config::default();
        config.apply_user(repo)?;
        Ok(config)
    }

    fn apply_user(&mut self, repo: &Repo) -> Result<()> {
        let config = self;
        // What a repository brings along can make the tool more careful, never less: `rollback.toml` adds to
        // these, and only the user's own configuration replaces them.
        let own = repo.config_of_user("rollback.protect");
        if !own.is_empty() {
            config.protect = own;
        }
        let own = repo.config_of_user("rollback.keep");
        if !own.is_empty() {
            config.keep = own;
        }
        if let Some(size) = repo.config_of_user("rollback.maxfilesize").pop() {
            config.max_file_size = parse_size(&size)?;
        }
        if let Some(size) = repo.config_of_user("rollback.maxtotalsize").pop() {
            config.max_total_size = Some(parse_size(&size)?);
        }
        Ok(())
    }

    /// What another version of `rollback.toml` says, beside the defaults.
    ///
    /// # Errors
    /// Refused: it cannot be understood.
    pub fn of_text(text: &[u8]) -> Result<Config> {
        let mut config = Config { text: Some(text.to_vec()), ..Config::default() };
        File::parse(text, &[])?.apply(&mut config)?;
        Ok(config)
    }

    /// Every task there is, behind the key it stands under.
    pub fn tasks(&self) -> Vec<(String, &Task)> {
        let commands = &self.commands;
        let mut lists = vec![
            ("stop", &commands.stop),
            ("install", &commands.install),
            ("start", &commands.start),
            ("verify", &commands.verify),
            ("test", &commands.test),
            ("baseline tests", &commands.baseline_tests),
            ("notify", &commands.notify),
            ("check dependencies", &self.check.dependencies),
            ("validate", &self.validate.run),
            ("release pr", &self.release.pr),
        ];
        lists.extend(self.analyze.iter().map(|(name, tasks)| (name.as_str(), tasks)));
        let lists = lists.into_iter().map(|(key, tasks)| (key.to_owned(), tasks)).chain(self.release.tasks());
        lists.flat_map(|(key, tasks)| tasks.iter().map(move |task| (key.clone(), task))).collect()
    }

    /// How long a recovery may take, seconds.
    pub fn budget(&self, severity: Impact) -> u64 {
        self.budgets.get(&severity).copied().unwrap_or_else(|| severity.usual_budget())
    }

    /// Whether published commits of this branch (a short name) must not be rewritten.
    pub fn is_protected(&self, branch: &str) -> bool {
        self.protect.iter().any(|pattern| crate::git::glob_matches(pattern, branch))
    }

    /// Untracked files together above this many bytes are not copied, where `free` are free: what the user says, or
    /// a tenth of the free disk, which `rollback.toml` can raise.
    pub fn total_size(&self, free: u64) -> u64 {
        self.max_total_size.unwrap_or_else(|| self.total_size_of_file.unwrap_or(0).max(free / 10))
    }
}

/// The bytes of the settings file. A link could lead to any file of the user's.
fn read(repo: &Repo) -> Result<Option<Vec<u8>>> {
    let path = repo.root().join(FILE_NAME);
    if path.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
        return Err(Error::refused(format!("{FILE_NAME} is a symbolic link, which is not followed")).help(format!(
            "put a file in its place: `cp --remove-destination \"$(readlink -f {FILE_NAME})\" {FILE_NAME}`"
        )));
    }
    crate::host::fs::read_capped(&path, MAX_FILE)
}

/// What git's configuration and the environment say in place of the file.
fn overrides(repo: &Repo) -> Vec<Override> {
    let mut out = Vec::new();
    for (table, key) in OVERRIDES {
        // The first settings there were had flat names.
        let flat = ((*table, *key) == ("baseline", "name")).then_some("rollback.baseline");
        let git = flat.map_or_else(|| format!("rollback.{table}.{key}"), str::to_owned);
        let variable = format!("GIT_ROLLBACK_{}_{}", table.to_uppercase(), key.to_uppercase());
        let of_git = repo.config_string(&git).map(|value| (value, format!("git's configuration {git}")));
        let of_environment = crate::host::env::var(&variable).map(|value| (value, format!("the variable {variable}")));
        if let Some((value, source)) = of_environment.or(of_git) {
            out.push(Override { table, key, value, source });
        }
    }
    out
}

/// `512m`, `2g`, as git spells sizes.
fn parse_size(text: &str) -> Result<u64> {
    values::size(text)
        .ok_or_else(|| Error::refused(format!("\"{text}\" is not a size")).help("write it as git does: 500k, 20m, 2g"))
}
