//! The write-ahead record of an operation under way. It exists exactly while one is unfinished.

use super::layout::Layout;
use crate::host::fs;
use crate::model::{ObjectId, Operation, Pause, Steps};
use crate::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is needed to finish or take back an operation (`docs/formats.md`). Written before the first step; an operation
/// that stops for a person has one for each leg, from one stop to the next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Journal {
    /// The format's version.
    pub version: u32,
    /// The entry that the log will get. Its steps are all those of the operation up to the end of this leg.
    pub operation: Operation,
    /// The blob with the steps of this leg.
    pub steps: ObjectId,
    /// Which boot of the machine it was: files written before another boot may not have reached the disk.
    pub boot: String,
    /// What is going on.
    #[serde(default)]
    pub phase: Phase,
    /// What waits when the steps are taken; `None`: the operation is done then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// The snapshot of the state before this leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<ObjectId>,
    /// The journal as it was while a person was waited for, before this leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Box<Journal>>,
}

/// What is going on with an unfinished operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Steps are taken, or a run died while it took them.
    #[default]
    Steps,
    /// All of them are taken, and a person is waited for.
    Waiting,
    /// Steps are taken that take the whole operation back.
    Back,
}

const MAX_SIZE: u64 = 16 << 20;

impl Journal {
    /// The version written now.
    pub const VERSION: u32 = 2;

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

    /// Writes it, synced, when its steps are taken and a person is waited for: how far they are means nothing then.
    pub fn wait(&self, layout: &Layout) -> Result<()> {
        let waiting = Journal { phase: Phase::Waiting, ..self.clone() };
        let bytes =
            serde_json::to_vec_pretty(&waiting).map_err(|e| Error::fault("cannot write a journal").because(e))?;
        // First the journal: while it says that steps are taken, how far they are must stay.
        fs::write_atomic(&layout.journal(), &bytes)?;
        fs::remove_file_if_exists(&layout.progress()).map(drop)
    }

    /// The snapshots that it needs.
    pub fn snapshots(&self) -> Vec<ObjectId> {
        let first = self.operation.snapshot.as_ref().map(|snapshot| snapshot.id);
        let earlier = self.earlier.iter().flat_map(|journal| journal.snapshots());
        first.into_iter().chain(self.snapshot).chain(earlier).collect()
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
