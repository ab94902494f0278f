//! `hotfix finish` and `backport`: the release of a hotfix, and its way into other lines.

use super::common::repo::words;
use super::common::{RepoFiles, Report, State, TestRepo};
use super::signed::sign_all;

/// No run of these small repositories has more events than this.
const MOST_EVENTS: usize = 300;

/// Version 1.0.0 with an open hotfix that is checked out, and on top of it: `release/1.0` (still there), `release/1.1` (released as
/// 1.1.0) and `main` (on the way to 1.2.0). `release/0.9` has a history of its own since 0.9.0, so the fix must be picked.
pub fn story() -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh(r###"git init -q -b main .
        printf '[release]\nlines = ["release/*"]\n' > rollback.toml
        manifest() { printf '[package]\nname = "app"\nversion = "%s"\nedition = "%s"\n' $1 ${2:-2021} > Cargo.toml; }
        lock() { printf 'version = 4\n\n[[package]]\nname = "app"\nversion = "%s"\n' $1 > Cargo.lock; }
        entry() { sed -i "s/^## \[Unreleased\]/## [Unreleased]\n\n## [$1] - 2025-01-0$2\n\n### Added\n\n- more of $1/" CHANGELOG.md; }
        printf '# Changelog\n\n## [Unreleased]\n' > CHANGELOG.md
        seq 1 40 > f; seq 1 9 > g; manifest 0.9.0; lock 0.9.0; entry 0.9.0 1; git add .; git commit -qm 'Release 0.9.0'; git tag v0.9.0
        git checkout -q -b release/0.9; manifest 0.9.1; lock 0.9.1; entry 0.9.1 2; git commit -qam 'Release 0.9.1'
        git checkout -q main; manifest 1.0.0; lock 1.0.0; entry 1.0.0 3; git commit -qam 'Release 1.0.0'; git tag -a -m 1.0.0 v1.0.0
        git branch release/1.0
        manifest 1.1.0 2024; lock 1.1.0; entry 1.1.0 4; sed -i 's/^20$/twenty/' f; git commit -qam 'Release 1.1.0'
        git tag -a -m 1.1.0 v1.1.0; git branch release/1.1
        manifest 1.2.0-dev 2024; lock 1.2.0-dev; sed -i 's/^30$/thirty/' f; git commit -qam 'Next'
        git checkout -q -b hotfix/1.0.1 v1.0.0; sed -i 's/^2$/two/' f; git commit -qam 'fix: two'; echo loose > loose.txt"###);
    repo
}

fn file(repo: &TestRepo, at: &str, path: &str) -> String {
    repo.answer(&["show", &format!("{at}:{path}")])
}

/// The versions that the manifest and the lock file of a commit say.
fn versions(repo: &TestRepo, at: &str) -> Vec<String> {
    let of = |path: &str| {
        let text = file(repo, at, path);
        let line = text.lines().rfind(|line| line.starts_with("version = \"")).unwrap();
        line["version = \"".len()..line.len() - 1].to_owned()
    };
    vec![of("Cargo.toml"), of("Cargo.lock")]
}

/// The versions of a changelog, in its order.
fn entries(repo: &TestRepo, at: &str) -> String {
    let text = file(repo, at, "CHANGELOG.md");
    let heads = text.lines().filter_map(|line| line.strip_prefix("## [")?.split(']').next());
    heads.collect::<Vec<_>>().join(" ")
}

fn at(repo: &TestRepo, rev: &str) -> String {
    repo.answer(&["rev-parse", rev])
}

fn has(repo: &TestRepo, line: &str, rev: &str) -> bool {
    repo.try_git(&["merge-base", "--is-ancestor", rev, line]).exit() == 0
}

/// What a person does about conflicts in `f`.
pub fn solve(repo: &TestRepo) {
    repo.sh("sed -i '/^<<<<<<<\\|^=======\\|^>>>>>>>/d' f; git add f");
}

/// A line that conflicts with the fix.
pub fn disagree(repo: &TestRepo, line: &str) {
    repo.sh(&format!(
        "git switch -q {line}; sed -i 's/^2$/zwei/' f; git commit -qam 'Two in German'; git switch -q hotfix/1.0.1"
    ));
}

fn stopped(repo: &TestRepo, line: &str) -> serde_json::Value {
    let answer = repo.rollback(&words(&format!("{line} --json"))).code(3).json();
    assert_eq!(answer["kind"], "stopped", "{answer}");
    answer
}

/// A6: one command bumps every file, writes the changelog, tags the hotfix's own tip, and brings the fix to each line, which keeps its
/// own version and the order of its own changelog; undo takes back all of it, redo makes it again.
#[test]
fn a6_a_hotfix_is_released_and_brought_to_every_line() {
    let repo = story();
    let before = State::with_points(&repo);
    let files = RepoFiles::of(&repo);
    let plan = repo.rb("hotfix finish --dry-run --json").json();
    assert!(plan["title"].as_str().unwrap().contains("release/0.9: picked"), "{plan}");
    RepoFiles::of(&repo).must_be(&files, "a dry run");

    let done = repo.rb("hotfix finish").stdout();
    assert!(
        done.contains("main: merged, release/0.9: picked, release/1.0: fast-forwarded, release/1.1: merged"),
        "{done}"
    );
    let tip = at(&repo, "hotfix/1.0.1");
    assert_eq!(repo.answer(&["cat-file", "-t", "v1.0.1"]), "tag");
    assert_eq!(at(&repo, "v1.0.1^{commit}"), tip, "the tag is on the hotfix's own tip");
    assert_eq!(repo.answer(&["log", "--format=%s", "v1.0.0..v1.0.1"]), "Release 1.0.1\nfix: two");
    for (line, version, changelog) in [
        ("v1.0.1", "1.0.1", "Unreleased 1.0.1 1.0.0 0.9.0"),
        ("release/1.0", "1.0.1", "Unreleased 1.0.1 1.0.0 0.9.0"),
        ("release/1.1", "1.1.0", "Unreleased 1.1.0 1.0.1 1.0.0 0.9.0"),
        ("main", "1.2.0-dev", "Unreleased 1.1.0 1.0.1 1.0.0 0.9.0"),
        ("release/0.9", "0.9.1", "Unreleased 1.0.1 0.9.1 0.9.0"),
    ] {
        assert_eq!(versions(&repo, line), [version, version], "{line}");
        assert_eq!(entries(&repo, line), changelog, "{line}");
        assert_eq!(file(&repo, line, "f").lines().nth(1), Some("two"), "{line}");
    }
    assert!(file(&repo, "main", "Cargo.toml").contains("2024") && file(&repo, "main", "f").contains("thirty"));
    assert!(
        has(&repo, "main", "v1.0.1") && has(&repo, "release/1.1", "v1.0.1") && !has(&repo, "release/0.9", "v1.0.1")
    );
    let picked = repo.answer(&["log", "--format=%s%n%b", "release/0.9"]);
    assert!(picked.contains("fix: two") && picked.contains("(cherry picked from commit"), "{picked}");
    assert_eq!(repo.answer(&["status", "--porcelain"]), "?? loose.txt");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/1.0.1");
    repo.fsck();

    let after = State::with_points(&repo);
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");
    repo.rb("redo -y");
    State::with_points(&repo).must_be(&after, "redo");
    assert_eq!(repo.rb("hotfix list --json").json()["hotfixes"][0]["state"], "merged-back");
    let said = repo.rollback(&["hotfix", "finish", "1.0.1"]).code(1).stderr();
    assert!(said.contains("released already") && said.contains("hotfix backport 1.0.1"), "{said}");
    let said = repo.rb("hotfix backport 1.0.1").stdout();
    assert!(said.contains("Nothing to do"), "{said}");
}

/// A8: the list says which lines have not got a fix, also where it was picked; `backport` brings it to them.
#[test]
fn a8_the_lines_that_lack_a_fix_are_known() {
    let repo = story();
    let row = || repo.rb("hotfix list --json").json()["hotfixes"][0].clone();
    assert_eq!((&row()["state"], &row()["lacking"]), (&"open".into(), &serde_json::json!([])));
    repo.rb("hotfix finish --no-backport");
    let lines = serde_json::json!(["main", "release/0.9", "release/1.0", "release/1.1"]);
    assert_eq!((&row()["state"], &row()["lacking"]), (&"applied".into(), &lines));
    let shown = repo.rb("hotfix show 1.0.1").stdout();
    assert!(shown.contains("hotfix backport 1.0.1"), "{shown}");
    repo.rb("hotfix backport 1.0.1 release/0.9 main");
    assert_eq!(row()["lacking"], serde_json::json!(["release/1.0", "release/1.1"]));
    repo.rb("undo -y");
    assert_eq!(row()["lacking"], lines);
    repo.rb("hotfix backport 1.0.1");
    assert_eq!((&row()["state"], &row()["lacking"]), (&"merged-back".into(), &serde_json::json!([])));
}

/// A6: a line that still has the version that was repaired gets the new one by the merge.
#[test]
fn a6_a_line_without_a_version_of_its_own_follows() {
    let repo = story();
    repo.sh("git switch -q release/1.0; echo 10 >> g; git commit -qam 'On the line'; git switch -q hotfix/1.0.1");
    repo.rb("hotfix finish");
    assert_eq!(versions(&repo, "release/1.0"), ["1.0.1", "1.0.1"]);
    assert_eq!(repo.answer(&["log", "-1", "--format=%s", "release/1.0"]), "Merge the hotfix 1.0.1 into release/1.0");
}

/// A6: a conflict stops with exit code 3, looks as `git merge` leaves it, and can be continued, skipped or taken back.
#[test]
fn a6_a_conflict_waits_for_a_person() {
    let repo = story();
    disagree(&repo, "main");
    let before = State::with_points(&repo);
    let answer = stopped(&repo, "hotfix finish");
    assert_eq!(answer["paths"], serde_json::json!(["f"]), "{answer}");
    assert!(answer["why"].as_str().unwrap().contains("in conflict with main"), "{answer}");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "main");
    assert_eq!(at(&repo, "MERGE_HEAD"), at(&repo, "v1.0.1^{commit}"));
    assert_eq!(repo.answer(&["status", "--porcelain"]), "UU f\n?? loose.txt", "nothing but the real conflict");
    assert_eq!(repo.answer(&["diff", "HEAD", "--name-only"]), "f");
    let waiting = repo.copy();

    repo.rb("abort -y");
    State::with_points(&repo).must_be(&before, "abort");

    let repo = waiting.copy();
    let refused = repo.rollback(&["continue", "-y"]).code(3).stderr();
    assert!(refused.contains("still in conflict"), "{refused}");
    solve(&repo);
    let done = repo.rb("continue -y").stdout();
    assert!(done.contains("main: merged, release/0.9: picked"), "{done}");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/1.0.1", "HEAD is where it was");
    assert_eq!(repo.answer(&["status", "--porcelain"]), "?? loose.txt");
    assert_eq!(repo.answer(&["rev-list", "--parents", "-1", "main"]).split(' ').count(), 3);
    assert_eq!(
        (versions(&repo, "main"), entries(&repo, "main")),
        (vec!["1.2.0-dev".to_owned(); 2], "Unreleased 1.1.0 1.0.1 1.0.0 0.9.0".to_owned())
    );
    assert!(!repo.answer(&["log", "-1", "--format=%B", "main"]).contains("Conflicts"));
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");

    let repo = waiting.copy();
    let main = at(&repo, "main");
    let done = repo.rb("skip -y");
    assert!(done.stdout().contains("main: left out") && done.stdout().contains("hotfix backport 1.0.1"), "{done}");
    assert_eq!(at(&repo, "main"), main);
    assert!(has(&repo, "release/1.1", "v1.0.1"));
    assert_eq!(repo.answer(&["status", "--porcelain"]), "?? loose.txt");
    stopped(&repo, "hotfix backport 1.0.1");
    solve(&repo);
    repo.rb("continue -y");
    assert!(has(&repo, "main", "v1.0.1"));
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/1.0.1");

    // Finished, or ended, with git's own commands.
    let repo = waiting.copy();
    solve(&repo);
    repo.sh("git commit -q --no-edit");
    repo.rb("continue -y");
    assert!(has(&repo, "main", "v1.0.1") && has(&repo, "release/1.1", "v1.0.1"));
    let repo = waiting.copy();
    repo.sh("git merge --abort");
    let said = repo.rollback(&["continue", "-y"]).code(3).stderr();
    assert!(said.contains("git rollback skip"), "{said}");
    repo.rb("skip -y");
    repo.fsck();
}

/// A6: the same where the fix is picked.
#[test]
fn a6_a_conflict_of_a_pick_waits_too() {
    let repo = story();
    disagree(&repo, "release/0.9");
    let before = State::with_points(&repo);
    let answer = stopped(&repo, "hotfix finish");
    assert!(answer["why"].as_str().unwrap().contains("release/0.9"), "{answer}");
    assert_eq!(at(&repo, "CHERRY_PICK_HEAD"), at(&repo, "hotfix/1.0.1~1"));
    let waiting = repo.copy();
    repo.rb("abort -y");
    State::with_points(&repo).must_be(&before, "abort");
    let repo = waiting.copy();
    solve(&repo);
    repo.rb("continue -y");
    assert_eq!(
        (versions(&repo, "release/0.9"), entries(&repo, "release/0.9")),
        (vec!["0.9.1".to_owned(); 2], "Unreleased 1.0.1 0.9.1 0.9.0".to_owned())
    );
    assert!(has(&repo, "release/1.1", "v1.0.1"));
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/1.0.1");
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");
    let repo = waiting.copy();
    let old = at(&repo, "release/0.9");
    repo.rb("skip -y");
    assert_eq!(at(&repo, "release/0.9"), old);
    assert_eq!(repo.answer(&["status", "--porcelain"]), "?? loose.txt");
    repo.fsck();
}

/// A6: what is not committed on the hotfix would not be in the release, so it is refused; on another branch it stays as it is.
#[test]
fn a6_work_that_is_not_committed() {
    let repo = story();
    repo.append("g", "mine\n");
    let files = State::with_points(&repo);
    let said = repo.rollback(&["hotfix", "finish"]).code(1).stderr();
    assert!(said.contains("not be in the release") && said.contains('g'), "{said}");
    State::with_points(&repo).must_be(&files, "a refusal");

    repo.sh("git checkout -q g; git switch -q main; echo mine >> g; echo staged > new; git add new");
    let said = repo.rollback(&["hotfix", "finish"]).code(1).stderr();
    assert!(said.contains("staged"), "{said}");
    repo.sh("git rm -q --cached new");
    let before = State::with_points(&repo);
    repo.rb("hotfix finish");
    assert_eq!(repo.answer(&["status", "--porcelain"]), " M g\n?? loose.txt\n?? new", "it stays, and the rest follows");
    assert_eq!(std::fs::read_to_string(repo.path("f")).unwrap().lines().nth(1), Some("two"));
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");

    // On a branch that does not move, nothing at all is touched, whatever is under way there.
    repo.sh("git switch -q -c topic; git add new; echo more >> f");
    let status = repo.answer(&["status", "--porcelain"]);
    repo.rb("hotfix finish");
    assert_eq!(repo.answer(&["status", "--porcelain"]), status);
}

/// A6: files that do not agree, nothing to release, a branch that others moved on: refused before anything happens.
#[test]
fn a6_what_cannot_be_finished_is_refused() {
    for (prepare, says) in [
        ("sed -i 's/1.0.0/1.0.7/' Cargo.lock; git commit -qam x", "do not agree"),
        ("git reset -q --hard v1.0.0", "no commit of its own"),
        ("git tag v1.0.1 main", "released already"),
        ("git tag hotfix-base; git update-ref refs/tags/v1.0.1/x HEAD", "is taken"),
        (
            "git init -q --bare ../o; git remote add origin ../o; git push -q origin main; git branch -q -u origin/main main
             git switch -q main; git commit -q --allow-empty -m theirs; git push -q origin main; git reset -q --hard HEAD~1
             git switch -q hotfix/1.0.1",
            "main lacks 1 commit of origin/main",
        ),
        ("git worktree add -q ../w; git switch -q main; git -C ../w switch -q hotfix/1.0.1", "another worktree"),
        ("git rm -q Cargo.lock; printf '{' > package.json; git add .; git commit -qm x", "package.json"),
    ] {
        let repo = story();
        repo.sh(prepare);
        let files = State::with_points(&repo);
        let said = repo.rollback(&["hotfix", "finish", "hotfix/1.0.1"]).code(1).stderr();
        assert!(said.contains(says), "{prepare}\n{said}");
        State::with_points(&repo).must_be(&files, says);
        assert!(repo.leftovers().is_empty(), "{:?}", repo.leftovers());
    }
}

/// A6: a line that another worktree has checked out is left to it, and said.
#[test]
fn a6_a_line_of_another_worktree_is_left() {
    let repo = story();
    repo.sh("git worktree add -q ../w main");
    let main = at(&repo, "main");
    let done = repo.rb("hotfix finish");
    assert!(done.stdout().contains("main: left out") && done.stdout().contains("checked out at"), "{done}");
    assert_eq!(at(&repo, "main"), main);
    repo.rb("-C ../w hotfix backport 1.0.1");
    assert!(has(&repo, "main", "v1.0.1"));
    assert_eq!(repo.sh("cd ../w && git status --porcelain").stdout(), "");
}

/// A6: a line that only the remote has is made here, and follows it; undo takes it away again.
#[test]
fn a6_a_line_that_only_the_remote_has() {
    let repo = story();
    repo.sh(
        "git init -q --bare ../o; git remote add origin ../o; git push -q origin --all; git branch -q -D release/1.1",
    );
    let before = State::with_points(&repo);
    repo.rb("hotfix finish");
    assert!(has(&repo, "release/1.1", "v1.0.1"));
    assert_eq!(repo.answer(&["rev-parse", "--abbrev-ref", "release/1.1@{u}"]), "origin/release/1.1");
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");
    assert!(!has(&repo, "origin/release/1.1", "hotfix/1.0.1"), "a remote was changed");
}

/// A6: tests of the settings run on the commit of the release, in a worktree of their own; a failure waits before there is a tag.
#[test]
fn a6_tests_come_before_the_tag() {
    let repo = story();
    repo.sh("printf '[commands]\\ntest = \"test -e good && test ! -e loose.txt\"\\n' >> rollback.toml; git commit -qam tests");
    repo.sh("git switch -q -c tmp main; git cherry-pick -q hotfix/1.0.1 2>/dev/null || true; git switch -q hotfix/1.0.1; git branch -qD tmp");
    let refused = repo.rollback(&["hotfix", "finish", "-y"]).code(1).stderr();
    assert!(refused.contains("--no-tests"), "{refused}");
    repo.trust();
    let before = State::with_points(&repo);
    let plan = repo.rb("hotfix finish --dry-run").stdout();
    let place = |text: &str| plan.find(text).unwrap_or_else(|| panic!("{text} is not in {plan}"));
    assert!(place("in a temporary worktree at") < place("make refs/tags/v1.0.1"), "the tag comes last");
    let answer = stopped(&repo, "hotfix finish -y");
    assert!(answer["why"].as_str().unwrap().contains("the tests fail"), "{answer}");
    assert_eq!(repo.try_git(&["rev-parse", "-q", "--verify", "refs/tags/v1.0.1"]).exit(), 1, "tagged all the same");
    assert!(!has(&repo, "main", "hotfix/1.0.1"));
    let waiting = repo.copy();
    repo.rb("abort -y");
    State::with_points(&repo).must_be(&before, "abort");

    let repo = waiting.copy();
    repo.trust();
    repo.sh("touch good; git add good; git commit -qm 'What was missing'");
    repo.rb("continue -y");
    assert_eq!(at(&repo, "v1.0.1^{commit}"), at(&repo, "HEAD"));
    assert!(has(&repo, "main", "v1.0.1"));
    assert_eq!(
        (versions(&repo, "main"), entries(&repo, "main")),
        (vec!["1.2.0-dev".to_owned(); 2], "Unreleased 1.1.0 1.0.1 1.0.0 0.9.0".to_owned())
    );
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");

    let repo = waiting.copy();
    repo.trust();
    repo.rb("skip -y");
    assert!(has(&repo, "main", "v1.0.1"));
    repo.fsck();
}

/// A6: the tag is signed when git's configuration says so, and git verifies it.
#[test]
fn a6_the_tag_is_signed_as_git_signs() {
    let repo = story();
    if !sign_all(&repo) {
        return;
    }
    repo.sh("git config commit.gpgSign false");
    let before = State::with_points(&repo);
    repo.rb("hotfix finish");
    repo.git(&["tag", "-v", "v1.0.1"]);
    assert!(repo.answer(&["cat-file", "tag", "v1.0.1"]).contains("BEGIN SSH SIGNATURE"));
    repo.fsck();
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");
    repo.sh("rm ../key");
    let said = repo.rollback(&["hotfix", "finish"]).code(1).stderr();
    assert!(said.contains("cannot be signed"), "{said}");
    State::with_points(&repo).must_be(&before, "a key that is not there");
    assert!(repo.leftovers().is_empty(), "{:?}", repo.leftovers());
    repo.sh("git config gpg.ssh.program 'touch ran'");
    let said = repo.rollback(&["hotfix", "finish"]).code(1).stderr();
    assert!(said.contains("gpg.ssh.program") && !repo.path("ran").exists(), "{said}");
}

/// A6: stopped after each event of a finish with a conflict: back and forward both work, and nothing is half-bumped.
#[test]
fn a6_a_stop_at_any_point_can_be_ended_both_ways() {
    let template = story();
    disagree(&template, "release/1.1");
    let before = State::with_points(&template);
    let mut report = Report::default();
    let mut n = 1;
    loop {
        let repo = template.copy();
        let run = repo.rollback_with(&[("GIT_ROLLBACK_TEST_STOP_AFTER", &n.to_string())], &["hotfix", "finish"]);
        if !run.was_stopped() {
            run.code(3);
            break;
        }
        report.case(&format!("stopped after event {n}"), || {
            for line in ["hotfix/1.0.1", "main", "release/1.0", "release/0.9", "release/1.1"] {
                let found = versions(&repo, line);
                assert_eq!(found[0], found[1], "{line} is half-bumped");
            }
            if repo.rb("status --json").json()["unfinished"].is_null() {
                State::with_points(&repo).must_be(&before, "a stop before the beginning");
                return;
            }
            if n % 2 == 0 {
                repo.rb("abort -y");
                State::with_points(&repo).must_be(&before, "abort");
            } else {
                let ended = repo.rollback(&["continue", "-y"]).exit();
                assert!([0, 3].contains(&ended));
                if ended == 3 {
                    solve(&repo);
                    repo.rb("continue -y");
                }
                for line in ["main", "release/1.0", "release/1.1"] {
                    assert!(has(&repo, line, "v1.0.1"), "{line} has not got it");
                }
                assert_eq!(repo.answer(&["status", "--porcelain"]), "?? loose.txt");
                repo.rb("undo -y");
                State::with_points(&repo).must_be(&before, "undo");
            }
            repo.fsck();
            assert!(repo.leftovers().is_empty(), "{:?}", repo.leftovers());
        });
        n += 1;
        assert!(n < MOST_EVENTS, "it does not end");
    }
    report.finish();
    assert!(n > 8, "only {n} events");
}

/// The story with a bare remote that has all branches and tags but those of the hotfix.
fn with_remote() -> TestRepo {
    let repo = story();
    repo.sh("git init -q --bare ../o; git remote add origin ../o; git push -q origin main release/0.9 release/1.0 release/1.1 --tags
        git -C ../o symbolic-ref HEAD refs/heads/main; git fetch -q; git remote set-head origin main
        for line in main release/0.9 release/1.0 release/1.1; do git branch -q -u origin/$line $line; done");
    repo
}

fn remote_refs(repo: &TestRepo) -> String {
    repo.sh("git -C ../o for-each-ref --format='%(refname:short) %(objectname)'").stdout()
}

/// B7, A6: nothing reaches the remote without `--push`; with it, the lines and the tag go together; afterwards undo says what stays there.
#[test]
fn b7_pushing_is_asked_for_and_all_or_nothing() {
    let repo = with_remote();
    let there = remote_refs(&repo);
    let before = State::with_points(&repo);
    let done = repo.rb("hotfix finish --json").json();
    assert_eq!(remote_refs(&repo), there, "a remote was changed");
    assert!(done["next"].to_string().contains("--push"), "{done}");
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");

    // A remote that takes no main takes nothing.
    repo.sh("mkdir -p ../o/hooks; printf '#!/bin/sh\\ntest \"$1\" != refs/heads/main || { echo main is closed; exit 1; }\\n' > ../o/hooks/update; chmod +x ../o/hooks/update");
    let refused = repo.rollback(&["hotfix", "finish", "--push"]).code(1).stderr();
    assert!(refused.contains("--yes"), "a yes is needed: {refused}");
    let said = repo.rollback(&["hotfix", "finish", "--push", "-y"]).code(2).stderr();
    assert!(
        said.contains("released here, but") && said.contains("main is closed") && said.contains("--push"),
        "{said}"
    );
    assert_eq!(remote_refs(&repo), there, "some of it landed");
    assert!(has(&repo, "main", "v1.0.1"), "what was done here is done");

    repo.sh("rm ../o/hooks/update; git -C ../o config receive.denyNonFastForwards true");
    let plan = repo.rb("hotfix finish 1.0.1 --push --dry-run --json").json();
    assert_eq!(plan["kind"], "plan");
    assert_eq!(remote_refs(&repo), there);
    let done = repo.rb("hotfix finish 1.0.1 --push -y --json").json();
    assert_eq!(
        done["pushed"]["refs"],
        serde_json::json!(["main", "release/0.9", "release/1.0", "release/1.1", "v1.0.1"]),
        "{done}"
    );
    for line in ["main", "release/0.9", "release/1.0", "release/1.1", "v1.0.1"] {
        assert_eq!(repo.sh(&format!("git -C ../o rev-parse {line}")).stdout().trim(), at(&repo, line), "{line}");
    }
    let tags = repo.sh("git -C ../o tag").stdout();
    assert_eq!(tags, "v0.9.0\nv1.0.0\nv1.0.1\nv1.1.0\n");
    let after = remote_refs(&repo);
    let plan = repo.rb("undo --dry-run").stdout();
    assert!(plan.contains("pushed to origin") && plan.contains("release mark v1.0.1 --unstable"), "{plan}");
    repo.rollback(&["undo"]).code(1).says("--yes");
    repo.rb("undo -y");
    assert_eq!(remote_refs(&repo), after, "undo changed the remote");
    State::with_points(&repo).without("ref refs/remotes/").must_be(&before.without("ref refs/remotes/"), "undo");
    repo.fsck();
}

/// A6: another clone works on the same hotfix, or has released it: said after a look at the remote, before anything is done.
#[test]
fn a6_a_hotfix_that_another_clone_took() {
    let repo = with_remote();
    repo.sh("git push -q origin hotfix/1.0.1; git clone -q ../o ../b; cd ../b; git switch -q hotfix/1.0.1; echo more >> g; git commit -qam more; git push -q");
    let before = State::with_points(&repo).without("ref refs/remotes/");
    let said = repo.rollback(&["hotfix", "finish"]).code(1).stderr();
    assert!(said.contains("origin has commits on hotfix/1.0.1"), "{said}");
    State::with_points(&repo).without("ref refs/remotes/").must_be(&before, "a refusal");
    repo.sh("git -C ../b tag v1.0.1; git -C ../b push -q origin v1.0.1; git -C ../b switch -q main; git branch -q -D release/0.9");
    let repo2 = repo.copy();
    repo2.sh("git remote set-url origin ../o; git pull -q --no-tags origin hotfix/1.0.1");
    let said = repo2.rollback(&["hotfix", "finish"]).code(1).stderr();
    assert!(said.contains("v1.0.1") && (said.contains("somebody else") || said.contains("released already")), "{said}");
    repo.sh("git remote set-url origin ../nowhere");
    let said = repo.rollback(&["hotfix", "finish"]).code(1).stderr();
    assert!(said.contains("cannot be fetched") && said.contains("--no-fetch"), "{said}");
}

/// A6, B9: with `--pr` a protected line is not touched: a branch beside it is sent, and the command of the settings is run for it.
#[test]
fn a6_a_protected_line_gets_a_branch_beside_it() {
    let repo = with_remote();
    repo.sh("printf '[release]\\nlines = [\"release/*\"]\\npr = \"echo $PR_BRANCH into $PR_LINE >> ../asked\"\\n' > rollback.toml; git commit -qam settings");
    repo.trust();
    let old = (at(&repo, "main"), at(&repo, "release/1.1"));
    let done = repo.rb("hotfix finish --pr --push -y --json").json();
    assert_eq!((at(&repo, "main"), at(&repo, "release/1.1")), old, "a protected line moved");
    assert!(has(&repo, "backport/1.0.1-to-main", "v1.0.1") && has(&repo, "backport/1.0.1-to-main", "main"));
    assert_eq!(
        repo.sh("git -C ../o rev-parse backport/1.0.1-to-main").stdout().trim(),
        at(&repo, "backport/1.0.1-to-main")
    );
    assert_eq!(repo.sh("git -C ../o rev-parse main").stdout().trim(), old.0);
    let asked = std::fs::read_to_string(repo.base().join("asked")).unwrap();
    assert!(asked.contains("backport/1.0.1-to-main into main\n") && asked.lines().count() == 4, "{asked}\n{done}");
    repo.fsck();
}
