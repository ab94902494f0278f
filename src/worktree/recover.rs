//! What a run that died left in its stage.

use super::content::Spot;
use super::dirs::{Root, check_path, open_path};
use super::kept::{Area, Keeper, Kept};
use super::renames::Renames;
use super::stage::{Label, Slot};
use super::write::Blobs;
use crate::host::fs::{failed, read_capped};
use crate::model::{FileChange, ObjectId, RepoPath};
use crate::{Error, Result};
use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// The permission bits of a file while its content is being written.
const UNDER_WAY: u32 = 0o600;

/// Empties the stage of a run that died: call it before `apply` goes on or goes back.
///
/// Removed is only what is safe beyond doubt: bytes that are a blob of the plan or one that `known` says is stored, and
/// the cut-off beginning of a blob that was being written. Everything else is moved to the kept directory.
/// `plan` is the list that was applied, in the same order (either direction).
pub fn clear_stage(
    root: &Root,
    area: &Area,
    plan: &[FileChange],
    known: &dyn Fn(&ObjectId) -> bool,
    blobs: &dyn Blobs,
) -> Result<Vec<Kept>> {
    let planned = plan.iter().flat_map(|change| [&change.old, &change.new]).flatten().map(|spec| spec.blob).collect();
    let mut clear =
        Clear { root, plan, planned, known, blobs, keeper: Keeper::new(area, Renames::ALL), kept: Vec::new() };
    for thread in list(&area.stage)? {
        let dir = area.stage.join(&thread);
        if dir.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
            clear.thread(&dir)?;
        }
    }
    // Fails when something is left that is not ours; then it stays.
    let _ = std::fs::remove_dir(&area.stage);
    Ok(clear.kept)
}

struct Clear<'a> {
    root: &'a Root,
    plan: &'a [FileChange],
    planned: HashSet<ObjectId>,
    known: &'a dyn Fn(&ObjectId) -> bool,
    blobs: &'a dyn Blobs,
    keeper: Keeper<'a>,
    kept: Vec<Kept>,
}

impl Clear<'_> {
    fn thread(&mut self, dir: &Path) -> Result<()> {
        let open = open_path(dir)?;
        let base: Arc<Path> = Arc::from(dir);
        for name in list(dir)? {
            let spot = Spot { dir: open.clone(), name: name.as_bytes().to_vec(), base: base.clone() };
            match name.as_bytes().starts_with(b"note-") {
                true => self.beside(spot)?,
                false => self.leftover(&Slot { spot, note: None }, name.as_bytes())?,
            }
        }
        let _ = std::fs::remove_dir(dir);
        Ok(())
    }

    /// A note that names a slot beside the file.
    fn beside(&mut self, note: Spot) -> Result<()> {
        let text = read_capped(&note.show(), 1 << 20)?.unwrap_or_default();
        let path = RepoPath::new(text);
        // Only names of our own making are looked at: a note that was cut off names something else.
        let ours = check_path(path.as_bytes()).is_ok() && path.name().windows(14).any(|part| part == b".git-rollback-");
        let parent = if ours { self.root.walker().parent(&path)? } else { None };
        let Some(parent) = parent else { return note.unlink() };
        let base = self.root.path().join(std::ffi::OsStr::from_bytes(path.parent()));
        let spot = Spot { dir: parent, name: path.name().to_vec(), base: Arc::from(base) };
        let name = note.name.clone();
        self.leftover(&Slot { spot, note: Some(note) }, &name)
    }

    fn leftover(&mut self, slot: &Slot, label: &[u8]) -> Result<()> {
        let Some(before) = slot.spot.stat()? else { return slot.close() };
        let (index, new) = Label::parse(label).unwrap_or((usize::MAX, None));
        let safe = match slot.spot.blob(&before, self.blobs)? {
            Some(id) if self.planned.contains(&id) || (self.known)(&id) => true,
            _ => {
                let cut_off = before.is_file() && before.perm() == UNDER_WAY;
                cut_off && new.is_some_and(|id| slot.spot.is_fragment_of(&id, self.blobs))
            }
        };
        let untouched = slot.spot.stat()?.is_some_and(|now| now.same_content(&before) && now.ctime == before.ctime);
        if safe && untouched {
            return slot.unlink();
        }
        let path = self.plan.get(index).map_or_else(|| RepoPath::new(label), |change| change.path.clone());
        let why = "it was found in the stage of an interrupted run and is stored nowhere else";
        self.kept.push(self.keeper.keep(&slot.spot, &path, why)?);
        slot.close()
    }
}

/// The names in a directory; none when it does not exist.
fn list(dir: &Path) -> Result<Vec<OsString>> {
    let doing = |error: &io::Error| -> Error { failed("list", dir, error) };
    match std::fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| entry.map(|e| e.file_name()).map_err(|e| doing(&e))).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(doing(&error)),
    }
}
