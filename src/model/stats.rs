//! Figures over many rollbacks.

use super::{Impact, Time};
use std::collections::BTreeMap;

/// One rollback, as far as figures need it.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// When it began.
    pub time: Time,
    /// How bad the failure was.
    pub severity: Option<Impact>,
    /// What caused it.
    pub cause: Option<String>,
    /// The sprint.
    pub sprint: Option<String>,
    /// The branch it left or moved; `None`: `HEAD` was detached.
    pub branch: Option<String>,
    /// Milliseconds from the beginning of the trouble to a verified result; `None`: it never was verified.
    pub recovery: Option<u64>,
}

/// A name and how often it was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// The name; empty: nobody said.
    pub name: String,
    /// How many rollbacks.
    pub count: u64,
    /// How many of them ended with a verified result.
    pub recovered: u64,
}

/// Lengths of recoveries, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many there are.
    pub count: u64,
    /// Their mean.
    pub mean: u64,
    /// The one in the middle (the mean of the two in the middle).
    pub median: u64,
    /// Nineteen of twenty take no longer than this one (nearest rank).
    pub p95: u64,
    /// The longest.
    pub longest: u64,
}

impl Spread {
    /// Of some lengths; `None` of none.
    pub fn of(mut millis: Vec<u64>) -> Option<Spread> {
        millis.sort_unstable();
        let (count, longest) = (millis.len(), *millis.last()?);
        let sum: u128 = millis.iter().map(|one| u128::from(*one)).sum();
        let half = count / 2;
        let median = if count % 2 == 1 { millis[half] } else { millis[half - 1].midpoint(millis[half]) };
        let rank = (count * 95).div_ceil(100).max(1);
        Some(Spread { count: count as u64, mean: (sum / count as u128) as u64, median, p95: millis[rank - 1], longest })
    }
}

/// Counts by what `name` says of each; the most frequent first.
pub fn tally(cases: &[Case], name: impl Fn(&Case) -> Option<String>) -> Vec<Tally> {
    // Causes are typed by people: case does not tell two of them apart, and the first spelling is shown.
    let mut found: BTreeMap<String, Tally> = BTreeMap::new();
    for case in cases {
        let name = name(case).unwrap_or_default();
        let tally = found.entry(name.to_lowercase()).or_insert_with(|| Tally { name, count: 0, recovered: 0 });
        tally.count += 1;
        tally.recovered += u64::from(case.recovery.is_some());
    }
    let mut out: Vec<Tally> = found.into_values().collect();
    out.sort_by(|a, b| (a.name.is_empty(), b.count, &a.name).cmp(&(b.name.is_empty(), a.count, &b.name)));
    out
}

/// Counts by month (`2026-01`), oldest first, with the months between in which nothing happened.
pub fn by_month(cases: &[Case]) -> Vec<Tally> {
    let month = |case: &Case| case.time.to_string()[..7].to_owned();
    let mut found: BTreeMap<String, Tally> =
        tally(cases, |case| Some(month(case))).into_iter().map(|tally| (tally.name.clone(), tally)).collect();
    let (Some(first), Some(last)) = (found.keys().next().cloned(), found.keys().next_back().cloned()) else {
        return Vec::new();
    };
    let mut at = first;
    // A clock that was wrong once must not make a table of centuries.
    for _ in 0..MOST_MONTHS {
        if at >= last {
            break;
        }
        at = next_month(&at);
        found.entry(at.clone()).or_insert_with(|| Tally { name: at.clone(), count: 0, recovered: 0 });
    }
    found.into_values().collect()
}

const MOST_MONTHS: usize = 120;

fn next_month(month: &str) -> String {
    let (year, month): (u32, u32) = (month[..4].parse().unwrap_or(0), month[5..].parse().unwrap_or(12));
    if month == 12 { format!("{:04}-01", year + 1) } else { format!("{year:04}-{:02}", month + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C9: mean, median, 95th percentile and longest.
    #[test]
    fn c9_spreads() {
        assert_eq!(Spread::of(vec![]), None);
        let one = Spread { count: 1, mean: 7, median: 7, p95: 7, longest: 7 };
        assert_eq!(Spread::of(vec![7]), Some(one));
        let many = Spread::of((1..=100).rev().collect()).unwrap();
        assert_eq!(many, Spread { count: 100, mean: 50, median: 50, p95: 95, longest: 100 });
        assert_eq!(Spread::of((1..=20).collect()).unwrap().p95, 19);
        assert_eq!(Spread::of(vec![u64::MAX, u64::MAX]).unwrap().mean, u64::MAX);
    }

    fn case(time: &str, cause: &str, recovery: Option<u64>) -> Case {
        let time = Time::parse(time).unwrap();
        Case { time, cause: (!cause.is_empty()).then(|| cause.to_owned()), recovery, ..Case::default() }
    }

    /// C9: causes are counted whatever their case; months without a rollback are there too.
    #[test]
    fn c9_counts() {
        let cases = [
            case("2025-11-30T23:30:00-02:00", "Tests", Some(1)),
            case("2025-11-03T10:00:00Z", "tests", None),
            case("2026-02-01T00:30:00+01:00", "", Some(1)),
        ];
        let causes = tally(&cases, |case| case.cause.clone());
        let of = |name: &str, count, recovered| Tally { name: name.to_owned(), count, recovered };
        assert_eq!(causes, [of("Tests", 2, 1), of("", 1, 1)]);
        let months = by_month(&cases);
        assert_eq!(months, [of("2025-11", 2, 1), of("2025-12", 0, 0), of("2026-01", 0, 0), of("2026-02", 1, 1)]);
        assert!(by_month(&[]).is_empty());
    }
}
