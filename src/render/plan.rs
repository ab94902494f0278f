//! What would be done.

use super::page::{Page, bad, bold, code, dim, id, plain, warn};
use super::{parts, words};
use crate::model::report::{CommitRow, Finding, Move, MoveKind, PlanFiles, PlanReport, Severity};

/// How many commits are shown without `--verbose`.
const SHOWN: usize = 20;

pub(super) fn render(page: &mut Page<'_>, plan: &PlanReport) {
    page.line([bold("Plan: "), bold(&plan.title)]);
    if let Some(moves) = &plan.moves {
        self::moves(page, moves);
    }
    commits(page, &plan.commits_leaving);
    if !plan.commits_picked.is_empty() {
        page.heading("Commits");
        super::picks::rows(page, &plan.commits_picked);
    }
    files(page, &plan.files);
    if !plan.steps.is_empty() {
        page.heading("Steps");
        for (at, step) in plan.steps.iter().enumerate() {
            page.line([dim(format!("  {}. ", at + 1)), plain(step)]);
        }
    }
    if !plan.findings.is_empty() {
        page.gap();
        plan.findings.iter().for_each(|finding| self::finding(page, finding));
    }
    for what in &plan.not_undoable {
        page.line([warn("cannot be undone: "), plain(what)]);
    }
    for why in &plan.needs_yes {
        page.line([warn("needs a yes: "), plain(why)]);
    }
    if let Some(way_back) = &plan.way_back {
        page.line([plain("undo afterwards with: "), code(way_back)]);
    }
}

fn moves(page: &mut Page<'_>, moves: &Move) {
    let how = match moves.how {
        MoveKind::Reset => " moves there (--reset)",
        MoveKind::Revert => " gets one new commit with the content of the point (--revert)",
        MoveKind::Detach => " is detached there (--detach)",
        MoveKind::Branch => " starts there as a new branch (--branch)",
        MoveKind::RevertBranch => " starts as a new branch with the reverting commit (--revert --branch)",
        MoveKind::Switch => " becomes the current branch again",
        MoveKind::Stay => " stays where it is",
    };
    let why = if moves.why.is_empty() { String::new() } else { format!(", because {}", moves.why) };
    page.line([plain("  "), bold(&moves.what), plain(how), plain(why)]);
}

fn commits(page: &mut Page<'_>, commits: &[CommitRow]) {
    if commits.is_empty() {
        return;
    }
    let count = words::count(commits.len() as u64, "commit");
    page.heading(&format!("{count} would leave the branch (they are kept, and undo brings them back)"));
    let shown = if page.look.verbose { commits.len() } else { commits.len().min(SHOWN) };
    for commit in &commits[..shown] {
        let published = if commit.published { warn("published ") } else { plain("") };
        page.line([plain("  "), id(commit.id.short()), plain(" "), published, plain(&commit.subject)]);
    }
    if commits.len() > shown {
        page.line([dim(format!("  and {} more (all with -v)", commits.len() - shown))]);
    }
}

fn files(page: &mut Page<'_>, files: &PlanFiles) {
    let lists = [
        ("written", "file", &files.written),
        ("removed", "file", &files.removed),
        ("untracked, saved", "file", &files.untracked_saved),
        ("untracked, saved and removed", "file", &files.untracked_removed),
        ("ignored, moved to the trash", "entry", &files.ignored_moved),
    ];
    if lists.iter().all(|(.., list)| list.is_empty()) && files.left_in_place.is_empty() {
        page.line([plain("  no file changes")]);
        return;
    }
    page.heading("Files");
    for (label, one, list) in lists {
        parts::files(page, label, one, list);
    }
    parts::left_in_place(page, "left in place", &files.left_in_place);
}

fn finding(page: &mut Page<'_>, finding: &Finding) {
    let label = match finding.severity {
        Severity::Block => bad("blocked: "),
        Severity::Warn => warn("warning: "),
        Severity::Note => dim("note: "),
    };
    page.line([label, plain(&finding.message)]);
    if let Some(help) = &finding.help {
        page.line([dim("  help: "), plain(help)]);
    }
}
