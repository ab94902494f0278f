//! Comparing trees: the same as git says.

use super::Repo;
use super::testing::TestRepo;
use super::tree::{MODE_TREE, TreeEntry};

#[test]
fn what_differs_is_what_git_says_in_the_order_of_the_paths() {
    let repo = TestRepo::new();
    for n in 0..600 {
        repo.write(format!("d{:02}/{n}/deep/file", n % 50), format!("{n}"));
    }
    for path in ["same", "file-then-directory", "directory-then-file/x", "gone/a/b"] {
        repo.write(path, path);
    }
    repo.commit_all();
    let first = repo.git(&["rev-parse", "HEAD^{tree}"]);
    for n in (0..600).step_by(2) {
        repo.write(format!("d{:02}/{n}/deep/file", n % 50), format!("{n} changed"));
    }
    repo.git(&["rm", "-rq", "file-then-directory", "directory-then-file", "gone"]);
    repo.write("file-then-directory/y", "y");
    repo.write("directory-then-file", "file");
    repo.write("d00.x", "sorts between the directory's name and what is in it");
    repo.commit_all();
    let second = repo.git(&["rev-parse", "HEAD^{tree}"]);
    let id = |hex: &[u8]| crate::model::ObjectId::from_hex(hex.trim_ascii()).unwrap();
    // All in one pack, which is read by our own reader; and loose, by libgit2's.
    for packed in [false, true] {
        if packed {
            repo.git(&["gc", "-q"]);
        }
        let opened = Repo::open_at(repo.root()).unwrap();
        let mut found = Vec::new();
        let mut paths = Vec::new();
        opened
            .trees()
            .unwrap()
            .diff(id(&first), id(&second), &mut |path, old: Option<TreeEntry>, new: Option<TreeEntry>| {
                assert!([old, new].iter().flatten().all(|entry| entry.mode != MODE_TREE));
                let letter = match (old, new) {
                    (None, Some(_)) => 'A',
                    (Some(_), None) => 'D',
                    _ => 'M',
                };
                found.push(format!("{letter}\t{path}"));
                paths.push(path);
                Ok(())
            })
            .unwrap();
        assert!(paths.is_sorted());
        let hex = |tree: &[u8]| String::from_utf8(tree.trim_ascii().to_vec()).unwrap();
        let said = repo.git(&["diff-tree", "-r", "--no-renames", "--name-status", &hex(&first), &hex(&second)]);
        let mut said: Vec<String> = String::from_utf8(said).unwrap().lines().map(str::to_owned).collect();
        said.sort();
        found.sort();
        assert_eq!(found, said);
        assert!(found.len() > 300);
    }
}
