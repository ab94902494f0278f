//! Facts: what the log knows about releases, operations and other things that never change themselves.

use super::log;
use crate::Result;
use crate::git::Repo;
use crate::model::{Fact, Impact, Operation, Step, Time, Trouble, Who};
use std::collections::BTreeMap;

/// A fact as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What is known; `None`: what was known was taken back.
    pub value: Option<String>,
    /// Who recorded it, and when.
    pub who: Who,
    /// The operation that recorded it.
    pub operation: String,
}

/// Everything that is known, by what it is about and what is known of it.
#[derive(Clone, Debug, Default)]
pub struct Facts(BTreeMap<(String, String), Known>);

impl Facts {
    /// Reads the logs of all clones that are here; of several facts about the same thing the newest counts.
    pub fn read(repo: &Repo) -> Result<Facts> {
        Ok(Self::of(&log::read(repo, usize::MAX)?))
    }

    /// What operations, newest first, tell.
    pub fn of(operations: &[Operation]) -> Facts {
        let mut out = BTreeMap::new();
        for operation in operations.iter().filter(|operation| !operation.aborted) {
            for fact in &operation.facts {
                out.entry((fact.about.clone(), fact.key.clone())).or_insert_with(|| Known {
                    value: fact.new.clone(),
                    who: operation.who.clone(),
                    operation: operation.id.clone(),
                });
            }
        }
        Facts(out)
    }

    /// What is known now.
    pub fn get(&self, about: &str, key: &str) -> Option<&str> {
        self.known(about, key)?.value.as_deref()
    }

    /// The same with who recorded it, and when; also when it was taken back.
    pub fn known(&self, about: &str, key: &str) -> Option<&Known> {
        self.0.get(&(about.to_owned(), key.to_owned()))
    }

    /// What is known something about, by the beginning of its name, which is left out: of `hotfix ` the branches.
    pub fn subjects<'a>(&'a self, beginning: &'a str) -> impl Iterator<Item = &'a str> {
        let from = (beginning.to_owned(), String::new());
        let mut last = None;
        let of_kind = self.0.range(from..).map_while(move |((about, _), _)| about.strip_prefix(beginning));
        of_kind.filter(move |about| last.replace(*about) != Some(*about))
    }

    /// The step that records a fact; `None`: it is known already.
    pub fn step(&self, about: &str, key: &str, new: Option<String>) -> Option<Step> {
        let old = self.get(about, key).map(str::to_owned);
        (old != new).then(|| Step::Fact(Fact { about: about.to_owned(), key: key.to_owned(), old, new }))
    }
}

/// The newest release that `HEAD` contained before an operation that went to a release.
pub const FROM_VERSION: &str = "from-version";
/// The release that an operation went to.
pub const TO_VERSION: &str = "to-version";

/// What facts about an operation are about.
pub fn about_operation(id: &str) -> String {
    format!("operation {id}")
}

/// What was said about the trouble, as facts.
pub fn told(trouble: &Trouble) -> Vec<(&'static str, String)> {
    let said = [
        ("severity", trouble.severity.map(|severity| severity.to_string())),
        ("cause", trouble.cause.clone()),
        ("started", trouble.started.map(|time| time.to_string())),
        ("sprint", trouble.sprint.clone()),
    ];
    said.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

/// Operations, newest first, with what was recorded about them later: trouble and reasons, added or corrected.
#[must_use]
pub fn amended(mut operations: Vec<Operation>) -> Vec<Operation> {
    let facts = Facts::of(&operations);
    for operation in &mut operations {
        let about = about_operation(&operation.id);
        let get = |key| facts.get(&about, key);
        operation.trouble.amend(&Trouble {
            severity: get("severity").and_then(|word| Impact::ALL.into_iter().find(|one| one.word() == word)),
            cause: get("cause").map(str::to_owned),
            started: get("started").and_then(Time::parse),
            sprint: get("sprint").map(str::to_owned),
        });
        operation.reason = get("reason").map(str::to_owned).or(operation.reason.take());
    }
    operations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Head, HeadAt};

    fn operation(id: &str, old: Option<&str>, new: Option<&str>) -> Operation {
        let at = HeadAt { head: Head::Branch("refs/heads/main".to_owned()), commit: None };
        let text = |value: Option<&str>| value.map(str::to_owned);
        let fact = Fact { about: "release v1".to_owned(), key: "stable".to_owned(), old: text(old), new: text(new) };
        let who = Who { name: "n".to_owned(), email: "e".to_owned(), time: Time::default() };
        let entry = Operation::new(id.to_owned(), "release", String::new(), who, "main".to_owned(), at);
        Operation { facts: vec![fact], ..entry }
    }

    #[test]
    fn the_newest_counts_and_what_was_aborted_does_not() {
        let mut log = vec![operation("c", Some("no"), None), operation("b", Some("yes"), Some("no"))];
        log.push(operation("a", None, Some("yes")));
        let facts = Facts::of(&log);
        assert_eq!(facts.get("release v1", "stable"), None);
        assert_eq!(facts.known("release v1", "stable").unwrap().operation, "c");
        log[0].aborted = true;
        assert_eq!(Facts::of(&log).get("release v1", "stable"), Some("no"));
        assert!(Facts::of(&log).step("release v1", "stable", Some("no".to_owned())).is_none());
        let step = Facts::of(&log).step("release v1", "stable", Some("yes".to_owned())).unwrap();
        let Step::Fact(fact) = step.reversed() else { panic!("another step") };
        assert_eq!((fact.old.as_deref(), fact.new.as_deref()), (Some("yes"), Some("no")));
    }
}
