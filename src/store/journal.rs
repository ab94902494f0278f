//! The write-ahead record of an operation under way. It exists exactly while one is unfinished.

use super::layout::Layout;
use crate::host::{fs, share};
use crate::model::{ObjectId, Operation, Pause, Step, Steps};
use crate::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

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

/// Steps as they are stored; those with many files are written down by all processors.
///
/// # Errors
/// Only when the format cannot hold something.
pub fn steps_json(steps: &Steps) -> Result<Vec<u8>> {
    const MANY: usize = 1000;
    let failed = |e: serde_json::Error| Error::fault("cannot write down the steps").because(e);
    let much = |step: &Step| matches!(step, Step::Worktree(change) if change.files.len() > MANY);
    if !steps.steps.iter().any(much) {
        return serde_json::to_vec(steps).map_err(failed);
    }
    let parts = Mutex::new(BTreeMap::new());
    share(
        &steps.steps,
        1,
        || (),
        |(), at, piece| {
            let text = serde_json::to_vec(&piece[0]);
            parts.lock().unwrap_or_else(|e| e.into_inner()).insert(at, text);
        },
    );
    let mut out = format!("{{\"version\":{},\"steps\":[", steps.version).into_bytes();
    for (at, part) in parts.into_inner().unwrap_or_else(|e| e.into_inner()) {
        out.extend_from_slice(if at == 0 { b"" } else { b"," });
        out.append(&mut part.map_err(failed)?);
    }
    out.extend_from_slice(b"]}");
    Ok(out)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FileChange, FileKind, FileSpec, WorktreeChange};

    #[test]
    fn many_steps_are_written_down_as_few_are() {
        let spec = FileSpec { kind: FileKind::File, mode: 0o644, blob: ObjectId::EMPTY_BLOB };
        let change = |n| FileChange { path: format!("d/{n}").as_str().into(), old: None, new: Some(spec.clone()) };
        let files = (0..3000).map(change).collect();
        let moved = |slot: &str| Step::MoveToTrash { path: "a\"\\".into(), slot: slot.to_owned() };
        let many = Step::Worktree(WorktreeChange { files, ..WorktreeChange::default() });
        let steps = Steps::new(vec![moved("op/0"), many, Step::Index { changes: Vec::new() }, moved("op/1")]);
        let json = steps_json(&steps).unwrap();
        assert!(json == serde_json::to_vec(&steps).unwrap());
        assert!(parse_steps(&json).unwrap() == steps);
    }
}
