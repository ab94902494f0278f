//! Paths as a person spells them for git (<https://git-scm.com/docs/gitglossary#Documentation/gitglossary.txt-pathspec>).

use crate::model::{PathSet, RepoPath};
use crate::{Error, Result};
use gix_glob::wildmatch::Mode;
use std::collections::BTreeSet;

/// Several pathspecs: what any of them names and no excluding one names.
#[derive(Clone, Debug)]
pub struct Pathspecs {
    specs: Vec<Spec>,
    /// Those of `specs` that name paths and directories as they are: thousands of them are asked at once.
    plain: PathSet,
    /// Whether one of them is the top.
    all: bool,
    /// Those that must be tried one after the other.
    patterns: Vec<usize>,
    excludes: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Spec {
    typed: String,
    pattern: Vec<u8>,
    exclude: bool,
    mode: Option<Mode>,
    fold: bool,
}

impl Pathspecs {
    /// Reads pathspecs; they are relative to `prefix`, the current directory below the top (empty: the top).
    ///
    /// # Errors
    /// Refused: unknown magic, or a path outside the repository.
    pub fn parse(typed: &[Vec<u8>], prefix: &[u8]) -> Result<Pathspecs> {
        let specs: Vec<Spec> = typed.iter().map(|text| Spec::parse(text, prefix)).collect::<Result<_>>()?;
        let numbers = |wanted: &dyn Fn(&Spec) -> bool| (0..specs.len()).filter(|n| wanted(&specs[*n])).collect();
        let patterns = numbers(&|s| !s.exclude && !s.is_plain());
        let excludes = numbers(&|s| s.exclude);
        let plain = || specs.iter().filter(|s| !s.exclude && s.is_plain()).map(|s| s.pattern.as_slice());
        let all = plain().any(<[u8]>::is_empty);
        let plain = plain().filter(|path| !path.is_empty()).map(RepoPath::new).collect();
        Ok(Pathspecs { specs, plain, all, patterns, excludes })
    }

    /// Just these paths, and what is below them.
    pub fn of(paths: PathSet) -> Pathspecs {
        let spec = |path: &RepoPath| Spec {
            typed: path.to_string(),
            pattern: path.as_bytes().to_vec(),
            exclude: false,
            mode: None,
            fold: false,
        };
        let specs = paths.iter().map(spec).collect();
        Pathspecs { specs, plain: paths, all: false, patterns: Vec::new(), excludes: Vec::new() }
    }

    /// The paths that are meant, when they are named as they are; `None`: patterns are among them, or the top.
    pub fn as_set(&self) -> Option<&PathSet> {
        let simple = !self.all && self.patterns.is_empty() && self.excludes.is_empty();
        simple.then_some(&self.plain).filter(|set| !set.is_empty())
    }

    /// Whether a path is meant.
    pub fn matches(&self, path: &RepoPath) -> bool {
        self.matches_bytes(path.as_bytes())
    }

    /// Whether a path is meant.
    pub fn matches_bytes(&self, path: &[u8]) -> bool {
        let any = |numbers: &[usize]| numbers.iter().any(|n| self.specs[*n].matches(path));
        let only_exclude = self.excludes.len() == self.specs.len();
        (only_exclude || self.all || self.plain.covers(path) || any(&self.patterns)) && !any(&self.excludes)
    }

    /// Whether anything below a directory can be meant.
    pub fn may_match_below(&self, dir: &[u8]) -> bool {
        self.all || self.plain.is_empty() || !self.patterns.is_empty() || self.plain.reaches_below(dir)
    }

    /// The pathspecs that match none of these paths, as they were typed.
    pub fn unmatched<'a>(&self, paths: impl Iterator<Item = &'a RepoPath> + Clone) -> Vec<String> {
        let mut hit: BTreeSet<&[u8]> = BTreeSet::new();
        for path in paths.clone().map(RepoPath::as_bytes) {
            hit.insert(path);
            hit.extend(path.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| &path[..at]));
        }
        let any = |spec: &Spec| match spec.is_plain() && !spec.pattern.is_empty() {
            true => hit.contains(spec.pattern.as_slice()),
            false => paths.clone().any(|path| spec.matches(path.as_bytes())),
        };
        self.specs.iter().filter(|s| !s.exclude && !any(s)).map(|s| s.typed.clone()).collect()
    }
}

impl Spec {
    fn parse(text: &[u8], prefix: &[u8]) -> Result<Spec> {
        let typed = String::from_utf8_lossy(text).into_owned();
        let (mut top, mut exclude, mut literal, mut glob, mut fold) = (false, false, false, false, false);
        let mut rest = text;
        if let Some(long) = text.strip_prefix(b":(") {
            let end = long.iter().position(|&b| b == b')').ok_or_else(|| {
                Error::refused(format!("\"{typed}\" is not a pathspec")).help("`:(` must be closed with `)`")
            })?;
            for word in long[..end].split(|&b| b == b',') {
                match word {
                    b"top" => top = true,
                    b"exclude" => exclude = true,
                    b"literal" => literal = true,
                    b"glob" => glob = true,
                    b"icase" => fold = true,
                    b"" => {}
                    _ => {
                        return Err(Error::refused(format!("\"{typed}\" uses pathspec magic that is not supported"))
                            .help("supported: top, exclude, literal, glob, icase"));
                    }
                }
            }
            rest = &long[end + 1..];
        } else if let Some(short) = text.strip_prefix(b":") {
            let magic = short.iter().take_while(|b| b"/!^".contains(b)).count();
            top = short[..magic].contains(&b'/');
            exclude = short[..magic].iter().any(|b| b"!^".contains(b));
            rest = short[magic..].strip_prefix(b":").unwrap_or(&short[magic..]);
        }
        let pattern = normal(rest, if top { b"" } else { prefix }).ok_or_else(|| {
            Error::refused(format!("\"{typed}\" lies outside the repository")).help("name a path below its top")
        })?;
        let wild = !literal && pattern.iter().any(|b| b"*?[\\".contains(b));
        let mode = match (wild, glob) {
            (false, _) => None,
            (true, true) => Some(Mode::NO_MATCH_SLASH_LITERAL),
            (true, false) => Some(Mode::empty()),
        };
        Ok(Spec { typed, pattern, exclude, mode, fold })
    }

    /// Whether it names a path or a directory just as it is.
    fn is_plain(&self) -> bool {
        self.mode.is_none() && !self.fold
    }

    fn matches(&self, path: &[u8]) -> bool {
        if self.fold {
            self.matches_exactly(&path.to_ascii_lowercase(), &self.pattern.to_ascii_lowercase())
        } else {
            self.matches_exactly(path, &self.pattern)
        }
    }

    fn matches_exactly(&self, path: &[u8], pattern: &[u8]) -> bool {
        let within = path.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest[0] == b'/');
        if pattern.is_empty() || within {
            return true;
        }
        let Some(mode) = self.mode else { return false };
        let hit = |name: &[u8]| gix_glob::wildmatch(pattern.into(), name.into(), mode);
        hit(path) || path.iter().enumerate().any(|(at, b)| *b == b'/' && hit(&path[..at]))
    }
}

/// The path below the top, `.` and `..` resolved; `None`: it leaves the repository.
fn normal(path: &[u8], prefix: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<&[u8]> = prefix.split(|&b| b == b'/').filter(|p| !p.is_empty()).collect();
    if path.starts_with(b"/") {
        return None;
    }
    for part in path.split(|&b| b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(spec: &str, prefix: &str, path: &str) -> bool {
        Pathspecs::parse(&[spec.as_bytes().to_vec()], prefix.as_bytes()).unwrap().matches(&path.into())
    }

    #[test]
    fn pathspecs_mean_what_git_says() {
        assert!(hits("src", "", "src/a.rs"));
        assert!(!hits("src", "", "srcs/a.rs"));
        assert!(hits("*.rs", "", "src/a.rs"), "a plain wildcard crosses slashes");
        assert!(!hits(":(glob)*.rs", "", "src/a.rs"));
        assert!(hits(":(glob)**/*.rs", "", "src/a.rs"));
        assert!(hits(".", "src", "src/a.rs"));
        assert!(!hits(".", "src", "doc/a"));
        assert!(hits("../doc", "src", "doc/a"));
        assert!(hits(":/doc", "src", "doc/a"));
        assert!(hits(":(literal)a*b", "", "a*b"));
        assert!(!hits(":(literal)a*b", "", "axb"));
        assert!(!hits(":!doc", "", "doc/a"));
        assert!(hits(":(icase)README", "", "readme"));
        assert!(Pathspecs::parse(&[b"../x".to_vec()], b"").is_err());
    }

    #[test]
    fn directories_that_cannot_hold_a_match_are_told_apart() {
        let parse = |specs: &[&str]| {
            let specs: Vec<Vec<u8>> = specs.iter().map(|spec| spec.as_bytes().to_vec()).collect();
            Pathspecs::parse(&specs, b"").unwrap()
        };
        let plain = parse(&["a/b/c", "d"]);
        assert!(["a", "a/b", "a/b/c", "a/b/c/d", "d", "d/e"].iter().all(|dir| plain.may_match_below(dir.as_bytes())));
        assert!(!["a/bb", "a-b", "e", "a/b/d"].iter().any(|dir| plain.may_match_below(dir.as_bytes())));
        for open in [&["*.c", "d"][..], &[":!d"], &["."], &[":(icase)D"]] {
            assert!(parse(open).may_match_below(b"any/where"), "{open:?}");
        }
        let paths: [RepoPath; 2] = ["a/b/c/x".into(), "d".into()];
        assert_eq!(parse(&["a/b", "d", "a/x", "*/x"]).unmatched(paths.iter()), ["a/x"]);
    }
}
