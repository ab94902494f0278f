//! Free names: nothing that is there is ever replaced by what comes back.

use crate::git::{Repo, is_ref_name};
use crate::model::{Head, RepoPath};
use crate::store::scene::Scene;
use crate::{Error, Result};
use std::collections::BTreeSet;

/// Longer parts of a name are cut: file systems allow 255 bytes, and git adds `.lock`.
const LONGEST: usize = 200;

/// Names of refs that are free, and those that this plan has taken.
pub struct RefNames<'s> {
    repo: &'s Repo,
    /// Branches that a worktree stands on, whether they have a commit or not.
    heads: Vec<String>,
    taken: BTreeSet<String>,
}

impl<'s> RefNames<'s> {
    /// The names in a repository.
    pub fn new(scene: &Scene<'s>) -> RefNames<'s> {
        let elsewhere = scene.repo.checked_out_elsewhere();
        let mut heads: Vec<String> = elsewhere.into_iter().map(|(branch, _)| branch).collect();
        if let Head::Branch(name) = &scene.head {
            heads.push(name.clone());
        }
        RefNames { repo: scene.repo, heads, taken: BTreeSet::new() }
    }

    /// Takes exactly this name, when it is free.
    pub fn take(&mut self, full: &str) -> Result<bool> {
        let free = is_usable(full)
            && !self.heads.iter().any(|head| collide(head, full))
            && !self.taken.iter().any(|taken| collide(taken, full))
            && !self.repo.has_ref(full)
            && !self.is_below_a_ref(full)
            && !self.repo.has_refs_below(full)?;
        if free {
            self.taken.insert(full.to_owned());
        }
        Ok(free)
    }

    /// Takes `<prefix><name>`, or the first free one of `<name>-2`, `<name>-3`, ...
    ///
    /// # Errors
    /// Refused when none is free, because a ref stands where these names have a directory.
    pub fn take_near(&mut self, prefix: &str, name: &str) -> Result<String> {
        // A branch `recovery` leaves no room for `recovery/x`: then it is `recovery-x`.
        for name in [name.to_owned(), name.replace('/', "-")] {
            for number in 1..1000 {
                let numbered = if number == 1 { name.clone() } else { format!("{name}-{number}") };
                let full = format!("{prefix}{numbered}");
                if self.take(&full)? {
                    return Ok(full);
                }
                if self.is_below_a_ref(&full) {
                    break;
                }
            }
        }
        Err(Error::refused(format!("no name like {name} is free")).help("choose one with --branch NAME"))
    }

    fn is_below_a_ref(&self, full: &str) -> bool {
        let mut dirs = full.match_indices('/').skip(2).map(|(at, _)| &full[..at]);
        dirs.any(|dir| self.repo.has_ref(dir) || self.taken.contains(dir))
    }
}

/// Whether two refs cannot both be: the same name, or one in the place of the other's directory.
fn collide(a: &str, b: &str) -> bool {
    let within = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('/'));
    a == b || within(a, b) || within(b, a)
}

/// Whether git and people can use this name.
fn is_usable(full: &str) -> bool {
    let short = full.splitn(3, '/').nth(2).unwrap_or_default();
    is_ref_name(full)
        && !short.is_empty()
        && !short.starts_with('-')
        && short != "HEAD"
        && short.split('/').all(|part| part.len() <= LONGEST)
        && short.len() <= 4 * LONGEST
}

/// A name that can stand in a ref, made from any text; `None`: nothing of it is left.
pub fn ref_part(text: &str) -> Option<String> {
    let mut out = String::new();
    for c in text.chars() {
        let fits = c.is_alphanumeric() || matches!(c, '.' | '_' | '/' | '+' | '#');
        match c {
            _ if fits && !(c == '.' && out.ends_with('.')) && !(c == '/' && out.ends_with('/')) => out.push(c),
            _ if !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    let part = |part: &str| {
        let part = part.trim_matches(|c| c == '.' || c == '-');
        let mut end = part.len().min(LONGEST - 20);
        while !part.is_char_boundary(end) {
            end -= 1;
        }
        part[..end].trim_end_matches(".lock").to_owned()
    };
    let parts: Vec<String> = out.split('/').map(part).filter(|part| !part.is_empty()).take(8).collect();
    let name = parts.join("/");
    is_usable(&format!("refs/heads/{name}")).then_some(name)
}

/// The name of a branch by the pattern of the settings.
pub fn branch_by_pattern(pattern: &str, name: Option<&str>, timestamp: &str) -> Result<String> {
    let name = name.and_then(ref_part);
    let made = pattern.replace("{timestamp}", timestamp).replace("{name}", name.as_deref().unwrap_or(timestamp));
    if is_usable(&format!("refs/heads/{made}")) {
        return Ok(made);
    }
    Err(Error::refused(format!("\"{made}\" is not a name git allows for a branch"))
        .because(format!("the settings make it from \"{pattern}\" ([recovery] branch)"))
        .help("choose one with --branch NAME, or correct the settings"))
}

/// A time as it stands in names, from the stamp of an operation: `20260110-160000`.
pub fn timestamp(stamp: &str) -> String {
    stamp.chars().take(15).collect::<String>().replace('T', "-")
}

/// Places for files: nothing stands there, and git tracks nothing there.
pub struct FileNames<'s, 'r> {
    scene: &'s Scene<'r>,
    taken: BTreeSet<RepoPath>,
}

impl<'s, 'r> FileNames<'s, 'r> {
    /// The places in a worktree.
    pub fn new(scene: &'s Scene<'r>) -> Self {
        FileNames { scene, taken: BTreeSet::new() }
    }

    /// Takes exactly this place, when it is free.
    pub fn take(&mut self, path: &RepoPath) -> Result<bool> {
        let free = self.is_free(path)?;
        if free {
            self.taken.insert(path.clone());
        }
        Ok(free)
    }

    /// Takes the place, or a free one beside it: `<path>.recovered`, `<path>.recovered-2`, ...
    pub fn take_near(&mut self, path: &RepoPath) -> Result<RepoPath> {
        if self.take(path)? {
            return Ok(path.clone());
        }
        let mut base = path.as_bytes();
        if path.name().len() > LONGEST || !self.has_room(path)? {
            // Its directory is a file by now, or its name leaves no room for more.
            base = &path.name()[..path.name().len().min(LONGEST)];
        }
        for number in 1..10_000 {
            let ending = if number == 1 { ".recovered".to_owned() } else { format!(".recovered-{number}") };
            let beside = RepoPath::new([base, ending.as_bytes()].concat());
            if self.take(&beside)? {
                return Ok(beside);
            }
        }
        Err(Error::refused(format!("no place beside {path} is free")).help("choose one with --output FILE"))
    }

    fn is_free(&self, path: &RepoPath) -> Result<bool> {
        let index = &self.scene.index;
        let tracked = !index.range_at(path.as_bytes()).is_empty() || !index.range_below(path.as_bytes()).is_empty();
        let taken = self.taken.iter().any(|taken| taken.is_within(path.as_bytes()) || path.is_within(taken.as_bytes()));
        Ok(crate::worktree::check_path(path.as_bytes()).is_ok()
            && !tracked
            && !taken
            && self.has_room(path)?
            && self.scene.root.stat(path)?.is_none())
    }

    /// Whether all that stands above a path is directories, and none of them a repository of its own.
    fn has_room(&self, path: &RepoPath) -> Result<bool> {
        for dir in path.ancestors() {
            let is_file = self.scene.root.stat(&RepoPath::new(dir))?.is_some_and(|stat| !stat.is_dir());
            if is_file
                || !self.scene.index.range_at(dir).is_empty()
                || self.scene.scan.nested.iter().any(|n| n.as_bytes() == dir)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_a_name_or_nothing() {
        for (text, name) in [
            ("topic", Some("topic")),
            ("a/b.c", Some("a/b.c")),
            ("-x", Some("x")),
            ("--upload-pack=touch x", Some("upload-pack-touch-x")),
            ("../../etc/passwd", Some("etc/passwd")),
            ("a..b~^:?*[\\ c", Some("a.-b-c")),
            ("\u{1b}[31mred\n", Some("31mred")),
            ("x.lock", Some("x")),
            ("x.lock.lock/y", Some("x/y")),
            ("@{", None),
            ("HEAD", None),
            ("//", None),
            ("", None),
            ("größe", Some("größe")),
        ] {
            assert_eq!(ref_part(text).as_deref(), name, "{text:?}");
        }
        let long = ref_part(&"é".repeat(5000)).unwrap();
        assert!(is_ref_name(&format!("refs/heads/{long}")) && long.len() < LONGEST);
    }

    #[test]
    fn names_follow_the_pattern() {
        let by = |pattern, name| branch_by_pattern(pattern, name, "20260110-160000").unwrap();
        assert_eq!(by("recovery/{name}", Some("topic")), "recovery/topic");
        assert_eq!(by("recovery/{name}", None), "recovery/20260110-160000");
        assert_eq!(by("lost/{timestamp}-{name}", Some("x y")), "lost/20260110-160000-x-y");
        assert!(branch_by_pattern("-{name}", Some("x"), "t").is_err());
        assert_eq!(timestamp("20260110T160000.123Z"), "20260110-160000");
    }

    #[test]
    fn refs_collide_with_those_below_them() {
        assert!(collide("refs/heads/a", "refs/heads/a/b") && collide("refs/heads/a/b", "refs/heads/a"));
        assert!(!collide("refs/heads/a", "refs/heads/ab"));
    }
}
