//! Version numbers: SemVer, and the spelling that Python has for the same (PEP 440).

use crate::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// A version, as SemVer orders it. Build metadata is kept and does not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(semver::Version);

impl Version {
    /// Reads a version that must be SemVer.
    ///
    /// # Errors
    /// Refused, with what is wrong and the nearest version that would be right.
    pub fn parse(text: &str) -> Result<Version> {
        let wrong = |why: String| Error::refused(format!("\"{text}\" is not a version")).because(why);
        semver::Version::parse(text).map(Version).map_err(|e| match Version::read(text) {
            Some(near) => wrong(e.to_string()).help(format!("did you mean {near}?")),
            None => wrong(e.to_string()).help("write it as SemVer has it: 1.2.0, or 1.2.0-rc.1 for a candidate"),
        })
    }

    /// Reads a version as people, tags and Python spell it: `v1.2.0`, `1.2`, `1.2.0rc1`, `2024.01.2`.
    pub fn read(text: &str) -> Option<Version> {
        let text = text.trim();
        let plain = text.strip_prefix(['v', 'V']).unwrap_or(text);
        if !plain.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        if let Ok(version) = semver::Version::parse(plain) {
            return Some(Version(version));
        }
        let python = pep440_rs::Version::from_str(plain).ok()?;
        let numbers = python.release();
        if numbers.len() > 3 || python.epoch() != 0 || python.is_post() {
            return None;
        }
        let number = |at: usize| numbers.get(at).copied().unwrap_or_default();
        let mut before = Vec::new();
        if let Some(pre) = python.pre() {
            let word = match pre.kind {
                pep440_rs::PrereleaseKind::Alpha => "alpha",
                pep440_rs::PrereleaseKind::Beta => "beta",
                pep440_rs::PrereleaseKind::Rc => "rc",
            };
            before.push(format!("{word}.{}", pre.number));
        }
        before.extend(python.dev().map(|number| format!("dev.{number}")));
        let local: Vec<String> = python.local().iter().map(ToString::to_string).collect();
        Some(Version(semver::Version {
            major: number(0),
            minor: number(1),
            patch: number(2),
            pre: semver::Prerelease::new(&before.join(".")).ok()?,
            build: semver::BuildMetadata::new(&local.join(".")).ok()?,
        }))
    }

    /// The same version as Python spells it: `1.2.0rc1`.
    ///
    /// # Errors
    /// Refused where PEP 440 has no word for it, as for `1.2.0-nightly`.
    pub fn pep440(&self) -> Result<String> {
        let spelled = pep440_rs::Version::from_str(&self.0.to_string()).ok();
        // `1.2.0-1` comes before 1.2.0 in SemVer, and after it in PEP 440.
        let spelled = spelled.filter(|v| !v.is_post() && v.any_prerelease() != self.0.pre.is_empty());
        spelled.map(|version| version.to_string()).ok_or_else(|| {
            Error::refused(format!("Python has no spelling for the version {self}"))
                .because("PEP 440 knows alpha, beta, rc and dev, each with a number")
                .help("choose a version such as 1.2.0-rc.1")
        })
    }

    /// Whether both mean one version, however they are spelled. Build metadata does not count.
    pub fn same(&self, other: &Version) -> bool {
        let plain = |v: &Version| v.without_build();
        let (a, b) = (plain(self), plain(other));
        a == b || (a.numbers() == b.numbers() && a.pep440().ok().is_some_and(|a| Some(a) == b.pep440().ok()))
    }

    /// Whether it comes before the version of the same numbers: a candidate, a beta.
    pub fn is_prerelease(&self) -> bool {
        !self.0.pre.is_empty()
    }

    /// What follows the numbers of a prerelease; empty: it is none.
    pub fn prerelease(&self) -> &str {
        self.0.pre.as_str()
    }

    /// Major, minor and patch.
    pub fn numbers(&self) -> [u64; 3] {
        [self.0.major, self.0.minor, self.0.patch]
    }

    /// The numbers alone, as in `1.2.0`.
    #[must_use]
    pub fn core(&self) -> Version {
        Version(semver::Version::new(self.0.major, self.0.minor, self.0.patch))
    }

    /// The next version that is no prerelease: the release of a candidate, otherwise the next patch.
    #[must_use]
    pub fn next(&self) -> Version {
        let patch = if self.is_prerelease() { self.0.patch } else { self.0.patch + 1 };
        Version(semver::Version::new(self.0.major, self.0.minor, patch))
    }

    /// The version without build metadata.
    #[must_use]
    pub fn without_build(&self) -> Version {
        Version(semver::Version { build: semver::BuildMetadata::EMPTY, ..self.0.clone() })
    }

    /// Build metadata, what follows a `+`; may be empty.
    pub fn build(&self) -> &str {
        self.0.build.as_str()
    }

    /// Whether a requirement as Cargo and npm write it (`^1.2`, `=1.2.0`) is met; `None`: it cannot be read.
    pub fn meets(&self, requirement: &str) -> Option<bool> {
        semver::VersionReq::parse(requirement).ok().map(|wanted| wanted.matches(&self.0))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn people_and_python_spell_versions_in_their_own_way() {
        for (spelled, meant) in [
            ("v1.2.0", "1.2.0"),
            ("1.2", "1.2.0"),
            ("V3", "3.0.0"),
            ("1.2.0rc1", "1.2.0-rc.1"),
            ("1.2b2", "1.2.0-beta.2"),
            ("1.2.0a1.dev3", "1.2.0-alpha.1.dev.3"),
            ("1.2.dev4", "1.2.0-dev.4"),
            ("2024.01.02", "2024.1.2"),
            ("1.2.0+cu118", "1.2.0+cu118"),
            ("1.2.0-hotfix", "1.2.0-hotfix"),
        ] {
            assert_eq!(Version::read(spelled).unwrap_or_else(|| panic!("{spelled}")), v(meant), "{spelled}");
        }
        for not_one in ["", "v", "1.2.3.4", "1!2.0", "1.2.0.post1", "release", "x1.2", "1..2"] {
            assert_eq!(Version::read(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn python_has_a_spelling_for_most() {
        for (semver, python) in [
            ("1.2.0", "1.2.0"),
            ("1.2.0-rc.1", "1.2.0rc1"),
            ("1.2.0-alpha.2", "1.2.0a2"),
            ("1.2.0-dev.3", "1.2.0.dev3"),
        ] {
            assert_eq!(v(semver).pep440().unwrap(), python);
        }
        for none in ["1.2.0-nightly", "1.2.0-1", "1.2.0-rc.1.x"] {
            assert!(v(none).pep440().is_err(), "{none}");
        }
    }

    #[test]
    fn one_version_in_two_spellings_is_one() {
        assert!(v("1.2.0-rc1").same(&Version::read("1.2.0rc1").unwrap()));
        assert!(v("1.2.0").same(&v("1.2.0+7")));
        assert!(!v("1.2.0").same(&v("1.2.1")));
        assert!(!v("1.2.0-hotfix").same(&v("1.2.0")));
    }

    #[test]
    fn what_is_no_semver_is_refused_with_what_was_meant() {
        let error = Version::parse("v1.2").unwrap_err();
        assert!(error.helps()[0].contains("did you mean 1.2.0?"), "{error}");
        assert!(Version::parse("1.02.0").is_err());
        assert_eq!(v("1.2.3").meets("^1.2"), Some(true));
        assert_eq!(v("1.3.0").meets("~1.2"), Some(false));
    }
}
