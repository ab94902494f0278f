//! What can be said about a rollback, for the record: the same options on every command that goes back.

use crate::git::Repo;
use crate::host::clock;
use crate::model::{Edge, Impact, Time, Trouble};
use crate::plan::sprint::sprint_of;
use crate::store::session::Session;
use crate::{Error, Result};

/// What is recorded about the trouble that a rollback answers.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "For the record")]
pub struct RecordArgs {
    /// How bad the failure is
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub severity: Option<Impact>,

    /// What caused it, in a word or a few: `history` and `stats` group by it
    #[arg(long, value_name = "WORDS")]
    pub cause: Option<String>,

    /// When the trouble began: 20m (ago), 14:05, 2026-01-10T17:00; recovery time counts from there
    #[arg(long, value_name = "TIME")]
    pub started: Option<String>,
}

impl RecordArgs {
    /// The trouble as it was told, of the sprint whose branch `HEAD` is on.
    ///
    /// # Errors
    /// Refused: a time that is none, or is not over yet; a cause without a word.
    pub fn trouble(&self, session: &Session) -> Result<Trouble> {
        let sprint = sprint_here(&session.repo, &session.config.sprint.branch);
        Ok(Trouble { sprint, ..self.told()? })
    }

    /// The same without what the branch tells.
    ///
    /// # Errors
    /// As [`RecordArgs::trouble`].
    pub fn told(&self) -> Result<Trouble> {
        let cause = match &self.cause {
            Some(text) => Some(one_line("--cause", text)?),
            None => None,
        };
        let started = self.started.as_deref().map(|text| began(text, clock::now())).transpose()?;
        Ok(Trouble { severity: self.severity, cause, started, sprint: None })
    }
}

/// The sprint whose branch `HEAD` is on, by the pattern of sprint branches.
fn sprint_here(repo: &Repo, pattern: &str) -> Option<String> {
    let head = repo.head().ok()?;
    sprint_of(head.branch()?, pattern)
}

/// Whether a branch's name is one of a pattern, whatever the sprint.
pub(super) fn sprint_branches(pattern: &str, branch: &str) -> bool {
    pattern.split_once("{n}").is_some_and(|(before, _)| !before.is_empty() && branch.starts_with(before))
}

fn one_line(option: &str, text: &str) -> Result<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return Err(Error::refused(format!("{option} is empty")).help("say it in a word or a few, or leave it out"));
    }
    Ok(line)
}

/// Seconds since 1970 of `--since`.
pub(super) fn since(text: &str) -> Result<i64> {
    let told = text.strip_prefix('@').unwrap_or(text);
    clock::now().told(told, Edge::Start).ok_or_else(|| {
        Error::refused(format!("\"{text}\" is not a time")).help("write 30d, 12h, 2026-01-10 or 2026-01-10T17:00")
    })
}

fn began(text: &str, now: Time) -> Result<Time> {
    let told = text.strip_prefix('@').unwrap_or(text);
    let seconds = now.told(told, Edge::Start).ok_or_else(|| {
        Error::refused(format!("\"{text}\" is not a time"))
            .help("write 20m, 2h or 1d (ago), 14:05 (today), 2026-01-10 or 2026-01-10T17:00")
    })?;
    if seconds > now.seconds {
        return Err(Error::refused(format!("\"{text}\" is still to come, and the trouble began before now"))
            .help("give the date too: 2026-01-10T17:00"));
    }
    Ok(Time { seconds, ..now })
}

impl clap::ValueEnum for Impact {
    fn value_variants<'a>() -> &'a [Self] {
        &Impact::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.word()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trouble_began_before_now() {
        let now = Time { seconds: 1_000_000, offset_minutes: 60 };
        assert_eq!(began("20m", now).map(|t| t.seconds).ok(), Some(1_000_000 - 1200));
        assert_eq!(began("@20m", now).map(|t| t.offset_minutes).ok(), Some(60));
        assert!(began("23:00", now).is_err());
        assert!(began("soon", now).is_err());
    }
}
