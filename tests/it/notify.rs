//! What to do about a failure, and telling others.

use super::common::server::{closed, server};
use super::common::{RepoFiles, TestRepo};
use serde_json::Value;
use std::time::Duration;

/// A repository in which something was rolled back, with these ways to tell others.
fn rolled_back(notify: &str) -> TestRepo {
    let repo = TestRepo::fixture("working-day");
    repo.rollback(&["to", "v1", "-y", "--reason", "the | queue", "--severity", "high", "--cause", "tests"]).ok();
    repo.write("rollback.toml", format!("[contacts]\nlead = \"Ada\"\n[commands]\nnotify = {notify}\n"));
    let hash = repo.sh("sha256sum rollback.toml | cut -d' ' -f1").stdout();
    repo.rb(&format!("trust --hash {hash}"));
    repo
}

/// C11: by default the message is Markdown on standard output, and nothing changes.
#[test]
fn c11_the_message_goes_to_standard_output() {
    let repo = rolled_back("[]");
    let before = RepoFiles::of(&repo);
    let text = repo.rb("notify").stdout();
    for part in ["severity high", "cause: tests", "the | queue", "Failed: `main`", "lead: Ada", "git rollback undo"] {
        assert!(text.contains(part), "{part} is missing\n{text}");
    }
    let json = repo.rb("notify --json").json();
    assert_eq!((&json["kind"], &json["text"]), (&"notification".into(), &text.as_str().into()));
    assert_eq!(json["story"]["reason"], "the | queue");
    RepoFiles::of(&repo).must_be(&before, "looking");
    repo.rollback(&["notify", "--to", "nobody"]).code(1).says("nobody");
    repo.rollback(&["notify", "ffffffff"]).code(1).says("no operation");
}

/// C11: a command gets the message on its standard input; the log knows who was told.
#[test]
fn c11_a_command_is_told() {
    let repo = rolled_back(
        "[{ name = \"file\", run = \"cat > told.md\" }, { name = \"broken\", run = \"cat > /dev/null; exit 3\" }]",
    );
    let files = RepoFiles::of(&repo);
    assert!(repo.rb("notify --to file --dry-run").stdout().contains("What happened"));
    RepoFiles::of(&repo).must_be(&files, "a dry run");
    let run = repo.rb("notify --to file --to broken");
    assert!(run.stdout().contains("told file") && run.stdout().contains("broken was not told: exit code 3"), "{run}");
    assert_eq!(std::fs::read_to_string(repo.path("told.md")).unwrap(), repo.rb("notify").stdout());
    let story: Value = repo.rb("notify --json").json()["story"].clone();
    let told =
        story["after"].as_array().unwrap().iter().find(|item| item["what"] == "Others were told").unwrap().clone();
    assert_eq!((&told["done"], &told["note"]), (&true.into(), &"file".into()), "{story}");
}

/// C11: a webhook gets one JSON document, is tried again, and a failure is a warning.
#[test]
fn c11_a_webhook_is_told() {
    let (url, received) = server(&["503 Busy", "200 OK"]);
    let repo = rolled_back(&format!("[{{ name = \"slack\", webhook = \"{url}\", retries = 2, interval = \"10ms\" }}]"));
    let json = repo.rb("notify --to slack --json").json();
    assert_eq!((&json["sent"][0]["ok"], &json["sent"][0]["tries"]), (&true.into(), &2.into()), "{json}");
    let first = received.recv().unwrap();
    assert!(first.starts_with("POST /hook") && first.contains("application/json"), "{first}");
    let body: Value = serde_json::from_str(received.recv().unwrap().split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body["text"], json["text"]);
    assert_eq!(body["rollback"]["severity"], "high");
}

/// C11: refused, hanging and wrong servers end in a warning, soon, and with exit code 0.
#[test]
fn c11_a_webhook_that_fails_only_warns() {
    let (hangs, _one) = server(&["hang", "hang"]);
    let (refuses, _two) = server(&["404 Not Found"]);
    let closed = closed();
    let repo = rolled_back(&format!(
        "[{{ name = \"hangs\", webhook = \"{hangs}\", timeout = \"300ms\" }}, {{ name = \"refuses\", webhook = \"{refuses}\", retries = 5 }},
         {{ name = \"closed\", webhook = \"{closed}\" }}]"
    ).replace('\n', " "));
    let began = std::time::Instant::now();
    let run = repo.rb("notify --to hangs --to refuses --to closed");
    assert!(began.elapsed() < Duration::from_secs(15), "it took {:?}", began.elapsed());
    for name in ["hangs", "refuses", "closed"] {
        assert!(run.stdout().contains(&format!("{name} was not told")), "{run}");
    }
    assert!(run.stdout().contains("404"), "{run}");
}

/// C11: what was not trusted is not run.
#[test]
fn c11_an_untrusted_way_is_not_taken() {
    let repo = rolled_back("[{ name = \"file\", run = \"cat > told.md\" }]");
    repo.append("rollback.toml", "# changed\n");
    repo.rollback(&["notify", "--to", "file"]).code(1).says("git rollback trust");
    assert!(!repo.path("told.md").exists());
}

/// C10: answers as options give severity, action, time and what to type; missing ones are named.
#[test]
fn c10_a_decision() {
    let repo = TestRepo::fixture("working-day");
    repo.write("rollback.toml", "[budget]\nhigh = \"10m\"\n[contacts]\nlead = \"Ada\"\n");
    let before = RepoFiles::of(&repo);
    let decide = |line: &str| repo.rb(&format!("decide --json {line}")).json();
    let all = "--fixable no --data-at-risk no --users-affected yes --only-tests no --saved no";
    let answer = decide(all);
    assert_eq!((&answer["severity"], &answer["action"]), (&"high".into(), &"roll-back".into()), "{answer}");
    assert_eq!(answer["budget"], 600.0);
    assert_eq!(answer["steps"][0]["command"], "git rollback checkpoint");
    assert!(
        answer["steps"][1]["command"].as_str().unwrap().starts_with("git rollback to baseline --severity high"),
        "{answer}"
    );
    assert_eq!(answer["contacts"]["lead"], "Ada");
    let answer = decide(&all.replace("--fixable no", "--fixable yes").replace("--saved no", "--saved yes"));
    assert_eq!(answer["action"], "fix-forward");
    repo.rollback(&["decide", "--fixable", "no"]).code(1).says("--data-at-risk");
    repo.rollback(&["decide", "--fixable", "perhaps"]).code(129);
    assert!(repo.rb(&format!("decide {all}")).stdout().contains("Roll back"));
    RepoFiles::of(&repo).must_be(&before, "deciding changes nothing");
    repo.rb("sprint start 4 --allow-dirty --no-check");
    let steps = decide(all)["steps"][1]["command"].clone();
    assert!(steps.as_str().unwrap().starts_with("git rollback sprint fail 4"), "{steps}");
}
