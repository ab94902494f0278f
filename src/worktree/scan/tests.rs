#![allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
use super::*;
use crate::git::testing::{TestRepo, os};
use std::os::unix::fs::symlink;

fn look(repo: &TestRepo, ignored: IgnoredDetail, threads: usize) -> (Index, Scan) {
    let index = Index::read(&repo.index_file()).unwrap();
    let rules = Rules::new(None, &repo.root().join(".git/info/exclude"), false).unwrap();
    let options = ScanOptions { threads, ignored, umask: 0o022, ..ScanOptions::default() };
    let scan = scan(repo.root(), &index, &rules, &options).unwrap();
    (index, scan)
}

fn names(found: &[Found]) -> Vec<Vec<u8>> {
    found.iter().map(|found| found.path.as_bytes().to_vec()).collect()
}

fn text(found: &[Found]) -> Vec<String> {
    found.iter().map(|found| found.path.to_string()).collect()
}

fn state(index: &Index, scan: &Scan, path: &str) -> EntryState {
    scan.entries[index.range_at(path.as_bytes()).start].clone()
}

fn mkfifo(repo: &TestRepo, path: &str) {
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    rustix::fs::mknodat(rustix::fs::CWD, repo.root().join(path), rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

/// Compares the sets of paths with git's own.
fn compare(repo: &TestRepo) {
    let (index, full) = look(repo, IgnoredDetail::Full, 1);
    let others = repo.git_list(&["ls-files", "-z", "-o", "--exclude-standard"]);
    assert_eq!(names(&full.untracked), others.into_iter().filter(|path| !path.ends_with(b"/")).collect::<Vec<_>>());
    let ignored = repo.git_list(&["ls-files", "-z", "-o", "-i", "--exclude-standard"]);
    let ignored: Vec<_> = ignored.into_iter().filter(|path| !path.ends_with(b"/")).collect();
    assert_eq!(names(&full.ignored_files), ignored);
    let (_, top) = look(repo, IgnoredDetail::TopLevel, 2);
    let status = repo.git_list(&["status", "--porcelain", "-z", "--ignored=matching", "-uall"]);
    let mut matching: Vec<_> = status.iter().filter_map(|line| line.strip_prefix(b"!! ")).map(<[u8]>::to_vec).collect();
    let slash = |found: &Found| [found.path.as_bytes(), if found.stat.is_dir() { b"/" } else { b"" }].concat();
    let mut ours: Vec<_> = top.ignored.iter().map(slash).collect();
    ours.sort();
    matching.sort();
    assert_eq!(ours, matching);
    let changed = repo.git_list(&["diff-files", "-z", "--name-only"]);
    for (i, state) in full.entries.iter().enumerate() {
        let clean = matches!(state, EntryState::Clean(_) | EntryState::Absent | EntryState::Submodule { .. });
        assert_eq!(clean, !changed.contains(&index.path(i).to_vec()), "{}", index.path(i).escape_ascii());
    }
}

#[test]
fn same_sets_as_git() {
    let repo = TestRepo::new();
    repo.write(".gitignore", "*.o\n!keep.o\n/build/\nvoid/\ntmp*/\n*.log\nowned/\n");
    repo.write("sub/.gitignore", "!*.log\nlocal\n");
    for path in ["a", "a-b", "a.b", "b/c", "b.c/d", "sub/x/y", "gone", "gone-dir/f", "edited", "mode", "owned/tracked"]
    {
        repo.write(path, path);
    }
    repo.write(os(b"t\xff/\xfe"), "x");
    symlink("a", repo.root().join("link")).unwrap();
    repo.git(&["add", "-A", "-f"]);
    repo.commit_all();
    for path in [
        "x.o",
        "keep.o",
        "build/deep/x",
        "build/.gitignore",
        "sub/x.log",
        "sub/x/local",
        "new/dir/file",
        "b/tmp1/f",
        "x.log",
        "owned/more",
        "owned/dir/more",
        "new/x.o",
        "b/c2",
        "b0",
        "a-",
    ] {
        repo.write(path, "new");
    }
    repo.write("build/.gitignore", "!*");
    repo.write(os(b"u\xff/\xfe\n"), "x");
    symlink("b", repo.root().join("dirlink")).unwrap();
    symlink("nowhere", repo.root().join("dangling")).unwrap();
    std::fs::create_dir_all(repo.root().join("void")).unwrap();
    std::fs::remove_file(repo.root().join("gone")).unwrap();
    std::fs::remove_dir_all(repo.root().join("gone-dir")).unwrap();
    repo.settle();
    repo.write("edited", "other text");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(repo.root().join("mode"), std::fs::Permissions::from_mode(0o755)).unwrap();
    compare(&repo);
    let (index, scan) = look(&repo, IgnoredDetail::None, 1);
    assert_eq!(state(&index, &scan, "gone"), EntryState::Missing);
    assert!(matches!(state(&index, &scan, "edited"), EntryState::Suspect(_)));
    assert!(matches!(state(&index, &scan, "mode"), EntryState::Suspect(_)));
    assert!(scan.ignored.is_empty() && scan.ignored_files.is_empty());
}

#[test]
fn replaced_kinds_are_told_apart() {
    let repo = TestRepo::new();
    for path in ["dir/f", "file", "pipe", "tolink", "skipped", "here", "ita", "gitlink"] {
        repo.write(path, path);
    }
    repo.git(&["add", "-A"]);
    repo.commit_all();
    repo.git(&["update-index", "--skip-worktree", "skipped", "here"]);
    let head = String::from_utf8(repo.git(&["rev-parse", "HEAD"])).unwrap();
    for name in ["module", "nomodule", "gitlink"] {
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},{name}", head.trim())]);
    }
    for path in ["dir/f", "file", "pipe", "tolink", "skipped"] {
        std::fs::remove_file(repo.root().join(path)).unwrap();
    }
    std::fs::remove_dir(repo.root().join("dir")).unwrap();
    repo.write("elsewhere/f", "outside");
    symlink("elsewhere", repo.root().join("dir")).unwrap();
    repo.write("file/inside", "x");
    mkfifo(&repo, "pipe");
    mkfifo(&repo, "other-pipe");
    symlink("here", repo.root().join("tolink")).unwrap();
    repo.write("module/content", "x");
    repo.write("new-ita", "x");
    repo.git(&["add", "-N", "new-ita"]);
    let (index, scan) = look(&repo, IgnoredDetail::TopLevel, 1);
    let is = |path| state(&index, &scan, path);
    assert_eq!(is("dir/f"), EntryState::Missing);
    assert!(matches!(is("file"), EntryState::Blocked(stat) if stat.is_dir()));
    assert!(matches!(is("pipe"), EntryState::Blocked(_)));
    assert!(matches!(is("tolink"), EntryState::Suspect(stat) if stat.is_link()));
    assert_eq!(is("skipped"), EntryState::Absent);
    assert!(matches!(is("here"), EntryState::Clean(_) | EntryState::Suspect(_)));
    assert!(matches!(is("new-ita"), EntryState::Suspect(_)));
    assert_eq!(is("module"), EntryState::Submodule { present: true });
    assert_eq!(is("nomodule"), EntryState::Submodule { present: false });
    assert!(matches!(is("gitlink"), EntryState::Blocked(stat) if stat.is_file()));
    assert_eq!(text(&scan.untracked), ["dir", "elsewhere/f", "file/inside", "gitlink"]);
    assert_eq!(text(&scan.special), ["other-pipe", "pipe"]);
}

#[test]
fn unmerged_entries_are_suspect_in_every_stage() {
    let repo = TestRepo::new();
    repo.write("f", "x");
    repo.commit_all();
    let id = String::from_utf8(repo.git(&["rev-parse", "HEAD:f"])).unwrap();
    let stages: String = (1..=3).map(|n| format!("100644 {} {n}\tc\n", id.trim())).collect();
    repo.git_with_input(&["update-index", "--index-info"], stages.as_bytes());
    repo.write("c", "<<<<");
    let (index, scan) = look(&repo, IgnoredDetail::None, 1);
    assert_eq!(index.len(), 4);
    assert!(scan.entries[..3].iter().all(|state| matches!(state, EntryState::Suspect(_))));
    assert!(scan.untracked.is_empty());
}

#[test]
fn nested_repositories_are_opaque() {
    let repo = TestRepo::new();
    repo.write(".gitignore", "ignored/\n");
    repo.write("mixed/tracked", "x");
    repo.commit_all();
    for path in [
        "n/.git/HEAD",
        "n/f",
        "m/k/.GIT",
        "ignored/.git/HEAD",
        "ignored/f",
        "mixed/.git/HEAD",
        "mixed/loose",
        "bare/HEAD",
        "bare/objects/x",
        "bare/refs/x",
        "deep/ignored/in/.git",
    ] {
        repo.write(path, "x");
    }
    let nested = |scan: &Scan| scan.nested.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (index, top) = look(&repo, IgnoredDetail::TopLevel, 1);
    assert_eq!(nested(&top), ["ignored", "m/k", "mixed", "n"]);
    assert_eq!(text(&top.untracked), ["bare/HEAD", "bare/objects/x", "bare/refs/x"]);
    assert_eq!(text(&top.ignored), ["deep/ignored"]);
    assert!(matches!(state(&index, &top, "mixed/tracked"), EntryState::Clean(_) | EntryState::Suspect(_)));
    let (_, full) = look(&repo, IgnoredDetail::Full, 1);
    assert_eq!(nested(&full), ["deep/ignored/in", "ignored", "m/k", "mixed", "n"]);
    assert!(full.ignored_files.is_empty());
}

#[test]
fn directories_with_something_to_tell() {
    use std::os::unix::fs::PermissionsExt;
    let repo = TestRepo::new();
    repo.write(".gitignore", "out/\n");
    repo.write("t/f", "x");
    repo.commit_all();
    std::fs::remove_file(repo.root().join("t/f")).unwrap();
    for dir in ["e/mpty", "out/empty"] {
        std::fs::create_dir_all(repo.root().join(dir)).unwrap();
    }
    for dir in ["", "e", "e/mpty", "out", "out/empty", "t"] {
        let mode = if dir == "e" { 0o700 } else { 0o755 };
        std::fs::set_permissions(repo.root().join(dir), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let (_, scan) = look(&repo, IgnoredDetail::TopLevel, 1);
    assert_eq!(text(&scan.empty_dirs), ["e/mpty", "t"]);
    assert_eq!(scan.dirs, [("e".into(), 0o700)]);
    let (_, scan) = look(&repo, IgnoredDetail::Full, 1);
    assert_eq!(text(&scan.empty_dirs), ["e/mpty", "out/empty", "t"]);
}

#[test]
fn ignore_rules_outside_a_sparse_checkout_hold() {
    let repo = TestRepo::new();
    repo.write("d/.gitignore", "*.o\n");
    repo.write("d/f", "x");
    repo.commit_all();
    repo.git(&["update-index", "--skip-worktree", "d/.gitignore"]);
    std::fs::remove_file(repo.root().join("d/.gitignore")).unwrap();
    repo.write("d/x.o", "x");
    let index = Index::read(&repo.index_file()).unwrap();
    assert_eq!(absent_ignore_files(&index), [0]);
    let rules = Rules::new(None, &repo.root().join(".git/info/exclude"), false).unwrap();
    let options =
        ScanOptions { absent_ignores: [("d/.gitignore".into(), b"*.o\n".to_vec())].into(), ..Default::default() };
    assert_eq!(scan(repo.root(), &index, &rules, &options).unwrap().untracked, []);
    assert_eq!(repo.git(&["ls-files", "-o", "--exclude-standard"]), b"");
}

#[test]
fn many_threads_find_what_one_finds() {
    let repo = TestRepo::new();
    repo.write(".gitignore", "*.o\nout/\n");
    for i in 0..100 {
        for j in 0..30 {
            repo.write(format!("d{}/s{i}/f{j}", i % 7), "x");
        }
    }
    repo.commit_all();
    for i in 0..100 {
        for name in ["new", "x.o", "out/f"] {
            repo.write(format!("d{}/s{i}/{name}", i % 7), "x");
        }
        std::fs::remove_file(repo.root().join(format!("d{}/s{i}/f0", i % 7))).unwrap();
    }
    repo.settle();
    compare(&repo);
    let (_, one) = look(&repo, IgnoredDetail::Full, 1);
    let (_, many) = look(&repo, IgnoredDetail::Full, 8);
    assert_eq!(format!("{one:?}"), format!("{many:?}"));
    assert_eq!(one.untracked.len(), 100);
}

#[test]
fn paths_longer_than_the_system_allows() {
    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
    let repo = TestRepo::new();
    repo.write("f", "x");
    repo.commit_all();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut fd = openat(CWD, repo.root(), flags, Mode::empty()).unwrap();
    let name = "n".repeat(200);
    for _ in 0..150 {
        // A sibling at each level, so that directories above stay wanted.
        for name in ["sibling", name.as_str()] {
            mkdirat(&fd, name, Mode::from_raw_mode(0o755)).unwrap();
        }
        fd = openat(&fd, name.as_str(), flags, Mode::empty()).unwrap();
    }
    openat(&fd, "end", OFlags::CREATE | OFlags::WRONLY, Mode::from_raw_mode(0o644)).unwrap();
    let (_, scan) = look(&repo, IgnoredDetail::Full, 3);
    assert_eq!(scan.untracked.len(), 1);
    assert_eq!(scan.untracked[0].path.as_bytes().len(), 150 * 201 + 3);
    assert_eq!(scan.empty_dirs.len(), 150);
}

#[test]
fn a_directory_that_cannot_be_read_ends_the_scan() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        return;
    }
    let repo = TestRepo::new();
    repo.write(".gitignore", "out/\n");
    for dir in ["out/secret/f", "u/f"] {
        repo.write(dir, "x");
    }
    let set = |dir: &str, mode| {
        std::fs::set_permissions(repo.root().join(dir), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set("out/secret", 0);
    let (_, found) = look(&repo, IgnoredDetail::Full, 1);
    assert_eq!(found.unreadable, ["out/secret".into()]);
    set("u", 0);
    let rules = Rules::new(None, Path::new("/nonexistent/exclude"), false).unwrap();
    let error = scan(repo.root(), &Index::empty(), &rules, &ScanOptions::default()).unwrap_err();
    assert!(error.message().contains("`u`"), "{error}");
    set("u", 0o755);
    set("out/secret", 0o755);
}
