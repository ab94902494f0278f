//! A plan in words.

use super::Plan;
use crate::git::CommitInfo;
use crate::model::report::{CommitRow, Files, LeftInPlace, PlanFiles};
use crate::model::{ObjectId, RepoPath, Skipped, Step, WorktreeChange};
use crate::store::scene::Scene;
use std::collections::BTreeSet;

/// Lists in a report are cut here; the counts are whole.
const SHOWN: usize = 200;

/// Describes what happens to files.
pub(super) fn files(
    plan: &mut Plan,
    scene: &Scene<'_>,
    change: &WorktreeChange,
    to_trash: &BTreeSet<RepoPath>,
    left: &[LeftInPlace],
) {
    let is_untracked = |path: &RepoPath| scene.untracked.contains_key(path);
    let some = |paths: Vec<RepoPath>| {
        let count = paths.len() as u64;
        Files { count, bytes: None, paths: paths.into_iter().take(SHOWN).collect() }
    };
    let pick = |wanted: &dyn Fn(&crate::model::FileChange) -> bool| {
        some(change.files.iter().filter(|c| wanted(c)).map(|c| c.path.clone()).collect())
    };
    let gone: BTreeSet<&RepoPath> = change.files.iter().filter(|c| c.new.is_none()).map(|c| &c.path).collect();
    let stay = scene.untracked.keys().filter(|path| !gone.contains(path)).cloned().collect();
    plan.report.files = PlanFiles {
        written: pick(&|c| c.new.is_some()),
        removed: pick(&|c| c.new.is_none() && !is_untracked(&c.path)),
        untracked_saved: some(stay),
        untracked_removed: pick(&|c| c.new.is_none() && is_untracked(&c.path)),
        ignored_moved: some(to_trash.iter().cloned().collect()),
        left_in_place: left.to_vec(),
    };
    plan.left.extend(left.iter().map(|l| Skipped { path: l.path.clone(), why: l.reason.clone(), size: l.bytes }));
}

/// What steps do to files.
pub fn files_of(steps: &[Step]) -> PlanFiles {
    let changes: Vec<&crate::model::FileChange> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Worktree(change) => Some(&change.files),
            _ => None,
        })
        .flatten()
        .collect();
    let pick = |wanted: bool| changes.iter().filter(|c| c.new.is_some() == wanted).map(|c| c.path.clone()).collect();
    PlanFiles { written: pick(true), removed: pick(false), ..PlanFiles::default() }
}

/// The steps as sentences; what is recorded of one thing is one of them.
pub fn sentences(steps: &[Step]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut told: Vec<&str> = Vec::new();
    for step in steps {
        let Step::Fact(fact) = step else {
            out.push(sentence(step));
            continue;
        };
        if !told.contains(&fact.about.as_str()) {
            told.push(&fact.about);
            out.push(recorded(&fact.about, steps));
        }
    }
    out
}

/// Everything that becomes known of one thing.
fn recorded(about: &str, steps: &[Step]) -> String {
    let facts = steps.iter().filter_map(|step| match step {
        Step::Fact(fact) if fact.about == about => Some(fact),
        _ => None,
    });
    if facts.clone().all(|fact| fact.new.is_none()) {
        let keys: Vec<&str> = facts.map(|fact| fact.key.as_str()).collect();
        return format!("take back what is recorded of {about}: {}", keys.join(", "));
    }
    let mut said: Vec<String> = Vec::new();
    for fact in facts {
        let one = match &fact.new {
            Some(value) => format!("{} {}", fact.key, brief(value)),
            None => format!("no {}", fact.key),
        };
        if !said.contains(&one) {
            said.push(one);
        }
    }
    format!("record of {about}: {}", said.join(", "))
}

/// The first line of a value, not too long of it; of an object's name its beginning.
fn brief(value: &str) -> String {
    const LONGEST: usize = 60;
    if let Some(id) = ObjectId::from_hex(value.as_bytes()) {
        return id.short();
    }
    let line = value.lines().next().unwrap_or_default();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None if line.len() < value.trim_end().len() => format!("{line} ..."),
        None => line.to_owned(),
    }
}

/// Commits, each with whether it is published, as rows.
pub fn commit_rows(commits: Vec<(CommitInfo, bool)>) -> Vec<CommitRow> {
    let row = |(commit, published): (CommitInfo, bool)| CommitRow { id: commit.id, subject: commit.subject, published };
    commits.into_iter().map(row).collect()
}

/// `1 file`, `2 files`.
pub fn count(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

pub(super) fn sentence(step: &Step) -> String {
    let id = |id: &Option<crate::model::ObjectId>| id.map_or_else(|| "nothing".to_owned(), |id| id.short());
    match step {
        Step::MoveToTrash { path, .. } => format!("move {path} to the trash"),
        Step::MoveFromTrash { path, .. } => format!("bring {path} back from the trash"),
        Step::Worktree(change) => {
            let removed = change.files.iter().filter(|c| c.new.is_none()).count();
            let written = count(change.files.len() - removed, "file", "files");
            match removed {
                0 => format!("write {written}"),
                _ => format!("write {written} and remove {removed}"),
            }
        }
        Step::GitFiles { files } => {
            let made = files.iter().any(|f| f.new.is_some());
            let what = if made { "write what says that a" } else { "end the" };
            let now = if made { "is" } else { "that was" };
            format!("{what} merge, rebase or similar {now} under way ({})", count(files.len(), "file", "files"))
        }
        Step::Ref { name, old: None, new, .. } => format!("make {name} at {}", id(new)),
        Step::Ref { name, old, new: None, .. } => format!("delete {name} (it was at {})", id(old)),
        Step::Ref { name, old, new, .. } => format!("move {name} from {} to {}", id(old), id(new)),
        Step::Stash { commit, new: true, .. } => format!("put {} on the stash list", commit.short()),
        Step::Stash { commit, .. } => format!("take {} off the stash list", commit.short()),
        Step::Upstream { branch, new: Some(new), .. } => format!("let {branch} follow {new}"),
        Step::Upstream { branch, .. } => format!("let {branch} follow no other branch"),
        Step::Head { new, .. } => match new.branch() {
            Some(branch) => format!("switch HEAD to {branch}"),
            None => "detach HEAD".to_owned(),
        },
        Step::Index { changes } if changes.is_empty() => "refresh the index".to_owned(),
        Step::Index { changes } => format!("change {} of the index", count(changes.len(), "entry", "entries")),
        Step::Nested { repo, new: true, .. } => format!("bring back the repository in {}", repo.path),
        Step::Nested { repo, .. } => format!("move the repository in {} to the trash", repo.path),
        Step::Run { phase, at: Some(commit), .. } => {
            format!("run what `{}` names in a temporary worktree at {}", phase.key(), commit.short())
        }
        Step::Linked { path, branch, new: true, .. } => format!("make the worktree {path} with {branch}"),
        Step::Linked { path, .. } => format!("remove the worktree {path}"),
        Step::Run { phase, files, .. } => match files.len() {
            0 => format!("run what `{}` names", phase.key()),
            _ => format!("run the tests of {}", count(files.len(), "file", "files")),
        },
        Step::Fact(fact) => recorded(&fact.about, std::slice::from_ref(step)),
        Step::Submodule { path, .. } => format!("bring the submodule {path} to its saved state"),
    }
}
