//! Pieces that several answers share.

use super::page::{Page, Part, bad, bold, code, dim, good, id, plain, warn};
use super::words;
use crate::model::report::{Changed, Check, Files, Head, Hint, InProgress, Kept, LeftInPlace, Verdict};
use crate::model::{Ran, RepoPath};

/// How many paths of a list are shown without `--verbose`.
const SHOWN: usize = 10;

/// How much of the output of something that failed is shown without `--verbose`.
const LINES: usize = 5;

/// `branch main at 0123456789 Subject`.
pub(super) fn head(head: &Head) -> Vec<Part> {
    match head {
        Head::Branch { branch, commit, subject } => {
            vec![plain("branch "), bold(branch), plain(" at "), id(commit.short()), plain(" "), plain(subject)]
        }
        Head::Detached { commit, subject } => {
            vec![bold("no branch"), plain(" (detached HEAD) at "), id(commit.short()), plain(" "), plain(subject)]
        }
        Head::Unborn { branch } => vec![plain("branch "), bold(branch), plain(", which has no commit yet")],
        Head::Broken { branch, why } if branch.is_empty() => {
            vec![bad("a HEAD that cannot be read"), plain(": "), plain(why)]
        }
        Head::Broken { branch, why } => {
            vec![plain("branch "), bold(branch), plain(", "), bad("which is broken"), plain(": "), plain(why)]
        }
    }
}

/// `3 files (1.5 MiB)`.
pub(super) fn files_words(files: &Files, one: &str) -> String {
    let count = words::count(files.count, one);
    match files.bytes {
        Some(bytes) => format!("{count} ({})", words::size(bytes)),
        None => count,
    }
}

/// `label: 3 files`, then which; nothing where there are none.
pub(super) fn files(page: &mut Page<'_>, label: &str, one: &str, list: &Files) {
    if list.is_empty() {
        return;
    }
    page.line([plain("  "), plain(label), plain(": "), plain(files_words(list, one))]);
    paths(page, &list.paths, list.count);
}

/// Paths, one a line, and how many more there are.
pub(super) fn paths(page: &mut Page<'_>, paths: &[RepoPath], count: u64) {
    let shown = if page.look.verbose { paths.len() } else { paths.len().min(SHOWN) };
    for path in &paths[..shown] {
        page.line([plain("    "), plain(path.as_bytes())]);
    }
    let more = count.saturating_sub(shown as u64);
    if more > 0 && shown > 0 {
        let hint = if paths.len() > shown { " (all with -v)" } else { "" };
        page.line([dim(format!("    and {more} more{hint}"))]);
    }
}

/// What stays in place, with reason and size.
pub(super) fn left_in_place(page: &mut Page<'_>, label: &str, list: &[LeftInPlace]) {
    for left in list {
        let size = left.bytes.map(|bytes| format!(", {}", words::size(bytes))).unwrap_or_default();
        page.line(
            [plain("  "), warn(label), plain(": "), plain(left.path.as_bytes()), plain(" (")].into_iter().chain([
                plain(&left.reason),
                plain(size),
                plain(")"),
            ]),
        );
    }
}

/// Files that are elsewhere now.
pub(super) fn kept(page: &mut Page<'_>, label: &str, list: &[Kept]) {
    for kept in list {
        page.line([plain(format!("  {label}: ")), plain(kept.path.as_bytes()), plain(" -> "), plain(&kept.at)]);
    }
}

/// `3 files written, 1 file removed`; nothing where nothing changed.
pub(super) fn changed(changed: &Changed) -> Option<String> {
    let parts: Vec<String> = [
        (changed.written, "file", "written"),
        (changed.removed, "file", "removed"),
        (changed.trashed, "entry", "moved to the trash"),
        (changed.refs, "ref", "moved"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, what)| format!("{} {what}", words::count(count, one)))
    .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Commands to type, and what each does.
pub(super) fn hints(page: &mut Page<'_>, hints: &[Hint]) {
    let rows = hints.iter().map(|hint| vec![code(&hint.command), plain(&hint.why)]).collect::<Vec<_>>();
    page.table("  ", &[], rows);
}

/// `a rebase is in progress: step 3 of 7`.
pub(super) fn in_progress(state: &InProgress) -> Vec<Part> {
    let detail = if state.detail.is_empty() { String::new() } else { format!(": {}", state.detail) };
    vec![warn(&state.what), plain(" in progress"), plain(detail)]
}

/// What was run: one line each, with the end of the output of what failed.
pub(super) fn runs(page: &mut Page<'_>, runs: &[Ran]) {
    let rows = runs.iter().map(|ran| {
        let mark = if ran.ok { good("ok") } else { bad("FAILED") };
        let why = ran.why.as_deref().unwrap_or(&ran.command);
        vec![mark, plain(&ran.name), plain(words::duration(ran.millis)), plain(why)]
    });
    let rows = rows.collect::<Vec<_>>();
    page.table("  ", &[], rows);
    for ran in runs.iter().filter(|ran| !ran.ok) {
        for line in ran.tail(if page.look.verbose { usize::MAX } else { LINES }) {
            page.line([dim(format!("    {} | ", ran.name)), plain(line)]);
        }
    }
}

/// `warning: ...`, one a line.
pub(super) fn warnings(page: &mut Page<'_>, warnings: &[String]) {
    for warning in warnings {
        page.line([warn("warning: "), plain(warning)]);
    }
}

/// Results of checks.
pub(super) fn checks(page: &mut Page<'_>, checks: &[Check]) {
    let mark = |verdict| match verdict {
        Verdict::Ok => good("ok"),
        Verdict::Warn => warn("warn"),
        Verdict::Fail => bad("FAIL"),
        Verdict::Unknown => dim("?"),
    };
    let rows = checks.iter().map(|c| vec![mark(c.verdict), plain(&c.name), plain(&c.detail)]).collect::<Vec<_>>();
    page.table("", &[], rows);
    for check in checks.iter().filter(|check| check.verdict != Verdict::Ok) {
        if let Some(help) = &check.help {
            page.line([plain(&check.name), plain(": "), dim("help: "), plain(help)]);
        }
    }
}
