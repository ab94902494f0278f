//! What `to` moves in which situation, and why: reset, revert, detach, a new branch, or a question.

use super::common::repo::words;
use super::common::{State, TestRepo};

/// Three commits on `main`, the first tagged `v1`, with a remote that has `published` of them.
fn with_remote(published: usize) -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main .; git init -q --bare ../remote; git remote add origin ../remote");
    for n in 1..=3 {
        repo.write("a", format!("{n}\n"));
        repo.sh(&format!("git add a; git commit -q -m c{n}; git tag -a -m v{n} v{n}"));
        if n == published {
            repo.sh("git push -q origin HEAD; git fetch -q origin");
        }
    }
    repo
}

fn id(repo: &TestRepo, revision: &str) -> String {
    repo.answer(&["rev-parse", revision])
}

/// C1, F1: commits that nobody has leave the branch; it goes back.
#[test]
fn an_unpublished_branch_is_reset() {
    let repo = with_remote(1);
    let tip = id(&repo, "HEAD");
    let plan = repo.rb("to v1 --dry-run --json").json();
    assert_eq!(plan["moves"]["how"], "reset");
    assert_eq!(plan["commits_leaving"].as_array().unwrap().len(), 2);
    repo.rb("to v1 -y");
    assert_eq!(id(&repo, "main"), id(&repo, "v1^{}"));
    assert_eq!(repo.answer(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    repo.sh("git reflog expire --expire=now --all; git gc -q --prune=now");
    repo.rb("undo -y");
    assert_eq!(id(&repo, "main"), tip, "the commits that left outlive pruning");
}

/// B7: on a protected branch whose commits are published, going back is one new commit with the old tree.
#[test]
fn b7_published_commits_of_a_protected_branch_are_reverted() {
    let repo = with_remote(3);
    let tip = id(&repo, "HEAD");
    repo.rb("to v1 -y");
    assert_eq!(id(&repo, "main^"), tip, "one commit on top");
    assert_eq!(id(&repo, "main^{tree}"), id(&repo, "v1^{tree}"));
    assert_eq!(std::fs::read(repo.path("a")).unwrap(), b"1\n");
    assert_eq!(repo.answer(&["status", "--porcelain"]), "");
    repo.rb("undo -y");
    assert_eq!(id(&repo, "main"), tip);
}

/// B7: the default branch of a remote is protected whatever it is called; other branches are reset with a warning.
#[test]
fn b7_what_is_protected() {
    let repo = with_remote(3);
    repo.sh("git switch -q -c trunk; git push -q origin trunk; git fetch -q origin");
    let plan = repo.rb("to v1 --dry-run --json").json();
    assert_eq!(plan["moves"]["how"], "reset");
    assert!(plan["findings"].to_string().contains("lease"), "{plan}");
    repo.sh("git symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/trunk");
    assert_eq!(repo.rb("to v1 --dry-run --json").json()["moves"]["how"], "revert");
    repo.sh("git symbolic-ref -d refs/remotes/origin/HEAD");
    repo.write("rollback.toml", "[protect]\nbranches = [\"trunk\"]\n");
    assert_eq!(repo.rb("to v1 --dry-run --json").json()["moves"]["how"], "revert");
}

/// A place that is not behind the branch is a question; without a terminal the flags are named and nothing happens.
#[test]
fn a_place_elsewhere_is_asked_about() {
    let repo = with_remote(1);
    repo.sh("git switch -q -c other v1; echo x > b; git add b; git commit -q -m other; git switch -q main");
    let before = State::of(&repo);
    let refused = repo.rollback(&words("to other -y")).code(1).stderr();
    for flag in ["--detach", "--branch", "--reset", "--revert"] {
        assert!(refused.contains(flag), "{flag} is not named\n{refused}");
    }
    State::of(&repo).must_be(&before, "a question that nobody answered");
    repo.rb("to other --detach -y");
    assert_eq!(id(&repo, "HEAD"), id(&repo, "other"));
    repo.rb("undo -y");
    repo.rb("to other --branch fix -y");
    assert_eq!(repo.answer(&["symbolic-ref", "HEAD"]), "refs/heads/fix");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo removes the branch that was made");
    repo.rb("to other --revert --branch review -y");
    assert_eq!(id(&repo, "review^{tree}"), id(&repo, "other^{tree}"));
    assert_eq!(id(&repo, "review^"), id(&repo, "main"));
}

/// A detached HEAD moves alone.
#[test]
fn a_detached_head_is_detached_there() {
    let repo = with_remote(3);
    repo.sh("git switch -q --detach v3");
    repo.rb("to v1 -y");
    assert_eq!(id(&repo, "HEAD"), id(&repo, "v1^{}"));
    assert_eq!(id(&repo, "main"), id(&repo, "v3^{}"));
}

/// A checkpoint brings its branch back where it was, also when that was deleted or another is checked out.
#[test]
fn a_checkpoint_brings_its_branch_back() {
    let repo = with_remote(1);
    repo.write("a", "work\n");
    let wanted = State::of(&repo);
    repo.rb("checkpoint cp");
    repo.sh("git stash -q; git stash drop -q; git switch -q -c other; git branch -q -D main");
    repo.rb("to cp -y");
    State::of(&repo).without("ref refs/heads/other").must_be(&wanted, "the branch was deleted meanwhile");
}

/// `--keep-changes` carries what does not overlap, and refuses what does.
#[test]
fn changes_are_carried_or_refused() {
    let repo = with_remote(1);
    repo.sh("echo b > b; git add b; git commit -q -m b; git tag v4; git commit -q --allow-empty -m later");
    repo.sh("echo mine >> b; echo staged > s; git add s");
    repo.rb("to v4 --keep-changes -y");
    assert_eq!(std::fs::read(repo.path("b")).unwrap(), b"b\nmine\n");
    assert_eq!(repo.answer(&["status", "--porcelain"]), " M b\nA  s");
    let before = State::of(&repo);
    let refused = repo.rollback(&words("to v1 --keep-changes -y")).code(1).stderr();
    assert!(refused.contains("carried"), "{refused}");
    State::of(&repo).must_be(&before, "a refusal");
}

/// Untracked files stay unless they are in the way; then they are saved, and undo brings them back.
#[test]
fn untracked_files_stay_unless_in_the_way() {
    let repo = with_remote(1);
    repo.sh("git rm -q a; git commit -q -m gone; echo mine > a; echo other > other");
    let before = State::of(&repo);
    repo.rb("to v3 -y");
    assert_eq!(std::fs::read(repo.path("a")).unwrap(), b"3\n");
    assert_eq!(std::fs::read(repo.path("other")).unwrap(), b"other\n");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
}

/// A project's own `manifest.json` makes no commit of it a snapshot.
#[test]
fn a_manifest_of_the_project_is_not_ours() {
    let repo = with_remote(1);
    repo.sh("echo '{\"version\": 1}' > manifest.json; git add manifest.json; git commit -q -m extension; git tag ext");
    repo.sh("git commit -q --allow-empty -m later");
    repo.rb("to ext -y");
    assert_eq!(id(&repo, "HEAD"), id(&repo, "ext"));
}

/// A clock that goes back does not change what comes last: the log's own order counts.
#[test]
fn the_clock_may_go_back() {
    let repo = with_remote(1);
    repo.rollback_with(&[("GIT_ROLLBACK_NOW", "2000000000")], &words("to v2 -y")).ok();
    repo.rollback_with(&[("GIT_ROLLBACK_NOW", "1000000000")], &words("to v1 -y")).ok();
    repo.rb("undo -y");
    assert_eq!(id(&repo, "HEAD"), id(&repo, "v2^{}"));
}

/// F2: files that a power cut left empty are named after the restart, and can be brought back.
#[test]
fn f2_a_power_cut_that_emptied_files_is_noticed() {
    let repo = with_remote(1);
    repo.rb("to v1 -y");
    let finished = repo.git_dir().join("rollback/main/finished.json");
    let text = std::fs::read_to_string(&finished).unwrap();
    let boot = serde_json::from_str::<serde_json::Value>(&text).unwrap()["boot"].as_str().unwrap().to_owned();
    assert!(!repo.rb("status").stdout().contains("empty now"));
    std::fs::write(&finished, text.replace(&boot, "another-start-of-the-machine")).unwrap();
    assert!(!repo.rb("status").stdout().contains("empty now"), "nothing is empty");
    repo.write("a", "");
    let status = repo.rb("status").stdout();
    assert!(status.contains("empty now: a"), "{status}");
    let operation = repo.operations().remove(0);
    repo.rb(&format!("restore --from op:{operation} a"));
    assert_eq!(std::fs::read(repo.path("a")).unwrap(), b"1\n");
}

/// F1: an operation whose result somebody made undone by hand is taken back all the same, so that the next `undo` gets
/// to the one before it.
#[test]
fn f1_undo_goes_past_what_is_undone_already() {
    let repo = with_remote(1);
    repo.rb("to v2 -y");
    let before = State::of(&repo);
    repo.rb("restore --from v1 a -y");
    repo.sh("git checkout -q a");
    before.clone().without("index ").must_be(&State::of(&repo).without("index "), "undone by hand");
    let undone = repo.rb("undo -y --json").json();
    assert_eq!(undone["changed"]["written"], 0, "{undone}");
    repo.rb("redo -y");
    repo.rb("undo -y");
    repo.rb("undo -y");
    assert_eq!(id(&repo, "HEAD"), id(&repo, "v3^{}"), "the operation before it was the next one");
}

/// Going somewhere is a checkout to git as well: `git checkout -` leads back, whatever takes part in between.
#[test]
fn git_knows_the_way_back() {
    let repo = with_remote(3);
    repo.rb("to v1 --detach -y");
    assert_eq!(repo.answer(&["rev-parse", "--abbrev-ref", "@{-1}"]), "main");
    repo.sh("git checkout -q -");
    assert_eq!(repo.answer(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    repo.rb("to v2 --branch two -y");
    assert_eq!(repo.answer(&["rev-parse", "--abbrev-ref", "@{-1}"]), "main");
    repo.rb("undo -y");
    assert_eq!(repo.answer(&["rev-parse", "--symbolic-full-name", "HEAD"]), "refs/heads/main");
    let log = repo.answer(&["reflog", "-1", "--format=%gs", "HEAD"]);
    assert_eq!(log, "checkout: moving from two to main");
}
