//! What an analysis found, in short: the file has all of it.

use super::page::{Page, bold, code, dim, id, plain};
use super::parts;
use crate::model::report::AnalysisReport;

pub(super) fn render(page: &mut Page<'_>, report: &AnalysisReport) {
    page.line([bold("Analysis of "), id(&report.story.operation), plain(": "), plain(&report.story.title)]);
    page.line([dim("  written to "), plain(&report.file)]);
    page.heading("Likely causes");
    if report.causes.is_empty() {
        page.line([plain("  none of the rules found one")]);
    }
    for (at, cause) in report.causes.iter().enumerate() {
        page.line([plain(format!("  {}. {}", at + 1, cause.what))]);
        for line in &cause.evidence {
            page.line([dim("     "), dim(line)]);
        }
    }
    if !report.runs.is_empty() {
        page.heading("Tests and commands");
        let rows = report.runs.iter().map(|run| vec![plain(&run.name), plain(&run.failed), plain(&run.baseline)]);
        let rows = rows.collect::<Vec<_>>();
        page.table("  ", &["", "FAILED STATE", "BASELINE"], rows);
    }
    page.heading("Next");
    parts::hints(page, &report.story.next);
    parts::warnings(page, &report.warnings);
    if let Some(way_back) = &report.way_back {
        page.line([dim("undo with: "), code(way_back)]);
    }
}
