use super::*;
use crate::git::testing::TestRepo;
use crate::host::fs;

/// A file of eight lines in which some are others.
fn text(changed: &[(usize, &str)]) -> String {
    let line = |n: usize| changed.iter().find(|(at, _)| *at == n).map_or(format!("line {n}"), |(_, new)| (*new).into());
    (0..8).map(|n| line(n) + "\n").collect()
}

/// Commits with `file` like this on the base, and their trees: the base's first.
fn trees(repo: &TestRepo, texts: &[String]) -> Vec<ObjectId> {
    let id = |out: Vec<u8>| ObjectId::from_hex(out.trim_ascii()).unwrap();
    let mut out = Vec::new();
    for text in texts {
        repo.write("file", text);
        repo.commit_all();
        out.push(id(repo.git(&["rev-parse", "HEAD^{tree}"])));
    }
    out
}

fn labels() -> Labels {
    Labels { ours: "HEAD".into(), theirs: "other".into(), base: "before".into() }
}

/// The file after each of `sides` was merged into the first tree, one after the other; `Err`: with markers. And how.
fn merge_all(repo: &TestRepo, trees: &[ObjectId]) -> (Vec<std::result::Result<String, String>>, Ways) {
    let opened = Repo::open_at(repo.root()).unwrap();
    let scratch = fs::temporary_dir().unwrap();
    let sink = ObjectSink::new(&opened, scratch.path().to_owned());
    let mut merger = Merger::new(&opened, &sink, scratch.path()).unwrap();
    let [base, mut ours] = [trees[0], trees[1]];
    let mut out = Vec::new();
    for theirs in &trees[2..] {
        let merged = merger.merge(base, ours, *theirs, labels).unwrap();
        let (clean, tree) = match &merged {
            Merged::Clean(tree) => (true, *tree),
            Merged::Conflict(conflict) => (false, conflict.tree),
        };
        let entry = merger.trees.find(tree, b"file").unwrap().unwrap();
        let text = merger.blob(entry.id).or_else(|_| opened.blob(entry.id)).ok();
        let text = String::from_utf8(text.unwrap_or_default()).unwrap();
        out.push(if clean { Ok(text) } else { Err(text) });
        if clean {
            assert!(sink.holds(&entry.id), "nobody keeps what was merged");
            ours = tree;
        }
    }
    (out, merger.ways)
}

#[test]
fn what_was_merged_here_is_merged_again_and_git_gets_it_for_a_conflict() {
    let repo = TestRepo::new();
    let sides = [&[][..], &[(0, "ours")], &[(4, "one")], &[(7, "two")], &[(0, "three")]];
    let (got, ways) = merge_all(&repo, &trees(&repo, &sides.map(text)));
    assert_eq!(got[0], Ok(text(&[(0, "ours"), (4, "one")])));
    assert_eq!(got[1], Ok(text(&[(0, "ours"), (4, "one"), (7, "two")])));
    assert_eq!((ways.inside, ways.contents, ways.whole), (2, 0, 1));
    assert!(got[2].is_err());
}

#[test]
fn what_attributes_and_settings_ask_for_is_left_to_git() {
    let sides = || [&[][..], &[(0, "ours")], &[(4, "one")]].map(text);
    let ways = |attributes: &str, setting: &[&str]| {
        let repo = TestRepo::new();
        repo.write(".gitattributes", attributes);
        if !setting.is_empty() {
            repo.git(&[&["config"], setting].concat());
        }
        merge_all(&repo, &trees(&repo, &sides())).1
    };
    let inside = Ways { inside: 1, ..Ways::default() };
    let by_git = Ways { contents: 1, ..Ways::default() };
    assert_eq!(ways("", &[]), inside);
    assert_eq!(ways("file merge text\n*.c -merge\n", &[]), inside);
    assert_eq!(ways("", &["merge.conflictStyle", "zdiff3"]), inside);
    assert_eq!(ways("", &["diff.algorithm", "histogram"]), inside);
    assert_eq!(ways("file merge=union\n", &[]), by_git);
    assert_eq!(ways("[attr]mine merge=union\nf* mine\n", &[]), by_git);
    for (key, value) in [
        ("merge.default", "union"),
        ("merge.renormalize", "true"),
        ("diff.algorithm", "myers"),
        ("attr.tree", "HEAD"),
        ("includeIf.hasconfig:remote.*.url:x.path", "more"),
    ] {
        assert_eq!(ways("", &[key, value]), by_git, "{key}");
    }
    // Git merges nothing that is binary: the whole is its to tell.
    assert_eq!(ways("file -merge\n", &[]).whole, 1);
}
