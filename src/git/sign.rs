//! Signing a tag as `git tag -s` does, without making the tag: by git itself, in a directory of its own.

use super::objects::tag_bytes;
use super::process::git;
use super::repo::Repo;
use crate::host::fs;
use crate::model::{ObjectId, Who, readable};
use crate::{Error, Result};
use std::path::Path;

/// A tag that is to be made.
#[derive(Clone, Debug)]
pub struct NewTag<'a> {
    /// Its name.
    pub name: &'a str,
    /// The commit it is on.
    pub target: ObjectId,
    /// The bytes of that commit, which need not be in the repository yet.
    pub commit: &'a [u8],
    /// Who makes it, and when.
    pub who: &'a Who,
    /// Its message.
    pub message: &'a str,
}

impl Repo {
    /// Whether git's configuration says that annotated tags are signed.
    pub fn signs_tags(&self) -> bool {
        ["tag.gpgsign", "tag.forcesignannotated"].iter().any(|key| self.config_bool(key) == Some(true))
    }

    /// The bytes of a tag, signed by git.
    ///
    /// # Errors
    /// Refused: it cannot be signed, or a program would sign that only the repository names.
    pub fn signed_tag(&self, scratch: &Path, tag: &NewTag<'_>) -> Result<Vec<u8>> {
        self.refuse_own_signer()?;
        let dir = fs::fresh_dir(&scratch.join("sign"))?;
        let signed = self.sign_in(&dir, tag);
        fs::remove_scratch(&dir)?;
        signed
    }

    fn sign_in(&self, dir: &Path, tag: &NewTag<'_>) -> Result<Vec<u8>> {
        self.prepare(dir)?;
        let run = |args: &[&str], input: &[u8]| {
            let mut command = git(self);
            command.env("GIT_DIR", dir).env("GIT_COMMITTER_NAME", &tag.who.name).cwd(dir);
            command.env("GIT_COMMITTER_EMAIL", &tag.who.email).env("GIT_COMMITTER_DATE", git_date(tag.who));
            command.env("GIT_OBJECT_DIRECTORY", dir.join("objects"));
            command.args(args.iter().copied());
            let done = command.input(input)?;
            match done.code {
                Some(0) => Ok(done.stdout),
                _ => Err(Error::refused(format!("the tag {} cannot be signed", tag.name))
                    .because(readable(&done.stderr).trim())
                    .help("git's configuration wants tags to be signed (tag.gpgSign)")
                    .help(format!("see whether `git tag -s` works; nothing was done, {} is not made", tag.name))),
            }
        };
        run(&["hash-object", "-t", "commit", "-w", "--stdin"], tag.commit)?;
        let target = tag.target.to_string();
        let wanted = ["tag", "--sign", "--cleanup=verbatim", "-F", "-", "--", tag.name, &target];
        run(&wanted, tag.message.as_bytes())?;
        let bytes = run(&["cat-file", "tag", &format!("refs/tags/{}", tag.name)], b"")?;
        // Nothing but a signature may have come to it.
        let plain = tag_bytes(tag.target, tag.name, tag.who, tag.message);
        match bytes.strip_prefix(plain.as_bytes()) {
            Some(signature) if signature.starts_with(b"-----BEGIN ") => Ok(bytes),
            _ => Err(Error::fault(format!("git signed another tag than {}", tag.name)).help("nothing was done")),
        }
    }

    /// An empty repository with this one's configuration and objects.
    fn prepare(&self, dir: &Path) -> Result<()> {
        for name in ["objects/info", "refs"] {
            fs::create_dir_all_private(&dir.join(name))?;
        }
        fs::write_new(&dir.join("HEAD"), b"ref: refs/heads/none\n")?;
        let objects = self.common_dir().join("objects");
        fs::write_new(&dir.join("objects/info/alternates"), format!("{}\n", objects.display()).as_bytes())?;
        let mut config = String::new();
        for (dir, name) in [(self.common_dir(), "config"), (self.git_dir(), "config.worktree")] {
            let path = dir.join(name).display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
            config.push_str(&format!("[include]\n\tpath = \"{path}\"\n"));
        }
        config.push_str("[core]\n\tbare = true\n\trepositoryformatversion = 0\n");
        fs::write_new(&dir.join("config"), config.as_bytes())
    }

    /// The program that signs is the user's choice.
    fn refuse_own_signer(&self) -> Result<()> {
        let keys = ["gpg.program", "gpg.openpgp.program", "gpg.x509.program", "gpg.ssh.program"];
        for key in keys.into_iter().chain(["gpg.ssh.defaultkeycommand"]) {
            let value = self.config_string(key);
            if value.is_some() && self.config_of_user(key).pop() != value {
                return Err(Error::refused(format!("the tag would be signed by what {key} names"))
                    .because("it comes from this repository's own configuration, and such commands are not run")
                    .help(format!("set it for yourself, if that is what you want: `git config --global {key} ...`")));
            }
        }
        Ok(())
    }
}

fn git_date(who: &Who) -> String {
    let line = who.git_line();
    // `seconds +hhmm` stands behind the address.
    line.rsplit_once("> ").map(|(_, date)| format!("@{date}")).unwrap_or_default()
}
