//! Imports go down only: which module of the crate may name which other.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each module with those it may name. `error` may be named everywhere and names nothing.
const LAYERS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("model", &[]),
    ("host", &["model"]),
    ("git", &["host", "model"]),
    ("worktree", &["git", "host", "model"]),
    ("config", &["git", "host", "model"]),
    ("documents", &["config", "git", "host", "model"]),
    ("store", &["config", "worktree", "git", "host", "model"]),
    ("release", &["store", "config", "git", "host", "model"]),
    ("plan", &["release", "store", "config", "worktree", "git", "host", "model"]),
    ("engine", &["plan", "release", "store", "config", "worktree", "git", "host", "model"]),
    ("render", &["model"]),
    ("commands", &["plan", "engine", "release", "documents", "store", "config", "worktree", "git", "host", "model"]),
    ("cli", &["commands", "render", "config", "host", "model"]),
];

/// The crates that only `git` names.
const GIT_CRATES: &[&str] = &["git2", "libgit2_sys", "gix_attributes", "gix_glob", "gix_hash", "gix_ignore"];

/// Every source file with the module it belongs to and its code without comments and strings.
fn sources() -> Vec<(PathBuf, String, String)> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.sort();
    let module = |path: &Path| {
        let first = path.strip_prefix(&root).unwrap().components().next().unwrap();
        first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
    };
    files
        .into_iter()
        .map(|path| (path.clone(), module(&path), code(&std::fs::read_to_string(&path).unwrap())))
        .collect()
}

/// `text` without line comments and without what stands in plain string literals.
fn code(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '/' if chars.peek() == Some(&'/') => {
                chars.by_ref().find(|char| *char == '\n');
                out.push('\n');
            }
            '\'' => {
                // A character literal may hold a quote; a lifetime has no closing one near by.
                let mut ahead = chars.clone();
                let escaped = ahead.next() == Some('\\');
                if escaped {
                    ahead.next();
                }
                if ahead.next() == Some('\'') {
                    chars = ahead;
                }
            }
            '"' => {
                while let Some(inside) = chars.next() {
                    match inside {
                        '\\' => drop(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
                out.push_str("\"\"");
            }
            _ => out.push(char),
        }
    }
    out
}

/// The modules of this crate that `code` names after `crate::`, in braces too.
fn named(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let mut depth = 0;
                for part in split_top(list, &mut depth) {
                    names.insert(first_word(&part));
                }
            }
            None => {
                names.insert(first_word(rest));
            }
        }
    }
    names
}

/// The parts of a braced list that stand at its own level.
fn split_top(list: &str, depth: &mut usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for char in list.chars() {
        match char {
            '{' => *depth += 1,
            '}' if *depth == 0 => break,
            '}' => *depth -= 1,
            ',' if *depth == 0 => parts.push(String::new()),
            _ => {}
        }
        parts.last_mut().unwrap().push(char);
    }
    parts
}

fn first_word(text: &str) -> String {
    text.trim_start_matches([',', ' ', '\n', '\t']).chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// A module that names one above it would turn the layers into a heap.
#[test]
fn imports_go_down_only() {
    let modules: BTreeSet<&str> = LAYERS.iter().map(|(module, _)| *module).collect();
    let mut wrong = Vec::new();
    for (path, module, code) in sources() {
        if module == "lib" || module == "main" {
            continue;
        }
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{}: the module {module} has no layer", path.display()));
            continue;
        };
        for name in named(&code) {
            let is_module = modules.contains(name.as_str());
            if is_module && name != module && name != "error" && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{}: {module} may not name {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nothing but `git` knows which library reads the repository.
#[test]
fn only_git_names_the_git_libraries() {
    let mut wrong = Vec::new();
    for (path, module, code) in sources() {
        let words: BTreeSet<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for name in GIT_CRATES.iter().filter(|name| module != "git" && words.contains(*name)) {
            wrong.push(format!("{}: names {name}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nothing of the user's is run that was not trusted: `config::trust` alone makes runners.
#[test]
fn only_trust_makes_runners() {
    let mut wrong = Vec::new();
    for (path, _, code) in sources() {
        let home = path.ends_with("config/trust.rs")
            || path.ends_with("host/run/mod.rs")
            || path.ends_with("host/run/tests.rs");
        if code.contains("Runner::new") && !home {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The reading of sources above must see what it is for.
#[test]
fn names_are_found() {
    let text =
        "use crate::{git::{Repo, x}, model::A, Error};\n// crate::cli\nlet a = \"crate::plan\"; crate::store::f('\"');";
    let found = named(&code(text));
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, ["Error", "git", "model", "store"]);
}

/// A layer may only name layers below it, so the table itself has no circle.
#[test]
fn the_table_has_no_circle() {
    for (at, (module, allowed)) in LAYERS.iter().enumerate() {
        for name in *allowed {
            let below = LAYERS[..at].iter().any(|(other, _)| other == name);
            assert!(below, "{module} names {name}, which is not below it");
        }
    }
}
