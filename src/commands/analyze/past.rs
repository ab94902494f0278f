//! What led to a failure: a timeline, where refs moved, and a graph.

use crate::Result;
use crate::commands::story;
use crate::git;
use crate::model::report::Moment;
use crate::model::{ObjectId, Operation, RefMove, Time};
use crate::store::baselines::Baseline;
use crate::store::log;
use crate::store::session::Session;

/// More commits, operations and lines than this are not listed.
const MOST: usize = 40;

/// Commits, operations and what was said, oldest first.
pub(super) fn timeline(session: &Session, operation: &Operation, baseline: Option<&Baseline>) -> Result<Vec<Moment>> {
    let mut out: Vec<(Time, String)> = Vec::new();
    let base = baseline.map(|baseline| baseline.commit);
    if let Some(baseline) = baseline {
        out.push((baseline.time, format!("baseline {} set at {}", baseline.name, baseline.commit.short())));
        let commit = session.repo.commit(baseline.commit)?;
        let time = Time::new(commit.time.0, commit.time.1);
        out.push((time, format!("last good commit: {} {}", commit.id.short(), commit.subject)));
    }
    if let Some(tip) = operation.before.commit.filter(|tip| session.repo.exists(*tip)) {
        let branch = operation.before.head.branch().unwrap_or("no branch");
        for commit in story::commits(session, tip, base, MOST)?.0.into_iter().rev() {
            let time = Time::parse(&commit.date).unwrap_or_default();
            out.push((time, format!("commit {} {} on {branch}", commit.short, commit.subject)));
        }
    }
    if let Some(started) = operation.trouble.started {
        out.push((started, "the trouble began".to_owned()));
    }
    let first = out.iter().map(|(time, _)| time.seconds).min().unwrap_or(operation.who.time.seconds);
    let all = log::read(&session.repo, usize::MAX)?;
    let here = all.iter().filter(|one| one.who.time.seconds >= first && one.worktree == operation.worktree);
    let newest: Vec<&Operation> = here.take(MOST).collect();
    for one in newest.into_iter().rev() {
        let mark = if one.id == operation.id { " (this one)" } else { "" };
        out.push((one.who.time, format!("{} {}: {}{mark}", one.command, one.id, one.title)));
    }
    // Stable: what happened in one second stays in the order of its kind.
    out.sort_by_key(|(time, _)| time.seconds);
    Ok(out.into_iter().map(|(time, what)| Moment { when: time.to_string(), what }).collect())
}

/// Where the operation moved refs, and where the failed branch was before.
pub(super) fn refs(session: &Session, operation: &Operation) -> Result<Vec<String>> {
    let short = |id: Option<ObjectId>| id.map_or_else(|| "nothing".to_owned(), |id| id.short());
    let is_users = |moved: &&RefMove| !moved.name.starts_with("refs/rollback/");
    let line = |moved: &RefMove| {
        format!("`{}`: {} -> {} (operation {})", moved.name, short(moved.old), short(moved.new), operation.id)
    };
    let mut out: Vec<String> = operation.refs.iter().filter(is_users).map(line).collect();
    if let Some(branch) = operation.before.head.branch() {
        out.extend(git::reflog_lines(&session.repo, &format!("refs/heads/{branch}"), MOST)?);
    }
    Ok(out)
}

/// What git draws of the failed commits, the baseline, and the branches that the operation made.
pub(super) fn graph(session: &Session, operation: &Operation, base: Option<ObjectId>) -> Result<Vec<String>> {
    let made =
        operation.refs.iter().filter(|moved| moved.name.starts_with("refs/heads/")).filter_map(|moved| moved.new);
    let tips = operation.before.commit.into_iter().chain(operation.after.commit).chain(made).chain(base);
    let tips: Vec<ObjectId> = tips.filter(|id| session.repo.exists(*id)).collect();
    git::graph(&session.repo, &tips, base, MOST)
}
