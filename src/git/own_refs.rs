//! The tool's own refs, read without libgit2: there can be ten thousands of them, and it takes several calls for each.

use super::refs::{MAX_PACKED, Ref};
use super::repo::Repo;
use crate::host::fs;
use crate::model::{ObjectId, RepoPath};
use crate::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// More than a file of one ref holds.
const MAX_LOOSE: u64 = 64;

impl Repo {
    /// The refs below `dir`, sorted by name.
    pub(super) fn own_references(&self, dir: &str) -> Result<Vec<Ref>> {
        let mut found = BTreeMap::new();
        // Files before packed refs, as git reads them: `git pack-refs` may move one from here to there meanwhile.
        read_loose(&self.common_dir().join(dir), dir.as_bytes(), &mut found)?;
        let packed = fs::read_capped(&self.common_dir().join("packed-refs"), MAX_PACKED)?.unwrap_or_default();
        for line in packed.split(|&b| b == b'\n') {
            let Some(name) = line.get(41..).filter(|name| name.starts_with(dir.as_bytes())) else { continue };
            if let Some(id) = line.get(..40).and_then(ObjectId::from_hex).filter(|_| name.get(dir.len()) == Some(&b'/'))
            {
                found.entry(RepoPath::new(name)).or_insert(Some(id));
            }
        }
        Ok(found.into_iter().filter_map(|(name, id)| Some(Ref { name, id: id? })).collect())
    }
}

/// Refs that are files. What is no plain ref (a symbolic one, a damaged one, no file at all) is `None`: as in git, it
/// hides a packed one.
fn read_loose(dir: &Path, name: &[u8], found: &mut BTreeMap<RepoPath, Option<ObjectId>>) -> Result<()> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(e) => return Err(Error::io("cannot list the refs", &e)),
    };
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("cannot list the refs", &e))?;
        let full = RepoPath::join(name, entry.file_name().as_bytes());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            read_loose(&entry.path(), full.as_bytes(), found)?;
        } else if !full.as_bytes().ends_with(b".lock") {
            let id = match fs::read_capped(&entry.path(), MAX_LOOSE) {
                // Deleted or packed this moment.
                Ok(None) => continue,
                Ok(Some(text)) => text.get(..40).and_then(ObjectId::from_hex),
                // A pipe, a device, a link to one, or far too long.
                Err(e) if e.kind() == Kind::Refused => None,
                Err(e) => return Err(e.context("cannot read a ref")),
            };
            found.insert(full, id);
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;

    const DIR: &str = "refs/rollback/points";

    fn names(repo: &TestRepo) -> Vec<(String, String)> {
        let found = Repo::open_at(repo.root()).unwrap().own_references(DIR).unwrap();
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
