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
            ("release publish", &self.publish),
            ("release published", &self.published),
            ("release assets", &self.assets),
            ("release fetch-assets", &self.fetch_assets),
            ("release yank", &self.yank),
            ("release unyank", &self.unyank),
        ]
    }
}

/// A directory that is released under versions of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageRule {
    /// What it is called (`-p NAME`).
    pub name: String,
    /// The directory; without it, the top.
    #[serde(default)]
    pub path: String,
    /// The pattern of its tags; `None`: as the tags that are there.
    pub tag: Option<String>,
    /// Its version files, relative to its directory.
    #[serde(default)]
    pub files: Vec<FileRule>,
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
    publish: Tasks,
    published: Tasks,
    assets: Tasks,
    fetch_assets: Tasks,
    yank: Tasks,
    unyank: Tasks,
}

impl ReleaseTable {
    pub(super) fn release(self, packages: Vec<PackageRule>) -> Result<Release, String> {
        let mut names = BTreeSet::new();
        check(self.tag.as_deref(), &self.files, "[release]")?;
        for package in &packages {
            let place = format!("[[package]] {}", package.name);
            if package.name.is_empty() || !names.insert(&package.name) {
                return Err(format!("{place}: every package needs a name of its own"));
            }
            if !is_below(&package.path) && !package.path.is_empty() {
                return Err(format!("{place}: {:?} is not a directory below the top of the worktree", package.path));
            }
            check(package.tag.as_deref(), &package.files, &place)?;
        }
        let plain = |path: &str| path.trim_end_matches('/').trim_start_matches("./").to_owned();
        let packages = packages.into_iter().map(|package| {
            let path = Some(plain(&package.path)).filter(|path| path != ".").unwrap_or_default();
            PackageRule { path, ..package }
        });
        let commands = |tasks: Tasks, key, count| tasks.under(key, minutes(count), Takes::Commands);
        let publishing = Publishing {
            publish: commands(self.publish, "publish", 30)?,
            published: self.published.under("published", minutes(1), Takes::Checks)?,
            assets: self.assets.under("assets", minutes(1), Takes::Checks)?,
            fetch_assets: commands(self.fetch_assets, "fetch-assets", 15)?,
            yank: commands(self.yank, "yank", 5)?,
            unyank: commands(self.unyank, "unyank", 5)?,
        };
        let pr = commands(self.pr, "pr", 2)?;
        Ok(Release {
            tag: self.tag,
            files: self.files,
            packages: packages.collect(),
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
