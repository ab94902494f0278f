//! Cleaning, checking, and plain sentences.

use super::page::{Page, bold, dim, good, plain};
use super::{parts, words};
use crate::model::report::{DoctorReport, GcReport, MessageReport, Verdict};

pub(super) fn gc(page: &mut Page<'_>, report: &GcReport) {
    let rows: Vec<_> = report
        .removed
        .iter()
        .map(|item| {
            let time = item.time.map(|time| page.look.time(time)).unwrap_or_default();
            let size = item.bytes.map(words::size).unwrap_or_default();
            vec![plain(&item.what), bold(&item.name), plain(time), plain(size), plain(&item.reason)]
        })
        .collect();
    if !rows.is_empty() {
        page.table("", &["WHAT", "NAME", "WHEN", "SIZE", "WHY"], rows);
    }
    let verb = if report.dry_run { "would be removed" } else { "removed" };
    let what = words::count(report.removed.len() as u64, "thing");
    let bytes = words::size(report.bytes);
    // In a pipe every line is a thing that goes.
    if page.look.table || report.removed.is_empty() {
        page.line([plain(format!("{what} {verb}, {bytes} freed; {} kept", report.kept))]);
    }
    parts::warnings(page, &report.warnings);
}

pub(super) fn doctor(page: &mut Page<'_>, report: &DoctorReport) {
    parts::checks(page, &report.checks);
    if page.look.table && report.checks.iter().all(|check| check.verdict == Verdict::Ok) {
        page.line([good("All is well")]);
    }
}

pub(super) fn message(page: &mut Page<'_>, report: &MessageReport) {
    page.line([plain(&report.message)]);
    for hint in &report.hints {
        page.line([dim("  help: "), plain(format!("{} ({})", hint.command, hint.why))]);
    }
}
