//! Which files belong together: a package's own, its workspaces, their members, their lock files.

use super::kind::{Kind, base_name, directory};
use super::manifest::{Inherited, Manifest};
use super::tree::Tree;
use crate::config::FileRule;
use crate::release::Package;
use crate::release::text::Text;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// A file that was read.
#[derive(Debug)]
pub(super) struct File {
    pub kind: Kind,
    pub text: Text,
    pub manifest: Manifest,
}

/// The files that concern a package.
pub(super) struct Context<'t> {
    tree: &'t dyn Tree,
    package: &'t Package,
    paths: BTreeSet<&'t str>,
    /// All that were read.
    pub files: BTreeMap<String, File>,
    /// The package's own.
    pub primary: BTreeSet<String>,
}

/// Files that are looked for in a package's own directory.
const USUAL: [&str; 14] = [
    "Cargo.toml",
    "package.json",
    "pyproject.toml",
    "setup.cfg",
    "VERSION",
    "pom.xml",
    "gradle.properties",
    "Directory.Build.props",
    "composer.json",
    "Chart.yaml",
    "pubspec.yaml",
    "Cargo.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
];

/// A path below a directory, without `.` and `..`; `None`: it leaves the repository.
pub(super) fn join(dir: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

/// Whether a path is `dir` or below it.
pub(super) fn is_within(path: &str, dir: &str) -> bool {
    dir.is_empty() || path == dir || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}

impl<'t> Context<'t> {
    /// Finds and reads everything that concerns a package.
    ///
    /// # Errors
    /// Refused: a file that is not there, cannot be read, or is of no known kind.
    pub fn read(tree: &'t dyn Tree, package: &'t Package) -> Result<Context<'t>> {
        let paths = tree.paths().into_iter().collect();
        let mut out = Context { tree, package, paths, files: BTreeMap::new(), primary: BTreeSet::new() };
        let named: Vec<&FileRule> = package.files.iter().filter(|rule| rule.pattern.is_none()).collect();
        if named.is_empty() {
            out.find_primary()?
        } else {
            out.take_named(&named)?
        }
        out.find_workspaces()?;
        Ok(out)
    }

    /// A file of a package that a rule names.
    pub fn path_of(&self, rule: &FileRule) -> Result<String> {
        let path = join(&self.package.path, &rule.file);
        path.filter(|path| self.paths.contains(path.as_str())).ok_or_else(|| {
            Error::refused(format!("the version file {} is not there", rule.file))
                .because("rollback.toml names it")
                .help("correct `files` in rollback.toml; the names are relative to the package's path")
        })
    }

    /// The text of a file, whatever it is.
    pub fn text_of(&self, path: &str) -> Result<Text> {
        let bytes = self.tree.read(path)?.unwrap_or_default();
        Text::read(&bytes).map_err(|e| e.context(format!("{path} cannot be read as a version file")))
    }

    fn take_named(&mut self, named: &[&FileRule]) -> Result<()> {
        for rule in named {
            let path = self.path_of(rule)?;
            let kind = Kind::of(&path).ok_or_else(|| {
                Error::refused(format!("{} is no kind of version file that is known", rule.file)).help(format!(
                    "say where the version stands: {{ file = \"{}\", pattern = \"version {{version}}\" }}",
                    rule.file
                ))
            })?;
            self.load(&path, kind)?;
            self.primary.insert(path);
        }
        Ok(())
    }

    fn find_primary(&mut self) -> Result<()> {
        let dir = self.package.path.clone();
        let mut found: Vec<String> = USUAL.iter().filter_map(|name| join(&dir, name)).collect();
        let projects = self.paths.iter().filter(|path| directory(path) == dir && is_project(path));
        found.extend(projects.map(|path| (*path).to_owned()));
        let python = ["pyproject.toml", "setup.cfg", "setup.py"].iter().filter_map(|name| join(&dir, name));
        if python.into_iter().any(|path| self.paths.contains(path.as_str())) {
            found.extend(self.python_sources(&dir));
        }
        let mut at = 0;
        while let Some(path) = found.get(at).cloned() {
            at += 1;
            if !self.paths.contains(path.as_str()) || self.primary.contains(&path) {
                continue;
            }
            let Some(kind) = Kind::of(&path).or(Some(Kind::Version).filter(|_| at > USUAL.len())) else { continue };
            let file = self.load(&path, kind)?;
            found.extend(file.manifest.points_to.iter().filter_map(|to| join(&dir, to)));
            self.primary.insert(path);
        }
        Ok(())
    }

    /// `__init__.py` and `_version.py` of the packages in a directory or in its `src`.
    fn python_sources(&self, dir: &str) -> Vec<String> {
        let src = join(dir, "src").unwrap_or_default();
        let is_source = |path: &&&str| {
            let above = directory(directory(path));
            ["__init__.py", "_version.py"].contains(&base_name(path))
                && !directory(path).is_empty()
                && directory(path) != dir
                && directory(path) != src
                && (above == dir || above == src)
        };
        self.paths.iter().filter(is_source).map(|path| (*path).to_owned()).collect()
    }

    /// Reads a file once.
    fn load(&mut self, path: &str, kind: Kind) -> Result<&File> {
        if !self.files.contains_key(path) {
            let text = self.text_of(path)?;
            let manifest = kind
                .read(path, &text.text)
                .map_err(|e| e.context(format!("{path} cannot be read as a version file")))?;
            self.files.insert(path.to_owned(), File { kind, text, manifest });
        }
        self.files.get(path).ok_or_else(|| Error::fault("a file was lost"))
    }

    /// Reads a file when it is there and of a known kind.
    fn try_load(&mut self, path: &str) -> Result<Option<&File>> {
        match Kind::of(path).filter(|_| self.paths.contains(path)) {
            Some(kind) => self.load(path, kind).map(Some),
            None => Ok(None),
        }
    }

    /// Workspaces that the package is in or is, with their members and lock files.
    fn find_workspaces(&mut self) -> Result<()> {
        let package = self.package.path.clone();
        let mut dir = package.as_str();
        let mut roots: BTreeSet<String> = self.primary.clone();
        loop {
            for name in ["Cargo.toml", "package.json", "pnpm-workspace.yaml", "pyproject.toml", "pom.xml"] {
                let path = join(dir, name).unwrap_or_default();
                // What stands above may be anything; when it cannot be read it is no workspace of this package.
                let above = dir != package;
                let found = match self.try_load(&path) {
                    Err(_) if above => None,
                    other => other?,
                };
                if found.is_some_and(|file| !above || !file.manifest.members.is_empty()) {
                    roots.insert(path);
                }
            }
            if dir.is_empty() {
                break;
            }
            dir = directory(dir);
        }
        let projects = self.paths.iter().filter(|path| self.is_nested_project(path)).map(|path| (*path).to_owned());
        for path in projects.collect::<Vec<_>>() {
            self.try_load(&path)?;
        }
        for root in &roots {
            for lock in ["Cargo.lock", "package-lock.json", "npm-shrinkwrap.json", "uv.lock"] {
                self.try_load(&join(directory(root), lock).unwrap_or_default())?;
            }
        }
        let mut open: Vec<String> = roots.into_iter().collect();
        while let Some(path) = open.pop() {
            for member in self.members_of(&path) {
                let known = self.files.contains_key(&member);
                if self.try_load(&member)?.is_some() && !known {
                    open.push(member);
                }
            }
        }
        Ok(())
    }

    /// A project of MSBuild one or two directories further down.
    fn is_nested_project(&self, path: &str) -> bool {
        let dir = &self.package.path;
        let rest = path.strip_prefix(dir.as_str()).unwrap_or_default().trim_start_matches('/');
        is_project(path) && is_within(path, dir) && (2..=3).contains(&rest.split('/').count()) && self.has_msbuild(dir)
    }

    /// Whether a directory looks like one of MSBuild: searching all others for projects would find samples.
    fn has_msbuild(&self, dir: &str) -> bool {
        let is_solution = |path: &str| path.ends_with(".sln") || path.ends_with(".slnx") || is_project(path);
        self.paths.iter().any(|path| directory(path) == dir && is_solution(path))
    }

    /// The manifests that belong to the one at `path`.
    fn members_of(&self, path: &str) -> Vec<String> {
        let Some(file) = self.files.get(path) else { return Vec::new() };
        let dir = directory(path);
        let name = if file.kind == Kind::Pnpm { "package.json" } else { base_name(path) };
        let is_excluded = |member: &str| {
            let excluded = file.manifest.excluded.iter().filter_map(|pattern| join(dir, pattern));
            excluded
                .into_iter()
                .any(|pattern| is_within(member, &pattern) || crate::git::glob_matches(&pattern, directory(member)))
        };
        let mut out = Vec::new();
        for pattern in file.manifest.members.iter().filter_map(|pattern| join(dir, pattern)) {
            if pattern.contains(['*', '?', '[']) {
                let matching = self.paths.iter().filter(|path| {
                    base_name(path) == name
                        && crate::git::glob_matches(&pattern, directory(path))
                        && !path.split('/').any(|part| part == "node_modules")
                });
                out.extend(matching.map(|path| (*path).to_owned()));
            } else if self.paths.contains(pattern.as_str()) {
                out.push(pattern);
            } else {
                out.extend(join(&pattern, name));
            }
        }
        out.retain(|member| !is_excluded(member));
        out
    }

    /// The file that gives a version to the one at `path`, when that one takes it from elsewhere.
    pub fn giver(&self, path: &str) -> Option<&str> {
        let file = self.files.get(path)?;
        match file.manifest.inherits.as_ref()? {
            Inherited::Workspace => {
                let mut dir = directory(path);
                loop {
                    let above = join(dir, "Cargo.toml")?;
                    if let Some((above, file)) = self.files.get_key_value(&above)
                        && !file.manifest.shared.is_empty()
                    {
                        return Some(above);
                    }
                    if dir.is_empty() {
                        return None;
                    }
                    dir = directory(dir);
                }
            }
            Inherited::Parent(name) => {
                let is_parent = |file: &File| file.kind == Kind::Pom && file.manifest.names.contains(name);
                self.files.iter().find(|(other, file)| *other != path && is_parent(file)).map(|(path, _)| path.as_str())
            }
        }
    }

    /// Whether a file stands in the package, and in no other package within it.
    pub fn is_of_package(&self, path: &str) -> bool {
        let inner = |other: &&String| is_within(other, &self.package.path) && **other != self.package.path;
        is_within(path, &self.package.path)
            && !self.package.apart.iter().filter(inner).any(|other| is_within(path, other))
    }
}

fn is_project(path: &str) -> bool {
    [".csproj", ".fsproj", ".vbproj"].iter().any(|end| path.ends_with(end))
}
