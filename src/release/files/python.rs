//! `pyproject.toml`, `uv.lock`, `setup.cfg`, and sources with `__version__`.

use super::doc::{self, Node};
use super::lines;
use super::manifest::{Manifest, Mention};
use super::spot::{Spelling, Spot};
use crate::Result;

/// A project's name as Python compares it.
fn name(project: &str) -> String {
    let mut plain = String::new();
    for c in project.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            '-' | '_' | '.' if plain.ends_with('-') => {}
            '-' | '_' | '.' => plain.push('-'),
            c => plain.push(c),
        }
    }
    format!("python:{plain}")
}

/// Reads a `pyproject.toml`.
pub(super) fn pyproject(source: &str) -> Result<Manifest> {
    let root = doc::toml(source)?;
    let mut out = Manifest { python: true, ..Manifest::default() };
    out.own_at(&root, &["project", "version"], Spelling::Pep440);
    let plugin = ["tool", "poetry-dynamic-versioning", "enable"];
    if root.get(&plugin).is_none() {
        out.own_at(&root, &["tool", "poetry", "version"], Spelling::Pep440);
    }
    let names = [root.str(&["project", "name"]), root.str(&["tool", "poetry", "name"])];
    out.names = names.into_iter().flatten().map(name).collect();
    out.names.dedup();
    out.members = root.get(&["tool", "uv", "workspace", "members"]).map(Node::texts).unwrap_or_default();
    out.excluded = root.get(&["tool", "uv", "workspace", "exclude"]).map(Node::texts).unwrap_or_default();
    let pointers: [&[&str]; 3] = [
        &["tool", "hatch", "version", "path"],
        &["tool", "pdm", "version", "path"],
        &["tool", "setuptools", "dynamic", "version", "file"],
    ];
    out.points_to.extend(pointers.iter().filter_map(|keys| root.str(keys).map(str::to_owned)));
    let files = root.get(&["tool", "setuptools", "dynamic", "version", "file"]).map(Node::texts).unwrap_or_default();
    out.points_to.extend(files);
    out.points_to
        .extend(root.str(&["tool", "setuptools", "dynamic", "version", "attr"]).map(sources_of).unwrap_or_default());
    for list in requirement_lists(&root) {
        for (at, item) in list.items().iter().enumerate() {
            exact_requirement(&mut out, item, at);
        }
    }
    Ok(out)
}

/// The files in which `package.module.__version__` can be.
fn sources_of(attribute: &str) -> Vec<String> {
    let module = attribute.rsplit_once('.').map_or("", |(module, _)| module).replace('.', "/");
    ["", "src/"].iter().flat_map(|dir| [format!("{dir}{module}.py"), format!("{dir}{module}/__init__.py")]).collect()
}

fn requirement_lists(root: &Node) -> Vec<&Node> {
    let mut out: Vec<&Node> = root.get(&["project", "dependencies"]).into_iter().collect();
    for keys in [&["project", "optional-dependencies"][..], &["dependency-groups"]] {
        out.extend(root.get(keys).map(Node::entries).unwrap_or_default().iter().map(|(_, list)| list));
    }
    out
}

/// `name==1.2.0`: follows when it names a package that changes.
fn exact_requirement(out: &mut Manifest, item: &Node, at: usize) {
    let Node::Text(text, span) = item else { return };
    let Some((project, version)) = text.split_once("==") else { return };
    let project = project.split('[').next().unwrap_or_default().trim();
    let start = text.len() - version.trim_start().len();
    let end = text[start..].find([' ', ';', ',']).map_or(text.len(), |length| start + length);
    if text[start..end].is_empty() || span.len() != text.len() {
        return;
    }
    let what = format!("requirement {} ({project})", at + 1);
    let spot = Spot::new(what, &text[start..end], &(span.start + start..span.start + end), Spelling::Pep440);
    out.mention(name(project), false, spot);
}

/// Reads a `uv.lock`: only what comes from this repository.
pub(super) fn uv_lock(source: &str) -> Result<Manifest> {
    let root = doc::toml(source)?;
    let mut out = Manifest::default();
    for package in root.get(&["package"]).map(Node::items).unwrap_or_default() {
        let own = ["editable", "virtual", "directory"].iter().any(|kind| package.get(&["source", kind]).is_some());
        if let (true, Some(project), Some((value, span))) = (own, package.str(&["name"]), package.text(&["version"])) {
            out.mention(name(project), true, Spot::new(format!("version of {project}"), value, span, Spelling::Pep440));
        }
    }
    Ok(out)
}

/// Reads a `setup.cfg`.
pub(super) fn setup_cfg(source: &str) -> Result<Manifest> {
    let mut out = Manifest { python: true, ..Manifest::default() };
    for (value, span) in lines::ini(source, "metadata", "version") {
        match value.split_once(':') {
            Some(("attr", attribute)) => out.points_to.extend(sources_of(attribute.trim())),
            Some(("file", file)) => out.points_to.push(file.trim().to_owned()),
            _ => out.own.push(Spot::new("metadata.version", &value, &span, Spelling::Pep440)),
        }
    }
    out.names = lines::ini(source, "metadata", "name").iter().map(|(value, _)| name(value)).collect();
    Ok(out)
}

/// Reads a Python source.
pub(super) fn source(source: &str) -> Result<Manifest> {
    let mut out = Manifest { python: true, ..Manifest::default() };
    let beginning = source.get(..source.len().min(2000)).unwrap_or(source).to_lowercase();
    if beginning.contains("file generated by setuptools") || beginning.contains("generated by versioneer") {
        out.note = Some("it is generated, and was passed over".to_owned());
        return Ok(out);
    }
    let tuples = ["__version_info__", "version_info", "__version_tuple__", "version_tuple", "VERSION"];
    for spot in lines::python(source, &["__version__"], &tuples) {
        match spot.spelling {
            Spelling::Tuple => out.mentions.push(Mention { name: None, exact: false, spot }),
            _ => out.own.push(spot),
        }
    }
    Ok(out)
}
