//! Running commands, and what they cost.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Instant;

/// A command line.
#[derive(Clone, Debug)]
pub(crate) struct Cmd(pub Vec<String>);

impl Cmd {
    /// `git` with these arguments (one string, split at spaces).
    pub(crate) fn git(args: &str) -> Cmd {
        Cmd::of("git", args)
    }

    /// The built program, called directly.
    pub(crate) fn ours(args: &str) -> Cmd {
        Cmd::of(&program().to_string_lossy(), args)
    }

    /// A script for the shell.
    pub(crate) fn shell(script: &str) -> Cmd {
        Cmd(["sh", "-c", script].map(str::to_owned).to_vec())
    }

    fn of(program: &str, args: &str) -> Cmd {
        Cmd(std::iter::once(program).chain(args.split_whitespace()).map(str::to_owned).collect())
    }

    /// The same with more arguments.
    pub(crate) fn and(mut self, args: impl IntoIterator<Item = String>) -> Cmd {
        self.0.extend(args);
        self
    }
}

/// The built program as it is when it is installed: a copy. What a linker has written lies in memory in small pieces, and each start takes
/// 0.3 ms longer to map them.
fn program() -> &'static Path {
    static COPY: OnceLock<PathBuf> = OnceLock::new();
    COPY.get_or_init(|| {
        let built = Path::new(env!("CARGO_BIN_EXE_git-rollback"));
        let dir = built.with_file_name("installed");
        std::fs::create_dir_all(&dir).unwrap();
        let copy = dir.join("git-rollback");
        // Not over the old one: a run may still hold it.
        let _ = std::fs::remove_file(&copy);
        std::fs::write(&copy, std::fs::read(built).unwrap()).unwrap();
        std::fs::set_permissions(&copy, built.metadata().unwrap().permissions()).unwrap();
        copy
    })
}

/// What a command took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Wall-clock time, in milliseconds.
    pub millis: f64,
    /// Processor time, of all threads and of the processes it waited for, in milliseconds.
    pub cpu: f64,
    /// The most memory that it, or a process it waited for, had in use: KiB.
    pub peak: u64,
}

/// A command in `dir`, cut off from the configuration of whoever runs this.
pub(crate) fn command(dir: &Path, cmd: &Cmd) -> Command {
    let mut path = program().parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new(&cmd.0[0]);
    command.args(&cmd.0[1..]).current_dir(dir).env("PATH", path).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command
        .env("HOME", dir.parent().unwrap_or(dir))
        .env_remove("XDG_CONFIG_HOME")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("LC_ALL", "C")
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "Bench")))
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "bench@example.org")));
    command
}

/// What a command prints, trimmed; it may end as it likes.
pub(crate) fn ask(dir: &Path, args: &str) -> String {
    let mut command = command(dir, &Cmd::git(args));
    // Looking must not change the index that the next run is measured with.
    let output = command.env("GIT_OPTIONAL_LOCKS", "0").stderr(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Runs a command that is not measured.
pub(crate) fn must(dir: &Path, cmd: &Cmd) {
    let output = command(dir, cmd).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?} in {}: {text}", &cmd.0[..cmd.0.len().min(8)], dir.display());
}

/// Runs commands one after the other; what they print goes to `out`. Times add up, of memory the most counts.
pub(crate) fn measure(dir: &Path, cmds: &[Cmd], out: &PathBuf) -> Cost {
    let mut cost = Cost::default();
    for cmd in cmds {
        let mut command = command(dir, cmd);
        command.stdout(File::create(out).unwrap()).stderr(File::create(out.with_extension("err")).unwrap());
        let began = Instant::now();
        #[expect(clippy::zombie_processes, reason = "`wait` below waits for it")]
        let child = command.spawn().unwrap();
        let (code, cpu, peak) = wait(&child);
        cost.millis += began.elapsed().as_secs_f64() * 1000.0;
        cost.cpu += cpu;
        cost.peak = cost.peak.max(peak);
        let text = || std::fs::read_to_string(out.with_extension("err")).unwrap_or_default();
        assert!(code == 0, "{:?} ended with {code}: {}", &cmd.0[..cmd.0.len().min(8)], text());
    }
    cost
}

/// Waits for a process: its wait status, processor time, and the most memory it had in use.
fn wait(child: &Child) -> (i32, f64, u64) {
    let mut status = 0;
    let pid = i32::try_from(child.id()).unwrap();
    #[expect(unsafe_code, reason = "the standard library waits without asking for the memory used")]
    // SAFETY: `rusage` is plain numbers, for which zero is a value, and both pointers live through the call.
    let (found, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::wait4(pid, &raw mut status, 0, &raw mut usage), usage)
    };
    assert_eq!(found, pid, "waiting for a process failed");
    let millis = |time: libc::timeval| time.tv_sec as f64 * 1000.0 + time.tv_usec as f64 / 1000.0;
    (status, millis(usage.ru_utime) + millis(usage.ru_stime), u64::try_from(usage.ru_maxrss).unwrap_or(0))
}
