//! Running what the settings name: commands that are killed whole when their time is up, and questions to servers.
//!
//! A command that hangs, floods its output, reads its input or leaves processes behind does no harm: it has no terminal and
//! no input, its output is read as it comes and kept up to a limit, and its processes are one group.

mod http;
mod output;
mod process;
mod secrets;
#[cfg(test)]
mod tests;

use super::Talk;
use super::clock::instant;
use crate::model::{Action, Ran, Task};
use secrets::Secrets;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Runs tasks. What runs is somebody else's: `config::trust` hands out runners, and only for what was trusted.
pub struct Runner<'a> {
    talk: &'a dyn Talk,
    top: PathBuf,
    environment: Vec<(String, String)>,
    leaves_children: bool,
    keep: usize,
}

/// How one try ended.
struct Try {
    code: Option<i32>,
    /// `None`: as it should.
    why: Option<String>,
    output: String,
    left_out: u64,
    /// Another try makes no sense.
    last: bool,
}

impl Try {
    fn failed(why: impl Into<String>) -> Try {
        Try { code: None, why: Some(why.into()), output: String::new(), left_out: 0, last: false }
    }
}

impl<'a> Runner<'a> {
    /// Runs tasks in the worktree whose top is `top`. Named in `config::trust` only (`tests/layers.rs` sees to it).
    pub fn new(talk: &'a dyn Talk, top: &Path) -> Runner<'a> {
        Runner { talk, top: top.to_owned(), environment: Vec::new(), leaves_children: false, keep: KEEP }
    }

    /// Runs them in another worktree.
    #[must_use]
    pub fn at(mut self, top: &Path) -> Self {
        self.top = top.to_owned();
        self
    }

    /// Gives them a variable beside those of this program. The task's own win.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets processes live on that a command leaves behind when it ends well, such as the server it has started.
    /// Otherwise they end with it.
    #[must_use]
    pub fn leaving_children(mut self) -> Self {
        self.leaves_children = true;
        self
    }

    /// Keeps up to this many bytes of the output.
    #[must_use]
    pub fn keeping(mut self, bytes: usize) -> Self {
        self.keep = bytes;
        self
    }

    /// Runs one task, tries again where it says so, and shows what it prints.
    pub fn run(&self, task: &Task) -> Ran {
        self.run_with_input(task, None)
    }

    /// The same with something to read on standard input, or to send.
    pub fn run_with_input(&self, task: &Task, input: Option<&[u8]>) -> Ran {
        let began = instant();
        let secrets = Secrets::of(task, &self.environment);
        let within = match &task.action {
            Action::Http(check) => check.within,
            _ => None,
        };
        let limit = within.map(|within| began + within);
        self.talk.note(&secrets.hide(&format!("{}: {}", task.name, task.spelled())));
        let mut tries = 0;
        let last = loop {
            tries += 1;
            let timeout = limit.map_or(task.timeout, |limit| left(limit).clamp(SHORTEST_TRY, task.timeout));
            let one = self.once(task, input, timeout, &secrets);
            let again = match limit {
                Some(limit) => left(limit) > task.interval,
                None => tries <= task.retries,
            };
            if one.why.is_none() || one.last || !again || !self.pause(task.interval) {
                break one;
            }
        };
        Ran {
            name: task.name.clone(),
            command: secrets.hide(&task.spelled()),
            ok: last.why.is_none(),
            code: last.code,
            why: last.why.map(|why| secrets.hide(&why)),
            tries,
            millis: began.elapsed().as_millis() as u64,
            output: secrets.hide(&last.output),
            left_out: last.left_out,
        }
    }

    /// Runs tasks one after the other up to the first that fails, which is the last in the answer then.
    pub fn run_all(&self, tasks: &[Task]) -> Vec<Ran> {
        let mut out: Vec<Ran> = Vec::new();
        for task in tasks {
            out.push(self.run(task));
            if !out.last().is_some_and(|ran| ran.ok) {
                break;
            }
        }
        out
    }

    fn once(&self, task: &Task, input: Option<&[u8]>, timeout: Duration, secrets: &Secrets) -> Try {
        match &task.action {
            Action::Shell(_) | Action::Program(_) => process::run(self, task, input, timeout, secrets),
            Action::Http(check) => http::ask(self, check, timeout),
            Action::Webhook(url) => http::send(self, url, input.unwrap_or_default(), timeout),
        }
    }

    /// Waits; `false`: a signal came.
    fn pause(&self, interval: Duration) -> bool {
        let until = instant() + interval;
        while !left(until).is_zero() && !self.talk.interrupted() {
            std::thread::sleep(left(until).min(TICK));
        }
        !self.talk.interrupted()
    }
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(instant())
}

/// How often a waiting runner looks around.
const TICK: Duration = Duration::from_millis(20);
/// Near the end of `within`, a try still gets this long.
const SHORTEST_TRY: Duration = Duration::from_millis(200);
/// How much output is kept.
const KEEP: usize = 64 << 10;
