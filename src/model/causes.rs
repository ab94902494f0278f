//! Likely causes of a failure: a small set of rules, each with its evidence.

use super::RepoPath;
use super::suite::{Failing, Suite};
use serde::Serialize;

/// What is known of the failed state, beside the baseline.
#[derive(Clone, Debug, Default)]
pub struct Evidence<'a> {
    /// Files that differ, with whether they are committed.
    pub changed: Vec<(&'a RepoPath, bool)>,
    /// Lines that commits added and removed.
    pub lines: u64,
    /// Commits since the baseline.
    pub commits: u64,
    /// The tests of the failed state.
    pub failed: Option<&'a Suite>,
    /// The tests of the baseline.
    pub baseline: Option<&'a Suite>,
    /// Commands that fail on the failed state and not on the baseline.
    pub commands: Vec<String>,
    /// Commands that fail on both.
    pub on_both: Vec<String>,
}

/// A likely cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// What it is, a sentence.
    pub what: String,
    /// What speaks for it.
    pub evidence: Vec<String>,
}

/// More lines of evidence than this say nothing more.
const MOST_LINES: usize = 10;
/// More than this in one piece is hard to look through.
const MANY_FILES: usize = 20;
const MANY_LINES: u64 = 500;
const MANY_COMMITS: u64 = 15;

/// Whether a path (in lower case) is of a kind.
type Rule = fn(&str) -> bool;

const DEPENDENCIES: &[&str] = &[
    "cargo.toml",
    "cargo.lock",
    "package.json",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "pyproject.toml",
    "poetry.lock",
    "uv.lock",
    "pipfile",
    "pipfile.lock",
    "setup.py",
    "setup.cfg",
    "go.mod",
    "go.sum",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "gemfile",
    "gemfile.lock",
    "composer.json",
    "composer.lock",
    "pubspec.yaml",
    "pubspec.lock",
    "mix.exs",
    "mix.lock",
    "flake.nix",
    "flake.lock",
    "directory.packages.props",
];
const SETTINGS: &[&str] =
    &["dockerfile", "docker-compose.yml", "compose.yaml", "makefile", "procfile", "jenkinsfile", ".gitlab-ci.yml"];
const SETTINGS_ENDS: &[&str] =
    &[".env", ".ini", ".conf", ".cfg", ".properties", ".toml", ".yaml", ".yml", ".tf", ".nix"];

/// The likely causes, the strongest first.
pub fn likely(evidence: &Evidence<'_>) -> Vec<Cause> {
    let mut out = Vec::new();
    out.extend(tests(evidence));
    let of = |is: Rule| -> Vec<String> {
        let found = evidence.changed.iter().filter(|(path, _)| is(&path.to_string().to_lowercase()));
        found.map(|(path, committed)| format!("`{path}`{}", if *committed { "" } else { ", not committed" })).collect()
    };
    let rules: [(&str, Rule); 3] = [
        ("Schema or migrations changed: data may not fit the code any more, in either direction.", is_schema),
        ("Dependencies changed: what is installed may be another version than before.", is_dependency),
        ("Configuration changed: the code may run under other conditions.", is_settings),
    ];
    for (what, is) in rules {
        let evidence = of(is);
        if !evidence.is_empty() {
            out.push(Cause { what: what.to_owned(), evidence: few(evidence) });
        }
    }
    if !evidence.commands.is_empty() {
        let what = "Commands fail that succeed on the baseline.".to_owned();
        out.push(Cause { what, evidence: few(evidence.commands.clone()) });
    }
    out.extend(size(evidence));
    if !evidence.on_both.is_empty() {
        let what = "Commands fail on the baseline as well: this is not, or not only, what changed since.".to_owned();
        out.push(Cause { what, evidence: few(evidence.on_both.clone()) });
    }
    out
}

fn tests(evidence: &Evidence<'_>) -> Option<Cause> {
    let failed = evidence.failed?;
    let none = Suite::default();
    let newly = failed.newly_failing(evidence.baseline.unwrap_or(&none));
    if newly.is_empty() {
        return None;
    }
    let what = match (evidence.baseline, newly.len()) {
        (Some(_), 1) => "1 test fails that passes on the baseline.".to_owned(),
        (Some(_), count) => format!("{count} tests fail that pass on the baseline."),
        (None, 1) => "1 test fails.".to_owned(),
        (None, count) => format!("{count} tests fail."),
    };
    let line = |one: &&Failing| match one.why.as_str() {
        "" => format!("`{}`", one.name),
        why => format!("`{}`: {why}", one.name),
    };
    Some(Cause { what, evidence: few(newly.iter().map(line).collect()) })
}

fn size(evidence: &Evidence<'_>) -> Option<Cause> {
    let files = evidence.changed.len();
    let open = evidence.changed.iter().filter(|(_, committed)| !committed).count();
    let large = files > MANY_FILES || evidence.lines > MANY_LINES || evidence.commits > MANY_COMMITS;
    large.then(|| Cause {
        what: "The change is large: more than one thing may have gone wrong.".to_owned(),
        evidence: vec![format!(
            "{files} files ({open} not committed), {} lines in commits, {} commits since the baseline",
            evidence.lines, evidence.commits
        )],
    })
}

fn few(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_LINES);
    lines.truncate(MOST_LINES);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_dependency(path: &str) -> bool {
    let name = name(path);
    let pip = name.starts_with("requirements") && name.ends_with(".txt");
    DEPENDENCIES.contains(&name) || pip || name.ends_with(".csproj")
}

fn is_schema(path: &str) -> bool {
    let in_place =
        path.split('/').any(|part| matches!(part, "migrations" | "migrate" | "migration" | "alembic" | "prisma"));
    let name = name(path);
    in_place
        || name.ends_with(".sql")
        || name.starts_with("schema.")
        || name.ends_with(".proto")
        || name.ends_with(".avsc")
}

fn is_settings(path: &str) -> bool {
    let name = name(path);
    let in_place =
        path.split('/').rev().skip(1).any(|part| matches!(part, "config" | "conf" | "settings" | "workflows"));
    let is_one = SETTINGS.contains(&name)
        || name.starts_with(".env")
        || name.starts_with("settings.")
        || name.starts_with("config.")
        || SETTINGS_ENDS.iter().any(|end| name.ends_with(end));
    (in_place || is_one) && !is_dependency(path) && !is_schema(path)
}

#[cfg(test)]
mod tests_of_rules {
    use super::*;

    fn what(paths: &[&str]) -> Vec<String> {
        let paths: Vec<RepoPath> = paths.iter().map(|path| (*path).into()).collect();
        let changed = paths.iter().map(|path| (path, true)).collect();
        likely(&Evidence { changed, ..Evidence::default() }).into_iter().map(|cause| cause.what).collect()
    }

    /// C4: each rule has its own files, and ordinary code is none of them.
    #[test]
    fn c4_rules_by_files() {
        for path in ["Cargo.lock", "web/package.json", "requirements-dev.txt", "go.sum"] {
            assert!(what(&[path])[0].starts_with("Dependencies"), "{path}");
        }
        for path in ["db/migrations/001.py", "schema.sql", "prisma/x.ts", "api/v1.proto"] {
            assert!(what(&[path])[0].starts_with("Schema"), "{path}");
        }
        for path in [".env.example", "config/app.json", "deploy/Dockerfile", ".github/workflows/ci.yml", "app.toml"] {
            assert!(what(&[path])[0].starts_with("Configuration"), "{path}");
        }
        assert!(what(&["src/main.rs", "README.md", "tests/a_test.py"]).is_empty());
    }

    /// C4: only what newly fails is a cause; what fails on the baseline as well is said.
    #[test]
    fn c4_rules_by_results() {
        let suite = |names: &[&str]| Suite {
            failing: names.iter().map(|name| Failing { name: (*name).to_owned(), why: "x".to_owned() }).collect(),
            ..Suite::default()
        };
        let (failed, baseline) = (suite(&["a", "b"]), suite(&["b"]));
        let mut evidence = Evidence { failed: Some(&failed), baseline: Some(&baseline), ..Evidence::default() };
        let found = likely(&evidence);
        assert_eq!((found.len(), found[0].what.as_str()), (1, "1 test fails that passes on the baseline."));
        assert_eq!(found[0].evidence, ["`a`: x"]);
        evidence.failed = Some(&baseline);
        assert!(likely(&evidence).is_empty());
        evidence.on_both = vec!["test".to_owned()];
        evidence.lines = 501;
        let found: Vec<String> = likely(&evidence).into_iter().map(|cause| cause.what).collect();
        assert!(
            found[0].starts_with("The change is large") && found[1].contains("on the baseline as well"),
            "{found:?}"
        );
    }
}
