//! What became of releases.

use super::page::{Page, Part, bad, bold, code, dim, good, plain, warn};
use super::parts;
use crate::model::report::{Diagnosis, DiagnosisReport, LastGoodReport, PostmortemReport, ReleaseState};

pub(super) fn render(page: &mut Page<'_>, report: &DiagnosisReport) {
    match &report.releases[..] {
        [] if page.look.table => {
            page.line([plain("There is no release yet; `git rollback release add VERSION` records one")])
        }
        [] => {}
        [one] => single(page, one),
        all => {
            let rows = all.iter().map(row).collect::<Vec<_>>();
            page.table("", &["VERSION", "STATE", "WHAT IS THE CASE", "NEXT"], rows);
        }
    }
    if !page.look.table {
        return;
    }
    if report.more > 0 {
        page.line([dim(format!("and {} older (all with --limit 0)", report.more))]);
    }
    for why in &report.not_asked {
        page.line([warn("not asked: "), plain(why)]);
    }
}

fn state(one: &Diagnosis) -> Part {
    match (one.state, one.settled) {
        (ReleaseState::Fine, _) => good(one.state.words()),
        (_, true) => dim(one.state.words()),
        (ReleaseState::NotHere | ReleaseState::NotPushed | ReleaseState::Unreachable, _) => warn(one.state.words()),
        _ => bad(one.state.words()),
    }
}

fn row(one: &Diagnosis) -> Vec<Part> {
    let next = one.next.as_ref().map(|next| next.command.clone()).unwrap_or_default();
    vec![bold(&one.version), state(one), plain(&one.summary), code(next)]
}

fn single(page: &mut Page<'_>, one: &Diagnosis) {
    parts::checks(page, &one.facts);
    page.gap();
    page.line([bold(&one.version), plain(": "), state(one), plain(": "), plain(&one.summary)]);
    if let Some(next) = &one.next {
        parts::hints(page, std::slice::from_ref(next));
    }
}

pub(super) fn last_good(page: &mut Page<'_>, report: &LastGoodReport) {
    let rows = report.tested.iter().map(|one| {
        let mark = if one.ok { good("passes") } else { bad("FAILS") };
        vec![mark, bold(&one.version), plain(&one.detail)]
    });
    let rows = rows.collect::<Vec<_>>();
    page.table("", &[], rows);
    match (&report.version, &report.tag) {
        (Some(version), Some(tag)) => {
            page.line([plain("last good release: "), bold(version), plain(" (tag "), plain(tag), plain(")")]);
        }
        _ => page.line([bad("no release can be relied on")]),
    }
    if page.look.table {
        for why in &report.passed_over {
            page.line([dim("passed over: "), plain(why)]);
        }
    }
    parts::hints(page, &report.next);
}

pub(super) fn postmortem(page: &mut Page<'_>, report: &PostmortemReport) {
    page.line([plain("post-mortem of "), bold(&report.version), plain(": "), plain(&report.file)]);
    page.line([plain("  "), plain(&report.state), plain(": "), plain(&report.summary)]);
    let open: Vec<_> = report.checklist.iter().filter(|item| item.done != Some(true)).collect();
    if !open.is_empty() {
        page.heading("Not done, as far as it is known");
        for item in open {
            page.line([plain("  "), plain(&item.what)]);
        }
    }
    parts::hints(page, &report.next);
    if let Some(way_back) = &report.way_back {
        page.line([dim("undo with: "), code(way_back)]);
    }
}
