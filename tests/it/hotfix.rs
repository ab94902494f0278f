//! Hotfixes: started at a release, listed, and given up.

use super::common::{State, TestRepo};
use serde_json::Value;

/// Four commits; the first three are v1.0.0, v1.0.1 and v1.1.0 (annotated).
fn repo() -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main .
        release() { printf '[package]\\nname = \"x\"\\nversion = \"%s\"\\n' $1 > Cargo.toml; git add .; git commit -qm \"version $1\"; }
        release 1.0.0; git tag v1.0.0
        release 1.0.1; git tag -a -m 'First fix' v1.0.1
        release 1.1.0; git tag -a -m 'Faster' v1.1.0
        release 1.2.0");
    repo
}

fn hotfixes(repo: &TestRepo, line: &str) -> Vec<Value> {
    let answer = repo.rb(&format!("hotfix list {line} --json")).json();
    assert_eq!(answer["kind"], "hotfixes");
    answer["hotfixes"].as_array().unwrap().clone()
}

/// A5: the hotfix begins at the newest patch of the line, at the commit and not at the tag object, and gets the next
/// number; `--exact` begins at the version itself, and gets no number that is taken.
#[test]
fn a5_a_hotfix_begins_at_the_newest_patch_of_its_line() {
    let repo = repo();
    repo.rb("hotfix start 1.0.0 -m Mail");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/1.0.2");
    assert_eq!(repo.answer(&["rev-parse", "HEAD"]), repo.answer(&["rev-parse", "v1.0.1^{commit}"]));
    assert_eq!(repo.answer(&["cat-file", "-t", "HEAD"]), "commit");
    repo.git(&["switch", "-q", "main"]);
    repo.rb("hotfix start v1.0.0 --exact");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/1.0.3");
    assert_eq!(repo.answer(&["rev-parse", "HEAD"]), repo.answer(&["rev-parse", "v1.0.0"]));
    repo.git(&["switch", "-q", "main"]);
    repo.rb("hotfix start 1.1.0");
    let rows = hotfixes(&repo, "");
    let told: Vec<_> = rows.iter().map(|row| (&row["version"], &row["from"], &row["state"], &row["here"])).collect();
    let expected = [
        ("1.1.1".into(), "v1.1.0".into(), "open".into(), true.into()),
        ("1.0.3".into(), "v1.0.0".into(), "open".into(), false.into()),
        ("1.0.2".into(), "v1.0.1".into(), "open".into(), false.into()),
    ];
    let expected: Vec<_> = expected.iter().map(|(a, b, c, d): &(Value, Value, Value, Value)| (a, b, c, d)).collect();
    assert_eq!(told, expected);
    assert_eq!(rows[2]["description"], "Mail");
    repo.fsck();
}

/// A5: work that is not committed is saved, out of the way, and comes back with `undo`, exactly.
#[test]
fn a5_a_dirty_worktree_is_saved() {
    let repo = repo();
    repo.sh("echo staged > new.txt; git add new.txt; echo '# mine' >> Cargo.toml; echo loose > loose.txt");
    let before = State::with_points(&repo);
    repo.rb("hotfix start 1.0.0");
    assert_eq!(repo.answer(&["diff", "--name-only", "HEAD"]), "");
    assert_eq!(std::fs::read(repo.path("loose.txt")).unwrap(), b"loose\n", "untracked files stay");
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");
    assert!(hotfixes(&repo, "").is_empty());
}

/// A5: numbers that a candidate, a record, another hotfix or a remote branch has are not given again.
#[test]
fn a5_numbers_that_are_taken_are_not_given_again() {
    let repo = repo();
    let next = |wanted: &str| {
        let plan = repo.rb("hotfix start 1.0.0 --dry-run --json").json();
        assert!(plan["title"].as_str().unwrap().contains(&format!("hotfix {wanted} ")), "{plan}");
    };
    next("1.0.2");
    repo.git(&["tag", "v1.0.2-rc.1"]);
    next("1.0.3");
    repo.rb("release add 1.0.3 HEAD");
    repo.git(&["tag", "-d", "v1.0.3"]);
    next("1.0.4");
    repo.git(&["branch", "hotfix-1.0.4"]);
    next("1.0.5");
    repo.sh("git remote add there ../nowhere; git update-ref refs/remotes/there/hotfix/1.0.5 HEAD");
    next("1.0.6");
    repo.sh("git branch hotfix/1.0; git branch hotfix/7");
    next("1.0.6");
    repo.git(&["branch", "hotfix/1.0.6-lost-mail"]);
    next("1.0.7");
    assert_eq!(hotfixes(&repo, "")[0]["version"], "1.0.6");
    assert_eq!(hotfixes(&repo, "").len(), 3);
}

/// A5: what is no release is refused, and nothing changes.
#[test]
fn a5_what_is_no_release_is_refused() {
    let repo = repo();
    repo.git(&["tag", "v2.0.0-rc.1"]);
    let before = State::with_points(&repo);
    for (line, said) in [
        ("hotfix start 3.0.0", "no release"),
        ("hotfix start main", "not a version"),
        ("hotfix start 2.0.0-rc.1", "candidate"),
        ("hotfix start 1.0.0 -p client", "no package"),
        ("hotfix show 1.0.7", "no hotfix"),
        ("hotfix show", "no open hotfix"),
    ] {
        repo.rollback(&super::common::repo::words(line)).code(1).says(said);
        State::with_points(&repo).must_be(&before, line);
    }
}

/// A5: branches are called as the settings or `git flow` say; both are found again.
#[test]
fn a5_branches_are_called_as_people_call_them() {
    let repo = repo();
    repo.git(&["config", "gitflow.prefix.hotfix", "hot/"]);
    repo.rb("hotfix start 1.0.0");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hot/1.0.2");
    repo.write("rollback.toml", "[hotfix]\nbranch = \"fix/{version}/work\"\n");
    repo.rb("hotfix start 1.1.0");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "fix/1.1.1/work");
    assert_eq!(repo.rb("hotfix show --json").json()["version"], "1.1.1");
    assert!(repo.path("rollback.toml").exists(), "the settings come along");
}

/// A5, B9: a package has hotfixes of its own, and does not take numbers from others.
#[test]
fn a5_packages_have_hotfixes_of_their_own() {
    let repo = repo();
    repo.write("rollback.toml", "[[package]]\nname = \"client\"\npath = \"client\"\n");
    repo.sh("git tag client-v1.0.0 HEAD~1; git tag client-v1.0.1 HEAD");
    repo.rb("hotfix start 1.0.0 -p client");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/client-1.0.2");
    repo.rb("hotfix start 1.0.0");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/1.0.2");
    assert_eq!(hotfixes(&repo, "").len(), 2);
    let rows = hotfixes(&repo, "-p client");
    assert_eq!((rows.len(), &rows[0]["from"], &rows[0]["package"]), (1, &"client-v1.0.1".into(), &"client".into()));
}
