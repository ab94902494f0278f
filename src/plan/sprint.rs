//! `sprint start` and `sprint fail`: going to the baseline on a branch of its own, with all work kept.

use super::resolve::Place;
use super::to::{ToRequest, Way};
use super::transition::{Clean, Desk};
use super::{NewPoint, Plan, to, write};
use crate::config::{FILE_NAME, ReportPlace};
use crate::git::{MODE_FILE, ObjectKind, Repo, TreeEntry, write_commit};
use crate::model::report::story::Change;
use crate::model::report::{Finding, Move, MoveKind, Severity};
use crate::model::{FileSpec, ObjectId, RepoPath, Step, Who};
use crate::store::points::reference_of;
use crate::store::session::{OperationName, Session};
use crate::store::snapshot::Stash;
use crate::worktree::check_paths;
use crate::{Error, Kind, Result};
use std::collections::BTreeMap;

/// The beginning of a sprint.
#[derive(Clone, Debug)]
pub struct Start {
    /// The sprint.
    pub number: String,
    /// Its branch.
    pub branch: String,
    /// Go on with uncommitted changes.
    pub keep_changes: bool,
}

/// Plans the beginning: a checkpoint, and the branch at the baseline.
///
/// # Errors
/// Refused: the branch is there already.
pub fn start(
    session: &Session,
    desk: Desk<'_, '_>,
    name: &OperationName,
    place: &Place,
    start: &Start,
) -> Result<Plan> {
    let request = ToRequest {
        way: Some(Way::Branch(start.branch.clone())),
        keep_changes: start.keep_changes,
        also: settings(desk, place)?,
        ..ToRequest::default()
    };
    let mut plan = to::plan(session, desk, &name.who, place, &request)?;
    let point = format!("sprint-{}-start-{}", start.number.replace('/', "-"), name.stamp.replace('.', "-"));
    plan.point = Some(point.clone());
    plan.point_on_snapshot = Some(NewPoint {
        kind: "checkpoint".to_owned(),
        message: format!("before sprint {}", start.number),
        reference: reference_of(&name.stamp, "checkpoint", &point),
        name: point,
    });
    plan.report.title = format!("Start sprint {} on {}, at {}", start.number, start.branch, place.typed);
    plan.report.steps.insert(0, "save a checkpoint".to_owned());
    Ok(plan)
}

/// The settings, where the place has none: they belong to whoever works here, not to a state of the code.
pub(super) fn settings(desk: Desk<'_, '_>, place: &Place) -> Result<BTreeMap<RepoPath, FileSpec>> {
    let scene = desk.scene;
    let Some((spec, _)) = scene.current(&FILE_NAME.into(), desk.sink)? else { return Ok(BTreeMap::new()) };
    let Some(commit) = place.commit else { return Ok(BTreeMap::new()) };
    let there = scene.repo.trees()?.find(scene.repo.commit(commit)?.tree, FILE_NAME.as_bytes())?;
    Ok(there.is_none().then(|| (FILE_NAME.into(), spec)).into_iter().collect())
}

/// The end of a sprint that failed.
pub struct Fail<'a> {
    /// The sprint.
    pub number: &'a str,
    /// The branch that gets the work: a name with nothing after it yet.
    pub backup: &'a str,
    /// The branch for another try.
    pub retry: &'a str,
    /// The directory of the report.
    pub directory: &'a str,
    /// Where the report goes.
    pub report: ReportPlace,
    /// Writes the files of the report, by name.
    pub documents: &'a dyn Fn(&Found) -> Result<BTreeMap<&'static str, String>>,
}

/// What only the plan knows of the failed state.
pub struct Found {
    /// Files that are not committed.
    pub uncommitted: Vec<Change>,
    /// The snapshot with the whole state.
    pub snapshot: String,
    /// Who, and when the operation began.
    pub who: Who,
}

/// Plans it: the work on a branch, the report, and a new branch at the baseline.
///
/// # Errors
/// Refused before the first commit, and where a document cannot be written. Busy: another run has made such branches.
pub fn fail(
    session: &Session,
    desk: Desk<'_, '_>,
    stash: &Stash,
    name: &OperationName,
    place: &Place,
    fail: &Fail<'_>,
) -> Result<Plan> {
    let scene = desk.scene;
    let tip =
        scene.head_commit.ok_or_else(|| Error::refused("there is no commit yet, so no sprint can have failed"))?;
    for branch in [fail.backup, fail.retry] {
        if scene.repo.has_ref(&format!("refs/heads/{branch}")) {
            return Err(Error::new(Kind::Busy, format!("the branch {branch} was made meanwhile"))
                .help(format!("`git rollback sprint show {}` says by whom; then try again", fail.number)));
        }
    }
    let trees = scene.repo.trees()?.and_made_in(desk.sink);
    let untracked = scene.untracked.iter();
    let entries =
        untracked.map(|(path, saved)| (path.clone(), Some(TreeEntry { mode: saved.tree_mode(), id: saved.clean })));
    let work = trees.edit(stash.work_tree, &entries.collect(), desk.sink)?;
    let mut uncommitted = Vec::new();
    trees.diff(scene.head_tree, work, &mut |path, old, new| {
        let what = match (old.is_some(), new.is_some()) {
            (false, _) => "added",
            (true, true) => "modified",
            (true, false) => "deleted",
        };
        uncommitted.push(Change { path, what, added: None, removed: None });
        Ok(())
    })?;
    let mut backup = tip;
    if work != scene.head_tree {
        let message = format!("Work in progress of sprint {}\n\nRollback-Operation: {}\n", fail.number, name.id);
        backup = write_commit(desk.sink, work, &[tip], &name.who, &message)?;
    }
    let found = Found { uncommitted, snapshot: format!("{}-{}", name.stamp, name.id), who: name.who.clone() };
    let texts = (fail.documents)(&found)?;
    let files: BTreeMap<RepoPath, String> =
        texts.into_iter().map(|(file, text)| (format!("{}/{file}", fail.directory).as_str().into(), text)).collect();
    check_paths(files.keys().map(RepoPath::as_bytes))?;
    let mut plan = Plan::default();
    let mut also = BTreeMap::new();
    match fail.report {
        ReportPlace::Branch => {
            let mut entries = BTreeMap::new();
            for (path, text) in &files {
                let id = desk.sink.add(ObjectKind::Blob, text.as_bytes())?;
                entries.insert(path.clone(), Some(TreeEntry { mode: MODE_FILE, id }));
            }
            let tree = trees.edit(work, &entries, desk.sink)?;
            let message = format!("Sprint {} failed: report\n\nRollback-Operation: {}\n", fail.number, name.id);
            backup = write_commit(desk.sink, tree, &[backup], &name.who, &message)?;
        }
        ReportPlace::Worktree => also = write::specs(desk, &mut plan, &files)?,
    }
    also.extend(settings(desk, place)?);
    let request = ToRequest {
        way: Some(Way::Branch(fail.retry.to_owned())),
        clean: Clean::Untracked,
        also,
        ..ToRequest::default()
    };
    let wanted = std::mem::take(&mut plan.extra.wanted);
    let mut plan = to::plan(session, desk, &name.who, place, &request)?;
    plan.extra.wanted.extend(wanted);
    // Nothing is only set aside: all of it is on the branch.
    plan.report.findings.retain(|finding| finding.severity != Severity::Note);
    keep_work(&mut plan, fail.backup, backup);
    look_twice(session, desk, fail, &mut plan);
    let why = "the failed branch stays where it is".to_owned();
    plan.report.moves = Some(Move { how: MoveKind::Branch, what: fail.retry.to_owned(), why });
    plan.report.title =
        format!("Sprint {} failed: its work is kept, and {} starts at {}", fail.number, fail.retry, place.typed);
    plan.report.steps = super::sentences(&plan.steps);
    Ok(plan)
}

/// The branch with the work comes first: whatever happens then, it is there.
fn keep_work(plan: &mut Plan, branch: &str, commit: ObjectId) {
    let name = format!("refs/heads/{branch}");
    let message = "rollback: sprint fail".to_owned();
    plan.steps.insert(0, Step::Ref { name, old: None, new: Some(commit), message });
    plan.extra.commits.push(commit);
}

/// What a person should look at before saying yes.
fn look_twice(session: &Session, desk: Desk<'_, '_>, fail: &Fail<'_>, plan: &mut Plan) {
    let scene = desk.scene;
    let expected = session.config.sprint.branch.replace("{n}", fail.number);
    let here = scene.head.branch().unwrap_or("no branch");
    if sprint_of(here, &session.config.sprint.branch).as_deref() != Some(fail.number) {
        plan.report.needs_yes.push(format!("HEAD is on {here}, and sprint {} works on {expected}", fail.number));
    }
    let saved = scene.changed.iter().filter_map(|(path, saved)| saved.as_ref().map(|_| path));
    let filtered = saved.chain(scene.untracked.keys()).filter(|path| scene.conversion(path).smudges).count();
    if filtered > 0 {
        plan.report.findings.push(Finding {
            severity: Severity::Warn,
            message: format!(
                "{} under a filter or an encoding: the work in progress has the bytes as they stand on disk",
                super::count(filtered, "changed file is", "changed files are")
            ),
            help: None,
        });
    }
}

/// The number in a branch's name: `refactor/sprint-{n}` finds 4 in `refactor/sprint-4` and `refactor/sprint-4-retry`.
pub fn sprint_of(branch: &str, pattern: &str) -> Option<String> {
    let (before, after) = pattern.split_once("{n}")?;
    let rest = branch.strip_prefix(before)?;
    let whole = rest.strip_suffix(after).filter(|_| !after.is_empty()).unwrap_or(rest);
    let number = whole.split_once("-retry").map_or(whole, |(number, _)| number);
    (!number.is_empty()).then(|| number.to_owned())
}

/// A name of a branch made from a pattern, with `-2`, `-3`, ... where it is taken.
///
/// # Errors
/// Refused: git allows no branch of such a name here.
pub fn free_branch(repo: &Repo, pattern: &str, number: &str, time: &str) -> Result<String> {
    let name = pattern.replace("{n}", number).replace("{timestamp}", time);
    for count in 1..1000 {
        let name = if count == 1 { name.clone() } else { format!("{name}-{count}") };
        let full = format!("refs/heads/{name}");
        if repo.reference(&full)?.is_none() && !repo.has_refs_below(&full)? {
            to::new_branch(repo, &name)?;
            return Ok(name);
        }
    }
    Err(Error::refused(format!("there are too many branches called {name}-2, -3, ...")).help("delete some of them"))
}

/// A sprint as a person names it: part of branch names and of a directory.
///
/// # Errors
/// Refused: a word that cannot be part of a branch's name.
pub fn check_number(number: &str) -> Result<()> {
    let plain = |c: char| c.is_alphanumeric() || "._-".contains(c);
    let is_one = (1..=LONGEST).contains(&number.len()) && number.chars().all(plain) && !number.starts_with(['-', '.']);
    match is_one && crate::git::is_ref_name(&format!("refs/heads/sprint-{number}")) {
        true => Ok(()),
        false => Err(Error::refused(format!("\"{number}\" cannot name a sprint"))
            .help("use a number, or at most 100 letters, digits, `-`, `_` and `.`")),
    }
}

/// With what stands around it, a name must still be one of a file.
const LONGEST: usize = 100;

#[cfg(test)]
mod tests {
    use super::sprint_of;

    #[test]
    fn a_sprint_is_found_in_its_branch() {
        let of = |branch| sprint_of(branch, "refactor/sprint-{n}");
        assert_eq!(of("refactor/sprint-4").as_deref(), Some("4"));
        assert_eq!(of("refactor/sprint-4-retry").as_deref(), Some("4"));
        assert_eq!(of("refactor/sprint-4-retry-2").as_deref(), Some("4"));
        assert_eq!(of("refactor/sprint-"), None);
        assert_eq!(of("main"), None);
        assert_eq!(sprint_of("s/7/work", "s/{n}/work").as_deref(), Some("7"));
    }
}
