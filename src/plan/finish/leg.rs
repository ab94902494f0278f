//! The plan of one leg, from what it has come to: steps, where the worktree goes, what remains.

use super::course::Course;
use crate::Result;
use crate::config::FILE_NAME;
use crate::model::report::{Finding, Severity};
use crate::model::{Head, HeadAt, HotfixWork, ObjectId, Pause, Phase, RepoPath, Step, Work};
use crate::plan::pick::answer::refuse_busy;
use crate::plan::pick::{refuse_overlap, unstaged};
use crate::plan::target::Target;
use crate::plan::transition::{Clean, Scope, Transition};
use crate::plan::{Plan, describe, lifecycle};

impl Course<'_> {
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
