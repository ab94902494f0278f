//! C7, C8, C3: safety checks, and the tests that belong to files.

use super::common::repo::words;
use super::common::{RepoFiles, State, TestRepo};
use serde_json::Value;

const SETTINGS: &str = r#"
[baseline]
tests = "pwd >> ../where; sh tests/a_test.sh"
[commands]
install = "echo install >> ../where; touch .cache"
[validate]
map = [{ from = "src/{path}.sh", to = "tests/{path}_test.sh" }]
run = "for f in {files}; do echo ran $f; sh $f || exit 1; done"
[check]
dependencies = "test ! -e ../outdated"
disk = "100%"
"#;

/// A project whose test tells whether `src/a.sh` says 1, with a baseline.
fn project() -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh(
        "git init -q -b main; mkdir src tests; echo 1 > src/a.sh; echo 1 > src/untested.sh; echo .cache > .gitignore",
    );
    repo.write("tests/a_test.sh", "test \"$(cat src/a.sh)\" = 1\n");
    // Where tests run, `..` is not the same as here.
    let settings = SETTINGS.replace("../where", repo.base().join("where").to_str().unwrap());
    repo.write("rollback.toml", settings.replace("../outdated", repo.base().join("outdated").to_str().unwrap()));
    repo.sh("git add .; git commit -qm first; git tag -a -m good baseline");
    trust(&repo);
    repo
}

fn trust(repo: &TestRepo) {
    let hash = repo.sh("sha256sum < rollback.toml").stdout();
    repo.rollback(&["trust", "--hash", hash.split(' ').next().unwrap()]).ok();
}

fn where_it_ran(repo: &TestRepo) -> String {
    std::fs::read_to_string(repo.base().join("where")).unwrap_or_default()
}

/// The result and the detail of one check.
fn result(document: &Value, name: &str) -> (String, String) {
    let all = document["checks"].as_array().unwrap();
    let one = all.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no check {name} in {document}"));
    (one["result"].as_str().unwrap().to_owned(), one["detail"].as_str().unwrap().to_owned())
}

#[track_caller]
fn fails(repo: &TestRepo, name: &str, said: &str) {
    let run = repo.rollback(&words("check --json")).code(1);
    let document = run.json();
    let (verdict, detail) = result(&document, name);
    assert!(verdict == "fail" && detail.contains(said), "{name}: {verdict} {detail}\n{run}");
    assert!(document["checkpoint"].is_null() && document["safe"] == false, "{run}");
    assert_eq!(document["checks"].as_array().unwrap().len(), 9, "all are shown\n{run}");
}

/// C7: all well: everything passes, the tests run elsewhere, and the state is saved.
#[test]
fn c7_a_safe_repository() {
    let repo = project();
    let before = State::of(&repo);
    let document = repo.rb("check --sprint 4 --json").json();
    assert_eq!(document["safe"], true, "{document}");
    for name in
        ["baseline", "baseline tests", "work committed", "nothing under way", "disk", "repository", "dependencies"]
    {
        assert_eq!(result(&document, name).0, "pass", "{name} in {document}");
    }
    assert_eq!(result(&document, "upstream").0, "skipped");
    State::of(&repo).must_be(&before, "check");
    assert!(!repo.path(".cache").exists(), "installed in the user's worktree");
    let ran = where_it_ran(&repo);
    assert!(ran.starts_with("install\n") && ran.contains(".git/rollback/linked/"), "{ran}");
    assert_eq!(repo.answer(&["worktree", "list"]).lines().count(), 1, "the worktree was not removed");
    assert!(std::fs::read_dir(repo.path(".git/rollback/linked")).unwrap().next().is_none());
    let point = document["checkpoint"].as_str().unwrap();
    repo.append("src/a.sh", "2\n");
    repo.rb(&format!("to {point} -y"));
    State::of(&repo).must_be(&before, "back to the checkpoint");

    // What has passed is not run again, unless asked.
    assert!(result(&repo.rb("check --json").json(), "baseline tests").1.contains("passed on"));
    assert_eq!(where_it_ran(&repo), ran);
    repo.rb("check --again");
    assert_ne!(where_it_ran(&repo), ran);

    // Results that are old go with `gc`: then the tests run once more.
    let ran = where_it_ran(&repo);
    let gone =
        repo.rollback_with(&[("GIT_ROLLBACK_NOW", "4000000000")], &words("gc --older-than 1d --json")).ok().json();
    assert!(gone["removed"].as_array().unwrap().iter().any(|item| item["what"] == "test result"), "{gone}");
    repo.rb("check");
    assert_ne!(where_it_ran(&repo), ran);
    repo.fsck();
}

/// C7: `--tag` makes an annotated tag; without it there is none.
#[test]
fn c7_a_tag_only_when_asked() {
    let repo = project();
    repo.rb("check");
    assert_eq!(repo.answer(&["tag", "-l", "checkpoint-*"]), "");
    repo.rb("check --tag --deep");
    let tag = repo.answer(&["tag", "-l", "checkpoint-*"]);
    assert_eq!(repo.answer(&["cat-file", "-t", &tag]), "tag");
}

/// C7: each thing that is wrong is found, with exit code 1 and no checkpoint.
#[test]
fn c7_what_is_wrong_is_found() {
    let repo = project();
    repo.append("src/a.sh", "2\n");
    fails(&repo, "work committed", "1 changed and not staged");
    assert_eq!(repo.rb("check --allow-dirty --json").json()["safe"], true);
    repo.sh("git commit -qam two; git switch -qc other HEAD~1; echo 3 > src/a.sh; git commit -qam three; git merge -q main || true");
    fails(&repo, "nothing under way", "merge in progress");
    repo.sh("git merge --abort; git switch -q main");

    std::fs::write(repo.base().join("outdated"), "").unwrap();
    fails(&repo, "dependencies", "exit code 1");
    std::fs::remove_file(repo.base().join("outdated")).unwrap();

    repo.sh(
        "git clone -q . ../upstream; git remote add origin ../upstream; git fetch -q; git branch -q -u origin/main",
    );
    repo.sh("git update-ref refs/remotes/origin/main $(git commit-tree -p main -m theirs main^{tree})");
    fails(&repo, "upstream", "has 1 commit that is not here");
    repo.sh("git update-ref refs/remotes/origin/main main~1");
    assert_eq!(result(&repo.rb("check --json").json(), "upstream").0, "pass");

    repo.sh("git config core.hooksPath .husky");
    fails(&repo, "hooks and filters", ".husky");
    repo.sh("git config --unset core.hooksPath; mkdir -p .git/hooks; echo exit > .git/hooks/pre-commit");
    fails(&repo, "hooks and filters", "pre-commit cannot be run");
    repo.sh(
        "rm .git/hooks/pre-commit; echo '*.bin filter=nowhere' > .gitattributes; git add .; git commit -qm attributes",
    );
    fails(&repo, "hooks and filters", "filter nowhere");
    repo.sh("git config filter.nowhere.clean no-such-program-anywhere");
    fails(&repo, "hooks and filters", "no-such-program-anywhere");
    repo.sh("git reset -q --hard HEAD~1; git config --remove-section filter.nowhere");

    repo.sh("git update-ref refs/heads/broken HEAD; printf '%040d\\n' 1 > .git/refs/heads/broken");
    fails(&repo, "repository", "refs/heads/broken");
    repo.sh("rm .git/refs/heads/broken; git tag -f baseline HEAD");
    fails(&repo, "baseline tests", "exit code 1");
    repo.sh("git tag -d baseline");
    fails(&repo, "baseline", "no tag baseline");
    repo.sh("git tag baseline $(git commit-tree -m alone HEAD^{tree})");
    fails(&repo, "baseline", "not in the history of HEAD");
}

/// C7: without `--fetch` the age of what is known of the server is said; with it the server is asked.
#[test]
fn c7_the_server_is_asked_when_wanted() {
    let repo = project();
    repo.sh("git clone -q --bare . ../upstream; git remote add origin ../upstream; git fetch -q; git branch -q -u origin/main");
    let there = repo.answer(&["commit-tree", "-p", "main", "-m", "theirs", "main^{tree}"]);
    repo.git(&["push", "-q", "../upstream", &format!("{there}:refs/heads/main")]);
    let (verdict, detail) = result(&repo.rb("check --json").json(), "upstream");
    assert!(verdict == "pass" && detail.contains("in step with origin/main (fetched "), "{verdict} {detail}");
    let before = RepoFiles::of(&repo);
    repo.rb("check --fetch -n");
    RepoFiles::of(&repo).must_be(&before, "a dry run asks nobody");
    let asked = repo.rollback(&words("check --fetch --json")).code(1).json();
    let (verdict, detail) = result(&asked, "upstream");
    assert!(verdict == "fail" && detail.contains("has 1 commit that is not here"), "{verdict} {detail}");
    assert_eq!(repo.answer(&["rev-parse", "origin/main"]), there);

    // A server that cannot be had, and a repository that says what is to be run for it.
    let fails = |said: &str| {
        let run = repo.rollback(&words("check --fetch --json")).code(1);
        let (verdict, detail) = result(&run.json(), "upstream");
        assert!(verdict == "fail" && detail.contains(said), "{verdict} {detail}");
    };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    repo.git(&["remote", "set-url", "origin", &format!("git://{closed}/x")]);
    fails("the remote origin cannot be fetched");
    repo.git(&["config", "remote.origin.uploadpack", "touch ../ran; git-upload-pack"]);
    repo.sh("git remote set-url origin ../upstream");
    fails("git would run what remote.origin.uploadpack says");
    assert!(!repo.base().join("ran").exists());
}

/// C7: the limit of the disk is that of the settings.
#[test]
fn c7_a_full_disk_is_found() {
    let repo = project();
    let document = repo.rollback_with(&[("GIT_ROLLBACK_CHECK_DISK", "0%")], &words("check --json")).code(1).json();
    assert_eq!(result(&document, "disk").0, "fail", "{document}");
}

/// C7, must show 3: nothing runs that is not allowed.
#[test]
fn c7_nothing_runs_without_trust() {
    let repo = project();
    repo.sh("echo '# changed' >> rollback.toml; git commit -qam settings");
    fails(&repo, "baseline tests", "not the one that was allowed");
    fails(&repo, "dependencies", "not the one that was allowed");
    assert_eq!(where_it_ran(&repo), "");
}

/// C7: a dry run runs nothing and changes not one byte.
#[test]
fn c7_a_dry_run_only_looks() {
    let repo = project();
    let before = RepoFiles::of(&repo);
    let document = repo.rb("check -n --json").json();
    assert_eq!(result(&document, "baseline tests"), ("skipped".to_owned(), "nothing is run with --dry-run".to_owned()));
    assert_eq!(where_it_ran(&repo), "");
    assert!(RepoFiles::of(&repo) == before, "a dry run changed the repository");
}

/// C7: a worktree that a killed run left is removed by the next one, and one of the user's never.
#[test]
fn c7_a_dead_run_is_cleaned_up() {
    let repo = project();
    repo.sh("mkdir -p .git/rollback/linked; git worktree add -q --detach .git/rollback/linked/1-1; touch .git/rollback/linked/1-1.lock; git worktree add -q --detach ../mine");
    repo.rb("check");
    let left = repo.answer(&["worktree", "list"]);
    assert!(!left.contains("linked/1-1") && left.contains("/mine"), "{left}");
    repo.sh("cd ../mine; git status");
}

/// C8: only the tests of what has changed run; without one exit code 0, a failing one 1.
#[test]
fn c8_validate_runs_what_belongs_to_the_changes() {
    let repo = project();
    let none = repo.rb("validate --json").json();
    assert_eq!((none["changed"]["count"].as_u64(), none["runs"].as_array().unwrap().len()), (Some(0), 0));
    repo.append("src/untested.sh", "2\n");
    repo.write("src/new.sh", "n\n");
    let none = repo.rb("validate --json").json();
    assert_eq!(none["without"], serde_json::json!(["src/new.sh", "src/untested.sh"]), "{none}");
    repo.append("src/a.sh", "\n");
    let ran = repo.rb("validate");
    assert!(ran.stderr().contains("validate | ran tests/a_test.sh"), "{ran}");
    repo.append("src/a.sh", "2\n");
    let before = RepoFiles::of(&repo);
    let plan = repo.rb("validate -n --json").json();
    assert_eq!(plan["tests"], serde_json::json!(["tests/a_test.sh"]));
    assert!(RepoFiles::of(&repo) == before);
    let failed = repo.rollback(&["validate"]).code(1);
    assert!(failed.stdout().contains("FAILED"), "{failed}");
    repo.sh("git commit -qam broken");
    repo.rollback(&["validate"]).code(1);
    repo.rb("validate --since HEAD");
    repo.sh("echo '# changed' >> rollback.toml");
    repo.rollback(&["validate"]).code(1).says("not the one that was allowed");
    repo.sh("git rm -q --cached rollback.toml; rm rollback.toml");
    repo.rollback(&["validate"]).code(1).says("[validate] map");
}

/// C3: `restore` is followed by the tests of those files; failing, it is exit code 2, and can be undone.
#[test]
fn c3_restore_runs_the_tests_of_its_files() {
    let repo = project();
    repo.sh("echo 2 > src/a.sh; git commit -qam bad; git tag bad; echo 3 > src/a.sh");
    repo.rollback(&words("restore --from bad src")).code(1).says("--yes");
    let plan = repo.rb("restore --from bad src -n");
    assert!(plan.stdout().contains("run the tests of 1 file"), "{plan}");
    let before = State::of(&repo);
    let run = repo.rollback(&words("restore --from bad src -y")).code(2);
    assert!(run.stdout().contains("NOT VERIFIED") && run.stderr().contains("ran tests/a_test.sh"), "{run}");
    assert_eq!(std::fs::read_to_string(repo.path("src/a.sh")).unwrap(), "2\n");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
    let good = repo.rb("restore --from baseline src -y");
    assert!(good.stderr().contains("ran tests/a_test.sh"), "{good}");
    // Without tests of their own, or without commands, nothing is asked and nothing runs.
    repo.append("src/untested.sh", "2\n");
    repo.rb("restore --from baseline src/untested.sh");
    let quiet = repo.rb("restore --from bad src --no-commands");
    assert!(!quiet.stderr().contains("ran tests"), "{quiet}");
    repo.sh("echo '# changed' >> rollback.toml");
    repo.rollback(&words("restore --from baseline src -y")).code(1).says("git rollback trust");
}
