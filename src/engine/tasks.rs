//! Running what the settings name, as part of an operation.

use super::run::Request;
use crate::config::{Config, trust};
use crate::git::Linked;
use crate::host::Talk;
use crate::model::{Action, ObjectId, Phase, Ran, RepoPath, Task, quoted};
use crate::plan::lifecycle::Before;
use crate::store::session::Session;
use crate::{Error, Kind, Result};

/// Runs what comes before anything changes.
///
/// # Errors
/// Refused when one fails, unless in an emergency: nothing was changed. Interrupted by a signal.
pub(super) fn stop(session: &Session, talk: &dyn Talk, request: &Request, before: &Before) -> Result<Vec<Ran>> {
    let runner = trust::runner(&session.repo, &before.settings, None, talk)?;
    let mut out = Vec::new();
    for task in &before.tasks {
        let ran = runner.run(task);
        let failure = (!ran.ok).then(|| ran.failure());
        out.push(ran);
        if let Some(signal) = talk.signal() {
            let error = Error::new(Kind::Interrupted(signal), "interrupted before anything was changed");
            return Err(stopped_already(error, before));
        }
        match failure {
            Some(failure) if request.emergency => talk.warn(&format!("{failure}; going on all the same (--emergency)")),
            Some(failure) => {
                let error = Error::refused(failure).because("nothing was changed");
                return Err(stopped_already(error.help("correct it and try again, or go on with --emergency"), before));
            }
            None => {}
        }
    }
    Ok(out)
}

/// Says that `stop` has run although nothing came of the rest.
pub(super) fn stopped_already(error: Error, before: &Before) -> Error {
    match before.start.is_empty() {
        true => error.help("what `stop` has stopped is not running: start it again"),
        false => error
            .help(format!("what `stop` has stopped is not running: start it again with `{}`", before.start.join("; "))),
    }
}

/// Runs the tasks of a phase up to the first that fails: in the user's worktree, or in a temporary one of the commit `place`.
///
/// # Errors
/// Refused when the settings are not allowed (any more); interrupted by a signal.
pub(super) fn run(
    session: &Session,
    talk: &dyn Talk,
    phase: Phase,
    settings: ObjectId,
    files: &[RepoPath],
    place: Option<ObjectId>,
) -> Result<Vec<Ran>> {
    let text = session.repo.blob(settings)?;
    let mut runner = trust::runner(&session.repo, &text, None, talk)?;
    let config = Config::of_text(&text)?;
    let tasks = match phase {
        Phase::Stop => config.commands.stop,
        Phase::Install => config.commands.install,
        Phase::Start => config.commands.start,
        Phase::Verify => config.commands.verify,
        Phase::Test => config.commands.tests().to_vec(),
        Phase::Validate => config.validate.run.iter().map(|task| about(task, files)).collect(),
    };
    if phase == Phase::Start {
        runner = runner.leaving_children();
    }
    let linked = place.map(|commit| Linked::make(&session.repo, commit)).transpose()?;
    if let Some(linked) = &linked {
        runner = runner.at(linked.path());
    }
    let out = runner.run_all(&tasks);
    match talk.signal() {
        Some(signal) => Err(Error::new(Kind::Interrupted(signal), "interrupted")),
        None => Ok(out),
    }
}

/// The task with these files in place of `{files}`.
pub fn about(task: &Task, files: &[RepoPath]) -> Task {
    let names: Vec<String> = files.iter().map(|file| from(&task.cwd, &file.to_string())).collect();
    let action = match &task.action {
        Action::Shell(line) => {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            Action::Shell(line.replace("{files}", &names.join(" ")))
        }
        Action::Program(words) => Action::Program(
            words
                .iter()
                .flat_map(|word| match word.as_str() {
                    "{files}" => names.clone(),
                    word => vec![word.replace("{files}", &names.join(" "))],
                })
                .collect(),
        ),
        other => other.clone(),
    };
    Task { action, ..task.clone() }
}

/// A path as it is seen from a directory below the top; never one that looks like an option.
fn from(cwd: &str, path: &str) -> String {
    let parts: Vec<&str> = cwd.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let inside = parts.join("/") + "/";
    match path.strip_prefix(&inside).filter(|_| !parts.is_empty()) {
        Some(rest) if rest.starts_with('-') => format!("./{rest}"),
        Some(rest) => rest.to_owned(),
        None if parts.is_empty() && path.starts_with('-') => format!("./{path}"),
        None => "../".repeat(parts.len()) + path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn files_take_their_place_in_a_command() {
        let mut task = Task {
            name: "validate".to_owned(),
            action: Action::Shell("pytest {files} -q".to_owned()),
            timeout: Duration::ZERO,
            cwd: String::new(),
            environment: Default::default(),
            retries: 0,
            interval: Duration::ZERO,
        };
        let files = [RepoPath::from("b/t.py"), RepoPath::from("-rf"), RepoPath::from("a b; rm")];
        assert_eq!(about(&task, &files).action, Action::Shell("pytest b/t.py ./-rf 'a b; rm' -q".to_owned()));
        task.cwd = "b".to_owned();
        task.action = Action::Program(vec!["pytest".to_owned(), "{files}".to_owned(), "--at={files}".to_owned()]);
        let words = ["pytest", "t.py", "../-rf", "../a b; rm", "--at=t.py ../-rf ../a b; rm"];
        assert_eq!(about(&task, &files).action, Action::Program(words.map(str::to_owned).to_vec()));
    }
}
