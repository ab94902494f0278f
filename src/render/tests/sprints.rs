//! Answers about sprints and their rollbacks, filled with hostile text.

use super::{row, time};
use crate::model::causes::Cause;
use crate::model::decision::{Answers, Course};
use crate::model::report::*;
use crate::model::stats::Tally;
use crate::model::{Impact, ObjectId, RepoPath, Trouble};

pub(super) fn said(t: &str) -> Trouble {
    Trouble { severity: Some(Impact::High), cause: Some(t.into()), started: Some(time()), sprint: Some(t.into()) }
}

pub(super) fn history(t: &str) -> HistoryReport {
    let place = || Place { commit: Some(ObjectId::EMPTY_TREE), branch: Some(t.into()), tag: Some(t.into()) };
    let rollback = RollbackRow {
        id: t.into(),
        time: time(),
        command: t.into(),
        from: place(),
        to: Place { tag: None, ..place() },
        reason: Some(t.into()),
        trouble: said(t),
        summary: t.into(),
        who: t.into(),
        ..RollbackRow::default()
    };
    HistoryReport { rollbacks: vec![rollback], more: 1, releases: vec![row(t)], warnings: vec![t.into()] }
}

pub(super) fn story(t: &str, path: &RepoPath) -> Story {
    let change = || vec![story::Change { path: path.clone(), what: "added", added: Some(1), removed: None }];
    let items = || vec![story::Item::known(t, true, t), story::Item::known(t, false, t), story::Item::open(t)];
    Story {
        title: t.into(),
        backup: t.into(),
        report: t.into(),
        recovery_branch: t.into(),
        tests: Some(story::Tests { result: t.into(), tail: vec![t.into()], ..story::Tests::default() }),
        changes: story::Changes { committed: change(), uncommitted: change(), ..story::Changes::default() },
        before: items(),
        after: items(),
        next: vec![Hint::new(t, t)],
        ..Story::default()
    }
}

pub(super) fn analysis(t: &str, path: &RepoPath) -> AnalysisReport {
    let compared = Compared { name: t.into(), failed: t.into(), baseline: t.into(), tail: vec![t.into()] };
    AnalysisReport {
        operation: Some(t.into()),
        file: t.into(),
        story: Box::new(story(t, path)),
        causes: vec![Cause { what: t.into(), evidence: vec![t.into()] }],
        timeline: vec![Moment { when: t.into(), what: t.into() }],
        runs: vec![compared],
        warnings: vec![t.into()],
        way_back: Some(t.into()),
        ..AnalysisReport::default()
    }
}

pub(super) fn decision(t: &str) -> DecisionReport {
    let answers = Answers { fixable: false, data_at_risk: true, users_affected: true, only_tests: false, saved: true };
    DecisionReport {
        answers,
        severity: Impact::Critical,
        action: Course::RollBack,
        why: vec![t.into(), t.into()],
        budget: Duration { millis: 1500 },
        until: time(),
        steps: vec![Hint::new(t, t)],
        contacts: [(t.to_owned(), t.to_owned())].into(),
    }
}

pub(super) fn notification(t: &str, path: &RepoPath, sent: bool) -> NotificationReport {
    let one = |why: Option<String>| Sent { to: t.into(), ok: why.is_none(), tries: 1, why };
    NotificationReport {
        operation: t.into(),
        dry_run: false,
        text: t.into(),
        sent: if sent { vec![one(None), one(Some(t.into()))] } else { Vec::new() },
        story: Box::new(story(t, path)),
    }
}

pub(super) fn sprint(t: &str) -> SprintRow {
    let time = Some(time());
    let names = || vec![t.to_owned()];
    SprintRow {
        number: t.into(),
        state: SprintState::Failed,
        here: true,
        branch: Some(t.into()),
        started: time,
        failures: 2,
        failed: time,
        reason: Some(t.into()),
        retries: names(),
        backups: names(),
    }
}

pub(super) fn sprint_report(t: &str) -> SprintReport {
    let branches = vec![SprintBranch { name: t.into(), commit: ObjectId::EMPTY_TREE, ahead: Some(1) }];
    SprintReport { row: sprint(t), branches, rollbacks: history(t).rollbacks }
}

pub(super) fn stats(t: &str) -> StatsReport {
    let tallies = || vec![Tally { name: t.into(), count: 200, recovered: 1 }];
    StatsReport {
        total: 2,
        recovered: 1,
        causes: tallies(),
        sprints: tallies(),
        branches: tallies(),
        months: tallies(),
        warnings: vec![t.into()],
        ..StatsReport::default()
    }
}
