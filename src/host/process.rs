//! Running other programs: the one place that does.

use crate::{Error, Kind, Result};
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// A program to run, with its arguments as they are: no shell.
#[derive(Debug)]
pub struct Command {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    cwd: Option<PathBuf>,
    within: Option<Duration>,
}

/// How a program ended.
#[derive(Debug)]
pub struct Done {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it complained about.
    pub stderr: Vec<u8>,
}

impl Command {
    /// A program by its name, found in `PATH`.
    pub fn new(program: impl Into<OsString>) -> Self {
        Command { program: program.into(), args: Vec::new(), env: Vec::new(), cwd: None, within: None }
    }

    /// Adds arguments.
    pub fn args<'a>(&mut self, args: impl IntoIterator<Item = &'a str>) -> &mut Self {
        self.args.extend(args.into_iter().map(OsString::from));
        self
    }

    /// Adds an argument that need not be UTF-8.
    #[cfg(unix)]
    pub fn arg_bytes(&mut self, arg: &[u8]) -> &mut Self {
        use std::os::unix::ffi::OsStrExt;
        self.args.push(OsStr::from_bytes(arg).to_owned());
        self
    }

    /// Sets an environment variable.
    pub fn env(&mut self, key: &str, value: impl AsRef<OsStr>) -> &mut Self {
        self.env.push((key.into(), value.as_ref().to_owned()));
        self
    }

    /// Sets the working directory.
    pub fn cwd(&mut self, path: &Path) -> &mut Self {
        self.cwd = Some(path.to_owned());
        self
    }

    /// Gives it so long; then it is killed with all that it has started. It has no terminal to ask on.
    pub fn within(&mut self, limit: Duration) -> &mut Self {
        self.within = Some(limit);
        self
    }

    fn spawn(&self, stdin: Stdio) -> Result<std::process::Child> {
        self.spawn_with(stdin, Stdio::piped())
    }

    fn spawn_with(&self, stdin: Stdio, stderr: Stdio) -> Result<std::process::Child> {
        #[expect(clippy::disallowed_methods, reason = "the one place that starts programs")]
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args).stdin(stdin).stdout(Stdio::piped()).stderr(stderr);
        for (key, value) in &self.env {
            command.env(key, value);
        }
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        if self.within.is_some() {
            in_own_session(&mut command);
        }
        command.spawn().map_err(|e| {
            let error = Error::io(format!("cannot start {}", self.program.to_string_lossy()), &e);
            if e.kind() == std::io::ErrorKind::NotFound { error.help("install git and try again") } else { error }
        })
    }

    /// Runs it with `input` on its standard input and waits for the end.
    ///
    /// # Errors
    /// When it cannot be started or its output cannot be read; an exit code is not an error.
    pub fn input(&self, input: &[u8]) -> Result<Done> {
        self.input_unless(input, &|| false)
    }

    /// The same; one with a limit is killed as well as soon as `stop` says so.
    ///
    /// # Errors
    /// As above.
    pub fn input_unless(&self, input: &[u8], stop: &(dyn Fn() -> bool + Sync)) -> Result<Done> {
        let mut child = self.spawn(Stdio::piped())?;
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        let mut stdout = Vec::new();
        let mut errors = Vec::new();
        let ended = Ended::default();
        std::thread::scope(|scope| {
            // A program may stop reading early: its exit code tells.
            scope.spawn(move || stdin.map(|mut pipe| pipe.write_all(input)));
            let reader = scope.spawn(|| {
                let mut out = Vec::new();
                stderr.map(|mut pipe| pipe.read_to_end(&mut out));
                out
            });
            let watched = self.within.zip(rustix::process::Pid::from_raw(child.id() as i32));
            let watcher = &ended;
            scope.spawn(move || watched.map(|(limit, group)| watcher.or_kill(group, limit, stop)));
            if let Some(mut pipe) = child.stdout.take() {
                drop(pipe.read_to_end(&mut stdout));
            }
            errors = reader.join().unwrap_or_default();
            ended.tell();
        });
        let status = child.wait().map_err(|e| Error::io("cannot wait for a program", &e))?;
        Ok(Done { code: status.code(), stdout, stderr: errors })
    }

    /// Starts it, to be asked again and again. What it complains about is not read.
    pub fn converse(&self) -> Result<Conversation> {
        let mut child = self.spawn_with(Stdio::piped(), Stdio::null())?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        Ok(Conversation { child, stdin, stdout: stdout.map(BufReader::new) })
    }

    /// Runs it and copies its output as it comes.
    ///
    /// # Errors
    /// Also when the exit code is not 0.
    pub fn stream(&self, out: &mut dyn Write) -> Result<()> {
        let mut child = self.spawn(Stdio::null())?;
        let stderr = child.stderr.take();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.map(|mut pipe| pipe.read_to_string(&mut text));
            text
        });
        if let Some(mut pipe) = child.stdout.take() {
            std::io::copy(&mut pipe, out).map_err(|e| Error::io("cannot copy a program's output", &e))?;
        }
        let status = child.wait().map_err(|e| Error::io("cannot wait for a program", &e))?;
        let text = reader.join().unwrap_or_default();
        if status.success() { Ok(()) } else { Err(Error::fault("a program failed").because(text.trim())) }
    }
}

/// Lets a program run in a session of its own: without a terminal, and its processes are one group.
pub(super) fn in_own_session(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    #[expect(unsafe_code, reason = "there is no safe way to start a program in a session of its own")]
    // SAFETY: between fork and exec only `setsid` is called, which is safe there.
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(drop).map_err(Into::into));
    }
}

/// Whether a program has said everything.
#[derive(Default)]
struct Ended(Mutex<bool>, Condvar);

impl Ended {
    fn tell(&self) {
        *self.0.lock().unwrap_or_else(|e| e.into_inner()) = true;
        self.1.notify_all();
    }

    /// Kills a group of processes that has not come to its end by then, or that `stop` wants to end.
    fn or_kill(&self, group: rustix::process::Pid, limit: Duration, stop: &dyn Fn() -> bool) {
        let until = super::clock::instant() + limit;
        let mut ended = self.0.lock().unwrap_or_else(|e| e.into_inner());
        while !*ended {
            let left = until.saturating_duration_since(super::clock::instant());
            if left.is_zero() || stop() {
                // It may have ended just now.
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
                return;
            }
            ended = self.1.wait_timeout(ended, left.min(TICK)).unwrap_or_else(|e| e.into_inner()).0;
        }
    }
}

/// How often it is asked whether to stop.
const TICK: Duration = Duration::from_millis(50);

/// A program that is asked again and again; it ends with this value.
#[derive(Debug)]
pub struct Conversation {
    child: std::process::Child,
    stdin: Option<std::process::ChildStdin>,
    stdout: Option<BufReader<std::process::ChildStdout>>,
}

impl Conversation {
    /// Asks.
    pub fn say(&mut self, question: &[u8]) -> Result<()> {
        let said = self.stdin.as_mut().map_or(Ok(()), |pipe| pipe.write_all(question).and_then(|()| pipe.flush()));
        said.map_err(|e| Error::io("cannot talk to a program", &e).with_kind(Kind::Fault))
    }

    /// The answer up to the next NUL, which is left out.
    ///
    /// # Errors
    /// A fault when the program has ended.
    pub fn hear(&mut self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        if let Some(pipe) = &mut self.stdout {
            pipe.read_until(0, &mut out).map_err(|e| Error::io("cannot hear a program", &e).with_kind(Kind::Fault))?;
        }
        match out.pop() {
            Some(0) => Ok(out),
            _ => Err(Error::fault("a program ended without an answer")),
        }
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.stdin = None;
        // One that has ended cannot be ended again; either way it is waited for.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_long_is_killed_with_all_it_started() {
        let began = crate::host::clock::instant();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & sleep 60"]).within(Duration::from_millis(100));
        assert_eq!(command.input(b"").unwrap().code, None);
        assert!(began.elapsed() < Duration::from_secs(20));
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60"]).within(Duration::from_secs(60));
        assert_eq!(command.input_unless(b"", &|| true).unwrap().code, None);
        assert!(began.elapsed() < Duration::from_secs(20));
        let mut command = Command::new("sh");
        command.args(["-c", "echo quick"]).within(Duration::from_secs(60));
        let done = command.input(b"").unwrap();
        assert_eq!((done.code, &done.stdout[..]), (Some(0), &b"quick\n"[..]));
    }
}
