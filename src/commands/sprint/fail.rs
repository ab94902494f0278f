//! `git rollback sprint fail`.

use crate::commands::change::{carry_out, request};
use crate::commands::record::RecordArgs;
use crate::commands::story::{self, Situation};
use crate::commands::tested::{self, Tested};
use crate::commands::{Ctx, check, facts};
use crate::config::{ReportPlace, trust};
use crate::documents::{self, Document};
use crate::engine::Locks;
use crate::host::clock;
use crate::model::report::story::{Change, Item};
use crate::model::report::{Hint, Outcome, Report, Story};
use crate::model::{HeadAt, Trouble};
use crate::plan::resolve::resolve;
use crate::plan::sprint::{Fail, Found, check_number, fail, free_branch};
use crate::store::scene::Wanted;
use crate::store::session::Session;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// What can be typed.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The sprint: a number or a short name
    #[arg(value_name = "N")]
    pub number: String,

    /// Do not run the tests
    #[arg(long)]
    pub no_tests: bool,

    /// Ask nothing, run no tests and verify nothing; saving and recording stay
    #[arg(long)]
    pub emergency: bool,

    /// For the record
    #[command(flatten)]
    pub record: RecordArgs,
}

/// All that is known before it is planned.
struct Case<'a> {
    ctx: &'a Ctx<'a>,
    session: Session,
    number: String,
    trouble: Trouble,
    failed: HeadAt,
    backup: String,
    retry: String,
    directory: String,
    tested: Tested,
    no_tests: &'static str,
}

/// Runs the command.
pub(super) fn run(ctx: &Ctx<'_>, args: Args) -> Result<Outcome> {
    check_number(&args.number)?;
    let session = Session::open()?;
    session.refuse_unfinished()?;
    let place = resolve(&session, "baseline")?;
    let mut request = request(ctx, "sprint fail");
    request.emergency = args.emergency;
    request.wanted = Wanted { list_ignored: true, ..Wanted::default() };
    let case = case(ctx, session, args)?;
    request.trouble = case.trouble.clone();
    let told = std::cell::RefCell::new(None);
    let documents = |found: &Found| {
        let story = case.story(found)?;
        let files = case.files(&story)?;
        told.replace(Some(story));
        Ok(files)
    };
    let wanted = Fail {
        number: &case.number,
        backup: &case.backup,
        retry: &case.retry,
        directory: &case.directory,
        report: case.session.config.sprint.report,
        documents: &documents,
    };
    let mut outcome = carry_out(ctx, &case.session, &request, Locks::IndexAndHead, &|table| {
        fail(table.session, table.desk, table.stash, table.name, &place, &wanted)
    })?;
    if let (Report::Done(done), Some(mut story)) = (&mut outcome.report, told.into_inner()) {
        story.operation = done.operation.clone().unwrap_or_default();
        story.after.insert(0, Item::known("The state was read again and is as planned", done.verified, ""));
        done.story = Some(Box::new(story));
    }
    Ok(outcome)
}

fn case<'a>(ctx: &'a Ctx<'a>, session: Session, args: Args) -> Result<Case<'a>> {
    let began = clock::now();
    let told = args.record.told()?;
    // What runs before the operation belongs to the recovery as well.
    let started = Some(told.started.unwrap_or(began));
    let trouble = Trouble { sprint: Some(args.number.clone()), started, ..told };
    let head = session.repo.head()?;
    let failed = HeadAt { commit: session.repo.head_commit(&head)?, head };
    let (sprint, time) = (&session.config.sprint, began.compact());
    let backup = free_branch(&session.repo, &sprint.backup, &args.number, &time)?;
    let retry = free_branch(&session.repo, &sprint.retry, &args.number, &time)?;
    let directory = directory(&session, &args.number)?;
    let tasks = session.config.commands.tests();
    let no_tests = match () {
        () if args.no_tests => "not asked for",
        () if args.emergency => "left out in an emergency",
        () if ctx.global.dry_run => "not run in a dry run",
        () if tasks.is_empty() => "none are set in rollback.toml",
        () => "",
    };
    let mut tested = Tested::default();
    if no_tests.is_empty() {
        let text = session.config.text.as_deref().unwrap_or_default();
        let runner = trust::runner(&session.repo, text, None, ctx.talk)
            .map_err(|error| error.help("or leave the tests out with --no-tests"))?;
        tested = tested::run(&runner, session.repo.root(), tasks, &session.config.report.results);
        if let Some(signal) = ctx.talk.signal() {
            return Err(Error::new(crate::Kind::Interrupted(signal), "interrupted; nothing was changed"));
        }
    }
    let number = args.number;
    Ok(Case { ctx, session, number, trouble, failed, backup, retry, directory, tested, no_tests })
}

/// A directory for the report that neither the worktree nor the failed commit has.
fn directory(session: &Session, number: &str) -> Result<String> {
    let base = format!("{}/sprint-{number}", session.config.report.directory);
    let head = session.repo.head()?;
    let tree = session.repo.head_commit(&head)?.map(|commit| session.repo.commit(commit)).transpose()?.map(|c| c.tree);
    let trees = session.repo.trees()?;
    for count in 1..1000 {
        let name = if count == 1 { base.clone() } else { format!("{base}-{count}") };
        let tracked = tree.map(|tree| trees.find(tree, name.as_bytes())).transpose()?.flatten();
        if tracked.is_none() && session.repo.root().join(&name).symlink_metadata().is_err() {
            return Ok(name);
        }
    }
    Err(Error::refused(format!("there are too many reports called {base}-2, -3, ...")).help("move some of them away"))
}

impl Case<'_> {
    fn story(&self, found: &Found) -> Result<Story> {
        let session = &self.session;
        let so_far = clock::now().seconds - self.trouble.started.unwrap_or(found.who.time).seconds;
        let situation = Situation {
            failed: &self.failed,
            who: &found.who,
            reason: self.ctx.global.reason.as_deref(),
            trouble: &self.trouble,
            recovery: Some(so_far.max(0) as u64 * 1000),
        };
        let mut story = story::gather(session, &situation)?;
        let copy = |change: &Change| Change { path: change.path.clone(), ..*change };
        story::add_uncommitted(&mut story, found.uncommitted.iter().map(copy).collect());
        story.title = format!("Sprint {} failed", self.number);
        story.command = "sprint fail".to_owned();
        story.backup.clone_from(&self.backup);
        story.recovery_branch.clone_from(&self.retry);
        story.snapshot.clone_from(&found.snapshot);
        story.report = match session.config.sprint.report {
            ReportPlace::Branch => format!("{}/report.md on {}", self.directory, self.backup),
            ReportPlace::Worktree => format!("{}/report.md", self.directory),
        };
        story.tests = self.tested.story();
        story.decision = format!(
            "Roll back to {} and try again on {}. Nothing is thrown away: the commits stay on {}, everything else is on {}.",
            story.baseline.name, self.retry, story.failed.name, self.backup
        );
        self.checklists(&mut story)?;
        story.next = self.next(&story);
        Ok(story)
    }

    fn checklists(&self, story: &mut Story) -> Result<()> {
        let passes = "The baseline passes its tests";
        let passes = match check::baseline_passed(&self.session)? {
            Some(at) => Item::known(passes, true, format!("they passed on {at}")),
            None => Item { note: "git rollback check".to_owned(), ..Item::open(passes) },
        };
        let tests = match &story.tests {
            Some(tests) => Item::known("The tests ran on the failed state", true, tests.result.clone()),
            None => Item::known("The tests ran on the failed state", false, self.no_tests),
        };
        story.before = vec![
            // Without the name of the snapshot, which is a new one in each run: a report depends only on what it tells.
            Item::known("The whole state is saved", true, "`git rollback log` names the snapshot"),
            Item::known("Work in progress is on a branch", true, story.backup.clone()),
            Item::known("The baseline is there", true, format!("{} at {}", story.baseline.name, story.baseline.commit)),
            tests,
            Item::known("The reason is written down", !story.reason.is_empty(), story.reason.clone()),
            Item::open("Others know that a rollback is coming"),
        ];
        story.after = vec![
            Item::known("A branch for another try starts at the baseline", true, story.recovery_branch.clone()),
            Item::known("The report is written", true, story.report.clone()),
            passes,
            Item { note: "git rollback analyze".to_owned(), ..Item::open("The cause is understood") },
            Item { note: "git rollback recover".to_owned(), ..Item::open("Good commits are on the new branch") },
            Item { note: "git rollback notify".to_owned(), ..Item::open("Others were told") },
        ];
        if let Some(within) = story.within_budget {
            let note = format!("{} of {}", story.recovery, story.budget);
            story.after.push(Item::known("The recovery is within its budget", within, note));
        }
        Ok(())
    }

    fn next(&self, story: &Story) -> Vec<Hint> {
        let mut out = vec![Hint::new("git rollback analyze", "what failed, beside the baseline")];
        if story.commit_count > 0 && self.failed.head.branch().is_some() {
            let from = facts::shell_word(&story.failed.name);
            out.push(Hint::new(format!("git rollback recover --from {from} --here"), "bring good commits back"));
        }
        out.push(Hint::new("git rollback notify", "tell the others"));
        out.push(Hint::new("git rollback undo", "back to the state before, exactly"));
        out
    }

    fn files(&self, story: &Story) -> Result<BTreeMap<&'static str, String>> {
        let own = self.session.config.report.templates.as_ref().map(|dir| self.session.repo.root().join(dir));
        let mut out = BTreeMap::new();
        out.insert("report.md", documents::write(Document::Report, own.as_deref(), story)?);
        out.insert("log.txt", self.log()?);
        out.insert("changes.txt", changes(story));
        out.insert("tests.txt", self.tested.text());
        Ok(out)
    }

    fn log(&self) -> Result<String> {
        let Some(tip) = self.failed.commit else { return Ok(String::new()) };
        let base = story::baseline(&self.session)?.commit;
        let (commits, count) = story::commits(&self.session, tip, Some(base), MOST_COMMITS)?;
        let mut out = String::new();
        for commit in &commits {
            let line = format!("{} {} {}: {}", commit.id, commit.date, commit.author, commit.subject);
            out.push_str(&line.replace(char::is_control, " "));
            out.push('\n');
        }
        if count > commits.len() as u64 {
            out.push_str(&format!("and {} more\n", count - commits.len() as u64));
        }
        Ok(out)
    }
}

const MOST_COMMITS: usize = 10_000;

fn changes(story: &Story) -> String {
    let mut out = format!("Committed since {}:\n\n", story.baseline.name);
    let number = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    for change in &story.changes.committed {
        let line =
            format!("{:<9} +{:<6} -{:<6} {}\n", change.what, number(change.added), number(change.removed), change.path);
        out.push_str(&line);
    }
    out.push_str("\nNot committed:\n\n");
    for change in &story.changes.uncommitted {
        out.push_str(&format!("{:<9} {}\n", change.what, change.path));
    }
    out
}
