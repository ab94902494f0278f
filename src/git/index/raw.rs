//! The bytes of the index file: where things are, whether they are whole, whether we can serve them.

use crate::git::tree::{MODE_EXEC, MODE_FILE, MODE_GITLINK, MODE_LINK, MODE_TREE};
use crate::model::check_path;
use crate::{Error, Result};
use std::ops::Range;

/// Where the entries end, and the extensions that matter.
pub(super) struct Layout {
    /// The version of the format.
    pub version: u32,
    /// The number of entries.
    pub count: u32,
    /// The offset of the first byte after the entries.
    pub extensions: usize,
    /// The payload of the cached trees.
    pub tree: Option<Range<usize>>,
    /// The payload of the resolve-undo records.
    pub resolve_undo: Option<Range<usize>>,
}

pub(super) const HASH: usize = 20;

pub(super) fn damaged(why: impl Into<String>) -> Error {
    Error::fault(why)
}

/// Finds the parts of the file, and refuses an index that cannot be served whole.
pub(super) fn layout(data: &[u8]) -> Result<Layout> {
    let end = data.len().checked_sub(HASH).ok_or_else(|| damaged("the file is too short"))?;
    if data.get(..4) != Some(b"DIRC") {
        return Err(damaged("it does not start as an index does"));
    }
    let version = be_u32(data, 4).ok_or_else(|| damaged("the file is too short"))?;
    if !(2..=4).contains(&version) {
        return Err(Error::refused(format!("the index has version {version}, which is not known"))
            .help("`git update-index --index-version 2` rewrites it"));
    }
    let count = be_u32(data, 8).ok_or_else(|| damaged("the file is too short"))?;
    let extensions =
        end_of_entries(&data[..end], version, count).ok_or_else(|| damaged("an entry is cut off or malformed"))?;
    let mut layout = Layout { version, count, extensions, tree: None, resolve_undo: None };
    let mut at = extensions;
    while at < end {
        let body = be_u32(data, at + 4)
            .and_then(|size| (at + 8).checked_add(size as usize).filter(|stop| *stop <= end))
            .map(|stop| at + 8..stop)
            .ok_or_else(|| damaged("an extension is cut off"))?;
        let next = body.end;
        match &data[at..at + 4] {
            b"TREE" => layout.tree = Some(body),
            b"REUC" => layout.resolve_undo = Some(body),
            name => refuse_mandatory(name)?,
        }
        at = next;
    }
    Ok(layout)
}

/// Extensions with a small first letter change the meaning of the entries; the others are caches.
fn refuse_mandatory(name: &[u8]) -> Result<()> {
    match name {
        b"link" => Err(Error::refused("the index is split into two files, which is not supported").help(
            "`git config core.splitIndex false && git update-index --no-split-index` joins them; nothing is lost",
        )),
        b"sdir" => Err(Error::refused("the index is sparse, which is not supported")
            .help("`git sparse-checkout reapply --no-sparse-index` makes it whole; the sparse checkout itself stays")),
        name if name[0].is_ascii_lowercase() => {
            Err(Error::refused(format!("the index needs the extension `{}`, which is not known", name.escape_ascii()))
                .help("a newer version may know it"))
        }
        _ => Ok(()),
    }
}

pub(super) fn be_u16(data: &[u8], at: usize) -> Option<u16> {
    let bytes = data.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}

pub(super) fn be_u32(data: &[u8], at: usize) -> Option<u32> {
    let bytes = data.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// Reads the number that stands before a path of version 4; and where it ends.
pub(super) fn varint(data: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut value = 0usize;
    loop {
        let byte = *data.get(at)?;
        at += 1;
        value = value.checked_add(usize::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
        value = value.checked_add(1)?.checked_mul(0x80)?;
    }
}

/// Steps over the entries without keeping anything.
fn end_of_entries(data: &[u8], version: u32, count: u32) -> Option<usize> {
    let mut at = 12usize;
    for _ in 0..count {
        let flags = be_u16(data, at + 60)?;
        let extended = flags & 0x4000 != 0;
        if extended && version < 3 {
            return None;
        }
        let name = at + if extended { 64 } else { 62 };
        if version == 4 {
            let (_, suffix) = varint(data, name)?;
            at = suffix + data.get(suffix..)?.iter().position(|&byte| byte == 0)? + 1;
        } else {
            let length = match usize::from(flags & 0xfff) {
                0xfff => data.get(name..)?.iter().position(|&byte| byte == 0)?,
                length => length,
            };
            // At least one NUL, then up to a multiple of eight from the start of the entry.
            at += ((name - at) + length + 8) & !7;
        }
        if at > data.len() {
            return None;
        }
    }
    Some(at)
}

/// What an entry is, beside a file of the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// See [`super::Index::notable`].
    Notable,
}

/// Checks what everything else builds on: order, kinds of entries, and paths that stay inside. An entry is its path and
/// its stage.
pub(super) fn check_entry(before: (&[u8], u8), now: (&[u8], u8), mode: u32) -> Result<Kind> {
    let path = now.0;
    match mode {
        MODE_FILE | MODE_EXEC | MODE_LINK | MODE_GITLINK => {}
        MODE_TREE => return refuse_mandatory(b"sdir").map(|()| Kind::Notable),
        mode => return Err(damaged(format!("`{}` has the mode {mode:o}", path.escape_ascii()))),
    }
    // The directories that it shares with the path before were looked at there.
    let shared = path.iter().zip(before.0).take_while(|(a, b)| a == b).count();
    let shared = path[..shared].iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let rest = &path[shared..];
    let kind = kind(rest, mode);
    if kind == Kind::Notable && !is_safe_path(rest) {
        return Err(damaged(format!("it names `{}`, which git never would", path.escape_ascii())));
    }
    if before >= now {
        return Err(damaged(format!("the entries are out of order at `{}`", path.escape_ascii())));
    }
    Ok(kind)
}

/// What an entry is by its mode and its path, of which the first directories may be left out.
pub(super) fn kind(path: &[u8], mode: u32) -> Kind {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    match mode == MODE_GITLINK || name.starts_with(b".git") || check_path(path).is_err() {
        true => Kind::Notable,
        false => Kind::Plain,
    }
}

/// Whether a path names something inside the worktree and outside any `.git`.
fn is_safe_path(path: &[u8]) -> bool {
    !path.contains(&0)
        && path
            .split(|&byte| byte == b'/')
            .all(|name| !matches!(name, b"" | b"." | b"..") && !name.eq_ignore_ascii_case(b".git"))
}
