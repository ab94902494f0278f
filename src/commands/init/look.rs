//! What a repository is made of, by the files at its top.

use crate::host::fs;
use crate::store::session::Session;
use std::collections::BTreeSet;
use std::path::Path;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The branch that others start from.
    pub default_branch: Option<String>,
    /// Languages, each with the manifest that tells.
    pub languages: Vec<(&'static str, String)>,
    /// What installs what the code needs.
    pub install: Option<String>,
    /// What runs the tests.
    pub tests: Option<String>,
    /// From files to their tests, and what runs those.
    pub validate: Option<(&'static str, &'static str, String)>,
    /// What stops and starts services.
    pub services: Option<(String, String)>,
    /// Where it is built.
    pub ci: Vec<&'static str>,
}

impl Found {
    /// In words.
    pub(super) fn words(&self) -> String {
        let languages = self.languages.iter().map(|(language, manifest)| format!("{language} by {manifest}"));
        let ci = self.ci.iter().map(|ci| (*ci).to_owned());
        let branch = self.default_branch.iter().map(|branch| format!("branch {branch}"));
        let all: Vec<String> = languages.chain(ci).chain(branch).collect();
        if all.is_empty() { "nothing that is known".to_owned() } else { all.join(", ") }
    }

    fn tests(&mut self, command: impl Into<String>) {
        self.tests.get_or_insert_with(|| command.into());
    }

    fn install(&mut self, command: &str) {
        self.install.get_or_insert_with(|| command.to_owned());
    }
}

const CI: &[(&str, &str)] = &[
    (".github/workflows", "GitHub Actions"),
    (".gitlab-ci.yml", "GitLab CI"),
    (".circleci/config.yml", "CircleCI"),
    ("azure-pipelines.yml", "Azure Pipelines"),
    ("bitbucket-pipelines.yml", "Bitbucket Pipelines"),
    ("Jenkinsfile", "Jenkins"),
    (".travis.yml", "Travis CI"),
    (".woodpecker.yml", "Woodpecker"),
];

/// Looks at a repository.
pub(super) fn at(session: &Session) -> Found {
    let top = Top(session.repo.root());
    let mut found = Found { default_branch: default_branch(session), ..Found::default() };
    found.ci = CI.iter().filter(|(path, _)| top.has(path)).map(|(_, name)| *name).collect();
    rust(&top, &mut found);
    node(&top, &mut found);
    python(&top, &mut found);
    others(&top, &mut found);
    for file in ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"] {
        if top.has(file) {
            found.services = Some(("docker compose stop".to_owned(), "docker compose up -d --wait".to_owned()));
        }
    }
    found
}

/// The remote's default branch, or the one of the usual names that is here, or the one we are on.
fn default_branch(session: &Session) -> Option<String> {
    let repo = &session.repo;
    let short = |name: String| name.strip_prefix("refs/heads/").map(str::to_owned);
    let of_remote = repo.remote_defaults().into_iter().find_map(short);
    let usual =
        || ["main", "master", "trunk", "develop"].into_iter().find(|name| repo.has_ref(&format!("refs/heads/{name}")));
    let here = || repo.head().ok().and_then(|head| head.branch().map(str::to_owned));
    of_remote.or_else(|| usual().map(str::to_owned)).or_else(here)
}

/// The top of the worktree.
struct Top<'a>(&'a Path);

impl Top<'_> {
    fn has(&self, path: &str) -> bool {
        self.0.join(path).exists()
    }

    fn first(&self, paths: &[&str]) -> Option<String> {
        paths.iter().find(|path| self.has(path)).map(|path| (*path).to_owned())
    }

    fn read(&self, path: &str) -> String {
        let bytes = fs::read_capped(&self.0.join(path), 1 << 20).ok().flatten().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Names in a directory.
    fn names(&self, dir: &str) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.0.join(dir));
        entries.map_or_else(
            |_| BTreeSet::new(),
            |all| all.flatten().filter_map(|e| e.file_name().into_string().ok()).collect(),
        )
    }
}

fn rust(top: &Top<'_>, found: &mut Found) {
    if !top.has("Cargo.toml") {
        return;
    }
    found.languages.push(("Rust", "Cargo.toml".to_owned()));
    let workspace = if top.read("Cargo.toml").contains("[workspace]") { " --workspace" } else { "" };
    match top.first(&[".config/nextest.toml"]) {
        Some(_) => found.tests(format!("cargo nextest run{workspace}")),
        None => found.tests(format!("cargo test{workspace}")),
    }
}

fn node(top: &Top<'_>, found: &mut Found) {
    if !top.has("package.json") {
        return;
    }
    found
        .languages
        .push((if top.has("tsconfig.json") { "TypeScript" } else { "JavaScript" }, "package.json".to_owned()));
    let lock = top.first(&[
        "pnpm-lock.yaml",
        "yarn.lock",
        "bun.lock",
        "bun.lockb",
        "package-lock.json",
        "npm-shrinkwrap.json",
    ]);
    let (manager, install) = match lock.as_deref() {
        Some("pnpm-lock.yaml") => ("pnpm", "pnpm install --frozen-lockfile"),
        Some("yarn.lock") => ("yarn", "yarn install --immutable"),
        Some("bun.lock" | "bun.lockb") => ("bun", "bun install --frozen-lockfile"),
        Some(_) => ("npm", "npm ci"),
        None => ("npm", "npm install"),
    };
    found.install(install);
    let manifest: serde_json::Value = serde_json::from_str(&top.read("package.json")).unwrap_or_default();
    let script = manifest["scripts"]["test"].as_str().unwrap_or_default();
    // What `npm init` writes fails always.
    if !script.is_empty() && !script.contains("no test specified") {
        let run = if manager == "bun" { "bun run test".to_owned() } else { format!("{manager} test") };
        found.tests(run);
    }
}

fn python(top: &Top<'_>, found: &mut Found) {
    let Some(manifest) =
        top.first(&["pyproject.toml", "setup.cfg", "setup.py", "requirements.txt", "Pipfile", "tox.ini"])
    else {
        return;
    };
    let all = ["pyproject.toml", "setup.cfg", "requirements.txt", "requirements-dev.txt", "tox.ini", "Pipfile"]
        .map(|file| top.read(file))
        .join("\n");
    found.languages.push(("Python", manifest));
    let (before, install) = match top.first(&["uv.lock", "poetry.lock", "Pipfile.lock"]).as_deref() {
        Some("uv.lock") => ("uv run ", Some("uv sync --frozen")),
        Some("poetry.lock") => ("poetry run ", Some("poetry install --no-interaction")),
        Some(_) => ("pipenv run ", Some("pipenv sync --dev")),
        None => ("", None),
    };
    if let Some(install) = install {
        found.install(install);
    }
    let names: BTreeSet<String> = ["tests", "test"].into_iter().flat_map(|dir| top.names(dir)).collect();
    let uses_pytest =
        all.contains("pytest") || top.has("pytest.ini") || top.has("conftest.py") || names.contains("conftest.py");
    if uses_pytest || names.iter().any(|name| name.starts_with("test_") && name.ends_with(".py")) {
        let pytest = format!("{before}{}", if uses_pytest { "pytest -q" } else { "python -m unittest" });
        found.tests(pytest.clone());
        if uses_pytest && top.names("tests").iter().any(|name| name.starts_with("test_")) {
            found.validate = Some(("**/{name}.py", "tests/test_{name}.py", format!("{pytest} {{files}}")));
        }
    }
}

fn others(top: &Top<'_>, found: &mut Found) {
    let mut language = |name: &'static str, manifests: &[&str], tests: &str, install: Option<&str>| {
        let Some(manifest) = top.first(manifests) else { return };
        found.languages.push((name, manifest));
        if !tests.is_empty() {
            found.tests(tests);
        }
        if let Some(install) = install {
            found.install(install);
        }
    };
    let gradle = if top.has("gradlew") { "./gradlew test" } else { "gradle test" };
    let maven = if top.has("mvnw") { "./mvnw -q test" } else { "mvn -q test" };
    let ruby = if top.has("spec") { "bundle exec rspec" } else { "bundle exec rake test" };
    let php = if top.read("composer.json").contains("\"test\"") { "composer test" } else { "vendor/bin/phpunit" };
    language("Go", &["go.mod"], "go test ./...", None);
    language("Java", &["pom.xml"], maven, None);
    language("Java or Kotlin", &["build.gradle", "build.gradle.kts"], gradle, None);
    language("Ruby", &["Gemfile"], ruby, Some("bundle install"));
    language("PHP", &["composer.json"], php, Some("composer install --no-interaction"));
    language("Elixir", &["mix.exs"], "mix test", Some("mix deps.get"));
    let project =
        top.names("").into_iter().find(|name| [".sln", ".csproj", ".fsproj"].iter().any(|end| name.ends_with(end)));
    if let Some(project) = project {
        found.languages.push((".NET", project));
        found.tests("dotnet test");
    }
    // A Makefile knows better than any guess, where nothing else was found.
    if let Some(makefile) = top.first(&["Makefile", "makefile", "GNUmakefile"]) {
        let text = top.read(&makefile);
        let target =
            |name: &str| text.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')));
        if found.tests.is_none()
            && let Some(name) = ["test", "check"].into_iter().find(|name| target(name))
        {
            found.tests(format!("make {name}"));
        }
    }
    if found.tests.is_none()
        && let Some(runner) = top.first(&["justfile", "Taskfile.yml"])
        && top.read(&runner).lines().any(|line| line.trim_start().starts_with("test:"))
    {
        found.tests(if runner == "justfile" { "just test" } else { "task test" });
    }
}
