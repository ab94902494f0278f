//! Opening a repository, and what kind of repository it is.

use super::error::{GitContext, not_found};
use super::refs::PackedCache;
use super::settings::Configuration;
use crate::model::{Head, ObjectId};
use crate::{Error, Result};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once};

/// A repository with a worktree: the one the program stands in.
pub struct Repo {
    pub(super) git: git2::Repository,
    handles: Handles,
    pub(super) configuration: Configuration,
    pub(super) packed: PackedCache,
    runs_own: Cell<bool>,
}

/// What threads may share of a repository: its places, and its objects through handles of their own
/// (`git2::Repository` cannot be shared).
pub struct Handles {
    root: PathBuf,
    git_dir: PathBuf,
    common_dir: PathBuf,
    spare: Mutex<Vec<git2::Repository>>,
}

impl std::ops::Deref for Repo {
    type Target = Handles;

    fn deref(&self) -> &Handles {
        &self.handles
    }
}

impl Repo {
    /// Opens the repository that the current directory belongs to, as `git` would (`GIT_DIR` and
    /// `GIT_WORK_TREE` count).
    ///
    /// # Errors
    /// Refused: no repository, a bare one, one of another owner, or of a format that is not supported.
    pub fn open() -> Result<Repo> {
        initialise()?;
        let git = git2::Repository::open_from_env().map_err(open_error)?;
        let repo = Self::from_handle(git)?;
        repo.refuse_elsewhere()?;
        Ok(repo)
    }

    /// The worktree must be where a person, and git, would expect it.
    fn refuse_elsewhere(&self) -> Result<()> {
        use crate::host::env;
        if env::var_os("GIT_WORK_TREE").is_some() {
            return Ok(());
        }
        let cwd = env::current_dir();
        let here = |dir: &Path| cwd.as_ref().is_ok_and(|cwd| cwd.starts_with(dir));
        if env::var_os("GIT_DIR").is_none() {
            if here(self.root()) || here(self.git_dir()) {
                return Ok(());
            }
            return Err(Error::refused(
                "the configuration of this repository (core.worktree) points to another directory",
            )
            .because(format!("its worktree is {}", self.root().display()))
            .help("change into that directory, or correct it with `git config --unset core.worktree`"));
        }
        // With GIT_DIR alone git takes the current directory for the top of the worktree; libgit2 does not.
        let top = cwd.as_ref().is_ok_and(|cwd| cwd.canonicalize().is_ok_and(|cwd| cwd == self.root()));
        if top || self.config_string("core.worktree").is_some() {
            return Ok(());
        }
        Err(Error::refused("GIT_DIR is set and GIT_WORK_TREE is not: git would take this directory for the worktree")
            .because(format!("the repository's own worktree is {}", self.root().display()))
            .help("set GIT_WORK_TREE too, or unset GIT_DIR"))
    }

    /// Opens the repository whose worktree's top is `top` (a submodule).
    pub fn open_at(top: &Path) -> Result<Repo> {
        initialise()?;
        #[expect(clippy::disallowed_methods, reason = "the one place that opens repositories")]
        let git = git2::Repository::open(top).map_err(open_error)?;
        Self::from_handle(git)
    }

    fn from_handle(git: git2::Repository) -> Result<Repo> {
        let Some(root) = git.workdir().map(Path::to_owned) else {
            return Err(Error::refused("this is a bare repository: it has no worktree to save or roll back")
                .help("run the command inside a worktree of it (`git worktree add PATH BRANCH` makes one)"));
        };
        let root = root.canonicalize().map_err(|e| Error::io("cannot find the top of the worktree", &e))?;
        let git_dir = canonical(git.path())?;
        let common_dir = canonical(git.commondir())?;
        let handles = Handles { root, git_dir, common_dir, spare: Mutex::new(Vec::new()) };
        let (configuration, packed, runs_own) = (Configuration::default(), PackedCache::default(), Cell::new(false));
        let repo = Repo { git, handles, configuration, packed, runs_own };
        repo.refuse_unsupported()?;
        Ok(repo)
    }

    /// Whether the history was cut off by `git clone --depth`.
    pub fn is_shallow(&self) -> bool {
        self.git.is_shallow()
    }

    /// What `HEAD` says.
    pub fn head(&self) -> Result<Head> {
        let head = self.git.find_reference("HEAD").context("cannot read HEAD")?;
        if let Ok(Some(target)) = head.symbolic_target() {
            return Ok(Head::Branch(target.to_owned()));
        }
        match head.target() {
            Some(id) => Ok(Head::Detached(id.into())),
            None => Err(Error::refused("HEAD points to a name that is not valid UTF-8, which is not supported")),
        }
    }

    /// The commit that `head` leads to; `None` when its branch has no commit yet.
    pub fn head_commit(&self, head: &Head) -> Result<Option<ObjectId>> {
        match head {
            Head::Detached(id) => Ok(Some(*id)),
            Head::Branch(name) => self.reference(name),
        }
    }

    /// The names of the remotes.
    pub fn remotes(&self) -> Vec<String> {
        let Ok(names) = self.git.remotes() else { return Vec::new() };
        names.iter().flatten().flatten().map(str::to_owned).collect()
    }

    /// From now on the commands that only the repository defines may run: its user has allowed them.
    pub fn allow_own_commands(&self) {
        self.runs_own.set(true);
    }

    /// Whether they may run.
    pub(super) fn runs_own_commands(&self) -> bool {
        self.runs_own.get()
    }

    /// Which parts of a file's stat data count here.
    pub fn stat_trust(&self) -> super::index::Trust {
        let on = |key| self.config_bool(key) != Some(false);
        super::index::Trust {
            ctime: on("core.trustctime"),
            exec_bit: on("core.filemode"),
            symlinks: on("core.symlinks"),
        }
    }

    /// The user's own file of ignore rules.
    pub fn excludes_file(&self) -> Option<PathBuf> {
        self.config_path("core.excludesfile").or_else(|| {
            let base = crate::host::env::var_os("XDG_CONFIG_HOME").filter(|v| !v.is_empty()).map(PathBuf::from);
            let base =
                base.or_else(|| crate::host::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")));
            base.map(|base| base.join("git/ignore"))
        })
    }

    fn refuse_unsupported(&self) -> Result<()> {
        if self.config_string("extensions.refstorage").is_some_and(|v| v != "files") {
            return Err(Error::refused("this repository keeps its refs in a format that is not supported (reftable)")
                .help("`git refs migrate --ref-format=files` converts it"));
        }
        Ok(())
    }
}

impl Handles {
    /// The top of the worktree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The git directory of this worktree.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The git directory that all linked worktrees share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The file of the index.
    pub fn index_path(&self) -> PathBuf {
        self.git_dir.join("index")
    }

    /// A name for this worktree that is unique in the repository: `main`, or `wt-` and git's own id of a linked one.
    pub fn worktree_id(&self) -> String {
        match self.git_dir.file_name().filter(|_| self.git_dir != self.common_dir) {
            Some(name) => format!("wt-{}", name.to_string_lossy()),
            None => "main".to_owned(),
        }
    }

    /// Our directory for this worktree.
    pub fn area(&self) -> PathBuf {
        self.common_dir().join("rollback").join(self.worktree_id())
    }

    /// Runs `work` with a repository handle of its own, for use on any thread.
    pub(super) fn with_handle<T>(&self, work: impl FnOnce(&git2::Repository) -> Result<T>) -> Result<T> {
        let spare = self.spare.lock().unwrap_or_else(|e| e.into_inner()).pop();
        let handle = match spare {
            Some(handle) => handle,
            #[expect(clippy::disallowed_methods, reason = "the one place that opens repositories")]
            None => git2::Repository::open(&self.git_dir).context("cannot open the repository")?,
        };
        let out = work(&handle);
        self.spare.lock().unwrap_or_else(|e| e.into_inner()).push(handle);
        out
    }
}

impl std::fmt::Debug for Repo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repo").field("root", &self.root()).finish_non_exhaustive()
    }
}

fn canonical(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|e| Error::io(format!("cannot find {}", path.display()), &e))
}

/// Switches on what libgit2 leaves off: it makes no fsync at all by default, and `git2` has no call for it.
fn initialise() -> Result<()> {
    static ONCE: Once = Once::new();
    static FAILED: Mutex<bool> = Mutex::new(false);
    ONCE.call_once(|| {
        git2::opts::strict_object_creation(true);
        git2::opts::strict_hash_verification(true);
        libgit2_sys::init();
        #[expect(unsafe_code, reason = "git2 has no wrapper for this option; one integer argument as documented")]
        // SAFETY: the library is initialised and the option takes one int, as libgit2's `git_libgit2_opts` says.
        let code = unsafe {
            libgit2_sys::git_libgit2_opts(
                libgit2_sys::GIT_OPT_ENABLE_FSYNC_GITDIR as std::os::raw::c_int,
                1 as std::os::raw::c_int,
            )
        };
        *FAILED.lock().unwrap_or_else(|e| e.into_inner()) = code != 0;
    });
    if *FAILED.lock().unwrap_or_else(|e| e.into_inner()) {
        return Err(Error::fault("libgit2 refuses to sync its files to disk; nothing would be safe"));
    }
    Ok(())
}

fn open_error(e: git2::Error) -> Error {
    let message = e.message().to_owned();
    if e.code() == git2::ErrorCode::Owner {
        return Error::refused("this repository belongs to another user")
            .because(&message)
            .help("if you trust it: `git config --global --add safe.directory \"$(pwd)\"`");
    }
    if not_found(&e) {
        return Error::refused("this is not a git repository (nor is any directory above it)")
            .help("change into a repository, or make one with `git init`");
    }
    if message.contains("refstorage") {
        return Error::refused("this repository keeps its refs in a format that is not supported (reftable)")
            .help("`git refs migrate --ref-format=files` converts it");
    }
    if message.contains("unsupported") || message.contains("unknown object format") || message.contains("version") {
        return Error::refused("this repository has a format that is not supported")
            .because(&message)
            .help("supported are SHA-1 repositories with refs in files; save your work here with `git stash push -u`");
    }
    Error::refused("cannot open the repository").because(message)
}
