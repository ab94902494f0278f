//! Points and baselines.

use super::page::{Look, Page, bold, dim, id, plain};
use super::parts;
use crate::model::ObjectId;
use crate::model::report::{BaselineReport, BaselineRow, PointRow, PointsReport};

pub(super) fn render(page: &mut Page<'_>, report: &PointsReport) {
    if report.points.is_empty() && page.look.table {
        page.line([plain("There is no point yet; `git rollback checkpoint` makes one")]);
    }
    if !report.points.is_empty() {
        let look = page.look;
        let rows = report.points.iter().map(|point| row(look, point));
        page.table("", &["NAME", "KIND", "WHEN", "COMMIT", "HOLDS", "TAG", "MESSAGE"], rows);
    }
    if report.more > 0 && page.look.table {
        page.line([dim(format!("and {} more (all with --limit 0)", report.more))]);
    }
}

fn row(look: &Look, point: &PointRow) -> Vec<super::page::Part> {
    vec![
        bold(&point.name),
        plain(&point.kind),
        plain(look.time(point.time)),
        id(point.commit.as_ref().map(ObjectId::short).unwrap_or_default()),
        plain(if point.snapshot { "everything" } else { "commit" }),
        plain(&point.extra),
        plain(&point.message),
    ]
}

pub(super) fn baselines(page: &mut Page<'_>, report: &BaselineReport) {
    if report.baselines.is_empty() && report.checks.is_empty() && page.look.table {
        page.line([plain("There is no baseline yet; `git rollback baseline set` makes one of HEAD")]);
    }
    if !report.baselines.is_empty() {
        let rows = report.baselines.iter().map(|baseline| baseline_row(page, baseline)).collect::<Vec<_>>();
        page.table("", &["NAME", "WHEN", "WHO", "COMMIT", "HEAD IS", "SUBJECT"], rows);
    }
    if !report.checks.is_empty() {
        page.gap();
        parts::checks(page, &report.checks);
    }
}

fn baseline_row(page: &Page<'_>, baseline: &BaselineRow) -> Vec<super::page::Part> {
    let distance = match (baseline.ahead, baseline.behind) {
        (None, None) => String::new(),
        (Some(0), Some(0) | None) | (None, Some(0)) => "there".to_owned(),
        (ahead, behind) => {
            let signed = [(ahead, '+'), (behind, '-')];
            let words: Vec<String> = signed
                .into_iter()
                .filter_map(|(count, sign)| count.filter(|count| *count > 0).map(|count| format!("{sign}{count}")))
                .collect();
            words.join(" ")
        }
    };
    vec![
        bold(&baseline.name),
        plain(page.look.time(baseline.time)),
        plain(&baseline.who),
        id(baseline.commit.short()),
        plain(distance),
        plain(&baseline.subject),
    ]
}
