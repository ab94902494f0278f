//! Listing hotfixes, and showing one.

use crate::Result;
use crate::commands::release::Of;
use crate::git::Repo;
use crate::model::report::{CommitRow, HotfixReport, HotfixRow, HotfixState, HotfixesReport, Outcome};
use crate::release::{Hotfix, hotfix};
use crate::store::session::Session;

/// How many commits of a hotfix are shown.
const COMMITS: usize = 50;

pub(super) fn list(of: &Of) -> Result<Outcome> {
    let session = Session::open()?;
    let package = of.package(&session)?;
    let mut all = hotfix::all(&session)?;
    all.retain(|hotfix| package.name.is_none() || hotfix.package.name == package.name);
    let rows = all.iter().map(|hotfix| row(&session.repo, hotfix)).collect::<Result<_>>()?;
    Ok(HotfixesReport { hotfixes: rows }.into())
}

fn row(repo: &Repo, hotfix: &Hotfix) -> Result<HotfixRow> {
    let full = format!("refs/heads/{}", hotfix.branch);
    let elsewhere = repo.checked_out_elsewhere().into_iter().find(|(branch, _)| *branch == full);
    Ok(HotfixRow {
        version: hotfix.version.to_string(),
        branch: hotfix.branch.clone(),
        package: hotfix.package.name.clone(),
        state: state(hotfix),
        here: repo.head()?.branch() == Some(hotfix.branch.as_str()),
        from: hotfix.from.clone(),
        base: hotfix.base,
        tip: hotfix.tip,
        remotes: hotfix.remotes.keys().cloned().collect(),
        worktree: elsewhere.map(|(_, path)| path),
        tag: hotfix.tag.clone(),
        description: hotfix.description.clone(),
        started: hotfix.started.as_ref().map(|who| who.time),
        who: hotfix.started.as_ref().map(|who| who.name.clone()),
    })
}

fn state(hotfix: &Hotfix) -> HotfixState {
    match (hotfix.abandoned, &hotfix.tag) {
        (_, Some(_)) => HotfixState::Applied,
        (true, None) => HotfixState::Abandoned,
        (false, None) if hotfix.is_open() => HotfixState::Open,
        (false, None) => HotfixState::Gone,
    }
}

pub(super) fn show(typed: Option<&str>, of: &Of) -> Result<Outcome> {
    let session = Session::open()?;
    let package = of.package(&session)?;
    let hotfix = hotfix::find(&session, Some(&package), typed)?;
    let mut commits = Vec::new();
    if let (Some(tip), Some(_)) = (hotfix.newest(), hotfix.base) {
        let own = session.repo.leaving(tip, hotfix.base, COMMITS)?;
        let row = |(commit, published): (crate::git::CommitInfo, bool)| CommitRow {
            id: commit.id,
            subject: commit.subject,
            published,
        };
        commits = own.newest.into_iter().map(row).collect();
    }
    Ok(HotfixReport { row: row(&session.repo, &hotfix)?, commits, next: Vec::new() }.into())
}
