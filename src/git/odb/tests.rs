//! The catalogue against git, and against damaged files.
#![allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]

use super::Catalogue;
use crate::git::Repo;
use crate::git::testing::TestRepo;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A repository with a pack that has differences, a commit-graph, and loose objects.
fn repo() -> TestRepo {
    let repo = TestRepo::new();
    let long: String = (0..40).map(|i| format!("The same long message in each of them, line {i}.\n")).collect();
    for i in 0..30 {
        std::fs::write(repo.root().join("f"), format!("{i}\n{long}")).unwrap();
        repo.git(&["add", "f"]);
        repo.git(&["commit", "-q", "-m", &format!("{i}\n\n{long}")]);
        if i == 20 {
            repo.git(&["tag", "-a", "-m", "v", "v"]);
            repo.git(&["repack", "-q", "-a", "-d", "-f", "--depth=20", "--window=20"]);
            repo.git(&["commit-graph", "write", "--reachable"]);
        }
    }
    repo.git(&["reset", "-q", "--hard", "HEAD~25"]);
    repo
}

fn read(repo: &TestRepo, memory: &Path) -> crate::Result<Catalogue> {
    Repo::open_at(repo.root())?.catalogue(memory)
}

fn ids(all: &Catalogue) -> BTreeSet<String> {
    (0..all.commits.len() as u32).map(|n| all.commits.id(n).to_string()).collect()
}

/// The names of all commits that git finds.
fn by_git(repo: &TestRepo) -> BTreeSet<String> {
    let text = String::from_utf8(repo.git(&["cat-file", "--batch-all-objects", "--batch-check"])).unwrap();
    text.lines().filter_map(|line| line.split_once(" commit ")).map(|(id, _)| id.to_owned()).collect()
}

#[test]
fn all_commits_with_their_parents_also_from_memory() {
    let repo = repo();
    let memory = tempfile::tempdir().unwrap();
    let scans = memory.path().join("scans");
    // First read, then remembered, then without the commit-graph.
    for round in 0..3 {
        let all = read(&repo, &scans).unwrap();
        assert_eq!(ids(&all), by_git(&repo));
        assert_eq!((all.commits.len(), all.tags.len(), all.damaged), (30, 1, 0));
        for n in 0..all.commits.len() as u32 {
            let id = all.commits.id(n).to_string();
            let parents = String::from_utf8(repo.git(&["log", "-1", "--format=%P %ct", &id])).unwrap();
            let ours: Vec<String> = all.commits.parents(n).map(|p| all.commits.id(p).to_string()).collect();
            assert_eq!(format!("{} {}", ours.join(" "), all.commits.time(n)).trim(), parents.trim());
        }
        assert_eq!(std::fs::read_dir(&scans).unwrap().count(), 1);
        if round == 1 {
            std::fs::remove_dir_all(&scans).unwrap();
            std::fs::remove_file(repo.root().join(".git/objects/info/commit-graph")).unwrap();
        }
    }
}

/// Every file of the object store, and what is remembered, damaged in many ways: never a panic, never a hang.
#[test]
fn damaged_files_are_no_reason_to_fail() {
    let repo = repo();
    let memory = tempfile::tempdir().unwrap();
    let scans = memory.path().join("scans");
    read(&repo, &scans).unwrap();
    let pack = |ending: &str| {
        let entries = std::fs::read_dir(repo.root().join(".git/objects/pack")).unwrap();
        entries.flatten().map(|e| e.path()).find(|p| p.extension().is_some_and(|e| e == ending)).unwrap()
    };
    let known = std::fs::read_dir(&scans).unwrap().next().unwrap().unwrap().path();
    let graph = repo.root().join(".git/objects/info/commit-graph");
    let files: Vec<PathBuf> = vec![pack("pack"), pack("idx"), pack("rev"), graph, known.clone()];
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    for file in files {
        let good = std::fs::read(&file).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        for round in 0..60 {
            let mut bad = good.clone();
            for _ in 0..=next(4) {
                let at = if round % 2 == 0 { next(bad.len()) } else { next(bad.len().min(1200)) };
                bad[at] = [0, 0xff, 0x7f, 0x80, next(256) as u8][next(5)];
            }
            if round % 5 == 0 {
                bad.truncate(next(bad.len()));
            }
            std::fs::write(&file, &bad).unwrap();
            if file != known {
                drop(std::fs::remove_file(&known));
            }
            drop(read(&repo, &scans));
        }
        std::fs::write(&file, &good).unwrap();
    }
    drop(std::fs::remove_file(&known));
    assert_eq!(ids(&read(&repo, &scans).unwrap()), by_git(&repo));
}
