//! Real test runners: what they print is understood, and their exit codes decide. One that is not installed is left out,
//! which is said on standard error.

use super::common::repo::words;
use super::common::{Run, TestRepo};
use serde_json::{Value, json};
use std::io::Write;

/// Whether a program answers; where it does not, a line says so even when the output of tests is captured.
fn is_there(repo: &TestRepo, program: &str, args: &str) -> bool {
    let mut command = repo.command("sh");
    let there = Run::of(command.args(["-c", &format!("{}{program} {args}", of_cargo_in_shell())])).exit() == 0;
    if !there {
        // Not eprintln: that is captured.
        let mut stderr = std::io::stderr().lock();
        writeln!(stderr, "SKIPPED: {program} is not there, so nothing is shown with it").unwrap();
    }
    there
}

/// Cargo looks for itself and for its toolchain where the user has them.
fn of_cargo() -> Vec<(&'static str, String)> {
    let names = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
    names.into_iter().filter_map(|name| Some((name, std::env::var(name).ok()?))).collect()
}

fn of_cargo_in_shell() -> String {
    of_cargo().iter().map(|(name, value)| format!("{name}='{value}' ")).collect()
}

/// A task that runs a line, with the environment that cargo needs.
fn with_cargo(line: &str) -> String {
    let environment: Vec<String> =
        of_cargo().iter().map(|(name, value)| format!("{name} = {}", json!(value))).collect();
    format!("{{ run = {}, environment = {{ {} }} }}", json!(line), environment.join(", "))
}

/// A project with these files and settings, committed, with a baseline, and allowed.
fn project(files: &[(&str, &str)], settings: &str) -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main");
    for (path, text) in files {
        repo.write(path, text);
    }
    repo.write("rollback.toml", format!("{settings}\n[check]\ndisk = 100\n"));
    repo.sh("git add .; git commit -qm first; git tag -a -m good baseline");
    let hash = repo.sh("sha256sum < rollback.toml").stdout();
    repo.rollback(&["trust", "--hash", hash.split(' ').next().unwrap()]).ok();
    repo
}

/// The baseline passes its tests in a worktree of its own; then one thing is broken, the sprint fails, and this is what
/// the report knows of its tests.
fn told_of_a_failed_sprint(repo: &TestRepo, break_it: &str) -> Value {
    let checked = repo.rb("check --json").json();
    let tests = &checked["checks"][1];
    assert_eq!((&tests["name"], &tests["result"]), (&json!("baseline tests"), &json!("pass")), "{checked}");
    assert_eq!(repo.answer(&["status", "--porcelain", "--ignored"]), "", "tests ran in the user's worktree");
    repo.rb("sprint start 4 --no-check");
    repo.sh(break_it);
    let failed = repo.rollback(&words("sprint fail 4 --json --reason broken")).ok().json();
    let tests = failed["story"]["tests"].clone();
    assert_eq!(tests["ok"], false, "{failed}");
    tests
}

/// What was read, from what, and the one failing test.
#[track_caller]
fn says(tests: &Value, from: &str, result: &str, name: &str, why: &str) {
    let suite = &tests["suite"];
    assert_eq!((&suite["read_from"], &tests["result"]), (&json!(from), &json!(result)), "{tests:#}");
    let failing = suite["failing"].as_array().unwrap();
    assert_eq!(failing.len(), 1, "{tests:#}");
    assert_eq!(failing[0]["name"], name, "{tests:#}");
    assert!(failing[0]["why"].as_str().unwrap().contains(why), "{why} is not said\n{tests:#}");
}

const PYTHON: &[(&str, &str)] = &[
    (".gitignore", "__pycache__/\nout/\n"),
    ("calc.py", "def add(a, b):\n    return a + b\n"),
    ("other.py", "def nothing():\n    pass\n"),
    (
        "tests/test_calc.py",
        "import pytest\nfrom calc import add\n\n\n@pytest.mark.parametrize('a', [1, 2])\ndef test_small(a):\n    assert add(a, 0) in (a, 9)\n\n\n\
         def test_add():\n    assert add(2, 3) == 5, 'adding is wrong'\n\n\n@pytest.mark.skip(reason='later')\ndef test_later():\n    pass\n",
    ),
];

/// C2, C7, must show 1: pytest, by what it prints.
#[test]
fn c2_with_pytest() {
    let run = "[commands]\ntest = \"python3 -B -m pytest -q -p no:cacheprovider\"";
    let repo = project(PYTHON, run);
    if !is_there(&repo, "python3", "-m pytest --version") {
        return;
    }
    let tests = told_of_a_failed_sprint(
        &repo,
        "echo 'def add(a, b): return 9 if b == 0 else a - b' > calc.py; git commit -qam worse",
    );
    says(&tests, "pytest", "1 of 4 tests failed, 1 skipped", "tests/test_calc.py::test_add", "adding is wrong");
}

/// C2, must show 1: pytest, by the JUnit XML that it writes.
#[test]
fn c2_with_pytest_and_junit_xml() {
    let run = "[commands]\ntest = \"python3 -B -m pytest -q -p no:cacheprovider --junitxml=out/result.xml\"\n\
               [report]\nresults = [\"out/*.xml\"]";
    let repo = project(PYTHON, run);
    if !is_there(&repo, "python3", "-m pytest --version") {
        return;
    }
    let tests = told_of_a_failed_sprint(&repo, "echo 'def add(a, b): return 9 if b == 0 else a - b' > calc.py");
    says(&tests, "JUnit XML", "1 of 4 tests failed, 1 skipped", "tests.test_calc::test_add", "adding is wrong");
}

/// C3, C8, must show 4: exit codes with pytest: no test 0, passing 0, failing 1, restored and failing 2.
#[test]
fn c8_exit_codes_with_pytest() {
    let run = "[validate]\nmap = [{ from = \"{path}.py\", to = \"tests/test_{path}.py\" }]\nrun = \"python3 -B -m pytest -q -p no:cacheprovider {files}\"";
    let repo = project(PYTHON, run);
    if !is_there(&repo, "python3", "-m pytest --version") {
        return;
    }
    repo.append("other.py", "# more\n");
    assert!(repo.rb("validate").stdout().contains("No test belongs to them"));
    repo.append("calc.py", "# more\n");
    assert!(repo.rb("validate").stderr().contains("3 passed, 1 skipped"));
    repo.sh("echo 'def add(a, b): return 9 if b == 0 else a - b' > calc.py");
    assert!(repo.rollback(&["validate"]).code(1).stderr().contains("1 failed, 2 passed, 1 skipped"));
    repo.sh("git commit -qam worse; git checkout -q baseline -- .");
    repo.rollback(&words("restore --from main -y calc.py")).code(2).says("1 failed, 2 passed, 1 skipped");
    repo.rollback(&words("restore --from baseline -y calc.py")).ok();
}

const RUST: &[(&str, &str)] = &[
    (".gitignore", "/target\n"),
    ("Cargo.toml", "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ndoctest = false\n"),
    ("Cargo.lock", "version = 3\n\n[[package]]\nname = \"tiny\"\nversion = \"0.1.0\"\n"),
    (
        "src/lib.rs",
        "pub fn two() -> u32 { 2 }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn it_is_two() { assert_eq!(super::two(), 2, \"not two\"); }\n\
         #[test]\n    fn small() { assert!(super::two() < 9); }\n    #[test]\n    #[ignore]\n    fn later() {}\n}\n",
    ),
    (".config/nextest.toml", "[profile.default.junit]\npath = \"junit.xml\"\n"),
];

const WORSE: &str = "sed -i 's/{ 2 }/{ 3 }/' src/lib.rs; git commit -qam worse";

/// C2, C7, must show 1: cargo's own tests.
#[test]
fn c2_with_cargo_test() {
    let repo = project(RUST, &format!("[commands]\ntest = {}", with_cargo("cargo test -q --offline")));
    if !is_there(&repo, "cargo", "--version") {
        return;
    }
    let loud = project(RUST, &format!("[commands]\ntest = {}", with_cargo("cargo test --offline")));
    for repo in [repo, loud] {
        let tests = told_of_a_failed_sprint(&repo, WORSE);
        says(
            &tests,
            "cargo test",
            "1 of 3 tests failed, 1 skipped",
            "tests::it_is_two",
            "left == right` failed: not two",
        );
    }
}

/// C2, must show 1: nextest, by what it prints and by its JUnit XML.
#[test]
fn c2_with_nextest() {
    let task = with_cargo("cargo nextest run --offline");
    let repo = project(RUST, &format!("[commands]\ntest = {task}"));
    if !is_there(&repo, "cargo", "nextest --version") {
        return;
    }
    let tests = told_of_a_failed_sprint(&repo, WORSE);
    says(&tests, "nextest", "1 of 3 tests failed, 1 skipped", "tiny tests::it_is_two", "not two");
    let results = "[report]\nresults = [\"target/nextest/default/*.xml\"]";
    let tests = told_of_a_failed_sprint(&project(RUST, &format!("[commands]\ntest = {task}\n{results}")), WORSE);
    says(&tests, "JUnit XML", "1 of 2 tests failed", "tiny::tests::it_is_two", "not two");
}

/// C2, C8, must show 1: node's own test runner.
#[test]
fn c2_with_node() {
    let files = [
        ("src/sum.js", "module.exports = (a, b) => a + b;\n"),
        (
            "test/sum.test.js",
            "const test = require('node:test');\nconst assert = require('node:assert');\nconst sum = require('../src/sum.js');\n\
             test('zero', () => assert.strictEqual(sum(0, 0), 0));\ntest('sum', () => assert.strictEqual(sum(1, 2), 3, 'not three'));\n",
        ),
    ];
    let settings = "[commands]\ntest = \"node --test --test-reporter=junit test/sum.test.js\"\n\
                    [validate]\nmap = [{ from = \"src/{path}.js\", to = \"test/{path}.test.js\" }]\nrun = [\"node\", \"--test\", \"{files}\"]";
    let repo = project(&files, settings);
    if !is_there(&repo, "node", "--test --test-reporter=junit test/sum.test.js > /dev/null") {
        return;
    }
    repo.write("src/sum.js", "module.exports = (a, b) => a - b;\n");
    repo.rollback(&["validate"]).code(1);
    repo.sh("git checkout -q .");
    repo.rb("validate --since HEAD");
    let tests = told_of_a_failed_sprint(&repo, "echo 'module.exports = (a, b) => a - b;' > src/sum.js");
    says(&tests, "JUnit XML", "1 of 2 tests failed", "test::sum", "not three");
}
