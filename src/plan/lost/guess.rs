//! What a file was called that only its content is left of.

use super::search::Search;
use crate::git::Index;
use crate::model::{LostName, RepoPath};
use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Bigger blobs are not compared.
pub(super) const MAX_SIZE: u64 = 1 << 20;
/// How many files one blob is compared with, and all blobs of a search together.
const COMPARED: usize = 300;
const COMPARED_IN_ALL: usize = 3000;
/// How alike two files must be, in hundredths, for one to be an older form of the other.
const ALIKE: usize = 50;
const VERY_ALIKE: usize = 95;

/// Guesses names, with what is known of the files of `HEAD`.
#[derive(Default)]
pub(super) struct Guesses {
    index: OnceCell<Option<Index>>,
    compared: Cell<usize>,
}

impl Guesses {
    /// The likeliest name.
    pub fn name(&self, search: &Search<'_>, content: &[u8]) -> Option<LostName> {
        let guess = |name: RepoPath, why: String| Some(LostName { name, why, certain: false });
        if let Some((path, alike)) = self.similar(search, content) {
            return guess(path, format!("{alike} in 100 lines are as in this file"));
        }
        let (ending, what) = kind(content)?;
        guess(RepoPath::from(&*format!("unnamed.{ending}")), format!("it looks like {what}"))
    }

    /// The file of the index that is most like the content, and how much, in hundredths.
    fn similar(&self, search: &Search<'_>, content: &[u8]) -> Option<(RepoPath, usize)> {
        let index = self.index.get_or_init(|| Index::read(&search.repo.index_path()).ok()).as_ref()?;
        let lines = lines(content)?;
        let size = content.len() as u64;
        let mut near: Vec<(u64, usize)> = (0..index.len())
            .filter(|i| index.mode(*i) & 0o170_000 == 0o100_000)
            .map(|i| (u64::from(index.size(i)).abs_diff(size), i))
            .filter(|(apart, _)| *apart <= size + 64)
            .collect();
        near.sort_unstable();
        let mut best: Option<(usize, usize)> = None;
        for (_, i) in near.into_iter().take(COMPARED) {
            if self.compared.replace(self.compared.get() + 1) >= COMPARED_IN_ALL {
                break;
            }
            let Ok(other) = search.repo.blob(index.id(i)) else { continue };
            let alike = alike(&lines, &other);
            if alike >= ALIKE && best.is_none_or(|(most, _)| alike > most) {
                best = Some((alike, i));
            }
            if alike >= VERY_ALIKE {
                break;
            }
        }
        best.map(|(alike, i)| (RepoPath::new(index.path(i)), alike))
    }
}

/// How often each line stands in a text; `None`: it is no text.
fn lines(content: &[u8]) -> Option<HashMap<u64, usize>> {
    if content.is_empty() || content.contains(&0) {
        return None;
    }
    let mut out = HashMap::new();
    for line in content.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|line| line.len() > 1) {
        let mut hasher = DefaultHasher::new();
        line.hash(&mut hasher);
        *out.entry(hasher.finish()).or_insert(0) += 1;
    }
    Some(out)
}

/// Of a hundred lines of the longer text, how many both have.
fn alike(ours: &HashMap<u64, usize>, other: &[u8]) -> usize {
    let Some(theirs) = lines(other) else { return 0 };
    let both: usize = ours.iter().map(|(line, count)| theirs.get(line).map_or(0, |other| *count.min(other))).sum();
    let longer = ours.values().sum::<usize>().max(theirs.values().sum());
    (both * 100).checked_div(longer).unwrap_or(0)
}

/// The ending that files with such content have, and what they are.
fn kind(content: &[u8]) -> Option<(&'static str, &'static str)> {
    const MAGIC: &[(&[u8], &str, &str)] = &[
        (b"\x89PNG", "png", "a picture"),
        (b"\xff\xd8\xff", "jpg", "a picture"),
        (b"GIF8", "gif", "a picture"),
        (b"%PDF", "pdf", "a PDF document"),
        (b"PK\x03\x04", "zip", "a ZIP archive"),
        (b"\x1f\x8b", "gz", "compressed data"),
        (b"\x7fELF", "bin", "a program"),
        (b"SQLite format 3", "sqlite", "a database"),
        (b"<?xml", "xml", "XML"),
        (b"<!DOCTYPE html", "html", "HTML"),
        (b"<html", "html", "HTML"),
        (b"#!/usr/bin/env python", "py", "a Python script"),
        (b"#!/usr/bin/python", "py", "a Python script"),
        (b"#!/usr/bin/env node", "js", "a JavaScript program"),
        (b"#!", "sh", "a script"),
        (b"{", "json", "JSON"),
    ];
    const WORDS: &[(&str, &str, &str)] = &[
        ("fn ", "rs", "Rust"),
        ("#include ", "c", "C"),
        ("package ", "go", "Go"),
        ("def ", "py", "Python"),
        ("function ", "js", "JavaScript"),
        ("# ", "md", "Markdown"),
    ];
    if let Some((_, ending, what)) = MAGIC.iter().find(|(magic, ..)| content.starts_with(magic)) {
        return Some((ending, what));
    }
    if content.is_empty() || content.contains(&0) {
        return None;
    }
    let text = String::from_utf8_lossy(&content[..content.len().min(1 << 14)]);
    let begins = |word: &str| text.lines().any(|line| line.strip_prefix("pub ").unwrap_or(line).starts_with(word));
    let found = WORDS.iter().find(|(word, ..)| begins(word));
    Some(found.map_or(("txt", "text"), |(_, ending, what)| (ending, what)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_forms_are_alike_and_strangers_are_not() {
        let old = lines(b"one\ntwo\nthree\nfour\n").unwrap();
        assert_eq!(alike(&old, b"one\ntwo\nthree\nfour\n"), 100);
        assert_eq!(alike(&old, b"one\ntwo\n33\nfour\n"), 75);
        assert_eq!(alike(&old, b"other\nthings\n"), 0);
        assert_eq!(alike(&old, b"a\0b"), 0);
    }

    #[test]
    fn kinds_of_files() {
        assert_eq!(kind(b"\x89PNG\r\n").unwrap().0, "png");
        assert_eq!(kind(b"use x;\n\npub fn main() {}\n").unwrap().0, "rs");
        assert_eq!(kind(b"plain words\n").unwrap().0, "txt");
        assert_eq!(kind(b"\0\x01"), None);
    }
}
