//! Work that git no longer shows, and that can still be brought back.

use super::{ObjectId, RepoPath, Time};
use serde::Serialize;

/// One thing that was lost: a stash, a line of commits, a tag, the content of a file, a state that was saved.
#[derive(Clone, Debug, Serialize)]
pub struct LostItem {
    /// The object that brings it back: a commit (the tip of a line of them), a tag or a blob. Its first digits name
    /// the item, and stay the same for as long as the object exists.
    pub id: ObjectId,
    /// What it is.
    pub kind: LostKind,
    /// When it was made: the commit's own date, for a blob that of its file.
    pub made: Option<Time>,
    /// When it was lost, where a reflog tells.
    pub lost: Option<Time>,
    /// The author's name; empty where there is none.
    pub author: String,
    /// The first line of the message; empty where there is none.
    pub subject: String,
    /// The name it had: of a branch or tag without `refs/...`, of a file with its directories.
    pub name: Option<LostName>,
    /// Where it came from, in words, as in `left behind by "reset: moving to HEAD~3" on main`; empty: not known.
    pub origin: String,
    /// What still leads to it.
    pub reach: Reach,
    /// When git may remove it.
    pub prune: Prune,
    /// The commit that it stands on, which is not part of it; of a stash the one it was made on.
    pub base: Option<ObjectId>,
    /// All lost commits in it, newest first, the tip among them; those of a stash are the stash's own.
    pub commits: Vec<ObjectId>,
    /// How many commits it has.
    pub commit_count: usize,
    /// Files that it changed, at most a few.
    pub touches: Vec<RepoPath>,
    /// How many more files it changed; beyond a thousand they are not counted.
    pub touches_more: usize,
    /// Of a branch, the remote-tracking branch that its configuration names or that has the same name, as in
    /// `origin/topic`.
    pub upstream: Option<String>,
    /// Size of a lost blob in bytes.
    pub size: Option<u64>,
    /// Objects that belong to it and are damaged or gone.
    pub damaged: usize,
}

impl LostItem {
    /// An item of which only the object is known.
    pub fn new(id: ObjectId, kind: LostKind, reach: Reach) -> LostItem {
        LostItem {
            id,
            kind,
            made: None,
            lost: None,
            author: String::new(),
            subject: String::new(),
            name: None,
            origin: String::new(),
            reach,
            prune: Prune::Unknown,
            base: None,
            commits: Vec::new(),
            commit_count: 0,
            touches: Vec::new(),
            touches_more: 0,
            upstream: None,
            size: None,
            damaged: 0,
        }
    }

    /// When it was lost, or else when it was made: what the list is sorted by.
    pub fn when(&self) -> Option<Time> {
        self.lost.or(self.made)
    }
}

/// The kinds of lost work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LostKind {
    /// An entry of the stash list that was dropped, popped or cleared.
    Stash,
    /// The tip of a branch that is no more.
    Branch,
    /// An annotated tag that is no more.
    Tag,
    /// Commits that a branch, or a detached HEAD, left behind.
    Commit,
    /// Content of a file that was staged and never committed.
    Staged,
    /// A merge, rebase or the like that was given up.
    State,
    /// A state that this tool saved before it changed something.
    Saved,
}

impl LostKind {
    /// All kinds.
    pub const ALL: [LostKind; 7] = [
        LostKind::Stash,
        LostKind::Branch,
        LostKind::Tag,
        LostKind::Commit,
        LostKind::Staged,
        LostKind::State,
        LostKind::Saved,
    ];

    /// The kind of a word.
    pub fn of_word(word: &str) -> Option<LostKind> {
        LostKind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word for it, the same in text, in JSON and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            LostKind::Stash => "stash",
            LostKind::Branch => "branch",
            LostKind::Tag => "tag",
            LostKind::Commit => "commit",
            LostKind::Staged => "staged",
            LostKind::State => "state",
            LostKind::Saved => "saved",
        }
    }
}

/// A name that something lost had, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LostName {
    /// The name. Bytes that are not UTF-8 are spelled out as in [`RepoPath`].
    pub name: RepoPath,
    /// How it is known, as in `from the reflog of HEAD`.
    pub why: String,
    /// Whether it was read from a record; otherwise it is a guess.
    pub certain: bool,
}

/// What still leads to something lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Only reflogs.
    Reflogs,
    /// Nothing: only looking at every object finds it.
    Nothing,
    /// A record of this tool.
    Saved,
}

/// When git may remove something lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "when", content = "days")]
pub enum Prune {
    /// With the next `git gc`.
    Now,
    /// With a `git gc` after this many days.
    After(i64),
    /// Not before something that keeps it is taken away: a setting, a `.keep` file, a record of this tool.
    Never,
    /// Not known.
    Unknown,
}
