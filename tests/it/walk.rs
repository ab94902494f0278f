//! Walking between commits that disagree about what is ignored, what is a directory and what is a submodule.

use super::common::{State, TestRepo};

/// Goes to every tag in turn, editing on the way, and takes all of it back.
fn walk_and_undo(repo: &TestRepo, tags: &[&str], edit: impl Fn(usize), check: impl Fn(&str)) {
    let mut before = Vec::new();
    for (step, tag) in tags.iter().enumerate() {
        edit(step);
        before.push(State::of(repo));
        repo.rb(&format!("to {tag} --detach -y -q"));
        check(tag);
    }
    for (step, state) in before.iter().enumerate().rev() {
        repo.rb("undo -y -q");
        State::of(repo).must_be(state, &format!("undo of step {step}"));
    }
    repo.fsck();
}

#[test]
fn files_that_only_some_commits_ignore_survive_undo() {
    let repo = TestRepo::empty();
    repo.sh("git init -q; echo x > a; git add a; git commit -q -m one; git tag none
        printf '*.log\\nout/\\n' > .gitignore; mkdir sub; echo '!keep.log' > sub/.gitignore; git add .; git commit -q -m two; git tag some
        mkdir in; echo '*.txt' > in/.gitignore; git add .; git commit -q -m three; git tag more");
    let edit = |step: usize| {
        repo.write(format!("later{step}"), "came later");
        if step == 1 || step == 4 {
            repo.write(format!("later{step}.log"), "came later, where nothing is ignored");
        }
        if step == 0 {
            repo.write("out/deep/a.o", "object");
            repo.write("some.log", "log");
            repo.write("sub/x/keep.log", "kept");
            repo.write("in/some.txt", "text");
            repo.sh("mkdir -p out/empty plain");
        }
    };
    let tags = ["none", "more", "some", "none", "some", "more", "none"];
    walk_and_undo(&repo, &tags, edit, |_| {});
}

#[test]
fn directories_whose_files_were_deleted_go_when_the_target_has_none() {
    let repo = TestRepo::empty();
    repo.sh("git init -q; mkdir -p stays; echo x > stays/a; git add .; git commit -q -m one; git tag without
        mkdir -p d/e/f stays/g; echo y > d/e/f/y; echo z > stays/g/z; git add .; git commit -q -m two; git tag with");
    let edit = |_| {
        repo.sh("rm -f d/e/f/y stays/g/z stays/a; mkdir -p mine");
    };
    let check = |tag: &str| {
        let there = ["d", "stays/g", "mine", "stays/a"].map(|path| repo.path(path).exists());
        assert_eq!(there, [tag == "with", tag == "with", true, true], "{tag}");
    };
    walk_and_undo(&repo, &["without", "with", "without"], edit, check);
}

#[test]
fn directories_of_submodules_come_and_go() {
    let repo = TestRepo::empty();
    repo.sh("git init -q; echo x > a; git add a; git commit -q -m one; git tag none
        c=$(git rev-parse HEAD); mkdir -p lib/one two
        git update-index --add --cacheinfo 160000,$c,lib/one --cacheinfo 160000,$c,two
        git commit -q -m two; git tag both
        git rm -q -f --cached two; rmdir two; mkdir two; echo y > two/y; git add .; git commit -q -m three; git tag files
        git rm -q -f --cached lib/one; rm -r lib two; echo z > two; git add -A; git commit -q -m four; git tag file");
    let edit = |step: usize| {
        repo.write(format!("mine{step}"), "x");
        if step == 4 {
            repo.sh("rmdir lib/one"); // missing before, missing after undo
        }
    };
    let check = |tag: &str| {
        let is_dir = ["lib/one", "two"].map(|path| repo.path(path).is_dir());
        assert_eq!(is_dir, [tag == "both" || tag == "files"; 2], "{tag}");
        assert_eq!(repo.answer(&["status", "--porcelain", "--untracked-files=no"]), "", "{tag}");
    };
    walk_and_undo(&repo, &["none", "both", "files", "both", "file", "files", "both", "none", "files"], edit, check);
    repo.rb("to both --detach -y -q");
    repo.write("lib/one/mine", "kept");
    repo.rb("to none --detach -y -q");
    assert!(repo.path("lib/one/mine").exists(), "what is in a submodule stays");
}
