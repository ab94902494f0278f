//! Repositories that are the same each time they are made.

use super::run::{Cmd, command, must};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Stdio;

/// Files in one directory.
const LEAF: usize = 100;

/// Where file `i` is.
pub(crate) fn path(i: usize) -> String {
    let leaf = i / LEAF;
    format!("d{:03}/s{:02}/file{:02}.txt", leaf / 100, leaf % 100, i % LEAF)
}

/// Whether the commit `many` has other bytes in file `i`.
fn in_many(i: usize) -> bool {
    i.is_multiple_of(25)
}

/// Text that depends on nothing but the number.
pub(crate) fn text(seed: usize) -> Vec<u8> {
    let mut state = seed as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let lines = 4 + next() % 40;
    let mut out = Vec::new();
    for line in 0..lines {
        writeln!(out, "line {line} of {seed}: {:016x} {:x}", next(), next() % 4096).unwrap();
    }
    out
}

/// Bytes that do not shrink.
pub(crate) fn noise(count: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..count).map(|_| next()).collect()
}

/// Makes a repository of `files` files in `top`: tag `baseline`, above it the branch `main`, and above that the tags
/// `few` (10 files differ), `many` (4 % differ, some are added or gone) and `most` (30 % differ).
pub(crate) fn make(top: &Path, files: usize) {
    std::fs::create_dir_all(top).unwrap();
    must(top, &Cmd::git("init -q -b main ."));
    for setting in ["gc.auto 0", "maintenance.auto false", "advice.detachedHead false"] {
        must(top, &Cmd::git(&format!("config {setting}")));
    }
    let mut child = command(top, &Cmd::git("fast-import --quiet")).stdin(Stdio::piped()).spawn().unwrap();
    let mut stream = Stream { out: BufWriter::new(child.stdin.take().unwrap()), commits: 0 };
    let all = (0..files).map(|i| (path(i), Some(text(i))));
    let all = all.chain([(".gitignore".to_owned(), Some(b"node_modules/\n".to_vec()))]);
    stream.commit("refs/heads/main", None, all.chain((0..PICKS).step_by(5).map(|n| both(n, "", ""))));
    stream.tag("baseline", 1);
    let every = |count: usize| (0..files).step_by((files / count).max(1));
    let changed = every(100).map(|i| (path(i), Some(text(i + 1_000_000_000))));
    stream.commit("refs/heads/main", None, changed.chain((0..PICKS).step_by(5).map(|n| both(n, " on main", ""))));
    let few = every(10).map(|i| (path(i), Some(text(i + 2_000_000_000))));
    stream.commit("refs/tags/few", Some(2), few);
    picks(&mut stream, files);
    let many = (0..files).filter(|i| in_many(*i)).map(|i| (path(i), Some(text(i + 3_000_000_000))));
    let gone = (0..files).filter(|i| i % 500 == 1).map(|i| (path(i), None));
    let added = (0..files).filter(|i| i % 500 == 2).map(|i| (format!("{}.added", path(i)), Some(text(i))));
    stream.commit("refs/tags/many", Some(2), many.chain(gone).chain(added));
    let most = (0..files).filter(|i| i % 10 < 3).map(|i| (path(i), Some(text(i + 4_000_000_000))));
    stream.commit("refs/tags/most", Some(2), most);
    stream.out.flush().unwrap();
    drop(stream);
    assert!(child.wait().unwrap().success(), "git fast-import failed");
    must(top, &Cmd::git("reset -q --hard main"));
    must(top, &Cmd::git("pack-refs --all"));
}

/// A commit on `main` after which line ends of all files are converted.
pub(crate) fn convert(top: &Path) {
    let mut rules = std::fs::File::options().create(true).append(true).open(top.join(".gitattributes")).unwrap();
    rules.write_all(b"* text=auto\n").unwrap();
    must(top, &Cmd::git("add .gitattributes"));
    must(top, &Cmd::git("commit -q -m text"));
}

/// Adds lines of a hundred commits each, and removes every fourth of their branches.
pub(crate) fn lengthen(top: &Path, commits: usize) {
    let mut child = command(top, &Cmd::git("fast-import --quiet")).stdin(Stdio::piped()).spawn().unwrap();
    let mut stream = Stream { out: BufWriter::new(child.stdin.take().unwrap()), commits: 0 };
    for i in 0..commits {
        let (line, file) = (i / 100, format!("line/{}/{}", i % 10, i % 100));
        stream.commit(&format!("refs/heads/line-{line}"), None, std::iter::once((file, Some(text(7_000_000_000 + i)))));
    }
    stream.out.flush().unwrap();
    drop(stream);
    assert!(child.wait().unwrap().success(), "git fast-import failed");
    let lost: Vec<String> = (0..commits.div_ceil(100)).step_by(4).map(|line| format!("line-{line}")).collect();
    must(top, &Cmd::git("branch -q -D").and(lost));
    must(top, &Cmd::git("pack-refs --all"));
}

/// Commits of the branch `picks`, which begins at the baseline.
const PICKS: usize = 50;

/// Each changes three files that nobody else does and makes one; every fifth also changes the end of a file whose
/// beginning `main` has changed.
fn picks(stream: &mut Stream<impl Write>, files: usize) {
    let step = (files / 100).max(2);
    for n in 0..PICKS {
        let at = |i: usize| ((n * 7 + i * 31) * step + 1) % files;
        let mut changes: Vec<_> = (0..3).map(|i| (path(at(i)), Some(text(at(i) + (n + 5_000) * 1_000_000)))).collect();
        if n % 5 == 0 {
            changes.push(both(n, "", " and here"));
        }
        changes.push((format!("picks/{n}.txt"), Some(text(n))));
        stream.commit("refs/heads/picks", Some(1).filter(|_| n == 0), changes.into_iter());
    }
}

fn both(n: usize, first: &str, last: &str) -> (String, Option<Vec<u8>>) {
    let middle: String = (0..30).map(|line| format!("line {line} of {n}\n")).collect();
    (format!("both/{n}.txt"), Some(format!("first{first}\n{middle}last{last}\n").into_bytes()))
}

/// Clones a real repository; its tags `few` and `many` are 1 and 200 commits back on the first parents' line.
pub(crate) fn clone(top: &Path, from: &Path) {
    std::fs::create_dir_all(top.parent().unwrap()).unwrap();
    let args = [from, top].map(|path| path.to_string_lossy().into_owned());
    must(top.parent().unwrap(), &Cmd::git("clone -q --no-hardlinks").and(args));
    for setting in ["gc.auto 0", "maintenance.auto false", "advice.detachedHead false"] {
        must(top, &Cmd::git(&format!("config {setting}")));
    }
    must(top, &Cmd::git("checkout -q -B main HEAD"));
    for (tag, back) in [("few", 1), ("many", 200), ("most", 1000), ("baseline", 1)] {
        must(top, &Cmd::git(&format!("tag -f {tag} main~{back}")));
    }
}

/// What `git fast-import` reads.
struct Stream<W: Write> {
    out: W,
    commits: usize,
}

impl<W: Write> Stream<W> {
    /// A commit with these files written or (`None`) removed.
    fn commit(&mut self, reference: &str, from: Option<usize>, files: impl Iterator<Item = (String, Option<Vec<u8>>)>) {
        self.commits += 1;
        let time = 1_700_000_000 + self.commits;
        writeln!(self.out, "commit {reference}\nmark :{}", self.commits).unwrap();
        writeln!(self.out, "committer Bench <bench@example.org> {time} +0000\ndata 5\nstate").unwrap();
        if let Some(from) = from {
            writeln!(self.out, "from :{from}").unwrap();
        }
        for (path, bytes) in files {
            match bytes {
                None => writeln!(self.out, "D {path}").unwrap(),
                Some(bytes) => {
                    writeln!(self.out, "M 100644 inline {path}\ndata {}", bytes.len()).unwrap();
                    self.out.write_all(&bytes).unwrap();
                    writeln!(self.out).unwrap();
                }
            }
        }
        writeln!(self.out).unwrap();
    }

    fn tag(&mut self, name: &str, commit: usize) {
        writeln!(self.out, "tag {name}\nfrom :{commit}").unwrap();
        writeln!(self.out, "tagger Bench <bench@example.org> 1700000000 +0000\ndata 4\ngood").unwrap();
    }
}
