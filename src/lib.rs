//! Go back to any known-good state of a git repository; lose nothing; come back again.

pub mod cli;
pub mod commands;
pub mod config;
pub mod engine;
pub mod error;
pub mod git;
pub mod host;
pub mod model;
pub mod plan;
pub mod render;
pub mod store;
pub mod worktree;

pub use error::{Error, Kind, Result};
