//! Carrying out plans: check, snapshot, journal, steps, verify, log. There is no other way to change anything.

mod check;
pub mod gc;
mod leg;
pub mod nested;
mod record;
pub mod resume;
mod run;
mod steps;
mod tasks;
mod verify;

pub use record::done_report;
pub use run::{Ended, Finished, Locks, Planner, Request, Table, Waiting, plan_for, run};
pub use tasks::about;
