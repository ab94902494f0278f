//! Paths inside a repository.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A path relative to the top of the worktree: bytes, `/` between components, never empty.
///
/// In JSON a path is a string in which a byte that is not part of valid UTF-8 stands as `\xNN`
/// and a backslash as `\\`, so that every path comes back exactly.
///
/// A copy shares the bytes: a plan has the same ten thousands of paths in a dozen lists.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoPath(Arc<[u8]>);

impl RepoPath {
    /// From bytes as git stores them.
    pub fn new(bytes: impl AsRef<[u8]>) -> Self {
        RepoPath(Arc::from(bytes.as_ref()))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// This path below the directory `parent` (which may be empty: the top).
    pub fn join(parent: &[u8], name: &[u8]) -> Self {
        let mut out = Vec::with_capacity(parent.len() + name.len() + 1);
        out.extend_from_slice(parent);
        if !parent.is_empty() {
            out.push(b'/');
        }
        out.extend_from_slice(name);
        RepoPath(out.into())
    }

    /// The last component.
    pub fn name(&self) -> &[u8] {
        self.0.rsplit(|&b| b == b'/').next().unwrap_or(&self.0)
    }

    /// The directory that holds this path; empty for the top.
    pub fn parent(&self) -> &[u8] {
        self.0.iter().rposition(|&b| b == b'/').map_or(&[], |at| &self.0[..at])
    }

    /// Every directory above this path, outermost first, without the top.
    pub fn ancestors(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| &self.0[..at])
    }

    /// Whether this path is `dir` or lies below it.
    pub fn is_within(&self, dir: &[u8]) -> bool {
        dir.is_empty() || (self.0.starts_with(dir) && (self.0.len() == dir.len() || self.0[dir.len()] == b'/'))
    }

    /// The path as the operating system wants it, relative.
    #[cfg(unix)]
    pub fn to_os(&self) -> &std::path::Path {
        use std::os::unix::ffi::OsStrExt;
        std::path::Path::new(std::ffi::OsStr::from_bytes(&self.0))
    }

    /// The JSON spelling.
    pub fn to_json_string(&self) -> Cow<'_, str> {
        match std::str::from_utf8(&self.0) {
            // Nearly all, and plans have ten thousands of them.
            Ok(plain) if !plain.contains('\\') => return Cow::Borrowed(plain),
            _ => {}
        }
        let mut out = String::with_capacity(self.0.len());
        for chunk in self.0.utf8_chunks() {
            out.push_str(&chunk.valid().replace('\\', "\\\\"));
            for byte in chunk.invalid() {
                out.push_str(&format!("\\x{byte:02x}"));
            }
        }
        Cow::Owned(out)
    }

    /// Reads the JSON spelling.
    pub fn from_json_string(text: &str) -> Option<Self> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let [first, tail @ ..] = rest {
            rest = match (first, tail) {
                (b'\\', [b'\\', tail @ ..]) => {
                    out.push(b'\\');
                    tail
                }
                (b'\\', [b'x', high, low, tail @ ..]) => {
                    let digit = |c: u8| (c as char).to_digit(16);
                    out.push((digit(*high)? * 16 + digit(*low)?) as u8);
                    tail
                }
                (b'\\', _) => return None,
                (byte, tail) => {
                    out.push(*byte);
                    tail
                }
            };
        }
        Some(RepoPath(out.into()))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

impl From<&str> for RepoPath {
    fn from(text: &str) -> Self {
        RepoPath::new(text)
    }
}

impl std::borrow::Borrow<[u8]> for RepoPath {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for RepoPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_json_string())
    }
}

impl<'de> Deserialize<'de> for RepoPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'_, str>>::deserialize(deserializer)?;
        RepoPath::from_json_string(&text).ok_or_else(|| serde::de::Error::custom("a path with a bad escape"))
    }
}

#[cfg(test)]
mod tests {
    use super::RepoPath;

    #[test]
    fn json_spelling_brings_every_byte_back() {
        let all: Vec<u8> = (1..=255).collect();
        for bytes in [all.as_slice(), b"a\\b", b"\\x41", "日本".as_bytes(), b"\xff\xfe"] {
            let path = RepoPath::new(bytes);
            assert_eq!(RepoPath::from_json_string(&path.to_json_string()), Some(path));
        }
    }

    #[test]
    fn within_respects_components() {
        assert!(RepoPath::from("a/b").is_within(b"a"));
        assert!(RepoPath::from("a").is_within(b"a"));
        assert!(!RepoPath::from("ab").is_within(b"a"));
    }
}
