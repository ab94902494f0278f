//! Looking again: is everything as planned?

use super::steps::Hands;
use crate::git::Index;
use crate::git::index::stat_of_file;
use crate::model::{FileChange, Head, ObjectId, RepoPath, Step};
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Files that are not as they were written. All processors look, each at its share.
fn changed_again(hands: &Hands<'_>, files: &[&FileChange]) -> Result<Vec<String>> {
    let (root, written) = (&hands.root, &hands.written);
    let look = |share: &[&FileChange]| -> Result<Vec<String>> {
        let (mut walker, mut out) = (root.walker(), Vec::new());
        for file in share {
            let now = walker.stat(&file.path)?;
            let as_wanted = match (&file.new, now) {
                (Some(_), Some(now)) => written.get(&file.path).is_some_and(|was| was.same_content(&now)),
                (None, now) => now.is_none_or(|now| now.is_dir()),
                (Some(_), None) => false,
            };
            if !as_wanted {
                out.push(format!("{} was changed again meanwhile: it is as you saved it", file.path));
            }
        }
        Ok(out)
    };
    let share = files.len().div_ceil(crate::host::threads(files.len() / ENOUGH + 1)).max(ENOUGH);
    std::thread::scope(|scope| {
        let running: Vec<_> =
            files.chunks(share).skip(1).map(|share| crate::host::beside(scope, move || look(share))).collect();
        let mut out = look(&files[..files.len().min(share)])?;
        for thread in running {
            out.extend(thread.join().unwrap_or_else(|_| Err(Error::fault("a thread ended unexpectedly")))?);
        }
        Ok(out)
    })
}

/// So many files are no work for several threads.
const ENOUGH: usize = 500;

/// What is not as the steps wanted it; empty: all is.
pub(super) fn differences(session: &Session, hands: &Hands<'_>, steps: &[Step]) -> Result<Vec<String>> {
    let repo = &session.repo;
    let mut out = Vec::new();
    let mut refs: BTreeMap<&str, Option<ObjectId>> = BTreeMap::new();
    let mut head: Option<&Head> = None;
    let back: BTreeSet<&RepoPath> = steps
        .iter()
        .filter_map(|step| match step {
            Step::MoveFromTrash { path, .. } => Some(path),
            _ => None,
        })
        .collect();
    for step in steps {
        match step {
            Step::Worktree(change) => {
                let files: Vec<&FileChange> = change.files.iter().filter(|f| !back.contains(&f.path)).collect();
                out.extend(changed_again(hands, &files)?);
            }
            Step::Ref { name, new, .. } => drop(refs.insert(name, *new)),
            Step::Upstream { branch, new, .. } if repo.upstream(branch) != *new => {
                out.push(format!("what {branch} follows was changed again meanwhile"));
            }
            Step::Head { new, .. } => head = Some(new),
            // The very file that was written: nobody has to read it again.
            Step::Index { .. }
                if hands.index_file.is_some() && stat_of_file(&repo.index_path()) == hands.index_file => {}
            Step::Index { changes } if !changes.is_empty() => {
                let index = Index::read(&repo.index_path())?;
                for change in changes {
                    let now: Vec<_> = index.range_at(change.path.as_bytes()).map(|i| index.entry(i)).collect();
                    if now != change.new {
                        out.push(format!("{} was staged again meanwhile", change.path));
                    }
                }
            }
            _ => {}
        }
    }
    for (name, id) in refs {
        if repo.reference(name)? != id {
            out.push(format!("{name} was moved again meanwhile"));
        }
    }
    if head.is_some_and(|head| repo.head().is_ok_and(|now| &now != head)) {
        out.push("HEAD was moved again meanwhile".to_owned());
    }
    Ok(out)
}
