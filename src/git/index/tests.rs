#![allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
use super::*;
use crate::git::testing::{TestRepo, lstat, os};
use crate::model::RepoPath;

fn rewrite(repo: &TestRepo, index: &Index) {
    let mut bytes = Vec::new();
    index.write(&mut bytes).unwrap();
    std::fs::write(repo.index_file(), bytes).unwrap();
}

fn listing(repo: &TestRepo) -> Vec<u8> {
    repo.git(&["ls-files", "-s", "-v", "-z", "--debug"])
}

/// Every kind of entry at once.
fn rich() -> TestRepo {
    let repo = TestRepo::new();
    for path in ["a", "a-b", "a.c/x", "d/e/f", "d/run", "skipped", "assumed", "a0", "deep/er/and/deeper/still"] {
        repo.write(path, path);
    }
    repo.write(os(b"n\xff\xfe/\x01weird\n"), "latin");
    std::os::unix::fs::symlink("a", repo.root().join("link")).unwrap();
    repo.git(&["add", "-A"]);
    repo.git(&["update-index", "--chmod=+x", "d/run"]);
    repo.git(&["commit", "-q", "-m", "one"]);
    repo.git(&["checkout", "-q", "--", "d/run"]);
    repo.write("ita", "later");
    repo.git(&["add", "-N", "ita"]);
    repo.git(&["update-index", "--skip-worktree", "skipped"]);
    repo.git(&["update-index", "--assume-unchanged", "assumed"]);
    let id = String::from_utf8(repo.git(&["rev-parse", "HEAD:a"])).unwrap();
    let stages: String = (1..=3).map(|n| format!("100644 {} {n}\tconflict\n", id.trim())).collect();
    repo.git_with_input(&["update-index", "--index-info"], stages.as_bytes());
    repo.settle_unmerged();
    repo
}

impl TestRepo {
    /// Like `settle`, where a refresh would fail because of conflicts.
    fn settle_unmerged(&self) {
        std::thread::sleep(std::time::Duration::from_millis(30));
        self.git(&["update-index", "--force-write-index"]);
    }
}

#[test]
fn rewriting_keeps_every_entry_and_flag() {
    for version in ["2", "4"] {
        let repo = rich();
        repo.git(&["update-index", "--index-version", version]);
        let before = listing(&repo);
        let index = Index::read(&repo.index_file()).unwrap();
        rewrite(&repo, &index);
        assert_eq!(String::from_utf8_lossy(&listing(&repo)), String::from_utf8_lossy(&before));
        repo.git(&["fsck", "--strict"]);
    }
}

#[test]
fn entries_removed_and_added_again_are_the_same() {
    let repo = rich();
    let status = || repo.git(&["status", "--porcelain"]);
    let (before, clean) = (repo.git(&["ls-files", "-s", "-v", "-z"]), status());
    let mut index = Index::read(&repo.index_file()).unwrap();
    let mut edits: Vec<(RepoPath, Vec<IndexEntry>)> = Vec::new();
    for i in 0..index.len() {
        match edits.last_mut() {
            Some((path, entries)) if path.as_bytes() == index.path(i) => entries.push(index.entry(i)),
            _ => edits.push((RepoPath::new(index.path(i)), vec![index.entry(i)])),
        }
    }
    edits.reverse();
    index.replace(edits);
    rewrite(&repo, &index);
    assert_eq!(repo.git(&["ls-files", "-s", "-v", "-z"]), before);
    assert_eq!(status(), clean);
    repo.git(&["fsck", "--strict"]);
}

#[test]
fn accessors_tell_what_git_tells() {
    let repo = rich();
    let index = Index::read(&repo.index_file()).unwrap();
    let at = |path: &[u8]| index.range_at(path).start;
    assert_eq!(index.mode(at(b"d/run")), 0o100755);
    assert_eq!(index.mode(at(b"link")), 0o120000);
    assert!(index.flags(at(b"skipped")).skip_worktree);
    assert!(index.flags(at(b"assumed")).assume_unchanged);
    assert!(index.flags(at(b"ita")).intent_to_add);
    let conflict = index.range_at(b"conflict");
    assert_eq!(conflict.clone().map(|i| index.stage(i)).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(index.range_at(b"confl"), conflict.start..conflict.start);
    let below = |dir: &[u8]| index.range_below(dir).map(|i| index.path(i).to_vec()).collect::<Vec<_>>();
    assert_eq!(below(b"d"), [b"d/e/f".to_vec(), b"d/run".to_vec()]);
    assert_eq!(below(b"a"), Vec::<Vec<u8>>::new());
    assert_eq!(below(b"a.c"), [b"a.c/x".to_vec()]);
    assert_eq!(below(b"").len(), index.len());
}

#[test]
fn stat_data_proves_only_what_it_can() {
    let repo = rich();
    let index = Index::read(&repo.index_file()).unwrap();
    let current = |index: &Index, path: &str| {
        index.stat_is_current(index.range_at(path.as_bytes()).start, &lstat(&repo.root().join(path)))
    };
    for path in ["a", "d/e/f", "link", "assumed", "skipped"] {
        assert!(current(&index, path), "{path}");
    }
    assert!(!current(&index, "ita"));
    std::fs::write(repo.root().join("a"), "b").unwrap();
    assert!(!current(&index, "a"));
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(repo.root().join("d/e/f"), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(!current(&index, "d/e/f"));
    let mut lax = Index::read(&repo.index_file()).unwrap();
    lax.set_trust(Trust { ctime: false, exec_bit: false, ..Trust::default() });
    assert!(current(&lax, "d/e/f"));
}

#[test]
fn racy_entries_stay_racy_when_the_index_is_written_again() {
    let repo = TestRepo::new();
    repo.write("f", "one");
    repo.commit_all();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(50);
    let set = |path: &Path| std::fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
    repo.git(&["config", "core.trustctime", "false"]);
    set(&repo.root().join("f"));
    repo.git(&["update-index", "--refresh"]);
    std::fs::write(repo.root().join("f"), "two").unwrap();
    set(&repo.root().join("f"));
    set(&repo.index_file());
    let mut index = Index::read(&repo.index_file()).unwrap();
    index.set_trust(Trust { ctime: false, ..Trust::default() });
    assert!(!index.stat_is_current(0, &lstat(&repo.root().join("f"))));
    rewrite(&repo, &index);
    assert_eq!(repo.git(&["status", "--porcelain"]), b" M f\n");
}

#[test]
fn recorded_stat_satisfies_git() {
    let repo = TestRepo::new();
    repo.write("f", "one");
    repo.commit_all();
    let mut index = Index::read(&repo.index_file()).unwrap();
    let entry = index.entry(0);
    index.replace(vec![("f".into(), vec![entry])]);
    rewrite(&repo, &index);
    assert_eq!(repo.git(&["diff-files", "--name-only"]), b"f\n");
    index.record_stat(0, &lstat(&repo.root().join("f")));
    std::thread::sleep(std::time::Duration::from_millis(30));
    rewrite(&repo, &index);
    assert_eq!(repo.git(&["diff-files", "--name-only"]), b"");
    index.forget_stat(0);
    assert!(!index.stat_is_current(0, &lstat(&repo.root().join("f"))));
}

#[test]
fn cached_trees_are_read_invalidated_and_set() {
    let repo = TestRepo::new();
    for path in ["x", "a/1", "a/b/2", "longer/3"] {
        repo.write(path, path);
    }
    repo.commit_all();
    let tree = |spec: &str| ObjectId::from_hex(repo.git(&["rev-parse", spec]).trim_ascii()).unwrap();
    let mut index = Index::read(&repo.index_file()).unwrap();
    let root = index.cached_tree().unwrap();
    assert_eq!((root.id(), root.entry_count()), (Some(tree("HEAD^{tree}")), Some(4)));
    assert_eq!(root.below(b"a/b").unwrap().id(), Some(tree("HEAD:a/b")));
    let entry = index.entry(index.range_at(b"a/1").start);
    index.replace(vec![("a/1".into(), vec![IndexEntry { mode: 0o100755, ..entry.clone() }])]);
    let root = index.cached_tree().unwrap();
    assert_eq!((root.id(), root.child(b"a").unwrap().id()), (None, None));
    assert_eq!(root.below(b"longer").unwrap().id(), Some(tree("HEAD:longer")));
    index.replace(vec![("a/1".into(), vec![entry])]);
    let node = |name: &str, spec, entry_count, children| TreeNode {
        name: name.into(),
        id: Some(tree(spec)),
        entry_count,
        children,
    };
    let b = node("b", "HEAD:a/b", 1, vec![]);
    let described =
        node("", "HEAD^{tree}", 4, vec![node("longer", "HEAD:longer", 1, vec![]), node("a", "HEAD:a", 2, vec![b])]);
    index.set_cached_tree(Some(&described));
    rewrite(&repo, &index);
    assert_eq!(repo.git(&["write-tree"]).trim_ascii(), tree("HEAD^{tree}").to_string().as_bytes());
    let again = Index::read(&repo.index_file()).unwrap();
    assert_eq!(again.cached_tree().unwrap().below(b"a/b").unwrap().id(), Some(tree("HEAD:a/b")));
    repo.git(&["fsck", "--strict"]);
}

#[test]
fn split_and_sparse_indexes_are_refused() {
    let repo = rich();
    repo.git(&["update-index", "--split-index"]);
    let error = Index::read(&repo.index_file()).err().unwrap();
    assert_eq!(error.kind(), crate::Kind::Refused);
    assert!(error.helps()[0].contains("--no-split-index"));
    let repo = TestRepo::new();
    for path in ["in/a", "out/b"] {
        repo.write(path, path);
    }
    repo.commit_all();
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    let error = Index::read(&repo.index_file()).err().unwrap();
    assert!(error.helps()[0].contains("--no-sparse-index"), "{error}");
    repo.git(&["sparse-checkout", "reapply", "--no-sparse-index"]);
    let index = Index::read(&repo.index_file()).unwrap();
    assert!(index.flags(index.range_at(b"out/b").start).skip_worktree);
}

#[test]
fn damage_is_found_and_never_panics() {
    let repo = rich();
    let good = std::fs::read(repo.index_file()).unwrap();
    let file = repo.root().join("copy");
    let read = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        Index::read(&file).map(|index| index.len())
    };
    assert!(read(&good).is_ok());
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x41;
        let error = read(&bad).err();
        assert!(error.is_some(), "byte {at}");
        // The same without the checksum, as with index.skipHash: anything but a panic.
        let end = bad.len() - 20;
        bad[end..].fill(0);
        let _ = read(&bad);
        let _ = read(&good[..at]);
    }
    assert!(read(b"").is_err());
    let mut zeros = good.clone();
    let end = zeros.len() - 20;
    zeros[end..].fill(0);
    assert!(read(&zeros).is_ok());
    assert_eq!(Index::read(&repo.root().join("none")).unwrap().len(), 0);
}

#[test]
fn deeply_nested_cached_trees_do_not_recurse() {
    let mut data = Vec::new();
    for _ in 0..200_000 {
        data.extend_from_slice(b"x\0-1 1\n");
    }
    data.extend_from_slice(b"x\0-1 0\n");
    let trees = cached::Trees::parse(&data).unwrap();
    assert_eq!(trees.root().encode(), data);
}

#[test]
fn entries_that_take_as_much_room_are_replaced_where_they_stand() {
    let repo = rich();
    let bytes = |index: &Index| {
        let mut out = Vec::new();
        index.write(&mut out).unwrap();
        out
    };
    let read = || Index::read(&repo.index_file()).unwrap();
    let id = ObjectId::from_bytes(&[7; 20]).unwrap();
    let skipped = EntryFlags { skip_worktree: true, ..EntryFlags::default() };
    let assumed = EntryFlags { assume_unchanged: true, ..EntryFlags::default() };
    let edits = || {
        let change = |path: &str, mode, flags| (RepoPath::from(path), vec![IndexEntry { mode, id, stage: 0, flags }]);
        vec![
            change("skipped", 0o100755, skipped),
            change("d/e/f", 0o100644, assumed),
            change("assumed", 0o120000, EntryFlags::default()),
        ]
    };
    let mut there = read();
    there.replace(edits());
    // One that is new makes all of them move.
    let mut moved = read();
    let new = (RepoPath::from("zz"), vec![IndexEntry::plain(0o100644, id)]);
    moved.replace(edits().into_iter().chain([new]).collect());
    moved.replace(vec![(RepoPath::from("zz"), Vec::new())]);
    assert_eq!(bytes(&there), bytes(&moved));
    // A mark that needs room is no longer the same size.
    let mut marked = read();
    marked.replace(vec![(RepoPath::from("a0"), vec![IndexEntry { mode: 0o100644, id, stage: 0, flags: skipped }])]);
    let at = marked.range_at(b"a0").start;
    assert!(marked.flags(at).skip_worktree && marked.id(at) == id);
    assert_eq!(marked.path(at + 1), there.path(at + 1));
}

#[test]
fn what_is_more_than_a_plain_file_is_noted() {
    let repo = rich();
    let id = String::from_utf8(repo.git(&["rev-parse", "HEAD:a"])).unwrap();
    let commit = String::from_utf8(repo.git(&["rev-parse", "HEAD"])).unwrap();
    let list = [("100644", "d/.gitattributes"), ("100644", "x/.gitignore"), ("100644", "x/y/GIT~1x"), ("100644", "z")];
    let mut text: String = list.iter().map(|(mode, path)| format!("{mode} {} 0\t{path}\n", id.trim())).collect();
    text.push_str(&format!("160000 {} 0\tmodule\n", commit.trim()));
    repo.git_with_input(&["update-index", "--index-info"], text.as_bytes());
    for version in ["2", "4"] {
        repo.git(&["update-index", "--index-version", version]);
        let mut index = Index::read(&repo.index_file()).unwrap();
        let noted = |index: &Index| -> Vec<String> {
            index.notable().iter().map(|i| String::from_utf8_lossy(index.path(*i)).into_owned()).collect()
        };
        let wanted = "assumed conflict conflict conflict d/.gitattributes ita module skipped x/.gitignore";
        assert_eq!(noted(&index).join(" "), wanted);
        let new = vec![IndexEntry::plain(0o100644, index.id(0))];
        index.replace(vec![(RepoPath::from("b/git~1/x"), new), (RepoPath::from("conflict"), Vec::new())]);
        assert_eq!(noted(&index).join(" "), "assumed b/git~1/x d/.gitattributes ita module skipped x/.gitignore");
    }
}

#[test]
fn a_big_index_is_the_same_after_reading_and_writing() {
    let repo = TestRepo::new();
    let id = String::from_utf8(repo.git_with_input(&["hash-object", "-w", "--stdin"], b"text")).unwrap();
    let list: String = (0..20_000).map(|n| format!("100644 {} 0\tdir{:03}/a file {n}\n", id.trim(), n % 300)).collect();
    repo.git_with_input(&["update-index", "--index-info"], list.as_bytes());
    let before = std::fs::read(repo.index_file()).unwrap();
    assert!(before.len() > read::MUCH);
    let mut written = Vec::new();
    Index::read(&repo.index_file()).unwrap().write(&mut written).unwrap();
    assert_eq!(written, before);
    let mut bad = before.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    std::fs::write(repo.index_file(), bad).unwrap();
    assert!(Index::read(&repo.index_file()).is_err());
}
