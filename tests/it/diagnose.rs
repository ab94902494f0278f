//! B1 to B4: what became of a release, each failure built for real, with a bare remote and a registry on the loopback.

use super::common::repo::words;
use super::common::{Registry, RepoFiles, Report, State, TestRepo};
use serde_json::Value;

/// A clone with a remote, and a registry.
pub struct Scene {
    pub repo: TestRepo,
    pub registry: Registry,
}

/// What the project's settings run; `DIR` and `URL` are the registry's.
const SETTINGS: &str = r#"
[release]
publish = [
    { name = "crate", run = "test ! -e DIR/full && grep -q \"version = .$RELEASE_VERSION\" Cargo.toml && cp Cargo.toml DIR/app-$RELEASE_VERSION && echo $PWD > DIR/where" },
    { name = "files", run = "test ! -e dist || cp dist/* DIR; echo $RELEASE_TAG > DIR/app-$RELEASE_VERSION.tar.gz" },
]
published = { name = "crate", http = "URL/app-${RELEASE_VERSION}" }
assets = { name = "files", http = "URL/app-${RELEASE_VERSION}.tar.gz" }
fetch-assets = "mkdir dist; cp DIR/app-$RELEASE_VERSION.tar.gz dist"
yank = "echo $RELEASE_VERSION >> DIR/yanked"
unyank = "rm DIR/yanked"
"#;

impl Scene {
    /// 1.0.0 is tagged, pushed and published; 1.1.0 is a commit on main, pushed and neither tagged nor published.
    pub fn new() -> Scene {
        let repo = TestRepo::empty();
        let registry = Registry::start(&repo.base().join("registry"));
        let settings = SETTINGS.replace("DIR", registry.dir()).replace("URL", &registry.url());
        repo.sh("git init -q --bare ../o.git; git init -q -b main .; git remote add origin ../o.git");
        repo.write("rollback.toml", settings);
        repo.write("CHANGELOG.md", "# Changes\n\n## 1.0.0 - 2025-01-01\n\n- first\n");
        for version in ["1.0.0", "1.1.0"] {
            repo.write("Cargo.toml", format!("[package]\nname = \"app\"\nversion = \"{version}\"\n"));
            repo.sh(&format!("git add .; git commit -qm 'version {version}'"));
        }
        repo.sh("git tag -a -m first v1.0.0 HEAD~1; git push -q origin main v1.0.0");
        for name in ["app-1.0.0", "app-1.0.0.tar.gz"] {
            registry.put(name);
        }
        let hash = repo.sh("sha256sum < rollback.toml").stdout();
        repo.rollback(&["trust", "--hash", hash.split(' ').next().unwrap()]).ok();
        Scene { repo, registry }
    }

    /// The same after a script in the worktree.
    pub fn after(script: &str) -> Scene {
        let scene = Scene::new();
        scene.sh(script);
        scene
    }

    /// Runs a script; `REG` is the directory of the registry.
    pub fn sh(&self, script: &str) {
        self.repo.sh(&script.replace("REG", self.registry.dir()));
    }

    /// What `diagnose` says of a version.
    #[track_caller]
    pub fn diagnosis(&self, version: &str) -> Value {
        let run = self.repo.rollback(&["release", "diagnose", version, "--json"]);
        let answer = run.json();
        let one = answer["releases"][0].clone();
        assert!(one.is_object(), "{run}");
        assert_eq!(run.exit(), if one["settled"] == true { 0 } else { 1 }, "{run}");
        one
    }

    /// Asserts what is the case with a version; returns the command that is shown.
    #[track_caller]
    pub fn is(&self, version: &str, state: &str) -> String {
        let one = self.diagnosis(version);
        assert_eq!(one["state"], state, "{one:#}");
        one["next"]["command"].as_str().unwrap_or_default().to_owned()
    }

    /// Runs the command that `diagnose` shows, as it stands there.
    #[track_caller]
    pub fn type_in(&self, command: &str) {
        match command.strip_prefix("git rollback ") {
            Some(line) => self.repo.rollback(&words(&format!("{line} -y"))).ok(),
            None => self.repo.sh(command),
        };
    }
}

const TAG: &str = "git tag -a -m 1.1.0 v1.1.0";

/// Ways in which 1.1.0 went wrong: the state that is named, and what was done.
pub const FAILURES: &[(&str, &str)] = &[
    ("not-pushed", TAG),
    ("not-here", "git tag v1.1.0; git push -q origin v1.1.0; git tag -d v1.1.0"),
    ("publish-failed", "git tag v1.1.0; git push -q origin v1.1.0"),
    ("partial", "git tag v1.1.0; git push -q origin v1.1.0; echo x > REG/app-1.1.0"),
    ("partial", "git tag v1.1.0; git push -q origin v1.1.0; echo x > REG/app-1.1.0.tar.gz"),
    ("version-conflict", "git tag v1.1.0; echo x > REG/app-1.1.0"),
    ("version-conflict", "echo x > REG/app-1.1.0"),
    (
        "version-conflict",
        "git tag v1.1.0; git push -q origin v1.1.0; git tag -d v1.1.0
         git commit -q --allow-empty -m mine; git tag -a -m mine v1.1.0",
    ),
    (
        "moved",
        "git tag -a -m 1.1.0 v1.1.0; git rollback release add 1.1.0; git push -q origin v1.1.0; git tag -f v1.1.0 HEAD~1",
    ),
    ("moved", "git tag -a -m 1.1.0 v1.1.0; git rollback release add 1.1.0; git tag -f v1.1.0 HEAD~1"),
    (
        "moved",
        "git tag v1.1.0; git rollback release add 1.1.0; git push -q origin v1.1.0
         git push -qf origin HEAD~1:refs/tags/v1.1.0",
    ),
    ("duplicate", "git tag v1.1.0; git push -q origin v1.1.0; git tag 1.1.0"),
    ("duplicate", "git tag v1.1.0; git push -q origin v1.1.0; git tag 1.1.0 HEAD~1"),
    ("files-differ", "git tag v1.1.0 HEAD~1; git push -q origin v1.1.0; cp Cargo.toml REG/app-1.1.0"),
    (
        "unreachable",
        "git tag -a -m 1.1.0 v1.1.0; git rollback release publish 1.1.0 -y; git push -q origin v1.1.0
         git reset -q --hard HEAD~1; git push -qf origin main",
    ),
    ("broken", "git tag v1.1.0; git push -q origin v1.1.0; git rollback release mark 1.1.0 --unstable"),
];

/// B1: each failure has its name, and one command that is shown; nothing is changed by looking.
#[test]
fn b1_every_failure_has_its_name() {
    let mut report = Report::default();
    for (state, script) in FAILURES.iter().filter(|(_, script)| !script.contains("publish")) {
        report.case(&format!("{state}: {script}"), || {
            let scene = scene_of(script);
            let before = RepoFiles::of(&scene.repo);
            assert_ne!(scene.is("1.1.0", state), "");
            let text = scene.repo.rollback(&["release", "diagnose", "1.1.0"]).code(1).stdout();
            assert!(text.contains("1.1.0: "), "{text}");
            RepoFiles::of(&scene.repo).must_be(&before, "diagnose");
        });
    }
    report.finish();
}

/// A failure; lines of the program are run as such.
pub fn scene_of(script: &str) -> Scene {
    let scene = Scene::new();
    for line in script.split([';', '\n']).map(str::trim) {
        match line.strip_prefix("git rollback ") {
            Some(line) => drop(scene.repo.rollback(&words(line)).ok()),
            None => scene.sh(line),
        }
    }
    scene
}

/// B1: a release to which nothing happened is fine, and so says the list.
#[test]
fn b1_a_good_release_is_fine() {
    let scene = Scene::new();
    let one = scene.diagnosis("1.0.0");
    assert_eq!((&one["state"], &one["settled"]), (&"fine".into(), &true.into()), "{one:#}");
    let verdicts: Vec<_> = one["facts"].as_array().unwrap().iter().map(|fact| &fact["verdict"]).collect();
    assert!(verdicts.iter().all(|verdict| *verdict == "ok"), "{one:#}");
    scene.repo.rb("release diagnose");
    scene.repo.rollback(&["release", "diagnose", "7.0.0"]).code(1).says("no release");
}

/// B1: the list has the newest first, also those that only the remote has; the limit counts what is left out.
#[test]
fn b1_the_newest_are_looked_at() {
    let scene =
        Scene::after("for n in 2 3 4; do git tag v1.$n.0; done; git push -q origin v1.4.0 v1.3.0; git tag -d v1.4.0");
    let answer = scene.repo.rollback(&["release", "diagnose", "--limit", "3", "--json"]).code(1).json();
    let versions: Vec<_> = answer["releases"].as_array().unwrap().iter().map(|one| one["version"].clone()).collect();
    assert_eq!(versions, ["1.4.0", "1.3.0", "1.2.0"], "{answer:#}");
    assert_eq!(answer["more"], 1, "{answer:#}");
}

/// B1: without network and registry it says what was not asked, and concludes nothing from it.
#[test]
fn b1_what_was_not_asked_is_said() {
    let scene = scene_of("git tag v1.1.0; git push -q origin v1.1.0");
    let not_asked = |args: &[&str], said: &str| {
        let run = scene.repo.rollback(&[&["release", "diagnose", "1.1.0", "--json"], args].concat());
        let answer = run.json();
        assert!(answer["not_asked"].to_string().contains(said), "{said}\n{answer:#}");
        answer["releases"][0]["state"].clone()
    };
    assert_eq!(not_asked(&["--offline"], "--offline"), "fine");
    assert_eq!(not_asked(&["--dry-run"], "the registry was not asked"), "fine");
    scene.sh("touch REG/down");
    assert_eq!(scene.is("1.1.0", "fine"), "", "a server that is down is no answer");
    scene.sh("rm REG/down; git remote set-url origin ../nowhere");
    assert_eq!(not_asked(&[], "origin cannot be asked"), "publish-failed");
    scene.sh("echo '# changed' >> rollback.toml");
    assert_eq!(not_asked(&[], "not the one that was allowed"), "fine");
}

/// B1: a signature is verified by git, with a key made here; one that does not belong to its tag is found.
#[test]
fn b1_signatures_are_verified() {
    let scene = Scene::new();
    scene.sh(
        "ssh-keygen -q -t ed25519 -N '' -f ../key; echo \"committer@example.com $(cat ../key.pub)\" > ../allowed
         git config gpg.format ssh; git config user.signingkey ../key; git config gpg.ssh.allowedSignersFile ../allowed
         git tag -s -m signed v1.1.0; git push -q origin v1.1.0; cp Cargo.toml REG/app-1.1.0; touch REG/app-1.1.0.tar.gz",
    );
    let signature = |one: &Value| {
        let facts = one["facts"].as_array().unwrap();
        facts.iter().find(|fact| fact["name"] == "signature").unwrap().clone()
    };
    assert_eq!(signature(&scene.diagnosis("1.1.0"))["detail"], "good");
    scene.sh("git config gpg.ssh.program 'touch ../ran; ssh-keygen'");
    assert_eq!(signature(&scene.diagnosis("1.1.0"))["detail"], "good");
    assert!(!scene.repo.base().join("ran").exists(), "a program that the repository names was run");
    scene.sh("rm ../allowed");
    assert_eq!(signature(&scene.diagnosis("1.1.0"))["verdict"], "unknown");
    scene.sh("echo \"committer@example.com $(cat ../key.pub)\" > ../allowed
         git cat-file tag v1.1.0 | sed s/signed/forged/ | git hash-object -t tag -w --stdin > ../forged
         git update-ref refs/tags/v1.1.0 $(cat ../forged); git push -qf origin v1.1.0");
    assert!(scene.is("1.1.0", "bad-signature").contains("repair"));
}

/// B2: where `repair` is the answer, the command that is shown repairs it, and `undo` brings back what was there.
#[test]
fn b2_the_repair_that_is_shown_repairs() {
    let mut report = Report::default();
    let states = ["version-conflict", "moved", "duplicate", "files-differ"];
    for (state, script) in FAILURES.iter().filter(|(state, _)| states.contains(state)) {
        report.case(&format!("{state}: {script}"), || {
            let scene = scene_of(script);
            let command = scene.is("1.1.0", state);
            assert!(command.contains("release repair"), "{command}");
            let remote = || scene.repo.answer(&["ls-remote", "origin"]);
            let (there, before) = (remote(), State::with_points(&scene.repo));
            scene.type_in(&command);
            assert_eq!(remote(), there, "nothing is sent without --push");
            let after = scene.repo.rollback(&["release", "diagnose", "1.1.0", "--json"]).json();
            let after = after["releases"][0]["state"].as_str().unwrap_or("no such release").to_owned();
            assert!(after != *state, "still {after}");
            scene.repo.fsck();
            let id = scene.repo.operations().remove(0);
            scene.repo.rb(&format!("undo {id} -y"));
            State::with_points(&scene.repo).must_be(&before, "undo");
        });
    }
    report.finish();
}

/// B2, A9: a tag that nobody has goes; one that may be published stays, unless it is forced with a reason.
#[test]
fn b2_a_published_tag_is_not_deleted_by_the_way() {
    let scene = scene_of("git tag -a -m 1.1.0 v1.1.0");
    let repo = &scene.repo;
    let before = State::with_points(repo);
    repo.rb("release repair 1.1.0 --delete-tag");
    assert_eq!(repo.answer(&["tag", "-l", "v1.1.0"]), "");
    // The tag object comes back even when git has pruned it.
    repo.git(&["-c", "gc.reflogExpire=now", "gc", "-q", "--prune=now"]);
    let id = repo.operations().remove(0);
    repo.rb(&format!("undo {id}"));
    State::with_points(repo).must_be(&before, "undo");

    scene.sh("git push -q origin v1.1.0");
    for line in ["release repair 1.1.0 --delete-tag", "release repair 1.1.0 --delete-tag --force --push -y"] {
        repo.rollback(&words(line)).code(1).says("may be published").says("--renumber").says("--reason");
    }
    // Nobody knows what a remote has that cannot be asked.
    scene.sh("git remote set-url origin ../nowhere");
    repo.rollback(&words("release repair 1.1.0 --delete-tag")).code(1).says("may be published");
    scene.sh("git remote set-url origin ../o.git");
    State::with_points(repo).must_be(&before, "refused");

    // Without --push the remote keeps it; with it a yes is needed.
    let line = "release repair 1.1.0 --delete-tag --force --push --reason mistake";
    repo.rollback(&words(line)).code(1).says("--yes");
    let tag = repo.answer(&["rev-parse", "v1.1.0"]);
    let done = repo.rb(&format!("{line} -y --json")).json();
    assert_eq!(repo.answer(&["ls-remote", "origin", "refs/tags/v1.1.0"]), "");
    assert_eq!(repo.answer(&["tag", "-l", "v1.1.0"]), "");
    // The way back, here and there, as it is said.
    let undone = repo.rb(&format!("undo {} -y --json", done["operation"].as_str().unwrap())).json();
    assert!(undone["warnings"].to_string().contains("v1.1.0 (deleted)"), "{undone}");
    scene.type_in(done["next"][0]["command"].as_str().unwrap());
    let there = repo.answer(&["ls-remote", "origin", "refs/tags/v1.1.0"]);
    assert_eq!(there.split('\t').next().unwrap(), tag, "the same tag object");
}

/// B2: the remote's tag goes only if it is still the one that was seen.
#[test]
fn b2_a_newer_tag_of_somebody_else_is_not_deleted() {
    let scene = scene_of("git tag v1.1.0; git push -q origin v1.1.0");
    // Somebody moves it between the look and the push.
    scene.sh("mkdir -p .git/hooks; printf '#!/bin/sh\\ngit push -qf ../o.git HEAD~1:refs/tags/v1.1.0 --no-verify\\n' > .git/hooks/pre-push");
    scene.sh("chmod +x .git/hooks/pre-push");
    let line = "release repair 1.1.0 --delete-tag --force --push --reason mistake -y --json";
    let run = scene.repo.rollback(&words(line)).code(2);
    assert!(run.json()["warnings"].to_string().contains("v1.1.0"), "{run}");
    let there = scene.repo.answer(&["ls-remote", "origin", "refs/tags/v1.1.0"]);
    assert!(there.starts_with(&scene.repo.answer(&["rev-parse", "HEAD~1"])), "{there}");
}

/// B2: the new number is sent whole or not at all, and what was done here stays to be sent again.
#[test]
fn b2_a_rejected_push_leaves_all_of_it_here() {
    let scene = scene_of("git tag v1.1.0; echo x > REG/app-1.1.0");
    scene.sh(
        "mkdir -p ../o.git/hooks; printf '#!/bin/sh\\ncase $1 in refs/heads/*) echo no pushes today; exit 1;; esac\\n' > ../o.git/hooks/update",
    );
    scene.sh("chmod +x ../o.git/hooks/update");
    let before = scene.repo.answer(&["ls-remote", "origin"]);
    let run = scene.repo.rollback(&words("release repair 1.1.0 --push -y --json")).code(2);
    let answer = run.json();
    assert!(answer["warnings"].to_string().contains("no pushes today"), "{run}");
    assert_eq!(scene.repo.answer(&["ls-remote", "origin"]), before, "a tag landed alone");
    assert_eq!(scene.repo.answer(&["show", "v1.1.1:Cargo.toml"]).lines().last().unwrap(), "version = \"1.1.1\"");
    scene.sh("rm ../o.git/hooks/update");
    scene.type_in(answer["next"][0]["command"].as_str().unwrap());
    assert_eq!(scene.is("1.1.1", "publish-failed"), "git rollback release publish 1.1.1");
    assert_eq!(scene.is("1.1.0", "given-up"), "");
    assert!(scene.repo.answer(&["show", "v1.1.1:CHANGELOG.md"]).contains("In place of 1.1.0"));
}

/// B2: the next number is one that the remote and the registry do not have either.
#[test]
fn b2_the_next_number_is_free_everywhere() {
    let scene = scene_of(
        "git tag v1.1.0; echo x > REG/app-1.1.0; git tag v1.1.1; git push -q origin v1.1.1; git tag -d v1.1.1; echo x > REG/app-1.1.2",
    );
    let done = scene.repo.rb("release repair 1.1.0 --json").json();
    assert_eq!(done["point"], "v1.1.3", "{done:#}");
}

/// B2: changes that are not committed stay as they are; where they would be mixed in, it is refused.
#[test]
fn b2_work_that_is_not_committed_is_not_released() {
    let scene = scene_of("git tag v1.1.0; echo x > REG/app-1.1.0");
    scene.repo.append("rollback.toml", "# mine\n");
    scene.repo.write("new.txt", "untracked\n");
    let trusted = scene.repo.sh("sha256sum < rollback.toml").stdout();
    scene.repo.rollback(&["trust", "--hash", trusted.split(' ').next().unwrap()]).ok();
    scene.repo.rb("release repair 1.1.0");
    assert_eq!(scene.repo.answer(&["status", "--porcelain"]), " M rollback.toml\n?? new.txt");
    scene.repo.rb("undo");
    scene.repo.append("CHANGELOG.md", "mine\n");
    let before = State::of(&scene.repo);
    scene.repo.rollback(&words("release repair 1.1.0")).code(1).says("CHANGELOG.md").says("backup --clean");
    State::of(&scene.repo).must_be(&before, "refused");
}

/// B3: where `publish` is the answer, the command that is shown finishes the release; a second run does nothing.
#[test]
fn b3_publishing_is_finished_from_the_tag() {
    let mut report = Report::default();
    for (state, script) in FAILURES.iter().filter(|(state, _)| ["publish-failed", "partial"].contains(state)) {
        report.case(&format!("{state}: {script}"), || {
            let scene = scene_of(&format!("{script}; echo dirty >> Cargo.toml; git rm -q CHANGELOG.md"));
            let command = scene.is("1.1.0", state);
            assert!(command.contains("release publish"), "{command}");
            let before = State::of(&scene.repo);
            scene.repo.rollback(&words(command.strip_prefix("git rollback ").unwrap())).code(1).says("--yes");
            scene.type_in(&command);
            State::of(&scene.repo).must_be(&before, "publish");
            scene.is("1.1.0", "fine");
            assert_eq!(scene.repo.answer(&["worktree", "list"]).lines().count(), 1);
            let at = |name: &str| {
                std::fs::metadata(scene.repo.base().join("registry").join(name)).unwrap().modified().unwrap()
            };
            let first = (at("app-1.1.0"), at("app-1.1.0.tar.gz"));
            let again = scene.repo.rb("release publish 1.1.0 --json").json();
            assert!(again["summary"].as_str().unwrap().starts_with("Nothing to do: 1.1.0 is published"), "{again}");
            assert_eq!((at("app-1.1.0"), at("app-1.1.0.tar.gz")), first, "published twice");
        });
    }
    report.finish();
}

/// B3: what the registry has is left out, the rest is published where nothing of the user's is.
#[test]
fn b3_only_what_is_missing_is_published() {
    let scene = scene_of("git tag v1.1.0; git push -q origin v1.1.0; echo theirs > REG/app-1.1.0");
    scene.repo.rb("release publish 1.1.0 -y");
    let registry = scene.repo.base().join("registry");
    assert_eq!(std::fs::read_to_string(registry.join("app-1.1.0")).unwrap(), "theirs\n");
    assert_eq!(std::fs::read_to_string(registry.join("app-1.1.0.tar.gz")).unwrap(), "v1.1.0\n");
    assert!(!registry.join("where").exists(), "the task for the crate has run");
    scene.sh("git tag v1.2.0; git push -q origin v1.2.0");
    scene.repo.rollback(&words("release publish 1.2.0 -y")).code(1).says("says 1.1.0").says("release repair 1.2.0");
}

/// B3: a command that fails is recorded and said; nothing claims that it is published.
#[test]
fn b3_a_failing_command_is_no_release() {
    let scene = scene_of("git tag v1.1.0; git push -q origin v1.1.0");
    scene.sh("touch REG/full");
    scene.repo.rollback(&words("release publish 1.1.0 -y")).code(1).says("crate failed").says("release diagnose 1.1.0");
    assert_eq!(scene.repo.rb("log --json").json()["operations"][0]["command"], "release publish");
    assert!(scene.is("1.1.0", "publish-failed").contains("publish"));
}

/// B3: commands that were not allowed are not run, and what cannot be asked is not published twice.
#[test]
fn b3_nothing_is_published_blindly() {
    let scene = scene_of("git tag v1.1.0; git push -q origin v1.1.0; touch REG/down");
    scene.repo.rollback(&words("release publish 1.1.0 -y")).code(1).says("nobody can tell");
    scene.sh("rm REG/down; echo '# changed' >> rollback.toml");
    scene.repo.rollback(&words("release publish 1.1.0 -y")).code(1).says("allowed");
    scene.sh("git checkout -q rollback.toml");
    scene.repo.rb("release publish 1.1.0 --dry-run");
    scene.is("1.1.0", "publish-failed");
}

/// B4: withdrawing marks, runs the command, says why, and can be taken back; the hotfix that is shown replaces it.
#[test]
fn b4_a_broken_release_is_withdrawn_and_replaced() {
    let scene = Scene::new();
    let repo = &scene.repo;
    repo.rollback(&words("release yank 1.0.0 -y")).code(1).says("--reason");
    repo.rollback(&words("release yank 1.0.0 --reason leaks")).code(1).says("--yes");
    repo.rb("release yank 1.0.0 --reason leaks -y");
    let yanked = || std::fs::read_to_string(repo.base().join("registry/yanked")).unwrap_or_default();
    assert_eq!(yanked(), "1.0.0\n");
    let one = scene.diagnosis("1.0.0");
    assert_eq!((&one["state"], &one["summary"]), (&"broken".into(), &"it was withdrawn: leaks".into()));
    let again = repo.rb("release yank 1.0.0 --reason leaks -y").stdout();
    assert!(again.contains("withdrawn already") && yanked() == "1.0.0\n", "{again}");
    repo.rb("release yank 1.0.0 --undo -y");
    assert_eq!(yanked(), "");
    scene.is("1.0.0", "fine");
    repo.rb("release yank 1.0.0 --reason leaks -y");
    let command = scene.is("1.0.0", "broken");
    scene.type_in(&command);
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/1.0.1");
    scene.sh("git commit -q --allow-empty -m fix; git tag v1.0.1; git push -q origin v1.0.1");
    assert_eq!(scene.is("1.0.0", "broken"), "", "settled: 1.0.1 came after it");
}

/// B4: the hotfix begins in the same step when that is asked for; a failing command leaves the mark, and is tried again.
#[test]
fn b4_the_mark_stays_when_the_registry_refuses() {
    let scene = Scene::new();
    scene.sh("mkdir REG/yanked");
    let run = scene.repo.rollback(&words("release yank 1.0.0 --reason leaks -y --hotfix")).code(2);
    assert!(run.stdout().contains("git rollback release yank 1.0.0"), "{run}");
    assert_eq!(scene.repo.answer(&["symbolic-ref", "--short", "HEAD"]), "main");
    scene.is("1.0.0", "broken");
    scene.sh("rmdir REG/yanked");
    scene.repo.rb("release yank 1.0.0 --reason leaks -y --hotfix");
    assert_eq!(scene.repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/1.0.1");
}

/// Eight releases; the tests fail from 1.5.0 on, and in a commit after it; others stand for themselves.
fn eight_releases() -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main .");
    let counted = repo.base().join("tested").display().to_string();
    repo.write(
        "rollback.toml",
        format!("[commands]\ntest = \"ls v* | tail -n1 >> {counted}; test ! -e bug -a ! -e worse\"\n"),
    );
    for n in 0..8 {
        repo.write(format!("v{n}"), "");
        let bug = if n == 5 { "touch bug;" } else { "" };
        repo.sh(&format!("{bug} git add .; git commit -qm 'version 1.{n}.0'; git tag v1.{n}.0"));
    }
    repo.sh("echo good > good; git add good; git commit -qm good; touch worse; git add worse; git commit -qm worse");
    let hash = repo.sh("sha256sum < rollback.toml").stdout();
    repo.rollback(&["trust", "--hash", hash.split(' ').next().unwrap()]).ok();
    repo
}

/// B6: the last good release is the newest one that is marked stable, or was not marked at all.
#[test]
fn b6_the_last_good_release_is_found_by_its_marks() {
    let repo = eight_releases();
    let found = || repo.rb("release last-good --json").json();
    assert_eq!(found()["tag"], "v1.7.0");
    repo.rb("release mark 1.7.0 --unstable --reason broken");
    assert_eq!(found()["tag"], "v1.6.0");
    repo.rb("release mark 1.2.0 --stable");
    let answer = found();
    assert_eq!((&answer["tag"], answer["passed_over"].as_array().unwrap().len()), (&"v1.2.0".into(), 5), "{answer:#}");
    let empty = TestRepo::empty();
    empty.sh("git init -q -b main .; git commit -q --allow-empty -m first");
    empty.rollback(&words("release last-good")).code(1);
}

/// B6: the tests find it by halving, in temporary worktrees; what they say is marked, and asked only once.
#[test]
fn b6_the_tests_find_the_last_good_release() {
    let repo = eight_releases();
    repo.append("v1", "dirty\n");
    let before = State::of(&repo);
    let answer = repo.rb("release last-good --test --json").json();
    assert_eq!(answer["tag"], "v1.4.0", "{answer:#}");
    State::of(&repo).must_be(&before, "last-good --test");
    let tested = || std::fs::read_to_string(repo.base().join("tested")).unwrap();
    let order: Vec<String> = tested().lines().map(str::to_owned).collect();
    assert_eq!(order, ["v7", "v6", "v4", "v5"], "newest first, then in growing steps, then halved");
    let list = repo.rb("release list --json").json();
    let stable: Vec<_> = list["releases"].as_array().unwrap().iter().map(|row| row["stable"].clone()).collect();
    assert_eq!(serde_json::json!(stable[..5]), serde_json::json!([false, false, false, true, null]), "{list:#}");
    repo.rb("release last-good --test");
    assert_eq!(tested().lines().count(), 4, "it was tested again");
    assert_eq!(repo.rb("release last-good --json").json()["tag"], "v1.4.0");
    assert_eq!(repo.answer(&["worktree", "list"]).lines().count(), 1);
}

/// B6: a branch at the last good release gets the commits that came after it and pass the tests.
#[test]
fn b6_good_commits_are_brought_onto_the_last_good_release() {
    let repo = eight_releases();
    let listed = repo.rb("release last-good --recover --json").json();
    assert_eq!(listed["kind"], "candidates", "{listed}");
    let before = State::of(&repo);
    repo.rb("release last-good --test --recover -y");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "recovery/1.4.0");
    let subjects = repo.answer(&["log", "--format=%s", "v1.4.0.."]);
    assert!(subjects.contains("good") && !subjects.contains("worse"), "{subjects}");
    assert!(repo.path("good").exists() && !repo.path("bug").exists() && !repo.path("worse").exists());
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
    repo.sh("git switch -q --detach main");
    repo.rollback(&["release", "last-good", "--recover", "good", "-y"]).code(1);
    let good = repo.answer(&["rev-parse", "main~1"]);
    repo.rollback(&["release", "last-good", "-y", "--recover", &good]).ok();
    assert_eq!(repo.answer(&["log", "--format=%s", "v1.4.0.."]), "good");
}

/// B8, A7: what happened to a release is written down from its history; `history` tells of it as well.
#[test]
fn b8_a_postmortem_tells_what_happened() {
    let scene = Scene::new();
    let repo = &scene.repo;
    scene.sh("git tag -a -m Faster v1.1.0; git push -q origin v1.1.0");
    repo.rb("release publish 1.1.0 -y");
    repo.rb("release yank 1.1.0 --reason leaks -y");
    repo.rollback(&["to", "1.0.0", "--reason", "1.1.0 leaks", "--cause", "a|pipe", "--detach", "-y"]).ok();
    repo.sh("git switch -q main");
    repo.rb("hotfix start 1.1.0 -m plug");
    repo.sh("git switch -q main");
    let before = State::of(repo);
    let run = repo.rb("release postmortem 1.1.0 --json");
    let answer = run.json();
    assert_eq!((&answer["kind"], &answer["file"]), (&"postmortem".into(), &"rollbacks/postmortem-1.1.0.md".into()));
    let text = std::fs::read_to_string(repo.path("rollbacks/postmortem-1.1.0.md")).unwrap();
    for part in [
        "# Post-mortem of 1.1.0\n",
        "| State | **broken**: it was withdrawn: leaks |",
        "Published 1.1.0 from v1.1.0, by C. O. Mitter",
        "Withdraw 1.1.0 (leaks)",
        "Start the hotfix 1.1.1 on hotfix/1.1.1",
        "| v1.1.0 | v1.0.0 |  | a\\|pipe |",
        "| 1.1.1 | hotfix/1.1.1 | open | plug |",
        "1 commits since v1.0.0",
        "- [x] It is marked as not to be relied on: leaks",
        "- [ ] A release that replaces it is there",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(!text.contains("\n\n\n"), "{text}");
    // An earlier one stays.
    let again = repo.rb("release postmortem 1.1.0 --offline --json").json();
    assert_eq!(again["file"], "rollbacks/postmortem-1.1.0-2.md");
    repo.rb("undo");
    repo.rb("undo");
    State::of(repo).must_be(&before, "undo");
    repo.rollback(&words("release postmortem 7.0.0")).code(1);

    let history = repo.rb("history --json").json();
    let what: Vec<_> = history["releases"].as_array().unwrap().iter().map(|row| row["summary"].to_string()).collect();
    assert!(what.iter().any(|text| text.contains("Withdraw 1.1.0")), "{history:#}");
    assert!(what.iter().any(|text| text.contains("Start the hotfix 1.1.1")), "{history:#}");
    assert!(repo.rb("history --cause a --json").json()["releases"].as_array().unwrap().is_empty());
}

/// B2: the new tag is signed where git's configuration wants tags to be signed.
#[test]
fn b2_the_new_tag_is_signed() {
    let scene = scene_of("git tag v1.1.0; echo x > REG/app-1.1.0");
    scene.sh("ssh-keygen -q -t ed25519 -N '' -f ../key; echo \"committer@example.com $(cat ../key.pub)\" > ../allowed
         git config gpg.format ssh; git config user.signingkey $PWD/../key; git config tag.gpgSign true
         git config gpg.ssh.allowedSignersFile $PWD/../allowed");
    scene.repo.rb("release repair 1.1.0");
    scene.repo.git(&["verify-tag", "v1.1.1"]);
    scene.repo.fsck();
}
