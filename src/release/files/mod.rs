//! Version files: where a package's version stands, and the same files with another one.
//!
//! Files are never written anew from what was parsed: that loses line ends, comments and quotes. A parser tells where the bytes
//! of a value are, and only those are replaced ([`bump`]). Every place is checked before, and every file read again after.

mod bump;
mod cargo;
mod context;
mod doc;
mod dotnet;
mod kind;
mod lines;
mod manifest;
mod maven;
mod npm;
mod python;
mod spot;
#[cfg(test)]
mod tests;
mod tree;
mod version_files;
mod xml;

pub use bump::{Edit, bump};
pub use tree::{CommitTree, Tree};
pub use version_files::{Place, VersionFiles};
