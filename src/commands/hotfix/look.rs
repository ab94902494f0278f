//! Listing hotfixes, and showing one.

use crate::Result;
use crate::commands::release::Of;
use crate::git::Repo;
use crate::model::ObjectId;
use crate::model::report::{Check, Hint, HotfixReport, HotfixRow, HotfixState, HotfixesReport, Outcome, Verdict};
use crate::plan::finish::lacking;
use crate::plan::{commit_rows, count};
use crate::release::{Hotfix, Releases, VersionTag, hotfix};
use crate::store::session::Session;
use crate::store::survey::Survey;

/// How many commits of a hotfix are shown.
const COMMITS: usize = 50;

pub(super) fn list(of: &Of) -> Result<Outcome> {
    let session = Session::open()?;
    let package = of.package(&session)?;
    let mut all = hotfix::all(&session)?;
    all.retain(|hotfix| package.name.is_none() || hotfix.package.name == package.name);
    Ok(HotfixesReport { hotfixes: rows(&session, &all)? }.into())
}

/// Hotfixes in one line each.
pub(in crate::commands) fn rows(session: &Session, hotfixes: &[Hotfix]) -> Result<Vec<HotfixRow>> {
    let rows = hotfixes.iter().zip(lacking(session, hotfixes)?);
    rows.map(|(hotfix, lacking)| row(&session.repo, hotfix, lacking)).collect()
}

fn row(repo: &Repo, hotfix: &Hotfix, lacking: Vec<String>) -> Result<HotfixRow> {
    let full = format!("refs/heads/{}", hotfix.branch);
    let elsewhere = repo.checked_out_elsewhere().into_iter().find(|(branch, _)| *branch == full);
    Ok(HotfixRow {
        version: hotfix.version.to_string(),
        branch: hotfix.branch.clone(),
        package: hotfix.package.name.clone(),
        state: state(hotfix, &lacking),
        here: repo.head()?.branch() == Some(hotfix.branch.as_str()),
        from: hotfix.from.clone(),
        base: hotfix.base,
        tip: hotfix.tip,
        remotes: hotfix.remotes.keys().cloned().collect(),
        worktree: elsewhere.map(|(_, path)| path),
        tag: hotfix.tag.clone(),
        lacking,
        description: hotfix.description.clone(),
        started: hotfix.started.as_ref().map(|who| who.time),
        who: hotfix.started.as_ref().map(|who| who.name.clone()),
    })
}

fn state(hotfix: &Hotfix, lacking: &[String]) -> HotfixState {
    match (hotfix.abandoned, &hotfix.tag) {
        (_, Some(_)) if lacking.is_empty() => HotfixState::MergedBack,
        (_, Some(_)) => HotfixState::Applied,
        (true, None) => HotfixState::Abandoned,
        (false, None) if hotfix.is_open() => HotfixState::Open,
        (false, None) => HotfixState::Gone,
    }
}

pub(super) fn show(typed: Option<&str>, of: &Of) -> Result<Outcome> {
    let session = Session::open()?;
    let hotfix = hotfix::find(&session, Some(&of.package(&session)?), typed)?;
    let mut report = report(&session, &hotfix)?;
    if let (None, Some(tip)) = (hotfix.newest(), hotfix.last_tip) {
        let command = format!("git branch {} {}", hotfix.branch, tip.short());
        report.next.push(Hint::new(command, "its branch again, as it was when it was given up"));
    }
    Ok(report.into())
}

fn report(session: &Session, hotfix: &Hotfix) -> Result<HotfixReport> {
    let mut commits = Vec::new();
    let tip = hotfix.newest().or(hotfix.last_tip).filter(|tip| session.repo.exists(*tip));
    if let (Some(tip), Some(_)) = (tip, hotfix.base) {
        let own = session.repo.leaving(tip, hotfix.base, COMMITS)?;
        commits = commit_rows(own.newest);
    }
    let lacking = lacking(session, std::slice::from_ref(hotfix))?.into_iter().flatten().collect();
    let mut out = HotfixReport { row: row(&session.repo, hotfix, lacking)?, commits, ..HotfixReport::default() };
    if !out.row.lacking.is_empty() {
        let command = format!("git rollback hotfix backport {}", hotfix.version);
        out.next.push(Hint::new(command, "bring it to the lines that have not got it"));
    }
    Ok(out)
}

pub(super) fn status(typed: Option<&str>, of: &Of) -> Result<Outcome> {
    let session = Session::open()?;
    let hotfix = hotfix::find(&session, Some(&of.package(&session)?), typed)?;
    let mut report = report(&session, &hotfix)?;
    if report.row.state == HotfixState::Open {
        report.checks = checks(&session, &hotfix, &report)?;
        report.next = next(&hotfix, &report);
    }
    Ok(report.into())
}

fn check(name: &str, verdict: Verdict, detail: String, help: Option<String>) -> Check {
    Check { name: name.to_owned(), verdict, detail, help }
}

fn checks(session: &Session, hotfix: &Hotfix, report: &HotfixReport) -> Result<Vec<Check>> {
    let repo = &session.repo;
    let mut out = Vec::new();
    if hotfix.base.is_some() {
        let (verdict, help) = match report.commits.len() {
            0 => (Verdict::Warn, Some("commit the fix on that branch".to_owned())),
            _ => (Verdict::Ok, None),
        };
        out.push(check("commits", verdict, count(report.commits.len(), "commit", "commits"), help));
    }
    if report.row.here {
        let tree = hotfix.tip.map(|tip| repo.commit(tip)).transpose()?.map_or(ObjectId::EMPTY_TREE, |c| c.tree);
        let unsaved = Survey::take(repo, tree)?.unsaved();
        out.push(match unsaved {
            0 => check("worktree", Verdict::Ok, "everything is committed".to_owned(), None),
            _ => check("worktree", Verdict::Warn, format!("{unsaved} changes are not committed"), None),
        });
    }
    out.extend(newer_patch(session, hotfix)?);
    for (remote, there) in &hotfix.remotes {
        let distance = hotfix.tip.map(|tip| repo.ahead_behind(tip, *there)).transpose()?;
        out.push(match distance {
            Some((0, 0)) => check(remote, Verdict::Ok, "has the branch as it is here".to_owned(), None),
            Some((ahead, 0)) => {
                let detail = format!("{} not pushed", count(ahead, "commit is", "commits are"));
                let help = format!("git push {remote} {}", hotfix.branch);
                check(remote, Verdict::Warn, detail, Some(help))
            }
            Some((_, behind)) => {
                let detail = format!("{} that the branch here does not have", count(behind, "commit", "commits"));
                check(remote, Verdict::Warn, detail, Some(format!("git merge {remote}/{}", hotfix.branch)))
            }
            None => check(remote, Verdict::Ok, "has the branch; there is none here".to_owned(), None),
        });
    }
    Ok(out)
}

/// A patch of the line that was released since, and that the hotfix does not have.
fn newer_patch(session: &Session, hotfix: &Hotfix) -> Result<Option<Check>> {
    let Some(tip) = hotfix.newest() else { return Ok(None) };
    let releases = Releases::read_tags(session, &hotfix.package)?;
    let of_line = |tag: &&VersionTag| tag.version.numbers()[..2] == hotfix.version.numbers()[..2];
    let Some(newest) = releases.tags.iter().filter(of_line).find(|tag| !tag.version.is_prerelease()) else {
        return Ok(None);
    };
    let has = session.repo.peel(newest.id).ok().flatten().map(|id| session.repo.is_ancestor(id, tip)).transpose()?;
    Ok(Some(match has {
        Some(true) => check("release", Verdict::Ok, format!("has {}, the newest of its line", newest.name), None),
        _ => {
            let help = format!("`git merge {}` brings its fixes in", newest.name);
            check(
                "release",
                Verdict::Warn,
                format!("does not have {}, the newest of its line", newest.name),
                Some(help),
            )
        }
    }))
}

fn next(hotfix: &Hotfix, report: &HotfixReport) -> Vec<Hint> {
    let mut out = Vec::new();
    if !report.row.here {
        let go = match &report.row.worktree {
            Some(path) => format!("cd {path}"),
            None => format!("git switch {}", hotfix.branch),
        };
        out.push(Hint::new(go, "work on it"));
    }
    if !report.commits.is_empty() {
        out.push(Hint::new(
            format!("git rollback hotfix finish {}", hotfix.version),
            "release it, and bring it to every line",
        ));
    }
    out.push(Hint::new(format!("git rollback hotfix abandon {}", hotfix.version), "give it up; everything is kept"));
    out
}
