//! Names of the two sides, as people know them from `git cherry-pick`, in place of those that the merge was given.

use crate::model::{ObjectId, RepoPath};

/// What the sides of a merge are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Our side: `HEAD`.
    pub ours: String,
    /// The other side: `0123abc (subject)`.
    pub theirs: String,
    /// What both come from: `parent of 0123abc (subject)`.
    pub base: String,
}

/// Which label stands for which name.
pub(super) struct Renaming<'a> {
    pub labels: &'a Labels,
    pub ours: ObjectId,
    pub theirs: ObjectId,
    pub base: ObjectId,
}

impl Renaming<'_> {
    /// A path that git made up because of a conflict: `file~<side>`.
    pub fn path(&self, path: &RepoPath) -> Option<RepoPath> {
        for (id, label) in [(self.ours, &self.labels.ours), (self.theirs, &self.labels.theirs)] {
            let mark = format!("~{id}");
            let bytes = path.as_bytes();
            if let Some(at) = find(bytes, mark.as_bytes()) {
                // Git itself makes no directory out of a branch's name.
                let label = label.replace('/', "_");
                let rest = &bytes[at + mark.len()..];
                return Some(RepoPath::new([&bytes[..=at], label.as_bytes(), rest].concat()));
            }
        }
        None
    }

    /// A text with conflict markers; `None`: none of them names a side.
    pub fn text(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let ids = [(b'<', self.ours, &self.labels.ours), (b'>', self.theirs, &self.labels.theirs)];
        let ids = ids.into_iter().chain([(b'|', self.base, &self.labels.base)]);
        let ids: Vec<(u8, String, &String)> = ids.map(|(mark, id, label)| (mark, id.to_string(), label)).collect();
        let mut out = Vec::with_capacity(bytes.len() + 64);
        let mut found = false;
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            let named = line.first().and_then(|first| ids.iter().find(|(mark, ..)| mark == first));
            let cut = named.and_then(|(mark, id, label)| {
                let marks = line.iter().take_while(|b| *b == mark).count();
                let rest = line[marks..].strip_prefix(b" ")?.strip_prefix(id.as_bytes())?;
                Some((marks, label, rest))
            });
            match cut {
                Some((marks, label, rest)) => {
                    found = true;
                    out.extend_from_slice(&line[..marks]);
                    out.push(b' ');
                    out.extend_from_slice(label.as_bytes());
                    out.extend_from_slice(rest);
                }
                None => out.extend_from_slice(line),
            }
        }
        found.then_some(out)
    }

    /// A message of git's.
    pub fn message(&self, text: &str) -> String {
        let text = text.replace(&self.ours.to_string(), &self.labels.ours);
        text.replace(&self.theirs.to_string(), &self.labels.theirs)
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renaming(labels: &Labels) -> Renaming<'_> {
        let id = |digit: u8| ObjectId::from_hex(&[digit; 40]).unwrap();
        Renaming { labels, ours: id(b'a'), theirs: id(b'b'), base: id(b'c') }
    }

    #[test]
    fn only_markers_and_made_up_paths_change() {
        let labels = Labels { ours: "HEAD".into(), theirs: "12ab (x/y)".into(), base: "parent of 12ab (x/y)".into() };
        let (a, b, c) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
        let text = format!("{a}\n<<<<<<< {a}\nx\n||||||| {c}\ny\n=======\n>>>>>>>>>> {b}:old\n> {a}\n");
        let new = renaming(&labels).text(text.as_bytes()).unwrap();
        let wanted = format!(
            "{a}\n<<<<<<< HEAD\nx\n||||||| parent of 12ab (x/y)\ny\n=======\n>>>>>>>>>> 12ab (x/y):old\n> {a}\n"
        );
        assert_eq!(String::from_utf8(new).unwrap(), wanted);
        assert_eq!(renaming(&labels).text(b"plain\n"), None);
        let path = |text: String| renaming(&labels).path(&RepoPath::new(text.into_bytes()));
        assert_eq!(path(format!("d/f~{b}_0")), Some("d/f~12ab (x_y)_0".into()));
        assert_eq!(path("d/f".to_owned()), None);
    }
}
