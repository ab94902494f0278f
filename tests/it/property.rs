//! Random repositories, random work, random commands: undoing all of it gives the start.
//!
//! `GIT_ROLLBACK_CASES` sets how many cases run (256 without it).

use super::common::repo::words;
use super::common::{State, TestRepo, caught};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// The paths that edits happen at: few, so that they meet; `*.log` and `out` are ignored.
const PATHS: &[&str] =
    &["a", "b", "d/a", "d/b", "d/e/c", "x.log", "out/o", "out/.env", "sp ace", "日本", "d.txt", "run"];

/// One thing a person does to the worktree.
#[derive(Clone, Debug)]
enum Edit {
    Write(usize, u8),
    Append(usize),
    Remove(usize),
    Rename(usize, usize),
    Mode(usize, u32),
    Link(usize, usize),
    Directory(usize),
    Stage(usize),
    Unstage(usize),
    StageAll,
    IntentToAdd(usize),
    Commit,
}

impl Edit {
    /// Whether it happens at an ignored path.
    fn is_ignored(&self) -> bool {
        let ignored = |path: usize| PATHS[path].ends_with(".log") || PATHS[path].starts_with("out/");
        match *self {
            Edit::Rename(from, to) => ignored(from) || ignored(to),
            Edit::Write(path, _) | Edit::Append(path) | Edit::Remove(path) | Edit::Mode(path, _) => ignored(path),
            Edit::Link(path, _) | Edit::Directory(path) => ignored(path),
            _ => false,
        }
    }
}

/// One command of the program.
#[derive(Clone, Copy, Debug)]
struct Step {
    line: &'static str,
    /// Taken back by `undo OP`, not by bare `undo`.
    by_id: bool,
    /// It saves this path alone, and its undo leaves what was done elsewhere since.
    only: Option<&'static str>,
}

const STEPS: &[Step] = &[
    Step { line: "checkpoint", by_id: true, only: None },
    Step { line: "checkpoint --ignored --nested", by_id: true, only: None },
    Step { line: "backup", by_id: true, only: None },
    Step { line: "backup --clean", by_id: false, only: None },
    Step { line: "to base -y", by_id: false, only: None },
    Step { line: "to base --clean untracked -y", by_id: false, only: None },
    Step { line: "to base --clean all -y", by_id: false, only: None },
    Step { line: "to HEAD~1 --reset -y", by_id: false, only: None },
    Step { line: "to HEAD~1 --revert -y", by_id: false, only: None },
    Step { line: "to HEAD~1 --detach -y", by_id: false, only: None },
    Step { line: "to base --keep-changes -y", by_id: false, only: None },
    Step { line: "to start -y", by_id: false, only: None },
    Step { line: "restore --from base d -y", by_id: false, only: Some("d") },
    Step { line: "restore --from base --staged --worktree --no-overlay . -y", by_id: false, only: None },
    Step { line: "restore --from base --staged a -y", by_id: false, only: Some("a") },
];

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = || 0..PATHS.len();
    let edit = prop_oneof![
        6 => (at(), any::<u8>()).prop_map(|(path, byte)| Edit::Write(path, byte)),
        2 => at().prop_map(Edit::Append),
        2 => at().prop_map(Edit::Remove),
        2 => (at(), at()).prop_map(|(from, to)| Edit::Rename(from, to)),
        1 => (at(), prop_oneof![Just(0o755), Just(0o644), Just(0o600), Just(0o444)]).prop_map(|(p, m)| Edit::Mode(p, m)),
        1 => (at(), at()).prop_map(|(path, target)| Edit::Link(path, target)),
        1 => at().prop_map(Edit::Directory),
        4 => at().prop_map(Edit::Stage),
        1 => at().prop_map(Edit::Unstage),
        1 => Just(Edit::StageAll),
        1 => at().prop_map(Edit::IntentToAdd),
        1 => Just(Edit::Commit),
    ];
    proptest::collection::vec(edit, 0..14)
}

fn step() -> impl Strategy<Value = Step> {
    (0..STEPS.len()).prop_map(|at| STEPS[at])
}

/// Makes room for `path`: whatever stands at it or above it, if it is no directory, goes.
fn make_room(repo: &TestRepo, path: &str) {
    for (at, _) in path.match_indices('/') {
        if repo.path(&path[..at]).symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
            repo.remove(&path[..at]);
        }
    }
    repo.remove(path);
}

/// Does one edit; what is not possible as things stand does nothing.
fn apply(repo: &TestRepo, edit: &Edit) {
    let there = |path: &str| repo.path(path).symlink_metadata().is_ok();
    let git = |args: &[&str]| drop(repo.try_git(args));
    match *edit {
        Edit::Write(path, byte) => {
            make_room(repo, PATHS[path]);
            repo.write(PATHS[path], vec![b'a' + byte % 26; usize::from(byte) % 7].as_slice());
        }
        Edit::Append(path) if repo.path(PATHS[path]).symlink_metadata().is_ok_and(|meta| meta.is_file()) => {
            repo.chmod(PATHS[path], 0o644);
            repo.append(PATHS[path], "more\n");
        }
        Edit::Remove(path) => repo.remove(PATHS[path]),
        Edit::Rename(from, to) if there(PATHS[from]) && !PATHS[to].starts_with(PATHS[from]) => {
            if !PATHS[from].starts_with(PATHS[to]) {
                make_room(repo, PATHS[to]);
                if there(PATHS[from]) {
                    std::fs::create_dir_all(repo.path(PATHS[to]).parent().unwrap()).unwrap();
                    std::fs::rename(repo.path(PATHS[from]), repo.path(PATHS[to])).unwrap();
                }
            }
        }
        Edit::Mode(path, mode) if repo.path(PATHS[path]).symlink_metadata().is_ok_and(|meta| meta.is_file()) => {
            repo.chmod(PATHS[path], mode);
        }
        Edit::Link(path, target) => {
            make_room(repo, PATHS[path]);
            repo.symlink(PATHS[target], PATHS[path]);
        }
        Edit::Directory(path) => {
            make_room(repo, PATHS[path]);
            std::fs::create_dir_all(repo.path(PATHS[path]).join("inner")).unwrap();
            repo.write(format!("{}/inner/file", PATHS[path]), "inner\n");
        }
        Edit::Stage(path) => git(&["add", "-A", "--", PATHS[path]]),
        Edit::Unstage(path) => git(&["reset", "-q", "--", PATHS[path]]),
        Edit::StageAll => git(&["add", "-A"]),
        Edit::IntentToAdd(path) => git(&["add", "-N", "--", PATHS[path]]),
        Edit::Commit => git(&["commit", "-q", "-m", "more"]),
        Edit::Append(_) | Edit::Rename(..) | Edit::Mode(..) => {}
    }
}

/// A committed start, more commits, and the work of `edits` on top.
fn repository(committed: &[Edit], edits: &[Edit]) -> TestRepo {
    let repo = TestRepo::empty();
    repo.git(&["init", "-q", "-b", "main"]);
    repo.write(".gitignore", "*.log\nout/\n");
    repo.write("a", "a\n");
    repo.write("d/a", "d a\n");
    repo.sh("git add .; git commit -q -m base; git tag base");
    committed.iter().for_each(|edit| apply(&repo, edit));
    repo.sh("git add -A; git commit -q --allow-empty -m second; git tag start");
    edits.iter().for_each(|edit| apply(&repo, edit));
    repo
}

/// Runs the chain, each command after its own edits, then takes everything back.
fn check(committed: &[Edit], edits: &[Edit], chain: &[(Vec<Edit>, Step)]) {
    let repo = repository(committed, edits);
    let mut done: Vec<(Step, String, State)> = Vec::new();
    for (between, step) in chain {
        between.iter().for_each(|edit| apply(&repo, edit));
        let before = State::with_points(&repo);
        let run = repo.rollback(&words(&format!("{} --json", step.line)));
        let answer = run.json();
        let after = State::with_points(&repo);
        match run.exit() {
            0 => {
                if let Some(id) = answer["operation"].as_str() {
                    done.push((*step, id.to_owned(), before));
                } else {
                    after.must_be(&before, "a command without an operation");
                }
            }
            1 => after.must_be(&before, "a refused command"),
            code => panic!("exit code {code}\n{run}"),
        }
    }
    repo.fsck();
    for (step, id, before) in done.iter().rev() {
        let found = State::with_points(&repo);
        let undo = if step.by_id { format!("undo {id} -y") } else { "undo -y".to_owned() };
        let work = State::of(&repo);
        repo.rb(&undo);
        if step.by_id {
            // What only made a point is taken back alone: work done since then stays.
            let files = |state: State| state.without("stash ").without("ref refs/stash");
            files(State::of(&repo)).must_be(&files(work), &format!("{undo} of {}", step.line));
        } else {
            let wanted = step.only.map_or(before.clone(), |path| found.clone().with_path_of(before, path));
            State::with_points(&repo).must_be(&wanted, &format!("{undo} of {}", step.line));
        }
        let undone = State::with_points(&repo);
        if std::ptr::eq(&done[0].1, id) {
            let redone = repo.rollback(&["redo", "-y", "--json"]).ok().json();
            State::with_points(&repo).must_be(&found, &format!("redo of {}", step.line));
            // A bare undo passes over what only made a point: that one is named.
            let redone = redone["operation"].as_str().expect("an operation").to_owned();
            repo.rb(&if step.by_id { format!("undo {redone} -y") } else { "undo -y".to_owned() });
            let now = State::with_points(&repo);
            now.must_be(&undone, &format!("undo after redo of {}", step.line));
        }
    }
    repo.fsck();
    let left = repo.leftovers();
    assert!(left.is_empty(), "left behind: {left:?}");
}

/// Half of the cases each, so that two processors share the work.
fn runner() -> TestRunner {
    let cases = std::env::var("GIT_ROLLBACK_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(256_u32);
    TestRunner::new(Config {
        cases: cases.div_ceil(2),
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    })
}

/// F1: commands one after the other, undone one after the other, give the start.
#[test]
fn f1_a_chain_of_commands_is_undone() {
    let chain = proptest::collection::vec(step().prop_map(|step| (Vec::new(), step)), 1..4);
    let result = runner().run(&(edits(), edits(), chain), |(committed, edits, chain)| {
        caught(|| check(&committed, &edits, &chain)).map_err(TestCaseError::fail)
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

/// F1: the same with work done before each command; every undo gives what its command found.
#[test]
fn f1_a_chain_of_commands_and_work_is_undone() {
    let chain = proptest::collection::vec((edits(), step()), 1..3);
    let result = runner().run(&(edits(), edits(), chain), |(committed, edits, chain)| {
        let mut chain = chain;
        // What nobody saved cannot be put back: ignored files come only before the first command.
        // And a commit made meanwhile stays on its branch where the command that is undone moved no branch.
        let stays = |edit: &Edit| !edit.is_ignored() && !matches!(edit, Edit::Commit);
        chain.iter_mut().skip(1).for_each(|(work, _)| work.retain(stays));
        caught(|| check(&committed, &edits, &chain)).map_err(TestCaseError::fail)
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}
