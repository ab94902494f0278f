//! Every place where a package's version stands, checked: found, unique, in agreement.

use super::context::{Context, File};
use super::manifest::Mention;
use super::spot::{Spelling, Spot};
use super::tree::Tree;
use super::{lines, manifest::Inherited};
use crate::release::text::Text;
use crate::release::{Package, Version};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// A place where a version stands, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What it is: `package.version`.
    pub what: String,
    /// What stands there.
    pub value: String,
}

/// The version of a package, and all places where it stands.
#[derive(Debug, Default)]
pub struct VersionFiles {
    /// The version; `None`: no file says one.
    pub version: Option<Version>,
    /// What a person should know: files with a version of their own, files that were passed over.
    pub notes: Vec<String>,
    pub(super) python: bool,
    pub(super) files: BTreeMap<String, (Text, Vec<Spot>)>,
    /// Requirements that name a package of these and stay as they are.
    pub(super) asking: Vec<(String, Spot)>,
}

impl VersionFiles {
    /// Finds the version of a package and all places where it stands.
    ///
    /// # Errors
    /// Refused: files that cannot be read, or that do not agree; all of them are listed.
    pub fn of(tree: &dyn Tree, package: &Package) -> Result<VersionFiles> {
        let context = Context::read(tree, package)?;
        let mut work =
            Work { context, package, out: VersionFiles::default(), wrong: Vec::new(), joined: BTreeSet::new() };
        work.own_versions()?;
        work.members();
        let names = work.names();
        work.mentions(&names);
        work.patterns()?;
        work.finish()
    }

    /// The places, by file and line.
    pub fn places(&self) -> Vec<Place> {
        let mut out = Vec::new();
        for (path, (text, spots)) in &self.files {
            for spot in spots {
                let line = text.line(spot.pieces.first().map_or(0, |span| span.start));
                let (what, value) = (spot.what.clone(), spot.value.clone());
                out.push(Place { path: path.clone(), line, what, value });
            }
        }
        out.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        out
    }
}

struct Work<'t> {
    context: Context<'t>,
    package: &'t Package,
    out: VersionFiles,
    /// Places that do not agree, as lines for people.
    wrong: Vec<String>,
    /// Files whose own version is the package's.
    joined: BTreeSet<String>,
}

/// The versions that spots of one file say, each with what it is.
fn versions(spots: &[Spot]) -> Vec<(&Spot, Option<Version>)> {
    let suffix = spots.iter().find(|spot| spot.spelling == Spelling::Suffix).filter(|spot| !spot.value.is_empty());
    let whole = |spot: &Spot| match (spot.spelling, suffix) {
        (Spelling::Numbers, Some(suffix)) => Version::read(&format!("{}-{}", spot.value, suffix.value)),
        _ => spot.version(),
    };
    spots.iter().filter(|spot| spot.spelling != Spelling::Suffix).map(|spot| (spot, whole(spot))).collect()
}

impl Work<'_> {
    /// The package's own files: what they say must be one version.
    fn own_versions(&mut self) -> Result<()> {
        let mut said: Vec<(String, Vec<Spot>)> = Vec::new();
        for path in &self.context.primary {
            let Some(file) = self.context.files.get(path) else { continue };
            self.out.notes.extend(file.manifest.note.iter().map(|note| format!("{path}: {note}")));
            if !file.manifest.own.is_empty() {
                said.push((path.clone(), file.manifest.own.clone()));
            } else if let Some(giver) = self.context.giver(path) {
                let giver_file = &self.context.files[giver];
                let from_workspace = file.manifest.inherits == Some(Inherited::Workspace);
                let spots = if from_workspace { &giver_file.manifest.shared } else { &giver_file.manifest.own };
                said.push((giver.to_owned(), spots.clone()));
            } else if let Some(Inherited::Parent(name)) = &file.manifest.inherits {
                let name = name.trim_start_matches("maven:");
                self.out.notes.push(format!("{path}: its version is that of {name}, which is not in this repository"));
            } else {
                said.push((path.clone(), file.manifest.shared.clone()));
            }
        }
        said.retain(|(_, spots)| !spots.is_empty());
        self.agree(&said)?;
        for (path, spots) in said {
            self.join(&path, spots);
        }
        Ok(())
    }

    /// Takes the version that places say; refuses when they say several.
    fn agree(&mut self, said: &[(String, Vec<Spot>)]) -> Result<()> {
        let mut lines = Vec::new();
        let mut differ = false;
        for (path, spots) in said {
            for (spot, version) in versions(spots) {
                lines.push(format!("{path}: {} ({})", spot.value, spot.what));
                let Some(version) = version else {
                    return Err(Error::refused(format!(
                        "{path} says a version that cannot be read: \"{}\"",
                        spot.value
                    ))
                    .because(format!("it stands at {}", spot.what))
                    .help("correct it; versions are written as in 1.2.0 or 1.2.0-rc.1"));
                };
                match &self.out.version {
                    Some(known) => differ |= !known.same(&version),
                    None => self.out.version = Some(version.without_build()),
                }
            }
        }
        if differ { Err(disagreement(&lines)) } else { Ok(()) }
    }

    fn join(&mut self, path: &str, spots: Vec<Spot>) {
        self.joined.insert(path.to_owned());
        self.add(path, spots);
    }

    fn add(&mut self, path: &str, spots: Vec<Spot>) {
        let text = match self.context.files.get(path) {
            Some(file) => file.text.clone(),
            None => return,
        };
        let entry = self.out.files.entry(path.to_owned()).or_insert_with(|| (text, Vec::new()));
        for spot in spots {
            if !entry.1.iter().any(|known| known.pieces == spot.pieces) {
                entry.1.push(spot);
            }
        }
    }

    /// Members with a version of their own join when it is the same; the others stay as they are.
    fn members(&mut self) {
        let members: Vec<String> = self
            .context
            .files
            .iter()
            .filter(|(path, file)| {
                !self.joined.contains(*path) && !file.kind.is_lock() && self.context.is_of_package(path)
            })
            .map(|(path, _)| path.clone())
            .collect();
        if self.out.version.is_none() {
            let said: Vec<(String, Vec<Spot>)> =
                members.iter().map(|path| (path.clone(), self.context.files[path].manifest.own.clone())).collect();
            // Without a version at the top the members have one together, or none.
            if let Err(error) = self.agree(&said) {
                self.wrong.extend(error.causes().iter().cloned());
                return;
            }
        }
        let Some(version) = self.out.version.clone() else { return };
        for path in members {
            let own = self.context.files[&path].manifest.own.clone();
            self.join_if_same(&path, own, &version);
        }
        for path in self.joined.clone() {
            let shared = self.context.files[&path].manifest.shared.clone();
            self.join_if_same(&path, shared, &version);
        }
    }

    fn join_if_same(&mut self, path: &str, spots: Vec<Spot>, version: &Version) {
        let said: Vec<String> = versions(&spots).iter().map(|(spot, _)| spot.value.clone()).collect();
        if said.is_empty() {
            return;
        }
        if versions(&spots).iter().all(|(_, own)| own.as_ref().is_some_and(|own| own.same(version))) {
            self.join(path, spots);
        } else {
            let said = said.join(", ");
            self.out.notes.push(format!("{path} has a version of its own, {said}, which stays"));
        }
    }

    /// What files call the packages whose version this is: those with it, and those that take it from them.
    fn names(&self) -> BTreeSet<String> {
        // A file of the package without a version of its own has the one that stands in another of its files.
        let whole = |path: &&String| self.context.files.get(*path).is_some_and(|file| file.manifest.inherits.is_none());
        let mut having: BTreeSet<String> =
            self.joined.iter().chain(self.context.primary.iter().filter(whole)).cloned().collect();
        loop {
            let takes = |(path, file): (&String, &File)| {
                let giver = self.context.giver(path).filter(|_| file.manifest.own.is_empty())?;
                let given = having.contains(giver)
                    && (file.manifest.inherits != Some(Inherited::Workspace) || self.gives_it(giver));
                (given && !having.contains(path)).then(|| path.clone())
            };
            let more: Vec<String> = self.context.files.iter().filter_map(takes).collect();
            if more.is_empty() {
                break;
            }
            having.extend(more);
        }
        having.iter().flat_map(|path| self.context.files[path].manifest.names.clone()).collect()
    }

    /// Whether the version that a workspace gives to its members is the package's.
    fn gives_it(&self, path: &str) -> bool {
        let shared = &self.context.files[path].manifest.shared;
        let spots = self.out.files.get(path).map(|(_, spots)| spots.as_slice()).unwrap_or_default();
        shared.iter().any(|shared| spots.contains(shared))
    }

    /// Places that name these packages with their version.
    fn mentions(&mut self, names: &BTreeSet<String>) {
        let Some(version) = self.out.version.clone() else { return };
        let mut add: Vec<(String, Spot)> = Vec::new();
        for (path, file) in &self.context.files {
            for Mention { name, exact, spot } in &file.manifest.mentions {
                let concerned = match name {
                    Some(name) => names.contains(name),
                    None => self.joined.contains(path),
                };
                if !concerned {
                    continue;
                }
                if spot.says(&version) && (spot.spelling != Spelling::Requirement || spot.is_plain_requirement()) {
                    add.push((path.clone(), spot.clone()));
                } else if *exact {
                    self.wrong.push(format!("{path}: {} ({})", spot.value, spot.what));
                } else if spot.spelling == Spelling::Requirement {
                    self.out.asking.push((path.clone(), spot.clone()));
                }
            }
        }
        for (path, spot) in add {
            self.add(&path, vec![spot]);
        }
    }

    /// Places that rollback.toml names by a pattern.
    fn patterns(&mut self) -> Result<()> {
        for rule in &self.package.files {
            let Some(pattern) = &rule.pattern else { continue };
            let path = self.context.path_of(rule)?;
            let text = self.context.text_of(&path)?;
            let found = lines::pattern(&text.text, pattern);
            let wanted = rule.count.unwrap_or(1);
            if found.len() != wanted {
                let times = |n: usize| if n == 1 { "once".to_owned() } else { format!("{n} times") };
                return Err(Error::refused(format!("a pattern is found {} in {path}", times(found.len())))
                    .because(format!("rollback.toml expects it {}: {pattern}", times(wanted)))
                    .help("correct the pattern, or `count`"));
            }
            let spelling = if path.ends_with(".py") { Spelling::Pep440 } else { Spelling::AsOthers };
            let spots: Vec<Spot> =
                found.iter().map(|(value, span)| Spot::new(pattern.clone(), value, span, spelling)).collect();
            match &self.out.version {
                None => self.agree(&[(path.clone(), spots.clone())])?,
                Some(version) => {
                    let other = spots.iter().filter(|spot| !spot.says(version));
                    self.wrong.extend(other.map(|spot| format!("{path}: {} ({})", spot.value, spot.what)));
                }
            }
            let entry = self.out.files.entry(path).or_insert_with(|| (text, Vec::new()));
            for spot in spots {
                if !entry.1.iter().any(|known| known.pieces == spot.pieces) {
                    entry.1.push(spot);
                }
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<VersionFiles> {
        if !self.wrong.is_empty() {
            let agreeing = self.out.places().into_iter().map(|p| format!("{}: {} ({})", p.path, p.value, p.what));
            let lines: Vec<String> = agreeing.chain(self.wrong).collect();
            return Err(disagreement(&lines));
        }
        let manifests = || self.joined.iter().map(|path| &self.context.files[path]);
        let others = manifests().any(|file| {
            !file.manifest.python && file.manifest.own.iter().any(|spot| spot.spelling == Spelling::SemVer)
        });
        let own = self.context.primary.iter().filter_map(|path| self.context.files.get(path));
        self.out.python = !others && own.into_iter().any(|file| file.manifest.python);
        for (_, spots) in self.out.files.values_mut() {
            spots.sort_by_key(|spot| spot.pieces.first().map_or(0, |span| span.start));
        }
        Ok(self.out)
    }
}

fn disagreement(lines: &[String]) -> Error {
    let error = lines.iter().fold(Error::refused("the version files do not agree"), |error, line| error.because(line));
    error
        .help("make them say one version, then try again; nothing was written")
        .help("or name those that count in rollback.toml: [release] files = [\"Cargo.toml\"]")
}
