//! The output of programs that run tests, line by line.

use super::{Failing, Suite, brief};

/// Reads an output. What several runs in it say (a workspace, several directories) is added up.
pub(super) fn read(output: &str) -> Option<Suite> {
    let mut found: Option<Suite> = None;
    for reader in [nextest, cargo, pytest] {
        if let Some(suite) = reader(output) {
            found = Some(match found {
                Some(before) => before.and(suite),
                None => suite,
            });
        }
    }
    found
}

/// `     Summary [   0.123s] 10 tests run: 8 passed (1 flaky), 1 failed, 1 timed out, 2 skipped`
fn nextest(output: &str) -> Option<Suite> {
    let mut suite = Suite { read_from: "nextest".to_owned(), ..Suite::default() };
    let mut is_one = false;
    for line in output.lines().map(str::trim) {
        if let Some((_, rest)) = line.strip_prefix("Summary [").and_then(|rest| rest.split_once(" run: ")) {
            is_one = true;
            for (number, word) in counts(rest) {
                match word {
                    "passed" => suite.passed += number,
                    "skipped" => suite.skipped += number,
                    "failed" | "timed" | "exec" => suite.failed += number,
                    _ => {}
                }
            }
        } else if let Some(name) = nextest_failure(line) {
            let thread = format!("thread '{}'", name.rsplit(' ').next().unwrap_or(&name));
            let said = output.lines().map(str::trim).skip_while(|line| !line.starts_with(&thread));
            suite.failing.push(Failing { name, why: panic_in(said).unwrap_or_default() });
        }
    }
    suite.total = suite.passed + suite.failed + suite.skipped;
    is_one.then_some(suite)
}

/// `FAIL [   0.005s] (3/10) crate::binary module::test`
fn nextest_failure(line: &str) -> Option<String> {
    let words = ["FAIL", "TIMEOUT", "SIGABRT", "SIGSEGV", "SIGKILL", "ABORT", "XFAIL"];
    let (word, rest) = line.split_once(" [")?;
    let (_, name) = rest.split_once("s] ")?;
    let name = match name.trim_start().strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((_, name)) => name.trim_start(),
        None => name.trim_start(),
    };
    words.contains(&word.trim()).then(|| name.to_owned())
}

/// `test result: FAILED. 8 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn cargo(output: &str) -> Option<Suite> {
    let mut suite = Suite { read_from: "cargo test".to_owned(), ..Suite::default() };
    let mut is_one = false;
    // The list of names that stands last under `failures:`; `-q` has no other.
    let mut list: Option<Vec<&str>> = None;
    // Indented lines are what nextest shows of a test that failed.
    for line in output.lines().map(str::trim_end) {
        if let Some(rest) = line.strip_prefix("test result: ") {
            is_one = true;
            let rest = rest.split_once(". ").map_or(rest, |(_, rest)| rest);
            for (number, word) in counts(rest) {
                match word {
                    "passed" => suite.passed += number,
                    "failed" => suite.failed += number,
                    "ignored" => suite.skipped += number,
                    _ => {}
                }
            }
            let names = list.take().unwrap_or_default();
            suite.failing.extend(names.into_iter().map(|name| cargo_failure(output, name)));
        } else if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            suite.failing.push(cargo_failure(output, name));
        } else if line == "failures:" {
            list = Some(Vec::new());
        } else if let Some(name) = line.strip_prefix("    ") {
            list.iter_mut().for_each(|list| list.push(name));
        } else if !line.is_empty() {
            list = None;
        }
    }
    suite.total = suite.passed + suite.failed + suite.skipped;
    is_one.then_some(suite)
}

fn cargo_failure(output: &str, name: &str) -> Failing {
    Failing { name: name.to_owned(), why: panic_of(output, name) }
}

/// What `---- name stdout ----` has under `panicked at`.
fn panic_of(output: &str, name: &str) -> String {
    let head = format!("---- {name} stdout ----");
    let Some(at) = output.find(&head) else { return String::new() };
    let section = output[at + head.len()..].lines().skip(1).take_while(|line| !line.starts_with("---- "));
    panic_in(section).unwrap_or_default()
}

/// The message of the first panic.
pub(super) fn panic_in<'t>(lines: impl Iterator<Item = &'t str>) -> Option<String> {
    let mut lines = lines.skip_while(|line| !line.contains("panicked at"));
    // Before Rust 1.73 the message stood in quotes on the same line.
    match lines.next()?.split_once("panicked at '") {
        Some((_, message)) => Some(brief(message.split("', ").next().unwrap_or(message))),
        None => lines.next().map(brief),
    }
}

/// `=== 1 failed, 8 passed, 1 skipped, 1 error in 0.12s ===`, with `-q` without the signs
fn pytest(output: &str) -> Option<Suite> {
    let mut suite = Suite { read_from: "pytest".to_owned(), ..Suite::default() };
    let mut is_one = false;
    for line in output.lines().map(str::trim) {
        let bare = line.trim_matches('=').trim();
        if let Some(rest) = pytest_summary(bare) {
            is_one = true;
            for (number, word) in counts(rest) {
                match word {
                    "passed" | "xpassed" => suite.passed += number,
                    "failed" | "error" | "errors" => suite.failed += number,
                    "skipped" | "xfailed" => suite.skipped += number,
                    _ => {}
                }
            }
        } else if let Some((name, why)) = pytest_failure(line)
            && (name.contains("::") || name.ends_with(".py"))
        {
            suite.failing.push(Failing { name: name.to_owned(), why: brief(why) });
        }
    }
    suite.total = suite.passed + suite.failed + suite.skipped;
    is_one.then_some(suite)
}

/// `FAILED test_a.py::test_bad[x - y] - AssertionError: no`, `ERROR test_a.py`, or `SUBFAILED[n] (i=1) test_a.py::test_b - ...`
fn pytest_failure(line: &str) -> Option<(&str, &str)> {
    let rest = match line.strip_prefix("FAILED ").or_else(|| line.strip_prefix("ERROR ")) {
        Some(rest) => rest,
        // What tells one subtest from another stands before the name.
        None => {
            let rest = line.strip_prefix("SUBFAILED")?;
            &rest[rest[..rest.find("::")?].rfind(' ')? + 1..]
        }
    };
    // Parameters may contain what separates name and reason.
    let end = match (rest.find('['), rest.find(" - ")) {
        (Some(bracket), Some(dash)) if bracket < dash => rest.find("] - ").map_or(dash, |at| at + 1),
        (_, Some(dash)) => dash,
        _ => return Some((rest, "")),
    };
    Some((&rest[..end], rest[end..].trim_start_matches(" - ")))
}

/// The counts in front of ` in 0.12s`, where every part is one.
fn pytest_summary(line: &str) -> Option<&str> {
    let (rest, time) = line.rsplit_once(" in ")?;
    let is_time = time.starts_with(|c: char| c.is_ascii_digit()) && time.contains('s');
    let words = [
        "passed",
        "failed",
        "error",
        "errors",
        "skipped",
        "xfailed",
        "xpassed",
        "deselected",
        "warning",
        "warnings",
        "rerun",
        "subtests",
    ];
    let known = |part: &str| {
        let mut parts = part.split(' ');
        let number = parts.next().is_some_and(|number| number.parse::<u64>().is_ok());
        number && parts.next().is_some_and(|word| words.contains(&word))
    };
    (is_time && (rest == "no tests ran" || rest.split(", ").all(known))).then_some(rest)
}

/// Numbers and the word behind each: `8 passed; 1 failed` and `8 passed (1 slow), 1 failed`.
fn counts(text: &str) -> impl Iterator<Item = (u64, &str)> {
    text.split([',', ';']).filter_map(|part| {
        let mut words = part.split_whitespace();
        let number = words.next()?.parse().ok()?;
        Some((number, words.next()?))
    })
}
