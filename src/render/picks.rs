//! Commits that are picked: which there are, what became of them, and what waits for a person.

use super::page::{Page, Part, bad, bold, dim, good, id, plain, warn};
use super::{parts, words};
use crate::model::report::{CandidateRow, CandidateState, CandidatesReport, PickRow, StoppedReport};

/// An operation that waits for a person.
pub(super) fn stopped(page: &mut Page<'_>, stopped: &StoppedReport) {
    page.line([warn("STOPPED: "), bold(&stopped.summary)]);
    rows(page, &stopped.commits);
    page.line([plain("  "), bad(&stopped.why)]);
    parts::paths(page, &stopped.paths, stopped.paths.len() as u64);
    if stopped.remaining > 0 {
        page.line([plain(format!("  {} still to come", words::count(stopped.remaining, "commit")))]);
    }
    for warning in &stopped.warnings {
        page.line([dim("  note: "), plain(warning)]);
    }
    page.heading("What next");
    parts::hints(page, &stopped.next);
}

/// What became of commits.
pub(super) fn rows(page: &mut Page<'_>, commits: &[PickRow]) {
    for commit in commits {
        let what = match (commit.outcome, commit.new) {
            (Some(outcome), Some(new)) if new != commit.id => good(format!("{} as {}", outcome.words(), new.short())),
            (Some(outcome), Some(_)) => good(outcome.words()),
            (Some(outcome), None) => warn(outcome.words()),
            (None, _) => plain("not tried"),
        };
        page.line([plain("  "), id(commit.id.short()), plain(" "), plain(&commit.subject), dim(" ("), what, dim(")")]);
    }
}

/// Commits that could be picked.
pub(super) fn candidates(page: &mut Page<'_>, report: &CandidatesReport) {
    if report.commits.is_empty() {
        page.line([bold(&report.from), plain(" has no commit that "), bold(&report.onto), plain(" does not have")]);
        return;
    }
    let count = words::count(report.commits.len() as u64, "commit");
    page.line([
        plain(format!("{count} of ")),
        bold(&report.from),
        plain(" beyond "),
        bold(&report.onto),
        plain(", oldest first:"),
    ]);
    let rows = report.commits.iter().map(|row| {
        let time = page.look.time(row.time);
        vec![
            plain(row.number.to_string()),
            id(row.id.short()),
            state(row),
            plain(&row.author),
            plain(time),
            plain(&row.subject),
        ]
    });
    let rows = rows.collect::<Vec<_>>();
    page.table("  ", &["NO", "COMMIT", "APPLIES", "AUTHOR", "TIME", "SUBJECT"], rows);
    for row in report.commits.iter().filter(|row| !row.conflicts.is_empty()) {
        page.line([plain(format!("  {} is in conflict in:", row.number))]);
        parts::paths(page, &row.conflicts, row.conflicts.len() as u64);
    }
    if !report.next.is_empty() {
        page.heading("What next");
        parts::hints(page, &report.next);
    }
}

fn state(row: &CandidateRow) -> Part {
    let numbers: Vec<String> = row.needs.iter().map(ToString::to_string).collect();
    match (row.state, row.same_as) {
        (CandidateState::Clean, _) => good("cleanly"),
        (CandidateState::Needs, _) => good(format!("after {}", numbers.join(", "))),
        (CandidateState::Conflict, _) => bad("conflict"),
        (CandidateState::Applied, Some(there)) => dim(format!("there already: {}", there.short())),
        (CandidateState::Applied, None) => dim("there already"),
        (CandidateState::Empty, _) => dim("changes nothing"),
        (CandidateState::Merge, _) => warn("merge"),
    }
}
