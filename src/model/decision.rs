//! From five answers to what to do: fix forward, bring back some files, or roll back.

use super::Impact;
use serde::Serialize;

/// The five answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Answers {
    /// A fix can be there in 30 minutes.
    pub fixable: bool,
    /// Data may be lost or damaged.
    pub data_at_risk: bool,
    /// People who use it notice.
    pub users_affected: bool,
    /// Nothing but tests fails.
    pub only_tests: bool,
    /// The present state is saved.
    pub saved: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// Repair it where it stands.
    #[default]
    FixForward,
    /// Bring back the files that broke it.
    Restore,
    /// Go back to the baseline.
    RollBack,
}

impl Course {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Course::FixForward => "fix forward",
            Course::Restore => "bring back the files that broke it",
            Course::RollBack => "roll back",
        }
    }
}

/// What follows from the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// How bad it is.
    pub severity: Impact,
    /// What to do.
    pub course: Course,
    /// Why, a sentence each.
    pub why: Vec<&'static str>,
}

/// Decides.
pub fn decide(answers: Answers) -> Decision {
    let mut why = Vec::new();
    let severity = match answers {
        Answers { data_at_risk: true, .. } => {
            why.push("data is at risk: every minute can cost more than the rollback");
            Impact::Critical
        }
        Answers { users_affected: true, .. } => {
            why.push("users are affected");
            Impact::High
        }
        Answers { only_tests: true, fixable: true, .. } => {
            why.push("only tests fail, and a fix is near");
            Impact::Low
        }
        Answers { only_tests: true, .. } => {
            why.push("only tests fail, but nobody can go on with them red");
            Impact::Medium
        }
        _ => {
            why.push("nobody outside notices, but work is held up");
            Impact::Medium
        }
    };
    let course = match answers {
        Answers { data_at_risk: true, .. } => {
            why.push("a fix under pressure may damage more data, so not even a quick one is tried first");
            Course::RollBack
        }
        Answers { fixable: true, .. } => {
            why.push("a fix within 30 minutes is faster than a rollback and what follows it");
            Course::FixForward
        }
        Answers { only_tests: true, users_affected: false, .. } => {
            why.push("what the tests are about may be a few files: bring them back, keep the rest");
            Course::Restore
        }
        _ => {
            why.push("no fix is near");
            Course::RollBack
        }
    };
    if !answers.saved {
        why.push("the present state is not saved yet: that comes first");
    }
    Decision { severity, course, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C10: every combination of answers; data at risk is never fixed forward.
    #[test]
    fn c10_every_combination() {
        for bits in 0..32u32 {
            let bit = |n: u32| bits & (1 << n) != 0;
            let answers = Answers {
                fixable: bit(0),
                data_at_risk: bit(1),
                users_affected: bit(2),
                only_tests: bit(3),
                saved: bit(4),
            };
            let decision = decide(answers);
            let severity = match (bit(1), bit(2), bit(3), bit(0)) {
                (true, ..) => Impact::Critical,
                (_, true, ..) => Impact::High,
                (_, _, true, true) => Impact::Low,
                _ => Impact::Medium,
            };
            let course = match (bit(1), bit(0), bit(3) && !bit(2)) {
                (true, ..) => Course::RollBack,
                (_, true, _) => Course::FixForward,
                (_, _, true) => Course::Restore,
                _ => Course::RollBack,
            };
            assert_eq!((decision.severity, decision.course), (severity, course), "{answers:?}");
            assert_eq!(decision.why.iter().any(|why| why.contains("not saved")), !bit(4));
        }
    }
}
