//! `git rollback decide`: five questions, and what follows from the answers.

use super::Ctx;
use crate::host::clock;
use crate::model::Time;
use crate::model::decision::{Answers, Course, decide};
use crate::model::report::{DecisionReport, Duration, Hint, Outcome};
use crate::plan::sprint::sprint_of;
use crate::store::session::Session;
use crate::store::survey::Survey;
use crate::{Error, Result};

/// Decide what to do about a failure: fix forward, bring back some files, or roll back
///
/// Five questions, asked where they are not answered by options. Nothing is changed: the answer is how bad it is, what to
/// do, how long that may take (`[budget]` in rollback.toml), what to type, and whom to ask (`[contacts]`).
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback decide                       be asked
  git rollback decide --fixable no --data-at-risk no --users-affected yes --only-tests no --saved yes
  git rollback decide --json ...            for a program")]
pub struct Args {
    /// Can a fix be there within 30 minutes?
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    pub fixable: Option<bool>,

    /// Can data be lost or damaged?
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    pub data_at_risk: Option<bool>,

    /// Do users notice?
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    pub users_affected: Option<bool>,

    /// Do only tests fail?
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    pub only_tests: Option<bool>,

    /// Is the present state saved?
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    pub saved: Option<bool>,
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" => Ok(true),
        "no" | "n" | "false" => Ok(false),
        _ => Err("answer yes or no".to_owned()),
    }
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let answers = answers(ctx, &session, &args)?;
    let decision = decide(answers);
    let (budget, now) = (session.config.budget(decision.severity), clock::now());
    let command = format!("--severity {} --started {now}", decision.severity);
    let steps = steps(&session, answers, decision.course, &command);
    Ok(DecisionReport {
        answers,
        severity: decision.severity,
        action: decision.course,
        why: decision.why.into_iter().map(str::to_owned).collect(),
        budget: Duration::of(budget * 1000),
        until: Time { seconds: now.seconds + budget as i64, ..now },
        steps,
        contacts: session.config.contacts.clone(),
    }
    .into())
}

fn answers(ctx: &Ctx<'_>, session: &Session, args: &Args) -> Result<Answers> {
    let head = session.repo.head()?;
    let tree = session.repo.head_commit(&head)?.map(|commit| session.repo.commit(commit)).transpose()?;
    let unsaved = Survey::take(&session.repo, tree.map_or(crate::model::ObjectId::EMPTY_TREE, |c| c.tree))?.unsaved();
    let saved = match unsaved {
        0 => "Is the present state saved? (everything is committed)".to_owned(),
        _ => format!(
            "Is the present state saved? ({} not committed)",
            crate::plan::count(unsaved as usize, "file is", "files are")
        ),
    };
    let questions = [
        (args.fixable, "--fixable", "Can a fix be there within 30 minutes?"),
        (args.data_at_risk, "--data-at-risk", "Can data be lost or damaged?"),
        (args.users_affected, "--users-affected", "Do users notice?"),
        (args.only_tests, "--only-tests", "Do only tests fail?"),
        (args.saved, "--saved", &saved),
    ];
    let open: Vec<&str> = questions.iter().filter(|q| q.0.is_none()).map(|q| q.1).collect();
    if !open.is_empty() && !ctx.talk.can_ask() {
        return Err(Error::refused("not all questions are answered, and there is no terminal to ask on")
            .help(format!("answer yes or no to {}", open.join(", "))));
    }
    let mut out = [false; 5];
    for ((given, _, question), answer) in questions.iter().zip(&mut out) {
        *answer = match given {
            Some(given) => *given,
            None => ask(ctx, question)?,
        };
    }
    let [fixable, data_at_risk, users_affected, only_tests, saved] = out;
    Ok(Answers { fixable, data_at_risk, users_affected, only_tests, saved })
}

fn ask(ctx: &Ctx<'_>, question: &str) -> Result<bool> {
    match ctx.talk.choose(question, &["no".to_owned(), "yes".to_owned()])? {
        Some(answer) => Ok(answer == 1),
        None => Err(Error::refused("nothing was decided: a question was not answered")),
    }
}

fn steps(session: &Session, answers: Answers, course: Course, facts: &str) -> Vec<Hint> {
    let mut out = Vec::new();
    if !answers.saved {
        out.push(Hint::new("git rollback checkpoint", "save the present state first"));
    }
    let head = session.repo.head().ok();
    let branch = head.as_ref().and_then(|head| head.branch());
    let sprint = branch.and_then(|branch| sprint_of(branch, &session.config.sprint.branch));
    match (course, sprint) {
        (Course::FixForward, _) => {
            out.push(Hint::new("git rollback validate", "after the fix: the tests that belong to it"));
            out.push(Hint::new("git rollback decide", "when the time is over and it is not fixed: decide again"));
        }
        (Course::Restore, _) => {
            let command = format!("git rollback restore --from baseline {facts} PATH...");
            out.push(Hint::new(command, "bring back the files that broke it"));
            out.push(Hint::new("git rollback show baseline", "which files differ from the baseline"));
        }
        (Course::RollBack, Some(sprint)) => {
            let command = format!("git rollback sprint fail {sprint} {facts} --reason \"...\"");
            out.push(Hint::new(command, "keep all work, write the report, start again"));
        }
        (Course::RollBack, None) => {
            let command = format!("git rollback to baseline {facts} --reason \"...\"");
            out.push(Hint::new(command, "back to the baseline; everything is saved first"));
        }
    }
    out.push(Hint::new("git rollback notify", "tell the others"));
    out
}
