//! Another version in all places: only the bytes of the values change, and that is proved before anything is written.

use super::spot::{Span, Spelling, Spot};
use super::tree::{Changed, Tree};
use super::version_files::VersionFiles;
use crate::release::{Package, Version};
use crate::{Error, Result};
use std::collections::BTreeMap;

/// A file with another version in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub path: String,
    /// Its bytes before.
    pub before: Vec<u8>,
    /// Its bytes after.
    pub after: Vec<u8>,
}

/// Works out all files of a package with the version `to` in them. Nothing is written.
///
/// # Errors
/// Refused: places that do not agree, or that cannot say the new version.
pub fn bump(tree: &dyn Tree, package: &Package, to: &Version) -> Result<Vec<Edit>> {
    let found = VersionFiles::of(tree, package)?;
    for (path, spot) in &found.asking {
        if spot.met_by(to) == Some(false) {
            return Err(Error::refused(format!("{path} asks for another version than {to}"))
                .because(format!("{} ({})", spot.value, spot.what))
                .help("change what it asks for first"));
        }
    }
    let mut edits = Vec::new();
    let mut wanted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, (text, spots)) in &found.files {
        let cannot = |e: Error| e.context(format!("{path} cannot say the version {to}"));
        let suffix = spots.iter().any(|spot| spot.spelling == Spelling::Suffix);
        if to.is_prerelease() && !suffix && spots.iter().any(|spot| spot.spelling == Spelling::Numbers) {
            return Err(cannot(Error::refused("VersionPrefix takes numbers only"))
                .help("add an element <VersionSuffix></VersionSuffix> beside it"));
        }
        let new: Vec<String> =
            spots.iter().map(|spot| spot.spelled(to, found.python)).collect::<Result<_>>().map_err(cannot)?;
        let after = splice(&text.text, spots, &new);
        let (before, after) = (text.bytes_of(&text.text), text.bytes_of(&after));
        if before != after {
            edits.push(Edit { path: path.clone(), before, after });
        }
        wanted.insert(path, new);
    }
    prove(tree, package, &found, &edits, &wanted, to)?;
    Ok(edits)
}

/// The text with a new value in the first piece of each spot, and nothing in the others.
fn splice(text: &str, spots: &[Spot], new: &[String]) -> String {
    let mut pieces: Vec<(&Span, &str)> = Vec::new();
    for (spot, new) in spots.iter().zip(new) {
        let values = std::iter::once(new.as_str()).chain(std::iter::repeat(""));
        pieces.extend(spot.pieces.iter().zip(values));
    }
    pieces.sort_by_key(|(span, _)| span.start);
    let (mut out, mut at) = (String::new(), 0);
    for (span, new) in pieces {
        out.push_str(&text[at..span.start]);
        out.push_str(new);
        at = span.end;
    }
    out + &text[at..]
}

/// Reads every changed file again: the same places, the wanted values, and not one byte different beside them.
fn prove(
    tree: &dyn Tree,
    package: &Package,
    before: &VersionFiles,
    edits: &[Edit],
    wanted: &BTreeMap<&str, Vec<String>>,
    to: &Version,
) -> Result<()> {
    let files = edits.iter().map(|edit| (edit.path.clone(), edit.after.clone())).collect();
    let failed = |why: String| {
        Error::fault(format!("writing the version {to} would have changed more than the version; nothing was written"))
            .because(why)
            .help("name the places in rollback.toml with patterns, and please report this file")
    };
    let after =
        VersionFiles::of(&Changed { below: tree, files: &files }, package).map_err(|e| failed(e.to_string()))?;
    if !before.files.is_empty() && after.version.as_ref().is_none_or(|version| !version.same(to)) {
        return Err(failed("another version was read back".to_owned()));
    }
    if !before.files.keys().eq(after.files.keys()) {
        return Err(failed("other files have the version afterwards".to_owned()));
    }
    for (path, (text, spots)) in &before.files {
        let (text_after, spots_after) = &after.files[path];
        let names = |spots: &[Spot]| spots.iter().map(|spot| spot.what.clone()).collect::<Vec<_>>();
        let values: Vec<String> = spots_after.iter().map(|spot| spot.value.clone()).collect();
        if names(spots) != names(spots_after) || wanted.get(path.as_str()) != Some(&values) {
            return Err(failed(format!("{path}: {}", values.join(", "))));
        }
        let nothing = vec![String::new(); spots.len()];
        if splice(&text.text, spots, &nothing) != splice(&text_after.text, spots_after, &nothing) {
            return Err(failed(format!("{path} differs beside the version")));
        }
    }
    Ok(())
}
