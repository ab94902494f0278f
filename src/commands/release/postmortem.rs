//! What happened to a release, written down: from its history and what is recorded of it.

use crate::commands::change::{carry_out, request};
use crate::commands::hotfix::rows;
use crate::commands::{Ctx, history, story};
use crate::documents::{self, Document};
use crate::engine::Locks;
use crate::host::clock;
use crate::model::report::story::Item;
use crate::model::report::{
    HotfixRow, HotfixState, Moment, Outcome, PostmortemReport, Report, RollbackResult, RollbackRow,
};
use crate::model::{Operation, RepoPath, Time};
use crate::plan::write;
use crate::release::diagnosis::{Asking, Findings, facts, gather, judge};
use crate::release::records::{self, Detail};
use crate::release::{Package, Releases, VersionTag, hotfix};
use crate::store::facts::about_operation;
use crate::store::log;
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// More commits than this are counted only.
const MOST: usize = 50;

pub(super) fn run(ctx: &Ctx<'_>, session: &Session, package: &Package, typed: &str, offline: bool) -> Result<Outcome> {
    session.refuse_unfinished()?;
    let asking = Asking { typed: Some(typed), limit: 1, remote: !offline, run: !offline && !ctx.global.dry_run };
    let gathered = gather(session, package, ctx.talk, &asking)?;
    let releases = Releases::read(session, package)?;
    let found = gathered.found.first().and_then(|found| Some((found, found.tag()?)));
    let tag = found.and_then(|(_, tag)| releases.tags.iter().find(|one| one.name == tag.name));
    let (Some((found, _)), Some(tag)) = (found, tag) else {
        return Err(Error::refused(format!("{typed} has no tag here, so there is nothing to tell"))
            .help(format!("`git rollback release diagnose {typed}` says what is known")));
    };
    let mut report = gather_all(session, &releases, tag, found)?;
    report.not_asked = gathered.not_asked;
    report.file = file(session, &report.version)?;
    let own = session.config.report.templates.as_ref().map(|dir| session.repo.root().join(dir));
    let text = documents::write(Document::Postmortem, own.as_deref(), &report)?;
    let files: BTreeMap<RepoPath, String> = [(report.file.as_str().into(), text)].into();
    let title = format!("Write a post-mortem of {}", report.version);
    let outcome = carry_out(ctx, session, &request(ctx, "release postmortem"), Locks::None, &|table| {
        write::plan(table.desk, &files, title.clone())
    })?;
    let Report::Done(done) = outcome.report else { return Ok(outcome) };
    report.operation.clone_from(&done.operation);
    report.way_back = done.way_back;
    let exit_code = outcome.exit_code;
    Ok(Outcome { exit_code, ..Outcome::from(report) })
}

/// A free name: what people have written into an earlier one stays.
fn file(session: &Session, version: &str) -> Result<String> {
    let base = format!("{}/postmortem-{version}", session.config.report.directory);
    let names = std::iter::once(format!("{base}.md")).chain((2..1000).map(|count| format!("{base}-{count}.md")));
    let mut free = names.filter(|name| session.repo.root().join(name).symlink_metadata().is_err());
    free.next().ok_or_else(|| Error::refused(format!("there are too many files called {base}-2.md, -3, ...")))
}

fn gather_all(session: &Session, releases: &Releases, tag: &VersionTag, found: &Findings) -> Result<PostmortemReport> {
    let detail = releases.detail(&session.repo, tag);
    let judged = judge(found);
    let mut hotfixes = hotfix::all(session)?;
    hotfixes.retain(|one| one.from.as_ref() == Some(&tag.name));
    let hotfixes = rows(session, &hotfixes)?;
    let rollbacks = rollbacks(session, &tag.name)?;
    let before = releases.tags.iter().find(|one| one.version < tag.version && !one.version.same(&tag.version));
    let base = before.and_then(|one| session.repo.peel(one.id).ok().flatten());
    let (commits, commit_count) = match detail.commit {
        Some(tip) => story::commits(session, tip, base, MOST)?,
        None => Default::default(),
    };
    let operations = concerning(session, &tag.name, &hotfixes, &rollbacks)?;
    Ok(PostmortemReport {
        version: tag.version.to_string(),
        package: found.package.clone(),
        tag: tag.name.clone(),
        commit: detail.commit.map(|commit| commit.short()).unwrap_or_default(),
        written: clock::now().to_string(),
        released: detail.time.map(|time| time.to_string()).unwrap_or_default(),
        who: detail.who.clone(),
        description: detail.description.clone(),
        before: before.map(|one| one.name.clone()),
        newer: found.newer.clone(),
        state: judged.state.words().to_owned(),
        summary: judged.summary,
        why: detail.why.clone().unwrap_or_default(),
        facts: facts(found),
        timeline: timeline(&tag.name, &detail, &operations),
        checklist: checklist(found, &detail, &hotfixes, &rollbacks, &operations),
        commits,
        commit_count,
        rollbacks,
        hotfixes,
        next: judged.next.into_iter().collect(),
        contacts: session.config.contacts.clone(),
        ..PostmortemReport::default()
    })
}

/// Rollbacks away from the release, or to it.
fn rollbacks(session: &Session, tag: &str) -> Result<Vec<RollbackRow>> {
    let rows = history::rows(session, |_| true)?;
    let is_it = |version: &Option<String>| version.as_deref() == Some(tag);
    Ok(rows.into_iter().filter(|row| is_it(&row.from_version) || is_it(&row.to_version)).collect())
}

/// Operations that recorded something about the release, its hotfixes or its rollbacks, oldest first.
fn concerning(
    session: &Session,
    tag: &str,
    hotfixes: &[HotfixRow],
    rollbacks: &[RollbackRow],
) -> Result<Vec<Operation>> {
    let mut subjects: BTreeSet<String> = hotfixes.iter().map(|one| hotfix::about(&one.branch)).collect();
    subjects.extend(hotfixes.iter().filter_map(|one| one.tag.as_deref()).map(records::about));
    subjects.extend(rollbacks.iter().map(|row| about_operation(&row.id)));
    subjects.insert(records::about(tag));
    let mut out = log::read(&session.repo, usize::MAX)?;
    out.retain(|operation| {
        let is_rollback = rollbacks.iter().any(|row| row.id == operation.id);
        !operation.aborted && (is_rollback || operation.facts.iter().any(|fact| subjects.contains(&fact.about)))
    });
    out.reverse();
    Ok(out)
}

fn timeline(tag: &str, detail: &Detail, operations: &[Operation]) -> Vec<Moment> {
    let mut out: Vec<(Time, String)> = Vec::new();
    out.extend(detail.time.map(|time| (time, format!("{tag} was made by {}", detail.who))));
    for operation in operations {
        if let Some(started) = operation.trouble.started {
            out.push((started, "the trouble began".to_owned()));
        }
        let reason = operation.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        out.push((operation.who.time, format!("{}{reason}, by {}", operation.title, operation.who.name)));
    }
    out.sort_by_key(|(time, _)| time.seconds);
    out.into_iter().map(|(time, what)| Moment { when: time.to_string(), what }).collect()
}

/// What should have been done by now, as far as it is known.
fn checklist(
    found: &Findings,
    detail: &Detail,
    hotfixes: &[HotfixRow],
    rollbacks: &[RollbackRow],
    operations: &[Operation],
) -> Vec<Item> {
    let released = hotfixes.iter().find(|one| matches!(one.state, HotfixState::Applied | HotfixState::MergedBack));
    let newer = found.newer.clone().or_else(|| released.and_then(|one| one.tag.clone()));
    let marked = detail.why.clone().unwrap_or_default();
    let told = operations.iter().flat_map(|one| &one.facts).find(|fact| fact.key == crate::plan::amend::NOTIFIED);
    let recovered = rollbacks.iter().find(|row| row.result == RollbackResult::Recovered);
    let cause = rollbacks.iter().find_map(|row| row.trouble.cause.clone());
    vec![
        Item::known("It is marked as not to be relied on", found.broken, marked),
        Item::known("It is withdrawn from the registry", found.yanked, ""),
        Item::known(
            "Users went back to another version",
            recovered.is_some(),
            recovered.map(|row| row.id.clone()).unwrap_or_default(),
        ),
        Item::known(
            "A hotfix was started",
            !hotfixes.is_empty(),
            hotfixes.first().map(|one| one.branch.clone()).unwrap_or_default(),
        ),
        Item::known("A release that replaces it is there", newer.is_some(), newer.unwrap_or_default()),
        Item::known("The cause is known", cause.is_some(), cause.unwrap_or_default()),
        Item::known("Others were told", told.is_some(), told.and_then(|fact| fact.new.clone()).unwrap_or_default()),
        Item { what: "A test would find it the next time".to_owned(), done: None, note: String::new() },
        Item { what: "Who uses it knows what to do".to_owned(), done: None, note: String::new() },
    ]
}
