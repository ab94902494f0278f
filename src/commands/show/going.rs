//! What going to a place would change, lose and keep: the plan of `to`, in words.

use crate::commands::facts;
use crate::engine::{Request, plan_for};
use crate::host::Talk;
use crate::model::report::{Going, Move, MoveKind, PlanReport, Severity, ShowReport};
use crate::plan::resolve::Place;
use crate::plan::to::{self, ToRequest, Way};
use crate::store::scene::Wanted;
use crate::store::session::Session;
use crate::store::survey::Survey;
use crate::{Error, Kind, Result};

/// Adds it; where one cannot go there, the reason.
pub(super) fn add(session: &Session, talk: &dyn Talk, place: &Place, report: &mut ShowReport) {
    match plan(session, talk, place, None) {
        Ok(plan) => report.going = Some(in_words(session, &plan)),
        Err(error) if error.kind() == Kind::Refused && place.snapshot.is_none() => {
            match plan(session, talk, place, Some(Way::Detach)) {
                Ok(plan) => {
                    report.going = Some(in_words(session, &plan));
                    report.way_there = Some(format!("git rollback to {} --detach", facts::shell_word(&place.typed)));
                    report.warnings.push(format!("{}: this is with --detach", error.message()));
                }
                Err(_) => refused(&error, report),
            }
        }
        Err(error) => refused(&error, report),
    }
}

fn refused(error: &Error, report: &mut ShowReport) {
    report.way_there = None;
    report.warnings.push(format!("cannot go there now: {error}"));
    report.warnings.extend(error.helps().iter().map(|help| format!("to go there: {help}")));
}

fn plan(session: &Session, talk: &dyn Talk, place: &Place, way: Option<Way>) -> Result<PlanReport> {
    let wanted = Wanted { list_ignored: true, ..Wanted::default() };
    let request = Request { command: "to", wanted, ..Request::default() };
    let asked = ToRequest { way, ..ToRequest::default() };
    plan_for(session, talk, &request, &|table| to::plan(session, table.desk, &table.name.who, place, &asked))
}

fn in_words(session: &Session, plan: &PlanReport) -> Going {
    let mut going = Going::default();
    going.changes.extend(plan.moves.as_ref().and_then(moved));
    let files = &plan.files;
    let lists = [(files.written.count, "written"), (files.removed.count, "removed")];
    let lists = lists.iter().filter(|(count, _)| *count > 0);
    let lists: Vec<String> = lists.map(|(n, what)| format!("{} {what}", count(*n, "file"))).collect();
    if !lists.is_empty() {
        going.changes.push(lists.join(", "));
    }
    let leaving = plan.commits_leaving.len() as u64;
    if leaving > 0 {
        going.loses.push(format!("{} from the branch (kept; undo brings them back)", count(leaving, "commit")));
    }
    let unsaved = unsaved(session);
    if unsaved > 0 && !going.changes.is_empty() {
        going.loses.push(format!("what is not committed in {} (saved first)", count(unsaved, "file")));
    }
    for (number, what) in [
        (files.untracked_removed.count, "untracked, saved first"),
        (files.ignored_moved.count, "ignored, moved to the trash"),
    ] {
        if number > 0 {
            going.loses.push(format!("{} ({what})", count(number, "file")));
        }
    }
    let stays = files.untracked_saved.count.saturating_sub(files.untracked_removed.count);
    if stays > 0 {
        going.keeps.push(format!("{} as they are", count(stays, "untracked file")));
    }
    going.keeps.extend(files.left_in_place.iter().take(5).map(|left| format!("{} ({})", left.path, left.reason)));
    going.keeps.push("other branches and tags, ignored files".to_owned());
    let blocked = plan.findings.iter().filter(|finding| finding.severity == Severity::Block);
    going.changes.extend(blocked.map(|finding| format!("nothing as long as this is so: {}", finding.message)));
    going
}

/// Tracked paths with changes that no commit has.
fn unsaved(session: &Session) -> u64 {
    let repo = &session.repo;
    let commit = repo.head().and_then(|head| repo.head_commit(&head)).ok().flatten();
    let tree = commit.map_or(Ok(crate::model::ObjectId::EMPTY_TREE), |id| repo.commit(id).map(|info| info.tree));
    let survey = tree.and_then(|tree| Survey::take(repo, tree)).unwrap_or_default();
    survey.unsaved() - survey.untracked
}

fn moved(moved: &Move) -> Option<String> {
    let what = &moved.what;
    let how = match moved.how {
        MoveKind::Reset => format!("branch {what} moves there"),
        MoveKind::Revert => {
            return Some(format!(
                "branch {what} gets one new commit with its content: published commits are not rewritten"
            ));
        }
        MoveKind::Detach => "HEAD is detached there".to_owned(),
        MoveKind::Branch | MoveKind::RevertBranch => format!("branch {what} starts there"),
        MoveKind::Switch => format!("branch {what} becomes the current one"),
        MoveKind::Stay => return None,
    };
    Some(if moved.why.is_empty() { how } else { format!("{how}, because {}", moved.why) })
}

fn count(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
