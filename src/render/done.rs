//! What was done, and the way back as the last line.

use super::page::{Page, bad, bold, code, dim, id, plain};
use super::parts;
use crate::model::report::{DoneReport, Recovered};

pub(super) fn render(page: &mut Page<'_>, done: &DoneReport) {
    page.line([bold(&done.summary)]);
    if let Some(changed) = parts::changed(&done.changed) {
        page.line([plain(format!("  {changed}"))]);
    }
    if let Some(point) = &done.point {
        page.line([plain("  point "), id(point)]);
    }
    if let Some(pushed) = &done.pushed {
        page.line([plain(format!("  pushed to {}: ", pushed.remote)), plain(pushed.refs.join(", "))]);
    }
    for made in &done.recovered {
        recovered(page, made, done.recovered.len() > 1);
    }
    super::picks::rows(page, &done.commits);
    if page.look.verbose {
        let facts = [("operation ", &done.operation), ("snapshot ", &done.snapshot)];
        for (label, fact) in facts {
            if let Some(fact) = fact {
                page.line([plain("  "), plain(label), id(fact)]);
            }
        }
        if let Some(recipe) = &done.recover_with_git {
            page.line([plain("  with plain git: "), code(recipe)]);
        }
    }
    if let Some(story) = &done.story {
        super::sprint::story(page, story);
    }
    important(page, done);
    if done.runs.iter().all(|ran| ran.ok) {
        parts::runs(page, &done.runs);
    }
    parts::hints(page, &done.next);
    if let Some(way_back) = &done.way_back {
        // A point is not undone but gone to.
        let label = if done.command == "checkpoint" { "come back with: " } else { "undo with: " };
        page.line([dim(label), code(way_back)]);
    }
}

/// What came back, where it is, and what to do with it.
fn recovered(page: &mut Page<'_>, made: &Recovered, one_of_many: bool) {
    if one_of_many {
        page.line([plain("  "), id(&made.place), plain(" <- "), plain(&made.item)]);
    }
    if let Some(why) = &made.why {
        page.line([plain("    "), dim(why)]);
    }
    if let Some(next) = &made.next {
        page.line([plain("    go on with: "), code(next)]);
    }
}

/// What is said even with `--quiet`.
pub(super) fn important(page: &mut Page<'_>, done: &DoneReport) {
    parts::kept(page, "kept", &done.kept);
    parts::left_in_place(page, "left in place", &done.left_in_place);
    parts::warnings(page, &done.warnings);
    let failed = done.runs.iter().any(|ran| !ran.ok);
    if failed {
        parts::runs(page, &done.runs);
    }
    if !done.verified {
        let what = if failed {
            "it was done, but not all that was run has passed"
        } else {
            "the state afterwards differs from the plan"
        };
        page.line([bad("NOT VERIFIED: "), plain(what)]);
        if let Some(recipe) = &done.recover_with_git {
            page.line([plain("  with plain git: "), code(recipe)]);
        }
    }
}
