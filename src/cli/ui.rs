//! The terminal: answers go to standard output, talk and progress to standard error.

use super::progress::Bar;
use super::root::When;
use super::signals::Signals;
use crate::commands::Global;
use crate::host::talk::{NoBar, ProgressBar, Talk, cannot_choose, needs_yes};
use crate::model::Time;
use crate::model::report::{PlanReport, Report};
use crate::render::{self, Look, escape};
use crate::{Error, Kind, Result};
use anstream::{AutoStream, ColorChoice};
use dialoguer::console::Term;
use dialoguer::theme::Theme;
use indicatif::{MultiProgress, ProgressDrawTarget};
use std::fmt;
use std::io::{self, IsTerminal, Write};

/// The terminal of this process, and what the options say of it.
pub(super) struct Ui {
    json: bool,
    quiet: bool,
    yes: bool,
    /// How answers look.
    out: Look,
    /// How talk looks.
    err: Look,
    bars: MultiProgress,
    signals: Signals,
    /// Tests stop a run after this many steps.
    stop_after: Option<u64>,
    steps: std::sync::atomic::AtomicU64,
}

impl Ui {
    pub(super) fn new(global: &Global, color: When) -> Self {
        let now = crate::host::clock::precise().0;
        let look = |color: bool, table: bool, width: Option<u16>| Look {
            color,
            table,
            verbose: global.verbose,
            width: width.filter(|_| table).map(usize::from),
            now: Time::new(now, 0),
        };
        let (out, err) = (io::stdout(), io::stderr());
        let width = |term: &Term| term.size_checked().map(|(_, columns)| columns);
        Ui {
            json: global.json,
            quiet: global.quiet,
            yes: global.yes,
            out: look(colors(color, &out), out.is_terminal(), width(&Term::stdout())),
            err: look(colors(color, &err), err.is_terminal(), width(&Term::stderr())),
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()),
            signals: Signals::listen(),
            stop_after: crate::host::env::var("GIT_ROLLBACK_TEST_STOP_AFTER").and_then(|v| v.parse().ok()),
            steps: std::sync::atomic::AtomicU64::new(0),
        }
    }

    /// Writes the answer.
    pub(super) fn answer(&self, report: &Report) -> io::Result<()> {
        if self.json {
            return out(&render::json(report).map_err(io::Error::other)?);
        }
        if self.quiet && matches!(report, Report::Done(_) | Report::Message(_)) {
            self.say(&render::warnings(report, &self.err));
            return Ok(());
        }
        out(&render::text(report, &self.out))
    }

    /// Writes the error, with `--json` also as a document.
    pub(super) fn error(&self, error: &Error) {
        self.complain(error);
        if self.json
            && let Ok(document) = render::error_json(error)
        {
            // The exit code and the text say the same; there is nothing else to do for a reader that has gone.
            let _ = out(&document);
        }
    }

    /// Writes the error as text.
    pub(super) fn complain(&self, error: &Error) {
        self.say(&render::error(error, &self.err));
    }

    /// Talk; a closed standard error must not stop the work.
    fn say(&self, text: &str) {
        self.bars.suspend(|| {
            let _ = io::stderr().lock().write_all(text.as_bytes());
        });
    }

    fn stopped(&self, error: &dialoguer::Error) -> Error {
        // The prompt hides the cursor, and an interrupt ends it without showing it again.
        let _ = Term::stderr().show_cursor();
        let dialoguer::Error::IO(source) = error;
        match (self.signals.arrived(), source.kind()) {
            (Some(signal), _) => interrupted(signal),
            (None, io::ErrorKind::Interrupted) => interrupted(2),
            (None, _) => Error::io("cannot ask", source).with_kind(Kind::Refused),
        }
    }
}

/// A question ends as it is written: the usual theme puts a colon behind its question mark.
struct Questions;

impl Theme for Questions {
    fn format_select_prompt(&self, out: &mut dyn fmt::Write, question: &str) -> fmt::Result {
        out.write_str(question)
    }

    fn format_select_prompt_selection(&self, out: &mut dyn fmt::Write, question: &str, chosen: &str) -> fmt::Result {
        write!(out, "{question} {chosen}")
    }
}

/// The error of a question that a signal has ended.
fn interrupted(signal: u8) -> Error {
    Error::new(Kind::Interrupted(signal), "interrupted; nothing was changed")
}

/// Whether a stream gets colours (`NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and `TERM` are heard).
fn colors(when: When, stream: &impl anstream::stream::RawStream) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => AutoStream::choice(stream) != ColorChoice::Never,
    }
}

fn out(text: &str) -> io::Result<()> {
    // Not `print!`: it panics where the reader has gone.
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

impl Talk for Ui {
    fn note(&self, message: &str) {
        if !self.quiet {
            self.say(&render::talk(message, false, &self.err));
        }
    }

    fn warn(&self, message: &str) {
        self.say(&render::talk(message, true, &self.err));
    }

    fn output(&self, task: &str, line: &str) {
        if !self.quiet {
            self.say(&render::output(task, line, &self.err));
        }
    }

    fn progress(&self, what: &str, total: Option<u64>) -> Box<dyn ProgressBar> {
        if self.json || self.quiet || !self.err.table {
            return Box::new(NoBar);
        }
        Box::new(Bar::new(what, total, self.bars.clone()))
    }

    fn approve(&self, plan: &PlanReport) -> Result<bool> {
        if plan.needs_yes.is_empty() || self.yes {
            if self.err.verbose {
                self.say(&render::plan(plan, &self.err));
            }
            return Ok(true);
        }
        if !self.can_ask() {
            return Err(needs_yes(plan));
        }
        self.say(&render::plan(plan, &self.err));
        self.confirm("Do this?")
    }

    fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    fn confirm(&self, question: &str) -> Result<bool> {
        if !self.can_ask() {
            return Err(cannot_choose(question, &[]));
        }
        let prompt = dialoguer::Confirm::new().with_prompt(escape::line(question)).default(false);
        let answer = prompt.wait_for_newline(true).interact_opt();
        answer.map(|answer| answer.unwrap_or(false)).map_err(|error| self.stopped(&error))
    }

    fn choose(&self, question: &str, options: &[String]) -> Result<Option<usize>> {
        if !self.can_ask() {
            return Err(cannot_choose(question, options));
        }
        let prompt = escape::line(question);
        let items: Vec<String> = options.iter().map(escape::line).collect();
        let answer =
            dialoguer::Select::with_theme(&Questions).with_prompt(prompt).items(&items).default(0).interact_opt();
        answer.map_err(|error| self.stopped(&error))
    }

    fn pick(&self, question: &str, rows: &[String], preview: &dyn Fn(usize) -> String) -> Result<Option<Vec<usize>>> {
        if !self.can_ask() {
            return Err(cannot_choose(question, &[]));
        }
        super::picker::pick(&Term::stderr(), question, rows, preview)
            .map_err(|error| self.stopped(&dialoguer::Error::IO(error)))
    }

    fn step(&self, _what: &str) {
        // The seam of the crash tests: the run ends as if it had been killed here.
        let Some(limit) = self.stop_after else { return };
        if self.steps.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1 == limit {
            std::process::abort();
        }
    }

    fn signal(&self) -> Option<u8> {
        self.signals.arrived()
    }
}
