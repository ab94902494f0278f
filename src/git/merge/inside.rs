//! Merging the contents of files without git, where it is certain what git would make of them: plain text, nothing in
//! attributes or settings that asks for more. Everything else is git's to merge.

use super::simple::Both;
use super::text::{self, Style, Text};
use crate::Result;
use crate::git::attributes::Attributes;
use crate::git::repo::Repo;
use crate::git::tree::TreeEntry;
use crate::host::env;
use crate::model::{ObjectId, RepoPath};
use std::collections::BTreeMap;

/// `.gitattributes` files and their bytes.
pub(super) type Files = BTreeMap<RepoPath, Vec<u8>>;

/// What becomes of a file that both sides changed.
pub(super) enum Content {
    /// It is that of one side, with this mode.
    Known(TreeEntry),
    /// Merged text, and the mode.
    New(Vec<u8>, u32),
}

/// What was found out about many files.
pub(super) enum Contents {
    /// All of them go together.
    Merged(BTreeMap<RepoPath, Content>),
    /// At least one is in conflict.
    Conflict,
    /// Git must be asked.
    Unsure,
}

/// What has to be known for that.
pub(super) struct Inside {
    /// `None`: settings make it uncertain.
    style: Option<Style>,
    rules: Option<(Files, Attributes)>,
}

/// Variables through which git gets settings that libgit2 does not see.
const UNSEEN: [&str; 3] = ["GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_ATTR_SOURCE"];
/// Settings that matter here, and includes under a condition that libgit2 does not know.
fn matters(key: &str) -> bool {
    ["merge.default", "merge.conflictstyle", "diff.algorithm", "attr.tree"].contains(&key)
        || (key.starts_with("includeif.hasconfig:") && key.ends_with(".path"))
}

impl Inside {
    pub fn of(repo: &Repo) -> Inside {
        Inside { style: style(repo), rules: None }
    }

    /// Merges all of `both`; `files` are the attributes that count for them, `read` reads a blob.
    pub fn merge(
        &mut self,
        repo: &Repo,
        both: &Both,
        files: &Files,
        read: &dyn Fn(ObjectId) -> Result<Vec<u8>>,
    ) -> Result<Contents> {
        let Some(style) = self.style else { return Ok(Contents::Unsure) };
        let rules = self.rules(repo, files)?;
        let mut out = BTreeMap::new();
        for (path, sides) in both {
            let Some(mode) = mode(sides).filter(|_| rules.merges_as_text(path)) else { return Ok(Contents::Unsure) };
            if let Some(id) = one_side(sides) {
                out.insert(path.clone(), Content::Known(TreeEntry { mode, id }));
                continue;
            }
            let [base, ours, theirs] = [read(sides[0].id)?, read(sides[1].id)?, read(sides[2].id)?];
            match text::merge([&base, &ours, &theirs], style) {
                Text::Merged(text) => drop(out.insert(path.clone(), Content::New(text, mode))),
                Text::Conflict => return Ok(Contents::Conflict),
                Text::Unsure => return Ok(Contents::Unsure),
            }
        }
        Ok(Contents::Merged(out))
    }

    fn rules(&mut self, repo: &Repo, files: &Files) -> Result<&Attributes> {
        let rules = match self.rules.take() {
            Some((known, rules)) if known == *files => rules,
            _ => {
                let mut dirs: Vec<(RepoPath, Vec<u8>)> = files.iter().map(|(p, b)| (p.clone(), b.clone())).collect();
                dirs.sort_by_key(|(path, _)| path.ancestors().count());
                Attributes::new(repo, &dirs)?
            }
        };
        Ok(&self.rules.insert((files.clone(), rules)).1)
    }
}

/// How texts are merged here; `None`: only git knows.
fn style(repo: &Repo) -> Option<Style> {
    if UNSEEN.iter().any(|name| env::var_os(name).is_some()) || repo.config_bool("merge.renormalize") == Some(true) {
        return None;
    }
    let mut style = Style::Merge;
    for setting in repo.settings(&matters) {
        style = match (setting.key.as_str(), setting.value.as_str()) {
            ("diff.algorithm", "histogram") => style,
            ("merge.conflictstyle", "merge") => Style::Merge,
            ("merge.conflictstyle", "diff3") => Style::Diff3,
            ("merge.conflictstyle", "zdiff3") => Style::ZealousDiff3,
            _ => return None,
        };
    }
    Some(style)
}

/// The mode after the merge; `None`: both sides changed it.
fn mode([base, ours, theirs]: &[TreeEntry; 3]) -> Option<u32> {
    match (base.mode, ours.mode, theirs.mode) {
        (b, o, t) if o == t || o == b => Some(t),
        (b, o, t) if t == b => Some(o),
        _ => None,
    }
}

/// The content where only one side changed it, or both to the same.
fn one_side([base, ours, theirs]: &[TreeEntry; 3]) -> Option<ObjectId> {
    match (base.id, ours.id, theirs.id) {
        (b, o, t) if o == t || o == b => Some(t),
        (b, o, t) if t == b => Some(o),
        _ => None,
    }
}
