//! Running the tests after each commit that is picked.

use super::answer::{refuse_elsewhere, refuse_other, refuse_staged};
use super::series::Series;
use super::unstaged;
use crate::config::{FILE_NAME, trust};
use crate::git::ObjectKind;
use crate::model::{Answer, ObjectId, Phase, PickOutcome, PickTests, PickWork, Picked, RepoPath, Step};
use crate::plan::transition::Desk;
use crate::plan::{Plan, Turn};
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeSet;

/// The blob with the settings that name the tests: those that are here now, whatever commit comes.
///
/// # Errors
/// Refused when there are no tests, or they are not allowed.
pub(super) fn settings(session: &Session, desk: Desk<'_, '_>) -> Result<ObjectId> {
    let text = session.config.text.as_ref().filter(|_| !session.config.commands.tests().is_empty());
    let Some(text) = text else {
        return Err(Error::refused("no tests are set, so none can be run")
            .help(format!("name them in {FILE_NAME}: [commands] test = \"...\"")));
    };
    trust::require(&session.repo, text, None)?;
    desk.sink.add(ObjectKind::Blob, text)
}

/// Adds the tests as the last step.
pub(super) fn follow(tests: PickTests, plan: &mut Plan) {
    plan.extra.wanted.entry(RepoPath::from(FILE_NAME)).or_insert(tests.settings);
    plan.steps.push(Step::Run { phase: Phase::Test, settings: tests.settings, files: Vec::new(), at: None });
    plan.report.steps = crate::plan::sentences(&plan.steps);
}

/// After the tests: goes on, or goes back to the commit `without` the one that was tested. The paths whose changes stay
/// as they are.
///
/// # Errors
/// Refused when something is staged, or the branch is not as it was left.
pub(super) fn answer(
    session: &Session,
    desk: Desk<'_, '_>,
    turn: &Turn,
    work: &PickWork,
    without: ObjectId,
    (series, before): (&mut Series<'_, '_>, &mut Vec<Picked>),
) -> Result<BTreeSet<RepoPath>> {
    refuse_elsewhere(session, desk, work, without)?;
    refuse_other(session, work, None)?;
    refuse_staged(desk)?;
    let leave_out = turn.pause.failed && work.tests.is_some_and(|tests| tests.leave_out);
    if turn.answer == Answer::Continue && !leave_out {
        if let Some(last) = before.last_mut().filter(|_| series.tip != work.tip) {
            (last.outcome, last.new) = (PickOutcome::Resolved, Some(series.tip));
        }
        return Ok(unstaged(desk.scene));
    }
    let mut touched = BTreeSet::new();
    let tree = session.repo.commit(without)?.tree;
    session.repo.trees()?.diff(series.tree, tree, &mut |path, _, _| {
        touched.insert(path);
        Ok(())
    })?;
    (series.tip, series.tree) = (without, tree);
    if let Some(last) = before.last_mut() {
        (last.outcome, last.new) = (if turn.pause.failed { PickOutcome::Failing } else { PickOutcome::Skipped }, None);
    }
    Ok(unstaged(desk.scene).difference(&touched).cloned().collect())
}
