//! The difference of two contents that need not be objects.

use super::error::GitContext;
use crate::Result;
use crate::model::RepoPath;

/// A difference, and how many lines it adds and removes; the numbers are none where a side is no text.
#[derive(Clone, Debug, Default)]
pub struct ContentPatch {
    /// As `git diff` prints it.
    pub text: Vec<u8>,
    /// Lines added.
    pub added: Option<u64>,
    /// Lines removed.
    pub removed: Option<u64>,
}

/// The difference that makes `new` of `old`; empty where they are equal.
pub fn content_patch(path: &RepoPath, old: &[u8], new: &[u8]) -> Result<ContentPatch> {
    let name = path.to_os();
    let mut options = git2::DiffOptions::new();
    let mut patch = git2::Patch::from_buffers(old, Some(name), new, Some(name), Some(&mut options))
        .context("cannot compare two contents")?;
    let is_text = !old.contains(&0) && !new.contains(&0);
    let (_, added, removed) = patch.line_stats().context("cannot compare two contents")?;
    let text = patch.to_buf().context("cannot compare two contents")?.to_vec();
    let count = |lines: usize| is_text.then_some(lines as u64);
    Ok(ContentPatch { text, added: count(added), removed: count(removed) })
}
