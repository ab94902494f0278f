//! The machine: clock, identity, environment, file system, processes.

pub mod fs;
pub mod gitlock;
