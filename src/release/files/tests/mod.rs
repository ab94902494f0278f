//! Every kind of version file, bumped, compared byte by byte with what is expected.
//!
//! In a fixture `«1.2.0→1.2.1»` marks a value and what it becomes: what is not marked must not change. Each fixture is also tried
//! with CRLF, with a byte-order mark, and without a final line end.

mod dotnet_and_java;
mod javascript_and_others;
mod python;
mod refused;
mod rust;

use super::{Edit, VersionFiles, bump};
use crate::config::FileRule;
use crate::release::{Package, Version};
use std::collections::BTreeMap;

type Files = BTreeMap<String, Vec<u8>>;

/// One repository and what becomes of it.
struct Case {
    name: &'static str,
    package: Package,
    to: &'static str,
    files: &'static [(&'static str, &'static str)],
}

fn case(name: &'static str, to: &'static str, files: &'static [(&'static str, &'static str)]) -> Case {
    Case { name, package: Package::default(), to, files }
}

impl Case {
    fn at(mut self, path: &str) -> Case {
        self.package.path = path.to_owned();
        self
    }

    fn with(mut self, file: &str, pattern: Option<&str>, count: Option<usize>) -> Case {
        let pattern = pattern.map(str::to_owned);
        self.package.files.push(FileRule { file: file.to_owned(), pattern, count });
        self
    }
}

/// A fixture's text in pieces: what stays, then a value before and after, then what stays, ...
struct Marked {
    stays: Vec<String>,
    values: Vec<(String, String)>,
}

impl Marked {
    fn of(text: &str) -> Marked {
        let mut parts = text.split('«');
        let mut out = Marked { stays: parts.next().into_iter().map(str::to_owned).collect(), values: Vec::new() };
        for part in parts {
            let (mark, plain) = part.split_once('»').expect("a mark has an end");
            let (old, new) = mark.split_once('→').unwrap_or((mark, mark));
            out.values.push((old.to_owned(), new.to_owned()));
            out.stays.push(plain.to_owned());
        }
        out
    }

    /// The bytes before and after. Both are put together from the same pieces, so that between the values not one byte differs.
    fn bytes(&self, form: &Form) -> (Vec<u8>, Vec<u8>) {
        let (mut before, mut after) = (form.mark.to_vec(), form.mark.to_vec());
        for (at, stays) in self.stays.iter().enumerate() {
            let last = at + 1 == self.stays.len();
            let stays = (form.encode)(if last && form.no_end { stays.trim_end() } else { stays });
            before.extend_from_slice(&stays);
            after.extend_from_slice(&stays);
            if let Some((old, new)) = self.values.get(at) {
                before.extend((form.encode)(old));
                after.extend((form.encode)(new));
            }
        }
        (before, after)
    }
}

/// A form in which tools leave files behind.
struct Form {
    name: &'static str,
    mark: &'static [u8],
    no_end: bool,
    encode: fn(&str) -> Vec<u8>,
    /// Whether a fixture can be in this form.
    suits: fn(&Case) -> bool,
}

fn utf8(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect()
}

const MARK: &[u8] = b"\xef\xbb\xbf";
const FORMS: [Form; 7] = [
    Form { name: "as written", mark: b"", no_end: false, encode: utf8, suits: |_| true },
    Form { name: "CRLF", mark: b"", no_end: false, encode: crlf, suits: |_| true },
    Form { name: "byte-order mark", mark: MARK, no_end: false, encode: utf8, suits: |_| true },
    Form { name: "byte-order mark and CRLF", mark: MARK, no_end: false, encode: crlf, suits: |_| true },
    Form { name: "no final line end", mark: b"", no_end: true, encode: utf8, suits: |_| true },
    Form { name: "UTF-16", mark: b"\xff\xfe", no_end: false, encode: utf16, suits: |_| true },
    Form { name: "Latin-1", mark: b"", no_end: false, encode: latin1, suits: Case::is_latin1 },
];

impl Case {
    fn is_latin1(&self) -> bool {
        let plain = |text: &str| text.chars().all(|c| u32::from(c) < 256 || c == '→');
        self.files.iter().all(|(_, text)| plain(text)) && self.files.iter().any(|(_, text)| text.contains('é'))
    }
}

fn run(case: &Case) {
    let to = Version::parse(case.to).unwrap();
    for form in FORMS.iter().filter(|form| (form.suits)(case)) {
        let label = format!("{} ({})", case.name, form.name);
        let (mut before, mut expected) = (Files::new(), Files::new());
        for (path, text) in case.files {
            let (old, new) = Marked::of(text).bytes(form);
            before.insert((*path).to_owned(), old);
            expected.insert((*path).to_owned(), new);
        }
        let edits = bump(&before, &case.package, &to).unwrap_or_else(|e| panic!("{label}: {e}"));
        let mut after = before.clone();
        for Edit { path, before: was, after: now } in edits {
            assert_eq!(before[&path], was, "{label}: {path} before");
            assert_ne!(was, now, "{label}: {path} does not change");
            after.insert(path, now);
        }
        for (path, wanted) in &expected {
            let text = |files: &Files| String::from_utf8_lossy(&files[path]).into_owned();
            let now = &after[path];
            assert!(now == wanted, "{label}: {path}\n--- expected\n{}\n--- found\n{}", text(&expected), text(&after));
        }
        let found = VersionFiles::of(&after, &case.package).unwrap_or_else(|e| panic!("{label}, read back: {e}"));
        assert!(found.version.is_some_and(|version| version.same(&to)), "{label}: another version is read back");
    }
}

fn run_all(cases: &[Case]) {
    assert!(cases.len() > 2, "at least three fixtures a kind");
    cases.iter().for_each(run);
}

/// A repository in memory.
fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}
