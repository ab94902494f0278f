//! Applies a list of changes to the worktree; the same call goes on after a crash, and goes back.

use super::dirs::{Root, stat_at};
use super::freshness::Freshness;
use super::kept::Keeper;
use super::renames::Renames;
use super::replace::Worker;
use crate::host::beside;
use crate::model::{FileChange, ObjectId, RepoPath, Stat};
use crate::{Error, Kind, Result};
use rustix::fs::AtFlags;
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::SystemTime;

pub use super::kept::{Area, Kept};

/// Gives the bytes of blobs.
pub trait Blobs: Sync {
    /// Writes the bytes of a blob to `out`, in pieces if it is big.
    fn copy_to(&self, id: &ObjectId, out: &mut dyn Write) -> Result<()>;
    /// The bytes of a blob that is the target of a link.
    fn link_target(&self, id: &ObjectId) -> Result<Vec<u8>>;
    /// The name that a blob with these bytes has; nothing is stored.
    fn hash(&self, read: &mut dyn Read, size: u64) -> Result<ObjectId>;
}

/// A change and what is known of the present file.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// What was and what shall be.
    pub change: &'a FileChange,
    /// The old file when its bytes were captured; `None` (after a crash): compare the content instead.
    pub seen: Option<Look>,
}

/// What `lstat` said of a file.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// What it said.
    pub stat: Stat,
    /// A moment before that.
    pub since: SystemTime,
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// Every path that holds its new file now, also those that held it before, in the order of the changes.
    pub written: Vec<(RepoPath, Stat)>,
    /// What was moved aside in this run ([`Area::list_kept`] has earlier runs too).
    pub kept: Vec<Kept>,
}

/// What all threads share.
pub(crate) struct Run<'a> {
    pub root: &'a Root,
    pub area: &'a Area,
    pub changes: &'a [Change<'a>],
    pub blobs: &'a dyn Blobs,
    pub renames: Renames,
    pub keeper: Keeper<'a>,
    pub freshness: Freshness,
    progress: &'a (dyn Fn(usize) -> ControlFlow<()> + Sync),
    done: AtomicUsize,
    stop: AtomicBool,
}

/// Paths that a thread takes at a time: neighbours share their parents.
const BATCH: usize = 32;

/// Makes the worktree so that every path is its `new`; first all removals, then all writes.
///
/// Every path may be `old`, `new` already, or something else, which is then moved to the kept directory first. `progress`
/// gets the number of paths done and may stop the run. On any error (kind `Stopped`) the run stops at once;
/// nothing is lost, and [`clear_stage`](super::recover::clear_stage) followed by `apply`, with the same changes or with
/// `old` and `new` swapped, brings it to an end.
pub fn apply(
    root: &Root,
    area: &Area,
    changes: &[Change<'_>],
    blobs: &dyn Blobs,
    threads: usize,
    progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
) -> Result<Applied> {
    apply_with(root, area, changes, blobs, threads, progress, Renames::ALL)
}

/// [`apply`] on a file system that lacks some kinds of rename.
pub(crate) fn apply_with(
    root: &Root,
    area: &Area,
    changes: &[Change<'_>],
    blobs: &dyn Blobs,
    threads: usize,
    progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
    renames: Renames,
) -> Result<Applied> {
    // Before anything is touched, so that a bad path refuses the whole list.
    changes.iter().try_for_each(|change| super::dirs::check_path(change.change.path.as_bytes()))?;
    if changes.is_empty() {
        return Ok(Applied::default());
    }
    let run = Run {
        root,
        area,
        changes,
        blobs,
        renames,
        keeper: Keeper::new(area, renames),
        freshness: Freshness::ask(&area.stage)?,
        progress,
        done: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    };
    run.all(threads).map_err(|error| error.with_kind(Kind::Stopped))
}

impl<'a> Run<'a> {
    fn all(&'a self, threads: usize) -> Result<Applied> {
        let threads = threads.clamp(1, self.changes.len().div_ceil(BATCH));
        let mut workers = (0..threads).map(|thread| Worker::new(self, thread)).collect::<Result<Vec<_>>>()?;
        let is_removal = |index: &usize| self.changes[*index].change.new.is_none();
        let (removals, writes): (Vec<usize>, Vec<usize>) = (0..self.changes.len()).partition(is_removal);
        self.each(&mut workers, &removals, Worker::remove)?;
        self.prune(&removals)?;
        // Directories that the workers hold open may be gone now, and made anew by another.
        workers.iter_mut().for_each(Worker::forget_dirs);
        self.each(&mut workers, &writes, Worker::put)?;
        self.parallel(&mut workers, Worker::settle)?;
        let mut written = Vec::new();
        let mut applied = Applied::default();
        for worker in workers {
            let (done, kept) = worker.close();
            written.extend(done);
            applied.kept.extend(kept);
        }
        // What is still in it belongs to an earlier run.
        let _ = std::fs::remove_dir(&self.area.stage);
        written.sort_unstable_by_key(|(index, _)| *index);
        let named = |(index, stat): (usize, Stat)| (self.changes[index].change.path.clone(), stat);
        applied.written = written.into_iter().map(named).collect();
        Ok(applied)
    }

    /// Does `work` for each of `indexes`, shared out among the workers in batches of neighbours.
    fn each(
        &self,
        workers: &mut [Worker<'a>],
        indexes: &[usize],
        work: impl Fn(&mut Worker<'a>, usize) -> Result<()> + Sync,
    ) -> Result<()> {
        let next = AtomicUsize::new(0);
        self.parallel(workers, |worker| {
            loop {
                let from = next.fetch_add(BATCH, Ordering::Relaxed).min(indexes.len());
                let batch = &indexes[from..(from + BATCH).min(indexes.len())];
                if batch.is_empty() {
                    return Ok(());
                }
                for &index in batch {
                    if self.stop.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                    work(worker, index)?;
                    self.report()?;
                }
            }
        })
    }

    fn report(&self) -> Result<()> {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        match (self.progress)(done) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                Err(Error::new(Kind::Stopped, format!("stopped after {done} of {} paths", self.changes.len())))
            }
        }
    }

    /// Runs `work` on all workers at the same time; the first error stops them all.
    fn parallel(&self, workers: &mut [Worker<'a>], work: impl Fn(&mut Worker<'a>) -> Result<()> + Sync) -> Result<()> {
        let guarded = |worker: &mut Worker<'a>| {
            let result = work(worker);
            if result.is_err() {
                self.stop.store(true, Ordering::Relaxed);
            }
            result
        };
        let [first, others @ ..] = workers else { return Ok(()) };
        std::thread::scope(|scope| {
            let guarded = &guarded;
            let running: Vec<_> = others.iter_mut().map(|worker| beside(scope, move || guarded(worker))).collect();
            let mut result = guarded(first);
            for thread in running {
                let other = thread.join().unwrap_or_else(|_| Err(Error::fault("a thread ended unexpectedly")));
                result = result.and(other);
            }
            result
        })
    }

    /// Removes the directories that the removals left empty, upwards, also those of an earlier run of the same plan.
    fn prune(&self, removals: &[usize]) -> Result<()> {
        let mut walker = self.root.walker();
        let mut dirs = BTreeSet::new();
        for &index in removals {
            let path = &self.changes[index].change.path;
            if !path.parent().is_empty() && walker.stat(path)?.is_none() {
                dirs.insert(RepoPath::new(path.parent()));
            }
        }
        // The directory that a shell stands in is left to it, as git does.
        let here = std::fs::metadata(".").ok().map(|meta| (meta.dev(), meta.ino()));
        // From the end: what lies in a directory comes before the directory itself.
        while let Some(dir) = dirs.pop_last() {
            if self.prune_one(&mut walker, &dir, here)? && !dir.parent().is_empty() {
                dirs.insert(RepoPath::new(dir.parent()));
            }
        }
        Ok(())
    }

    /// Removes one directory if it is empty; whether there is none of this name now.
    fn prune_one(
        &self,
        walker: &mut super::dirs::Walker<'_>,
        dir: &RepoPath,
        here: Option<(u64, u64)>,
    ) -> Result<bool> {
        let Some(parent) = walker.parent(dir)? else { return Ok(true) };
        let failed = |error: Errno| crate::host::fs::failed("remove", &self.root.show(dir), &error.into());
        let Some(stat) = stat_at(&parent, dir.name()).map_err(failed)? else { return Ok(true) };
        if !stat.is_dir() || here == Some((stat.dev, stat.ino)) {
            return Ok(false);
        }
        walker.forget();
        match rustix::fs::unlinkat(&*parent, dir.name(), AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(true),
            // Not empty, a mount point, or not ours to remove: it stays, and nothing depends on it.
            Err(
                Errno::NOTEMPTY
                | Errno::EXIST
                | Errno::NOTDIR
                | Errno::BUSY
                | Errno::ACCESS
                | Errno::PERM
                | Errno::ROFS,
            ) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }
}
