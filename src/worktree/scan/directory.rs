//! One directory: its names merged with the index entries that belong there.

use super::super::listing::{Dir, Listing, Top, tree_order};
use super::group::{Group, groups};
use super::{EntryState, Found, IgnoredDetail, Scan, ScanOptions};
use crate::git::ignore::{DirRules, Rules};
use crate::git::index::Index;
use crate::model::{RepoPath, Stat};
use crate::{Error, Kind, Result};
use rustix::fs::FileType;
use std::cmp::Ordering;
use std::io;
use std::sync::Arc;

/// No `.gitignore` is longer.
const MAX_IGNORE_FILE: u64 = 100 * 1024 * 1024;

/// What all threads share.
pub(super) struct Walk<'e> {
    pub top: Top,
    pub index: &'e Index,
    pub options: &'e ScanOptions,
    /// The permissions of an ordinary directory.
    pub usual_mode: u32,
}

/// A directory to look at, with the index entries below it.
pub(super) struct Task<'e> {
    path: Vec<u8>,
    /// The directory above, when it is held open.
    parent: Option<Arc<Dir>>,
    /// The position in the index of the first of `states`.
    start: usize,
    /// What the entries below become; each directory's share is its own.
    states: &'e mut [EntryState],
    rules: DirRules<'e>,
    /// Whether a directory above was listed as ignored.
    inside_ignored: bool,
}

impl<'e> Task<'e> {
    pub fn top(states: &'e mut [EntryState], rules: &'e Rules) -> Self {
        Task { path: Vec::new(), parent: None, start: 0, states, rules: rules.top(), inside_ignored: false }
    }

    pub fn len(&self) -> usize {
        self.states.len()
    }
}

/// What is known of the directory at hand.
struct Here<'e> {
    path: Vec<u8>,
    dir: Dir,
    rules: DirRules<'e>,
    inside_ignored: bool,
    /// Whether what is not tracked is to be found.
    untracked: bool,
}

impl Here<'_> {
    fn join(&self, name: &[u8]) -> RepoPath {
        RepoPath::join(&self.path, name)
    }

    fn lstat(&self, name: &[u8]) -> Result<Option<Stat>> {
        self.dir.lstat(name).map_err(|error| Error::io(format!("cannot look at `{}`", self.join(name)), &error))
    }
}

/// What one thread has in hand and has found.
pub(super) struct Worker<'a, 'e> {
    walk: &'a Walk<'e>,
    listing: Listing,
    /// The directories below the last one, still to be looked at.
    pub children: Vec<Task<'e>>,
    pub found: Scan,
}

impl<'a, 'e> Worker<'a, 'e> {
    pub fn new(walk: &'a Walk<'e>) -> Self {
        Worker { walk, listing: Listing::default(), children: Vec::new(), found: Scan::default() }
    }

    /// How many names the last directory had.
    pub fn seen(&self) -> usize {
        self.listing.len()
    }

    /// Looks at one directory; those below it become [`Worker::children`].
    pub fn process(&mut self, task: Task<'e>) -> Result<()> {
        let Task { path, parent, start, states, rules, inside_ignored } = task;
        let opened = self.walk.top.open_dir(parent.as_deref(), &path);
        drop(parent);
        let dir = match opened.and_then(|dir| self.listing.fill(&dir).map(|()| dir)) {
            Ok(dir) => dir,
            // Removed or replaced since the directory above was read: nothing is there.
            Err(error) if !path.is_empty() && is_gone(&error) => return Ok(()),
            Err(_) if inside_ignored => {
                self.found.unreadable.push(RepoPath::new(path));
                return Ok(());
            }
            Err(error) => return Err(cannot_read(&path, &error)),
        };
        let mut here = Here { path, dir, rules, inside_ignored, untracked: true };
        if !here.path.is_empty() && self.listing.is_repository() {
            self.found.nested.push(RepoPath::new(here.path.as_slice()));
            if states.is_empty() {
                return Ok(());
            }
            here.untracked = false;
        }
        self.note_directory(&here)?;
        self.read_ignore_file(&mut here)?;
        self.merge(&here, start, states)?;
        self.give_parent(here.dir);
        Ok(())
    }

    /// Lets the children open themselves in this directory.
    fn give_parent(&mut self, dir: Dir) {
        if !self.children.is_empty()
            && let Some(dir) = self.walk.top.hold(dir)
        {
            self.children.iter_mut().for_each(|child| child.parent = Some(Arc::clone(&dir)));
        }
    }

    /// Records what is special about the directory itself.
    fn note_directory(&mut self, here: &Here<'_>) -> Result<()> {
        if here.path.is_empty() {
            return Ok(());
        }
        let stat = here.dir.stat().map_err(|error| cannot_read(&here.path, &error))?;
        let path = || RepoPath::new(here.path.as_slice());
        if stat.perm() != self.walk.usual_mode {
            self.found.dirs.push((path(), stat.perm()));
        }
        if self.listing.is_empty() {
            self.found.empty_dirs.push(Found { path: path(), stat });
        }
        Ok(())
    }

    fn read_ignore_file(&mut self, here: &mut Here<'e>) -> Result<()> {
        if here.rules.all_ignored() || !here.untracked {
            return Ok(());
        }
        let name = b".gitignore";
        let content = match self.listing.find(name, false) {
            // A link is not followed, here as in git.
            Some(FileType::RegularFile) => here
                .dir
                .read_file(name, MAX_IGNORE_FILE)
                .map_err(|error| Error::io(format!("cannot read `{}`", here.join(name)), &error))?,
            Some(_) => None,
            None if self.walk.options.absent_ignores.is_empty() => None,
            None => self.walk.options.absent_ignores.get(&here.join(name)).cloned(),
        };
        if let Some(content) = content {
            here.rules = here.rules.push(&here.path, &content);
        }
        Ok(())
    }

    /// Goes through names and index entries side by side; both are in the order of the index.
    fn merge(&mut self, here: &Here<'e>, start: usize, states: &'e mut [EntryState]) -> Result<()> {
        let mut groups = groups(self.walk.index, &here.path, start, states).into_iter().peekable();
        let listing = std::mem::take(&mut self.listing);
        let mut result = Ok(());
        for (name, kind) in listing.iter() {
            let is_dir = kind == FileType::Directory;
            let mut tracked = false;
            while let Some(group) = groups.next_if(|group| {
                let order = tree_order((group.name, group.is_dir), (name, is_dir));
                tracked = order == Ordering::Equal;
                order != Ordering::Greater
            }) {
                match (tracked, is_dir) {
                    _ if !self.is_wanted(here, group.name) => {}
                    (true, true) => self.descend(here, name, Some(group)),
                    (true, false) => result = self.tracked_file(here, group),
                    (false, _) => result = self.without_file(here, &listing, group),
                }
                if tracked || result.is_err() {
                    break;
                }
            }
            if result.is_ok() && !tracked && here.untracked && self.is_wanted(here, name) {
                result = self.untracked(here, name, kind);
            }
            if result.is_err() {
                break;
            }
        }
        let mut rest = groups.filter(|group| self.is_wanted(here, group.name)).collect::<Vec<_>>().into_iter();
        let rest = rest.try_for_each(|group| self.without_file(here, &listing, group));
        self.listing = listing;
        result.and(rest)
    }

    /// Whether this look is for a name, for something below it, or for how files here are converted.
    fn is_wanted(&self, here: &Here<'_>, name: &[u8]) -> bool {
        let options = self.walk.options;
        options.only.is_none() || name == b".gitattributes" || options.includes(here.join(name).as_bytes())
    }

    /// A tracked name at which something that is not a directory was listed.
    fn tracked_file(&mut self, here: &Here<'e>, group: Group<'e>) -> Result<()> {
        let Some(stat) = here.lstat(group.name)? else { return Ok(()) };
        let index = self.walk.index;
        let plain = stat.is_file() || stat.is_link();
        let mut submodule = false;
        for (state, i) in group.states.iter_mut().zip(group.start..) {
            submodule |= index.mode(i) == 0o160000;
            *state = match plain {
                true if index.stat_is_current(i, &stat) => EntryState::clean(stat),
                true if index.mode(i) != 0o160000 => EntryState::Suspect(Box::new(stat)),
                _ => EntryState::Blocked(Box::new(stat)),
            };
        }
        let found = || Found { path: here.join(group.name), stat };
        if plain && submodule {
            self.found.untracked.push(found());
        } else if !plain && !stat.is_dir() {
            self.found.special.push(found());
        }
        Ok(())
    }

    /// A tracked name at which no file was listed: perhaps a directory stands there.
    fn without_file(&mut self, here: &Here<'e>, listing: &Listing, group: Group<'e>) -> Result<()> {
        if group.is_dir || listing.find(group.name, true).is_none() {
            return Ok(());
        }
        let Some(stat) = here.lstat(group.name)? else { return Ok(()) };
        for (state, i) in group.states.iter_mut().zip(group.start..) {
            *state = match self.walk.index.mode(i) {
                0o160000 => EntryState::Submodule { present: true },
                _ => EntryState::Blocked(Box::new(stat)),
            };
        }
        Ok(())
    }

    /// A name that is not in the index.
    fn untracked(&mut self, here: &Here<'e>, name: &[u8], kind: FileType) -> Result<()> {
        if here.path.is_empty() && name.eq_ignore_ascii_case(b".git") {
            if name != b".git" {
                // Git cannot store it, nor can we: said, and left alone.
                self.found.nested.push(RepoPath::new(name));
            }
            return Ok(());
        }
        match kind {
            FileType::Directory => self.untracked_dir(here, name),
            FileType::RegularFile | FileType::Symlink => self.untracked_file(here, name),
            _ => {
                if let Some(stat) = here.lstat(name)? {
                    self.found.special.push(Found { path: here.join(name), stat });
                }
                Ok(())
            }
        }
    }

    fn untracked_file(&mut self, here: &Here<'e>, name: &[u8]) -> Result<()> {
        let path = here.join(name);
        let detail = self.walk.options.ignored;
        let ignored = here.rules.is_ignored(path.as_bytes(), false);
        if ignored && detail == IgnoredDetail::None {
            return Ok(());
        }
        let Some(stat) = here.lstat(name)? else { return Ok(()) };
        if !stat.is_file() && !stat.is_link() {
            return Err(Error::new(Kind::Busy, format!("`{path}` changed while it was looked at")).help("try again"));
        }
        let found = Found { path, stat };
        if !ignored {
            self.found.untracked.push(found);
            return Ok(());
        }
        if detail == IgnoredDetail::Full {
            self.found.ignored_files.push(found.clone());
        }
        if !here.inside_ignored {
            self.found.ignored.push(found);
        }
        Ok(())
    }

    fn untracked_dir(&mut self, here: &Here<'e>, name: &[u8]) -> Result<()> {
        let path = here.join(name);
        let index = self.walk.index;
        if index.range_at(path.as_bytes()).any(|i| index.mode(i) == 0o160000) {
            return Ok(());
        }
        if here.inside_ignored || !here.rules.is_ignored(path.as_bytes(), true) {
            self.descend(here, name, None);
            return Ok(());
        }
        let detail = self.walk.options.ignored;
        let Some(stat) = (if detail == IgnoredDetail::None { None } else { here.lstat(name)? }) else {
            return Ok(());
        };
        // A directory that may not be searched has nothing to be told; the list of it will fail later.
        if matches!(here.dir.lstat(&[name, b"/.git"].concat()), Ok(Some(_))) {
            self.found.nested.push(path);
            return Ok(());
        }
        self.found.ignored.push(Found { path, stat });
        if detail == IgnoredDetail::Full {
            self.descend(here, name, None);
        }
        Ok(())
    }

    /// Puts the directory `name` on the list of those to look at.
    fn descend(&mut self, here: &Here<'e>, name: &[u8], group: Option<Group<'e>>) {
        let path = here.join(name).as_bytes().to_vec();
        let rules = here.rules.enter(&path);
        // Tracked files make a directory more than ignored: what else is in it is listed by itself.
        let inside_ignored = here.inside_ignored || (group.is_none() && rules.all_ignored());
        let (start, states) = group.map_or((0, Default::default()), |group| (group.start, group.states));
        self.children.push(Task { path, parent: None, start, states, rules, inside_ignored });
    }
}

/// Whether a directory is not there (any more), or is something else now.
fn is_gone(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP))
}

fn cannot_read(path: &[u8], error: &io::Error) -> Error {
    let name = if path.is_empty() { ".".into() } else { String::from_utf8_lossy(path) };
    Error::io(format!("cannot read the directory `{name}`"), error)
}
