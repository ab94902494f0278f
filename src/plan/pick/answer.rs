//! What a person made of a commit that was in conflict.

use super::series::Series;
use super::unstaged;
use crate::git::RawCommit;
use crate::model::{Answer, Head, ObjectId, PickOutcome, PickWork, RepoPath};
use crate::plan::transition::Desk;
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeSet;

/// Takes the answer over into the series; the paths whose changes stay as they are.
///
/// # Errors
/// Refused when the conflict is not solved, or the branch is not as it was left.
pub(in crate::plan) fn answer(
    session: &Session,
    desk: Desk<'_, '_>,
    answer: Answer,
    work: &PickWork,
    series: &mut Series<'_, '_>,
) -> Result<BTreeSet<RepoPath>> {
    let scene = desk.scene;
    refuse_elsewhere(session, desk, work, work.tip)?;
    let Some(stopped) = work.stopped else { return Ok(unstaged(scene)) };
    let commit = session.repo.raw_commit(stopped)?;
    let under_way = picking(session, desk)?;
    refuse_other(session, work, under_way)?;
    let moved = series.tip != work.tip;
    match answer {
        Answer::Skip if moved => {
            return Err(Error::refused(format!(
                "{} was committed meanwhile, so it cannot be left out",
                stopped.short()
            ))
            .help("`git rollback continue` goes on with the next"));
        }
        Answer::Skip => return skip(session, desk, series, &commit),
        Answer::Continue => {}
    }
    if moved && under_way.is_none() {
        // Finished by hand, with `git cherry-pick --continue` or `git commit`.
        refuse_unsolved(desk)?;
        series.take(stopped, series.tree, PickOutcome::Resolved, series.tip);
        return Ok(unstaged(scene));
    }
    refuse_unsolved(desk)?;
    let mine = unstaged(scene);
    if desk.index_tree != series.tree || work.options.allow_empty && under_way.is_some() {
        let message = message(session, series, &commit)?;
        series.commit(&commit, desk.index_tree, &message, PickOutcome::Resolved)?;
    } else if !mine.is_empty() {
        let names: Vec<String> = mine.iter().take(10).map(ToString::to_string).collect();
        return Err(Error::refused("nothing is staged, so it is not clear what the solved conflict is")
            .because(format!("changed and not staged: {}", names.join(", ")))
            .help("`git add` what belongs to it"));
    } else if under_way.is_some() {
        series.leave_out(stopped, PickOutcome::Applied);
    } else {
        // Left out by hand, with `git cherry-pick --skip` or `git reset`.
        series.leave_out(stopped, PickOutcome::Skipped);
    }
    Ok(mine)
}

/// The files that the conflict touched go back; what else is not committed stays.
fn skip(
    session: &Session,
    desk: Desk<'_, '_>,
    series: &mut Series<'_, '_>,
    commit: &RawCommit,
) -> Result<BTreeSet<RepoPath>> {
    let mut touched = BTreeSet::new();
    if let Some(conflict) = series.conflict(commit)? {
        let trees = session.repo.trees()?.and_made_in(desk.sink);
        trees.diff(series.tree, conflict.tree, &mut |path, _, _| {
            touched.insert(path);
            Ok(())
        })?;
        touched.extend(conflict.stages.into_keys());
    }
    series.leave_out(commit.id, PickOutcome::Skipped);
    Ok(unstaged(desk.scene).difference(&touched).cloned().collect())
}

/// The branch must be the one that gets the commits, and hold `least`.
pub(super) fn refuse_elsewhere(session: &Session, desk: Desk<'_, '_>, work: &PickWork, least: ObjectId) -> Result<()> {
    let branch = work.branch.strip_prefix("refs/heads/").unwrap_or(&work.branch);
    if desk.scene.head != Head::Branch(work.branch.clone()) {
        return Err(Error::refused(format!("HEAD is not on {branch}, the branch that gets the commits"))
            .help(format!("`git switch {branch}`, then go on")));
    }
    match desk.scene.head_commit {
        Some(tip) if session.repo.is_ancestor(least, tip)? => Ok(()),
        _ => Err(Error::refused(format!("{branch} was moved meanwhile: it no longer holds {}", least.short()))
            .help(format!("`git reset --keep {}` goes back to where it was left", work.tip.short()))),
    }
}

/// The commit that `git cherry-pick` would go on with.
fn picking(session: &Session, desk: Desk<'_, '_>) -> Result<Option<ObjectId>> {
    let Some(bytes) = state_file(session, desk, "CHERRY_PICK_HEAD")? else { return Ok(None) };
    Ok(ObjectId::from_hex(bytes.trim_ascii()))
}

pub(in crate::plan) fn state_file(session: &Session, desk: Desk<'_, '_>, name: &str) -> Result<Option<Vec<u8>>> {
    let is_there = desk.scene.git_files.iter().any(|file| file.name == RepoPath::from(name));
    if is_there { crate::store::gitfiles::read(&session.repo, &name.into()) } else { Ok(None) }
}

pub(super) fn refuse_other(session: &Session, work: &PickWork, under_way: Option<ObjectId>) -> Result<()> {
    let mut others = crate::store::gitfiles::in_progress(session.repo.git_dir());
    others.retain(|what| *what != "bisect" && (*what != "cherry-pick" || under_way != work.stopped));
    match others.first() {
        None => Ok(()),
        Some(what) => Err(Error::refused(format!("another {what} is under way"))
            .help(format!("end it first: `git {what} --continue` or `git {what} --abort`"))),
    }
}

pub(in crate::plan) fn refuse_unsolved(desk: Desk<'_, '_>) -> Result<()> {
    let index = &desk.scene.index;
    let mut open: Vec<RepoPath> =
        (0..index.len()).filter(|i| index.stage(*i) > 0).map(|i| RepoPath::new(index.path(i))).collect();
    open.dedup();
    if open.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = open.iter().take(10).map(ToString::to_string).collect();
    Err(Error::refused(format!("{} still in conflict", crate::plan::count(open.len(), "file is", "files are")))
        .because(names.join(", "))
        .help("edit them, then `git add` each (or `git rm`, where it shall go)"))
}

/// Picking onto the present branch begins like `git cherry-pick`: nothing staged, nothing else under way.
pub(in crate::plan) fn refuse_busy(desk: Desk<'_, '_>) -> Result<()> {
    let scene = desk.scene;
    let mut others = crate::store::gitfiles::in_progress(scene.repo.git_dir());
    others.retain(|what| *what != "bisect");
    if let Some(what) = others.first() {
        return Err(Error::refused(format!("a {what} is under way, so nothing can be picked onto this branch"))
            .help(format!("end it first: `git {what} --continue` or `git {what} --abort`")));
    }
    refuse_staged(desk)
}

/// What is staged would be mixed with what is picked.
pub(super) fn refuse_staged(desk: Desk<'_, '_>) -> Result<()> {
    if desk.index_tree == desk.scene.head_tree {
        return Ok(());
    }
    Err(Error::refused("something is staged, and would be mixed with the picked commits")
        .help("commit it (`git commit`, `git commit --amend`), or put it aside"))
}

/// The message as the person left it, without git's list of conflicts.
fn message(session: &Session, series: &Series<'_, '_>, commit: &RawCommit) -> Result<Vec<u8>> {
    let written = crate::store::gitfiles::read(&session.repo, &"MERGE_MSG".into())?;
    let text = written.map(|bytes| without_conflicts(&bytes)).filter(|text| !text.trim_ascii().is_empty());
    Ok(text.unwrap_or_else(|| series.message(commit)))
}

pub(in crate::plan) fn without_conflicts(bytes: &[u8]) -> Vec<u8> {
    const HEAD: &[u8] = b"\n# Conflicts:\n";
    let Some(at) = bytes.windows(HEAD.len()).rposition(|window| window == HEAD) else { return bytes.to_vec() };
    let rest = &bytes[at + 1..];
    let is_list = rest.split(|&b| b == b'\n').all(|line| line.is_empty() || line.starts_with(b"#"));
    if is_list { bytes[..at].to_vec() } else { bytes.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::without_conflicts;

    #[test]
    fn only_the_list_of_conflicts_goes() {
        let text = |bytes: &[u8]| String::from_utf8(without_conflicts(bytes)).unwrap();
        assert_eq!(text(b"s\n\n#12 stays\n\n# Conflicts:\n#\tf\n"), "s\n\n#12 stays\n");
        assert_eq!(text(b"s\n\n# Conflicts:\n#\tf\nmine\n"), "s\n\n# Conflicts:\n#\tf\nmine\n");
    }
}
