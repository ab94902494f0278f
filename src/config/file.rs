//! `rollback.toml` as it is written: every table and key there is.

use super::release::{PackageTable, ReleaseTable};
use super::task::{Takes, Tasks, is_below};
use super::values::{Percent, Size, Span};
use super::{Check, Commands, Config, FILE_NAME, Hotfix, Recovery, ReportPlace, Reports, Rule, Sprint, Validate};
use crate::model::{Impact, Task};
use crate::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    baseline: BaselineTable,
    protect: ProtectTable,
    keep: KeepTable,
    snapshot: SnapshotTable,
    commands: CommandsTable,
    validate: ValidateTable,
    check: CheckTable,
    sprint: SprintTable,
    hotfix: HotfixTable,
    recovery: RecoveryTable,
    release: ReleaseTable,
    package: Vec<PackageTable>,
    report: ReportTable,
    analyze: BTreeMap<String, Tasks>,
    budget: BTreeMap<Impact, Span>,
    contacts: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct BaselineTable {
    name: Option<String>,
    tests: Tasks,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ProtectTable {
    branches: Vec<String>,
    reason: Option<Required>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Required {
    Required,
    Optional,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct KeepTable {
    paths: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct SnapshotTable {
    max_file_size: Option<Size>,
    max_total_size: Option<Size>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CommandsTable {
    stop: Tasks,
    install: Tasks,
    start: Tasks,
    verify: Tasks,
    test: Tasks,
    notify: Tasks,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ValidateTable {
    map: Vec<RuleTable>,
    run: Tasks,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    from: String,
    to: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct CheckTable {
    disk: Option<Percent>,
    dependencies: Tasks,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SprintTable {
    branch: Option<String>,
    backup: Option<String>,
    retry: Option<String>,
    report: Option<ReportPlace>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct HotfixTable {
    branch: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RecoveryTable {
    branch: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReportTable {
    directory: Option<String>,
    templates: Option<String>,
    results: Vec<String>,
}

/// Settings that git's configuration (`rollback.<table>.<key>`) and the environment (`GIT_ROLLBACK_<TABLE>_<KEY>`)
/// can set as well. Nothing that is run, and nothing that makes the program less careful, is among them.
pub(super) const OVERRIDES: &[(&str, &str)] = &[
    ("baseline", "name"),
    ("protect", "reason"),
    ("check", "disk"),
    ("sprint", "branch"),
    ("sprint", "backup"),
    ("sprint", "retry"),
    ("sprint", "report"),
    ("hotfix", "branch"),
    ("recovery", "branch"),
    ("release", "tag"),
    ("report", "directory"),
    ("report", "templates"),
];

impl File {
    /// Reads the text of a settings file, with `overrides` in place of what it says itself.
    ///
    /// # Errors
    /// Refused: what cannot be understood, with its line, and what was probably meant.
    pub(super) fn parse(bytes: &[u8], overrides: &[Override]) -> Result<File> {
        let refused = || Error::refused(format!("{FILE_NAME} cannot be used"));
        let text = std::str::from_utf8(bytes).map_err(|e| refused().because(e))?;
        let wrong = |e: toml::de::Error| {
            let line =
                e.span().map(|span| text.as_bytes()[..span.start.min(text.len())].split(|b| *b == b'\n').count());
            let place = line.map_or_else(String::new, |line| format!("line {line}: "));
            explain(refused(), &place, e.message())
        };
        let file: File = toml::from_str(text).map_err(wrong)?;
        if overrides.is_empty() {
            return Ok(file);
        }
        let mut table: toml::Table = toml::from_str(text).map_err(wrong)?;
        for Override { table: name, key, value, source } in overrides {
            let value = toml::Value::String(value.clone());
            let alone: toml::Table = [((*key).to_owned(), value.clone())].into_iter().collect();
            let alone: toml::Table = [((*name).to_owned(), toml::Value::Table(alone))].into_iter().collect();
            File::deserialize(alone)
                .map_err(|e| explain(Error::refused(format!("{source} cannot be used")), "", e.message()))?;
            let entry = table.entry(*name).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let toml::Value::Table(entry) = entry {
                entry.insert((*key).to_owned(), value);
            }
        }
        File::deserialize(table).map_err(|e| explain(refused(), "", e.message()))
    }

    /// Puts what the file says into the settings. A repository can make the program more careful, never less.
    pub(super) fn apply(self, config: &mut Config) -> Result<()> {
        let wrong = |why: String| Error::refused(format!("{FILE_NAME} cannot be used")).because(why);
        config.commands = self.commands.commands(self.baseline.tests).map_err(wrong)?;
        if let Some(name) = self.baseline.name {
            config.baseline = name;
        }
        config.protect.extend(self.protect.branches);
        config.reason_required |= self.protect.reason == Some(Required::Required);
        config.keep.extend(self.keep.paths);
        if let Some(Size(size)) = self.snapshot.max_file_size {
            config.max_file_size = config.max_file_size.max(size);
        }
        config.total_size_of_file = self.snapshot.max_total_size.map(|size| size.0);
        config.validate = self.validate.validate().map_err(wrong)?;
        config.check = Check {
            disk: self.check.disk.map_or(config.check.disk, |percent| percent.0),
            dependencies: self.check.dependencies.under("dependencies", minutes(10), Takes::Commands).map_err(wrong)?,
        };
        config.sprint = self.sprint.sprint().map_err(wrong)?;
        if let Some(branch) = self.hotfix.branch {
            needs("[hotfix] branch", &branch, &["{version}"]).map_err(wrong)?;
            config.hotfix = Hotfix { branch: Some(branch) };
        }
        if let Some(branch) = self.recovery.branch {
            needs("[recovery] branch", &branch, &["{timestamp}", "{name}"]).map_err(wrong)?;
            config.recovery = Recovery { branch };
        }
        config.release = self.release.release(self.package).map_err(wrong)?;
        config.report = self.report.reports().map_err(wrong)?;
        config.keep.push(format!("/{}/", config.report.directory));
        for (name, tasks) in self.analyze {
            let tasks = tasks.under(&name, minutes(15), Takes::Commands).map_err(wrong)?;
            config.analyze.insert(name, tasks);
        }
        config.budgets = self.budget.into_iter().map(|(severity, span)| (severity, span.0.as_secs())).collect();
        config.contacts = self.contacts;
        Ok(())
    }
}

/// A setting from elsewhere that takes the place of the file's own.
#[derive(Debug)]
pub(super) struct Override {
    pub table: &'static str,
    pub key: &'static str,
    pub value: String,
    /// Where it comes from, for errors.
    pub source: String,
}

pub(super) fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

impl CommandsTable {
    fn commands(self, tests: Tasks) -> Result<Commands, String> {
        let commands = |tasks: Tasks, key, timeout| tasks.under(key, timeout, Takes::Commands);
        Ok(Commands {
            stop: commands(self.stop, "stop", minutes(1))?,
            install: commands(self.install, "install", minutes(15))?,
            start: commands(self.start, "start", minutes(2))?,
            verify: self.verify.under("verify", minutes(1), Takes::Checks)?,
            test: commands(self.test, "test", minutes(30))?,
            baseline_tests: commands(tests, "tests", minutes(30))?,
            notify: self.notify.under("notify", Duration::from_secs(30), Takes::Messages)?,
        })
    }
}

impl ValidateTable {
    fn validate(self) -> Result<Validate, String> {
        let run: Vec<Task> = self.run.under("validate", minutes(30), Takes::Commands)?;
        let map = self.map.into_iter().map(|rule| Rule { from: rule.from, to: rule.to }).collect();
        Ok(Validate { map, run })
    }
}

impl SprintTable {
    fn sprint(self) -> Result<Sprint, String> {
        let default = Sprint::default();
        let sprint = Sprint {
            branch: self.branch.unwrap_or(default.branch),
            backup: self.backup.unwrap_or(default.backup),
            retry: self.retry.unwrap_or(default.retry),
            report: self.report.unwrap_or(default.report),
        };
        for (key, pattern) in [("branch", &sprint.branch), ("backup", &sprint.backup), ("retry", &sprint.retry)] {
            needs(&format!("[sprint] {key}"), pattern, &["{n}"])?;
        }
        Ok(sprint)
    }
}

impl ReportTable {
    fn reports(self) -> Result<Reports, String> {
        let reports =
            Reports { directory: self.directory.unwrap_or(Reports::default().directory), ..Reports::default() };
        let inside = |path: &str| is_below(path) && !path.is_empty() && !path.starts_with(".git");
        for path in self.templates.iter().chain(&self.results).chain([&reports.directory]) {
            if !inside(path) {
                return Err(format!("{path:?} does not lie below the top of the worktree"));
            }
        }
        // In one spelling: it becomes part of paths that git has to take.
        let parts: Vec<&str> = reports.directory.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if parts.is_empty() || parts.iter().any(|part| part.eq_ignore_ascii_case(".git")) {
            return Err(format!("[report] directory cannot be {:?}", reports.directory));
        }
        let directory = parts.join("/");
        Ok(Reports { templates: self.templates, directory, results: self.results })
    }
}

/// A pattern of names must have a part that makes each name its own.
fn needs(key: &str, pattern: &str, one_of: &[&str]) -> Result<(), String> {
    match one_of.iter().any(|part| pattern.contains(part)) {
        true => Ok(()),
        false => Err(format!("{key} must contain {}", one_of.join(" or "))),
    }
}

/// Says what is wrong with a key, and which one was probably meant. `serde` names the known ones in its message.
fn explain(error: Error, place: &str, message: &str) -> Error {
    let Some(rest) = message.strip_prefix("unknown field `") else { return error.because(format!("{place}{message}")) };
    let mut names = rest.split('`').step_by(2);
    let unknown = names.next().unwrap_or_default();
    let known: Vec<&str> = rest.split('`').skip(2).step_by(2).collect();
    let error = error.because(format!("{place}there is no key `{unknown}` here"));
    let error = match crate::model::nearest(unknown, &known) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None => error,
    };
    error.help(format!("known here: {}", known.join(", ")))
}
