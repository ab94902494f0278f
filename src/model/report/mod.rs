//! What commands answer: one value per kind of answer, the same for text and for JSON.
//!
//! A JSON document is `{"schema": 1, "kind": "<name>", ...}`; the number grows when a field changes its meaning or goes.
//! Strings here are as the repository has them: the renderer escapes them.

mod analysis;
mod candidates;
mod check;
mod decision;
mod diagnosis;
mod done;
mod history;
mod hotfix;
mod log;
mod lost;
mod parts;
mod plan;
mod points;
mod release;
mod show;
mod sprint;
mod status;
mod stopped;
pub mod story;
mod trust;
mod upkeep;

pub use analysis::{AnalysisReport, Compared, Moment};
pub use candidates::{CandidateRow, CandidateState, CandidatesReport};
pub use check::{CheckReport, CheckResult, SafetyCheck, ValidateReport};
pub use decision::{DecisionReport, NotificationReport, Sent};
pub use diagnosis::{Diagnosis, DiagnosisReport, LastGoodReport, PostmortemReport, ReleaseState, TestedRelease};
pub use done::{Changed, DoneReport, Kept, Pushed, Recovered};
pub use history::{HistoryReport, Place, RecoveryTimes, RollbackResult, RollbackRow, SeverityRow, StatsReport};
pub use hotfix::{HotfixReport, HotfixRow, HotfixState, HotfixesReport};
pub use log::{Duration, LogDetail, LogReport, LogRow, RefMove, UndoState};
pub use lost::{LostReport, Unseen};
pub use parts::{Check, CommitRow, Files, Head, Hint, InProgress, LeftInPlace, Verdict};
pub use plan::{Finding, Move, MoveKind, PlanFiles, PlanReport, Severity};
pub use points::{BaselineReport, BaselineRow, PointRow, PointsReport};
pub use release::{ReleaseCheckReport, ReleaseReport, ReleaseRow, ReleasesReport, VersionPlace};
pub use show::{Going, Holds, Patch, ShowReport, StatLine};
pub use sprint::{SprintBranch, SprintReport, SprintRow, SprintState, SprintsReport};
pub use status::{BaselineDistance, Counts, PointNote, StatusReport, Unfinished};
pub use stopped::{PickRow, StoppedReport};
pub use story::Story;
pub use trust::{Allowed, TaskRow, TrustReport};
pub use upkeep::{DoctorReport, GcItem, GcReport, MessageReport, TextReport};

use crate::error::Kind;
use serde::Serialize;

/// The version of all JSON documents.
pub const SCHEMA: u32 = 1;

/// An answer of any kind.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Report {
    /// Where am I.
    Status(Box<StatusReport>),
    /// What would be done.
    Plan(Box<PlanReport>),
    /// What was done.
    Done(Box<DoneReport>),
    /// Commits that could be picked.
    Candidates(CandidatesReport),
    /// What was done half-way, and what a person is waited for.
    Stopped(Box<StoppedReport>),
    /// The points.
    Points(PointsReport),
    /// The baselines.
    Baseline(BaselineReport),
    /// The releases.
    Releases(ReleasesReport),
    /// One release in full.
    Release(Box<ReleaseReport>),
    /// Whether one can go back to a release.
    ReleaseCheck(ReleaseCheckReport),
    /// What became of releases.
    Diagnosis(DiagnosisReport),
    /// The newest release that can be relied on.
    LastGood(LastGoodReport),
    /// What happened to a release.
    Postmortem(Box<PostmortemReport>),
    /// The operations.
    Log(LogReport),
    /// One operation in full.
    Operation(Box<LogDetail>),
    /// The rollbacks.
    History(HistoryReport),
    /// What an analysis found.
    Analysis(Box<AnalysisReport>),
    /// What to do about a failure.
    Decision(Box<DecisionReport>),
    /// What others are told.
    Notification(Box<NotificationReport>),
    /// The sprints.
    Sprints(SprintsReport),
    /// One sprint in full.
    Sprint(Box<SprintReport>),
    /// The hotfixes.
    Hotfixes(HotfixesReport),
    /// One hotfix in full.
    Hotfix(Box<HotfixReport>),
    /// Figures over the rollbacks.
    Stats(Box<StatsReport>),
    /// What a point, operation or revision holds.
    Show(Box<ShowReport>),
    /// What can still be brought back.
    Lost(Box<LostReport>),
    /// What was, or would be, removed for good.
    Gc(GcReport),
    /// Whether it is safe to begin.
    Check(CheckReport),
    /// The tests of what was changed.
    Validate(ValidateReport),
    /// What of the repository's may run.
    Trust(TrustReport),
    /// The health of everything.
    Doctor(DoctorReport),
    /// A sentence.
    Message(MessageReport),
    /// A text for another program: a completion script, a man page.
    Text(TextReport),
}

/// What a command returns: the answer and the exit code that goes with it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The answer.
    pub report: Report,
    /// 0, or the code of an answer that is a no (a failed check is 1, an unverified state 2).
    pub exit_code: u8,
}

impl Outcome {
    /// The answer with another exit code: that of an error of `kind`.
    #[must_use]
    pub fn with_exit(mut self, kind: Kind) -> Self {
        self.exit_code = kind.exit_code();
        self
    }
}

impl From<Report> for Outcome {
    /// Exit code 0, unless the answer itself says no: a failed check is 1, an unverified state 2.
    fn from(report: Report) -> Self {
        let no = match &report {
            Report::Done(done) if !done.verified => Some(Kind::Unverified),
            Report::Stopped(_) => Some(Kind::Stopped),
            Report::Doctor(doctor) if doctor.checks.iter().any(|c| c.verdict == Verdict::Fail) => Some(Kind::Refused),
            Report::Baseline(report) if report.failed() => Some(Kind::Refused),
            Report::Check(report) if !report.safe => Some(Kind::Refused),
            Report::Diagnosis(report) if report.releases.iter().any(|one| !one.settled) => Some(Kind::Refused),
            Report::Validate(report) if report.failed() => Some(Kind::Refused),
            _ => None,
        };
        Outcome { exit_code: no.map_or(0, Kind::exit_code), report }
    }
}

macro_rules! answers {
    ($($variant:ident($report:ty) = $wrap:expr;)*) => {$(
        impl From<$report> for Outcome {
            fn from(report: $report) -> Self {
                #[allow(clippy::redundant_closure_call, reason = "boxed and unboxed answers share one macro")]
                Outcome::from(Report::$variant(($wrap)(report)))
            }
        }
    )*};
}

answers! {
    Status(StatusReport) = Box::new;
    Plan(PlanReport) = Box::new;
    Done(DoneReport) = Box::new;
    Stopped(StoppedReport) = Box::new;
    Candidates(CandidatesReport) = |report| report;
    Points(PointsReport) = |report| report;
    Baseline(BaselineReport) = |report| report;
    Releases(ReleasesReport) = |report| report;
    Release(ReleaseReport) = Box::new;
    ReleaseCheck(ReleaseCheckReport) = |report| report;
    Diagnosis(DiagnosisReport) = |report| report;
    LastGood(LastGoodReport) = |report| report;
    Postmortem(PostmortemReport) = Box::new;
    Log(LogReport) = |report| report;
    Operation(LogDetail) = Box::new;
    History(HistoryReport) = |report| report;
    Stats(StatsReport) = Box::new;
    Analysis(AnalysisReport) = Box::new;
    Decision(DecisionReport) = Box::new;
    Notification(NotificationReport) = Box::new;
    Sprints(SprintsReport) = |report| report;
    Sprint(SprintReport) = Box::new;
    Hotfixes(HotfixesReport) = |report| report;
    Hotfix(HotfixReport) = Box::new;
    Show(ShowReport) = Box::new;
    Lost(LostReport) = Box::new;
    Gc(GcReport) = |report| report;
    Check(CheckReport) = |report| report;
    Validate(ValidateReport) = |report| report;
    Trust(TrustReport) = |report| report;
    Doctor(DoctorReport) = |report| report;
    Message(MessageReport) = |report| report;
    Text(TextReport) = |report| report;
}
