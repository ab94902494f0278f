//! Which tests belong to which files.

use super::resolve::Place;
use super::{Plan, lifecycle};
use crate::Result;
use crate::config::{FILE_NAME, Rule};
use crate::git::{ObjectKind, ObjectSink};
use crate::host::Talk;
use crate::model::{RepoPath, Step};
use crate::plan::transition::Desk;
use crate::store::scene::{Scene, Wanted};
use crate::store::session::Session;
use crate::store::snapshot::write_stash;
use std::collections::{BTreeMap, BTreeSet};

/// The tests of some files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tests {
    /// The tests.
    pub tests: BTreeSet<RepoPath>,
    /// Files that no rule names a test for, or whose test is not there.
    pub without: Vec<RepoPath>,
}

/// The tests that belong to files, by the rules of `[validate]`. A file that is a test itself belongs to itself.
pub fn tests_of<'p>(
    rules: &[Rule],
    files: impl IntoIterator<Item = &'p RepoPath>,
    exists: &dyn Fn(&RepoPath) -> bool,
) -> Tests {
    let mut out = Tests::default();
    for file in files {
        let text = file.to_string();
        let mut found = false;
        for rule in rules {
            let own = matched(&rule.to, &text).map(|_| text.clone());
            let mapped = matched(&rule.from, &text).map(|words| filled(&rule.to, &words));
            for test in own.into_iter().chain(mapped) {
                let test = RepoPath::from(test.as_str());
                if exists(&test) {
                    found = true;
                    out.tests.insert(test);
                }
            }
        }
        if !found {
            out.without.push(file.clone());
        }
    }
    out
}

/// What the words of a pattern stand for in a text.
fn matched<'t>(pattern: &str, text: &'t str) -> Option<BTreeMap<String, &'t str>> {
    const WORDS: [(&str, &str, bool); 4] =
        [("{path}", "path", true), ("{name}", "name", false), ("**", "", true), ("*", "", false)];
    let Some((at, (word, name, any))) = WORDS
        .iter()
        .filter_map(|word| Some((pattern.find(word.0)?, *word)))
        .min_by_key(|(at, word)| (*at, word.0.len() == 1))
    else {
        return (pattern == text).then(BTreeMap::new);
    };
    let rest = text.strip_prefix(&pattern[..at])?;
    let after = &pattern[at + word.len()..];
    // The longest first: `{path}.py` is about the last dot.
    let ends = (1..=rest.len()).rev().filter(|end| rest.is_char_boundary(*end));
    for end in ends {
        let (part, tail) = rest.split_at(end);
        if !any && part.contains('/') {
            continue;
        }
        if let Some(mut words) = matched(after, tail)
            && words.get(name).is_none_or(|other| *other == part)
        {
            if !name.is_empty() {
                words.insert(name.to_owned(), part);
            }
            return Some(words);
        }
    }
    None
}

fn filled(pattern: &str, words: &BTreeMap<String, &str>) -> String {
    words.iter().fold(pattern.to_owned(), |text, (name, part)| text.replace(&format!("{{{name}}}"), part))
}

/// The files that differ between a place and the worktree as it is now, untracked ones among them.
pub fn changed_since(session: &Session, talk: &dyn Talk, place: &Place) -> Result<BTreeSet<RepoPath>> {
    let repo = &session.repo;
    let sink = ObjectSink::naming_only(repo);
    let scene = Scene::observe(repo, &session.config, &Wanted::default(), &sink, talk)?;
    let stash = write_stash(&scene, &sink, &session.who(), "validate")?;
    let target = place.target(repo)?;
    let mut out = BTreeSet::new();
    repo.trees()?.and_made_in(&sink).diff(target.tree, stash.work_tree, &mut |path, _, _| {
        out.insert(path);
        Ok(())
    })?;
    for (path, saved) in &scene.untracked {
        match target.files.get(path) {
            Some(then) if *then == saved.spec => drop(out.remove(path)),
            _ => drop(out.insert(path.clone())),
        }
    }
    // The settings say how to test; they are not tested.
    out.remove(&RepoPath::from(FILE_NAME));
    Ok(out)
}

/// Adds the tests of the files that a plan writes as its last step.
pub(super) fn follow(session: &Session, desk: Desk<'_, '_>, plan: &mut Plan) -> Result<()> {
    let validate = &session.config.validate;
    let (Some(text), false) = (&session.config.text, validate.run.is_empty()) else { return Ok(()) };
    let mut changed: BTreeMap<&RepoPath, bool> = BTreeMap::new();
    for step in &plan.steps {
        if let Step::Worktree(change) = step {
            changed.extend(change.files.iter().map(|file| (&file.path, file.new.is_some())));
        }
    }
    let there = |path: &RepoPath| {
        let now = || session.repo.root().join(path.to_os()).symlink_metadata().is_ok();
        changed.get(path).copied().unwrap_or_else(now)
    };
    let found = tests_of(&validate.map, changed.keys().copied(), &there);
    if found.tests.is_empty() {
        return Ok(());
    }
    lifecycle::allowed(session, text, None, plan)?;
    let settings = desk.sink.add(ObjectKind::Blob, text)?;
    plan.extra.wanted.entry(RepoPath::from(FILE_NAME)).or_insert(settings);
    let files: Vec<RepoPath> = found.tests.into_iter().collect();
    plan.steps.push(Step::Run { phase: crate::model::Phase::Validate, settings, files, at: None });
    lifecycle::needs_yes(plan);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(from: &str, to: &str) -> Rule {
        Rule { from: from.to_owned(), to: to.to_owned() }
    }

    fn found(rules: &[Rule], files: &[&str]) -> (Vec<String>, Vec<String>) {
        let files: Vec<RepoPath> = files.iter().map(|file| RepoPath::from(*file)).collect();
        let tests = tests_of(rules, &files, &|path| !path.to_string().contains("missing"));
        let names = |paths: Vec<&RepoPath>| paths.into_iter().map(ToString::to_string).collect();
        (names(tests.tests.iter().collect()), names(tests.without.iter().collect()))
    }

    #[test]
    fn words_in_paths() {
        let python = [rule("src/{path}.py", "tests/{path}_test.py")];
        let (tests, without) = found(&python, &["src/a/b.py", "src/x.js", "src/missing.py", "tests/c_test.py"]);
        assert_eq!(tests, ["tests/a/b_test.py", "tests/c_test.py"]);
        assert_eq!(without, ["src/x.js", "src/missing.py"]);
        let by_name = [rule("{path}/{name}.c", "{path}/test_{name}.c")];
        assert_eq!(found(&by_name, &["lib/deep/x.c"]).0, ["lib/deep/test_x.c"]);
        let all = [rule("migrations/**", "tests/schema.sql"), rule("*.toml", "tests/settings.py")];
        assert_eq!(
            found(&all, &["migrations/a/1.sql", "app.toml", "sub/app.toml"]).0,
            ["tests/schema.sql", "tests/settings.py"]
        );
        let same = [rule("{name}/{name}.go", "{name}/{name}_test.go")];
        assert_eq!(found(&same, &["a/a.go", "a/b.go"]), (vec!["a/a_test.go".to_owned()], vec!["a/b.go".to_owned()]));
    }
}
