//! Applying changes: every kind, files saved meanwhile, and file systems that lack renames.

#![allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]

use super::fake::{Lab, every_kind, kept_text};
use super::renames::Renames;
use crate::Kind;
use crate::model::Stat;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

/// All ways of renaming that file systems leave us with.
const WAYS: [Renames; 3] =
    [Renames::ALL, Renames { exchange: false, no_replace: true }, Renames { exchange: false, no_replace: false }];

/// What makes the files old, so that the quick comparison is taken.
fn age(lab: &Lab) {
    for change in &lab.changes {
        let at = lab.root.show(&change.path);
        if at.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
            let file = fs::File::open(&at).unwrap();
            file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(100)).unwrap();
        }
    }
}

#[test]
fn every_kind_of_change_forward_and_back() {
    for renames in WAYS {
        for aged in [false, true] {
            let lab = Lab { renames, ..every_kind() };
            if aged {
                age(&lab);
            }
            let before = lab.tree();
            assert_eq!(before, lab.wanted(true));
            let applied = lab.apply().unwrap();
            assert_eq!(applied.kept, []);
            assert_eq!(lab.tree(), lab.wanted(false), "{renames:?}");
            assert!(lab.is_clean());
            for (path, stat) in &applied.written {
                assert_eq!(lab.root.stat(path).unwrap().as_ref(), Some(stat), "{path}");
            }
            assert_eq!(applied.written.len(), lab.changes.iter().filter(|c| c.new.is_some()).count());
            // Once more: nothing to do, and the same report.
            let again = lab.run(&[], false, usize::MAX).unwrap();
            assert_eq!(again.written, applied.written);
            lab.run(&[], true, usize::MAX).unwrap();
            assert_eq!(lab.tree(), before);
            assert!(lab.is_clean());
        }
    }
}

#[test]
fn a_file_saved_meanwhile_is_kept() {
    for renames in WAYS {
        let lab = Lab { renames, ..every_kind() };
        age(&lab);
        let seen = lab.seen();
        fs::write(lab.at("edit"), "saved").unwrap();
        fs::write(lab.at("gone/all/of/it"), "saved too").unwrap();
        fs::remove_file(lab.at("link-to-file")).unwrap();
        fs::write(lab.at("link-to-file"), "not a link").unwrap();
        fs::create_dir_all(lab.at("new/made")).unwrap();
        fs::write(lab.at("new/made/here"), "first").unwrap();
        fs::set_permissions(lab.at("truncated"), fs::Permissions::from_mode(0o640)).unwrap();
        let applied = lab.run(&seen, false, usize::MAX).unwrap();
        assert_eq!(lab.tree(), lab.wanted(false));
        assert_eq!(applied.kept.len(), 5, "{:?}", applied.kept);
        assert_eq!(kept_text(&applied.kept, "edit").unwrap(), "saved");
        assert_eq!(kept_text(&applied.kept, "gone/all/of/it").unwrap(), "saved too");
        assert_eq!(kept_text(&applied.kept, "link-to-file").unwrap(), "not a link");
        assert_eq!(kept_text(&applied.kept, "new/made/here").unwrap(), "first");
        assert_eq!(kept_text(&applied.kept, "truncated").unwrap(), "old a, longer");
        let sorted = |mut kept: Vec<_>| {
            kept.sort_by(|a: &super::write::Kept, b| a.at.cmp(&b.at));
            kept
        };
        assert_eq!(sorted(lab.area.list_kept().unwrap()), sorted(applied.kept));
    }
}

#[test]
fn a_directory_made_meanwhile_where_a_file_was_is_kept_whole() {
    let lab = every_kind();
    age(&lab);
    let seen = lab.seen();
    fs::remove_file(lab.at("edit")).unwrap();
    fs::create_dir(lab.at("edit")).unwrap();
    fs::write(lab.at("edit/inside"), "saved").unwrap();
    let applied = lab.run(&seen, false, usize::MAX).unwrap();
    assert_eq!(lab.tree(), lab.wanted(false));
    let [kept] = &applied.kept[..] else { panic!("{:?}", applied.kept) };
    assert_eq!(fs::read_to_string(kept.at.join("inside")).unwrap(), "saved");
}

#[test]
fn a_wrong_stat_alone_costs_a_look_at_the_content_and_no_more() {
    let lab = every_kind();
    let wrong: Vec<_> =
        lab.seen().into_iter().map(|seen| seen.map(|seen| Stat { ino: seen.ino + 1, ..seen })).collect();
    let applied = lab.run(&wrong, false, usize::MAX).unwrap();
    assert_eq!(applied.kept, []);
    assert_eq!(lab.tree(), lab.wanted(false));
}

#[test]
fn the_same_times_do_not_hide_a_change_made_in_the_same_moment() {
    let lab = every_kind();
    let at = lab.at("edit");
    let time = fs::metadata(&at).unwrap().modified().unwrap();
    let seen = lab.seen();
    // Same size, same inode, same time: only the content tells.
    fs::write(&at, "OLD A, LONGER").unwrap();
    fs::File::options().append(true).open(&at).unwrap().set_modified(time).unwrap();
    let applied = lab.run(&seen, false, usize::MAX).unwrap();
    assert_eq!(kept_text(&applied.kept, "edit").unwrap(), "OLD A, LONGER");
}

#[test]
fn a_writer_with_an_open_file_does_not_lose_its_bytes() {
    let mut lab = Lab::new();
    let (old, new) = (lab.blobs.file(0o644, "old"), lab.blobs.file(0o644, "new"));
    lab.change("a", old.clone(), new.clone());
    lab.change("b", old, new);
    age(&lab);
    let seen = lab.seen();
    let open = std::sync::Mutex::new(fs::File::options().append(true).open(lab.at("a")).unwrap());
    let turned = lab.turned(false);
    let changes: Vec<_> = turned
        .iter()
        .zip(&seen)
        .map(|(change, seen)| super::write::Change { change, seen: super::fake::look(*seen) })
        .collect();
    let progress = |_| {
        use std::io::Write;
        // After `a` was exchanged and verified.
        open.lock().unwrap().write_all(b" and more").unwrap();
        std::ops::ControlFlow::Continue(())
    };
    let applied = super::write::apply(&lab.root, &lab.area, &changes, &lab.blobs, 1, &progress).unwrap();
    assert!(kept_text(&applied.kept, "a").unwrap().starts_with("old and more"));
    assert_eq!(fs::read(lab.at("a")).unwrap(), b"new");
}

#[test]
fn a_hard_link_elsewhere_is_untouched() {
    let lab = every_kind();
    let other = lab.top.parent().unwrap();
    fs::hard_link(lab.at("edit"), other.join("edit")).unwrap();
    fs::hard_link(lab.at("deep/er/chmod"), other.join("chmod")).unwrap();
    lab.apply().unwrap();
    assert_eq!(fs::read(other.join("edit")).unwrap(), b"old a, longer");
    assert_eq!(fs::metadata(other.join("chmod")).unwrap().mode() & 0o777, 0o755);
    assert_eq!(lab.tree(), lab.wanted(false));
    assert!(lab.is_clean());
}

#[test]
fn new_permission_bits_alone_leave_the_file_where_it_is() {
    let lab = every_kind();
    let ino = fs::metadata(lab.at("deep/er/chmod")).unwrap().ino();
    lab.apply().unwrap();
    assert_eq!(fs::metadata(lab.at("deep/er/chmod")).unwrap().ino(), ino);
}

#[test]
fn a_linked_parent_is_refused_and_what_it_leads_to_untouched() {
    let mut lab = Lab::new();
    let (old, new) = (lab.blobs.file(0o644, "old"), lab.blobs.file(0o644, "new"));
    lab.change("dir/f", old.clone(), new);
    lab.change("dir/gone", old, None);
    fs::rename(lab.at("dir"), lab.top.parent().unwrap().join("outside")).unwrap();
    symlink("../outside", lab.at("dir")).unwrap();
    let error = lab.apply().unwrap_err();
    assert_eq!(error.kind(), Kind::Stopped);
    assert_eq!(fs::read(lab.at("dir/f")).unwrap(), b"old");
    assert_eq!(fs::read(lab.at("dir/gone")).unwrap(), b"old");
}

#[test]
fn directories_in_the_way() {
    let mut lab = Lab::new();
    let new = lab.blobs.file(0o644, "new");
    lab.change("empty", None, new.clone());
    fs::create_dir(lab.at("empty")).unwrap();
    lab.apply().unwrap();
    assert_eq!(fs::read(lab.at("empty")).unwrap(), b"new");
    lab.change("full", None, new);
    fs::create_dir(lab.at("full")).unwrap();
    fs::write(lab.at("full/x"), "x").unwrap();
    let error = lab.apply().unwrap_err();
    assert_eq!(error.kind(), Kind::Stopped);
    assert!(error.message().contains("full"), "{error}");
    assert_eq!(fs::read(lab.at("full/x")).unwrap(), b"x");
}

#[test]
fn files_made_after_the_plan_and_their_directories_stay() {
    let lab = every_kind();
    fs::write(lab.at("gone/all/mine"), "mine").unwrap();
    let applied = lab.apply().unwrap();
    assert_eq!(fs::read(lab.at("gone/all/mine")).unwrap(), b"mine");
    assert!(!lab.at("gone/all/of").exists());
    assert_eq!(applied.kept, []);
}

#[test]
fn unsafe_paths_are_refused() {
    for path in [".git/config", "a/../b", "x/.GIT /y"] {
        let mut lab = Lab::new();
        let new = lab.blobs.file(0o644, "new");
        lab.changes.push(crate::model::FileChange { path: path.into(), old: None, new });
        lab.changes.push(crate::model::FileChange { path: "fine".into(), ..lab.changes[0].clone() });
        assert_eq!(lab.run(&[], false, usize::MAX).unwrap_err().kind(), Kind::Refused, "{path}");
        assert_eq!(lab.tree().len(), 0);
    }
}

#[test]
fn stage_and_kept_on_another_file_system() {
    let elsewhere = std::path::Path::new("/dev/shm");
    let other = tempfile::tempdir().unwrap();
    let device = |path: &std::path::Path| fs::metadata(path).map(|meta| meta.dev()).unwrap_or(0);
    if device(elsewhere) == 0 || device(elsewhere) == device(other.path()) {
        return;
    }
    let area = tempfile::tempdir_in(elsewhere).unwrap();
    for renames in WAYS {
        let plan = every_kind();
        let mut lab = Lab { renames, blobs: plan.blobs, ..Lab::with_area(Some(area.path())) };
        for change in plan.changes {
            lab.change(std::str::from_utf8(change.path.as_bytes()).unwrap(), change.old, change.new);
        }
        lab.apply().unwrap();
        assert_eq!(lab.tree(), lab.wanted(false));
        assert!(lab.is_clean());
        fs::write(lab.at("edit"), "saved").unwrap();
        let applied = lab.run(&[], true, usize::MAX).unwrap();
        // It cannot be moved to the kept directory, so it stays beside the file.
        assert_eq!(kept_text(&applied.kept, "edit").unwrap(), "saved");
        assert_eq!(lab.area.list_kept().unwrap(), applied.kept);
        fs::remove_file(&applied.kept[0].at).unwrap();
        assert_eq!(lab.tree(), lab.wanted(true));
        assert!(!lab.area.stage.exists());
    }
}

#[test]
fn five_thousand_files_with_two_threads() {
    let mut lab = Lab { threads: 2, ..Lab::new() };
    for at in 0..5000 {
        let (old, new) = (lab.blobs.file(0o644, &format!("old {at}")), lab.blobs.file(0o644, &format!("new {at}")));
        let new = new.filter(|_| at % 5 != 0);
        let old = old.filter(|_| at % 7 != 0 || new.is_none());
        lab.change(&format!("dir{}/sub{}/f{at}", at / 100, at % 3), old, new);
    }
    age(&lab);
    let applied = lab.apply().unwrap();
    assert_eq!(lab.tree().values().filter(|text| text.contains("new")).count(), 4000);
    assert!(lab.tree().values().all(|text| !text.contains("old")));
    assert_eq!((applied.written.len(), applied.kept.len()), (4000, 0));
    assert!(applied.written.is_sorted_by(|a, b| {
        let number = |path: &crate::model::RepoPath| path.name()[1..].to_vec();
        number(&a.0).len() < number(&b.0).len() || number(&a.0) < number(&b.0)
    }));
    assert!(lab.is_clean());
}

#[test]
fn saves_that_race_with_the_run_are_never_lost() {
    for renames in [Renames::ALL, Renames { exchange: false, no_replace: true }] {
        let mut lab = Lab { threads: 2, renames, ..Lab::new() };
        for at in 0..400 {
            let (old, new) = (lab.blobs.file(0o644, "old"), lab.blobs.file(0o644, "new"));
            lab.change(&format!("f{at}"), old, new.filter(|_| at % 3 != 0));
        }
        let seen = lab.seen();
        let ended = std::sync::atomic::AtomicBool::new(false);
        let (applied, saved) = std::thread::scope(|scope| {
            let editor = scope.spawn(|| {
                let mut saved = std::collections::BTreeMap::new();
                for turn in 0.. {
                    let name = format!("f{}", turn * 7 % 400);
                    let text = format!("saved {turn}");
                    fs::write(lab.top.parent().unwrap().join("temp"), &text).unwrap();
                    fs::rename(lab.top.parent().unwrap().join("temp"), lab.at(&name)).unwrap();
                    saved.insert(name, text);
                    if ended.load(std::sync::atomic::Ordering::Relaxed) {
                        break;
                    }
                }
                saved
            });
            let applied = lab.run(&seen, false, usize::MAX);
            ended.store(true, std::sync::atomic::Ordering::Relaxed);
            (applied.unwrap(), editor.join().unwrap())
        });
        for (name, text) in saved {
            let kept = applied.kept.iter().filter(|kept| kept.path.to_string() == name);
            let mut places = kept.map(|kept| kept.at.clone()).chain([lab.at(&name)]);
            assert!(places.any(|at| fs::read_to_string(at).is_ok_and(|found| found == text)), "{name}: {text}");
        }
    }
}
