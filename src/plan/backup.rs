//! `backup`: a stash entry, and a clean tree when asked.

use super::target::Target;
use super::transition::{Clean, Desk, Scope, Transition};
use super::{NewPoint, Plan, describe};
use crate::model::Step;
use crate::model::report::{Finding, Severity};
use crate::store::points::reference_of;
use crate::store::session::OperationName;
use crate::store::snapshot::Stash;
use crate::{Error, Result};

/// Makes the plan; `message` is the one of the stash entry.
///
/// # Errors
/// Refused when there is nothing to save, or the state cannot be put on a stash list.
pub fn plan(desk: Desk<'_, '_>, stash: &Stash, name: &OperationName, message: &str, clean: bool) -> Result<Plan> {
    let scene = desk.scene;
    if scene.head_commit.is_none() {
        return Err(Error::refused("there is no commit yet, and git's stash needs one")
            .help("`git rollback checkpoint` saves this state all the same"));
    }
    if !scene.has_unsaved_work() && desk.index_tree == scene.head_tree {
        return Err(Error::refused("there is nothing to back up: everything is committed"));
    }
    let mut plan = Plan { changes_state: clean, ..Plan::default() };
    let on_list = Step::Stash { commit: stash.commit, message: message.to_owned(), old: false, new: true };
    if clean {
        let target = Target::of_tree(scene.head_tree);
        let scope = Scope::whole(Clean::Untracked);
        Transition::work_out(desk, &target, &scope)?.into_plan(&mut plan, vec![on_list], Vec::new())?;
    } else {
        plan.steps.push(on_list);
    }
    // The stash entry is safe on its own list; the point makes it findable beside the others.
    let point = NewPoint {
        kind: "backup".to_owned(),
        name: format!("backup-{}", name.stamp.replace('.', "-")),
        message: message.to_owned(),
        reference: String::new(),
    };
    let reference = reference_of(&name.stamp, &point.kind, &point.name);
    plan.point = Some(point.name.clone());
    plan.point_on_snapshot = Some(NewPoint { reference, ..point });
    let under_way = crate::store::gitfiles::in_progress(scene.repo.git_dir());
    if !under_way.is_empty() {
        plan.report.findings.push(Finding {
            severity: Severity::Warn,
            message: format!(
                "a stash entry cannot hold the {} under way: `git rollback to {}` brings that back too",
                under_way.join(" and "),
                plan.point.as_deref().unwrap_or_default()
            ),
            help: None,
        });
    }
    plan.report.title = if clean { "Back up everything and clean the tree" } else { "Back up everything" }.to_owned();
    plan.report.steps = describe::sentences(&plan.steps);
    plan.report.way_back = Some(if clean { "git rollback undo" } else { "git stash drop" }.to_owned());
    Ok(plan)
}
