//! Where `HEAD` points.

use super::ObjectId;
use serde::{Deserialize, Serialize};

/// What `HEAD` says: a branch (which may have no commit yet) or a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Head {
    /// The full name of a ref, `refs/heads/main`.
    Branch(String),
    /// A commit.
    Detached(ObjectId),
}

impl Head {
    /// The branch's short name.
    pub fn branch(&self) -> Option<&str> {
        match self {
            Head::Branch(name) => Some(name.strip_prefix("refs/heads/").unwrap_or(name)),
            Head::Detached(_) => None,
        }
    }

    /// What the reflog says of switching from here: git reads it for `git checkout -` and `@{-1}`
    /// (<https://git-scm.com/docs/gitrevisions>).
    pub fn moved_to(&self, new: &Head) -> String {
        let name = |head: &Head| match head {
            Head::Branch(_) => head.branch().unwrap_or_default().to_owned(),
            Head::Detached(id) => id.to_string(),
        };
        format!("checkout: moving from {} to {}", name(self), name(new))
    }

    /// The bytes of the file `HEAD`.
    pub fn file_contents(&self) -> String {
        match self {
            Head::Branch(name) => format!("ref: {name}\n"),
            Head::Detached(id) => format!("{id}\n"),
        }
    }
}
