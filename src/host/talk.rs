//! How the inner layers reach the person in front of the terminal, without knowing of a terminal.

use crate::Result;
use crate::model::report::PlanReport;

/// Talk with the person: none of it is the answer, which commands return.
///
/// Shared by worker threads.
pub trait Talk: Sync {
    /// Says something that is good to know; not with `--quiet`.
    fn note(&self, message: &str);

    /// Says something that deserves a look; also with `--quiet`.
    fn warn(&self, message: &str);

    /// Shows a line that a task has printed.
    fn output(&self, _task: &str, _line: &str) {}

    /// Shows how far `what` (as in `saving files`) has come, out of `total`; it ends when the value is dropped.
    fn progress(&self, what: &str, total: Option<u64>) -> Box<dyn ProgressBar>;

    /// Shows the plan and asks; `Ok(false)`: the answer was no.
    ///
    /// Asks nothing where the plan needs no yes, or the yes was given by `--yes`. Without a terminal a needed yes is an
    /// error that names `--yes`.
    fn approve(&self, plan: &PlanReport) -> Result<bool>;

    /// Whether there is a person to ask.
    fn can_ask(&self) -> bool;

    /// Asks a question whose answer is yes or no, and no where nothing is typed. An error where nobody can be asked.
    fn confirm(&self, question: &str) -> Result<bool> {
        Err(cannot_choose(question, &[]))
    }

    /// Asks which of `options`; `None`: none of them. An error where nobody can be asked.
    fn choose(&self, question: &str, options: &[String]) -> Result<Option<usize>>;

    /// Lets a person search `rows` and choose some of them; `preview` says more of one. `None`: none of them. An error
    /// where nobody can be asked.
    fn pick(&self, question: &str, _rows: &[String], _preview: &dyn Fn(usize) -> String) -> Result<Option<Vec<usize>>> {
        Err(cannot_choose(question, &[]))
    }

    /// The signal that asked us to stop, once one has arrived.
    fn signal(&self) -> Option<u8>;

    /// Told of every step that is done, and of every file: where a run may be stopped, and where tests stop it.
    fn step(&self, _what: &str) {}

    /// Whether a signal asked us to stop.
    fn interrupted(&self) -> bool {
        self.signal().is_some()
    }
}

/// How far something has come.
pub trait ProgressBar: Send + Sync {
    /// `by` more is done.
    fn advance(&self, by: u64);

    /// The total became known, or turned out different.
    fn set_total(&self, total: u64);
}

/// Talk that only hears signals and warns: for questions that are asked in the background.
pub struct Quiet<'a>(pub &'a dyn Talk);

impl Talk for Quiet<'_> {
    fn note(&self, _message: &str) {}

    fn warn(&self, message: &str) {
        self.0.warn(message);
    }

    fn progress(&self, _what: &str, _total: Option<u64>) -> Box<dyn ProgressBar> {
        Box::new(NoBar)
    }

    fn approve(&self, plan: &PlanReport) -> Result<bool> {
        self.0.approve(plan)
    }

    fn can_ask(&self) -> bool {
        self.0.can_ask()
    }

    fn choose(&self, question: &str, options: &[String]) -> Result<Option<usize>> {
        self.0.choose(question, options)
    }

    fn signal(&self) -> Option<u8> {
        self.0.signal()
    }
}

/// Talk with nobody: nothing is shown, nothing is asked, and a needed yes is an error. For tests and the library.
pub struct Silent;

impl Talk for Silent {
    fn note(&self, _message: &str) {}

    fn warn(&self, _message: &str) {}

    fn progress(&self, _what: &str, _total: Option<u64>) -> Box<dyn ProgressBar> {
        Box::new(NoBar)
    }

    fn approve(&self, plan: &PlanReport) -> Result<bool> {
        if plan.needs_yes.is_empty() { Ok(true) } else { Err(needs_yes(plan)) }
    }

    fn can_ask(&self) -> bool {
        false
    }

    fn choose(&self, question: &str, options: &[String]) -> Result<Option<usize>> {
        Err(cannot_choose(question, options))
    }

    fn signal(&self) -> Option<u8> {
        None
    }
}

/// A progress bar that shows nothing.
pub struct NoBar;

impl ProgressBar for NoBar {
    fn advance(&self, _by: u64) {}

    fn set_total(&self, _total: u64) {}
}

/// The error where a yes is needed and nobody can be asked.
pub fn needs_yes(plan: &PlanReport) -> crate::Error {
    let error = crate::Error::refused("this needs a yes, and there is no terminal to ask on");
    let error = plan.needs_yes.iter().fold(error, |error, reason| error.because(reason));
    error.help("look at the plan with `--dry-run`, then say yes with `--yes`")
}

/// The error where a choice is needed and nobody can be asked.
pub fn cannot_choose(question: &str, options: &[String]) -> crate::Error {
    let error = crate::Error::refused("this needs a choice, and there is no terminal to ask on").because(question);
    options.iter().fold(error, |error, option| error.help(option))
}
