//! Settings: defaults, then `rollback.toml` at the top of the worktree, then git's configuration (`rollback.*`).

use crate::git::Repo;
use crate::{Error, Result};
use serde::Deserialize;

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// The tag that is the baseline.
    pub baseline: String,
    /// Patterns of branches whose published commits are never rewritten.
    pub protect: Vec<String>,
    /// Whether going back needs a reason.
    pub reason_required: bool,
    /// Patterns of ignored paths that never move away.
    pub keep: Vec<String>,
    /// An untracked file above this many bytes is named, not copied.
    pub max_file_size: u64,
    /// Untracked files together above this many bytes likewise; by default a tenth of the free disk.
    pub max_total_size: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect();
        Config {
            baseline: "baseline".to_owned(),
            protect: words(&["main", "master", "release/*"]),
            reason_required: false,
            keep: words(&[".env*", "rollback.toml"]),
            max_file_size: 1 << 30,
            max_total_size: None,
        }
    }
}

/// The settings file's name, at the top of the worktree.
pub const FILE_NAME: &str = "rollback.toml";

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    baseline: Baseline,
    protect: Protect,
    keep: Keep,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Baseline {
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Protect {
    branches: Vec<String>,
    reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Keep {
    paths: Vec<String>,
}

impl Config {
    /// Loads the settings for a repository.
    ///
    /// # Errors
    /// Refused: a settings file that cannot be understood, or with an unknown key.
    pub fn load(repo: &Repo) -> Result<Config> {
        let mut config = Config::default();
        let path = repo.root().join(FILE_NAME);
        if let Some(bytes) = crate::host::fs::read_capped(&path, 1 << 20)? {
            let wrong = |why: String| {
                Error::refused(format!("{FILE_NAME} cannot be used")).because(why).help(format!(
                    "correct {FILE_NAME}; known tables: [baseline] name, [protect] branches and reason, [keep] paths"
                ))
            };
            let text = std::str::from_utf8(&bytes).map_err(|e| wrong(e.to_string()))?;
            let file: File = toml::from_str(text).map_err(|e| wrong(e.message().to_owned()))?;
            config.add_file(file);
        }
        if let Some(name) = repo.config_string("rollback.baseline") {
            config.baseline = name;
        }
        // What a repository brings along can make the tool more careful, never less: `rollback.toml` adds to
        // these, and only the user's own configuration replaces them.
        let own = repo.config_of_user("rollback.protect");
        if !own.is_empty() {
            config.protect = own;
        }
        let own = repo.config_of_user("rollback.keep");
        if !own.is_empty() {
            config.keep = own;
        }
        if let Some(size) = repo.config_of_user("rollback.maxfilesize").pop() {
            config.max_file_size = parse_size(&size)?;
        }
        if let Some(size) = repo.config_of_user("rollback.maxtotalsize").pop() {
            config.max_total_size = Some(parse_size(&size)?);
        }
        Ok(config)
    }

    fn add_file(&mut self, file: File) {
        if let Some(name) = file.baseline.name {
            self.baseline = name;
        }
        self.protect.extend(file.protect.branches);
        self.reason_required |= file.protect.reason.as_deref() == Some("required");
        self.keep.extend(file.keep.paths);
    }

    /// Whether published commits of this branch (a short name) must not be rewritten.
    pub fn is_protected(&self, branch: &str) -> bool {
        self.protect.iter().any(|pattern| crate::git::glob_matches(pattern, branch))
    }
}

/// `512m`, `2g`, as git spells sizes.
fn parse_size(text: &str) -> Result<u64> {
    let text = text.trim().to_lowercase();
    let (digits, factor) = match text.strip_suffix(['k', 'm', 'g']) {
        Some(digits) if text.ends_with('k') => (digits, 1 << 10),
        Some(digits) if text.ends_with('m') => (digits, 1 << 20),
        Some(digits) => (digits, 1 << 30),
        None => (text.as_str(), 1),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| Error::refused(format!("\"{text}\" is not a size")).help("write it as git does: 500k, 20m, 2g"))?;
    Ok(number.saturating_mul(factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_spelled_as_git_does() {
        assert_eq!(parse_size("2k").unwrap(), 2048);
        assert_eq!(parse_size(" 1G ").unwrap(), 1 << 30);
        assert_eq!(parse_size("7").unwrap(), 7);
        assert!(parse_size("many").is_err());
    }

    #[test]
    fn a_settings_file_with_an_unknown_key_is_refused() {
        assert!(toml::from_str::<File>("[hooks]\nstop = \"x\"\n").is_err());
        assert!(toml::from_str::<File>("[keep]\npaths = [\"*.sqlite\"]\n").is_ok());
    }
}
