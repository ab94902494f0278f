//! Snapshots: a whole working state as commits (`docs/formats.md`).
//!
//! A manifest commit whose first parent is a plain stash commit: git alone brings the user's work back with
//! `git stash apply --index <ref>^`, and everything git's stash forgets is in the manifest.

use super::capture::Saved;
use super::scene::Scene;
use crate::git::{MODE_FILE, ObjectKind, ObjectSink, Ref, Repo, TreeEntry, index_tree, write_commit};
use crate::model::{
    DirSpec, FileDetail, FileKind, FileSpec, GitFile, IndexAt, Manifest, NestedFile, NestedRepo, ObjectId, PathSet,
    RepoPath, Stat, SubmoduleAt, Who,
};
use crate::worktree::EntryState;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// The part of a snapshot that plain git understands: a stash commit and its trees.
#[derive(Clone, Debug)]
pub struct Stash {
    /// The stash commit.
    pub commit: ObjectId,
    /// The tree of the index.
    pub index_tree: ObjectId,
    /// The tree of the tracked files.
    pub work_tree: ObjectId,
}

/// What a plan adds to a snapshot.
#[derive(Debug, Default)]
pub struct Extra {
    /// Files in the way that neither git nor the stash commit knows: they are saved too.
    pub files: BTreeMap<RepoPath, FileSpec>,
    /// Exact bytes of tracked files that git would write back differently.
    pub raw: BTreeMap<RepoPath, ObjectId>,
    /// Converted files that the plan will write.
    pub wanted: BTreeMap<RepoPath, ObjectId>,
    /// Commits that must stay: tips that move, targets that may vanish.
    pub commits: Vec<ObjectId>,
    /// Tags that refs lose or get, each with the blob that has its bytes.
    pub tags: BTreeMap<ObjectId, ObjectId>,
    /// The steps of the plan, as stored.
    pub steps: Option<ObjectId>,
    /// All steps of an operation that goes on, those before and these, as stored.
    pub whole: Option<ObjectId>,
    /// Nested repositories that are saved file by file.
    pub nested: Vec<NestedRepo>,
    /// Submodules that have a snapshot of their own.
    pub submodules: Vec<SubmoduleAt>,
}

/// Writes the stash commit of a scene.
pub fn write_stash(scene: &Scene<'_>, sink: &ObjectSink<'_>, who: &Who, message: &str) -> Result<Stash> {
    let trees = scene.repo.trees()?.and_made_in(sink);
    let index_tree = index_tree(&trees, &scene.index, scene.head_tree, sink)?;
    let entry = |saved: &Saved| TreeEntry { mode: saved.tree_mode(), id: saved.clean };
    let tracked = scene.changed.iter().map(|(path, saved)| (path.clone(), saved.as_ref().map(entry))).collect();
    let work_tree = trees.edit(index_tree, &tracked, sink)?;
    let untracked = scene.untracked.iter().chain(&scene.ignored);
    let untracked = untracked.map(|(path, saved)| (path.clone(), Some(entry(saved)))).collect();
    let untracked_tree = trees.edit(ObjectId::EMPTY_TREE, &untracked, sink)?;
    let (base, on) = match scene.head_commit {
        Some(id) => {
            let branch = scene.head.branch().unwrap_or("(no branch)");
            (id, format!("{branch}: {} {}", id.short(), scene.repo.commit(id)?.subject))
        }
        None => {
            // Git's stash wants a commit to stand on, even where there is none yet.
            let empty = sink.add(ObjectKind::Tree, b"")?;
            (write_commit(sink, empty, &[], who, NO_COMMIT)?, NO_COMMIT.to_owned())
        }
    };
    let index = write_commit(sink, index_tree, &[base], who, &format!("index on {on}"))?;
    let rest = write_commit(sink, untracked_tree, &[], who, &format!("untracked files on {on}"))?;
    let commit = write_commit(sink, work_tree, &[base, index, rest], who, message)?;
    Ok(Stash { commit, index_tree, work_tree })
}

/// Writes the manifest commit above a stash commit; the snapshot is complete once a ref points to it.
pub fn write_manifest(
    scene: &Scene<'_>,
    stash: &Stash,
    extra: &Extra,
    operation: &str,
    who: &Who,
    message: &str,
    sink: &ObjectSink<'_>,
) -> Result<ObjectId> {
    let manifest = describe(scene, extra, operation, who);
    let json = serde_json::to_vec_pretty(&manifest).map_err(|e| Error::fault("cannot write a manifest").because(e))?;
    let blob = |id| Some(TreeEntry { mode: MODE_FILE, id });
    let mut entries: BTreeMap<RepoPath, Option<TreeEntry>> = BTreeMap::new();
    entries.insert("manifest.json".into(), blob(sink.add(ObjectKind::Blob, &json)?));
    entries.insert("refs".into(), blob(sink.add(ObjectKind::Blob, &refs_text(scene))?));
    for (name, steps) in [("steps.json", extra.steps), ("whole.json", extra.whole)] {
        if let Some(steps) = steps {
            entries.insert(name.into(), blob(steps));
        }
    }
    for file in &manifest.git_files {
        entries.insert(RepoPath::join(b"state", file.name.as_bytes()), blob(file.blob));
    }
    for detail in &manifest.files {
        if let Some(raw) = detail.raw {
            entries.insert(RepoPath::join(b"raw", detail.path.as_bytes()), blob(raw));
        }
    }
    for (path, id) in
        extra.files.iter().map(|(p, spec)| (p, spec.blob)).chain(extra.wanted.iter().map(|(p, id)| (p, *id)))
    {
        let place: &[u8] = if extra.wanted.contains_key(path) { b"wanted" } else { b"raw" };
        entries.insert(RepoPath::join(place, path.as_bytes()), blob(id));
    }
    // Blobs that only the index holds: sides of a conflict, and the empty one of files to be added.
    for entry in manifest.index.iter().flat_map(|at| &at.entries).filter(|e| e.mode != crate::git::MODE_GITLINK) {
        if entry.id == ObjectId::EMPTY_BLOB {
            sink.add(ObjectKind::Blob, b"")?;
        }
        entries.insert(RepoPath::join(b"index", entry.id.to_string().as_bytes()), blob(entry.id));
    }
    // Names such as `.git` must not stand in a tree: nested repositories' files stand under their object names.
    for id in manifest.nested.iter().flat_map(|n| &n.files).map(|f| f.spec.blob) {
        entries.insert(RepoPath::join(b"nested", id.to_string().as_bytes()), blob(id));
    }
    for (tag, copy) in &extra.tags {
        entries.insert(RepoPath::join(super::tags::TAGS, tag.to_string().as_bytes()), blob(*copy));
    }
    for id in manifest.submodules.iter().map(|s| s.state.gitfile) {
        entries.insert(RepoPath::join(b"nested", id.to_string().as_bytes()), blob(id));
    }
    let tree = scene.repo.trees()?.and_made_in(sink).edit(ObjectId::EMPTY_TREE, &entries, sink)?;
    let mut parents = vec![stash.commit];
    for commit in extra.commits.iter().chain(&super::gitfiles::commits_named(scene.repo, &scene.git_files)) {
        if !parents.contains(commit) && Some(*commit) != scene.head_commit {
            parents.push(*commit);
        }
    }
    write_commit(sink, tree, &parents, who, message)
}

fn describe(scene: &Scene<'_>, extra: &Extra, operation: &str, who: &Who) -> Manifest {
    let mut details: BTreeMap<RepoPath, FileDetail> = BTreeMap::new();
    let saved = scene.changed.iter().filter_map(|(path, saved)| Some((path, saved.as_ref()?)));
    for (path, saved) in saved.chain(&scene.untracked).chain(&scene.ignored) {
        note_detail(&mut details, scene, path, &saved.spec, saved.clean);
    }
    for (i, state) in scene.scan.entries.iter().enumerate() {
        let Some(stat) = state.file().filter(Stat::is_file) else { continue };
        if stat.perm() != scene.perms.usual(stat.perm() & 0o100 != 0) {
            let path = RepoPath::new(scene.index.path(i));
            detail(&mut details, &path).perm = Some(stat.perm());
        }
    }
    for (path, raw) in &extra.raw {
        detail(&mut details, path).raw = Some(*raw);
    }
    let mut ignored: Vec<RepoPath> = scene.ignored.keys().chain(extra.files.keys()).cloned().collect();
    ignored.sort();
    for (path, spec) in &extra.files {
        let one = detail(&mut details, path);
        one.raw = Some(spec.blob);
        one.perm = Some(if spec.kind == FileKind::Link { LINK } else { spec.mode });
    }
    let dirs = |found: &[(RepoPath, u32)]| {
        found.iter().map(|(path, perm)| DirSpec { path: path.clone(), perm: Some(*perm) }).collect()
    };
    Manifest {
        version: if scene.scope.is_some() { Manifest::VERSION } else { Manifest::WHOLE },
        operation: operation.to_owned(),
        worktree: scene.repo.worktree_id(),
        who: who.clone(),
        head: scene.head.clone(),
        head_commit: scene.head_commit,
        scope: scene.scope.clone(),
        perms: scene.perms,
        index: special_entries(scene),
        files: details.into_values().collect(),
        absent: absent(scene),
        ignored,
        ignored_in_place: scene
            .scan
            .ignored_listed
            .then(|| scene.scan.ignored.iter().map(|found| found.path.clone()).collect()),
        empty_dirs: scene
            .scan
            .empty_dirs
            .iter()
            .map(|found| DirSpec { path: found.path.clone(), perm: Some(found.stat.perm()) })
            .collect(),
        dirs: dirs(&scene.scan.dirs),
        git_files: scene.git_files.clone(),
        stashes: scene.stashes.iter().map(|(id, _)| *id).collect(),
        nested: extra.nested.clone(),
        submodules: extra.submodules.clone(),
        skipped: scene.skipped.clone(),
    }
}

/// Stands for permission bits of a link among the details.
const LINK: u32 = 0o120000;

fn detail<'a>(details: &'a mut BTreeMap<RepoPath, FileDetail>, path: &RepoPath) -> &'a mut FileDetail {
    details.entry(path.clone()).or_insert_with(|| FileDetail { path: path.clone(), perm: None, raw: None })
}

fn note_detail(
    details: &mut BTreeMap<RepoPath, FileDetail>,
    scene: &Scene<'_>,
    path: &RepoPath,
    spec: &FileSpec,
    clean: ObjectId,
) {
    if spec.kind == FileKind::File && spec.mode != scene.perms.usual(spec.mode & 0o100 != 0) {
        detail(details, path).perm = Some(spec.mode);
    }
    if spec.kind == FileKind::File && (spec.blob != clean || !scene.conversion(path).is_none()) {
        detail(details, path).raw = Some(spec.blob);
    }
}

/// Entries of the index that a tree cannot say.
pub fn special_entries(scene: &Scene<'_>) -> Vec<IndexAt> {
    let mut out: Vec<IndexAt> = Vec::new();
    for i in scene.index.notable().iter().copied().filter(|i| !scene.index.entry(*i).is_plain()) {
        let path = RepoPath::new(scene.index.path(i));
        if out.last().is_none_or(|last| last.path != path) {
            let entries = scene.index_entries(&path);
            out.push(IndexAt { path, entries });
        }
    }
    out
}

fn absent(scene: &Scene<'_>) -> Vec<RepoPath> {
    let states = scene.scan.entries.iter().enumerate();
    states
        .filter(|(_, state)| matches!(state, EntryState::Absent | EntryState::Submodule { present: false }))
        .map(|(i, _)| RepoPath::new(scene.index.path(i)))
        .collect()
}

fn refs_text(scene: &Scene<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for Ref { name, id } in &scene.refs {
        out.extend_from_slice(format!("{id} ").as_bytes());
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    out
}

/// A snapshot that was read back.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The manifest commit.
    pub commit: ObjectId,
    /// What it says.
    pub manifest: Manifest,
    /// The stash commit.
    pub stash: ObjectId,
    /// The tree of the index.
    pub index_tree: ObjectId,
    /// The tree of the tracked files.
    pub work_tree: ObjectId,
    /// The tree of the untracked files.
    pub untracked_tree: ObjectId,
}

/// More than any manifest ever needs.
const MAX_MANIFEST: u64 = 256 << 20;

/// Whether a commit is a manifest commit (cheap; the manifest is not read).
pub fn is_snapshot(repo: &Repo, commit: ObjectId) -> bool {
    let Ok(info) = repo.commit(commit) else { return false };
    // Other projects have files of that name too: the trailer tells ours.
    info.message.contains("\nRollback-Operation: ")
        && info.parents.first().is_some_and(|stash| repo.commit(*stash).is_ok_and(|s| s.parents.len() == 3))
        && manifest_blob(repo, info.tree).is_ok_and(|found| found.is_some())
}

/// The commit that `HEAD` was on, without reading the manifest; `None`: there was no commit yet.
pub fn base_commit(repo: &Repo, commit: ObjectId) -> Option<ObjectId> {
    let stash = repo.commit(*repo.commit(commit).ok()?.parents.first()?).ok()?;
    let base = repo.commit(*stash.parents.first()?).ok()?;
    let made_up = base.tree == ObjectId::EMPTY_TREE && base.parents.is_empty() && base.subject == NO_COMMIT;
    (!made_up).then_some(base.id)
}

/// The message of the commit that stands in where there is none yet.
const NO_COMMIT: &str = "no commit yet";

fn manifest_blob(repo: &Repo, tree: ObjectId) -> Result<Option<ObjectId>> {
    let found = repo.trees()?.find(tree, b"manifest.json")?;
    Ok(found.filter(|entry| entry.mode == MODE_FILE).map(|entry| entry.id))
}

/// Reads a snapshot. What it says is input: it is checked, never trusted.
///
/// # Errors
/// Refused: not a snapshot, damaged, or of a newer version.
pub fn load(repo: &Repo, commit: ObjectId) -> Result<Snapshot> {
    let bad = |why: &str| Error::refused(format!("{} is not a complete snapshot", commit.short())).because(why);
    let info = repo.commit(commit)?;
    let blob = manifest_blob(repo, info.tree)?.ok_or_else(|| bad("it has no manifest"))?;
    if repo.blob_size(blob)? > MAX_MANIFEST {
        return Err(bad("its manifest is too big"));
    }
    let bytes = repo.blob(blob)?;
    let probe: Version = serde_json::from_slice(&bytes).map_err(|e| bad(&e.to_string()))?;
    if probe.version > Manifest::VERSION {
        return Err(bad("it was written by a newer version of this tool")
            .help("update git-rollback, or use plain git: `git stash apply --index <ref>^`"));
    }
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|e| bad(&e.to_string()))?;
    check(&manifest).map_err(|e| bad("its manifest names what must not be written").because(e))?;
    let stash = *info.parents.first().ok_or_else(|| bad("it has no stash commit"))?;
    let stash_info = repo.commit(stash)?;
    let [_, index, untracked] = stash_info.parents[..] else {
        return Err(bad("its stash commit has not three parents"));
    };
    Ok(Snapshot {
        commit,
        manifest,
        stash,
        index_tree: repo.commit(index)?.tree,
        work_tree: stash_info.tree,
        untracked_tree: repo.commit(untracked)?.tree,
    })
}

#[derive(serde::Deserialize)]
struct Version {
    version: u32,
}

fn check(manifest: &Manifest) -> Result<()> {
    let nested = |file: &NestedFile| crate::worktree::check_nested_path(file.path.as_bytes());
    for file in &manifest.git_files {
        if !super::gitfiles::is_known(&file.name) {
            return Err(Error::refused(format!("{} is not a file of an interrupted operation", file.name)));
        }
    }
    let paths = manifest.index.iter().map(|i| &i.path).chain(manifest.files.iter().map(|f| &f.path));
    let dirs = manifest.empty_dirs.iter().chain(&manifest.dirs).map(|d| &d.path);
    let scope = manifest.scope.iter().flat_map(PathSet::iter);
    for path in paths.chain(&manifest.absent).chain(&manifest.ignored).chain(dirs).chain(scope) {
        crate::worktree::check_path(path.as_bytes())?;
    }
    manifest.nested.iter().flat_map(|n| &n.files).try_for_each(nested)
}

impl Snapshot {
    /// Every file whose exact state the manifest tells: untracked ones, and tracked ones with unusual bits or bytes.
    pub fn exact_files(&self, repo: &Repo) -> Result<BTreeMap<RepoPath, FileSpec>> {
        let trees = repo.trees()?;
        let perms = self.manifest.perms;
        let spec = |entry: TreeEntry| {
            super::scene::tree_spec(entry.mode, entry.id, perms.usual(entry.mode == crate::git::MODE_EXEC))
        };
        let mut out: BTreeMap<RepoPath, FileSpec> = BTreeMap::new();
        for (path, entry) in trees.files(self.untracked_tree)? {
            crate::worktree::check_path(path.as_bytes())?;
            out.insert(path, spec(entry));
        }
        for detail in &self.manifest.files {
            let known = match out.get(&detail.path) {
                Some(spec) => Some(spec.clone()),
                None => trees.find(self.work_tree, detail.path.as_bytes())?.map(spec),
            };
            let Some(mut file) = known.or_else(|| new_file(detail)) else { continue };
            if let Some(perm) = detail.perm {
                file.kind = if perm == LINK { FileKind::Link } else { file.kind };
                file.mode = if file.kind == FileKind::Link { 0 } else { perm & 0o7777 };
            }
            file.blob = detail.raw.unwrap_or(file.blob);
            if detail.raw.is_some() || detail.perm.is_some() {
                out.insert(detail.path.clone(), file);
            }
        }
        Ok(out)
    }

    /// All refs at that time (names that are not UTF-8 are left out: they cannot be set).
    pub fn refs(&self, repo: &Repo) -> Result<BTreeMap<String, ObjectId>> {
        let tree = repo.commit(self.commit)?.tree;
        let Some(entry) = repo.trees()?.find(tree, b"refs")? else { return Ok(BTreeMap::new()) };
        let text = repo.blob(entry.id)?;
        let line = |line: &[u8]| {
            let id = ObjectId::from_hex(line.get(..40)?)?;
            Some((String::from_utf8(line.get(41..)?.to_vec()).ok()?, id))
        };
        Ok(text.split(|&b| b == b'\n').filter_map(line).collect())
    }

    /// The state files of an interrupted operation.
    pub fn git_files(&self) -> &[GitFile] {
        &self.manifest.git_files
    }
}

fn new_file(detail: &FileDetail) -> Option<FileSpec> {
    Some(FileSpec { kind: FileKind::File, mode: detail.perm?, blob: detail.raw? })
}
