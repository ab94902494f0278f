//! `[release]` and `[[package]]`: tags and version files.

use super::file::minutes;
use super::task::{Takes, Tasks, is_below};
use crate::model::Task;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, de};
use std::collections::BTreeSet;
use std::fmt;

/// How releases of this repository are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// The pattern of tags, as in `v{version}`; `None`: as the tags that are there.
    pub tag: Option<String>,
    /// The version files of the whole repository.
    pub files: Vec<FileRule>,
    /// Directories that are released under versions of their own.
    pub packages: Vec<PackageRule>,
    /// Branches beside the main one that get every hotfix (patterns).
    pub lines: Vec<String>,
    /// Asks for a branch to be merged into a protected line.
    pub pr: Vec<Task>,
    /// The remote that has the published tags; `None`: `origin`, or the only one.
    pub remote: Option<String>,
    /// What is run to publish a version, and to learn what became of it.
    pub publishing: Publishing,
}

/// What is run about a published version. Each gets the version in its environment ([`RELEASE_VERSION`] and others).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publishing {
    /// Publishes it.
    pub publish: Vec<Task>,
    /// Tells whether the registry has it.
    pub published: Vec<Task>,
    /// Tells whether its files are there for downloading.
    pub assets: Vec<Task>,
    /// Fetches these files, to be published again (`publish --from-assets`).
    pub fetch_assets: Vec<Task>,
    /// Withdraws it.
    pub yank: Vec<Task>,
    /// Takes that back.
    pub unyank: Vec<Task>,
}

/// The variable with the version, as SemVer spells it.
pub const RELEASE_VERSION: &str = "RELEASE_VERSION";
/// The variable with the version as Python spells it; not set where it has no such spelling.
pub const RELEASE_PEP440: &str = "RELEASE_PEP440";
/// The variable with the tag.
pub const RELEASE_TAG: &str = "RELEASE_TAG";
/// The variable with the commit.
pub const RELEASE_COMMIT: &str = "RELEASE_COMMIT";
/// The variable with the package; empty for the whole repository.
pub const RELEASE_PACKAGE: &str = "RELEASE_PACKAGE";

impl Publishing {
    /// Every task, behind its key.
    pub fn tasks(&self) -> [(&'static str, &Vec<Task>); 6] {
        [
            ("publish", &self.publish),
            ("published", &self.published),
            ("assets", &self.assets),
            ("fetch-assets", &self.fetch_assets),
            ("yank", &self.yank),
            ("unyank", &self.unyank),
        ]
    }
}

impl Release {
    /// Every task, behind its key; of a package those that are its own.
    pub fn tasks(&self) -> impl Iterator<Item = (String, &Vec<Task>)> {
        let whole = self.publishing.tasks();
        let own = |package: &'_ PackageRule, (key, _): (&str, &Vec<Task>)| format!("package {} {key}", package.name);
        let packages = self.packages.iter().flat_map(move |package| {
            let differs = package.publishing.tasks().into_iter().zip(whole).filter(|(task, base)| task.1 != base.1);
            differs.map(move |(task, _)| (own(package, task), task.1))
        });
        whole.into_iter().map(|(key, tasks)| (format!("release {key}"), tasks)).chain(packages)
    }
}

/// A directory that is released under versions of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRule {
    /// What it is called (`-p NAME`).
    pub name: String,
    /// The directory; without it, the top.
    pub path: String,
    /// The pattern of its tags; `None`: as the tags that are there.
    pub tag: Option<String>,
    /// Its version files, relative to its directory.
    pub files: Vec<FileRule>,
    /// What is run about its versions: its own tasks, and those of `[release]` where it has none under a key.
    pub publishing: Publishing,
}

/// A version file: `"Cargo.toml"`, or `{ file = "install.md", pattern = "app-{version}.tar.gz", count = 2 }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileRule {
    /// The file, relative to the package's directory.
    pub file: String,
    /// A text of the file with `{version}` where the version stands; `None`: the file is of a known kind.
    pub pattern: Option<String>,
    /// How often the pattern is found; `None`: once.
    pub count: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ReleaseTable {
    tag: Option<String>,
    files: Vec<FileRule>,
    lines: Vec<String>,
    pr: Tasks,
    remote: Option<String>,
    publish: Option<Tasks>,
    published: Option<Tasks>,
    assets: Option<Tasks>,
    fetch_assets: Option<Tasks>,
    yank: Option<Tasks>,
    unyank: Option<Tasks>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PackageTable {
    name: String,
    path: String,
    tag: Option<String>,
    files: Vec<FileRule>,
    publish: Option<Tasks>,
    published: Option<Tasks>,
    assets: Option<Tasks>,
    fetch_assets: Option<Tasks>,
    yank: Option<Tasks>,
    unyank: Option<Tasks>,
}

/// The keys of [`Publishing`] in both tables. (`serde` cannot tell unknown keys from those of a table within.)
macro_rules! publishing {
    ($table:ident, $base:expr) => {{
        let base: &Publishing = $base;
        let or = |tasks: Option<Tasks>, base: &Vec<Task>, key, count, takes| match tasks {
            Some(tasks) => tasks.under(key, minutes(count), takes),
            None => Ok(base.clone()),
        };
        Publishing {
            publish: or($table.publish, &base.publish, "publish", 30, Takes::Commands)?,
            published: or($table.published, &base.published, "published", 1, Takes::Checks)?,
            assets: or($table.assets, &base.assets, "assets", 1, Takes::Checks)?,
            fetch_assets: or($table.fetch_assets, &base.fetch_assets, "fetch-assets", 15, Takes::Commands)?,
            yank: or($table.yank, &base.yank, "yank", 5, Takes::Commands)?,
            unyank: or($table.unyank, &base.unyank, "unyank", 5, Takes::Commands)?,
        }
    }};
}

impl PackageTable {
    fn rule(self, base: &Publishing) -> Result<PackageRule, String> {
        if !is_below(&self.path) && !self.path.is_empty() {
            return Err(format!("{:?} is not a directory below the top of the worktree", self.path));
        }
        let path = self.path.trim_end_matches('/').trim_start_matches("./").to_owned();
        let path = if path == "." { String::new() } else { path };
        let publishing = publishing!(self, base);
        Ok(PackageRule { name: self.name, path, tag: self.tag, files: self.files, publishing })
    }
}

impl ReleaseTable {
    pub(super) fn release(self, tables: Vec<PackageTable>) -> Result<Release, String> {
        let mut names = BTreeSet::new();
        check(self.tag.as_deref(), &self.files, "[release]")?;
        let publishing = publishing!(self, &Publishing::default());
        let mut packages = Vec::new();
        for table in tables {
            let place = format!("[[package]] {}", table.name);
            if table.name.is_empty() || !names.insert(table.name.clone()) {
                return Err(format!("{place}: every package needs a name of its own"));
            }
            check(table.tag.as_deref(), &table.files, &place)?;
            packages.push(table.rule(&publishing).map_err(|wrong| format!("{place}: {wrong}"))?);
        }
        let pr = self.pr.under("pr", minutes(2), Takes::Commands)?;
        Ok(Release {
            tag: self.tag,
            files: self.files,
            packages,
            lines: self.lines,
            pr,
            remote: self.remote,
            publishing,
        })
    }
}

fn check(tag: Option<&str>, files: &[FileRule], place: &str) -> Result<(), String> {
    if tag.is_some_and(|tag| tag.matches("{version}").count() != 1) {
        return Err(format!("{place} tag must contain {{version}} once"));
    }
    for rule in files {
        if !is_below(&rule.file) {
            return Err(format!("{place} files: {:?} is not below the top of the worktree", rule.file));
        }
        match &rule.pattern {
            Some(pattern) if pattern.matches("{version}").count() != 1 => {
                return Err(format!("{place} files: the pattern for {} must contain {{version}} once", rule.file));
            }
            None if rule.count.is_some() => {
                return Err(format!("{place} files: count for {} goes with a pattern", rule.file));
            }
            _ => {}
        }
    }
    Ok(())
}

impl<'de> Deserialize<'de> for FileRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            file: String,
            pattern: Option<String>,
            count: Option<usize>,
        }
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = FileRule;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a file, or a table with file and pattern")
            }

            fn visit_str<E: de::Error>(self, file: &str) -> Result<FileRule, E> {
                Ok(FileRule { file: file.to_owned(), ..FileRule::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FileRule, A::Error> {
                let Table { file, pattern, count } = Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(FileRule { file, pattern, count })
            }
        }
        deserializer.deserialize_any(Form)
    }
}
