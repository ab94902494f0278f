//! Progress bars: on a terminal, and only when the work takes long enough to wonder.

use crate::host::talk::ProgressBar;
use crate::render::escape;
use indicatif::{MultiProgress, ProgressStyle};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Shorter work shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar that appears when the work turns out to be long.
pub(super) struct Bar {
    what: String,
    bars: MultiProgress,
    started: Instant,
    done: AtomicU64,
    total: AtomicU64,
    shown: OnceLock<indicatif::ProgressBar>,
}

impl Bar {
    /// For `what`, out of `total` where that is known, among the other `bars`.
    pub(super) fn new(what: &str, total: Option<u64>, bars: MultiProgress) -> Self {
        Bar {
            what: escape::line(what),
            bars,
            started: crate::host::clock::instant(),
            done: AtomicU64::new(0),
            total: AtomicU64::new(total.unwrap_or(0)),
            shown: OnceLock::new(),
        }
    }

    fn draw(&self) {
        if self.started.elapsed() < PATIENCE {
            return;
        }
        let total = self.total.load(Ordering::Relaxed);
        let bar = self.shown.get_or_init(|| {
            // Dressed before it is added, because adding draws it.
            let bar = indicatif::ProgressBar::no_length().with_message(self.what.clone());
            dress(&bar, total);
            self.bars.add(bar)
        });
        if total > 0 && bar.length() != Some(total) {
            dress(bar, total);
        }
        bar.set_position(self.done.load(Ordering::Relaxed));
    }
}

/// The look of a bar with this total; 0: not known.
fn dress(bar: &indicatif::ProgressBar, total: u64) {
    let template = if total > 0 { "{msg} {bar:30} {human_pos}/{human_len}" } else { "{spinner} {msg} {human_pos}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    if total > 0 {
        bar.set_length(total);
    }
}

impl ProgressBar for Bar {
    fn advance(&self, by: u64) {
        self.done.fetch_add(by, Ordering::Relaxed);
        self.draw();
    }

    fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.draw();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.shown.get() {
            bar.finish_and_clear();
            self.bars.remove(bar);
        }
    }
}
