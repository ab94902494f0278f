//! Hotfixes: starting one at a release, and giving one up.

use super::resolve::Place;
use super::to::{ToRequest, Way, new_branch};
use super::transition::Desk;
use super::{Plan, sprint, to};
use crate::config::FILE_NAME;
use crate::git::{RemoteRef, Repo, write_commit};
use crate::model::report::{Finding, Severity};
use crate::model::{ObjectId, RepoPath, Step, Upstream};
use crate::release::hotfix::{
    ABANDONED, BASE, CAME_FROM, FROM, PACKAGE, STATE, TIP, VERSION, about, branch_names, version_of,
};
use crate::release::records::{self, DESCRIPTION, WHY};
use crate::release::{Hotfix, Package, Releases, Version, VersionTag, hotfix};
use crate::store::facts::Facts;
use crate::store::session::{OperationName, Session};
use crate::store::snapshot::Stash;
use crate::{Error, Result};
use std::path::Path;

/// A hotfix to be started.
#[derive(Clone, Debug, Default)]
pub struct StartRequest {
    /// The released version, as it was typed.
    pub version: String,
    /// Whose version it is.
    pub package: Package,
    /// What the hotfix is for, in words.
    pub message: Option<String>,
    /// Begin at that very version, whatever came after it.
    pub exact: bool,
    /// What the remote has, when it was asked just now.
    pub elsewhere: Option<Elsewhere>,
    /// The remote that the branch is pushed to afterwards.
    pub push: Option<String>,
}

/// What a remote has.
#[derive(Clone, Debug, Default)]
pub struct Elsewhere {
    /// The remote.
    pub remote: String,
    /// Its branches and tags.
    pub refs: Vec<RemoteRef>,
}

impl Elsewhere {
    /// The names of its tags.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.names(TAGS).map(|(name, _)| name)
    }

    fn names<'a>(&'a self, beginning: &'a str) -> impl Iterator<Item = (&'a str, ObjectId)> {
        self.refs.iter().filter_map(move |found| Some((found.name.strip_prefix(beginning)?, found.commit())))
    }
}

/// Where a hotfix begins, and what it will become.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// The tag of the release.
    pub tag: VersionTag,
    /// Its commit.
    pub base: ObjectId,
    /// The version that the hotfix will become.
    pub version: Version,
    /// Its branch.
    pub branch: String,
    /// What deserves a look.
    pub findings: Vec<Finding>,
}

/// Finds where a hotfix of a version begins: at the newest patch of its line, so that no fix is left out. Its own number is
/// the next one that nobody has.
///
/// # Errors
/// Refused: there is no such release, it is a candidate, or the remote has a newer patch that is not here.
pub fn beginning(session: &Session, request: &StartRequest) -> Result<Beginning> {
    let (repo, package) = (&session.repo, &request.package);
    let releases = Releases::read(session, package)?;
    let named = releases.find(repo, &request.version)?;
    if named.version.is_prerelease() {
        return Err(Error::refused(format!("{} is a candidate, and a hotfix begins at a release", named.name))
            .help(format!("make the next candidate: `git rollback release candidate {}`", named.version.core())));
    }
    let newest = releases.tags.iter().find(|tag| of_line(&tag.version, &named.version) && !tag.version.is_prerelease());
    let tag = newest.filter(|_| !request.exact).unwrap_or(named);
    if let Some(elsewhere) = request.elsewhere.as_ref().filter(|_| !request.exact) {
        refuse_older(&releases, tag, elsewhere)?;
    }
    let commit_of = |tag: &VersionTag| repo.peel(tag.id).ok().flatten();
    let base = commit_of(tag).ok_or_else(|| Error::refused(format!("the tag {} leads to no commit", tag.name)))?;
    let version = next_free(session, package, &releases, &tag.version, request.elsewhere.as_ref())?;
    let branch = branch_names(session, package).name_for(&version, &[]);
    let mut findings = Vec::new();
    let mut say = |severity, message: String| findings.push(Finding { severity, message, help: None });
    if tag.name != named.name {
        let also = format!("--exact begins at {} all the same", named.name);
        say(Severity::Note, format!("it begins at {}, the newest patch of that line; {also}", tag.name));
        if let Some(older) = commit_of(named)
            && !repo.is_ancestor(older, base)?
        {
            say(Severity::Warn, format!("{} does not contain {}", tag.name, named.name));
        }
    }
    if releases.stable(repo, tag) == Some(false) {
        let why = releases.facts.get(&records::about(&tag.name), WHY).map(|why| format!(": {why}")).unwrap_or_default();
        say(Severity::Note, format!("{} is marked as not stable{why}", tag.name));
    }
    let moved = |elsewhere: &Elsewhere| elsewhere.names(TAGS).any(|(name, id)| name == tag.name && id != base);
    if let Some(elsewhere) = request.elsewhere.as_ref().filter(|elsewhere| moved(elsewhere)) {
        say(Severity::Warn, format!("{} is at another commit on {}", tag.name, elsewhere.remote));
    }
    Ok(Beginning { tag: tag.clone(), base, version, branch, findings })
}

const TAGS: &str = "refs/tags/";

fn of_line(version: &Version, line: &Version) -> bool {
    version.numbers()[..2] == line.numbers()[..2]
}

/// A fix that is released elsewhere must not be left out.
fn refuse_older(releases: &Releases, tag: &VersionTag, elsewhere: &Elsewhere) -> Result<()> {
    let tags = elsewhere.names(TAGS).filter_map(|(name, _)| Some((name, releases.names.version(name)?)));
    let newer = |(_, version): &(&str, Version)| {
        of_line(version, &tag.version) && !version.is_prerelease() && *version > tag.version
    };
    let remote = &elsewhere.remote;
    match tags.filter(newer).max_by(|a, b| a.1.cmp(&b.1)) {
        None => Ok(()),
        Some((name, _)) => Err(Error::refused(format!("{remote} has {name}, a newer patch than {}", tag.name))
            .because("a hotfix that begins before it would leave its fix out")
            .help(format!("`git fetch {remote} --tags` brings it, then try again"))
            .help("--exact begins at the version that you name all the same")),
    }
}

/// The next number of a line that no tag, hotfix or record has, here or (as far as it is known) elsewhere.
///
/// # Errors
/// A fault when refs or the log cannot be read.
pub fn next_free(
    session: &Session,
    package: &Package,
    releases: &Releases,
    base: &Version,
    elsewhere: Option<&Elsewhere>,
) -> Result<Version> {
    let mut taken = vec![base.clone()];
    taken.extend(releases.tags.iter().map(|tag| tag.version.core()));
    taken.extend(releases.recorded_versions());
    let mine =
        |hotfix: &Hotfix| hotfix.package.name == package.name && (!hotfix.abandoned || hotfix.newest().is_some());
    taken.extend(hotfix::all(session)?.into_iter().filter(mine).map(|hotfix| hotfix.version));
    if let Some(elsewhere) = elsewhere {
        let branches = branch_names(session, package);
        taken.extend(elsewhere.names(TAGS).filter_map(|(name, _)| releases.names.version(name)));
        taken.extend(elsewhere.names("refs/heads/").filter_map(|(name, _)| version_of(&branches, name)));
    }
    let numbers = taken.iter().filter(|version| of_line(version, base)).map(Version::core);
    Ok(numbers.max().unwrap_or_else(|| base.clone()).next())
}

/// Plans the start by switching: the branch at the release, with all work saved. Changes of tracked files are put on the stash
/// list as well, so that plain git brings them back wherever the branch is by then.
///
/// # Errors
/// As [`beginning`]; refused when the branch is there already.
pub fn start(
    session: &Session,
    desk: Desk<'_, '_>,
    stash: &Stash,
    name: &OperationName,
    request: &StartRequest,
) -> Result<Plan> {
    let begin = beginning(session, request)?;
    let place = place(&begin.tag.name, begin.base);
    let way = ToRequest {
        way: Some(Way::Branch(begin.branch.clone())),
        also: sprint::settings(desk, &place)?,
        ..ToRequest::default()
    };
    let mut plan = to::plan(session, desk, &name.who, &place, &way)?;
    keep_work(desk, stash, name, &begin, &mut plan)?;
    finish(session, desk, request, &begin, plan)
}

fn place(tag: &str, commit: ObjectId) -> Place {
    // Not `tag ...`: a hotfix is no rollback to a version.
    let (typed, what) = (tag.to_owned(), format!("release {tag}"));
    Place { typed, what, point: None, snapshot: None, commit: Some(commit), after: None }
}

/// Puts uncommitted changes on the stash list.
fn keep_work(
    desk: Desk<'_, '_>,
    stash: &Stash,
    name: &OperationName,
    begin: &Beginning,
    plan: &mut Plan,
) -> Result<()> {
    let scene = desk.scene;
    let Some(head) = scene.head_commit else { return Ok(()) };
    if scene.changed.is_empty() && desk.index_tree == scene.head_tree {
        return Ok(());
    }
    let note = |message| Finding { severity: Severity::Note, message, help: None };
    // What git's stash cannot hold is in the snapshot alone.
    let under_way = crate::store::gitfiles::in_progress(scene.repo.git_dir());
    let converted = || scene.changed.keys().find(|path| scene.conversion(path).smudges);
    let why = under_way.first().map(|what| format!("the {what} under way"));
    if let Some(what) = why.or_else(|| converted().map(|path| format!("{path} as it is on disk"))) {
        plan.report.findings.push(note(format!(
            "your work is not on the stash list, which cannot hold {what}: beside undo, `git rollback restore --from op:ID^ \
             PATH` brings files back (`git rollback log` has the ID)"
        )));
        return Ok(());
    }
    let here = scene.head.branch().unwrap_or("(no branch)");
    let message = format!("On {here}: before {}", begin.branch);
    let index = write_commit(desk.sink, stash.index_tree, &[head], &name.who, &format!("index on {here}\n"))?;
    let commit = write_commit(desk.sink, stash.work_tree, &[head, index], &name.who, &format!("{message}\n"))?;
    plan.steps.insert(0, Step::Stash { commit, message, old: false, new: true });
    plan.extra.commits.push(commit);
    plan.report.findings.retain(|finding| finding.severity != Severity::Note);
    let back = scene.head.branch().map(|branch| format!("`git switch {branch}`, then ")).unwrap_or_default();
    plan.report.findings.push(note(format!(
        "your uncommitted changes are saved and set aside: undo brings them back; so does, while the hotfix stays, {back}`git stash \
         pop --index`, because they are on the stash list too"
    )));
    Ok(())
}

/// Plans the start in a linked worktree of its own at `path`, an absolute one: nothing here changes.
///
/// # Errors
/// As [`beginning`]; refused when something stands at the path.
pub fn start_beside(
    session: &Session,
    desk: Desk<'_, '_>,
    request: &StartRequest,
    path: Option<&Path>,
) -> Result<Plan> {
    let begin = beginning(session, request)?;
    let full = new_branch(&session.repo, &begin.branch)?;
    let usual = usual_place(&session.repo, &begin.branch);
    let path = path.unwrap_or(&usual);
    let slot = format!("{}/0", desk.operation);
    crate::git::LinkedPlace::new(&session.repo, path, &slot)?;
    let said = path.display();
    if path.symlink_metadata().is_ok() {
        return Err(Error::refused(format!("{said} is there already")).help("choose another place: --worktree PATH"));
    }
    if !path.parent().is_some_and(Path::is_dir) {
        return Err(Error::refused(format!("{said} cannot be made: the directory above it is not there")));
    }
    if path.starts_with(session.repo.root()) {
        return Err(Error::refused(format!("{said} lies in this worktree")).help("choose a place outside of it"));
    }
    let path = path.to_str().ok_or_else(|| Error::refused(format!("{said} is not valid UTF-8")))?.to_owned();
    let settings = sprint::settings(desk, &place(&begin.tag.name, begin.base))?;
    let settings = settings.get(&RepoPath::from(FILE_NAME)).map(|spec| spec.blob);
    let mut plan = Plan::default();
    let message = format!("rollback: hotfix {}", begin.version);
    plan.extra.commits.push(begin.base);
    plan.steps.push(Step::Ref { name: full, old: None, new: Some(begin.base), message });
    plan.steps.push(Step::Linked { path, branch: begin.branch.clone(), slot, settings, new: true });
    finish(session, desk, request, &begin, plan)
}

/// Beside the worktree, called as it and the branch.
fn usual_place(repo: &Repo, branch: &str) -> std::path::PathBuf {
    let name = repo.root().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    repo.root().with_file_name(format!("{name}-{}", branch.replace('/', "-")))
}

/// What both ways share: what the branch follows, and what the log shall know of it.
fn finish(
    session: &Session,
    desk: Desk<'_, '_>,
    request: &StartRequest,
    begin: &Beginning,
    mut plan: Plan,
) -> Result<Plan> {
    let Beginning { tag, version, branch, .. } = begin;
    if let Some(remote) = &request.push {
        let old = session.repo.upstream(branch);
        let new = Some(Upstream { remote: remote.clone(), merge: format!("refs/heads/{branch}") });
        plan.steps.push(Step::Upstream { branch: branch.clone(), old, new });
    }
    let facts = [
        (VERSION, Some(version.to_string())),
        (FROM, Some(tag.name.clone())),
        (BASE, Some(begin.base.to_string())),
        (PACKAGE, request.package.name.clone()),
        (DESCRIPTION, request.message.clone()),
        (CAME_FROM, desk.scene.head.branch().map(str::to_owned)),
        // One of that name was given up before.
        (STATE, None),
        (TIP, None),
        (WHY, None),
    ];
    record(&mut plan, &Facts::read(&session.repo)?, branch, facts);
    plan.report.findings.extend(begin.findings.iter().cloned());
    plan.report.title = format!("Start the hotfix {version} on {branch}, at {}", tag.name);
    // The title says where the branch begins; options of `to` mean nothing here.
    plan.report.moves = None;
    plan.report.steps = super::sentences(&plan.steps);
    if let Some(remote) = &request.push {
        plan.report.steps.push(format!("push {branch} to {remote}"));
        plan.report.needs_yes.push(format!("{branch} is pushed to {remote}"));
        plan.report.not_undoable.push(format!("the branch on {remote}, once it is there"));
    }
    Ok(plan)
}

fn record<const N: usize>(plan: &mut Plan, known: &Facts, branch: &str, facts: [(&str, Option<String>); N]) {
    let about = about(branch);
    plan.steps.extend(facts.into_iter().filter_map(|(key, new)| known.step(&about, key, new)));
}

/// Plans giving a hotfix up: its branch goes, and everything on it is kept. Its number is free again, unless a remote has it.
///
/// # Errors
/// Refused: it is released, or was given up already.
pub fn abandon(
    session: &Session,
    desk: Desk<'_, '_>,
    name: &OperationName,
    hotfix: &Hotfix,
    why: Option<&str>,
) -> Result<Plan> {
    let (repo, branch) = (&session.repo, &hotfix.branch);
    if let Some(tag) = &hotfix.tag {
        return Err(Error::refused(format!("the hotfix {} is released: {tag}", hotfix.version))
            .help(format!("`git branch -d {branch}` removes its branch")));
    }
    if hotfix.newest().is_none() {
        let is = if hotfix.abandoned { "was abandoned already" } else { "has no branch any more" };
        return Err(Error::refused(format!("the hotfix {} {is}", hotfix.version)));
    }
    let mut plan = Plan::default();
    if desk.scene.head.branch() == Some(branch) {
        plan = leave(session, desk, name, hotfix)?;
    }
    if let Some(tip) = hotfix.tip {
        let full = format!("refs/heads/{branch}");
        if let Some((_, path)) = repo.checked_out_elsewhere().into_iter().find(|(other, _)| *other == full) {
            let (slot, branch) = (format!("{}/0", desk.operation), branch.clone());
            plan.steps.push(Step::Linked { path, branch, slot, settings: None, new: false });
        }
        let message = format!("rollback: abandon {}", hotfix.version);
        let at = plan.steps.iter().position(Step::runs).unwrap_or(plan.steps.len());
        plan.steps.insert(at, Step::Ref { name: full, old: Some(tip), new: None, message });
        plan.extra.commits.push(tip);
        if let Some(old) = repo.upstream(branch) {
            plan.steps.push(Step::Upstream { branch: branch.clone(), old: Some(old), new: None });
        }
    }
    let facts = [
        (VERSION, Some(hotfix.version.to_string())),
        (PACKAGE, hotfix.package.name.clone()),
        (STATE, Some(ABANDONED.to_owned())),
        (TIP, hotfix.tip.map(|tip| tip.to_string())),
        (WHY, why.map(str::to_owned)),
    ];
    record(&mut plan, &Facts::read(repo)?, branch, facts);
    plan.report.title = format!("Abandon the hotfix {} on {branch}", hotfix.version);
    plan.report.steps = super::sentences(&plan.steps);
    Ok(plan)
}

/// Away from the branch of a hotfix: to the branch that one came from, otherwise to the release.
fn leave(session: &Session, desk: Desk<'_, '_>, name: &OperationName, hotfix: &Hotfix) -> Result<Plan> {
    let repo = &session.repo;
    let elsewhere = repo.checked_out_elsewhere();
    let mut back = None;
    for branch in hotfix.came_from.iter().map(String::as_str).chain(["main", "master"]) {
        let full = format!("refs/heads/{branch}");
        if let Some(tip) = repo.reference(&full)?.filter(|_| !elsewhere.iter().any(|(other, _)| *other == full)) {
            back = Some((Way::Switch(branch.to_owned()), place(branch, tip)));
            break;
        }
    }
    let base = || Some((Way::Detach, place(hotfix.from.as_deref()?, hotfix.base?)));
    let (way, place) = back.or_else(base).ok_or_else(|| {
        Error::refused(format!("HEAD is on {}, and it is not known where to go from there", hotfix.branch))
            .help("switch to another branch first")
    })?;
    let also = sprint::settings(desk, &place)?;
    to::plan(session, desk, &name.who, &place, &ToRequest { way: Some(way), also, ..ToRequest::default() })
}
