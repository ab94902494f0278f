//! What `finish` and `backport` have to do with the remote: asking it before, sending to it after, and only when asked to.

use crate::commands::{Ctx, send};
use crate::config::{RELEASE_TAG, RELEASE_VERSION, trust};
use crate::git::{fetch, push};
use crate::model::report::{DoneReport, Hint, Pushed};
use crate::plan::finish::sent::{self, Sending};
use crate::release::{Hotfix, Releases, hotfix, remote_of, remote_tags};
use crate::store::session::Session;
use crate::{Error, Kind, Result};

/// What can be said about the remote.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "The remote")]
pub struct Remote {
    /// Go by what was fetched last
    #[arg(long)]
    pub no_fetch: bool,

    /// Send the tag and the lines to the remote afterwards: all of them, or none
    #[arg(long)]
    pub push: bool,

    /// Protected lines are not touched: each gets a branch beside it, which is sent, and [release] pr is run for it
    #[arg(long, requires = "push")]
    pub pr: bool,
}

/// Looks at what the remote has now. Nothing is changed there.
///
/// # Errors
/// Refused: it cannot be asked, or has the tag already.
pub(super) fn ask(ctx: &Ctx<'_>, session: &Session, hotfix: &Hotfix, options: &Remote) -> Result<Option<String>> {
    let Some(remote) = remote_of(&session.repo, &session.config)? else {
        return match options.push {
            false => Ok(None),
            true => Err(Error::refused("there is no remote to push to, or several")
                .help("name it in rollback.toml: [release] remote = \"origin\"")),
        };
    };
    if options.no_fetch || ctx.global.dry_run {
        return Ok(Some(remote));
    }
    ctx.talk.note(&format!("fetching {remote}"));
    let offline = |e: Error| e.help("--no-fetch goes by what was fetched last");
    fetch(&session.repo, &remote, &|| ctx.talk.interrupted()).map_err(offline)?;
    if hotfix.tag.is_none() {
        let names = Releases::read_tags(session, &hotfix.package)?.names;
        let there = remote_tags(&session.repo, &remote, &names).map_err(offline)?;
        if let Some(tag) = there.iter().find(|tag| tag.version.same(&hotfix.version)) {
            return Err(Error::refused(format!(
                "{remote} has the tag {} already: somebody else has released it",
                tag.name
            ))
            .help(format!("`git fetch {remote} tag {}` brings it here", tag.name))
            .help(format!("`git rollback hotfix start {}` gives the next free number", tag.version)));
        }
    }
    Ok(Some(remote))
}

/// Sends a hotfix, and has the branches beside protected lines merged.
///
/// # Errors
/// Unverified: what was done here is done, and the remote did not take it.
pub(super) fn send(ctx: &Ctx<'_>, branch: &str, remote: &str, done: &mut DoneReport) -> Result<()> {
    let session = Session::open()?;
    let hotfix = hotfix::find(&session, None, Some(branch))?;
    let sending = sent::what(&session, &hotfix, remote)?;
    let version = &hotfix.version;
    push(&session.repo, remote, &sending.edits).map_err(|error| {
        let mut out =
            Error::new(Kind::Unverified, format!("the hotfix {version} is released here, but {}", error.message()));
        for cause in error.causes() {
            out = out.because(cause);
        }
        let out = error.helps().iter().fold(out, |out, help| out.help(help.clone()));
        out.help(format!("`git rollback hotfix finish {version} --push` sends it again, once that is settled"))
            .help("`git rollback undo` takes the release back here")
    })?;
    done.pushed = Some(Pushed { remote: remote.to_owned(), refs: sending.names.clone() });
    let what = format!("The hotfix {version}");
    send::remember(ctx, &session, &sent::made_by(&session, &hotfix)?, &what, remote, &sending.names);
    ask_for_merges(ctx, &session, &hotfix, &sending, done)
}

/// Runs `[release] pr` for each branch beside a protected line.
fn ask_for_merges(
    ctx: &Ctx<'_>,
    session: &Session,
    hotfix: &Hotfix,
    sending: &Sending,
    done: &mut DoneReport,
) -> Result<()> {
    let (tasks, version) = (&session.config.release.pr, hotfix.version.to_string());
    for (line, branch) in &sending.beside {
        if tasks.is_empty() {
            done.next.push(Hint::new(branch.clone(), format!("ask for this branch to be merged into {line}")));
            continue;
        }
        let settings = session.config.text.as_deref().unwrap_or_default();
        let runner = trust::runner(&session.repo, settings, None, ctx.talk)?;
        let runner =
            runner.with(RELEASE_VERSION, &version).with(RELEASE_TAG, hotfix.tag.as_deref().unwrap_or_default());
        let ran = runner.with("PR_BRANCH", branch).with("PR_LINE", line).run_all(tasks);
        for failed in ran.iter().filter(|ran| !ran.ok) {
            done.warnings.push(format!("{branch} was pushed, but {}", failed.failure()));
        }
        done.runs.extend(ran);
    }
    Ok(())
}
