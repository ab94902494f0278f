//! Where lost commits came from, and what they were called: what reflogs and messages tell.

use super::search::Search;
use crate::git::Reflog;
use crate::model::{LostName, ObjectId, RepoPath, Time};
use std::collections::{BTreeSet, HashMap};

/// What reflogs say about the tips of lost lines.
pub(super) struct Evidence {
    /// By the tip: the entries that name it.
    by_tip: HashMap<ObjectId, Vec<Trace>>,
    refs: BTreeSet<Vec<u8>>,
}

/// An entry of a reflog that names a commit.
#[derive(Clone, Debug)]
struct Trace {
    /// The ref whose reflog it is.
    log: RepoPath,
    /// Whether the ref went away from the commit, or came to it.
    left: bool,
    /// The branch that was checked out, in the reflog of a `HEAD`.
    branch: Option<String>,
    /// Whether the entry is a checkout that went away from that branch.
    moved_on: bool,
    time: Time,
    message: String,
}

/// What is known about a lost line.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    pub lost: Option<Time>,
    pub name: Option<LostName>,
    pub origin: String,
    /// Whether the name was a branch that is no more.
    pub branch_is_gone: bool,
    /// Whether it was left behind when a merge, rebase or the like was given up.
    pub given_up: bool,
}

impl Evidence {
    /// Reads the reflogs for the commits in `tips`.
    pub fn new(search: &Search<'_>, tips: &std::collections::HashSet<ObjectId>) -> Evidence {
        let refs = search.ref_names().into_iter().map(<[u8]>::to_vec).collect();
        let mut evidence = Evidence { by_tip: HashMap::new(), refs };
        for log in &search.reflogs {
            evidence.read(log, tips);
        }
        evidence
    }

    fn read(&mut self, log: &Reflog, tips: &std::collections::HashSet<ObjectId>) {
        let is_head = is_head(&log.name);
        // Backwards: only where a checkout went away from is sure to be a branch; it may have gone to a tag.
        let mut after = log.on.clone();
        for entry in log.entries.iter().rev() {
            let checkout = if is_head { checkout(&entry.message) } else { None };
            after = back_on(&entry.message).map(str::to_owned).or(after);
            let before = match checkout {
                Some((from, _)) => branch_name(from),
                None => after.clone(),
            };
            for (id, left) in [(entry.old, true), (entry.new, false)] {
                let Some(id) = id.filter(|id| entry.old != entry.new && tips.contains(id)) else { continue };
                self.by_tip.entry(id).or_default().push(Trace {
                    log: log.name.clone(),
                    left,
                    branch: if left { before.clone() } else { after.clone() },
                    moved_on: checkout.is_some(),
                    time: entry.time,
                    message: entry.message.clone(),
                });
            }
            after = before;
        }
    }

    /// What is known about the line with this tip.
    pub fn story(&self, tip: ObjectId) -> Story {
        let mut story = Story::default();
        let Some(traces) = self.by_tip.get(&tip) else { return story };
        // A branch's own reflog knows best; of several entries the last counts.
        let rank = |trace: &&Trace| (trace.left, !is_head(&trace.log), trace.time.seconds);
        // They stand newest first, and of equal ones the last is taken.
        let Some(best) = traces.iter().rev().max_by_key(rank) else { return story };
        story.lost = Some(best.time);
        story.given_up = best.left && best.message.contains("(abort)");
        let named = traces.iter().rev().filter_map(|trace| Some((trace, self.name(trace)?)));
        let named = named.max_by_key(|(trace, _)| (!is_head(&trace.log), trace.left, trace.time.seconds));
        if let Some((trace, full)) = named {
            story.branch_is_gone = full.starts_with("refs/heads/") && !self.refs.contains(full.as_bytes());
            let why = format!("from the reflog of {}", show(&trace.log));
            story.name = Some(LostName { name: RepoPath::from(short(&full)), why, certain: true });
        }
        story.origin = origin(best, story.name.as_ref().map(|n| &n.name), story.branch_is_gone);
        story
    }

    /// The full name of the ref that a trace tells about.
    fn name(&self, trace: &Trace) -> Option<String> {
        if is_head(&trace.log) {
            return trace.branch.as_ref().map(|branch| format!("refs/heads/{branch}"));
        }
        Some(crate::model::readable(trace.log.as_bytes()))
    }

    /// Whether there is a ref of this full name.
    pub fn has_ref(&self, full: &str) -> bool {
        self.refs.contains(full.as_bytes())
    }
}

fn is_head(log: &RepoPath) -> bool {
    log.as_bytes() == b"HEAD" || log.as_bytes().ends_with(b"/HEAD") && log.as_bytes().starts_with(b"worktrees/")
}

fn show(log: &RepoPath) -> String {
    let text = crate::model::readable(log.as_bytes());
    match text.strip_prefix("worktrees/").and_then(|rest| rest.split_once('/')) {
        Some((worktree, rest)) => format!("{} of the worktree {worktree}", short(rest)),
        None => short(&text).to_owned(),
    }
}

/// The name of a ref as people say it.
pub(super) fn short(full: &str) -> &str {
    let known = ["refs/heads/", "refs/tags/", "refs/remotes/", "refs/"];
    known.iter().find_map(|prefix| full.strip_prefix(prefix)).unwrap_or(full)
}

/// From what to what a checkout went.
fn checkout(message: &str) -> Option<(&str, &str)> {
    message.strip_prefix("checkout: moving from ")?.split_once(" to ")
}

/// The branch in a checkout's message; none for a detached `HEAD`.
fn branch_name(text: &str) -> Option<String> {
    let is_commit = text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    (!is_commit && !text.is_empty() && text != "HEAD" && !text.contains(['~', '^', ':', ' '])).then(|| text.to_owned())
}

/// The branch that the end of a rebase came back to.
fn back_on(message: &str) -> Option<&str> {
    message.rsplit_once("returning to refs/heads/").map(|(_, branch)| branch)
}

/// In words where a line came from.
fn origin(trace: &Trace, name: Option<&RepoPath>, branch_is_gone: bool) -> String {
    let name = name.map(|name| crate::model::readable(name.as_bytes()));
    let on = name.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
    let of = name.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    let message = trace.message.as_str();
    if branch_is_gone && (!trace.left || trace.moved_on) {
        return match checkout(message) {
            Some((_, to)) if trace.left => format!("HEAD moved on to {to}, then the branch was deleted"),
            _ => "the branch was deleted".to_owned(),
        };
    }
    if !trace.left {
        return format!("HEAD was on it after \"{message}\"{on}");
    }
    let word = message.split([' ', ':']).next().unwrap_or_default();
    match word {
        "checkout" => match checkout(message) {
            Some((_, to)) => format!("left on a detached HEAD by \"checkout\", which went to {to}"),
            None => format!("left behind by \"{message}\"{on}"),
        },
        "commit" if message.starts_with("commit (amend)") => format!("replaced by \"commit --amend\"{on}"),
        "rebase" if message.contains("(abort)") => format!("given up by \"rebase --abort\"{on}"),
        "rebase" => format!("replaced by a rebase{of}"),
        "branch" => format!("left behind by \"branch -f\" ({message})"),
        "fetch" | "pull" if message.contains("forced-update") => format!("replaced by a forced update{of}"),
        "" => format!("left behind{on}"),
        _ => format!("left behind by \"{message}\"{on}"),
    }
}

/// The branch that a merge commit was made on, by its message.
pub(super) fn merged_into(subject: &str) -> Option<&str> {
    let rest = subject.strip_prefix("Merge ")?;
    let name = rest.rsplit_once(" into ")?.1.trim();
    let name = name.trim_matches('\'');
    // Hosting services try merges of commits without names.
    branch_name(name).map(|_| name)
}

/// The branch that a merge commit brought in, by its message.
pub(super) fn merged(subject: &str) -> Option<&str> {
    if let Some(rest) = subject.strip_prefix("Merge pull request ") {
        // Hosting services: `Merge pull request #12 from owner/branch`.
        return rest.split_once(" from ")?.1.split_once('/').map(|(_, branch)| branch.trim());
    }
    let rest =
        subject.strip_prefix("Merge branch '").or_else(|| subject.strip_prefix("Merge remote-tracking branch '"))?;
    let name = rest.split_once('\'')?.0;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_messages() {
        assert_eq!(checkout("checkout: moving from a to b"), Some(("a", "b")));
        assert_eq!(branch_name("topic/x"), Some("topic/x".to_owned()));
        assert_eq!(branch_name(&"a1".repeat(20)), None);
        assert_eq!(back_on("rebase (finish): returning to refs/heads/a/b"), Some("a/b"));
        assert_eq!(merged_into("Merge branch 'main' into topic"), Some("topic"));
        assert_eq!(merged_into("Merge remote-tracking branch 'origin/main' into 'x'"), Some("x"));
        assert_eq!(merged_into("Merge two things into one thing"), None);
        assert_eq!(merged("Merge branch 'a/b' of somewhere"), Some("a/b"));
        assert_eq!(merged("Merge pull request #7 from me/fix/x"), Some("fix/x"));
        assert_eq!(merged("Merge it"), None);
        assert_eq!(short("refs/remotes/origin/x"), "origin/x");
    }
}
