//! Checks and tests.

use super::page::{Page, bad, bold, code, dim, good, id, plain, warn};
use super::{parts, words};
use crate::model::report::{CheckReport, CheckResult, ValidateReport};

pub(super) fn render(page: &mut Page<'_>, report: &CheckReport) {
    let rows = report.checks.iter().map(|check| {
        let mark = match check.result {
            CheckResult::Pass => good("pass"),
            CheckResult::Fail => bad("FAIL"),
            CheckResult::Skipped => warn("skipped"),
        };
        vec![mark, bold(&check.name), dim(words::duration(check.millis)), plain(&check.detail)]
    });
    let rows = rows.collect::<Vec<_>>();
    page.table("", &[], rows);
    for check in report.checks.iter().filter(|check| check.result == CheckResult::Fail) {
        page.gap();
        page.line([bad(&check.name), plain(": "), plain(&check.detail)]);
        let failed: Vec<_> = check.runs.iter().filter(|ran| !ran.ok).cloned().collect();
        parts::runs(page, &failed);
        if let Some(help) = &check.help {
            page.line([dim("  help: "), plain(help)]);
        }
    }
    parts::warnings(page, &report.warnings);
    page.gap();
    let failed = report.checks.iter().filter(|check| check.result == CheckResult::Fail).count() as u64;
    match &report.checkpoint {
        _ if !report.safe => page.line([bad("NOT SAFE: "), plain(format!("{} failed", words::count(failed, "check")))]),
        Some(checkpoint) => {
            page.line([good("Safe to begin"), plain("; saved as "), id(checkpoint)]);
            page.line([dim("come back with: "), code(format!("git rollback to {checkpoint}"))]);
        }
        None => page.line([good("Safe to begin")]),
    }
}

pub(super) fn validate(page: &mut Page<'_>, report: &ValidateReport) {
    let changed = words::count(report.changed.count, "file");
    page.line([plain(format!("Changed since {}: {changed}", report.since))]);
    if report.tests.is_empty() {
        page.line([plain("No test belongs to them, so none was run")]);
    } else {
        parts::files(page, "tests", "file", &report.tests.clone().into());
    }
    if !report.without.is_empty() {
        parts::files(page, "without a test", "file", &report.without.clone().into());
    }
    parts::runs(page, &report.runs);
    if report.failed() {
        page.line([bad("FAILED")]);
    }
}
