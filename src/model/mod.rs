//! Pure values: no input, no output, nothing of git but its names.

mod file;
mod ids;
mod path;

pub use file::{FileChange, FileKind, FileSpec, Stat};
pub use ids::ObjectId;
pub use path::RepoPath;
