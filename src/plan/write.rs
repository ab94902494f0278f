//! Files that the program itself writes into the worktree: reports.

use super::target::Target;
use super::transition::{Clean, Desk, Scope, Transition};
use super::{Plan, describe};
use crate::Result;
use crate::git::ObjectKind;
use crate::model::{FileKind, FileSpec, Perms, RepoPath};
use std::collections::BTreeMap;

/// Adds the bytes of new files, which are to stand in the worktree.
pub(super) fn specs(
    desk: Desk<'_, '_>,
    plan: &mut Plan,
    files: &BTreeMap<RepoPath, String>,
) -> Result<BTreeMap<RepoPath, FileSpec>> {
    let mode = Perms::of_umask(crate::host::umask()).usual(false);
    let mut out = BTreeMap::new();
    for (path, text) in files {
        let blob = desk.sink.add(ObjectKind::Blob, text.as_bytes())?;
        // `redo` writes them again.
        plan.extra.wanted.insert(path.clone(), blob);
        out.insert(path.clone(), FileSpec { kind: FileKind::File, mode, blob });
    }
    Ok(out)
}

/// Plans writing some files; all others stay, and so do index and `HEAD`.
pub fn plan(desk: Desk<'_, '_>, files: &BTreeMap<RepoPath, String>, title: String) -> Result<Plan> {
    let mut plan = Plan { changes_state: true, ..Plan::default() };
    let mut target = Target::of_tree(desk.index_tree);
    target.files = specs(desk, &mut plan, files)?;
    let only = |path: &RepoPath| files.contains_key(path);
    let scope = Scope { index: false, git_files: false, only: Some(&only), ..Scope::whole(Clean::None) };
    Transition::work_out(desk, &target, &scope)?.into_plan(&mut plan, Vec::new(), Vec::new())?;
    plan.report.title = title;
    plan.report.steps = describe::sentences(&plan.steps);
    plan.report.way_back = Some("git rollback undo".to_owned());
    Ok(plan)
}
