//! The kinds of version files, by their names.

use super::manifest::{Manifest, Mention};
use super::spot::{Spelling, Spot};
use super::{cargo, doc, dotnet, lines, maven, npm, python};
use crate::{Error, Result};

/// A kind of version file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    CargoToml,
    CargoLock,
    PackageJson,
    PackageLock,
    Pnpm,
    PyProject,
    UvLock,
    SetupCfg,
    PythonSource,
    Version,
    Pom,
    GradleProperties,
    MsBuild,
    Composer,
    Chart,
    Pubspec,
}

/// The last part of a path.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The directory of a path; empty: the top.
pub(super) fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

impl Kind {
    /// The kind of a file, as its name tells.
    pub fn of(path: &str) -> Option<Kind> {
        Some(match base_name(path) {
            "Cargo.toml" => Kind::CargoToml,
            "Cargo.lock" => Kind::CargoLock,
            "package.json" => Kind::PackageJson,
            "package-lock.json" | "npm-shrinkwrap.json" => Kind::PackageLock,
            "pnpm-workspace.yaml" => Kind::Pnpm,
            "pyproject.toml" => Kind::PyProject,
            "uv.lock" => Kind::UvLock,
            "setup.cfg" => Kind::SetupCfg,
            "VERSION" => Kind::Version,
            "pom.xml" => Kind::Pom,
            "gradle.properties" => Kind::GradleProperties,
            "Directory.Build.props" => Kind::MsBuild,
            "composer.json" => Kind::Composer,
            "Chart.yaml" => Kind::Chart,
            "pubspec.yaml" => Kind::Pubspec,
            name if name.ends_with(".py") => Kind::PythonSource,
            name if name.ends_with("proj") && name.contains('.') => Kind::MsBuild,
            _ => return None,
        })
    }

    /// Whether it says versions of what stands elsewhere, and none of its own.
    pub fn is_lock(self) -> bool {
        matches!(self, Kind::CargoLock | Kind::PackageLock | Kind::UvLock)
    }

    /// Reads a file of this kind.
    pub fn read(self, path: &str, text: &str) -> Result<Manifest> {
        match self {
            Kind::CargoToml => cargo::manifest(text),
            Kind::CargoLock => cargo::lock(text),
            Kind::PackageJson => npm::manifest(text, directory(path)),
            Kind::PackageLock => npm::lock(text, directory(path)),
            Kind::Pnpm => npm::pnpm(text),
            Kind::PyProject => python::pyproject(text),
            Kind::UvLock => python::uv_lock(text),
            Kind::SetupCfg => python::setup_cfg(text),
            Kind::PythonSource => python::source(text),
            Kind::Version => Ok(Manifest { own: lines::whole(text).into_iter().collect(), ..Manifest::default() }),
            Kind::Pom => maven::manifest(text),
            Kind::GradleProperties => Ok(gradle(text)),
            Kind::MsBuild => dotnet::manifest(text),
            Kind::Composer => npm::composer(text),
            Kind::Chart => chart(text),
            Kind::Pubspec => pubspec(text),
        }
    }
}

fn gradle(text: &str) -> Manifest {
    let keys = ["version", "VERSION_NAME"];
    let found =
        keys.iter().flat_map(|key| lines::properties(text, key).into_iter().map(move |(v, span)| (*key, v, span)));
    let own = found.map(|(key, value, span)| Spot::new(key, &value, &span, Spelling::SemVer)).collect();
    Manifest { own, ..Manifest::default() }
}

/// The only document with a version at its top.
fn with_version(text: &str) -> Result<Option<doc::Node>> {
    let documents = doc::yaml(text)?;
    documents.iter().try_for_each(|document| document.refuse_twice("version"))?;
    let mut found = documents.into_iter().filter(|document| document.get(&["version"]).is_some());
    let first = found.next();
    if found.next().is_some() {
        return Err(Error::refused("several of its documents have a version"));
    }
    Ok(first)
}

fn chart(text: &str) -> Result<Manifest> {
    let mut out = Manifest::default();
    let Some(root) = with_version(text)? else { return Ok(out) };
    root.refuse_twice("appVersion")?;
    out.own_at(&root, &["version"], Spelling::SemVer);
    if let Some((value, span)) = root.text(&["appVersion"]) {
        // It may be the version of something else that the chart installs: it follows where it says the same.
        let spot = Spot::new("appVersion", value, span, Spelling::SemVer);
        out.mentions.push(Mention { name: None, exact: false, spot });
    }
    Ok(out)
}

fn pubspec(text: &str) -> Result<Manifest> {
    let mut out = Manifest::default();
    if let Some(root) = with_version(text)? {
        out.own_at(&root, &["version"], Spelling::Counted);
        out.names.extend(root.str(&["name"]).map(|name| format!("pub:{name}")));
    }
    Ok(out)
}
