//! Many refs of the tool's own at once: packing them, because each single file costs an open and a read, and removing
//! them. Git's own locks are taken, so that git, other worktrees and this program keep each other out.

use super::error::GitContext;
use super::refs::{Loose, MAX_PACKED, list_loose, name_in_packed};
use super::repo::Repo;
use crate::host::fs;
use crate::host::gitlock::GitLock;
use crate::model::{ObjectId, RepoPath};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::io::Write;

/// The header that says what this module keeps true.
const HEADER: &[u8] = b"# pack-refs with: peeled fully-peeled sorted \n";

/// Lines of `packed-refs` by name; `None`: the ref shall not be in it.
type Lines = BTreeMap<RepoPath, Option<Vec<u8>>>;

impl Repo {
    /// Packs the refs below `dirs` when more than `at_most` names stand there. Only under our lock.
    ///
    /// Nothing is done while another command holds the lock of `packed-refs`: a later run comes back to it.
    ///
    /// # Errors
    /// When `packed-refs` cannot be written; every ref is then still where it was.
    pub fn pack_references(&self, dirs: &[&str], at_most: usize) -> Result<()> {
        let count = |dir: &&str| std::fs::read_dir(self.common_dir().join(dir)).map_or(0, Iterator::count);
        if dirs.iter().map(count).sum::<usize>() <= at_most {
            return Ok(());
        }
        let Some(lock) = GitLock::try_take(&self.private_packed(), &self.packed_path())? else { return Ok(()) };
        let old = fs::read_capped(&self.packed_path(), MAX_PACKED)?.unwrap_or_else(|| HEADER.to_vec());
        if !old.starts_with(HEADER) {
            // An old git wrote it: a new one puts it right when it packs.
            return lock.release();
        }
        let mut found = Vec::new();
        for dir in dirs {
            let dir = dir.trim_end_matches('/');
            list_loose(&self.common_dir().join(dir), dir.as_bytes(), &mut found)?;
        }
        // What is no plain ref, or leads to nothing that can be read, stays as it is.
        let plain: Vec<(RepoPath, ObjectId)> = found.into_iter().filter_map(|(name, id)| Some((name, id?))).collect();
        let lines: Lines =
            plain.iter().filter_map(|(name, id)| Some((name.clone(), Some(self.line(name, *id)?)))).collect();
        lock.publish(|out| merge(&old, &lines, out))?;
        plain.iter().filter(|(name, _)| lines.contains_key(name)).try_for_each(|(name, id)| self.drop_loose(name, *id))
    }

    /// Removes refs, each of which must point to what is given. One that moved meanwhile stays.
    ///
    /// # Errors
    /// Busy while another command holds the lock of `packed-refs`.
    pub fn remove_references(&self, refs: &[(String, ObjectId)]) -> Result<()> {
        let mut gone = Vec::new();
        for (name, id) in refs {
            if self.reference(name)? == Some(*id) {
                gone.push((RepoPath::new(name.as_str()), *id));
            }
        }
        let packed = self.packed_refs()?;
        let lines: Lines =
            gone.iter().filter(|(name, _)| packed.holds(name)).map(|(name, _)| (name.clone(), None)).collect();
        if !lines.is_empty() {
            let lock = GitLock::take(&self.private_packed(), &self.packed_path())?;
            let old = fs::read_capped(&self.packed_path(), MAX_PACKED)?.unwrap_or_default();
            lock.publish(|out| merge(&old, &lines, out))?;
        }
        gone.iter().try_for_each(|(name, id)| self.drop_loose(name, *id))
    }

    /// The lines of a ref in `packed-refs`; `None`: what it points to cannot be read.
    fn line(&self, name: &RepoPath, id: ObjectId) -> Option<Vec<u8>> {
        let name = std::str::from_utf8(name.as_bytes()).ok()?;
        let mut line = format!("{id} {name}\n");
        if self.tag(id).ok()?.is_some() {
            let object = self.git.find_object(id.into(), None).context("cannot read a tag").ok()?;
            line.push_str(&format!("^{}\n", object.peel(git2::ObjectType::Any).ok()?.id()));
        }
        Some(line.into_bytes())
    }

    /// Removes the file of a ref, unless it points elsewhere by now.
    fn drop_loose(&self, name: &RepoPath, id: ObjectId) -> Result<()> {
        let Ok(name) = std::str::from_utf8(name.as_bytes()) else { return Ok(()) };
        let path = self.ref_path(name)?;
        if Loose::read(&path)? != Loose::Plain(id) {
            return Ok(());
        }
        let Some(lock) = GitLock::try_take(&self.private_name(name), &path)? else { return Ok(()) };
        if Loose::read(&path)? == Loose::Plain(id) {
            fs::remove_file_if_exists(&path)?;
        }
        lock.release()?;
        // Only when there is nothing in them: that is all this call does.
        let dirs = path.ancestors().skip(1).take_while(|dir| dir.parent().is_some_and(|up| !up.ends_with("rollback")));
        dirs.take_while(|dir| std::fs::remove_dir(dir).is_ok()).for_each(drop);
        Ok(())
    }
}

/// Writes `old` with these lines in the place of what it has for their names, sorted.
fn merge(old: &[u8], lines: &Lines, out: &mut dyn Write) -> Result<()> {
    let mut write = |bytes: &[u8]| out.write_all(bytes).map_err(|e| Error::io("cannot write packed-refs", &e));
    let mut new = lines.iter().peekable();
    let mut skip = false;
    for line in old.split_inclusive(|&b| b == b'\n') {
        // A line without a name is the header, or the peeled value of the ref before it.
        if let Some(name) = name_in_packed(line) {
            while let Some((_, line)) = new.next_if(|(new, _)| new.as_bytes() < name) {
                line.as_ref().map_or(Ok(()), |line| write(line))?;
            }
            skip = lines.contains_key(&RepoPath::new(name));
        }
        if !skip {
            write(line)?;
        }
    }
    new.filter_map(|(_, line)| line.as_ref()).try_for_each(|line| write(line))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;

    const DIR: &str = "refs/rollback/points/";

    fn listed(repo: &TestRepo) -> String {
        String::from_utf8(repo.git(&["for-each-ref", "--format=%(objectname) %(*objectname) %(refname)"])).unwrap()
    }

    fn packed(repo: &TestRepo) -> String {
        std::fs::read_to_string(repo.root().join(".git/packed-refs")).unwrap()
    }

    /// Commits, tags, tags of tags, with others packed before.
    fn many() -> TestRepo {
        let repo = TestRepo::new();
        repo.git(&["commit", "-q", "--allow-empty", "-m", "1"]);
        repo.git(&["tag", "-a", "-m", "t", "v1"]);
        repo.git(&["tag", "-a", "-m", "t", "v2", "v1"]);
        repo.git(&["update-ref", &format!("{DIR}b/old"), "v1"]);
        repo.git(&["pack-refs", "--all"]);
        repo.git(&["commit", "-q", "--allow-empty", "-m", "2"]);
        for (name, to) in [("a/x", "v1"), ("b/old", "HEAD"), ("b/y", "v2"), ("c", "HEAD"), ("zz/deep/er", "v2")] {
            repo.git(&["update-ref", &format!("{DIR}{name}"), to]);
        }
        repo
    }

    #[test]
    fn packing_writes_what_git_would() {
        let repo = many();
        let opened = Repo::open_at(repo.root()).unwrap();
        std::fs::create_dir_all(opened.area()).unwrap();
        let before = listed(&repo);
        opened.pack_references(&[DIR], 3).unwrap();
        assert_eq!(listed(&repo), before);
        let left: Vec<_> = std::fs::read_dir(repo.root().join(".git").join(DIR)).unwrap().flatten().collect();
        assert!(left.is_empty(), "{left:?} stayed");
        let ours = packed(&repo);
        repo.git(&["update-ref", &format!("{DIR}one-more"), "HEAD"]);
        opened.pack_references(&[DIR], 1).unwrap();
        assert_eq!(packed(&repo), ours, "one ref was packed although few are files");
        repo.git(&["update-ref", "-d", &format!("{DIR}one-more")]);
        repo.git(&["pack-refs", "--all"]);
        let others =
            |text: &str| text.lines().filter(|line| !line.contains("refs/heads/main")).collect::<Vec<_>>().join("\n");
        assert_eq!(others(&packed(&repo)), others(&ours));
        assert_eq!(opened.references(DIR).unwrap().len(), 5);
    }

    #[test]
    fn a_lock_of_gits_and_a_damaged_ref_are_left_alone() {
        let repo = many();
        let opened = Repo::open_at(repo.root()).unwrap();
        std::fs::create_dir_all(opened.area()).unwrap();
        let lock = repo.root().join(".git/packed-refs.lock");
        std::fs::write(&lock, "").unwrap();
        let before = (listed(&repo), packed(&repo));
        opened.pack_references(&[DIR], 0).unwrap();
        assert_eq!((listed(&repo), packed(&repo)), before);
        std::fs::remove_file(&lock).unwrap();
        let nothing = format!("{}\n", "12".repeat(20));
        let place = repo.root().join(".git").join(DIR).join("c");
        std::fs::write(&place, &nothing).unwrap();
        opened.pack_references(&[DIR], 0).unwrap();
        assert_eq!(std::fs::read_to_string(place).unwrap(), nothing);
        assert!(packed(&repo).contains("zz/deep/er"));
    }

    #[test]
    fn refs_that_did_not_move_are_removed() {
        let repo = many();
        let opened = Repo::open_at(repo.root()).unwrap();
        std::fs::create_dir_all(opened.area()).unwrap();
        let all: Vec<_> = opened.references(DIR).unwrap();
        let mut refs: Vec<_> = all.iter().map(|r| (r.utf8_name().unwrap().to_owned(), r.id)).collect();
        refs[3].1 = ObjectId::EMPTY_TREE;
        opened.remove_references(&refs).unwrap();
        let left = opened.references(DIR).unwrap();
        assert_eq!(left, all[3..4]);
        assert!(listed(&repo).contains("refs/tags/v2"));
        repo.git(&["fsck", "--strict"]);
    }
}
