//! A repository that is put back before every run.

use super::run::{Cmd, ask, command, must};
use super::{points, repo};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Which repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    /// How many files.
    pub files: usize,
    /// How many points.
    pub points: usize,
    /// Whether their refs are packed.
    pub packed: bool,
    /// How many commits beside those that the rows go to, a quarter of them lost.
    pub commits: usize,
    /// Whether its `.gitattributes` says `* text=auto`.
    pub text_auto: bool,
}

impl Kind {
    /// So many files, and nothing else.
    pub(crate) fn of(files: usize) -> Kind {
        Kind { files, points: 0, packed: false, commits: 0, text_auto: false }
    }
}

/// What is changed in the worktree before a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dirt {
    /// Tracked files with a line more.
    pub changed: usize,
    /// Files that are not tracked.
    pub new: usize,
    /// Files in an ignored `node_modules`.
    pub ignored: usize,
    /// The size of one more new file, in MiB.
    pub huge: usize,
    /// Whether the objects of the changes are in the repository already.
    pub present: bool,
}

/// A repository, and copies of its git directory.
pub(crate) struct Lab {
    home: PathBuf,
    /// The worktree.
    pub top: PathBuf,
    real: bool,
    pub files: usize,
}

impl Lab {
    /// Makes the repository in `home`.
    pub(crate) fn make(home: PathBuf, kind: Kind, real: Option<&Path>) -> Lab {
        let top = home.join("work");
        match real {
            Some(from) => repo::clone(&top, from),
            None => repo::make(&top, kind.files),
        }
        if kind.commits > 0 {
            repo::lengthen(&top, kind.commits);
        }
        if kind.text_auto {
            repo::convert(&top);
        }
        points::make(&top, kind.points);
        if kind.packed {
            must(&top, &Cmd::git("pack-refs --all"));
        }
        let files = real.map_or(kind.files, |_| ask(&top, "ls-files").lines().count());
        let lab = Lab { home, top, real: real.is_some(), files };
        lab.save("pristine");
        lab
    }

    /// Where the runs' output goes.
    pub(crate) fn out(&self) -> PathBuf {
        self.home.join("out")
    }

    /// Puts everything back to the commit `main`, and makes it dirty.
    pub(crate) fn prepare(&self, dirt: Dirt) {
        self.restore("pristine");
        must(&self.top, &Cmd::git("checkout -q -f main"));
        must(&self.top, &Cmd::git("reset -q --hard main"));
        must(&self.top, &Cmd::git("clean -ffdxq"));
        // The files that were written anew have new stat data: nobody need look at them again. What was as young as the
        // index has no size in it until then.
        std::thread::sleep(Duration::from_millis(30));
        must(&self.top, &Cmd::git("update-index -q --refresh"));
        self.touch_index();
        self.save("pristine");
        self.make_dirty(dirt);
        self.touch_index();
        if dirt.present {
            let index = self.home.join("index");
            std::fs::copy(self.top.join(".git/index"), &index).unwrap();
            for args in ["add -A", "write-tree"] {
                let status = command(&self.top, &Cmd::git(args)).env("GIT_INDEX_FILE", &index).output().unwrap().status;
                assert!(status.success(), "git {args} failed");
            }
        }
        self.save("ready");
    }

    /// Removes what a run wrote into the git directory; the worktree is as it was.
    pub(crate) fn again(&self) {
        self.restore("ready");
    }

    fn make_dirty(&self, dirt: Dirt) {
        for path in self.some_paths(dirt.changed) {
            let path = self.top.join(path);
            let mut bytes = std::fs::read(&path).unwrap();
            bytes.extend_from_slice(b"one line more\n");
            std::fs::write(&path, bytes).unwrap();
        }
        for i in 0..dirt.new {
            let dir = self.top.join(format!("new/n{:02}", i % 50));
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join(format!("{i}.txt")), repo::text(5_000_000_000 + i)).unwrap();
        }
        if dirt.huge > 0 {
            let mut out = std::io::BufWriter::new(std::fs::File::create(self.top.join("huge")).unwrap());
            let text = repo::noise(1 << 20);
            for i in 0..dirt.huge {
                std::io::Write::write_all(&mut out, &text[i % 4096..]).unwrap();
                std::io::Write::write_all(&mut out, &text[..i % 4096]).unwrap();
            }
        }
        for i in 0..dirt.ignored {
            let dir = self.top.join(format!("node_modules/p{:03}/lib", i / 100));
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join(format!("{i}.js")), repo::text(6_000_000_000 + i)).unwrap();
        }
    }

    /// Paths of files that are both here and in the tag `many`, and differ; a real repository may have fewer.
    pub(crate) fn differing(&self, count: usize) -> Vec<String> {
        let found = ask(&self.top, "diff --no-renames --diff-filter=M --name-only main many");
        let paths: Vec<String> = found.lines().take(count).map(str::to_owned).collect();
        assert!(paths.len() == count || self.real, "not so many files differ in the tag `many`");
        paths
    }

    fn some_paths(&self, count: usize) -> Vec<String> {
        if count == 0 {
            return Vec::new();
        }
        if !self.real {
            return (3..self.files).step_by((self.files / count).max(1)).take(count).map(repo::path).collect();
        }
        let all = ask(&self.top, "ls-files");
        let usable = |path: &&str| self.top.join(path).symlink_metadata().is_ok_and(|meta| meta.is_file());
        let step = (all.lines().count() / count).max(1);
        all.lines().filter(usable).step_by(step).take(count).map(str::to_owned).collect()
    }

    /// No entry may be as young as the index itself: git would read such files again, and this program too. Git is mostly built to
    /// compare whole seconds, and nobody waits here for the next one.
    fn touch_index(&self) {
        std::thread::sleep(Duration::from_millis(30));
        let file = std::fs::File::options().append(true).open(self.top.join(".git/index")).unwrap();
        file.set_modified(std::time::SystemTime::now() + Duration::from_secs(1)).unwrap();
    }

    fn save(&self, name: &str) {
        let copy = self.home.join(name);
        drop(std::fs::remove_dir_all(&copy));
        copy_tree(&self.top.join(".git"), &copy, false);
    }

    fn restore(&self, name: &str) {
        let git = self.top.join(".git");
        std::fs::remove_dir_all(&git).unwrap();
        copy_tree(&self.home.join(name), &git, false);
        self.touch_index();
    }

    /// The state after a run, for comparing: HEAD, and what git says of index and worktree.
    pub(crate) fn state(&self, ignored: bool) -> String {
        let also = if ignored { "--ignored" } else { "" };
        let status = ask(&self.top, &format!("status --porcelain=v1 -uall {also}"));
        format!("{}\n{status}", ask(&self.top, "rev-parse HEAD"))
    }

    /// The commits on the branch `picked`, which `HEAD` is on, and what git says of index and worktree.
    pub(crate) fn picked(&self) -> String {
        let log = ask(&self.top, "log --format=%T%x20%ae%x20%at%x20%s main..picked");
        let head = ask(&self.top, "symbolic-ref HEAD");
        format!("{head}\n{log}\n{}", ask(&self.top, "status --porcelain=v1 -uall"))
    }

    /// The trees of a stash commit.
    pub(crate) fn stash_trees(&self, commit: &str, untracked: bool) -> String {
        let third = if untracked { format!("{commit}^3^{{tree}}") } else { String::new() };
        ask(&self.top, &format!("rev-parse {commit}^{{tree}} {commit}^2^{{tree}} {third}"))
    }

    /// The stash commit of the newest snapshot.
    pub(crate) fn snapshot(&self) -> String {
        let found =
            ask(&self.top, "for-each-ref --sort=-refname --count=1 --format=%(objectname) refs/rollback/snapshots");
        format!("{found}^1")
    }
}

/// Copies a directory; what is below `objects` never changes, and is linked.
fn copy_tree(from: &Path, to: &Path, link: bool) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, target) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy_tree(&entry.path(), &target, link || entry.file_name() == "objects");
        } else if kind.is_symlink() {
            symlink(std::fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else if link {
            std::fs::hard_link(entry.path(), target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
