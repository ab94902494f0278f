use super::*;

const DATE: Time = Time { seconds: 1_768_064_400, offset_minutes: 60 }; // 2026-01-10 18:00 +01:00

/// `>` at the beginning marks lines that come in; everything else stays, but `=` marks a line that is `old => new`.
fn check(version: &str, marked: &str) {
    let (mut before, mut after) = (String::new(), String::new());
    for line in marked.split_inclusive('\n') {
        if let Some(new) = line.strip_prefix('>') {
            after += new;
        } else if let Some((old, new)) = line.strip_prefix('@').and_then(|line| line.split_once(" => ")) {
            before += &format!("{old}\n");
            after += new;
        } else {
            before += line;
            after += line;
        }
    }
    let entry = Entry {
        version: Version::parse(version).unwrap(),
        date: DATE,
        changes: vec!["One".to_owned(), "Two".to_owned()],
    };
    for (name, form) in [
        ("as written", (|text: &str| text.as_bytes().to_vec()) as fn(&str) -> Vec<u8>),
        ("CRLF", |text| text.replace('\n', "\r\n").into_bytes()),
        ("byte-order mark", |text| [b"\xef\xbb\xbf", text.as_bytes()].concat()),
    ] {
        let now = Changelog::read(&form(&before)).unwrap().with(&entry).unwrap();
        let (now, wanted) = (String::from_utf8(now).unwrap(), String::from_utf8(form(&after)).unwrap());
        assert!(now == wanted, "{version}, {name}\n--- expected\n{wanted}\n--- found\n{now}");
        let said = Changelog::read(now.as_bytes()).unwrap().entry(&entry.version).unwrap();
        assert!(said.contains("One") && said.contains("Two") && !said.contains("three"), "{said}");
        assert!(Changelog::read(now.as_bytes()).unwrap().with(&entry).is_err(), "a second entry");
    }
}

#[test]
fn keep_a_changelog() {
    check(
        "1.1.1",
        "# Changelog\n\nThe form is that of Keep a Changelog 1.1.0.\n\n## [Unreleased]\n\n### Added\n\n- three\n\n\
         >## [1.1.1] - 2026-01-10\n>\n>### Fixed\n>\n>- One\n>- Two\n>\n## [1.1.0] - 2025-02-03\n\n### Added\n\n- three, see 1.1.1\n\n\
         ## [1.0.0] - 2024-01-01\n\n- three\n\n@[unreleased]: https://x/y/compare/v1.1.0...HEAD => [unreleased]: https://x/y/compare/v1.1.1...HEAD\n\
         >[1.1.1]: https://x/y/compare/v1.1.0...v1.1.1\n[1.1.0]: https://x/y/compare/v1.0.0...v1.1.0\n[1.0.0]: https://x/y/releases/tag/v1.0.0\n",
    );
}

#[test]
fn an_older_line_goes_below_the_newer_ones() {
    check(
        "1.0.1",
        "# Changes\n\n## [1.1.0] - 2025-02-03\n- three\n\n>## [1.0.1] - 2026-01-10\n>- One\n>- Two\n>\n## [1.0.0] - 2024-01-01\n- three\n\n\
         [unreleased]: https://x/compare/v1.1.0...HEAD\n[1.1.0]: https://x/compare/v1.0.0...v1.1.0\n>[1.0.1]: https://x/releases/tag/v1.0.1\n\
         [1.0.0]: https://x/releases/tag/v1.0.0\n",
    );
}

#[test]
fn before_the_first_version() {
    check(
        "0.1.0",
        "# Changelog\n\n## [Unreleased]\n\n- three\n\n>## [0.1.0] - 2026-01-10\n>\n>### Fixed\n>\n>- One\n>- Two\n",
    );
}

#[test]
fn plain_headings() {
    check(
        "1.1.1",
        "># v1.1.1 (2026/01/10)\n>  * One\n>  * Two\n>\n# v1.1.0 (2025/02/03)\n  * three\n\n## Upgrading to 1.1.1\n\n```\n# 9.9.9\n```\n# v1.0.0\n",
    );
    check(
        "1.1.1",
        ">## Version 1.1.1: January 10, 2026\n>\n>+ One\n>+ Two\n>\n## Version 1.1.0: February 3, 2025\n\n+ three\n",
    );
    check("1.1.1", ">## app 1.1.1 - 10 Jan 2026\n>\n>- One\n>- Two\n>\n## app 1.1.0 - 3 Feb 2025\n\nthree\n");
}

#[test]
fn dates_are_written_as_they_were() {
    for (old, new) in [
        (" (6th December, 2024)", " (10 January, 2026)"),
        (" - April 2nd, 2025", " - January 10, 2026"),
        (" (22 June 2025)", " (10 January 2026)"),
        (" on Mar 3 2025", " on Jan 10 2026"),
        (" / 2025.02.03", " / 2026.01.10"),
        (" March", " (2026-01-10)"),
        (" Marching on", " Marching on"),
        (" (unreleased)", " (unreleased)"),
    ] {
        assert_eq!(redated(old, DATE), new);
    }
}

#[test]
fn headings_of_several_levels_and_links_in_them() {
    check(
        "1.1.1",
        "># [1.1.1](https://x/compare/v1.1.0...v1.1.1) (2026-01-10)\n>\n>### Bug Fixes\n>\n>* One\n>* Two\n>\n\
         # [1.1.0](https://x/compare/v1.0.1...v1.1.0) (2025-02-03)\n\n### Bug Fixes\n\n* three\n\n\
         ## [1.0.1](https://x/compare/v1.0.0...v1.0.1) (2025-01-03)\n\n* three\n",
    );
}

#[test]
fn underlined_headings() {
    check(
        "1.10.10",
        "Changelog\n=========\n\n>1.10.10 (2026-01-10)\n>--------------------\n>\n>* One\n>* Two\n>\n1.1.0 (2025-02-03)\n------------------\n\n* three\n",
    );
}

#[test]
fn oldest_first() {
    check("1.2.0", "## 1.0.0\n- three\n\n## 1.1.0\n- three\n>\n>## 1.2.0\n>- One\n>- Two\n");
}

#[test]
fn what_cannot_be_understood_is_refused() {
    let entry = Entry { version: Version::parse("1.0.0").unwrap(), date: DATE, changes: vec!["One".to_owned()] };
    for text in ["", "# Changelog\n\nSee the releases page.\n"] {
        assert!(Changelog::read(text.as_bytes()).unwrap().with(&entry).is_err(), "{text}");
    }
    assert!(Changelog::read(b"a\0").is_err());
}

#[test]
fn the_usual_names_are_found() {
    let paths = ["a/CHANGELOG.md", "History.md", "changelog.MD", "src/CHANGES"];
    assert_eq!(changelog_in(&paths, ""), Some("changelog.MD"));
    assert_eq!(changelog_in(&paths, "src"), Some("src/CHANGES"));
    assert_eq!(changelog_in(&paths, "b"), None);
}
