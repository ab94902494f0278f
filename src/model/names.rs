//! Which paths may be touched at all.

use crate::{Error, Result};

/// Refuses paths that could leave the worktree or reach git's own directory on any file system.
///
/// That is: empty, `.` and `..` components, NUL, and every spelling that some file system takes for `.git` (other case,
/// the short name `git~1`, dots or spaces at the end, alternate streams, code points that HFS+ ignores).
pub fn check_path(path: &[u8]) -> Result<()> {
    let refuse = |why: &str| {
        let shown = String::from_utf8_lossy(path).into_owned();
        Err(Error::refused(format!("the path {shown:?} is not safe to touch")).because(why))
    };
    if path.contains(&0) {
        return refuse("it contains a NUL byte");
    }
    for component in path.split(|&b| b == b'/') {
        match component {
            b"" => return refuse("it has an empty component"),
            b"." | b".." => return refuse("it has a component that is only dots"),
            _ if is_dot_git(component) => return refuse("it names git's own directory"),
            _ => {}
        }
    }
    Ok(())
}

/// [`check_path`] for many paths: what one shares with the path before it is not looked at again.
pub fn check_paths<'a>(paths: impl Iterator<Item = &'a [u8]>) -> Result<()> {
    let mut before: &[u8] = b"";
    for path in paths {
        let shared = path.iter().zip(before).take_while(|(a, b)| a == b).count();
        let dirs = path[..shared].iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        check_path(&path[dirs..]).or_else(|_| check_path(path))?;
        before = path;
    }
    Ok(())
}

/// [`check_path`] for the files of a nested repository, where components may be called `.git`.
pub fn check_nested_path(path: &[u8]) -> Result<()> {
    let plain = |part: &[u8]| !matches!(part, b"" | b"." | b"..") && !part.contains(&0);
    if path.split(|&b| b == b'/').all(plain) {
        return Ok(());
    }
    Err(Error::refused(format!("the path {:?} is not safe to touch", String::from_utf8_lossy(path))))
}

/// Whether some file system takes this name for `.git`.
fn is_dot_git(name: &[u8]) -> bool {
    // Most names begin otherwise.
    let may_be = matches!(name.first(), Some(b'.' | b'g' | b'G' | 0x80..));
    may_be && (is_ntfs_dot_git(name) || is_hfs_dot_git(name))
}

fn is_ntfs_dot_git(name: &[u8]) -> bool {
    let starts = |with: &[u8]| name.len() >= with.len() && name[..with.len()].eq_ignore_ascii_case(with);
    let rest = match name {
        _ if starts(b".git") => &name[4..],
        _ if starts(b"git~1") => &name[5..],
        _ => return false,
    };
    // Dots and spaces at the end do not count on Windows; a colon starts a stream name, a backslash the next component.
    let end = rest.iter().position(|&b| b != b'.' && b != b' ');
    end.is_none_or(|at| matches!(rest[at], b':' | b'\\'))
}

fn is_hfs_dot_git(name: &[u8]) -> bool {
    if name.is_ascii() || name.len() > 255 {
        return false;
    }
    let Ok(text) = std::str::from_utf8(name) else { return false };
    let ignored = |c: &char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let seen = text.chars().filter(|c| !ignored(c)).flat_map(char::to_lowercase);
    seen.eq(".git".chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_could_reach_git_or_leave_the_worktree() {
        for path in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/../b",
            "./a",
            ".git",
            ".GIT/config",
            "a/.Git",
            "git~1",
            "GIT~1/x",
            ".git ",
            ".git...",
            ".git . .",
            ".git::$INDEX_ALLOCATION",
            ".git:x",
            ".git\\config",
            "git~1 .\\x",
            ".g\u{200c}it",
            "\u{feff}.GIT",
            ".git\u{206f}/hooks",
            "a\0b",
        ] {
            let error = check_path(path.as_bytes()).expect_err(path);
            assert_eq!(error.kind(), crate::Kind::Refused, "{path}");
        }
    }

    #[test]
    fn many_paths_are_each_looked_at() {
        let check = |paths: &[&str]| check_paths(paths.iter().map(|path| path.as_bytes()));
        check(&["a/b", "a/b/c", "a/bc", "b", "b/.gitx"]).unwrap();
        for paths in [&["a/b", "a/b/.git"][..], &["a/b", "a/.."], &[".git"], &["a/.gi", "a/.git/x"], &["a", "a/"]] {
            assert!(check(paths).is_err(), "{paths:?}");
        }
    }

    #[test]
    fn leaves_ordinary_names_alone() {
        for path in [
            ".gitignore",
            ".github/x",
            "a/.gitmodules",
            "git",
            "git~2",
            "...",
            "a\\b",
            ".git-x",
            "x.git",
            "日本/ü",
            " ",
        ] {
            check_path(path.as_bytes()).unwrap();
        }
        check_path(b"\xff\xfe/.gi\xfft").unwrap();
    }
}
