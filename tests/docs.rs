//! What the documents say is what the code does.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use git_rollback::Kind;

fn file(path: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// F5: every exit code is documented, and none that does not exist.
#[test]
fn f5_every_exit_code_is_documented() {
    let kinds = [
        Kind::Refused,
        Kind::Unverified,
        Kind::Stopped,
        Kind::Busy,
        Kind::Fault,
        Kind::Usage,
        Kind::Interrupted(2),
        Kind::Interrupted(15),
    ];
    let mut real: Vec<String> = kinds.iter().map(|kind| kind.exit_code().to_string()).collect();
    real.insert(0, "0".to_owned());
    let table = file("docs/exit-codes.md");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let documented: Vec<String> = rows.skip(1).flat_map(|cell| cell.split(", ").map(str::to_owned)).collect();
    assert_eq!(documented, real);
}

/// The command that the README names is the one that is run before a change is merged.
#[test]
fn the_readme_names_the_test_command() {
    assert!(file("README.md").contains("\n    cargo test\n"));
    assert!(file(".ci/run").contains("\nstep cargo test --locked\n"));
}

/// The README names the Rust version that the package states.
#[test]
fn the_readme_names_the_rust_version() {
    let manifest = file("Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    assert!(file("README.md").contains(&format!("Rust {version} ")), "not Rust {version}");
}

/// Every fixture says at its top what matters about it.
#[test]
fn every_fixture_says_what_it_is_for() {
    for entry in std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")).unwrap() {
        let path = entry.unwrap().path();
        let first = std::fs::read_to_string(&path).unwrap().lines().next().unwrap_or_default().to_owned();
        assert!(first.starts_with("# ") && first.ends_with('.') && first.len() > 20, "{}: {first:?}", path.display());
    }
}

/// A10: the crate documentation shows the story of a release in code, which is compiled and run as a test.
#[test]
fn a10_the_crate_documentation_tells_the_story() {
    let text = file("src/lib.rs");
    let calls = ["add(", "Releases::read(", "plan_for(", "to::plan(", "hotfix::start(", "finish::start(", "log::read("];
    let places: Vec<usize> = calls.iter().map(|call| text.find(call).unwrap_or_else(|| panic!("no {call}"))).collect();
    assert!(places.iter().all(|at| *at < text.find("\npub mod").unwrap()));
    assert!(!text.contains("```no_run") && !text.contains("```ignore"));
}
