//! When git may remove what is lost: by the settings of `git gc`, and by the age of what holds it.

use super::search::Search;
use crate::git::Repo;
use crate::model::{ObjectId, Prune, Reach};
use std::collections::HashMap;

const DAY: i64 = 86_400;

/// An age after which something expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    Seconds(i64),
    Never,
    Unknown,
}

/// The settings that say when git removes what.
pub(super) struct Rules {
    objects: Expiry,
    reflogs: Expiry,
    /// Nothing is ever removed from this repository.
    precious: bool,
    /// By the object: when the last reflog entry was written that names it.
    named: HashMap<ObjectId, i64>,
}

impl Rules {
    pub fn new(search: &Search<'_>) -> Rules {
        let repo = search.repo;
        let mut named: HashMap<ObjectId, i64> = HashMap::new();
        for entry in search.reflogs.iter().flat_map(|log| &log.entries) {
            for id in [entry.old, entry.new].into_iter().flatten() {
                let last = named.entry(id).or_insert(i64::MIN);
                *last = (*last).max(entry.time.seconds);
            }
        }
        Rules {
            objects: setting(repo, "gc.pruneexpire", 14 * DAY),
            reflogs: setting(repo, "gc.reflogexpireunreachable", 30 * DAY),
            precious: repo.config_bool("extensions.preciousobjects") == Some(true),
            named,
        }
    }

    /// When git may remove an object that is lost.
    pub fn of(&self, search: &Search<'_>, id: ObjectId, reach: Reach) -> Prune {
        if self.precious || reach == Reach::Saved {
            return Prune::Never;
        }
        let Some(written) = written(search, id) else { return Prune::Unknown };
        let mut due = match (written, self.objects) {
            (Written::Kept, _) | (_, Expiry::Never) => return Prune::Never,
            (_, Expiry::Unknown) => return Prune::Unknown,
            (Written::At(time), Expiry::Seconds(age)) => time.saturating_add(age),
        };
        if reach == Reach::Reflogs {
            let entry = self.named.get(&id).copied();
            match (entry, self.reflogs) {
                (_, Expiry::Never) => return Prune::Never,
                (None, _) | (_, Expiry::Unknown) => return Prune::Unknown,
                (Some(time), Expiry::Seconds(age)) => due = due.max(time.saturating_add(age)),
            }
        }
        let left = due.saturating_sub(search.now.seconds);
        if left <= 0 { Prune::Now } else { Prune::After(left.saturating_add(DAY - 1) / DAY) }
    }
}

enum Written {
    At(i64),
    /// In a pack that is never rewritten.
    Kept,
}

/// When the object was written last; `None`: it is nowhere.
fn written(search: &Search<'_>, id: ObjectId) -> Option<Written> {
    let loose = search.all.loose.binary_search_by_key(&id, |object| object.id);
    let mut newest = loose.ok().map(|at| search.all.loose[at].mtime);
    for (time, kept) in search.all.times_in_packs(&id) {
        if kept {
            return Some(Written::Kept);
        }
        newest = newest.max(Some(time));
    }
    newest.map(Written::At)
}

fn setting(repo: &Repo, key: &str, default: i64) -> Expiry {
    repo.config_string(key).map_or(Expiry::Seconds(default), |text| parse(&text))
}

/// Reads the ages that people write in settings: `never`, `now`, `2.weeks.ago`, `90 days`.
fn parse(text: &str) -> Expiry {
    let text = text.trim().to_ascii_lowercase();
    match text.as_str() {
        "never" | "false" => return Expiry::Never,
        "now" | "all" => return Expiry::Seconds(0),
        _ => {}
    }
    let words: Vec<&str> = text.split(['.', ' ', '_', '-']).filter(|word| !word.is_empty() && *word != "ago").collect();
    let [count, unit] = words[..] else { return Expiry::Unknown };
    let unit = match unit.trim_end_matches('s') {
        "second" => 1,
        "minute" => 60,
        "hour" => 3600,
        "day" => DAY,
        "week" => 7 * DAY,
        "month" => 30 * DAY,
        "year" => 365 * DAY,
        _ => return Expiry::Unknown,
    };
    count.parse::<i64>().ok().and_then(|count| count.checked_mul(unit)).map_or(Expiry::Unknown, Expiry::Seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_as_git_takes_them() {
        assert_eq!(parse("2.weeks.ago"), Expiry::Seconds(14 * DAY));
        assert_eq!(parse("90 days"), Expiry::Seconds(90 * DAY));
        assert_eq!(parse("never"), Expiry::Never);
        assert_eq!(parse("now"), Expiry::Seconds(0));
        assert_eq!(parse("last tuesday"), Expiry::Unknown);
        assert_eq!(parse(""), Expiry::Unknown);
    }
}
