//! What is taken from a commit: parents, time, and what its message begins with.

use crate::model::ObjectId;

/// What kind of commit its message makes it look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing special.
    Plain,
    /// An entry of the stash list.
    Stash,
    /// What a stash entry keeps of the index.
    StashIndex,
    /// What a stash entry keeps of untracked files.
    StashUntracked,
    /// Not looked at.
    Unknown,
}

/// The commits of a pack or of all loose objects.
#[derive(Debug, Default)]
pub(super) struct PackCommits {
    /// Their names.
    pub ids: Vec<ObjectId>,
    /// What each says, in the same order.
    pub facts: Vec<Facts>,
    /// The parents of all, one after the other.
    pub parents: Vec<ObjectId>,
    /// Annotated tags beside them.
    pub tags: Vec<ObjectId>,
    /// How many objects of any kind.
    pub objects: usize,
    /// Commits that could not be read.
    pub damaged: usize,
}

/// What a commit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// When it was committed, seconds since 1970.
    pub time: i64,
    /// What it looks like.
    pub look: Look,
    /// How many parents it has.
    pub parents: u16,
}

impl PackCommits {
    pub fn push(&mut self, id: ObjectId, facts: Facts, parents: &[ObjectId]) {
        self.ids.push(id);
        self.facts.push(facts);
        self.parents.extend_from_slice(parents);
    }
}

impl Look {
    /// Its number on disk.
    pub(super) fn code(self) -> u8 {
        match self {
            Look::Plain => 0,
            Look::Stash => 1,
            Look::StashIndex => 2,
            Look::StashUntracked => 3,
            Look::Unknown => 4,
        }
    }

    /// From its number on disk.
    pub(super) fn from_code(code: u8) -> Option<Look> {
        [Look::Plain, Look::Stash, Look::StashIndex, Look::StashUntracked, Look::Unknown].get(code as usize).copied()
    }

    /// What a commit with this message and so many parents looks like.
    pub fn of(message: &[u8], parents: usize) -> Look {
        // What git (builtin/stash.c) and this tool write.
        let starts = |with: &[u8]| message.starts_with(with);
        match parents {
            2 | 3 if starts(b"WIP on ") || starts(b"On ") || starts(b"autostash") => Look::Stash,
            0 | 1 if starts(b"index on ") => Look::StashIndex,
            0 if starts(b"untracked files on ") => Look::StashUntracked,
            _ => Look::Plain,
        }
    }
}

/// Reads a commit; its parents are left in `parents`. `None`: it is damaged.
pub(super) fn parse(bytes: &[u8], parents: &mut Vec<ObjectId>) -> Option<Facts> {
    parents.clear();
    let mut rest = bytes.strip_prefix(b"tree ")?.get(40..)?.strip_prefix(b"\n")?;
    while let Some(parent) = rest.strip_prefix(b"parent ") {
        parents.push(ObjectId::from_hex(parent.get(..40)?)?);
        rest = parent.get(40..)?.strip_prefix(b"\n")?;
    }
    let mut time = 0;
    let message = loop {
        let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if let Some(committer) = line.strip_prefix(b"committer ") {
            time = seconds(committer);
        }
        if line.is_empty() {
            break rest;
        }
    };
    Some(Facts { time, look: Look::of(message, parents.len()), parents: u16::try_from(parents.len()).ok()? })
}

/// The seconds in `Name <address> seconds zone`; nonsense is the beginning of time, as for git.
fn seconds(line: &[u8]) -> i64 {
    let after = line.iter().rposition(|&b| b == b'>').map_or(&[][..], |at| &line[at + 1..]);
    let number = after.split(|&b| b == b' ').find(|word| !word.is_empty()).unwrap_or_default();
    std::str::from_utf8(number).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_time_and_look() {
        let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let text = format!(
            "tree {id}\nparent {id}\nparent {id}\nauthor A <a> 1 +0000\ncommitter B <b> 77 +0100\ngpgsig x\n y\n\nWIP on main: x\n"
        );
        let mut parents = Vec::new();
        let facts = parse(text.as_bytes(), &mut parents).unwrap();
        assert_eq!((facts.time, facts.look, parents.len()), (77, Look::Stash, 2));
        assert!(parse(b"tree 4b825", &mut parents).is_none());
        assert!(parse(b"", &mut parents).is_none());
        let odd = format!("tree {id}\ncommitter nobody\n");
        assert_eq!(parse(odd.as_bytes(), &mut parents).unwrap().time, 0);
    }
}
