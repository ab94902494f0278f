//! The user's files: finding out what they are, and changing them without losing one byte.

mod listing;
pub mod scan;
pub mod split;
