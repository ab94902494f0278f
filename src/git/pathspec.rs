//! Paths as a person spells them for git (<https://git-scm.com/docs/gitglossary#Documentation/gitglossary.txt-pathspec>).

use crate::model::RepoPath;
use crate::{Error, Result};
use gix_glob::wildmatch::Mode;

/// Several pathspecs: what any of them names and no excluding one names.
#[derive(Debug)]
pub struct Pathspecs {
    specs: Vec<Spec>,
}

#[derive(Debug)]
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
        Ok(Pathspecs { specs: typed.iter().map(|text| Spec::parse(text, prefix)).collect::<Result<_>>()? })
    }

    /// Whether a path is meant.
    pub fn matches(&self, path: &RepoPath) -> bool {
        let excluded = self.specs.iter().any(|s| s.exclude && s.matches(path));
        let only_exclude = self.specs.iter().all(|s| s.exclude);
        !excluded && (only_exclude || self.specs.iter().any(|s| !s.exclude && s.matches(path)))
    }

    /// The pathspecs that match none of these paths, as they were typed.
    pub fn unmatched<'a>(&self, paths: impl Iterator<Item = &'a RepoPath> + Clone) -> Vec<String> {
        let idle = self.specs.iter().filter(|s| !s.exclude && !paths.clone().any(|path| s.matches(path)));
        idle.map(|s| s.typed.clone()).collect()
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

    fn matches(&self, path: &RepoPath) -> bool {
        if self.pattern.is_empty() {
            return true;
        }
        let (path, pattern) = if self.fold {
            (RepoPath::new(path.as_bytes().to_ascii_lowercase()), self.pattern.to_ascii_lowercase())
        } else {
            (path.clone(), self.pattern.clone())
        };
        if path.is_within(&pattern) {
            return true;
        }
        let Some(mode) = self.mode else { return false };
        let hit = |name: &[u8]| gix_glob::wildmatch(pattern.as_slice().into(), name.into(), mode);
        hit(path.as_bytes()) || path.ancestors().any(hit)
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
}
