//! Tags of releases: which tag means which version, and what the tag of a new one is called.

use super::{Package, Version};
use crate::Result;
use crate::git::Repo;
use crate::model::ObjectId;

/// A tag whose name says a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionTag {
    /// Its name, without `refs/tags/`.
    pub name: String,
    /// The version.
    pub version: Version,
    /// What it points to directly.
    pub id: ObjectId,
}

/// How the tags of a package are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagNames {
    /// What may stand before the version, the one for new tags first.
    before: Vec<String>,
    after: String,
    /// Whether the settings say it: then a `v` counts as it is written.
    fixed: bool,
}

impl TagNames {
    /// The names of a package's tags: as the settings say, otherwise as people usually do it.
    pub fn of(package: &Package, is_go_module: bool) -> TagNames {
        if let Some(pattern) = &package.tag {
            let pattern = pattern.replace("{name}", package.name.as_deref().unwrap_or_default());
            let (before, after) = pattern.split_once("{version}").unwrap_or((&pattern, ""));
            return TagNames { before: vec![before.to_owned()], after: after.to_owned(), fixed: true };
        }
        let before = match &package.name {
            None => vec!["v".to_owned(), String::new()],
            Some(name) => {
                let usual = ["-v", "-", "/v", "/", "@v", "@"].iter().map(|end| format!("{name}{end}"));
                let go = Some(of_go(&package.path)).filter(|_| !package.path.is_empty());
                let (first, last) = if is_go_module { (go, None) } else { (None, go) };
                first.into_iter().chain(usual).chain(last).collect()
            }
        };
        TagNames { before, after: String::new(), fixed: false }
    }

    /// The same for branches: what may stand before a version, that of new branches first, and what stands behind it.
    pub(super) fn of_branches(before: Vec<String>, after: String) -> TagNames {
        TagNames { before, after, fixed: true }
    }

    /// The version that a tag's name says; `None`: it is no tag of this package.
    pub fn version(&self, tag: &str) -> Option<Version> {
        let number = |before: &String| {
            let text = tag.strip_prefix(before.as_str())?.strip_suffix(self.after.as_str())?;
            // `v` is one of the beginnings: `vv1.2.0` is no version.
            Version::read(text).filter(|_| text.starts_with(|c: char| c.is_ascii_digit()))
        };
        self.before.iter().find_map(number)
    }

    /// The name for a new tag, called as those that are there.
    pub fn name_for(&self, version: &Version, tags: &[VersionTag]) -> String {
        let beginning = |tag: &VersionTag| {
            self.before.iter().find(|before| tag.name.strip_prefix(before.as_str()).is_some_and(starts_with_digit))
        };
        let newest = tags.iter().max_by(|a, b| a.version.cmp(&b.version)).and_then(beginning);
        let before = newest.or(self.before.first()).map(String::as_str).unwrap_or_default();
        format!("{before}{version}{}", self.after)
    }

    /// The tags of a package, newest version first. Only their names are read.
    ///
    /// # Errors
    /// A fault when the refs cannot be listed.
    pub fn list(&self, repo: &Repo) -> Result<Vec<VersionTag>> {
        let mut out: Vec<VersionTag> = repo
            .references("refs/tags/*")?
            .into_iter()
            .filter_map(|found| {
                let name = found.utf8_name()?.strip_prefix("refs/tags/")?;
                Some(VersionTag { version: self.version(name)?, name: name.to_owned(), id: found.id })
            })
            .collect();
        out.sort_by(|a, b| b.version.cmp(&a.version).then_with(|| a.name.cmp(&b.name)));
        Ok(out)
    }

    /// Whether the settings say how tags are called.
    pub fn is_fixed(&self) -> bool {
        self.fixed
    }
}

/// Go finds a module of a directory by the directory's path, without a last part that is a major version: `sub/v2` has `sub/v2.1.0`.
fn of_go(path: &str) -> String {
    let (above, last) = path.rsplit_once('/').unwrap_or(("", path));
    let is_major = last.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
    let module = if is_major { above } else { path };
    if module.is_empty() { "v".to_owned() } else { format!("{module}/v") }
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: Option<&str>, path: &str, tag: Option<&str>) -> Package {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Package { name: text(name), path: path.to_owned(), tag: text(tag), ..Package::default() }
    }

    fn says(names: &TagNames, tag: &str) -> Option<String> {
        names.version(tag).map(|version| version.to_string())
    }

    #[test]
    fn tags_with_and_without_a_v() {
        let names = TagNames::of(&package(None, "", None), false);
        for (tag, version) in [("v1.2.0", "1.2.0"), ("1.2.0", "1.2.0"), ("v1.2", "1.2.0"), ("1.2.0rc1", "1.2.0-rc.1")] {
            assert_eq!(says(&names, tag).as_deref(), Some(version), "{tag}");
        }
        for none in ["vv1.2.0", "release-1.2.0", "client-v1.2.0", "v", "latest", "1.2.3.4"] {
            assert_eq!(says(&names, none), None, "{none}");
        }
        let tag = |name: &str| VersionTag {
            name: name.to_owned(),
            version: names.version(name).unwrap(),
            id: ObjectId::EMPTY_TREE,
        };
        let next = Version::parse("1.3.0").unwrap();
        assert_eq!(names.name_for(&next, &[]), "v1.3.0");
        assert_eq!(names.name_for(&next, &[tag("1.2.0"), tag("v1.1.0")]), "1.3.0");
        assert_eq!(names.name_for(&next, &[tag("v1.2.0"), tag("1.1.0")]), "v1.3.0");
    }

    #[test]
    fn tags_of_several_packages() {
        let names = TagNames::of(&package(Some("client"), "lib/client", None), false);
        for tag in ["client-v1.2.0", "client-1.2.0", "client/v1.2.0", "client@1.2.0", "lib/client/v1.2.0"] {
            assert_eq!(says(&names, tag).as_deref(), Some("1.2.0"), "{tag}");
        }
        assert_eq!(says(&names, "v1.2.0"), None);
        assert_eq!(says(&names, "client-extra-1.2.0"), None);
        let next = Version::parse("1.3.0").unwrap();
        assert_eq!(names.name_for(&next, &[]), "client-v1.3.0");
        let go = TagNames::of(&package(Some("client"), "lib/client", None), true);
        assert_eq!(go.name_for(&next, &[]), "lib/client/v1.3.0");
        let second = Version::parse("2.1.0").unwrap();
        for (path, tag) in [("lib/client/v2", "lib/client/v2.1.0"), ("v2", "v2.1.0"), ("lib/vault", "lib/vault/v2.1.0")]
        {
            assert_eq!(TagNames::of(&package(Some("client"), path, None), true).name_for(&second, &[]), tag);
        }
    }

    #[test]
    fn tags_as_the_settings_say() {
        let names = TagNames::of(&package(Some("a"), "x", Some("rel/{name}-{version}-final")), false);
        assert_eq!(says(&names, "rel/a-1.2.0-final").as_deref(), Some("1.2.0"));
        assert_eq!(says(&names, "a-1.2.0"), None);
        assert_eq!(names.name_for(&Version::parse("1.3.0").unwrap(), &[]), "rel/a-1.3.0-final");
        assert_eq!(says(&TagNames::of(&package(None, "", Some("{version}")), false), "v1.2.0"), None);
    }
}
