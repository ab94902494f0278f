//! The user's files: finding out what they are, and changing them without losing one byte.

mod content;
pub mod dirs;
mod empty;
pub mod folders;
mod freshness;
mod kept;
mod listing;
pub mod recover;
mod renames;
mod replace;
pub mod scan;
pub mod split;
mod stage;
pub mod trash;
pub mod write;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod recover_tests;
#[cfg(test)]
mod write_tests;

pub use crate::model::{check_nested_path, check_path, check_paths};
pub use dirs::Root;
pub use scan::{EntryState, Found, IgnoredDetail, Scan, ScanOptions, absent_ignore_files, scan};
pub use split::{SplitIgnored, split_ignored};
pub use write::{Applied, Area, Blobs, Change, Kept, Look};
