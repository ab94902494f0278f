//! States that went wrong once: each test is a way in which a repository was brought back wrongly or got stuck.

use super::common::repo::words;
use super::common::{State, TestRepo};

fn two_commits(later: &str) -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main .; echo one > a; git add a; git commit -qm first; git tag v1");
    repo.sh(later);
    repo
}

/// F1: what was ignored before, and is not ignored in the state that is left, is not taken away by `undo`.
#[test]
fn f1_undo_leaves_what_is_ignored_again() {
    let repo = two_commits(
        "printf 'build/\\n*.log\\n' > .gitignore; git add .; git commit -qm ignore
         mkdir -p build/empty; echo object > build/o; echo log > x.log; chmod 700 build/empty",
    );
    let before = State::of(&repo);
    repo.rb("to v1 -y");
    let after = State::of(&repo);
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
    repo.rb("redo -y");
    State::of(&repo).must_be(&after, "redo");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo of redo");
}

/// F1: a pipe that stood in the way goes and comes back as often as one likes.
#[test]
fn f1_a_pipe_in_the_way_walks_back_and_forth() {
    let repo = two_commits("git rm -q a; git commit -qm gone; mkfifo a; echo new > b; git add b");
    repo.rb("to v1 -y");
    for _ in 0..3 {
        assert!(repo.path("a").is_file(), "the file is not there");
        repo.rb("undo -y");
        assert!(!repo.path("a").is_file() && repo.path("a").exists(), "the pipe is not there");
        repo.rb("redo -y");
    }
}

/// F5: a ref that somebody planted where the tool keeps its own is named before anything is touched.
#[test]
fn f5_a_ref_in_the_place_of_ours_is_refused_first() {
    for name in ["refs/rollback/log", "refs/rollback/points", "refs/rollback/snapshots", "refs/rollback"] {
        let repo = two_commits("echo two > a; git commit -qam two; echo three > a");
        repo.git(&["update-ref", name, "HEAD"]);
        let before = State::of(&repo);
        for line in ["checkpoint cp", "to v1 -y", "backup --clean -y"] {
            repo.rollback(&words(line)).code(1).says(&format!("git update-ref -d {name}"));
            State::of(&repo).must_be(&before, line);
        }
        repo.git(&["update-ref", "-d", name]);
        repo.rb("to v1 -y");
    }
}

/// F1: a point that `undo` took away comes back by `redo`, also when git has pruned what no ref held meanwhile.
#[test]
fn f1_tags_outlive_a_prune_between_undo_and_redo() {
    let prune = "git gc -q --prune=now";
    let repo = two_commits("echo two > a; git commit -qam two; git tag -a -m outer -f outer v1; echo three > a");
    repo.rb("backup --clean -y");
    repo.rb("baseline set HEAD");
    repo.rb("baseline set HEAD~1 --force");
    let with_points = State::of(&repo);
    let moved = repo.operations()[0].clone();
    repo.rb(&format!("undo {moved} -y"));
    repo.sh(prune);
    repo.rb("redo -y");
    State::of(&repo).must_be(&with_points, "undo and redo of a moved baseline");
    let point = repo.rb("points --json").json()["points"][0]["name"].as_str().unwrap().to_owned();
    repo.rb(&format!("points delete {point} -y"));
    repo.sh(prune);
    let deleted = repo.operations()[0].clone();
    repo.rb(&format!("undo {deleted} -y"));
    State::of(&repo).must_be(&with_points, "undo of a deleted point");
    repo.fsck();
}

/// The same for a backup that cleaned the tree: its point leaves with `undo` and comes back with `redo`.
#[test]
fn f1_a_backup_survives_a_prune_between_undo_and_redo() {
    let repo = two_commits("echo two > a; echo new > b");
    repo.rb("backup --clean -y");
    let clean = State::of(&repo);
    for _ in 0..2 {
        repo.rb("undo -y");
        repo.sh("git gc -q --prune=now");
        repo.rb("redo -y");
        repo.sh("git gc -q --prune=now");
        State::of(&repo).must_be(&clean, "redo of a backup");
        repo.fsck();
    }
}

/// F1: ignored files that somebody removed between `undo` and `redo` stop neither.
#[test]
fn f1_redo_of_a_move_that_has_nothing_left_to_move() {
    let repo =
        two_commits("echo '*.log' > .gitignore; git add .; git commit -qm ignore; mkdir d.log; echo log > d.log/x");
    repo.rb("to v1 --clean all -y");
    repo.rb("undo -y");
    repo.sh("rm -r d.log");
    let before = State::of(&repo);
    repo.rb("redo -y");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
}

/// F1: a trash that was emptied by hand cannot give back what was in it, and holds nothing else up.
#[test]
fn f1_an_emptied_trash_does_not_stop_undo() {
    let repo = two_commits("echo '*.log' > .gitignore; git add .; git commit -qm ignore; echo log > x.log");
    repo.rb("to v1 --clean all -y");
    repo.sh("rm -r .git/rollback/main/trash");
    let run = repo.rb("undo -y");
    assert!((run.stdout() + &run.stderr()).contains("x.log"), "what did not come back is not named\n{run}");
    assert_eq!(repo.answer(&["status", "--porcelain"]), "");
    repo.rb("redo -y");
}

/// F1: GIT_DIR alone makes the current directory the worktree, for git; another one is not touched then.
#[test]
fn f1_git_dir_alone_in_another_directory_is_refused() {
    let repo = two_commits("mkdir sub; echo two > a; git commit -qam two");
    let git_dir = repo.git_dir().to_str().unwrap().to_owned();
    let before = State::of(&repo);
    let args = ["-C", "sub", "to", "v1", "-y"];
    repo.rollback_with(&[("GIT_DIR", &git_dir)], &args).code(1).says("GIT_WORK_TREE");
    State::of(&repo).must_be(&before, "a refused command");
    let top = repo.top().to_str().unwrap().to_owned();
    repo.rollback_with(&[("GIT_DIR", &git_dir), ("GIT_WORK_TREE", &top)], &args).ok();
}

/// F5: a link in the place of a directory or the lock of the tool's own is refused at once, and what it leads to stays.
#[test]
fn f5_links_in_the_place_of_ours_are_refused() {
    for place in ["", "/main", "/main/lock", "/main/stage", "/main/trash", "/main/kept"] {
        let repo =
            two_commits("echo two > a; git commit -qam two; echo three > a; mkdir ../outside; echo x > ../outside/f");
        let (own, target) = (format!(".git/rollback{place}"), repo.base().join("outside"));
        repo.sh(&format!("mkdir -p \"$(dirname {own})\""));
        repo.symlink(if place == "/main/lock" { target.join("f") } else { target.clone() }, &own);
        let before = State::of(&repo);
        for line in ["checkpoint cp", "to v1 --clean all -y"] {
            repo.rollback(&words(line)).code(1).says("symbolic link");
            State::of(&repo).must_be(&before, line);
        }
        assert_eq!(std::fs::read(target.join("f")).unwrap(), b"x\n");
        assert_eq!(std::fs::read_dir(&target).unwrap().count(), 1, "something was made behind the link");
    }
}

/// F5: a pipe among the tool's own refs hangs nothing: as in git, what is no ref hides a packed one of that name.
#[test]
fn f5_a_pipe_among_our_refs_does_not_hang() {
    let repo = two_commits("echo two > a");
    repo.rb("checkpoint one");
    repo.rb("checkpoint two");
    repo.sh("git pack-refs --all
         name=$(git for-each-ref --format='%(refname)' 'refs/rollback/points/*/checkpoint/one')
         mkdir -p \".git/$(dirname \"$name\")\"; mkfifo \".git/$name\"");
    let listed = repo.rb("points --json").json();
    let names: Vec<_> = listed["points"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["two"]);
    repo.rb("");
    repo.rb("checkpoint three");
}
