//! Hotfixes: branches whose name says the version that they will become, and what the operation log knows of them.

use super::records::DESCRIPTION;
use super::{Package, Releases, TagNames, Version};
use crate::git::Repo;
use crate::model::{ObjectId, Who, nearest};
use crate::store::facts::Facts;
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// What facts about a hotfix are about: its branch.
pub fn about(branch: &str) -> String {
    format!("{ABOUT}{branch}")
}

/// The branch that a fact is about.
pub fn branch_of(about: &str) -> Option<&str> {
    about.strip_prefix(ABOUT)
}

const ABOUT: &str = "hotfix ";

/// The version that it will become.
pub const VERSION: &str = "version";
/// The tag of the release that it began at.
pub const FROM: &str = "from";
/// The commit of that release.
pub const BASE: &str = "base";
/// The package, where there are several.
pub const PACKAGE: &str = "package";
/// The commit of its release that only changes the version and the changelog.
pub const RELEASE: &str = "release";

/// The commit with which a line got it.
pub fn line_key(line: &str) -> String {
    format!("line {line}")
}

/// The branch with which a protected line shall get it.
pub fn beside_key(line: &str) -> String {
    format!("beside {line}")
}

/// The branch that `HEAD` was on before.
pub const CAME_FROM: &str = "came-from";

/// How it ended: [`ABANDONED`].
pub const STATE: &str = "state";
/// It was given up.
pub const ABANDONED: &str = "abandoned";
/// Where the branch was when it was given up.
pub const TIP: &str = "tip";

/// A hotfix.
#[derive(Clone, Debug)]
pub struct Hotfix {
    /// Its branch, by its short name.
    pub branch: String,
    /// The version that it will become, or became.
    pub version: Version,
    /// The package.
    pub package: Package,
    /// The release that it began at; `None`: it was started without this tool, or in another clone.
    pub from: Option<String>,
    /// The commit of that release.
    pub base: Option<ObjectId>,
    /// What it is for, in words.
    pub description: Option<String>,
    /// The branch that `HEAD` was on when it was started.
    pub came_from: Option<String>,
    /// Where it was when it was given up.
    pub last_tip: Option<ObjectId>,
    /// Who started it, and when.
    pub started: Option<Who>,
    /// The tip of the branch here; `None`: there is none.
    pub tip: Option<ObjectId>,
    /// Remotes that had the branch when they were last asked, each with its tip there.
    pub remotes: BTreeMap<String, ObjectId>,
    /// Whether it was given up.
    pub abandoned: bool,
    /// The tag of its version, once it is released.
    pub tag: Option<String>,
}

impl Hotfix {
    /// Whether work on it goes on.
    pub fn is_open(&self) -> bool {
        !self.abandoned && self.tag.is_none() && (self.tip.is_some() || !self.remotes.is_empty())
    }

    /// Its newest known commit: the branch here, otherwise what a remote has.
    pub fn newest(&self) -> Option<ObjectId> {
        self.tip.or_else(|| self.remotes.values().next().copied())
    }
}

/// How the branches of a package's hotfixes are called.
pub fn branch_names(session: &Session, package: &Package) -> TagNames {
    let pattern = session.config.hotfix.branch.clone().unwrap_or_else(|| of_git_flow(&session.repo));
    let name = package.name.as_deref();
    let pattern = match name {
        Some(name) if pattern.contains("{name}") => pattern.replace("{name}", name),
        Some(name) => pattern.replace("{version}", &format!("{name}-{{version}}")),
        None => ["{name}-", "{name}/", "{name}"].iter().fold(pattern, |text, part| text.replace(part, "")),
    };
    let (own, after) = pattern.split_once("{version}").unwrap_or((&pattern, ""));
    let ends: Vec<String> = match name {
        None => ["", "v"].map(str::to_owned).to_vec(),
        Some(name) => ["-", "-v", "/", "/v", "@"].iter().map(|end| format!("{name}{end}")).collect(),
    };
    let usual = ["hotfix/", "hotfix-", "hotfixes/"];
    let others = usual.iter().flat_map(|begin| ends.iter().map(move |end| format!("{begin}{end}")));
    let before = [own.to_owned(), format!("{own}v")].into_iter().chain(others.filter(|_| after.is_empty()));
    TagNames::of_branches(before.collect(), after.to_owned())
}

/// The pattern that `git flow init` left in git's configuration, otherwise the usual one.
fn of_git_flow(repo: &Repo) -> String {
    let keys = ["gitflow.prefix.hotfix", "gitflow.branch.hotfix.prefix"];
    let prefix = keys.iter().find_map(|key| repo.config_string(key)).filter(|prefix| !prefix.is_empty());
    format!("{}{{version}}", prefix.as_deref().unwrap_or("hotfix/"))
}

/// The version that a branch's name says, with all numbers: `hotfix/1234` may be about an issue. What follows them is no
/// candidate but a word, as in `hotfix/1.0.2-login`.
pub fn version_of(names: &TagNames, branch: &str) -> Option<Version> {
    names.version(branch).map(|version| version.core()).filter(|version| branch.contains(&version.to_string()))
}

/// All hotfixes that branches or the log tell of, those of the newest version first.
///
/// # Errors
/// A fault when refs or the log cannot be read.
pub fn all(session: &Session) -> Result<Vec<Hotfix>> {
    let repo = &session.repo;
    let facts = Facts::read(repo)?;
    let mut out: BTreeMap<String, Hotfix> = BTreeMap::new();
    for package in Package::all(&session.config) {
        let names = branch_names(session, &package);
        let releases = Releases::read_tags(session, &package)?;
        let mut note = |branch: &str, version: Version, remote: Option<&str>, tip: Option<ObjectId>| {
            let new = || of_facts(&facts, &package, &releases, branch, version);
            let hotfix = out.entry(branch.to_owned()).or_insert_with(new);
            match remote {
                None => hotfix.tip = tip.or(hotfix.tip),
                Some(remote) => hotfix.remotes.extend(tip.map(|tip| (remote.to_owned(), tip))),
            }
        };
        for found in repo.references("refs/heads/*")? {
            let branch = found.utf8_name().and_then(|name| name.strip_prefix("refs/heads/"));
            if let Some((branch, version)) = branch.and_then(|branch| Some((branch, version_of(&names, branch)?))) {
                note(branch, version, None, Some(found.id));
            }
        }
        for found in repo.remote_branches()? {
            if let Some(version) = version_of(&names, &found.branch) {
                note(&found.branch, version, Some(&found.remote), Some(found.id));
            }
        }
        for branch in facts.subjects(ABOUT) {
            let get = |key| facts.get(&about(branch), key);
            let version = get(VERSION).and_then(Version::read);
            if let Some(version) = version.filter(|_| get(PACKAGE) == package.name.as_deref()) {
                note(branch, version, None, None);
            }
        }
    }
    let mut out: Vec<Hotfix> = out.into_values().collect();
    out.sort_by(|a, b| b.version.cmp(&a.version).then_with(|| a.branch.cmp(&b.branch)));
    Ok(out)
}

fn of_facts(facts: &Facts, package: &Package, releases: &Releases, branch: &str, version: Version) -> Hotfix {
    let subject = about(branch);
    let text = |key| facts.get(&subject, key).map(str::to_owned);
    let commit = |key| text(key).and_then(|id| ObjectId::from_hex(id.as_bytes()));
    let started = facts.known(&subject, VERSION).filter(|known| known.value.is_some());
    Hotfix {
        branch: branch.to_owned(),
        package: package.clone(),
        from: text(FROM),
        base: commit(BASE),
        came_from: text(CAME_FROM),
        last_tip: commit(TIP),
        description: text(DESCRIPTION),
        started: started.map(|known| known.who.clone()),
        tip: None,
        remotes: BTreeMap::new(),
        abandoned: text(STATE).as_deref() == Some(ABANDONED),
        tag: releases.of_version(&version).first().map(|tag| tag.name.clone()),
        version,
    }
}

/// The hotfix that a person means: by version, by branch, or (`None`) the one `HEAD` is on, or the only open one.
///
/// # Errors
/// Refused: there is none, or several.
pub fn find(session: &Session, package: Option<&Package>, typed: Option<&str>) -> Result<Hotfix> {
    let mut all = all(session)?;
    if let Some(package) = package.filter(|package| package.name.is_some()) {
        all.retain(|hotfix| hotfix.package.name == package.name);
    }
    let found: Vec<&Hotfix> = match typed {
        Some(typed) => by_name(&all, typed),
        None => {
            let head = session.repo.head()?;
            let here = all.iter().find(|hotfix| head.branch() == Some(hotfix.branch.as_str()));
            here.map_or_else(|| all.iter().filter(|hotfix| hotfix.is_open()).collect(), |here| vec![here])
        }
    };
    match found[..] {
        [one] => Ok(one.clone()),
        [] => Err(nothing(&all, typed)),
        _ => {
            let names: Vec<&str> = found.iter().map(|hotfix| hotfix.branch.as_str()).collect();
            let what = typed.map_or("it is not said which hotfix is meant".to_owned(), |typed| {
                format!("several hotfixes are called {typed}")
            });
            Err(Error::refused(what).because(names.join(", ")).help("name the branch of the one that is meant"))
        }
    }
}

fn by_name<'a>(all: &'a [Hotfix], typed: &str) -> Vec<&'a Hotfix> {
    let typed_branch: Vec<&Hotfix> = all.iter().filter(|hotfix| hotfix.branch == typed).collect();
    if !typed_branch.is_empty() {
        return typed_branch;
    }
    let Some(version) = Version::read(typed) else { return Vec::new() };
    let found: Vec<&Hotfix> = all.iter().filter(|hotfix| hotfix.version.same(&version)).collect();
    // One that was given up does not stand in the way of the next of that number.
    let open: Vec<&Hotfix> = found.iter().copied().filter(|hotfix| !hotfix.abandoned).collect();
    if open.is_empty() { found } else { open }
}

fn nothing(all: &[Hotfix], typed: Option<&str>) -> Error {
    let Some(typed) = typed else {
        return Error::refused("there is no open hotfix")
            .help("`git rollback hotfix start VERSION` starts one at a released version");
    };
    let error = Error::refused(format!("there is no hotfix {typed}"));
    let names: Vec<&str> = all.iter().map(|hotfix| hotfix.branch.as_str()).collect();
    match nearest(typed, &names) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("`git rollback hotfix list` lists them"),
    }
}
