//! Where file systems are mounted.

use std::path::{Path, PathBuf};

/// The mount points below `root`, relative to it; none where the system does not tell.
///
/// A directory with one of them inside must not be renamed: the mount would go along.
pub fn mount_points_below(root: &Path) -> Vec<PathBuf> {
    let table = if cfg!(any(target_os = "linux", target_os = "android")) {
        std::fs::read("/proc/self/mountinfo").unwrap_or_default()
    } else {
        Vec::new()
    };
    // The table has real paths.
    let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    below(&table, &root)
}

fn below(table: &[u8], root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = table
        .split(|&byte| byte == b'\n')
        .filter_map(|line| line.split(|&byte| byte == b' ').nth(4))
        .filter_map(|field| path_of(unescape(field)).strip_prefix(root).ok().map(Path::to_owned))
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Undoes `\040` and its like, by which the kernel writes space, tab, newline and backslash.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        let octal = |digits: &[u8]| {
            let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
            u8::from_str_radix(text, 8).ok()
        };
        match tail.get(..3).and_then(octal).filter(|_| first == b'\\') {
            Some(byte) => {
                out.push(byte);
                rest = &tail[3..];
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    out
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_prefixes() {
        let table = b"36 35 98:0 / /home/u/repo rw - ext4 /dev/sda rw\n\
            37 36 0:4 /x /home/u/repo/a\\040b\\134c rw - tmpfs none rw\n\
            38 36 0:4 / /home/u/repository rw - tmpfs none rw\n\
            39 36 0:4 / /home/u/repo/\\9z/n rw - tmpfs none rw\nshort line\n";
        let found = below(table, Path::new("/home/u/repo"));
        assert_eq!(found, [Path::new("\\9z/n"), Path::new("a b\\c")]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_real_table_is_read() {
        assert!(mount_points_below(Path::new("/")).iter().any(|path| path == Path::new("proc")));
    }
}
