//! F3: whatever this program saved, plain git brings back. Nothing below runs the program to recover.

use super::common::{Report, State, TestRepo};

/// The newest snapshot ref.
#[track_caller]
fn newest_snapshot(repo: &TestRepo) -> String {
    let refs = repo.answer(&["for-each-ref", "--format=%(refname)", "refs/rollback/snapshots"]);
    refs.lines().last().unwrap_or_else(|| panic!("no snapshot ref")).to_owned()
}

/// The snapshot that a finished command names in its answer.
#[track_caller]
fn snapshot_of(repo: &TestRepo, line: &str) -> String {
    let answer = repo.rb(&format!("{line} --json")).json();
    let id = answer["snapshot"].as_str().unwrap_or_else(|| panic!("no snapshot in {answer}"));
    format!("refs/rollback/snapshots/{id}")
}

/// What a stash entry promises: HEAD, index, tracked changes and untracked files, but no more.
fn stash_state(repo: &TestRepo) -> State {
    let ignored = ["ignored", "debug.log", "once.log", "hollow"];
    let state = State::of(repo).without("ref refs/stash").without("stash ");
    ignored.iter().fold(state, |state, path| state.without(&format!("worktree {path}")))
}

/// F3: a snapshot is a stash commit with a manifest on top; `git stash apply --index` takes it.
#[test]
fn f3_a_checkpoint_is_applied_by_git_stash() {
    let repo = TestRepo::fixture("working-day");
    let start = stash_state(&repo);
    let snapshot = snapshot_of(&repo, "checkpoint cp");
    repo.sh("git reset -q --hard; git clean -qfd");
    stash_state(&repo).must_differ(&start, "wrecked");
    repo.git(&["stash", "apply", "--index", "-q", &format!("{snapshot}^")]);
    stash_state(&repo).must_be(&start, "git stash apply --index");
}

/// F3: the same for what a command saved before it replaced the work, ignored files included.
#[test]
fn f3_what_a_command_replaced_is_applied_by_git_stash() {
    let repo = TestRepo::fixture("working-day");
    let start = stash_state(&repo);
    let head = repo.answer(&["rev-parse", "HEAD"]);
    let snapshot = snapshot_of(&repo, "to v1 -y");
    repo.git(&["clean", "-qfd"]);
    repo.git(&["reset", "-q", "--hard", &head]);
    repo.git(&["clean", "-qfd"]);
    repo.git(&["stash", "apply", "--index", "-q", &format!("{snapshot}^")]);
    stash_state(&repo).must_be(&start, "git stash apply --index");
}

/// F3: the stash commit has the three parents that git makes, the first of them HEAD.
#[test]
fn f3_the_stash_commit_has_gits_own_shape() {
    let repo = TestRepo::fixture("working-day");
    let head = repo.answer(&["rev-parse", "HEAD"]);
    let snapshot = snapshot_of(&repo, "checkpoint cp");
    let parent = |n: u8| repo.answer(&["rev-parse", &format!("{snapshot}^1^{n}")]);
    assert_eq!(parent(1), head);
    let untracked = repo.answer(&["ls-tree", "-r", "--name-only", &parent(3)]);
    let mut untracked: Vec<&str> = untracked.lines().collect();
    untracked.sort_unstable();
    assert_eq!(untracked, ["docs/old.txt", "new/deep/u.txt", "new/l", "notes.txt"]);
    let index = repo.answer(&["rev-parse", &format!("{}:src/staged.txt", parent(2))]);
    assert_eq!(index, repo.answer(&["rev-parse", ":src/staged.txt"]));
    let listed = repo.answer(&["stash", "show", "-u", "--name-only", &format!("{snapshot}^")]);
    for path in ["notes.txt", "src/f4.txt", "src/f5.txt", "src/f6.txt", "src/staged.txt"] {
        assert!(listed.lines().any(|line| line == path), "{path} is not in {listed}");
    }
}

/// F3: `git stash store` puts a snapshot on the stash list, from where `git stash pop --index` takes it.
#[test]
fn f3_a_snapshot_can_be_stored_as_a_stash_entry() {
    let repo = TestRepo::fixture("working-day");
    let start = stash_state(&repo);
    let snapshot = snapshot_of(&repo, "checkpoint cp");
    repo.sh("git reset -q --hard; git clean -qfd");
    repo.git(&["stash", "store", "-m", "rescued", &format!("{snapshot}^")]);
    repo.git(&["stash", "pop", "--index", "-q"]);
    stash_state(&repo).must_be(&start, "git stash pop --index");
}

/// F3: the manifest is JSON in the tree of the snapshot, and carries its version.
#[test]
fn f3_the_manifest_is_readable_with_git_show() {
    let repo = TestRepo::fixture("working-day");
    let snapshot = snapshot_of(&repo, "checkpoint cp --ignored");
    let manifest = repo.answer(&["show", &format!("{snapshot}:manifest.json")]);
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    assert!(manifest["version"].is_u64() || manifest["schema"].is_u64(), "no version: {manifest}");
    assert_eq!(repo.answer(&["cat-file", "-t", &snapshot]), "commit");
}

/// F3: ignored bytes that a checkpoint holds are blobs of the snapshot, reachable from its ref.
#[test]
fn f3_ignored_files_of_a_checkpoint_are_reachable() {
    let repo = TestRepo::fixture("working-day");
    let blob = repo.answer(&["hash-object", "ignored/.env"]);
    let snapshot = snapshot_of(&repo, "checkpoint cp --ignored");
    let objects = repo.answer(&["rev-list", "--objects", &snapshot]);
    assert!(objects.lines().any(|line| line.starts_with(&blob)), "ignored/.env is not reachable from {snapshot}");
}

/// F3: commits that leave the branch stay reachable from the snapshot, whatever git prunes.
#[test]
fn f3_commits_that_left_the_branch_survive_gc() {
    let repo = TestRepo::fixture("working-day");
    let head = repo.answer(&["rev-parse", "HEAD"]);
    let snapshot = snapshot_of(&repo, "to v1 --reset -y");
    repo.sh("git reflog expire --expire=now --expire-unreachable=now --all; git gc -q --prune=now");
    repo.git(&["merge-base", "--is-ancestor", &head, &snapshot]);
}

/// F3: a backup is an ordinary stash entry: listed, shown and popped.
#[test]
fn f3_a_backup_is_listed_and_popped_by_git() {
    let mut report = Report::default();
    for setup in
        ["working-day", "working-day-detached", "working-day-linked", "staged-and-edited", "untracked", "odd-names"]
    {
        report.case(setup, || {
            let repo = TestRepo::fixture(setup);
            let start = stash_state(&repo);
            repo.rb("backup --clean -m by-hand");
            assert_eq!(repo.answer(&["status", "--porcelain"]), "");
            let list = repo.answer(&["stash", "list"]);
            assert!(list.lines().count() == 1 && list.contains("by-hand"), "{list:?}");
            assert!(!repo.answer(&["stash", "show", "-u", "--stat"]).is_empty());
            repo.git(&["stash", "pop", "--index", "-q"]);
            stash_state(&repo).must_be(&start, "git stash pop --index");
            assert_eq!(repo.answer(&["stash", "list"]), "");
        });
    }
    report.finish();
}

/// F3: entries that were on the stash list before keep their place behind the backup.
#[test]
fn f3_a_backup_keeps_other_stash_entries() {
    let repo = TestRepo::fixture("stashes");
    let before = repo.answer(&["stash", "list", "--format=%H"]);
    repo.rb("backup -m mine");
    let after = repo.answer(&["stash", "list", "--format=%H"]);
    assert_eq!(after.split_once('\n').map(|(_, rest)| rest), Some(before.as_str()));
}

/// F3: a file is brought back from a snapshot by `git restore --source`.
#[test]
fn f3_one_file_is_brought_back_by_git_restore() {
    let repo = TestRepo::fixture("working-day");
    let wanted = std::fs::read(repo.path("src/f5.txt")).unwrap();
    repo.rb("checkpoint cp");
    let snapshot = newest_snapshot(&repo);
    repo.write("src/f5.txt", "wrecked\n");
    repo.git(&["restore", &format!("--source={snapshot}^"), "src/f5.txt"]);
    assert_eq!(std::fs::read(repo.path("src/f5.txt")).unwrap(), wanted);
    repo.remove("notes.txt");
    repo.git(&["restore", &format!("--source={snapshot}^^3"), "notes.txt"]);
    assert_eq!(std::fs::read(repo.path("notes.txt")).unwrap(), b"untracked\n");
}

/// F3: an unborn HEAD is saved on a synthetic root, and its files are fetched with `git restore`.
#[test]
fn f3_an_unborn_head_is_readable_too() {
    let repo = TestRepo::fixture("unborn");
    repo.rb("checkpoint cp");
    let snapshot = newest_snapshot(&repo);
    assert_eq!(repo.answer(&["show", &format!("{snapshot}^:a")]), "edited");
    assert_eq!(repo.answer(&["show", &format!("{snapshot}^^2:a")]), "staged");
    assert_eq!(repo.answer(&["show", &format!("{snapshot}^^3:untracked")]), "u");
}

/// F3: the operation log is a chain of commits that `git log` reads.
#[test]
fn f3_the_log_is_commits() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("to v1 -y");
    repo.rb("undo -y");
    let log = repo.answer(&["for-each-ref", "--format=%(refname)", "refs/rollback/log"]);
    assert_eq!(log.lines().count(), 1, "one chain a clone: {log:?}");
    assert_eq!(repo.answer(&["log", "--format=%s", &log]).lines().count(), 2);
    let operation = repo.answer(&["show", &format!("{log}:operation.json")]);
    assert!(serde_json::from_str::<serde_json::Value>(&operation).is_ok(), "{operation}");
}

/// F3: refs of the program point at commits or at annotated tags, never at trees or blobs.
#[test]
fn f3_refs_point_at_commits_or_tags() {
    let repo = TestRepo::fixture("working-day");
    for line in ["checkpoint cp --ignored --nested", "backup -m b", "to v1 -y", "undo -y", "baseline set --name good"] {
        repo.rb(line);
    }
    let kinds = repo.answer(&["for-each-ref", "--format=%(objecttype)", "refs/rollback"]);
    assert!(!kinds.is_empty() && kinds.lines().all(|kind| kind == "commit" || kind == "tag"), "{kinds}");
}

/// F3: who sees `refs/rollback/*`: `git log --all` and `git push --mirror` do, everything else does not.
#[test]
fn f3_what_others_see() {
    let repo = TestRepo::fixture("working-day");
    for line in ["checkpoint cp", "to v1 -y"] {
        repo.rb(line);
    }
    let own = repo.answer(&["for-each-ref", "--format=%(refname)", "refs/rollback"]);
    assert!(own.contains("refs/rollback/snapshots/") && own.contains("/checkpoint/cp"), "{own}");
    let snapshot = repo.answer(&["rev-parse", &newest_snapshot(&repo)]);
    let shown = |args: &[&str]| repo.answer(&[&["log", "--format=%H"][..], args].concat()).contains(&snapshot);
    assert!(shown(&["--all"]));
    assert!(!shown(&["--branches", "--tags", "--remotes"]));
    assert!(!shown(&["--exclude=refs/rollback/*", "--all"]));

    repo.git(&["init", "-q", "--bare", "../remote"]);
    let there = || repo.answer(&["ls-remote", "../remote"]);
    repo.git(&["push", "-q", "--all", "../remote"]);
    repo.git(&["push", "-q", "--tags", "../remote"]);
    assert!(there().contains("refs/heads/main") && !there().contains("refs/rollback"), "{}", there());
    repo.git(&["push", "-q", "--mirror", "../remote"]);
    assert!(there().contains("refs/rollback/snapshots/"));
}

/// F3: every trace can be removed, and the user's own state stays.
#[test]
fn f3_every_trace_can_be_removed() {
    let repo = TestRepo::fixture("working-day");
    let start = State::of(&repo);
    for line in ["checkpoint cp", "to v1 -y", "undo -y"] {
        repo.rb(line);
    }
    assert!(!repo.answer(&["for-each-ref", "refs/rollback"]).is_empty());
    repo.sh(
        "git for-each-ref --format='delete %(refname)' refs/rollback | git update-ref --stdin; rm -rf .git/rollback",
    );
    assert_eq!(repo.answer(&["for-each-ref", "refs/rollback"]), "");
    State::of(&repo).must_be(&start, "without a trace");
    repo.fsck();
}
