//! The state of things at one moment: everything a planner may ask, and everything a snapshot stores.

use super::capture::{Saved, Saver};
use super::{gitfiles, unseen};
use crate::config::Config;
use crate::git::{
    Attributes, Conversion, Index, MODE_EXEC, MODE_GITLINK, MODE_LINK, ObjectSink, Ref, Repo, Rules, attributes_of,
};
use crate::host::Talk;
use crate::model::{
    EntryFlags, FileKind, FileSpec, GitFile, Head, IndexEntry, ObjectId, PathSet, Perms, RepoPath, Skipped, Stat,
};
use crate::worktree::{EntryState, Found, IgnoredDetail, Root, Scan, ScanOptions, absent_ignore_files, scan};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// What a command wants to know of the worktree.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Nothing but these paths; `None`: everything.
    pub only: Option<PathSet>,
    /// The bytes of ignored files too.
    pub ignored: bool,
    /// Which entries git ignores.
    pub list_ignored: bool,
    /// Submodules and nested repositories, into their depth.
    pub nested: bool,
}

/// The state of the worktree, the index and the refs, with changed files saved in a sink.
pub struct Scene<'r> {
    /// The repository.
    pub repo: &'r Repo,
    /// A moment before anything was looked at.
    pub began: std::time::SystemTime,
    /// The worktree.
    pub root: Root,
    /// What `HEAD` says.
    pub head: Head,
    /// The commit it leads to.
    pub head_commit: Option<ObjectId>,
    /// The tree of that commit; the empty tree when there is none.
    pub head_tree: ObjectId,
    /// The index.
    pub index: Index,
    /// The paths that were looked at; `None`: all.
    pub scope: Option<PathSet>,
    /// What the walk through the worktree found.
    pub scan: Scan,
    /// How files are converted, by the `.gitattributes` of the worktree.
    pub attributes: Attributes,
    /// The usual permission bits.
    pub perms: Perms,
    /// Tracked paths whose file is not what the index entry says; `None`: the file is missing.
    pub changed: BTreeMap<RepoPath, Option<Saved>>,
    /// Untracked files that are saved.
    pub untracked: BTreeMap<RepoPath, Saved>,
    /// Ignored files that are saved.
    pub ignored: BTreeMap<RepoPath, Saved>,
    /// Untracked files too big to be saved: they are moved, never copied.
    pub big: Vec<Found>,
    /// The state of a merge, rebase, ... under way.
    pub git_files: Vec<GitFile>,
    /// All refs but the tool's own.
    pub refs: Vec<Ref>,
    /// The stash list, newest first.
    pub stashes: Vec<(ObjectId, String)>,
    /// What is not saved, and why.
    pub skipped: Vec<Skipped>,
    /// Entries whose file was compared by content: it is the same, and this is its `lstat`.
    pub verified: BTreeMap<RepoPath, Stat>,
}

/// The conversion a target asks for is found with its own attributes; this one is for the present files.
impl<'r> Scene<'r> {
    /// Looks at everything, and saves what is changed or untracked into `sink`.
    pub fn observe(
        repo: &'r Repo,
        config: &Config,
        wanted: &Wanted,
        sink: &ObjectSink<'_>,
        talk: &dyn Talk,
    ) -> Result<Scene<'r>> {
        let began = crate::host::clock::file_time();
        let head = repo.head()?;
        let head_commit = repo.head_commit(&head)?;
        let head_tree = match head_commit {
            Some(id) => repo.commit(id)?.tree,
            None => ObjectId::EMPTY_TREE,
        };
        let (mut index, check) = Index::read_unchecked(&repo.index_path())?;
        index.set_trust(repo.stat_trust());
        // Both cores are busy with the look; what it found is used when the index is known to be whole.
        let scan = check.before(look(repo, wanted, &index))?;
        let attributes = present_attributes(repo, wanted, &index, &scan)?;
        let mut scene = Scene {
            repo,
            began,
            root: Root::open(repo.root())?,
            perms: usual_perms(&index, &scan),
            head,
            head_commit,
            head_tree,
            scope: wanted.only.clone(),
            attributes,
            changed: BTreeMap::new(),
            untracked: BTreeMap::new(),
            ignored: BTreeMap::new(),
            big: Vec::new(),
            git_files: gitfiles::capture(repo, sink)?,
            refs: repo.user_references()?,
            stashes: repo.stashes()?,
            skipped: Vec::new(),
            verified: BTreeMap::new(),
            index,
            scan,
        };
        scene.save_changed(sink, talk)?;
        scene.save_untracked(config, wanted, sink, talk)?;
        scene.note_skipped(wanted.nested);
        Ok(scene)
    }

    fn save_changed(&mut self, sink: &ObjectSink<'_>, talk: &dyn Talk) -> Result<()> {
        let mut paths: Vec<RepoPath> = Vec::new();
        let unseen = unseen::may_differ(self.repo, &self.index, &self.scan, &self.attributes)?;
        for i in 0..self.index.len() {
            let is_saved = match &self.scan.entries[i] {
                EntryState::Missing | EntryState::Blocked(_) => false,
                EntryState::Suspect(_) => true,
                // In a conflict the file belongs to no stage: it is always saved.
                EntryState::Clean(_) if self.index.stage(i) > 0 || unseen.binary_search(&i).is_ok() => true,
                _ => continue,
            };
            let path = self.index.path(i);
            match (is_saved, i > 0 && self.index.path(i - 1) == path) {
                // Another stage of the same path.
                (_, true) => {}
                (true, false) => paths.push(RepoPath::new(path)),
                (false, false) => drop(self.changed.insert(RepoPath::new(path), None)),
            }
        }
        let bar = talk.progress("saving changed files", Some(paths.len() as u64));
        let saved = self.saver(sink).save_all(&paths, &|n| bar.advance(n))?;
        for (path, saved) in paths.into_iter().zip(saved) {
            match saved {
                Some(saved) if self.is_as_indexed(&path, &saved) => {
                    self.verified.insert(path, saved.stat);
                }
                saved => {
                    if let Some(saved) = &saved
                        && self.index_entry(&path).is_some_and(|e| self.same_for_git(&e, saved))
                    {
                        self.verified.insert(path.clone(), saved.stat);
                    }
                    self.changed.insert(path, saved);
                }
            }
        }
        Ok(())
    }

    fn save_untracked(
        &mut self,
        config: &Config,
        wanted: &Wanted,
        sink: &ObjectSink<'_>,
        talk: &dyn Talk,
    ) -> Result<()> {
        let free = crate::host::fs::available_space(self.repo.common_dir())?;
        let (big, small) = split_by_size(&self.scan.untracked, config, free);
        self.big = big;
        let bar = talk.progress("saving untracked files", Some(small.len() as u64));
        let saved = self.saver(sink).save_all(&small, &|n| bar.advance(n))?;
        self.untracked = small.into_iter().zip(saved).filter_map(|(path, saved)| Some((path, saved?))).collect();
        if wanted.ignored {
            let paths: Vec<RepoPath> = self.scan.ignored_files.iter().map(|f| f.path.clone()).collect();
            let bar = talk.progress("saving ignored files", Some(paths.len() as u64));
            let saved = self.saver(sink).save_all(&paths, &|n| bar.advance(n))?;
            self.ignored = paths.into_iter().zip(saved).filter_map(|(path, saved)| Some((path, saved?))).collect();
        }
        Ok(())
    }

    fn note_skipped(&mut self, nested: bool) {
        let mut add = |path: &RepoPath, why: &str, size| {
            self.skipped.push(Skipped { path: path.clone(), why: why.to_owned(), size });
        };
        for found in &self.big {
            add(&found.path, "too big to be copied (rollback.maxFileSize)", Some(found.stat.size));
        }
        for found in &self.scan.special {
            add(&found.path, "not a file (pipe, socket or device)", None);
        }
        if nested {
            return;
        }
        for path in &self.scan.nested {
            add(path, "a repository of its own", None);
        }
        for (i, state) in self.scan.entries.iter().enumerate() {
            if matches!(state, EntryState::Submodule { present: true }) {
                add(&RepoPath::new(self.index.path(i)), "a submodule: a repository of its own", None);
            }
        }
    }

    fn is_as_indexed(&self, path: &RepoPath, saved: &Saved) -> bool {
        self.index_entry(path).is_some_and(|entry| self.same_for_git(&entry, saved))
            && saved.clean == saved.spec.blob
            && self.index.range_at(path.as_bytes()).len() == 1
    }

    /// Whether git would call a file unchanged.
    fn same_for_git(&self, entry: &IndexEntry, saved: &Saved) -> bool {
        let mode_counts = self.repo.config_bool("core.filemode") != Some(false) || saved.spec.kind == FileKind::Link;
        entry.is_plain_but_marks()
            && saved.clean == entry.id
            && (saved.tree_mode() == entry.mode || (!mode_counts && entry.mode != MODE_LINK))
    }

    /// The only entry of the index at `path`.
    pub fn index_entry(&self, path: &RepoPath) -> Option<IndexEntry> {
        let range = self.index.range_at(path.as_bytes());
        (range.len() == 1).then(|| self.index.entry(range.start))
    }

    /// All entries of the index at `path`.
    pub fn index_entries(&self, path: &RepoPath) -> Vec<IndexEntry> {
        self.index.range_at(path.as_bytes()).map(|i| self.index.entry(i)).collect()
    }

    /// What stands at `path` now, exactly; `None`: nothing that is a file. The bytes are in the sink.
    pub fn current(&self, path: &RepoPath, sink: &ObjectSink<'_>) -> Result<Option<(FileSpec, Stat)>> {
        let known = self.changed.get(path).cloned().flatten();
        let known = known.or_else(|| self.untracked.get(path).cloned()).or_else(|| self.ignored.get(path).cloned());
        if let Some(saved) = known {
            return Ok(Some((saved.spec, saved.stat)));
        }
        let range = self.index.range_at(path.as_bytes());
        let Some(i) = Some(range.start).filter(|_| !range.is_empty()) else { return Ok(None) };
        if self.scan.entries[i] == EntryState::Unseen {
            let saved = self.saver(sink).save(path)?;
            return Ok(saved.map(|saved| (saved.spec, saved.stat)));
        }
        let stat = match (&self.scan.entries[i], self.verified.get(path)) {
            (_, Some(stat)) => *stat,
            (EntryState::Clean(seen), _) => seen.stat(),
            _ => return Ok(None),
        };
        if !self.attributes.is_trivial() && !self.attributes.conversion(path).is_none() {
            let saved = self.saver(sink).save(path)?;
            return Ok(saved.map(|saved| (saved.spec, saved.stat)));
        }
        Ok(Some((tree_spec(self.index.mode(i), self.index.id(i), stat.perm()), stat)))
    }

    /// Whether a tracked path is left out of the worktree on purpose.
    pub fn is_absent(&self, path: &RepoPath) -> bool {
        let range = self.index.range_at(path.as_bytes());
        let Some(i) = Some(range.start).filter(|_| !range.is_empty()) else { return false };
        match self.scan.entries[i] {
            EntryState::Absent => true,
            EntryState::Submodule { present } => !present && self.index.flags(i).skip_worktree,
            _ => false,
        }
    }

    /// What saves files of this worktree.
    pub fn saver<'a>(&'a self, sink: &'a ObjectSink<'a>) -> Saver<'a> {
        Saver { repo: self.repo, root: &self.root, attributes: &self.attributes, index: &self.index, sink }
    }

    /// Marks of the entry at `path`.
    pub fn marks(&self, path: &RepoPath) -> EntryFlags {
        self.index_entry(path).map(|e| e.flags).unwrap_or_default()
    }

    /// Paths that were saved because they differ from the commit, or that no commit knows.
    pub fn has_unsaved_work(&self) -> bool {
        !self.changed.is_empty() || !self.untracked.is_empty()
    }

    /// How a file of the present worktree is converted.
    pub fn conversion(&self, path: &RepoPath) -> Conversion {
        self.attributes.conversion(path)
    }
}

/// A file as a tree has it, with these permission bits.
pub fn tree_spec(mode: u32, blob: ObjectId, perm: u32) -> FileSpec {
    match mode {
        MODE_LINK => FileSpec { kind: FileKind::Link, mode: 0, blob },
        _ => FileSpec { kind: FileKind::File, mode: perm, blob },
    }
}

pub(super) fn look(repo: &Repo, wanted: &Wanted, index: &Index) -> Result<Scan> {
    let options = ScanOptions {
        only: wanted.only.clone(),
        threads: 0,
        ignored: match (wanted.ignored, wanted.list_ignored) {
            (true, _) => IgnoredDetail::Full,
            (_, true) => IgnoredDetail::TopLevel,
            _ => IgnoredDetail::None,
        },
        umask: crate::host::umask(),
        absent_ignores: absent_ignore_files(index)
            .into_iter()
            .map(|i| Ok((RepoPath::new(index.path(i)), repo.blob(index.id(i))?)))
            .collect::<Result<_>>()?,
    };
    scan(repo.root(), index, &rules(repo)?, &options)
}

/// The ignore rules that hold in every state of the worktree.
pub fn rules(repo: &Repo) -> Result<Rules> {
    Rules::new(
        repo.excludes_file().as_deref(),
        &repo.common_dir().join("info/exclude"),
        repo.config_bool("core.ignorecase") == Some(true),
    )
}

/// The bits that most files have, so that a snapshot lists only the others.
fn usual_perms(index: &Index, scan: &Scan) -> Perms {
    let mut counts: BTreeMap<(bool, u32), usize> = BTreeMap::new();
    let mut run = ((false, 0), 0);
    for (i, state) in scan.entries.iter().enumerate() {
        if let EntryState::Clean(seen) = state
            && seen.is_file()
        {
            let kind = (index.mode(i) == MODE_EXEC, seen.mode() & 0o7777);
            // Nearly all are as the one before.
            if kind != run.0 {
                *counts.entry(run.0).or_default() += run.1;
                run = (kind, 0);
            }
            run.1 += 1;
        }
    }
    *counts.entry(run.0).or_default() += run.1;
    let most = |exec: bool, otherwise: u32| {
        let of_kind = counts.iter().filter(|((e, _), count)| *e == exec && **count > 0);
        of_kind.max_by_key(|(_, count)| **count).map_or(otherwise, |((_, perm), _)| *perm)
    };
    let usual = Perms::of_umask(crate::host::umask());
    Perms { file: most(false, usual.file), exec: most(true, usual.exec) }
}

pub(super) fn present_attributes(repo: &Repo, wanted: &Wanted, index: &Index, scan: &Scan) -> Result<Attributes> {
    // What lies elsewhere than on the way says nothing of the paths that are wanted.
    let on_the_way = |dir: &[u8]| dir.is_empty() || wanted.only.as_ref().is_none_or(|only| only.reaches_below(dir));
    let is_ours = |path: &[u8]| path == b".gitattributes" || path.ends_with(b"/.gitattributes");
    let mut names: BTreeSet<RepoPath> = BTreeSet::new();
    let mut absent = BTreeMap::new();
    let notable = index.notable().iter().copied();
    for i in notable.filter(|i| is_ours(index.path(*i)) && index.mode(*i) != MODE_GITLINK) {
        match scan.entries[i] {
            EntryState::Clean(_) | EntryState::Suspect(_) => drop(names.insert(RepoPath::new(index.path(i)))),
            EntryState::Unseen if !on_the_way(RepoPath::new(index.path(i)).parent()) => {}
            // As git does, the index's copy serves where there is no file.
            _ => drop(absent.insert(RepoPath::new(index.path(i)), index.id(i))),
        }
    }
    names.extend(scan.untracked.iter().map(|f| f.path.clone()).filter(|p| is_ours(p.as_bytes())));
    if names.is_empty() {
        return attributes_of(repo, &absent);
    }
    let mut files = Vec::new();
    for name in names {
        if let Some(bytes) = crate::host::fs::read_capped(&repo.root().join(name.to_os()), 100 << 20)? {
            files.push((name, bytes));
        }
    }
    for (name, id) in absent {
        files.push((name, repo.blob(id)?));
    }
    files.sort_by_key(|(path, _)| (path.as_bytes().iter().filter(|b| **b == b'/').count(), path.clone()));
    Attributes::new(repo, &files)
}

/// Untracked files that are too big to be copied, and the others.
fn split_by_size(untracked: &[Found], config: &Config, free: u64) -> (Vec<Found>, Vec<RepoPath>) {
    let mut total = 0u64;
    let (mut big, mut small) = (Vec::new(), Vec::new());
    let mut by_size: Vec<&Found> = untracked.iter().collect();
    by_size.sort_by_key(|f| f.stat.size);
    for found in by_size {
        total = total.saturating_add(found.stat.size);
        let too_much = found.stat.size > 1 << 20 && total > config.total_size(free);
        if found.stat.size > config.max_file_size || too_much {
            big.push(found.clone());
        } else {
            small.push(found.path.clone());
        }
    }
    small.sort();
    big.sort_by(|a, b| a.path.cmp(&b.path));
    (big, small)
}

/// Refuses a state that a snapshot could not bring back exactly.
pub fn check_supported(scene: &Scene<'_>) -> Result<()> {
    // Reading the index has looked at all of them: what is doubtful is notable.
    crate::worktree::check_paths(scene.index.notable().iter().map(|i| scene.index.path(*i)))
        .map_err(|e| Error::refused("the index holds a path that must not be written").because(e))
}
