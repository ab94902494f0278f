//! `Cargo.toml` and `Cargo.lock`.

use super::doc::{self, Node};
use super::manifest::{Inherited, Manifest};
use super::spot::{Spelling, Spot};
use crate::Result;

const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

fn name(package: &str) -> String {
    format!("cargo:{package}")
}

/// Reads a `Cargo.toml`.
pub(super) fn manifest(source: &str) -> Result<Manifest> {
    let root = doc::toml(source)?;
    let mut out = Manifest::default();
    out.own_at(&root, &["package", "version"], Spelling::SemVer);
    if let Some((value, span)) = root.text(&["workspace", "package", "version"]) {
        out.shared.push(Spot::new("workspace.package.version", value, span, Spelling::SemVer));
    }
    if root.get(&["package", "version", "workspace"]).is_some() {
        out.inherits = Some(Inherited::Workspace);
    }
    out.names.extend(root.str(&["package", "name"]).map(name));
    let list = |keys: &[&str]| root.get(keys).map(Node::texts).unwrap_or_default();
    out.members = list(&["workspace", "members"]);
    out.excluded = list(&["workspace", "exclude"]);
    let is_workspace = root.get(&["workspace"]).is_some();
    for table in TABLES {
        dependencies(&mut out, &root, &[table], is_workspace);
    }
    dependencies(&mut out, &root, &["workspace", "dependencies"], is_workspace);
    for (target, _) in root.get(&["target"]).map(Node::entries).unwrap_or_default() {
        for table in TABLES {
            dependencies(&mut out, &root, &["target", target, table], is_workspace);
        }
    }
    Ok(out)
}

/// Dependencies with a path: what they ask for follows the version of what is there.
fn dependencies(out: &mut Manifest, root: &Node, keys: &[&str], is_workspace: bool) {
    for (key, dependency) in root.get(keys).map(Node::entries).unwrap_or_default() {
        let Some(path) = dependency.str(&["path"]) else { continue };
        if is_workspace {
            // Cargo counts those as members too.
            out.members.push(path.trim_end_matches('/').to_owned());
        }
        let Some((value, span)) = dependency.text(&["version"]) else { continue };
        let what = format!("{}.{key}.version", keys.join("."));
        let package = dependency.str(&["package"]).unwrap_or(key);
        out.mention(name(package), false, Spot::new(what, value, span, Spelling::Requirement));
    }
}

/// Reads a `Cargo.lock`: only what comes from this repository, which has no source.
pub(super) fn lock(source: &str) -> Result<Manifest> {
    let root = doc::toml(source)?;
    let mut out = Manifest::default();
    // The oldest form of the file has the package itself apart.
    let packages = root.get(&["package"]).map(Node::items).unwrap_or_default().iter().chain(root.get(&["root"]));
    for package in packages {
        let Some(own) = package.str(&["name"]) else { continue };
        if let (None, Some((value, span))) = (package.get(&["source"]), package.text(&["version"])) {
            out.mention(name(own), true, Spot::new(format!("version of {own}"), value, span, Spelling::SemVer));
        }
        for dependency in package.get(&["dependencies"]).map(Node::items).unwrap_or_default() {
            // `name version`, where the name alone would not be clear; with a source behind it is somebody else's.
            let Node::Text(text, span) = dependency else { continue };
            let Some((other, version)) = text.split_once(' ').filter(|(_, version)| !version.contains(' ')) else {
                continue;
            };
            let span = span.start + other.len() + 1..span.end;
            let what = format!("{other} in the dependencies of {own}");
            // Another crate of that name may stand beside it: only where it is the same version it follows.
            out.mention(name(other), false, Spot::new(what, version, &span, Spelling::SemVer));
        }
    }
    Ok(out)
}
