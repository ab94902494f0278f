//! Many points at once: the tags, commits, refs and log entries that as many checkpoints would leave.

use super::run::{Cmd, ask, command, must};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Stdio;

/// Makes `count` points on `HEAD`.
pub(crate) fn make(top: &Path, count: usize) {
    if count == 0 {
        return;
    }
    // First, because that packs refs.
    operations(top, count);
    let head = ask(top, "rev-parse HEAD");
    let stash = stash(top);
    feed(top, "fast-import --quiet --force", |out| {
        for i in 0..count {
            let who = format!("Bench <bench@example.org> {} +0000", 1_700_000_000 + i);
            let message = format!("Save checkpoint {i}\n\nRollback-Operation: {i:08x}\n");
            writeln!(out, "commit refs/bench/manifest\nmark :{}\ncommitter {who}", i + 1).unwrap();
            writeln!(out, "data {}\n{message}\nfrom {stash}\ndeleteall", message.len()).unwrap();
            let manifest = format!("{{\"version\": 1, \"operation\": \"{i:08x}\"}}");
            writeln!(out, "M 100644 inline manifest.json\ndata {}\n{manifest}", manifest.len()).unwrap();
            let message = format!(
                "point {i}\n\nRollback-Kind: checkpoint\nRollback-Operation: {i:08x}\nRollback-Worktree: main\n\
                 Rollback-Base: {head}\n"
            );
            writeln!(out, "tag point-{i}\nfrom :{}\ntagger {who}\ndata {}\n{message}", i + 1, message.len()).unwrap();
        }
    });
    let tags = ask(top, "for-each-ref --format=%(objectname)%20%(*objectname)%20%(refname:short) refs/tags/point-*");
    feed(top, "update-ref --stdin", |out| {
        for line in tags.lines() {
            let [tag, commit, name] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let i: usize = name.strip_prefix("point-").unwrap().parse().unwrap();
            let (hour, minute, second) = (i / 3600 % 24, i / 60 % 60, i % 60);
            let stamp = format!("202401{:02}T{hour:02}{minute:02}{second:02}.000Z", 1 + i / 86_400);
            writeln!(out, "create refs/rollback/points/{stamp}/checkpoint/{name} {tag}").unwrap();
            writeln!(out, "create refs/rollback/snapshots/{stamp}-{i:08x} {commit}").unwrap();
            writeln!(out, "delete refs/tags/{name}").unwrap();
        }
        writeln!(out, "delete refs/bench/manifest").unwrap();
    });
    must(top, &Cmd::git("repack -q -a -d"));
}

/// Makes the log as long: each entry is that of a real checkpoint, with another name.
fn operations(top: &Path, count: usize) {
    must(top, &Cmd::ours("checkpoint the-first"));
    let clone = std::fs::read_to_string(top.join(".git/rollback/clone-id")).unwrap();
    let log = format!("refs/rollback/log/{}", clone.trim());
    let entry = ask(top, &format!("cat-file blob {log}:operation.json"));
    let id = entry.split("\"id\": \"").nth(1).unwrap()[..8].to_owned();
    feed(top, "fast-import --quiet", |out| {
        for i in 0..count {
            writeln!(out, "commit {log}\ncommitter Bench <bench@example.org> {} +0000", 1_700_000_000 + i).unwrap();
            let from = if i == 0 { format!("from {}\n", ask(top, &format!("rev-parse {log}"))) } else { String::new() };
            let entry = entry.replacen(&id, &format!("{i:08x}"), 1);
            writeln!(out, "data 5\nentry\n{from}M 100644 inline operation.json\ndata {}\n{entry}", entry.len())
                .unwrap();
        }
    });
}

/// A stash commit without changes, for all of them.
fn stash(top: &Path) -> String {
    let commit = |args: &str| ask(top, &format!("commit-tree -m x {args}"));
    let none = ask(top, "hash-object -t tree -w /dev/null");
    let (index, rest) = (commit("-p HEAD HEAD^{tree}"), commit(&none));
    commit(&format!("-p HEAD -p {index} -p {rest} HEAD^{{tree}}"))
}

fn feed(top: &Path, args: &str, write: impl FnOnce(&mut dyn Write)) {
    let mut child = command(top, &Cmd::git(args)).stdin(Stdio::piped()).spawn().unwrap();
    let mut out = BufWriter::new(child.stdin.take().unwrap());
    write(&mut out);
    out.flush().unwrap();
    drop(out);
    assert!(child.wait().unwrap().success(), "git {args} failed");
}
