#![allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
use super::*;
use crate::git::testing::TestRepo;

/// Asks git and our rules about each path; directories end with a slash.
fn compare(repo: &TestRepo, ignore_case: bool, paths: &[&str]) {
    let user = repo.root().join(".git/user-ignore");
    let rules = Rules::new(Some(&user), &repo.root().join(".git/info/exclude"), ignore_case).unwrap();
    for path in paths {
        let (path, is_dir) = path.strip_suffix('/').map_or((*path, false), |path| (path, true));
        if is_dir {
            std::fs::create_dir_all(repo.root().join(path)).unwrap();
        } else {
            repo.write(path, "x");
        }
        let mut here = rules.top();
        let mut dir = "";
        loop {
            if let Ok(bytes) = std::fs::read(repo.root().join(dir).join(".gitignore")) {
                here = here.push(dir.as_bytes(), &bytes);
            }
            let rest = path[dir.len()..].trim_start_matches('/');
            let Some(at) = rest.find('/') else { break };
            dir = &path[..path.len() - rest.len() + at];
            here = here.enter(dir.as_bytes());
        }
        let set = if ignore_case { "core.ignorecase=true" } else { "core.ignorecase=false" };
        let user = format!("core.excludesFile={}", user.display());
        let out = repo.git(&["-c", set, "-c", &user, "status", "--porcelain", "--ignored", "-uall", "-z", "--", path]);
        let git = out.starts_with(b"!!") || (is_dir && check(repo, &user, set, path));
        assert_eq!(here.is_ignored(path.as_bytes(), is_dir), git, "{path}");
    }
}

/// `git check-ignore`, which also answers for empty directories.
fn check(repo: &TestRepo, user: &str, set: &str, path: &str) -> bool {
    let input = format!("{path}\0");
    let args = ["-c", set, "-c", user, "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"];
    let Ok(out) = std::panic::catch_unwind(|| repo.git_with_input(&args, input.as_bytes())) else { return false };
    let fields: Vec<_> = out.split(|&byte| byte == 0).collect();
    !fields[2].is_empty() && !fields[2].starts_with(b"!")
}

#[test]
fn same_as_git() {
    let repo = TestRepo::new();
    repo.write(".git/user-ignore", "*.user\n*.both\n");
    repo.write(".git/info/exclude", "*.info\n!keep.both\n");
    repo.write(
        ".gitignore",
        "# comment\n*.log\n!important.log\nbuild/\n/rooted\nsub/only\n**/any/deep\na/**/z\n\\!bang\n\\#hash\n\
         trail   \nescaped\\ \ncr\r\n[ab]c?\n*.d\n!x.d\nforeign/*\n!foreign/own\nlast\r",
    );
    repo.write("nested/.gitignore", "!*.log\nlocal\n/anchored\nbuild\n");
    repo.write("nested/deeper/.gitignore", "*.log\n!build\n");
    repo.write("build/.gitignore", "!*\n");
    compare(
        &repo,
        false,
        &[
            "x.log",
            "important.log",
            "d/x.log",
            "d/important.log",
            "build/",
            "build/x",
            "d/build/",
            "d/build/y",
            "e/build",
            "rooted",
            "d/rooted",
            "sub/only",
            "d/sub/only",
            "q/any/deep",
            "any/deep/",
            "a/z",
            "a/b/c/z",
            "!bang",
            "#hash",
            "# comment",
            "trail",
            "escaped ",
            "escaped",
            "cr",
            "acx",
            "bcy",
            "cc1",
            "m.d",
            "x.d",
            "foreign/other",
            "foreign/own",
            "foreign/deep/own",
            "last",
            "nested/x.log",
            "nested/local",
            "nested/deeper/local",
            "nested/anchored",
            "nested/deeper/anchored",
            "nested/deeper/x.log",
            "nested/build",
            "nested/deeper/build/",
            "f.user",
            "f.info",
            "f.both",
            "keep.both",
            "X.LOG",
            "plain",
        ],
    );
    compare(&repo, true, &["Y.LOG", "d2/IMPORTANT.log", "Nested2/Build/"]);
}

#[test]
fn nothing_is_let_back_in_below_an_ignored_directory() {
    let rules = Rules::new(None, Path::new("/nonexistent/exclude"), false).unwrap();
    let inside = rules.top().push(b"", b"out/\n").enter(b"out").push(b"out", b"!*\n");
    assert!(inside.all_ignored());
    assert_eq!(inside.verdict(b"out/x", false), Some(true));
    assert_eq!(rules.top().verdict(b"out", false), None);
}

#[test]
fn keep_patterns_cover_what_is_below() {
    let keep = Keep::new([".env*", "secrets/", "!.env.example"]);
    assert!(keep.covers(b"a/.env.local", false));
    assert!(!keep.covers(b".env.example", false));
    assert!(keep.covers(b"secrets/a/b", false));
    assert!(!keep.covers(b"secrets", false));
    assert!(!Keep::new(Vec::<String>::new()).covers(b"x", true));
}

#[test]
fn long_chains_are_dropped_without_recursion() {
    let rules = Rules::new(None, Path::new("/nonexistent/exclude"), false).unwrap();
    let mut here = rules.top();
    for _ in 0..200_000 {
        here = here.push(b"", b"");
    }
}
