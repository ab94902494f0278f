//! The directory where new files are made, one a thread, and where old ones wait to be removed.

use super::content::Spot;
use super::dirs::{Dir, Root, open_path, stat_at, to_stat};
use super::kept::Area;
use super::write::Blobs;
use crate::host::fs::create_dir_all_private;
use crate::model::{FileKind, FileSpec, ObjectId, RepoPath, Stat};
use crate::{Error, Result};
use rustix::fs::{Gid, Mode, OFlags, Uid};
use rustix::io::Errno;
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// A name of ours that holds a file on its way in or out.
#[derive(Debug)]
pub(crate) struct Slot {
    pub spot: Spot,
    /// For a slot beside the file instead of in the stage: the note in the stage that says where.
    pub note: Option<Spot>,
}

impl Slot {
    /// Forgets the note once nothing is left at the place that it names.
    pub(crate) fn close(&self) -> Result<()> {
        self.note.as_ref().map_or(Ok(()), Spot::unlink)
    }

    /// Removes a file whose bytes are known to be safe.
    pub(crate) fn unlink(&self) -> Result<()> {
        self.spot.unlink()?;
        self.close()
    }
}

/// A new file, complete, that is not in place yet.
#[derive(Debug)]
pub(crate) struct Staged {
    pub slot: Slot,
    pub file: Option<File>,
    pub stat: Stat,
}

/// Where a slot is made.
pub(crate) enum Where<'a> {
    /// In the stage directory.
    Stage,
    /// In the directory of the file itself, which is on another file system.
    Beside(&'a Dir, &'a RepoPath),
}

/// The name of a slot: what for, the number of the change, and the blob that is being written.
///
/// The blob in the name lets a later run recognise a piece of it that was cut off.
pub(crate) struct Label<'a> {
    pub index: usize,
    pub new: Option<&'a ObjectId>,
}

impl Label<'_> {
    fn text(&self) -> String {
        match self.new {
            Some(id) => format!("{}-{id}", self.index),
            None => format!("{}", self.index),
        }
    }

    /// Number and blob from a name in the stage.
    pub(crate) fn parse(name: &[u8]) -> Option<(usize, Option<ObjectId>)> {
        let mut parts = std::str::from_utf8(name).ok()?.split('-').skip(1);
        let index = parts.next()?.parse().ok()?;
        Some((index, parts.next().and_then(|hex| ObjectId::from_hex(hex.as_bytes()))))
    }
}

/// The stage directory of one thread.
#[derive(Debug)]
pub(crate) struct Stage {
    dir: Dir,
    base: Arc<Path>,
}

impl Stage {
    pub(crate) fn open(area: &Area, thread: usize) -> Result<Stage> {
        let path = area.stage.join(thread.to_string());
        create_dir_all_private(&path)?;
        Ok(Stage { dir: open_path(&path)?, base: Arc::from(path) })
    }

    pub(crate) fn spot(&self, name: impl Into<Vec<u8>>) -> Spot {
        Spot { dir: self.dir.clone(), name: name.into(), base: self.base.clone() }
    }

    /// Finds a free name and fills it with `fill`, which must refuse a name that is taken with `EEXIST`.
    pub(crate) fn fill<T>(
        &self,
        root: &Root,
        place: &Where<'_>,
        label: &Label<'_>,
        mut fill: impl FnMut(&Spot) -> Result<T, Errno>,
    ) -> Result<Result<(Slot, T), Errno>> {
        for turn in 0_u32.. {
            let Some(slot) = self.slot(root, place, label, turn)? else { continue };
            match fill(&slot.spot) {
                Err(Errno::EXIST) => {}
                Ok(value) => return Ok(Ok((slot, value))),
                Err(error) => {
                    slot.close()?;
                    return Ok(Err(error));
                }
            }
            slot.close()?;
        }
        Err(Error::fault(format!("no free name in {}", self.base.display())))
    }

    /// The slot with the next name; `None` when its note exists already, left by an earlier run.
    fn slot(&self, root: &Root, place: &Where<'_>, label: &Label<'_>, turn: u32) -> Result<Option<Slot>> {
        let again = if turn == 0 { String::new() } else { format!("-{turn}") };
        let word = if label.new.is_some() { "new" } else { "old" };
        let text = label.text();
        let Where::Beside(dir, path) = place else {
            return Ok(Some(Slot { spot: self.spot(format!("{word}-{text}{again}")), note: None }));
        };
        let mut name = vec![b'.'];
        name.extend_from_slice(&path.name()[..path.name().len().min(200)]);
        name.extend_from_slice(format!(".git-rollback-{}{again}", label.index).as_bytes());
        let note = self.spot(format!("note-{text}{again}"));
        if !write_note(&note, RepoPath::join(path.parent(), &name).as_bytes())? {
            return Ok(None);
        }
        let base = root.path().join(std::ffi::OsStr::from_bytes(path.parent()));
        Ok(Some(Slot { spot: Spot { dir: (*dir).clone(), name, base: Arc::from(base) }, note: Some(note) }))
    }

    /// Makes a new file or link, complete with permission bits; `like` is the file that it replaces.
    pub(crate) fn make(
        &self,
        root: &Root,
        place: &Where<'_>,
        label: &Label<'_>,
        spec: &FileSpec,
        blobs: &dyn Blobs,
        like: Owner,
    ) -> Result<Staged> {
        let target = match spec.kind {
            FileKind::Link => Some(blobs.link_target(&spec.blob)?),
            FileKind::File => None,
        };
        let made = self.fill(root, place, label, |spot| match &target {
            Some(target) => rustix::fs::symlinkat(&target[..], &*spot.dir, &*spot.name).map(|()| None),
            None => create(spot, first_mode(place, spec)).map(Some),
        })?;
        let (slot, file) = made.map_err(|e| self.spot("").failed("make a file in", e))?;
        let stat = match &file {
            None => slot.spot.stat()?,
            Some(file) => match write_file(file, &slot.spot, spec, blobs, like) {
                Ok(stat) => Some(stat),
                Err(error) => {
                    // Made exclusively just above and never exchanged: nobody's bytes but ours.
                    let _ = slot.unlink();
                    return Err(error);
                }
            },
        };
        Ok(Staged { slot, file, stat: stat.unwrap_or_default() })
    }

    /// Removes the directory of this thread when it is empty.
    pub(crate) fn close(self) {
        // What is left in it is found by the next run.
        let _ = std::fs::remove_dir(&self.base);
    }
}

/// Owner and group that a new file should get.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Owner {
    pub uid: Option<u32>,
    pub gid: Option<u32>,
}

impl Owner {
    /// The ones of the file that is replaced, or what the directory passes on to new files.
    pub(crate) fn of(replaced: Option<&Stat>, dir: &Dir) -> Owner {
        match replaced {
            Some(stat) => Owner { uid: Some(stat.uid), gid: Some(stat.gid) },
            None => match rustix::fs::fstat(&**dir).map(|stat| to_stat(&stat)) {
                Ok(stat) if stat.mode & 0o2000 != 0 => Owner { uid: None, gid: Some(stat.gid) },
                _ => Owner::default(),
            },
        }
    }
}

fn create(spot: &Spot, mode: Mode) -> Result<File, Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(&*spot.dir, &*spot.name, flags, mode).map(File::from)
}

/// Nobody else can look into the stage: there a file may have its bits from the start. We can read it in any case: a
/// later run must be able to tell what it is.
fn first_mode(place: &Where<'_>, spec: &FileSpec) -> Mode {
    match place {
        Where::Stage => Mode::from_raw_mode(spec.mode & 0o777) | OURS_ALONE,
        Where::Beside(..) => OURS_ALONE,
    }
}

const OURS_ALONE: Mode = Mode::from_raw_mode(0o600);

fn write_file(mut file: &File, spot: &Spot, spec: &FileSpec, blobs: &dyn Blobs, like: Owner) -> Result<Stat> {
    blobs.copy_to(&spec.blob, &mut file)?;
    let made = rustix::fs::fstat(file).map(|stat| to_stat(&stat)).map_err(|e| spot.failed("look at", e))?;
    let uid = like.uid.filter(|&uid| uid != made.uid).map(Uid::from_raw);
    let gid = like.gid.filter(|&gid| gid != made.gid).map(Gid::from_raw);
    if uid.is_some() || gid.is_some() {
        // As far as we are allowed to, and before the permission bits: a change of owner clears some of them.
        let both = rustix::fs::fchown(file, uid, gid);
        if both.is_err() && gid.is_some() {
            let _ = rustix::fs::fchown(file, None, gid);
        }
    }
    if uid.is_none() && gid.is_none() && made.perm() == spec.mode {
        return Ok(made);
    }
    rustix::fs::fchmod(file, Mode::from_raw_mode(spec.mode)).map_err(|e| spot.failed("set the mode of", e))?;
    rustix::fs::fstat(file).map(|stat| to_stat(&stat)).map_err(|e| spot.failed("look at", e))
}

/// Writes a note; false when there is one of this name.
fn write_note(note: &Spot, text: &[u8]) -> Result<bool> {
    let written = match create(note, OURS_ALONE) {
        Err(Errno::EXIST) => return Ok(false),
        other => other.map_err(std::io::Error::from).and_then(|mut file| file.write_all(text)),
    };
    written.map(|()| true).map_err(|e| crate::host::fs::failed("write", &note.show(), &e))
}

/// What stands at `name` in `dir` now, when it is still the file that we put there; else what we put there.
pub(crate) fn stat_in_place(staged: &Staged, target: &Spot) -> Result<Stat, Errno> {
    let now = match &staged.file {
        Some(file) => Some(to_stat(&rustix::fs::fstat(file)?)),
        None => stat_at(&target.dir, &target.name)?,
    };
    // Somebody wrote into it already: the older times make git look at the content again.
    Ok(now.filter(|now| now.same_content(&staged.stat)).unwrap_or(staged.stat))
}
