//! Checks that only look.

use super::{Found, fail, pass, skipped};
use crate::Result;
use crate::git::{self, Index};
use crate::host::{clock, env, fs};
use crate::model::{Head, ObjectId, Time};
use crate::plan::count;
use crate::store::session::Session;
use crate::store::survey::Survey;
use crate::store::{baselines, underway};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The commit of the baseline that the settings name.
pub(super) fn baseline_commit(session: &Session) -> Result<Option<ObjectId>> {
    let all = baselines::list(&session.repo, &session.config)?;
    Ok(all.into_iter().find(|baseline| baseline.name == session.config.baseline).map(|baseline| baseline.commit))
}

pub(super) fn baseline(session: &Session) -> Result<Found> {
    let (repo, name) = (&session.repo, &session.config.baseline);
    let Some(commit) = baseline_commit(session)? else {
        return fail(
            format!("there is no tag {name} that leads to a commit"),
            "set it with `git rollback baseline set`",
        );
    };
    let tree = repo.commit(commit)?.tree;
    let files = repo.trees()?.files(tree)?.len();
    let Some(head) = head_commit(session)? else { return fail("HEAD has no commit yet", "make a commit first") };
    match repo.ahead_behind(head, commit)? {
        (ahead, 0) => {
            let (files, ahead) = (count(files, "file", "files"), count(ahead, "commit", "commits"));
            pass(format!("{name} at {}, {files}, {ahead} behind HEAD", commit.short()))
        }
        _ => fail(
            format!("{name} ({}) is not in the history of HEAD", commit.short()),
            "switch to a branch that has it, or set it anew with `git rollback baseline set --force`",
        ),
    }
}

fn head_commit(session: &Session) -> Result<Option<ObjectId>> {
    session.repo.head_commit(&session.repo.head()?)
}

pub(super) fn committed(session: &Session, allow_dirty: bool) -> Result<Found> {
    let tree = match head_commit(session)? {
        Some(commit) => session.repo.commit(commit)?.tree,
        None => ObjectId::EMPTY_TREE,
    };
    let survey = Survey::take(&session.repo, tree)?;
    let counts = [
        (survey.conflicts, "in conflict"),
        (survey.staged, "staged"),
        (survey.unstaged, "changed and not staged"),
        (survey.untracked, "untracked"),
        (survey.hidden, "changed and hidden from git"),
    ];
    let found: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    match (found.is_empty(), allow_dirty) {
        (true, _) => pass("nothing differs from the commit"),
        (false, true) => pass(format!("{} (--allow-dirty); the checkpoint holds them", found.join(", "))),
        (false, false) => {
            fail(found.join(", "), "commit it, set it aside with `git rollback backup --clean`, or use --allow-dirty")
        }
    }
}

pub(super) fn under_way(session: &Session) -> Result<Found> {
    let git_dir = session.repo.git_dir();
    let read = |name: &str| fs::read_capped(&git_dir.join(name), 1 << 20).ok().flatten();
    let found = underway::under_way(&read);
    match found.first() {
        None => pass("no merge, rebase, cherry-pick, revert or bisect"),
        Some(first) => {
            let names: Vec<&str> = found.iter().map(|one| one.what).collect();
            let help = match first.what {
                "bisect" => "end it with `git bisect reset`".to_owned(),
                what => format!("end it with `git {what} --continue` or `git {what} --abort`"),
            };
            fail(format!("{} in progress", names.join(" and ")), help)
        }
    }
}

/// `just_fetched`: it is known how the server has it.
pub(super) fn upstream(session: &Session, just_fetched: bool) -> Result<Found> {
    let repo = &session.repo;
    let head = repo.head()?;
    let Head::Branch(branch) = &head else { return skipped("HEAD is on no branch") };
    let Some(tracking) = repo.tracking_ref(branch) else { return skipped("the branch follows no other") };
    let short = tracking.trim_start_matches("refs/remotes/").to_owned();
    let (Some(ours), Some(theirs)) = (repo.head_commit(&head)?, repo.reference(&tracking)?) else {
        return fail(
            format!("{short}, which the branch follows, is not there"),
            "`git fetch`, or set another one: `git branch -u`",
        );
    };
    let fetched = match head.branch().and_then(|branch| repo.last_fetch(branch)) {
        _ if just_fetched => "fetched just now".to_owned(),
        Some(at) => format!("fetched {}", Time::new(at, 0).age(clock::now())),
        None => "never fetched".to_owned(),
    };
    match repo.ahead_behind(ours, theirs)? {
        (0, 0) => pass(format!("in step with {short} ({fetched})")),
        (ahead, 0) => pass(format!("{} that {short} does not have yet ({fetched})", count(ahead, "commit", "commits"))),
        (0, behind) => fail(
            format!("{short} has {}", count(behind, "commit that is not here", "commits that are not here")),
            "`git pull` brings them",
        ),
        (ahead, behind) => fail(
            format!("{} only here and {behind} only in {short}", count(ahead, "commit", "commits")),
            "`git pull --rebase` (or merge) brings both together",
        ),
    }
}

pub(super) fn disk(session: &Session) -> Result<Found> {
    let limit = session.config.check.disk;
    // The worktree and the git directory may lie on different disks.
    let places = [session.repo.root(), session.repo.common_dir()];
    let mut detail = String::new();
    for place in places {
        let (used, free) = fs::disk_use(place)?;
        detail = format!("{used} % used, {} MiB free", free >> 20);
        if used > limit {
            return fail(
                format!("{detail}; at most {limit} % is wanted ([check] disk)"),
                "free some: `git rollback gc`, `git gc`",
            );
        }
    }
    pass(detail)
}

pub(super) fn repository(session: &Session, deep: bool) -> Result<Found> {
    let repo = &session.repo;
    if deep {
        let complaints = git::fsck_full(repo)?;
        return match complaints.first() {
            None => pass("every object can be read (git fsck)"),
            Some(first) => fail(
                format!("git fsck: {first}"),
                "fetch what is missing from another clone; `git fsck --full` says more",
            ),
        };
    }
    Index::read(&repo.index_path())?;
    let refs = repo.user_references()?;
    for found in &refs {
        if !repo.exists(found.id) {
            let name = String::from_utf8_lossy(found.name.as_bytes()).into_owned();
            return fail(
                format!("{name} leads to an object that is not there"),
                "`git fsck` says more; fetch it again",
            );
        }
    }
    let files = match head_commit(session)? {
        Some(commit) => repo.trees()?.files(repo.commit(commit)?.tree)?.len(),
        None => 0,
    };
    pass(format!("index, {} refs and the {files} files of HEAD are listed (--deep reads every object)", refs.len()))
}

/// Hooks and filters that the repository counts on must be there, else commits go wrong without a word.
pub(super) fn hooks_and_filters(session: &Session) -> Result<Found> {
    let repo = &session.repo;
    let configured = repo.config_path("core.hookspath");
    let hooks = match &configured {
        Some(path) => repo.root().join(path),
        None => repo.common_dir().join("hooks"),
    };
    if configured.is_some() && !hooks.is_dir() {
        let help = "install them (`npm install`, `pre-commit install`, ...), or `git config --unset core.hooksPath`";
        return fail(format!("hooks are configured in {}, which is not there", hooks.display()), help);
    }
    let found: Vec<PathBuf> =
        std::fs::read_dir(&hooks).map_or_else(|_| Vec::new(), |all| all.flatten().map(|e| e.path()).collect());
    let is_hook =
        |path: &&PathBuf| path.is_file() && path.extension().is_none() && HOOKS.contains(&name_of(path).as_str());
    let active: Vec<&PathBuf> = found.iter().filter(is_hook).collect();
    if let Some(idle) =
        active.iter().find(|path| fs::mode_of(path).ok().flatten().is_some_and(|mode| mode & 0o111 == 0))
    {
        return fail(format!("the hook {} cannot be run", name_of(idle)), format!("`chmod +x {}`", idle.display()));
    }
    let filters = filters_used(session)?;
    for name in &filters {
        let key = |key| repo.config_string(&format!("filter.{name}.{key}"));
        let commands: Vec<String> = ["process", "clean", "smudge"].into_iter().filter_map(key).collect();
        if commands.is_empty() {
            return fail(
                format!("files need the filter {name}, which nothing defines"),
                format!("install it (`git {name} install`?)"),
            );
        }
        if let Some(missing) =
            commands.iter().filter_map(|line| line.split_whitespace().next()).find(|word| !is_there(word))
        {
            return fail(format!("the filter {name} needs the program {missing}, which is not there"), "install it");
        }
    }
    pass(format!("{}, {}", count(active.len(), "hook", "hooks"), count(filters.len(), "filter", "filters")))
}

const HOOKS: &[&str] = &[
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "pre-push",
    "post-rewrite",
    "pre-auto-gc",
    "reference-transaction",
    "post-index-change",
];

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Names of the filters that `.gitattributes` files name.
fn filters_used(session: &Session) -> Result<BTreeSet<String>> {
    let index = Index::read(&session.repo.index_path())?;
    let mut out = BTreeSet::new();
    for i in 0..index.len() {
        let path = crate::model::RepoPath::new(index.path(i));
        if path.name() != b".gitattributes" {
            continue;
        }
        let text =
            fs::read_capped(&session.repo.root().join(path.to_os()), 16 << 20).ok().flatten().unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        out.extend(
            lines.flat_map(str::split_whitespace).filter_map(|word| word.strip_prefix("filter=")).map(str::to_owned),
        );
    }
    Ok(out)
}

/// Whether a program can be found; what a shell would have to read is believed.
fn is_there(word: &str) -> bool {
    if !word.chars().all(|c| c.is_alphanumeric() || "-_./+".contains(c)) {
        return true;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    match word.contains('/') {
        true => Path::new(word).exists(),
        false => std::env::split_paths(&path).any(|dir| dir.join(word).is_file()),
    }
}
