//! One path at a time: remove it, or put the new file in its place, and never lose what stands there.

use super::content::{Spot, shape_is};
use super::dirs::{Dir, Walker, open_file_at};
use super::kept::Kept;
use super::renames::unsupported;
use super::stage::{Label, Owner, Slot, Stage, Staged, Where, stat_in_place};
use super::write::{Change, Run};
use crate::model::{FileKind, FileSpec, RepoPath, Stat};
use crate::{Error, Kind, Result};
use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;
use std::path::Path;
use std::sync::Arc;

/// How often to try again when other programs keep changing the path under us.
const ATTEMPTS: usize = 16;

/// What stands at a path.
enum Found {
    Nothing,
    Folder,
    /// Exactly what shall be there.
    New(Stat),
    /// Exactly what was captured; false: its times are too fresh to tell a later change.
    Old(Stat, bool),
    /// Something else.
    Other(Stat),
}

/// How an attempt ended.
enum Step {
    Done(Stat),
    Again,
    OtherFileSystem,
}

/// An old file on its way out, as it was when it had been verified.
struct Out {
    slot: Slot,
    stat: Stat,
    index: usize,
}

/// The work of one thread.
pub(crate) struct Worker<'a> {
    run: &'a Run<'a>,
    walker: Walker<'a>,
    stage: Stage,
    outs: Vec<Out>,
    pub written: Vec<(usize, Stat)>,
    pub kept: Vec<Kept>,
}

impl<'a> Worker<'a> {
    /// Forgets the directories that are held open.
    pub(super) fn forget_dirs(&mut self) {
        self.walker.forget();
    }

    pub(crate) fn new(run: &'a Run<'a>, thread: usize) -> Result<Self> {
        let stage = Stage::open(run.area, thread)?;
        Ok(Worker { run, walker: run.root.walker(), stage, outs: Vec::new(), written: Vec::new(), kept: Vec::new() })
    }

    /// Takes the file at a path away, when there is one.
    pub(crate) fn remove(&mut self, index: usize) -> Result<()> {
        let change = &self.run.changes[index];
        let path = &change.change.path;
        let Some(dir) = self.walker.parent(path)? else { return Ok(()) };
        let target = self.spot(dir, path);
        if target.stat()?.is_none_or(|stat| stat.is_dir()) {
            return Ok(());
        }
        let label = Label { index, new: None };
        let take = |spot: &Spot| self.run.renames.take(target.at(), spot.at());
        let mut taken = self.stage.fill(self.run.root, &Where::Stage, &label, take)?;
        if matches!(taken, Err(Errno::XDEV)) {
            taken = self.stage.fill(self.run.root, &Where::Beside(&target.dir, path), &label, take)?;
        }
        match taken {
            Ok((slot, ())) => self.came_out(index, slot, None),
            Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(target.failed("move", error)),
        }
    }

    /// Puts the new file in place.
    pub(crate) fn put(&mut self, index: usize) -> Result<()> {
        let change = &self.run.changes[index];
        let (path, Some(new)) = (&change.change.path, &change.change.new) else { return Ok(()) };
        let mut staged: Option<Staged> = None;
        let mut beside = false;
        let mut first = self.foreseen(change);
        for _ in 0..ATTEMPTS {
            let dir = self.walker.make_parent(path)?;
            let target = self.spot(dir, path);
            let found = match first.take() {
                Some(found) => found,
                None => self.find(&target, change)?,
            };
            if let Some(stat) = self.already(&target, change, &found)? {
                staged.take().map_or(Ok(()), |staged| staged.slot.unlink())?;
                self.written.push((index, stat));
                return Ok(());
            }
            if matches!(found, Found::Folder) {
                self.clear_folder(&target, path)?;
                continue;
            }
            let ready = match staged.take() {
                Some(staged) => staged,
                None => self.make(index, new, &target, &found, beside)?,
            };
            match self.swap(index, &ready, &target, &found)? {
                Step::Done(stat) => {
                    self.written.push((index, stat));
                    return Ok(());
                }
                Step::Again => staged = Some(ready),
                Step::OtherFileSystem => {
                    ready.slot.unlink()?;
                    beside = true;
                }
            }
            self.walker.forget();
        }
        staged.map_or(Ok(()), |staged| staged.slot.unlink())?;
        let shown = self.run.root.show(path);
        Err(Error::new(
            Kind::Stopped,
            format!("{} is being changed again and again by another program", shown.display()),
        )
        .help("end that program, then continue"))
    }

    /// Looks once more at the old files and removes those that nobody touched since.
    pub(crate) fn settle(&mut self) -> Result<()> {
        for out in std::mem::take(&mut self.outs) {
            self.settle_one(&out)?;
        }
        Ok(())
    }

    /// Gives back what was done.
    pub(crate) fn close(self) -> (Vec<(usize, Stat)>, Vec<Kept>) {
        self.stage.close();
        (self.written, self.kept)
    }

    fn spot(&self, dir: Dir, path: &RepoPath) -> Spot {
        use std::os::unix::ffi::OsStrExt;
        let parent = Path::new(std::ffi::OsStr::from_bytes(path.parent()));
        Spot { dir, name: path.name().to_vec(), base: Arc::from(self.run.root.path().join(parent)) }
    }

    /// Whether the file is what was captured, told by its times alone; false also means "cannot tell".
    fn is_seen(&self, change: &Change<'_>, stat: &Stat) -> bool {
        let (Some(seen), Some(old)) = (&change.seen, &change.change.old) else { return false };
        seen.stat.same_content(stat) && shape_is(stat, old) && !self.run.freshness.is_racy(&seen.stat, seen.since)
    }

    /// What stands at the path, by what was captured: whatever else it is comes out of the exchange, and is looked at
    /// there in any case. `None` where more than the exchange depends on it.
    fn foreseen(&self, change: &Change<'_>) -> Option<Found> {
        let (seen, old, new) = (change.seen?, change.change.old.as_ref()?, change.change.new.as_ref()?);
        let replaced = old.blob != new.blob && self.is_seen(change, &seen.stat);
        (replaced && self.run.renames.exchange).then_some(Found::Old(seen.stat, true))
    }

    fn find(&self, target: &Spot, change: &Change<'_>) -> Result<Found> {
        let Some(stat) = target.stat()? else { return Ok(Found::Nothing) };
        if stat.is_dir() {
            return Ok(Found::Folder);
        }
        let (old, new) = (change.change.old.as_ref(), change.change.new.as_ref());
        if self.is_seen(change, &stat) {
            return Ok(if old == new { Found::New(stat) } else { Found::Old(stat, true) });
        }
        let fits = |spec: Option<&FileSpec>| spec.filter(|spec| shape_is(&stat, spec)).map(|spec| spec.blob);
        let (old, new) = (fits(old), fits(new));
        if old.is_none() && new.is_none() {
            return Ok(Found::Other(stat));
        }
        let looked = crate::host::clock::file_time();
        let blob = target.blob(&stat, self.run.blobs)?;
        Ok(match blob {
            None => Found::Other(stat),
            blob if blob == new => Found::New(stat),
            blob if blob == old => Found::Old(stat, !self.run.freshness.is_racy(&stat, looked)),
            _ => Found::Other(stat),
        })
    }

    /// The file as it stands when nothing is left to do, or when new permission bits were all that was missing.
    fn already(&self, target: &Spot, change: &Change<'_>, found: &Found) -> Result<Option<Stat>> {
        let (old, new) = (change.change.old.as_ref(), change.change.new.as_ref());
        let (stat, old, new) = match (found, old, new) {
            (Found::New(stat), _, _) => return Ok(Some(*stat)),
            (Found::Old(stat, _), Some(old), Some(new)) => (stat, old, new),
            _ => return Ok(None),
        };
        // A hard link elsewhere must keep its bits, so only a file with one name is changed where it stands.
        if old.blob != new.blob || (old.kind, new.kind) != (FileKind::File, FileKind::File) || stat.nlink != 1 {
            return Ok(None);
        }
        let Ok((file, opened)) = open_file_at(&target.dir, &target.name) else { return Ok(None) };
        if !opened.same_content(stat) || rustix::fs::fchmod(&file, Mode::from_raw_mode(new.mode)).is_err() {
            return Ok(None);
        }
        Ok(target.stat()?.filter(|now| now.same_content(stat) && shape_is(now, new)))
    }

    /// Removes an empty directory that is in the way.
    fn clear_folder(&mut self, target: &Spot, path: &RepoPath) -> Result<()> {
        let removed = rustix::fs::unlinkat(&*target.dir, &*target.name, AtFlags::REMOVEDIR);
        self.walker.forget();
        match removed {
            Ok(()) | Err(Errno::NOENT | Errno::NOTDIR) => Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) => {
                let shown = target.show();
                Err(Error::new(Kind::Stopped, format!("the directory {} is in the way", shown.display()))
                    .because(format!("it holds files that are not part of the plan, and a file goes to {path}"))
                    .help("move it away, then continue"))
            }
            Err(error) => Err(target.failed("remove the empty directory", error)),
        }
    }

    fn make(&self, index: usize, new: &FileSpec, target: &Spot, found: &Found, beside: bool) -> Result<Staged> {
        let path = &self.run.changes[index].change.path;
        let replaced = match found {
            Found::Old(stat, _) | Found::Other(stat) if stat.is_file() => Some(stat),
            _ => None,
        };
        let owner = Owner::of(replaced, &target.dir);
        let place = if beside { Where::Beside(&target.dir, path) } else { Where::Stage };
        let label = Label { index, new: Some(&new.blob) };
        let made = self.stage.make(self.run.root, &place, &label, new, self.run.blobs, owner);
        made.map_err(|e| e.context(format!("cannot write {}", self.run.root.show(path).display())))
    }

    /// One attempt to get the staged file in and what stands there out.
    fn swap(&mut self, index: usize, staged: &Staged, target: &Spot, found: &Found) -> Result<Step> {
        let (swapped, verified) = match found {
            Found::Nothing | Found::Folder | Found::New(_) => return self.place(staged, target),
            Found::Old(stat, true) => (self.run.renames.exchange(staged.slot.spot.at(), target.at()), Some(stat)),
            Found::Old(..) | Found::Other(_) => (self.run.renames.exchange(staged.slot.spot.at(), target.at()), None),
        };
        match swapped {
            Ok(()) => {
                let stat = stat_in_place(staged, target).map_err(|e| target.failed("look at", e))?;
                let slot = Slot { spot: staged.slot.spot.clone(), note: staged.slot.note.clone() };
                self.came_out(index, slot, verified)?;
                Ok(Step::Done(stat))
            }
            Err(Errno::NOENT) => Ok(Step::Again),
            Err(Errno::XDEV) => Ok(Step::OtherFileSystem),
            Err(error) if unsupported(error) => self.swap_by_hand(index, staged, target, verified),
            Err(error) => Err(target.failed("replace", error)),
        }
    }

    /// Without an exchange: the present file moves aside, then the new one takes its name.
    fn swap_by_hand(&mut self, index: usize, staged: &Staged, target: &Spot, seen: Option<&Stat>) -> Result<Step> {
        let path = &self.run.changes[index].change.path;
        let place = match staged.slot.note {
            Some(_) => Where::Beside(&target.dir, path),
            None => Where::Stage,
        };
        let take = |spot: &Spot| self.run.renames.take(target.at(), spot.at());
        match self.stage.fill(self.run.root, &place, &Label { index, new: None }, take)? {
            Ok((slot, ())) => {
                // The new file goes in first: the name must not be missing while the old one is looked at.
                let step = self.place(staged, target);
                self.came_out(index, slot, seen)?;
                step
            }
            Err(Errno::NOENT) => Ok(Step::Again),
            Err(Errno::XDEV) => Ok(Step::OtherFileSystem),
            Err(error) => Err(target.failed("move", error)),
        }
    }

    /// Gives the staged file a name that is free.
    fn place(&self, staged: &Staged, target: &Spot) -> Result<Step> {
        match self.run.renames.place(staged.slot.spot.at(), target.at()) {
            Ok(()) => {
                staged.slot.close()?;
                stat_in_place(staged, target).map(Step::Done).map_err(|e| target.failed("look at", e))
            }
            Err(Errno::EXIST | Errno::NOENT | Errno::ISDIR | Errno::NOTEMPTY) => Ok(Step::Again),
            Err(Errno::XDEV) => Ok(Step::OtherFileSystem),
            Err(error) => Err(target.failed("create", error)),
        }
    }

    /// What stood at the path is now in `slot`: is it what was captured?
    fn came_out(&mut self, index: usize, slot: Slot, verified: Option<&Stat>) -> Result<()> {
        let Some(stat) = slot.spot.stat()? else { return slot.close() };
        let change = &self.run.changes[index];
        let safe = match &change.change.old {
            Some(old) if shape_is(&stat, old) => {
                verified.is_some_and(|seen| seen.same_content(&stat))
                    || self.is_seen(change, &stat)
                    || slot.spot.blob(&stat, self.run.blobs)? == Some(old.blob)
            }
            _ => false,
        };
        if !safe {
            let why = if change.change.old.is_some() {
                "it was changed after it was saved"
            } else {
                "it was not there before"
            };
            return self.keep(index, &slot, why);
        }
        let out = Out { slot, stat, index };
        if out.slot.note.is_some() {
            // A name of ours in a directory of the user's should not stay longer than it must.
            return self.settle_one(&out);
        }
        self.outs.push(out);
        Ok(())
    }

    fn settle_one(&mut self, out: &Out) -> Result<()> {
        let Some(now) = out.slot.spot.stat()? else { return out.slot.close() };
        let untouched = now.same_content(&out.stat) && now.ctime == out.stat.ctime;
        let old = self.run.changes[out.index].change.old.as_ref();
        let safe = untouched
            || match old {
                Some(old) if shape_is(&now, old) => out.slot.spot.blob(&now, self.run.blobs)? == Some(old.blob),
                _ => false,
            };
        if safe {
            out.slot.unlink()
        } else {
            self.keep(out.index, &out.slot, "it was written to while it was replaced")
        }
    }

    fn keep(&mut self, index: usize, slot: &Slot, why: &str) -> Result<()> {
        let kept = self.run.keeper.keep(&slot.spot, &self.run.changes[index].change.path, why)?;
        self.kept.push(kept);
        slot.close()
    }
}
