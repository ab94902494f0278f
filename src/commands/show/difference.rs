//! Differences of files, by line numbers or as a patch.

use crate::git::{DiffForm, Pathspecs, Repo, diff_text};
use crate::model::report::{Patch, ShowReport, StatLine};
use crate::model::{ObjectId, RepoPath};
use crate::plan::resolve::Place;
use crate::{Error, Result};

/// Adds what a snapshot holds, compared with its own commit; of a commit, what going there would change compared
/// with the commit of `HEAD`.
pub(super) fn add(
    repo: &Repo,
    place: &Place,
    as_patch: bool,
    only: Option<&Pathspecs>,
    report: &mut ShowReport,
) -> Result<()> {
    let pairs = trees(repo, place, report)?;
    let form = if as_patch { DiffForm::Patch } else { DiffForm::Numbers };
    let mut text = Vec::new();
    let mut seen = Vec::new();
    for (from, to) in pairs {
        let paths = only.map(|only| chosen(repo, from, to, only)).transpose()?;
        // With paths asked for and none of them different, no path must not mean all.
        if paths.as_ref().is_some_and(Vec::is_empty) || from == to {
            continue;
        }
        text.append(&mut diff_text(repo, from, to, form, paths.as_deref().unwrap_or_default())?);
        seen.extend(paths.unwrap_or_default());
    }
    let idle = only.map(|only| only.unmatched(seen.iter())).unwrap_or_default();
    report.warnings.extend(idle.into_iter().map(|typed| format!("nothing that differs matches \"{typed}\"")));
    if as_patch {
        report.patch = Patch(Some(text));
    } else {
        report.stat = numbers(&text).ok_or_else(|| Error::fault("the numbers that git prints cannot be read"))?;
        if report.stat.is_empty() && report.warnings.is_empty() {
            report.warnings.push("no file differs".to_owned());
        }
    }
    Ok(())
}

/// Pairs of trees to compare.
fn trees(repo: &Repo, place: &Place, report: &mut ShowReport) -> Result<Vec<(ObjectId, ObjectId)>> {
    let tree_of = |commit: Option<ObjectId>| match commit {
        Some(id) => repo.commit(id).map(|info| info.tree),
        None => Ok(ObjectId::EMPTY_TREE),
    };
    if let Some(operation) = &place.after {
        report.compared = Some("the commits of HEAD before and after the operation".to_owned());
        return Ok(vec![(tree_of(operation.before.commit)?, tree_of(operation.after.commit)?)]);
    }
    if let Some(snapshot) = &place.snapshot {
        report.compared = Some("its own commit, and the files that it holds".to_owned());
        let base = tree_of(snapshot.manifest.head_commit)?;
        return Ok(vec![(base, snapshot.work_tree), (ObjectId::EMPTY_TREE, snapshot.untracked_tree)]);
    }
    report.compared = Some("HEAD, and what going there would make of it".to_owned());
    let head = repo.head()?;
    Ok(vec![(tree_of(repo.head_commit(&head)?)?, tree_of(place.commit)?)])
}

fn chosen(repo: &Repo, from: ObjectId, to: ObjectId, only: &Pathspecs) -> Result<Vec<RepoPath>> {
    let mut out = Vec::new();
    repo.trees()?.diff(from, to, &mut |path, _, _| {
        if only.matches(&path) {
            out.push(path);
        }
        Ok(())
    })?;
    Ok(out)
}

/// Reads `added TAB removed TAB path NUL`; `-` stands where there are no lines.
pub(super) fn numbers(text: &[u8]) -> Option<Vec<StatLine>> {
    let count = |field: &[u8]| match field {
        b"-" => Some(None),
        digits => std::str::from_utf8(digits).ok()?.parse().ok().map(Some),
    };
    let line = |line: &[u8]| {
        let mut fields = line.splitn(3, |&b| b == b'\t');
        let (added, removed) = (count(fields.next()?)?, count(fields.next()?)?);
        Some(StatLine { path: RepoPath::new(fields.next()?), added, removed })
    };
    text.split(|&b| b == 0).filter(|l| !l.is_empty()).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_text_and_other_files() {
        let found = numbers(b"3\t0\ta b\0-\t-\tpicture\0").unwrap();
        assert_eq!((found[0].added, found[0].removed), (Some(3), Some(0)));
        assert_eq!((found[1].added, found[1].path.as_bytes()), (None, &b"picture"[..]));
        assert!(numbers(b"nonsense\0").is_none());
    }
}
