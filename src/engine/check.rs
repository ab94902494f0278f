//! What must hold before anything is touched; everything that was found is said at once.

use super::run::Request;
use crate::Result;
use crate::model::report::{Finding, Severity};
use crate::model::{RepoPath, Step};
use crate::plan::Plan;
use crate::store::layout::{LOG, POINTS, REFS, SNAPSHOTS};
use crate::store::scene::Scene;
use crate::store::session::Session;
use std::collections::BTreeSet;

/// Adds what stands in the way to the plan's findings.
pub(super) fn check(session: &Session, scene: &Scene<'_>, request: &Request, plan: &mut Plan) -> Result<()> {
    let mut found = Vec::new();
    if session.config.reason_required && request.reason.is_none() && request.command == "to" {
        found.push(block("the settings ask for a reason", "add --reason \"why\""));
    }
    found.extend(unwritable(scene, plan)?);
    found.extend(no_space(session, scene, plan)?);
    found.extend(refs_in_the_way(session)?);
    plan.report.findings.extend(found);
    Ok(())
}

fn block(message: impl Into<String>, help: &str) -> Finding {
    Finding { severity: Severity::Block, message: message.into(), help: Some(help.to_owned()) }
}

/// Directories in which files change must be writable.
fn unwritable(scene: &Scene<'_>, plan: &Plan) -> Result<Vec<Finding>> {
    let mut dirs: BTreeSet<RepoPath> = BTreeSet::new();
    for step in &plan.steps {
        let paths: Vec<&RepoPath> = match step {
            Step::Worktree(change) => change.files.iter().map(|c| &c.path).collect(),
            Step::MoveToTrash { path, .. } | Step::MoveFromTrash { path, .. } => vec![path],
            _ => continue,
        };
        dirs.extend(paths.into_iter().map(|path| RepoPath::new(path.parent())));
    }
    let mut out = Vec::new();
    for dir in dirs {
        let place = scene.repo.root().join(dir.to_os());
        if place.is_dir() && !crate::host::fs::is_writable_dir(&place) {
            let shown = if dir.as_bytes().is_empty() { ".".to_owned() } else { dir.to_string() };
            out.push(block(format!("the directory {shown} cannot be written"), "`chmod u+w` it, then try again"));
        }
    }
    out.truncate(10);
    Ok(out)
}

/// A ref cannot stand where others have their directory: one that somebody made there would stop the operation at
/// its end, when it is written into the log.
fn refs_in_the_way(session: &Session) -> Result<Vec<Finding>> {
    let mut out = Vec::new();
    for dir in [REFS, LOG, SNAPSHOTS, POINTS] {
        let name = dir.trim_end_matches('/');
        if session.repo.reference(name)?.is_some() {
            let message = format!("the ref {name} stands where this tool keeps refs of its own");
            out.push(block(message, &format!("it is not one of this tool's: `git update-ref -d {name}` removes it")));
        }
    }
    Ok(out)
}

/// What is about to be written must fit, with room to spare.
fn no_space(session: &Session, scene: &Scene<'_>, plan: &Plan) -> Result<Option<Finding>> {
    let free = crate::host::fs::available_space(session.repo.common_dir())?;
    if free >= PLENTY {
        return Ok(None);
    }
    let saved = scene.changed.values().flatten().chain(scene.untracked.values()).chain(scene.ignored.values());
    let mut need: u64 = MARGIN + saved.map(|saved| saved.stat.size).sum::<u64>();
    for step in &plan.steps {
        if let Step::Worktree(change) = step {
            for spec in change.files.iter().filter_map(|c| c.new.as_ref()) {
                // Most were read just now; asking for one more costs as much as reading it.
                let size = match plan.blobs.get(&spec.blob) {
                    Some(bytes) => bytes.len() as u64,
                    None => session.repo.blob_size(spec.blob).unwrap_or(0),
                };
                need += size + 4096;
            }
        }
    }
    let mib = |bytes: u64| bytes.div_ceil(1 << 20);
    Ok((need > free).then(|| {
        block(
            format!("not enough space: about {} MiB are needed and {} MiB are free", mib(need), mib(free)),
            "free some space (`git gc` may help), then try again",
        )
    }))
}

/// With this much free nothing needs to be counted.
const PLENTY: u64 = 8 << 30;
/// Room for the index, the journal and the log.
const MARGIN: u64 = 2 << 20;
