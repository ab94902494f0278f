//! What a command will do, as a value.

use super::{FileChange, Head, IndexChange, ObjectId, Phase, RepoPath};
use serde::{Deserialize, Serialize};

/// A directory and its permission bits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DirSpec {
    /// Where.
    pub path: RepoPath,
    /// Permission bits; `None`: as the system makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perm: Option<u32>,
}

/// Permission bits of a directory, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirMode {
    /// Where.
    pub path: RepoPath,
    /// Before.
    pub old: u32,
    /// After.
    pub new: u32,
}

/// A file of the git directory that tells of a merge, rebase, ... under way, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitFileChange {
    /// Its name below the git directory, such as `MERGE_HEAD` or `rebase-merge/done`.
    pub name: RepoPath,
    /// The blob with its bytes before; `None`: not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<ObjectId>,
    /// The blob with its bytes after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<ObjectId>,
}

/// Changes of the user's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorktreeChange {
    /// Files and links.
    pub files: Vec<FileChange>,
    /// Directories to make that no file needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub make_dirs: Vec<DirSpec>,
    /// Empty directories to remove.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove_dirs: Vec<DirSpec>,
    /// Permission bits of directories to set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dir_modes: Vec<DirMode>,
}

impl WorktreeChange {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.make_dirs.is_empty() && self.remove_dirs.is_empty() && self.dir_modes.is_empty()
    }

    fn reversed(self) -> Self {
        WorktreeChange {
            files: self.files.into_iter().map(|c| FileChange { path: c.path, old: c.new, new: c.old }).collect(),
            make_dirs: self.remove_dirs,
            remove_dirs: self.make_dirs,
            dir_modes: self.dir_modes.into_iter().map(|d| DirMode { path: d.path, old: d.new, new: d.old }).collect(),
        }
    }
}

/// One step of a plan. A step is data: it knows what it expects, what it wants, and its own reversal; carrying it
/// out twice is the same as once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// Rename a file or directory out of the worktree.
    MoveToTrash {
        /// Where it stands.
        path: RepoPath,
        /// Where it goes, below the trash.
        slot: String,
    },
    /// Rename it back.
    MoveFromTrash {
        /// Where it goes.
        path: RepoPath,
        /// Where it is, below the trash.
        slot: String,
    },
    /// Change files of the worktree.
    Worktree(WorktreeChange),
    /// Change the state of an interrupted merge, rebase, cherry-pick, revert or bisect.
    GitFiles {
        /// The files.
        files: Vec<GitFileChange>,
    },
    /// Move a ref.
    Ref {
        /// Its full name.
        name: String,
        /// What it points to before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        old: Option<ObjectId>,
        /// What it shall point to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        new: Option<ObjectId>,
        /// For the reflog.
        message: String,
    },
    /// Put an entry on the stash list, or take it off.
    Stash {
        /// The stash commit.
        commit: ObjectId,
        /// Its message.
        message: String,
        /// Whether it is on the list before.
        old: bool,
        /// Whether it shall be on the list.
        new: bool,
    },
    /// Let a branch follow a remote one, or no longer.
    Upstream {
        /// The branch, by its short name.
        branch: String,
        /// What it follows before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        old: Option<Upstream>,
        /// What it shall follow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        new: Option<Upstream>,
    },
    /// Point `HEAD` elsewhere.
    Head {
        /// Before.
        old: Head,
        /// After.
        new: Head,
        /// The commit `HEAD` leads to before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        old_commit: Option<ObjectId>,
        /// The commit it leads to afterwards.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        new_commit: Option<ObjectId>,
    },
    /// Change entries of the index.
    Index {
        /// The entries.
        changes: Vec<IndexChange>,
    },
    /// Make a nested repository file by file, or rename it out of the worktree.
    Nested {
        /// What it is.
        repo: super::NestedRepo,
        /// Where it goes when it leaves, below the trash.
        slot: String,
        /// Whether it shall be there.
        new: bool,
    },
    /// Run the tasks of a phase. What they are is read from the settings they come from, and only when those are
    /// allowed: a record is no command. It cannot be taken back, and comes after all that can.
    Run {
        /// Which tasks.
        phase: Phase,
        /// The blob with the settings file.
        settings: ObjectId,
        /// The files it is about.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<RepoPath>,
        /// The commit in whose temporary worktree they run; `None`: in the user's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<ObjectId>,
    },
    /// Bring a submodule's own worktree to a snapshot in its own repository.
    Submodule {
        /// Where it stands.
        path: RepoPath,
        /// Its state before.
        old: Option<SubmoduleState>,
        /// Its state after.
        new: Option<SubmoduleState>,
    },
    /// Make a linked worktree with a branch checked out, or remove it when nothing in it would be lost.
    Linked {
        /// Where it stands: an absolute path.
        path: String,
        /// The branch, by its short name.
        branch: String,
        /// A name of its own, for the directory in which it is made.
        slot: String,
        /// The blob with the settings file, where the branch has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settings: Option<ObjectId>,
        /// Whether it shall be there.
        new: bool,
    },
    /// Record a fact: nothing but the log changes.
    Fact(super::Fact),
}

/// What a branch follows, as git's configuration has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// The remote.
    pub remote: String,
    /// The ref there.
    pub merge: String,
}

impl std::fmt::Display for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.remote, self.merge.trim_start_matches("refs/heads/"))
    }
}

/// A submodule's state: a snapshot in its own repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmoduleState {
    /// The manifest commit there.
    pub snapshot: ObjectId,
    /// The blob with the bytes of its `.git` file.
    pub gitfile: ObjectId,
}

impl Step {
    /// Whether it runs something, which cannot be taken back.
    pub fn runs(&self) -> bool {
        matches!(self, Step::Run { .. })
    }

    /// The step that takes this one back; what was run cannot be, and is left out by who asks.
    pub fn reversed(self) -> Step {
        match self {
            Step::MoveToTrash { path, slot } => Step::MoveFromTrash { path, slot },
            Step::MoveFromTrash { path, slot } => Step::MoveToTrash { path, slot },
            Step::Worktree(change) => Step::Worktree(change.reversed()),
            Step::GitFiles { files } => Step::GitFiles {
                files: files.into_iter().map(|f| GitFileChange { name: f.name, old: f.new, new: f.old }).collect(),
            },
            Step::Ref { name, old, new, message } => Step::Ref { name, old: new, new: old, message },
            Step::Stash { commit, message, old, new } => Step::Stash { commit, message, old: new, new: old },
            Step::Upstream { branch, old, new } => Step::Upstream { branch, old: new, new: old },
            Step::Head { old, new, old_commit, new_commit } => {
                Step::Head { old: new, new: old, old_commit: new_commit, new_commit: old_commit }
            }
            Step::Index { changes } => Step::Index {
                changes: changes.into_iter().map(|c| IndexChange { path: c.path, old: c.new, new: c.old }).collect(),
            },
            Step::Nested { repo, slot, new } => Step::Nested { repo, slot, new: !new },
            Step::Linked { path, branch, slot, settings, new } => {
                Step::Linked { path, branch, slot, settings, new: !new }
            }
            Step::Submodule { path, old, new } => Step::Submodule { path, old: new, new: old },
            Step::Fact(fact) => Step::Fact(fact.reversed()),
            Step::Run { .. } => self,
        }
    }
}

/// The steps of a plan in the order they are taken, as they are stored (`docs/formats.md`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    /// The format's version.
    pub version: u32,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Steps {
    /// The version written now.
    pub const VERSION: u32 = 1;

    /// Steps in the order they are to be taken.
    pub fn new(steps: Vec<Step>) -> Self {
        Steps { version: Self::VERSION, steps }
    }

    /// The steps that take all of these back.
    #[must_use]
    pub fn reversed(self) -> Self {
        let steps = self.steps.into_iter().rev().filter(|step| !step.runs()).map(Step::reversed).collect();
        Steps { version: self.version, steps }
    }
}
