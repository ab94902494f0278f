//! Commits, tags, blobs, and questions about history.

use super::error::{GitContext, not_found, wrap};
use super::odb::ById;
use super::pack::{ObjectKind, ObjectSink};
use super::repo::{Handles, Repo};
use crate::model::{ObjectId, Who};
use crate::{Error, Result};
use std::borrow::Cow;
use std::io::{Read, Write};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

impl From<git2::Oid> for ObjectId {
    fn from(id: git2::Oid) -> Self {
        // An object name of a repository that `Repo::open` accepts always has twenty bytes.
        ObjectId::from_bytes(id.as_bytes()).unwrap_or(ObjectId::EMPTY_TREE)
    }
}

impl From<ObjectId> for git2::Oid {
    fn from(id: ObjectId) -> Self {
        git2::Oid::from_bytes(id.as_bytes()).unwrap_or(git2::Oid::ZERO_SHA1)
    }
}

/// What a commit says.
#[derive(Clone, Debug)]
pub struct CommitInfo {
    /// Its name.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents.
    pub parents: Vec<ObjectId>,
    /// The first line of its message, as stored.
    pub subject: String,
    /// The whole message.
    pub message: String,
    /// The author's name.
    pub author: String,
    /// When it was committed, seconds since 1970 and offset in minutes.
    pub time: (i64, i32),
}

/// What an annotated tag says.
#[derive(Clone, Debug)]
pub struct TagInfo {
    /// The tag object.
    pub id: ObjectId,
    /// What it points to.
    pub target: ObjectId,
    /// Its message.
    pub message: String,
    /// When it was made, seconds since 1970 and offset in minutes.
    pub time: Option<(i64, i32)>,
    /// Who made it.
    pub tagger: Option<String>,
}

/// What an annotated tag says, in its own bytes: there can be very many.
#[derive(Clone, Debug)]
pub struct TagText<'b> {
    /// What it points to.
    pub target: ObjectId,
    /// Its message.
    pub message: Cow<'b, str>,
    /// When it was made, seconds since 1970 and offset in minutes.
    pub time: Option<(i64, i32)>,
    tagger: Option<&'b [u8]>,
}

impl<'b> TagText<'b> {
    /// Takes the bytes of a tag apart; `None`: damaged.
    fn parse(bytes: &'b [u8]) -> Option<TagText<'b>> {
        let (mut target, mut tagger, mut rest) = (None, None, bytes);
        while !rest.is_empty() {
            let (line, after) = rest.split_at(memchr::memchr(b'\n', rest).unwrap_or(rest.len()));
            rest = after.get(1..).unwrap_or_default();
            if line.is_empty() {
                break;
            }
            target = target.or_else(|| line.strip_prefix(b"object "));
            tagger = tagger.or_else(|| line.strip_prefix(b"tagger "));
        }
        let parts = tagger.and_then(|line| Some((memchr::memchr(b'<', line)?, memchr::memrchr(b'>', line)?, line)));
        Some(TagText {
            target: ObjectId::from_hex(target?)?,
            message: String::from_utf8_lossy(rest),
            time: parts.and_then(|(_, end, line)| time_of(&line[end + 1..])),
            tagger: parts.map(|(start, _, line)| line[..start].trim_ascii()),
        })
    }

    fn into_info(self, id: ObjectId) -> TagInfo {
        let TagText { target, message, time, tagger } = self;
        let tagger = tagger.map(|name| String::from_utf8_lossy(name).into_owned());
        TagInfo { id, target, message: message.into_owned(), time, tagger }
    }
}

/// Seconds since 1970 and an offset as in `+0130`, in minutes.
fn time_of(text: &[u8]) -> Option<(i64, i32)> {
    let mut words = std::str::from_utf8(text).ok()?.split_whitespace();
    let (seconds, offset) = (words.next()?.parse().ok()?, words.next().unwrap_or("+0000").parse::<i32>().ok()?);
    Some((seconds, offset / 100 * 60 + offset % 100))
}

/// Commits between two points in history.
#[derive(Clone, Debug, Default)]
pub struct Leaving {
    /// How many there are.
    pub count: usize,
    /// How many of them a remote-tracking ref reaches.
    pub published: usize,
    /// The newest of them (at most the asked number), each with whether it is published.
    pub newest: Vec<(CommitInfo, bool)>,
}

impl Repo {
    /// Reads a commit.
    pub fn commit(&self, id: ObjectId) -> Result<CommitInfo> {
        let commit = self.git.find_commit(id.into()).context(&format!("cannot read commit {id}"))?;
        let message = String::from_utf8_lossy(commit.message_raw_bytes()).into_owned();
        Ok(CommitInfo {
            id,
            tree: commit.tree_id().into(),
            parents: commit.parent_ids().map(Into::into).collect(),
            subject: message.lines().next().unwrap_or_default().to_owned(),
            message,
            author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
            time: (commit.time().seconds(), commit.time().offset_minutes()),
        })
    }

    /// The bytes of a commit.
    pub fn commit_object(&self, id: ObjectId) -> Result<Vec<u8>> {
        let odb = self.git.odb().context("cannot open the object database")?;
        Ok(odb.read(id.into()).context(&format!("cannot read commit {id}"))?.data().to_vec())
    }

    /// The commit that an object (a tag, a commit) leads to.
    pub fn peel(&self, id: ObjectId) -> Result<Option<ObjectId>> {
        let object = self.git.find_object(id.into(), None).context(&format!("cannot read object {id}"))?;
        Ok(object.peel_to_commit().ok().map(|commit| commit.id().into()))
    }

    /// The object a revision names (<https://git-scm.com/docs/gitrevisions>).
    pub fn resolve(&self, revision: &str) -> Result<Option<ObjectId>> {
        match self.git.revparse_single(revision) {
            Ok(object) => Ok(Some(object.id().into())),
            // Git takes no fewer than four digits for the beginning of a name.
            Err(e) if e.code() == git2::ErrorCode::Ambiguous && revision.len() < 4 => Ok(None),
            Err(e) if e.code() == git2::ErrorCode::Ambiguous => {
                Err(Error::refused(format!("{revision} is the beginning of several object names"))
                    .help("type more of it"))
            }
            Err(e) if not_found(&e) || e.code() == git2::ErrorCode::InvalidSpec => Ok(None),
            Err(e) if e.class() == git2::ErrorClass::Reference => Ok(None),
            Err(e) => Err(wrap(&format!("cannot look up {revision}"), &e)),
        }
    }

    /// Whether an object is there, without reading all of it.
    pub fn exists(&self, id: ObjectId) -> bool {
        self.git.odb().is_ok_and(|odb| odb.exists(id.into()))
    }

    /// Commits that `tip` reaches and `base` does not.
    pub fn leaving(&self, tip: ObjectId, base: Option<ObjectId>, at_most: usize) -> Result<Leaving> {
        let walk = |hide_remotes: bool| -> Result<Vec<git2::Oid>> {
            let mut walk = self.git.revwalk().context("cannot walk the history")?;
            walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::TIME).context("cannot walk the history")?;
            walk.push(tip.into()).context("cannot walk the history")?;
            if let Some(base) = base {
                walk.hide(base.into()).context("cannot walk the history")?;
            }
            if hide_remotes {
                walk.hide_glob("refs/remotes/*").context("cannot walk the history")?;
            }
            walk.collect::<Result<_, _>>().context("cannot walk the history")
        };
        let all = walk(false)?;
        let unpublished: std::collections::HashSet<_> = walk(true)?.into_iter().collect();
        let newest = all
            .iter()
            .take(at_most)
            .map(|id| Ok((self.commit((*id).into())?, !unpublished.contains(id))))
            .collect::<Result<_>>()?;
        Ok(Leaving { count: all.len(), published: all.len() - unpublished.len(), newest })
    }

    /// Whether `ancestor` is `commit` or one of its ancestors.
    pub fn is_ancestor(&self, ancestor: ObjectId, commit: ObjectId) -> Result<bool> {
        if ancestor == commit {
            return Ok(true);
        }
        self.git.graph_descendant_of(commit.into(), ancestor.into()).context("cannot walk the history")
    }

    /// Calls `each` for a commit and everything that it contains.
    pub fn each_ancestor(&self, commit: ObjectId, each: &mut dyn FnMut(ObjectId)) -> Result<()> {
        let mut walk = self.git.revwalk().context("cannot walk the history")?;
        walk.push(commit.into()).context("cannot walk the history")?;
        walk.try_for_each(|id| id.map(|id| each(id.into()))).context("cannot walk the history")
    }

    /// The newest commits that both have: one, several where they were merged crosswise, or none.
    pub fn merge_bases(&self, ours: ObjectId, theirs: ObjectId) -> Result<Vec<ObjectId>> {
        match self.git.merge_bases(ours.into(), theirs.into()) {
            Ok(found) => Ok(found.iter().map(|id| (*id).into()).collect()),
            Err(e) if e.code() == git2::ErrorCode::NotFound => Ok(Vec::new()),
            Err(e) => Err(e).context("cannot walk the history"),
        }
    }

    /// How many commits each has that the other does not.
    pub fn ahead_behind(&self, ours: ObjectId, theirs: ObjectId) -> Result<(usize, usize)> {
        self.git.graph_ahead_behind(ours.into(), theirs.into()).context("cannot walk the history")
    }
}

impl Handles {
    /// Reads every blob once, on all processors: whether it is there and undamaged. Objects that `sink` holds
    /// count as there. What was read is returned, as far as there is room for it.
    pub fn check_blobs(&self, blobs: &[ObjectId], sink: &ObjectSink<'_>) -> Result<ReadBlobs> {
        let room = AtomicUsize::new(ROOM);
        let found = Mutex::new(ById::with_capacity_and_hasher(blobs.len(), Default::default()));
        let fits = |(_, bytes): &(ObjectId, Vec<u8>)| {
            let left = |room: usize| room.checked_sub(bytes.len() + BESIDE);
            room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
        };
        let take = |mut read: Vec<(ObjectId, Vec<u8>)>| {
            read.retain(fits);
            // Together, so that memory does not grow by one small blob at a time: threads wait for one another then.
            let all = Arc::new(read.iter().map(|(_, bytes)| &bytes[..]).collect::<Vec<_>>().concat());
            let mut at = 0;
            let place = |(id, bytes): (ObjectId, Vec<u8>)| {
                at += bytes.len();
                (id, (all.clone(), at - bytes.len()..at))
            };
            let placed: Vec<_> = read.into_iter().map(place).collect();
            found.lock().unwrap_or_else(|e| e.into_inner()).extend(placed);
        };
        let unsure = blobs.iter().copied().filter(|id| !sink.holds(id)).collect();
        let left = super::odb::blobs::read(self, ObjectKind::Blob, unsure, &take)?;
        let check_one = |id: &ObjectId| -> Result<()> {
            match self.blob_size(*id)? as usize <= super::odb::blobs::SMALL {
                true => self.blob(*id).map(|bytes| take(vec![(*id, bytes)])),
                false => self.copy_blob(*id, &mut std::io::sink()),
            }
        };
        let next = AtomicUsize::new(0);
        let failure = Mutex::new(None);
        let work = || {
            // Many at a time: what stands side by side in a pack is cheaper to read by one.
            while let Some(part) = left.chunks(BATCH).nth(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(e) = part.iter().try_for_each(check_one) {
                    *failure.lock().unwrap_or_else(|e| e.into_inner()) = Some(e);
                    return;
                }
            }
        };
        crate::host::together(left.len().div_ceil(BATCH), work);
        let found = ReadBlobs(found.into_inner().unwrap_or_else(|e| e.into_inner()));
        failure.into_inner().unwrap_or_else(|e| e.into_inner()).map_or(Ok(found), Err)
    }

    /// The bytes of a blob.
    pub fn blob(&self, id: ObjectId) -> Result<Vec<u8>> {
        self.with_handle(|git| {
            let odb = git.odb().context("cannot open the object database")?;
            let object = odb.read(id.into()).context(&format!("cannot read blob {id}"))?;
            if object.kind() != git2::ObjectType::Blob {
                return Err(Error::fault(format!("object {id} is not a blob")));
            }
            Ok(object.data().to_vec())
        })
    }

    /// Reads an annotated tag; `None` when the object is something else.
    pub fn tag(&self, id: ObjectId) -> Result<Option<TagInfo>> {
        let Some(bytes) = self.tag_bytes(id)? else { return Ok(None) };
        let tag = TagText::parse(&bytes).ok_or_else(|| Error::fault(format!("tag {id} is damaged")))?;
        Ok(Some(tag.into_info(id)))
    }

    /// What `make` makes of annotated tags, on all processors, in the order of `ids`; it gets the place in `ids`, too.
    /// `None`: the tag cannot be read, or is none.
    pub fn tags<T: Send>(&self, ids: &[ObjectId], make: &(dyn Fn(usize, &TagText<'_>) -> T + Sync)) -> Vec<Option<T>> {
        let mut places: ById<usize> = ById::with_capacity_and_hasher(ids.len(), Default::default());
        // Where the same tag is asked for before.
        let before: Vec<Option<usize>> = ids.iter().enumerate().map(|(at, id)| places.insert(*id, at)).collect();
        let parse = |id: &ObjectId, bytes: &[u8]| {
            let tag = TagText::parse(bytes)?;
            let all = std::iter::successors(places.get(id).copied(), |at| before[*at]);
            Some(all.map(|at| (at, make(at, &tag))).collect::<Vec<(usize, T)>>())
        };
        let made = Mutex::new(Vec::from_iter(ids.iter().map(|_| None)));
        let take = |read: Vec<(ObjectId, Vec<(usize, T)>)>| {
            let mut made = made.lock().unwrap_or_else(|e| e.into_inner());
            read.into_iter().flat_map(|(_, all)| all).for_each(|(at, new)| made[at] = Some(new));
        };
        let left = super::odb::blobs::read_as(self, ObjectKind::Tag, ids.to_vec(), &parse, &take);
        for id in left.unwrap_or_else(|_| ids.to_vec()) {
            let bytes = self.tag_bytes(id).ok().flatten();
            take(bytes.and_then(|bytes| Some((id, parse(&id, &bytes)?))).into_iter().collect());
        }
        made.into_inner().unwrap_or_else(|e| e.into_inner())
    }

    /// The bytes of an annotated tag; `None` when the object is something else.
    pub fn tag_bytes(&self, id: ObjectId) -> Result<Option<Vec<u8>>> {
        self.with_handle(|git| {
            let odb = git.odb().context("cannot open the object database")?;
            let object = odb.read(id.into()).context(&format!("cannot read object {id}"))?;
            Ok((object.kind() == git2::ObjectType::Tag).then(|| object.data().to_vec()))
        })
    }

    /// The size of a blob.
    pub fn blob_size(&self, id: ObjectId) -> Result<u64> {
        self.with_handle(|git| {
            let odb = git.odb().context("cannot open the object database")?;
            let (size, kind) = odb.read_header(id.into()).context(&format!("cannot read blob {id}"))?;
            if kind != git2::ObjectType::Blob {
                return Err(Error::fault(format!("object {id} is not a blob")));
            }
            Ok(size as u64)
        })
    }

    /// Copies a blob; a big one is streamed where its storage allows that.
    pub fn copy_blob(&self, id: ObjectId, out: &mut dyn Write) -> Result<()> {
        let failed = |e: std::io::Error| Error::io(format!("cannot copy blob {id}"), &e).with_kind(crate::Kind::Fault);
        let size = self.blob_size(id)?;
        if size <= super::pack::BIG {
            return out.write_all(&self.blob(id)?).map_err(failed);
        }
        // libgit2 would map the whole file.
        if let Some(mut reader) = super::odb::big::blob(self, id, size) {
            let mut tee = Tee { reader: &mut reader, out };
            return match super::pack::name_stream(&mut tee, size)? == id {
                true => Ok(()),
                false => Err(Error::fault(format!("blob {id} is damaged"))),
            };
        }
        let streamed = self.with_handle(|git| {
            let odb = git.odb().context("cannot open the object database")?;
            let Ok((mut reader, size, _)) = odb.reader(id.into()) else { return Ok(false) };
            // libgit2 does not check what it streams: the name is checked here.
            let mut tee = Tee { reader: &mut reader, out };
            Ok(super::pack::name_stream(&mut tee, size as u64)? == id)
        })?;
        // libgit2 can stream only objects that stand alone; git itself streams the others.
        if streamed { Ok(()) } else { super::process::cat_blob(self, id, out) }
    }
}

/// Blobs that were read, and found whole, and are needed once more soon: inflating and naming them costs more than
/// all else that is done with a small file.
#[derive(Debug, Default)]
pub struct ReadBlobs(ById<(Arc<Vec<u8>>, Range<usize>)>);

/// So many are checked by one thread at a time.
const BATCH: usize = 64;
/// All of them together take no more.
const ROOM: usize = 48 << 20;
/// What one takes beside its bytes.
const BESIDE: usize = 64;

impl ReadBlobs {
    /// The bytes, when they are at hand.
    pub fn get(&self, id: &ObjectId) -> Option<&[u8]> {
        self.0.get(id).map(|(all, at)| &all[at.clone()])
    }

    /// Takes over what another has.
    pub fn append(&mut self, other: ReadBlobs) {
        match self.0.is_empty() {
            true => *self = other,
            false => self.0.extend(other.0),
        }
    }
}

struct Tee<'a> {
    reader: &'a mut dyn Read,
    out: &'a mut dyn Write,
}

impl Read for Tee<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.out.write_all(&buffer[..n])?;
        Ok(n)
    }
}

/// Adds a commit; author and committer are `who`.
pub fn write_commit(
    sink: &ObjectSink<'_>,
    tree: ObjectId,
    parents: &[ObjectId],
    who: &Who,
    message: &str,
) -> Result<ObjectId> {
    sink.add(ObjectKind::Commit, commit_bytes(tree, parents, who, message).as_bytes())
}

/// The bytes of a commit; author and committer are `who`.
pub fn commit_bytes(tree: ObjectId, parents: &[ObjectId], who: &Who, message: &str) -> String {
    let mut data = format!("tree {tree}\n");
    for parent in parents {
        data.push_str(&format!("parent {parent}\n"));
    }
    data.push_str(&format!("author {0}\ncommitter {0}\n\n{message}", who.git_line()));
    if !data.ends_with('\n') {
        data.push('\n');
    }
    data
}

/// Adds an annotated tag on a commit.
pub fn write_tag(sink: &ObjectSink<'_>, target: ObjectId, name: &str, who: &Who, message: &str) -> Result<ObjectId> {
    sink.add(ObjectKind::Tag, tag_bytes(target, name, who, message).as_bytes())
}

/// The bytes of an annotated tag on a commit.
pub(super) fn tag_bytes(target: ObjectId, name: &str, who: &Who, message: &str) -> String {
    let mut data = format!("object {target}\ntype commit\ntag {name}\ntagger {}\n\n{message}", who.git_line());
    if !data.ends_with('\n') {
        data.push('\n');
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;

    #[test]
    fn a_big_loose_blob_is_copied_piece_by_piece_and_checked() {
        let repo = TestRepo::new();
        let bytes: Vec<u8> = (0..super::super::pack::BIG as u32 + 5).map(|n| (n / 1000) as u8).collect();
        let id = repo.git_with_input(&["hash-object", "-w", "--stdin"], &bytes);
        let hex = String::from_utf8(id.trim_ascii().to_vec()).unwrap();
        let id = ObjectId::from_hex(hex.as_bytes()).unwrap();
        let opened = crate::git::Repo::open_at(repo.root()).unwrap();
        assert!(crate::git::odb::big::blob(&opened, id, bytes.len() as u64).is_some());
        let mut copy = Vec::new();
        opened.copy_blob(id, &mut copy).unwrap();
        assert!(copy == bytes);
        // The same object under a wrong name.
        let wrong = repo.root().join(".git/objects").join(&hex[..2]).join("0".repeat(38));
        crate::host::fs::hard_link(&repo.root().join(".git/objects").join(&hex[..2]).join(&hex[2..]), &wrong).unwrap();
        let wrong = ObjectId::from_hex(format!("{}{}", &hex[..2], "0".repeat(38)).as_bytes()).unwrap();
        let opened = crate::git::Repo::open_at(repo.root()).unwrap();
        assert!(opened.copy_blob(wrong, &mut Vec::new()).is_err());
    }

    #[test]
    fn a_tag_says_what_git_says() {
        let repo = TestRepo::new();
        repo.git(&["commit", "-q", "--allow-empty", "-m", "1"]);
        let target = String::from_utf8(repo.git(&["rev-parse", "HEAD"])).unwrap();
        let make = |text: &str| {
            let id =
                repo.git_with_input(&["hash-object", "-t", "tag", "-w", "--literally", "--stdin"], text.as_bytes());
            ObjectId::from_hex(id.trim_ascii()).unwrap()
        };
        let head = format!("object {target}type commit\ntag t\n");
        let opened = Repo::open_at(repo.root()).unwrap();
        let tag =
            opened.tag(make(&format!("{head}tagger A <B> C <a@b> 1700000000 -0130\n\nx\n\ny\n"))).unwrap().unwrap();
        assert_eq!((tag.target.to_string(), tag.message.as_str()), (target.trim().to_owned(), "x\n\ny\n"));
        assert_eq!((tag.time, tag.tagger.as_deref()), (Some((1_700_000_000, -90)), Some("A")));
        // Old tags have no tagger, and some have no message.
        let tag = opened.tag(make(&head)).unwrap().unwrap();
        assert_eq!((tag.time, tag.tagger, tag.message.as_str()), (None, None, ""));
        assert!(opened.tag(make("type commit\n\nobject x\n")).is_err());
        assert!(opened.tag(ObjectId::from_hex(target.trim().as_bytes()).unwrap()).unwrap().is_none());
    }
}
