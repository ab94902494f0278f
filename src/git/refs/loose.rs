//! Refs that are files, read without libgit2: there can be ten thousands of them, and it takes several calls for each.

use crate::host::fs;
use crate::model::{ObjectId, RepoPath};
use crate::{Error, Kind, Result};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// More than a file of one ref holds.
const MAX_LOOSE: u64 = 4096;

/// What stands at the place of a ref.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::git) enum Loose {
    /// No file: it may be packed.
    None,
    /// A plain ref.
    Plain(ObjectId),
    /// A symbolic ref, with the name it leads to.
    Symbolic(String),
    /// Something else: damaged, not a file, far too long.
    Other,
}

impl Loose {
    /// Reads the file of a ref.
    pub(in crate::git) fn read(path: &Path) -> Result<Loose> {
        let text = match fs::read_capped(path, MAX_LOOSE) {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(Loose::None),
            // An empty directory may be left where refs were, and a ref may stand where a directory would be.
            Err(_) if path.is_dir() || path.parent().is_some_and(Path::is_file) => return Ok(Loose::None),
            Err(e) if e.kind() == Kind::Refused => return Ok(Loose::Other),
            Err(e) => return Err(e.context("cannot read a ref")),
        };
        if let Some(target) = text.strip_prefix(b"ref:").and_then(|target| std::str::from_utf8(target).ok()) {
            return Ok(Loose::Symbolic(target.trim().to_owned()));
        }
        let (id, rest) = text.split_at(text.len().min(40));
        let id = ObjectId::from_hex(id).filter(|_| rest.first().is_none_or(u8::is_ascii_whitespace));
        Ok(id.map_or(Loose::Other, Loose::Plain))
    }
}

/// The refs below `dir`, whose names begin with `name`, in no order. What is no plain ref is `None`: as in git, it
/// hides a packed one.
pub(in crate::git) fn list(dir: &Path, name: &[u8], found: &mut Vec<(RepoPath, Option<ObjectId>)>) -> Result<()> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(e) => return Err(Error::io("cannot list the refs", &e)),
    };
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("cannot list the refs", &e))?;
        let full = RepoPath::join(name, entry.file_name().as_bytes());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            list(&entry.path(), full.as_bytes(), found)?;
        } else if !full.as_bytes().ends_with(b".lock") {
            match Loose::read(&entry.path())? {
                // Deleted or packed this moment.
                Loose::None => {}
                Loose::Plain(id) => found.push((full, Some(id))),
                Loose::Symbolic(_) | Loose::Other => found.push((full, None)),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
mod tests {
    use super::super::Ref;
    use crate::git::Repo;
    use crate::git::testing::TestRepo;

    const DIR: &str = "refs/rollback/points";

    fn names(repo: &TestRepo) -> Vec<(String, String)> {
        let found = Repo::open_at(repo.root()).unwrap().references(&format!("{DIR}/*")).unwrap();
        let text = |r: &Ref| r.utf8_name().unwrap().strip_prefix(DIR).unwrap()[1..].to_owned();
        found.iter().map(|r| (text(r), r.id.to_string())).collect()
    }

    #[test]
    fn what_is_a_file_hides_what_is_packed() {
        let repo = TestRepo::new();
        repo.git(&["commit", "-q", "--allow-empty", "-m", "1"]);
        let old = String::from_utf8(repo.git(&["rev-parse", "HEAD"])).unwrap().trim().to_owned();
        for name in ["a/moved", "a/symbolic", "a/damaged", "a/long", "a/pipe", "a/link", "b", "c.lock-not"] {
            repo.git(&["update-ref", &format!("{DIR}/{name}"), &old]);
        }
        // Beside the directory, not in it.
        repo.git(&["update-ref", "refs/rollback/points-of-others/x", &old]);
        repo.git(&["pack-refs", "--all"]);
        repo.git(&["commit", "-q", "--allow-empty", "-m", "2"]);
        let new = String::from_utf8(repo.git(&["rev-parse", "HEAD"])).unwrap().trim().to_owned();
        repo.git(&["update-ref", &format!("{DIR}/a/moved"), &new]);
        repo.git(&["update-ref", &format!("{DIR}/a/fresh"), &new]);
        let at = |name: &str| repo.root().join(".git").join(DIR).join(name);
        std::fs::write(at("a/symbolic"), "ref: refs/heads/main\n").unwrap();
        std::fs::write(at("a/damaged"), "1234\n").unwrap();
        std::fs::write(at("a/long"), format!("{new}\n").repeat(1000)).unwrap();
        std::fs::write(at("a/open.lock"), format!("{new}\n")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("a/link")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("a/pipe")).status().unwrap().success());
        let wanted = [("a/fresh", &new), ("a/moved", &new), ("b", &old), ("c.lock-not", &old)];
        assert_eq!(names(&repo), wanted.map(|(name, id)| (name.to_owned(), id.clone())));
    }

    #[test]
    fn no_refs_at_all() {
        assert!(names(&TestRepo::new()).is_empty());
    }
}
