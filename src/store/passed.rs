//! Which commits have passed which tests, so that they are not run twice.

use crate::config::trust;
use crate::git::Repo;
use crate::host::{clock, fs};
use crate::model::{ObjectId, Ran, Task, Time};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Tests that were passed (`docs/formats.md`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Passed {
    /// The format's version.
    pub version: u32,
    /// The tree that was tested.
    pub tree: ObjectId,
    /// When.
    pub at: Time,
    /// What was run.
    pub runs: Vec<Ran>,
}

impl Passed {
    const VERSION: u32 = 1;

    /// What is known of a tree and the commands that were run on it.
    pub fn read(repo: &Repo, tree: ObjectId, tasks: &[&Task]) -> Result<Option<Passed>> {
        let bytes = fs::read_capped(&place(repo, tree, tasks), 16 << 20)?;
        let passed: Option<Passed> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(passed.filter(|passed| passed.version <= Self::VERSION && passed.tree == tree))
    }

    /// Remembers that a tree has passed.
    pub fn write(repo: &Repo, tree: ObjectId, tasks: &[&Task], runs: Vec<Ran>) -> Result<()> {
        let passed = Passed { version: Self::VERSION, tree, at: clock::now(), runs };
        let bytes = serde_json::to_vec_pretty(&passed).map_err(|e| Error::fault("cannot write a record").because(e))?;
        let place = place(repo, tree, tasks);
        if let Some(dir) = place.parent() {
            fs::create_dir_all_private(dir)?;
        }
        fs::write_atomic(&place, &bytes)
    }
}

fn place(repo: &Repo, tree: ObjectId, tasks: &[&Task]) -> PathBuf {
    let name = trust::hash(format!("{tree} {tasks:?}").as_bytes());
    dir(repo).join(&name[..NAME_LENGTH])
}

/// The directory of these records, each a file.
pub fn dir(repo: &Repo) -> PathBuf {
    repo.common_dir().join("rollback/passed")
}

/// How long the name of a record is.
pub const NAME_LENGTH: usize = 32;
