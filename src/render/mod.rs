//! Answers and errors as text or JSON. Knows the answers, and nothing of where they come from or go to.

pub mod escape;

mod analysis;
mod check;
mod decision;
mod diagnosis;
mod done;
mod error;
mod history;
mod hotfix;
mod json;
mod log;
mod lost;
mod page;
mod parts;
mod picks;
mod plan;
mod points;
mod release;
mod show;
mod sprint;
mod status;
#[cfg(test)]
mod tests;
mod trust;
mod upkeep;
mod words;

pub use page::Look;

use crate::Error;
use crate::model::report::{PlanReport, Report};
use page::Page;

/// The answer as text.
pub fn text(report: &Report, look: &Look) -> String {
    let mut page = Page::new(look);
    match report {
        Report::Status(report) => status::render(&mut page, report),
        Report::Plan(report) => plan::render(&mut page, report),
        Report::Done(report) => done::render(&mut page, report),
        Report::Stopped(report) => picks::stopped(&mut page, report),
        Report::Candidates(report) => picks::candidates(&mut page, report),
        Report::Points(report) => points::render(&mut page, report),
        Report::Baseline(report) => points::baselines(&mut page, report),
        Report::Releases(report) => release::list(&mut page, report),
        Report::Release(report) => release::show(&mut page, report),
        Report::ReleaseCheck(report) => release::check(&mut page, report),
        Report::Diagnosis(report) => diagnosis::render(&mut page, report),
        Report::Postmortem(report) => diagnosis::postmortem(&mut page, report),
        Report::LastGood(report) => diagnosis::last_good(&mut page, report),
        Report::Log(report) => log::render(&mut page, report),
        Report::Operation(report) => log::detail(&mut page, report),
        Report::History(report) => history::render(&mut page, report),
        Report::Analysis(report) => analysis::render(&mut page, report),
        Report::Decision(report) => decision::decision(&mut page, report),
        Report::Notification(report) => decision::notification(&mut page, report),
        Report::Sprints(report) => sprint::list(&mut page, report),
        Report::Sprint(report) => sprint::show(&mut page, report),
        Report::Hotfixes(report) => hotfix::list(&mut page, report),
        Report::Hotfix(report) => hotfix::show(&mut page, report),
        Report::Stats(report) => history::stats(&mut page, report),
        Report::Show(report) => show::render(&mut page, report),
        Report::Lost(report) => lost::render(&mut page, report),
        Report::Gc(report) => upkeep::gc(&mut page, report),
        Report::Check(report) => check::render(&mut page, report),
        Report::Validate(report) => check::validate(&mut page, report),
        Report::Trust(report) => trust::render(&mut page, report),
        Report::Doctor(report) => upkeep::doctor(&mut page, report),
        Report::Message(report) => upkeep::message(&mut page, report),
        Report::Text(report) => page.body(&report.text),
    }
    page.finish()
}

/// A plan as text, to be shown before a yes is asked for.
pub fn plan(plan: &PlanReport, look: &Look) -> String {
    let mut page = Page::new(look);
    plan::render(&mut page, plan);
    page.finish()
}

/// The warnings of an answer that is not shown itself, because of `--quiet`.
pub fn warnings(report: &Report, look: &Look) -> String {
    let mut page = Page::new(look);
    if let Report::Done(report) = report {
        done::important(&mut page, report);
    }
    page.finish()
}

/// The answer as one JSON document with a line end.
pub fn json(report: &Report) -> Result<String, Error> {
    json::report(report)
}

/// An error as text.
pub fn error(error: &Error, look: &Look) -> String {
    let mut page = Page::new(look);
    error::render(&mut page, error);
    page.finish()
}

/// A line of talk: `warning: ...` or a plain note.
pub fn talk(message: &str, is_warning: bool, look: &Look) -> String {
    let mut page = Page::new(look);
    if is_warning {
        page.line([page::warn("warning: "), page::plain(message)]);
    } else {
        page.line([page::plain(message)]);
    }
    page.finish()
}

/// A line that a task has printed, behind its name.
pub fn output(task: &str, line: &str, look: &Look) -> String {
    let mut page = Page::new(look);
    page.line([page::dim(format!("{task} | ")), page::plain(line)]);
    page.finish()
}

/// An error as one JSON document with a line end.
pub fn error_json(error: &Error) -> Result<String, Error> {
    json::error(error)
}
