//! B9: several packages in one repository, each published in its own way, with a registry on the loopback; Go modules.

use super::common::repo::words;
use super::common::{Registry, State, TestRepo};

/// `client` publishes in its own way, `server` as `[release]` says; both are at 1.0.0, tagged and not published.
struct Scene {
    repo: TestRepo,
    registry: Registry,
}

const SETTINGS: &str = r#"
[release]
publish = "echo $RELEASE_PACKAGE $RELEASE_TAG > DIR/whole-$RELEASE_PACKAGE-$RELEASE_VERSION"
published = { http = "URL/whole-${RELEASE_PACKAGE}-${RELEASE_VERSION}" }
yank = "rm DIR/whole-$RELEASE_PACKAGE-$RELEASE_VERSION"

[[package]]
name = "client"
path = "client"
publish = { run = "cp package.json DIR/own-$RELEASE_VERSION", cwd = "client" }
published = { http = "URL/own-${RELEASE_VERSION}" }
yank = "test -e DIR/stays || rm DIR/own-$RELEASE_VERSION"
unyank = "touch DIR/own-$RELEASE_VERSION"

[[package]]
name = "server"
path = "server"
"#;

impl Scene {
    fn new() -> Scene {
        let repo = TestRepo::empty();
        let registry = Registry::start(&repo.base().join("registry"));
        repo.sh("git init -q --bare ../o.git; git init -q -b main .; git remote add origin ../o.git");
        repo.write("rollback.toml", SETTINGS.replace("DIR", registry.dir()).replace("URL", &registry.url()));
        for name in ["client", "server"] {
            repo.write(format!("{name}/package.json"), format!("{{\"name\": \"{name}\", \"version\": \"1.0.0\"}}\n"));
        }
        repo.sh("git add .; git commit -qm one; git tag client-v1.0.0; git tag server-v1.0.0; git push -q origin main client-v1.0.0 server-v1.0.0");
        repo.trust();
        Scene { repo, registry }
    }

    fn there(&self) -> Vec<String> {
        let dir = std::fs::read_dir(self.registry.dir()).unwrap();
        let mut names: Vec<String> = dir.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Asserts what is the case with 1.0.0 of a package; returns the command that is shown.
    #[track_caller]
    fn is(&self, package: &str, state: &str) -> String {
        let run = self.repo.rollback(&words(&format!("release diagnose 1.0.0 -p {package} --json")));
        let one = run.json()["releases"][0].clone();
        assert_eq!(one["state"], state, "{one:#}");
        one["next"]["command"].as_str().unwrap_or_default().to_owned()
    }
}

/// B3: a package is published and withdrawn with its own commands, another with those of `[release]`; neither touches the other.
#[test]
fn b3_each_package_is_published_in_its_own_way() {
    let scene = Scene::new();
    let repo = &scene.repo;
    for (package, file) in [("client", "own-1.0.0"), ("server", "whole-server-1.0.0")] {
        let before = scene.there();
        let command = scene.is(package, "publish-failed");
        assert_eq!(command, format!("git rollback release publish 1.0.0 -p {package}"));
        repo.typed(&command).ok();
        assert_eq!(scene.is(package, "fine"), "");
        assert!(
            scene.there().contains(&file.to_owned()) && scene.there().len() == before.len() + 1,
            "{:?}",
            scene.there()
        );
        let again = repo.rb(&format!("release publish 1.0.0 -p {package} --json")).json();
        assert!(again["summary"].as_str().unwrap().starts_with("Nothing to do"), "{again}");
    }
    let text = |name: &str| std::fs::read_to_string(repo.base().join("registry").join(name)).unwrap();
    assert_eq!(text("whole-server-1.0.0"), "server server-v1.0.0\n");
    assert!(text("own-1.0.0").contains("client"), "run in the directory that `cwd` says");
    // What is allowed is shown with the package that runs it.
    let shown = repo.rb("trust --show").stdout();
    for key in ["release publish", "package client publish", "package client unyank"] {
        assert!(shown.contains(key), "{key}\n{shown}");
    }
    assert!(!shown.contains("package server"), "{shown}");

    repo.rb("release yank 1.0.0 -p client --reason leaks -y");
    assert_eq!(scene.there(), ["whole-server-1.0.0"]);
    assert_eq!(scene.is("client", "broken"), "git rollback hotfix start 1.0.0 -p client");
    scene.is("server", "fine");
    repo.typed("git rollback hotfix start 1.0.0 -p client").ok();
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/client-1.0.1");
    repo.rb("undo -y");
    repo.rb("release yank 1.0.0 -p client --undo -y");
    assert_eq!(scene.there(), ["own-1.0.0", "whole-server-1.0.0"]);
    repo.rb("release yank 1.0.0 -p server --reason leaks -y");
    assert_eq!(scene.there(), ["own-1.0.0"]);
    repo.rollback(&words("release yank 1.0.0 -p nobody --reason leaks -y")).code(1).says("no package");
    repo.rollback(&words("hotfix start client-v1.0.0")).code(1).says("-p client 1.0.0");
}

/// B4: after withdrawing the registry is asked, and what it says is said and recorded.
#[test]
fn b4_what_the_registry_has_after_a_yank_is_said() {
    let scene = Scene::new();
    let repo = &scene.repo;
    let facts = |key: &str| {
        let shown = repo.rb(&format!("show {} --json", repo.operations()[0])).stdout();
        assert!(shown.contains(key), "{key} is not in {shown}");
    };
    repo.rb("release publish 1.0.0 -p client -y");
    let gone = repo.rb("release yank 1.0.0 -p client --reason leaks -y --json").json();
    assert!(gone["summary"].as_str().unwrap().ends_with("the registry has it no more"), "{gone}");
    assert_eq!(gone["warnings"], serde_json::json!([]));
    facts("gone yes");
    let back = repo.rb("release yank 1.0.0 -p client --undo -y --json").json();
    assert!(back["summary"].as_str().unwrap().ends_with("the registry has it again"), "{back}");
    // A registry that only hides it.
    scene.registry.put("stays");
    let stays = repo.rb("release yank 1.0.0 -p client --reason leaks -y --json").json();
    assert!(stays["warnings"].to_string().contains("still has 1.0.0 (published)"), "{stays}");
    assert!(!stays["summary"].as_str().unwrap().contains("no more"), "{stays}");
    facts("gone no");
    // Nobody answers.
    repo.rb("release publish 1.0.0 -p server -y");
    scene.registry.put("down");
    let down = repo.rb("release yank 1.0.0 -p server --reason leaks -y --json");
    assert!(down.json()["warnings"].to_string().contains("nobody can tell"), "{down}");
}

/// B4: a command that failed is tried again as it is shown; why it is withdrawn is known by then.
#[test]
fn b4_a_yank_is_tried_again_as_it_is_shown() {
    let scene = Scene::new();
    let failed = scene.repo.rollback(&words("release yank 1.0.0 -p server --reason leaks -y --json")).code(2).json();
    let command = failed["next"][0]["command"].as_str().unwrap();
    scene.repo.rb("release publish 1.0.0 -p client -y");
    scene.registry.put("whole-server-1.0.0");
    scene.repo.typed(command).ok();
    assert_eq!(scene.there(), ["own-1.0.0"]);
    let shown = scene.repo.rb("release show 1.0.0 -p server --json").json();
    assert_eq!(shown["why"], "leaks", "{shown}");
}

/// B9, A5: a Go module in a directory: its tags are the directory's path and `v1.2.3`, from recording to the finished hotfix.
#[test]
fn b9_a_go_module_has_the_tags_that_go_wants() {
    let repo = TestRepo::empty();
    repo.sh("git init -q --bare ../o.git; git init -q -b main .; git remote add origin ../o.git; mkdir -p sub/dir sub/dir/v2
        echo 'module example.org/r/sub/dir' > sub/dir/go.mod; echo 'package dir' > sub/dir/a.go
        echo 'module example.org/r/sub/dir/v2' > sub/dir/v2/go.mod; echo 'package dir' > sub/dir/v2/a.go");
    repo.write(
        "rollback.toml",
        "[[package]]\nname = \"dir\"\npath = \"sub/dir\"\n[[package]]\nname = \"dir2\"\npath = \"sub/dir/v2\"\n",
    );
    repo.sh("git add .; git commit -qm one");
    repo.rb("release add 1.2.3 -p dir");
    repo.rb("release add 2.0.0 -p dir2");
    assert_eq!(repo.answer(&["tag"]), "sub/dir/v1.2.3\nsub/dir/v2.0.0");
    repo.sh("git push -q origin main --tags; echo 'package dir // new' > sub/dir/a.go; git commit -qam two");

    repo.rb("release check 1.2.3 -p dir");
    assert_eq!(repo.rb("release show 1.2.3 -p dir --json").json()["tag"], "sub/dir/v1.2.3");
    let diagnosed = repo.rb("release diagnose 1.2.3 -p dir --json").json();
    assert_eq!(
        (&diagnosed["releases"][0]["tag"], &diagnosed["releases"][0]["state"]),
        (&"sub/dir/v1.2.3".into(), &"fine".into())
    );

    let before = State::with_points(&repo);
    repo.rb("hotfix start 1.2.3 -p dir -m Plug");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "hotfix/dir-1.2.4");
    assert_eq!(repo.answer(&["show", "HEAD:sub/dir/a.go"]), "package dir");
    repo.sh("echo 'package dir // fixed' > sub/dir/b.go; git add .; git commit -qm fix");
    repo.rb("hotfix finish -p dir -y");
    assert_eq!(repo.answer(&["tag", "-l", "sub/dir/v1.2.4"]), "sub/dir/v1.2.4");
    assert_eq!(repo.answer(&["rev-parse", "sub/dir/v1.2.4^{commit}"]), repo.answer(&["rev-parse", "hotfix/dir-1.2.4"]));
    assert_eq!(repo.answer(&["show", "main:sub/dir/b.go"]), "package dir // fixed");
    assert_eq!(repo.answer(&["show", "main:sub/dir/a.go"]), "package dir // new");
    let diagnosed = repo.rollback(&words("release diagnose 1.2.4 -p dir --json")).code(1).json();
    let one = &diagnosed["releases"][0];
    assert_eq!((&one["state"], &one["tag"]), (&"not-pushed".into(), &"sub/dir/v1.2.4".into()), "{one:#}");
    repo.typed(one["next"]["command"].as_str().unwrap()).ok();
    repo.rb("release diagnose 1.2.4 -p dir");
    repo.fsck();
    // Back over all of it.
    repo.rb("undo -y");
    repo.sh("git reset -q --hard HEAD~1");
    repo.rb("undo -y");
    State::with_points(&repo).without("ref refs/remotes").must_be(&before.without("ref refs/remotes"), "undo");
}
