#![allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
use super::*;
use crate::git::testing::{TestRepo, lstat};

fn split(repo: &TestRepo, path: &str, keep: &[&str], mounts: &[&str]) -> [Vec<String>; 4] {
    let entry = Found { path: path.into(), stat: lstat(&repo.root().join(path)) };
    let mounts: Vec<_> = mounts.iter().map(PathBuf::from).collect();
    let found = split_ignored(repo.root(), &entry, &Keep::new(keep), &mounts).unwrap();
    assert_eq!(found.unreadable, []);
    let text = |paths: Vec<RepoPath>| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
    let movable = found.movable.into_iter().map(|found| found.path).collect();
    [text(movable), text(found.kept), text(found.nested), text(found.mounted)]
}

#[test]
fn the_largest_parts_move() {
    let repo = TestRepo::new();
    for path in [
        "out/a/1",
        "out/a/2",
        "out/b/c/.env",
        "out/b/c/d/x",
        "out/b/e/y",
        "out/r/.git/HEAD",
        "out/r/f",
        "out/m/z",
        "out/s",
    ] {
        repo.write(path, "x");
    }
    std::os::unix::fs::symlink("/", repo.root().join("out/link")).unwrap();
    let all: [Vec<String>; 4] = [vec!["out".into()], vec![], vec![], vec![]];
    std::fs::rename(repo.root().join("out/r"), repo.root().join("r")).unwrap();
    assert_eq!(split(&repo, "out", &[], &[]), all);
    std::fs::rename(repo.root().join("r"), repo.root().join("out/r")).unwrap();
    let [movable, kept, nested, mounted] = split(&repo, "out", &[".env*"], &["out/m"]);
    assert_eq!(movable, ["out/a", "out/b/c/d", "out/b/e", "out/link", "out/s"]);
    assert_eq!((kept, nested, mounted), (vec!["out/b/c/.env".into()], vec!["out/r".into()], vec!["out/m".to_owned()]));
}

#[test]
fn the_entry_itself_may_have_to_stay() {
    let repo = TestRepo::new();
    for path in ["k/x", "n/.git/x", "m/x", ".env"] {
        repo.write(path, "x");
    }
    assert_eq!(split(&repo, "k", &["k/"], &[])[1], ["k"]);
    assert_eq!(split(&repo, "k/x", &["k/"], &[])[1], ["k/x"]);
    assert_eq!(split(&repo, "n", &[], &[])[2], ["n"]);
    assert_eq!(split(&repo, "m", &[], &["m"])[3], ["m"]);
    assert_eq!(split(&repo, ".env", &[".env*"], &[])[1], [".env"]);
    assert_eq!(split(&repo, "m", &[], &["m2", "m/x/y"])[0], ["m"]);
}
