//! The write-ahead record of an operation under way. It exists exactly while one is unfinished.

use super::layout::Layout;
use crate::host::fs;
use crate::model::{ObjectId, Operation, Steps};
use crate::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is needed to finish or take back an operation (`docs/formats.md`). Written once, before the first step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Journal {
    /// The format's version.
    pub version: u32,
    /// The entry that the log will get.
    pub operation: Operation,
    /// The blob with the steps.
    pub steps: ObjectId,
    /// Which boot of the machine it was: files written before another boot may not have reached the disk.
    pub boot: String,
}

const MAX_SIZE: u64 = 16 << 20;

impl Journal {
    /// The version written now.
    pub const VERSION: u32 = 1;

    /// Reads the journal of a worktree; `None`: nothing is unfinished.
    ///
    /// # Errors
    /// A journal that cannot be read: its snapshot is still there, and the message says so.
    pub fn read(layout: &Layout) -> Result<Option<Journal>> {
        Self::read_at(&layout.journal())
    }

    /// Reads the journal of any worktree.
    ///
    /// # Errors
    /// As [`Journal::read`].
    pub fn read_at(path: &Path) -> Result<Option<Journal>> {
        let Some(bytes) = fs::read_capped(path, MAX_SIZE)? else { return Ok(None) };
        let bad = |why: String| {
            Error::new(Kind::Stopped, "the journal of an unfinished operation cannot be read").because(why).help(format!(
                "the state before is safe in a snapshot (`git for-each-ref refs/rollback/snapshots`); then move {} away",
                path.display()
            ))
        };
        let journal: Journal = serde_json::from_slice(&bytes).map_err(|e| bad(e.to_string()))?;
        if journal.version > Journal::VERSION {
            return Err(bad("it was written by a newer version of this tool".to_owned()));
        }
        Ok(Some(journal))
    }

    /// Writes it, synced: from here on the operation is under way.
    pub fn write(&self, layout: &Layout) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(self).map_err(|e| Error::fault("cannot write a journal").because(e))?;
        fs::remove_file_if_exists(&layout.progress())?;
        fs::write_atomic(&layout.journal(), &bytes)
    }

    /// Ends it: the operation is done. The record stays until the next one, because the files it wrote are not
    /// synced one by one; see [`super::durable`].
    pub fn finish(layout: &Layout) -> Result<()> {
        fs::rename(&layout.journal(), &layout.finished())?;
        fs::remove_file_if_exists(&layout.progress())?;
        fs::fsync_dir(layout.area())
    }

    /// Removes it: the operation was taken back.
    pub fn remove(layout: &Layout) -> Result<()> {
        // First the journal: a record of progress without one means nothing.
        fs::remove_file_if_exists(&layout.journal())?;
        fs::remove_file_if_exists(&layout.progress())?;
        fs::fsync_dir(layout.area())
    }
}

/// Notes that the step `at` (counted forward) is begun, in either direction: the steps before it are done, those
/// behind it are not.
pub fn note_step(layout: &Layout, at: usize) -> Result<()> {
    fs::append(&layout.progress(), format!("{at}\n").as_bytes())
}

/// The step that was begun last; `None`: none was, and nothing is touched yet.
pub fn last_step(layout: &Layout) -> Result<Option<usize>> {
    let text = fs::read_capped(&layout.progress(), 1 << 20)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    // A line that was cut off was not waited for: the step it names was not begun.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    Ok(whole.lines().next_back().and_then(|line| line.parse().ok()))
}

/// Reads stored steps.
///
/// # Errors
/// A fault when they are damaged, or of a newer version.
pub fn parse_steps(bytes: &[u8]) -> Result<Steps> {
    let steps: Steps =
        serde_json::from_slice(bytes).map_err(|e| Error::fault("the steps of an operation are damaged").because(e))?;
    if steps.version > Steps::VERSION {
        return Err(
            Error::refused("the operation was recorded by a newer version of this tool").help("update git-rollback")
        );
    }
    Ok(steps)
}
