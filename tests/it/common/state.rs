//! Whole states as values: what a user has, and what a git directory holds to the last byte.

use super::TestRepo;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

/// A map of facts with a readable difference.
type Facts = BTreeMap<String, Vec<u8>>;

/// Everything a user has: HEAD, refs, index, stash list, unfinished work, and every path of the worktree.
///
/// Times are not part of it, nor are the program's own records (`refs/rollback/*`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State(Facts);

/// Every file of the git directories, byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoFiles(Facts);

/// What git keeps about unfinished work; a trailing slash marks a directory.
const UNFINISHED: &[&str] = &[
    "MERGE_HEAD",
    "MERGE_MSG",
    "MERGE_MODE",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "BISECT_LOG",
    "BISECT_START",
    "BISECT_TERMS",
    "BISECT_NAMES",
    "BISECT_EXPECTED_REV",
    "BISECT_ANCESTORS_OK",
    "BISECT_HEAD",
    "BISECT_RUN",
    "rebase-merge/",
    "rebase-apply/",
    "sequencer/",
];

/// The index flags that a user sets: assume-unchanged, intent-to-add, skip-worktree.
const USER_FLAGS: u32 = 0x8000 | 1 << 29 | 1 << 30;

impl State {
    /// The state of `repo` now.
    #[track_caller]
    pub fn of(repo: &TestRepo) -> Self {
        let mut facts = Facts::new();
        let git_dir = repo.git_dir();
        facts.insert("HEAD".to_owned(), std::fs::read(git_dir.join("HEAD")).unwrap());
        facts.insert("configuration".to_owned(), std::fs::read(repo.common_dir().join("config")).unwrap());
        refs(repo, &mut facts);
        index(repo, &mut facts);
        for name in UNFINISHED {
            let path = git_dir.join(name.trim_end_matches('/'));
            if path.symlink_metadata().is_ok() {
                entry(&path, &format!("unfinished {name}"), &mut facts, &|_| true);
            }
        }
        worktree(repo, repo.top(), "worktree ", &mut facts);
        let outside = repo.base().join("outside");
        if outside.exists() {
            entry(&outside, "outside ", &mut facts, &|_| true);
        }
        State(facts)
    }

    /// The same with the points, which are refs of the program's own but the user's to name and delete, and with what is
    /// known of releases.
    #[track_caller]
    pub fn with_points(repo: &TestRepo) -> Self {
        let State(mut facts) = Self::of(repo);
        ref_facts(repo, "refs/rollback/points", &mut facts);
        releases(repo, &mut facts);
        State(facts)
    }

    /// Without what is said about the git directories of repositories inside this one.
    #[must_use]
    pub fn without_nested_git(mut self) -> Self {
        self.0.retain(|key, _| !key.starts_with("nested "));
        self
    }

    /// Without the facts whose key starts with `prefix`.
    #[must_use]
    pub fn without(mut self, prefix: &str) -> Self {
        self.0.retain(|key, _| !key.starts_with(prefix));
        self
    }

    /// With `path`, and what is below it, as another state has it in worktree and index.
    #[must_use]
    pub fn with_path_of(mut self, other: &State, path: &str) -> Self {
        let is_there = |key: &String| {
            let rest = key.strip_prefix("worktree ").or_else(|| key.strip_prefix("index "));
            rest.and_then(|rest| rest.strip_prefix(path))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ' ']))
        };
        self.0.retain(|key, _| !is_there(key));
        let theirs = other.0.iter().filter(|(key, _)| is_there(key));
        self.0.extend(theirs.map(|(key, value)| (key.clone(), value.clone())));
        self
    }

    /// With the names of commits that `before` does not know replaced by what they hold, so that two runs compare.
    #[must_use]
    pub fn comparable(mut self, repo: &TestRepo, before: &State) -> Self {
        let known: Vec<&Vec<u8>> = before.0.iter().filter(|(key, _)| key.starts_with("ref ")).map(|(_, v)| v).collect();
        for (key, value) in &mut self.0 {
            let text = String::from_utf8_lossy(value).into_owned();
            if key.starts_with("ref refs/rollback/points/") {
                // Its tag tells the operation that made it, and no two operations have one name.
                *value = b"a point".to_vec();
            } else if key == "HEAD" && !text.starts_with("ref: ")
                || key.starts_with("ref ") && !known.contains(&&*value)
            {
                let id = text.trim();
                let tree = repo.answer(&["rev-parse", &format!("{id}^{{tree}}")]);
                let parents = repo.answer(&["log", "-1", "--format=%P", id]).split_whitespace().count();
                let is_snapshot = repo.try_git(&["cat-file", "-e", &format!("{tree}:manifest.json")]).exit() == 0;
                *value = match is_snapshot {
                    true => b"a snapshot".to_vec(), // it names its own id and time
                    false => format!("new commit of {tree} with {parents} parents").into_bytes(),
                };
            } else if key.starts_with("stash ") {
                value.clear();
            }
        }
        self
    }

    /// Asserts that this state, reached by `what`, is `wanted`.
    #[track_caller]
    pub fn must_be(&self, wanted: &State, what: &str) {
        let lines = differences(&wanted.0, &self.0);
        assert!(lines.is_empty(), "{what}: {} differences\n{}", lines.len(), lines.join("\n"));
    }

    /// Asserts that this state is another one than `other`.
    #[track_caller]
    pub fn must_differ(&self, other: &State, what: &str) {
        assert!(self != other, "{what}: nothing changed");
    }
}

/// What the log knows of releases; their tags are refs like others.
fn releases(repo: &TestRepo, facts: &mut Facts) {
    let answer = repo.rollback(&["release", "list", "--limit", "0", "--json"]).ok().json();
    for row in answer["releases"].as_array().unwrap() {
        let known = format!("{} {} {}", row["stable"], row["recorded"], row["description"]);
        facts.insert(format!("release {}", row["tag"]), known.into_bytes());
    }
}

impl RepoFiles {
    /// Every file of the git directory and of the worktree of `repo`.
    #[track_caller]
    pub fn of(repo: &TestRepo) -> Self {
        let mut facts = Facts::new();
        entry(repo.common_dir(), "git ", &mut facts, &|_| true);
        entry(repo.top(), "worktree ", &mut facts, &|_| true);
        entry(&repo.base().join("home"), "home ", &mut facts, &|_| true);
        RepoFiles(facts)
    }

    /// Asserts that not one byte differs from `wanted`.
    #[track_caller]
    pub fn must_be(&self, wanted: &RepoFiles, what: &str) {
        let lines = differences(&wanted.0, &self.0);
        assert!(lines.is_empty(), "{what}: {} differences\n{}", lines.len(), lines.join("\n"));
    }
}

fn refs(repo: &TestRepo, facts: &mut Facts) {
    ref_facts(repo, "", facts);
    if facts.contains_key("ref refs/stash") {
        let list = repo.git(&["stash", "list", "--format=%H %gs"]);
        facts.insert("stash list".to_owned(), list.bytes().to_vec());
    }
}

/// The refs below `pattern`, without the program's own where it is empty.
fn ref_facts(repo: &TestRepo, pattern: &str, facts: &mut Facts) {
    let mut args = vec!["for-each-ref", "--format=%(refname) %(objectname)%(symref)"];
    if !pattern.is_empty() {
        args.push(pattern);
    }
    for line in repo.git(&args).stdout().lines() {
        let (name, id) = line.split_once(' ').unwrap();
        if !pattern.is_empty() || !name.starts_with("refs/rollback/") {
            facts.insert(format!("ref {name}"), id.as_bytes().to_vec());
        }
    }
}

/// Every index entry with mode, object, stage, what git shows for it, and the flags a user can set.
fn index(repo: &TestRepo, facts: &mut Facts) {
    let listing = repo.git(&["ls-files", "-s", "-v", "-z", "--debug"]);
    let mut rest = listing.bytes();
    while let Some(end) = rest.iter().position(|byte| *byte == 0) {
        let (head, tail) = (&rest[..end], &rest[end + 1..]);
        let tab = head.iter().position(|byte| *byte == b'\t').expect("a tab before the path");
        let (meta, path) = (String::from_utf8_lossy(&head[..tab]).into_owned(), &head[tab + 1..]);
        let at = tail.windows(6).position(|window| window == b"flags:").expect("the flags of the entry");
        let line = tail[at + 6..].split(|byte| *byte == b'\n').next().unwrap_or_default();
        let flags = u32::from_str_radix(String::from_utf8_lossy(line).trim(), 16).expect("hexadecimal flags");
        let (shown, stage) = meta.rsplit_once(' ').unwrap();
        let value = format!("{shown} flags {:x}", flags & USER_FLAGS);
        facts.insert(format!("index {} stage {stage}", path.escape_ascii()), value.into_bytes());
        rest = &tail[(at + 6 + line.len() + 1).min(tail.len())..];
    }
}

fn worktree(repo: &TestRepo, dir: &Path, key: &str, facts: &mut Facts) {
    entry(dir, key, facts, &|path| path.file_name() != Some(OsStr::new(".git")));
    let mut nested: Vec<&[u8]> = Vec::new();
    let dirs: Vec<String> = facts.keys().filter(|key| key.starts_with("worktree ")).cloned().collect();
    for dir in dirs.iter().filter_map(|key| key["worktree ".len()..].strip_suffix('/')).filter(|dir| !dir.is_empty()) {
        let path = repo.path(OsStr::from_bytes(&unescape(dir)));
        if path.join(".git").symlink_metadata().is_err() {
            continue;
        }
        nested.push(dir.as_bytes());
        let at = path.to_string_lossy().into_owned();
        let mut said = Vec::new();
        for args in [
            &["rev-parse", "--verify", "--quiet", "HEAD"][..],
            &["ls-files", "-s"][..],
            &["for-each-ref", "--exclude=refs/rollback/", "--format=%(refname) %(objectname)"][..],
        ] {
            said.extend_from_slice(repo.try_git(&[&["-C", at.as_str()][..], args].concat()).bytes());
        }
        facts.insert(format!("nested {dir}"), said);
    }
}

/// The bytes of a name that was written with `escape_ascii`.
fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match (first, tail) {
            (b'\\', [b'n', tail @ ..]) => (b'\n', tail),
            (b'\\', [b'r', tail @ ..]) => (b'\r', tail),
            (b'\\', [b't', tail @ ..]) => (b'\t', tail),
            (b'\\', [b'x', high, low, tail @ ..]) => {
                let digits = [*high, *low];
                (u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap(), tail)
            }
            (b'\\', [escaped, tail @ ..]) => (*escaped, tail),
            (byte, tail) => (*byte, tail),
        };
        out.push(byte);
        rest = tail;
    }
    out
}

/// Kind, permission bits and bytes of `path` and of all below it that `wanted` lets through.
fn entry(path: &Path, key: &str, facts: &mut Facts, wanted: &dyn Fn(&Path) -> bool) {
    let meta = path.symlink_metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // Git makes its own state files with whatever bits suit it; only the user's files keep theirs.
    let perm = if key.starts_with("unfinished ") { 0 } else { meta.permissions().mode() & 0o7777 };
    let kind = meta.file_type();
    let value = if kind.is_dir() {
        let parent = if key.ends_with(['/', ' ']) { key.to_owned() } else { format!("{key}/") };
        for child in std::fs::read_dir(path).unwrap() {
            let child = child.unwrap().path();
            if wanted(&child) {
                let name = child.file_name().unwrap().as_bytes().escape_ascii().to_string();
                entry(&child, &format!("{parent}{name}"), facts, wanted);
            }
        }
        facts.insert(parent, format!("directory {perm:04o}").into_bytes());
        return;
    } else if kind.is_symlink() {
        [b"link to ", std::fs::read_link(path).unwrap().as_os_str().as_bytes()].concat()
    } else if kind.is_file() {
        [format!("file {perm:04o} ").into_bytes(), std::fs::read(path).unwrap()].concat()
    } else if kind.is_fifo() {
        format!("fifo {perm:04o}").into_bytes()
    } else {
        b"something else".to_vec()
    };
    facts.insert(key.to_owned(), value);
}

/// One line for every fact that is missing, new or different; at most forty.
fn differences(wanted: &Facts, got: &Facts) -> Vec<String> {
    let missing = wanted.iter().filter(|(key, _)| !got.contains_key(*key));
    let new = got.iter().filter(|(key, _)| !wanted.contains_key(*key));
    let changed =
        wanted.iter().filter_map(|(key, old)| got.get(key).filter(|now| *now != old).map(|now| (key, old, now)));
    let mut lines: Vec<String> = missing.map(|(key, value)| format!("  - {key}: {}", shown(value))).collect();
    lines.extend(new.map(|(key, value)| format!("  + {key}: {}", shown(value))));
    lines.extend(changed.map(|(key, old, now)| format!("  ! {key}: {}\n      now {}", shown(old), shown(now))));
    if lines.len() > 40 {
        let more = lines.len() - 40;
        lines.truncate(40);
        lines.push(format!("  and {more} more"));
    }
    lines
}

fn shown(value: &[u8]) -> String {
    let text = value[..value.len().min(120)].escape_ascii().to_string();
    if value.len() > 120 { format!("{text}... ({} bytes)", value.len()) } else { text }
}

/// The helpers above must notice what they are for.
mod tests {
    use super::{RepoFiles, State, unescape};
    use crate::it::common::TestRepo;

    /// F1: a comparison that sees nothing would prove nothing.
    #[test]
    fn every_kind_of_change_is_seen() {
        for (what, script) in [
            ("bytes", "echo x > a"),
            ("permission bits", "chmod 640 a"),
            ("an ignored file", "echo x > x.log"),
            ("an empty directory", "mkdir e"),
            ("the index", "git update-index --cacheinfo 100644,$(git rev-parse :b),a"),
            ("intent to add", "echo n > n; git add -N n; rm n; "),
            ("assume-unchanged", "git update-index --assume-unchanged a"),
            ("skip-worktree", "git update-index --skip-worktree a"),
            ("a branch", "git branch other"),
            ("HEAD", "git checkout -q --detach"),
            ("a stash entry", "echo x > a; git stash -q"),
            ("unfinished work", "echo x > .git/MERGE_MSG"),
            ("a nested repository", "git init -q n"),
            ("a link", "ln -sfn b link"),
            ("a pipe", "mkfifo p"),
        ] {
            let repo = TestRepo::fixture("clean");
            let (before, files) = (State::of(&repo), RepoFiles::of(&repo));
            State::of(&repo).must_be(&before, "reading a state changes nothing");
            RepoFiles::of(&repo).must_be(&files, "reading a state changes nothing");
            repo.sh(script);
            assert!(State::of(&repo) != before, "{what} is not noticed");
            assert!(RepoFiles::of(&repo) != files, "{what} is not noticed in the files");
        }
    }

    #[test]
    fn escaped_names_come_back() {
        let all: Vec<u8> = (1..=255).collect();
        assert_eq!(unescape(&all.escape_ascii().to_string()), all);
    }

    /// Every fixture makes what it says, twice the same.
    #[test]
    fn fixtures_are_repeatable() {
        for name in super::super::fixtures() {
            let state = || {
                let repo = TestRepo::fixture(&name);
                repo.fsck();
                // The configuration may name the directory of another repository.
                State::of(&repo).without("unfinished ").without("worktree sub/.git").without("configuration")
            };
            state().must_be(&state(), &name);
        }
    }
}
