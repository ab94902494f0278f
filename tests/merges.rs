//! Merges in memory against `git merge-tree`: the same tree where it is clean, the same conflicts where it is not.
//!
//! Histories made by chance are always compared. Real ones are named by whoever runs this:
//!
//!     GIT_ROLLBACK_MERGE_REPOS=/path/to/one.git:/path/to/another GIT_ROLLBACK_MERGE_PAIRS=500 \
//!         cargo test --release --test merges -- --nocapture
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test stops at the first surprise and drives the world directly"
)]

use git_rollback::git::{Labels, Merged, Merger, ObjectSink, Repo, Ways};
use git_rollback::model::ObjectId;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The same numbers each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end.max(1)
    }
}

fn git(top: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.current_dir(top).args(args).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for (who, date) in [("AUTHOR", "1700000000 +0000"), ("COMMITTER", "1700000000 +0000")] {
        command.env(format!("GIT_{who}_NAME"), "T").env(format!("GIT_{who}_EMAIL"), "t@example.com");
        command.env(format!("GIT_{who}_DATE"), date);
    }
    command.output().unwrap()
}

fn text(top: &Path, args: &[&str]) -> String {
    let out = git(top, args);
    assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// What git says: the tree of a clean merge; or what the worktree gets, with markers in the files, and the entries in
/// conflict.
#[derive(Debug, PartialEq, Eq)]
enum Result {
    Clean(String),
    Conflict(Option<String>, BTreeSet<String>),
}

/// What both sides are called.
const OURS: &str = "our-side";
const THEIRS: &str = "their-side";

/// `git merge-tree` with the attributes that the target has, as `git cherry-pick` would find them there. `None`: git
/// cannot, for an object is missing.
fn by_git(top: &Path, base: &str, target: &str, commit: &str) -> Option<Result> {
    for (name, id) in [(OURS, target), (THEIRS, commit)] {
        std::fs::write(top.join(".git/refs/tags").join(name), format!("{id}\n")).unwrap();
    }
    let source = format!("--attr-source={target}");
    let base = format!("--merge-base={base}");
    let out = git(top, &[&source, "merge-tree", "--write-tree", "-z", &base, OURS, THEIRS]);
    let mut parts = out.stdout.split(|b| *b == 0).map(|part| String::from_utf8_lossy(part).into_owned());
    let tree = parts.next().unwrap();
    match out.status.code() {
        Some(0) => Some(Result::Clean(tree)),
        Some(1) => {
            let entries: Vec<String> = parts.take_while(|part| !part.is_empty()).collect();
            // Entries without an object: git cannot write such an index itself, and its tree is as odd.
            let odd = entries.iter().any(|part| part.starts_with("000000 "));
            let entries = entries.into_iter().filter(|part| !part.starts_with("000000 ")).collect();
            Some(Result::Conflict((!odd).then_some(tree), entries))
        }
        code => {
            let why = String::from_utf8_lossy(&out.stderr);
            assert!(why.contains("unable to read"), "git merge-tree {base} {target} {commit}: {code:?} {why}");
            None
        }
    }
}

fn by_us(merger: &mut Merger<'_>, repo: &Repo, base: &str, target: &str, commit: &str) -> Result {
    let tree = |id: &str| repo.commit(ObjectId::from_hex(id.as_bytes()).unwrap()).unwrap().tree;
    let labels = Labels { ours: OURS.into(), theirs: THEIRS.into(), base: "parent".into() };
    let merged = merger.merge(tree(base), tree(target), tree(commit), || labels);
    match merged.unwrap_or_else(|e| panic!("{base} {commit} onto {target}: {e}")) {
        Merged::Clean(tree) => Result::Clean(tree.to_string()),
        Merged::Conflict(conflict) => {
            let lines = conflict.stages.iter().flat_map(|(path, entries)| {
                let path = String::from_utf8_lossy(path.as_bytes()).into_owned();
                entries.iter().map(move |e| format!("{:06o} {} {}\t{path}", e.mode, e.id, e.stage))
            });
            Result::Conflict(Some(conflict.tree.to_string()), lines.collect())
        }
    }
}

/// Compares `pairs` merges chosen by chance; how they were done, and how many were conflicts.
fn compare(top: &Path, pairs: usize, seed: u64) -> (Ways, usize) {
    let (repo, scratch) = (Repo::open_at(top).unwrap(), tempfile::tempdir().unwrap());
    let commits = text(top, &["rev-list", "--all", "--no-merges", "--min-parents=1", "--topo-order"]);
    let commits: Vec<&str> = commits.lines().collect();
    let mut chance = Chance(seed);
    let sink = ObjectSink::new(&repo, scratch.path().to_owned());
    let mut merger = Merger::new(&repo, &sink, scratch.path()).unwrap();
    let mut conflicts = 0;
    let mut compared = 0;
    for _ in 0..2 * pairs {
        if compared == pairs {
            break;
        }
        let at = chance.below(commits.len());
        let far = [5, 50, 600][chance.below(3)];
        let to = (at + chance.below(2 * far)).saturating_sub(far).min(commits.len() - 1);
        let (commit, target) = (commits[at], commits[to]);
        let base = text(top, &["rev-parse", &format!("{commit}^1")]);
        let Some(wanted) = by_git(top, &base, target, commit) else { continue };
        compared += 1;
        let mut got = by_us(&mut merger, &repo, &base, target, commit);
        if let (Result::Conflict(None, _), Result::Conflict(tree, _)) = (&wanted, &mut got) {
            *tree = None;
        }
        assert_eq!(got, wanted, "{}: {commit} onto {target}", top.display());
        conflicts += usize::from(matches!(wanted, Result::Conflict(..)));
    }
    assert_eq!(compared, pairs, "{}: objects are missing", top.display());
    (merger.ways, conflicts)
}

#[test]
fn the_same_as_git_in_real_histories() {
    let Ok(repos) = std::env::var("GIT_ROLLBACK_MERGE_REPOS") else { return };
    let pairs = std::env::var("GIT_ROLLBACK_MERGE_PAIRS").map_or(100, |n| n.parse().unwrap());
    let seed = std::env::var("GIT_ROLLBACK_MERGE_SEED").map_or(1, |n| n.parse().unwrap());
    for from in repos.split(':') {
        let home = tempfile::tempdir().unwrap();
        let top = home.path().join("r");
        let args = ["clone", "-q", "--shared", "--no-checkout", from, top.to_str().unwrap()];
        assert!(git(home.path(), &args).status.success(), "git clone {from}");
        let (ways, conflicts) = compare(&top, pairs, seed);
        println!("{from}: {pairs} merges are the same, {conflicts} of them conflicts; {ways:?}");
    }
}

/// Changes files by chance: lines, names of files and directories, modes, kinds.
fn change(top: &Path, chance: &mut Chance, n: usize) {
    let files = text(top, &["ls-files"]);
    let files: Vec<&str> =
        files.lines().filter(|file| top.join(file).symlink_metadata().is_ok_and(|meta| !meta.is_dir())).collect();
    let file = top.join(files[chance.below(files.len())]);
    let is_text = std::fs::symlink_metadata(&file).unwrap().is_file();
    let dir = file.parent().unwrap().to_owned();
    match chance.below(12) {
        0..=4 if is_text => {
            let mut lines: Vec<String> = std::fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
            let at = chance.below(lines.len() + 1);
            match chance.below(3) {
                0 => lines.insert(at, format!("new {n}")),
                1 if at < lines.len() => drop(lines.remove(at)),
                _ if at < lines.len() => lines[at] = format!("changed {n}"),
                _ => lines.push(format!("last {n}")),
            }
            std::fs::write(&file, lines.join("\n") + "\n").unwrap();
        }
        5 => std::fs::write(dir.join(format!("new{n}")), format!("new file {n}\n").repeat(8)).unwrap(),
        6 => std::fs::remove_file(&file).unwrap(),
        7 => std::fs::rename(&file, dir.join(format!("moved{n}"))).unwrap(),
        8 if dir != top => std::fs::rename(&dir, top.join(format!("dir{n}"))).unwrap(),
        9 if is_text => {
            use std::os::unix::fs::PermissionsExt;
            let mode = 0o100 ^ std::fs::metadata(&file).unwrap().permissions().mode();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        }
        10 => {
            std::fs::remove_file(&file).unwrap();
            std::os::unix::fs::symlink(format!("to{n}"), &file).unwrap();
        }
        11 => {
            std::fs::remove_file(&file).unwrap();
            std::fs::create_dir(&file).unwrap();
            std::fs::write(file.join("inside"), format!("{n}\n")).unwrap();
        }
        _ => {}
    }
}

#[test]
fn the_same_as_git_in_histories_made_by_chance() {
    let cases = std::env::var("GIT_ROLLBACK_CASES").map_or(3, |n| n.parse().unwrap());
    for seed in 1..=cases {
        let home = tempfile::tempdir().unwrap();
        let top: PathBuf = home.path().join("r");
        std::fs::create_dir(&top).unwrap();
        git(&top, &["init", "-q", "-b", "main"]);
        let mut chance = Chance(seed);
        for i in 0..24 {
            let dir = top.join(["a", "a/b", "c", "d/e"][i % 4]);
            std::fs::create_dir_all(&dir).unwrap();
            let lines: Vec<String> = (0..12).map(|line| format!("line {line} of {i}")).collect();
            std::fs::write(dir.join(format!("f{i}")), lines.join("\n") + "\n").unwrap();
        }
        std::fs::write(top.join(".gitattributes"), "f3 merge=union\nf5 -merge\n").unwrap();
        git(&top, &["add", "-A"]);
        git(&top, &["commit", "-qm", "base"]);
        for n in 0..30 {
            if n % 6 == 0 {
                git(&top, &["checkout", "-qf", "-b", &format!("b{n}"), if n % 12 == 0 { "main" } else { "HEAD~2" }]);
            }
            for m in 0..=chance.below(3) {
                change(&top, &mut chance, n * 10 + m);
            }
            git(&top, &["add", "-A"]);
            git(&top, &["commit", "-q", "--allow-empty", "-m", &format!("commit {n}")]);
        }
        let (ways, conflicts) = compare(&top, 60, seed);
        let all = ways.simple > 0 && ways.inside > 0 && ways.whole > 0 && conflicts > 0;
        assert!(all, "one kind never came up: {ways:?} {conflicts}");
    }
}

/// Both sides move a file to one name, and change the other's: the entries of the index have markers of their own.
#[test]
fn names_of_the_sides_in_the_entries_of_two_renames_to_one() {
    let home = tempfile::tempdir().unwrap();
    let top = home.path().join("r");
    std::fs::create_dir(&top).unwrap();
    let write = |file: &str, line: usize, text: &str| {
        let lines = (0..20).map(|n| if n == line { text.to_owned() } else { format!("{file} {n}") });
        std::fs::write(top.join(file), lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    };
    let commit = |name: &str| {
        for args in [&["add", "-A"][..], &["commit", "-qm", name]] {
            assert!(git(&top, args).status.success(), "git {args:?}");
        }
        text(&top, &["rev-parse", "HEAD"])
    };
    text(&top, &["init", "-q", "-b", "main"]);
    write("a", 99, "");
    write("b", 99, "");
    let base = commit("base");
    let side = |moved: &str, said: &str| {
        text(&top, &["checkout", "-qf", "--detach", &base]);
        write("a", 5, said);
        write("b", 9, said);
        text(&top, &["mv", moved, "c"]);
        commit(said)
    };
    let (ours, theirs) = (side("a", "ours"), side("b", "theirs"));
    let (repo, scratch) = (Repo::open_at(&top).unwrap(), tempfile::tempdir().unwrap());
    let sink = ObjectSink::new(&repo, scratch.path().to_owned());
    let mut merger = Merger::new(&repo, &sink, scratch.path()).unwrap();
    let (wanted, got) =
        (by_git(&top, &base, &ours, &theirs).unwrap(), by_us(&mut merger, &repo, &base, &ours, &theirs));
    assert_eq!(got, wanted);
    let Result::Conflict(_, entries) = got else { panic!("clean: {got:?}") };
    assert_eq!(entries.len(), 2, "{entries:?}");
    for entry in entries {
        let id = ObjectId::from_hex(entry.split(' ').nth(1).unwrap().as_bytes()).unwrap();
        assert!(sink.holds(&id), "nobody keeps {entry}");
    }
}
