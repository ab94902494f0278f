//! Saving nested repositories file by file, when asked (`--nested`).

use crate::git::{ObjectKind, ObjectSink};
use crate::host::fs;
use crate::model::{DirSpec, FileKind, FileSpec, NestedFile, NestedRepo, RepoPath};
use crate::{Error, Result};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Saves every file of a nested repository, its git directory's among them.
pub fn capture(root: &Path, path: &RepoPath, sink: &ObjectSink<'_>) -> Result<NestedRepo> {
    let mut out = NestedRepo { path: path.clone(), files: Vec::new(), dirs: Vec::new() };
    walk(root, path, sink, &mut out)?;
    out.files.sort_by(|a, b| a.path.cmp(&b.path));
    out.dirs.sort();
    Ok(out)
}

fn walk(root: &Path, dir: &RepoPath, sink: &ObjectSink<'_>, out: &mut NestedRepo) -> Result<()> {
    let place = root.join(dir.to_os());
    let failed = |e: std::io::Error| Error::io(format!("cannot read {dir}"), &e);
    let perm = std::fs::symlink_metadata(&place).map_err(failed)?.permissions().mode() & 0o7777;
    out.dirs.push(DirSpec { path: dir.clone(), perm: Some(perm) });
    for entry in std::fs::read_dir(&place).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = RepoPath::join(dir.as_bytes(), entry.file_name().as_bytes());
        let meta = std::fs::symlink_metadata(entry.path()).map_err(failed)?;
        if meta.is_dir() {
            walk(root, &path, sink, out)?;
        } else if meta.is_symlink() {
            let target = std::fs::read_link(entry.path()).map_err(failed)?;
            let blob = sink.add(ObjectKind::Blob, target.as_os_str().as_bytes())?;
            out.files.push(NestedFile { path, spec: FileSpec { kind: FileKind::Link, mode: 0, blob } });
        } else if meta.is_file() {
            let mut file = fs::open_regular(&entry.path())?;
            let blob = sink.add_stream(&mut file, meta.len())?;
            let mode = meta.permissions().mode() & 0o7777;
            out.files.push(NestedFile { path, spec: FileSpec { kind: FileKind::File, mode, blob } });
        }
    }
    Ok(())
}
