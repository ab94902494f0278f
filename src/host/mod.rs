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
mod threads;

pub use run::Runner;
pub use talk::Talk;
pub use threads::{beside, share, threads, together};

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
