//! What a version file says: its own version, its name, where it names others, and which files belong to it.

use super::doc::Node;
use super::spot::{Spelling, Spot};

/// What one file says.
#[derive(Clone, Debug, Default)]
pub(super) struct Manifest {
    /// Its own version: one spot, or several that say the same.
    pub own: Vec<Spot>,
    /// A version that it gives to others, and takes itself when it says so (`workspace.package.version`).
    pub shared: Vec<Spot>,
    /// It takes its version from another file: from a workspace above it, or from the parent of this name.
    pub inherits: Option<Inherited>,
    /// What other files call it.
    pub names: Vec<String>,
    /// Where it names a version of something else.
    pub mentions: Vec<Mention>,
    /// Directories (patterns, relative to its own) whose manifests belong to it.
    pub members: Vec<String>,
    /// Patterns of directories that do not.
    pub excluded: Vec<String>,
    /// Files (relative to its own directory) in which it says that its version is.
    pub points_to: Vec<String>,
    /// Whether it is spelled as Python does.
    pub python: bool,
    /// What a person should know about it.
    pub note: Option<String>,
}

/// Where a version comes from that a file takes from another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inherited {
    /// From the nearest workspace above.
    Workspace,
    /// From the parent of this name.
    Parent(String),
}

/// A place that names the version of something else.
#[derive(Clone, Debug)]
pub(super) struct Mention {
    /// What it names; `None`: this package itself, when the version is its.
    pub name: Option<String>,
    /// Whether it must say exactly the version that the other has (a lock file does).
    pub exact: bool,
    /// Where.
    pub spot: Spot,
}

impl Manifest {
    /// Adds its own version, when it stands at `keys`.
    pub fn own_at(&mut self, root: &Node, keys: &[&str], spelling: Spelling) {
        if let Some((value, span)) = root.text(keys) {
            self.own.push(Spot::new(keys.join("."), value, span, spelling));
        }
    }

    /// Adds a place that names a version.
    pub fn mention(&mut self, name: impl Into<String>, exact: bool, spot: Spot) {
        self.mentions.push(Mention { name: Some(name.into()), exact, spot });
    }
}
