//! What is released under versions of its own.

use crate::config::{Config, FileRule, Publishing, Release};
use crate::model::nearest;
use crate::{Error, Result};

/// Something that is released under versions of its own: the whole repository, or one directory of it.
#[derive(Clone, Debug, Default)]
pub struct Package {
    /// Its name; `None`: the whole repository.
    pub name: Option<String>,
    /// Its directory; empty: the top.
    pub path: String,
    /// The pattern of its tags; `None`: as the tags that are there.
    pub tag: Option<String>,
    /// Version files that the settings name. Without any that is named alone, files are found by themselves.
    pub files: Vec<FileRule>,
    /// What is run about its versions.
    pub publishing: Publishing,
    /// The directories of the other packages.
    pub apart: Vec<String>,
}

impl Package {
    /// The package of a name, or the whole repository.
    ///
    /// # Errors
    /// Refused: no package has that name.
    pub fn find(config: &Config, name: Option<&str>) -> Result<Package> {
        let Some(name) = name else { return Ok(Self::whole(&config.release)) };
        let mut all = Self::all(config);
        if let Some(at) = all.iter().position(|package| package.name.as_deref() == Some(name)) {
            return Ok(all.swap_remove(at));
        }
        let names: Vec<&str> = all.iter().filter_map(|package| package.name.as_deref()).collect();
        let error = Error::refused(format!("there is no package \"{name}\""));
        Err(match nearest(name, &names) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None if names.is_empty() => {
                error.help("packages are set up in rollback.toml: [[package]] with name and path")
            }
            None => error.help(format!("rollback.toml has: {}", names.join(", "))),
        })
    }

    /// The whole repository and every package that the settings name.
    pub fn all(config: &Config) -> Vec<Package> {
        let release = &config.release;
        let named = release.packages.iter().map(|rule| Package {
            name: Some(rule.name.clone()),
            path: rule.path.clone(),
            tag: rule.tag.clone(),
            files: rule.files.clone(),
            publishing: rule.publishing.clone(),
            apart: apart(release, &rule.path),
        });
        std::iter::once(Self::whole(release)).chain(named).collect()
    }

    fn whole(release: &Release) -> Package {
        let (tag, files, publishing) = (release.tag.clone(), release.files.clone(), release.publishing.clone());
        Package { name: None, path: String::new(), tag, files, publishing, apart: apart(release, "") }
    }
}

/// The directories of the packages that are not at `path`.
fn apart(release: &Release, path: &str) -> Vec<String> {
    release.packages.iter().map(|package| package.path.clone()).filter(|other| other != path).collect()
}
