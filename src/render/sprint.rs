//! Sprints, and the story of one that failed.

use super::page::{Page, Part, bad, bold, code, dim, good, id, plain, warn};
use super::{history, parts, words};
use crate::model::report::story::Item;
use crate::model::report::{SprintReport, SprintRow, SprintState, SprintsReport, Story};

pub(super) fn list(page: &mut Page<'_>, report: &SprintsReport) {
    if report.sprints.is_empty() && page.look.table {
        page.line([plain("No sprint yet: `git rollback sprint start N` starts one")]);
        return;
    }
    let rows = report.sprints.iter().map(|row| line(page, row)).collect::<Vec<_>>();
    page.table("", &["SPRINT", "STATE", "STARTED", "FAILED", "BRANCH", "WHY"], rows);
}

fn line(page: &Page<'_>, row: &SprintRow) -> Vec<Part> {
    let time = |time: Option<crate::model::Time>| plain(time.map(|time| page.look.time(time)).unwrap_or_default());
    let branch = row.retries.last().or(row.branch.as_ref()).cloned().unwrap_or_default();
    vec![
        id(&row.number),
        state(row),
        time(row.started),
        time(row.failed),
        plain(format!("{branch}{}", if row.here { " (here)" } else { "" })),
        plain(row.reason.as_deref().unwrap_or_default()),
    ]
}

fn state(row: &SprintRow) -> Part {
    match (row.state, row.failures) {
        (SprintState::Open, _) => good("open"),
        (SprintState::Failed, 1) => warn("failed"),
        (SprintState::Failed, count) => warn(format!("failed {count} times")),
    }
}

pub(super) fn show(page: &mut Page<'_>, report: &SprintReport) {
    let row = &report.row;
    page.line([bold("Sprint "), id(&row.number), plain(": "), state(row), plain(if row.here { ", here" } else { "" })]);
    for (label, time) in [("started", row.started), ("failed", row.failed)] {
        if let Some(time) = time {
            page.line([dim(format!("  {label:<8} ")), plain(page.look.time(time))]);
        }
    }
    if let Some(reason) = &row.reason {
        page.line([dim("  why      "), plain(reason)]);
    }
    page.heading("Branches");
    let branches = report.branches.iter().map(|branch| {
        let ahead = branch.ahead.map(|ahead| format!("{} beyond the baseline", words::count(ahead, "commit")));
        vec![plain(&branch.name), id(branch.commit.short()), plain(ahead.unwrap_or_default())]
    });
    let branches = branches.collect::<Vec<_>>();
    page.table("  ", &[], branches);
    if !report.rollbacks.is_empty() {
        page.heading("Rollbacks");
        history::rows(page, "  ", &report.rollbacks);
    }
}

/// What happened, the checklists, and what to do next.
pub(super) fn story(page: &mut Page<'_>, story: &Story) {
    let facts = [
        ("tests", story.tests.as_ref().map(|tests| tests.result.as_str()).unwrap_or_default()),
        ("work is on", &story.backup),
        ("report", &story.report),
        ("now on", &story.recovery_branch),
    ];
    for (label, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        page.line([dim(format!("  {label:<10} ")), plain(value)]);
    }
    checklist(page, "Before the rollback", &story.before);
    checklist(page, "After the rollback", &story.after);
    page.heading("Next");
    parts::hints(page, &story.next);
    page.gap();
}

pub(super) fn checklist(page: &mut Page<'_>, heading: &str, items: &[Item]) {
    if items.is_empty() {
        return;
    }
    page.heading(heading);
    for item in items {
        let sign = match item.done {
            Some(true) => good("[x]"),
            Some(false) => bad("[-]"),
            None => plain("[ ]"),
        };
        let note = if item.note.is_empty() { String::new() } else { format!(": {}", item.note) };
        let note = if item.done.is_none() { code(note) } else { dim(note) };
        page.line([plain("  "), sign, plain(" "), plain(&item.what), note]);
    }
}
