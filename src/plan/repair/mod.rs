//! `release repair`: what went wrong with a release is put right here. What a remote has is another matter: the command sends
//! it there, when that is asked for.

mod number;

use super::transition::Desk;
use super::{Plan, describe};
use crate::model::Step;
use crate::model::report::{Finding, ReleaseState, Severity};
use crate::release::diagnosis::{Findings, LocalTag, judge};
use crate::release::records::{COMMIT, about};
use crate::release::{Package, Releases, Version};
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
            ReleaseState::Duplicate if found.extra().next().is_some() => self.keep_one(),
            ReleaseState::NotHere if found.tag().is_some() && !self.may_be_there() => {
                self.take_lost_away();
                Ok(())
            }
            ReleaseState::VersionConflict if found.tag().is_none() && !self.head_says_it()? => {
                self.give_up_alone();
                Ok(())
            }
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

    /// Whether the tag was moved here alone, and what it was recorded for can be had.
    fn goes_back(&self) -> bool {
        let found = self.request.found;
        let Some((tag, recorded)) = found.tag().and_then(|tag| Some((tag, tag.recorded?))) else { return false };
        found.tag_there().map_or(tag.recorded_is_here, |there| there.commit == recorded)
    }

    /// Whether the remote can give what the tag leads to.
    fn may_be_there(&self) -> bool {
        let found = self.request.found;
        found.remote.is_some() && found.tag().is_some_and(|tag| found.is_on_remote(&tag.name))
    }

    /// A tag that leads to nothing, here or anywhere, goes.
    fn take_lost_away(&mut self) {
        let found = self.request.found;
        let Some(tag) = found.tag().cloned() else { return };
        self.take_away(&tag);
        match found.may_be_published() {
            true => self.burn(&tag.name, judge(found).summary),
            false => self.fact(&tag.name, COMMIT, None),
        }
        self.plan.report.title = format!("Delete the tag {}: what it led to is gone", tag.name);
        self.plan.report.not_undoable.push(format!("the tag {}, as long as its commit is not here", tag.name));
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

    /// Tags of the same version that are not the right one go.
    fn keep_one(&mut self) -> Result<()> {
        let extra: Vec<LocalTag> = self.request.found.extra().cloned().collect();
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
            let reason = self.request.reason.clone().unwrap_or_default();
            self.burn(name, format!("its tag was deleted: {reason}"));
            self.note(format!("its number stays burned: the next free one is {}", self.request.number), None);
        } else {
            self.fact(name, COMMIT, None);
        }
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
