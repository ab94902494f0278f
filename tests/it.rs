//! The integration tests: the built program on real repositories in temporary directories.
//!
//! Hermetic: no user or system configuration, a fixed clock and identity, no network.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::let_underscore_must_use,
    clippy::too_many_lines,
    unreachable_pub,
    reason = "tests stop at the first surprise and drive the world directly"
)]

mod it {
    mod candidate;
    mod check;
    mod common;
    mod crash;
    mod diagnose;
    mod errors;
    mod finish;
    mod history;
    mod hostile;
    mod hotfix;
    mod init;
    mod lifecycle;
    mod looking;
    mod lost;
    mod mutating;
    mod notify;
    mod packages;
    mod picks;
    mod plain_git;
    mod property;
    mod recover;
    mod recover_attacks;
    mod release;
    mod repaired;
    mod roundtrip;
    mod runners;
    mod signed;
    mod sprint;
    mod story;
    mod trust;
    mod walk;
    mod ways;
}

/// A test file that nobody lists would silently never run.
#[test]
fn every_test_file_is_listed() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = std::fs::read_to_string(root.join("tests/it.rs")).unwrap();
    let forgotten: Vec<String> = std::fs::read_dir(root.join("tests/it"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .filter(|module| !listed.contains(&format!("    mod {module};\n")))
        .collect();
    assert!(forgotten.is_empty(), "not listed in tests/it.rs: {forgotten:?}");
}
