//! B1 to B4: what became of a release, each failure built for real, with a bare remote and a registry on the loopback.

use super::common::repo::words;
use super::common::{Registry, RepoFiles, Report, TestRepo};
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
    { name = "crate", run = "grep -q \"version = .$RELEASE_VERSION\" Cargo.toml && cp Cargo.toml DIR/app-$RELEASE_VERSION; echo $PWD > DIR/where" },
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

/// B1: where plain git is the answer, the command that is shown is one that git takes, and it helps.
#[test]
fn b1_the_git_command_that_is_shown_helps() {
    let mut report = Report::default();
    for (state, script) in FAILURES.iter().filter(|(state, _)| ["not-pushed", "not-here"].contains(state)) {
        report.case(&format!("{state}: {script}"), || {
            let scene = scene_of(&format!("{script}; touch REG/app-1.1.0.tar.gz"));
            let command = scene.is("1.1.0", state);
            scene.type_in(&command);
            scene.sh("cp Cargo.toml REG/app-1.1.0");
            scene.is("1.1.0", "fine");
        });
    }
    report.finish();
}
