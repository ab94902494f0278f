//! Save everything, wreck everything, go back, go away again, come back again: for every fixture.

use super::common::{Report, State, TestRepo, fixtures};

/// Ends whatever is unfinished, so that git itself would have forgotten it.
const END_UNFINISHED: &str = "g=$(git rev-parse --git-dir)
    end() { if [ -e $g/$1 ]; then shift; git \"$@\" > /dev/null 2>&1 || true; fi; }
    end MERGE_HEAD merge --abort
    end rebase-merge rebase --abort
    end rebase-apply am --abort
    end CHERRY_PICK_HEAD cherry-pick --abort
    end REVERT_HEAD revert --abort
    end BISECT_LOG bisect reset
    ";

/// What happens to the repository between saving and going back.
#[derive(Clone, Copy)]
enum Wreck {
    /// What people do by hand.
    Soft,
    /// Every entry of the worktree is gone.
    Hard,
    /// The same, and everything that only a reflog holds is pruned.
    HardAndPruned,
}

impl Wreck {
    fn script(self) -> String {
        // On an unborn branch `git reset` leaves an index that names a tree which is not there.
        let reset = "if git rev-parse -q --verify HEAD > /dev/null; then git reset -q --hard
            else git ls-files -z | xargs -0 rm -f; rm -f $g/index; fi; ";
        let empty = "find . -mindepth 1 -maxdepth 1 ! -name .git ! -type p -exec rm -rf {} +; ";
        let prune = "git reflog expire --expire=now --expire-unreachable=now HEAD $(git for-each-ref --format='%(refname)' refs/heads) || true
            git gc -q --prune=now; ";
        let rest = match self {
            Wreck::Soft => [reset, "git clean -qfd; "].concat(),
            Wreck::Hard => [reset, empty, reset].concat(),
            Wreck::HardAndPruned => [reset, empty, reset, prune].concat(),
        };
        END_UNFINISHED.to_owned() + &rest
    }
}

/// One fixture through one wreck.
fn there_and_back(fixture: &str, wreck: Wreck) {
    let repo = TestRepo::fixture(fixture);
    // A wrecked nested repository comes back with its files; what git keeps in it is compared where it was left alone.
    let state = || match wreck {
        Wreck::Soft => State::of(&repo),
        Wreck::Hard | Wreck::HardAndPruned => State::of(&repo).without_nested_git(),
    };
    let start = state();
    repo.rb("checkpoint rt --ignored --nested -q");
    state().must_be(&start, "making a checkpoint changes nothing the user has");
    repo.sh(&wreck.script());
    if fixture == "later-commit" {
        repo.sh("echo later > later; git add later; git commit -q -m later");
    }
    let wrecked = state();

    repo.rb("to rt -y -q");
    state().must_be(&start, "going back to the checkpoint");
    repo.fsck();
    if wrecked == start {
        return; // nothing was done, so there is nothing to undo
    }
    repo.rb("undo -y");
    state().must_be(&wrecked, "undo of going back");
    repo.fsck();
    repo.rb("redo -y");
    state().must_be(&start, "redo of going back");
    repo.fsck();
    let left = repo.leftovers();
    assert!(left.is_empty(), "left behind: {left:?}");
}

fn every_fixture(wreck: Wreck) {
    let mut report = Report::default();
    for fixture in fixtures() {
        report.case(&fixture, || there_and_back(&fixture, wreck));
    }
    report.finish();
}

/// F1: what `git reset --hard` and `git clean -fd` destroy comes back exactly.
#[test]
fn f1_every_fixture_survives_a_soft_wreck() {
    every_fixture(Wreck::Soft);
}

/// F1: what is deleted from the worktree altogether comes back exactly.
#[test]
fn f1_every_fixture_survives_a_hard_wreck() {
    every_fixture(Wreck::Hard);
}

/// F1: nothing depends on reflogs or on objects that happen to be still there.
#[test]
fn f1_every_fixture_survives_a_hard_wreck_and_pruning() {
    every_fixture(Wreck::HardAndPruned);
}

/// F1: branches and tags that were made since are nobody's to delete or to move.
#[test]
fn f1_later_branches_and_tags_stay() {
    let repo = TestRepo::fixture("edited");
    repo.rb("checkpoint rt -q");
    repo.sh("git branch later; git tag later-tag; echo lost > a");
    let refs = repo.answer(&["for-each-ref", "refs/heads", "refs/tags"]);
    repo.rb("to rt -y -q");
    assert_eq!(repo.answer(&["for-each-ref", "refs/heads", "refs/tags"]), refs);
    assert_eq!(std::fs::read(repo.path("a")).unwrap(), b"changed\n");
}

/// F1: untracked files that came later are saved and removed, ignored ones the checkpoint does not hold stay.
#[test]
fn f1_what_came_later_is_saved_and_what_was_not_saved_stays() {
    let repo = TestRepo::fixture("ignored");
    repo.rb("checkpoint rt -q");
    repo.write("came-later", "later\n");
    repo.write("build/came-later", "later\n");
    let before = State::of(&repo);
    repo.rb("to rt -y -q");
    assert!(!repo.path("came-later").exists());
    assert_eq!(std::fs::read(repo.path("build/came-later")).unwrap(), b"later\n");
    assert_eq!(std::fs::read(repo.path("build/.env")).unwrap(), b"SECRET=1\n");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
}

/// F1: modification times of files that do not differ stay as they are.
#[test]
fn f1_files_that_do_not_differ_are_not_touched() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("checkpoint rt --ignored -q");
    repo.sh("touch -d '2020-01-01 00:00:00' src/f1.txt notes.txt ignored/.env; echo wrong > src/f5.txt");
    let time = |path: &str| repo.path(path).symlink_metadata().unwrap().modified().unwrap();
    let before = ["src/f1.txt", "notes.txt", "ignored/.env"].map(time);
    repo.rb("to rt -y -q");
    assert_eq!(["src/f1.txt", "notes.txt", "ignored/.env"].map(time), before);
    assert!(!repo.path("src/f5.txt").metadata().is_ok_and(|meta| meta.len() == 6), "nothing was restored");
}

/// F1: plain `git status` has nothing to read again afterwards, and sees what it saw before.
#[test]
fn f1_git_status_agrees_afterwards() {
    let repo = TestRepo::fixture("working-day");
    let status = || repo.answer(&["status", "--porcelain=v2", "--branch", "--untracked-files=all", "--ignored"]);
    let before = status();
    repo.rb("checkpoint rt --ignored -q");
    repo.sh(&Wreck::Hard.script());
    repo.rb("to rt -y -q");
    assert_eq!(status(), before);
}

/// F1: line ends that git calls unchanged although it would write others come back exactly: found anew, found in what is
/// remembered of many blobs, and when that is damaged.
#[test]
fn f1_line_ends_that_git_does_not_see_come_back_among_many_files() {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main .; printf '* text=auto\\n' > .gitattributes; mkdir d; for n in $(seq 2100); do echo $n > d/$n; done
        printf 'a\\r\\nb\\n' > mixed; git add . 2> /dev/null; git commit -q -m mixed; git gc -q");
    let remembered = "set -- .git/rollback/*/scans/sizes; test -f $1";
    for (round, before) in ["", remembered, &format!("{remembered}; truncate -s 100 $1")].into_iter().enumerate() {
        // No entry is as young as the index: none has to be read for that.
        repo.sh("sleep 0.1; git add mixed 2> /dev/null; git update-index -q --refresh; sleep 0.1; touch .git/index");
        assert_eq!(repo.answer(&["status", "--porcelain"]), "");
        repo.sh(before);
        repo.rb(&format!("checkpoint rt{round} -q"));
        repo.sh("rm mixed; git checkout -q mixed");
        assert_eq!(std::fs::read(repo.path("mixed")).unwrap(), b"a\nb\n");
        repo.rb(&format!("to rt{round} -y -q"));
        assert_eq!(std::fs::read(repo.path("mixed")).unwrap(), b"a\r\nb\n", "round {round}");
    }
}
