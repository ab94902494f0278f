//! Many points at once: the tags and refs that as many checkpoints would leave.

use super::run::{Cmd, ask, command};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Stdio;

/// Makes `count` points on `HEAD`.
pub(crate) fn make(top: &Path, count: usize) {
    let head = ask(top, "rev-parse HEAD");
    feed(top, "fast-import --quiet", |out| {
        for i in 0..count {
            let message = format!(
                "point {i}\n\nRollback-Kind: checkpoint\nRollback-Operation: {i:08x}\nRollback-Worktree: main\n"
            );
            writeln!(out, "tag point-{i}\nfrom {head}").unwrap();
            writeln!(out, "tagger Bench <bench@example.org> {} +0000", 1_700_000_000 + i).unwrap();
            writeln!(out, "data {}\n{message}", message.len()).unwrap();
        }
    });
    let tags = ask(top, "for-each-ref --format=%(objectname)%20%(refname:short) refs/tags/point-*");
    feed(top, "update-ref --stdin", |out| {
        for line in tags.lines() {
            let (id, name) = line.split_once(' ').unwrap();
            let i: usize = name.strip_prefix("point-").unwrap().parse().unwrap();
            let (hour, minute, second) = (i / 3600 % 24, i / 60 % 60, i % 60);
            let stamp = format!("202401{:02}T{hour:02}{minute:02}{second:02}.000Z", 1 + i / 86_400);
            writeln!(out, "create refs/rollback/points/{stamp}/checkpoint/{name} {id}").unwrap();
            writeln!(out, "delete refs/tags/{name}").unwrap();
        }
    });
}

fn feed(top: &Path, args: &str, write: impl FnOnce(&mut dyn Write)) {
    let mut child = command(top, &Cmd::git(args)).stdin(Stdio::piped()).spawn().unwrap();
    let mut out = BufWriter::new(child.stdin.take().unwrap());
    write(&mut out);
    out.flush().unwrap();
    drop(out);
    assert!(child.wait().unwrap().success(), "git {args} failed");
}
