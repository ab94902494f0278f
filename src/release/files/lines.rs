//! Files that are read line by line: `setup.cfg`, `*.properties`, Python sources, `VERSION`, and patterns.

use super::spot::{Span, Spelling, Spot};
use crate::release::Version;

/// The lines of a text, each with where it begins; without their ends.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        (at, line.trim_end_matches(['\n', '\r']))
    })
}

/// The bytes of `part`, which is a part of `text`.
fn span_of(text: &str, part: &str) -> Span {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.len()
}

/// The values of a key in a section of a file like `setup.cfg`. A comment may stand behind a value.
pub(super) fn ini(text: &str, section: &str, key: &str) -> Vec<(String, Span)> {
    let (mut inside, mut wanted, mut out) = (false, false, Vec::new());
    for (_, line) in lines(text) {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        let value = if line.starts_with([' ', '\t']) {
            // The value may begin on the line after its key.
            if wanted { bare } else { continue }
        } else if let Some(name) = bare.strip_prefix('[') {
            (inside, wanted) = (name.split(']').next() == Some(section), false);
            continue;
        } else {
            let (name, value) = bare.split_once(['=', ':']).unwrap_or((bare, ""));
            wanted = inside && name.trim().eq_ignore_ascii_case(key);
            if !wanted {
                continue;
            }
            value
        };
        let end = [" #", "\t#", " ;", "\t;"].iter().filter_map(|c| value.find(c)).min().unwrap_or(value.len());
        let value = value[..end].trim();
        if !value.is_empty() {
            out.push((value.to_owned(), span_of(text, value)));
            wanted = false;
        }
    }
    out
}

/// The values of a key of a `.properties` file.
pub(super) fn properties(text: &str, key: &str) -> Vec<(String, Span)> {
    let (mut continued, mut out) = (false, Vec::new());
    for (_, line) in lines(text) {
        let bare = line.trim_start();
        let part_of_last = continued;
        let slashes = bare.len() - bare.trim_end_matches('\\').len();
        let is_comment = !part_of_last && bare.starts_with(['#', '!']);
        continued = slashes % 2 == 1 && !is_comment;
        if part_of_last || is_comment {
            continue;
        }
        let end = bare.find(['=', ':', ' ', '\t', '\u{c}']).unwrap_or(bare.len());
        if &bare[..end] != key {
            continue;
        }
        let rest = bare[end..].trim_start();
        let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim();
        out.push((value.to_owned(), span_of(text, value)));
    }
    out
}

/// The version of a file that holds nothing else.
pub(super) fn whole(text: &str) -> Option<Spot> {
    let value = text.trim();
    Version::read(value).map(|_| Spot::new("the whole file", value, &span_of(text, value), Spelling::AsOthers))
}

/// Places of `{version}` in a pattern's occurrences, and what stands there.
pub(super) fn pattern(text: &str, pattern: &str) -> Vec<(String, Span)> {
    let Some((before, after)) = pattern.split_once("{version}") else { return Vec::new() };
    let is_part = |c: char| c.is_ascii_alphanumeric() || ".+-!_".contains(c);
    let (mut out, mut from) = (Vec::new(), 0);
    while let Some(found) = text[from..].find(before).map(|at| from + at) {
        let start = found + before.len();
        let run = text[start..].find(|c: char| !is_part(c)).unwrap_or(text.len() - start);
        // What follows may itself be made of the letters of a version (`1.2.0.tar.gz`): the longest that fits.
        let end = (1..=run)
            .rev()
            .map(|length| start + length)
            .find(|end| text[*end..].starts_with(after) && Version::read(&text[start..*end]).is_some());
        if let Some(end) = end {
            out.push((text[start..end].to_owned(), start..end));
        }
        let next = end.unwrap_or(found + before.len().max(1));
        from = (next..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        if before.is_empty() && end.is_none() && from >= text.len() {
            break;
        }
    }
    out
}

/// What Python assigns at the top level of a source to names in `names`: texts, and tuples that begin with three numbers.
pub(super) fn python(text: &str, names: &[&str], tuples: &[&str]) -> Vec<Spot> {
    let mut out = Vec::new();
    for start in statements(text) {
        let line = text[start..].split(['\n', '\r']).next().unwrap_or_default();
        let (targets, mut rest) = (targets_of(line), line);
        if targets.is_empty() {
            continue;
        }
        for _ in 0..targets.len() {
            rest = rest.split_once('=').map_or("", |(_, rest)| rest);
        }
        let value = rest.trim_start();
        if let Some(name) = targets.iter().find(|t| names.contains(t))
            && let Some(inner) = quoted(value)
        {
            out.push(Spot::new(*name, inner, &span_of(text, inner), Spelling::Pep440));
        } else if let Some(name) = targets.iter().find(|t| tuples.contains(t))
            && let Some(inner) = three_numbers(value)
        {
            out.push(Spot::new(*name, inner, &span_of(text, inner), Spelling::Tuple));
        }
    }
    out
}

/// The names that a line assigns to: `a: str = b = ...`.
fn targets_of(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = line;
    while let Some((left, right)) = rest.split_once('=') {
        let name = left.split(':').next().unwrap_or_default().trim();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || right.starts_with('=') {
            break;
        }
        out.push(name);
        rest = right;
    }
    out
}

/// What stands between the quotes of a plain text.
fn quoted(value: &str) -> Option<&str> {
    let value = value.strip_prefix(['u', 'r', 'U', 'R']).filter(|v| v.starts_with(['"', '\''])).unwrap_or(value);
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| value.starts_with(quote))?;
    let inner = &value[quote.len()..];
    let (inner, after) = inner.split_at(inner.find(quote)?);
    // More may follow that makes it another text: `"1.2" + suffix`, `"1.2" "rc1"`.
    let after = after[quote.len()..].trim_start();
    (after.is_empty() || after.starts_with(['#', ';'])).then_some(inner)
}

/// The three numbers that a tuple begins with.
fn three_numbers(value: &str) -> Option<&str> {
    let inner = value.strip_prefix(['(', '['])?.trim_start();
    let mut end = 0;
    for (at, part) in inner.split([',', ')', ']']).take(3).enumerate() {
        if part.trim().is_empty() || !part.trim().bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        end += part.trim_end().len() + if at < 2 { part.len() - part.trim_end().len() + 1 } else { 0 };
    }
    inner.get(..end)
}

/// Where the statements of a Python source begin that are not indented: not within texts, comments or brackets.
fn statements(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let (mut out, mut at, mut depth, mut line_start) = (Vec::new(), 0, 0_usize, true);
    while at < bytes.len() {
        if line_start && depth == 0 && (bytes[at].is_ascii_alphabetic() || bytes[at] == b'_') {
            out.push(at);
        }
        line_start = false;
        match bytes[at] {
            b'\n' | b'\r' => line_start = true,
            b'#' => {
                while at + 1 < bytes.len() && bytes[at + 1] != b'\n' {
                    at += 1;
                }
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'\\' => at += 1,
            quote @ (b'"' | b'\'') => {
                let long = [quote; 3];
                let end: &[u8] = if bytes[at..].starts_with(&long) { &long } else { &long[..1] };
                at += end.len();
                while at < bytes.len() && !bytes[at..].starts_with(end) && !(end.len() == 1 && bytes[at] == b'\n') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + end.len()).saturating_sub(1);
            }
            _ => {}
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(found: &[(String, Span)], text: &str) -> Vec<String> {
        assert!(found.iter().all(|(value, span)| &text[span.clone()] == value));
        found.iter().map(|(value, _)| value.clone()).collect()
    }

    #[test]
    fn keys_of_sections_and_properties() {
        let text = "[other]\nversion = 9\n[metadata]\nName = x\nVERSION:\r\n    1.2.0 # it\r\n  9\n# version = 8\n";
        assert_eq!(values(&ini(text, "metadata", "version"), text), ["1.2.0"]);
        let text = "# version=9\n  version : 1.2.0 \r\nversion.x=3\nlong=a\\\nversion=7\n!version=8\nversion 1.3";
        assert_eq!(values(&properties(text, "version"), text), ["1.2.0", "1.3"]);
    }

    #[test]
    fn patterns_find_the_longest_version_that_fits() {
        let text = "app-1.2.0.tar.gz app-x.tar.gz é app-1.2.0-rc.1.tar.gz";
        assert_eq!(values(&pattern(text, "app-{version}.tar.gz"), text), ["1.2.0", "1.2.0-rc.1"]);
        let text = "Version 1.2.0. It is 1.3";
        assert_eq!(values(&pattern(text, "Version {version}"), text), ["1.2.0"]);
        assert!(pattern(text, "no place").is_empty());
        assert_eq!(values(&pattern("é1.0", "{version}"), "é1.0"), ["1.0"]);
        assert!(pattern("é", "{version}").is_empty());
    }

    #[test]
    fn python_assignments_at_the_top_level_only() {
        let text = "'''\n__version__ = '9'\n'''\r\nif x:\n    __version__ = '8'\nf(\n__version__ = '7')\n\
                    __version__: str = version = u'1.2.0'  # '6'\n__version_info__ = (1, 2 , 0, 'final')\n\
                    __version__ = get()\n__version__ = '1' + x\ns = 'it\\'s \\\n__version__ = 5'\n__version__ == '4'\n";
        let found = python(text, &["__version__"], &["__version_info__"]);
        let found: Vec<_> = found.iter().map(|spot| (spot.what.as_str(), spot.value.as_str())).collect();
        assert_eq!(found, [("__version__", "1.2.0"), ("__version_info__", "1, 2 , 0")]);
    }
}
