//! `pom.xml`.

use super::manifest::{Inherited, Manifest};
use super::spot::{Span, Spelling, Spot};
use super::xml::{self, Element};
use crate::{Error, Result};

/// Reads a `pom.xml`.
pub(super) fn manifest(source: &str) -> Result<Manifest> {
    let project = xml::parse(source)?;
    let mut out = Manifest::default();
    let text = |names: &[&str]| project.at(names).map(Element::text).unwrap_or_default();
    let or_parents = |name| {
        let own = text(&[name]);
        if own.is_empty() { text(&["parent", name]) } else { own }
    };
    let parent = format!("maven:{}:{}", text(&["parent", "groupId"]), text(&["parent", "artifactId"]));
    out.names.push(format!("maven:{}:{}", or_parents("groupId"), or_parents("artifactId")));
    if project.all("version").count() > 1 {
        return Err(Error::refused("\"version\" stands in it twice"));
    }
    match project.child("version") {
        Some(version) => own_version(&mut out, &project, version, &parent)?,
        None => out.inherits = project.child("parent").map(|_| Inherited::Parent(parent.clone())),
    }
    if let Some(version) = project.at(&["parent", "version"]) {
        literal(&mut out, &parent, "parent.version", version);
    }
    for module in project.everything().into_iter().filter(|e| e.name == "modules" || e.name == "subprojects") {
        out.members.extend(module.children.iter().map(|m| m.text().trim_end_matches('/').to_owned()));
    }
    for element in project.everything() {
        if ["dependency", "plugin", "extension"].contains(&element.name.as_str())
            && let (Some(group), Some(artifact), Some(version)) =
                (element.child("groupId"), element.child("artifactId"), element.child("version"))
        {
            let name = format!("maven:{}:{}", group.text(), artifact.text());
            literal(&mut out, &name, &format!("{} {}", element.name, artifact.text()), version);
        }
    }
    Ok(out)
}

/// A version of something else that stands there as it is, and not as a property.
fn literal(out: &mut Manifest, name: &str, what: &str, version: &Element) {
    let value = version.text();
    if !value.contains("${") && !value.is_empty() {
        // A parent that stands in this repository has exactly that version.
        let exact = what == "parent.version";
        let spot = Spot { what: what.to_owned(), value, pieces: version.spans(), spelling: Spelling::SemVer };
        out.mention(name, exact, spot);
    }
}

/// The version of the project itself, which may be put together from properties.
fn own_version(out: &mut Manifest, project: &Element, version: &Element, parent: &str) -> Result<()> {
    let value = version.text();
    let what = "project.version".to_owned();
    if !value.contains("${") {
        out.own.push(Spot { what, value, pieces: version.spans(), spelling: Spelling::SemVer });
        return Ok(());
    }
    let (mut text, mut pieces, mut unknown) = (String::new(), Vec::new(), Vec::new());
    let mut rest = value.as_str();
    let mut names = Vec::new();
    while let Some((before, (name, after))) =
        rest.split_once("${").and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        if !before.is_empty() {
            return Err(put_together(&value));
        }
        names.push(name);
        match project.at(&["properties", name]) {
            Some(property) => add(&mut text, &mut pieces, property),
            None => unknown.push(name.to_owned()),
        }
        rest = after;
    }
    match unknown.len() {
        // Maven's own usual properties of a build may be given on the command line only.
        0 if rest.is_empty() => {
            let spelling = Spelling::SemVer;
            let what = format!("properties {}", names.join(" and "));
            out.own.push(Spot { what, value: text, pieces, spelling });
            Ok(())
        }
        all if all == names.len() && rest.is_empty() && parent != "maven::" => {
            out.inherits = Some(Inherited::Parent(parent.to_owned()));
            Ok(())
        }
        _ => Err(put_together(&value)),
    }
}

fn add(text: &mut String, pieces: &mut Vec<Span>, property: &Element) {
    text.push_str(&property.text());
    pieces.extend(property.spans());
}

fn put_together(value: &str) -> Error {
    Error::refused(format!("its version is put together from parts that are not all in it: {value}"))
        .help("name the place in rollback.toml: files = [{ file = \"pom.xml\", pattern = \"<revision>{version}</revision>\" }]")
}
