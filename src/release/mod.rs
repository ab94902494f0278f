//! Releases: versions and how they are spelled, version files, tags, changelogs.

mod files;
mod version;

pub use files::{CommitTree, Edit, Place, Survey, Tree, bump};
pub use version::Version;

use crate::config::FileRule;

/// Something that is released under versions of its own: the whole repository, or one directory of it.
#[derive(Clone, Debug, Default)]
pub struct Package {
    /// Its name; `None`: the repository is one package.
    pub name: Option<String>,
    /// Its directory; empty: the top.
    pub path: String,
    /// Version files that the settings name. Without any that is named alone, files are found by themselves.
    pub files: Vec<FileRule>,
    /// The directories of the other packages.
    pub apart: Vec<String>,
}
