//! Setting up: `init` looks at the repository, and what it writes is right.

use super::common::repo::words;
use super::common::{RepoFiles, State, TestRepo};

fn repo_with(files: &[(&str, &str)]) -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main");
    for (path, text) in files {
        repo.write(path, text);
    }
    repo.sh("git add -A; git commit -q --allow-empty -m first");
    repo
}

fn written(repo: &TestRepo) -> String {
    std::fs::read_to_string(repo.path("rollback.toml")).unwrap()
}

/// Files of a repository, and what its settings must say.
type Case = (&'static [(&'static str, &'static str)], &'static [&'static str]);

/// C7: each kind of project gets its tests, its package manager, its services and its branch.
#[test]
fn c7_init_knows_the_project() {
    const PACKAGE: &str = r#"{ "scripts": { "test": "vitest run" } }"#;
    const EMPTY_SCRIPT: &str = r#"{ "scripts": { "test": "echo \"Error: no test specified\" && exit 1" } }"#;
    const CASES: &[Case] = &[
        (
            &[("Cargo.toml", "[workspace]\n"), (".github/workflows/ci.yml", "")],
            &["tests = \"cargo test --workspace\"", "GitHub Actions"],
        ),
        (
            &[("package.json", PACKAGE), ("pnpm-lock.yaml", "")],
            &["tests = \"pnpm test\"", "install = \"pnpm install --frozen-lockfile\""],
        ),
        (
            &[("package.json", EMPTY_SCRIPT), ("package-lock.json", "{}")],
            &["# tests = \"make test\"", "install = \"npm ci\""],
        ),
        (
            &[("pyproject.toml", "[tool.pytest.ini_options]\n"), ("tests/test_a.py", ""), ("uv.lock", "")],
            &["tests = \"uv run pytest -q\"", "install = \"uv sync --frozen\"", "to = \"tests/test_{name}.py\""],
        ),
        (
            &[("go.mod", "module x\n"), ("compose.yaml", "")],
            &["tests = \"go test ./...\"", "# stop = \"docker compose stop\""],
        ),
        (&[("Makefile", "all:\n\ttrue\ncheck:\n\ttrue\n")], &["tests = \"make check\""]),
        (&[("pom.xml", ""), ("mvnw", "")], &["tests = \"./mvnw -q test\""]),
        (&[("notes.txt", "")], &["# tests = \"make test\"", "made for: branch main"]),
    ];
    for (files, said) in CASES {
        let repo = repo_with(files);
        let run = repo.rb("init");
        let text = written(&repo);
        for words in *said {
            assert!(text.contains(words), "{files:?}: {words:?} is not in\n{text}\n{run}");
        }
        // What it writes can be read, and nothing of it runs yet.
        assert_eq!(repo.rb("trust --show --json").json()["settings"]["allowed"], false);
        assert_eq!(repo.answer(&["rev-parse", "baseline^{commit}"]), repo.answer(&["rev-parse", "HEAD"]));
        assert_eq!(repo.answer(&["cat-file", "-t", "baseline"]), "tag");
    }
}

/// C7, F1: a dry run writes nothing; one undo takes back file and baseline.
#[test]
fn f1_init_is_one_operation() {
    let repo = repo_with(&[("Cargo.toml", "")]);
    let before = RepoFiles::of(&repo);
    let plan = repo.rb("init -n -v");
    assert!(plan.stdout().contains("rollback.toml") && plan.stderr().contains("cargo test"), "{plan}");
    assert!(RepoFiles::of(&repo) == before, "a dry run changed the repository");
    let before = State::of(&repo);
    repo.rb("init");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
    repo.rb("redo -y");
    assert!(written(&repo).contains("cargo test"));
    assert_ne!(repo.answer(&["tag", "-l", "baseline"]), "");
    repo.fsck();
}

/// C7: everything can be given by flags.
#[test]
fn c7_init_takes_flags() {
    let repo = repo_with(&[("Cargo.toml", "")]);
    repo.sh("git commit -q --allow-empty -m second");
    let args = [
        "init",
        "--tests",
        "sh -c \"true\"",
        "--stop",
        "stop it",
        "--install",
        "inst",
        "--start",
        "start it",
        "--verify",
        "http://localhost:1/x",
        "--protect",
        "live",
        "--baseline",
        "good",
        "--rev",
        "HEAD~1",
    ];
    repo.rollback(&args).ok();
    let text = written(&repo);
    for line in [
        "name = \"good\"",
        "tests = \"sh -c \\\"true\\\"\"",
        "stop = \"stop it\"",
        "install = \"inst\"",
        "start = \"start it\"",
        "verify = { http = \"http://localhost:1/x\", within = \"30s\" }",
        "branches = [\"live\"]",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert_eq!(repo.answer(&["rev-parse", "good^{commit}"]), repo.answer(&["rev-parse", "HEAD~1"]));
    repo.rollback(&["init"]).code(1).says("--force");
    repo.rollback(&words("init --force --no-baseline")).ok();
    assert!(written(&repo).contains("cargo test"));
}

/// C7: a repository without a commit gets its settings, and no baseline; an old baseline stays.
#[test]
fn c7_init_leaves_a_baseline_alone() {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b trunk");
    repo.rb("init");
    assert!(written(&repo).contains("branches = [\"trunk\"]"), "{}", written(&repo));
    assert_eq!(repo.answer(&["tag", "-l"]), "");
    let repo = repo_with(&[]);
    repo.sh("git tag baseline; git commit -q --allow-empty -m second");
    repo.rb("init");
    assert_eq!(repo.answer(&["rev-parse", "baseline"]), repo.answer(&["rev-parse", "HEAD~1"]));
}
