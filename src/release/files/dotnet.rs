//! Projects and property files of MSBuild: `*.csproj`, `Directory.Build.props`.

use super::manifest::{Manifest, Mention};
use super::spot::{Spelling, Spot};
use super::xml::{self, Element};
use crate::{Error, Result};

/// The only property of a name that says something by itself.
fn find<'e>(groups: &[&'e Element], name: &'static str) -> Result<Option<&'e Element>> {
    let found: Vec<&Element> = groups.iter().flat_map(|group| group.all(name)).collect();
    match found[..] {
        [] => Ok(None),
        // An empty suffix is how a release that is no candidate says so.
        [one] if one.text().is_empty() => Ok((name == "VersionSuffix" && !one.spans().is_empty()).then_some(one)),
        [one] => Ok((!one.text().contains("$(")).then_some(one)),
        _ => Err(Error::refused(format!("\"{name}\" stands in it {} times", found.len()))
            .help("name the one that counts in rollback.toml, with a pattern")),
    }
}

/// Reads a project or property file.
pub(super) fn manifest(source: &str) -> Result<Manifest> {
    let project = xml::parse(source)?;
    let mut out = Manifest::default();
    let groups: Vec<&Element> = project.all("PropertyGroup").collect();
    let find = |name: &'static str| find(&groups, name);
    let spot = |name: &str, element: &Element, spelling| Spot {
        what: name.to_owned(),
        value: element.text(),
        pieces: element.spans(),
        spelling,
    };
    for name in ["Version", "PackageVersion"] {
        out.own.extend(find(name)?.map(|element| spot(name, element, Spelling::SemVer)));
    }
    if let Some(prefix) = find("VersionPrefix")? {
        out.own.push(spot("VersionPrefix", prefix, Spelling::Numbers));
        if let Some(suffix) = find("VersionSuffix")? {
            out.own.push(spot("VersionSuffix", suffix, Spelling::Suffix));
        }
    }
    for name in ["AssemblyVersion", "FileVersion", "InformationalVersion"] {
        let spelling = if name == "InformationalVersion" { Spelling::SemVer } else { Spelling::FourNumbers };
        if let Some(element) = find(name)? {
            // Often fixed to the major version on purpose: it follows only where it says the same.
            out.mentions.push(Mention { name: None, exact: false, spot: spot(name, element, spelling) });
        }
    }
    Ok(out)
}
