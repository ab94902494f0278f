//! What became of releases, and what to do about it.

use crate::Result;
use crate::commands::Ctx;
use crate::model::report::{Diagnosis, DiagnosisReport, Outcome};
use crate::release::Package;
use crate::release::diagnosis::{Asking, Findings, facts, gather, judge};
use crate::store::session::Session;

/// How many are looked at when nobody says.
const LIMIT: usize = 10;

/// What is asked for.
pub(super) struct Wanted {
    pub version: Option<String>,
    pub limit: Option<usize>,
    pub offline: bool,
}

pub(super) fn run(ctx: &Ctx<'_>, session: &Session, package: &Package, wanted: &Wanted) -> Result<Outcome> {
    let asking = Asking {
        typed: wanted.version.as_deref(),
        limit: wanted.limit.unwrap_or(LIMIT),
        remote: !wanted.offline,
        run: !wanted.offline && !ctx.global.dry_run,
    };
    let gathered = gather(session, package, ctx.talk, &asking)?;
    Ok(DiagnosisReport {
        package: package.name.clone(),
        remote: gathered.remote,
        releases: gathered.found.iter().map(diagnosis).collect(),
        more: gathered.more as u64,
        not_asked: gathered.not_asked,
    }
    .into())
}

fn diagnosis(found: &Findings) -> Diagnosis {
    let judged = judge(found);
    Diagnosis {
        version: found.version.to_string(),
        tag: found.tag().map(|tag| tag.name.clone()),
        state: judged.state,
        summary: judged.summary,
        settled: judged.settled,
        facts: facts(found),
        next: judged.next,
    }
}
