//! Releases: recorded, listed, checked, marked, and gone back to.

use super::common::{Run, State, TestRepo};
use serde_json::Value;

/// Three commits; the first two are v1.0.0 and v1.1.0, with a version file that agrees.
fn repo() -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main .
        release() { printf '[package]\\nname = \"x\"\\nversion = \"%s\"\\n' $1 > Cargo.toml; git add .; git commit -qm \"version $1\"; }
        release 1.0.0; git tag v1.0.0
        release 1.1.0; git tag -a -m 'Faster' v1.1.0
        release 1.2.0");
    repo
}

fn releases(repo: &TestRepo, line: &str) -> Vec<Value> {
    let answer = repo.rb(&format!("release list {line} --json")).json();
    assert_eq!(answer["kind"], "releases");
    answer["releases"].as_array().unwrap().clone()
}

/// Asserts that a text stands in the answer or in what was said meanwhile.
#[track_caller]
fn tells(run: Run, text: &str) -> Run {
    assert!((run.stdout() + &run.stderr()).contains(text), "does not tell {text:?}\n{run}");
    run
}

fn versions(repo: &TestRepo, line: &str) -> Vec<String> {
    releases(repo, line).iter().map(|row| row["version"].as_str().unwrap().to_owned()).collect()
}

/// A1: an existing tag is adopted as it is, a missing one is made at the commit that is named, annotated.
#[test]
fn a1_a_release_adopts_its_tag_or_makes_one() {
    let repo = repo();
    let before = repo.answer(&["for-each-ref", "refs/tags"]);
    repo.rb("release add 1.1.0");
    assert_eq!(repo.answer(&["for-each-ref", "refs/tags"]), before, "an adopted tag is not touched");
    repo.rollback(&["release", "add", "1.2.0", "main", "-m", "Third\n\nwith more"]).ok();
    assert_eq!(repo.answer(&["cat-file", "-t", "v1.2.0"]), "tag");
    assert_eq!(repo.answer(&["rev-parse", "v1.2.0^{}"]), repo.answer(&["rev-parse", "main"]));
    let message = repo.answer(&["tag", "-l", "--format=%(contents)", "v1.2.0"]);
    assert!(message.starts_with("Third\n\nwith more\n\nRollback-Kind: release\nRollback-Stable: yes\n"), "{message}");
    let rows = releases(&repo, "");
    assert_eq!(rows[0]["recorded"], true);
    assert_eq!(
        (&rows[0]["stable"], &rows[1]["stable"], &rows[2]["stable"]),
        (&true.into(), &true.into(), &Value::Null)
    );
    repo.fsck();
}

/// A1: the version is SemVer, the commit exists, and a second record for another commit is refused.
#[test]
fn a1_what_is_no_release_is_refused() {
    let repo = repo();
    repo.rb("release add 1.1.0");
    let before = State::with_points(&repo);
    for (line, said) in [
        ("release add 1.2", "did you mean 1.2.0?"),
        ("release add one", "not a version"),
        ("release add 1.2.0+7", "build metadata"),
        ("release add 1.2.0 nowhere", "nowhere"),
        ("release add 1.1.0 HEAD", "already"),
        ("release add 1.0.0 v1.1.0", "already"),
        ("release mark 1.0.0", ""),
        ("release mark 7.0.0 --stable", "no release"),
        ("release show 7.0.0", "no release"),
        ("release list -p client", "no package"),
    ] {
        let run = repo.rollback(&super::common::repo::words(line));
        assert!([1, 129].contains(&run.exit()), "{line}\n{run}");
        assert!(run.stderr().contains(said), "{line}\n{run}");
        State::with_points(&repo).must_be(&before, line);
    }
}

/// A1, A9: a tag that was moved behind our back is not recorded anew, and going there needs a yes.
#[test]
fn a9_a_moved_tag_is_noticed() {
    let repo = repo();
    repo.rb("release add 1.1.0");
    repo.git(&["tag", "-f", "v1.1.0", "v1.0.0"]);
    repo.rollback(&["release", "add", "1.1.0"]).code(1).says("was moved");
    repo.rollback(&["release", "check", "1.1.0"]).code(1);
    repo.rollback(&["to", "1.1.0"]).code(1).says("recorded");
    let shown = repo.rb("release show 1.1.0 --json").json();
    assert!(shown["warnings"].to_string().contains("was moved"), "{shown}");
}

/// A9: no command moves the tag of a release without being told why.
#[test]
fn a9_release_tags_do_not_move() {
    let repo = repo();
    let before = State::with_points(&repo);
    repo.rollback(&["baseline", "set", "HEAD", "--name", "v1.1.0", "--force"]).code(1).says("never moves");
    State::with_points(&repo).must_be(&before, "a refused move");
    repo.rollback(&["baseline", "set", "HEAD", "--name", "v1.1.0", "--force", "--reason", "nobody has it"]).ok();
    let operation = repo.operations().remove(0);
    repo.rb(&format!("undo {operation}"));
    State::with_points(&repo).must_be(&before, "the tag is back");
}

/// A1: what the version files of the commit say is compared; it is said, and does not stand in the way.
#[test]
fn a1_version_files_that_say_another_version_are_named() {
    let repo = repo();
    tells(repo.rb("release add 1.3.0"), "Cargo.toml says 1.2.0");
    let quiet = repo.rb("release add 1.2.0");
    assert!(!(quiet.stdout() + &quiet.stderr()).contains("warning"), "{quiet}");
    let shown = repo.rb("release show 1.2.0 --json").json();
    assert_eq!(shown["places"][0]["value"], "1.2.0");
    assert_eq!((&shown["places"][0]["path"], &shown["places"][0]["line"]), (&"Cargo.toml".into(), &3.into()));
}

/// A1: a clone and one fetch see the same releases and marks.
#[test]
fn a1_a_clone_sees_the_same() {
    let repo = repo();
    repo.rb("release add 1.1.0 -m Faster");
    repo.rb("release add 1.2.0 --unstable");
    repo.rb("release mark 1.0.0 --unstable --reason slow");
    let here = releases(&repo, "");
    repo.sh("git clone -q . ../clone && cd ../clone && git fetch -q origin 'refs/rollback/*:refs/rollback/*'");
    let there = repo.rb("-C ../clone release list --json").json();
    assert_eq!(there["releases"].as_array().unwrap(), &here);
}

/// A2: newest version first, as versions are ordered and not as texts are; all or stable only.
#[test]
fn a2_releases_are_listed_by_version() {
    let repo = repo();
    repo.sh("git tag v1.10.0; git tag 1.9.0; git tag v2.0.0-rc.1; git tag v2.0.0-beta.2; git tag latest; git tag client-v9.0.0");
    let wanted = ["2.0.0-rc.1", "2.0.0-beta.2", "1.10.0", "1.9.0", "1.1.0", "1.0.0"];
    assert_eq!(versions(&repo, ""), wanted);
    assert_eq!(versions(&repo, "--limit 2"), wanted[..2]);
    assert!(versions(&repo, "--stable").is_empty());
    repo.rb("release add 1.9.0");
    repo.rb("release mark v1.0.0 --stable");
    repo.rb("release add 2.0.0-rc.1");
    assert_eq!(versions(&repo, "--stable"), ["1.9.0", "1.0.0"]);
    repo.rb("release mark 2.0.0-rc.1 --stable");
    assert_eq!(versions(&repo, "--stable")[0], "2.0.0-rc.1");
}

/// A2: of two tags for one version at different commits, both are listed and the person has to say which.
#[test]
fn a2_two_tags_for_one_version() {
    let repo = repo();
    repo.sh("git tag 1.1.0 HEAD; git tag 1.0.0 v1.0.0");
    let answer = repo.rb("release list --json").json();
    assert_eq!(answer["releases"].as_array().unwrap().len(), 4);
    assert!(answer["warnings"][0].as_str().unwrap().contains("1.1.0 and v1.1.0"), "{answer}");
    repo.rollback(&["release", "add", "1.1.0"]).code(1).says("different commits");
    repo.rollback(&["release", "check", "1.1.0"]).code(1);
    repo.rb("release add 1.0.0");
    for (name, commit) in [("v1.1.0", "v1.1.0^{}"), ("tag:1.1.0", "HEAD")] {
        let shown = repo.rb(&format!("release show {name} --json")).json();
        assert_eq!(shown["commit"], repo.answer(&["rev-parse", commit]).as_str(), "{name}");
    }
}

/// A3: possible or not, with an exit code and everything that stands in the way.
#[test]
fn a3_check_names_what_stands_in_the_way() {
    let repo = repo();
    repo.rb("release add 1.1.0");
    let before = State::with_points(&repo);
    let verdict = |line: &str, code: u8, name: &str| {
        let run = repo.rollback(&super::common::repo::words(&format!("release check {line} --json"))).code(code.into());
        let answer = run.json();
        assert_eq!(answer["possible"], code == 0, "{answer}");
        let checks = answer["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {answer}"));
        found["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("1.1.0", 0, "stable"), "ok");
    assert_eq!(verdict("1.0.0", 0, "stable"), "warn");
    assert_eq!(verdict("9.0.0", 1, "release"), "fail");
    State::with_points(&repo).must_be(&before, "a check");
    repo.rb("release mark 1.1.0 --unstable --reason broken");
    assert_eq!(verdict("1.1.0", 1, "stable"), "fail");
    repo.rb("release mark 1.1.0 --stable");
    repo.sh("git checkout -q --orphan other && git commit -qm other && git tag v3.0.0 && git checkout -q main && git branch -qD other");
    assert_eq!(verdict("3.0.0", 0, "reachable"), "warn");
    assert_eq!(verdict("3.0.0", 0, "plan"), "warn");
    let blob = repo.answer(&["rev-parse", "v1.1.0:Cargo.toml"]);
    repo.remove(repo.git_dir().join("objects").join(&blob[..2]).join(&blob[2..]));
    assert_eq!(verdict("1.1.0", 1, "complete"), "fail");
}

/// A3: a shallow clone says what is missing and how it comes.
#[test]
fn a3_a_shallow_clone_is_said() {
    let repo = repo();
    repo.sh("git clone -q --depth 1 --no-tags file://$PWD ../clone");
    let run = repo.rollback(&["-C", "../clone", "release", "check", "1.1.0"]).code(1);
    assert!((run.stdout() + &run.stderr()).contains("git fetch --tags"), "{run}");
}

/// A3: work in a submodule, and an operation of git under way.
#[test]
fn a3_dirty_submodules_and_a_merge_under_way() {
    let repo = TestRepo::fixture("dirty-submodule");
    repo.sh("git tag v1.0.0 HEAD");
    let answer = repo.rollback(&["release", "check", "1.0.0", "--json"]).code(1).json();
    let failed = answer["checks"]
        .as_array()
        .unwrap()
        .iter()
        .any(|check| check["name"].as_str().unwrap().starts_with("submodule ") && check["verdict"] == "fail");
    assert!(failed, "{answer}");
    let repo = TestRepo::fixture("merge-conflict");
    repo.sh("git tag v1.0.0 HEAD");
    let answer = repo.rb("release check 1.0.0 --json").json();
    assert_eq!(answer["checks"][0]["verdict"], "warn", "{answer}");
}

/// A4: going back records from which version to which, why, who, when and how long.
#[test]
fn a4_from_and_to_are_recorded() {
    let repo = repo();
    repo.sh("git tag v1.2.0; git commit -q --allow-empty -m later");
    repo.rollback(&["to", "1.1.0", "--reason", "1.2.0 loses mail", "-y"]).ok();
    let row = repo.rb("history --json").json()["rollbacks"][0].clone();
    assert_eq!((&row["from_version"], &row["to_version"]), (&"v1.2.0".into(), &"v1.1.0".into()), "{row}");
    assert_eq!(row["reason"], "1.2.0 loses mail");
    let message = repo.answer(&["log", "-1", "--format=%B", "--glob=refs/rollback/log/*"]);
    assert!(message.contains("from-version = v1.2.0") && message.contains("to-version = v1.1.0"), "{message}");
}

/// A4: without a reason it is refused when the settings ask for one.
#[test]
fn a4_a_reason_can_be_demanded() {
    let repo = repo();
    repo.sh("printf '[protect]\\nreason = \"required\"\\n' > rollback.toml; git add .; git commit -qm settings");
    repo.rollback(&["to", "1.1.0", "-y"]).code(1).says("--reason");
    repo.rollback(&["to", "1.1.0", "-y", "--reason", "why"]).ok();
}

/// A4: a release that is marked as not stable needs a yes, whatever it is called.
#[test]
fn a4_going_to_an_unstable_release_needs_a_yes() {
    let repo = repo();
    repo.rb("release mark 1.1.0 --unstable --reason broken");
    repo.sh("git checkout -q --detach");
    let before = State::of(&repo);
    for name in ["1.1.0", "v1.1.0", "1.1", "tag:v1.1.0"] {
        repo.rollback(&["to", name]).code(1).says("not stable");
        State::of(&repo).must_be(&before, name);
    }
    tells(repo.rb("to v1.1.0 -y"), "not stable: broken");
}

/// A4: on a protected branch that is published it is a new commit; what that means later is said, and the next number.
#[test]
fn a4_after_a_revert_the_next_number_is_said() {
    let repo = repo();
    repo.sh("git tag v1.2.0; git init -q --bare ../remote; git remote add origin ../remote; git push -q origin main; git fetch -q");
    let run = repo.rb("to 1.1.0 -y");
    tells(tells(run, "git revert"), "1.2.1");
    assert_eq!(repo.answer(&["rev-parse", "HEAD^{tree}"]), repo.answer(&["rev-parse", "v1.1.0^{tree}"]));
    assert_eq!(repo.answer(&["rev-parse", "HEAD^"]), repo.answer(&["rev-parse", "v1.2.0"]));
}

/// Tags as rollback.toml calls them, and several packages in one repository.
#[test]
fn tags_by_pattern_and_by_package() {
    let repo = repo();
    repo.sh("mkdir -p lib/client go/m; printf 'module x\\n' > go/m/go.mod
        printf '[package]\\nname = \"client\"\\nversion = \"0.2.0\"\\n' > lib/client/Cargo.toml
        cat > rollback.toml <<'.'
[release]
tag = \"rel-{version}\"
[[package]]
name = \"client\"
path = \"lib/client\"
[[package]]
name = \"m\"
path = \"go/m\"
.
        git add .; git commit -qm packages; git tag client-v0.1.0; git tag rel-0.9.0");
    assert_eq!(versions(&repo, ""), ["0.9.0"]);
    assert_eq!(versions(&repo, "-p client"), ["0.1.0"]);
    repo.rb("release add 1.3.0");
    repo.rb("release add 0.2.0 -p client");
    repo.rb("release add 0.1.0 -p m");
    let tags = repo.answer(&["tag", "--points-at", "HEAD"]);
    let wanted = ["client-v0.1.0", "client-v0.2.0", "go/m/v0.1.0", "rel-0.9.0", "rel-1.3.0"];
    assert_eq!(tags.lines().collect::<Vec<_>>(), wanted);
    let shown = repo.rb("release show 0.2.0 -p client --json").json();
    assert_eq!(shown["places"][0]["path"], "lib/client/Cargo.toml");
    tells(repo.rb("to 1.3.0 -n"), "rel-1.3.0");
    tells(repo.rb("to client-v0.2.0 -n"), "`git rollback to 0.2.0 -p client` takes back nothing else");
}

/// A library with versions of its own in a repository that has others; it changed since its 1.0.0, and so did the rest.
fn several(settings: &str, path: &str, tag: &str) -> TestRepo {
    let repo = TestRepo::empty();
    repo.write("rollback.toml", settings);
    repo.sh(&format!(
        "git init -q -b main .; mkdir -p {path}; echo one > {path}/a; echo one > rest; git add .; git commit -qm one; git tag {tag}v1.0.0
        echo two > {path}/a; echo new > {path}/b; echo two > rest; git add .; git commit -qm two; git tag {tag}v1.1.0
        echo edited > {path}/a; echo edited > rest; echo loose > {path}/loose"
    ));
    repo
}

/// A4: going back to a package's version takes its directory back, and nothing else; what is there is saved.
#[test]
fn a4_a_package_goes_back_alone() {
    let client = "[[package]]\nname = \"client\"\npath = \"lib/client\"\n";
    let go = "[[package]]\nname = \"client\"\npath = \"lib/client\"\n# a Go module\n";
    for (settings, tag) in [(client, "client-"), (go, "lib/client/")] {
        let repo = several(settings, "lib/client", tag);
        let before = State::with_points(&repo);
        let head = repo.answer(&["rev-parse", "HEAD"]);
        tells(repo.rb("to 1.0.0 -p client -y"), "nothing but lib/client goes back");
        let read = |path: &str| std::fs::read_to_string(repo.path(path)).unwrap_or_default();
        assert_eq!((read("lib/client/a").as_str(), read("rest").as_str()), ("one\n", "edited\n"));
        assert!(!repo.path("lib/client/b").exists(), "it came later");
        assert_eq!(repo.answer(&["rev-parse", "HEAD"]), head);
        let row = repo.rb("history --json").json()["rollbacks"][0].clone();
        assert_eq!(row["to_version"], format!("{tag}v1.0.0"), "{row}");
        repo.rb("undo -y");
        State::with_points(&repo).must_be(&before, "undo");
        repo.rollback(&["to", "1.0.0", "-p", "client", "--reset"]).code(1).says("alone goes back");
        repo.rollback(&["to", "4.0.0", "-p", "client"]).code(1).says("no release");
        State::with_points(&repo).must_be(&before, "refused");
        tells(
            repo.rb(&format!("to {tag}v1.0.0 --dry-run")),
            "`git rollback to 1.0.0 -p client` takes back nothing else",
        );
        repo.rb("hotfix start 1.0.0 -p client");
        assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/client-1.0.1");
    }
}

/// B7: after a rollback by a commit, how the old work comes back, and which number is free, is said.
#[test]
fn b7_a_rollback_by_a_commit_says_what_comes_next() {
    let repo = repo();
    repo.sh("git tag v1.2.0; git branch hotfix/1.2.1");
    let run = tells(repo.rb("to 1.0.0 --revert -y"), "the next free version is 1.2.2");
    let made = repo.answer(&["rev-parse", "--short=10", "HEAD"]);
    tells(run, &format!("first revert the commit that this makes: `git revert {made}`"));
    assert_eq!(repo.answer(&["diff", "--name-only", "v1.0.0", "HEAD"]), "");
}
