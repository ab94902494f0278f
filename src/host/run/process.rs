//! One command: a session of its own, killed whole.

use super::output::Output;
use super::secrets::Secrets;
use super::{Runner, TICK, Try, left};
use crate::host::clock::instant;
use crate::host::process::in_own_session;
use crate::model::{Action, Task};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::io::{PipeReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// What git sets for its own children; here it would lead them to the wrong repository
/// (`git rev-parse --local-env-vars`).
const OF_GIT: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_IMPLICIT_WORK_TREE",
];

/// Between asking processes to end and killing them.
const GRACE: Duration = Duration::from_secs(3);

/// How a command came to its end.
enum End {
    Itself(ExitStatus),
    TimedOut,
    Interrupted,
}

/// Runs it once.
pub(super) fn run(runner: &Runner<'_>, task: &Task, input: Option<&[u8]>, timeout: Duration, secrets: &Secrets) -> Try {
    let (mut reader, child) = match start(runner, task, input) {
        Ok(started) => started,
        Err(why) => return Try { last: true, ..Try::failed(why) },
    };
    let mut group = Group { child };
    let mut output = Output::new(runner.talk, &task.name, secrets, runner.keep);
    let end = wait(runner, &mut group, &mut reader, &mut output, timeout);
    let leaves = runner.leaves_children && matches!(&end, Ok(End::Itself(status)) if status.success());
    if leaves {
        drain(&mut reader, &mut output, Duration::ZERO);
        hand_over(reader);
    } else {
        group.end(&mut reader, &mut output);
        // Who has left the group and still holds the pipe is not waited for.
        drain(&mut reader, &mut output, Duration::ZERO);
    }
    let (output, left_out) = output.finish();
    let (code, why, last) = match end {
        Ok(End::Itself(status)) if status.success() => (Some(0), None, false),
        Ok(End::Itself(status)) => (status.code(), Some(said(status)), false),
        Ok(End::TimedOut) => (None, Some(format!("it took more than {timeout:?} and was ended")), false),
        Ok(End::Interrupted) => (None, Some("it was interrupted".to_owned()), true),
        Err(error) => (None, Some(format!("it cannot be waited for: {error}")), true),
    };
    Try { code, why, output, left_out, last }
}

fn said(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(127), _) => "exit code 127 (the shell has not found a program)".to_owned(),
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "it ended in an unknown way".to_owned(),
    }
}

fn start(runner: &Runner<'_>, task: &Task, input: Option<&[u8]>) -> Result<(PipeReader, Child), String> {
    let cwd = runner.top.join(&task.cwd);
    if !cwd.is_dir() {
        return Err(format!(
            "the directory {} is not there",
            if task.cwd.is_empty() { "of the worktree" } else { &task.cwd }
        ));
    }
    let words = match &task.action {
        Action::Program(words) => words.clone(),
        Action::Shell(line) => vec!["sh".to_owned(), "-c".to_owned(), line.clone()],
        Action::Http(_) | Action::Webhook(_) => return Err("it is no command".to_owned()),
    };
    let cannot = |error: std::io::Error| format!("cannot start {}: {error}", words[0]);
    let (reader, writer) = std::io::pipe().map_err(cannot)?;
    #[expect(clippy::disallowed_methods, reason = "the one place that runs what the settings name")]
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).current_dir(&cwd);
    for name in OF_GIT {
        command.env_remove(name);
    }
    command.envs(runner.environment.iter().map(|(name, value)| (name, value))).envs(&task.environment);
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(writer.try_clone().map_err(cannot)?).stderr(writer);
    // Without a terminal, a question for a password fails at once instead of waiting for nobody.
    in_own_session(&mut command);
    let mut child = command.spawn().map_err(cannot)?;
    if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), input.map(<[u8]>::to_vec)) {
        // It ends when everything is read, or when nobody is left to read it.
        std::thread::spawn(move || drop(pipe.write_all(&bytes)));
    }
    rustix::io::ioctl_fionbio(&reader, true).map_err(|e| cannot(e.into()))?;
    Ok((reader, child))
}

fn wait(
    runner: &Runner<'_>,
    group: &mut Group,
    reader: &mut PipeReader,
    output: &mut Output<'_>,
    timeout: Duration,
) -> std::io::Result<End> {
    let until = instant() + timeout;
    loop {
        drain(reader, output, TICK);
        if let Some(status) = group.child.try_wait()? {
            return Ok(End::Itself(status));
        }
        if runner.talk.interrupted() {
            return Ok(End::Interrupted);
        }
        if left(until).is_zero() {
            return Ok(End::TimedOut);
        }
    }
}

/// Takes what is there, waiting for it up to `patience`; never waits for the end of it. One helping at a time: a flood
/// must not keep anybody from looking at the clock.
fn drain(reader: &mut PipeReader, output: &mut Output<'_>, patience: Duration) {
    let wait = Timespec { tv_sec: 0, tv_nsec: patience.as_nanos() as _ };
    let mut poll = [PollFd::new(reader, PollFlags::IN)];
    let ready = rustix::event::poll(&mut poll, Some(&wait)).unwrap_or(0) > 0;
    let mut buffer = [0; 64 << 10];
    for _ in 0..16 {
        match reader.read(&mut buffer) {
            Ok(count) if count > 0 => output.feed(&buffer[..count]),
            // All have closed it: poll would say so at once, again and again.
            Ok(_) if ready => return std::thread::sleep(patience / 10),
            _ => return,
        }
    }
}

/// Somebody must go on reading what the processes print that live on: a closed pipe would end them.
fn hand_over(reader: PipeReader) {
    let mut poll = [PollFd::new(&reader, PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let _ = rustix::event::poll(&mut poll, Some(&now));
    let nobody_writes = poll[0].revents().contains(PollFlags::HUP);
    if nobody_writes || rustix::io::ioctl_fionbio(&reader, false).is_err() {
        return;
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that runs what the settings name")]
    let mut cat = Command::new("cat");
    cat.stdin(reader).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    in_own_session(&mut cat);
    // It is nobody's to wait for: it ends with the last of those processes.
    drop(cat.spawn());
}

/// A command and all that it has started.
struct Group {
    child: Child,
}

impl Group {
    /// Ends whoever is left: first asked, then killed.
    fn end(&mut self, reader: &mut PipeReader, output: &mut Output<'_>) {
        let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else { return };
        for (signal, grace) in [(Signal::TERM, GRACE), (Signal::KILL, Duration::from_secs(1))] {
            if kill_process_group(group, signal).is_err() {
                break;
            }
            let until = instant() + grace;
            while !left(until).is_zero() && self.is_alive(group) {
                drain(reader, output, TICK / 4);
            }
        }
        // Killed or not: a process that the kernel does not let go is not waited for.
        drop(self.child.try_wait());
    }

    fn is_alive(&mut self, group: Pid) -> bool {
        // The command itself must be taken away first, else it counts as alive.
        drop(self.child.try_wait());
        test_kill_process_group(group).is_ok()
    }
}
