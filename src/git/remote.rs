//! Remotes: what they have, and sending to them. All of it is done by `git`, which knows protocols, credentials and
//! hooks.

use super::error::GitContext;
use super::process;
use super::repo::Repo;
use crate::model::ObjectId;
use crate::{Error, Kind, Result};
use std::time::Duration;

/// A ref of a remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteRef {
    /// Its full name there.
    pub name: String,
    /// What it points to directly.
    pub id: ObjectId,
    /// What an annotated tag is about in the end.
    pub peeled: Option<ObjectId>,
}

impl RemoteRef {
    /// The commit it leads to.
    pub fn commit(&self) -> ObjectId {
        self.peeled.unwrap_or(self.id)
    }
}

/// A branch of a remote, as it was when the remote was last asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteBranch {
    /// The remote.
    pub remote: String,
    /// The branch there, by its short name.
    pub branch: String,
    /// Its tip.
    pub id: ObjectId,
}

impl Repo {
    /// The branches of all remotes, as they were last fetched.
    ///
    /// # Errors
    /// A fault when the refs cannot be listed.
    pub fn remote_branches(&self) -> Result<Vec<RemoteBranch>> {
        let mut out = Vec::new();
        for remote in self.remotes() {
            let beginning = format!("refs/remotes/{remote}/");
            for found in self.references(&beginning)? {
                let branch = found.utf8_name().and_then(|name| name.strip_prefix(&beginning));
                if let Some(branch) = branch.filter(|branch| *branch != "HEAD") {
                    out.push(RemoteBranch { remote: remote.clone(), branch: branch.to_owned(), id: found.id });
                }
            }
        }
        Ok(out)
    }
}

/// A ref of a remote that is to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteEdit {
    /// A ref is made; one of that name, even if it is the same, refuses it: then somebody else has made it.
    New {
        /// The full name.
        name: String,
        /// What it shall point to.
        new: ObjectId,
    },
    /// A branch goes forward, or a new ref is made; what stands there otherwise refuses it.
    Forward {
        /// The full name.
        name: String,
        /// What it shall point to.
        new: ObjectId,
    },
    /// A ref moves anywhere or goes, and only if it still is where it was seen.
    Replace {
        /// The full name.
        name: String,
        /// Where it was seen.
        old: ObjectId,
        /// What it shall point to; `None`: it goes.
        new: Option<ObjectId>,
    },
}

impl RemoteEdit {
    /// The full name of the ref.
    pub fn name(&self) -> &str {
        match self {
            RemoteEdit::New { name, .. } | RemoteEdit::Forward { name, .. } | RemoteEdit::Replace { name, .. } => name,
        }
    }
}

/// How long a remote that is only asked may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long fetching may take.
const LONGEST_FETCH: Duration = Duration::from_secs(600);

/// The refs of a remote whose names match one of `patterns` (`refs/tags/*`).
///
/// # Errors
/// Refused: it cannot be reached, or does not answer in time.
pub fn list_remote(repo: &Repo, remote: &str, patterns: &[&str]) -> Result<Vec<RemoteRef>> {
    refuse_own_commands(repo)?;
    let mut command = process::git(repo);
    command.args(["ls-remote", "--quiet", "--", remote]).args(patterns.iter().copied()).within(PATIENCE);
    let done = command.input(b"")?;
    match done.code {
        Some(0) => Ok(parse(&done.stdout)),
        None => Err(cannot_reach(remote).because(format!("it did not answer within {} s", PATIENCE.as_secs()))),
        Some(_) => {
            let said = complaint(&done.stderr);
            let why = said.lines().map(|line| line.trim_start_matches("fatal: ")).find(|line| !line.is_empty());
            Err(cannot_reach(remote).because(why.unwrap_or("git does not say why")))
        }
    }
}

fn cannot_reach(remote: &str) -> Error {
    Error::refused(format!("the remote {remote} cannot be asked"))
}

/// Lines of an object's name and a ref's; `^{}` stands behind a tag's name for what it is about.
fn parse(text: &[u8]) -> Vec<RemoteRef> {
    let mut out: Vec<RemoteRef> = Vec::new();
    for line in text.split(|&b| b == b'\n') {
        let mut parts = line.splitn(2, |&b| b == b'\t');
        let (Some(id), Some(Ok(name))) =
            (parts.next().and_then(ObjectId::from_hex), parts.next().map(std::str::from_utf8))
        else {
            continue;
        };
        match (name.strip_suffix("^{}"), out.last_mut()) {
            (Some(tag), Some(last)) if last.name == tag => last.peeled = Some(id),
            _ => out.push(RemoteRef { name: name.to_owned(), id, peeled: None }),
        }
    }
    out
}

/// Brings here what a remote has: its branches, below `refs/remotes`, and the tags on them. Nothing else moves. `stop`
/// may end it.
///
/// # Errors
/// Refused: it cannot be reached, was stopped, or the settings want other refs to be written.
pub fn fetch(repo: &Repo, remote: &str, stop: &(dyn Fn() -> bool + Sync)) -> Result<()> {
    refuse_own_commands(repo)?;
    let found = repo.git.find_remote(remote).context(&format!("there is no remote {remote}"))?;
    for spec in found.refspecs() {
        let own = spec.dst().unwrap_or_default();
        if spec.direction() == git2::Direction::Fetch && !own.starts_with("refs/remotes/") {
            return Err(Error::refused(format!("fetching {remote} would write {own}"))
                .because(format!("git's configuration says so: remote.{remote}.fetch"))
                .help(format!("`git fetch {remote}` does it, if that is what you want")));
        }
    }
    let mut command = process::git(repo);
    command.args([
        "-c",
        "fetch.prune=false",
        "-c",
        "fetch.pruneTags=false",
        "fetch",
        "--quiet",
        "--no-write-fetch-head",
    ]);
    command.args(["--no-recurse-submodules", "--no-auto-maintenance", "--", remote]).within(LONGEST_FETCH);
    let done = command.input_unless(b"", stop)?;
    match done.code {
        Some(0) => Ok(()),
        None => Err(cannot_reach(remote).because("it did not end in time, or was interrupted")),
        _ => Err(Error::refused(format!("the remote {remote} cannot be fetched")).because(complaint(&done.stderr))),
    }
}

/// Sends refs to a remote: all of them, or none. Hooks run as git runs them.
///
/// # Errors
/// Refused by the remote or a hook. Busy: a ref is not where it was seen any more.
pub fn push(repo: &Repo, remote: &str, edits: &[RemoteEdit]) -> Result<()> {
    refuse_own_commands(repo)?;
    let mut command = process::git_with_hooks(repo);
    command.args(["-c", "push.followTags=false", "-c", "push.recurseSubmodules=no", "push", "--porcelain"]);
    if edits.len() > 1 {
        command.args(["--atomic"]);
    }
    let mut specs = Vec::new();
    for edit in edits {
        match edit {
            RemoteEdit::New { name, new } => {
                command.args([&*format!("--force-with-lease={name}:")]);
                specs.push(format!("{new}:{name}"));
            }
            RemoteEdit::Forward { name, new } => specs.push(format!("{new}:{name}")),
            RemoteEdit::Replace { name, old, new } => {
                command.args([&*format!("--force-with-lease={name}:{old}")]);
                specs.push(format!("{}:{name}", new.map(|id| id.to_string()).unwrap_or_default()));
            }
        }
    }
    command.args(["--", remote]).args(specs.iter().map(String::as_str));
    let done = command.input(b"")?;
    let said = crate::model::readable(&done.stdout);
    // One that points to the same thing is "up to date" for git.
    let is_new = |name: &str| edits.iter().any(|edit| matches!(edit, RemoteEdit::New { name: new, .. } if new == name));
    let same = said.lines().filter_map(|line| line.strip_prefix("=\t")?.split('\t').next()?.split_once(':'));
    let same: Vec<&str> = same.map(|(_, name)| name).filter(|name| is_new(name)).collect();
    match done.code {
        Some(0) if same.is_empty() => Ok(()),
        Some(0) => Err(taken(remote, same[0])),
        _ => Err(rejected(remote, &said, &done.stderr)),
    }
}

fn taken(remote: &str, name: &str) -> Error {
    let name = name.trim_start_matches("refs/heads/").trim_start_matches("refs/tags/");
    Error::new(Kind::Busy, format!("{remote} has {name} already: somebody else was faster"))
}

/// Why nothing was taken: lines of a flag, the refs, and a reason.
fn rejected(remote: &str, said: &str, stderr: &[u8]) -> Error {
    let refused: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("!\t")).collect();
    let raced = ["(stale info)", "already exists", "cannot lock ref", "failed to update ref", "reference already"];
    let stale = refused.iter().any(|line| raced.iter().any(|word| line.contains(word)));
    let kind = if stale { Kind::Busy } else { Kind::Refused };
    let mut error = Error::new(kind, format!("{remote} did not take it; nothing was changed there"));
    for line in &refused {
        let (refs, why) = line.split_once('\t').unwrap_or((line, ""));
        let name = refs.split_once(':').map_or(refs, |(_, name)| name);
        error = error.because(format!("{}: {why}", name.trim_start_matches("refs/heads/")));
    }
    let hook: Vec<String> =
        complaint(stderr).lines().filter(|line| line.starts_with("remote:")).map(str::to_owned).collect();
    match (refused.is_empty(), hook.is_empty()) {
        (true, _) => error.because(complaint(stderr)),
        (false, false) => error.because(hook.join("\n")),
        (false, true) if stale => error.help("somebody changed it meanwhile: `git fetch`, look at it, and try again"),
        (false, true) => error,
    }
}

fn complaint(stderr: &[u8]) -> String {
    crate::model::readable(stderr).trim().to_owned()
}

/// What the repository's own configuration would run to reach a remote is not run unless its user has allowed it.
fn refuse_own_commands(repo: &Repo) -> Result<()> {
    let own = repo.remote_commands_of_repository();
    match own.first().filter(|_| !repo.runs_own_commands()) {
        None => Ok(()),
        Some((key, _)) => Err(Error::refused(format!("to reach a remote, git would run what {key} says"))
            .because("it comes from this repository's own configuration, and such commands are not run")
            .help("look at it with `git rollback trust --show`, and allow it with `git rollback trust`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;

    fn with_remote() -> (TestRepo, tempfile::TempDir) {
        let (test, bare) = (TestRepo::new(), tempfile::tempdir().unwrap());
        test.write("a", "a");
        test.commit_all();
        test.git(&["init", "-q", "--bare", bare.path().to_str().unwrap()]);
        test.git(&["remote", "add", "there", bare.path().to_str().unwrap()]);
        test.git(&["tag", "light"]);
        test.git(&["tag", "-a", "-m", "heavy", "heavy"]);
        (test, bare)
    }

    fn id(test: &TestRepo, rev: &str) -> ObjectId {
        ObjectId::from_hex(test.git(&["rev-parse", rev]).trim_ascii_end()).unwrap()
    }

    #[test]
    fn refs_are_sent_listed_and_removed_with_a_lease() {
        let (test, _bare) = with_remote();
        let repo = Repo::open_at(test.root()).unwrap();
        assert_eq!(repo.remotes(), ["there"]);
        let forward = |name: &str, rev| RemoteEdit::Forward { name: format!("refs/{name}"), new: id(&test, rev) };
        push(&repo, "there", &[forward("heads/main", "HEAD"), forward("tags/heavy", "heavy")]).unwrap();
        let tags = list_remote(&repo, "there", &["refs/tags/*"]).unwrap();
        let heavy =
            RemoteRef { name: "refs/tags/heavy".into(), id: id(&test, "heavy"), peeled: Some(id(&test, "HEAD")) };
        assert_eq!(tags, [heavy]);
        let gone = |old| RemoteEdit::Replace { name: "refs/tags/heavy".into(), old, new: None };
        let stale = push(&repo, "there", &[gone(id(&test, "light"))]).unwrap_err();
        assert_eq!(stale.kind(), Kind::Busy, "{stale}");
        push(&repo, "there", &[gone(id(&test, "heavy"))]).unwrap();
        assert!(list_remote(&repo, "there", &["refs/tags/*"]).unwrap().is_empty());
    }

    #[test]
    fn all_or_nothing_and_a_branch_only_goes_forward() {
        let (test, bare) = with_remote();
        let repo = Repo::open_at(test.root()).unwrap();
        let first = id(&test, "HEAD");
        test.commit_all();
        let forward = |name: &str, new| RemoteEdit::Forward { name: format!("refs/{name}"), new };
        push(&repo, "there", &[forward("heads/main", id(&test, "HEAD"))]).unwrap();
        let both = [forward("heads/main", first), forward("tags/new", first)];
        let error = push(&repo, "there", &both).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused, "{error}");
        assert!(list_remote(&repo, "there", &["refs/tags/*"]).unwrap().is_empty(), "the tag landed alone");
        drop(bare);
        let error = list_remote(&repo, "there", &["refs/tags/*"]).unwrap_err();
        assert!(error.message().contains("cannot be asked"), "{error}");
    }

    #[test]
    fn a_new_ref_is_made_by_one_alone() {
        let (test, _bare) = with_remote();
        let repo = Repo::open_at(test.root()).unwrap();
        let new = |rev| RemoteEdit::New { name: "refs/heads/hotfix/1.0.1".to_owned(), new: id(&test, rev) };
        push(&repo, "there", &[new("HEAD")]).unwrap();
        assert_eq!(push(&repo, "there", &[new("HEAD")]).unwrap_err().kind(), Kind::Busy, "the same commit");
        test.write("a", "b");
        test.commit_all();
        assert_eq!(push(&repo, "there", &[new("HEAD")]).unwrap_err().kind(), Kind::Busy, "another commit");
    }

    #[test]
    fn commands_of_the_repository_are_not_run() {
        let (test, _bare) = with_remote();
        test.git(&["config", "remote.there.uploadpack", "touch ran; git-upload-pack"]);
        let repo = Repo::open_at(test.root()).unwrap();
        let error = list_remote(&repo, "there", &["refs/tags/*"]).unwrap_err();
        assert!(error.message().contains("remote.there.uploadpack"), "{error}");
        assert!(!test.root().join("ran").exists());
        repo.allow_own_commands();
        assert!(list_remote(&repo, "there", &["refs/tags/*"]).unwrap().is_empty());
        assert!(test.root().join("ran").exists());
    }
}
