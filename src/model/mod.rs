//! Pure values: no input, no output, nothing of git but its names.

mod file;
mod ids;
mod path;
pub mod report;
mod text;
mod time;

pub use file::{FileChange, FileKind, FileSpec, Stat};
pub use ids::ObjectId;
pub use path::RepoPath;
pub use text::readable;
pub use time::Time;
