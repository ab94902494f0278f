//! What something lost is, and what it would bring.

use super::difference::numbers;
use crate::commands::facts;
use crate::git::{DiffForm, Pathspecs, Repo, content_patch, diff_text};
use crate::model::report::{Patch, ShowReport, StatLine};
use crate::model::{LostItem, LostKind, ObjectId, RepoPath, Time};
use crate::plan::lost;
use crate::store::session::Session;
use crate::worktree::Root;
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::io::Read;

/// How the content is shown.
pub(super) struct Form<'a> {
    pub patch: bool,
    /// Compare with the files as they are now.
    pub worktree: bool,
    pub only: Option<&'a Pathspecs>,
}

/// A file of the worktree beyond this size is not compared.
const MAX_FILE: u64 = 64 << 20;

/// The answer for a lost item.
pub(super) fn report(session: &Session, typed: &str, item: LostItem, form: &Form<'_>) -> Result<ShowReport> {
    let repo = &session.repo;
    let is_commit = !matches!(item.kind, LostKind::Tag | LostKind::Staged);
    let mut report = ShowReport {
        id: typed.to_owned(),
        what: format!("lost {}", item.kind.word()),
        name: item.id.to_string(),
        subject: item.subject.clone(),
        time: item.made,
        who: item.author.clone(),
        way_there: Some(format!("git rollback recover {}", item.id.short())),
        recover_with_git: Some(with_git(&item)),
        ..ShowReport::default()
    };
    if is_commit && let Ok(commit) = repo.commit(item.id) {
        report.message = commit.message.trim().to_owned();
        report.time = Some(Time::new(commit.time.0, commit.time.1));
    } else if let Ok(Some(tag)) = repo.tag(item.id) {
        report.message = super::without_signature(&tag.message);
        report.commit = repo.peel(item.id).ok().flatten();
    }
    match item.kind {
        LostKind::Staged => content(repo, &item, form, &mut report)?,
        _ if form.worktree => files(repo, &item, form, &mut report)?,
        _ => commits(repo, &item, form, &mut report)?,
    }
    report.lost = Some(Box::new(item));
    Ok(report)
}

/// The plain git command that brings it back.
fn with_git(item: &LostItem) -> String {
    let name = item.name.as_ref().map(|name| crate::model::readable(name.name.as_bytes()));
    let word = |fallback: &str| facts::shell_word(name.as_deref().unwrap_or(fallback));
    match item.kind {
        LostKind::Stash => format!("git stash apply --index {}", item.id),
        LostKind::Tag => format!(
            "git update-ref {} {}",
            facts::shell_word(&format!("refs/tags/{}", name.unwrap_or_default())),
            item.id
        ),
        LostKind::Staged => format!("git cat-file blob {} > {}", item.id, word("recovered")),
        LostKind::Saved => format!("git stash apply --index {}^", item.id),
        LostKind::Branch => format!("git branch {} {}", word("recovered"), item.id),
        LostKind::Commit | LostKind::State => format!("git branch recovered {}", item.id),
    }
}

/// What the item changed, compared with what it stands on.
fn commits(repo: &Repo, item: &LostItem, form: &Form<'_>, report: &mut ShowReport) -> Result<()> {
    let what = match item.kind {
        LostKind::Stash | LostKind::Saved => "the commit it was made on, and the files in it",
        _ => "the commit below it, and it",
    };
    report.compared = Some(what.to_owned());
    let wanted = if form.patch { DiffForm::Patch } else { DiffForm::Numbers };
    let mut text = Vec::new();
    for (old, new) in lost::trees(repo, item)? {
        let mut paths = Vec::new();
        repo.trees()?.diff(old, new, &mut |path, _, _| {
            paths.extend(form.only.is_none_or(|only| only.matches(&path)).then_some(path));
            Ok(())
        })?;
        if !paths.is_empty() {
            let paths = if form.only.is_some() { paths } else { Vec::new() };
            text.append(&mut diff_text(repo, old, new, wanted, &paths)?);
        }
    }
    if form.patch {
        report.patch = Patch(Some(text));
    } else {
        report.stat = numbers(&text).ok_or_else(|| Error::fault("the numbers that git prints cannot be read"))?;
    }
    Ok(())
}

/// What the item would make of the files as they are now.
fn files(repo: &Repo, item: &LostItem, form: &Form<'_>, report: &mut ShowReport) -> Result<()> {
    report.compared = Some("the files as they are now, and the same files in it".to_owned());
    let mut changed: BTreeMap<RepoPath, Option<ObjectId>> = BTreeMap::new();
    for (old, new) in lost::trees(repo, item)? {
        repo.trees()?.diff(old, new, &mut |path, _, new| {
            changed.insert(path, new.map(|entry| entry.id));
            Ok(())
        })?;
    }
    let root = Root::open(repo.root())?;
    let mut text = Vec::new();
    for (path, blob) in changed.into_iter().filter(|(path, _)| form.only.is_none_or(|only| only.matches(path))) {
        let new = blob.map(|blob| repo.blob(blob)).transpose();
        let (Some(now), Ok(new)) = (now(&root, &path), new) else {
            report.warnings.push(format!("{path} cannot be compared"));
            continue;
        };
        add(report, &mut text, path, &now, &new.unwrap_or_default())?;
    }
    if form.patch {
        (report.patch, report.stat) = (Patch(Some(text)), Vec::new());
    }
    Ok(())
}

/// What stands in a file now; nothing where there is no file. `None`: too big, or not to be read.
fn now(root: &Root, path: &RepoPath) -> Option<Vec<u8>> {
    let Some(stat) = root.stat(path).ok()? else { return Some(Vec::new()) };
    if !stat.is_file() || stat.size > MAX_FILE {
        return None;
    }
    let mut bytes = Vec::new();
    root.open_file(path).ok()?.0.take(MAX_FILE).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The content of a lost file, compared with the file it likely was.
fn content(repo: &Repo, item: &LostItem, form: &Form<'_>, report: &mut ShowReport) -> Result<()> {
    let path = item.name.as_ref().map_or_else(|| RepoPath::from("recovered"), |name| name.name.clone());
    let new = repo.blob(item.id)?;
    let now = now(&Root::open(repo.root())?, &path).unwrap_or_default();
    let against = if now.is_empty() { "nothing" } else { "the file of that name as it is now" };
    report.compared = Some(format!("{against}, and the lost content"));
    let mut text = Vec::new();
    add(report, &mut text, path, &now, &new)?;
    if form.patch {
        (report.patch, report.stat) = (Patch(Some(text)), Vec::new());
    }
    Ok(())
}

fn add(report: &mut ShowReport, text: &mut Vec<u8>, path: RepoPath, old: &[u8], new: &[u8]) -> Result<()> {
    if old != new {
        let mut patch = content_patch(&path, old, new)?;
        text.append(&mut patch.text);
        report.stat.push(StatLine { path, added: patch.added, removed: patch.removed });
    }
    Ok(())
}
