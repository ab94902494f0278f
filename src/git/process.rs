//! The few jobs that only the `git` program can do.

use super::repo::{Handles, Repo};
use super::settings::{Owner, Setting};
use crate::host::env;
use crate::host::process::{Command, Conversation};
use crate::model::{ObjectId, RepoPath};
use crate::{Error, Kind, Result};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// `git` on this repository, with everything switched off that a repository could make it run.
pub(super) fn git(repo: &Handles) -> Command {
    let mut command = git_with_hooks(repo);
    command.args(["-c", "core.hooksPath=/dev/null"]);
    command
}

/// The same with the hooks: for what people see as their own push.
pub(super) fn git_with_hooks(repo: &Handles) -> Command {
    let mut command = Command::new("git");
    command.args(["--no-pager", "-c", "core.fsmonitor=false"]);
    command.args(["-c", "protocol.ext.allow=never", "-c", "core.pager=cat"]);
    command.env("GIT_DIR", repo.git_dir());
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_LAZY_FETCH", "1").env("GIT_TERMINAL_PROMPT", "0");
    command.env("LC_ALL", "C");
    command.cwd(repo.root());
    command
}

/// Settings for one run of git. Not with `-c`: a key may contain `=`.
pub(super) fn set(command: &mut Command, settings: &[(String, String)]) {
    let before: usize = env::var("GIT_CONFIG_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0);
    for (at, (key, value)) in (before..).zip(settings) {
        command.env(&format!("GIT_CONFIG_KEY_{at}"), key).env(&format!("GIT_CONFIG_VALUE_{at}"), value);
    }
    command.env("GIT_CONFIG_COUNT", (before + settings.len()).to_string());
}

/// Settings that keep git from running filters of the repository that its user has not allowed: the user's own are in
/// their place, or none.
pub(super) fn only_allowed_filters(repo: &Repo) -> Vec<(String, String)> {
    if repo.runs_own_commands() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for name in repo.filters_of_repository() {
        for (key, none) in [("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")] {
            let key = format!("filter.{name}.{key}");
            let value = repo.config_of_user(&key).pop().unwrap_or_else(|| none.to_owned());
            out.push((key, value));
        }
    }
    out
}

/// All settings, as git itself reads them.
pub(super) fn settings(repo: &Handles) -> Result<Vec<Setting>> {
    let mut command = git(repo);
    command.args(["config", "--list", "--includes", "--show-scope", "-z"]);
    let done = command.input(b"")?;
    if done.code != Some(0) {
        return Err(Error::fault("git cannot read its configuration").because(String::from_utf8_lossy(&done.stderr)));
    }
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let mut parts = text.split('\0');
    let mut out = Vec::new();
    while let (Some(scope), Some(setting)) = (parts.next(), parts.next()) {
        let (key, value) = setting.split_once('\n').unwrap_or((setting, "true"));
        let of = match scope {
            "local" | "worktree" => Owner::Repository,
            "command" => Owner::Caller,
            _ => Owner::User,
        };
        out.push(Setting { key: key.to_owned(), value: value.to_owned(), of });
    }
    Ok(out)
}

/// Streams a blob that libgit2 could only read whole.
pub(super) fn cat_blob(repo: &Handles, id: ObjectId, out: &mut dyn Write) -> Result<()> {
    let mut command = git(repo);
    command.args(["cat-file", "blob", &id.to_string()]);
    command.stream(out).map_err(|e| e.context(format!("cannot read blob {id}")))
}

/// Writes the files named in `names` (NUL between them) from a private index into an empty directory.
pub(super) fn checkout_into(
    repo: &Handles,
    index: &Path,
    into: &Path,
    settings: &[(String, String)],
    names: &[u8],
) -> Result<()> {
    let mut command = git(repo);
    set(&mut command, settings);
    command.env("GIT_INDEX_FILE", index).env("GIT_WORK_TREE", into).cwd(into);
    command.args(["checkout-index", "-z", "--stdin"]);
    let done = command.input(names)?;
    // A filter that is not required may fail with exit code 0 and leave unconverted bytes: what it says counts.
    if done.code != Some(0) || !done.stderr.is_empty() {
        return Err(Error::new(Kind::Refused, "git could not write files as their attributes say")
            .because(String::from_utf8_lossy(&done.stderr).trim())
            .help("see whether the filter that .gitattributes names is installed (git lfs install?)"));
    }
    Ok(())
}

/// `git merge-tree`, asked again and again. New objects go below `dir`, and attributes come from `dir/worktree`: those of
/// the user's worktree belong to another commit. `settings` are those of [`only_allowed_filters`]: a merge may renormalize.
pub(super) fn merge_tree(repo: &Handles, dir: &Path, settings: &[(String, String)]) -> Result<Conversation> {
    let mut command = git(repo);
    set(&mut command, settings);
    let mut others = repo.common_dir().join("objects").into_os_string();
    if let Some(more) = crate::host::env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES") {
        others.push(":");
        others.push(more);
    }
    let worktree = dir.join("worktree");
    command.env("GIT_OBJECT_DIRECTORY", dir.join("objects")).env("GIT_ALTERNATE_OBJECT_DIRECTORIES", others);
    command.env("GIT_WORK_TREE", &worktree).env("GIT_INDEX_FILE", dir.join("index")).cwd(&worktree);
    command.args(["merge-tree", "--stdin", "--messages"]);
    command.converse()
}

/// A merge driver is a command: one that only the repository's own configuration defines is not run unless its user
/// has allowed it.
pub(super) fn refuse_drivers<'a>(repo: &Repo, attributes: impl Iterator<Item = &'a Vec<u8>>) -> Result<()> {
    let own = repo.drivers_of_repository();
    if own.is_empty() || repo.runs_own_commands() {
        return Ok(());
    }
    let mut texts: Vec<String> = attributes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
    let info = crate::host::fs::read_capped(&repo.common_dir().join("info/attributes"), 16 << 20)?;
    texts.extend(info.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    texts.extend(repo.config_string("merge.default").map(|name| format!("* merge={name}")));
    let used =
        |name: &&String| texts.iter().any(|t| t.split_ascii_whitespace().any(|word| word == format!("merge={name}")));
    match own.iter().find(used) {
        None => Ok(()),
        Some(name) => Err(Error::refused(format!("files would be merged by the merge driver \"{name}\""))
            .because("its command comes from this repository's own configuration, and such commands are not run")
            .help("look at it with `git rollback trust --show`, and allow it with `git rollback trust`")),
    }
}

/// Sets a key in a file of git's settings, or takes it away.
pub(super) fn edit_config(repo: &Handles, file: &Path, key: &str, value: Option<&str>) -> Result<()> {
    let mut command = git(repo);
    command.args(["config", "--file"]).arg_bytes(file.as_os_str().as_bytes());
    match value {
        Some(value) => command.args(["--replace-all", key, value]),
        None => command.args(["--unset-all", key]),
    };
    let done = command.input(b"")?;
    // Nothing to take away: 5.
    if done.code == Some(0) || (value.is_none() && done.code == Some(5)) {
        return Ok(());
    }
    Err(Error::fault(format!("git cannot set {key}")).because(String::from_utf8_lossy(&done.stderr).trim()))
}

/// `git fsck` of every object; what it complains about, a line each.
pub fn fsck_full(repo: &Handles) -> Result<Vec<String>> {
    fsck_with(repo, &["--strict", "--full"])
}

/// `git fsck`, for `doctor`; what it complains about, a line each.
pub fn fsck(repo: &Handles) -> Result<Vec<String>> {
    fsck_with(repo, &["--strict", "--connectivity-only"])
}

fn fsck_with(repo: &Handles, options: &[&str]) -> Result<Vec<String>> {
    let mut command = git(repo);
    command.args(["fsck", "--no-dangling", "--no-progress"]).args(options.iter().copied());
    let done = command.input(b"")?;
    let text = [done.stdout, done.stderr].concat();
    let mut lines: Vec<String> = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
    lines.retain(|line| !line.starts_with("notice:"));
    if done.code == Some(0) {
        lines.clear();
    }
    Ok(lines)
}

/// Calls `each` with every object that `roots` lead to; what is missing is passed over.
pub fn each_reachable(repo: &Handles, roots: &[ObjectId], each: &mut dyn FnMut(ObjectId)) -> Result<()> {
    let mut command = git(repo);
    command.args(["rev-list", "--objects", "--no-object-names", "--missing=allow-any", "--ignore-missing", "--stdin"]);
    let input: String = roots.iter().map(|id| format!("{id}\n")).collect();
    let done = command.input(input.as_bytes())?;
    if done.code != Some(0) {
        return Err(Error::fault("git cannot list what is reachable").because(String::from_utf8_lossy(&done.stderr)));
    }
    done.stdout.split(|&b| b == b'\n').filter_map(ObjectId::from_hex).for_each(each);
    Ok(())
}

/// The version of the installed `git`, as in `2.47.1`.
pub fn version() -> Result<String> {
    let mut command = Command::new("git");
    command.args(["version"]);
    let done = command.input(b"")?;
    let text = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    Ok(text.strip_prefix("git version ").unwrap_or(&text).split(' ').next().unwrap_or_default().to_owned())
}

/// How a difference is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffForm {
    /// As a patch.
    Patch,
    /// Added and removed lines of each file, tabs between them, ended by NUL.
    Numbers,
}

/// The difference between two trees as `git diff` prints it; no command of the repository is run. With `paths`,
/// only of these files.
pub fn diff_text(repo: &Handles, from: ObjectId, to: ObjectId, form: DiffForm, paths: &[RepoPath]) -> Result<Vec<u8>> {
    let mut out = diff_once(repo, from, to, form, paths.get(..paths.len().min(PATHS_AT_ONCE)).unwrap_or_default())?;
    for more in paths.chunks(PATHS_AT_ONCE).skip(1) {
        out.append(&mut diff_once(repo, from, to, form, more)?);
    }
    Ok(out)
}

/// A command line has limits.
const PATHS_AT_ONCE: usize = 500;

fn diff_once(repo: &Handles, from: ObjectId, to: ObjectId, form: DiffForm, paths: &[RepoPath]) -> Result<Vec<u8>> {
    let mut command = git(repo);
    command.env("GIT_LITERAL_PATHSPECS", "1");
    command.args(["diff-tree", "-r", "--no-ext-diff", "--no-textconv", "--no-color"]);
    match form {
        DiffForm::Patch => command.args(["-p", "-M"]),
        DiffForm::Numbers => command.args(["--numstat", "-z", "--no-renames"]),
    };
    command.args([&*from.to_string(), &*to.to_string(), "--"]);
    for path in paths {
        command.arg_bytes(path.as_bytes());
    }
    let done = command.input(b"")?;
    if done.code != Some(0) {
        return Err(Error::fault("git cannot compare the two states").because(String::from_utf8_lossy(&done.stderr)));
    }
    Ok(done.stdout)
}

/// The commits that `tips` reach and the parents of `base` do not, as `git log --graph` draws them.
pub fn graph(repo: &Handles, tips: &[ObjectId], base: Option<ObjectId>, at_most: usize) -> Result<Vec<String>> {
    if tips.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = git(repo);
    command.args([
        "log",
        "--graph",
        "--oneline",
        "--decorate=short",
        "--no-color",
        "--no-show-signature",
        "--boundary",
    ]);
    command.args(["--decorate-refs=refs/heads/*", "--decorate-refs=refs/tags/*", "--decorate-refs=refs/remotes/*"]);
    command.args([&*format!("--max-count={at_most}")]);
    for tip in tips {
        command.args([&*tip.to_string()]);
    }
    if let Some(base) = base {
        command.args([&*format!("^{base}")]);
    }
    command.args(["--"]);
    lines_of(&command)
}

/// The newest entries of a ref's reflog, newest first.
pub fn reflog_lines(repo: &Handles, name: &str, at_most: usize) -> Result<Vec<String>> {
    let mut command = git(repo);
    command.args(["log", "--walk-reflogs", "--no-color", "--no-show-signature", "--date=iso-strict"]);
    command.args(["--format=`%gd` %h: %gs", &*format!("--max-count={at_most}"), name, "--"]);
    lines_of(&command)
}

fn lines_of(command: &Command) -> Result<Vec<String>> {
    let done = command.input(b"")?;
    // A branch without a reflog, or that is gone, has nothing to tell.
    let text = if done.code == Some(0) { crate::model::readable(&done.stdout) } else { String::new() };
    Ok(text.lines().map(|line| line.trim_end().to_owned()).collect())
}
