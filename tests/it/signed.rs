//! B2: commits and tags of releases are signed where git is set so, with an ssh key made here.

use super::common::repo::words;
use super::common::{Report, State, TestRepo};
use super::finish::{disagree, solve, story};

/// No run of these small repositories has more events than this.
const MOST_EVENTS: usize = 300;

/// A key, its signatures known, and git set to sign commits and tags with it. False: nothing can be signed here.
pub fn sign_all(repo: &TestRepo) -> bool {
    let key = repo.base().join("key");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"])
        .arg(&key)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: there is no ssh-keygen, so nothing was signed");
        return false;
    }
    repo.sh("printf 'committer@example.com %s\\n' \"$(cat ../key.pub)\" > ../signers
        git config gpg.format ssh; git config user.signingkey \"$PWD/../key\"; git config commit.gpgSign true
        git config tag.gpgSign true; git config gpg.ssh.allowedSignersFile \"$PWD/../signers\"");
    true
}

/// The commits that are on branches or tags now and were not before.
fn new_commits(repo: &TestRepo, before: &str) -> Vec<String> {
    let old: Vec<&str> = before.split_whitespace().collect();
    let args = [&["rev-list", "--branches", "--tags", "--not"][..], &old].concat();
    repo.answer(&args).lines().map(str::to_owned).collect()
}

fn tips(repo: &TestRepo) -> String {
    repo.answer(&["for-each-ref", "--format=%(objectname)", "refs/heads", "refs/tags"])
}

#[track_caller]
fn all_signed(repo: &TestRepo, before: &str, least: usize) {
    let new = new_commits(repo, before);
    assert!(new.len() >= least, "only {} new commits", new.len());
    for id in new {
        repo.git(&["verify-commit", &id]);
    }
    repo.fsck();
}

/// A6, B2: the release, the merges, the picks and what they need afterwards are signed; undo is exact; a plan asks for no key.
#[test]
fn a6_what_finish_commits_is_signed() {
    let repo = story();
    if !sign_all(&repo) {
        return;
    }
    let (before, old) = (State::with_points(&repo), tips(&repo));
    repo.sh("mv ../key ../away");
    let planned = repo.rb("hotfix finish -n --json").json();
    for _ in 0..2 {
        let refused = repo.rollback(&["hotfix", "finish"]).code(1).stderr();
        assert!(refused.contains("a new commit cannot be signed") && refused.contains("commit.gpgSign"), "{refused}");
        State::with_points(&repo).must_be(&before, "a key that is not there");
    }
    repo.sh("mv ../away ../key");
    let done = repo.rb("hotfix finish --json").json();
    assert_eq!(planned["title"], done["summary"], "what is shown is what is done");
    // The release, two merges, a pick and its changelog.
    all_signed(&repo, &old, 5);
    assert_eq!(
        repo.answer(&["log", "-1", "--format=%an <%ae> %cn", "release/0.9~1"]),
        "A. U. Thor <author@example.com> C. O. Mitter"
    );
    repo.git(&["tag", "-v", "v1.0.1"]);
    assert!(repo.leftovers().is_empty(), "{:?}", repo.leftovers());
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");
    repo.rb("redo -y");
    all_signed(&repo, &old, 5);
    repo.sh("git config gpg.ssh.program 'touch ran'");
    repo.rb("undo -y");
    let said = repo.rollback(&["hotfix", "finish"]).code(1).stderr();
    assert!(said.contains("gpg.ssh.program") && !repo.path("ran").exists(), "{said}");
}

/// A6, B2: what is committed after a conflict is signed too, merged or picked.
#[test]
fn a6_what_a_person_solved_is_signed() {
    for line in ["main", "release/0.9"] {
        let repo = story();
        if !sign_all(&repo) {
            return;
        }
        disagree(&repo, line);
        let (before, old) = (State::with_points(&repo), tips(&repo));
        repo.rollback(&["hotfix", "finish"]).code(3);
        solve(&repo);
        repo.rb("continue -y");
        all_signed(&repo, &old, 5);
        repo.rb("undo -y");
        State::with_points(&repo).must_be(&before, "undo");
    }
}

/// A6, B2: names and messages that are not plain are kept, or nothing is done.
#[test]
fn a6_what_is_picked_keeps_its_author_and_its_words() {
    let repo = story();
    if !sign_all(&repo) {
        return;
    }
    repo.sh("GIT_AUTHOR_NAME='Ærø \"Q\" Ünal' GIT_AUTHOR_DATE='2001-02-03T04:05:06 +0545' git commit -q --no-gpg-sign --amend \
        --cleanup=verbatim -m '  fix: two' -m '# not a comment' -m 'Ünï  '");
    let old = tips(&repo);
    repo.rb("hotfix finish");
    all_signed(&repo, &old, 5);
    let told = |rev: &str| repo.answer(&["log", "-1", "--format=%an|%ad|%B", "--date=iso", rev]);
    let (original, picked) = (told("hotfix/1.0.1~1"), told("release/0.9~1"));
    assert!(picked.starts_with(original.trim_end()), "{original}\n{picked}");
}

/// B2, B5: candidates, promotions and repairs are signed too.
#[test]
fn b2_other_release_commits_are_signed() {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main .; printf '[package]\\nname = \"x\"\\nversion = \"1.0.0\"\\n' > Cargo.toml; git add .; git commit -qm one; git tag v1.0.0
        git commit -q --allow-empty -m two");
    if !sign_all(&repo) {
        return;
    }
    for (line, new) in [("candidate 1.1.0", 1), ("promote 1.1.0", 1), ("repair 1.1.0 --renumber", 1)] {
        let (before, old) = (State::with_points(&repo), tips(&repo));
        let planned = repo.rb(&format!("release {line} -n --json")).json();
        let done = repo.rb(&format!("release {line} --json")).json();
        assert_eq!(planned["title"], done["summary"], "what is shown is what is done");
        all_signed(&repo, &old, new);
        let tag = done["point"].as_str().unwrap();
        repo.git(&["verify-tag", tag]);
        repo.rb(&format!("undo {} -y", done["operation"].as_str().unwrap()));
        State::with_points(&repo).must_be(&before, "undo");
        repo.rb(&format!("release {line}"));
    }
}

/// A6, B2: stopped after any event while commits are signed: back and forward both work.
#[test]
fn a6_a_stop_while_commits_are_signed() {
    let template = story();
    if !sign_all(&template) {
        return;
    }
    let old = tips(&template);
    let mut report = Report::default();
    let mut n = 1;
    loop {
        let repo = template.copy();
        // The key lies beside the copy.
        repo.sh(
            "git config user.signingkey \"$PWD/../key\"; git config gpg.ssh.allowedSignersFile \"$PWD/../signers\"",
        );
        let before = State::with_points(&repo);
        let run = repo.rollback_with(&[("GIT_ROLLBACK_TEST_STOP_AFTER", &n.to_string())], &["hotfix", "finish"]);
        if !run.was_stopped() {
            run.ok();
            break;
        }
        report.case(&format!("stopped after event {n}"), || {
            if repo.rb("status --json").json()["unfinished"].is_null() {
                State::with_points(&repo).must_be(&before, "a stop before the beginning");
            } else if n % 2 == 0 {
                repo.rb("abort -y");
                State::with_points(&repo).must_be(&before, "abort");
            } else {
                repo.rollback(&words("continue -y")).ok();
                all_signed(&repo, &old, 5);
                repo.rb("undo -y");
                State::with_points(&repo).must_be(&before, "undo");
            }
            assert!(repo.leftovers().is_empty(), "{:?}", repo.leftovers());
        });
        n += 1;
        assert!(n < MOST_EVENTS, "it does not end");
    }
    report.finish();
    assert!(n > 8, "only {n} events");
}
