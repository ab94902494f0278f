//! Answers about releases and hotfixes, filled with hostile text.

use super::{check, ran, time};
use crate::model::ObjectId;
use crate::model::report::*;

fn hints(t: &str) -> Vec<Hint> {
    vec![Hint::new(t, t)]
}

fn release_row(t: &str) -> ReleaseRow {
    ReleaseRow {
        version: t.into(),
        tag: t.into(),
        commit: Some(ObjectId::EMPTY_TREE),
        time: Some(time()),
        stable: Some(false),
        recorded: true,
        description: t.into(),
    }
}

pub fn releases(t: &str) -> ReleasesReport {
    let rows = vec![release_row(t), ReleaseRow { stable: None, ..release_row(t) }];
    ReleasesReport { package: Some(t.into()), releases: rows, more: 1, warnings: vec![t.into()] }
}

pub fn release(t: &str) -> ReleaseReport {
    let place = VersionPlace { path: t.into(), line: 1, what: t.into(), value: t.into() };
    ReleaseReport {
        row: release_row(t),
        package: Some(t.into()),
        subject: t.into(),
        who: t.into(),
        annotated: true,
        signed: true,
        message: format!("{t}\n{t}"),
        why: Some(t.into()),
        marked_by: Some(t.into()),
        marked_at: Some(time()),
        previous: Some(t.into()),
        ahead: Some(1),
        behind: Some(2),
        places: vec![place],
        warnings: vec![t.into()],
    }
}

pub fn release_check(t: &str) -> ReleaseCheckReport {
    ReleaseCheckReport {
        version: t.into(),
        tag: Some(t.into()),
        possible: false,
        checks: vec![check(t)],
        next: hints(t),
    }
}

/// So many of them: one alone is shown with all its facts.
pub fn diagnoses(t: &str, count: usize) -> DiagnosisReport {
    let states = [ReleaseState::VersionConflict, ReleaseState::Unreachable, ReleaseState::Fine];
    let one = |state: &ReleaseState| Diagnosis {
        version: t.into(),
        tag: Some(t.into()),
        state: *state,
        summary: t.into(),
        settled: *state == ReleaseState::Fine,
        facts: vec![check(t)],
        next: hints(t).pop(),
    };
    DiagnosisReport {
        package: Some(t.into()),
        remote: Some(t.into()),
        releases: states.iter().take(count).map(one).collect(),
        more: 1,
        not_asked: vec![t.into()],
    }
}

pub fn last_good(t: &str) -> LastGoodReport {
    let tested = |ok| TestedRelease { version: t.into(), tag: t.into(), ok, detail: t.into(), runs: ran(t) };
    LastGoodReport {
        package: Some(t.into()),
        version: Some(t.into()),
        tag: Some(t.into()),
        tested: vec![tested(true), tested(false)],
        passed_over: vec![t.into()],
        operation: Some(t.into()),
        next: hints(t),
    }
}

pub fn postmortem(t: &str) -> PostmortemReport {
    let text = || t.to_owned();
    PostmortemReport {
        version: text(),
        package: Some(text()),
        tag: text(),
        state: text(),
        summary: text(),
        why: text(),
        facts: vec![check(t)],
        not_asked: vec![text()],
        hotfixes: vec![hotfix(t, HotfixState::Open)],
        checklist: vec![story::Item { what: text(), done: None, note: text() }],
        next: hints(t),
        contacts: [(text(), text())].into(),
        file: text(),
        operation: Some(text()),
        way_back: Some(text()),
        ..PostmortemReport::default()
    }
}

fn hotfix(t: &str, state: HotfixState) -> HotfixRow {
    HotfixRow {
        version: t.into(),
        branch: t.into(),
        package: Some(t.into()),
        state,
        here: state == HotfixState::Applied,
        from: Some(t.into()),
        base: Some(ObjectId::EMPTY_TREE),
        tip: None,
        remotes: vec![t.into()],
        worktree: (state == HotfixState::Open).then(|| t.into()),
        tag: Some(t.into()),
        lacking: vec![t.into()],
        description: Some(t.into()),
        started: Some(time()),
        who: Some(t.into()),
    }
}

pub fn hotfix_report(t: &str) -> HotfixReport {
    let commit = CommitRow { id: ObjectId::EMPTY_TREE, subject: t.into(), published: true };
    let (checks, next) = (vec![check(t)], vec![Hint::new(t, t)]);
    HotfixReport { row: hotfix(t, HotfixState::Open), commits: vec![commit], checks, next }
}

pub fn hotfixes(t: &str) -> HotfixesReport {
    use HotfixState::{Abandoned, Applied, Gone, Open};
    HotfixesReport { hotfixes: [Open, Applied, Abandoned, Gone].map(|state| hotfix(t, state)).to_vec() }
}
