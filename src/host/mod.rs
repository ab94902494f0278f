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

use std::sync::atomic::{AtomicUsize, Ordering};

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

/// Does `work` with every piece of a list, on all processors: whoever is done takes the next piece. What a thread needs is
/// made by `begin`; `work` also gets the position of the piece in the list.
pub fn share<T: Sync, S>(
    list: &[T],
    piece: usize,
    begin: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize, &[T]) + Sync,
) {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut own = begin();
        loop {
            let first = next.fetch_add(piece, Ordering::Relaxed);
            let Some(rest) = list.get(first..).filter(|rest| !rest.is_empty()) else { break };
            work(&mut own, first, &rest[..rest.len().min(piece)]);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads(list.len().div_ceil(piece)) {
            scope.spawn(run);
        }
        run();
    });
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
