//! The first signal asks the work to stop at the next safe place; the second one ends the program at once.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Which signal has arrived.
pub(super) struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// Starts to listen. Where that fails, signals end the program as ever: safe at any moment, only less polite.
    pub(super) fn listen() -> Self {
        let arrived = Arc::new(AtomicUsize::new(0));
        let again = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // In this order: the second signal finds the flag that the first has raised.
            let listening = signal_hook::flag::register_conditional_default(signal, Arc::clone(&again))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&again)))
                .and_then(|_| signal_hook::flag::register_usize(signal, Arc::clone(&arrived), signal as usize));
            if listening.is_err() {
                break;
            }
        }
        Signals(arrived)
    }

    /// The signal that has arrived.
    pub(super) fn arrived(&self) -> Option<u8> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => u8::try_from(signal).ok(),
        }
    }
}
