//! Rollbacks, one by one and in figures.

use super::page::{Page, Part, bad, bold, dim, good, id, plain, warn};
use super::{parts, words};
use crate::model::report::{
    Duration, HistoryReport, Place, RecoveryTimes, RollbackResult, RollbackRow, StatsReport, UndoState,
};
use crate::model::stats::Tally;

pub(super) fn render(page: &mut Page<'_>, report: &HistoryReport) {
    if report.rollbacks.is_empty() && page.look.table {
        page.line([plain("No rollback yet")]);
    }
    if !report.rollbacks.is_empty() {
        rows(page, "", &report.rollbacks);
    }
    if report.more > 0 && page.look.table {
        page.line([dim(format!("and {} more (all with --limit 0)", report.more))]);
    }
    if !report.releases.is_empty() && page.look.table {
        page.heading("Releases and hotfixes");
        let rows = report.releases.iter().map(|row| {
            let reason = row.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            vec![id(&row.id), plain(page.look.time(row.time)), plain(format!("{}{reason}", row.summary)), dim(&row.who)]
        });
        let rows = rows.collect::<Vec<_>>();
        page.table("", &["ID", "WHEN", "WHAT", "WHO"], rows);
    }
    if page.look.table {
        parts::warnings(page, &report.warnings);
    }
}

/// Rollbacks in columns.
pub(super) fn rows(page: &mut Page<'_>, indent: &str, rollbacks: &[RollbackRow]) {
    let head = ["ID", "WHEN", "COMMAND", "FROM", "TO", "SEVERITY", "CAUSE", "SPRINT", "RECOVERY", "WHY"];
    let rows = rollbacks.iter().map(|rollback| row(page, rollback)).collect::<Vec<_>>();
    page.table(indent, &head, rows);
}

fn row(page: &Page<'_>, row: &RollbackRow) -> Vec<Part> {
    let recovery = match (row.result, row.recovery) {
        (RollbackResult::TakenBack, _) => warn("taken back"),
        (RollbackResult::Unverified, _) => bad("not verified"),
        (_, Some(recovery)) => plain(words::duration(recovery.millis)),
        (_, None) => plain(""),
    };
    let undone = if row.undo == UndoState::Undone { " (undone)" } else { "" };
    vec![
        id(&row.id),
        plain(page.look.time(row.time)),
        plain(&row.command),
        plain(place(&row.from, row.from_version.as_ref())),
        plain(place(&row.to, row.to_version.as_ref())),
        plain(row.trouble.severity.map(|severity| severity.word()).unwrap_or_default()),
        plain(row.trouble.cause.as_deref().unwrap_or_default()),
        plain(row.trouble.sprint.as_deref().unwrap_or_default()),
        recovery,
        plain(format!("{}{undone}", row.reason.as_ref().unwrap_or(&row.summary))),
    ]
}

/// `v1.2.0`, `main 3f2a91c (after v1.2.0)`, `3f2a91c`.
fn place(place: &Place, version: Option<&String>) -> String {
    let commit = place.commit.map_or_else(|| "no commit".to_owned(), |commit| commit.short());
    match (&place.tag, &place.branch, version) {
        (Some(tag), ..) => tag.clone(),
        (None, Some(branch), Some(version)) => format!("{branch} {commit} (after {version})"),
        (None, Some(branch), None) => format!("{branch} {commit}"),
        (None, None, _) => commit,
    }
}

pub(super) fn stats(page: &mut Page<'_>, report: &StatsReport) {
    if report.total == 0 {
        page.line([plain("No rollback to count yet")]);
        parts::warnings(page, &report.warnings);
        return;
    }
    let rate = format!("{:.0} %", 100.0 * report.recovered as f64 / report.total as f64);
    let span = report.first.zip(report.last).map(|(first, last)| {
        let day = |time: crate::model::Time| time.to_string()[..10].to_owned();
        if day(first) == day(last) {
            format!(" on {}", day(first))
        } else {
            format!(", {} to {}", day(first), day(last))
        }
    });
    page.line([bold(words::count(report.total, "rollback")), plain(span.unwrap_or_default())]);
    let verdict = if report.recovered == report.total { good(&rate) } else { warn(&rate) };
    page.line([
        dim("  recovered  "),
        verdict,
        plain(format!(" ({} of {})", report.recovered, report.total)),
        plain(if report.undone > 0 { format!(", {} undone later", report.undone) } else { String::new() }),
    ]);
    if let Some(times) = &report.recovery {
        page.line([dim("  recovery   "), plain(spread(times))]);
    }
    severities(page, report);
    for (heading, tallies) in
        [("By cause", &report.causes), ("By sprint", &report.sprints), ("By branch", &report.branches)]
    {
        // A list of one line that says nothing is noise.
        if tallies.iter().any(|tally| !tally.name.is_empty()) {
            bars(page, heading, tallies);
        }
    }
    bars(page, "By month", &report.months);
    parts::warnings(page, &report.warnings);
}

fn spread(times: &RecoveryTimes) -> String {
    let word = |duration: Duration| words::duration(duration.millis);
    format!(
        "mean {}, median {}, 95th percentile {}, longest {}",
        word(times.mean),
        word(times.median),
        word(times.p95),
        word(times.longest)
    )
}

fn severities(page: &mut Page<'_>, report: &StatsReport) {
    page.heading("By severity");
    let word = |duration: Duration| words::duration(duration.millis);
    let rows = report.severities.iter().map(|row| {
        let times =
            |pick: fn(&RecoveryTimes) -> Duration| plain(row.recovery.as_ref().map(pick).map(word).unwrap_or_default());
        let within = format!("{} of {}", row.within, row.count);
        vec![
            plain(row.severity.map_or("not said", |severity| severity.word())),
            plain(row.count.to_string()),
            times(|times| times.mean),
            times(|times| times.median),
            times(|times| times.p95),
            times(|times| times.longest),
            plain(row.budget.map(word).unwrap_or_default()),
            match row.budget {
                None => plain(""),
                Some(_) if row.within == row.count => good(within),
                Some(_) => warn(within),
            },
        ]
    });
    let rows = rows.collect::<Vec<_>>();
    page.table("  ", &["", "COUNT", "MEAN", "MEDIAN", "95 %", "LONGEST", "BUDGET", "WITHIN"], rows);
}

/// How wide the longest bar is.
const WIDTH: u64 = 40;

fn bars(page: &mut Page<'_>, heading: &str, tallies: &[Tally]) {
    page.heading(heading);
    let most = tallies.iter().map(|tally| tally.count).max().unwrap_or(1).max(1);
    let rows = tallies.iter().map(|tally| {
        let name = if tally.name.is_empty() { "not said" } else { &tally.name };
        let mut row = vec![plain(name), plain(tally.count.to_string())];
        if page.look.table {
            // Every rollback is seen, also beside a month with hundreds of them.
            let length = if most <= WIDTH { tally.count } else { (tally.count * WIDTH).div_ceil(most) };
            row.push(plain("█".repeat(length as usize)));
        }
        row
    });
    let rows = rows.collect::<Vec<_>>();
    page.table("  ", &[], rows);
}
