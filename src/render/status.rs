//! Where am I: read by a tired person, so what is urgent comes first and what to type stands beside it.

use super::page::{Page, bad, bold, good, id, plain, warn};
use super::{log, parts, words};
use crate::model::report::{BaselineDistance, Counts, StatusReport, Unfinished};

pub(super) fn render(page: &mut Page<'_>, report: &StatusReport) {
    if let Some(unfinished) = &report.unfinished {
        self::unfinished(page, unfinished);
    }
    page.gap();
    page.line([plain("On ")].into_iter().chain(parts::head(&report.head)));
    if page.look.verbose {
        page.line([plain("In "), plain(&report.top)]);
    }
    if let Some(baseline) = &report.baseline {
        self::baseline(page, baseline);
    }
    for state in &report.in_progress {
        page.line(parts::in_progress(state));
    }
    counts(page, &report.counts);
    if let Some(point) = &report.last_checkpoint {
        let message = if point.message.is_empty() { String::new() } else { format!(": {}", point.message) };
        let time = page.look.time(point.time);
        page.line([plain("Last checkpoint "), bold(&point.name), plain(format!(", {time}")), plain(message)]);
    }
    if !report.warnings.is_empty() {
        page.gap();
        parts::warnings(page, &report.warnings);
    }
    if !report.operations.is_empty() {
        page.heading("Last operations");
        log::rows(page, "  ", &report.operations);
    }
    if !report.hints.is_empty() {
        page.heading("What next");
        parts::hints(page, &report.hints);
    }
}

fn unfinished(page: &mut Page<'_>, unfinished: &Unfinished) {
    let started = page.look.time(unfinished.started);
    let how = if unfinished.waits { " waits for you" } else { " was interrupted" };
    page.line([bad("UNFINISHED: "), bold(&unfinished.command), plain(how)]);
    page.line([
        plain("  operation "),
        id(&unfinished.id),
        plain(format!(", started {started}: ")),
        plain(&unfinished.phase),
    ]);
    page.line([plain("  Nothing is lost. Before anything else:")]);
    parts::hints(page, &unfinished.next);
}

fn baseline(page: &mut Page<'_>, baseline: &BaselineDistance) {
    let distance = match (baseline.ahead, baseline.behind) {
        (0, 0) => "At ".to_owned(),
        (ahead, 0) => format!("{} after ", words::count(ahead, "commit")),
        (0, behind) => format!("{} before ", words::count(behind, "commit")),
        (ahead, behind) => format!("{} after and {behind} before ", words::count(ahead, "commit")),
    };
    // Most are called just that.
    let which = if baseline.name == "baseline" { plain("the ") } else { plain("baseline ") };
    let set = baseline.time.map(|time| format!(", set {}", page.look.time(time))).unwrap_or_default();
    page.line([
        plain(distance),
        which,
        bold(&baseline.name),
        plain(" ("),
        id(baseline.commit.short()),
        plain(set),
        plain(")"),
    ]);
}

fn counts(page: &mut Page<'_>, counts: &Counts) {
    if counts.is_clean() {
        page.line([good("Everything is committed")]);
    } else {
        let list = [
            (counts.conflicts, "with conflicts"),
            (counts.staged, "staged"),
            (counts.unstaged, "changed and not staged"),
            (counts.untracked, "untracked"),
        ];
        let words: Vec<String> =
            list.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if !words.is_empty() {
            page.line([warn("Not committed: "), plain(words.join(", "))]);
        }
    }
    if counts.hidden > 0 {
        let files = words::count(counts.hidden, "changed file");
        page.line([warn(files), plain(" that `git status` does not show (assume-unchanged or skip-worktree)")]);
    }
    if let Some(ignored) = counts.ignored.filter(|count| *count > 0) {
        page.line([plain(format!("{} ignored", words::count(ignored, "entry")))]);
    }
}
