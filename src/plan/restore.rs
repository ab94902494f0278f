//! `restore`: some paths of a place, nothing else.

use super::resolve::Place;
use super::transition::{Clean, Desk, Scope, Transition};
use super::{Plan, describe};
use crate::git::Pathspecs;
use crate::model::report::{Finding, Move, MoveKind, Severity};
use crate::model::{PathSet, RepoPath};
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeSet;

/// What was asked for.
#[derive(Debug)]
pub struct RestoreRequest {
    /// Bring back the index.
    pub staged: bool,
    /// Bring back the files.
    pub worktree: bool,
    /// Remove what the place does not have.
    pub no_overlay: bool,
    /// Run the tests that belong to the files afterwards.
    pub commands: bool,
    /// Which paths.
    pub paths: Pathspecs,
}

/// Makes the plan.
///
/// # Errors
/// Refused when a pathspec names nothing, there or here.
pub fn plan(session: &Session, desk: Desk<'_, '_>, place: &Place, request: &RestoreRequest) -> Result<Plan> {
    let scene = desk.scene;
    let mut plan = Plan { changes_state: true, ..Plan::default() };
    let target = place.target(&session.repo).map_err(|e| super::transition::missing_object(scene, e))?;
    refuse_outside(place, target.scope.as_ref(), &request.paths)?;
    let trees = scene.repo.trees()?.and_made_in(desk.sink);
    let tree = if request.staged && !request.worktree { target.index_tree } else { target.tree };
    let mut there: BTreeSet<RepoPath> =
        trees.files_within(tree, &|dir| request.paths.may_match_below(dir))?.into_keys().collect();
    there.extend(target.files.keys().cloned());
    there.retain(|path| !target.absent.contains(path) && request.paths.matches(path));
    let mut here: BTreeSet<RepoPath> = match request.paths.as_set() {
        Some(set) => {
            let named = set.iter().flat_map(|path| scene.index.range_at_and_below(path.as_bytes()));
            named.map(|i| RepoPath::new(scene.index.path(i))).collect()
        }
        None => {
            let tracked = (0..scene.index.len()).map(|i| scene.index.path(i));
            tracked.filter(|path| request.paths.matches_bytes(path)).map(RepoPath::new).collect()
        }
    };
    here.extend(scene.untracked.keys().filter(|path| request.paths.matches(path)).cloned());
    let idle = request.paths.unmatched(there.iter().chain(&here).collect::<Vec<_>>().into_iter());
    if let Some(idle) = idle.first() {
        return Err(Error::refused(format!("\"{idle}\" names no file, neither in {} nor here", place.typed))
            .help(format!("`git rollback show {}` lists what it holds", place.typed)));
    }
    let missing: Vec<&RepoPath> = here.difference(&there).collect();
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().take(5).map(ToString::to_string).collect();
        let what = if request.no_overlay { "leave" } else { "stay" };
        plan.report.findings.push(Finding {
            severity: Severity::Warn,
            message: format!(
                "{} does not have {} of these files; they {what}: {}",
                place.typed,
                missing.len(),
                names.join(", ")
            ),
            help: (!request.no_overlay).then(|| "--no-overlay removes them (they are saved first)".to_owned()),
        });
    }
    let scope = Scope {
        worktree: request.worktree,
        index: request.staged,
        git_files: false,
        folders: false,
        only: Some(&request.paths),
        overlay: !request.no_overlay,
        clean: Clean::None,
        carried: BTreeSet::new(),
        made: BTreeSet::new(),
        leaving: BTreeSet::new(),
    };
    plan.extra.commits.extend(place.snapshot.as_ref().map(|s| s.commit));
    plan.extra.commits.extend(place.commit);
    Transition::work_out(desk, &target, &scope)?.into_plan(&mut plan, Vec::new(), Vec::new())?;
    plan.report.moves =
        Some(Move { how: MoveKind::Stay, what: "HEAD".to_owned(), why: "only paths are brought back".to_owned() });
    plan.report.title = format!("Restore {} from {}", super::count(there.len(), "path", "paths"), place.what);
    if request.commands {
        super::validate::follow(session, desk, &mut plan)?;
    }
    plan.report.steps = describe::sentences(&plan.steps);
    plan.report.way_back = Some("git rollback undo".to_owned());
    Ok(plan)
}

/// The snapshot before another restore has only what that replaced.
fn refuse_outside(place: &Place, scope: Option<&PathSet>, paths: &Pathspecs) -> Result<()> {
    let Some(scope) = scope else { return Ok(()) };
    if paths.as_set().is_some_and(|set| set.iter().all(|path| scope.covers(path.as_bytes()))) {
        return Ok(());
    }
    let names: Vec<String> = scope.iter().take(5).map(ToString::to_string).collect();
    let more = if scope.iter().count() > names.len() { ", ..." } else { "" };
    Err(Error::refused(format!("{} holds some paths only: what a restore was about to replace", place.what))
        .because(format!("they are {}{more}", names.join(", ")))
        .help("name some of these, or take another point"))
}
