//! Versions bumped in the files of real projects, and read back with the tools that those files are for.
//!
//! The projects are named by whoever runs this, as directories of git repositories (`#` and the package's directory in it behind
//! them, where that is not the top):
//!
//!     GIT_ROLLBACK_BUMP_IN=/path/to/one:/path/to/another cargo test --test bumps -- --ignored --nocapture
//!
//! A tool that is not installed is passed over, and said.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test stops at the first surprise and drives the world directly"
)]

use git_rollback::release::{Edit, Package, Version, VersionFiles, bump};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The files of `HEAD`, put into `to`.
fn files_of(repository: &Path, to: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::create_dir_all(to).unwrap();
    // Objects that a partial copy does not have are left out.
    let script = r#"
        git ls-tree -r HEAD | awk '$2 == "blob" { print $3 }' | git cat-file --batch-check |
            awk '$2 == "missing" { print $1 }' > "$0.missing"
        set --
        if [ -s "$0.missing" ]; then
            for path in $(git ls-tree -r HEAD | grep -F -f "$0.missing" | cut -f2); do set -- "$@" ":(exclude)$path"; done
        fi
        git archive HEAD -- . "$@" | tar -x -C "$0"
    "#;
    let done = Command::new("sh").args(["-c", script]).arg(to).current_dir(repository).status().unwrap();
    assert!(done.success(), "{}", repository.display());
    let mut out = BTreeMap::new();
    let mut dirs = vec![to.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            if meta.is_dir() {
                dirs.push(path);
            } else if let (true, Some(name)) = (meta.is_file(), path.strip_prefix(to).unwrap().to_str()) {
                out.insert(name.to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    out
}

/// Only pieces that look like (parts of) a version differ, line by line.
fn only_versions_differ(edit: &Edit) -> usize {
    let lines = |bytes: &[u8]| bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (before, after) = (lines(&edit.before), lines(&edit.after));
    assert_eq!(before.len(), after.len(), "{}", edit.path);
    let different = before.iter().zip(&after).filter(|(old, new)| old != new);
    different
        .map(|(old, new)| {
            let same = |(a, b): &(&u8, &u8)| a == b;
            let start = old.iter().zip(new).take_while(same).count();
            let rest = old.len().min(new.len()) - start;
            let end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(same).count();
            for piece in [&old[start..old.len() - end], &new[start..new.len() - end]] {
                let plain = |b: &u8| b.is_ascii_alphanumeric() || b".-+".contains(b);
                assert!(piece.iter().all(plain), "{}: {}", edit.path, String::from_utf8_lossy(piece));
            }
        })
        .count()
}

/// What a tool prints; `None`: it is not here, or it cannot say (its error is printed).
fn said(dir: &Path, program: &str, args: &[&str]) -> Option<String> {
    let out = Command::new(program).args(args).current_dir(dir).stdin(Stdio::null()).output().ok()?;
    if !out.status.success() {
        let text = [out.stderr, out.stdout].concat();
        println!(
            "    {program} cannot say: {}",
            String::from_utf8_lossy(&text).lines().take(3).collect::<Vec<_>>().join(" | ")
        );
        return None;
    }
    Some(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

const PYTHON: &str = "import sys,re,ast,configparser
path = sys.argv[1]
if path.endswith('.toml'):
    import tomllib
    doc = tomllib.load(open(path, 'rb'))
    tool = doc.get('tool', {})
    value = doc.get('project', {}).get('version') or tool.get('poetry', {}).get('version')
elif path.endswith('.cfg'):
    parser = configparser.ConfigParser(); parser.read(path); value = parser['metadata']['version']
else:
    nodes = [n for n in ast.parse(open(path, 'rb').read()).body if isinstance(n, ast.Assign)]
    found = [n.value for n in nodes if any(getattr(t, 'id', '') in ('__version__', 'version', 'VERSION') for t in n.targets)]
    value = ast.literal_eval(found[0])
from pip._vendor.packaging.version import Version
print(Version(value))";

const POM: &str = "import sys, xml.etree.ElementTree as tree
top = tree.parse(sys.argv[1]).getroot()
at = [top.find(p.replace('/', '/' + top.tag[:-7])) for p in ('./version', './parent/version')]
text = [e.text.strip() for e in at if e is not None][0]
print(top.find('./' + top.tag[:-7] + 'properties/' + top.tag[:-7] + text[2:-1]).text if text.startswith('${') else text)";

/// Needs no plugin, but all parents of the project.
fn by_maven(dir: &Path) -> Option<(&'static str, String)> {
    let text = said(dir, "mvn", &["-o", "-N", "-B", "validate"])?;
    let line = text.lines().find(|line| line.contains("] Building "))?;
    let word = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    Some(("mvn validate", line.split_whitespace().rfind(word)?.to_owned()))
}

/// The version that a project's own tool reads from `path`, and the tool.
fn read_back(top: &Path, path: &str) -> Option<(&'static str, String)> {
    let file = top.join(path);
    let (dir, name) = (file.parent().unwrap(), file.file_name().unwrap().to_str().unwrap());
    match name {
        "Cargo.toml" => {
            let args = ["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path", name];
            let answer: serde_json::Value = serde_json::from_str(&said(dir, "cargo", &args)?).unwrap();
            let is_it = |p: &&serde_json::Value| Path::new(p["manifest_path"].as_str().unwrap()) == file;
            let package = answer["packages"].as_array().unwrap().iter().find(is_it)?;
            Some(("cargo metadata", package["version"].as_str()?.to_owned()))
        }
        "Cargo.lock" => {
            // Refused when it is not in step with the manifests.
            said(dir, "cargo", &["update", "--workspace", "--locked"])?;
            let id = said(dir, "cargo", &["pkgid"])?;
            Some(("cargo update --locked, pkgid", id.rsplit(['@', '#']).next()?.to_owned()))
        }
        "package.json" => {
            let text = said(dir, "npm", &["pkg", "get", "version", "--workspaces=false"])?;
            Some(("npm pkg get", text.trim_matches('"').to_owned()))
        }
        "package-lock.json" => {
            let script = "const lock = require('./package-lock.json'); console.log((lock.packages || {})['']?.version || lock.version)";
            Some(("node", said(dir, "node", &["-e", script])?))
        }
        "pom.xml" if path == name => by_maven(dir).or_else(|| Some(("xml", said(top, "python3", &["-c", POM, path])?))),
        "pom.xml" => Some(("xml", said(top, "python3", &["-c", POM, path])?)),
        _ if name.ends_with(".py") || name.ends_with(".cfg") || name == "pyproject.toml" => {
            Some(("python, packaging", said(top, "python3", &["-c", PYTHON, path])?))
        }
        _ => None,
    }
}

/// Bumps one project; `None`: it was refused, and the reason is printed.
fn bumped(name: &str, files: &BTreeMap<String, Vec<u8>>, top: &Path, candidate: bool) -> Option<(usize, usize)> {
    let path = name.split_once('#').map_or("", |(_, path)| path).to_owned();
    let package = Package { path, ..Package::default() };
    let refused = |e: git_rollback::Error| println!("{name}: refused: {e:#}");
    let found = VersionFiles::of(files, &package).map_err(refused).ok()?;
    let Some(present) = found.version.clone() else {
        println!("{name}: no version in files");
        return None;
    };
    let next = present.core().next();
    let to = if candidate { Version::parse(&format!("{next}-rc.1")).unwrap() } else { next };
    let edits = bump(files, &package, &to).map_err(refused).ok()?;
    let places: usize = edits.iter().map(only_versions_differ).sum();
    println!("{name}: {present} -> {to}: {places} lines in {} files", edits.len());
    assert!(!edits.is_empty());
    let before: Vec<_> = edits.iter().map(|edit| read_back(top, &edit.path)).collect();
    for edit in &edits {
        std::fs::write(top.join(&edit.path), &edit.after).unwrap();
    }
    let mut read = 0;
    for (edit, before) in edits.iter().zip(before) {
        // A file that only mentions the package has a version of its own, which stays.
        let Some((tool, old)) = before else { continue };
        let (_, new) = read_back(top, &edit.path).expect("what could be read before");
        let is = |text: &str, version: &Version| Version::read(text).is_some_and(|read| read.same(version));
        let right = if is(&old, &present) { is(&new, &to) } else { old == new };
        assert!(right, "{name}: {tool} read {old} from {}, and now {new}, not {to}", edit.path);
        read += usize::from(old != new);
        println!("    {}: {tool} reads {new} (before: {old})", edit.path);
    }
    Some((places, read))
}

/// A6: real projects, each bumped to the next patch and to a candidate of it, and read back.
#[test]
#[ignore = "needs repositories of real projects"]
fn a6_bump_anywhere() {
    let named = std::env::var("GIT_ROLLBACK_BUMP_IN").expect("GIT_ROLLBACK_BUMP_IN names repositories");
    let scratch = tempfile::tempdir().unwrap();
    let (mut done, mut read, mut refused) = (0, 0, 0);
    for name in named.split(':') {
        let repository = PathBuf::from(name.split('#').next().unwrap());
        for candidate in [false, true] {
            let top = scratch.path().join("project");
            let files = files_of(&repository, &top);
            match bumped(name, &files, &top, candidate) {
                Some((_, by_tools)) => {
                    done += 1;
                    read += usize::from(by_tools > 0);
                }
                None => refused += 1,
            }
            std::fs::remove_dir_all(top).unwrap();
        }
    }
    println!("bumped {done}, read back by a tool {read}, not bumped {refused}");
    assert!(done > 0);
}
