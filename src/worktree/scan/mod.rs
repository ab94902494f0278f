//! One look at the whole worktree: every tracked file against the index, and everything else there is.

mod directory;
mod group;
mod pool;
#[cfg(test)]
mod tests;

use super::listing::Top;
use crate::git::ignore::Rules;
use crate::git::index::Index;
use crate::host::big_pages;
use crate::model::{PathSet, RepoPath, Stat};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// How much to find out about ignored files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IgnoredDetail {
    /// Nothing.
    #[default]
    None,
    /// The topmost ignored entries.
    TopLevel,
    /// The topmost ignored entries, and every file below them.
    Full,
}

/// What to look for, and how.
#[derive(Clone, Debug, Default)]
pub struct ScanOptions {
    /// The most threads to use; 0: as many as there are processors. Small worktrees take one.
    pub threads: usize,
    /// How much to find out about ignored files.
    pub ignored: IgnoredDetail,
    /// The process's umask, by which [`Scan::dirs`] are told from ordinary directories.
    pub umask: u32,
    /// The content of `.gitignore` files that are in the index but, being outside a sparse checkout,
    /// not on disk: git reads them from the index. See [`absent_ignore_files`].
    pub absent_ignores: BTreeMap<RepoPath, Vec<u8>>,
    /// Nothing else is looked at but the way there, with the `.gitignore` and `.gitattributes` on it; `None`: all is.
    pub only: Option<PathSet>,
}

impl ScanOptions {
    /// Whether to look at a path, or at what is below it.
    fn includes(&self, path: &[u8]) -> bool {
        self.only.as_ref().is_none_or(|only| only.reaches_below(path))
    }
}

/// A path that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where.
    pub path: RepoPath,
    /// What `lstat` said.
    pub stat: Stat,
}

/// What became of one index entry on disk. One for every entry is kept, so it is small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// The stat data proves that the file has the entry's content.
    Clean(Seen),
    /// A file or link stands there (its kind may differ); its content must be compared.
    Suspect(Box<Stat>),
    /// Nobody looked: it is not among what was asked for.
    Unseen,
    /// Nothing is there.
    Missing,
    /// Nothing is there, nor should be: the entry is marked skip-worktree.
    Absent,
    /// Something else stands there: a directory (what is in it is in [`Scan::untracked`]), a special
    /// file (also in [`Scan::special`]), or a file in the place of a submodule (also in
    /// [`Scan::untracked`]).
    Blocked(Box<Stat>),
    /// The entry is a submodule, which is never entered.
    Submodule {
        /// Whether its directory is there.
        present: bool,
    },
}

/// What identifies a file and the state of its content, in little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    dev: u32,
    ino: [u32; 2],
    size: [u32; 2],
    seconds: [u32; 2],
    nanos: u32,
    mode: u32,
}

impl Seen {
    /// `None`: the device has a number as no system in use has one.
    fn of(stat: &Stat) -> Option<Seen> {
        let halves = |n: u64| [(n >> 32) as u32, n as u32];
        Some(Seen {
            dev: stat.dev.try_into().ok()?,
            ino: halves(stat.ino),
            size: halves(stat.size),
            seconds: halves(stat.mtime.0 as u64),
            nanos: stat.mtime.1,
            mode: stat.mode,
        })
    }

    /// Type and permission bits.
    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.mode & 0o170000 == 0o100000
    }

    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        u64::from(self.size[0]) << 32 | u64::from(self.size[1])
    }

    /// The same as `lstat` says it. Links, owner, group and `ctime` are not kept, and zero.
    pub fn stat(&self) -> Stat {
        let whole = |[high, low]: [u32; 2]| u64::from(high) << 32 | u64::from(low);
        Stat {
            dev: self.dev.into(),
            ino: whole(self.ino),
            size: self.size(),
            mtime: (whole(self.seconds) as i64, self.nanos),
            mode: self.mode,
            ..Stat::default()
        }
    }
}

impl EntryState {
    /// Of a file or link that has the entry's content, as its stat data proves.
    fn clean(stat: Stat) -> EntryState {
        // Comparing the content is always right.
        Seen::of(&stat).map_or_else(|| EntryState::Suspect(Box::new(stat)), EntryState::Clean)
    }

    /// What is known of the file or link that stands there; `None`: something else, or nothing.
    pub fn file(&self) -> Option<Stat> {
        match self {
            EntryState::Clean(seen) => Some(seen.stat()),
            EntryState::Suspect(stat) => Some(**stat),
            _ => None,
        }
    }
}

/// What stands in the worktree. All lists are sorted by path.
#[derive(Debug, Default)]
pub struct Scan {
    /// For each index entry, in the order of the index, what became of it.
    pub entries: Vec<EntryState>,
    /// Files and links that are neither in the index nor ignored.
    pub untracked: Vec<Found>,
    /// The topmost ignored entries: files, links, and directories in which nothing is tracked.
    pub ignored: Vec<Found>,
    /// Whether ignored entries were looked for.
    pub ignored_listed: bool,
    /// With [`IgnoredDetail::Full`]: every ignored file and link.
    pub ignored_files: Vec<Found>,
    /// Directories that hold a repository of their own; nothing in them was looked at, except
    /// where files in them are tracked. With [`IgnoredDetail::TopLevel`], those inside ignored
    /// directories are not found (see [`super::split::split_ignored`]).
    pub nested: Vec<RepoPath>,
    /// FIFOs, sockets and devices, tracked path or not; never opened.
    pub special: Vec<Found>,
    /// Directories with nothing in them.
    pub empty_dirs: Vec<Found>,
    /// Directories whose permissions are not what the umask gives, with their permissions.
    pub dirs: Vec<(RepoPath, u32)>,
    /// Ignored directories that could not be read.
    pub unreadable: Vec<RepoPath>,
}

impl Scan {
    fn append(&mut self, mut other: Scan) {
        self.untracked.append(&mut other.untracked);
        self.ignored.append(&mut other.ignored);
        self.ignored_files.append(&mut other.ignored_files);
        self.nested.append(&mut other.nested);
        self.special.append(&mut other.special);
        self.empty_dirs.append(&mut other.empty_dirs);
        self.dirs.append(&mut other.dirs);
        self.unreadable.append(&mut other.unreadable);
    }

    fn sort(&mut self) {
        let lists =
            [&mut self.untracked, &mut self.ignored, &mut self.ignored_files, &mut self.special, &mut self.empty_dirs];
        for list in lists {
            list.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        }
        self.nested.sort_unstable();
        self.dirs.sort_unstable();
        self.unreadable.sort_unstable();
    }
}

/// Looks at everything below `root` once; follows no link, enters no other repository.
///
/// # Errors
///
/// Any directory or file that cannot be looked at (ignored directories apart) ends the scan: what
/// was not seen must not pass for what is not there.
pub fn scan(root: &Path, index: &Index, rules: &Rules, options: &ScanOptions) -> Result<Scan> {
    let cannot = |error| Error::io(format!("cannot open the worktree {}", root.display()), &error);
    let top = Top::open(root).map_err(cannot)?;
    let setgid = top.open_dir(None, b"").and_then(|dir| dir.stat()).map_err(cannot)?.mode & 0o2000;
    let mut entries = Vec::with_capacity(index.len());
    big_pages(&entries);
    match &options.only {
        None => entries.extend((0..index.len()).map(|i| not_there(index, i))),
        Some(only) => {
            entries.resize(index.len(), EntryState::Unseen);
            for i in only.iter().flat_map(|path| index.range_at_and_below(path.as_bytes())) {
                entries[i] = not_there(index, i);
            }
        }
    }
    let first = directory::Task::top(&mut entries, rules);
    // Where the top hands its group down, so do the directories made in it.
    let usual_mode = (0o777 & !options.umask) | setgid;
    let walk = directory::Walk { top, index, options, usual_mode };
    let mut scan = pool::run(&walk, first)?;
    scan.sort();
    scan.entries = entries;
    scan.ignored_listed = options.ignored != IgnoredDetail::None;
    Ok(scan)
}

/// The state of an entry of which nothing was found.
fn not_there(index: &Index, i: usize) -> EntryState {
    if index.mode(i) == 0o160000 {
        EntryState::Submodule { present: false }
    } else if index.flags(i).skip_worktree {
        EntryState::Absent
    } else {
        EntryState::Missing
    }
}

/// The index entries whose content belongs into [`ScanOptions::absent_ignores`].
pub fn absent_ignore_files(index: &Index) -> Vec<usize> {
    let is_one = |&i: &usize| {
        index.flags(i).skip_worktree
            && index.stage(i) == 0
            && index.mode(i) & 0o170000 == 0o100000
            && (index.path(i) == b".gitignore" || index.path(i).ends_with(b"/.gitignore"))
    };
    index.notable().iter().copied().filter(is_one).collect()
}
