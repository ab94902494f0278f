//! C6: work that git no longer shows is found and named, and nothing else is.

use super::common::{Report, TestRepo};
use serde_json::Value;
use std::collections::BTreeSet;

/// Makes `TestRepo` repositories with some history: files `a` and `code.rs`, commits `one`, `two`, `three`.
fn start() -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main; seq 60 > code.rs; echo 1 > a; git add -A; git commit -qm one
        echo 2 >> a; git commit -qam two; echo 3 >> a; git commit -qam three");
    repo
}

fn lost(repo: &TestRepo, more: &str) -> Vec<Value> {
    repo.rb(&format!("lost --all --json {more}")).json()["items"].as_array().unwrap().clone()
}

/// The one item there is.
#[track_caller]
fn only(repo: &TestRepo) -> Value {
    let mut items = lost(repo, "");
    assert_eq!(items.len(), 1, "{items:#?}");
    items.remove(0)
}

/// Lost commits by what the list says, as a set.
fn commits(items: &[Value]) -> BTreeSet<String> {
    let ids = items.iter().flat_map(|item| item["commits"].as_array().unwrap());
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// Lost commits by what git itself says.
fn by_fsck(repo: &TestRepo, more: &[&str]) -> BTreeSet<String> {
    let args = [&["fsck", "--unreachable", "--no-progress"], more].concat();
    let out = repo.try_git(&args).stdout();
    out.lines().filter_map(|line| line.strip_prefix("unreachable commit ")).map(str::to_owned).collect()
}

/// A way to lose something: the commands, and of the one item: kind, beginning of the subject, name, part of the origin.
type Loss = (&'static str, &'static str, &'static str, &'static str, Option<&'static str>, &'static str);

const LOSSES: &[Loss] = &[
    ("drop", "echo x >> a; git stash -q; git stash drop -q", "stash", "WIP on main", None, "dropped"),
    (
        "pop",
        "echo x >> a; echo u > u; git stash -q -u; git stash pop -q; git checkout -q a; rm u",
        "stash",
        "WIP on main",
        None,
        "popped",
    ),
    (
        "named stash",
        "echo x >> a; git stash push -q -m mine; git stash clear",
        "stash",
        "On main: mine",
        None,
        "cleared",
    ),
    ("amend", "git commit -q --amend -m new", "commit", "three", Some("main"), "--amend"),
    ("reset", "git reset -q --hard HEAD~2", "commit", "three", Some("main"), "reset: moving to HEAD~2"),
    (
        "branch -D",
        "git switch -qc topic/x; echo t > t; git add t; git commit -qm t; git switch -q main; git branch -qD topic/x",
        "branch",
        "t",
        Some("topic/x"),
        "deleted",
    ),
    (
        "branch -f",
        "git switch -qc side; echo s > s; git add s; git commit -qm s; git switch -q main; git branch -qf side main",
        "commit",
        "s",
        Some("side"),
        "branch -f",
    ),
    (
        "rebase",
        "git switch -qc topic HEAD~1; echo t > t; git add t; git commit -qm t; git rebase -q main",
        "commit",
        "t",
        Some("topic"),
        "rebase",
    ),
    (
        "rebase abort",
        "git switch -qc topic HEAD~1; echo t > t; git add t; git commit -qm t; echo 9 >> a; git commit -qam clash
        git rebase -q main >/dev/null 2>&1 || git rebase --abort",
        "state",
        "t",
        Some("topic"),
        "--abort",
    ),
    (
        "detached",
        "git checkout -q --detach; echo d > d; git add d; git commit -qm d; git checkout -q main",
        "commit",
        "d",
        None,
        "detached",
    ),
    ("tag", "git tag -a v1 -m 'the first'; git tag -d v1", "tag", "the first", Some("v1"), "deleted"),
    (
        "worktree",
        "git worktree add -q --detach ../w; cd ../w; echo w > w; git add w; git commit -qm w; cd ../r
        git worktree remove --force ../w",
        "commit",
        "w",
        None,
        "no reflog",
    ),
    (
        "add, reset --hard",
        "(seq 60; echo new) > code.rs; git add code.rs; git reset -q --hard",
        "staged",
        "1",
        Some("code.rs"),
        "staged",
    ),
    (
        "checkout over a staged file",
        "(seq 2 60; echo new) > code.rs; git add code.rs; git checkout -q HEAD -- code.rs",
        "staged",
        "2",
        Some("code.rs"),
        "staged",
    ),
    (
        "add, rm",
        "printf '\\211PNGx' > p; git add p; git rm -q --cached p; rm p",
        "staged",
        "",
        Some("unnamed.png"),
        "staged",
    ),
    (
        "merge abort",
        "git switch -qc topic HEAD~1; echo 9 >> a; git commit -qam clash; git switch -q main
        git merge topic >/dev/null 2>&1 || true; echo resolved > a; git add a; git merge --abort || git reset -q --hard",
        "staged",
        "resolved",
        Some("unnamed.txt"),
        "staged",
    ),
    (
        "expired reflogs",
        "git reset -q --hard HEAD~1; git reflog expire --expire=all --expire-unreachable=all --all",
        "commit",
        "three",
        None,
        "no reflog",
    ),
    (
        "cruft pack",
        "git reset -q --hard HEAD~1; git reflog expire --expire=all --expire-unreachable=all --all; git gc -q --cruft",
        "commit",
        "three",
        None,
        "no reflog",
    ),
    (
        "staged, in a cruft pack",
        "(seq 60; echo new) > code.rs; git add code.rs; git reset -q --hard; git gc -q --cruft",
        "staged",
        "1",
        Some("code.rs"),
        "staged",
    ),
    (
        "root",
        "git switch -q --orphan alone; echo r > r; git add r; git commit -qm r; git switch -q main; git branch -qD alone",
        "branch",
        "r",
        Some("alone"),
        "deleted",
    ),
];

/// C6: every kind, lost with plain git commands, is one item with the right kind, name and origin.
#[test]
fn c6_each_loss_is_found_and_named() {
    let mut report = Report::default();
    for (what, script, kind, subject, name, origin) in LOSSES {
        report.case(what, || {
            let repo = start();
            assert_eq!(lost(&repo, "").len(), 0, "something is lost before");
            repo.sh(script);
            let item = only(&repo);
            assert_eq!(item["kind"], *kind, "{item:#}");
            assert!(item["subject"].as_str().unwrap().starts_with(subject), "{item:#}");
            assert_eq!(item["name"]["name"].as_str(), *name, "{item:#}");
            assert!(item["origin"].as_str().unwrap().contains(origin), "{item:#}");
            let named = repo.rb(&format!("show {} --json", item["id"].as_str().unwrap())).json();
            assert_eq!(named["lost"]["id"], item["id"], "{named:#}");
        });
    }
    report.finish();
}

/// C6: what git itself calls unreachable, with and without reflogs, and no commit more.
#[test]
fn c6_the_same_commits_as_fsck() {
    let repo = start();
    for (what, script, ..) in LOSSES.iter().filter(|(what, ..)| !matches!(*what, "expired reflogs" | "cruft pack")) {
        // Enough history for each of them, and commits that are new each time.
        repo.sh(&format!("git switch -q main; for i in 1 2 3; do echo \"{what} $i\" >> more; git add more; git commit -qm \"{what} $i\"; done"));
        repo.sh(&format!("git switch -q main; {script}; git switch -q main; git branch -D topic alone topic/x side >/dev/null 2>&1 || true"));
        let items = lost(&repo, "");
        assert_eq!(commits(&items), by_fsck(&repo, &["--no-reflogs"]), "after {script}");
        let nothing: Vec<Value> = items.into_iter().filter(|item| item["reach"] == "nothing").collect();
        assert_eq!(commits(&nothing), by_fsck(&repo, &[]), "after {script}");
    }
}

/// C6: what is on the stash list, under way, staged, or held by a linked worktree is not lost.
#[test]
fn c6_what_is_held_is_not_listed() {
    let repo = start();
    repo.sh("echo 1 >> a; git stash -q; echo 2 >> a; git stash -q -m second; echo 3 >> a; git stash -q
        git worktree add -q --detach ../w; (cd ../w; echo w > w; git add w; git commit -qm w; echo s > s; git add s)
        git tag -a v1 -m v1; git tag -a -m outer v2 v1; git tag -d v1
        echo staged > new; git add new; git branch other; git notes add -m note
        echo clash > a; git commit -qam clash; git stash pop >/dev/null 2>&1 || true");
    assert_eq!(lost(&repo, ""), Vec::<Value>::new());
    // Taken off the list, it is lost; the others are not.
    repo.sh("git checkout -q -f main -- a; git stash drop -q");
    assert_eq!(only(&repo)["kind"], "stash");
}

/// C6: commits that only snapshots of this tool hold are items of their own, and git's two classes are what they were.
#[test]
fn c6_commits_that_only_snapshots_hold() {
    let repo = start();
    repo.sh(
        "git tag good HEAD~2; git switch -qc topic; echo t > t; git add t; git commit -qm work; git switch -q main",
    );
    repo.rb("to good --yes").ok();
    repo.rb("checkpoint").ok();
    // From here on the snapshots alone lead to them.
    repo.sh("git branch -qD topic; git reflog expire --expire=now --expire-unreachable=now --all; git gc -q");
    repo.sh("git commit -q --allow-empty -m later; git commit -q --allow-empty --amend -m latest");
    let of_reach = |wanted: &str| -> Vec<Value> {
        lost(&repo, "").into_iter().filter(|item| item["reach"] == wanted && item["kind"] != "saved").collect()
    };
    let saved = of_reach("saved");
    assert_eq!(saved.len(), 1, "{saved:#?}");
    let (subject, count, prune) = (&saved[0]["subject"], &saved[0]["commit_count"], &saved[0]["prune"]["when"]);
    assert_eq!((subject.as_str(), count.as_u64(), prune.as_str()), (Some("three"), Some(2), Some("never")));
    let by_git = [of_reach("reflogs"), of_reach("nothing")].concat();
    assert_eq!((commits(&by_git), by_git.len()), (by_fsck(&repo, &["--no-reflogs"]), 2));
    assert_eq!(commits(&of_reach("nothing")), by_fsck(&repo, &[]));
    assert_eq!(lost(&repo, "--grep two")[0]["id"], saved[0]["id"]);
    let id = saved[0]["id"].as_str().unwrap();
    repo.rb(&format!("recover {id} --yes")).ok();
    assert_eq!(of_reach("saved"), Vec::<Value>::new());
    // Back again, and the branch is gone that came back.
    repo.rb("undo --yes").ok();
    let again = of_reach("saved");
    assert_eq!((again.len(), again[0]["id"].as_str()), (1, Some(id)), "{again:#?}");
    // A point that was deleted is no tag of the user's.
    repo.rb("checkpoint early").ok();
    repo.rb("points delete early --yes").ok();
    let early: Vec<Value> =
        lost(&repo, "").into_iter().filter(|item| item["subject"].to_string().contains("early")).collect();
    let said: Vec<&str> = early.iter().map(|item| item["origin"].as_str().unwrap()).collect();
    assert_eq!(said, ["a point that was deleted"], "{early:#?}");
    repo.rb(&format!("recover {} --yes", early[0]["id"].as_str().unwrap())).ok();
    // A snapshot that has expired is one item, whatever was done.
    repo.sh("git for-each-ref --format='delete %(refname)' refs/rollback | git update-ref --stdin");
    let kinds: Vec<Value> = lost(&repo, "").into_iter().filter(|item| item["subject"] == "Go to tag good").collect();
    assert!(kinds.iter().any(|item| item["kind"] == "saved"), "{kinds:#?}");
}

/// C6: a branch that this tool went to is not the name of what was made before.
#[test]
fn c6_no_name_rather_than_a_wrong_one() {
    let repo = start();
    repo.sh("git tag good; git switch -qc topic; for i in 1 2; do echo $i > t$i; git add .; git commit -qm \"step $i\"; done; git switch -q main");
    repo.rb("recover --from topic --onto good 2 --branch first").ok();
    repo.rb("undo --yes").ok();
    repo.rb("recover --from topic --onto good 1 --branch second").ok();
    repo.sh("git switch -q main");
    let items = lost(&repo, "--grep step");
    let picked: Vec<&Value> = items.iter().filter(|item| item["kind"] != "saved").collect();
    assert_eq!(picked.len(), 1, "{items:#?}");
    assert!(picked[0]["name"].is_null() || picked[0]["name"]["name"] == "first", "{picked:#?}");
}

/// C6: one line for a branch of ten commits, each commit counted once, filters by all they can be asked for.
#[test]
fn c6_a_line_is_one_item_and_filters_choose() {
    let repo = start();
    repo.sh(
        "git switch -qc topic; for i in $(seq 10); do echo $i > dir-$i; git add .; git commit -qm \"step $i\"; done
        git switch -q main; git branch -qD topic; echo needle >> a; git stash -q; git stash drop -q
        echo 'fn unseen() {}' > b.rs; git add b.rs; git rm -q --cached b.rs; rm b.rs",
    );
    let kinds = |more: &str| {
        lost(&repo, more).iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(kinds(""), set(&["branch", "stash", "staged"]));
    assert_eq!(kinds("--kind branch"), set(&["branch"]));
    assert_eq!(kinds("--grep STEP"), set(&["branch"]));
    assert_eq!(kinds("--path dir-3"), set(&["branch"]));
    assert_eq!(kinds("--content needle"), set(&["stash"]));
    assert_eq!(kinds("--content unseen"), set(&["staged"]));
    assert_eq!(kinds("--author thor"), set(&["branch", "stash"]));
    assert_eq!(kinds("--since 1h").len(), 3);
    let page = repo.rb("lost --limit 1 --json").json();
    assert_eq!((page["items"].as_array().unwrap().len(), page["more"].as_u64()), (1, Some(2)));
    let branch = &lost(&repo, "--kind branch")[0];
    assert_eq!((branch["commit_count"].as_u64(), branch["subject"].as_str()), (Some(10), Some("step 10")));
    let text = repo.rb("show topic --patch").stdout();
    assert!(text.contains("+++ b/dir-1\n") && text.contains("+++ b/dir-10\n"), "{text}");
}

/// C6: how long git keeps it follows git's settings; what git never saw is said.
#[test]
fn c6_prune_and_what_git_never_saw() {
    let repo = start();
    // The age of objects is that of their files, which do not know of the tests' clock.
    repo.sh("git reset -q --hard HEAD~1; find .git/objects -type f -exec touch -d @1767225600 {} +");
    let report = repo.rb("lost --json").json();
    assert_eq!(report["items"][0]["prune"]["days"].as_i64(), Some(30), "{report:#}");
    assert_eq!(report["unseen"][0]["what"], "reset: moving to HEAD~1", "{report:#}");
    repo.sh("git config gc.reflogExpireUnreachable never");
    assert_eq!(only(&repo)["prune"]["when"], "never");
    repo.sh("git config gc.reflogExpireUnreachable now; git config gc.pruneExpire now");
    assert_eq!(only(&repo)["prune"]["when"], "now");
}

/// C6: a damaged object is skipped and counted, a broken HEAD, no reflogs and an empty repository are no reason to fail.
#[test]
fn c6_damage_does_not_stop_the_search() {
    let repo = start();
    repo.sh("git switch -qc topic; echo t > t; git add t; git commit -qm t; git switch -q main; git branch -qD topic
        git switch -qc other; echo o > o; git add o; git commit -qm o; git switch -q main; git branch -qD other
        rm -rf .git/logs; id=$(git fsck --lost-found --no-progress 2>/dev/null | sed -n 's/^dangling commit //p' | head -1)
        f=.git/objects/${id:0:2}/${id:2}; chmod u+w $f; printf broken > $f");
    repo.sh("printf 'ref: refs/heads/gone\\n' > .git/HEAD");
    let found = repo.rb("lost --json").json();
    let kinds: BTreeSet<&str> =
        found["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    // What the damaged commit had is content that no commit has.
    assert_eq!((kinds, found["damaged"].as_u64()), (BTreeSet::from(["commit", "staged"]), Some(1)), "{found:#}");
    let empty = TestRepo::empty();
    empty.sh("git init -q");
    assert!(empty.rb("lost").stdout().is_empty());
}

/// C6, F5: hostile names and messages reach a terminal escaped.
#[test]
fn c6_hostile_text_is_escaped() {
    let repo = start();
    repo.sh("printf 'evil\\033[2Jsubject' | git commit -q --allow-empty -F -; git reset -q --hard HEAD~1
        printf 'x\\033]0;t\\007\\n' > n; git add n; git rm -q --cached n; rm n");
    for line in ["lost", "lost --json", "lost --all"] {
        let text = repo.rb(line).stdout();
        assert!(!text.contains('\u{1b}') && text.contains("evil"), "{text:?}");
    }
}

/// C6: objects that an alternate, a second pack, a `.keep` pack or a commit-graph holds.
#[test]
fn c6_packs_graphs_and_alternates() {
    let repo = start();
    repo.sh("git reset -q --hard HEAD~1; git repack -q -d; echo 4 > b; git add b; git commit -qm four
        git tag -a gone -m gone; git tag -d gone
        git repack -q -a -d --write-midx; git commit-graph write --reachable 2>/dev/null
        git commit -q --amend -m four-again; git multi-pack-index write 2>/dev/null
        git clone -q --shared . ../clone; cd ../clone; git config user.name x; git config user.email x
        echo c > c; git add c; git commit -qm clone-only; git reset -q --hard HEAD~1");
    assert_eq!(commits(&lost(&repo, "")), by_fsck(&repo, &["--no-reflogs"]));
    let clone = repo.base().join("clone");
    let found = repo.rollback(&["-C", clone.to_str().unwrap(), "lost", "--json"]).ok().json();
    let items = found["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "what only the alternate has is not ours: {found:#}");
    assert_eq!(items[0]["subject"], "clone-only");
}

/// The same on any repository: `GIT_ROLLBACK_LOST_IN=/path/to/repository cargo test --test it -- --ignored fsck_anywhere`.
/// It is only read; what our own area remembers of its packs is written.
#[test]
#[ignore = "takes a repository and as long as git fsck does"]
fn c6_the_same_commits_as_fsck_anywhere() {
    let path = std::env::var("GIT_ROLLBACK_LOST_IN").expect("GIT_ROLLBACK_LOST_IN names a repository");
    let fsck = |more: &[&str]| {
        let run = std::process::Command::new("git")
            .args(["-C", &path, "fsck", "--connectivity-only", "--unreachable", "--no-progress"])
            .args(more)
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&run.stdout).into_owned();
        out.lines().filter_map(|l| l.strip_prefix("unreachable commit ")).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let kinds = "--kind stash --kind branch --kind tag --kind commit --kind state";
    let args = format!("-C {path} lost --all --json {kinds}");
    // The second time from what was remembered.
    for _ in 0..2 {
        let run =
            std::process::Command::new(env!("CARGO_BIN_EXE_git-rollback")).args(args.split(' ')).output().unwrap();
        let found: Value = serde_json::from_slice(&run.stdout).unwrap();
        let items = found["items"].as_array().unwrap().clone();
        let nothing: Vec<Value> = items.iter().filter(|item| item["reach"] == "nothing").cloned().collect();
        let (all, without) = (commits(&items), fsck(&["--no-reflogs"]));
        assert!(all == without, "{:?}", all.symmetric_difference(&without).take(10).collect::<Vec<_>>());
        let (none, with) = (commits(&nothing), fsck(&[]));
        assert!(none == with, "{:?}", none.symmetric_difference(&with).take(10).collect::<Vec<_>>());
    }
}
