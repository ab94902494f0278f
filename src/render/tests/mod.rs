//! Every answer, filled with hostile text, as text and as JSON.

mod releases;
mod sprints;

use self::releases::{diagnoses, hotfix_report, hotfixes, last_good, postmortem, release, release_check, releases};
use self::sprints::{analysis, decision, history, notification, said, sprint, sprint_report, stats, story};
use super::{Look, error, error_json, escape, json, plan, text};
use crate::model::report::*;
use crate::model::{ObjectId, PickOutcome, Ran, RepoPath, Time};
use crate::{Error, Kind};
use proptest::prelude::*;

fn time() -> Time {
    Time::new(1_700_000_000, 60)
}

fn files(path: &RepoPath) -> Files {
    Files { count: 12, bytes: Some(2048), paths: vec![path.clone(); 11] }
}

fn left(path: &RepoPath, t: &str) -> Vec<LeftInPlace> {
    vec![LeftInPlace { path: path.clone(), reason: t.into(), bytes: Some(1) }]
}

fn head(t: &str) -> Head {
    Head::Branch { branch: t.into(), commit: ObjectId::EMPTY_TREE, subject: t.into() }
}

fn kept(path: &RepoPath, t: &str) -> Vec<Kept> {
    vec![Kept { path: path.clone(), at: t.into() }]
}

fn row(t: &str) -> LogRow {
    LogRow {
        id: t.into(),
        time: time(),
        command: t.into(),
        reason: Some(t.into()),
        summary: t.into(),
        undo: UndoState::Undone,
        worktree: t.into(),
        who: t.into(),
    }
}

fn check(t: &str) -> Check {
    Check { name: t.into(), verdict: Verdict::Fail, detail: t.into(), help: Some(t.into()) }
}

fn status(t: &str) -> StatusReport {
    StatusReport {
        top: t.into(),
        head: head(t),
        baseline: Some(BaselineDistance {
            name: t.into(),
            commit: ObjectId::EMPTY_TREE,
            ahead: 2,
            behind: 1,
            time: Some(time()),
        }),
        in_progress: vec![InProgress { what: t.into(), detail: t.into() }],
        counts: Counts { staged: 1, unstaged: 2, untracked: 3, conflicts: 4, hidden: 5, ignored: Some(6) },
        unfinished: Some(Unfinished {
            waits: false,
            id: t.into(),
            command: t.into(),
            started: time(),
            phase: t.into(),
            next: vec![Hint::new(t, t)],
        }),
        operations: vec![row(t)],
        last_checkpoint: Some(PointNote { name: t.into(), time: time(), message: t.into() }),
        hints: vec![Hint::new(t, t)],
        warnings: vec![t.into()],
    }
}

fn a_plan(t: &str, path: &RepoPath) -> PlanReport {
    PlanReport {
        command: t.into(),
        title: t.into(),
        moves: Some(Move { how: MoveKind::Reset, what: t.into(), why: t.into() }),
        steps: vec![t.into()],
        commits_leaving: vec![CommitRow { id: ObjectId::EMPTY_TREE, subject: t.into(), published: true }],
        commits_picked: picks(t),
        files: PlanFiles {
            written: files(path),
            removed: files(path),
            untracked_saved: files(path),
            untracked_removed: files(path),
            ignored_moved: files(path),
            left_in_place: left(path, t),
        },
        findings: vec![Finding { severity: Severity::Block, message: t.into(), help: Some(t.into()) }],
        needs_yes: vec![t.into()],
        not_undoable: vec![t.into()],
        way_back: Some(t.into()),
    }
}

fn done(t: &str, path: &RepoPath) -> DoneReport {
    DoneReport {
        operation: Some(t.into()),
        command: t.into(),
        summary: t.into(),
        point: Some(t.into()),
        snapshot: Some(t.into()),
        verified: false,
        recovered: vec![recovered(t), recovered(t)],
        runs: ran(t),
        changed: Changed { written: 1, removed: 2, trashed: 3, refs: 4 },
        commits: picks(t),
        kept: kept(path, t),
        left_in_place: left(path, t),
        pushed: Some(Pushed { remote: t.into(), refs: vec![t.into()] }),
        story: Some(Box::new(story(t, path))),
        warnings: vec![t.into()],
        next: vec![Hint::new(t, t)],
        way_back: Some(t.into()),
        recover_with_git: Some(t.into()),
    }
}

fn picks(t: &str) -> Vec<PickRow> {
    let row = |outcome, new| PickRow { id: ObjectId::EMPTY_TREE, subject: t.into(), outcome, new };
    vec![
        row(Some(PickOutcome::Picked), Some(ObjectId::EMPTY_BLOB)),
        row(Some(PickOutcome::Skipped), None),
        row(None, None),
    ]
}

fn stopped(t: &str, path: &RepoPath) -> StoppedReport {
    StoppedReport {
        operation: t.into(),
        command: t.into(),
        summary: t.into(),
        why: t.into(),
        paths: vec![path.clone()],
        commits: picks(t),
        remaining: 2,
        warnings: vec![t.into()],
        next: vec![Hint::new(t, t)],
    }
}

fn candidates(t: &str, path: &RepoPath) -> CandidatesReport {
    let row = CandidateRow {
        number: 1,
        id: ObjectId::EMPTY_TREE,
        subject: t.into(),
        author: t.into(),
        time: time(),
        state: CandidateState::Conflict,
        needs: vec![1, 2],
        conflicts: vec![path.clone()],
        same_as: Some(ObjectId::EMPTY_TREE),
    };
    CandidatesReport { from: t.into(), onto: t.into(), commits: vec![row], next: vec![Hint::new(t, t)] }
}

fn recovered(t: &str) -> Recovered {
    Recovered { id: ObjectId::EMPTY_TREE, item: t.into(), place: t.into(), next: Some(t.into()), why: Some(t.into()) }
}

fn ran(t: &str) -> Vec<Ran> {
    let why = Some(t.into());
    vec![Ran { name: t.into(), command: t.into(), why, output: format!("{t}\n{t}"), ..Ran::default() }]
}

fn detail(t: &str, path: &RepoPath) -> LogDetail {
    LogDetail {
        row: row(t),
        argv: vec![t.into(), t.into()],
        duration: Duration { millis: 1500 },
        head_before: Head::Unborn { branch: t.into() },
        head_after: Head::Detached { commit: ObjectId::EMPTY_TREE, subject: t.into() },
        refs: vec![RefMove { name: t.into(), old: None, new: Some(ObjectId::EMPTY_TREE) }],
        changed: Changed::default(),
        files: files(path),
        steps: vec![t.into()],
        snapshot: Some(t.into()),
        trash: kept(path, t),
        kept: kept(path, t),
        left_in_place: left(path, t),
        trouble: said(t),
        recovery: Some(Duration { millis: 1500 }),
        differs: vec![t.into()],
        runs: ran(t),
        undoes: Some(t.into()),
        redoes: Some(t.into()),
        warnings: vec![t.into()],
        way_back: Some(t.into()),
        recover_with_git: Some(t.into()),
    }
}

fn show(t: &str, path: &RepoPath) -> ShowReport {
    ShowReport {
        lost: None,
        id: t.into(),
        what: t.into(),
        name: t.into(),
        commit: Some(ObjectId::EMPTY_TREE),
        subject: t.into(),
        time: Some(time()),
        who: t.into(),
        message: t.into(),
        holds: Some(Holds {
            head: head(t),
            staged: files(path),
            changed: files(path),
            conflicts: files(path),
            untracked: files(path),
            ignored: files(path),
            in_progress: vec![InProgress { what: t.into(), detail: t.into() }],
            nested: vec![path.clone()],
            not_captured: left(path, t),
        }),
        going: Some(Going { changes: vec![t.into()], loses: vec![t.into()], keeps: vec![t.into()] }),
        compared: Some(t.into()),
        stat: vec![StatLine { path: path.clone(), added: Some(1), removed: None }],
        patch: Patch(None),
        warnings: vec![t.into()],
        way_there: Some(t.into()),
        recover_with_git: Some(t.into()),
    }
}

fn points(t: &str) -> PointsReport {
    let point = PointRow {
        name: t.into(),
        kind: t.into(),
        time: time(),
        commit: Some(ObjectId::EMPTY_TREE),
        snapshot: true,
        message: t.into(),
        extra: t.into(),
    };
    PointsReport { points: vec![point], more: 3 }
}

fn baselines(t: &str) -> BaselineReport {
    let baseline = BaselineRow {
        name: t.into(),
        tag: t.into(),
        commit: ObjectId::EMPTY_TREE,
        subject: t.into(),
        time: time(),
        who: t.into(),
        ahead: Some(1),
        behind: Some(2),
    };
    BaselineReport { baselines: vec![baseline], checks: vec![check(t)] }
}

fn gc(t: &str) -> GcReport {
    let item = GcItem { what: t.into(), name: t.into(), time: Some(time()), bytes: Some(1), reason: t.into() };
    GcReport { dry_run: true, removed: vec![item], kept: 1, bytes: 1, warnings: vec![t.into()] }
}

/// One answer of every kind, with `t` and `path` wherever a text or a path can stand.
fn every_report(t: &str, path: &RepoPath) -> Vec<Report> {
    let patched = ShowReport { patch: Patch(Some(path.as_bytes().to_vec())), ..show(t, path) };
    vec![
        Report::Status(Box::new(status(t))),
        Report::Plan(Box::new(a_plan(t, path))),
        Report::Stopped(Box::new(stopped(t, path))),
        Report::Candidates(candidates(t, path)),
        Report::Done(Box::new(done(t, path))),
        Report::Points(points(t)),
        Report::Baseline(baselines(t)),
        Report::Log(LogReport { operations: vec![row(t)], more: 1, warnings: vec![t.into()] }),
        Report::Operation(Box::new(detail(t, path))),
        Report::Analysis(Box::new(analysis(t, path))),
        Report::Decision(Box::new(decision(t))),
        Report::Notification(Box::new(notification(t, path, false))),
        Report::Notification(Box::new(notification(t, path, true))),
        Report::Sprints(SprintsReport { sprints: vec![sprint(t)] }),
        Report::Sprint(Box::new(sprint_report(t))),
        Report::Releases(releases(t)),
        Report::Release(Box::new(release(t))),
        Report::ReleaseCheck(release_check(t)),
        Report::Diagnosis(diagnoses(t, 1)),
        Report::Diagnosis(diagnoses(t, 3)),
        Report::LastGood(last_good(t)),
        Report::Postmortem(Box::new(postmortem(t))),
        Report::Hotfixes(hotfixes(t)),
        Report::Hotfix(Box::new(hotfix_report(t))),
        Report::History(history(t)),
        Report::Stats(Box::new(stats(t))),
        Report::Show(Box::new(show(t, path))),
        Report::Show(Box::new(patched)),
        Report::Gc(gc(t)),
        Report::Doctor(DoctorReport { checks: vec![check(t)] }),
        Report::Message(MessageReport { message: t.into(), hints: vec![Hint::new(t, t)] }),
        Report::Text(TextReport { what: t.into(), text: t.into() }),
    ]
}

/// For people and for pipes, short and in full; no colours, whose sequences are control characters of our own.
fn looks() -> Vec<Look> {
    let look = |table, verbose| Look { table, verbose, width: table.then_some(80), now: time(), ..Look::default() };
    vec![look(false, false), look(true, false), look(true, true), look(false, true)]
}

fn has_raw_control(text: &str, allowed: &[char]) -> bool {
    text.chars().any(|c| escape::is_dangerous(c) && !allowed.contains(&c))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_answer_has_raw_control_characters(t in ".*", raw in proptest::collection::vec(1u8..=255, 1..40), c in any::<char>()) {
        let t = format!("{t}{c}\x1b[2J\u{9b}\u{202e}\r");
        let path = RepoPath::new(raw);
        for report in every_report(&t, &path) {
            for look in looks() {
                prop_assert!(!has_raw_control(&text(&report, &look), &['\n', '\t']));
            }
            let document = json(&report).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert!(!has_raw_control(document.trim_end_matches('\n'), &[]));
        }
        let error_value = Error::refused(t.clone()).because(&t).help(t.clone());
        prop_assert!(!has_raw_control(&error(&error_value, &Look::default()), &['\n']));
        prop_assert!(!has_raw_control(error_json(&error_value).unwrap().trim_end(), &[]));
    }
}

#[test]
fn every_document_names_schema_and_kind() {
    let kinds = [
        "status",
        "plan",
        "stopped",
        "candidates",
        "done",
        "points",
        "baseline",
        "log",
        "operation",
        "analysis",
        "decision",
        "notification",
        "notification",
        "sprints",
        "sprint",
        "releases",
        "release",
        "release-check",
        "diagnosis",
        "diagnosis",
        "last-good",
        "postmortem",
        "hotfixes",
        "hotfix",
        "history",
        "stats",
        "show",
        "show",
        "gc",
        "doctor",
        "message",
        "text",
    ];
    for (report, kind) in every_report("a\n\u{85}", &RepoPath::new(b"p\xff")).iter().zip(kinds) {
        let document = json(report).unwrap();
        assert_eq!(document.lines().count(), 1);
        let value: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(value["schema"], 1);
        assert_eq!(value["kind"], kind);
        assert!(document.starts_with(&format!("{{\"schema\":1,\"kind\":\"{kind}\"")), "{document}");
    }
    let document: serde_json::Value =
        serde_json::from_str(&error_json(&Error::refused("no").because("x").help("y")).unwrap()).unwrap();
    assert_eq!(
        document,
        serde_json::json!({"schema": 1, "kind": "error", "code": 1, "message": "no", "causes": ["x"], "help": ["y"]})
    );
}

#[test]
fn json_keeps_the_text_itself() {
    let message = "\u{9b}31m \u{202e} é \u{7f}";
    let document = json(&Report::Message(MessageReport::new(message))).unwrap();
    let value: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(value["message"], message);
}

#[test]
fn a_patch_that_is_not_text_says_so() {
    let with = |patch: Option<&[u8]>| {
        let show = ShowReport { patch: Patch(patch.map(<[u8]>::to_vec)), ..ShowReport::default() };
        serde_json::from_str::<serde_json::Value>(&json(&Report::Show(Box::new(show))).unwrap()).unwrap()
    };
    assert_eq!(with(Some(b"+\xff"))["patch_exact"], false);
    assert_eq!(with(Some(b"+a\n"))["patch"], "+a\n");
    assert!(with(None).get("patch").is_none());
}

#[test]
fn colours_are_only_there_when_asked_for() {
    for report in every_report("x", &"p".into()) {
        assert!(!text(&report, &Look::default()).contains('\x1b'));
    }
    let colored = Look { color: true, ..Look::default() };
    assert!(text(&Report::Status(Box::new(status("x"))), &colored).contains("\x1b[1m"));
}

#[test]
fn the_last_line_is_the_way_back() {
    let report = DoneReport {
        summary: "Went to v1".into(),
        changed: Changed { written: 3, removed: 1, ..Changed::default() },
        way_back: Some("git rollback undo".into()),
        ..DoneReport::default()
    };
    assert_eq!(
        text(&Report::Done(Box::new(report)), &Look::default()),
        "Went to v1\n  3 files written, 1 file removed\nundo with: git rollback undo\n"
    );
}

#[test]
fn an_answer_that_is_a_no_has_its_exit_code() {
    let code = |outcome: Outcome| outcome.exit_code;
    assert_eq!(code(DoneReport::default().into()), 0);
    assert_eq!(code(DoneReport { verified: false, ..DoneReport::default() }.into()), 2);
    assert_eq!(code(DoctorReport { checks: vec![check("x")] }.into()), 1);
    assert_eq!(code(DoctorReport { checks: vec![Check::default()] }.into()), 0);
    assert_eq!(code(BaselineReport { checks: vec![check("x")], ..BaselineReport::default() }.into()), 1);
    assert_eq!(code(Outcome::from(MessageReport::new("x")).with_exit(Kind::Stopped)), 3);
}

#[test]
fn what_is_urgent_comes_first() {
    let shown = text(&Report::Status(Box::new(status("x"))), &Look { table: true, now: time(), ..Look::default() });
    assert!(shown.starts_with("UNFINISHED: x was interrupted\n"), "{shown}");
    let clean = StatusReport { head: head("main"), ..StatusReport::default() };
    let shown = text(&Report::Status(Box::new(clean)), &Look::default());
    assert_eq!(shown, "On branch main at 4b825dc642 main\nEverything is committed\n");
}

#[test]
fn lists_are_cut_unless_asked_for() {
    let path = RepoPath::from("some/file");
    let shown = |verbose| plan(&a_plan("x", &path), &Look { verbose, ..Look::default() });
    assert_eq!(shown(false).matches("some/file").count(), 51);
    assert_eq!(shown(true).matches("some/file").count(), 56);
    assert!(shown(false).contains("and 2 more (all with -v)"));
}
