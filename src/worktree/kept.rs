//! Files that are not ours to remove: moved aside by name, written down, and reported.

use super::content::Spot;
use super::dirs::{Dir, open_path};
use super::renames::Renames;
use crate::host::fs::{create_dir_all_private, failed, read_capped};
use crate::model::RepoPath;
use crate::{Error, Result};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The list of what was kept, beside the files themselves: a crash must not cost the report.
const LIST: &str = "kept.jsonl";
/// More than any list can be; a larger one is not ours.
const LIST_MAX: u64 = 256 << 20;

/// The directories of an operation, both on the worktree's file system.
#[derive(Clone, Debug)]
pub struct Area {
    /// New files under way and old ones on their way out; empty when all went well.
    pub stage: PathBuf,
    /// What somebody saved meanwhile.
    pub kept: PathBuf,
}

impl Area {
    /// From the two directories; they are made when first needed.
    pub fn new(stage: impl Into<PathBuf>, kept: impl Into<PathBuf>) -> Area {
        Area { stage: stage.into(), kept: kept.into() }
    }

    /// Everything that was kept by this operation, by earlier runs of it as well, and is still there.
    pub fn list_kept(&self) -> Result<Vec<Kept>> {
        let bytes = read_capped(&self.kept.join(LIST), LIST_MAX)?.unwrap_or_default();
        let mut all: Vec<Kept> = Vec::new();
        // A line that was cut off belongs to a file that was not moved: lines are written first.
        for line in bytes.split(|&b| b == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok()) {
            let at = PathBuf::from(std::ffi::OsString::from_vec(line.at.as_bytes().to_vec()));
            all.retain(|kept| kept.at != at);
            if at.symlink_metadata().is_ok() {
                all.push(Kept { path: line.path, at, why: line.why });
            }
        }
        Ok(all)
    }
}

/// A file that was moved aside because it is not what was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Where it stood.
    pub path: RepoPath,
    /// Where it is now.
    pub at: PathBuf,
    /// Why it was kept, as a part of a sentence.
    pub why: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    at: RepoPath,
    path: RepoPath,
    why: String,
}

/// Moves things into the kept directory.
pub(crate) struct Keeper<'a> {
    area: &'a Area,
    renames: Renames,
    dir: Mutex<Option<(Dir, Arc<Path>)>>,
    next: AtomicUsize,
}

impl<'a> Keeper<'a> {
    pub(crate) fn new(area: &'a Area, renames: Renames) -> Self {
        Keeper { area, renames, dir: Mutex::new(None), next: AtomicUsize::new(0) }
    }

    /// Moves what is at `spot` (once at `path`) aside; where it cannot be moved it stays and is reported there.
    pub(crate) fn keep(&self, spot: &Spot, path: &RepoPath, why: &str) -> Result<Kept> {
        let lost = |error: Error| error.help(format!("the file that stood at {path} is now {}", spot.show().display()));
        let target = self.vacant(path.name()).map_err(lost)?;
        let mut kept = Kept { path: path.clone(), at: target.show(), why: why.to_owned() };
        self.note(&kept).map_err(lost)?;
        match self.renames.take(spot.at(), target.at()) {
            Ok(()) => {}
            Err(Errno::XDEV) => {
                kept.at = spot.show();
                self.note(&kept).map_err(lost)?;
            }
            Err(error) => return Err(lost(spot.failed("keep", error))),
        }
        Ok(kept)
    }

    /// A free name; only this process makes names here, and every number is given out once.
    fn vacant(&self, base: &[u8]) -> Result<Spot> {
        let (dir, shown) = self.open()?;
        loop {
            let mut name = format!("{}-", self.next.fetch_add(1, Ordering::Relaxed)).into_bytes();
            name.extend_from_slice(&base[..base.len().min(230)]);
            let spot = Spot { dir: dir.clone(), name, base: shown.clone() };
            if spot.stat()?.is_none() {
                return Ok(spot);
            }
        }
    }

    fn open(&self) -> Result<(Dir, Arc<Path>)> {
        let mut slot = self.dir.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((dir, shown)) = slot.as_ref() {
            return Ok((dir.clone(), shown.clone()));
        }
        create_dir_all_private(&self.area.kept)?;
        let opened = (open_path(&self.area.kept)?, Arc::from(self.area.kept.as_path()));
        *slot = Some(opened.clone());
        Ok(opened)
    }

    fn note(&self, kept: &Kept) -> Result<()> {
        let at = RepoPath::new(kept.at.as_os_str().as_bytes());
        let line = Line { at, path: kept.path.clone(), why: kept.why.clone() };
        let list = self.area.kept.join(LIST);
        let mut text = serde_json::to_string(&line).map_err(|e| Error::fault("cannot write the list").because(e))?;
        // The line break comes first too: a line that was cut off must not swallow the next one.
        text.insert(0, '\n');
        text.push('\n');
        let file = OpenOptions::new().append(true).create(true).open(&list);
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|e| failed("write", &list, &e))
    }
}
