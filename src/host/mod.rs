//! The machine: clock, identity, environment, file system, processes.

pub mod mounts;
