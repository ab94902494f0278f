//! The commands that only look: they answer in every state, and not one byte changes.

use super::common::repo::words;
use super::common::{Report, TestRepo, fixtures};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Every file with its content, mode and time: what a command that only looks must leave alone. Directories without
/// their times, because a file that comes and goes is no change.
fn everything(dir: &Path) -> BTreeMap<PathBuf, (u32, i64, i64, Vec<u8>)> {
    let mut out = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(path) = open.pop() {
        let meta = std::fs::symlink_metadata(&path).unwrap();
        let content = if meta.is_file() { std::fs::read(&path).unwrap_or_default() } else { Vec::new() };
        if meta.is_dir() {
            // A directory that cannot be read cannot be changed either.
            open.extend(std::fs::read_dir(&path).into_iter().flatten().map(|entry| entry.unwrap().path()));
        }
        let time = if meta.is_dir() { (0, 0) } else { (meta.mtime(), meta.mtime_nsec()) };
        out.insert(path, (meta.mode(), time.0, time.1, content));
    }
    out
}

const LOOKING: [&str; 14] = [
    "",
    "status --json",
    "points",
    "points --kind baseline --json",
    "log",
    "log --json",
    "baseline",
    "baseline list",
    "doctor",
    "doctor --json",
    "lost",
    "lost --all --json",
    "show HEAD",
    "show HEAD --stat --json",
];

/// C1, F5: in every fixture each of them answers, and the repository is byte for byte as before.
#[test]
fn f5_looking_changes_nothing_anywhere() {
    let mut report = Report::default();
    for name in fixtures() {
        report.case(&name, || {
            let repo = TestRepo::fixture(&name);
            let before = everything(repo.base());
            let has_commit = repo.try_git(&["rev-parse", "-q", "--verify", "HEAD"]).exit() == 0;
            for line in LOOKING.iter().filter(|line| has_commit || !line.starts_with("show")) {
                let run = repo.rollback(&words(line)).ok();
                assert!(!run.stderr().contains("panicked"), "{run}");
                if line.contains("--json") {
                    run.json();
                }
            }
            let after = everything(repo.base());
            let changed: Vec<&PathBuf> =
                after.keys().chain(before.keys()).filter(|p| before.get(*p) != after.get(*p)).collect();
            assert!(changed.is_empty(), "changed: {changed:?}");
        });
    }
    report.finish();
}

/// Status counts what git counts, in every fixture.
#[test]
fn f5_status_counts_what_git_counts() {
    let mut report = Report::default();
    for name in fixtures() {
        report.case(&name, || {
            let repo = TestRepo::fixture(&name);
            let counts = &repo.rb("status --json").json()["counts"];
            let git = repo.git(&["status", "--porcelain=v1", "-z", "--no-renames", "-uall", "--ignore-submodules=all"]);
            let (mut staged, mut unstaged, mut untracked, mut conflicts) = (0, 0, 0, 0);
            for entry in git.bytes().split(|b| *b == 0).filter(|entry| entry.len() > 3) {
                match (entry[0], entry[1]) {
                    // A repository of its own is no file.
                    (b'?', _) => untracked += u64::from(!entry.ends_with(b"/")),
                    (b'U', _) | (_, b'U') | (b'A', b'A') | (b'D', b'D') => conflicts += 1,
                    (x, y) => {
                        staged += u64::from(x != b' ');
                        unstaged += u64::from(y != b' ');
                    }
                }
            }
            let git = serde_json::json!({ "staged": staged, "unstaged": unstaged, "untracked": untracked, "conflicts": conflicts });
            for (key, wanted) in git.as_object().unwrap() {
                assert_eq!(&counts[key], wanted, "{key}: {counts} and git has {git}");
            }
        });
    }
    report.finish();
}

/// F2: what is shown of a checkpoint is what was there when it was made.
#[test]
fn f2_show_tells_what_a_checkpoint_holds() {
    let repo = TestRepo::fixture("working-day");
    let counts = repo.rb("--json").json()["counts"].clone();
    repo.rb("checkpoint before -m why");
    let shown = repo.rb("show before --json").json();
    assert_eq!(shown["what"], "checkpoint");
    assert_eq!(shown["message"], "why");
    let holds = &shown["holds"];
    assert_eq!(holds["staged"]["count"], counts["staged"]);
    assert_eq!(holds["changed"]["count"], counts["unstaged"]);
    assert_eq!(holds["untracked"]["count"], counts["untracked"]);
    assert_eq!(shown["going"]["changes"].as_array().unwrap().len(), 0, "{}", shown["going"]);
    let recipe = shown["recover_with_git"].as_str().unwrap().to_owned();
    repo.sh("git reset -q --hard; git clean -qfd");
    repo.sh(&recipe);
    assert!(repo.path("notes.txt").exists());
}

/// What one would lose is said before.
#[test]
fn f2_show_says_what_going_there_costs() {
    let repo = TestRepo::fixture("working-day");
    let going = repo.rb("show v1 --json").json()["going"].clone();
    let loses = going["loses"].to_string();
    assert!(loses.contains("4 commits"), "{going}");
    assert!(loses.contains("not committed"), "{going}");
    repo.sh("git checkout -q --orphan elsewhere; git commit -qm other; git checkout -q main -f");
    let shown = repo.rb("show elsewhere --json").json();
    assert_eq!(shown["way_there"], "git rollback to elsewhere --detach", "{shown}");
}

/// The differences are git's, and paths limit them.
#[test]
fn f2_show_stat_and_patch() {
    let repo = TestRepo::fixture("working-day");
    let stat = repo.rb("show v1 --stat --json").json();
    let lines = repo.git(&["diff", "--numstat", "--no-renames", "HEAD", "v1"]).stdout();
    assert_eq!(stat["stat"].as_array().unwrap().len(), lines.lines().count());
    let patch = repo.rollback(&words("show v1 --patch -- src/f1.txt")).ok();
    let wanted = repo.git(&["diff", "HEAD", "v1", "--", "src/f1.txt"]).stdout();
    assert!(patch.stdout().contains(wanted.lines().last().unwrap()), "{patch}");
    assert!(!patch.stdout().contains("src/f2.txt"), "{patch}");
}

/// The log knows what became of each operation.
#[test]
fn f3_log_follows_undo_and_redo() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("to v1 -y");
    let state = |repo: &TestRepo| {
        let log = repo.rb("log --json").json();
        log["operations"].as_array().unwrap().iter().map(|o| o["undo"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(state(&repo), ["undoable"]);
    repo.rb("undo -y");
    assert_eq!(state(&repo), ["nothing-to-undo", "undone"]);
    repo.rb("redo -y");
    assert_eq!(state(&repo), ["undoable", "nothing-to-undo", "redone"]);
    let first = repo.operations().pop().unwrap();
    let shown = repo.rb(&format!("log {first} --json")).json();
    assert_eq!(shown["head_before"]["branch"], "main");
    assert!(!shown["steps"].as_array().unwrap().is_empty(), "{shown}");
    assert_eq!(repo.rb("log --limit 1 --json").json()["more"], 2);
}

/// Points of one name: the newest has it, the others are addressed by their time.
#[test]
fn f2_points_say_how_each_is_addressed() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("checkpoint twice -m one");
    repo.rb("checkpoint twice --force -m two");
    let rows = repo.rb("points --kind checkpoint --json").json();
    let names: Vec<&str> = rows["points"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names[0], "twice");
    assert!(names[1].starts_with("twice@"), "{names:?}");
    assert_eq!(repo.rb(&format!("show {} --json", names[1])).json()["message"], "one");
    let baselines = repo.rb("points --kind baseline --json").json();
    assert_eq!(baselines["points"][0]["name"], "baseline");
}

/// A status is given in a repository that is damaged, and doctor finds the damage.
#[test]
fn f5_damage_is_reported_and_does_not_stop_a_status() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("checkpoint good");
    repo.rb("doctor");
    std::fs::write(repo.common_dir().join("rollback/main/journal.json"), "{").unwrap();
    let status = repo.rb("--json").json();
    assert!(status["warnings"].to_string().contains("journal"), "{status}");
    assert_eq!(repo.rollback(&["doctor"]).exit(), 1);
    std::fs::remove_file(repo.common_dir().join("rollback/main/journal.json")).unwrap();
    repo.git(&["update-ref", "-d", "refs/heads/main"]);
    assert_eq!(repo.rb("--json").json()["head"]["state"], "unborn");
    std::fs::write(repo.git_dir().join("refs/heads/main"), "0123456789012345678901234567890123456789\n").unwrap();
    assert_eq!(repo.rb("--json").json()["head"]["state"], "broken");
    assert_eq!(repo.rollback(&["doctor"]).exit(), 1);
}

/// A baseline is verified by reading all of it.
#[test]
fn f1_baseline_verify_finds_a_missing_file() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("baseline verify");
    let blob = repo.answer(&["rev-parse", "baseline:src/f1.txt"]);
    std::fs::remove_file(repo.common_dir().join("objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    let run = repo.rollback(&words("baseline verify")).code(1);
    assert!(run.stdout().contains(&blob), "{run}");
    repo.rollback(&words("baseline verify nope")).code(1).says("nope");
}
