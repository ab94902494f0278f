//! Gathering what is known of versions: here, on the remote, and in the registry, at the same time.

use super::{Answer, Findings, here};
use crate::config::{RELEASE_COMMIT, RELEASE_PACKAGE, RELEASE_PEP440, RELEASE_TAG, RELEASE_VERSION, trust};
use crate::host::Runner;
use crate::host::talk::{Quiet, Talk};
use crate::model::{Action, Ran, Task};
use crate::release::{Package, Releases, RemoteTag, TagNames, Version, remote_of, remote_tags};
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The version, or its tag; `None`: the newest ones.
    pub typed: Option<&'a str>,
    /// How many of the newest; 0: all.
    pub limit: usize,
    /// Whether the remote may be asked.
    pub remote: bool,
    /// Whether commands may run, and servers be asked.
    pub run: bool,
}

/// What was found.
#[derive(Debug)]
pub struct Gathered {
    /// One a version, newest first.
    pub found: Vec<Findings>,
    /// The remote; `None`: there is none.
    pub remote: Option<String>,
    /// How many versions were left out.
    pub more: usize,
    /// What was not asked, and why.
    pub not_asked: Vec<String>,
}

/// So many questions are asked at the same time.
const AT_ONCE: usize = 8;

/// Gathers.
///
/// # Errors
/// Refused: it is no version. What cannot be asked is no error: it is said.
pub fn gather(session: &Session, package: &Package, talk: &dyn Talk, asking: &Asking<'_>) -> Result<Gathered> {
    let releases = Releases::read(session, package)?;
    let wanted = asking.typed.map(|typed| version_of(&releases, typed)).transpose()?;
    let bar = talk.progress("asking", None);
    let known = |versions: Vec<Version>| -> Vec<Findings> {
        versions.into_iter().map(|version| here::tags(session, package, &releases, version)).collect()
    };
    let limit = if asking.limit == 0 { usize::MAX } else { asking.limit };
    let mut versions = match &wanted {
        Some(version) => vec![version.clone()],
        None => newest(releases.tags.iter().map(|tag| &tag.version)),
    };
    let local_count = versions.len();
    versions.truncate(limit);
    let (mut found, mut not_asked) = (known(versions), Vec::new());
    // The remote and the registry are asked at the same time.
    let ((remote, there), registry) = std::thread::scope(|scope| {
        let root = session.repo.root();
        let remote = scope.spawn(|| Session::open_at(root).map(|own| remote(&own, &releases.names, asking.remote)));
        let registry = ask_all(session, package, talk, asking.run, &mut found);
        let lost = || Err(Error::fault("asking the remote came to no end"));
        remote.join().unwrap_or_else(|_| lost()).map(|remote| (remote, registry))
    })?;
    not_asked.extend(registry.err());
    let mut more = local_count - found.len();
    if wanted.is_none() {
        let here: BTreeSet<Version> = releases.tags.iter().map(|tag| tag.version.without_build()).collect();
        let there = there.iter().flatten().map(|tag| &tag.version);
        let only_there: Vec<Version> = newest(there.filter(|version| !here.contains(&version.without_build())));
        more += only_there.len();
        let oldest = found.last().map(|one| one.version.clone()).filter(|_| found.len() >= limit);
        let newer = only_there.into_iter().filter(|version| oldest.as_ref().is_none_or(|oldest| version > oldest));
        let mut others = known(newer.take(limit).collect());
        more -= others.len();
        drop(ask_all(session, package, talk, asking.run, &mut others));
        found.append(&mut others);
        found.sort_by(|a, b| b.version.cmp(&a.version));
        more += found.len().saturating_sub(limit);
        found.truncate(limit);
    }
    for one in &mut found {
        one.remote.clone_from(&remote);
        one.there = there.clone().map(|all| all.into_iter().filter(|tag| tag.version.same(&one.version)).collect());
        here::complete(session, package, &releases, one)?;
    }
    not_asked.extend(there.err().filter(|_| remote.is_some()));
    drop(bar);
    if let (Some(typed), [one]) = (asking.typed, &found[..])
        && one.tags.is_empty()
        && one.tag_there().is_none()
        && one.renumbered.is_none()
        && !one.is_out()
    {
        // Where nothing at all is known, it is no release.
        releases.find(&session.repo, typed)?;
    }
    Ok(Gathered { found, remote, more, not_asked })
}

/// Versions, each once, newest first.
fn newest<'v>(all: impl Iterator<Item = &'v Version>) -> Vec<Version> {
    let all: BTreeSet<Version> = all.map(Version::without_build).collect();
    all.into_iter().rev().collect()
}

/// The version that a person names; a tag's name will do.
fn version_of(releases: &Releases, typed: &str) -> Result<Version> {
    let name = typed.strip_prefix("tag:").unwrap_or(typed);
    let tag = releases.tags.iter().find(|tag| tag.name == name);
    let version =
        tag.map(|tag| tag.version.clone()).or_else(|| releases.names.version(name)).or_else(|| Version::read(name));
    version.ok_or_else(|| {
        Version::parse(name).err().unwrap_or_else(|| Error::refused(format!("\"{name}\" is not a version")))
    })
}

/// The remote and its tags, or why it was not asked.
fn remote(session: &Session, names: &TagNames, may_ask: bool) -> (Option<String>, Result<Vec<RemoteTag>, String>) {
    let words = |error: Error| {
        std::iter::once(error.message().to_owned()).chain(error.causes().iter().cloned()).collect::<Vec<_>>().join(": ")
    };
    match remote_of(&session.repo, &session.config) {
        Err(error) => (session.config.release.remote.clone(), Err(words(error))),
        Ok(None) => (None, Err("there is no remote".to_owned())),
        Ok(Some(remote)) if !may_ask => {
            let why = format!("{remote} was not asked (--offline)");
            (Some(remote), Err(why))
        }
        Ok(Some(remote)) => {
            let there = remote_tags(&session.repo, &remote, names).map_err(words);
            (Some(remote), there)
        }
    }
}

/// The runner for tasks about a version, with what they are told of it.
pub(crate) fn runner<'a>(session: &Session, talk: &'a dyn Talk, found: &Findings) -> Result<Runner<'a>> {
    let text = session.config.text.as_deref().unwrap_or_default();
    let tag = found.tag().map(|tag| tag.name.clone()).or_else(|| found.tag_there().map(|tag| tag.name.clone()));
    let commit = found.commit().map(|commit| commit.to_string());
    let runner = trust::runner(&session.repo, text, None, talk)?
        .with(RELEASE_VERSION, &found.version.to_string())
        .with(RELEASE_TAG, &tag.unwrap_or_default())
        .with(RELEASE_COMMIT, &commit.unwrap_or_default())
        .with(RELEASE_PACKAGE, found.package.as_deref().unwrap_or_default());
    Ok(match found.version.pep440() {
        Ok(spelled) => runner.with(RELEASE_PEP440, &spelled),
        Err(_) => runner,
    })
}

/// Asks the registry about every version, several at the same time.
///
/// # Errors
/// Why nobody could be asked, in words.
fn ask_all(
    session: &Session,
    package: &Package,
    talk: &dyn Talk,
    may_run: bool,
    found: &mut [Findings],
) -> Result<(), String> {
    let publishing = &package.publishing;
    let questions = [(0, &publishing.published), (1, &publishing.assets)];
    let questions: Vec<_> = questions.into_iter().filter(|(_, tasks)| !tasks.is_empty()).collect();
    if questions.is_empty() {
        return Ok(());
    }
    let quiet = Quiet(talk);
    let refused = match may_run {
        false => Some("the registry was not asked".to_owned()),
        true => trust::require(&session.repo, session.config.text.as_deref().unwrap_or_default(), None)
            .err()
            .map(|error| format!("the registry was not asked: {}", error.message())),
    };
    if let Some(why) = refused {
        for one in found {
            for (which, _) in &questions {
                *place(one, *which) = Answer::NotAsked(why.clone());
            }
        }
        return Err(why);
    }
    let mut jobs = Vec::new();
    for (at, one) in found.iter().enumerate() {
        for (which, tasks) in &questions {
            let runner = runner(session, &quiet, one).map_err(|error| error.to_string())?;
            jobs.push((at, *which, runner, tasks.as_slice()));
        }
    }
    let (jobs, answers) = (Mutex::new(jobs), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((at, which, runner, tasks)) = jobs.lock().unwrap_or_else(|e| e.into_inner()).pop() else {
                        return;
                    };
                    let answer = ask(&runner, tasks);
                    answers.lock().unwrap_or_else(|e| e.into_inner()).insert((at, which), answer);
                }
            });
        }
    });
    for ((at, which), (answer, said_yes)) in answers.into_inner().unwrap_or_else(|e| e.into_inner()) {
        *place(&mut found[at], which) = answer;
        found[at].said_yes.extend(said_yes);
    }
    Ok(())
}

fn place(found: &mut Findings, which: usize) -> &mut Answer {
    if which == 0 { &mut found.published } else { &mut found.assets }
}

/// The answer of several questions together, and the names of those that say yes.
pub(crate) fn ask(runner: &Runner<'_>, tasks: &[Task]) -> (Answer, Vec<String>) {
    let (mut yes, mut no, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for task in tasks {
        let ran = runner.run(task);
        match said(task, &ran) {
            Some(true) => yes.push(ran.name),
            Some(false) => no.push(ran.name),
            None => unknown.push(ran.failure()),
        }
    }
    let answer = match (unknown.first(), yes.is_empty(), no.is_empty()) {
        (Some(why), ..) => Answer::NotAsked(why.clone()),
        (None, false, false) => Answer::Partly(format!("{} there, {} not there", yes.join(", "), no.join(", "))),
        (None, true, _) => Answer::No(no.join(", ")),
        (None, false, true) => Answer::Yes(yes.join(", ")),
    };
    (answer, yes)
}

/// What a question says; `None`: there is no answer, so nothing can be concluded.
pub(crate) fn said(task: &Task, ran: &Ran) -> Option<bool> {
    if ran.ok {
        return Some(true);
    }
    let no = match &task.action {
        Action::Http(check) => {
            let good = |code: u16| {
                if check.expect.is_empty() { (200..300).contains(&code) } else { check.expect.contains(&code) }
            };
            // A good answer that is not `ok` does not contain what it should.
            ran.code.is_some_and(|code| [404, 410].contains(&code) || u16::try_from(code).is_ok_and(good))
        }
        _ => ran.code == Some(1),
    };
    no.then_some(false)
}
