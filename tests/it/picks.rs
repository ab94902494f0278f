//! `recover --from`: commits of a branch that failed.

use super::common::repo::words;
use super::common::{RepoFiles, Report, Run, State, TestRepo};

/// No run of these small repositories has more events than this.
const MOST_EVENTS: usize = 300;

fn stopped_at(repo: &TestRepo, line: &str) -> serde_json::Value {
    let answer = repo.rollback(&words(&format!("{line} --json"))).code(3).json();
    assert_eq!(answer["kind"], "stopped", "{answer}");
    answer
}

/// What a person does about the conflict in `f`.
fn solve(repo: &TestRepo) {
    repo.sh("sed -i '/^<<<<<<<\\|^=======\\|^>>>>>>>/d' f; git add f");
}

fn subjects(repo: &TestRepo, range: &str) -> Vec<String> {
    repo.answer(&["log", "--reverse", "--format=%s", range]).lines().map(str::to_owned).collect()
}

/// C5: what the branch has beyond the baseline, and what of it would apply; nothing changes.
#[test]
fn c5_the_list_says_what_would_apply() {
    let repo = TestRepo::fixture("failed-branch");
    let before = RepoFiles::of(&repo);
    let rows = |line: &str| -> Vec<(String, String, String)> {
        let answer = repo.rb(&format!("{line} --json")).json();
        assert_eq!(answer["kind"], "candidates");
        let row = |row: &serde_json::Value| {
            let text = |key: &str| row[key].to_string().trim_matches('"').to_owned();
            (text("subject"), text("state"), text("needs"))
        };
        answer["commits"].as_array().unwrap().iter().map(row).collect()
    };
    let row = |subject: &str, state: &str, needs: &str| (subject.to_owned(), state.to_owned(), needs.to_owned());
    let wanted = [
        row("one: line five", "clean", "[]"),
        row("two: a new file", "clean", "[]"),
        row("three: line five again", "needs", "[1]"),
        row("four: rename", "clean", "[]"),
        row("five: change what was renamed", "clean", "[]"),
        row("six: nothing", "empty", "[]"),
        row("seven: line twenty", "clean", "[]"),
        row("side: a file", "clean", "[]"),
        row("merge side", "merge", "[]"),
        row("ten: mode", "clean", "[]"),
    ];
    assert_eq!(rows("recover --from topic"), wanted);
    let onto_main = rows("recover --from topic --onto main");
    let state = |subject: &str| onto_main.iter().find(|row| row.0.starts_with(subject)).unwrap().1.clone();
    assert_eq!(
        (state("seven"), state("one"), state("three")),
        ("applied".into(), "conflict".into(), "conflict".into())
    );
    assert_eq!(rows("recover --from topic -m 1").len(), 9, "the merge stands for the side branch");
    repo.rb("recover --from topic");
    RepoFiles::of(&repo).must_be(&before, "looking");
}

/// C5: picks are made in the order of history, with authors and dates, and give the trees that `git cherry-pick` gives.
#[test]
fn c5_picks_are_those_of_git_cherry_pick() {
    let repo = TestRepo::fixture("failed-branch");
    let plain = repo.copy();
    let tip = repo.answer(&["rev-parse", "topic"]);
    let seven = repo.answer(&["log", "-1", "--format=%H", "--grep=^seven", "topic"]);
    let run = repo.rollback(&["recover", "--from", "topic", &seven[..10], "3", "2", "1", "4-5", "-x"]).ok();
    assert!(run.stdout().contains("Recover 6 commits of topic onto recovery/"), "{run}");
    plain.sh("git reset -q --hard; git clean -fdq; git checkout -q -b x baseline");
    plain.sh("git cherry-pick -x topic~9 2>/dev/null >/dev/null || true; git reset -q --hard baseline");
    let commits = plain.answer(&[
        "log",
        "--reverse",
        "--format=%H",
        "--grep=^one",
        "--grep=^two",
        "--grep=^three",
        "--grep=^four",
        "--grep=^five",
        "--grep=^seven",
        "topic",
    ]);
    for commit in commits.lines() {
        plain.git(&["cherry-pick", "-x", commit]);
    }
    let format = "--format=%T %an %ae %ai %B";
    let log = |repo: &TestRepo| repo.answer(&["log", "--reverse", format, "baseline..HEAD"]);
    assert_eq!(log(&repo), log(&plain));
    assert_eq!(repo.answer(&["status", "--porcelain"]), "?? untracked", "what was not committed is set aside");
    assert_eq!(repo.answer(&["rev-parse", "topic"]), tip, "the branch that failed stays");
    repo.fsck();
}

/// C5: a conflict looks as `git cherry-pick` leaves it, byte for byte.
#[test]
fn c5_a_conflict_is_that_of_git_cherry_pick() {
    for (style, onto) in [("merge", "baseline"), ("diff3", "baseline"), ("zdiff3", "main")] {
        let repo = TestRepo::fixture("failed-branch");
        repo.git(&["config", "merge.conflictStyle", style]);
        repo.sh("git reset -q --hard; git clean -fdq");
        let plain = repo.copy();
        let three = repo.answer(&["log", "-1", "--format=%H", "--grep=^three", "topic"]);
        stopped_at(&repo, &format!("recover --from topic --onto {onto} {three}"));
        plain.git(&["checkout", "-q", "-b", "x", onto]);
        assert_eq!(plain.try_git(&["cherry-pick", &three]).exit(), 1);
        for facts in [
            &["ls-files", "-s"][..],
            &["status", "--porcelain=v2"],
            &["rev-parse", "CHERRY_PICK_HEAD", "AUTO_MERGE"],
            &["diff"],
        ] {
            assert_eq!(repo.answer(facts), plain.answer(facts), "{style}: {facts:?}");
        }
        let file = |repo: &TestRepo, path: &str| std::fs::read_to_string(repo.path(path)).unwrap();
        assert_eq!(file(&repo, "f"), file(&plain, "f"), "{style}");
        assert_eq!(file(&repo, ".git/MERGE_MSG"), file(&plain, ".git/MERGE_MSG"), "{style}");
    }
}

/// C5, F1: continue goes on when the conflict is solved; all of it is one operation, which undo takes back.
#[test]
fn c5_continue_then_undo_and_redo() {
    let repo = TestRepo::fixture("failed-branch");
    let before = State::of(&repo);
    let plan = repo.rb("recover --from topic 2 3 -n").stdout();
    assert!(plan.contains("(three: line five again): CONFLICT (content)"), "{plan}");
    let answer = stopped_at(&repo, "recover --from topic 2 3 7 10");
    assert_eq!((&answer["paths"], &answer["remaining"]), (&serde_json::json!(["f"]), &serde_json::json!(2)));
    assert_eq!(answer["commits"].as_array().unwrap().len(), 1);
    let waiting = State::of(&repo);
    repo.rollback(&["continue"]).code(3).says("still in conflict").says("git add");
    repo.rollback(&["to", "main", "-y"]).code(1).says("waits for you").says("git rollback skip");
    let status = repo.rb("status --json").json();
    assert_eq!(status["unfinished"]["waits"], true, "{status}");
    State::of(&repo).must_be(&waiting, "a refused command");
    solve(&repo);
    repo.rb("continue -n");
    let done = repo.rb("continue --json").json();
    let outcomes: Vec<_> = done["commits"].as_array().unwrap().iter().map(|c| c["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["picked", "resolved", "picked", "picked"]);
    assert_eq!(
        subjects(&repo, "baseline..HEAD"),
        ["two: a new file", "three: line five again", "seven: line twenty", "ten: mode"]
    );
    assert_eq!(repo.answer(&["log", "-1", "--format=%an", "HEAD~2"]), "Other Author");
    assert_eq!(repo.operations().len(), 1, "one operation");
    repo.fsck();
    let after = State::of(&repo);
    // What the place that HEAD goes back to has as well does not leave.
    let plan = repo.rb("undo -n --json").json();
    let leaving = plan["commits_leaving"].as_array().unwrap();
    let there = repo.answer(&["rev-list", "HEAD", "--not", "@{-1}"]);
    let ids: Vec<&str> = leaving.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, there.lines().collect::<Vec<_>>(), "{plan:#}");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
    repo.rb("redo -y");
    State::of(&repo).must_be(&after, "redo");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo again");
    assert!(repo.leftovers().is_empty());
}

/// C5: abort gives the state before, whatever was done about the conflict; that is saved.
#[test]
fn c5_abort_is_exact() {
    let repo = TestRepo::fixture("failed-branch");
    let before = State::of(&repo);
    for work in [
        "true",
        "sed -i 's/FIVE/mine/' f; git add f; echo new > new",
        "git checkout -q --theirs f; git commit -qam done",
        "git cherry-pick --abort",
    ] {
        stopped_at(&repo, "recover --from topic 2 3 7 10");
        repo.sh(work);
        repo.rb("abort");
        State::of(&repo).must_be(&before, work);
        repo.rollback(&["continue"]).code(1);
        repo.fsck();
    }
}

/// C5: what was finished, or left out, by hand with plain git is recognised.
#[test]
fn c5_what_was_done_with_plain_git_is_recognised() {
    let mut report = Report::default();
    for (by_hand, three, outcome) in [
        ("git add f; git cherry-pick --continue", true, "resolved"),
        ("git commit -qam 'in my words'", true, "resolved"),
        ("git cherry-pick --skip", false, "skipped"),
        ("git cherry-pick --abort", false, "skipped"),
        ("git checkout -q --ours f; git add f", false, "applied"),
        ("rm .git/CHERRY_PICK_HEAD; git add f", true, "resolved"),
    ] {
        report.case(by_hand, || {
            let repo = TestRepo::fixture("failed-branch");
            stopped_at(&repo, "recover --from topic 2 3 7");
            repo.sh("sed -i '/^<<<<<<<\\|^=======\\|^>>>>>>>/d' f");
            repo.sh(by_hand);
            let answer = repo.rb("continue --json").json();
            assert_eq!(answer["commits"][1]["outcome"], outcome, "{answer}");
            assert_eq!(subjects(&repo, "baseline..HEAD").len(), if three { 3 } else { 2 });
            assert_eq!(repo.answer(&["status", "--porcelain"]), "?? untracked");
        });
    }
    report.finish();
}

/// C5: skip leaves the commit out; what is in the way of going on is said, and nothing changes.
#[test]
fn c5_skip_and_what_stands_in_the_way() {
    let repo = TestRepo::fixture("failed-branch");
    stopped_at(&repo, "recover --from topic 2 3 7");
    let branch = repo.answer(&["symbolic-ref", "HEAD"]);
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/main"]);
    repo.rollback(&["skip"]).code(3).says("HEAD is not on recovery/");
    repo.git(&["symbolic-ref", "HEAD", &branch]);
    repo.rb("skip");
    assert_eq!(subjects(&repo, "baseline..HEAD"), ["two: a new file", "seven: line twenty"]);
    repo.rollback(&["skip"]).code(1);
    repo.fsck();
}

/// C5: merges, empty commits, commits that are there already: handled, and said.
#[test]
fn c5_merges_empty_and_applied_commits() {
    let repo = TestRepo::fixture("failed-branch");
    repo.sh("git reset -q --hard; git clean -fdq");
    let merge = repo.answer(&["log", "-1", "--merges", "--format=%H", "topic"]);
    repo.rollback(&["recover", "--from", "topic", &merge]).code(1).says("--mainline 1");
    let run = repo.rollback(&["recover", "--from", "topic", "-m", "1", &merge, "6"]).ok();
    assert_eq!(subjects(&repo, "baseline..HEAD"), ["merge side"]);
    assert!(run.stdout().contains("changes nothing"), "{run}");
    repo.rb("undo");
    repo.rb("recover --from topic 6 2 --allow-empty");
    assert_eq!(subjects(&repo, "baseline..HEAD"), ["two: a new file", "six: nothing"]);
    repo.rb("undo");
    let run = repo.rb("recover --from topic --onto main 2 7");
    assert!(run.stdout().contains("there already"), "{run}");
    assert_eq!(subjects(&repo, "main..HEAD"), ["two: a new file"]);
    repo.rb("undo");
    let run = repo.rb("recover --from topic --all");
    assert!(run.stderr().contains("is a merge, and is left out"), "{run}");
    assert_eq!(repo.answer(&["rev-parse", "HEAD^{tree}"]), repo.answer(&["rev-parse", "topic^{tree}"]));
}

/// C5: --here picks onto the present branch and carries what is not committed, or refuses where that overlaps.
#[test]
fn c5_here_carries_what_is_not_committed() {
    let repo = TestRepo::fixture("failed-branch");
    repo.sh("git stash -q -u; git checkout -q main; echo mine >> a; echo new > new");
    let before = State::of(&repo);
    let two = repo.answer(&["log", "-1", "--format=%H", "--grep=^two", "topic"]);
    repo.rollback(&["recover", "--from", "topic", "--here", &two]).ok();
    assert_eq!(repo.answer(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!(repo.answer(&["status", "--porcelain"]), " M a\n?? new");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
    let three = repo.answer(&["log", "-1", "--format=%H", "--grep=^three", "topic"]);
    repo.rollback(&["recover", "--from", "topic", "--here", &three]).code(3);
    assert_eq!(repo.answer(&["status", "--porcelain"]), " M a\nUU f\n?? new");
    repo.rb("skip");
    State::of(&repo).must_be(&before, "skip of the only commit");
    repo.sh("echo mine >> f");
    repo.rollback(&["recover", "--from", "topic", "--here", &three, "-q"]).code(1).says("not committed");
    repo.sh("git checkout -q f; git add a");
    repo.rollback(&["recover", "--from", "topic", "--here", &two]).code(1).says("staged");
}

/// C5: words that name no commit, and places that do not suit, are refused.
#[test]
fn c5_what_cannot_be_is_refused() {
    let repo = TestRepo::fixture("failed-branch");
    let before = RepoFiles::of(&repo);
    for (line, says) in [
        ("recover --from topic 77", "names none of these commits"),
        ("recover --from topic main", "names none of these commits"),
        ("recover --from nowhere 1", "nowhere"),
        ("recover --from topic --onto nowhere 1", "nowhere"),
        ("recover --from main --onto topic~20 1", "topic~20"),
        ("recover --from baseline --all", "has nothing to pick"),
        ("recover --from topic 1 --branch topic", "there is a branch topic already"),
    ] {
        repo.rollback(&words(line)).code(1).says(says);
    }
    repo.rollback(&["recover", "--from", "topic", "-m", "0", "1"]).code(129);
    RepoFiles::of(&repo).must_be(&before, "refused");
}

fn trust(repo: &TestRepo) {
    let hash = repo.sh("sha256sum < rollback.toml").stdout();
    repo.rollback(&["trust", "--hash", hash.split(' ').next().unwrap()]).ok();
}

/// C5: the tests run after each commit; where they fail it stops, or leaves that commit out.
#[test]
fn c5_tests_after_each_commit() {
    let template = TestRepo::fixture("failed-branch");
    template.rollback(&words("recover --from topic 1 2 7 --test -y")).code(1).says("no tests are set");
    template.write("rollback.toml", "[commands]\ntest = \"git log -1 --format=%s >> ../ran; test ! -e b\"\n");
    template.rollback(&words("recover --from topic 1 2 7 --test -y")).code(1).says("git rollback trust");
    trust(&template);
    let before = State::of(&template);
    template.rollback(&words("recover --from topic 1 2 7 --test")).code(1).says("--yes");
    State::of(&template).must_be(&before, "without a yes");
    let ran = |repo: &TestRepo| std::fs::read_to_string(repo.base().join("ran")).unwrap_or_default();
    let (one, two, seven) = ("one: line five", "two: a new file", "seven: line twenty");
    for (by_hand, way, left) in [
        ("true", "skip", vec![one, seven]),
        ("true", "continue", vec![one, two, seven]),
        (
            "git rm -q b; echo x > other; git add other; git commit -q --amend --no-edit",
            "continue",
            vec![one, two, seven],
        ),
    ] {
        let repo = template.copy();
        trust(&repo);
        let answer = stopped_at(&repo, "recover --from topic 1 2 7 --test -y");
        assert!(answer["why"].as_str().unwrap().contains("the tests fail with"), "{answer}");
        assert_eq!(ran(&repo), format!("{one}\n{two}\n"));
        repo.sh(by_hand);
        if by_hand == "true" && way == "continue" {
            stopped_at(&repo, way);
        }
        repo.rb(way);
        assert_eq!(subjects(&repo, "baseline..HEAD"), left, "{by_hand}, {way}");
        repo.rb("undo -y");
        State::of(&repo).must_be(&before, "undo");
    }
    let repo = template.copy();
    trust(&repo);
    let done = repo.rb("recover --from topic 1 2 7 --test --bisect-bad -y --json").json();
    let outcomes: Vec<_> = done["commits"].as_array().unwrap().iter().map(|c| c["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["picked", "failing", "picked"]);
    assert_eq!(subjects(&repo, "baseline..HEAD"), [one, seven]);
    assert!(!repo.path("b").exists());
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
    stopped_at(&repo, "recover --from topic 1 2 7 --test -y");
    repo.rb("abort");
    State::of(&repo).must_be(&before, "abort");
}

/// Runs a line; `false`: it came to its end before the n-th event.
fn stop(repo: &TestRepo, line: &str, n: usize) -> bool {
    let run: Run = repo.rollback_with(&[("GIT_ROLLBACK_TEST_STOP_AFTER", &n.to_string())], &words(line));
    run.was_stopped()
}

fn unfinished(repo: &TestRepo) -> serde_json::Value {
    repo.rb("status --json").json()["unfinished"].clone()
}

/// F2: stopped after every event of every leg, `abort` gives the state before, and `continue` the state at the end.
#[test]
fn f2_every_stop_of_every_leg() {
    const START: &str = "recover --from topic 2 3 7 10";
    let template = TestRepo::fixture("failed-branch");
    let before = State::of(&template);
    let whole = template.copy();
    stopped_at(&whole, START);
    let at_conflict = State::of(&whole).comparable(&whole, &before);
    solve(&whole);
    whole.rb("continue");
    let done = State::of(&whole).comparable(&whole, &before);
    let mut report = Report::default();
    for (leg, line) in [(1, START), (2, "continue"), (2, "skip"), (2, "abort")] {
        for n in 1..MOST_EVENTS {
            let mut more = true;
            report.case(&format!("{line}, stopped after event {n}"), || {
                for way in ["abort", "continue"] {
                    let repo = template.copy();
                    if leg == 2 {
                        stopped_at(&repo, START);
                        solve(&repo);
                    }
                    let solved = State::of(&repo);
                    more = stop(&repo, line, n);
                    if !more {
                        return;
                    }
                    go(&repo, way, line, &before, (&at_conflict, &solved, &done));
                    repo.fsck();
                    assert!(repo.leftovers().is_empty(), "{:?}", repo.leftovers());
                }
            });
            if !more {
                assert!(n > 3, "{line} has no events");
                break;
            }
        }
    }
    report.finish();
}

/// After a stop in the middle of `line`: abort, or continue as far as it goes.
fn go(repo: &TestRepo, way: &str, line: &str, before: &State, (conflict, solved, done): (&State, &State, &State)) {
    let left = unfinished(repo);
    if left.is_null() {
        let now = State::of(repo);
        assert!(&now == before || now.comparable(repo, before) == *done || line == "skip", "not unfinished, not done");
        return;
    }
    if way == "abort" {
        repo.rb("abort");
        State::of(repo).must_be(before, "abort");
        return;
    }
    match line {
        "abort" => {
            if left["waits"] == false {
                repo.rollback(&["continue"]).code(3);
            }
            State::of(repo).must_be(solved, "an abort that is taken back");
            repo.rb("continue");
        }
        "skip" => {
            let run = repo.rollback(&["continue"]);
            assert_eq!(run.exit(), 0, "{run}");
            return;
        }
        "continue" => drop(repo.rb("continue")),
        _ => {
            if left["waits"] == false {
                repo.rollback(&["continue"]).code(3);
            }
            State::of(repo).comparable(repo, before).must_be(conflict, "at the conflict");
            solve(repo);
            repo.rb("continue");
        }
    }
    State::of(repo).comparable(repo, before).must_be(done, "continue");
}
