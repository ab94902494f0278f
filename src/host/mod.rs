//! The machine: clock, identity, environment, file system, processes.

pub mod clock;
pub mod env;
pub mod fs;
pub mod gitlock;
pub mod machine;
pub mod mounts;
pub mod process;
pub mod run;
pub mod scratch;
pub mod talk;

pub use run::Runner;
pub use talk::Talk;

/// How many threads share work that comes in so many pieces.
pub fn threads(pieces: usize) -> usize {
    if pieces < 2 {
        return 1;
    }
    // Asked once, and only when there is much to do: files about limits are read for it, a tenth of what a small command takes.
    static THREADS: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    let most = THREADS.get_or_init(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(8));
    pieces.min(*most)
}

/// The bits that new files do not get.
pub fn umask() -> u32 {
    static UMASK: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *UMASK.get_or_init(|| {
        // Reading it means setting it: done once, early, and put back at once.
        let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        rustix::process::umask(mask);
        mask.as_raw_mode() & 0o777
    })
}
