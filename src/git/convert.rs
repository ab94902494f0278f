//! Carrying bytes between worktree and repository as git's attributes say.

use super::attributes::{Attributes, Conversion, Text};
use super::index::Index;
use super::pack::ObjectSink;
use super::repo::Repo;
use crate::model::{IndexEntry, ObjectId, RepoPath};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// The bytes git would store for a file of the worktree whose conversion is not external: line ends and `$Id$`
/// (<https://git-scm.com/docs/gitattributes#_effects>). libgit2 can convert only while it writes into the repository.
///
/// `stored` gives what the index has at this path: a file that is stored with CRLF keeps them unless `text` is set.
pub fn clean(conversion: &Conversion, raw: &[u8], stored: impl Fn() -> Option<Vec<u8>>) -> Vec<u8> {
    let mut out = match conversion.text {
        Text::Set => strip_cr(raw),
        Text::Auto if !looks_binary(raw) && !stored().is_some_and(|bytes| has_crlf(&bytes)) => strip_cr(raw),
        _ => raw.to_vec(),
    };
    if conversion.ident {
        out = fold_ident(&out);
    }
    out
}

fn has_crlf(bytes: &[u8]) -> bool {
    !looks_binary(bytes) && bytes.windows(2).any(|pair| pair == b"\r\n")
}

fn strip_cr(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().peekable();
    while let Some(byte) = rest.next() {
        if *byte != b'\r' || rest.peek() != Some(&&b'\n') {
            out.push(*byte);
        }
    }
    out
}

/// Git's own guess: a lone CR, a NUL, or too many control characters.
fn looks_binary(bytes: &[u8]) -> bool {
    let (mut printable, mut other) = (0usize, 0usize);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            0 => return true,
            b'\r' if bytes.get(at + 1) != Some(&b'\n') => return true,
            b'\r' | b'\n' => {}
            0x08 | b'\t' | 0x1b | 0x0c => printable += 1,
            0x7f | 0x01..=0x1f if !(*byte == 0x1a && at + 1 == bytes.len()) => other += 1,
            0x1a => {}
            _ => printable += 1,
        }
    }
    printable >> 7 < other
}

/// `$Id: anything$` becomes `$Id$`, within one line.
fn fold_ident(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(4).position(|w| w == b"$Id:") {
        let tail = &rest[at + 4..];
        match tail.iter().position(|b| *b == b'$' || *b == b'\n') {
            Some(end) if tail[end] == b'$' => {
                out.extend_from_slice(&rest[..at]);
                out.extend_from_slice(b"$Id$");
                rest = &tail[end + 1..];
            }
            _ => {
                out.extend_from_slice(&rest[..at + 4]);
                rest = tail;
            }
        }
    }
    out.extend_from_slice(rest);
    out
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
            e.context(format!("git did not convert {} as its attributes say", file.path))
                .with_kind(crate::Kind::Refused)
        })?;
        let size = made.metadata().map_err(|e| Error::io("cannot read a converted file", &e))?.len();
        out.insert(file.path.clone(), sink.add_stream(&mut { made }, size)?);
    }
    crate::host::fs::remove_scratch(&stage)?;
    crate::host::fs::remove_file_if_exists(&index_path)?;
    Ok(out)
}

/// Settings that make git run the filters of the user's configuration, and of the repository's where the user
/// has allowed them, and no others.
fn filter_settings(repo: &Repo, files: &[ToSmudge]) -> Result<Vec<(String, String)>> {
    let mut out = Vec::new();
    let names: std::collections::BTreeSet<_> = files.iter().filter_map(|f| f.conversion.filter.as_ref()).collect();
    for name in names {
        for key in ["smudge", "process", "required"] {
            let key = format!("filter.{name}.{key}");
            let of_user = repo.config_of_user(&key).pop();
            // An empty `process` would switch `smudge` off: what nobody sets is not set here either.
            let Some(effective) = repo.config_string(&key) else { continue };
            if of_user.is_none() && repo.runs_own_commands() {
                out.push((key, effective));
                continue;
            }
            if of_user.is_none() && !key.ends_with("required") {
                return Err(Error::refused(format!("files would be written through the filter \"{name}\""))
                    .because(
                        "its command comes from this repository's own configuration, and such commands are not run",
                    )
                    .help("look at it with `git rollback trust --show`, and allow it with `git rollback trust`"));
            }
            out.push((key, of_user.unwrap_or_default()));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: Text, ident: bool, raw: &[u8], stored: Option<&[u8]>) -> Vec<u8> {
        let conversion = Conversion { text, ident, ..Conversion::default() };
        clean(&conversion, raw, || stored.map(<[u8]>::to_vec))
    }

    #[test]
    fn line_ends_and_ident_are_cleaned_as_git_does() {
        assert_eq!(cleaned(Text::Set, false, b"a\r\nb\rc\r\n", None), b"a\nb\rc\n");
        assert_eq!(cleaned(Text::Auto, false, b"a\r\nb\n", None), b"a\nb\n");
        assert_eq!(cleaned(Text::Auto, false, b"a\r\nb\r", None), b"a\r\nb\r", "a lone CR looks binary");
        assert_eq!(cleaned(Text::Auto, false, b"a\r\n", Some(b"x\r\n")), b"a\r\n", "it is stored with CRLF");
        assert_eq!(cleaned(Text::Unset, true, b"x $Id: 12 $ y $Id: \n$", None), b"x $Id$ y $Id: \n$");
    }
}
