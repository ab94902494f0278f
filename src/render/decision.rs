//! What to do about a failure, and who was told about one.

use super::page::{Page, bad, bold, dim, good, plain, warn};
use super::parts;
use crate::model::Impact;
use crate::model::report::{DecisionReport, NotificationReport};

pub(super) fn decision(page: &mut Page<'_>, report: &DecisionReport) {
    let severity = match report.severity {
        Impact::Critical => bad(report.severity.word()),
        Impact::High => warn(report.severity.word()),
        _ => plain(report.severity.word()),
    };
    page.line([bold(capital(report.action.words()))]);
    page.line([dim("  severity  "), severity]);
    page.line([dim("  time      "), plain(format!("{}, until {}", report.budget.words(), report.until))]);
    for (at, why) in report.why.iter().enumerate() {
        page.line([dim(if at == 0 { "  why       " } else { "            " }), plain(why)]);
    }
    page.heading("Do this");
    parts::hints(page, &report.steps);
    if !report.contacts.is_empty() {
        page.heading("Ask");
        let rows = report.contacts.iter().map(|(role, who)| vec![plain(role), plain(who)]).collect::<Vec<_>>();
        page.table("  ", &[], rows);
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

pub(super) fn notification(page: &mut Page<'_>, report: &NotificationReport) {
    if report.sent.is_empty() {
        page.body(&report.text);
        return;
    }
    for sent in &report.sent {
        match &sent.why {
            None => page.line([good("told "), plain(&sent.to)]),
            Some(why) => page.line([warn("warning: "), plain(format!("{} was not told: {why}", sent.to))]),
        }
    }
}
