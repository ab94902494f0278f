//! One place in a file where a version stands, and how it is spelled there.

use crate::release::Version;
use crate::{Error, Result};

/// Bytes of a file's text.
pub(super) type Span = std::ops::Range<usize>;

/// A place where a version stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// What it is: `package.version`.
    pub what: String,
    /// What stands there.
    pub value: String,
    /// Where. The new value takes the place of the first; the others become empty.
    pub pieces: Vec<Span>,
    /// How it is spelled.
    pub spelling: Spelling,
}

/// How a version is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `1.2.0-rc.1`
    SemVer,
    /// `1.2.0rc1`
    Pep440,
    /// SemVer or PEP 440: as the other files of the package do it.
    AsOthers,
    /// What a dependency asks for: `^1.2`, `=1.2.0`, `workspace:~1.2.0`.
    Requirement,
    /// `1.2.0+45`: the number behind the plus counts builds, and never repeats.
    Counted,
    /// `1.2.0`, without what makes it a prerelease.
    Numbers,
    /// `rc.1`: only what makes it a prerelease.
    Suffix,
    /// `1.2.0.0`, or as many numbers as there are.
    FourNumbers,
    /// `1, 2, 0`, as in a Python tuple.
    Tuple,
}

impl Spot {
    /// A spot in one piece.
    pub fn new(what: impl Into<String>, value: &str, span: &Span, spelling: Spelling) -> Spot {
        Spot { what: what.into(), value: value.to_owned(), pieces: vec![span.clone()], spelling }
    }

    /// The version it says; `None`: it says none.
    pub fn version(&self) -> Option<Version> {
        match self.spelling {
            Spelling::Requirement => Version::read(self.split_requirement().1),
            Spelling::Tuple => Version::read(&numbers_of(&self.value).join(".")),
            Spelling::FourNumbers => {
                let numbers = numbers_of(&self.value);
                let plain = numbers.len() > 3 && numbers[3..].iter().all(|n| n == "0");
                Version::read(&if plain { numbers[..3].join(".") } else { self.value.clone() })
            }
            Spelling::Suffix => None,
            _ => Version::read(&self.value),
        }
    }

    /// Whether it says `version`, as far as it says anything.
    pub fn says(&self, version: &Version) -> bool {
        match self.spelling {
            Spelling::Suffix => self.value == version.prerelease(),
            Spelling::Numbers => self.version().is_some_and(|own| own.same(&version.core())),
            Spelling::FourNumbers | Spelling::Tuple => {
                self.version().is_some_and(|own| own.same(&version.core()) || own.same(version))
            }
            Spelling::Requirement => {
                let (_, text) = self.split_requirement();
                let full = self.version().is_some_and(|own| own.same(version));
                let precise = text.split('.').count() < 3 && !version.is_prerelease();
                full && text.split('.').count() >= 3 || precise && text == shortened(version, text)
            }
            _ => self.version().is_some_and(|own| own.same(version)),
        }
    }

    /// What shall stand there for a version.
    ///
    /// # Errors
    /// Refused when this place cannot say it.
    pub fn spelled(&self, to: &Version, python: bool) -> Result<String> {
        let with_v = |text: String| match self.value.chars().next() {
            Some(v @ ('v' | 'V')) => format!("{v}{text}"),
            _ => text,
        };
        Ok(match self.spelling {
            Spelling::SemVer => with_v(to.to_string()),
            Spelling::Pep440 => with_v(to.pep440()?),
            Spelling::AsOthers if python => with_v(to.pep440()?),
            Spelling::AsOthers => with_v(to.to_string()),
            Spelling::Requirement => {
                let (before, text) = self.split_requirement();
                let short = text.split('.').count() < 3 && !to.is_prerelease();
                let new = if short { shortened(to, text) } else { to.without_build().to_string() };
                format!("{before}{new}")
            }
            Spelling::Counted => match (to.build(), self.value.split_once('+')) {
                ("", Some((_, count))) => match count.parse::<u64>() {
                    Ok(count) => format!("{to}+{}", count + 1),
                    Err(_) => to.to_string(),
                },
                _ => to.to_string(),
            },
            Spelling::Numbers => to.core().to_string(),
            Spelling::Suffix => to.prerelease().to_owned(),
            Spelling::FourNumbers => match numbers_of(&self.value).len() {
                0..=3 => to.core().to_string(),
                more => format!("{}{}", to.core(), ".0".repeat(more - 3)),
            },
            Spelling::Tuple => tuple(&self.value, to)?,
        })
    }

    /// A requirement's operator, and the version behind it.
    fn split_requirement(&self) -> (&str, &str) {
        let start = self.value.find(|c: char| c.is_ascii_digit()).unwrap_or(self.value.len());
        self.value.split_at(start)
    }

    /// Whether a requirement is one operator and one version, so that it can follow.
    pub fn is_plain_requirement(&self) -> bool {
        let (before, text) = self.split_requirement();
        let operator = before.strip_prefix("workspace:").unwrap_or(before).trim_end();
        ["", "^", "~", "=", "=="].contains(&operator) && Version::read(text).is_some()
    }

    /// Whether a version meets the requirement; `None`: nobody here can say.
    pub fn met_by(&self, version: &Version) -> Option<bool> {
        let text = self.value.strip_prefix("workspace:").unwrap_or(&self.value);
        version.meets(text)
    }
}

/// A version with as many numbers as `like`.
fn shortened(version: &Version, like: &str) -> String {
    let numbers = version.numbers().map(|n| n.to_string());
    numbers[..like.split('.').count().clamp(1, 3)].join(".")
}

fn numbers_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Puts the three numbers in the place of those that stand there.
fn tuple(value: &str, to: &Version) -> Result<String> {
    if to.is_prerelease() {
        return Err(Error::refused(format!("a tuple of numbers cannot say {to}")));
    }
    let mut numbers = to.numbers().into_iter();
    let (mut out, mut in_number) = (String::new(), false);
    for c in value.chars() {
        if c.is_ascii_digit() {
            if !in_number {
                out.push_str(&numbers.next().unwrap_or_default().to_string());
            }
        } else {
            out.push(c);
        }
        in_number = c.is_ascii_digit();
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(value: &str, spelling: Spelling) -> Spot {
        Spot::new("x", value, &(0..value.len()), spelling)
    }

    #[test]
    fn each_place_is_spelled_in_its_own_way() {
        use Spelling::{Counted, FourNumbers, Numbers, Pep440, Requirement, SemVer, Suffix, Tuple};
        for (old, spelling, to, new) in [
            ("1.2.0", SemVer, "1.2.1-rc.1", "1.2.1-rc.1"),
            ("v1.2.0", SemVer, "1.2.1", "v1.2.1"),
            ("1.2.0", Pep440, "1.2.1-rc.1", "1.2.1rc1"),
            ("^1.2.0", Requirement, "1.2.1", "^1.2.1"),
            ("1.2", Requirement, "1.3.0", "1.3"),
            ("1", Requirement, "2.0.0", "2"),
            ("=1.2.0", Requirement, "1.3.0-rc.1", "=1.3.0-rc.1"),
            ("~1.2", Requirement, "1.3.0-rc.1", "~1.3.0-rc.1"),
            ("workspace:^1.2.0", Requirement, "1.2.1", "workspace:^1.2.1"),
            ("1.2.0+44", Counted, "1.2.1", "1.2.1+45"),
            ("1.2.0+44", Counted, "1.2.1+7", "1.2.1+7"),
            ("1.2.0", Counted, "1.2.1", "1.2.1"),
            ("1.2.0", Numbers, "1.2.1-rc.1", "1.2.1"),
            ("", Suffix, "1.2.1-rc.1", "rc.1"),
            ("1.2.0.0", FourNumbers, "1.2.1", "1.2.1.0"),
            ("1, 2,0", Tuple, "1.20.1", "1, 20,1"),
        ] {
            assert_eq!(spot(old, spelling).spelled(&Version::parse(to).unwrap(), false).unwrap(), new, "{old} to {to}");
        }
        let rc = Version::parse("1.2.1-rc.1").unwrap();
        assert!(spot("1, 2, 0", Tuple).spelled(&rc, false).is_err());
        assert!(spot("1.2.0", Pep440).spelled(&Version::parse("1.2.1-x").unwrap(), false).is_err());
    }

    #[test]
    fn a_place_says_a_version_as_far_as_it_goes() {
        use Spelling::{FourNumbers, Requirement};
        let is = |value: &str, spelling, version: &str| spot(value, spelling).says(&Version::parse(version).unwrap());
        assert!(is("^1.2", Requirement, "1.2.7") && !is("^1.2", Requirement, "1.3.0"));
        assert!(is("=1.2.0", Requirement, "1.2.0") && !is("=1.2.0", Requirement, "1.2.1"));
        assert!(!spot(">=1.2", Requirement).is_plain_requirement());
        assert!(is("1.2.0.0", FourNumbers, "1.2.0") && !is("1.0.0.0", FourNumbers, "1.2.0"));
        assert!(spot("^1.2.0", Requirement).is_plain_requirement());
        assert!(!spot(">=1.2.0 <2", Requirement).is_plain_requirement());
        assert!(!spot("*", Requirement).is_plain_requirement());
    }
}
