//! Going on and going back from every state that a run can be stopped in.

#![allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]

use super::fake::{Lab, every_kind, fake_id, kept_text};
use super::renames::Renames;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const WAYS: [Renames; 2] = [Renames::ALL, Renames { exchange: false, no_replace: false }];

#[test]
fn forward_and_back_from_every_stop() {
    for renames in WAYS {
        let total = every_kind().changes.len();
        for stop in 1..=total {
            for back in [false, true] {
                let lab = Lab { renames, ..every_kind() };
                lab.run(&lab.seen(), false, stop).unwrap_err();
                assert_eq!(lab.clear(), []);
                let applied = lab.run(&[], back, usize::MAX).unwrap();
                assert_eq!(lab.tree(), lab.wanted(back), "stopped after {stop}, back: {back}");
                assert_eq!(applied.kept, [], "stopped after {stop}, back: {back}");
                assert!(lab.is_clean());
            }
        }
    }
}

#[test]
fn a_second_stop_on_the_way_back_and_no_clearing_in_between() {
    let total = every_kind().changes.len();
    for first in (1..=total).step_by(3) {
        for second in (1..=total).step_by(4) {
            let lab = every_kind();
            lab.run(&lab.seen(), false, first).unwrap_err();
            lab.run(&[], true, second).unwrap_err();
            lab.run(&[], false, usize::MAX).unwrap();
            assert_eq!(lab.tree(), lab.wanted(false));
            assert_eq!(lab.clear(), []);
            assert!(lab.is_clean());
        }
    }
}

#[test]
fn an_edit_between_two_runs_is_kept() {
    for back in [false, true] {
        let lab = every_kind();
        lab.run(&lab.seen(), false, 12).unwrap_err();
        fs::write(lab.at("edit"), "saved").unwrap();
        fs::write(lab.at("truncated"), "saved as well").unwrap();
        lab.clear();
        let applied = lab.run(&[], back, usize::MAX).unwrap();
        assert_eq!(lab.tree(), lab.wanted(back));
        assert_eq!(applied.kept.len(), 2);
        assert_eq!(kept_text(&applied.kept, "edit").unwrap(), "saved");
        assert_eq!(kept_text(&applied.kept, "truncated").unwrap(), "saved as well");
    }
}

#[test]
fn only_known_bytes_and_fragments_leave_the_stage() {
    let mut lab = Lab::new();
    let (old, new) = (lab.blobs.file(0o644, "the old bytes"), lab.blobs.file(0o644, "the new bytes"));
    lab.change("a/name", old, new.clone());
    let thread = lab.area.stage.join("0");
    fs::create_dir_all(&thread).unwrap();
    let id = new.unwrap().blob;
    let put = |name: &str, text: &str, mode: u32| {
        fs::write(thread.join(name), text).unwrap();
        fs::set_permissions(thread.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    put("old-0", "the old bytes", 0o644);
    put(&format!("new-0-{id}"), "the new by", 0o600);
    put(&format!("new-0-{id}-1"), "the new bytes", 0o644);
    put(&format!("new-0-{id}-2"), "the new byxx", 0o600);
    put(&format!("new-0-{id}-3"), "the new by", 0o644);
    put(&format!("new-0-{id}-4"), "the new bytes and more", 0o600);
    put("old-0-1", "known elsewhere", 0o644);
    put("old-7", "unknown", 0o644);
    fs::create_dir(thread.join("old-0-2")).unwrap();
    let elsewhere = fake_id(b"known elsewhere");
    let known = |id: &_| *id == elsewhere;
    let kept = super::recover::clear_stage(&lab.root, &lab.area, &lab.changes, &known, &lab.blobs).unwrap();
    let mut texts: Vec<_> = kept
        .iter()
        .map(|kept| (kept.path.to_string(), fs::read_to_string(&kept.at).unwrap_or("directory".into())))
        .collect();
    texts.sort();
    let want = [
        ("a/name", "directory"),
        ("a/name", "the new by"),
        ("a/name", "the new bytes and more"),
        ("a/name", "the new byxx"),
        ("old-7", "unknown"),
    ];
    assert_eq!(texts, want.map(|(path, text)| (path.to_owned(), text.to_owned())));
    assert!(!lab.area.stage.exists());
    assert_eq!(lab.area.list_kept().unwrap().len(), kept.len());
}

#[test]
fn a_note_leads_to_what_was_left_beside_the_file() {
    let mut lab = Lab::new();
    let (old, new) = (lab.blobs.file(0o644, "the old bytes"), lab.blobs.file(0o644, "the new bytes"));
    lab.change("dir/f", old, new.clone());
    let thread = lab.area.stage.join("0");
    fs::create_dir_all(&thread).unwrap();
    let id = new.unwrap().blob;
    fs::write(thread.join(format!("note-0-{id}")), "dir/.f.git-rollback-0").unwrap();
    fs::write(thread.join(format!("note-0-{id}-1")), "dir/.f.git-rollback-0-1").unwrap();
    fs::write(thread.join(format!("note-0-{id}-2")), "dir/f").unwrap();
    fs::write(thread.join("note-0"), "").unwrap();
    fs::write(lab.at("dir/.f.git-rollback-0"), "the old bytes").unwrap();
    fs::write(lab.at("dir/.f.git-rollback-0-1"), "saved").unwrap();
    let kept = lab.clear();
    assert_eq!(kept_text(&kept, "dir/f").unwrap(), "saved");
    assert_eq!(kept.len(), 1);
    assert!(!lab.at("dir/.f.git-rollback-0").exists());
    assert_eq!(fs::read(lab.at("dir/f")).unwrap(), b"the old bytes");
    assert!(!lab.area.stage.exists());
}
