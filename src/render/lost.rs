//! What can still be brought back.

use super::page::{Page, Part, bold, code, dim, id, plain, warn};
use super::words;
use crate::model::report::LostReport;
use crate::model::{LostItem, LostKind, Prune};

/// Letters of a path in the table.
const LONGEST_PATH: usize = 24;

pub(super) fn render(page: &mut Page<'_>, report: &LostReport) {
    if report.items.is_empty() && page.look.table {
        page.line([plain("Nothing is lost that git still has")]);
    }
    if !report.items.is_empty() {
        let rows = report.items.iter().map(|item| row(page, item)).collect::<Vec<_>>();
        page.table("", &["ID", "KIND", "WHEN", "GIT KEEPS", "AUTHOR", "TOUCHES", "WHAT"], rows);
    }
    if !page.look.table {
        return;
    }
    if report.more > 0 {
        page.line([dim(format!("and {} more (all with --limit 0)", report.more))]);
    }
    if !report.items.is_empty() {
        page.gap();
        page.line([
            plain("Look into one with "),
            code("git rollback show ID"),
            plain("; bring it back with "),
            code("git rollback recover ID"),
        ]);
    }
    if report.damaged > 0 {
        page.line([warn("warning: "), plain(format!("{} damaged or missing objects were skipped", report.damaged))]);
    }
    for warning in &report.warnings {
        page.line([warn("warning: "), plain(warning)]);
    }
    unseen(page, report);
}

fn row(page: &Page<'_>, item: &LostItem) -> Vec<Part> {
    vec![
        id(item.id.short()),
        bold(item.kind.word()),
        plain(item.when().map(|time| page.look.time(time)).unwrap_or_default()),
        plain(keeps(item)),
        plain(&item.author),
        plain(touches(item)),
        plain(what(item)),
    ]
}

/// The first file that it changed, and how many more.
fn touches(item: &LostItem) -> String {
    // Of a lost file the name is said already.
    let Some(first) = item.touches.first().filter(|_| item.kind != LostKind::Staged) else { return String::new() };
    let more = item.touches.len() - 1 + item.touches_more;
    let first = crate::model::readable(first.as_bytes());
    // A column must not push the next one off the terminal.
    let short = match first.char_indices().rev().nth(LONGEST_PATH) {
        Some((at, c)) => format!("...{}", &first[at + c.len_utf8()..]),
        None => first,
    };
    if more == 0 { short } else { format!("{short} +{more}") }
}

/// How long git keeps it at least.
pub(super) fn keeps(item: &LostItem) -> String {
    match item.prune {
        Prune::Now => "until gc".to_owned(),
        Prune::After(1) => "1 day".to_owned(),
        Prune::After(days) => format!("{days} days"),
        Prune::Never => "always".to_owned(),
        Prune::Unknown => "not known".to_owned(),
    }
}

/// In one line what it is.
fn what(item: &LostItem) -> String {
    let mut out = String::new();
    // Commits that a branch left behind are not the branch.
    if let Some(name) = item.name.as_ref().filter(|_| item.kind != LostKind::Commit) {
        out.push_str(&crate::model::readable(name.name.as_bytes()));
        out.push_str(if name.certain { ": " } else { "?: " });
    }
    if item.commit_count > 1 && item.kind != LostKind::Stash && item.kind != LostKind::Saved {
        out.push_str(&format!("{}, last: ", words::count(item.commit_count as u64, "commit")));
    }
    match item.size {
        Some(size) if item.subject.is_empty() => out.push_str(&words::size(size)),
        Some(size) => out.push_str(&format!("{}, begins \"{}\"", words::size(size), item.subject)),
        None => out.push_str(&item.subject),
    }
    if !item.origin.is_empty() {
        out.push_str(&format!(" ({})", item.origin));
    }
    out
}

/// What is known of one item.
pub(super) fn facts(page: &mut Page<'_>, item: &LostItem) {
    if let Some(name) = &item.name {
        let word = if name.certain { "  was " } else { "  likely was " };
        page.line([plain(word), bold(name.name.as_bytes()), dim(format!(" ({})", name.why))]);
    }
    let lost = item.lost.map(|time| format!(", {}", page.look.time(time))).unwrap_or_default();
    page.line([plain("  "), plain(&item.origin), plain(lost)]);
    let keeps = match item.prune {
        Prune::Now => "the next `git gc` may remove it".to_owned(),
        Prune::After(days) => format!("git keeps it for {} at least", words::count(days.unsigned_abs(), "day")),
        Prune::Never => "git keeps it".to_owned(),
        Prune::Unknown => "how long git keeps it is not known".to_owned(),
    };
    page.line([plain("  "), plain(keeps)]);
    if item.commit_count > 1 {
        page.line([plain("  "), plain(words::count(item.commit_count as u64, "commit")), plain(" in it")]);
    }
    if let Some(size) = item.size {
        page.line([plain("  "), plain(words::size(size))]);
    }
    if item.damaged > 0 {
        page.line([warn("  damaged: "), plain(format!("{} of its objects cannot be read", item.damaged))]);
    }
}

/// What git never saw, and where else to look.
fn unseen(page: &mut Page<'_>, report: &LostReport) {
    if report.unseen.is_empty() {
        return;
    }
    page.heading("Not in git");
    page.line([plain(
        "Edits that were never staged, stashed or saved are not in git. These may have overwritten some:",
    )]);
    for event in &report.unseen {
        let moved = if event.from == event.to { event.from.clone() } else { format!("{} -> {}", event.from, event.to) };
        page.line([
            plain("  "),
            plain(page.look.time(event.time)),
            plain("  "),
            id(moved),
            plain("  "),
            plain(&event.what),
        ]);
    }
    page.line([dim("Look in the local history of your editor, in snapshots of the file system, and in backups.")]);
}
