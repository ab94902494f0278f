//! Pure values: no input, no output, nothing of git but its names.

mod fact;
mod file;
mod head;
mod ids;
mod index_entry;
mod lost;
mod manifest;
mod operation;
mod path;
mod plan;
mod ran;
pub mod report;
pub mod stats;
mod task;
mod text;
mod time;
mod trouble;
mod who;
mod words;

pub use fact::Fact;
pub use file::{FileChange, FileKind, FileSpec, Stat};
pub use head::Head;
pub use ids::ObjectId;
pub use index_entry::{EntryFlags, IndexChange, IndexEntry};
pub use lost::{LostItem, LostKind, LostName, Prune, Reach};
pub use manifest::{FileDetail, GitFile, IndexAt, Manifest, NestedFile, NestedRepo, Perms, Skipped, SubmoduleAt};
pub use operation::{FileCounts, HeadAt, KeptFile, Operation, RefMove, SnapshotName, TrashItem};
pub use path::RepoPath;
pub use plan::{DirMode, DirSpec, GitFileChange, Step, Steps, SubmoduleState, Upstream, WorktreeChange};
pub use ran::Ran;
pub use task::{Action, HttpCheck, Phase, Task, quoted};
pub use text::readable;
pub use time::{Edge, Time};
pub use trouble::{Impact, Trouble};
pub use who::Who;
pub use words::nearest;
