//! Releases: versions and how they are spelled, version files, tags, what is recorded about them.

mod files;
mod package;
pub mod records;
mod tags;
mod version;

pub use files::{CommitTree, Edit, Place, Tree, VersionFiles, bump};
pub use package::Package;
pub use records::{Detail, Releases};
pub use tags::{TagNames, VersionTag};
pub use version::Version;
