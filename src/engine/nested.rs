//! Nested repositories and submodules, entered only when asked (`--nested`).

use crate::git::{ObjectKind, ObjectSink};
use crate::host::{Talk, fs};
use crate::model::{FileKind, NestedRepo, RepoPath, SubmoduleAt, SubmoduleState};
use crate::plan::points::CheckpointRequest;
use crate::plan::resolve::Place;
use crate::plan::to::ToRequest;
use crate::store::session::Session;
use crate::store::{log, snapshot};
use crate::worktree::{EntryState, Root};
use crate::{Error, Kind, Result};

/// Makes a nested repository: in a directory of ours first, then renamed into place. There already: nothing.
pub(super) fn make(session: &Session, root: &Root, repo: &NestedRepo, slot: &str) -> Result<()> {
    if root.stat(&repo.path)?.is_some() {
        return Ok(());
    }
    let back = session.layout.trash().join(slot);
    if back.symlink_metadata().is_ok() {
        crate::worktree::trash::move_back(root, &back, &repo.path)?;
        return Ok(());
    }
    let stage = fs::fresh_dir(&session.layout.area().join("nested"))?;
    let below = |path: &RepoPath| -> Result<std::path::PathBuf> {
        crate::worktree::check_nested_path(path.as_bytes())?;
        let rest = path.as_bytes().strip_prefix(repo.path.as_bytes()).unwrap_or_default();
        let rest = RepoPath::new(rest.strip_prefix(b"/").unwrap_or(rest));
        Ok(stage.join("repo").join(rest.to_os()))
    };
    for dir in &repo.dirs {
        fs::create_dir_all_private(&below(&dir.path)?)?;
    }
    for file in &repo.files {
        let place = below(&file.path)?;
        match file.spec.kind {
            FileKind::File => {
                fs::write_new_with_mode(&place, file.spec.mode, &mut |out| session.repo.copy_blob(file.spec.blob, out))?
            }
            FileKind::Link => fs::make_link(&session.repo.blob(file.spec.blob)?, &place)?,
        }
    }
    for dir in repo.dirs.iter().rev() {
        fs::set_mode(&below(&dir.path)?, dir.perm.unwrap_or(0o755))?;
    }
    crate::worktree::trash::move_back(root, &stage.join("repo"), &repo.path)?;
    fs::remove_scratch(&stage)
}

/// Saves each submodule that is checked out as a snapshot in its own repository.
pub fn save_submodules(
    session: &Session,
    scene: &crate::store::scene::Scene<'_>,
    talk: &dyn Talk,
    sink: &ObjectSink<'_>,
) -> Result<Vec<SubmoduleAt>> {
    let mut out = Vec::new();
    for i in 0..scene.index.len() {
        if !matches!(scene.scan.entries[i], EntryState::Submodule { present: true }) {
            continue;
        }
        let path = RepoPath::new(scene.index.path(i));
        let place = session.repo.root().join(path.to_os());
        let Some(gitfile) = fs::read_capped(&place.join(".git"), 4096).ok().flatten() else { continue };
        let inner = inside(session, &path, &gitfile)?;
        let name = inner.name_operation()?;
        let wanted = CheckpointRequest {
            name: Some(format!("nested-{}", name.id)),
            message: Some("saved with the repository that holds it".to_owned()),
            ..Default::default()
        };
        let planner =
            |table: &super::Table<'_, '_>| crate::plan::points::checkpoint(table.session, table.name, &wanted);
        if let super::Ended::Done(done) =
            super::run(&inner, talk, &request("checkpoint"), super::Locks::None, &planner)?
            && let Some(snapshot) = done.operation.snapshot
        {
            let gitfile = sink.add(ObjectKind::Blob, &gitfile)?;
            out.push(SubmoduleAt { path, state: SubmoduleState { snapshot: snapshot.id, gitfile } });
        }
    }
    Ok(out)
}

fn nested_wanted() -> crate::store::scene::Wanted {
    crate::store::scene::Wanted { ignored: true, list_ignored: true, ..Default::default() }
}

/// Opens a submodule.
fn inside(session: &Session, path: &RepoPath, gitfile: &[u8]) -> Result<Session> {
    git_dir_of(session, path, gitfile)?;
    Session::open_at(&session.repo.root().join(path.to_os()))
}

/// A submodule's git directory must be one of this repository's own: a record must not lead git elsewhere.
fn git_dir_of(session: &Session, path: &RepoPath, gitfile: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(gitfile);
    let place = session.repo.root().join(path.to_os());
    let git_dir = text.strip_prefix("gitdir: ").map(|dir| place.join(dir.trim_end_matches('\n')));
    let git_dir = git_dir.and_then(|dir| dir.canonicalize().ok());
    let modules = session.repo.common_dir().join("modules");
    if !git_dir.is_some_and(|dir| dir.starts_with(&modules)) {
        return Err(Error::refused(format!("the submodule {path} keeps its repository in an unusual place"))
            .help("run the command inside the submodule itself"));
    }
    Ok(())
}

/// Brings a submodule to the state that a snapshot in its own repository holds; `None`: takes that back.
pub(super) fn enter(
    session: &Session,
    talk: &dyn Talk,
    path: &RepoPath,
    old: Option<&SubmoduleState>,
    new: Option<&SubmoduleState>,
) -> Result<()> {
    crate::worktree::check_path(path.as_bytes())?;
    let Some(state) = new.or(old) else { return Ok(()) };
    let gitfile = session.repo.blob(state.gitfile)?;
    let place = session.repo.root().join(path.to_os());
    if place.join(".git").symlink_metadata().is_err() {
        if new.is_none() {
            return Ok(());
        }
        if !place.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
            return Err(Error::new(Kind::Stopped, format!("the directory of the submodule {path} is missing")));
        }
        git_dir_of(session, path, &gitfile)?;
        fs::write_new(&place.join(".git"), &gitfile)?;
    }
    let inner = inside(session, path, &gitfile)?;
    match new {
        Some(state) => go(&inner, talk, state),
        None => take_back(&inner, talk, state),
    }
}

fn go(inner: &Session, talk: &dyn Talk, state: &SubmoduleState) -> Result<()> {
    let saved = snapshot::load(&inner.repo, state.snapshot)?;
    let place = Place {
        typed: state.snapshot.short(),
        what: "saved state of the submodule".to_owned(),
        point: None,
        commit: saved.manifest.head_commit,
        snapshot: Some(Box::new(saved)),
        after: None,
    };
    let planner = |table: &super::Table<'_, '_>| {
        crate::plan::to::plan(table.session, table.desk, &table.name.who, &place, &ToRequest::default())
    };
    super::run(inner, talk, &request("to"), super::Locks::IndexAndHead, &planner).map(drop)
}

/// Undoes the move to a saved state, when that is the last thing that was done there.
fn take_back(inner: &Session, talk: &dyn Talk, state: &SubmoduleState) -> Result<()> {
    let operations = log::read_own(&inner.repo, &inner.layout, 1000)?;
    let last = log::timeline(&operations, &inner.repo.worktree_id()).done.pop();
    let Some(last) = last.filter(|o| o.command == "to" && o.title.contains(&state.snapshot.short())) else {
        return Ok(());
    };
    let planner = |table: &super::Table<'_, '_>| {
        let mut plan = crate::plan::undo::plan(table.session, table.desk, &last)?;
        plan.undoes = Some(last.id.clone());
        Ok(plan)
    };
    super::run(inner, talk, &request("undo"), super::Locks::IndexAndHead, &planner).map(drop)
}

fn request(command: &'static str) -> super::Request {
    super::Request { command, yes: true, wanted: nested_wanted(), ..Default::default() }
}
