//! The user's files: finding out what they are, and changing them without losing one byte.

mod content;
pub mod dirs;
mod empty;
pub mod folders;
mod kept;
mod names;
pub mod recover;
mod renames;
mod replace;
mod stage;
pub mod trash;
pub mod write;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod recover_tests;
#[cfg(test)]
mod write_tests;
