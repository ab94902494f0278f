//! Ignore rules as git has them: the user's list, `info/exclude`, and a chain of `.gitignore` files.

#[cfg(test)]
mod tests;

use crate::{Error, Result};
use gix_glob::Pattern;
use gix_glob::pattern::Case;
use gix_glob::wildmatch::Mode;
use std::path::Path;
use std::sync::Arc;

/// Git refuses to read longer pattern files, too.
const MAX_FILE: u64 = 100 * 1024 * 1024;

/// The patterns of one file, first to last.
struct Patterns(Vec<Pattern>);

impl Patterns {
    fn parse(bytes: &[u8]) -> Patterns {
        let mut text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).to_vec();
        // With an end of line the last line loses its carriage return as the others do.
        if text.last().is_some_and(|&byte| byte != b'\n') {
            text.push(b'\n');
        }
        Patterns(gix_ignore::parse(&text, false).map(|(pattern, _, _)| pattern).collect())
    }

    fn read(path: &Path) -> Result<Patterns> {
        let failed = |error: &std::io::Error| Error::io(format!("cannot read ignore rules {}", path.display()), error);
        match std::fs::metadata(path) {
            Ok(meta) if meta.is_file() && meta.len() <= MAX_FILE => {
                std::fs::read(path).map(|bytes| Patterns::parse(&bytes)).map_err(|error| failed(&error))
            }
            Ok(_) => Ok(Patterns(Vec::new())),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                Ok(Patterns(Vec::new()))
            }
            Err(error) => Err(failed(&error)),
        }
    }

    /// What the last matching pattern says of `path`, relative to the directory of the patterns.
    fn verdict(&self, path: &[u8], is_dir: bool, case: Case) -> Option<bool> {
        if self.0.is_empty() {
            return None;
        }
        let name = path.iter().rposition(|&byte| byte == b'/').map(|at| at + 1);
        let matches = |pattern: &&Pattern| {
            pattern.matches_repo_relative_path(path.into(), name, Some(is_dir), case, Mode::NO_MATCH_SLASH_LITERAL)
        };
        self.0.iter().rev().find(matches).map(|pattern| !pattern.is_negative())
    }
}

/// The ignore rules that hold everywhere in a worktree.
pub struct Rules {
    /// Weakest first.
    global: [Patterns; 2],
    case: Case,
}

impl Rules {
    /// Reads the user's list (`core.excludesFile`) and the repository's (`info/exclude` in the common
    /// git directory); either may be missing. `ignore_case` is `core.ignorecase`.
    ///
    /// # Errors
    ///
    /// A list that is there and cannot be read.
    pub fn new(excludes_file: Option<&Path>, info_exclude: &Path, ignore_case: bool) -> Result<Rules> {
        let user = excludes_file.map_or(Ok(Patterns(Vec::new())), Patterns::read)?;
        Ok(Rules {
            global: [user, Patterns::read(info_exclude)?],
            case: if ignore_case { Case::Fold } else { Case::Sensitive },
        })
    }

    /// The rules at the top of the worktree, its own `.gitignore` not yet read.
    pub fn top(&self) -> DirRules<'_> {
        DirRules { rules: self, chain: None, all_ignored: false }
    }

    /// Whether names that differ in case only are the same.
    pub fn ignore_case(&self) -> bool {
        self.case == Case::Fold
    }
}

/// The rules that hold in one directory; cheap to clone and to hand to another thread.
#[derive(Clone)]
pub struct DirRules<'a> {
    rules: &'a Rules,
    chain: Option<Arc<Link>>,
    all_ignored: bool,
}

/// The patterns of one `.gitignore` and those of the directories above.
struct Link {
    patterns: Patterns,
    /// The length of the directory's path with the slash after it.
    base: usize,
    above: Option<Arc<Link>>,
}

impl Drop for Link {
    fn drop(&mut self) {
        // A chain as deep as the directories must not be dropped by recursion.
        let mut above = self.above.take();
        while let Some(mut link) = above.and_then(Arc::into_inner) {
            above = link.above.take();
        }
    }
}

impl DirRules<'_> {
    /// These rules with the `.gitignore` of the directory `dir` (empty: the top) added.
    ///
    /// Has no effect in an ignored directory: git does not read those files.
    #[must_use]
    pub fn push(&self, dir: &[u8], gitignore: &[u8]) -> Self {
        let mut new = self.clone();
        if !self.all_ignored && gitignore.len() as u64 <= MAX_FILE {
            let base = if dir.is_empty() { 0 } else { dir.len() + 1 };
            new.chain = Some(Arc::new(Link { patterns: Patterns::parse(gitignore), base, above: self.chain.clone() }));
        }
        new
    }

    /// The rules inside the directory `dir`, which lies in this one: when it is ignored, all in it is.
    #[must_use]
    pub fn enter(&self, dir: &[u8]) -> Self {
        let mut new = self.clone();
        new.all_ignored = self.is_ignored(dir, true);
        new
    }

    /// Whether everything here is ignored because a directory above is.
    pub fn all_ignored(&self) -> bool {
        self.all_ignored
    }

    /// What the rules say of `path` (from the top of the worktree, in this directory):
    /// `Some(true)`: ignored, `Some(false)`: expressly not, `None`: not mentioned.
    pub fn verdict(&self, path: &[u8], is_dir: bool) -> Option<bool> {
        if self.all_ignored {
            return Some(true);
        }
        let mut link = self.chain.as_deref();
        while let Some(Link { patterns, base, above }) = link {
            let verdict = path.get(*base..).and_then(|rest| patterns.verdict(rest, is_dir, self.rules.case));
            if verdict.is_some() {
                return verdict;
            }
            link = above.as_deref();
        }
        self.rules.global.iter().rev().find_map(|patterns| patterns.verdict(path, is_dir, self.rules.case))
    }

    /// Whether `path` is ignored.
    pub fn is_ignored(&self, path: &[u8], is_dir: bool) -> bool {
        self.verdict(path, is_dir) == Some(true)
    }
}

/// Patterns in the form of `.gitignore` that name files which stay where they are, such as `.env*`.
pub struct Keep(Patterns);

impl Keep {
    /// From one pattern an item; later ones override earlier ones, `!` takes out again.
    pub fn new<T: AsRef<[u8]>>(patterns: impl IntoIterator<Item = T>) -> Keep {
        let lines: Vec<_> = patterns.into_iter().map(|pattern| pattern.as_ref().to_vec()).collect();
        Keep(Patterns::parse(&lines.join(&b'\n')))
    }

    /// Whether `path` itself is named (a directory keeps all in it).
    pub fn names(&self, path: &[u8], is_dir: bool) -> bool {
        self.0.verdict(path, is_dir, Case::Sensitive) == Some(true)
    }

    /// Whether `path` or a directory above it is named.
    pub fn covers(&self, path: &[u8], is_dir: bool) -> bool {
        let above = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at]);
        above.into_iter().any(|dir| self.names(dir, true)) || self.names(path, is_dir)
    }
}
