//! The bytes of the index file: where things are, whether they are whole, whether we can serve them.

use crate::{Error, Result};
use gix_index::entry::Mode;

/// Where the entries end, and the extensions that matter.
pub(super) struct Layout<'a> {
    /// The offset of the first byte after the entries.
    extensions: usize,
    /// The payload of the cached trees.
    pub tree: Option<&'a [u8]>,
    /// The payload of the resolve-undo records.
    pub resolve_undo: Option<&'a [u8]>,
}

const HASH: usize = 20;

fn damaged(why: impl Into<String>) -> Error {
    Error::fault(why)
}

/// Finds the parts of the file, and refuses an index that cannot be served whole.
pub(super) fn layout(data: &[u8]) -> Result<Layout<'_>> {
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
    let mut layout = Layout { extensions, tree: None, resolve_undo: None };
    let mut at = extensions;
    while at < end {
        let body = be_u32(data, at + 4)
            .and_then(|size| data[..end].get(at + 8..(at + 8).checked_add(size as usize)?))
            .ok_or_else(|| damaged("an extension is cut off"))?;
        match &data[at..at + 4] {
            b"TREE" => layout.tree = Some(body),
            b"REUC" => layout.resolve_undo = Some(body),
            name => refuse_mandatory(name)?,
        }
        at += 8 + body.len();
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

fn be_u32(data: &[u8], at: usize) -> Option<u32> {
    let bytes = data.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// Steps over the entries without keeping anything.
fn end_of_entries(data: &[u8], version: u32, count: u32) -> Option<usize> {
    let mut at = 12usize;
    for _ in 0..count {
        let flags = u16::from_be_bytes(data.get(at + 60..at + 62)?.try_into().ok()?);
        let extended = flags & 0x4000 != 0;
        if extended && version < 3 {
            return None;
        }
        let name = at + if extended { 64 } else { 62 };
        if version == 4 {
            let suffix = name + data.get(name..)?.iter().position(|byte| byte & 0x80 == 0)? + 1;
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

/// Compares the trailing hash with the content; `index.skipHash` leaves zeros.
pub(super) fn verify_checksum(data: &[u8]) -> Result<()> {
    let (content, sum) = data.split_at(data.len().saturating_sub(HASH));
    if sum.iter().all(|&byte| byte == 0) {
        return Ok(());
    }
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(content);
    match hasher.try_finalize() {
        Ok(id) if id.as_bytes() == sum => Ok(()),
        Ok(_) => Err(damaged("its checksum does not match its content")),
        Err(error) => Err(damaged("its checksum cannot be computed").because(error)),
    }
}

/// Decodes the entries alone.
pub(super) fn decode_entries(data: &[u8], layout: &Layout<'_>) -> Result<gix_index::State> {
    // The decoder takes the last bytes for the checksum; whatever follows the entries serves, and
    // no extension is left for it to look at.
    let entries = data.get(..layout.extensions + HASH).ok_or_else(|| damaged("the file is too short"))?;
    let options = gix_index::decode::Options { thread_limit: Some(1), ..Default::default() };
    let time = gix_index::State::new(gix_hash::Kind::Sha1).timestamp();
    gix_index::State::from_bytes(entries, time, gix_hash::Kind::Sha1, options)
        .map(|(state, _)| state)
        .map_err(|error| damaged("its entries cannot be decoded").because(error))
}

/// Checks what everything else builds on: order, kinds of entries, and paths that stay inside.
pub(super) fn check_entries(state: &gix_index::State) -> Result<()> {
    let mut before: Option<(&[u8], u32)> = None;
    for entry in state.entries() {
        let path: &[u8] = entry.path(state);
        let name = || path.escape_ascii();
        match entry.mode {
            Mode::FILE | Mode::FILE_EXECUTABLE | Mode::SYMLINK | Mode::COMMIT => {}
            Mode::DIR => return refuse_mandatory(b"sdir"),
            mode => return Err(damaged(format!("`{}` has the mode {:o}", name(), mode.bits()))),
        }
        if !is_safe_path(path) {
            return Err(damaged(format!("it names `{}`, which git never would", name())));
        }
        let this = (path, entry.stage_raw());
        if before.is_some_and(|before| before >= this) {
            return Err(damaged(format!("the entries are out of order at `{}`", name())));
        }
        before = Some(this);
    }
    Ok(())
}

/// Whether a path names something inside the worktree and outside any `.git`.
pub fn is_safe_path(path: &[u8]) -> bool {
    !path.contains(&0)
        && path
            .split(|&byte| byte == b'/')
            .all(|name| !matches!(name, b"" | b"." | b"..") && !name.eq_ignore_ascii_case(b".git"))
}
