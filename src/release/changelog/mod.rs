//! Changelogs: an entry for a version, written as the file's own entries are.
//!
//! The newest entry that is there is the pattern: its heading with another version and date, its bullets, its subheadings. So Keep a
//! Changelog, headings of any level, and reStructuredText need no rules of their own. Nothing that is there changes but the link of
//! what is not released yet.

use super::Version;
use super::text::Text;
use crate::model::Time;
use crate::{Error, Result};

/// What files with changes are called, the usual ones first.
const NAMES: [&str; 12] = [
    "CHANGELOG.md",
    "CHANGELOG.rst",
    "CHANGELOG.txt",
    "CHANGELOG",
    "CHANGES.md",
    "CHANGES.rst",
    "CHANGES.txt",
    "CHANGES",
    "HISTORY.md",
    "HISTORY.rst",
    "RELEASES.md",
    "NEWS.md",
];

/// The changelog of a directory, among the paths of a tree; names are compared without case.
pub fn changelog_in<'p>(paths: &[&'p str], dir: &str) -> Option<&'p str> {
    let in_dir = |path: &&&str| path.rsplit_once('/').map_or("", |(above, _)| above) == dir;
    let is = |path: &str, name: &str| path.rsplit('/').next().is_some_and(|own| own.eq_ignore_ascii_case(name));
    NAMES.iter().find_map(|name| paths.iter().filter(in_dir).find(|path| is(path, name)).copied())
}

/// What is to be said about a version.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The version.
    pub version: Version,
    /// When it is released.
    pub date: Time,
    /// The changes, a sentence each.
    pub changes: Vec<String>,
}

/// A changelog.
#[derive(Clone, Debug)]
pub struct Changelog {
    text: Text,
    lines: Vec<String>,
    headings: Vec<Heading>,
}

/// The heading of a version.
#[derive(Clone, Debug)]
struct Heading {
    line: usize,
    version: Version,
    /// How the version is spelled.
    spelled: String,
    /// The words before the version.
    before: String,
    /// How many `#` it has; 0: it is underlined.
    level: usize,
}

impl Changelog {
    /// Reads a changelog.
    ///
    /// # Errors
    /// Refused: it is not text.
    pub fn read(bytes: &[u8]) -> Result<Changelog> {
        let text = Text::read(bytes)?;
        let lines: Vec<String> = text.text.split_inclusive('\n').map(str::to_owned).collect();
        let bare: Vec<&str> = lines.iter().map(|line| line.trim_end_matches(['\n', '\r'])).collect();
        let mut fenced = false;
        let mut headings = Vec::new();
        for (at, line) in bare.iter().enumerate() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            }
            if !fenced {
                headings.extend(heading(line, bare.get(at + 1).copied().unwrap_or_default(), at));
            }
        }
        // A heading such as `Upgrading to 2.0` is about a version, and starts no entry of its own.
        let first = headings.first().map(|heading: &Heading| heading.before.clone()).unwrap_or_default();
        headings.retain(|heading| heading.before.is_empty() || heading.before == first);
        Ok(Changelog { lines, headings, text })
    }

    /// What it says about a version, without the heading; `None`: nothing.
    pub fn entry(&self, version: &Version) -> Option<String> {
        let at = self.headings.iter().position(|heading| heading.version.same(version))?;
        let body = self.lines[self.headings[at].after()..self.end_of(at)].concat();
        Some(body.trim().to_owned())
    }

    /// The bytes with an entry more.
    ///
    /// # Errors
    /// Refused: it has an entry of that version already, or no entry that could be the pattern.
    pub fn with(&self, entry: &Entry) -> Result<Vec<u8>> {
        if self.entry(&entry.version).is_some() {
            return Err(Error::refused(format!("the changelog has an entry for {} already", entry.version)));
        }
        let end = if self.text.text.contains("\r\n") { "\r\n" } else { "\n" };
        let at = self.place(&entry.version)?;
        let mut lines = self.lines.clone();
        let mut new: Vec<String> = self.written(entry).into_iter().map(|line| format!("{line}{end}")).collect();
        if at == lines.len() {
            // A file may end without a line end, and an entry is parted from the one before.
            match lines.last_mut() {
                Some(last) if !last.ends_with('\n') => {
                    last.push_str(end);
                    new.insert(0, end.to_owned());
                    if let Some(last) = new.last_mut() {
                        last.truncate(last.len() - end.len());
                    }
                }
                Some(last) if !last.trim().is_empty() => new.insert(0, end.to_owned()),
                _ => {}
            }
        } else {
            new.push(end.to_owned());
        }
        lines.splice(at..at, new);
        self.link(entry, &mut lines, end);
        let bytes = self.text.bytes_of(&lines.concat());
        match Changelog::read(&bytes)?.entry(&entry.version) {
            Some(_) => Ok(bytes),
            None => Err(Error::refused("the form of the changelog is not understood").help("write the entry by hand")),
        }
    }

    /// The line before which an entry goes.
    fn place(&self, version: &Version) -> Result<usize> {
        let ascending = self.headings.len() > 1
            && self.headings.first().map(|h| &h.version) < self.headings.last().map(|h| &h.version);
        let next = self.headings.iter().find(|h| if ascending { h.version > *version } else { h.version < *version });
        match (next, self.headings.last()) {
            (Some(next), _) => Ok(next.line),
            (None, Some(_)) => Ok(self.before_links(self.lines.len())),
            (None, None) if self.unreleased().is_some() => Ok(self.before_links(self.lines.len())),
            (None, None) => Err(Error::refused("the changelog has no entry that shows how one is written")
                .help("write a first heading such as `## [Unreleased]` or `## 1.0.0 - 2026-01-10`")),
        }
    }

    /// The line of the heading of what is not released yet.
    fn unreleased(&self) -> Option<usize> {
        let is = |line: &String| line.starts_with('#') && line.to_lowercase().contains("unreleased");
        self.lines.iter().position(is)
    }

    /// Where the links begin that stand at the end of the file.
    fn before_links(&self, end: usize) -> usize {
        let is_link = |line: &String| line.trim().is_empty() || (line.starts_with('[') && line.contains("]: "));
        let links = self.lines[..end].iter().rev().take_while(|line| is_link(line)).count();
        let at = end - links;
        if self.lines[at..end].iter().any(|line| line.starts_with('[')) {
            // What parts the entries stays with them.
            at + usize::from(self.lines.get(at).is_some_and(|line| line.trim().is_empty()))
        } else {
            end
        }
    }

    fn end_of(&self, heading: usize) -> usize {
        self.headings.get(heading + 1).map_or_else(|| self.before_links(self.lines.len()), |next| next.line)
    }

    /// The lines of an entry, written as the nearest one that is there.
    fn written(&self, entry: &Entry) -> Vec<String> {
        let nearest = self.headings.iter().position(|h| h.version < entry.version).unwrap_or(0);
        let Some(like) = self.headings.get(nearest) else {
            // Keep a Changelog, before its first version.
            return ["", "### Fixed", ""]
                .iter()
                .fold(vec![format!("## [{}] - {}", entry.version, day(entry.date, '-'))], |mut lines, line| {
                    lines.push((*line).to_owned());
                    lines
                })
                .into_iter()
                .chain(entry.changes.iter().map(|change| format!("- {change}")))
                .collect();
        };
        let line = self.lines[like.line].trim_end();
        let spelled = spelled_like(&like.spelled, &entry.version);
        let (before, after) = line.split_once(like.spelled.as_str()).unwrap_or((line, ""));
        let heading = format!("{before}{spelled}{}", redated(&compared(after, &like.spelled, &spelled), entry.date));
        let mut out = vec![heading];
        if like.level == 0 {
            let under = self.lines[like.line + 1].trim_end().chars().next().unwrap_or('-');
            out.push(under.to_string().repeat(out[0].chars().count()));
        }
        let body: Vec<&str> =
            self.lines[like.after()..self.end_of(nearest)].iter().map(|line| line.trim_end()).collect();
        if body.first().is_none_or(|line| line.is_empty()) {
            out.push(String::new());
        }
        let deeper = |line: &str| line.chars().take_while(|c| *c == '#').count();
        let kind = |line: &str| like.level > 0 && deeper(line) > like.level && is_kind_of_change(line);
        if let Some(at) = body.iter().position(|line| kind(line)) {
            let fixes = body.iter().copied().chain(self.lines.iter().map(|line| line.trim_end()));
            let fixes = fixes.into_iter().find(|line| deeper(line) == deeper(body[at]) && line.contains("Fix"));
            out.push(fixes.map_or_else(|| format!("{} Fixed", "#".repeat(deeper(body[at]))), str::to_owned));
            if body.get(at + 1).is_none_or(|line| line.is_empty()) {
                out.push(String::new());
            }
        }
        let bullet = body.iter().find_map(|line| {
            let indent = line.len() - line.trim_start().len();
            let mark = line.trim_start().chars().next().filter(|c| "-*+".contains(*c))?;
            line.trim_start()[1..].starts_with(' ').then(|| format!("{}{mark} ", &line[..indent]))
        });
        let bullet = bullet.unwrap_or_else(|| "- ".to_owned());
        out.extend(entry.changes.iter().map(|change| format!("{bullet}{change}")));
        out
    }

    /// Keep a Changelog has a link for each version at the end.
    fn link(&self, entry: &Entry, lines: &mut Vec<String>, end: &str) {
        let Some(like) = self.headings.iter().find(|h| h.version < entry.version) else { return };
        let old = like.spelled.as_str();
        let Some(at) = lines.iter().position(|line| line.starts_with(&format!("[{old}]: "))) else { return };
        let new = spelled_like(old, &entry.version);
        let target = lines[at].split_once("]: ").map_or("", |(_, target)| target).trim_end().to_owned();
        let target = match target.rsplit_once("...") {
            // `compare/v1.1.0...v1.2.0`: from the one before to this one.
            Some((front, to)) => {
                let base = front.rsplit_once('/').map_or("", |(base, _)| base);
                format!("{base}/{to}...{}", to.replace(old, &new))
            }
            None => target.replace(old, &new),
        };
        if !target.contains(&new) {
            return;
        }
        lines.insert(at, format!("[{new}]: {target}{end}"));
        let is_unreleased = |line: &&mut String| line.to_lowercase().starts_with("[unreleased]: ");
        if let Some(line) = lines.iter_mut().find(is_unreleased)
            && self.headings.first().is_some_and(|first| first.version < entry.version)
        {
            *line = line.replace(&format!("{old}..."), &format!("{new}..."));
        }
    }
}

impl Heading {
    /// The first line of what it is about.
    fn after(&self) -> usize {
        self.line + if self.level == 0 { 2 } else { 1 }
    }
}

/// The heading of a version, with its level.
fn heading(line: &str, next: &str, at: usize) -> Option<Heading> {
    let level = line.chars().take_while(|c| *c == '#').count();
    let is_rule =
        |line: &str| line.len() > 2 && ["-", "=", "~", "^"].iter().any(|c| line.trim_end().replace(c, "").is_empty());
    let text = match level {
        0 if is_rule(next) && !line.trim().is_empty() && !line.starts_with([' ', '\t', '|']) => line,
        0 => return None,
        level => line[level..].strip_prefix([' ', '\t'])?,
    };
    // The version is among the first words: `Version 1.2.0`, `[v1.2.0]`, `my-app 1.2.0`.
    let words = text.split(|c: char| c.is_whitespace() || "[]():,".contains(c)).filter(|word| !word.is_empty());
    let is_version = |word: &&str| word.contains('.') && Version::read(word).is_some();
    let spelled = words.take(3).find(is_version)?;
    let before = text.split_once(spelled).map_or("", |(before, _)| before).trim_matches([' ', '[']).to_owned();
    Some(Heading { line: at, version: Version::read(spelled)?, spelled: spelled.to_owned(), before, level })
}

/// Whether a heading within an entry says what kind of changes follow.
fn is_kind_of_change(heading: &str) -> bool {
    let words = ["added", "changed", "deprecated", "removed", "fixed", "security", "fix", "feature"];
    words.iter().any(|word| heading.to_lowercase().contains(word))
}

fn spelled_like(old: &str, version: &Version) -> String {
    match old.chars().next() {
        Some(v @ ('v' | 'V')) => format!("{v}{version}"),
        _ => version.to_string(),
    }
}

/// The date of a time, in its own zone.
fn day(time: Time, between: char) -> String {
    time.to_string().chars().take(10).map(|c| if c == '-' { between } else { c }).collect()
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What follows the version in a heading, with another date.
fn redated(text: &str, time: Time) -> String {
    let bytes = text.as_bytes();
    for at in 0..bytes.len().saturating_sub(9) {
        let Some(part) = text.get(at..at + 10) else { continue };
        let between = char::from(part.as_bytes()[4]);
        let digits = part
            .bytes()
            .enumerate()
            .all(|(n, b)| if n == 4 || n == 7 { b == between as u8 } else { b.is_ascii_digit() });
        if digits && "-/.".contains(between) {
            return format!("{}{}{}", &text[..at], day(time, between), &text[at + 10..]);
        }
    }
    let words = MONTHS.iter().flat_map(|name| [*name, &name[..3]]);
    let Some((month, at)) = words.filter_map(|month| Some((month, word_at(text, month)?))).next() else {
        return text.to_owned();
    };
    in_words(text, month, at, time).unwrap_or_else(|| format!(" ({})", day(time, '-')))
}

/// Where a word stands that is no part of a longer one.
fn word_at(text: &str, word: &str) -> Option<usize> {
    let at = text.find(word)?;
    (!text[at + word.len()..].starts_with(|c: char| c.is_ascii_alphabetic())).then_some(at)
}

/// A date such as `January 10th, 2026` or `10 Jan 2026` replaced by another; `None`: it is of another form.
fn in_words(text: &str, month: &str, at: usize, time: Time) -> Option<String> {
    let iso = day(time, '-');
    let (year, number) = (iso.get(..4)?, iso.get(5..7)?.parse::<usize>().ok()?);
    let date = iso.get(8..10)?.trim_start_matches('0');
    let name = MONTHS.get(number - 1)?;
    let name = if month.len() == 3 { &name[..3] } else { name };
    let is_day = |word: &str| {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && word.len() - digits.len() <= 2
    };
    let (left, right) = (&text[..at], &text[at + month.len()..]);
    let comma = if right.contains(',') { "," } else { "" };
    let word = left.trim_end().rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let year_at = right.find(|c: char| c.is_ascii_digit());
    if is_day(word) {
        let before = &left[..left.trim_end().len() - word.len()];
        let end = year_at? + 4;
        return Some(format!("{before}{date} {name}{comma} {year}{}", right.get(end..)?));
    }
    let mut parts = right.trim_start().splitn(2, [' ', ',']);
    let (first, rest) = (parts.next()?, parts.next()?);
    let end = rest.find(|c: char| c.is_ascii_digit())? + 4;
    is_day(first).then(|| format!("{left}{name} {date}{comma} {year}{}", rest.get(end..).unwrap_or_default()))
}

/// A link `compare/v1.1.0...v1.2.0` behind a version, from there to the new one.
fn compared(text: &str, old: &str, new: &str) -> String {
    let link = text.split_once("/compare/").and_then(|(before, rest)| {
        let end = rest.find(')')?;
        let (_, to) = rest[..end].split_once("...")?;
        Some(format!("{before}/compare/{to}...{}{}", to.replace(old, new), &rest[end..]))
    });
    link.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests;
