//! Opening and listing directories below the top of a worktree without ever following a link.

use super::dirs::to_stat;
use crate::model::Stat;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

/// So many directories may be held open for the sake of those in them; beyond, paths are walked again.
const HELD: usize = 100;

/// The size of the buffer that names are read into.
#[cfg(any(target_os = "linux", target_os = "android"))]
const BUFFER: usize = 32 * 1024;

/// The top of a worktree.
pub(crate) struct Top {
    fd: OwnedFd,
    /// Its reference count is the number of directories held open.
    held: Arc<()>,
}

/// An open directory.
pub(crate) struct Dir {
    fd: OwnedFd,
    _held: Arc<()>,
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Top {
    /// Opens the top itself, which may be reached through links.
    pub fn open(root: &Path) -> io::Result<Top> {
        let fd = rustix::fs::open(root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Top { fd, held: Arc::new(()) })
    }

    /// Opens the directory `path` (empty: the top) by its last name in `parent`, or from the top when
    /// there is no parent at hand: name by name, so that no length of a path is too long.
    pub fn open_dir(&self, parent: Option<&Dir>, path: &[u8]) -> io::Result<Dir> {
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
        let fd = match parent {
            _ if path.is_empty() => open_in(self.fd.as_fd(), b".")?,
            Some(parent) => open_in(parent.as_fd(), name)?,
            None => {
                let mut names = path.split(|&byte| byte == b'/');
                let first = open_in(self.fd.as_fd(), names.next().unwrap_or(b"."))?;
                names.try_fold(first, |fd, name| open_in(fd.as_fd(), name))?
            }
        };
        Ok(Dir { fd, _held: Arc::clone(&self.held) })
    }

    /// `dir` for those who will open what is in it, unless too many are held already.
    pub fn hold(&self, dir: Dir) -> Option<Arc<Dir>> {
        (Arc::strong_count(&self.held) <= HELD).then(|| Arc::new(dir))
    }
}

fn open_in(dir: BorrowedFd<'_>, name: &[u8]) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(dir, name, flags, Mode::empty())?)
}

impl Dir {
    /// What `lstat` says of `name`; `None`: nothing there.
    pub fn lstat(&self, name: &[u8]) -> io::Result<Option<Stat>> {
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(to_stat(&stat))),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The directory's own stat.
    pub fn stat(&self) -> io::Result<Stat> {
        Ok(to_stat(&rustix::fs::fstat(&self.fd)?))
    }

    /// The content of the regular file `name` if it is no longer than `limit`; `None` for anything else.
    pub fn read_file(&self, name: &[u8], limit: u64) -> io::Result<Option<Vec<u8>>> {
        use std::io::Read;
        // Should it have become a FIFO by now, opening it must not wait.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::LOOP | rustix::io::Errno::NXIO) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let meta = file.metadata()?;
        if !meta.is_file() || meta.len() > limit {
            return Ok(None);
        }
        let mut content = Vec::new();
        file.by_ref().take(limit).read_to_end(&mut content)?;
        Ok(Some(content))
    }
}

/// The names in one directory; made once and filled again and again.
#[derive(Default)]
pub(crate) struct Listing {
    names: Vec<u8>,
    items: Vec<Item>,
    #[cfg(any(target_os = "linux", target_os = "android"))]
    buffer: Vec<MaybeUninit<u8>>,
}

struct Item {
    start: usize,
    end: usize,
    kind: FileType,
}

impl Listing {
    /// Reads the names in `dir`, and their kinds, and sorts them as git sorts trees: a directory
    /// as though its name ended with a slash, which is the order of the index.
    pub fn fill(&mut self, dir: &Dir) -> io::Result<()> {
        self.names.clear();
        self.items.clear();
        self.read(dir)?;
        let names = &self.names;
        for item in self.items.iter_mut().filter(|item| item.kind == FileType::Unknown) {
            // Gone meanwhile: whoever looks next will find out.
            let mode = dir.lstat(&names[item.start..item.end])?.map_or(0o100000, |stat| stat.mode);
            item.kind = FileType::from_raw_mode(mode as rustix::fs::RawMode);
        }
        let key = |item: &Item| (item.start..item.end, item.kind == FileType::Directory);
        self.items.sort_unstable_by(|a, b| {
            let ((a, a_dir), (b, b_dir)) = (key(a), key(b));
            tree_order((&names[a], a_dir), (&names[b], b_dir))
        });
        Ok(())
    }

    fn add(&mut self, name: &[u8], kind: FileType) {
        if name != b"." && name != b".." {
            let start = self.names.len();
            self.names.extend_from_slice(name);
            self.items.push(Item { start, end: self.names.len(), kind });
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn read(&mut self, dir: &Dir) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(BUFFER, MaybeUninit::uninit());
        let mut entries = rustix::fs::RawDir::new(dir, &mut buffer);
        let result = loop {
            match entries.next() {
                None => break Ok(()),
                Some(Ok(entry)) => self.add(entry.file_name().to_bytes(), entry.file_type()),
                Some(Err(error)) => break Err(error.into()),
            }
        };
        self.buffer = buffer;
        result
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn read(&mut self, dir: &Dir) -> io::Result<()> {
        for entry in rustix::fs::Dir::read_from(dir)? {
            let entry = entry?;
            self.add(entry.file_name().to_bytes(), entry.file_type());
        }
        Ok(())
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The name and kind at a position.
    pub fn get(&self, at: usize) -> (&[u8], FileType) {
        let item = &self.items[at];
        (&self.names[item.start..item.end], item.kind)
    }

    /// All names and kinds.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], FileType)> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// Whether there is a directory, or (`dir` false) anything else, of this name.
    pub fn find(&self, name: &[u8], dir: bool) -> Option<FileType> {
        let order = |item: &Item| {
            tree_order((&self.names[item.start..item.end], item.kind == FileType::Directory), (name, dir))
        };
        self.items.binary_search_by(order).ok().map(|at| self.items[at].kind)
    }

    /// Whether a repository stands here: something called `.git`, in whatever case.
    pub fn is_repository(&self) -> bool {
        self.iter().any(|(name, _)| name.eq_ignore_ascii_case(b".git"))
    }
}

/// The order of names in a tree; the second half of each pair says whether it is a directory.
pub(crate) fn tree_order(a: (&[u8], bool), b: (&[u8], bool)) -> std::cmp::Ordering {
    let common = a.0.len().min(b.0.len());
    let next = |(name, dir): (&[u8], bool)| name.get(common).copied().or(dir.then_some(b'/'));
    a.0[..common].cmp(&b.0[..common]).then_with(|| next(a).cmp(&next(b)))
}
