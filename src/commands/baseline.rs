//! `git rollback baseline`: known-good states, as tags.

use super::Ctx;
use crate::git::Repo;
use crate::model::report::{BaselineReport, BaselineRow, Check, Outcome, Verdict};
use crate::model::{ObjectId, nearest};
use crate::store::baselines::{self, Baseline};
use crate::store::session::Session;
use crate::{Error, Result};

/// Set, show, list or verify a known-good state to go back to
///
/// A baseline is an annotated tag, so it can be pushed and everyone sees it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback baseline set                    this commit is known to be good
  git rollback baseline set v1.2.0 --name stable
  git rollback baseline show                   where is it, how far am I from it?
  git rollback to baseline                     go back to it")]
pub struct Args {
    /// What to do; without it, `show`.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What to do with baselines.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Action {
    /// Mark a commit as known to be good
    Set {
        /// The commit; without it, HEAD
        rev: Option<String>,

        /// Name of the baseline
        #[arg(long, value_name = "NAME")]
        name: Option<String>,

        /// Take the name even if a baseline has it; the old one stays, under a name with its time
        #[arg(long)]
        force: bool,
    },
    /// Show the nearest baseline and how far HEAD is from it
    Show {
        /// Name of the baseline; without it, the nearest
        name: Option<String>,
    },
    /// List all baselines
    List,
    /// Check that baselines and all they need are there and undamaged
    Verify {
        /// Name of the baseline; without it, all
        name: Option<String>,
    },
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    match args.action.unwrap_or(Action::Show { name: None }) {
        Action::Set { rev, name, force } => super::change::set_baseline(ctx, rev.as_deref(), name.as_deref(), force),
        Action::Show { name } => show(&Session::open()?, name.as_deref()),
        Action::List => list(&Session::open()?),
        Action::Verify { name } => verify(&Session::open()?, name.as_deref()),
    }
}

fn show(session: &Session, name: Option<&str>) -> Result<Outcome> {
    let all = baselines::list(&session.repo, &session.config)?;
    let chosen = match (name, head_commit(&session.repo)) {
        (Some(name), _) => Some(find(&all, name)?),
        (None, Some(head)) => baselines::nearest(&session.repo, head, &all)?.map(|(baseline, ..)| baseline),
        (None, None) => all.first().cloned(),
    };
    let rows = chosen.iter().map(|baseline| row(&session.repo, baseline, true)).collect();
    Ok(BaselineReport { baselines: rows, checks: Vec::new() }.into())
}

/// Distances cost a walk through history each: beyond this many baselines they are left out.
const COUNTED: usize = 20;

fn list(session: &Session) -> Result<Outcome> {
    let all = baselines::list(&session.repo, &session.config)?;
    let rows = all.iter().enumerate().map(|(at, baseline)| row(&session.repo, baseline, at < COUNTED)).collect();
    Ok(BaselineReport { baselines: rows, checks: Vec::new() }.into())
}

fn find(all: &[Baseline], name: &str) -> Result<Baseline> {
    if let Some(found) = all.iter().find(|baseline| baseline.name == name) {
        return Ok(found.clone());
    }
    let names: Vec<&str> = all.iter().map(|baseline| baseline.name.as_str()).collect();
    let error = Error::refused(format!("there is no baseline \"{name}\""));
    Err(match nearest(name, &names) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("`git rollback baseline list` lists them"),
    })
}

fn head_commit(repo: &Repo) -> Option<ObjectId> {
    let head = repo.head().ok()?;
    repo.head_commit(&head).ok()?
}

fn row(repo: &Repo, baseline: &Baseline, counted: bool) -> BaselineRow {
    let head = head_commit(repo).filter(|_| counted);
    let distance = head.and_then(|head| repo.ahead_behind(head, baseline.commit).ok());
    BaselineRow {
        name: baseline.name.clone(),
        tag: baseline.reference.clone(),
        commit: baseline.commit,
        subject: repo.commit(baseline.commit).map(|commit| commit.subject).unwrap_or_default(),
        time: baseline.time,
        who: baseline.who.clone(),
        ahead: distance.map(|(ahead, _)| ahead as u64),
        behind: distance.map(|(_, behind)| behind as u64),
    }
}

fn verify(session: &Session, name: Option<&str>) -> Result<Outcome> {
    let repo = &session.repo;
    let all = baselines::list(repo, &session.config)?;
    let chosen = match name {
        Some(name) => vec![find(&all, name)?],
        None => all,
    };
    let mut checks = Vec::new();
    if name.is_none() {
        checks.push(configured(session, &chosen));
    }
    for baseline in &chosen {
        checks.push(complete(repo, baseline));
        checks.push(reachable(repo, baseline));
    }
    Ok(BaselineReport { baselines: Vec::new(), checks }.into())
}

fn check(name: String, verdict: Verdict, detail: String, help: Option<&str>) -> Check {
    Check { name, verdict, detail, help: help.map(str::to_owned) }
}

/// Whether the tag that `to baseline` goes to is there and leads somewhere.
fn configured(session: &Session, all: &[Baseline]) -> Check {
    let name = &session.config.baseline;
    let title = "to baseline".to_owned();
    if all.iter().any(|baseline| &baseline.name == name) {
        return check(title, Verdict::Ok, format!("goes to the tag {name}"), None);
    }
    let broken = session.repo.reference(&format!("refs/tags/{name}")).ok().flatten().is_some();
    if broken {
        let help = "`git cat-file -p` looks at the tag; fetch it again, or set it anew with `git rollback baseline set --force`";
        return check(
            title,
            Verdict::Fail,
            format!("the tag {name} does not lead to a commit that is there"),
            Some(help),
        );
    }
    let detail = format!("there is no tag {name}, which the settings name");
    let verdict = if all.is_empty() { Verdict::Fail } else { Verdict::Warn };
    check(
        title,
        verdict,
        detail,
        Some("set it with `git rollback baseline set`, or name another one: `git config rollback.baseline NAME`"),
    )
}

fn complete(repo: &Repo, baseline: &Baseline) -> Check {
    let name = format!("{} complete", baseline.name);
    match baselines::read_all(repo, baseline.commit) {
        Ok(files) => {
            let detail = format!("{}: all {files} files can be read", baseline.commit.short());
            check(name, Verdict::Ok, detail, None)
        }
        Err(error) => {
            let help = "fetch it again (`git fetch --refetch`), or set the baseline on another commit";
            check(name, Verdict::Fail, error.to_string(), Some(help))
        }
    }
}

fn reachable(repo: &Repo, baseline: &Baseline) -> Check {
    let name = format!("{} behind HEAD", baseline.name);
    let Some(head) = head_commit(repo) else {
        return check(name, Verdict::Warn, "HEAD has no commit".to_owned(), None);
    };
    match repo.ahead_behind(head, baseline.commit) {
        Ok((0, 0)) => check(name, Verdict::Ok, "HEAD is there".to_owned(), None),
        Ok((ahead, 0)) => check(name, Verdict::Ok, format!("{} after it", commits(ahead)), None),
        Ok((_, behind)) => {
            let detail = format!("it is not in the history of HEAD: {} are only there", commits(behind));
            check(name, Verdict::Warn, detail, Some("going there needs --reset, --branch NAME or --detach"))
        }
        Err(error) => check(name, Verdict::Warn, error.to_string(), None),
    }
}

fn commits(count: usize) -> String {
    if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") }
}
