//! `package.json`, the lock files of npm, and the workspaces of pnpm.

use super::doc::{self, Node};
use super::manifest::Manifest;
use super::spot::{Spelling, Spot};
use crate::Result;

const TABLES: [&str; 4] = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];

/// What stands for "no version is kept here" where a tool fills it in when it publishes.
fn is_placeholder(version: &str) -> bool {
    version == "0.0.0" || version.starts_with("0.0.0-")
}

/// The name of whatever stands in a directory.
fn in_directory(dir: &str) -> String {
    format!("npm@{}", if dir.is_empty() { "." } else { dir })
}

/// Reads a `package.json` that stands in `dir`.
pub(super) fn manifest(source: &str, dir: &str) -> Result<Manifest> {
    let root = doc::json(source)?;
    root.refuse_twice("version")?;
    let mut out = Manifest::default();
    match root.str(&["version"]) {
        Some(version) if is_placeholder(version) => {
            out.note = Some(format!("\"{version}\" stands for no version and was passed over"));
        }
        _ => out.own_at(&root, &["version"], Spelling::SemVer),
    }
    out.names.extend(root.str(&["name"]).map(|name| format!("npm:{name}")));
    out.names.push(in_directory(dir));
    let workspaces = root.get(&["workspaces", "packages"]).or_else(|| root.get(&["workspaces"]));
    add_members(&mut out, workspaces);
    dependencies(&mut out, &root, "");
    Ok(out)
}

fn add_members(out: &mut Manifest, list: Option<&Node>) {
    for pattern in list.map(Node::texts).unwrap_or_default() {
        let plain = |p: &str| p.trim_start_matches("./").trim_end_matches('/').to_owned();
        match pattern.strip_prefix('!') {
            Some(excluded) => out.excluded.push(plain(excluded)),
            None => out.members.push(plain(&pattern)),
        }
    }
}

/// What is asked for of other packages.
fn dependencies(out: &mut Manifest, node: &Node, of: &str) {
    for table in TABLES {
        for (name, range) in node.get(&[table]).map(Node::entries).unwrap_or_default() {
            let Node::Text(value, span) = range else { continue };
            let spot = Spot::new(format!("{of}{table}.{name}"), value, span, Spelling::Requirement);
            // Links to a file, aliases and addresses name no version.
            if spot.is_plain_requirement() {
                out.mention(format!("npm:{name}"), false, spot);
            }
        }
    }
}

/// Reads a `package-lock.json` or `npm-shrinkwrap.json` of any version that stands in `dir`.
pub(super) fn lock(source: &str, dir: &str) -> Result<Manifest> {
    let root = doc::json(source)?;
    root.refuse_twice("version")?;
    let mut out = Manifest::default();
    let mut version_of = |dir: &str, what: String, node: &Node| {
        if let Some((value, span)) = node.text(&["version"]).filter(|(value, _)| !is_placeholder(value)) {
            out.mention(in_directory(dir), true, Spot::new(what, value, span, Spelling::SemVer));
        }
    };
    version_of(dir, "version".to_owned(), &root);
    for (place, package) in root.get(&["packages"]).map(Node::entries).unwrap_or_default() {
        // What is below `node_modules` comes from elsewhere, or is a link to what stands in its own place.
        if !place.split('/').any(|part| part == "node_modules") {
            let full =
                if dir.is_empty() || place.is_empty() { format!("{dir}{place}") } else { format!("{dir}/{place}") };
            version_of(&full, format!("packages.\"{place}\".version"), package);
        }
    }
    for (place, package) in root.get(&["packages"]).map(Node::entries).unwrap_or_default() {
        if !place.split('/').any(|part| part == "node_modules") {
            dependencies(&mut out, package, &format!("packages.\"{place}\"."));
        }
    }
    for (name, package) in root.get(&["dependencies"]).map(Node::entries).unwrap_or_default() {
        // A link into this repository: what it requires is written as its own manifest has it.
        let is_link = package.str(&["version"]).is_some_and(|version| version.starts_with("file:"));
        for (other, range) in package.get(&["requires"]).map(Node::entries).unwrap_or_default() {
            let Node::Text(value, span) = range else { continue };
            let spot = Spot::new(format!("dependencies.{name}.requires.{other}"), value, span, Spelling::Requirement);
            if is_link && spot.is_plain_requirement() {
                out.mention(format!("npm:{other}"), false, spot);
            }
        }
    }
    Ok(out)
}

/// Reads a `pnpm-workspace.yaml`.
pub(super) fn pnpm(source: &str) -> Result<Manifest> {
    let mut out = Manifest::default();
    add_members(&mut out, doc::yaml(source)?.first().and_then(|root| root.get(&["packages"])));
    Ok(out)
}

/// Reads a `composer.json`.
pub(super) fn composer(source: &str) -> Result<Manifest> {
    let root = doc::json(source)?;
    root.refuse_twice("version")?;
    let mut out = Manifest::default();
    out.own_at(&root, &["version"], Spelling::SemVer);
    Ok(out)
}
