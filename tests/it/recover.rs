//! Work lost in real ways, with plain git alone: found, brought back byte for byte, and read back by plain git.

use super::common::{Report, State, TestRepo};

/// A repository with some history, and work under way: staged, not staged, untracked.
const DAY: &str = "git init -q -b main .
    seq 60 > long.txt; mkdir src; echo 'fn main() {}' > src/main.rs; printf 'a\\0b' > bin; git add .; git commit -qm 'First'
    for n in 1 2 3 4; do echo \"$n\" >> src/work.rs; git add .; git commit -qm \"Work $n\"; done";
/// Changes of all sorts.
const CHANGES: &str = "sed -i 's/^7$/staged/' long.txt; git add long.txt; sed -i 's/^50$/not staged/' long.txt
    echo new > src/new.rs; git add src/new.rs; chmod +x src/main.rs; rm bin; mkdir deep; echo untracked > deep/untracked";

fn day() -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh(DAY);
    repo
}

/// The ids of the lost things of a kind, newest first.
#[track_caller]
fn lost(repo: &TestRepo, kind: &str) -> Vec<String> {
    let answer = repo.rb(&format!("lost --all --json --kind {kind}")).json();
    let items = answer["items"].as_array().unwrap_or_else(|| panic!("no items in {answer}"));
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// The one lost thing of a kind.
#[track_caller]
fn only(repo: &TestRepo, kind: &str) -> String {
    let found = lost(repo, kind);
    assert_eq!(found.len(), 1, "{}", repo.rb("lost --all").stdout());
    found.into_iter().next().unwrap()
}

/// Where things are after `recover`, in the order they were named.
#[track_caller]
fn recover(repo: &TestRepo, line: &str) -> Vec<String> {
    let answer = repo.rb(&format!("recover {line} --json")).json();
    repo.fsck();
    let made = answer["recovered"].as_array().unwrap_or_else(|| panic!("nothing recovered in {answer}"));
    made.iter().map(|one| one["place"].as_str().unwrap().to_owned()).collect()
}

fn branches(repo: &TestRepo) -> String {
    repo.answer(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]).replace('\n', " ")
}

/// C6: a dropped stash comes back with its message and is popped exactly; `--apply` gives the same files and index.
#[test]
fn c6_a_dropped_stash_comes_back_whole() {
    for way in ["drop", "clear"] {
        let repo = day();
        repo.sh(CHANGES);
        let before = State::of(&repo);
        repo.sh("git stash push -qu -m 'half of the parser'; git rev-parse stash > ../id");
        repo.sh(&format!("git stash {way}"));
        let id = only(&repo, "stash");
        assert_eq!(id, std::fs::read_to_string(repo.base().join("id")).unwrap().trim());
        let clean = State::of(&repo);
        repo.rb(&format!("recover {} --apply", &id[..9]));
        State::of(&repo).must_be(&before, "applied");
        assert_eq!(repo.answer(&["stash", "list"]), "");
        repo.rb("undo -y");
        State::of(&repo).must_be(&clean, "undone");
        assert_eq!(recover(&repo, &id[..9]), ["stash@{0}"]);
        assert_eq!(repo.answer(&["stash", "list"]), "stash@{0}: On main: half of the parser");
        repo.git(&["stash", "pop", "-q", "--index"]);
        State::of(&repo).must_be(&before, "popped by plain git");
    }
}

/// C6: all entries of a cleared stash list come back, with their messages, the newest where it was.
#[test]
fn c6_a_cleared_stash_list_comes_back() {
    let repo = day();
    repo.sh(
        "for n in 1 2 3; do echo $n > src/main.rs; git stash push -q -m \"try $n\"; done; git stash list > ../before
        git log -g --format=%H stash | tac > ../ids; git stash clear",
    );
    let ids = std::fs::read_to_string(repo.base().join("ids")).unwrap().replace('\n', " ");
    assert_eq!(lost(&repo, "stash").len(), 3);
    assert_eq!(recover(&repo, &ids), ["stash@{2}", "stash@{1}", "stash@{0}"]);
    repo.sh("git stash list | diff ../before -");
    assert_eq!(repo.answer(&["show", "stash@{2}:src/main.rs"]), "1");
    let listed = State::of(&repo);
    repo.rb("undo -y");
    assert_eq!(repo.answer(&["stash", "list"]), "");
    repo.rb("redo -y");
    State::of(&repo).must_be(&listed, "redo");
}

/// C6: a pop that ended in a conflict, was given up, and dropped by mistake.
#[test]
fn c6_a_stash_popped_with_a_conflict_comes_back() {
    let repo = day();
    repo.sh("echo mine > src/main.rs; git stash -q; git rev-parse stash > ../id; echo theirs > src/main.rs
        git commit -qam theirs; ! git stash pop -q; git reset -q --hard; git stash drop -q");
    let id = only(&repo, "stash");
    assert_eq!(id, std::fs::read_to_string(repo.base().join("id")).unwrap().trim());
    let before = State::of(&repo);
    // It does not fit here any more: --apply says so and touches nothing.
    repo.rollback(&["recover", &id, "--apply"]).code(1).says("src/main.rs");
    State::of(&repo).must_be(&before, "refused");
    recover(&repo, &id);
    repo.sh("git stash branch again; test \"$(cat src/main.rs)\" = mine");
}

/// C6: commits left behind by amend, rebase, reset, `branch -f` and a detached HEAD, each a branch on the old tip.
#[test]
fn c6_commits_left_behind_come_back_as_a_branch() {
    let mut report = Report::default();
    for (what, script) in [
        ("amend", "git commit -q --amend -m 'Work 4, better' --date=2001-01-01T00:00:00Z"),
        ("rebase", "GIT_SEQUENCE_EDITOR='sed -i 3s/^pick/drop/' git rebase -q -i HEAD~3"),
        ("squash", "git reset -q --soft HEAD~3; git commit -qm squashed"),
        ("reset", "git reset -q --hard HEAD~3"),
        ("branch -f", "git switch -q -c other HEAD~2; git branch -f main HEAD"),
        ("update-ref", "git update-ref HEAD HEAD~2; git reset -q --hard"),
        (
            "detached",
            "git switch -q --detach; echo x > x; git add x; git commit -qm aside; git rev-parse HEAD > ../id; git switch -q main",
        ),
        (
            "worktree",
            "git worktree add -q --detach ../wt; cd ../wt; echo x > x; git add x; git commit -qm there
             git rev-parse HEAD > ../id; cd ../r; git worktree remove ../wt",
        ),
    ] {
        for then in ["true", EXPIRE, "git gc -q --prune=2.weeks.ago", CRUFT] {
            report.case(&format!("{what}, then {then}"), || {
                let repo = day();
                repo.sh("git rev-parse HEAD > ../id");
                repo.sh(script);
                repo.sh(then);
                let id = std::fs::read_to_string(repo.base().join("id")).unwrap().trim().to_owned();
                let everything = repo.rb("lost --all --json").json();
                let items = everything["items"].as_array().unwrap();
                assert!(items.iter().any(|item| item["id"] == *id), "{id} is not listed: {everything}");
                let before = State::of(&repo);
                let places = recover(&repo, &id[..10]);
                let branch = places[0].strip_prefix("branch ").unwrap_or_else(|| panic!("{places:?}"));
                assert_eq!(repo.answer(&["rev-parse", branch]), id);
                assert!(branch.starts_with("recovery/"), "{branch}");
                repo.git(&["rev-list", "--objects", branch]);
                let after = State::of(&repo);
                repo.rb("undo -y");
                State::of(&repo).must_be(&before, "undo");
                repo.rb("redo -y");
                State::of(&repo).must_be(&after, "redo");
            });
        }
    }
    report.finish();
}

/// Reflogs are gone: only the objects are left.
const EXPIRE: &str = "git reflog expire --expire=now --expire-unreachable=now --all";
/// And the objects are in a cruft pack.
const CRUFT: &str =
    "git reflog expire --expire=now --expire-unreachable=now --all; git gc -q --cruft --prune=2.weeks.ago";

/// C6: a deleted branch has its name again, and follows what it followed; where the name is taken, a free one.
#[test]
fn c6_a_deleted_branch_has_its_name_again() {
    let repo = day();
    repo.sh("git init -q --bare ../remote; git remote add origin ../remote; git push -q origin main
        git switch -q -c topic; echo t > t; git add t; git commit -qm topic; git push -q -u origin topic
        echo more > t; git commit -qam more; git rev-parse HEAD > ../id; git switch -q main; cp .git/config ../config
        git branch -q -D topic");
    let id = std::fs::read_to_string(repo.base().join("id")).unwrap().trim().to_owned();
    let before = State::of(&repo);
    let other = repo.copy();
    assert_eq!(recover(&repo, "topic"), ["branch topic"]);
    assert_eq!(repo.answer(&["rev-parse", "topic"]), id);
    assert_eq!(repo.answer(&["rev-parse", "--abbrev-ref", "topic@{upstream}"]), "origin/topic");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
    assert_eq!(repo.try_git(&["config", "branch.topic.remote"]).exit(), 1);
    // Somebody else has the name by now.
    let repo = other;
    repo.git(&["branch", "topic", "main~2"]);
    let places = recover(&repo, &id);
    assert_eq!(places, ["branch recovery/topic"]);
    assert_eq!(
        repo.answer(&["rev-parse", "recovery/topic", "topic"]),
        format!("{id}\n{}", repo.answer(&["rev-parse", "main~2"]))
    );
    // Once more: it is there already.
    assert_eq!(recover(&repo, &id), ["branch recovery/topic"]);
    assert_eq!(branches(&repo), "main recovery/topic topic");
}

/// C6: a deleted annotated tag has its name again, byte for byte; where the name is taken, a free one.
#[test]
fn c6_a_deleted_tag_has_its_name_again() {
    let repo = day();
    repo.sh("git tag -a -m 'the release' v1 HEAD~1; git rev-parse v1 > ../id; git tag -d v1");
    let id = only(&repo, "tag");
    assert_eq!(id, std::fs::read_to_string(repo.base().join("id")).unwrap().trim());
    assert_eq!(recover(&repo, "v1"), ["tag v1"]);
    assert_eq!(repo.answer(&["rev-parse", "refs/tags/v1"]), id);
    repo.rb("undo -y");
    repo.git(&["tag", "v1"]);
    assert_eq!(recover(&repo, &id[..8]), ["tag recovery/v1"]);
    assert_eq!(repo.answer(&["rev-parse", "refs/tags/recovery/v1"]), id);
}

/// C6: content that was staged and never committed comes back as a file, byte for byte, beside what is there.
#[test]
fn c6_staged_content_comes_back_as_a_file() {
    let mut report = Report::default();
    for (what, script, place) in [
        ("reset --hard", "git add long.txt; git reset -q --hard", "long.txt.recovered"),
        ("checkout over it", "git add long.txt; git checkout -q HEAD -- long.txt", "long.txt.recovered"),
        ("restore", "git add long.txt; git restore --staged --worktree long.txt", "long.txt.recovered"),
        (
            "staged twice",
            "git add .; sed -i 's/^9$/nine/' long.txt; git add .; git commit -qm other",
            "long.txt.recovered",
        ),
    ] {
        for then in ["true", CRUFT] {
            report.case(&format!("{what}, then {then}"), || {
                let repo = day();
                let mut bytes = repo.answer(&["show", "HEAD:long.txt"]).into_bytes();
                bytes.extend_from_slice(b"\nand \xff some bytes\r\nno end of line");
                repo.write("long.txt", &bytes);
                repo.sh(script);
                repo.sh(then);
                let before = State::of(&repo);
                let id = only(&repo, "staged");
                assert_eq!(recover(&repo, &id), [format!("file {place}")]);
                assert!(std::fs::read(repo.path(place)).unwrap() == bytes, "not the same bytes");
                assert_eq!(repo.answer(&["hash-object", "--no-filters", place]), id);
                let after = State::of(&repo);
                repo.rb("undo -y");
                State::of(&repo).must_be(&before, "undo");
                repo.rb("redo -y");
                State::of(&repo).must_be(&after, "redo");
            });
        }
    }
    report.finish();
}

/// C6: a rebase and a merge that were given up: what was resolved and staged in them is found and comes back.
#[test]
fn c6_work_of_a_merge_that_was_given_up_comes_back() {
    let repo = day();
    repo.sh("git switch -q -c side; sed -i s/^7$/side/ long.txt; git commit -qam side; git switch -q main
        sed -i s/^7$/main/ long.txt; git commit -qam main; ! git merge -q side
        seq 60 | sed 's/^7$/resolved with care/' > long.txt; git add long.txt; cp long.txt ../resolved; git merge --abort");
    let id = repo.answer(&["hash-object", "../resolved"]);
    assert!(lost(&repo, "staged").contains(&id));
    assert_eq!(recover(&repo, &id), ["file long.txt.recovered"]);
    repo.sh("cmp ../resolved long.txt.recovered");
}

/// C6: what is pinned survives everything; it is listed, and can be let go.
#[test]
fn c6_what_is_pinned_is_not_pruned() {
    let repo = day();
    repo.sh("seq 55 > long.txt; cp long.txt ../long; git add .; git reset -q --hard HEAD~2; git tag -a -m x v9; git tag -d v9
        echo u > u; git stash push -qu; git stash drop -q; echo file > new; git add new; git reset -q --hard");
    let kinds = ["commit", "staged", "tag", "stash"];
    let ids: Vec<String> = kinds.iter().flat_map(|kind| lost(&repo, kind)).collect();
    assert_eq!(ids.len(), 5);
    let before = State::of(&repo);
    recover(&repo, &format!("{} --pin", ids.join(" ")));
    State::of(&repo).must_be(&before, "nothing else is touched");
    for line in repo.answer(&["for-each-ref", "--format=%(objecttype) %(*objecttype)", "refs/rollback"]).lines() {
        assert!(["commit", "tag commit"].contains(&line.trim()), "a ref leads to {line}");
    }
    repo.sh(&format!("{EXPIRE}; git gc -q --prune=now"));
    for id in &ids {
        repo.git(&["cat-file", "-e", id]);
    }
    repo.fsck();
    let pins = repo.rb("points --kind pin --json").json();
    let names: Vec<&str> = pins["points"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 5, "{pins}");
    let long = repo.answer(&["hash-object", "../long"]);
    assert_eq!(recover(&repo, &long), ["file long.txt.recovered"]);
    repo.sh("cmp ../long long.txt.recovered");
    assert_eq!(recover(&repo, &format!("pin-{}", &ids[0][..10])), ["branch recovery/main"]);
    for name in names {
        repo.rb(&format!("points delete {name}"));
    }
    assert_eq!(repo.rb("points --kind pin --json").json()["points"].as_array().unwrap().len(), 0);
}
