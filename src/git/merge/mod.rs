//! Three-way merges of trees with git's own results (its `ort` strategy), in memory.
//!
//! Most merges touch paths that only one side changed; they are done here (`simple`). So are contents of files that both
//! sides changed, where they are plain text (`inside`); otherwise `git merge-tree` gets these files alone. Where renames,
//! directories or conflicts matter, it gets the whole trees.

mod inside;
mod labels;
mod program;
mod simple;
#[cfg(test)]
mod tests;
mod text;

pub use labels::Labels;

use super::MODE_TREE;
use super::pack::{MadeTrees, ObjectKind, ObjectSink};
use super::repo::Repo;
use super::tree::{TreeEntry, Trees};
use crate::model::{IndexEntry, ObjectId, RepoPath};
use crate::{Error, Result};
use inside::{Content, Contents, Files, Inside};
use labels::Renaming;
use program::Program;
use simple::{Both, Simple, Three, look};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// The result of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// This tree.
    Clean(ObjectId),
    /// A person must decide.
    Conflict(Box<Conflict>),
}

/// A merge that a person must finish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What shall stand in the worktree: merged files, and files with conflict markers.
    pub tree: ObjectId,
    /// The index at each path in conflict.
    pub stages: BTreeMap<RepoPath, Vec<IndexEntry>>,
    /// What git says about it.
    pub messages: Vec<String>,
}

/// How merges were done: for tests, and for who wonders about the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// By looking at paths.
    pub simple: usize,
    /// Contents of single files, without git.
    pub inside: usize,
    /// Contents of single files by git.
    pub contents: usize,
    /// Whole trees by git.
    pub whole: usize,
}

/// What shall stand at paths of our side.
type Changes = BTreeMap<RepoPath, Option<TreeEntry>>;

/// So many bytes of merged contents are held before git gets them.
const MOST_HELD: usize = 32 << 20;

/// Merges trees, one after the other; results can be merged further.
pub struct Merger<'r> {
    repo: &'r Repo,
    trees: Trees<'r>,
    sink: &'r ObjectSink<'r>,
    scratch: PathBuf,
    program: Option<Program<'r>>,
    inside: Option<Inside>,
    /// Contents merged here that git has not been given: they are in no repository yet.
    made: HashMap<ObjectId, Vec<u8>>,
    /// How merges were done.
    pub ways: Ways,
}

impl<'r> Merger<'r> {
    /// New objects go to `sink`; `scratch` is a directory for what git needs on the way.
    pub fn new(repo: &'r Repo, sink: &'r ObjectSink<'r>, scratch: &Path) -> Result<Self> {
        let trees = repo.trees()?.and_made_in(sink);
        let (scratch, made) = (scratch.join("merge"), HashMap::new());
        Ok(Merger { repo, trees, sink, scratch, program: None, inside: None, made, ways: Ways::default() })
    }

    /// Merges what changed from the tree `base` to the tree `theirs` into the tree `ours`; only a conflict needs `labels`.
    ///
    /// # Errors
    /// Refused where git is needed and is older than 2.40, or would run a merge driver that only the repository defines.
    pub fn merge(
        &mut self,
        base: ObjectId,
        ours: ObjectId,
        theirs: ObjectId,
        labels: impl FnOnce() -> Labels,
    ) -> Result<Merged> {
        let three = Three { base, ours, theirs };
        match look(&self.trees, three)? {
            Simple::Tree(tree) => {
                self.ways.simple += 1;
                Ok(Merged::Clean(tree))
            }
            Simple::Changes(mut changes, both) => {
                if both.is_empty() {
                    self.ways.simple += 1;
                } else if let Some(merged) = self.contents(ours, &both)? {
                    changes.extend(merged);
                } else {
                    return self.whole(three, labels);
                }
                Ok(Merged::Clean(self.trees.edit(ours, &changes, self.sink)?))
            }
            Simple::Unclear => self.whole(three, labels),
        }
    }

    /// Merges the contents of single files; `None`: there is a conflict.
    fn contents(&mut self, ours: ObjectId, both: &Both) -> Result<Option<Changes>> {
        let files = self.attributes(ours, &both.keys().cloned().collect())?;
        let mut inside = self.inside.take().unwrap_or_else(|| Inside::of(self.repo));
        let found = match self.made.values().map(Vec::len).sum::<usize>() {
            held if held > MOST_HELD => Ok(Contents::Unsure),
            _ => inside.merge(self.repo, both, &files, &|id| self.blob(id)),
        };
        self.inside = Some(inside);
        match found? {
            Contents::Merged(contents) => {
                self.ways.inside += 1;
                self.keep(contents).map(Some)
            }
            Contents::Conflict => Ok(None),
            Contents::Unsure => self.by_git(files, both),
        }
    }

    /// Keeps contents that were merged here.
    fn keep(&mut self, contents: BTreeMap<RepoPath, Content>) -> Result<Changes> {
        let mut out = Changes::new();
        for (path, content) in contents {
            let entry = match content {
                Content::Known(entry) => entry,
                Content::New(text, mode) => {
                    let id = self.sink.add(ObjectKind::Blob, &text)?;
                    self.made.insert(id, text);
                    TreeEntry { mode, id }
                }
            };
            out.insert(path, Some(entry));
        }
        Ok(out)
    }

    /// Lets git merge the contents of single files; `None`: there is a conflict.
    fn by_git(&mut self, files: Files, both: &Both) -> Result<Option<Changes>> {
        self.prepare(files)?;
        let small = ObjectSink::naming_only(self.repo);
        let side = |n: usize| {
            let files = both.iter().map(|(path, sides)| (path.clone(), Some(sides[n]))).collect();
            self.trees.edit(ObjectId::EMPTY_TREE, &files, &small)
        };
        let sides = [side(0)?, side(1)?, side(2)?];
        let Some(program) = &mut self.program else { return Ok(None) };
        let mut commits = sides;
        for (commit, tree) in commits.iter_mut().zip(sides) {
            program.bring(&small.made_trees(), tree)?;
            *commit = program.wrap(tree)?;
        }
        let answer = ask(program, commits)?;
        if !answer.clean {
            return Ok(None);
        }
        self.take_over(answer.tree)?;
        self.ways.contents += 1;
        let mut out = BTreeMap::new();
        for (path, sides) in both {
            let Some(entry) = self.trees.find(answer.tree, path.as_bytes())? else { return Ok(None) };
            if !sides.iter().any(|side| side.id == entry.id) {
                // It may stand in the repository with nothing that refers to it: the result brings its own copy.
                self.sink.add(ObjectKind::Blob, &self.blob(entry.id)?)?;
            }
            out.insert(path.clone(), Some(entry));
        }
        Ok(Some(out))
    }

    /// A blob of the repository, or one that a merge made.
    pub fn blob(&self, id: ObjectId) -> Result<Vec<u8>> {
        if let Some(text) = self.made.get(&id) {
            return Ok(text.clone());
        }
        let made = self.program.as_ref().map_or(Ok(None), |program| program.read(id))?;
        made.map_or_else(|| self.repo.blob(id), Ok)
    }

    fn whole(&mut self, three: Three, labels: impl FnOnce() -> Labels) -> Result<Merged> {
        self.ways.whole += 1;
        let mut paths = BTreeSet::new();
        for side in [three.ours, three.theirs] {
            self.trees.diff(three.base, side, &mut |path, _, _| {
                paths.insert(path);
                Ok(())
            })?;
        }
        let files = self.attributes(three.ours, &paths)?;
        self.prepare(files)?;
        let made = self.sink.made_trees();
        let Some(program) = &mut self.program else { return Err(Error::fault("git does not merge")) };
        let mut commits = [three.base, three.ours, three.theirs];
        for id in &mut commits {
            program.bring(&made, *id)?;
            *id = program.wrap(*id)?;
        }
        let [base, ours, theirs] = commits;
        let answer = ask(program, commits)?;
        self.take_over(answer.tree)?;
        if answer.clean {
            return Ok(Merged::Clean(answer.tree));
        }
        self.name_sides(answer, &Renaming { labels: &labels(), ours, theirs, base })
    }

    /// Puts the sides' names where the merge knew only commits.
    fn name_sides(&mut self, answer: program::Answer, names: &Renaming<'_>) -> Result<Merged> {
        let mut changes = Changes::new();
        let mut stages = BTreeMap::new();
        for (path, mut entries) in answer.stages {
            let found = self.trees.find(answer.tree, path.as_bytes())?;
            // Git itself stumbles here (2.47: a directory renamed on one side, a file in its place on the other): it
            // gives an entry without an object.
            entries.retain(|entry| entry.mode != 0);
            if entries.is_empty() {
                changes.insert(path, None);
                continue;
            }
            if let Some(entry) = found.filter(|e| [super::MODE_FILE, super::MODE_EXEC].contains(&e.mode))
                && let Some(text) = names.text(&self.blob(entry.id)?)
            {
                let id = self.sink.add(ObjectKind::Blob, &text)?;
                changes.insert(path.clone(), Some(TreeEntry { id, ..entry }));
            }
            for entry in &mut entries {
                entry.id = self.take_over_stage(entry.id, names)?;
            }
            stages.insert(path, entries);
        }
        let moved: Vec<(RepoPath, RepoPath)> =
            stages.keys().filter_map(|path| Some((path.clone(), names.path(path)?))).collect();
        for (old, new) in moved {
            let entry = match changes.remove(&old) {
                Some(entry) => entry,
                None => self.trees.find(answer.tree, old.as_bytes())?.filter(|e| e.mode != MODE_TREE),
            };
            stages.remove(&old).map(|entries| stages.insert(new.clone(), entries));
            changes.insert(old, None);
            if entry.is_some() {
                changes.insert(new, entry);
            }
        }
        let tree = self.trees.edit(answer.tree, &changes, self.sink)?;
        let messages = answer.messages.iter().map(|text| names.message(text)).collect();
        Ok(Merged::Conflict(Box::new(Conflict { tree, stages, messages })))
    }

    /// Takes over what git wrote for an entry in conflict. Where both sides renamed a file, that is a merged content with
    /// markers of its own, and the tree need not have it.
    fn take_over_stage(&self, id: ObjectId, names: &Renaming<'_>) -> Result<ObjectId> {
        let Some(bytes) = self.program.as_ref().map_or(Ok(None), |program| program.read(id))? else { return Ok(id) };
        let text = names.text(&bytes).unwrap_or(bytes);
        self.sink.add(ObjectKind::Blob, &text)
    }

    /// The files of attributes that our side has for these paths.
    fn attributes(&self, ours: ObjectId, paths: &BTreeSet<RepoPath>) -> Result<Files> {
        let mut dirs: BTreeSet<&[u8]> = paths.iter().flat_map(RepoPath::ancestors).collect();
        dirs.insert(b"");
        let mut files = Files::new();
        for dir in dirs {
            let path = RepoPath::join(dir, b".gitattributes");
            let entry = self.trees.find(ours, path.as_bytes())?;
            if let Some(entry) = entry.filter(|e| [super::MODE_FILE, super::MODE_EXEC].contains(&e.mode)) {
                files.insert(path, self.blob(entry.id)?);
            }
        }
        Ok(files)
    }

    /// Starts git where it is not at work yet, with these attributes, and with all that was made here.
    fn prepare(&mut self, files: Files) -> Result<()> {
        super::process::refuse_drivers(self.repo, files.values())?;
        if self.program.is_none() {
            self.program = Some(Program::start(self.repo, &self.scratch)?);
        }
        let Some(program) = &mut self.program else { return Ok(()) };
        for (_, text) in self.made.drain() {
            program.write(ObjectKind::Blob, &text)?;
        }
        program.set_attributes(files)
    }

    /// Takes objects over that git wrote: a tree and all below it that is new.
    fn take_over(&self, tree: ObjectId) -> Result<()> {
        let Some(program) = &self.program else { return Ok(()) };
        let Some(data) = program.read(tree)? else { return Ok(()) };
        if holds(&self.sink.made_trees(), tree) {
            return Ok(());
        }
        for (_, entry) in super::tree_bytes::parse(&data).unwrap_or_default() {
            if entry.mode == MODE_TREE {
                self.take_over(entry.id)?;
            } else if let Some(blob) = program.read(entry.id)? {
                self.sink.add(ObjectKind::Blob, &blob)?;
            }
        }
        self.sink.add(ObjectKind::Tree, &data).map(drop)
    }
}

fn holds(made: &MadeTrees, tree: ObjectId) -> bool {
    made.lock().unwrap_or_else(|e| e.into_inner()).contains_key(&tree)
}

/// The first version of git whose `merge-tree` takes a merge base.
const NEEDED: (u32, u32) = (2, 40);

/// Asks git. An old one stumbles over the question, and only then its version is looked at: that costs as much as a merge.
fn ask(program: &mut Program<'_>, [base, ours, theirs]: [ObjectId; 3]) -> Result<program::Answer> {
    program.merge(base, ours, theirs).or_else(|error| {
        refuse_old_git()?;
        Err(error)
    })
}

fn refuse_old_git() -> Result<()> {
    let version = super::version()?;
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= NEEDED {
        return Ok(());
    }
    Err(Error::refused("both sides changed the same files, and merging them needs git 2.40 or newer")
        .because(format!("the installed git is {version}"))
        .help("update git, or pick that commit with `git cherry-pick`"))
}
