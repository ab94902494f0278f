//! What a person made of a line in conflict.

use super::course::Course;
use super::fix::{Landed, New, PICKING};
use super::lines::Line;
use crate::git::{Merged, Merger};
use crate::model::{Answer, Head, ObjectId, RepoPath, StoppedLine};
use crate::plan::pick::answer::{answer as answer_pick, refuse_unsolved, state_file, without_conflicts};
use crate::plan::pick::series::Series;
use crate::plan::pick::unstaged;
use crate::{Error, Result};
use std::collections::BTreeSet;

/// Takes the answer over.
///
/// # Errors
/// Refused when the conflict is not solved, or the branch is not as it was left.
pub(super) fn answer(course: &mut Course<'_>, answer: Answer, stopped: &StoppedLine) -> Result<()> {
    let line = Line {
        name: stopped.line.clone(),
        at: stopped.at,
        onto: stopped.onto.clone(),
        // Its ref is where the stop left it.
        old: course.session.repo.reference(&stopped.onto)?,
        follows: None,
    };
    match &stopped.picks {
        None => merge(course, answer, stopped, line),
        Some(_) => pick(course, answer, stopped, line),
    }
}

fn merge(course: &mut Course<'_>, answer: Answer, stopped: &StoppedLine, line: Line) -> Result<()> {
    let (session, desk) = (course.session, course.desk);
    let mut merger = Merger::new(&session.repo, desk.sink, desk.scratch)?;
    let fix = course.fix(&mut merger)?;
    let under_way = merging(course)?;
    let tip = on_line(course, &line)?;
    if let Some(other) = under_way.filter(|id| *id != course.tip.id) {
        return Err(Error::refused(format!("another merge is under way, of {}", other.short()))
            .help("end it first: `git merge --continue` or `git merge --abort`"));
    }
    if answer == Answer::Skip {
        if tip != line.at {
            return Err(committed_meanwhile(&line));
        }
        let mut touched: BTreeSet<RepoPath> = BTreeSet::new();
        if let Merged::Conflict(conflict) = fix.merge(&mut merger, &line)? {
            let trees = session.repo.trees()?.and_made_in(desk.sink);
            trees.diff(session.repo.commit(line.at)?.tree, conflict.tree, &mut |path, _, _| {
                touched.insert(path);
                Ok(())
            })?;
            touched.extend(conflict.stages.into_keys());
        }
        return left_out(course, stopped, &line, &touched);
    }
    refuse_unsolved(desk)?;
    course.mine = Some((unstaged(desk.scene), desk.index_tree));
    if under_way.is_some() {
        let written = state_file(session, desk, "MERGE_MSG")?.map(|bytes| without_conflicts(&bytes));
        let written = written.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let message = written.filter(|text| !text.trim().is_empty());
        let new = fix.merged(&|id| merger.blob(id), &line, desk.index_tree, message.as_deref())?;
        return course.landed(&fix, &line, Landed::Merged(new));
    }
    if tip == line.at || !session.repo.is_ancestor(course.tip.id, tip)? {
        return Err(Error::refused(format!("the merge into {} was ended, and {0} has not got the fix", line.name))
            .help("`git rollback skip` leaves that line out"));
    }
    // Finished by hand, with `git merge --continue` or `git commit`.
    let tree = session.repo.commit(tip)?.tree;
    course.landed(&fix, &Line { at: tip, ..line }, Landed::Merged(New { id: tip, tree, notes: Vec::new() }))
}

fn pick(course: &mut Course<'_>, answer: Answer, stopped: &StoppedLine, line: Line) -> Result<()> {
    let (session, desk) = (course.session, course.desk);
    let Some(work) = &stopped.picks else { return Ok(()) };
    let mut merger = Merger::new(&session.repo, desk.sink, desk.scratch)?;
    let fix = course.fix(&mut merger)?;
    let tip = desk.scene.head_commit.unwrap_or(work.tip);
    let mut series = Series::on(session, desk.sink, &mut merger, course.who, PICKING, tip)?;
    series.signed_in = Some(desk.scratch);
    let mine = answer_pick(session, desk, answer, work, &mut series)?;
    if answer == Answer::Skip {
        let touched = unstaged(desk.scene).difference(&mine).cloned().collect();
        return left_out(course, stopped, &line, &touched);
    }
    course.mine = Some((mine, series.tree));
    let landed = fix.go_on_picking(&line, &mut series, &work.rest)?;
    course.landed(&fix, &line, landed)
}

/// The line stays without the fix, where it was.
fn left_out(course: &mut Course<'_>, stopped: &StoppedLine, line: &Line, touched: &BTreeSet<RepoPath>) -> Result<()> {
    let desk = course.desk;
    let mine = unstaged(desk.scene).difference(touched).cloned().collect();
    let now = course.session.repo.commit(line.old.unwrap_or(line.at))?.tree;
    course.mine = Some((mine, now));
    course.moved_back(&line.onto, line.old, stopped.old);
    course.done.push(format!("{}: left out", line.name));
    course.notes.push(format!(
        "{} has not got the fix: `git rollback hotfix backport {}` brings it there",
        line.name, course.hotfix.version
    ));
    Ok(())
}

/// The tip of the line; `HEAD` must be on it.
fn on_line(course: &Course<'_>, line: &Line) -> Result<ObjectId> {
    let scene = course.desk.scene;
    let branch = line.branch();
    match scene.head_commit {
        Some(tip) if scene.head == Head::Branch(line.onto.clone()) => {
            if course.session.repo.is_ancestor(line.at, tip)? {
                return Ok(tip);
            }
            Err(Error::refused(format!("{branch} was moved meanwhile: it no longer holds {}", line.at.short()))
                .help(format!("`git reset --keep {}` goes back to where it was left", line.at.short())))
        }
        _ => Err(Error::refused(format!("HEAD is not on {branch}, the line that gets the fix"))
            .help(format!("`git switch {branch}`, then go on"))),
    }
}

/// The commit that git is merging.
fn merging(course: &Course<'_>) -> Result<Option<ObjectId>> {
    let bytes = state_file(course.session, course.desk, "MERGE_HEAD")?;
    Ok(bytes.and_then(|bytes| ObjectId::from_hex(bytes.trim_ascii())))
}

fn committed_meanwhile(line: &Line) -> Error {
    Error::refused(format!("{} was committed to meanwhile, so it cannot be left out", line.branch()))
        .help("`git rollback continue` goes on with the next")
}
