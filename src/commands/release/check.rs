//! Whether one can go back to a release: everything that stands in the way, said at once.

use crate::commands::{Ctx, facts};
use crate::engine::{Request, plan_for};
use crate::git::{MODE_GITLINK, Repo};
use crate::model::ObjectId;
use crate::model::report::{Check, Hint, Outcome, ReleaseCheckReport, Severity, Verdict};
use crate::plan::resolve::{Place, resolve};
use crate::plan::to::{self, ToRequest, Way, branch_to_choose_for};
use crate::release::diagnosis::line_of;
use crate::release::{Detail, Package, Releases, VersionTag};
use crate::store::baselines::read_all;
use crate::store::scene::Wanted;
use crate::store::session::Session;
use crate::store::survey::Survey;
use crate::store::{gitfiles, journal::Journal};
use crate::{Kind, Result};

pub(super) fn run(ctx: &Ctx<'_>, session: &Session, package: &Package, typed: &str) -> Result<Outcome> {
    let releases = Releases::read(session, package)?;
    let mut report = ReleaseCheckReport { version: typed.to_owned(), ..ReleaseCheckReport::default() };
    match releases.find(&session.repo, typed) {
        Err(error) => report.checks.push(of_error("release", &error)),
        Ok(tag) => {
            report.tag = Some(tag.name.clone());
            report.checks = checks(ctx, session, &releases, tag)?;
        }
    }
    report.possible = report.checks.iter().all(|check| check.verdict != Verdict::Fail);
    let name = facts::shell_word(report.tag.as_deref().unwrap_or(typed));
    let hint = |command: String, why: &str| Hint { command, why: why.to_owned() };
    report.next = match report.possible {
        true => vec![hint(format!("git rollback to {name} --dry-run"), "what would happen")],
        false => vec![hint("git rollback release list --stable".to_owned(), "other versions")],
    };
    let possible = report.possible;
    let outcome = Outcome::from(report);
    Ok(if possible { outcome } else { outcome.with_exit(Kind::Refused) })
}

fn check(name: &str, verdict: Verdict, detail: impl Into<String>, help: Option<String>) -> Check {
    Check { name: name.to_owned(), verdict, detail: detail.into(), help }
}

fn of_error(name: &str, error: &crate::Error) -> Check {
    let detail = std::iter::once(error.message()).chain(error.causes().iter().map(String::as_str));
    check(name, Verdict::Fail, detail.collect::<Vec<_>>().join(": "), error.helps().first().cloned())
}

fn checks(ctx: &Ctx<'_>, session: &Session, releases: &Releases, tag: &VersionTag) -> Result<Vec<Check>> {
    let detail = releases.detail(&session.repo, tag);
    let mut out = vec![underway(session)?, stable(tag, &detail)];
    let Some(commit) = detail.commit else {
        let help = "`git fetch --tags --force` may bring it; `git cat-file -p` looks at the tag".to_owned();
        out.push(check(
            "commit",
            Verdict::Fail,
            format!("{} does not lead to a commit that is there", tag.name),
            Some(help),
        ));
        return Ok(out);
    };
    out.push(unmoved(tag, &detail, commit));
    out.push(reachable(&session.repo, commit)?);
    out.push(complete(&session.repo, commit));
    out.extend(submodules(session)?);
    out.push(planned(ctx, session, tag)?);
    Ok(out)
}

fn underway(session: &Session) -> Result<Check> {
    if let Some(journal) = Journal::read(&session.layout)? {
        let detail = format!("an operation was interrupted: {}", journal.operation.title);
        let help = "`git rollback continue` finishes it, `git rollback abort` takes it back".to_owned();
        return Ok(check("nothing under way", Verdict::Fail, detail, Some(help)));
    }
    let of_git = gitfiles::in_progress(session.repo.git_dir());
    Ok(match of_git.is_empty() {
        true => check("nothing under way", Verdict::Ok, "", None),
        false => {
            let detail = format!("git has a {} under way: it would be saved and ended", of_git.join(" and a "));
            check("nothing under way", Verdict::Warn, detail, None)
        }
    })
}

fn stable(tag: &VersionTag, detail: &Detail) -> Check {
    let why = detail.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    match detail.stable {
        Some(true) => check("stable", Verdict::Ok, format!("it is marked as stable{why}"), None),
        Some(false) => {
            let help = format!("`git rollback release mark {} --stable` when that is over", tag.name);
            check("stable", Verdict::Fail, format!("it is marked as not stable{why}"), Some(help))
        }
        None => {
            let help = format!("`git rollback release mark {} --stable`, when you know", tag.name);
            check("stable", Verdict::Warn, "nobody said whether it can be relied on", Some(help))
        }
    }
}

fn unmoved(tag: &VersionTag, detail: &Detail, commit: ObjectId) -> Check {
    match detail.recorded.filter(|recorded| *recorded != commit) {
        None => check("tag", Verdict::Ok, format!("{} is at {}", tag.name, commit.short()), None),
        Some(recorded) => {
            let moved = format!("{} was recorded at {} and is at {}", tag.name, recorded.short(), commit.short());
            let help = format!(
                "go to the commit that is meant; `git tag -f {} {}` puts the tag back",
                tag.name,
                recorded.short()
            );
            check("tag", Verdict::Fail, moved, Some(help))
        }
    }
}

/// Whether some branch leads to the commit.
fn reachable(repo: &Repo, commit: ObjectId) -> Result<Check> {
    if let Some(line) = line_of(repo, commit)? {
        return Ok(check("reachable", Verdict::Ok, format!("{line} contains it"), None));
    }
    let help = "`git rollback to TAG --branch NAME` starts a branch there".to_owned();
    Ok(check("reachable", Verdict::Warn, "no branch leads to its commit, only the tag", Some(help)))
}

/// Whether everything that going there needs can be read.
fn complete(repo: &Repo, commit: ObjectId) -> Check {
    match read_all(repo, commit) {
        Ok(files) => check("complete", Verdict::Ok, format!("all {files} files can be read"), None),
        Err(error) => {
            let help = match (repo.is_partial_clone(), repo.is_shallow()) {
                (true, _) => "this is a partial clone: `git fetch --refetch --no-filter` brings everything",
                (_, true) => "this clone is shallow: `git fetch --unshallow` brings the rest",
                _ => "`git fetch --refetch` brings it again, where a remote has it",
            };
            check("complete", Verdict::Fail, error.to_string(), Some(help.to_owned()))
        }
    }
}

/// Submodules with work in them: going to another version does not save or change what is in them.
fn submodules(session: &Session) -> Result<Vec<Check>> {
    let repo = &session.repo;
    let Some(head) = repo.head_commit(&repo.head()?)? else { return Ok(Vec::new()) };
    let links = repo.trees()?.files(repo.commit(head)?.tree)?;
    let mut out = Vec::new();
    for path in links.iter().filter(|(_, entry)| entry.mode == MODE_GITLINK).map(|(path, _)| path) {
        let top = repo.root().join(path.to_os());
        // One that was never fetched is an empty directory.
        let Ok(inner) =
            top.join(".git").symlink_metadata().map_err(drop).and_then(|_| Session::open_at(&top).map_err(drop))
        else {
            continue;
        };
        let tree = inner.repo.head().ok().and_then(|head| inner.repo.head_commit(&head).ok().flatten());
        let tree = tree.and_then(|id| inner.repo.commit(id).ok()).map_or(ObjectId::EMPTY_TREE, |commit| commit.tree);
        let unsaved = Survey::take(&inner.repo, tree)?.unsaved();
        if unsaved > 0 {
            let help = format!("commit or save it there: `git -C {path} rollback checkpoint`");
            let name = format!("submodule {path}");
            out.push(check(&name, Verdict::Fail, format!("{unsaved} changes in it are not committed"), Some(help)));
        }
    }
    Ok(out)
}

/// What `to` itself says.
fn planned(ctx: &Ctx<'_>, session: &Session, tag: &VersionTag) -> Result<Check> {
    let place = resolve(session, &format!("tag:{}", tag.name))?;
    let choose = branch_to_choose_for(session, &place)?;
    let way = choose.is_some().then_some(Way::Detach);
    Ok(match plan(ctx, session, &place, way) {
        Err(error) if error.kind() == Kind::Refused => of_error("plan", &error),
        Err(error) => return Err(error),
        Ok(plan) => {
            let blocks = plan.findings.iter().filter(|finding| finding.severity == Severity::Block);
            let blocks: Vec<_> = blocks.collect();
            if let Some(first) = blocks.first() {
                let all: Vec<String> = blocks.iter().map(|finding| finding.message.clone()).collect();
                check("plan", Verdict::Fail, all.join("; "), first.help.clone())
            } else if let Some(branch) = choose {
                let detail = format!("it is not behind {branch}: you have to say how to go there");
                check("plan", Verdict::Warn, detail, Some("--detach, --branch NAME, --revert or --reset".to_owned()))
            } else {
                let moved = plan.moves.as_ref().map(|moved| moved.why.clone()).unwrap_or_default();
                check("plan", Verdict::Ok, moved, None)
            }
        }
    })
}

fn plan(ctx: &Ctx<'_>, session: &Session, place: &Place, way: Option<Way>) -> Result<crate::model::report::PlanReport> {
    let wanted = Wanted { list_ignored: true, ..Wanted::default() };
    // A reason is given when one goes there.
    let reason = Some("a check".to_owned());
    let request = Request { command: "to", wanted, reason, ..Request::default() };
    let asked = ToRequest { way, ..ToRequest::default() };
    plan_for(session, ctx.talk, &request, &|table| to::plan(session, table.desk, &table.name.who, place, &asked))
}
