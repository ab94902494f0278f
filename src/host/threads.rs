//! Sharing work among the processors.

use rustix::thread::{sched_getaffinity, sched_getcpu, sched_setaffinity};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{JoinHandle, Scope, ScopedJoinHandle};

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

/// Runs `work` in as many threads as share so many pieces, this one included, and waits for all.
pub fn together(pieces: usize, work: impl Fn() + Sync) {
    std::thread::scope(|scope| {
        for _ in 1..threads(pieces) {
            beside(scope, &work);
        }
        work();
    });
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
    together(list.len().div_ceil(piece), run);
}

/// Starts a thread that works at the same time as this one, on another processor.
///
/// Kernels of virtual machines were seen to put a new thread behind the one that made it, and to notice three to seven
/// milliseconds later, if at all, that another processor has nothing to do. Many a command is done by then. So the new
/// thread is let go first, and moves away when it finds itself where it was made.
pub fn beside<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    let thread = scope.spawn(elsewhere(work));
    std::thread::yield_now();
    thread
}

/// The same for work that may last longer than who began it.
pub fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let thread = std::thread::spawn(elsewhere(work));
    std::thread::yield_now();
    thread
}

fn elsewhere<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let here = sched_getcpu();
    move || {
        leave(here);
        work()
    }
}

/// Goes to another processor than this one; where there is none, or it is not allowed, nothing happens.
fn leave(processor: usize) {
    if sched_getcpu() != processor {
        return;
    }
    let Ok(all) = sched_getaffinity(None) else { return };
    let mut others = all;
    others.unset(processor);
    if others.count() > 0 && sched_setaffinity(None, &others).is_ok() {
        // It need not stay there.
        let _ = sched_setaffinity(None, &all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_threads_work_and_may_run_anywhere() {
        let (all, count) = (sched_getaffinity(None).unwrap(), AtomicUsize::new(0));
        together(usize::MAX, || {
            assert!(sched_getaffinity(None).unwrap() == all);
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.into_inner(), threads(usize::MAX));
        let count = AtomicUsize::new(0);
        together(1, || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.into_inner(), 1);
        assert_eq!(std::thread::scope(|scope| beside(scope, || 7).join().unwrap()), 7);
        assert_eq!(aside(|| 7).join().unwrap(), 7);
    }
}
