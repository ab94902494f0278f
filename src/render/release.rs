//! Releases.

use super::page::{Page, Part, bad, bold, dim, good, id, plain};
use super::parts;
use crate::model::ObjectId;
use crate::model::report::{ReleaseCheckReport, ReleaseReport, ReleaseRow, ReleasesReport};

pub(super) fn list(page: &mut Page<'_>, report: &ReleasesReport) {
    if report.releases.is_empty() && page.look.table {
        page.line([plain("There is no such release; `git rollback release add VERSION` records one")]);
    }
    if !report.releases.is_empty() {
        let rows = report.releases.iter().map(|release| row(page, release)).collect::<Vec<_>>();
        page.table("", &["VERSION", "TAG", "WHEN", "COMMIT", "STABLE", "DESCRIPTION"], rows);
    }
    if report.more > 0 && page.look.table {
        page.line([dim(format!("and {} more (all with --limit 0)", report.more))]);
    }
    if page.look.table {
        parts::warnings(page, &report.warnings);
    }
}

fn row(page: &Page<'_>, release: &ReleaseRow) -> Vec<Part> {
    vec![
        bold(&release.version),
        plain(&release.tag),
        plain(release.time.map(|time| page.look.time(time)).unwrap_or_default()),
        id(release.commit.as_ref().map(ObjectId::short).unwrap_or_default()),
        stable(release.stable),
        plain(&release.description),
    ]
}

fn stable(stable: Option<bool>) -> Part {
    match stable {
        Some(true) => good("yes"),
        Some(false) => bad("no"),
        None => dim("not said"),
    }
}

pub(super) fn show(page: &mut Page<'_>, report: &ReleaseReport) {
    let row = &report.row;
    let package = report.package.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    page.line([plain("release "), bold(&row.version), plain(package)]);
    let kind = match (report.annotated, report.signed) {
        (true, true) => "annotated, with a signature (`git tag -v` verifies it)",
        (true, false) => "annotated",
        (false, _) => "lightweight",
    };
    page.line([plain("  tag       "), plain(&row.tag), dim(format!("  {kind}"))]);
    let commit = row.commit.as_ref().map_or_else(|| "not there".to_owned(), ObjectId::short);
    page.line([plain("  commit    "), id(commit), plain("  "), plain(&report.subject)]);
    if let Some(time) = row.time {
        page.line([plain("  made      "), plain(page.look.time(time)), plain("  by "), plain(&report.who)]);
    }
    let mut line = vec![plain("  stable    "), stable(row.stable)];
    line.extend(report.why.iter().map(|why| plain(format!("  {why}"))));
    if let (Some(who), Some(time)) = (&report.marked_by, report.marked_at) {
        line.push(dim(format!("  (marked {} by {who})", page.look.time(time))));
    }
    page.line(line);
    if let Some(previous) = &report.previous {
        page.line([plain("  before it "), plain(previous)]);
    }
    if let (Some(ahead), Some(behind)) = (report.ahead, report.behind) {
        let words = match (ahead, behind) {
            (0, 0) => "is there".to_owned(),
            (ahead, 0) => format!("has {ahead} more commits"),
            (0, behind) => format!("lacks {behind} commits"),
            (ahead, behind) => format!("has {ahead} other commits, lacks {behind}"),
        };
        page.line([plain("  HEAD      "), plain(words)]);
    }
    if !report.message.is_empty() {
        page.gap();
        page.message("  ", &report.message);
    }
    if !report.places.is_empty() {
        page.gap();
        page.heading("Where its version stands");
        let rows = report
            .places
            .iter()
            .map(|place| vec![plain(format!("{}:{}", place.path, place.line)), plain(&place.value), dim(&place.what)]);
        page.table("  ", &["FILE", "VALUE", "WHAT"], rows);
    }
    parts::warnings(page, &report.warnings);
}

pub(super) fn check(page: &mut Page<'_>, report: &ReleaseCheckReport) {
    parts::checks(page, &report.checks);
    page.gap();
    let name = report.tag.as_ref().unwrap_or(&report.version);
    if report.possible {
        page.line([good("yes"), plain(format!(": one can go back to {name}"))]);
    } else {
        page.line([bad("no"), plain(format!(": one cannot go back to {name} now"))]);
    }
    parts::hints(page, &report.next);
}
