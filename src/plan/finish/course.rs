//! What one leg of finishing a hotfix has come to, and the plan made from it.

use super::fix::{Fix, Landed, New, PICKING, Tip};
use super::lines::Line;
use crate::Result;
use crate::config::FILE_NAME;
use crate::git::Merger;
use crate::model::report::{Finding, Severity};
use crate::model::{
    Head, HeadAt, HotfixWork, ObjectId, Pause, Phase, PickWork, RepoPath, Step, StoppedLine, Who, Work,
};
use crate::plan::pick::answer::refuse_busy;
use crate::plan::pick::{leave_conflict, refuse_overlap, unstaged};
use crate::plan::release::{NewRelease, make_tag, refuse_taken};
use crate::plan::target::Target;
use crate::plan::transition::{Clean, Desk, Scope, Transition};
use crate::plan::{Plan, count, describe, lifecycle};
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
    beside: bool,
    home: Head,
    /// The message of the tag.
    pub message: Option<String>,
    /// The tag, its step, and what is recorded of it.
    tagged: Option<(String, Vec<Step>)>,
    known: Facts,
    /// The lines that are still to get it.
    pub rest: Vec<String>,
    /// What became of the others, in words.
    pub done: Vec<String>,
    /// What a person should know.
    pub notes: Vec<String>,
    refs: BTreeMap<String, (Option<ObjectId>, Option<ObjectId>)>,
    upstreams: Vec<Step>,
    facts: Vec<Step>,
    /// Trees of commits that are new.
    trees: BTreeMap<ObjectId, ObjectId>,
    stopped: Option<Stopped>,
    tests: Option<ObjectId>,
    /// Paths with changes that stay, and the tree beside which they are changes; `None`: no conflict was there before.
    pub mine: Option<(BTreeSet<RepoPath>, ObjectId)>,
}

/// A line in conflict.
struct Stopped {
    line: StoppedLine,
    why: String,
    target: Target,
    paths: Vec<RepoPath>,
    messages: Vec<String>,
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

    /// The plan of the leg before the tests: they run on the commit of the release, which has no tag yet.
    pub fn test(mut self, settings: ObjectId) -> Result<Plan> {
        let tip = self.tip.id;
        self.tests = Some(settings);
        self.tagged = None;
        let why = format!(
            "the tests fail with {}: commit the correction on {} and continue, or skip the tests",
            tip.short(),
            self.hotfix.branch
        );
        let mut plan = self.arrive()?;
        plan.extra.wanted.entry(RepoPath::from(FILE_NAME)).or_insert(settings);
        plan.steps.push(Step::Run { phase: Phase::Test, settings, files: Vec::new(), at: Some(tip) });
        if let Some(pause) = &mut plan.pause {
            pause.if_failed = Some(why);
        }
        plan.report.steps = describe::sentences(&plan.steps);
        lifecycle::needs_yes(&mut plan);
        Ok(plan)
    }

    /// The plan of the leg.
    pub fn arrive(mut self) -> Result<Plan> {
        let scene = self.desk.scene;
        let mut plan = Plan { changes_state: true, ..Plan::default() };
        plan.report.title = self.title();
        let head = match &self.stopped {
            Some(stopped) => Head::Branch(stopped.line.onto.clone()),
            None => self.home.clone(),
        };
        let commit = match &head {
            Head::Detached(id) => Some(*id),
            Head::Branch(name) => match self.refs.get(name) {
                Some((_, new)) => *new,
                None => self.session.repo.reference(name)?,
            },
        };
        let mut middle = self.ref_steps();
        middle.extend(crate::plan::switch(scene, &head, commit));
        plan.extra.commits.extend(self.refs.values().flat_map(|(old, new)| [*old, *new]).flatten());
        plan.extra.commits.extend([self.tip.id, self.base]);
        match self.target(&head, commit)? {
            Some(target) => self.go_there(&target, middle, &mut plan)?,
            None => plan.steps.append(&mut middle),
        }
        plan.steps.append(&mut self.upstreams);
        plan.steps.append(&mut self.facts);
        if let Some((name, steps)) = self.tagged.take() {
            plan.steps.extend(steps);
            plan.point = Some(name);
        }
        plan.after = Some(HeadAt { head, commit });
        plan.report.steps = describe::sentences(&plan.steps);
        plan.report.way_back = (!plan.steps.is_empty()).then(|| "git rollback undo".to_owned());
        let messages = self.stopped.iter().flat_map(|stopped| stopped.messages.clone());
        let notes: Vec<String> = self.notes.iter().cloned().chain(messages).collect();
        let note = |message| Finding { severity: Severity::Note, message, help: None };
        plan.report.findings.extend(notes.into_iter().map(note));
        plan.pause = self.pause();
        Ok(plan)
    }

    /// What the worktree shall be; `None`: it stays as it is, with all that is in it.
    fn target(&mut self, head: &Head, commit: Option<ObjectId>) -> Result<Option<Target>> {
        let scene = self.desk.scene;
        if let Some(stopped) = &mut self.stopped {
            return Ok(Some(std::mem::replace(&mut stopped.target, Target::of_tree(ObjectId::EMPTY_TREE))));
        }
        if self.mine.is_none() && (head, commit) == (&scene.head, scene.head_commit) {
            return Ok(None);
        }
        let Some(commit) = commit else { return Ok(None) };
        let tree = match self.trees.get(&commit) {
            Some(tree) => *tree,
            None => self.session.repo.commit(commit)?.tree,
        };
        Ok(Some(Target::of_tree(tree)))
    }

    fn go_there(&mut self, target: &Target, middle: Vec<Step>, plan: &mut Plan) -> Result<()> {
        let (mine, since) = match self.mine.take() {
            Some(known) => known,
            None => {
                refuse_busy(self.desk)?;
                (unstaged(self.desk.scene), self.desk.index_tree)
            }
        };
        let trees = self.session.repo.trees()?.and_made_in(self.desk.sink);
        let mut both = Vec::new();
        trees.diff(since, target.tree, &mut |path, _, _| {
            if mine.contains(&path) {
                both.push(path);
            }
            Ok(())
        })?;
        refuse_overlap(&both)?;
        let mut scope = Scope::whole(Clean::None);
        scope.carried = mine;
        Transition::work_out(self.desk, target, &scope)?.into_plan(plan, middle, Vec::new())
    }

    fn ref_steps(&self) -> Vec<Step> {
        let message = format!("rollback: hotfix {}", self.hotfix.version);
        let step = |(name, (old, new)): (&String, &(Option<ObjectId>, Option<ObjectId>))| Step::Ref {
            name: name.clone(),
            old: *old,
            new: *new,
            message: message.clone(),
        };
        self.refs.iter().filter(|(_, (old, new))| old != new).map(step).collect()
    }

    /// What is done, in one sentence.
    fn title(&self) -> String {
        let mut out = match &self.tagged {
            Some((tag, _)) => format!("Finish the hotfix {}: release it as {tag}", self.hotfix.version),
            None if self.tests.is_some() => format!("Finish the hotfix {}: its tests", self.hotfix.version),
            None => format!("Bring the hotfix {} to other lines", self.hotfix.version),
        };
        if !self.done.is_empty() {
            out.push_str(&format!("; {}", self.done.join(", ")));
        }
        if let Some(stopped) = &self.stopped {
            out.push_str(&format!("; {}: in conflict", stopped.line.line));
        }
        out
    }

    /// What remains.
    fn pause(self) -> Option<Pause> {
        if self.stopped.is_none() && self.tests.is_none() {
            return None;
        }
        let (why, paths, stopped) = match self.stopped {
            Some(stopped) => (Some(stopped.why), stopped.paths, Some(stopped.line)),
            None => (None, Vec::new(), None),
        };
        let work = HotfixWork {
            branch: self.hotfix.branch.clone(),
            tip: self.tip.id,
            release: self.tip.release.map(|(id, ..)| id),
            message: self.message,
            tests: self.tests,
            stopped,
            rest: self.rest,
            done: self.done,
            beside: self.beside,
            home: self.home,
        };
        let work = Work::Hotfix(work);
        Some(Pause { why, if_failed: None, failed: false, paths, work })
    }
}
