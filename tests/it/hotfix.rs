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
    let (before, state) = (State::with_points(&repo), State::of(&repo));
    repo.rb("hotfix start 1.0.0");
    assert_eq!(repo.answer(&["diff", "--name-only", "HEAD"]), "");
    assert_eq!(std::fs::read(repo.path("loose.txt")).unwrap(), b"loose\n", "untracked files stay");
    assert_eq!(repo.answer(&["stash", "list", "--format=%gs"]), "On main: before hotfix/1.0.2");
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");
    assert!(hotfixes(&repo, "").is_empty());
    repo.rb("redo -y");
    repo.sh("git switch -q main; git stash pop -q --index");
    State::of(&repo).without("ref ").must_be(&state.without("ref "), "plain git brings the work back");
}

/// A5: what a person reads of a plan: what is recorded of a hotfix is one line, and work that is set aside has every way back
/// that it really has, each as it stands there.
#[test]
fn a5_a_plan_is_read_by_people() {
    let repo = repo();
    repo.sh("echo staged > new.txt; git add new.txt; echo '# mine' >> Cargo.toml");
    let state = State::of(&repo);
    let about = |plan: &str| plan.lines().filter(|line| line.contains("record of hotfix")).count();
    let plan = repo.rb(&format!("hotfix start 1.0.0 -n -m {}", "long".repeat(40))).stdout();
    assert_eq!(about(&plan), 1, "{plan}");
    assert!(plan.contains("version 1.0.2, from v1.0.1, base ") && plan.contains("longlong..."), "{plan}");
    assert!(!plan.contains("--branch"), "that is no option of this command\n{plan}");
    let said = repo.rb("hotfix start 1.0.0 -m Mail --json").json()["warnings"].to_string();
    assert!(said.contains("undo brings them back"), "{said}");
    let plan = repo.rb("undo -n").stdout();
    assert!(plan.contains("take back what is recorded of hotfix hotfix/1.0.2: ") && about(&plan) == 0, "{plan}");
    let commands: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    assert_eq!(commands, ["git switch main", "git stash pop --index"]);
    repo.typed(&commands.join("; ")).ok();
    State::of(&repo).without("ref ").must_be(&state.without("ref "), "as it was said");
    repo.sh("git stash -q -u; git switch -q hotfix/1.0.2; git commit -q --allow-empty -m fix");
    for line in ["hotfix finish -n", "hotfix abandon -n"] {
        let plan = repo.rb(line).stdout();
        assert_eq!(about(&plan), 1, "{plan}");
    }
    repo.write("rollback.toml", "[commands]\ntest = \"true\"\n");
    repo.trust();
    let plan = repo.rb("hotfix finish -n").stdout();
    assert_eq!(about(&plan), 1, "with tests\n{plan}");
    assert!(plan.contains("release ") && plan.contains(", line main "), "{plan}");
}

/// A5: git's stash cannot hold a merge: then that is said, with the way that is left.
#[test]
fn a5_work_that_no_stash_can_hold_is_said() {
    let repo = repo();
    repo.sh("git switch -q -c side HEAD~1; echo side > Cargo.toml; git commit -qam side; git switch -q main; ! git merge -q side; git reset -q --merge; echo mine >> Cargo.toml; git rev-parse side > .git/MERGE_HEAD");
    let said = repo.rb("hotfix start 1.0.0 --json").json()["warnings"].to_string();
    assert!(said.contains("not on the stash list") && said.contains("the merge under way"), "{said}");
    let id = repo.operations().remove(0);
    repo.rb(&format!("restore --from op:{id}^ Cargo.toml"));
    assert!(std::fs::read_to_string(repo.path("Cargo.toml")).unwrap().ends_with("mine\n"));
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

/// A bare remote with all of it, whose hook notes every push, and a second clone.
fn shared() -> TestRepo {
    let repo = repo();
    repo.sh("git clone -q --bare . ../bare.git; mkdir -p ../bare.git/hooks
        printf '#!/bin/sh\\nsleep 1\\ncat >> ../pushed\\n' > ../bare.git/hooks/pre-receive
        chmod +x ../bare.git/hooks/pre-receive
        git remote add origin ../bare.git; git fetch -q; git branch -q -u origin/main
        git clone -q ../bare.git ../other");
    repo
}

fn pushed(repo: &TestRepo) -> String {
    std::fs::read_to_string(repo.base().join("pushed")).unwrap_or_default()
}

fn remote_branches(repo: &TestRepo) -> String {
    repo.answer(&["ls-remote", "--heads", "origin", "hotfix/*"])
}

/// A5: two clones that start a hotfix at the same moment never get the same number.
#[test]
fn a5_two_clones_never_get_the_same_number() {
    let repo = shared();
    let start = |dir: &str| {
        let mut command = repo.command(env!("CARGO_BIN_EXE_git-rollback"));
        command.args(["-C", dir, "hotfix", "start", "1.0.0", "--push", "-y", "--json"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let children = [start("."), start("../other")];
    let mut answers = Vec::new();
    for child in children {
        let run = child.wait_with_output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        answers.push(serde_json::from_slice::<Value>(&run.stdout).unwrap()["summary"].as_str().unwrap().to_owned());
    }
    answers.sort();
    assert!(answers[0].contains("hotfix/1.0.2,") && answers[1].contains("hotfix/1.0.3,"), "{answers:?}");
    let there = remote_branches(&repo);
    assert!(there.contains("hotfix/1.0.2") && there.contains("hotfix/1.0.3"), "{there}");
    let here = repo.answer(&["branch", "--list", "hotfix/*", "--format=%(refname:short) %(upstream:short)"]);
    assert_eq!(here.lines().count(), 1, "the number that was lost has no branch here: {here}");
    repo.fsck();
}

/// A5: what others took since the last fetch is asked for; without that the remote's last known state counts, and it is said.
#[test]
fn a5_the_remote_is_asked_which_numbers_are_taken() {
    let repo = shared();
    repo.sh("cd ../other && git push -q origin HEAD:refs/heads/hotfix/1.0.2");
    let plan = |line: &str| repo.rb(&format!("hotfix start 1.0.0 -n --json {line}")).json()["title"].to_string();
    assert!(plan("").contains("hotfix 1.0.3 "));
    assert!(plan("--offline").contains("hotfix 1.0.2 "));
    // A newer patch there must not be left out.
    repo.sh("cd ../other && git tag v1.0.7 && git push -q origin v1.0.7");
    repo.rollback(&["hotfix", "start", "1.0.0"]).code(1).says("v1.0.7").says("git fetch origin --tags");
    assert!(plan("--exact").contains("hotfix 1.0.8 "));
    repo.sh("mv ../bare.git ../away");
    let run = repo.rb("hotfix start 1.0.0");
    assert!(run.stderr().contains("only what was last fetched is known"), "{run}");
    repo.rollback(&["hotfix", "start", "1.1.0", "--push", "-y"]).code(1).says("cannot be asked");
}

/// A5: a push that the remote refuses leaves nothing behind, here or there.
#[test]
fn a5_a_refused_push_is_taken_back() {
    let repo = shared();
    repo.sh("mkdir -p ../bare.git/hooks; printf '#!/bin/sh\\necho no hotfix on Fridays >&2; exit 1\\n' > ../bare.git/hooks/pre-receive; echo x > new.txt; git add new.txt");
    let before = State::with_points(&repo);
    repo.rollback(&["hotfix", "start", "1.0.0", "--push"]).code(1).says("--yes");
    State::with_points(&repo).must_be(&before, "without a yes");
    repo.rollback(&["hotfix", "start", "1.0.0", "--push", "-y"]).code(1).says("Fridays").says("taken back");
    State::with_points(&repo).must_be(&before, "a refused push");
    assert_eq!(remote_branches(&repo), "");
}

/// A5: a pushed start that is taken back says that the branch stays on the remote, and the command that is shown gives it up there.
#[test]
fn a5_undo_says_that_a_pushed_branch_stays() {
    let repo = shared();
    let before = State::of(&repo);
    repo.rb("hotfix start 1.0.0 --push -y");
    repo.rollback(&["undo"]).code(1).says("it was pushed to origin: hotfix/1.0.2").says("--yes");
    let undone = repo.rb("undo -y --json").json();
    let said = undone["warnings"].to_string();
    assert!(said.contains("it was pushed to origin: hotfix/1.0.2; that stays"), "{said}");
    assert!(said.contains("git switch hotfix/1.0.2"), "{said}");
    assert_eq!(
        undone["warnings"].as_array().unwrap().len(),
        1,
        "said once, and the record of the push is nothing to undo\n{said}"
    );
    State::of(&repo).without("ref refs/remotes").must_be(&before.without("ref refs/remotes"), "undo");
    assert!(remote_branches(&repo).ends_with("refs/heads/hotfix/1.0.2"));
    let command = said.split('`').find(|part| part.contains("abandon")).unwrap();
    let abandoned = repo.typed(&format!("{command} --json")).ok().json();
    assert_eq!(remote_branches(&repo), "");
    let undone = repo.rb(&format!("undo {} -y --json", abandoned["operation"].as_str().unwrap())).json();
    assert!(undone["warnings"].to_string().contains("hotfix/1.0.2 (deleted)"), "{undone}");
}

/// A5: nothing is pushed, and no remote is changed, without `--push`.
#[test]
fn a5_nothing_is_pushed_unless_it_is_said() {
    let repo = shared();
    let before = repo.answer(&["ls-remote", "origin"]);
    for line in [
        "release add 1.2.0 main",
        "release mark 1.2.0 --unstable --reason slow",
        "release check 1.0.0",
        "hotfix start 1.0.0",
        "hotfix status",
        "hotfix show",
        "hotfix list",
        "undo -y",
        "redo -y",
        "hotfix abandon",
        "hotfix start 1.1.0 --worktree ../hot",
        "to 1.0.0 --detach -y",
    ] {
        repo.rb(line);
        assert_eq!(repo.answer(&["ls-remote", "origin"]), before, "{line}");
        assert_eq!(pushed(&repo), "", "{line}");
    }
    repo.rb("hotfix start 1.0.0 --push -y");
    assert!(pushed(&repo).contains("refs/heads/hotfix/"), "the hook sees pushes");
}

/// A6, B2, B5: the same for what releases.
#[test]
fn a6_no_release_is_pushed_unless_it_is_said() {
    let repo = shared();
    let before = repo.answer(&["ls-remote", "origin"]);
    repo.rb("hotfix start 1.0.0");
    repo.sh("echo fixed > fix.txt; git add fix.txt; git commit -q -m fix");
    for line in [
        "hotfix finish -y",
        "undo -y",
        "redo -y",
        "to main --branch next -y",
        "release candidate 7.0.0",
        "release promote 7.0.0-rc.1",
        "release last-good",
        "release repair 7.0.0 --renumber -y",
        "release repair 7.0.1 --delete-tag -y",
        "undo -y",
        "release postmortem 1.0.0",
    ] {
        repo.rb(line);
        assert_eq!(repo.answer(&["ls-remote", "origin"]), before, "{line}");
        assert_eq!(pushed(&repo), "", "{line}");
    }
    // It ends with 1 where there is something left to do.
    let _ = repo.rollback(&["release", "diagnose"]);
    assert_eq!(pushed(&repo), "");
    repo.sh("git push -q origin HEAD:refs/heads/seen");
    assert!(pushed(&repo).contains("refs/heads/seen"), "the hook sees pushes");
    repo.rb("release candidate 8.0.0 --push -n");
    assert!(!pushed(&repo).contains("v8"), "a dry run");
    repo.rb("release candidate 8.0.0 --push -y");
    repo.rb("release promote 8.0.0 --push -y");
    for tag in ["refs/tags/v8.0.0-rc.1", "refs/tags/v8.0.0\n"] {
        assert!(pushed(&repo).contains(tag), "{tag}\n{}", pushed(&repo));
    }
    assert!(!pushed(&repo).contains("v7"), "{}", pushed(&repo));
}

/// A5: a worktree of its own beside this one, which stays as it is; its undo never loses what was done there.
#[test]
fn a5_a_hotfix_in_a_worktree_of_its_own() {
    let repo = repo();
    repo.sh("echo mine >> Cargo.toml; echo loose > loose.txt");
    repo.write("rollback.toml", "[protect]\nbranches = [\"live\"]\n");
    let before = State::with_points(&repo);
    let run = repo.rb("hotfix start 1.0.0 --worktree --json").json();
    let place = repo.base().join("r-hotfix-1.0.2");
    assert_eq!(repo.answer(&["-C", place.to_str().unwrap(), "symbolic-ref", "--short", "HEAD"]), "hotfix/1.0.2");
    assert!(place.join("rollback.toml").exists(), "the settings come along");
    State::of(&repo)
        .without("ref refs/heads/hotfix/1.0.2")
        .must_be(&State::of(&repo).without("ref refs/heads/hotfix/1.0.2"), "nothing here changes");
    assert_eq!(std::fs::read(repo.path("loose.txt")).unwrap(), b"loose\n");
    let undo = format!("undo {} -y", run["operation"].as_str().unwrap());
    std::fs::write(place.join("work.txt"), "mine").unwrap();
    repo.rollback(&super::common::repo::words(&undo)).code(1).says("work.txt");
    assert_eq!(std::fs::read(place.join("work.txt")).unwrap(), b"mine");
    assert_eq!(repo.answer(&["-C", place.to_str().unwrap(), "status", "--porcelain"]), "?? rollback.toml\n?? work.txt");
    std::fs::remove_file(place.join("work.txt")).unwrap();
    repo.rb(&undo);
    assert!(!place.exists());
    State::with_points(&repo).must_be(&before, "undo");
    for (place, said) in
        [(".", "is there already"), ("inside", "lies in"), ("../no/where", "cannot find"), ("../.x", "hidden")]
    {
        repo.rollback(&["hotfix", "start", "1.0.0", "--worktree", place]).code(1).says(said);
    }
    State::with_points(&repo).must_be(&before, "refused places");
}

/// A8: a hotfix that is given up goes from the branches and stays in the list; its commits come back, its number is free again.
#[test]
fn a8_an_abandoned_hotfix_loses_nothing() {
    let repo = repo();
    repo.rb("hotfix start 1.0.0 -m Mail");
    repo.sh("git commit -q --allow-empty -m 'the fix'; echo open >> Cargo.toml");
    let (tip, before) = (repo.answer(&["rev-parse", "HEAD"]), State::with_points(&repo));
    repo.rollback(&["hotfix", "abandon", "--reason", "fixed in 1.1.0"]).ok();
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "main");
    assert_eq!(repo.answer(&["branch", "--list", "hotfix/*"]), "");
    let row = hotfixes(&repo, "").remove(0);
    assert_eq!((&row["state"], &row["description"]), (&"abandoned".into(), &"Mail".into()));
    let shown = repo.rb("hotfix show 1.0.2 --json").json();
    assert_eq!(shown["commits"][0]["id"], tip.as_str());
    repo.rollback(&["hotfix", "abandon", "1.0.2"]).code(1).says("abandoned already");
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");
    repo.rb("redo -y");
    repo.rb("hotfix start 1.0.0");
    assert_eq!(hotfixes(&repo, "").len(), 1, "the number is free again");
    assert_eq!(hotfixes(&repo, "")[0]["state"], "open");
    repo.git(&["tag", "v1.0.2"]);
    repo.rollback(&["hotfix", "abandon"]).code(1).says("is released");
}

/// A8: `status` tells what is still to be done.
#[test]
fn a8_status_tells_what_is_next() {
    let repo = shared();
    repo.rb("hotfix start 1.0.0 --push -y");
    let verdicts = || {
        let answer = repo.rb("hotfix status --json").json();
        let checks = answer["checks"].as_array().unwrap().clone();
        checks.iter().map(|c| format!("{}:{}", c["name"], c["verdict"]).replace('"', "")).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(), ["commits:warn", "worktree:ok", "release:ok", "origin:ok"]);
    repo.sh("git commit -q --allow-empty -m fix; echo x >> Cargo.toml; git tag v1.0.9 main");
    assert_eq!(verdicts(), ["commits:ok", "worktree:warn", "release:warn", "origin:warn"]);
    repo.rb("hotfix status");
    repo.sh("git checkout -q -f main");
    repo.rollback(&["hotfix", "abandon", "--push", "-y"]).ok();
    assert_eq!(remote_branches(&repo), "");
}
