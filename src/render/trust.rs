//! What of the repository's may run.

use super::page::{Page, bold, code, dim, good, id, plain, warn};
use super::parts;
use crate::model::report::{Allowed, TrustReport};

pub(super) fn render(page: &mut Page<'_>, report: &TrustReport) {
    for allowed in [&report.settings, &report.git].into_iter().flatten() {
        self::allowed(page, allowed);
    }
    if report.settings.is_none() && report.git.is_none() {
        page.line([plain(
            "There is nothing to allow: no rollback.toml, and no commands in the repository's git configuration",
        )]);
    }
    if let Some(done) = &report.done {
        page.gap();
        page.line([plain(done)]);
    }
    if !report.hints.is_empty() {
        page.gap();
        parts::hints(page, &report.hints);
    }
}

fn allowed(page: &mut Page<'_>, allowed: &Allowed) {
    page.gap();
    let state = if allowed.allowed { good("allowed") } else { warn("not allowed") };
    page.line([bold(&allowed.what), plain(": "), state]);
    page.line([dim("  hash "), id(&allowed.hash)]);
    if allowed.commands.is_empty() {
        page.line([plain("  it runs nothing")]);
    }
    let rows = allowed.commands.iter().map(|row| vec![plain(&row.key), code(row.line())]).collect::<Vec<_>>();
    page.table("  ", &[], rows);
}
