//! Another number for what a release holds, and the end of the old one.

use super::super::advance::advance;
use super::super::release::{NewRelease, make_tag};
use super::super::release_commit::{ReleaseCommit, Wanted, release_commit, version_in};
use super::{Repair, Work, full};
use crate::model::{ObjectId, Step};
use crate::release::diagnosis::judge;
use crate::release::records::{COMMIT, NOTHING, RENUMBERED, STABLE, WHY, yes_or_no};
use crate::release::{Version, hotfix};
use crate::{Error, Result};

impl Work<'_, '_, '_> {
    /// The content gets the next free number; the old one is given up, unless it belongs to somebody else.
    pub(super) fn renumber(&mut self) -> Result<()> {
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
        let made = release_commit(&self.session.repo, (self.desk.sink, self.desk.scratch), &self.name.who, wanted)?;
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
        // The name of a new commit is not known before it is signed.
        let at = if made.id == source { source.short() } else { "a new commit".to_owned() };
        self.plan.report.title = format!("Release {number} in place of {}: a new tag {tag} at {at}", found.version);
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

    /// Whether `HEAD` is at what has the version, as far as its files tell.
    pub(super) fn head_says_it(&self) -> Result<bool> {
        let Some(head) = self.desk.scene.head_commit else { return Ok(false) };
        let said = version_in(&self.session.repo, self.package, head)?;
        Ok(said.is_none_or(|said| said.same(&self.request.found.version)))
    }

    /// Nothing takes the number's place.
    pub(super) fn give_up_alone(&mut self) {
        let found = self.request.found;
        let name = self.releases.names.name_for(&found.version, &self.releases.tags);
        let known = || judge(found).summary;
        self.burn(&name, self.request.reason.clone().unwrap_or_else(known));
        self.plan.report.title = format!("Give up the number {}: {}", found.version, judge(found).summary);
        self.note(
            format!("what comes next gets another number; {} is free", self.request.number),
            Some(format!(
                "who knows its commit records that instead: `git rollback release add {} COMMIT`",
                found.version
            )),
        );
    }

    /// Records that a number is never used again, with nothing in its place.
    pub(super) fn burn(&mut self, tag: &str, why: String) {
        self.fact(tag, RENUMBERED, Some(NOTHING.to_owned()));
        self.fact(tag, STABLE, Some(yes_or_no(false).to_owned()));
        self.fact(tag, WHY, Some(why));
    }

    /// What gets the new number: what the tag holds; without a tag, what `HEAD` is at, if it says the version.
    fn source(&self) -> Result<ObjectId> {
        let found = self.request.found;
        if let Some(tag) = found.tag() {
            let gone = || Error::refused(format!("the tag {} does not lead to a commit that is there", tag.name));
            return tag.commit.ok_or_else(gone);
        }
        let head = self.desk.scene.head_commit.ok_or_else(|| Error::refused("there is no commit yet to release"))?;
        if self.head_says_it()? {
            return Ok(head);
        }
        Err(Error::refused(format!(
            "nobody knows which commit {0} is: it has no tag, and HEAD is not {0}",
            found.version
        ))
        .help(format!("`git rollback release repair {}` gives the number up", found.typed()))
        .help(format!("or go to the right commit, and record it: `git rollback release add {}`", self.request.number)))
    }

    pub(super) fn new_tag(&self, tag: &str, version: &Version, commit: ObjectId, bytes: &[u8]) -> Result<Step> {
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
