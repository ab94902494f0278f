//! A small queue of directories, worked off by a few threads.

use super::directory::{Task, Walk, Worker};
use super::{EntryState, Scan};
use crate::{Error, Result};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;

/// One thread does until so many names were seen: starting others costs more than they save.
const MANY: usize = 2000;

struct Pool<'a, 'e> {
    walk: &'a Walk<'e>,
    state: Mutex<State<'e>>,
    wake: Condvar,
}

struct State<'e> {
    /// The last is taken first: depth before breadth holds few directories open.
    tasks: Vec<Task<'e>>,
    busy: usize,
    /// How many threads wait for tasks.
    waiting: usize,
    seen: usize,
    /// Whether other threads were started.
    shared: bool,
    failed: Option<Error>,
    found: Scan,
}

impl<'e> Pool<'_, 'e> {
    fn lock(&self) -> MutexGuard<'_, State<'e>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        let mut worker = Worker::new(self.walk);
        let mut state = self.lock();
        loop {
            if state.failed.is_some() || (state.tasks.is_empty() && state.busy == 0) {
                break;
            }
            let Some(task) = state.tasks.pop() else {
                state.waiting += 1;
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.waiting -= 1;
                continue;
            };
            state.busy += 1;
            if !state.shared && state.seen >= MANY && !state.tasks.is_empty() {
                state.shared = true;
                let threads = match self.walk.options.threads {
                    0 => crate::host::threads(usize::MAX),
                    threads => threads,
                };
                for _ in 1..threads {
                    crate::host::beside(scope, || self.work(scope));
                }
            }
            drop(state);
            let result = worker.process(task);
            state = self.lock();
            state.busy -= 1;
            state.seen += worker.seen();
            state.failed = state.failed.take().or(result.err());
            state.tasks.append(&mut worker.children);
            // Waking asks the kernel even where nobody waits.
            if state.waiting > 0 {
                self.wake.notify_all();
            }
        }
        state.found.append(worker.found);
        self.wake.notify_all();
    }
}

/// Walks from `first` to the end.
pub(super) fn run<'e>(walk: &Walk<'e>, first: Task<'e>) -> Result<Scan> {
    let state = State {
        seen: first.len(),
        tasks: vec![first],
        busy: 0,
        waiting: 0,
        shared: false,
        failed: None,
        found: Scan::default(),
    };
    let pool = Pool { walk, state: Mutex::new(state), wake: Condvar::new() };
    std::thread::scope(|scope| pool.work(scope));
    let state = pool.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.failed.map_or(Ok(state.found), Err)
}

const _: () = assert!(size_of::<EntryState>() <= 40, "one for every index entry is kept");
