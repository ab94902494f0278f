//! The operation log.

use super::page::{Page, Part, bold, code, dim, id, plain, warn};
use super::{parts, words};
use crate::model::ObjectId;
use crate::model::report::{LogDetail, LogReport, LogRow, UndoState};

pub(super) fn render(page: &mut Page<'_>, report: &LogReport) {
    if report.operations.is_empty() && report.warnings.is_empty() && page.look.table {
        page.line([plain("No operation yet")]);
    } else {
        rows(page, "", &report.operations);
    }
    if report.more > 0 && page.look.table {
        page.line([dim(format!("and {} more (all with --limit 0)", report.more))]);
    }
    // In a pipe every line is an operation; the JSON document has the warnings.
    if page.look.table {
        parts::warnings(page, &report.warnings);
    }
}

/// Operations in columns; the worktree only where one is another.
pub(super) fn rows(page: &mut Page<'_>, indent: &str, operations: &[LogRow]) {
    if operations.is_empty() {
        return;
    }
    let worktrees = !page.look.table || operations.iter().any(|row| !row.worktree.is_empty());
    let mut head = vec!["ID", "WHEN", "COMMAND", "STATE"];
    if worktrees {
        head.push("WORKTREE");
    }
    head.push("WHAT");
    let rows = operations.iter().map(|operation| row(page, operation, worktrees)).collect::<Vec<_>>();
    page.table(indent, &head, rows);
}

fn row(page: &Page<'_>, row: &LogRow, worktrees: bool) -> Vec<Part> {
    let state = match row.undo {
        UndoState::Undoable => "",
        UndoState::Undone => "undone",
        UndoState::Redone => "redone",
        UndoState::NothingToUndo => "-",
        UndoState::Expired => "expired",
    };
    let reason = row.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let mut cells = vec![id(&row.id), plain(page.look.time(row.time)), plain(&row.command), dim(state)];
    if worktrees {
        cells.push(plain(&row.worktree));
    }
    cells.push(plain(format!("{}{reason}", row.summary)));
    cells
}

pub(super) fn detail(page: &mut Page<'_>, detail: &LogDetail) {
    let row = &detail.row;
    page.line([bold("Operation "), id(&row.id), plain(": "), plain(&row.summary)]);
    fact(page, "command", [plain(detail.argv.join(" "))]);
    let time =
        if page.look.table { format!("{} ({})", row.time, page.look.time(row.time)) } else { row.time.to_string() };
    fact(page, "when", [plain(format!("{time}, took {}", words::duration(detail.duration.millis)))]);
    fact(page, "who", [plain(&row.who)]);
    if let Some(reason) = &row.reason {
        fact(page, "reason", [plain(reason)]);
    }
    trouble(page, detail);
    if !row.worktree.is_empty() {
        fact(page, "worktree", [plain(&row.worktree)]);
    }
    fact(page, "before", parts::head(&detail.head_before));
    fact(page, "after", parts::head(&detail.head_after));
    links(page, detail);
    for moved in &detail.refs {
        let short = |id: Option<ObjectId>| id.map_or_else(|| "nothing".to_owned(), |id| id.short());
        fact(page, "ref", [plain(&moved.name), plain(" "), id(short(moved.old)), plain(" -> "), id(short(moved.new))]);
    }
    if let Some(changed) = parts::changed(&detail.changed) {
        fact(page, "changed", [plain(changed)]);
    }
    parts::paths(page, &detail.files.paths, detail.files.count);
    for (at, step) in detail.steps.iter().enumerate() {
        fact(page, if at == 0 { "steps" } else { "" }, [plain(format!("{}. {step}", at + 1))]);
    }
    parts::kept(page, "in the trash", &detail.trash);
    parts::kept(page, "kept", &detail.kept);
    parts::left_in_place(page, "left in place", &detail.left_in_place);
    parts::runs(page, &detail.runs);
    parts::warnings(page, &detail.warnings);
    if let Some(recipe) = &detail.recover_with_git {
        page.line([dim("with plain git: "), code(recipe)]);
    }
    if let Some(way_back) = &detail.way_back {
        page.line([dim("undo with: "), code(way_back)]);
    }
}

/// What was said about the trouble, and how long it lasted.
fn trouble(page: &mut Page<'_>, detail: &LogDetail) {
    let trouble = &detail.trouble;
    let said = [
        ("severity", trouble.severity.map(|severity| severity.to_string())),
        ("cause", trouble.cause.clone()),
        ("began", trouble.started.map(|time| time.to_string())),
        ("sprint", trouble.sprint.clone()),
        ("recovery", detail.recovery.map(|recovery| words::duration(recovery.millis))),
    ];
    for (label, value) in said {
        if let Some(value) = value {
            fact(page, label, [plain(value)]);
        }
    }
    for differs in &detail.differs {
        fact(page, "differs", [warn(differs)]);
    }
}

/// The snapshot, and how this operation and others belong together.
fn links(page: &mut Page<'_>, detail: &LogDetail) {
    let facts = [("snapshot", &detail.snapshot), ("undoes", &detail.undoes), ("redoes", &detail.redoes)];
    for (label, value) in facts {
        if let Some(value) = value {
            fact(page, label, [id(value)]);
        }
    }
    fact(page, "state", [plain(detail.row.undo.words())]);
}

fn fact(page: &mut Page<'_>, label: &str, parts: impl IntoIterator<Item = Part>) {
    page.line([dim(format!("  {label:<9} "))].into_iter().chain(parts));
}
