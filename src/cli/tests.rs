//! The command line: what clap makes of it, and what completion scripts and manual pages are made from.

#![allow(clippy::disallowed_methods, reason = "tests make and break files on purpose")]

use super::{Root, command_line, run};
use crate::commands::{self, Command, Ctx};
use crate::host::talk::Silent;
use crate::model::report::{Outcome, Report};
use crate::{Kind, Result};
use clap::Parser;
use std::ffi::OsString;
use std::path::Path;

fn answer(line: &[&str]) -> Result<Outcome> {
    let root: Root = Root::try_parse_from(std::iter::once("git-rollback").chain(line.iter().copied())).unwrap();
    let mut ctx = Ctx { global: root.global, talk: &Silent, command_line };
    commands::run(&mut ctx, root.command.unwrap_or_default())
}

fn exit(line: &[&str]) -> u8 {
    let arguments: Vec<OsString> =
        std::iter::once("git-rollback").chain(line.iter().copied()).map(Into::into).collect();
    run(&arguments)
}

#[test]
fn every_command_can_be_described_alone() {
    for known in command_line().get_subcommands() {
        let alone = commands::described(known.get_name()).unwrap();
        let ids = |command: &clap::Command| command.get_arguments().map(|arg| arg.get_id().clone()).collect::<Vec<_>>();
        assert_eq!(ids(&alone), ids(known));
    }
}

#[test]
fn the_command_line_is_consistent() {
    command_line().debug_assert();
}

#[test]
fn every_command_has_words_and_examples() {
    for command in command_line().get_subcommands() {
        let name = command.get_name();
        assert!(command.get_about().is_some(), "{name}");
        let long = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        let examples = long.lines().filter(|line| line.starts_with("  ")).count();
        assert!((2..=5).contains(&examples), "{name} has {examples} examples");
    }
}

#[test]
fn no_help_sends_anyone_to_a_missing_manual_page() {
    let mut root = command_line();
    root.build();
    assert!(!root.render_help().to_string().contains("--help'"));
    let pages = root.get_subcommands().cloned().chain([root.clone()]);
    for mut page in pages {
        let text = page.render_long_help().to_string() + &page.render_help().to_string();
        assert!(!text.contains("rollback --help"), "{text}");
    }
}

#[test]
fn a_word_that_is_no_command_gets_a_suggestion() {
    for (word, help) in
        [("v1.2.0", "git rollback to v1.2.0"), ("statuss", "git rollback status"), ("HEAD~3", "git rollback to HEAD~3")]
    {
        let error = answer(&[word]).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        assert_eq!(error.helps()[0], format!("did you mean `{help}`?"));
    }
    assert_eq!(exit(&["v1.2.0", "--anything"]), 1);
}

#[test]
fn wrong_usage_is_gits_129_and_help_is_0() {
    let wrong: [&[&str]; 14] = [
        &["--nonsense"],
        &["to"],
        &["to", "v1", "--reset", "--revert"],
        &["to", "v1", "--reset", "--branch", "x"],
        &["to", "v1", "--detach", "--branch", "x"],
        &["to", "v1", "--detach", "--reset"],
        &["to", "v1", "--clean", "some"],
        &["restore", "--from", "x"],
        &["restore", "x"],
        &["gc", "--older-than", "soon"],
        &["points", "drop"],
        &["points", "--limit", "3", "delete", "x"],
        &["-q", "-v"],
        &["completion", "tcsh"],
    ];
    for line in wrong {
        assert_eq!(exit(line), 129, "{line:?}");
    }
    let fine: [&[&str]; 5] = [&["-h"], &["--help"], &["--version"], &["to", "-h"], &["help", "undo"]];
    for line in fine {
        assert_eq!(exit(line), 0, "{line:?}");
    }
}

#[test]
fn flags_that_belong_together() {
    let parse = |line: &[&str]| Root::try_parse_from(std::iter::once(&"git-rollback").chain(line)).unwrap();
    let root = parse(&["to", "v1", "--revert", "--branch", "x", "-ny", "--reason", "why", "-C", "/somewhere"]);
    assert!(root.global.dry_run && root.global.yes);
    assert_eq!(root.global.dir.as_deref(), Some(Path::new("/somewhere")));
    assert!(matches!(root.command, Some(Command::To(args)) if args.revert && args.branch.as_deref() == Some("x")));
    let root = parse(&["-C", "/somewhere", "--json", "show", "last", "--patch", "--", "-a", "b"]);
    assert!(matches!(root.command, Some(Command::Show(args)) if args.paths == ["-a", "b"]));
    assert!(matches!(parse(&[]).command.unwrap_or_default(), Command::Status(_)));
}

#[test]
fn completion_scripts_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let Report::Text(script) = answer(&["completion", shell]).unwrap().report else { panic!("{shell}: no text") };
        assert!(script.text.contains("checkpoint"), "{shell}");
        assert_eq!(script.text.contains("\n_git_rollback() {"), shell == "bash");
        // Scripts go through the same escape as all text: it must not change them.
        assert_eq!(crate::render::escape::body(&script.text), script.text, "{shell}");
    }
}

#[test]
fn bash_completes_git_rollback() {
    let Report::Text(script) = answer(&["completion", "bash"]).unwrap().report else { panic!("no text") };
    let repository = tempfile::tempdir().unwrap();
    // In a file, as users have it: it is too long for an argument.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &script.text).unwrap();
    let in_bash = |commands: &str| {
        let output = std::process::Command::new("bash")
            .args(["--norc", "-c", &format!("source '{}'\n{commands}", file.path().display())])
            .current_dir(&repository)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let complete = |words: &[&str]| {
        let words = words.join("' '");
        in_bash(&format!(
            "COMP_WORDS=('{words}'); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); _git_rollback; echo \"${{COMPREPLY[*]}}\""
        ))
    };
    assert_eq!(complete(&["git", "rollback", "checkp"]), "checkpoint");
    assert_eq!(complete(&["git", "rollback", "checkpoint", "--ign"]), "--ignored");
    assert_eq!(complete(&["git", "-C", "/", "rollback", "to", "basel"]), "baseline");
    let commit = "git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x";
    in_bash(&format!("git init -q . && {commit} && git branch feat/good && git branch 'feat/$(touch${{IFS}}owned)'"));
    assert_eq!(complete(&["git", "rollback", "to", "feat/"]), "feat/good");
    assert_eq!(complete(&["git", "rollback", "restore", "--from", "feat/"]), "feat/good");
    assert!(!repository.path().join("owned").exists());
}

#[test]
fn manual_pages_are_made_for_every_command() {
    let Report::Text(page) = answer(&["man"]).unwrap().report else { panic!("no text") };
    assert!(page.text.contains(".TH git-rollback 1"), "{}", page.text);
    assert_eq!(crate::render::escape::body(&page.text), page.text);
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("man1");
    answer(&["man", "--dry-run", "--dir", place.to_str().unwrap()]).unwrap();
    assert!(!place.exists());
    answer(&["man", "--dir", place.to_str().unwrap()]).unwrap();
    for name in ["git-rollback", "git-rollback-to", "git-rollback-continue", "git-rollback-baseline-set"] {
        let text = std::fs::read_to_string(place.join(format!("{name}.1"))).unwrap();
        assert!(text.contains(&format!(".TH {name} 1")), "{name}: {text}");
    }
    assert!(!place.join("git-rollback-help.1").exists());
}

#[test]
fn json_is_heard_where_the_command_line_is_wrong() {
    let words = |line: &[&str]| line.iter().map(OsString::from).collect::<Vec<_>>();
    assert!(super::usage::asks_for_json(&words(&["to", "--json"])));
    assert!(!super::usage::asks_for_json(&words(&["show", "x", "--", "--json"])));
}
