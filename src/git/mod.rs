//! The only code that names `git2` and `gix`, or starts `git`.

mod attributes;
mod checksum;
mod convert;
mod error;
pub mod ignore;
pub mod index;
mod index_tree;
mod linked;
mod merge;
mod objects;
pub mod odb;
mod pack;
mod patch;
mod pathspec;
mod process;
mod ref_edit;
mod refs;
mod repo;
mod rescue;
mod sparse;
mod staged;
#[cfg(test)]
pub(crate) mod testing;
mod tips;
mod tree;
mod upstream;

pub use attributes::{Attributes, Conversion, Text};
pub use convert::{ToSmudge, attributes_of, clean, smudge};
pub use ignore::{Keep, Rules};
pub use index::{CachedTree, Index, TreeNode, Trust};
pub use index_tree::index_tree;
pub use linked::Linked;
pub use merge::{Conflict, Labels, Merged, Merger, Ways};
pub use objects::{CommitInfo, Leaving, ReadBlobs, TagInfo, write_commit, write_tag};
pub use pack::{BIG, ObjectKind, ObjectSink, Published, clear_leftovers, name_of, name_stream};
pub use patch::{ContentPatch, content_patch};
pub use pathspec::Pathspecs;
pub use process::{DiffForm, diff_text, each_reachable, fsck, fsck_full, version};
pub use refs::{Ref, is_ref_name};
pub use repo::{Handles, Repo};
pub use rescue::{Damage, Rescued};
pub use sparse::SparsePatterns;
pub use staged::staged;
pub use tips::{Reflog, ReflogEntry, Tip};
pub use tree::{MODE_EXEC, MODE_FILE, MODE_GITLINK, MODE_LINK, MODE_TREE, TreeEntry, Trees, glob_matches};
