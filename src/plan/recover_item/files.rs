//! Lost content comes back as a file, beside what is there.

use super::{Back, Output};
use crate::git::{MODE_FILE, TreeEntry};
use crate::model::{LostItem, ObjectId, RepoPath, Step, quoted};
use crate::plan::Plan;
use crate::plan::target::Target;
use crate::plan::transition::{Clean, Desk, Scope, Transition};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Finds a place for a file.
pub(super) fn bring_back(back: &mut Back<'_, '_, '_>, item: &LostItem) -> Result<()> {
    let guess = item.name.as_ref().map(|name| name.name.clone());
    let guess = guess.filter(|path| crate::worktree::check_path(path.as_bytes()).is_ok());
    let own = guess.clone().unwrap_or_else(|| RepoPath::from(format!("recovered-{}", item.id.short()).as_str()));
    let wanted = match &back.request.output {
        Some(Output::File(path)) => {
            if !back.places.take(path)? {
                return Err(Error::refused(format!("{path} is taken, and nothing that is there is replaced"))
                    .help("choose another name with --output FILE, or leave it out for a free one"));
            }
            back.files.push((path.clone(), item.id));
            back.note(item, format!("file {path}"), None, None);
            return Ok(());
        }
        Some(Output::Directory(dir)) => RepoPath::join(dir, own.name()),
        None => own,
    };
    let path = back.places.take_near(&wanted)?;
    back.files.push((path.clone(), item.id));
    back.note(item, format!("file {path}"), None, None);
    match &item.name {
        Some(name) if path != wanted => {
            if let Some(made) = back.made.last_mut().filter(|_| wanted == name.name) {
                made.next = Some(compare(&wanted, &path));
            }
            back.say_why(format!("{wanted} is there, and stays as it is"));
        }
        Some(name) if !name.certain => back.say_why(format!("its name is a guess: {}", name.why)),
        Some(_) => {}
        None => back.say_why("its name is not known; --output FILE gives it one".to_owned()),
    }
    Ok(())
}

fn compare(old: &RepoPath, new: &RepoPath) -> String {
    format!("git diff --no-index {} {}", quoted(&old.to_string()), quoted(&new.to_string()))
}

/// Puts the steps into the plan: files first, so that a stop in between looks like new files and never like lost ones.
pub(super) fn into_plan(
    desk: Desk<'_, '_>,
    files: Vec<(RepoPath, ObjectId)>,
    rest: Vec<Step>,
    plan: &mut Plan,
) -> Result<()> {
    if files.is_empty() {
        plan.steps.extend(rest);
        return Ok(());
    }
    let trees = desk.scene.repo.trees()?.and_made_in(desk.sink);
    let entry = |id: &ObjectId| Some(TreeEntry { mode: MODE_FILE, id: *id });
    let entries: BTreeMap<RepoPath, Option<TreeEntry>> =
        files.iter().map(|(path, id)| (path.clone(), entry(id))).collect();
    let target = Target::of_tree(trees.edit(desk.index_tree, &entries, desk.sink)?);
    let places: BTreeSet<&RepoPath> = entries.keys().collect();
    let only = |path: &RepoPath| places.contains(path);
    let scope = Scope {
        index: false,
        git_files: false,
        folders: false,
        only: Some(&only),
        overlay: true,
        ..Scope::whole(Clean::None)
    };
    Transition::work_out(desk, &target, &scope)?.into_plan(plan, rest, Vec::new())?;
    for (path, id) in files {
        plan.extra.wanted.entry(path).or_insert(id);
    }
    Ok(())
}
