//! Hotfixes.

use super::page::{Page, Part, bad, bold, dim, good, id, plain, warn};
use super::parts;
use crate::model::ObjectId;
use crate::model::report::{HotfixReport, HotfixRow, HotfixState, HotfixesReport};

pub(super) fn list(page: &mut Page<'_>, report: &HotfixesReport) {
    if report.hotfixes.is_empty() && page.look.table {
        page.line([plain("No hotfix yet: `git rollback hotfix start VERSION` starts one at a released version")]);
        return;
    }
    let rows = report.hotfixes.iter().map(|row| line(page, row)).collect::<Vec<_>>();
    page.table("", &["VERSION", "STATE", "BRANCH", "FROM", "STARTED", "DESCRIPTION"], rows);
}

fn line(page: &Page<'_>, row: &HotfixRow) -> Vec<Part> {
    let place = match (&row.worktree, row.tip, row.remotes.first()) {
        _ if row.here => " (here)".to_owned(),
        (Some(path), ..) => format!(" (in {path})"),
        (None, None, Some(remote)) => format!(" (on {remote})"),
        _ => String::new(),
    };
    vec![
        bold(&row.version),
        standing(row),
        plain(format!("{}{place}", row.branch)),
        plain(row.from.as_deref().unwrap_or_default()),
        plain(row.started.map(|time| page.look.time(time)).unwrap_or_default()),
        plain(row.description.as_deref().unwrap_or_default()),
    ]
}

/// How it stands, with the lines that have not got it.
fn standing(row: &HotfixRow) -> Part {
    match row.lacking.is_empty() {
        true => state(row.state),
        false => warn(format!("applied, not in {}", row.lacking.join(", "))),
    }
}

fn state(state: HotfixState) -> Part {
    match state {
        HotfixState::Open => warn("open"),
        HotfixState::Applied => good("applied"),
        HotfixState::MergedBack => good("merged back"),
        HotfixState::Abandoned => dim("abandoned"),
        HotfixState::Gone => bad("gone"),
    }
}

pub(super) fn show(page: &mut Page<'_>, report: &HotfixReport) {
    let row = &report.row;
    page.line([bold("Hotfix "), id(&row.version), plain(": "), state(row.state)]);
    let started = match (row.started, &row.who) {
        (Some(time), Some(who)) => format!("{} by {who}", page.look.time(time)),
        _ => String::new(),
    };
    let here = if row.here { " (here)" } else { "" };
    let base = row.base.as_ref().map(ObjectId::short).unwrap_or_default();
    let facts = [
        ("branch", format!("{}{here}", row.branch)),
        ("package", row.package.clone().unwrap_or_default()),
        ("from", row.from.as_ref().map(|tag| format!("{tag} {base}")).unwrap_or_default()),
        ("started", started),
        ("what for", row.description.clone().unwrap_or_default()),
        ("tag", row.tag.clone().unwrap_or_default()),
        ("lacking", row.lacking.join(", ")),
        ("on", row.remotes.join(", ")),
        ("worktree", row.worktree.clone().unwrap_or_default()),
    ];
    for (label, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        page.line([dim(format!("  {label:<9} ")), plain(value)]);
    }
    if !report.commits.is_empty() {
        page.heading("Its commits");
        let rows = report.commits.iter().map(|commit| {
            let published = if commit.published { dim("published") } else { plain("") };
            vec![id(commit.id.short()), plain(&commit.subject), published]
        });
        let rows = rows.collect::<Vec<_>>();
        page.table("  ", &[], rows);
    }
    if !report.checks.is_empty() {
        page.gap();
        parts::checks(page, &report.checks);
    }
    if !report.next.is_empty() {
        page.gap();
        parts::hints(page, &report.next);
    }
}
