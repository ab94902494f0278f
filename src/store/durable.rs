//! After a power cut: files that an operation wrote and that never reached the disk.
//!
//! The snapshot is synced before anything is touched, so nothing is lost; but the files that are written are not synced
//! one by one, and when the machine stops within seconds a file system may keep their names and drop their bytes.

use super::journal::{Journal, parse_steps};
use super::session::Session;
use crate::Result;
use crate::host::fs;
use crate::model::{FileKind, Operation, RepoPath, Step};
use crate::worktree::Root;

/// The last operation and the files it wrote that are empty although they should not be; `None`: the machine has not
/// been started anew since, or all is well.
pub fn not_on_disk(session: &Session) -> Result<Option<(Operation, Vec<RepoPath>)>> {
    let Some(journal) = Journal::read_at(&session.layout.finished())? else { return Ok(None) };
    if journal.boot == fs::boot_id() {
        return Ok(None);
    }
    let root = Root::open(session.repo.root())?;
    let mut empty = Vec::new();
    for step in parse_steps(&session.repo.blob(journal.steps)?)?.steps {
        let Step::Worktree(change) = step else { continue };
        for file in change.files {
            let Some(new) = file.new.filter(|new| new.kind == FileKind::File) else { continue };
            let is_empty = root.stat(&file.path)?.is_some_and(|stat| stat.is_file() && stat.size == 0);
            if is_empty && session.repo.blob_size(new.blob)? > 0 {
                empty.push(file.path);
            }
        }
    }
    Ok((!empty.is_empty()).then_some((journal.operation, empty)))
}

/// The same in a sentence, with the way out.
pub fn warning(session: &Session) -> Result<Option<String>> {
    Ok(not_on_disk(session)?.map(|(operation, files)| {
        let names: Vec<String> = files.iter().take(5).map(|path| path.to_string()).collect();
        format!(
            "the machine stopped before {} files of operation {} were on disk, and they are empty now: {}; \
             `git rollback restore --from op:{} PATH...` brings them back",
            files.len(),
            operation.id,
            names.join(", "),
            operation.id
        )
    }))
}
