//! The commit of a release, made in memory from any commit: its version files say the version, its changelog has an entry.
//!
//! Everything is checked before the first object is made: all places of the version are found and agree, and the changed
//! files are read again. The worktree is neither read nor written.

use crate::Result;
use crate::git::{MODE_FILE, ObjectKind, ObjectSink, Repo, TreeEntry, Trees, commit_bytes};
use crate::model::{ObjectId, RepoPath, Who};
use crate::release::{Changelog, CommitTree, Entry, Package, Tree, Version, bump, changelog_in};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// More lines than this are no entry that anybody reads.
const MOST_CHANGES: usize = 100;

/// What a release commit is made from.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The commit that it stands on.
    pub parent: ObjectId,
    /// Whose version it is.
    pub package: &'a Package,
    /// The version.
    pub version: &'a Version,
    /// What the changelog says about it, a sentence each; empty: it gets no entry.
    pub changes: Vec<String>,
    /// The message of the commit.
    pub message: String,
}

/// A release commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseCommit {
    /// The commit; where nothing had to be changed, the one that it would have stood on.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The files that are changed.
    pub files: Vec<String>,
    /// What a person should know, such as why the changelog has no entry.
    pub notes: Vec<String>,
}

/// Makes a release commit, signed where git's configuration says so; `scratch` is a directory for what that needs.
///
/// # Errors
/// Refused: version files that do not agree, or cannot say the version. Then no object was made.
pub fn release_commit(
    repo: &Repo,
    (sink, scratch): (&ObjectSink<'_>, &Path),
    who: &Who,
    wanted: Wanted<'_>,
) -> Result<ReleaseCommit> {
    let files = CommitTree::of(repo, wanted.parent)?;
    let mut edited = bumped(&files, wanted.package, wanted.version)?;
    if !wanted.changes.is_empty() {
        let entry = Entry { version: wanted.version.clone(), date: who.time, changes: wanted.changes };
        edited.note(&files, wanted.package, &entry)?;
    }
    let base = repo.commit(wanted.parent)?.tree;
    let Edited { files, notes } = edited;
    let names = files.keys().cloned().collect();
    if files.is_empty() {
        let bytes = repo.commit_object(wanted.parent)?;
        return Ok(ReleaseCommit { id: wanted.parent, tree: base, bytes, files: names, notes });
    }
    let tree = write(&repo.trees()?, sink, base, files)?;
    let plain = commit_bytes(tree, &[wanted.parent], who, &wanted.message).into_bytes();
    let (id, bytes) = repo.add_commit(sink, scratch, plain)?;
    Ok(ReleaseCommit { id, tree, bytes, files: names, notes })
}

/// Files with other bytes, and what a person should know of them.
#[derive(Clone, Debug, Default)]
pub struct Edited {
    /// The new bytes by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// The version files of a package with another version in them.
///
/// # Errors
/// Refused: they do not agree, or cannot say the version.
pub fn bumped(tree: &dyn Tree, package: &Package, version: &Version) -> Result<Edited> {
    let edits = bump(tree, package, version)?;
    Ok(Edited { files: edits.into_iter().map(|edit| (edit.path, edit.after)).collect(), notes: Vec::new() })
}

impl Edited {
    /// Adds an entry to the changelog of a package. One that cannot be understood stays as it is, which is noted.
    ///
    /// # Errors
    /// A fault when it cannot be read.
    pub fn note(&mut self, tree: &dyn Tree, package: &Package, entry: &Entry) -> Result<()> {
        let paths = tree.paths();
        let Some(path) = changelog_in(&paths, &package.path) else { return Ok(()) };
        let bytes = match self.files.get(path) {
            Some(bytes) => bytes.clone(),
            None => tree.read(path)?.unwrap_or_default(),
        };
        let log = Changelog::read(&bytes);
        if log.as_ref().is_ok_and(|log| log.entry(&entry.version).is_some()) {
            // Somebody wrote it already.
            return Ok(());
        }
        match log.and_then(|log| log.with(entry)) {
            Ok(bytes) => drop(self.files.insert(path.to_owned(), bytes)),
            Err(error) => self.notes.push(format!("{path} gets no entry: {}", error.message())),
        }
        Ok(())
    }
}

/// The tree that has these files in place of its own; what they are (executable or not) stays.
///
/// # Errors
/// A fault when a tree cannot be read.
pub fn write(
    trees: &Trees<'_>,
    sink: &ObjectSink<'_>,
    base: ObjectId,
    files: BTreeMap<String, Vec<u8>>,
) -> Result<ObjectId> {
    let mut changes = BTreeMap::new();
    for (path, bytes) in files {
        let path = RepoPath::from(path.as_str());
        let mode = trees.find(base, path.as_bytes())?.map_or(MODE_FILE, |entry| entry.mode);
        let id = sink.add(ObjectKind::Blob, &bytes)?;
        changes.insert(path, Some(TreeEntry { mode, id }));
    }
    trees.edit(base, &changes, sink)
}

/// What an entry says: the message of a person, then the subjects of the commits from `base` to `tip`.
///
/// # Errors
/// A fault when the history cannot be walked.
pub fn changes_since(repo: &Repo, base: ObjectId, tip: ObjectId, message: Option<&str>) -> Result<Vec<String>> {
    let mut out: Vec<String> = Vec::new();
    let mut known = BTreeSet::new();
    let mut add = |text: &str| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() && known.insert(text.to_lowercase()) {
            out.push(text);
        }
    };
    message.unwrap_or_default().lines().for_each(&mut add);
    for id in repo.beyond(tip, base, None)? {
        let commit = repo.raw_commit(id)?;
        let subject = crate::model::readable(commit.message.split(|b| *b == b'\n').next().unwrap_or_default());
        // What is merged in says itself what it is; `fixup!` belongs to a commit that is listed.
        let passing = ["fixup!", "squash!", "amend!"].iter().any(|word| subject.starts_with(word));
        if commit.parents.len() < 2 && !passing {
            add(&subject);
        }
    }
    if out.len() > MOST_CHANGES {
        let more = out.len() - MOST_CHANGES;
        out.truncate(MOST_CHANGES);
        out.push(format!("and {more} more changes"));
    }
    Ok(out)
}

/// The version that the files of a commit say; `None`: they say none.
///
/// # Errors
/// Refused: they do not agree.
pub fn version_in(repo: &Repo, package: &Package, commit: ObjectId) -> Result<Option<Version>> {
    Ok(crate::release::VersionFiles::of(&CommitTree::of(repo, commit)?, package)?.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;
    use crate::model::Time;

    fn who() -> Who {
        let time = Time { seconds: 1_768_064_400, offset_minutes: 60 };
        Who { name: "T".to_owned(), email: "t@example.com".to_owned(), time }
    }

    fn made(test: &TestRepo, version: &str, base: &str) -> Result<(Repo, ReleaseCommit)> {
        let repo = Repo::open_at(test.root()).unwrap();
        let id = |rev: &str| repo.resolve(rev).unwrap().unwrap();
        let (tip, base) = (id("HEAD"), id(base));
        let sink = ObjectSink::new(&repo, repo.area());
        crate::host::fs::create_dir_all_private(&repo.area()).unwrap();
        let version = Version::parse(version).unwrap();
        let changes = changes_since(&repo, base, tip, Some("A fix"))?;
        let package = Package::default();
        let message = format!("Release {version}");
        let wanted = Wanted { parent: tip, package: &package, version: &version, changes, message };
        let made = release_commit(&repo, (&sink, &repo.area()), &who(), wanted)?;
        sink.publish().unwrap().release().unwrap();
        Ok((repo, made))
    }

    #[test]
    fn only_the_version_and_the_changelog_change_and_the_worktree_does_not_matter() {
        let test = TestRepo::new();
        test.write("package.json", "{ \"version\": \"1.0.0\" }\r\n");
        test.write("CHANGELOG.md", "# Changes\n\n## 1.0.0 - 2025-01-01\n\n- first\n");
        test.commit_all();
        test.git(&["commit", "-q", "--allow-empty", "-m", "fix: a  thing"]);
        test.git(&["commit", "-q", "--allow-empty", "-m", "fixup! fix: a  thing"]);
        test.git(&["commit", "-q", "--allow-empty", "-m", "a FIX"]);
        test.write("package.json", "not committed, and not even JSON");
        let (_, made) = made(&test, "1.0.1", "HEAD~3").unwrap();
        assert_eq!(made.files, ["CHANGELOG.md", "package.json"]);
        let show = |what: &str| String::from_utf8(test.git(&["show", &format!("{}{what}", made.id)])).unwrap();
        assert_eq!(show(":package.json"), "{ \"version\": \"1.0.1\" }\r\n");
        assert_eq!(
            show(":CHANGELOG.md"),
            "# Changes\n\n## 1.0.1 - 2026-01-10\n\n- A fix\n- fix: a thing\n\n## 1.0.0 - 2025-01-01\n\n- first\n"
        );
        let head = test.git(&["rev-parse", "HEAD"]);
        assert_eq!(test.git(&["rev-parse", &format!("{}^", made.id)]), head);
        test.git(&["fsck", "--strict"]);
    }

    #[test]
    fn files_that_do_not_agree_are_listed_and_nothing_is_made() {
        let test = TestRepo::new();
        test.write("package.json", "{ \"version\": \"1.0.0\" }");
        test.write("VERSION", "1.0.2\n");
        test.commit_all();
        let before = test.git(&["count-objects", "-v"]);
        let error = made(&test, "1.0.1", "HEAD").unwrap_err();
        assert!(error.to_string().contains("do not agree"), "{error}");
        assert_eq!(test.git(&["count-objects", "-v"]), before);
    }

    #[test]
    fn without_version_files_it_is_the_commit_itself() {
        let test = TestRepo::new();
        test.write("a", "a");
        test.commit_all();
        let (repo, made) = made(&test, "1.0.1", "HEAD").unwrap();
        assert_eq!(Some(made.id), repo.resolve("HEAD").unwrap());
        assert!(made.files.is_empty());
    }

    #[test]
    fn a_changelog_that_is_not_understood_stays() {
        let test = TestRepo::new();
        test.write("VERSION", "1.0.0\n");
        test.write("CHANGELOG.md", "See the releases page.\n");
        test.commit_all();
        let (_, made) = made(&test, "1.0.1", "HEAD").unwrap();
        assert_eq!(made.files, ["VERSION"]);
        assert!(made.notes[0].starts_with("CHANGELOG.md gets no entry"), "{:?}", made.notes);
    }
}
