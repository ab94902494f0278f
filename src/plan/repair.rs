//! `release repair`: what went wrong with a release is put right here. What a remote has is another matter: the command sends
//! it there, when that is asked for.

use super::advance::advance;
use super::release::{NewRelease, make_tag};
use super::release_commit::{ReleaseCommit, Wanted, release_commit};
use super::transition::Desk;
use super::{Plan, describe};
use crate::model::report::{Finding, ReleaseState, Severity};
use crate::model::{ObjectId, Step};
use crate::release::diagnosis::{Findings, LocalTag, judge};
use crate::release::records::{COMMIT, RENUMBERED, STABLE, WHY, about, yes_or_no};
use crate::release::{Package, Releases, Version, hotfix};
use crate::store::session::{OperationName, Session};
use crate::{Error, Kind, Result};

/// How a release is repaired.
#[derive(Clone, Debug)]
pub enum Repair {
    /// As its state wants it.
    AsFound,
    /// Its content is released under another number.
    Renumber,
    /// A tag of it goes.
    DeleteTag {
        /// Its name.
        name: String,
        /// Even when others may have it.
        force: bool,
    },
}

/// What is to be repaired.
#[derive(Clone, Debug)]
pub struct RepairRequest<'a> {
    /// What is known of it.
    pub found: &'a Findings,
    /// How.
    pub how: Repair,
    /// The next number that nobody has.
    pub number: Version,
    /// Why, as the person says.
    pub reason: Option<String>,
}

/// Makes the plan.
///
/// # Errors
/// Refused: there is nothing that this repairs, or others may have what would go.
pub fn plan(
    session: &Session,
    desk: Desk<'_, '_>,
    name: &OperationName,
    package: &Package,
    request: &RepairRequest<'_>,
) -> Result<Plan> {
    let found = request.found;
    let releases = Releases::read(session, package)?;
    for tag in &found.tags {
        if session.repo.reference(&full(&tag.name))? != Some(tag.id) {
            return Err(Error::new(Kind::Busy, format!("the tag {} was moved meanwhile", tag.name)).help("try again"));
        }
    }
    let mut work = Work { session, desk, name, package, releases, request, plan: Plan::default() };
    match &request.how {
        Repair::DeleteTag { name, force } => work.delete(name, *force)?,
        Repair::Renumber => work.renumber()?,
        Repair::AsFound => work.as_found()?,
    }
    let mut plan = work.plan;
    plan.report.steps = describe::sentences(&plan.steps);
    if plan.changes_state {
        plan.report.way_back = Some("git rollback undo".to_owned());
    }
    Ok(plan)
}

/// The full name of a tag's ref.
pub fn full(tag: &str) -> String {
    format!("refs/tags/{tag}")
}

struct Work<'a, 's, 'r> {
    session: &'a Session,
    desk: Desk<'s, 'r>,
    name: &'a OperationName,
    package: &'a Package,
    releases: Releases,
    request: &'a RepairRequest<'a>,
    plan: Plan,
}

impl Work<'_, '_, '_> {
    fn as_found(&mut self) -> Result<()> {
        let found = self.request.found;
        let judged = judge(found);
        match judged.state {
            ReleaseState::Fine | ReleaseState::GivenUp => {
                self.plan.report.title = format!("{}: {}", found.version, judged.summary);
                Ok(())
            }
            ReleaseState::Moved if self.goes_back() => self.put_back(),
            ReleaseState::Duplicate if self.extra().next().is_some() => self.keep_one(),
            ReleaseState::Moved
            | ReleaseState::Duplicate
            | ReleaseState::FilesDiffer
            | ReleaseState::BadSignature
            | ReleaseState::VersionConflict => self.renumber(),
            _ => {
                let error =
                    Error::refused(format!("{}: {}, which is not what this repairs", found.version, judged.summary));
                Err(match judged.next {
                    Some(next) => error.help(format!("`{}` {}", next.command, next.why)),
                    None => error,
                })
            }
        }
    }

    fn fact(&mut self, tag: &str, key: &str, new: Option<String>) {
        self.plan.steps.extend(self.releases.facts.step(&about(tag), key, new));
    }

    fn note(&mut self, message: String, help: Option<String>) {
        self.plan.report.findings.push(Finding { severity: Severity::Note, message, help });
    }

    fn take_away(&mut self, tag: &LocalTag) {
        let message = "rollback: repair".to_owned();
        self.plan.steps.push(Step::Ref { name: full(&tag.name), old: Some(tag.id), new: None, message });
        self.plan.extra.commits.extend(tag.commit);
    }

    /// Whether the tag was moved here alone.
    fn goes_back(&self) -> bool {
        let found = self.request.found;
        let recorded = found.tag().and_then(|tag| tag.recorded);
        recorded.is_some() && found.tag_there().is_none_or(|there| Some(there.commit) == recorded)
    }

    /// The tag goes back to where it was recorded: as the remote has it, where that is here, or else a new one.
    fn put_back(&mut self) -> Result<()> {
        let found = self.request.found;
        let (Some(tag), Some(recorded)) = (found.tag(), found.tag().and_then(|tag| tag.recorded)) else {
            return Ok(());
        };
        let repo = &self.session.repo;
        if !repo.exists(recorded) {
            return Err(Error::refused(format!("{} cannot be put back: {} is not here", tag.name, recorded.short()))
                .help("`git fetch` may bring it"));
        }
        let there =
            found.tag_there().filter(|there| there.name == tag.name && repo.exists(there.id)).map(|there| there.id);
        let new = match (there, tag.annotated) {
            (Some(id), _) => id,
            (None, false) => recorded,
            (None, true) => match self.new_tag(&tag.name, &found.version, recorded, &repo.commit_object(recorded)?)? {
                Step::Ref { new: Some(id), .. } => id,
                _ => recorded,
            },
        };
        let message = "rollback: repair".to_owned();
        self.plan.steps.push(Step::Ref { name: full(&tag.name), old: Some(tag.id), new: Some(new), message });
        self.plan.extra.commits.extend(tag.commit);
        let was = tag.commit.map(|commit| commit.short()).unwrap_or_default();
        self.plan.report.title = format!("Put {} back to {}, where it was recorded", tag.name, recorded.short());
        self.note(
            format!("what it was moved to is {was}: record that under the next free number, {}", self.request.number),
            None,
        );
        Ok(())
    }

    /// Tags beside the one that counts that nobody else has.
    fn extra(&self) -> impl Iterator<Item = &LocalTag> {
        let found = self.request.found;
        found.tags.iter().skip(1).filter(|tag| !found.is_on_remote(&tag.name))
    }

    /// Tags of the same version that are not the right one go.
    fn keep_one(&mut self) -> Result<()> {
        let extra: Vec<LocalTag> = self.extra().cloned().collect();
        let names: Vec<&str> = extra.iter().map(|tag| tag.name.as_str()).collect();
        let kept = self.request.found.tag().map(|tag| tag.name.clone()).unwrap_or_default();
        self.plan.report.title =
            format!("Delete the tag {}: {kept} is {}", names.join(", "), self.request.found.version);
        for tag in &extra {
            self.take_away(tag);
            let at = tag.commit.map(|commit| commit.short()).unwrap_or_default();
            self.note(
                format!("{} was at {at}: the next free number for that is {}", tag.name, self.request.number),
                None,
            );
        }
        Ok(())
    }

    fn delete(&mut self, name: &str, force: bool) -> Result<()> {
        let found = self.request.found;
        let tag = found.tags.iter().find(|tag| tag.name == name).cloned();
        // The version keeps its number as long as another tag says it.
        let burned = found.is_on_remote(name) || (found.tags.len() < 2 && found.may_be_published());
        let reason = self.request.reason.is_some();
        if burned && !(force && reason) {
            let typed = found.typed();
            let error = Error::refused(format!("the tag {name} may be published: others may have it"))
                .because("a version that was published never changes, and its number is never used again")
                .help(format!(
                    "`git rollback release repair {typed} --renumber` releases it under {}",
                    self.request.number
                ));
            return Err(error.help("or delete it all the same, with --force and --reason"));
        }
        self.plan.report.title = format!("Delete the tag {name}");
        match &tag {
            Some(tag) => self.take_away(tag),
            None => self.plan.report.title = format!("The tag {name} is not here"),
        }
        if burned {
            let reason = self.request.reason.clone();
            self.fact(name, WHY, reason.map(|reason| format!("its tag was deleted: {reason}")));
            self.note(format!("its number stays burned: the next free one is {}", self.request.number), None);
        } else {
            self.fact(name, COMMIT, None);
        }
        Ok(())
    }

    /// The content gets the next free number; the old one is given up, unless it belongs to somebody else.
    fn renumber(&mut self) -> Result<()> {
        let (found, number) = (self.request.found, &self.request.number);
        let source = self.source()?;
        let why = match (&self.request.reason, &self.request.how) {
            (Some(reason), _) => reason.clone(),
            (None, Repair::AsFound) => judge(found).summary,
            (None, _) => "its number was given up".to_owned(),
        };
        let wanted = Wanted {
            parent: source,
            package: self.package,
            version: number,
            changes: vec![format!("In place of {}: {why}", found.version)],
            message: format!("Release {number} in place of {}", found.version),
        };
        let made = release_commit(&self.session.repo, self.desk.sink, &self.name.who, wanted)?;
        for note in &made.notes {
            self.note(note.clone(), None);
        }
        if made.id != source {
            self.land(source, &made)?;
        }
        let tag = self.releases.names.name_for(number, &self.releases.tags);
        let step = self.new_tag(&tag, number, made.id, &made.bytes)?;
        self.plan.steps.push(step);
        self.fact(&tag, COMMIT, Some(made.id.to_string()));
        self.fact(&tag, STABLE, Some(yes_or_no(!number.is_prerelease()).to_owned()));
        self.give_up(&why)?;
        self.plan.point = Some(tag.clone());
        self.plan.report.title =
            format!("Release {number} in place of {}: a new tag {tag} at {}", found.version, made.id.short());
        Ok(())
    }

    /// The old tag: it belongs to whoever has published it; otherwise its number is given up.
    fn give_up(&mut self, why: &str) -> Result<()> {
        let found = self.request.found;
        let usual = self.releases.names.name_for(&found.version, &self.releases.tags);
        let tag = found.tag().cloned();
        let theirs = found.tag_there().filter(|there| tag.as_ref().is_some_and(|tag| tag.commit != Some(there.commit)));
        let name = tag.as_ref().map_or(usual, |tag| tag.name.clone());
        if let (Some(theirs), Some(tag), None) = (theirs, &tag, tag.as_ref().and_then(|tag| tag.recorded)) {
            let here = Some(theirs.id).filter(|id| self.session.repo.exists(*id) && theirs.name == tag.name);
            let message = "rollback: repair".to_owned();
            self.plan.steps.push(Step::Ref { name: full(&tag.name), old: Some(tag.id), new: here, message });
            self.plan.extra.commits.extend(tag.commit);
            return Ok(());
        }
        if let Some(tag) = tag.filter(|tag| !found.is_on_remote(&tag.name)) {
            self.take_away(&tag);
        }
        self.fact(&name, RENUMBERED, Some(self.request.number.to_string()));
        self.fact(&name, STABLE, Some(yes_or_no(false).to_owned()));
        self.fact(&name, WHY, Some(why.to_owned()));
        Ok(())
    }

    /// What gets the new number: what the tag holds; without a tag, what `HEAD` is at, if it says the version.
    fn source(&self) -> Result<ObjectId> {
        let found = self.request.found;
        if let Some(tag) = found.tag() {
            let gone = || Error::refused(format!("the tag {} does not lead to a commit that is there", tag.name));
            return tag.commit.ok_or_else(gone);
        }
        let head = self.desk.scene.head_commit.ok_or_else(|| Error::refused("there is no commit yet to release"))?;
        match super::release_commit::version_in(&self.session.repo, self.package, head)? {
            Some(said) if !said.same(&found.version) => Err(Error::refused(format!(
                "nobody knows which commit {} is: it has no tag, and HEAD is {said}",
                found.version
            ))
            .help(format!(
                "go to the right commit, and record it: `git rollback release add {}`",
                self.request.number
            ))),
            _ => Ok(head),
        }
    }

    fn new_tag(&self, tag: &str, version: &Version, commit: ObjectId, bytes: &[u8]) -> Result<Step> {
        let title = self.request.reason.clone().unwrap_or_else(|| format!("Release {version}"));
        let new = NewRelease { tag, commit, bytes, title: &title, stable: !version.is_prerelease() };
        make_tag(&self.session.repo, self.desk, &self.name.who, &new)
    }

    /// Where a new commit goes: the branch `HEAD` is on, when it ends there; else a branch of its own.
    fn land(&mut self, source: ObjectId, made: &ReleaseCommit) -> Result<()> {
        let message = "rollback: repair";
        if advance(self.session, self.desk, &mut self.plan, source, made, message)? {
            return Ok(());
        }
        let short = hotfix::branch_names(self.session, self.package).name_for(&self.request.number, &[]);
        let name = format!("refs/heads/{short}");
        if self.session.repo.has_ref(&name) || self.session.repo.has_refs_below(&name)? {
            return Err(Error::refused(format!("the branch {short} is there already"))
                .help(format!("look at it with `git log {short}`; rename it with `git branch -m`")));
        }
        self.plan.steps.push(Step::Ref { name, old: None, new: Some(made.id), message: message.to_owned() });
        self.note(format!("the new version is on the branch {short}"), None);
        Ok(())
    }
}

/// Something that is known of a release now: its tag, what is known, and the value.
pub type Known = (String, &'static str, Option<String>);

/// Plans recording facts about releases that commands outside of git have made true.
///
/// # Errors
/// A fault when the log cannot be read.
pub fn record(session: &Session, title: String, known: &[Known]) -> Result<Plan> {
    let facts = crate::store::facts::Facts::read(&session.repo)?;
    let mut plan = Plan { point: known.first().map(|(tag, ..)| tag.clone()), ..Plan::default() };
    plan.steps.extend(known.iter().filter_map(|(tag, key, new)| facts.step(&about(tag), key, new.clone())));
    plan.report.title = title;
    plan.report.steps = describe::sentences(&plan.steps);
    Ok(plan)
}

/// The number behind a version: the next candidate of a candidate, else the next patch.
#[must_use]
pub fn after(version: &Version) -> Version {
    if !version.is_prerelease() {
        return version.next();
    }
    let before = version.prerelease();
    let next = match before.rsplit_once('.').map(|(word, number)| (word, number.parse::<u64>())) {
        Some((word, Ok(number))) => format!("{word}.{}", number + 1),
        _ => format!("{before}.1"),
    };
    Version::read(&format!("{}-{next}", version.core())).unwrap_or_else(|| version.next())
}
