//! What a branch has beyond a point, and whether it could be picked: tried in memory, in order.

use super::series::{Series, base_tree};
use crate::git::{Merger, ObjectSink, RawCommit};
use crate::model::report::{CandidateRow, CandidateState};
use crate::model::{ObjectId, PickOptions, PickOutcome, RepoPath, Time, Who};
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A branch and where its commits would go.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// The branch's tip.
    pub from: ObjectId,
    /// The commit they go onto.
    pub onto: ObjectId,
    /// How they are picked.
    pub options: PickOptions,
}

/// The commits, oldest first.
pub fn list(session: &Session, range: Range) -> Result<Vec<ObjectId>> {
    session.repo.beyond(range.from, range.onto, range.options.mainline)
}

/// Dependencies are only made as small as they can be among this many commits.
const NARROWED: usize = 24;

/// Tries all of them. Nothing is stored.
pub fn tried(session: &Session, range: Range, commits: &[ObjectId], scratch: &Path) -> Result<Vec<CandidateRow>> {
    let sink = ObjectSink::naming_only(&session.repo);
    let who = session.who();
    let merger = Merger::new(&session.repo, &sink, scratch)?;
    let made_there = session.repo.made_there(commits, range.onto, range.from)?;
    let mut trial = Trial { session, sink: &sink, merger, who, range, paths: BTreeMap::new(), picked: Vec::new() };
    let mut out = Vec::new();
    for (at, id) in commits.iter().enumerate() {
        let info = session.repo.commit(*id)?;
        let commit = session.repo.raw_commit(*id)?;
        let mut row = CandidateRow {
            number: at + 1,
            id: *id,
            subject: commit.subject(),
            author: info.author,
            time: Time { seconds: info.time.0, offset_minutes: info.time.1 },
            state: CandidateState::Clean,
            needs: Vec::new(),
            conflicts: Vec::new(),
            same_as: made_there.get(id).copied(),
        };
        row.state = trial.try_one(&commit, &mut row)?;
        row.same_as = row.same_as.filter(|_| row.state == CandidateState::Applied);
        out.push(row);
    }
    Ok(out)
}

struct Trial<'a> {
    session: &'a Session,
    sink: &'a ObjectSink<'a>,
    merger: Merger<'a>,
    who: Who,
    range: Range,
    /// What each commit changes.
    paths: BTreeMap<ObjectId, BTreeSet<RepoPath>>,
    /// Those that could be picked, with their numbers.
    picked: Vec<(usize, ObjectId)>,
}

impl Trial<'_> {
    fn try_one(&mut self, commit: &RawCommit, row: &mut CandidateRow) -> Result<CandidateState> {
        if commit.parents.len() > 1 && self.range.options.mainline.is_none() {
            return Ok(CandidateState::Merge);
        }
        let base = base_tree(&self.session.repo, commit, self.range.options.mainline)?;
        if base == commit.tree {
            return Ok(CandidateState::Empty);
        }
        let mut paths = BTreeSet::new();
        self.session.repo.trees()?.diff(base, commit.tree, &mut |path, _, _| {
            paths.insert(path);
            Ok(())
        })?;
        self.paths.insert(commit.id, paths);
        let alone = self.outcome(&[], commit.id)?;
        let before: Vec<ObjectId> = self.picked.iter().map(|(_, id)| *id).collect();
        let in_order = if before.is_empty() { None } else { Some(self.outcome(&before, commit.id)?) };
        match in_order.as_ref().unwrap_or(&alone) {
            Ok(PickOutcome::Applied) => return Ok(CandidateState::Applied),
            Err(_) if row.same_as.is_some() => return Ok(CandidateState::Applied),
            Err(conflicts) => {
                row.conflicts.clone_from(conflicts);
                return Ok(CandidateState::Conflict);
            }
            Ok(_) => {}
        }
        let needs = if alone.is_ok() { Vec::new() } else { self.needed(commit.id)? };
        self.picked.push((row.number, commit.id));
        row.needs = needs;
        Ok(if row.needs.is_empty() { CandidateState::Clean } else { CandidateState::Needs })
    }

    /// What comes of a commit behind others; `Err`: the paths in conflict.
    fn outcome(&mut self, before: &[ObjectId], id: ObjectId) -> Result<Result<PickOutcome, Vec<RepoPath>>> {
        let Range { onto, options, .. } = self.range;
        let mut series = Series::on(self.session, self.sink, &mut self.merger, &self.who, options, onto)?;
        for one in before {
            if let Some(stop) = series.pick(*one)? {
                return Ok(Err(stop.conflict.stages.into_keys().collect()));
            }
        }
        Ok(match series.pick(id)? {
            Some(stop) => Err(stop.conflict.stages.into_keys().collect()),
            None => Ok(series.done.last().map_or(PickOutcome::Empty, |picked| picked.outcome)),
        })
    }

    /// The numbers of the earlier commits without which this one is in conflict: those that touch the same paths, and
    /// theirs; then without each that can be spared.
    fn needed(&mut self, id: ObjectId) -> Result<Vec<usize>> {
        let mut paths = self.paths.get(&id).cloned().unwrap_or_default();
        let mut chosen: Vec<(usize, ObjectId)> = Vec::new();
        for (number, earlier) in self.picked.iter().rev() {
            let theirs = self.paths.get(earlier).cloned().unwrap_or_default();
            if !paths.is_disjoint(&theirs) {
                paths.extend(theirs);
                chosen.push((*number, *earlier));
            }
        }
        chosen.reverse();
        if self.fails(&chosen, id)? {
            // Renames connect paths with different names.
            chosen.clone_from(&self.picked);
        }
        let mut at = 0;
        while at < chosen.len() && chosen.len() <= NARROWED {
            let mut fewer = chosen.clone();
            fewer.remove(at);
            if self.fails(&fewer, id)? {
                at += 1;
            } else {
                chosen = fewer;
            }
        }
        Ok(chosen.into_iter().map(|(number, _)| number).collect())
    }

    fn fails(&mut self, before: &[(usize, ObjectId)], id: ObjectId) -> Result<bool> {
        let before: Vec<ObjectId> = before.iter().map(|(_, id)| *id).collect();
        Ok(self.outcome(&before, id)?.is_err())
    }
}

/// The commits that words name: numbers of the list, ranges of them (`2-5`, `4-`), names, and git's own ranges.
///
/// # Errors
/// Refused: a word that names none of them.
pub fn choose(session: &Session, commits: &[ObjectId], words: &[String]) -> Result<Vec<ObjectId>> {
    let mut chosen = BTreeSet::new();
    for word in words {
        let found = named(session, commits, word)?;
        if found.is_empty() {
            return Err(Error::refused(format!("\"{word}\" names none of these commits"))
                .because(format!("there are {}, numbered 1 to {0}", commits.len()))
                .help("name them by number (3), range (2-5), commit or a range of commits (A..B)"));
        }
        chosen.extend(found);
    }
    Ok(chosen.into_iter().filter_map(|at| commits.get(at).copied()).collect())
}

fn named(session: &Session, commits: &[ObjectId], word: &str) -> Result<Vec<usize>> {
    let number = |text: &str| text.parse::<usize>().ok().filter(|n| (1..=commits.len()).contains(n));
    if let Some(n) = number(word) {
        return Ok(vec![n - 1]);
    }
    if let Some((first, last)) = word.split_once("..").filter(|_| !word.contains("..."))
        && number(first).is_none()
    {
        let commit = |text: &str| {
            let text = if text.is_empty() { "HEAD" } else { text };
            session.repo.resolve(text)?.map_or(Ok(None), |id| session.repo.peel(id))
        };
        let (Some(first), Some(last)) = (commit(first)?, commit(last)?) else { return Ok(Vec::new()) };
        let all = session.repo.beyond(last, first, None)?;
        return Ok(commits.iter().enumerate().filter(|(_, id)| all.contains(id)).map(|(at, _)| at).collect());
    }
    let ends = word.split_once("..").or_else(|| word.split_once('-'));
    if let Some((first, last)) = ends
        && let Some(first) = number(first)
        && let Some(last) = if last.is_empty() { Some(commits.len()) } else { number(last) }
    {
        return Ok((first.min(last) - 1..first.max(last)).collect());
    }
    let id = session.repo.resolve(word)?.map_or(Ok(None), |id| session.repo.peel(id))?;
    Ok(commits.iter().position(|commit| Some(*commit) == id).into_iter().collect())
}
