//! Signing tags and commits as git does, without making them: by git itself, in a directory of its own.

use super::objects::tag_bytes;
use super::pack::{ObjectKind, ObjectSink};
use super::process::git;
use super::repo::Repo;
use crate::host::fs;
use crate::model::{ObjectId, Who, readable};
use crate::{Error, Result};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
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
        let environment = who_is("COMMITTER", &Ident::of_who(tag.who));
        let run = |args: &[&str], input: &[u8]| {
            let done = self.signing(dir, &environment, args, input)?;
            done.map_err(|said| {
                Error::refused(format!("the tag {} cannot be signed", tag.name))
                    .because(said)
                    .help("git's configuration wants tags to be signed (tag.gpgSign)")
                    .help(format!("see whether `git tag -s` works; nothing was done, {} is not made", tag.name))
            })
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

    /// Whether git's configuration says that commits are signed.
    pub fn signs_commits(&self) -> bool {
        self.config_bool("commit.gpgsign") == Some(true)
    }

    /// Adds a commit, signed by git where git's configuration says so; a dry run asks for no key. Its bytes are what was added.
    ///
    /// # Errors
    /// Refused: it cannot be signed, or a program would sign that only the repository names.
    pub fn add_commit(&self, sink: &ObjectSink<'_>, scratch: &Path, plain: Vec<u8>) -> Result<(ObjectId, Vec<u8>)> {
        let bytes = match self.signs_commits() && sink.keeps() {
            true => {
                self.refuse_own_signer()?;
                let dir = fs::fresh_dir(&scratch.join("sign"))?;
                let signed = self.sign_commit_in(&dir, sink, &plain);
                fs::remove_scratch(&dir)?;
                signed?
            }
            false => plain,
        };
        Ok((sink.add(ObjectKind::Commit, &bytes)?, bytes))
    }

    fn sign_commit_in(&self, dir: &Path, sink: &ObjectSink<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let odd = || Error::fault("a commit that was made here makes no sense").help("nothing was done");
        let commit = Parts::of(plain).ok_or_else(odd)?;
        self.prepare(dir)?;
        let mut environment = who_is("AUTHOR", &commit.author);
        environment.extend(who_is("COMMITTER", &commit.committer));
        let run = |args: &[&str], input: &[u8]| {
            let done = self.signing(dir, &environment, args, input)?;
            done.map_err(|said| {
                Error::refused("a new commit cannot be signed")
                    .because(said)
                    .help("git's configuration wants commits to be signed (commit.gpgSign)")
                    .help("see whether `git commit -S` works; nothing was done")
            })
        };
        // What is not in the repository yet.
        for (kind, id) in std::iter::once(("tree", commit.tree)).chain(commit.parents.iter().map(|id| ("commit", *id)))
        {
            if let Some(made) = sink.made(&id) {
                run(&["hash-object", "-t", kind, "-w", "--stdin"], &made)?;
            }
        }
        let encoding = format!("i18n.commitEncoding={}", commit.encoding.as_deref().unwrap_or("UTF-8"));
        let (tree, parents) = (commit.tree.to_string(), commit.parents.iter().map(ToString::to_string));
        let parents: Vec<String> = parents.collect();
        let mut args = vec!["-c", &*encoding, "commit-tree", "-S", &*tree];
        args.extend(parents.iter().flat_map(|id| ["-p", id.as_str()]));
        args.extend(["-F", "-"]);
        let id = readable(&run(&args, commit.message)?).trim().to_owned();
        let bytes = run(&["cat-file", "commit", &id], b"")?;
        // Nothing but a signature may have come to it.
        match without_signature(&bytes) {
            Some(rest) if rest == plain => Ok(bytes),
            _ => Err(Error::refused("git would sign another commit than the one that was made")
                .because("names, dates and messages that git writes in another way cannot be signed as they are")
                .help("nothing was done; `git config commit.gpgSign false` lets commits be made without a signature")),
        }
    }

    /// One run of git in the repository at `dir`; what it said, where it failed.
    fn signing(
        &self,
        dir: &Path,
        environment: &[(String, OsString)],
        args: &[&str],
        input: &[u8],
    ) -> Result<std::result::Result<Vec<u8>, String>> {
        let mut command = git(self);
        command.env("GIT_DIR", dir).env("GIT_OBJECT_DIRECTORY", dir.join("objects")).cwd(dir);
        for (key, value) in environment {
            command.env(key, value);
        }
        command.args(args.iter().copied());
        let done = command.input(input)?;
        Ok(match done.code {
            Some(0) => Ok(done.stdout),
            _ => Err(readable(&done.stderr).trim().to_owned()),
        })
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
                return Err(Error::refused(format!("it would be signed by what {key} names"))
                    .because("it comes from this repository's own configuration, and such commands are not run")
                    .help(format!("set it for yourself, if that is what you want: `git config --global {key} ...`")));
            }
        }
        Ok(())
    }
}

/// Who, and when, as a commit has it.
struct Ident {
    name: Vec<u8>,
    email: Vec<u8>,
    /// `seconds +hhmm`.
    date: String,
}

impl Ident {
    fn of(line: &[u8]) -> Option<Ident> {
        let open = line.iter().position(|&b| b == b'<')?;
        let close = line.iter().rposition(|&b| b == b'>')?;
        let (name, email) = (line[..open].trim_ascii_end(), line.get(open + 1..close)?);
        let date = std::str::from_utf8(line[close + 1..].trim_ascii()).ok()?;
        Some(Ident { name: name.to_vec(), email: email.to_vec(), date: date.to_owned() })
    }

    fn of_who(who: &Who) -> Ident {
        let line = who.git_line();
        let date = line.rsplit_once("> ").map(|(_, date)| date.to_owned()).unwrap_or_default();
        Ident { name: who.name.clone().into_bytes(), email: who.email.clone().into_bytes(), date }
    }
}

/// The variables that tell git who somebody is.
fn who_is(role: &str, ident: &Ident) -> Vec<(String, OsString)> {
    vec![
        (format!("GIT_{role}_NAME"), OsString::from_vec(ident.name.clone())),
        (format!("GIT_{role}_EMAIL"), OsString::from_vec(ident.email.clone())),
        (format!("GIT_{role}_DATE"), format!("@{}", ident.date).into()),
    ]
}

/// The parts of a commit's bytes.
struct Parts<'a> {
    tree: ObjectId,
    parents: Vec<ObjectId>,
    author: Ident,
    committer: Ident,
    encoding: Option<String>,
    message: &'a [u8],
}

impl Parts<'_> {
    fn of(bytes: &[u8]) -> Option<Parts<'_>> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
        let (mut tree, mut parents, mut author, mut committer, mut encoding) = (None, Vec::new(), None, None, None);
        for line in bytes[..end].split(|&b| b == b'\n') {
            let at = line.iter().position(|&b| b == b' ')?;
            let (key, value) = (&line[..at], &line[at + 1..]);
            match key {
                b"tree" => tree = Some(ObjectId::from_hex(value)?),
                b"parent" => parents.push(ObjectId::from_hex(value)?),
                b"author" => author = Some(Ident::of(value)?),
                b"committer" => committer = Some(Ident::of(value)?),
                b"encoding" => encoding = Some(readable(value)),
                _ => return None,
            }
        }
        let message = &bytes[end + 2..];
        Some(Parts { tree: tree?, parents, author: author?, committer: committer?, encoding, message })
    }
}

/// A commit without the lines of its signature.
fn without_signature(bytes: &[u8]) -> Option<Vec<u8>> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let (mut out, mut signed, mut inside) = (Vec::new(), false, false);
    for line in bytes[..end].split(|&b| b == b'\n') {
        inside = line.starts_with(b"gpgsig ") || (inside && line.starts_with(b" "));
        signed |= inside;
        if !inside {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
    }
    out.extend_from_slice(&bytes[end + 1..]);
    signed.then_some(out)
}
