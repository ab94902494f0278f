//! One run of the program on one worktree.

use super::journal::{Journal, Phase};
use super::layout::Layout;
use super::points::stamp;
use crate::config::Config;
use crate::git::{ObjectKind, Repo, name_of};
use crate::host::{Talk, clock, fs};
use crate::model::Who;
use crate::{Error, Kind, Result};
use std::sync::atomic::{AtomicU32, Ordering};

/// The repository, our places in it, and the settings.
#[derive(Debug)]
pub struct Session {
    /// The repository.
    pub repo: Repo,
    /// Where our files are.
    pub layout: Layout,
    /// The settings.
    pub config: Config,
}

/// The name of an operation, and when it began.
#[derive(Clone, Debug)]
pub struct OperationName {
    /// Eight hexadecimal digits.
    pub id: String,
    /// A time that sorts as text.
    pub stamp: String,
    /// Who, and when.
    pub who: Who,
}

impl Session {
    /// Opens the repository of the current directory.
    pub fn open() -> Result<Session> {
        Self::of(Repo::open()?)
    }

    /// The same for the ways back, which must not hang on a settings file that cannot be understood: an older or newer
    /// version may just have brought it.
    pub fn open_to_go_back(talk: &dyn Talk) -> Result<Session> {
        let repo = Repo::open()?;
        match Config::load(&repo) {
            Err(error) if error.kind() == Kind::Refused => {
                talk.warn(&format!("{error}; it is left out of account"));
                let config = Config::without_file(&repo)?;
                Ok(Self::with(repo, config))
            }
            config => Ok(Self::with(repo, config?)),
        }
    }

    /// Opens the repository whose worktree's top is `top` (a submodule).
    pub fn open_at(top: &std::path::Path) -> Result<Session> {
        Self::of(Repo::open_at(top)?)
    }

    fn of(repo: Repo) -> Result<Session> {
        let config = Config::load(&repo)?;
        Ok(Self::with(repo, config))
    }

    fn with(repo: Repo, config: Config) -> Session {
        if crate::config::trust::allows_own_commands(&repo) {
            repo.allow_own_commands();
        }
        Session { layout: Layout::new(&repo), repo, config }
    }

    /// Who is at work, now.
    pub fn who(&self) -> Who {
        clock::identity(self.repo.config_string("user.name"), self.repo.config_string("user.email"))
    }

    /// A name for a new operation.
    pub fn name_operation(&self) -> Result<OperationName> {
        let (seconds, nanos) = clock::precise();
        // A run may name several, and the clock may stand still.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let seed = format!("{seconds}.{nanos} {} {number} {}", std::process::id(), self.repo.root().display());
        let mut id = name_of(ObjectKind::Blob, seed.as_bytes())?.to_string();
        id.truncate(8);
        Ok(OperationName { id, stamp: stamp(seconds, nanos), who: self.who() })
    }

    /// Takes our lock, and sees to it that no operation is unfinished.
    ///
    /// # Errors
    /// Busy when another run holds it; stopped when an operation waits for `continue` or `abort`.
    pub fn lock_for_change(&self) -> Result<fs::FileLock> {
        let lock = self.lock()?;
        self.refuse_unfinished()?;
        self.clear_leftovers()?;
        Ok(lock)
    }

    /// Refuses while an operation waits for `continue` or `abort`.
    pub fn refuse_unfinished(&self) -> Result<()> {
        Journal::read(&self.layout)?.map_or(Ok(()), |journal| Err(unfinished(&journal)))
    }

    /// Takes our lock.
    pub fn lock(&self) -> Result<fs::FileLock> {
        self.refuse_links()?;
        fs::create_dir_all_private(self.layout.area())?;
        let path = self.layout.lock();
        let started = clock::instant();
        loop {
            if let Some(lock) = fs::FileLock::try_acquire(&path)? {
                return Ok(lock);
            }
            if started.elapsed().as_secs() >= PATIENCE {
                let holder = fs::FileLock::holder(&path).unwrap_or_else(|| "another run".to_owned());
                return Err(Error::new(Kind::Busy, "another git rollback is at work in this worktree")
                    .because(holder)
                    .help("wait until it is done, then try again"));
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// Our directories must not be links: a copied repository could bring ones that lead anywhere.
    fn refuse_links(&self) -> Result<()> {
        let layout = &self.layout;
        let area = layout.area();
        let below = [layout.stage(), layout.trash(), area.join("kept"), area.join("scratch"), layout.lock()];
        let places = area.parent().into_iter().chain([area]).chain(below.iter().map(std::path::PathBuf::as_path));
        for place in places {
            if place.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
                return Err(Error::refused(format!(
                    "{} is a symbolic link, which this tool never makes",
                    place.display()
                ))
                .help("look where it leads, then remove it"));
            }
        }
        Ok(())
    }

    /// Whether another run holds our lock at this moment. Takes and makes nothing.
    pub fn is_at_work(&self) -> Result<bool> {
        let path = self.layout.lock();
        Ok(path.exists() && fs::FileLock::is_held(&path)?)
    }

    /// Removes what a run left that died before it had touched anything. Only under our lock.
    pub fn clear_leftovers(&self) -> Result<()> {
        use crate::host::gitlock::GitLock;
        GitLock::clear_stale(&self.layout.lock_index(), &self.repo.index_path())?;
        GitLock::clear_stale(&self.layout.lock_head(), &self.repo.git_dir().join("HEAD"))?;
        // Without a journal, or while a person is waited for, how far the steps are means nothing.
        fs::remove_file_if_exists(&self.layout.progress())?;
        fs::remove_scratch(&self.layout.area().join("scratch"))?;
        crate::git::clear_linked(&self.repo)?;
        crate::git::clear_leftovers(&self.repo)
    }
}

/// How long another run is waited for, seconds.
const PATIENCE: u64 = 10;

/// The refusal while an operation is unfinished.
pub fn unfinished(journal: &Journal) -> Error {
    let operation = &journal.operation;
    let what = format!("{} ({})", operation.title, operation.id);
    let waiting = journal.pause.as_ref().filter(|_| journal.phase == Phase::Waiting);
    let error = match waiting.and_then(|pause| pause.why.as_ref()) {
        Some(why) => Error::refused(format!("an operation waits for you: {what}"))
            .because(why)
            .help("when that is done, go on with `git rollback continue`")
            .help("leave that commit out with `git rollback skip`"),
        None => Error::refused(format!("an operation was interrupted: {what}"))
            .help("finish it with `git rollback continue`"),
    };
    error.help("or take it back with `git rollback abort`")
}
