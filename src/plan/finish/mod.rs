//! Finishing a hotfix: its release (version, changelog, tests, tag), and the way of the fix into the other lines.
//!
//! All of it is made in memory; refs move at the end. Where tests are set they come between the commit of the release and its tag.
//! A line in conflict stops the operation, with `HEAD` on that line; afterwards `HEAD` goes back to where it was.

mod answer;
mod course;
mod fix;
mod leg;
mod lines;
pub mod sent;

use self::course::Course;
use self::fix::{Tip, tip_of};
use super::release_commit::{Wanted, changes_since, release_commit};
use super::transition::Desk;
use super::{Plan, Turn, describe};
use crate::config::{FILE_NAME, trust};
use crate::git::{ObjectKind, ObjectSink};
use crate::model::report::PlanReport;
use crate::model::{Answer, Head, HotfixWork, ObjectId, Who};
use crate::release::hotfix::{self, RELEASE, about};
use crate::release::{Hotfix, Releases};
use crate::store::facts::Facts;
use crate::store::session::Session;
use crate::{Error, Result};
pub use lines::{Line, lacking, living};

/// What was asked for.
#[derive(Clone, Debug)]
pub struct FinishRequest {
    /// The hotfix.
    pub hotfix: Hotfix,
    /// The lines that get it; empty: none.
    pub lines: Vec<String>,
    /// Run the tests first, where they are set.
    pub test: bool,
    /// Protected lines get it on a branch of their own.
    pub beside: bool,
    /// The message of the tag.
    pub message: Option<String>,
    /// The remote that it is sent to afterwards.
    pub push: Option<String>,
}

impl FinishRequest {
    /// Says that a remote will change, which needs a yes.
    fn note_push(&self, plan: &mut Plan) {
        if let Some(remote) = self.push.as_ref().filter(|_| !plan.steps.is_empty()) {
            plan.report.needs_yes.push(format!("{remote} gets the tag and the lines"));
            plan.report.not_undoable.push(format!("what is pushed to {remote}"));
        }
    }
}

/// Plans the first leg: the commit of the release; without tests also its tag, and the lines up to the first conflict.
///
/// # Errors
/// Refused: nothing to release, work that is not committed, branches that others have moved on.
pub fn start(session: &Session, desk: Desk<'_, '_>, who: &Who, request: &FinishRequest) -> Result<Plan> {
    let (repo, hotfix) = (&session.repo, &request.hotfix);
    let branch = format!("refs/heads/{}", hotfix.branch);
    let below = open_tip(hotfix)?;
    refuse_elsewhere(session, &hotfix.branch)?;
    let mut checked = request.lines.clone();
    checked.push(hotfix.branch.clone());
    lines::refuse_behind(repo, &checked)?;
    for (remote, there) in &hotfix.remotes {
        if !repo.is_ancestor(*there, below)? {
            return Err(Error::refused(format!("{remote} has commits on {} that are not here", hotfix.branch))
                .because("somebody else works on that hotfix as well")
                .help(format!("get them first: `git switch {0} && git pull {remote} {0}`", hotfix.branch)));
        }
    }
    if desk.scene.head == Head::Branch(branch) {
        refuse_dirty(desk)?;
    }
    let base = base_of(session, hotfix, below)?;
    if repo.is_ancestor(below, base)? {
        return Err(Error::refused(format!("{} has no commit of its own yet", hotfix.branch))
            .help("commit the fix on it, then finish it")
            .help(format!("or give it up: `git rollback hotfix abandon {}`", hotfix.version)));
    }
    let tests = if request.test { tests(session, desk)? } else { None };
    let Some(settings) = tests else { return whole(session, desk, who, request, (base, below)) };
    // What comes behind the tests is shown with them, and made when they have passed.
    let names = ObjectSink::naming_only(repo);
    let shown = whole(session, Desk { sink: &names, ..desk }, who, request, (base, below))?;
    let (course, _) = released(session, desk, who, request, (base, below))?;
    let mut plan = course.test(settings)?;
    let told = plan.report.steps;
    let behind = shown.steps.into_iter().filter(|step| !told.contains(&describe::sentence(step)));
    let steps = describe::sentences(&plan.steps.iter().cloned().chain(behind).collect::<Vec<_>>());
    plan.report = PlanReport { steps, needs_yes: plan.report.needs_yes, ..shown.report };
    request.note_push(&mut plan);
    Ok(plan)
}

/// The plan without tests.
fn whole(
    session: &Session,
    desk: Desk<'_, '_>,
    who: &Who,
    request: &FinishRequest,
    bounds: (ObjectId, ObjectId),
) -> Result<Plan> {
    let (mut course, bytes) = released(session, desk, who, request, bounds)?;
    course.tag(&bytes, request.message.as_deref())?;
    course.bring()?;
    let mut plan = course.arrive()?;
    request.note_push(&mut plan);
    Ok(plan)
}

/// The commit of the release on the hotfix's branch, from its base to the tip `below`; and the bytes of that commit.
fn released<'a>(
    session: &'a Session,
    desk: Desk<'a, 'a>,
    who: &'a Who,
    request: &'a FinishRequest,
    (base, below): (ObjectId, ObjectId),
) -> Result<(Course<'a>, Vec<u8>)> {
    let (repo, hotfix) = (&session.repo, &request.hotfix);
    let wanted = Wanted {
        parent: below,
        package: &hotfix.package,
        version: &hotfix.version,
        changes: changes_since(repo, base, below, hotfix.description.as_deref())?,
        message: format!("Release {}\n", hotfix.version),
    };
    let made = release_commit(repo, (desk.sink, desk.scratch), who, wanted)?;
    let release = (made.id != below).then_some((made.id, made.tree, below));
    let tip = Tip { id: made.id, tree: made.tree, release };
    let home = desk.scene.head.clone();
    let mut course = Course::new(session, desk, who, (hotfix, base), tip, home, request.beside)?;
    course.notes.extend(made.notes);
    course.moved(&format!("refs/heads/{}", hotfix.branch), Some(below), (made.id, made.tree));
    if let Some((id, ..)) = release {
        course.fact(&about(&hotfix.branch), RELEASE, id.to_string());
    }
    course.rest.clone_from(&request.lines);
    course.message.clone_from(&request.message);
    Ok((course, made.bytes))
}

/// Plans bringing a released hotfix to lines.
///
/// # Errors
/// As [`start`].
pub fn backport(session: &Session, desk: Desk<'_, '_>, who: &Who, request: &FinishRequest) -> Result<Plan> {
    let (repo, hotfix) = (&session.repo, &request.hotfix);
    let releases = Releases::read_tags(session, &hotfix.package)?;
    let tag = releases
        .find(repo, &hotfix.version.to_string())
        .map_err(|e| e.help(format!("finish it first: `git rollback hotfix finish {}`", hotfix.version)))?;
    let gone = || Error::refused(format!("the tag {} does not lead to a commit that is there", tag.name));
    let id = repo.peel(tag.id).ok().flatten().ok_or_else(gone)?;
    lines::refuse_behind(repo, &request.lines)?;
    let base = base_of(session, hotfix, id)?;
    let tip = tip_of(session, id, release_of(&Facts::read(repo)?, hotfix))?;
    let home = desk.scene.head.clone();
    let mut course = Course::new(session, desk, who, (hotfix, base), tip, home, request.beside)?;
    course.rest.clone_from(&request.lines);
    course.bring()?;
    let mut plan = course.arrive()?;
    request.note_push(&mut plan);
    Ok(plan)
}

/// Plans what comes after a stop.
///
/// # Errors
/// Stopped as before when the tests or the conflict are not settled, or branches are not as they were left.
pub fn go_on(session: &Session, desk: Desk<'_, '_>, who: &Who, turn: &Turn, work: &HotfixWork) -> Result<Plan> {
    let repo = &session.repo;
    let hotfix = hotfix::find(session, None, Some(&work.branch))?;
    let now = match (work.tests, hotfix.tip) {
        (None, _) => work.tip,
        (Some(_), Some(tip)) if repo.is_ancestor(work.tip, tip)? => tip,
        (Some(_), _) => {
            return Err(Error::refused(format!("{} no longer holds {}", work.branch, work.tip.short()))
                .help("take all of it back with `git rollback abort`, and finish it anew"));
        }
    };
    let tip = tip_of(session, now, work.release)?;
    let base = base_of(session, &hotfix, now)?;
    let mut course = Course::new(session, desk, who, (&hotfix, base), tip, work.home.clone(), work.beside)?;
    course.rest.clone_from(&work.rest);
    course.done.clone_from(&work.done);
    if let Some(settings) = work.tests {
        let again = turn.answer == Answer::Continue && (turn.pause.failed || now != work.tip);
        course.tag(&repo.commit_object(now)?, work.message.as_deref())?;
        if again {
            return course.test(settings);
        }
    } else if let Some(stopped) = &work.stopped {
        answer::answer(&mut course, turn.answer, stopped)?;
    }
    if !course.is_stopped() {
        course.bring()?;
    }
    course.arrive()
}

/// The tip of a hotfix that is not released yet.
fn open_tip(hotfix: &Hotfix) -> Result<ObjectId> {
    let (branch, version) = (&hotfix.branch, &hotfix.version);
    if hotfix.abandoned {
        return Err(Error::refused(format!("the hotfix {version} was given up"))
            .help(format!("`git rollback hotfix show {version}` says where its commits are")));
    }
    if let Some(tag) = &hotfix.tag {
        return Err(Error::refused(format!("{version} is released already: the tag {tag}"))
            .help(format!("`git rollback hotfix backport {version}` brings it to lines that lack it")));
    }
    hotfix.tip.ok_or_else(|| {
        Error::refused(format!("the branch {branch} is not here"))
            .help(format!("`git fetch`, then `git switch {branch}`"))
    })
}

fn refuse_elsewhere(session: &Session, branch: &str) -> Result<()> {
    let full = format!("refs/heads/{branch}");
    match session.repo.checked_out_elsewhere().into_iter().find(|(name, _)| *name == full) {
        Some((_, path)) => Err(Error::refused(format!("{branch} is checked out in another worktree"))
            .because(path)
            .help("run the command there")),
        None => Ok(()),
    }
}

/// What is not committed on the hotfix's branch would not be released, and may belong to it.
fn refuse_dirty(desk: Desk<'_, '_>) -> Result<()> {
    super::pick::answer::refuse_busy(desk)?;
    let mine = super::pick::unstaged(desk.scene);
    if mine.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = mine.iter().take(10).map(ToString::to_string).collect();
    Err(Error::refused(format!(
        "{} not committed, and would not be in the release",
        super::count(mine.len(), "change is", "changes are")
    ))
    .because(names.join(", "))
    .help("commit what belongs to the hotfix, and put the rest aside with `git rollback backup --clean`"))
}

/// The commit of the release that a hotfix began at; where nobody recorded it, the newest release that it contains.
fn base_of(session: &Session, hotfix: &Hotfix, tip: ObjectId) -> Result<ObjectId> {
    let repo = &session.repo;
    if let Some(base) = hotfix.base.filter(|base| repo.exists(*base)) {
        return Ok(base);
    }
    let mut releases = Releases::read_tags(session, &hotfix.package)?;
    releases.tags.retain(|tag| !tag.version.same(&hotfix.version));
    let tag = releases.newest_in(repo, tip)?;
    tag.map(|tag| repo.peel(tag.id)).transpose()?.flatten().ok_or_else(|| {
        Error::refused(format!("it is not known at which release {} began", hotfix.branch))
            .help("no tag of a version is among its commits; `git fetch --tags` brings those of others")
    })
}

/// The commit that only changes version and changelog.
fn release_of(facts: &Facts, hotfix: &Hotfix) -> Option<ObjectId> {
    facts.get(&about(&hotfix.branch), RELEASE).and_then(|id| ObjectId::from_hex(id.as_bytes()))
}

/// The blob with the settings that name the tests; `None`: none are set.
fn tests(session: &Session, desk: Desk<'_, '_>) -> Result<Option<ObjectId>> {
    let text = session.config.text.as_ref().filter(|_| !session.config.commands.tests().is_empty());
    let Some(text) = text else { return Ok(None) };
    trust::require(&session.repo, text, None)
        .map_err(|e| e.help(format!("or leave the tests of {FILE_NAME} out with --no-tests")))?;
    desk.sink.add(ObjectKind::Blob, text).map(Some)
}
