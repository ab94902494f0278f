//! The newest release that can be relied on: as it is marked, or as the tests say.

use super::publish::remember;
use crate::commands::{Ctx, facts, recover};
use crate::config::trust;
use crate::git::Linked;
use crate::model::report::{Hint, LastGoodReport, Outcome, TestedRelease};
use crate::model::{ObjectId, Ran, Task};
use crate::plan::recover_item::names;
use crate::plan::repair::Known;
use crate::release::records::{STABLE, WHY, yes_or_no};
use crate::release::{Package, Releases, VersionTag};
use crate::store::passed::Passed;
use crate::store::session::Session;
use crate::{Error, Kind, Result};
use std::collections::BTreeMap;

/// What is asked for.
pub(super) struct Wanted {
    pub test: bool,
    /// The commits to bring along; `None`: no branch is made.
    pub recover: Option<Vec<String>>,
}

pub(super) fn run(ctx: &Ctx<'_>, session: &Session, package: &Package, wanted: Wanted) -> Result<Outcome> {
    session.refuse_unfinished()?;
    let releases = Releases::read(session, package)?;
    let mut search = Search::new(session, &releases);
    let found = match wanted.test {
        true => search.by_tests(ctx)?,
        false => search.by_marks(),
    };
    let mut report = search.report(package, found);
    let known = search.known();
    if !known.is_empty() && !ctx.global.dry_run {
        let title = format!("What the tests say of {} releases", search.tested.len());
        report.operation = remember(ctx, session, "release last-good", title, &known)?;
    }
    let Some(found) = found else { return Ok(Outcome::from(report).with_exit(Kind::Refused)) };
    match wanted.recover {
        Some(commits) => onto(ctx, session, found, commits, wanted.test),
        None => Ok(report.into()),
    }
}

/// Brings commits that came after it onto a branch at a release.
fn onto(ctx: &Ctx<'_>, session: &Session, found: &VersionTag, commits: Vec<String>, test: bool) -> Result<Outcome> {
    let timestamp = names::timestamp(&session.name_operation()?.stamp);
    let name = found.version.to_string();
    let branch = names::branch_by_pattern(&session.config.recovery.branch, Some(&name), &timestamp)?;
    let all = commits.is_empty() && test;
    let picks = recover::from::Picks {
        from: Some("HEAD".to_owned()),
        onto: Some(format!("tag:{}", found.name)),
        all,
        test,
        bisect_bad: all,
        ..recover::from::Picks::default()
    };
    let args = recover::Args { items: commits, pin: false, apply: false, branch: Some(branch), output: None, picks };
    recover::from::run(ctx, args)
}

struct Search<'a> {
    session: &'a Session,
    releases: &'a Releases,
    /// Releases whose commit is there, newest first, without candidates and those that somebody called unstable.
    tags: Vec<(&'a VersionTag, ObjectId)>,
    passed_over: Vec<String>,
    tested: BTreeMap<usize, TestedRelease>,
}

impl<'a> Search<'a> {
    fn new(session: &'a Session, releases: &'a Releases) -> Self {
        let (mut tags, mut passed_over) = (Vec::new(), Vec::new());
        for tag in releases.tags.iter().filter(|tag| !tag.version.is_prerelease()) {
            let commit = session.repo.peel(tag.id).ok().flatten();
            match (releases.stable(&session.repo, tag), commit) {
                (Some(false), _) => passed_over.push(format!("{} is marked as not stable", tag.name)),
                (_, None) => passed_over.push(format!("{} leads to no commit that is here", tag.name)),
                (_, Some(commit)) => tags.push((tag, commit)),
            }
        }
        Search { session, releases, tags, passed_over, tested: BTreeMap::new() }
    }

    fn is_marked(&self, at: usize) -> bool {
        self.releases.stable(&self.session.repo, self.tags[at].0) == Some(true)
    }

    /// The newest that somebody called stable; where nobody called any so, the newest that nobody called unstable.
    fn by_marks(&mut self) -> Option<&'a VersionTag> {
        let marked = (0..self.tags.len()).find(|at| self.is_marked(*at));
        for at in 0..marked.unwrap_or(0) {
            self.passed_over
                .push(format!("{} is newer, and nobody said whether it can be relied on", self.tags[at].0.name));
        }
        self.tags.get(marked.unwrap_or(0)).map(|(tag, _)| *tag)
    }

    /// The newest that passes the tests, found by halving: what lies before a release that passes is taken to pass.
    fn by_tests(&mut self, ctx: &Ctx<'_>) -> Result<Option<&'a VersionTag>> {
        let tests = self.session.config.commands.tests();
        if tests.is_empty() {
            return Err(Error::refused("no tests are set")
                .help("set [commands] test in rollback.toml, and allow it with `git rollback trust`"));
        }
        if ctx.global.dry_run || self.tags.is_empty() {
            return Ok(self.by_marks());
        }
        if self.passes(ctx, 0)? {
            return Ok(Some(self.tags[0].0));
        }
        // Newer than `bad` none passes; `good` is the newest one that may pass and is not known yet.
        let (mut bad, last) = (0, self.tags.len() - 1);
        let mut step = 1;
        let mut good = loop {
            let at = (bad + step).min(last);
            if self.passes(ctx, at)? {
                break at;
            }
            if at == last {
                return Ok(None);
            }
            (bad, step) = (at, step * 2);
        };
        while good - bad > 1 {
            let middle = bad.midpoint(good);
            if self.passes(ctx, middle)? { good = middle } else { bad = middle }
        }
        Ok(Some(self.tags[good].0))
    }

    fn passes(&mut self, ctx: &Ctx<'_>, at: usize) -> Result<bool> {
        if let Some(known) = self.tested.get(&at) {
            return Ok(known.ok);
        }
        let (tag, commit) = self.tags[at];
        let session = self.session;
        let commands = &session.config.commands;
        let tasks: Vec<&Task> = commands.install.iter().chain(commands.tests()).collect();
        let tree = session.repo.commit(commit)?.tree;
        let settings = session.config.text.as_deref().unwrap_or_default();
        let before = Passed::read(&session.repo, tree, &tasks)?;
        let (ok, detail, runs) = match before {
            Some(passed) => (true, format!("passed on {}", passed.at), Vec::new()),
            None => {
                let runner = trust::runner(&session.repo, settings, None, ctx.talk)?;
                ctx.talk.note(&format!("testing {} in a temporary worktree", tag.name));
                let linked = Linked::make(&session.repo, commit)?;
                let runner = runner.at(linked.path());
                let mut runs: Vec<Ran> = Vec::new();
                for task in &tasks {
                    runs.push(runner.run(task));
                    if runs.iter().any(|ran| !ran.ok) {
                        break;
                    }
                }
                if let Some(signal) = ctx.talk.signal() {
                    return Err(Error::new(Kind::Interrupted(signal), "interrupted; nothing was changed"));
                }
                match runs.iter().find(|ran| !ran.ok).map(Ran::failure) {
                    Some(failure) => (false, failure, runs),
                    None => {
                        Passed::write(&session.repo, tree, &tasks, runs.clone())?;
                        (true, "passed".to_owned(), runs)
                    }
                }
            }
        };
        let (version, tag) = (tag.version.to_string(), tag.name.clone());
        self.tested.insert(at, TestedRelease { version, tag, ok, detail, runs });
        Ok(ok)
    }

    /// What was learned, where it is not known yet.
    fn known(&self) -> Vec<Known> {
        let mut out = Vec::new();
        for (at, tested) in &self.tested {
            if tested.ok && self.is_marked(*at) {
                continue;
            }
            let why =
                if tested.ok { "the tests pass".to_owned() } else { format!("the tests fail: {}", tested.detail) };
            out.push((tested.tag.clone(), STABLE, Some(yes_or_no(tested.ok).to_owned())));
            out.push((tested.tag.clone(), WHY, Some(why)));
        }
        out
    }

    fn report(&self, package: &Package, found: Option<&VersionTag>) -> LastGoodReport {
        let mut next = Vec::new();
        if let Some(found) = found {
            let tag = facts::shell_word(&found.name);
            let of = package.name.as_ref().map(|name| format!(" -p {}", facts::shell_word(name))).unwrap_or_default();
            next.push(Hint::new(format!("git rollback to {tag}"), "goes there"));
            next.push(Hint::new(
                format!("git rollback release last-good{of} --recover"),
                "a branch there, with commits that came after it",
            ));
        }
        LastGoodReport {
            package: package.name.clone(),
            version: found.map(|tag| tag.version.to_string()),
            tag: found.map(|tag| tag.name.clone()),
            tested: self.tested.values().cloned().collect(),
            passed_over: self.passed_over.clone(),
            operation: None,
            next,
        }
    }
}
