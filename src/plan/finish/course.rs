//! What one leg of finishing a hotfix has come to.

use super::fix::{Fix, Landed, New, PICKING, Tip};
use super::lines::Line;
use crate::Result;
use crate::git::Merger;
use crate::model::{Head, ObjectId, PickWork, RepoPath, Step, StoppedLine, Who};
use crate::plan::count;
use crate::plan::pick::leave_conflict;
use crate::plan::release::{NewRelease, make_tag, refuse_taken};
use crate::plan::target::Target;
use crate::plan::transition::Desk;
use crate::release::hotfix::{about, beside_key, line_key};
use crate::release::records::{self, yes_or_no};
use crate::release::{Hotfix, Releases};
use crate::store::facts::Facts;
use crate::store::session::Session;
use std::collections::{BTreeMap, BTreeSet};

/// One leg.
pub(super) struct Course<'a> {
    pub session: &'a Session,
    pub desk: Desk<'a, 'a>,
    pub who: &'a Who,
    pub hotfix: &'a Hotfix,
    pub base: ObjectId,
    pub tip: Tip,
    pub beside: bool,
    pub home: Head,
    /// The message of the tag.
    pub message: Option<String>,
    /// The tag, its step, and what is recorded of it.
    pub tagged: Option<(String, Vec<Step>)>,
    known: Facts,
    /// The lines that are still to get it.
    pub rest: Vec<String>,
    /// What became of the others, in words.
    pub done: Vec<String>,
    /// What a person should know.
    pub notes: Vec<String>,
    pub refs: BTreeMap<String, (Option<ObjectId>, Option<ObjectId>)>,
    pub upstreams: Vec<Step>,
    pub facts: Vec<Step>,
    /// Trees of commits that are new.
    pub trees: BTreeMap<ObjectId, ObjectId>,
    pub stopped: Option<Stopped>,
    pub tests: Option<ObjectId>,
    /// Paths with changes that stay, and the tree beside which they are changes; `None`: no conflict was there before.
    pub mine: Option<(BTreeSet<RepoPath>, ObjectId)>,
}

/// A line in conflict.
pub(super) struct Stopped {
    pub line: StoppedLine,
    pub why: String,
    pub target: Target,
    pub paths: Vec<RepoPath>,
    pub messages: Vec<String>,
}

impl<'a> Course<'a> {
    pub fn new(
        session: &'a Session,
        desk: Desk<'a, 'a>,
        who: &'a Who,
        (hotfix, base): (&'a Hotfix, ObjectId),
        tip: Tip,
        home: Head,
        beside: bool,
    ) -> Result<Course<'a>> {
        let trees = tip.release.map(|(id, tree, _)| (id, tree)).into_iter().chain([(tip.id, tip.tree)]).collect();
        Ok(Course {
            session,
            desk,
            who,
            hotfix,
            base,
            tip,
            beside,
            home,
            message: None,
            tagged: None,
            known: Facts::read(&session.repo)?,
            rest: Vec::new(),
            done: Vec::new(),
            notes: Vec::new(),
            refs: BTreeMap::new(),
            upstreams: Vec::new(),
            facts: Vec::new(),
            trees,
            stopped: None,
            tests: None,
            mine: None,
        })
    }

    /// Notes that a ref moves to a commit with this tree.
    pub fn moved(&mut self, name: &str, old: Option<ObjectId>, (new, tree): (ObjectId, ObjectId)) {
        self.trees.insert(new, tree);
        let entry = self.refs.entry(name.to_owned()).or_insert((old, None));
        entry.1 = Some(new);
    }

    /// Notes that a ref goes back to where it was.
    pub fn moved_back(&mut self, name: &str, now: Option<ObjectId>, old: Option<ObjectId>) {
        if now != old {
            self.refs.insert(name.to_owned(), (now, old));
        }
    }

    pub fn fact(&mut self, about: &str, key: &str, value: String) {
        self.facts.extend(self.known.step(about, key, Some(value)));
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Makes the tag of the release, on the hotfix's own tip.
    pub fn tag(&mut self, commit: &[u8], message: Option<&str>) -> Result<()> {
        let (repo, version) = (&self.session.repo, &self.hotfix.version);
        let releases = Releases::read_tags(self.session, &self.hotfix.package)?;
        let name = releases.names.name_for(version, &releases.tags);
        refuse_taken(repo, &self.known, &name)?;
        let usual = self.hotfix.description.clone().unwrap_or_else(|| format!("Release {version}"));
        let title = message.unwrap_or(&usual);
        let new = NewRelease { tag: &name, commit: self.tip.id, bytes: commit, title, stable: true };
        let step = make_tag(repo, self.desk, self.who, &new)?;
        let facts = [(records::COMMIT, self.tip.id.to_string()), (records::STABLE, yes_or_no(true).to_owned())];
        let about = records::about(&name);
        let mut steps = vec![step];
        steps.extend(facts.into_iter().filter_map(|(key, value)| self.known.step(&about, key, Some(value))));
        self.tagged = Some((name, steps));
        Ok(())
    }

    /// Brings the fix to the lines that are left, up to the first conflict.
    pub fn bring(&mut self) -> Result<()> {
        let session = self.session;
        let elsewhere = session.repo.checked_out_elsewhere();
        let mut merger = Merger::new(&session.repo, self.desk.sink, self.desk.scratch)?;
        let fix = self.fix(&mut merger)?;
        while !self.rest.is_empty() && self.stopped.is_none() {
            let line = Line::find(session, &self.rest.remove(0), self.hotfix, self.beside)?;
            if let Some((_, path)) = elsewhere.iter().find(|(name, _)| *name == line.onto) {
                self.notes.push(format!(
                    "{} is checked out at {path}: bring it there with `git rollback hotfix backport {}`",
                    line.name, self.hotfix.version
                ));
                self.done.push(format!("{}: left out", line.name));
                continue;
            }
            let landed = fix.land(&mut merger, &line)?;
            self.landed(&fix, &line, landed)?;
        }
        Ok(())
    }

    /// What the hotfix changes.
    pub fn fix(&self, merger: &mut Merger<'a>) -> Result<Fix<'a>> {
        Fix::of(self.session, self.desk, merger, (self.hotfix, self.base), self.tip, self.who)
    }

    /// Takes over how a line got the fix.
    pub fn landed(&mut self, fix: &Fix<'_>, line: &Line, landed: Landed) -> Result<()> {
        match landed {
            Landed::There => self.done.push(format!("{}: has it already", line.name)),
            Landed::Forward => {
                let new = New { id: self.tip.id, tree: self.tip.tree, notes: Vec::new() };
                self.arrived(line, new, "fast-forwarded");
            }
            Landed::Merged(new) => self.arrived(line, new, "merged"),
            Landed::Picked(new) => self.arrived(line, new, "picked"),
            Landed::MergeConflict(conflict) => {
                let mut target = Target::of_tree(conflict.tree);
                let heads = vec![("MERGE_HEAD", format!("{}\n", self.tip.id)), ("MERGE_MODE", "no-ff".to_owned())];
                let message = fix.merge_message(line).into_bytes();
                leave_conflict(self.desk, &conflict, message, heads, &mut target)?;
                self.stop(line, None, (line.at, target), &conflict.messages, conflict.stages.into_keys().collect());
            }
            Landed::PickConflict(stop, picks) => {
                let mut target = Target::of_tree(picks.tree);
                let heads = vec![("CHERRY_PICK_HEAD", format!("{}\n", stop.commit.id))];
                leave_conflict(self.desk, &stop.conflict, picks.message, heads, &mut target)?;
                let work = PickWork {
                    branch: line.onto.clone(),
                    from: self.hotfix.branch.clone(),
                    tip: picks.tip,
                    stopped: Some(stop.commit.id),
                    tests: None,
                    tested: None,
                    rest: picks.rest,
                    made_there: Vec::new(),
                    done: Vec::new(),
                    options: PICKING,
                };
                self.trees.insert(picks.tip, picks.tree);
                let paths = stop.conflict.stages.into_keys().collect();
                self.stop(line, Some(Box::new(work)), (picks.tip, target), &stop.conflict.messages, paths);
            }
        }
        Ok(())
    }

    fn arrived(&mut self, line: &Line, new: New, how: &str) {
        self.notes.extend(new.notes.iter().map(|note| format!("{}: {note}", line.branch())));
        let how = if line.is_beside() { format!("{how} on {}", line.branch()) } else { how.to_owned() };
        self.done.push(format!("{}: {how}", line.name));
        let old = self.refs.get(&line.onto).map_or(line.old, |(old, _)| *old);
        self.moved(&line.onto, old, (new.id, new.tree));
        if let Some(follows) = &line.follows {
            self.upstreams.push(Step::Upstream { branch: line.name.clone(), old: None, new: Some(follows.clone()) });
        }
        let about = about(&self.hotfix.branch);
        match line.is_beside() {
            true => self.fact(&about, &beside_key(&line.name), line.branch().to_owned()),
            false => self.fact(&about, &line_key(&line.name), new.id.to_string()),
        }
    }

    fn stop(
        &mut self,
        line: &Line,
        picks: Option<Box<PickWork>>,
        (tip, target): (ObjectId, Target),
        messages: &[String],
        paths: Vec<RepoPath>,
    ) {
        let branch = line.branch();
        let each = if paths.len() == 1 { "it" } else { "each" };
        let files = count(paths.len(), "file", "files");
        let why = format!(
            "the hotfix {} is in conflict with {}: edit {files}, `git add` {each} when it is solved",
            self.hotfix.version, line.name
        );
        if line.old != Some(tip) {
            self.refs.insert(line.onto.clone(), (line.old, Some(tip)));
            if line.old.is_none() && !line.is_beside() {
                let step = |new| Step::Upstream { branch: branch.to_owned(), old: None, new: Some(new) };
                self.upstreams.extend(line.follows.clone().map(step));
            }
        }
        let messages = messages.iter().filter(|text| text.starts_with("CONFLICT")).cloned().collect();
        let line = StoppedLine { line: line.name.clone(), onto: line.onto.clone(), old: line.old, at: line.at, picks };
        self.stopped = Some(Stopped { line, why, target, paths, messages });
    }
}
