//! Carrying bytes between worktree and repository as git's attributes say.

use super::attributes::{Attributes, Conversion};
use super::error::GitContext;
use super::index::Index;
use super::pack::ObjectSink;
use super::repo::{Handles, Repo};
use crate::model::{IndexEntry, ObjectId, RepoPath};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// The bytes git would store for a file of the worktree whose conversion is not external: line ends and `$Id$`.
///
/// libgit2 converts while it stores; the store here is one in memory that is thrown away.
pub fn clean(repo: &Handles, path: &RepoPath, raw: &[u8]) -> Result<Vec<u8>> {
    let what = "cannot convert a file as its attributes say";
    #[expect(clippy::disallowed_methods, reason = "a second handle, because its object store is replaced")]
    let git = git2::Repository::open(repo.git_dir()).context(what)?;
    let odb = git.odb().context(what)?;
    let _memory = odb.add_new_mempack_backend(1000).context(what)?;
    let mut writer = git.blob_writer(Some(path.to_os())).context(what)?;
    writer.write_all(raw).map_err(|e| Error::io(what, &e))?;
    let id = writer.commit().context(what)?;
    Ok(odb.read(id).context(what)?.data().to_vec())
}

/// A file to convert: where it shall stand and what the repository holds.
#[derive(Clone, Debug)]
pub struct ToSmudge {
    /// Its path.
    pub path: RepoPath,
    /// Its mode in the tree.
    pub mode: u32,
    /// Its blob.
    pub blob: ObjectId,
    /// How it is converted.
    pub conversion: Conversion,
}

/// Converts files as a checkout would, and adds the exact bytes to `sink`. Only `git` knows all conversions, so it
/// does them, in an empty directory, with a private index that also holds the `.gitattributes` of the target.
///
/// # Errors
/// Refused when a filter is needed that only the repository's own configuration defines, or when it fails.
pub fn smudge(
    repo: &Repo,
    scratch: &Path,
    attribute_files: &BTreeMap<RepoPath, ObjectId>,
    files: &[ToSmudge],
    sink: &ObjectSink<'_>,
) -> Result<BTreeMap<RepoPath, ObjectId>> {
    if files.is_empty() {
        return Ok(BTreeMap::new());
    }
    let filters = filter_settings(repo, files)?;
    let stage = crate::host::fs::fresh_dir(&scratch.join("smudge"))?;
    let index_path = scratch.join("smudge-index");
    let mut index = Index::empty();
    let entry = |mode, id| vec![IndexEntry::plain(mode, id)];
    let mut entries: BTreeMap<RepoPath, Vec<IndexEntry>> =
        attribute_files.iter().map(|(path, id)| (path.clone(), entry(super::tree::MODE_FILE, *id))).collect();
    entries.extend(files.iter().map(|file| (file.path.clone(), entry(file.mode, file.blob))));
    index.replace(entries.into_iter().collect());
    let mut bytes = Vec::new();
    index.write(&mut bytes)?;
    crate::host::fs::write_atomic(&index_path, &bytes)?;
    let mut names = Vec::new();
    for file in files {
        names.extend_from_slice(file.path.as_bytes());
        names.push(0);
    }
    super::process::checkout_into(repo, &index_path, &stage, &filters, &names)?;
    let mut out = BTreeMap::new();
    for file in files {
        let made = crate::host::fs::open_regular(&stage.join(file.path.to_os())).map_err(|e| {
            e.context(format!("git did not convert {} as its attributes say", file.path)).with_kind(crate::Kind::Refused)
        })?;
        let size = made.metadata().map_err(|e| Error::io("cannot read a converted file", &e))?.len();
        out.insert(file.path.clone(), sink.add_stream(&mut { made }, size)?);
    }
    crate::host::fs::remove_scratch(&stage)?;
    crate::host::fs::remove_file_if_exists(&index_path)?;
    Ok(out)
}

/// `-c` settings that make git run the filters of the user's configuration and no others.
fn filter_settings(repo: &Repo, files: &[ToSmudge]) -> Result<Vec<String>> {
    let mut out = Vec::new();
    let names: std::collections::BTreeSet<_> = files.iter().filter_map(|f| f.conversion.filter.as_ref()).collect();
    for name in names {
        for key in ["smudge", "process", "required"] {
            let key = format!("filter.{name}.{key}");
            let of_user = repo.config_of_user(&key).pop();
            let effective = repo.config_string(&key);
            if effective.is_some() && of_user.is_none() && !key.ends_with("required") {
                return Err(Error::refused(format!("files would be written through the filter \"{name}\""))
                    .because("its command comes from this repository's own configuration, and such commands are not run")
                    .help(format!(
                        "if you trust it: `git config --global {key} \"$(git config {key})\"`, then run this again"
                    )));
            }
            out.push(format!("{key}={}", of_user.unwrap_or_default()));
        }
    }
    Ok(out)
}

/// The `.gitattributes` files of `files` (path and content), outermost first, as [`Attributes::new`] wants them.
pub fn attributes_of(repo: &Repo, files: &BTreeMap<RepoPath, ObjectId>) -> Result<Attributes> {
    let mut read: Vec<(RepoPath, Vec<u8>)> = Vec::with_capacity(files.len());
    for (path, id) in files {
        read.push((path.clone(), repo.blob(*id)?));
    }
    read.sort_by_key(|(path, _)| (path.as_bytes().iter().filter(|b| **b == b'/').count(), path.clone()));
    Attributes::new(repo, &read)
}
