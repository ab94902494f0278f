//! What the tool keeps: snapshots, points, the operation log, the journal, locks, the trash.

pub mod baselines;
pub mod capture;
pub mod durable;
pub mod facts;
pub mod gitfiles;
pub mod journal;
pub mod layout;
pub mod log;
pub mod nested;
pub mod passed;
pub mod points;
pub mod scene;
pub mod session;
pub mod snapshot;
pub mod survey;
pub mod tags;

pub mod underway;
mod unseen;
