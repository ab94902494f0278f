//! The end of a run: the answer or the error goes out, and becomes an exit code.

use super::ui::Ui;
use crate::model::report::{Outcome, Report};
use crate::{Error, Kind, Result};
use std::io;

/// Says how it went, and returns the exit code.
pub(super) fn finish(ui: &Ui, result: Result<Outcome>) -> u8 {
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => {
            ui.error(&error);
            return error.kind().exit_code();
        }
    };
    match ui.answer(&outcome.report) {
        Ok(()) => outcome.exit_code,
        // The reader has seen enough (`git rollback log | head`).
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => outcome.exit_code,
        Err(error) => {
            ui.complain(&unanswered(&outcome.report, &error));
            Kind::Fault.exit_code()
        }
    }
}

/// What was done stays done, also when nobody can be told: say so on the channel that is left.
fn unanswered(report: &Report, error: &io::Error) -> Error {
    let failed = Error::fault("cannot write the answer").because(error);
    match report {
        Report::Done(done) => {
            let failed = failed.because(format!("the work itself was done: {}", done.summary));
            match &done.way_back {
                Some(way) => failed.help(format!("undo with: {way}")),
                None => failed,
            }
        }
        _ => failed,
    }
}
