//! Release candidates: cut, and promoted to the release.

use super::common::repo::words;
use super::common::{State, TestRepo};

/// A release, a commit after it, a version file that Python reads, and a changelog.
fn repo() -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main .
        printf '[project]\\nname = \"x\"\\nversion = \"1.1.0\"  # here\\n' > pyproject.toml
        printf '# Changes\\n\\n## 1.1.0 - 2025-01-01\\n\\n- first\\n' > CHANGELOG.md
        git add .; git commit -qm 'first'; git tag v1.1.0
        git commit -q --allow-empty -m 'feat: faster'; echo mine > mine.txt");
    repo
}

fn show(repo: &TestRepo, what: &str) -> String {
    repo.git(&["show", what]).stdout()
}

/// B5: the candidate's commit gives the files its version as Python spells it; the promotion changes version and changelog alone.
#[test]
fn b5_a_candidate_is_cut_and_promoted() {
    let repo = repo();
    let before = State::with_points(&repo);
    repo.rb("release candidate 1.2.0 -m Testers");
    assert_eq!(
        show(&repo, "v1.2.0-rc.1^{commit}:pyproject.toml"),
        "[project]\nname = \"x\"\nversion = \"1.2.0rc1\"  # here\n"
    );
    assert_eq!(repo.answer(&["rev-parse", "main"]), repo.answer(&["rev-parse", "v1.2.0-rc.1^{commit}"]), "main has it");
    assert_eq!(repo.answer(&["status", "--porcelain"]), "?? mine.txt");
    repo.rollback(&["release", "candidate", "1.2.0"]).code(1).says("v1.2.0-rc.1 is at");
    repo.sh("git commit -q --allow-empty -m 'fix: crash'");
    repo.rb("release candidate 1.2.0");
    assert!(show(&repo, "main:pyproject.toml").contains("\"1.2.0rc2\""));
    repo.rollback(&["release", "promote", "1.2.0-rc.1"]).code(1).says("newer than");
    let cut = State::with_points(&repo);
    repo.rb("release promote 1.2.0 -m Faster");
    assert_eq!(repo.answer(&["diff", "--name-only", "v1.2.0-rc.2", "v1.2.0"]), "CHANGELOG.md\npyproject.toml");
    assert_eq!(repo.answer(&["rev-parse", "v1.2.0^{commit}^"]), repo.answer(&["rev-parse", "v1.2.0-rc.2^{commit}"]));
    let changes = show(&repo, "v1.2.0:CHANGELOG.md");
    assert!(changes.contains("## 1.2.0 - 2026-01-01\n\n- Faster\n- feat: faster\n"), "{changes}");
    assert!(changes.contains("- fix: crash\n"), "{changes}");
    let stable = repo.rb("release list --stable --json").json();
    assert_eq!(stable["releases"][0]["version"], "1.2.0", "{stable}");
    repo.rollback(&["release", "candidate", "1.2.0"]).code(1).says("released already");
    repo.rollback(&["release", "promote", "1.2.0-rc.2"]).code(1).says("released already");
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&cut, "undo of the promotion");
    repo.rb("undo -y");
    repo.sh("git reset -q --soft HEAD~1");
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo of the first candidate");
    repo.fsck();
}

/// B5: where versions live in tags alone, and where the files say the version already, the same commit gets the tags.
#[test]
fn b5_without_anything_to_change_it_is_the_same_commit() {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main .; git commit -q --allow-empty -m first; git tag 1.0.0; git tag 2.0.0rc1; git commit -q --allow-empty -m more");
    repo.rb("release candidate 2.0.0");
    assert_eq!(
        repo.answer(&["rev-parse", "2.0.0rc2^{commit}"]),
        repo.answer(&["rev-parse", "main"]),
        "spelled as before"
    );
    repo.rb("release promote 2.0.0rc2");
    assert_eq!(repo.answer(&["rev-parse", "2.0.0^{commit}"]), repo.answer(&["rev-parse", "main"]));
    repo.sh("echo 3.0.0 > VERSION; git add .; git commit -qm three");
    repo.rb("release candidate 3.0.0");
    assert_eq!(repo.answer(&["tag", "--points-at", "HEAD"]), "3.0.0rc1");
}

/// B5: elsewhere than at `HEAD`, only the tag leads to the new commit; work in the files stands in the way of no other.
#[test]
fn b5_a_candidate_of_another_commit() {
    let repo = repo();
    repo.sh("git branch old HEAD~1; echo '# mine' >> pyproject.toml");
    repo.rollback(&["release", "candidate", "1.2.0"]).code(1).says("not committed");
    let main = repo.answer(&["rev-parse", "main"]);
    let run = repo.rb("release candidate 1.1.1 old");
    assert!((run.stdout() + &run.stderr()).contains("on no branch"), "{run}");
    assert_eq!(repo.answer(&["rev-parse", "v1.1.1-rc.1^{commit}^"]), repo.answer(&["rev-parse", "old"]));
    assert_eq!(repo.answer(&["rev-parse", "main"]), main);
    repo.rb("release candidate 1.2.0 --keep-files");
    assert_eq!(repo.answer(&["rev-parse", "v1.2.0-rc.1^{commit}"]), main);
    for (line, said) in [
        ("release candidate 1.1.0", "released already"),
        ("release candidate 1.1.1-rc.1", "was cut already"),
        ("release candidate soon", "not a version"),
        ("release promote 1.1.0", "a release already"),
        ("release promote 4.0.0", "no release"),
    ] {
        repo.rollback(&words(line)).code(1).says(said);
    }
}

/// B5: numbers and releases of the remote count; nothing is pushed.
#[test]
fn b5_the_remote_is_asked() {
    let repo = repo();
    repo.sh("git clone -q --bare . ../bare.git; git remote add origin ../bare.git
        git -C ../bare.git tag v1.2.0-rc.4 main; git -C ../bare.git tag v1.3.0 main");
    let before = repo.answer(&["ls-remote", "origin"]);
    repo.rb("release candidate 1.2.0");
    assert_eq!(repo.answer(&["tag", "--list", "*-rc*"]), "v1.2.0-rc.5");
    repo.rollback(&["release", "candidate", "1.3.0"]).code(1).says("origin has the tag v1.3.0");
    repo.rb("release promote 1.2.0");
    assert_eq!(repo.answer(&["ls-remote", "origin"]), before);
}

/// B5: a candidate that does not pass its tests, run at the candidate, is not promoted.
#[test]
fn b5_a_candidate_passes_its_tests_first() {
    let repo = repo();
    repo.write("rollback.toml", "[commands]\ntest = \"test -f good\"\n");
    repo.rb("release candidate 1.2.0");
    repo.trust();
    repo.write("good", "only here, not committed");
    let before = State::with_points(&repo);
    repo.rollback(&["release", "promote", "1.2.0"]).code(1).says("does not pass its tests");
    State::with_points(&repo).must_be(&before, "a refused promotion");
    repo.rb("release promote 1.2.0 --no-tests");
}

/// B5: with `--push` tag and branch are sent, both or none, after a yes and by their names alone; undo says what stays there.
#[test]
fn b5_a_candidate_is_pushed_when_it_is_said() {
    let repo = repo();
    repo.sh("git clone -q --bare . ../bare.git; git remote add origin ../bare.git; git push -q -u origin main; git tag other; git branch side");
    let there = || repo.answer(&["ls-remote", "origin"]);
    let (at, before, state) = (repo.answer(&["rev-parse", "HEAD"]), there(), State::with_points(&repo));
    repo.rollback(&words("release candidate 1.2.0 --push")).code(1).says("--yes").says("origin gets main, v1.2.0-rc.1");
    repo.rollback(&words("release candidate 1.2.0 --push --offline")).code(129);
    let planned = repo.rb("release candidate 1.2.0 --push -n").stdout();
    assert!(planned.contains("push main, v1.2.0-rc.1 to origin"), "{planned}");
    assert_eq!(there(), before);
    State::with_points(&repo).must_be(&state, "nothing was done");

    // The remote takes all of it or nothing; what was done here stays, and is sent as it is said.
    repo.sh("printf '#!/bin/sh\\ncase $1 in refs/heads/*) echo no pushes today; exit 1;; esac\\n' > ../bare.git/hooks-update
        mkdir -p ../bare.git/hooks; mv ../bare.git/hooks-update ../bare.git/hooks/update; chmod +x ../bare.git/hooks/update");
    let run = repo.rollback(&words("release candidate 1.2.0 --push -y --json")).code(2).json();
    assert!(run["warnings"].to_string().contains("no pushes today"), "{run}");
    assert_eq!(there(), before, "a tag landed alone");
    repo.sh("rm ../bare.git/hooks/update");
    let by_hand = run["next"][0]["command"].as_str().unwrap();
    assert_eq!(by_hand, "git push --atomic origin refs/heads/main refs/tags/v1.2.0-rc.1");
    repo.typed(by_hand).ok();

    let done = repo.rb("release promote 1.2.0 --push -y --json").json();
    assert_eq!(done["pushed"], serde_json::json!({"remote": "origin", "refs": ["main", "v1.2.0"]}), "{done}");
    let expected = |name: &str| format!("{}\trefs/{name}", repo.answer(&["rev-parse", &format!("refs/{name}")]));
    for name in ["heads/main", "tags/v1.2.0-rc.1", "tags/v1.2.0"] {
        assert!(there().contains(&expected(name)), "{name}\n{}", there());
    }
    assert!(!there().contains("other") && !there().contains("side"), "{}", there());
    repo.rollback(&words("undo")).code(1).says("--yes").says("it was pushed");
    let undone = repo.rb("undo -y --json").json();
    assert!(undone["warnings"].to_string().contains("it was pushed to origin: main, v1.2.0; that stays"), "{undone}");
    repo.rb("undo -y");
    assert_eq!(repo.answer(&["rev-parse", "HEAD"]), at);
    assert!(there().contains("refs/tags/v1.2.0"), "{}", there());
}

/// B5: a branch that follows another name is sent to that one.
#[test]
fn b5_a_branch_is_sent_to_what_it_follows() {
    let repo = repo();
    repo.sh("git clone -q --bare . ../bare.git; git remote add origin ../bare.git; git push -q -u origin main:trunk");
    let done = repo.rb("release candidate 1.2.0 --push -y --json").json();
    assert_eq!(done["pushed"]["refs"], serde_json::json!(["trunk", "v1.2.0-rc.1"]), "{done}");
    assert_eq!(repo.answer(&["rev-parse", "main"]), repo.answer(&["rev-parse", "origin/trunk"]));
}
