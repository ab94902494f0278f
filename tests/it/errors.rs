//! Refusals: one clear error, the promised exit code, and nothing changed.

use super::common::repo::words;
use super::common::{RepoFiles, Run, State, TestRepo};

/// Runs a line that must be refused with `code`, leave everything as it was, and end in one error that says `said`.
#[track_caller]
fn refused(repo: &TestRepo, line: &str, code: i32, said: &[&str]) -> Run {
    let before = State::with_points(repo);
    let run = repo.rollback(&words(line)).code(code);
    State::with_points(repo).must_be(&before, line);
    for text in said {
        assert!(run.stderr().contains(text), "does not say {text:?}\n{run}");
    }
    let errors = run.stderr().lines().filter(|line| line.starts_with("error")).count();
    assert!(errors == 1, "{errors} errors\n{run}");
    assert!(run.stdout().is_empty(), "an error is talk, not an answer\n{run}");
    assert!(!run.stderr().contains("panicked"), "{run}");
    repo.fsck();
    run
}

/// F5: an unknown point is refused with the points that come near.
#[test]
fn f5_an_unknown_point_names_candidates() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("checkpoint before-lunch");
    refused(&repo, "to before-lunhc -y", 1, &["before-lunhc", "before-lunch"]);
    refused(&repo, "to basline -y", 1, &["baseline"]);
    refused(&repo, "restore --from nowhere src -y", 1, &["nowhere"]);
    refused(&repo, "show nowhere", 1, &["nowhere"]);
    refused(&repo, "points delete nowhere", 1, &["nowhere"]);
    refused(&repo, "undo nowhere -y", 1, &["nowhere"]);
}

/// F5: a name that means two different commits is refused with the words that tell them apart.
#[test]
fn f5_an_ambiguous_point_is_refused() {
    let repo = TestRepo::fixture("working-day");
    repo.sh("git tag both HEAD~1; git branch both HEAD~2");
    refused(&repo, "to both -y", 1, &["tag:both", "branch:both"]);
    repo.rb("to tag:both --detach -y");
    assert_eq!(repo.answer(&["rev-parse", "HEAD"]), repo.answer(&["rev-parse", "refs/tags/both"]));
}

/// F5: two names of one commit are no ambiguity.
#[test]
fn f5_two_names_of_one_commit_are_no_ambiguity() {
    let repo = TestRepo::fixture("working-day");
    repo.sh("git tag both HEAD~1; git branch both HEAD~1");
    repo.rb("to both --detach -y");
    assert_eq!(repo.answer(&["rev-parse", "HEAD"]), repo.answer(&["rev-parse", "refs/tags/both"]));
}

/// F5: a point in place of a command is answered with the command that was meant.
#[test]
fn f5_a_point_in_place_of_a_command_is_a_hint() {
    let repo = TestRepo::fixture("working-day");
    repo.git(&["tag", "v1.2.0"]);
    let before = State::of(&repo);
    let run = repo.rollback(&["v1.2.0"]);
    assert!(matches!(run.exit(), 1 | 129), "{run}");
    run.says("did you mean").says("git rollback to v1.2.0");
    State::of(&repo).must_be(&before, "a hint");
}

/// F5: wrong usage has git's own exit code for it.
#[test]
fn f5_wrong_usage_is_129() {
    let repo = TestRepo::fixture("working-day");
    for line in [
        "to",
        "--no-such-flag",
        "checkpoint a b",
        "to v1 --reset --detach -y",
        "to v1 --clean everything",
        "restore src",
        "log --limit many",
    ] {
        let before = State::of(&repo);
        repo.rollback(&words(line)).code(129);
        State::of(&repo).must_be(&before, line);
    }
}

/// F5: a needed yes without a terminal is an error that names `--yes`.
#[test]
fn f5_a_needed_yes_without_a_terminal_names_the_flag() {
    let repo = TestRepo::fixture("working-day");
    refused(&repo, "to v1", 1, &["--yes"]);
    refused(&repo, "to baseline --clean all", 1, &["--yes"]);
}

/// F5: where it is not clear what should move, the flags are named.
#[test]
fn f5_an_unclear_move_names_the_flags() {
    let repo = TestRepo::fixture("working-day");
    repo.sh("git stash -q -u; git switch -q -c side HEAD~1; echo s > s; git add s; git commit -q -m side; git switch -q main");
    refused(&repo, "to side", 1, &["--reset", "--detach", "--branch"]);
}

/// F5: an error is one JSON document too.
#[test]
fn f5_errors_are_json_when_asked() {
    let repo = TestRepo::fixture("working-day");
    let run = repo.rollback(&["to", "nowhere", "-y", "--json"]).code(1);
    assert_eq!(run.json()["kind"], "error", "{run}");
}

/// F2: a target whose bytes are damaged is found before anything is touched.
#[test]
fn f2_a_damaged_blob_is_refused() {
    let repo = TestRepo::fixture("working-day");
    damage(&repo, "v1:src/f1.txt", Some(b"damaged"));
    refused_without_fsck(&repo, "to v1 -y");
    refused_without_fsck(&repo, "restore --from v1 src/f1.txt -y");
}

/// F2: a target with a tree that is not there is found before anything is touched.
#[test]
fn f2_a_missing_tree_is_refused() {
    let repo = TestRepo::fixture("working-day");
    damage(&repo, "v1:src", None);
    refused_without_fsck(&repo, "to v1 -y");
}

/// F2: a target with a blob that is not there is found before anything is touched.
#[test]
fn f2_a_missing_blob_is_refused() {
    let repo = TestRepo::fixture("working-day");
    damage(&repo, "v1:docs/old.txt", None);
    refused_without_fsck(&repo, "to v1 -y");
}

/// F2: a big index whose checksum is wrong is refused, and nothing is changed: the checksum is computed while the worktree is looked at.
#[test]
fn f2_a_big_index_with_a_wrong_checksum_is_refused() {
    let repo = TestRepo::fixture("working-day");
    repo.sh("blob=$(echo many | git hash-object -w --stdin)
        for n in $(seq 20000); do printf '100644 %s 0\\tmany/%s\\n' $blob $n; done | git update-index --index-info");
    repo.rb("checkpoint whole -q");
    let index = repo.git_dir().join("index");
    let mut bytes = std::fs::read(&index).unwrap();
    assert!(bytes.len() > 1 << 20);
    // In the name of the first entry's object: it can be read as well as before.
    bytes[12 + 41] ^= 1;
    std::fs::write(&index, bytes).unwrap();
    // The lock says who had it last.
    let files = || {
        std::fs::write(repo.common_dir().join("rollback/main/lock"), "").unwrap();
        RepoFiles::of(&repo)
    };
    let before = files();
    for line in ["checkpoint broken", "backup --clean -y", "to v1 -y", "restore --from v1 src/f1.txt -y"] {
        let run = repo.rollback(&words(line)).code(128);
        assert!(run.stderr().contains("checksum does not match") && run.stderr().contains("index"), "{run}");
        files().must_be(&before, line);
    }
}

/// Overwrites or removes the loose object that `revision` names.
#[track_caller]
fn damage(repo: &TestRepo, revision: &str, bytes: Option<&[u8]>) {
    let id = repo.answer(&["rev-parse", revision]);
    let object = repo.common_dir().join("objects").join(&id[..2]).join(&id[2..]);
    assert!(object.is_file(), "{revision} is not loose");
    std::fs::remove_file(&object).unwrap();
    if let Some(bytes) = bytes {
        std::fs::write(&object, bytes).unwrap();
    }
}

#[track_caller]
fn refused_without_fsck(repo: &TestRepo, line: &str) {
    let before = State::with_points(repo);
    let run = repo.rollback(&words(line)).code(1);
    State::with_points(repo).must_be(&before, line);
    assert!(run.stderr().starts_with("error"), "{run}");
    assert!(repo.rb("status --json").json()["unfinished"].is_null(), "left unfinished");
}

/// F5: a branch that another worktree has checked out is not moved from here.
#[test]
fn f5_a_branch_of_another_worktree_is_refused() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("checkpoint on-main");
    repo.sh("git stash -q -u; git switch -q -c mine; git worktree add -q ../linked main");
    refused(&repo, "to on-main -y", 1, &["main", "linked"]);
    refused(&repo, "to v1 --branch main -y", 1, &["main"]);
}

/// F5: an existing branch is not taken over by `--branch`.
#[test]
fn f5_an_existing_branch_is_not_overwritten() {
    let repo = TestRepo::fixture("working-day");
    repo.git(&["branch", "taken", "HEAD~1"]);
    refused(&repo, "to v1 --branch taken -y", 1, &["taken"]);
}

/// F5: names that would be read as something else cannot become points.
#[test]
fn f5_misleading_point_names_are_refused() {
    let repo = TestRepo::fixture("working-day");
    for name in ["1.2.0", "baseline", "last", "HEAD", "main", "v1", "a..b", "op:1", "@2h", "-x"] {
        let before = State::with_points(&repo);
        let code = repo.rollback(&["checkpoint", "-q", "--", name]).exit();
        assert!(matches!(code, 1 | 129), "{name} became a point (exit {code})");
        State::with_points(&repo).must_be(&before, name);
    }
}

/// F5: a name that is taken is refused, and the old point stays.
#[test]
fn f5_an_existing_point_is_not_overwritten() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("checkpoint cp");
    refused(&repo, "checkpoint cp", 1, &["cp", "--force"]);
}

/// F5: a bare repository has nothing to go back in.
#[test]
fn f5_a_bare_repository_is_refused() {
    let repo = TestRepo::empty();
    repo.git(&["init", "-q", "--bare", "-b", "main"]);
    let before = RepoFiles::of(&repo);
    for line in ["checkpoint", "to main -y", "undo -y"] {
        repo.rollback(&words(line)).code(1).says("bare");
    }
    RepoFiles::of(&repo).must_be(&before, "refused");
}

/// F5: outside of a repository that is said.
#[test]
fn f5_no_repository_is_said() {
    let repo = TestRepo::empty();
    for line in ["status", "checkpoint", "to main -y"] {
        let run = repo.rollback(&words(line));
        assert!(matches!(run.exit(), 1 | 128), "{run}");
        run.says("repository");
    }
}

/// F5: repositories in formats that cannot be opened are refused before anything is touched.
#[test]
fn f5_an_unknown_repository_format_is_refused() {
    for (args, word) in [(["--object-format=sha256"], "sha256"), (["--ref-format=reftable"], "reftable")] {
        let repo = TestRepo::empty();
        if repo.try_git(&[&["init", "-q"][..], &args].concat()).exit() != 0 {
            continue; // this git cannot make one
        }
        repo.write("a", "a\n");
        let before = RepoFiles::of(&repo);
        repo.rollback(&["checkpoint"]).code(1).says(word);
        RepoFiles::of(&repo).must_be(&before, word);
    }
}

/// F2: an index that somebody else has locked means: try again.
#[test]
fn f2_a_locked_index_is_4() {
    let repo = TestRepo::fixture("working-day");
    let lock = repo.git_dir().join("index.lock");
    std::fs::write(&lock, "").unwrap();
    refused(&repo, "to v1 -y", 4, &["index.lock"]);
    refused(&repo, "backup --clean", 4, &["index.lock"]);
    assert!(lock.exists(), "somebody else's lock was removed");
    std::fs::remove_file(&lock).unwrap();
    repo.rb("to v1 -y");
}

/// F2: making a checkpoint writes no index and takes no lock of git's.
#[test]
fn f2_a_checkpoint_needs_no_lock() {
    let repo = TestRepo::fixture("working-day");
    std::fs::write(repo.git_dir().join("index.lock"), "").unwrap();
    repo.rb("checkpoint cp");
    assert!(repo.answer(&["for-each-ref", "--format=%(refname)", "refs/rollback/points"]).ends_with("/checkpoint/cp"));
}

/// F2: a branch that somebody else has locked means: try again, and nothing was touched.
#[test]
fn f2_a_locked_branch_is_4() {
    let repo = TestRepo::fixture("working-day");
    std::fs::write(repo.common_dir().join("refs/heads/main.lock"), "").unwrap();
    refused(&repo, "to v1 --reset -y", 4, &["main.lock"]);
}

/// F5: a directory that cannot be written to is found before anything is touched.
#[test]
fn f5_an_unwritable_directory_is_refused() {
    if rustix::process::geteuid().is_root() {
        eprintln!("skipped: nothing is unwritable for root");
        return;
    }
    let repo = TestRepo::fixture("working-day");
    repo.chmod("src", 0o555);
    let before = State::of(&repo);
    let run = repo.rollback(&["to", "v1", "-y"]).code(1);
    State::of(&repo).must_be(&before, "refused");
    repo.chmod("src", 0o755);
    run.says("src");
}

/// F5: a repository of another user is refused.
#[test]
fn f5_a_repository_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can give a repository away");
        return;
    }
    let repo = TestRepo::fixture("working-day");
    let before = State::of(&repo);
    repo.sh("chown -R 12345:12345 .");
    let run = repo.rollback(&["to", "v1", "-y"]);
    repo.sh("chown -R 0:0 .");
    run.code(1);
    State::of(&repo).must_be(&before, "refused");
}

/// F5: a command of the repository's own configuration never runs.
#[test]
fn f5_a_filter_of_the_repository_is_not_run() {
    let repo = TestRepo::fixture("clean");
    repo.write(".gitattributes", "*.f filter=planted\n");
    repo.write("x.f", "one\n");
    repo.sh("git add .; git commit -q -m one; echo two > x.f; git commit -q -a -m two; echo three > x.f");
    for key in ["filter.planted.clean", "filter.planted.smudge", "core.fsmonitor", "core.sshCommand", "gpg.program"] {
        repo.git(&["config", key, "touch ../outside-ran; cat"]);
    }
    repo.sh("mkdir -p .git/hooks; for hook in pre-commit post-checkout reference-transaction post-index-change; do
        printf '#!/bin/sh\\ntouch ../outside-ran\\n' > .git/hooks/$hook; chmod +x .git/hooks/$hook; done");
    for line in ["status", "checkpoint cp", "to HEAD~1 -y", "undo -y"] {
        let run = repo.rollback(&words(line));
        assert!(matches!(run.exit(), 0 | 1), "{run}");
        assert!(!repo.base().join("outside-ran").exists(), "{line} ran a planted command");
    }
    assert_eq!(std::fs::read(repo.path("x.f")).unwrap(), b"three\n");
    let saved = repo.answer(&["hash-object", "--no-filters", "x.f"]);
    let point = repo.answer(&["for-each-ref", "--format=%(refname)", "refs/rollback/points"]);
    let objects = repo.answer(&["rev-list", "--objects", &point]);
    assert!(objects.contains(&saved), "the changed file is not in the checkpoint");
}

/// F5: names from the repository reach a terminal escaped, and JSON as they are.
#[test]
fn f5_hostile_names_are_escaped() {
    let repo = TestRepo::fixture("odd-names");
    for line in ["status --color always", "to HEAD -y --dry-run", "checkpoint cp", "show cp --stat", "status -v"] {
        let run = repo.rb(line);
        assert!(!run.stdout().is_empty() || !run.stderr().is_empty(), "{line} says nothing");
        for text in [run.stdout(), run.stderr()] {
            assert!(!text.contains('\u{7}') && !text.contains("\u{1b}[31mx"), "{line} printed a raw control character");
            assert!(!text.contains("escape\u{1b}"), "{line} printed a raw control character");
        }
    }
}

/// F5: `-C` runs somewhere else, and a directory that is not there is wrong usage or refused.
#[test]
fn f5_another_directory() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("-C src checkpoint cp");
    let code = repo.rollback(&["-C", "no-such-directory", "status"]).exit();
    assert!(matches!(code, 1 | 128 | 129), "exit {code}");
}

/// F2: a settings file that cannot be understood, which the way forward has just brought, does not bar the way back.
#[test]
fn f2_broken_settings_do_not_bar_the_way_back() {
    let repo = TestRepo::fixture("working-day");
    repo.sh("git stash -q -u; echo '[from-the-future]' > rollback.toml; git add .; git commit -qm future; git tag future; git rm -q rollback.toml; git commit -qm past");
    let before = State::of(&repo);
    repo.rb("to future -y");
    repo.rollback(&["checkpoint", "x"]).code(1).says("rollback.toml cannot be used").says("line 1");
    repo.rb("status").says("it is left out of account");
    repo.rb("undo -y").says("it is left out of account");
    State::of(&repo).must_be(&before, "undo");
    for way in ["abort", "continue"] {
        let copy = repo.copy();
        for n in 5.. {
            let run = copy.rollback_with(&[("GIT_ROLLBACK_TEST_STOP_AFTER", &n.to_string())], &words("to future -y"));
            assert!(run.was_stopped(), "it never left the settings behind");
            if copy.path("rollback.toml").exists() {
                break;
            }
            copy.rb("abort");
        }
        copy.rb(&format!("{way} -y"));
        assert_eq!(copy.path("rollback.toml").exists(), way == "continue");
    }
}
