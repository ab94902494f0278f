//! What is refused: nothing is written then, and the error says what to do.

use super::{bump, files};
use crate::Error;
use crate::config::FileRule;
use crate::release::{Package, Version};

fn refused(list: &[(&str, &str)]) -> Error {
    refused_with(&Package::default(), "1.2.1", list)
}

fn refused_with(package: &Package, to: &str, list: &[(&str, &str)]) -> Error {
    match bump(&files(list), package, &Version::parse(to).unwrap()) {
        Ok(edits) => panic!("not refused: {edits:?}"),
        Err(error) => error,
    }
}

#[test]
fn files_that_do_not_agree_are_all_listed() {
    let error = refused(&[
        ("Cargo.toml", "[package]\nname='a'\nversion='1.2.0'\n"),
        ("package.json", "{\"version\":\"1.1.0\"}"),
        ("VERSION", "1.2.0\n"),
    ]);
    let listed = error.causes().join("\n");
    assert!(listed.contains("Cargo.toml: 1.2.0") && listed.contains("package.json: 1.1.0"), "{listed}");
    assert!(listed.contains("VERSION: 1.2.0"), "{listed}");
    assert!(!error.helps().is_empty());
}

#[test]
fn a_lock_file_that_lags_behind_is_listed() {
    let error = refused(&[
        ("Cargo.toml", "[package]\nname='a'\nversion='1.2.0'\n"),
        ("Cargo.lock", "[[package]]\nname='a'\nversion='1.1.0'\n"),
    ]);
    assert!(error.causes().iter().any(|line| line.starts_with("Cargo.lock: 1.1.0")), "{error}");
    let error = refused(&[
        ("package.json", "{\"version\":\"1.2.0\"}"),
        ("package-lock.json", "{\"version\":\"1.2.0\",\"packages\":{\"\":{\"version\":\"1.1.9\"}}}"),
    ]);
    assert!(error.to_string().contains("1.1.9"), "{error}");
}

#[test]
fn members_without_a_version_above_them_must_agree() {
    let error = refused(&[
        ("Cargo.toml", "[workspace]\nmembers=['*']\n"),
        ("a/Cargo.toml", "[package]\nname='a'\nversion='1.0.0'\n"),
        ("b/Cargo.toml", "[package]\nname='b'\nversion='2.0.0'\n"),
    ]);
    assert!(error.to_string().contains("a/Cargo.toml: 1.0.0") && error.to_string().contains("2.0.0"), "{error}");
}

#[test]
fn what_stands_twice_is_refused() {
    for (path, text) in [
        ("package.json", "{\"version\":\"1.2.0\",\"version\":\"1.2.0\"}"),
        ("Cargo.toml", "[package]\nversion='1.2.0'\nversion='1.2.0'\n"),
        ("pom.xml", "<project><version>1.2.0</version><version>1.2.0</version></project>"),
        (
            "Directory.Build.props",
            "<Project><PropertyGroup><Version>1</Version><Version>1</Version></PropertyGroup></Project>",
        ),
        ("Chart.yaml", "version: 1.2.0\nversion: 1.2.0\n"),
        ("Chart.yaml", "version: 1.2.0\n---\nversion: 1.2.0\n"),
    ] {
        let error = refused(&[(path, text)]);
        assert!(error.to_string().contains(path), "{path}: {error}");
    }
}

#[test]
fn what_is_broken_is_refused_by_name() {
    for (path, text) in [
        ("package.json", "{\"version\":\"1.2.0\",}"),
        ("Cargo.toml", "[package\n"),
        ("pom.xml", "<project><version>1.2.0</project>"),
        ("Chart.yaml", "version: [\n"),
        ("VERSION", "1.2.0\0"),
        ("Cargo.toml", "[package]\nname='a'\nversion='one'\n"),
        ("pom.xml", "<project><version>1.${minor}</version></project>"),
    ] {
        let error = refused(&[(path, text)]);
        assert!(error.to_string().contains(path), "{path}: {error}");
    }
}

#[test]
fn a_file_that_cannot_say_the_version_is_refused() {
    let python = [("pyproject.toml", "[project]\nname='a'\nversion='1.2.0'\n")];
    let error = refused_with(&Package::default(), "1.2.1-nightly", &python);
    assert!(error.to_string().contains("pyproject.toml"), "{error}");
    let prefix =
        [("a.csproj", "<Project><PropertyGroup><VersionPrefix>1.2.0</VersionPrefix></PropertyGroup></Project>")];
    let error = refused_with(&Package::default(), "1.2.1-rc.1", &prefix);
    assert!(error.to_string().contains("VersionPrefix"), "{error}");
}

#[test]
fn a_requirement_that_the_new_version_does_not_meet_is_refused() {
    let list = [
        ("Cargo.toml", "[workspace]\nmembers=['b']\n[package]\nname='a'\nversion='1.2.0'\n"),
        ("b/Cargo.toml", "[package]\nname='b'\nversion='0.1.0'\n[dependencies]\na={path='..',version='>=1, <2'}\n"),
    ];
    assert!(bump(&files(&list), &Package::default(), &Version::parse("1.3.0").unwrap()).is_ok());
    let error = refused_with(&Package::default(), "2.0.0", &list);
    assert!(error.to_string().contains("b/Cargo.toml"), "{error}");
}

#[test]
fn rules_that_do_not_fit_are_refused() {
    let rule = |file: &str, pattern: Option<&str>, count| Package {
        files: vec![FileRule { file: file.to_owned(), pattern: pattern.map(str::to_owned), count }],
        ..Package::default()
    };
    let list = [("a.md", "v1.2.0 v1.2.0 w1.1.0"), ("VERSION", "1.2.0")];
    for (package, said) in [
        (rule("no.md", Some("v{version}"), None), "no.md"),
        (rule("a.md", None, None), "a.md"),
        (rule("a.md", Some("v{version}"), None), "2 times"),
        (rule("a.md", Some("x{version}"), None), "0 times"),
        (rule("a.md", Some("w{version}"), None), "1.1.0"),
    ] {
        let error = refused_with(&package, "1.2.1", &list);
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn without_version_files_there_is_nothing_to_change() {
    assert_eq!(
        bump(&files(&[("go.mod", "module x\n")]), &Package::default(), &Version::parse("1.0.0").unwrap()).unwrap(),
        []
    );
}
