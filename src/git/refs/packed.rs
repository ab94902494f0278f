//! The file of packed refs, read once: libgit2 takes it apart again for each handle.
//! Format: <https://git-scm.com/docs/git-pack-refs>.

use super::Ref;
use crate::Result;
use crate::host::fs;
use crate::model::{ObjectId, RepoPath};
use std::cell::RefCell;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;

/// More than any file of packed refs.
pub(in crate::git) const MAX_PACKED: u64 = 1 << 30;

/// The file as it was read last.
#[derive(Default)]
pub(in crate::git) struct PackedCache(RefCell<Option<(Stamp, Rc<Packed>)>>);

/// What tells one state of the file from another; git goes by the same.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Stamp {
    inode: (u64, u64),
    size: u64,
    times: [(i64, i64); 2],
}

impl Stamp {
    fn of(path: &Path) -> Stamp {
        std::fs::metadata(path).map_or_else(
            |_| Stamp::default(),
            |meta| Stamp {
                inode: (meta.dev(), meta.ino()),
                size: meta.size(),
                times: [(meta.mtime(), meta.mtime_nsec()), (meta.ctime(), meta.ctime_nsec())],
            },
        )
    }
}

impl PackedCache {
    /// The present content of `path`.
    pub(in crate::git) fn read(&self, path: &Path) -> Result<Rc<Packed>> {
        // The state is asked for before the bytes: one that is replaced in between is read once more.
        let stamp = Stamp::of(path);
        if let Some((seen, packed)) = &*self.0.borrow()
            && *seen == stamp
        {
            return Ok(Rc::clone(packed));
        }
        let packed = Rc::new(Packed::new(fs::read_capped(path, MAX_PACKED)?.unwrap_or_default()));
        self.0.replace(Some((stamp, Rc::clone(&packed))));
        Ok(packed)
    }
}

/// Packed refs, sorted by name.
pub(in crate::git) struct Packed(Vec<u8>);

impl Packed {
    fn new(text: Vec<u8>) -> Packed {
        let header = text.split(|&b| b == b'\n').next().filter(|line| line.starts_with(b"# pack-refs with:"));
        if header.is_some_and(|line| line.split(|&b| b == b' ').any(|word| word == b"sorted")) {
            return Packed(text);
        }
        let mut lines: Vec<&[u8]> =
            text.split_inclusive(|&b| b == b'\n').filter(|line| name_of(line).is_some()).collect();
        lines.sort_by_key(|line| name_of(line));
        Packed(lines.concat())
    }

    /// What the ref `name` points to.
    pub(in crate::git) fn find(&self, name: &str) -> Option<ObjectId> {
        let line = self.line_at(self.lower_bound(name.as_bytes()));
        id_of(line).filter(|_| name_of(line) == Some(name.as_bytes()))
    }

    /// Whether there is a ref of this name.
    pub(in crate::git) fn holds(&self, name: &RepoPath) -> bool {
        name_of(self.line_at(self.lower_bound(name.as_bytes()))) == Some(name.as_bytes())
    }

    /// The refs whose names begin with `prefix`, sorted.
    pub(in crate::git) fn starting_with(&self, prefix: &[u8]) -> Vec<Ref> {
        let mut out = Vec::new();
        let mut at = self.lower_bound(prefix);
        while at < self.0.len() {
            let line = self.line_at(at);
            at += line.len();
            // Other lines are the peeled values of tags.
            let Some(name) = name_of(line) else { continue };
            if !name.starts_with(prefix) {
                break;
            }
            out.extend(id_of(line).map(|id| Ref { name: RepoPath::new(name), id }));
        }
        out
    }

    /// The first parts of all names behind `refs/`, each once.
    pub(in crate::git) fn top_names(&self) -> Vec<&[u8]> {
        let mut out = Vec::new();
        let mut at = self.lower_bound(b"refs/");
        while let Some(name) = name_of(self.line_at(at)).and_then(|name| name.strip_prefix(b"refs/")) {
            let first = name.split(|&b| b == b'/').next().unwrap_or_default();
            out.push(first);
            // `0` comes right behind the slash.
            let end: &[u8] = if first == name { b"\0" } else { b"0" };
            let next = self.lower_bound(&[b"refs/", first, end].concat());
            if next <= at {
                // The file is not sorted as it says.
                break;
            }
            at = next;
        }
        out
    }

    /// Where the first ref begins whose name is not less than `name`.
    fn lower_bound(&self, name: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.0.len());
        while low < high {
            // The beginning of the line in the middle, or of the ref that a peeled value there belongs to.
            let mut start = self.start_of(low + (high - low) / 2);
            while start > low && name_of(self.line_at(start)).is_none() {
                start = self.start_of(start - 1);
            }
            let line = self.line_at(start);
            if name_of(line).is_none_or(|found| found < name) {
                low = start + line.len();
            } else {
                high = start;
            }
        }
        // A peeled value belongs to the ref before it.
        while low < self.0.len() && name_of(self.line_at(low)).is_none() {
            low += self.line_at(low).len();
        }
        low
    }

    fn start_of(&self, at: usize) -> usize {
        memchr::memrchr(b'\n', &self.0[..at]).map_or(0, |end| end + 1)
    }

    /// The line that begins at `at`, with its end.
    fn line_at(&self, at: usize) -> &[u8] {
        let rest = &self.0[at..];
        &rest[..memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1)]
    }
}

/// The name on a line; `None`: it is a comment, a peeled value, or damaged.
pub(in crate::git) fn name_of(line: &[u8]) -> Option<&[u8]> {
    let is_ref = line.first().is_some_and(u8::is_ascii_hexdigit) && line.get(40) == Some(&b' ');
    line.get(41..).filter(|_| is_ref).map(|name| name.strip_suffix(b"\n").unwrap_or(name))
}

fn id_of(line: &[u8]) -> Option<ObjectId> {
    line.get(..40).and_then(ObjectId::from_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(names: &[String], peeled: impl Fn(usize) -> bool) -> Vec<u8> {
        let mut out = b"# pack-refs with: peeled fully-peeled sorted \n".to_vec();
        for (i, name) in names.iter().enumerate() {
            out.extend_from_slice(format!("{i:040x} {name}\n").as_bytes());
            if peeled(i) {
                out.extend_from_slice(format!("^{:040x}\n", 1000 + i).as_bytes());
            }
        }
        out
    }

    #[test]
    fn every_name_is_found_and_no_other() {
        for count in [0, 1, 2, 3, 10, 57] {
            let names: Vec<String> = (0..count).map(|i| format!("refs/x/{:03}", i * 2)).collect();
            for peeled in [|_| false, |_| true, |i| i == 1 || i == 7, |i: usize| !i.is_multiple_of(3)] {
                let packed = Packed::new(text(&names, peeled));
                for i in 0..count * 2 + 2 {
                    let found = packed.find(&format!("refs/x/{i:03}")).map(|id| id.to_string());
                    let wanted = (i % 2 == 0 && i / 2 < count).then(|| format!("{:040x}", i / 2));
                    assert_eq!(found, wanted, "{i} of {count}");
                }
                assert_eq!(packed.starting_with(b"refs/x/").len(), count);
                assert!(packed.starting_with(b"refs/x0").is_empty() && packed.starting_with(b"refs/w").is_empty());
            }
        }
    }

    #[test]
    fn a_file_that_is_not_sorted_serves_too() {
        let text = format!("{:040x} refs/tags/b\n^{:040x}\n{:040x} refs/heads/a\nrubbish\n", 1, 2, 3);
        let packed = Packed::new(text.into_bytes());
        assert_eq!(packed.find("refs/tags/b").unwrap().to_string(), format!("{:040x}", 1));
        assert_eq!(packed.find("refs/heads/a").unwrap().to_string(), format!("{:040x}", 3));
        assert_eq!(packed.top_names(), [&b"heads"[..], b"tags"]);
        assert!(Packed::new(Vec::new()).top_names().is_empty());
    }

    #[test]
    fn the_first_parts_of_names() {
        let names =
            ["refs/heads/a", "refs/heads/b/c", "refs/heads-of/x", "refs/stash", "refs/stash-x/y", "refs/tags/v1"];
        let mut names = names.map(str::to_owned).to_vec();
        names.sort();
        let packed = Packed::new(text(&names, |i| i == 1));
        assert_eq!(packed.top_names(), [&b"heads-of"[..], b"heads", b"stash", b"stash-x", b"tags"]);
    }
}
