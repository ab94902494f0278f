//! Taking steps. Each may be taken again after a crash: done already, it is skipped.

use super::run::GitLocks;
use crate::config::FILE_NAME;
use crate::git::{Index, LinkedPlace, ObjectKind, ReadBlobs, name_of};
use crate::host::gitlock::GitLock;
use crate::host::{Talk, fs};
use crate::model::{
    FileChange, GitFileChange, Head, IndexChange, KeptFile, ObjectId, Operation, Ran, RepoPath, Skipped, Stat, Step,
    Steps, Who, WorktreeChange,
};
use crate::plan::Plan;
use crate::store::gitfiles;
use crate::store::journal::note_step;
use crate::store::scene::Scene;
use crate::store::session::Session;
use crate::worktree::trash::{Mounts, Moved, move_back, move_out};
use crate::worktree::{Area, Blobs, Change, Kept, Look, Root, folders, write};
use crate::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::Path;

/// What takes the steps of one operation.
pub(super) struct Hands<'a> {
    pub session: &'a Session,
    pub root: Root,
    /// Blobs that are at hand.
    blobs: ReadBlobs,
    pub area: Area,
    talk: &'a dyn Talk,
    locks: GitLocks,
    who: Who,
    /// `lstat` of files when their bytes were saved; empty after a crash.
    seen: BTreeMap<RepoPath, Stat>,
    /// A moment before the first of them.
    looked: std::time::SystemTime,
    /// Blobs that git would store for files, where they are known.
    contents: BTreeMap<RepoPath, ObjectId>,
    /// The same for files that are converted when they are written.
    converted: BTreeMap<RepoPath, ObjectId>,
    /// The index as it was read; `None` after a crash.
    index: Option<Index>,
    /// `lstat` of the index file that was written.
    pub index_file: Option<Stat>,
    /// Files that were written, as `lstat` found them.
    pub written: BTreeMap<RepoPath, Stat>,
    /// Files that somebody saved meanwhile.
    pub kept: Vec<Kept>,
    /// What could not be moved.
    pub left: Vec<Skipped>,
    /// What was run, and what came of it.
    pub ran: Vec<Ran>,
    /// Whether something was run that may have made files: they are not replaced, but stand in nobody's way.
    tasks_ran: bool,
}

/// The repository's blobs, for the writer: each thread works with a handle of its own.
pub(super) struct Shared<'a> {
    repo: &'a crate::git::Handles,
    known: &'a ReadBlobs,
}

impl Blobs for Shared<'_> {
    fn copy_to(&self, id: &ObjectId, out: &mut dyn Write) -> Result<()> {
        match self.known.get(id) {
            Some(bytes) => out.write_all(bytes).map_err(|e| Error::io(format!("cannot copy blob {id}"), &e)),
            None => self.repo.copy_blob(*id, out),
        }
    }

    fn link_target(&self, id: &ObjectId) -> Result<Vec<u8>> {
        self.known.get(id).map_or_else(|| self.repo.blob(*id), |bytes| Ok(bytes.to_vec()))
    }

    fn hash(&self, read: &mut dyn Read, size: u64) -> Result<ObjectId> {
        crate::git::name_stream(read, size)
    }
}

impl<'a> Hands<'a> {
    pub fn new(session: &'a Session, talk: &'a dyn Talk, locks: GitLocks, operation: &Operation) -> Result<Hands<'a>> {
        let layout = &session.layout;
        Ok(Hands {
            session,
            root: Root::open(session.repo.root())?,
            area: Area::new(layout.stage(), layout.kept(&operation.id)),
            talk,
            locks,
            blobs: ReadBlobs::default(),
            who: operation.who.clone(),
            seen: BTreeMap::new(),
            looked: crate::host::clock::file_time(),
            contents: BTreeMap::new(),
            converted: BTreeMap::new(),
            index: None,
            index_file: None,
            written: BTreeMap::new(),
            kept: Vec::new(),
            left: Vec::new(),
            ran: Vec::new(),
            tasks_ran: false,
        })
    }

    /// Takes over what the first run knows of the files, so that they need not be read again.
    pub fn know(&mut self, plan: Plan, scene: Scene<'_>) {
        let content = |path: &RepoPath| Some((path.clone(), scene.index_entry(path)?.id));
        self.contents = scene.verified.keys().filter_map(content).collect();
        (self.seen, self.converted, self.blobs) = (plan.seen, plan.converted, plan.blobs);
        self.looked = scene.began;
        self.written = scene.verified;
        self.index = Some(scene.index);
    }

    /// Ends it. Freeing what is known of many files takes longer than all that is left to do: that is done beside it.
    pub fn let_go(self, steps: Steps) {
        const MANY: usize = 1000;
        let Hands { seen, written, contents, converted, blobs, index, .. } = self;
        if contents.len() > MANY {
            // Where no thread can be had it is freed at once.
            let all = (seen, written, contents, converted, blobs, index, steps);
            drop(std::thread::Builder::new().spawn(move || drop(all)));
        }
    }

    /// Forgets what the first run knew: files may be half-way.
    pub fn forget(&mut self) {
        self.seen.clear();
        self.written.clear();
        self.index = None;
    }

    /// Empties the stage of a run that died.
    pub fn clear_stage(&mut self, steps: &[Step]) -> Result<()> {
        let plan: Vec<_> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Worktree(change) => Some(change.files.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        let repo = &self.session.repo;
        let kept = crate::worktree::recover::clear_stage(
            &self.root,
            &self.area,
            &plan,
            &|id| repo.exists(*id),
            &Shared { repo, known: &self.blobs },
        )?;
        self.kept.extend(kept);
        Ok(())
    }

    /// Takes the steps from the one numbered `from`, but for those that run something; stops at the first that fails,
    /// and between steps when a signal came and that is wanted.
    pub fn take_all(&mut self, steps: &[Step], from: usize, stop_on_signal: bool) -> Result<()> {
        for (at, step) in steps.iter().enumerate().skip(from).filter(|(_, step)| !step.runs()) {
            if let Some(signal) = self.talk.signal().filter(|_| stop_on_signal) {
                return Err(Error::new(Kind::Interrupted(signal), "interrupted"));
            }
            note_step(&self.session.layout, at)?;
            self.take(step, stop_on_signal)?;
            self.talk.step("step");
        }
        self.release_locks()
    }

    /// Takes the steps that run something, from the one numbered `from`: after all others, without git's locks, so
    /// that commands may use git. One that fails is no error: those behind it are left out, and the record says so.
    pub fn run_all(&mut self, steps: &[Step], from: usize) -> Result<()> {
        for (at, step) in steps.iter().enumerate().skip(from) {
            let Step::Run { phase, settings, files, at: place } = step else { continue };
            if !self.failures().is_empty() {
                break;
            }
            note_step(&self.session.layout, at)?;
            self.talk.step("run");
            self.ran.extend(super::tasks::run(self.session, self.talk, *phase, *settings, files, *place)?);
            self.talk.step("step");
        }
        Ok(())
    }

    /// What was run and failed, in sentences.
    pub fn failures(&self) -> Vec<String> {
        self.ran.iter().filter(|ran| !ran.ok).map(Ran::failure).collect()
    }

    /// Takes steps back, from the one numbered `from` down to the first.
    pub fn take_back(&mut self, steps: &[Step], from: usize) -> Result<()> {
        self.tasks_ran = steps.iter().take(from + 1).any(Step::runs);
        for at in (0..=from).rev() {
            let Some(step) = steps.get(at).filter(|step| !step.runs()) else { continue };
            note_step(&self.session.layout, at)?;
            self.take(&step.clone().reversed(), false)?;
            self.talk.step("step");
        }
        self.release_locks()
    }

    /// Whatever of git's locks no step needed.
    fn release_locks(&mut self) -> Result<()> {
        for lock in [self.locks.index.take(), self.locks.head.take()].into_iter().flatten() {
            lock.release()?;
        }
        Ok(())
    }

    fn take(&mut self, step: &Step, stop_on_signal: bool) -> Result<()> {
        let repo = &self.session.repo;
        match step {
            Step::MoveToTrash { path, slot } => self.trash(path, slot, true),
            Step::MoveFromTrash { path, slot } => self.trash(path, slot, false),
            Step::Worktree(change) => self.worktree(change, stop_on_signal),
            Step::GitFiles { files } => {
                files.iter().try_for_each(|file| self.git_file(file))?;
                remove_empty_state_dirs(repo.git_dir());
                Ok(())
            }
            Step::Ref { name, old, new, message } => repo.edit_ref(name, *old, *new, &self.who, message),
            Step::Stash { commit, message, new: true, .. } => repo.add_stash(*commit, &self.who, message),
            Step::Stash { commit, new: false, .. } => repo.remove_stash(*commit),
            Step::Upstream { branch, old, new } => repo.set_upstream(branch, old.as_ref(), new.as_ref()),
            Step::Head { old, new, old_commit, new_commit } => self.head(old, new, (*old_commit, *new_commit)),
            Step::Index { changes } => self.index(changes),
            Step::Submodule { path, old, new } => {
                super::nested::enter(self.session, self.talk, path, old.as_ref(), new.as_ref())
            }
            Step::Linked { path, branch, slot, settings, new } => {
                check_slot(slot)?;
                let settings = settings.map(|blob| Ok((FILE_NAME, repo.blob(blob)?))).transpose()?;
                let place = LinkedPlace::new(repo, Path::new(path), slot)?;
                let more = settings.as_slice();
                if *new { place.make(branch, more) } else { place.remove(more) }
            }
            // The log entry holds it: nothing else changes. What is run has its own turn.
            Step::Fact(_) | Step::Run { .. } => Ok(()),
            Step::Nested { repo, slot, new: true } => super::nested::make(self.session, &self.root, repo, slot),
            Step::Nested { repo, slot, new: false } => self.trash(&repo.path, slot, true),
        }
    }

    fn trash(&mut self, path: &RepoPath, slot: &str, out: bool) -> Result<()> {
        check_slot(slot)?;
        crate::worktree::check_path(path.as_bytes())?;
        let place = self.session.layout.trash().join(slot);
        let moved = if out {
            if let Some(mount) = Mounts::read().within(&self.root.show(path)) {
                Moved::LeftInPlace(format!("a file system is mounted at {}", mount.display()))
            } else {
                if let Some(parent) = place.parent() {
                    fs::create_dir_all_private(parent)?;
                }
                move_out(&self.root, path, &place)?
            }
        } else {
            if self.tasks_ran && place.symlink_metadata().is_ok() && self.root.stat(path)?.is_some() {
                self.move_aside(path, slot)?;
            }
            move_back(&self.root, &place, path)?
        };
        if let Moved::LeftInPlace(why) = moved {
            self.left.push(Skipped { path: path.clone(), why, size: None });
        }
        Ok(())
    }

    /// What a command made where something comes back: it is kept.
    fn move_aside(&mut self, path: &RepoPath, slot: &str) -> Result<()> {
        let aside = self.session.layout.trash().join(format!("{slot}d"));
        if let Moved::LeftInPlace(why) = move_out(&self.root, path, &aside)? {
            return Err(Error::new(Kind::Stopped, format!("{path} is in the way")).because(why));
        }
        self.kept.push(Kept { path: path.clone(), at: aside, why: "a command made it".to_owned() });
        Ok(())
    }

    fn worktree(&mut self, change: &WorktreeChange, stop_on_signal: bool) -> Result<()> {
        let removed: Vec<RepoPath> = change.remove_dirs.iter().map(|d| d.path.clone()).collect();
        // Before, because a file may be wanted where an empty directory stands; and after, for what files left.
        folders::remove_empty_dirs(&self.root, &removed)?;
        let look = |path| self.seen.get(path).map(|stat| Look { stat: *stat, since: self.looked });
        let changes: Vec<Change<'_>> =
            change.files.iter().map(|change| Change { change, seen: look(&change.path) }).collect();
        let bar = self.talk.progress("writing files", Some(changes.len() as u64));
        let talk = self.talk;
        let progress = |n: usize| {
            bar.set_total(changes.len() as u64);
            bar.advance(1);
            talk.step("file");
            let _ = n;
            if stop_on_signal && talk.interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let store = Shared { repo: &self.session.repo, known: &self.blobs };
        let applied =
            write::apply(&self.root, &self.area, &changes, &store, crate::host::threads(changes.len()), &progress)?;
        self.kept.extend(applied.kept);
        // Lists that are sorted become maps in one go.
        self.written.append(&mut applied.written.into_iter().collect());
        for file in change.files.iter().filter(|file| file.new.is_none()) {
            self.written.remove(&file.path);
        }
        let stored = |path: &RepoPath, blob| self.converted.get(path).copied().unwrap_or(blob);
        let content = |file: &FileChange| Some((file.path.clone(), stored(&file.path, file.new.as_ref()?.blob)));
        self.contents.append(&mut change.files.iter().filter_map(content).collect());
        folders::remove_empty_dirs(&self.root, &removed)?;
        let made: Vec<(RepoPath, Option<u32>)> = change.make_dirs.iter().map(|d| (d.path.clone(), d.perm)).collect();
        folders::make_dirs(&self.root, &made)?;
        let modes: Vec<(RepoPath, u32)> = change.dir_modes.iter().map(|d| (d.path.clone(), d.new)).collect();
        folders::set_dir_modes(&self.root, &modes)
    }

    fn git_file(&mut self, file: &GitFileChange) -> Result<()> {
        if !gitfiles::is_known(&file.name) {
            return Err(Error::fault(format!("{} is not a file of an interrupted operation", file.name)));
        }
        let repo = &self.session.repo;
        let place = repo.git_dir().join(file.name.to_os());
        let now = gitfiles::read(repo, &file.name)?;
        let id = now.as_ref().map(|bytes| name_of(ObjectKind::Blob, bytes)).transpose()?;
        if id == file.new {
            return Ok(());
        }
        if id != file.old && now.is_some() {
            // Somebody went on with the merge or rebase meanwhile: what they wrote is kept.
            let kept = self.area.kept.join(format!("git-{}", file.name.to_string().replace('/', "-")));
            fs::create_dir_all_private(&self.area.kept)?;
            fs::write_atomic(&kept, now.as_deref().unwrap_or_default())?;
            self.kept.push(Kept { path: file.name.clone(), at: kept, why: "it changed meanwhile".to_owned() });
        }
        match file.new {
            Some(blob) => {
                if let Some(parent) = place.parent() {
                    fs::create_dir_all(parent)?;
                }
                repo.write_whole(&place, &repo.blob(blob)?)?;
                fs::set_mode(&place, 0o666 & !crate::host::umask())
            }
            None => fs::remove_file_if_exists(&place).map(drop),
        }
    }

    fn head(&mut self, old: &Head, new: &Head, (from, to): (Option<ObjectId>, Option<ObjectId>)) -> Result<()> {
        let repo = &self.session.repo;
        let now = repo.head()?;
        if &now == new {
            let (Some(from), Some(to)) = (from, to) else { return Ok(()) };
            return repo.settle_head_log((from, to), &self.who, &new.moved_to(old), &old.moved_to(new));
        }
        if &now != old {
            return Err(Error::new(Kind::Busy, "HEAD was moved by somebody else meanwhile")
                .help("look at it with `git status`; then continue, or abort"));
        }
        let lock = match self.locks.head.take() {
            Some(lock) => lock,
            None => GitLock::take(&self.session.layout.lock_head(), &repo.git_dir().join("HEAD"))?,
        };
        // First the line, as with refs: a run that dies in between has written that.
        if let Some(to) = to {
            repo.log_head(from, to, &self.who, &old.moved_to(new))?;
        }
        lock.publish(|out| {
            out.write_all(new.file_contents().as_bytes()).map_err(|e| Error::io("cannot write HEAD", &e))
        })
    }

    fn index(&mut self, changes: &[IndexChange]) -> Result<()> {
        let repo = &self.session.repo;
        let path = repo.index_path();
        let mut index = match self.index.take().filter(|index| index.is_still(&path)) {
            Some(index) => index,
            None => Index::read(&path)?,
        };
        index.set_trust(repo.stat_trust());
        let mut edits = Vec::new();
        for change in changes {
            let now: Vec<_> = index.range_at(change.path.as_bytes()).map(|i| index.entry(i)).collect();
            if now != change.new && now != change.old {
                return Err(Error::new(Kind::Busy, format!("{} was staged by somebody else meanwhile", change.path))
                    .help("look at it with `git status`; unstage it, then continue, or abort"));
            }
            if now != change.new {
                edits.push((change.path.clone(), change.new.clone()));
            }
        }
        let edited = !edits.is_empty();
        if edited {
            index.replace(edits);
        }
        if !self.record_stats(&mut index) && !edited {
            return Ok(());
        }
        let lock = match self.locks.index.take() {
            Some(lock) => lock,
            None => GitLock::take(&self.session.layout.lock_index(), &repo.index_path())?,
        };
        lock.publish(|out| index.write(out))?;
        self.index_file = crate::git::index::stat_of_file(&path);
        Ok(())
    }

    /// Tells the index how the files look that were written with the content that it has for them, so that git need
    /// not read them; whether there was any.
    fn record_stats(&self, index: &mut Index) -> bool {
        let mut any = false;
        for (path, stat) in &self.written {
            let range = index.range_at(path.as_bytes());
            if range.len() != 1 {
                continue;
            }
            let (i, entry) = (range.start, index.entry(range.start));
            if entry.is_plain_but_marks() && self.content_is(path, entry.id) && index.mode_is_current(i, stat) {
                index.record_stat(i, stat);
                any = true;
            }
        }
        any
    }

    /// Whether a written file holds what the index entry says.
    fn content_is(&self, path: &RepoPath, id: ObjectId) -> bool {
        self.contents.get(path) == Some(&id)
    }

    /// What was kept, as the log records it.
    pub fn kept_files(&self) -> Vec<KeptFile> {
        let all = self.area.list_kept().unwrap_or_default();
        let mut out: Vec<KeptFile> = Vec::new();
        for kept in all.iter().chain(&self.kept) {
            let file = KeptFile { path: kept.path.clone(), at: kept.at.display().to_string() };
            if !out.contains(&file) {
                out.push(file);
            }
        }
        out
    }
}

/// A slot is `<operation>/<number>`; records are input, and must not lead elsewhere.
fn check_slot(slot: &str) -> Result<()> {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_hexdigit());
    match slot.split_once('/') {
        Some((operation, number)) if plain(operation) && plain(number) => Ok(()),
        _ => Err(Error::fault(format!("\"{slot}\" is not a place in the trash"))),
    }
}

fn remove_empty_state_dirs(git_dir: &std::path::Path) {
    for name in ["rebase-merge", "rebase-apply", "sequencer"] {
        // Only when empty: that is what this call does.
        drop(std::fs::remove_dir(git_dir.join(name)));
    }
}
