//! Gathering what happened, for reports and notifications.

use super::record::sprint_branches;
use crate::config::Config;
use crate::git::{DiffForm, diff_text};
use crate::model::report::story::{Change, Changes, Commit, Item, Ref};
use crate::model::report::{Duration, Hint, Outcome, Report, Story};
use crate::model::{HeadAt, ObjectId, Operation, RepoPath, Time, Trouble, Who};
use crate::plan::amend;
use crate::store::baselines::{self, Baseline};
use crate::store::facts::{Facts, about_operation};
use crate::store::session::Session;
use crate::store::{log, snapshot};
use crate::{Error, Result};

/// What a story is about.
pub(super) struct Situation<'a> {
    /// Where `HEAD` was when it failed.
    pub failed: &'a HeadAt,
    /// Who rolled back, and when that began.
    pub who: &'a Who,
    /// Why.
    pub reason: Option<&'a str>,
    /// What was said about the trouble.
    pub trouble: &'a Trouble,
    /// Milliseconds from the beginning of the trouble.
    pub recovery: Option<u64>,
}

/// The baseline that the settings name, else the nearest one.
///
/// # Errors
/// Refused: there is none.
pub(super) fn baseline(session: &Session) -> Result<Baseline> {
    let all = baselines::list(&session.repo, &session.config)?;
    let named = all.iter().find(|baseline| baseline.name == session.config.baseline).cloned();
    named.ok_or_else(|| {
        Error::refused(format!("there is no baseline \"{}\"", session.config.baseline))
            .help("set one with `git rollback baseline set`: a commit that is known to be good")
    })
}

/// How many commits and files a document lists.
const SHOWN: usize = 20;

/// The part of a story that history tells.
pub(super) fn gather(session: &Session, situation: &Situation<'_>) -> Result<Story> {
    let baseline = baseline(session).ok();
    let base = baseline.as_ref().map(|baseline| baseline.commit);
    let trouble = situation.trouble;
    let budget = trouble.severity.map(|severity| session.config.budget(severity) * 1000);
    let failed = situation.failed;
    let branch = failed.head.branch().map(str::to_owned);
    let mut story = Story {
        sprint: trouble.sprint.clone().unwrap_or_default(),
        date: situation.who.time.to_string(),
        who: format!("{} <{}>", situation.who.name, situation.who.email),
        reason: situation.reason.unwrap_or_default().to_owned(),
        severity: trouble.severity.map(|severity| severity.to_string()).unwrap_or_default(),
        cause: trouble.cause.clone().unwrap_or_default(),
        started: trouble.started.map(|time| time.to_string()).unwrap_or_default(),
        recovery: situation.recovery.map(|millis| Duration::of(millis).words()).unwrap_or_default(),
        budget: budget.map(|millis| Duration::of(millis).words()).unwrap_or_default(),
        within_budget: budget.zip(situation.recovery).map(|(budget, took)| took <= budget),
        baseline: baseline.map(|b| Ref::new(&b.name, Some(b.commit))).unwrap_or_default(),
        failed: Ref::new(branch.as_deref().unwrap_or("no branch"), failed.commit),
        contacts: session.config.contacts.clone(),
        ..Story::default()
    };
    if let Some(tip) = failed.commit.filter(|tip| session.repo.exists(*tip)) {
        let commits = commits(session, tip, base, SHOWN)?;
        story.commit_count = commits.1;
        story.commits = commits.0;
        if let Some(base) = base {
            story.changes = changes(session, base, tip)?;
        }
    }
    Ok(story)
}

/// Commits that `tip` has and `base` has not, newest first, at most so many; and how many there are.
pub(super) fn commits(
    session: &Session,
    tip: ObjectId,
    base: Option<ObjectId>,
    at_most: usize,
) -> Result<(Vec<Commit>, u64)> {
    let leaving = session.repo.leaving(tip, base, at_most)?;
    let commit = |info: crate::git::CommitInfo| Commit {
        id: info.id.to_string(),
        short: info.id.short(),
        date: Time::new(info.time.0, info.time.1).to_string(),
        author: info.author,
        subject: info.subject,
    };
    Ok((leaving.newest.into_iter().map(|(info, _)| commit(info)).collect(), leaving.count as u64))
}

/// What commits changed, with lines.
fn changes(session: &Session, base: ObjectId, tip: ObjectId) -> Result<Changes> {
    let repo = &session.repo;
    let (from, to) = (repo.commit(base)?.tree, repo.commit(tip)?.tree);
    let mut what = std::collections::BTreeMap::new();
    repo.trees()?.diff(from, to, &mut |path, old, new| {
        what.insert(path, kind(old.is_some(), new.is_some()));
        Ok(())
    })?;
    let numbers = diff_text(repo, from, to, DiffForm::Numbers, &[])?;
    let mut out = Changes::default();
    for line in numbers.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let mut parts = line.splitn(3, |byte| *byte == b'\t');
        let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse::<u64>().ok();
        let (added, removed) = (number(), number());
        let Some(path) = parts.next().map(RepoPath::new) else { continue };
        out.added += added.unwrap_or(0);
        out.removed += removed.unwrap_or(0);
        let what = what.remove(&path).unwrap_or("modified");
        out.committed.push(Change { path, what, added, removed });
    }
    out.count = out.committed.len() as u64;
    Ok(out)
}

pub(super) fn kind(was: bool, is: bool) -> &'static str {
    match (was, is) {
        (false, _) => "added",
        (true, true) => "modified",
        (true, false) => "deleted",
    }
}

/// Adds files that are not committed.
pub(super) fn add_uncommitted(story: &mut Story, uncommitted: Vec<Change>) {
    let known = |change: &&Change| story.changes.committed.iter().any(|one| one.path == change.path);
    let more = uncommitted.iter().filter(|change| !known(change)).count();
    story.changes.count += more as u64;
    story.changes.uncommitted = uncommitted;
}

/// The story of an operation of the log.
pub(super) fn of_operation(session: &Session, operation: &Operation) -> Result<Story> {
    let situation = Situation {
        failed: &operation.before,
        who: &operation.who,
        reason: operation.reason.as_deref(),
        trouble: &operation.trouble,
        recovery: operation.recovery_millis(),
    };
    let mut story = gather(session, &situation)?;
    story.title = operation.title.clone();
    story.decision.clone_from(&operation.title);
    story.operation = operation.id.clone();
    story.command = operation.command.clone();
    story.snapshot = operation.snapshot.as_ref().map(|s| s.name.clone()).unwrap_or_default();
    if operation.after.head != operation.before.head
        && let Some(branch) = operation.after.head.branch()
    {
        story.recovery_branch = branch.to_owned();
    }
    story.backup = backup_of(&session.config, operation).unwrap_or_default();
    let snapshot = operation.snapshot.as_ref().filter(|s| session.repo.exists(s.id));
    if let Some(name) = snapshot {
        add_uncommitted(&mut story, uncommitted(session, name.id)?);
    }
    let told = Facts::read(&session.repo)?.get(&about_operation(&operation.id), amend::NOTIFIED).map(str::to_owned);
    checklists(&mut story, operation, snapshot.is_some(), told);
    let id = &operation.id;
    story.next = vec![
        Hint::new(format!("git rollback analyze {id}"), "what failed, beside the baseline"),
        Hint::new(format!("git rollback log {id}"), "what was done, in full"),
        Hint::new(format!("git rollback undo {id}"), "back to the state before"),
    ];
    Ok(story)
}

/// Adds the checklists to the answer of a full rollback: one in which commands of the settings ran.
pub(super) fn add_checklists(session: &Session, outcome: &mut Outcome) {
    let Report::Done(done) = &mut outcome.report else { return };
    // It is done: what cannot be told about it does not undo that.
    let Some(Ok(operation)) = done.operation.as_deref().map(|id| self::operation(session, Some(id))) else { return };
    if !operation.runs.is_empty() {
        done.story = of_operation(session, &operation).ok().map(Box::new);
    }
}

fn checklists(story: &mut Story, operation: &Operation, saved: bool, told: Option<String>) {
    story.before = vec![
        Item::known("The whole state is saved", saved, story.snapshot.clone()),
        Item::known("The reason is written down", !story.reason.is_empty(), story.reason.clone()),
    ];
    for ran in &operation.runs {
        let note = ran.why.clone().unwrap_or_else(|| Duration::of(ran.millis).words());
        let item = Item::known(&format!("`{}` ran well", ran.name), ran.ok, note);
        // What stops comes first; all others follow the change.
        if ran.name.starts_with("stop") { story.before.push(item) } else { story.after.push(item) }
    }
    let differs: Vec<String> = operation.differs_itself().cloned().collect();
    let verified = differs.is_empty() && !operation.aborted;
    story.after.extend([
        Item::known("The state was read again and is as planned", verified, differs.join("; ")),
        Item::known("The cause is written down", !story.cause.is_empty(), story.cause.clone()),
        Item::known("Others were told", told.is_some(), told.unwrap_or_default()),
    ]);
    if let Some(within) = story.within_budget {
        let note = format!("{} of {}", story.recovery, story.budget);
        story.after.push(Item::known("The recovery was within its budget", within, note));
    }
}

/// The branch that an operation made for the work of a failed sprint.
pub(super) fn backup_of(config: &Config, operation: &Operation) -> Option<String> {
    let made =
        operation.refs.iter().filter(|moved| moved.old.is_none()).filter_map(|m| m.name.strip_prefix("refs/heads/"));
    made.into_iter().find(|name| sprint_branches(&config.sprint.backup, name)).map(str::to_owned)
}

/// What a snapshot holds that was not committed.
fn uncommitted(session: &Session, commit: ObjectId) -> Result<Vec<Change>> {
    let repo = &session.repo;
    let snapshot = snapshot::load(repo, commit)?;
    let base = match snapshot.manifest.head_commit {
        Some(head) => repo.commit(head)?.tree,
        None => ObjectId::EMPTY_TREE,
    };
    let mut out = Vec::new();
    let trees = repo.trees()?;
    trees.diff(base, snapshot.work_tree, &mut |path, old, new| {
        out.push(Change { path, what: kind(old.is_some(), new.is_some()), added: None, removed: None });
        Ok(())
    })?;
    for path in trees.files(snapshot.untracked_tree)?.into_keys() {
        out.push(Change { path, what: "added", added: None, removed: None });
    }
    Ok(out)
}

/// The operation that a person means, or the last rollback of this worktree, with all that was said about it.
///
/// # Errors
/// Refused: none, or several.
pub(super) fn operation(session: &Session, typed: Option<&str>) -> Result<Operation> {
    let all = crate::store::facts::amended(log::read(&session.repo, usize::MAX)?);
    match typed {
        Some(id) => log::find(&all, id),
        None => {
            let here = session.repo.worktree_id();
            // Coming back is not what failed.
            let last =
                all.into_iter().find(|o| o.is_rollback() && !o.aborted && o.undoes.is_none() && o.worktree == here);
            last.ok_or_else(|| {
                Error::refused("nothing was rolled back in this worktree yet")
                    .help("`git rollback log` lists what was done")
            })
        }
    }
}
