//! `git merge-tree`, kept at work: one process for many merges. What it writes goes into an object database of its own.

use crate::git::deflate::deflate;
use crate::git::pack::{MadeTrees, ObjectKind, name_of};
use crate::git::process::{merge_tree, only_allowed_filters};
use crate::git::repo::{Handles, Repo};
use crate::host::fs;
use crate::host::process::Conversation;
use crate::model::{IndexEntry, ObjectId, RepoPath};
use crate::{Error, Result};
use flate2::read::ZlibDecoder;
use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What git said of a merge.
pub(super) struct Answer {
    pub clean: bool,
    pub tree: ObjectId,
    pub stages: BTreeMap<RepoPath, Vec<IndexEntry>>,
    pub messages: Vec<String>,
}

/// The process, and the directory with its objects and with the attributes it sees.
pub(super) struct Program<'r> {
    repo: &'r Handles,
    settings: Vec<(String, String)>,
    dir: PathBuf,
    process: Option<Conversation>,
    written: HashSet<ObjectId>,
    attributes: BTreeMap<RepoPath, Vec<u8>>,
    /// A commit without files: merging it with itself makes the answer before it leave git's buffer.
    nothing: ObjectId,
    /// The end of the last answer is still to be read.
    owed: bool,
}

impl<'r> Program<'r> {
    pub fn start(repo: &'r Repo, dir: &Path) -> Result<Program<'r>> {
        let dir = fs::fresh_dir(dir)?;
        fs::create_dir_all(&dir.join("objects/info"))?;
        fs::create_dir_all(&dir.join("worktree"))?;
        let mut this = Program {
            repo,
            settings: only_allowed_filters(repo),
            dir,
            process: None,
            written: HashSet::new(),
            attributes: BTreeMap::new(),
            nothing: ObjectId::EMPTY_TREE,
            owed: false,
        };
        this.write(ObjectKind::Tree, b"")?;
        this.nothing = this.wrap(ObjectId::EMPTY_TREE)?;
        Ok(this)
    }

    /// What git finds in `.gitattributes` files; a process that has read others begins anew.
    pub fn set_attributes(&mut self, files: BTreeMap<RepoPath, Vec<u8>>) -> Result<()> {
        if self.attributes == files {
            return Ok(());
        }
        self.process = None;
        let place = fs::fresh_dir(&self.dir.join("worktree"))?;
        for (path, bytes) in &files {
            let file = place.join(path.to_os());
            file.parent().map_or(Ok(()), fs::create_dir_all)?;
            write_once(&file, bytes)?;
        }
        self.attributes = files;
        Ok(())
    }

    /// Makes a tree known that exists only in memory, and all below it.
    pub fn bring(&mut self, made: &MadeTrees, tree: ObjectId) -> Result<()> {
        if self.written.contains(&tree) {
            return Ok(());
        }
        let data = made.lock().unwrap_or_else(|e| e.into_inner()).get(&tree).cloned();
        let Some(data) = data else { return Ok(()) };
        for (_, entry) in crate::git::tree_bytes::parse(&data).unwrap_or_default() {
            if entry.mode == crate::git::MODE_TREE {
                self.bring(made, entry.id)?;
            }
        }
        self.write(ObjectKind::Tree, &data).map(drop)
    }

    /// A commit with a tree: git merges commits.
    pub fn wrap(&mut self, tree: ObjectId) -> Result<ObjectId> {
        let who = "git rollback <> 0 +0000";
        self.write(ObjectKind::Commit, format!("tree {tree}\nauthor {who}\ncommitter {who}\n\n\n").as_bytes())
    }

    /// Makes an object known.
    pub fn write(&mut self, kind: ObjectKind, data: &[u8]) -> Result<ObjectId> {
        let id = name_of(kind, data)?;
        if self.written.insert(id) {
            let file = loose(&self.dir, id);
            file.parent().map_or(Ok(()), fs::create_dir_all)?;
            let whole = [format!("{} {}\0", kind.name(), data.len()).as_bytes(), data].concat();
            let mut bytes = Vec::new();
            deflate(&whole, &mut bytes).map_err(|e| Error::io("cannot compress an object", &e))?;
            write_once(&file, &bytes)?;
        }
        Ok(id)
    }

    /// An object that git wrote here; `None`: it stands in the repository.
    pub fn read(&self, id: ObjectId) -> Result<Option<Vec<u8>>> {
        let Some(bytes) = fs::read_capped(&loose(&self.dir, id), 1 << 32)? else { return Ok(None) };
        let mut out = Vec::new();
        ZlibDecoder::new(&*bytes).read_to_end(&mut out).map_err(|e| Error::io("cannot read a merged object", &e))?;
        let start = out.iter().position(|&b| b == 0).map_or(0, |at| at + 1);
        Ok(Some(out.split_off(start)))
    }

    /// Merges commits.
    pub fn merge(&mut self, base: ObjectId, ours: ObjectId, theirs: ObjectId) -> Result<Answer> {
        let answer = self.ask(base, ours, theirs);
        answer.map_err(|e| {
            self.process = None;
            e.help("`git fsck` looks for damage; commits that change nothing in common need no merge by git")
        })
    }

    fn ask(&mut self, base: ObjectId, ours: ObjectId, theirs: ObjectId) -> Result<Answer> {
        if self.process.is_none() {
            self.process = Some(merge_tree(self.repo, &self.dir, &self.settings)?);
            self.owed = false;
        }
        let Some(process) = &mut self.process else { return Err(unreadable("no process")) };
        let nothing = self.nothing;
        process.say(format!("{base} -- {ours} {theirs}\n{nothing} -- {nothing} {nothing}\n").as_bytes())?;
        if std::mem::replace(&mut self.owed, true) && !process.hear()?.is_empty() {
            return Err(unreadable("an answer does not end"));
        }
        let answer = read_answer(process)?;
        // The answer to the second question; its last byte comes with the next one.
        let second = [process.hear()?, process.hear()?, process.hear()?];
        if second != [b"1".to_vec(), ObjectId::EMPTY_TREE.to_string().into_bytes(), Vec::new()] {
            return Err(unreadable("merging nothing gave something"));
        }
        Ok(answer)
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        self.process = None;
        // Copies only: what stays is removed by the next run.
        drop(fs::remove_scratch(&self.dir));
    }
}

/// `<status>`, `<tree>`, an entry each `<mode> <object> <stage> TAB <path>`, nothing; and for each message the number of
/// its paths, the paths, its kind, its text; nothing.
fn read_answer(process: &mut Conversation) -> Result<Answer> {
    let clean = match &*process.hear()? {
        b"1" => true,
        b"0" => false,
        _ => return Err(unreadable("it does not say whether the merge is clean")),
    };
    let tree = ObjectId::from_hex(&process.hear()?).ok_or_else(|| unreadable("it names no tree"))?;
    let mut answer = Answer { clean, tree, stages: BTreeMap::new(), messages: Vec::new() };
    loop {
        let line = process.hear()?;
        if line.is_empty() {
            break;
        }
        let (path, entry) = parse_entry(&line).ok_or_else(|| unreadable("an entry is not as expected"))?;
        answer.stages.entry(path).or_default().push(entry);
    }
    loop {
        let count = process.hear()?;
        if count.is_empty() {
            return Ok(answer);
        }
        let count: usize = String::from_utf8_lossy(&count).parse().map_err(unreadable)?;
        for _ in 0..=count {
            process.hear()?;
        }
        let text = process.hear()?;
        answer.messages.push(String::from_utf8_lossy(&text).trim_end().to_owned());
    }
}

fn parse_entry(line: &[u8]) -> Option<(RepoPath, IndexEntry)> {
    let tab = line.iter().position(|&b| b == b'\t')?;
    let mut parts = line[..tab].split(|&b| b == b' ');
    let mode = u32::from_str_radix(std::str::from_utf8(parts.next()?).ok()?, 8).ok()?;
    let id = ObjectId::from_hex(parts.next()?)?;
    let stage = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    Some((RepoPath::new(&line[tab + 1..]), IndexEntry { stage, ..IndexEntry::plain(mode, id) }))
}

fn unreadable(why: impl std::fmt::Display) -> Error {
    Error::fault("`git merge-tree` gave no answer that can be read").because(why)
}

fn loose(dir: &Path, id: ObjectId) -> PathBuf {
    let name = id.to_string();
    dir.join("objects").join(&name[..2]).join(&name[2..])
}

fn write_once(path: &Path, bytes: &[u8]) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    fs::write_new_with_mode(path, 0o600, &mut |out| {
        out.write_all(bytes).map_err(|e| Error::io(format!("cannot write {}", path.display()), &e))
    })
}
