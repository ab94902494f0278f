//! Reflogs: a line for each move of a ref, written before the ref moves, as git does it.
//!
//! A run that dies in between leaves a line too many, or one that is missing; whoever takes the step again, or takes it back, settles
//! that: the newest line says where the ref is.

use super::repo::Repo;
use crate::Result;
use crate::host::fs;
use crate::model::{Head, ObjectId, Who};
use std::path::{Path, PathBuf};

/// Longer than any line of a reflog that is written here.
const LONGEST: u64 = 1 << 14;

impl Repo {
    /// Adds a line to the reflog of `HEAD`, as git does when it switches.
    pub fn log_head(&self, old: Option<ObjectId>, new: ObjectId, who: &Who, message: &str) -> Result<()> {
        if self.logs("HEAD") { append(&self.log_path("HEAD"), old, new, who, message) } else { Ok(()) }
    }

    /// `HEAD` leads to `to` already, as it shall. A run that died before it led to `from` has written so all the same: then the way back
    /// is written, too.
    pub fn settle_head_log(&self, (from, to): (ObjectId, ObjectId), who: &Who, away: &str, back: &str) -> Result<()> {
        let path = self.log_path("HEAD");
        end_cut_line(&path)?;
        match end_of(&path)?.ends_with(&line(Some(to), from, who, away)) {
            true => append(&path, Some(from), to, who, back),
            false => Ok(()),
        }
    }

    /// A ref is as wanted already: its newest line, and that of `HEAD` where it leads to the ref, shall say so.
    pub(super) fn settle_log(&self, name: &str, now: Option<ObjectId>, who: &Who, message: &str) -> Result<()> {
        let Some(now) = now else { return self.remove_log(name) };
        self.settle(name, now, who, message)?;
        if self.is_head(name)? { self.settle("HEAD", now, who, message) } else { Ok(()) }
    }

    fn settle(&self, name: &str, now: ObjectId, who: &Who, message: &str) -> Result<()> {
        let path = self.log_path(name);
        end_cut_line(&path)?;
        match newest(&end_of(&path)?) {
            Some(last) if last != now && self.logs(name) => append(&path, Some(last), now, who, message),
            _ => Ok(()),
        }
    }

    pub(super) fn log_path(&self, name: &str) -> PathBuf {
        self.base_of(name).join("logs").join(name)
    }

    /// The reflog of a ref that is gone. Directories that others left below its name stay.
    pub(super) fn remove_log(&self, name: &str) -> Result<()> {
        let path = self.log_path(name);
        if path.is_file() { fs::remove_file_if_exists(&path).map(drop) } else { Ok(()) }
    }

    /// Whether git keeps a reflog of this ref.
    fn logs(&self, name: &str) -> bool {
        let usual = ["refs/heads/", "refs/remotes/", "refs/notes/"];
        let by_name = name == "HEAD" || usual.iter().any(|prefix| name.starts_with(prefix));
        match self.config_string("core.logallrefupdates").as_deref() {
            Some("always") => true,
            Some("false" | "no" | "off" | "0") => self.log_path(name).exists(),
            _ => by_name || self.log_path(name).exists(),
        }
    }

    fn is_head(&self, name: &str) -> Result<bool> {
        Ok(matches!(self.head()?, Head::Branch(branch) if branch == name))
    }

    pub(super) fn log_move(
        &self,
        name: &str,
        old: Option<ObjectId>,
        new: ObjectId,
        who: &Who,
        message: &str,
    ) -> Result<()> {
        if self.logs(name) {
            append(&self.log_path(name), old, new, who, message)?;
        }
        if self.is_head(name)? {
            self.log_head(old, new, who, message)?;
        }
        Ok(())
    }
}

/// One line is one write, as git does it: lines of several writers do not mix. A line that a run wrote that died is not written twice,
/// and one that was cut off (the disk was full, or the power failed) is completed, or ended.
pub(super) fn append(path: &Path, old: Option<ObjectId>, new: ObjectId, who: &Who, message: &str) -> Result<()> {
    let line = line(old, new, who, message);
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let end = end_of(path)?;
    let (whole, cut) = end.split_at(end.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1));
    let last = whole.split_inclusive(|&b| b == b'\n').next_back();
    match line.strip_prefix(cut) {
        Some(_) if cut.is_empty() && last == Some(&line) => Ok(()),
        Some(rest) => fs::append(path, rest),
        None => fs::append(path, &[b"\n", &line[..]].concat()),
    }
}

fn line(old: Option<ObjectId>, new: ObjectId, who: &Who, message: &str) -> Vec<u8> {
    let old = old.map_or_else(|| "0".repeat(40), |id| id.to_string());
    let message: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{old} {new} {}\t{}\n", who.git_line(), message.trim()).into_bytes()
}

/// The last lines of a reflog; nothing where there is none.
fn end_of(path: &Path) -> Result<Vec<u8>> {
    if path.is_file() { fs::read_end(path, LONGEST) } else { Ok(Vec::new()) }
}

/// A line that was cut off, and is not wanted any more: what comes behind it shall be a line of its own. Git passes over it.
fn end_cut_line(path: &Path) -> Result<()> {
    let end = end_of(path)?;
    if end.is_empty() || end.ends_with(b"\n") { Ok(()) } else { fs::append(path, b"\n") }
}

/// Where the newest whole line says that the ref went.
fn newest(end: &[u8]) -> Option<ObjectId> {
    let mut whole = end.split_inclusive(|&b| b == b'\n').filter(|line| line.ends_with(b"\n"));
    ObjectId::from_hex(whole.next_back()?.get(41..81)?)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make files as a run leaves them that died")]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;
    use crate::model::Time;

    fn who() -> Who {
        Who {
            name: "A".into(),
            email: "a@example.com".into(),
            time: Time { seconds: 1_767_225_600, offset_minutes: 0 },
        }
    }

    struct Scene {
        test: TestRepo,
        repo: Repo,
        old: ObjectId,
        new: ObjectId,
    }

    impl Scene {
        fn new() -> Scene {
            let test = TestRepo::new();
            test.commit_all();
            test.git(&["branch", "side"]);
            test.commit_all();
            let id = |rev| ObjectId::from_hex(test.git(&["rev-parse", rev]).trim_ascii_end()).unwrap();
            let (old, new) = (id("side"), id("main"));
            let repo = Repo::open_at(test.root()).unwrap();
            std::fs::create_dir_all(repo.area()).unwrap();
            Scene { test, repo, old, new }
        }

        fn log(&self, name: &str) -> String {
            std::fs::read_to_string(self.repo.log_path(name)).unwrap()
        }

        fn moved(&self, name: &str, from: ObjectId, to: ObjectId) {
            self.repo.edit_ref(name, Some(from), Some(to), &who(), "moved").unwrap();
            let tip = format!(" {to} ");
            assert!(self.log(name).lines().last().unwrap().contains(&tip), "{}", self.log(name));
            assert_eq!(self.repo.reference(name).unwrap(), Some(to));
        }
    }

    #[test]
    fn a_line_that_a_dead_run_wrote_counts_once() {
        for back in [false, true] {
            let scene = Scene::new();
            let Scene { old, new, .. } = scene;
            let lines = || scene.log("refs/heads/side").lines().count();
            let before = lines();
            append(&scene.repo.log_path("refs/heads/side"), Some(old), new, &who(), "moved").unwrap();
            match back {
                false => scene.moved("refs/heads/side", old, new),
                true => scene.moved("refs/heads/side", new, old),
            }
            assert_eq!(lines(), before + if back { 2 } else { 1 });
        }
    }

    #[test]
    fn a_branch_that_never_was_has_no_reflog() {
        let scene = Scene::new();
        append(&scene.repo.log_path("refs/heads/x"), None, scene.new, &who(), "made").unwrap();
        scene.repo.edit_ref("refs/heads/x", Some(scene.new), None, &who(), "made").unwrap();
        assert!(!scene.repo.log_path("refs/heads/x").exists());
        scene.test.git(&["branch", "x/y"]);
    }

    #[test]
    fn head_and_its_branch_are_logged_both() {
        // Stopped between the two lines; then taken again, and taken back.
        for back in [false, true] {
            let scene = Scene::new();
            let Scene { old, new, .. } = scene;
            let (from, to) = if back { (old, new) } else { (new, old) };
            append(&scene.repo.log_path("refs/heads/main"), Some(new), old, &who(), "moved").unwrap();
            scene.moved("refs/heads/main", from, to);
            assert!(scene.log("HEAD").lines().last().unwrap().contains(&format!(" {to} ")), "{}", scene.log("HEAD"));
        }
        // Stopped between the line of HEAD and HEAD, to another commit and to the same one.
        let scene = Scene::new();
        let Scene { old, new, .. } = scene;
        for from in [old, new] {
            let settle = || scene.repo.settle_head_log((from, new), &who(), "away", "back").unwrap();
            let before = scene.log("HEAD");
            settle();
            assert_eq!(scene.log("HEAD"), before, "nothing had begun");
            scene.repo.log_head(Some(new), from, &who(), "away").unwrap();
            settle();
            settle();
            let shown = String::from_utf8(scene.test.git(&["reflog", "-3", "--format=%gs", "HEAD"])).unwrap();
            assert!(
                shown.starts_with("back\naway\n") && scene.log("HEAD").lines().count() == before.lines().count() + 2
            );
        }
    }

    #[test]
    fn a_line_that_was_cut_off_is_completed_or_ended() {
        let scene = Scene::new();
        let Scene { old, new, .. } = scene;
        let (path, whole) = (scene.repo.log_path("refs/heads/side"), scene.log("refs/heads/side"));
        append(&path, Some(old), new, &who(), "moved").unwrap();
        let wanted = scene.log("refs/heads/side");
        std::fs::write(&path, &wanted[..whole.len() + 50]).unwrap();
        scene.moved("refs/heads/side", old, new);
        assert_eq!(scene.log("refs/heads/side"), wanted);
        std::fs::write(&path, &wanted[..whole.len() + 50]).unwrap();
        scene.moved("refs/heads/side", new, old);
        // It is not taken again, but taken back: whoever writes next, git too, writes a line of its own.
        std::fs::write(&path, &wanted[..whole.len() + 50]).unwrap();
        scene.repo.edit_ref("refs/heads/side", Some(new), Some(old), &who(), "back").unwrap();
        scene.test.git(&["branch", "-f", "side", &new.to_string()]);
        let shown = scene.test.git(&["reflog", "-1", "side", "--format=%gs"]);
        assert!(String::from_utf8(shown).unwrap().starts_with("branch: Reset"), "{}", scene.log("refs/heads/side"));
    }

    #[test]
    fn a_stash_that_a_dead_run_began_to_add_is_there_once() {
        for below in [false, true] {
            let scene = Scene::new();
            let Scene { old, new, .. } = scene;
            if below {
                scene.repo.add_stash(old, &who(), "below").unwrap();
            }
            append(&scene.repo.log_path("refs/stash"), below.then_some(old), new, &who(), "top").unwrap();
            scene.repo.add_stash(new, &who(), "top").unwrap();
            assert_eq!(scene.repo.reference("refs/stash").unwrap(), Some(new));
            assert_eq!(scene.repo.stashes().unwrap().len(), if below { 2 } else { 1 });
        }
        let scene = Scene::new();
        std::fs::write(scene.repo.log_path("refs/stash"), "").unwrap();
        scene.repo.remove_stash(scene.new).unwrap();
        assert!(!scene.repo.log_path("refs/stash").exists());
    }
}
