//! Stopping after every step of every command, as if killed: nothing is lost, back and forward both work.
//!
//! `GIT_ROLLBACK_TEST_STOP_AFTER=n` makes the program abort after its n-th progress event.

use super::common::{Report, State, TestRepo, caught};
use super::mutating::{COMMANDS, Case, prepare};

/// No plan of these small repositories has more events than this; more means that the run never ends.
const MOST_EVENTS: usize = 500;

/// Stops `case` after its `n`-th event in a copy of `template`; `None` when it came to its end before that.
fn stopped(template: &TestRepo, case: &Case, n: usize) -> Option<(TestRepo, State)> {
    let repo = template.copy();
    let args = prepare(&repo, case);
    let before = State::with_points(&repo);
    let run = repo.rollback_with(&[("GIT_ROLLBACK_TEST_STOP_AFTER", &n.to_string())], &args);
    if !run.was_stopped() {
        run.ok();
        return None;
    }
    Some((repo, before))
}

#[track_caller]
fn clean(repo: &TestRepo) {
    repo.fsck();
    let left = repo.leftovers();
    assert!(left.is_empty(), "left behind: {left:?}");
    assert!(repo.rb("status --json").json()["unfinished"].is_null(), "still unfinished");
}

fn unfinished(repo: &TestRepo) -> bool {
    !repo.rb("status --json").json()["unfinished"].is_null()
}

/// Stops after event `n`, takes back in one copy and continues in another; whether there was an event `n`.
fn stop_at(template: &TestRepo, case: &Case, n: usize, done: &State) -> bool {
    let Some((repo, before)) = stopped(template, case, n) else { return false };
    let at_stop = State::with_points(&repo);
    if unfinished(&repo) {
        let refused = repo.rollback(&["checkpoint", "meanwhile"]).code(1).stderr();
        assert!(refused.contains("continue") && refused.contains("abort"), "names no way out: {refused}");
        State::with_points(&repo).must_be(&at_stop, "a refused command");
        repo.rb("abort -y");
        State::with_points(&repo).must_be(&before, "abort");
    } else if at_stop != before {
        at_stop.comparable(&repo, &before).must_be(done, "not unfinished, so done");
    }
    clean(&repo);

    let (repo, before) = stopped(template, case, n).expect("the same command stops at the same event");
    let touched = State::with_points(&repo) != before;
    if unfinished(&repo) {
        repo.rb("continue -y");
        let now = State::with_points(&repo);
        if touched || now != before {
            now.comparable(&repo, &before).must_be(done, "continue");
        }
    } else {
        repo.rollback(&["continue", "-y"]).code(1);
    }
    clean(&repo);
    true
}

fn sweep(part: usize, parts: usize) {
    let template = TestRepo::fixture("working-day");
    let mut report = Report::default();
    // `gc` removes for good: there is nothing to take back.
    for case in COMMANDS.iter().filter(|case| case.line != "gc").skip(part).step_by(parts) {
        report.case(&format!("{} (after {:?})", case.line, case.first), || {
            let whole = template.copy();
            let args = prepare(&whole, case);
            let before = State::with_points(&whole);
            whole.rollback(&args).ok();
            let done = State::with_points(&whole).comparable(&whole, &before);
            let mut n = 1;
            loop {
                let mut go_on = false;
                let one = caught(|| go_on = stop_at(&template, case, n, &done));
                one.unwrap_or_else(|text| panic!("stopped after event {n}: {text}"));
                if !go_on {
                    break;
                }
                n += 1;
                assert!(n < MOST_EVENTS, "the run does not come to its end");
            }
            assert!(n > 1, "the command has no progress event to stop after");
        });
    }
    report.finish();
}

/// F2: the first half of the commands; two tests, so that two processors share the work.
#[test]
fn f2_every_stop_can_be_aborted_and_continued_1() {
    sweep(0, 2);
}

/// F2: the second half of the commands.
#[test]
fn f2_every_stop_can_be_aborted_and_continued_2() {
    sweep(1, 2);
}

/// F2: there is nothing to continue or abort when nothing is unfinished.
#[test]
fn f2_nothing_unfinished_is_said() {
    let repo = TestRepo::fixture("working-day");
    let before = State::of(&repo);
    repo.rollback(&["continue"]).code(1);
    repo.rollback(&["abort"]).code(1);
    State::of(&repo).must_be(&before, "refused");
}

/// F2: `abort` and `continue` themselves can be stopped and asked for again.
#[test]
fn f2_abort_and_continue_can_be_stopped_too() {
    let template = TestRepo::fixture("working-day");
    let case = COMMANDS.iter().find(|case| case.line == "to v1 -y").unwrap();
    let whole = template.copy();
    whole.rb(case.line);
    let mut report = Report::default();
    for way in ["abort", "continue"] {
        for n in (1..MOST_EVENTS).step_by(3) {
            let Some((repo, before)) = stopped(&template, case, n) else { break };
            if !unfinished(&repo) {
                continue;
            }
            report.case(&format!("stopped after event {n}, then {way} stopped"), || {
                let done = State::with_points(&whole).comparable(&whole, &before);
                for m in [1, 2, 5] {
                    let m = m.to_string();
                    if repo.rollback_with(&[("GIT_ROLLBACK_TEST_STOP_AFTER", &m)], &[way, "-y"]).was_stopped() {
                        assert!(repo.rb("status").exit() == 0);
                    }
                }
                if unfinished(&repo) {
                    repo.rb(&format!("{way} -y"));
                }
                let now = State::with_points(&repo);
                match way {
                    "abort" => now.must_be(&before, "abort"),
                    _ if now == before => {}
                    _ => now.comparable(&repo, &before).must_be(&done, "continue"),
                }
                clean(&repo);
            });
        }
    }
    report.finish();
}
