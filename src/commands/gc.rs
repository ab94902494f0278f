//! `git rollback gc`: removes what has expired.

use super::Ctx;
use crate::Result;
use crate::model::report::Outcome;
use crate::store::session::Session;

/// Remove snapshots and trash that have expired
///
/// What this removes cannot come back, but for results of tests, which run once more. Points that have a name, and the operation log, stay.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback gc --dry-run          what would go, and how much is that?
  git rollback gc
  git rollback gc --older-than 30d")]
pub struct Args {
    /// Remove what is older than this: a number with h, d, w or y
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    pub older_than: Option<Age>,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let age = args.older_than.map_or(DEFAULT_AGE, |age| age.seconds);
    Ok(crate::engine::gc::gc(&session, age, ctx.global.dry_run, ctx.global.reason.clone())?.into())
}

/// Ninety days, as git keeps its reflogs.
const DEFAULT_AGE: u64 = 90 * 86_400;

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// In seconds.
    pub seconds: u64,
}

/// Reads `90d`, `12h`, `2w` or `1y`.
fn parse_age(text: &str) -> Result<Age, String> {
    let bad = || format!("`{text}` is not an age; write 12h, 90d, 2w or 1y");
    let (at, unit) = text.char_indices().last().ok_or_else(bad)?;
    let unit: u64 = match unit {
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        'y' => 365 * 86_400,
        _ => return Err(bad()),
    };
    let count: u64 = text[..at].parse().map_err(|_| bad())?;
    count.checked_mul(unit).map(|seconds| Age { seconds }).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::{Age, parse_age};

    #[test]
    fn ages() {
        assert_eq!(parse_age("90d"), Ok(Age { seconds: 90 * 86_400 }));
        assert_eq!(parse_age("0h"), Ok(Age { seconds: 0 }));
        for bad in ["", "d", "90", "-1d", "9d9", "1.5d", "99999999999999999999d", "9999999999999999y", "1日"] {
            assert!(parse_age(bad).is_err(), "{bad}");
        }
    }
}
