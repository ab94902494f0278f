//! Releases: versions and how they are spelled, version files, tags, what is recorded about them.

mod changelog;
pub mod diagnosis;
mod files;
pub mod hotfix;
mod package;
pub mod records;
mod remote;
mod tags;
mod text;
mod version;

pub use changelog::{Changelog, Entry, changelog_in};
pub use files::{CommitTree, Edit, Place, Tree, VersionFiles, bump};
pub use hotfix::Hotfix;
pub use package::Package;
pub use records::{Detail, Releases};
pub use remote::{RemoteTag, remote_of, remote_tags};
pub use tags::{TagNames, VersionTag};
pub use version::Version;
