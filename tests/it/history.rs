//! What is recorded about rollbacks, and what `history` and `stats` make of it.

use super::common::{RepoFiles, State, TestRepo};
use serde_json::Value;

fn history(repo: &TestRepo, options: &str) -> Vec<Value> {
    repo.rb(&format!("history --json {options}")).json()["rollbacks"].as_array().unwrap().clone()
}

/// A7: from where, to where, why; and plain git reads the same.
#[test]
fn a7_history_says_from_where_to_where_and_why() {
    let repo = TestRepo::fixture("working-day");
    let head = repo.answer(&["rev-parse", "HEAD"]);
    repo.rollback(&["to", "v1", "-y", "--reason", "the queue stood still"]).ok();
    let rows = history(&repo, "");
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    assert_eq!(row["from"]["commit"], head);
    assert_eq!(row["from"]["branch"], "main");
    assert_eq!(row["to"]["commit"], repo.answer(&["rev-parse", "v1^{commit}"]));
    assert_eq!(row["to"]["tag"], "v1");
    assert_eq!(row["reason"], "the queue stood still");
    assert_eq!(row["result"], "recovered");
    assert!(row["who"].as_str().unwrap().contains("committer@example.com"));
    let log = repo.answer(&["log", "--format=%B", "--glob=refs/rollback/log/*"]);
    assert!(log.contains("Reason: the queue stood still"), "{log}");
    repo.rb("checkpoint cp");
    repo.rb("undo -y");
    assert_eq!(history(&repo, "").len(), 2, "making a point is no rollback");
    assert_eq!(history(&repo, "")[1]["undo"], "undone");
    assert!(repo.rb("history").stdout().contains("the queue stood still"));
}

/// C9: severity, cause and start stand in the entry, in its trailers, and are counted.
#[test]
fn c9_facts_are_recorded_with_every_rollback() {
    let repo = TestRepo::fixture("working-day");
    for (line, severity) in [
        ("to v1 -y --severity critical --started 10m --cause migration", "critical"),
        ("undo -y --severity low --cause Migration", "low"),
        ("restore --from v1 src/f1.txt -y --severity high --started 2025-12-31T22:00", "high"),
    ] {
        repo.rb(line);
        let row = history(&repo, "").remove(0);
        assert_eq!(row["severity"], severity, "{line}: {row}");
    }
    let first = history(&repo, "--severity critical").remove(0);
    assert_eq!(first["cause"], "migration");
    assert_eq!(first["started"], "2025-12-31T23:50:01Z");
    assert_eq!(first["recovery"].as_f64().unwrap().trunc(), 600.0);
    let log = repo.answer(&["log", "--format=%B", "--glob=refs/rollback/log/*"]);
    assert!(
        log.contains("Rollback-Severity: critical\nRollback-Cause: migration\nRollback-Started: 2025-12-31"),
        "{log}"
    );

    let stats = repo.rb("stats --json").json();
    assert_eq!((&stats["total"], &stats["recovered"]), (&3.into(), &3.into()), "{stats}");
    assert_eq!(stats["causes"][0]["count"], 2, "{stats}");
    assert_eq!(stats["severities"][0]["severity"], "critical");
    assert_eq!(stats["severities"][0]["within"], 1, "ten minutes are within the budget: {stats}");
    assert_eq!(stats["severities"][1]["within"], 0, "two hours are not: {stats}");
    assert!((7200.0..7300.0).contains(&stats["recovery"]["longest"].as_f64().unwrap()), "{stats}");
    assert_eq!(stats["months"][0]["name"], "2026-01");
    assert_eq!(repo.rb("stats --cause migration --json").json()["total"], 2);
    assert!(repo.rb("stats").stdout().contains("median"));
}

/// C9: what was not said at the time is said later, as a new entry; the old one stays, and the new one can be taken back.
#[test]
fn c9_facts_are_amended_later() {
    let repo = TestRepo::fixture("working-day");
    let start = State::of(&repo);
    repo.rb("to v1 -y --severity low");
    let operation = repo.operations().remove(0);
    let before = State::of(&repo);
    let files = RepoFiles::of(&repo);
    repo.rb(&format!("log amend {operation} --severity high --dry-run"));
    files.must_be(&RepoFiles::of(&repo), "a dry run");
    let line = format!("log amend {operation} --severity high --cause tests --sprint 4 --started 1h");
    let note = repo.rollback(&[line.split(' ').collect::<Vec<_>>(), vec!["--reason", "seen late"]].concat()).ok();
    let row = history(&repo, "--sprint 4").remove(0);
    assert_eq!((&row["severity"], &row["cause"]), (&"high".into(), &"tests".into()), "{row}");
    assert_eq!(row["reason"], "seen late");
    assert!(row["recovery"].as_f64().unwrap() > 3590.0, "{row}");
    let detail = repo.rb(&format!("log {operation} --json")).json();
    assert_eq!(detail["trouble"]["severity"], "high", "{detail}");
    State::of(&repo).must_be(&before, "an amendment changes nothing");

    let id = note.stdout() + &note.stderr();
    let way_back = id.lines().find_map(|line| line.split_once("git rollback undo ")).unwrap().1.to_owned();
    repo.rb(&format!("undo {way_back}"));
    let row = history(&repo, "").remove(0);
    assert_eq!((&row["severity"], &row["cause"]), (&"low".into(), &Value::Null), "{row}");
    repo.rollback(&["undo", way_back.trim()]).code(1).says("taken back already");
    repo.rb("redo -y");
    assert_eq!(history(&repo, "").remove(0)["severity"], "high");
    repo.rb("undo -y");
    State::of(&repo).must_be(&start, "undo passes over entries that only say");
}

/// C9: what makes no sense is refused, and nothing is recorded.
#[test]
fn c9_facts_that_make_no_sense_are_refused() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("to v1 -y");
    let operation = repo.operations().remove(0);
    let before = RepoFiles::of(&repo);
    for (line, why) in [
        (format!("log amend {operation}"), "nothing was said"),
        (format!("log amend {operation} --started tomorrow"), "not a time"),
        (format!("log amend {operation} --started 2027-01-01"), "still to come"),
        ("log amend ffffffff --cause x".to_owned(), "no operation"),
        ("to v1 -y --started soon".to_owned(), "not a time"),
        ("stats --since soon".to_owned(), "not a time"),
    ] {
        repo.rollback(&line.split(' ').collect::<Vec<_>>()).code(1).says(why);
    }
    repo.rollback(&["log", "amend", &operation, "--cause", " "]).code(1).says("empty");
    repo.rollback(&["to", "v1", "--severity", "awful"]).code(129);
    RepoFiles::of(&repo).must_be(&before, "refused");
}
