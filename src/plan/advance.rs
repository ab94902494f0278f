//! A release commit on the branch that `HEAD` is on: the branch goes forward, and what is not committed stays as it is.

use super::Plan;
use super::release_commit::ReleaseCommit;
use super::target::Target;
use super::transition::{Clean, Desk, Scope, Transition};
use crate::model::{HeadAt, ObjectId, RepoPath, Step};
use crate::store::gitfiles;
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeSet;

/// Plans it; `Ok(false)`: `HEAD` is on no branch that ends at `source`, the commit below.
///
/// # Errors
/// Refused: a file that gets the new version is edited, or a merge or the like is under way.
pub(super) fn advance(
    session: &Session,
    desk: Desk<'_, '_>,
    plan: &mut Plan,
    source: ObjectId,
    made: &ReleaseCommit,
    message: &str,
) -> Result<bool> {
    let scene = desk.scene;
    let Some(branch) = scene.head.branch().filter(|_| scene.head_commit == Some(source)) else { return Ok(false) };
    let name = format!("refs/heads/{branch}");
    let under_way = gitfiles::in_progress(session.repo.git_dir());
    if let [first, ..] = under_way[..] {
        return Err(Error::refused(format!("git has a {first} under way on {branch}"))
            .help(format!("end it first: `git {first} --continue`, or `--abort`")));
    }
    let files: BTreeSet<RepoPath> = made.files.iter().map(|file| RepoPath::from(file.as_str())).collect();
    refuse_edited(session, desk, &files)?;
    let only = |path: &RepoPath| files.contains(path);
    let scope = Scope { git_files: false, folders: false, only: Some(&only), ..Scope::whole(Clean::None) };
    let target = Target::of_tree(made.tree);
    let step = Step::Ref { name, old: Some(source), new: Some(made.id), message: message.to_owned() };
    Transition::work_out(desk, &target, &scope)?.into_plan(plan, vec![step], Vec::new())?;
    plan.changes_state = true;
    plan.after = Some(HeadAt { head: scene.head.clone(), commit: Some(made.id) });
    Ok(true)
}

/// Files that get the new version must be as they are committed.
fn refuse_edited(session: &Session, desk: Desk<'_, '_>, files: &BTreeSet<RepoPath>) -> Result<()> {
    let scene = desk.scene;
    let changed = files.iter().filter(|path| scene.changed.contains_key(*path));
    let mut edited: BTreeSet<RepoPath> = changed.cloned().collect();
    let trees = session.repo.trees()?.and_made_in(desk.sink);
    trees.diff(scene.head_tree, desk.index_tree, &mut |path, _, _| {
        edited.extend(Some(path).filter(|path| files.contains(path)));
        Ok(())
    })?;
    if edited.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = edited.iter().map(ToString::to_string).collect();
    let names = names.join(", ");
    Err(Error::refused(format!("{names} would get the new version, and has changes that are not committed"))
        .help("commit them, or put them aside with `git rollback backup --clean`"))
}
