//! What could go wrong when lost work comes back: names in use, hostile names, damage, pruning, unusual places.

use super::common::{State, TestRepo};

/// A repository with three commits that `reset` left behind; the id of their tip stands beside it.
fn left_behind() -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main .; for n in 1 2 3 4; do echo $n > f$n; git add .; git commit -qm \"Work $n\"; done
        git rev-parse HEAD > ../id; git reset -q --hard HEAD~3");
    repo
}

fn id(repo: &TestRepo) -> String {
    std::fs::read_to_string(repo.base().join("id")).unwrap().trim().to_owned()
}

#[track_caller]
fn place(repo: &TestRepo, args: &[&str]) -> String {
    let answer = repo.rollback(&[&["recover", "--json"], args].concat()).ok().json();
    answer["recovered"][0]["place"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Removes an object that stands alone.
fn remove_object(repo: &TestRepo, id: &str) {
    std::fs::remove_file(repo.common_dir().join(format!("objects/{}/{}", &id[..2], &id[2..]))).unwrap();
}

/// C6: names that are taken, as a branch, as a directory of branches, or by HEAD before its first commit.
#[test]
fn c6_a_taken_name_is_never_replaced() {
    for (script, wanted) in [
        ("git branch recovery/main", "branch recovery/main-2"),
        ("git branch recovery/main; git branch recovery/main-2; git pack-refs --all", "branch recovery/main-3"),
        ("git branch recovery", "branch recovery-main"),
        ("git branch recovery; git branch recovery-main", "branch recovery-main-2"),
        ("git branch recovery/main/x; git pack-refs --all", "branch recovery/main-2"),
        ("git symbolic-ref refs/heads/recovery/main refs/heads/none", "branch recovery/main-2"),
        ("mkdir -p .git/refs/heads/recovery/main/empty", "branch recovery/main"),
        ("git checkout -q --orphan recovery/main", "branch recovery/main-2"),
        ("git worktree add -q --orphan -b recovery/main ../other", "branch recovery/main-2"),
        ("git config rollback.recovery.branch 'lost/{timestamp}-{name}'", "branch lost/20260101-000001-main"),
    ] {
        let repo = left_behind();
        repo.sh(script);
        let refs = repo.answer(&["for-each-ref", "--exclude=refs/rollback/"]);
        assert_eq!(place(&repo, &[&id(&repo)]), wanted, "{script}");
        if !script.contains("symbolic-ref") {
            repo.fsck();
        }
        let now = repo.answer(&["for-each-ref", "--exclude=refs/rollback/"]);
        assert!(refs.lines().all(|line| now.contains(line)), "{script}: {refs}\n{now}");
        repo.rb("undo -y");
        assert_eq!(repo.answer(&["for-each-ref", "--exclude=refs/rollback/"]), refs, "{script}");
    }
}

/// C6: names from records can be anything; what comes of them is a plain name.
#[test]
fn c6_hostile_names_do_no_harm() {
    for (name, wanted) in [
        ("../../escape", "tag recovery/escape"),
        ("-d", "tag recovery/d"),
        ("a..b", "tag recovery/a.-b"),
        ("x\u{1b}]0;title\u{7}", "tag recovery/x-0-title"),
        ("--upload-pack=touch pwned", "tag recovery/upload-pack-touch-pwned"),
        ("HEAD", "tag recovery/20260101-000001"),
        ("v1.lock", "tag recovery/v1"),
        ("fine/name", "tag fine/name"),
    ] {
        let repo = left_behind();
        let head = repo.answer(&["rev-parse", "HEAD"]);
        let tag = format!("object {head}\ntype commit\ntag {name}\ntagger A <a@b> 1767225600 +0000\n\nx\n");
        std::fs::write(repo.base().join("tag"), tag).unwrap();
        let id = repo.answer(&["hash-object", "-t", "tag", "--literally", "-w", "../tag"]);
        let answer = repo.rollback(&["recover", "--json", &id]).ok().json();
        assert_eq!(answer["recovered"][0]["place"], wanted, "{name:?}");
        let run = repo.rb("log");
        assert!(!run.stdout().contains('\u{1b}') && !run.stderr().contains('\u{1b}'), "{run}");
        assert!(!repo.path("pwned").exists());
        repo.rb("undo -y");
        assert_eq!(repo.answer(&["tag"]), "");
    }
}

/// C6: a commit, tree or file that is gone or damaged is named, nothing is touched, and what is whole can be had.
#[test]
fn c6_what_is_not_whole_is_refused_and_named() {
    for (what, named) in [("{id}:f4", "f4"), ("{id}^{tree}", "directory"), ("{id}~1:f3", "f3"), ("{id}~1", "commit")] {
        let repo = left_behind();
        let tip = id(&repo);
        let whole = repo.answer(&["rev-parse", &format!("{tip}{}", if what.contains("~1") { "~2" } else { "~1" })]);
        let object = repo.answer(&["rev-parse", &what.replace("{id}", &tip)]);
        remove_object(&repo, &object);
        let before = State::of(&repo);
        let objects = repo.answer(&["count-objects", "-v"]);
        let run = repo.rollback(&["recover", &tip]).code(1);
        assert!(run.stderr().contains(named) && run.stderr().contains(&object), "{what}\n{run}");
        repo.rollback(&["recover", &tip, "--pin"]).code(1);
        State::of(&repo).must_be(&before, what);
        assert_eq!(repo.answer(&["count-objects", "-v"]), objects);
        if named != "commit" {
            assert!(run.stderr().contains(&format!("recover {}", &whole[..10])), "offers nothing: {run}");
        }
        place(&repo, &[&whole]);
    }
}

/// C6: an object whose bytes are not what its name says is no better than a missing one.
#[test]
fn c6_a_corrupt_object_is_found_before_anything_is_touched() {
    let repo = left_behind();
    let (tip, other) = (id(&repo), repo.answer(&["rev-parse", "HEAD:f1"]));
    let blob = repo.answer(&["rev-parse", &format!("{tip}:f4")]);
    let file = |id: &str| repo.common_dir().join(format!("objects/{}/{}", &id[..2], &id[2..]));
    remove_object(&repo, &blob);
    std::fs::copy(file(&other), file(&blob)).unwrap();
    repo.rollback(&["recover", &tip]).code(1).says("f4");
    repo.rollback(&["recover", &blob]).code(1).says(&blob);
    assert_eq!(repo.answer(&["branch", "--format=%(refname:short)"]), "main");
}

/// C6: a stash without its untracked files: the rest of it can be had.
#[test]
fn c6_a_damaged_stash_says_what_is_left_of_it() {
    let repo = left_behind();
    repo.sh("echo staged > f1; git add f1; echo changed > f1; echo u > u; git stash push -qu
        git rev-parse stash > ../id; git rev-parse stash^2 > ../index; git rev-parse 'stash^3:u' > ../u; git stash drop -q");
    let read = |name: &str| std::fs::read_to_string(repo.base().join(name)).unwrap().trim().to_owned();
    remove_object(&repo, &read("u"));
    let run = repo.rollback(&["recover", &id(&repo)]).code(1).says(&read("u")).says("what was staged in it is whole");
    assert!(run.stderr().contains(&format!("recover {}", &read("index")[..10])), "{run}");
    repo.rollback(&["recover", &id(&repo), "--apply"]).code(1);
    let branch = place(&repo, &[&read("index")]);
    let branch = branch.strip_prefix("branch ").unwrap();
    assert_eq!(repo.answer(&["show", &format!("{branch}:f1")]), "staged");
}

/// C6: pruned between the list and the command, or in the middle of it.
#[test]
fn c6_pruning_meanwhile_loses_nothing() {
    let prune = "rm -rf .git/logs; git repack -adq; git prune --expire=now";
    let repo = left_behind();
    repo.sh(prune);
    repo.rollback(&["recover", &id(&repo)]).code(1).says("lost");
    // Stopped when the journal was written: from here on the snapshot holds all of it.
    for script in ["true", "echo staged > s; git add s; git hash-object s > ../id; git reset -q --hard"] {
        for way in ["continue", "abort"] {
            let repo = left_behind();
            repo.sh(script);
            let before = State::of(&repo);
            assert!(
                repo.rollback_with(&[("GIT_ROLLBACK_TEST_STOP_AFTER", "1")], &["recover", &id(&repo)]).was_stopped()
            );
            repo.rollback(&["recover", &id(&repo)]).code(1).says("git rollback continue");
            repo.sh(prune);
            repo.rb(&format!("{way} -y"));
            repo.git(&["cat-file", "-e", &id(&repo)]);
            repo.fsck();
            match way {
                "abort" => State::of(&repo).must_be(&before, "abort"),
                _ => State::of(&repo).must_differ(&before, "continue"),
            }
        }
    }
}

/// C6: on a detached HEAD, before the first commit, in a linked worktree, in the middle of a merge.
#[test]
fn c6_it_works_wherever_head_is() {
    for script in [
        "git checkout -q --detach",
        "git checkout -q --orphan fresh; git rm -rqf .",
        "git worktree add -q ../linked; cd ../linked; git switch -q --detach",
        "git switch -q -c side; echo side > f1; git commit -qam side; git switch -q main; echo main > f1; git commit -qam main
         ! git merge -q side",
    ] {
        let repo = left_behind();
        repo.sh(script);
        let head = std::fs::read(repo.git_dir().join("HEAD")).unwrap();
        let before = State::of(&repo);
        let place = place(&repo, &[&id(&repo)]);
        let branch = place.strip_prefix("branch ").unwrap();
        assert_eq!(repo.answer(&["rev-parse", branch]), id(&repo));
        assert_eq!(std::fs::read(repo.git_dir().join("HEAD")).unwrap(), head);
        repo.rb("undo -y");
        State::of(&repo).must_be(&before, script);
    }
}

/// C6: a file goes where it is told to, when that is free and inside of the worktree.
#[test]
fn c6_a_file_goes_to_a_free_place() {
    let repo = left_behind();
    repo.sh("mkdir dir; echo here > dir/taken; git init -q nested; echo lost | git hash-object -w --stdin > ../id");
    let id = id(&repo);
    let before = State::of(&repo);
    for (output, why) in [
        ("dir/taken", "taken"),
        ("f1", "taken"),
        ("f1/below", "taken"),
        ("../outside.txt", "outside"),
        ("/etc/passwd", "outside"),
        (".git/config", "not safe"),
        (".GIT/x", "not safe"),
        ("nested/x", "taken"),
    ] {
        repo.rollback(&["recover", &id, "-o", output]).code(1).says(why);
        State::of(&repo).must_be(&before, output);
    }
    assert_eq!(place(&repo, &[&id, "-o", "new/deep/file"]), "file new/deep/file");
    assert_eq!(place(&repo, &[&id, "-o", "dir"]), format!("file dir/recovered-{}", &id[..10]));
    assert_eq!(place(&repo, &[&id, "-o", "dir/"]), format!("file dir/recovered-{}.recovered", &id[..10]));
    assert_eq!(place(&repo, &["-C", "dir", &id, "-o", "../beside"]), "file beside");
    assert_eq!(place(&repo, &["-C", "dir", &id, "-o", "here"]), "file dir/here");
    assert_eq!(std::fs::read(repo.path("dir/here")).unwrap(), b"lost\n");
    assert_eq!(std::fs::read(repo.path("dir/taken")).unwrap(), b"here\n");
}

/// C6: a file comes back with the line ends that a checkout would give it.
#[test]
fn c6_a_file_is_converted_as_git_would() {
    let repo = left_behind();
    repo.sh("echo '*.txt text eol=crlf' > .gitattributes; seq -f 'line %g' 40 | sed 's/$/\\r/' > a.txt; git add .; git commit -qm a
        sed -i 's/line 7/line seven/' a.txt; git add a.txt; cp a.txt ../wanted; git reset -q --hard");
    let lost = repo.rb("lost --kind staged --json").json();
    let id = lost["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{lost}"));
    let place = place(&repo, &[id, "-o", "b.txt"]);
    assert_eq!(place, "file b.txt");
    repo.sh("cmp ../wanted b.txt");
}

/// C6: `--apply` refuses where anything would be mixed with what is there, and touches nothing.
#[test]
fn c6_apply_refuses_what_is_in_the_way() {
    for (script, named) in [
        ("echo dirty >> f1", "f1"),
        ("echo dirty >> f1; git add f1", "f1"),
        ("rm f1", "f1"),
        ("echo other > u", "u"),
        ("mkdir u", "u"),
        ("echo other > u; git add u", "u"),
        ("echo other > u; git add u; git commit -qm u", "u"),
        ("mkdir -p .git/info; echo 'u' > .git/info/exclude; echo ignored > u", "u"),
        ("rm -rf d; echo a file > d", "d"),
        ("echo committed > f1; git commit -qam f1", "f1"),
        ("git rm -q f1; git commit -qm gone", "f1"),
        (
            "git switch -q -c side; echo s > x; git add x; git commit -qm s; git switch -q main; echo m > x; git add x
          git commit -qm m; ! git merge -q side",
            "conflict",
        ),
    ] {
        let repo = left_behind();
        repo.sh(
            "echo staged > f1; git add f1; echo changed > f1; echo u > u; mkdir d; echo d > d/d; git stash push -qu
            git rev-parse stash > ../id; git stash drop -q",
        );
        repo.sh(script);
        let before = State::of(&repo);
        let run = repo.rollback(&["recover", &id(&repo), "--apply", "-y"]).code(1).says(named).says("stash list");
        State::of(&repo).must_be(&before, script);
        assert!(repo.leftovers().is_empty(), "{run}");
    }
    // What is there already with the same content, and what is not touched, is in nobody's way.
    let repo = left_behind();
    repo.sh("echo changed > f1; echo u > u; git stash push -qu; git rev-parse stash > ../id; git stash drop -q
        echo u > u; echo mine > mine; echo more > g; git add g");
    repo.rb(&format!("recover {} --apply", id(&repo)));
    assert_eq!(repo.answer(&["status", "--porcelain"]), " M f1\nA  g\n?? mine\n?? u");
}

/// C6: without a terminal, `recover` alone says where to look.
#[test]
fn c6_without_a_terminal_an_item_must_be_named() {
    let repo = left_behind();
    repo.rollback(&["recover"]).code(1).says("git rollback lost");
    repo.rollback(&["recover", "0123456789"]).code(1).says("git rollback lost");
    repo.rollback(&["recover", "no-such-thing"]).code(1).says("git rollback lost");
    let id = id(&repo);
    repo.rollback(&["recover", &id, "--branch", "main"]).code(1).says("main");
    repo.rollback(&["recover", &id, "--branch", "a..b"]).code(1).says("a..b");
    repo.rollback(&["recover", &id, "--apply"]).code(1).says("not a stash");
    repo.rollback(&["recover", &id, "HEAD", "--apply"]).code(1).says("one stash");
    repo.rollback(&["recover", &id, "--pin", "--apply"]).code(129);
    assert_eq!(repo.answer(&["branch", "--format=%(refname:short)"]), "main");
}
