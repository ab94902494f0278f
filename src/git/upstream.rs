//! Which remote branch a branch follows: two keys of git's configuration.

use super::process;
use super::repo::Repo;
use crate::host::fs;
use crate::host::gitlock::GitLock;
use crate::model::Upstream;
use crate::{Error, Kind, Result};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// More than any file of settings.
const MAX: u64 = 64 << 20;

impl Repo {
    /// What a branch (a short name) follows by the repository's own configuration.
    pub fn upstream(&self, branch: &str) -> Option<Upstream> {
        let config = git2::Config::open(&self.config_file()).ok()?;
        let value = |key: &str| config.get_string(&format!("branch.{branch}.{key}")).ok();
        Some(Upstream { remote: value("remote")?, merge: value("merge")? })
    }

    /// The full name of the ref here that stands for what a branch (its full name) follows.
    pub fn tracking_ref(&self, branch: &str) -> Option<String> {
        let name = self.git.branch_upstream_name(branch).ok()?;
        name.as_str().ok().map(str::to_owned)
    }

    /// When (seconds since 1970) something was fetched last here, from the server of what a branch (a short name)
    /// follows or from another; cloning counts.
    pub fn last_fetch(&self, branch: &str) -> Option<i64> {
        let remote = self.upstream(branch)?.remote;
        let cloned = self.common_dir().join("logs/refs/remotes").join(remote).join("HEAD");
        let places = [self.git_dir().join("FETCH_HEAD"), self.common_dir().join("FETCH_HEAD"), cloned];
        places.iter().filter_map(|place| Some(place.symlink_metadata().ok()?.mtime())).max()
    }

    /// What a new branch of this name would follow if git were asked to guess: the only remote branch of that name.
    pub fn upstream_to_guess(&self, branch: &str) -> Option<Upstream> {
        let mut found = self.remotes().into_iter().filter(|remote| {
            let usual = format!("+refs/heads/*:refs/remotes/{remote}/*");
            self.config_string(&format!("remote.{remote}.fetch")).is_some_and(|fetch| fetch == usual)
                && self.has_ref(&format!("refs/remotes/{remote}/{branch}"))
        });
        let remote = found.next()?;
        found.next().is_none().then(|| Upstream { remote, merge: format!("refs/heads/{branch}") })
    }

    /// Lets a branch follow another, or (`new` is `None`) no longer. Already as wanted: nothing happens.
    ///
    /// # Errors
    /// Busy when it follows neither `old` nor `new`, or git is writing the configuration.
    pub fn set_upstream(&self, branch: &str, old: Option<&Upstream>, new: Option<&Upstream>) -> Result<()> {
        let plain = |text: &str| !text.starts_with('-') && !text.contains(|c: char| c.is_control());
        let is_plain = |upstream: &Upstream| plain(&upstream.remote) && upstream.merge.starts_with("refs/");
        if !super::is_ref_name(&format!("refs/heads/{branch}")) || !new.is_none_or(is_plain) {
            return Err(Error::fault(format!("{branch:?} cannot follow {new:?}")));
        }
        let file = self.config_file();
        if self.upstream(branch).as_ref() == new {
            return Ok(());
        }
        let lock = GitLock::take(&self.area().join("lock-config"), &file)?;
        let now = self.upstream(branch);
        if now.as_ref() == new || now.as_ref() != old {
            lock.release()?;
            return match now.as_ref() == new {
                true => Ok(()),
                false => Err(Error::new(Kind::Busy, format!("what {branch} follows was changed meanwhile"))
                    .help(format!("look at it with `git config --get-regexp 'branch.{branch}'`; then try again"))),
            };
        }
        // Git itself edits a copy, so that it looks as if git had done it; the copy takes the place of the file.
        let scratch = fs::fresh_dir(&self.area().join("scratch"))?;
        let copy = scratch.join("config");
        fs::write_new(&copy, &fs::read_capped(&file, MAX)?.unwrap_or_default())?;
        for (key, value) in [("remote", new.map(|new| &new.remote)), ("merge", new.map(|new| &new.merge))] {
            process::edit_config(self, &copy, &format!("branch.{branch}.{key}"), value.map(String::as_str))?;
        }
        let bytes = fs::read_capped(&copy, MAX)?.unwrap_or_default();
        fs::remove_scratch(&scratch)?;
        lock.publish(|out| out.write_all(&bytes).map_err(|e| Error::io("cannot write git's configuration", &e)))
    }

    /// Removes a lock on the configuration that a run of ours left that died. Only under our lock.
    pub(super) fn clear_config_lock(&self) -> Result<()> {
        GitLock::clear_stale(&self.area().join("lock-config"), &self.config_file())
    }

    /// The repository's own configuration; git follows a link and replaces the file behind it.
    fn config_file(&self) -> PathBuf {
        let file = self.common_dir().join("config");
        file.canonicalize().unwrap_or(file)
    }
}

#[cfg(test)]
mod tests {
    use crate::git::Repo;
    use crate::git::testing::TestRepo;
    use crate::model::Upstream;

    #[test]
    fn a_branch_follows_and_the_file_comes_back_byte_for_byte() {
        let test = TestRepo::new();
        test.write("a", "a");
        test.commit_all();
        test.git(&["remote", "add", "origin", "."]);
        test.git(&["update-ref", "refs/remotes/origin/x.y/\"z", "HEAD"]);
        let repo = Repo::open_at(test.root()).unwrap();
        crate::host::fs::create_dir_all_private(&repo.area()).unwrap();
        let name = "x.y/\"z";
        let file = || std::fs::read(test.root().join(".git/config")).unwrap();
        let before = file();
        let wanted = repo.upstream_to_guess(name).unwrap();
        assert_eq!(wanted, Upstream { remote: "origin".into(), merge: format!("refs/heads/{name}") });
        repo.set_upstream(name, None, Some(&wanted)).unwrap();
        repo.set_upstream(name, None, Some(&wanted)).unwrap();
        assert_eq!(repo.upstream(name), Some(wanted.clone()));
        test.git(&["update-ref", &format!("refs/heads/{name}"), "HEAD"]);
        let seen = test.git(&["for-each-ref", "--format=%(upstream)", &format!("refs/heads/{name}")]);
        assert_eq!(String::from_utf8(seen).unwrap().trim(), "refs/remotes/origin/x.y/\"z");
        let other = Upstream { remote: "other".into(), ..wanted.clone() };
        assert!(repo.set_upstream(name, Some(&other), None).is_err(), "another one is not taken away");
        repo.set_upstream(name, Some(&wanted), None).unwrap();
        assert_eq!(file(), before);
    }
}
