//! JUnit XML, as most test programs can write it.

use super::lines::panic_in;
use super::{Failing, Suite, brief};
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

/// Reads a document. `None`: it is not one of JUnit, or is damaged.
///
/// The numbers are counted from the test cases, because programs disagree about what the attributes of a suite count.
pub(super) fn read(text: &str) -> Option<Suite> {
    // In an output, others may print before it.
    let start = text.find("<?xml").or_else(|| text.find("<testsuite"))?;
    let mut reader = Reader::from_str(&text[start..]);
    let mut suite = Suite { read_from: "JUnit XML".to_owned(), ..Suite::default() };
    let (mut is_one, mut depth) = (false, 0usize);
    let mut case: Option<Case> = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                depth += 1;
                is_one |= is_suite(&tag);
                open(&tag, &mut case, &mut suite);
            }
            Event::Empty(tag) => {
                is_one |= is_suite(&tag);
                open(&tag, &mut case, &mut suite);
                if tag.local_name().as_ref() == "testcase" {
                    close(&mut case, &mut suite);
                }
            }
            Event::Text(words) => say(&mut case, &words),
            Event::CData(words) => say(&mut case, &words),
            Event::GeneralRef(name) => say(&mut case, &unescape(&format!("&{};", &*name)).unwrap_or_default()),
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                match tag.local_name().as_ref() {
                    "testcase" => close(&mut case, &mut suite),
                    "failure" | "error" => case.iter_mut().for_each(|case| case.listening = false),
                    _ => {}
                }
                if depth == 0 && is_one {
                    break;
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    is_one.then_some(suite)
}

/// A test case that is being read.
struct Case {
    name: String,
    failed: bool,
    skipped: bool,
    why: String,
    /// Inside of a failure without a message of its own.
    listening: bool,
}

fn is_suite(tag: &BytesStart<'_>) -> bool {
    matches!(tag.local_name().as_ref(), "testsuite" | "testsuites")
}

fn open(tag: &BytesStart<'_>, case: &mut Option<Case>, suite: &mut Suite) {
    match (tag.local_name().as_ref(), case.as_mut()) {
        ("testcase", _) => {
            close(case, suite);
            let (class, name) = (attribute(tag, "classname"), attribute(tag, "name"));
            let name = if class.is_empty() { name } else { format!("{class}::{name}") };
            *case = Some(Case { name, failed: false, skipped: false, why: String::new(), listening: false });
        }
        ("failure" | "error", Some(case)) => {
            case.failed = true;
            let why = brief(&attribute(tag, "message"));
            // The message of a panic stands behind the place of it.
            case.listening = why.is_empty() || why.contains("panicked at ");
            case.why = if case.listening { String::new() } else { why };
        }
        ("skipped", Some(case)) => case.skipped = true,
        _ => {}
    }
}

fn say(case: &mut Option<Case>, words: &str) {
    if let Some(case) = case.as_mut().filter(|case| case.listening) {
        case.why.push_str(words);
    }
}

fn close(case: &mut Option<Case>, suite: &mut Suite) {
    let Some(case) = case.take() else { return };
    suite.total += 1;
    match (case.failed, case.skipped) {
        (true, _) => {
            suite.failed += 1;
            let why = panic_in(case.why.lines()).unwrap_or_else(|| brief(&case.why));
            suite.failing.push(Failing { name: case.name, why });
        }
        (false, true) => suite.skipped += 1,
        (false, false) => suite.passed += 1,
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> String {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name);
    found
        .and_then(|attribute| Some(attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned()))
        .unwrap_or_default()
}
