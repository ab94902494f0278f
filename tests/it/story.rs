//! The whole story of a sprint that fails (`docs/guide/sprint.md`), as one test, and the analysis by itself.

use super::common::{State, TestRepo};
use serde_json::Value;

/// The settings of the guide, but for the test command: a shell script that says what `cargo test` says.
const SETTINGS: &str = "[check]\ndisk = 100\n[commands]\ntest = \"sh tests.sh\"\n\
                        notify = [{ name = \"team\", run = \"cat >> ../told.md\" }]\n[analyze]\nsize = \"cat src/*.sh | wc -l\"\n\
                        [contacts]\nlead = \"Ada <ada@example.org>\"\n";

/// Runs each function of `src` and counts.
const TESTS: &str = "ok=0; bad=0; echo \"PATH=$PATH\" > /dev/null
for test in src/*.sh; do
  name=$(basename $test .sh)
  if [ \"$(sh $test 2 1)\" = \"$(cat src/$name.expected)\" ]; then echo \"test $name ... ok\"; ok=$((ok + 1))
  else echo \"test $name ... FAILED\"; bad=$((bad + 1)); fi
done
if [ $bad = 0 ]; then word=ok; else word=FAILED; fi
echo \"test result: $word. $ok passed; $bad failed; 0 ignored; 0 measured; 0 filtered out\"
exit $bad
";

fn project() -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main .; git config user.name Ada; git config user.email ada@example.org");
    repo.write("tests.sh", TESTS);
    function(&repo, "add", "echo $(($1 + $2))\n", "3\n");
    repo.write(".gitignore", "*.log\n");
    repo.sh("git add -A; git commit -qm 'Adding works'");
    repo
}

/// With the settings, committed.
fn settled() -> TestRepo {
    let repo = project();
    repo.write("rollback.toml", SETTINGS);
    commit(&repo, "Settings");
    repo
}

fn function(repo: &TestRepo, name: &str, code: &str, expected: &str) {
    repo.write(format!("src/{name}.sh"), code);
    repo.write(format!("src/{name}.expected"), expected);
}

fn commit(repo: &TestRepo, message: &str) -> String {
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-qm", message]);
    repo.answer(&["rev-parse", "HEAD"])
}

fn trust(repo: &TestRepo) {
    let hash = repo.sh("sha256sum rollback.toml | cut -d' ' -f1").stdout();
    repo.rb(&format!("trust --hash {hash}"));
}

/// C2, C4, C5, C7, C9, C11: check, start, three commits and open work, failing tests, fail, analysis, two good commits
/// recovered, figures, notification; then `undo` back to the start, exactly.
#[test]
fn c2_the_whole_story_of_a_sprint() {
    let repo = project();
    repo.rollback(&["init", "--tests", "sh tests.sh", "--no-baseline", "-y"]).ok();
    let made = std::fs::read_to_string(repo.path("rollback.toml")).unwrap();
    assert!(made.contains("tests = \"sh tests.sh\""), "{made}");
    repo.write("rollback.toml", SETTINGS);
    trust(&repo);
    commit(&repo, "Settings");
    repo.rollback(&["baseline", "set", "--reason", "released"]).ok();
    let check = repo.rb("check --json").json();
    assert_eq!(check["safe"], true, "{check}");
    let start = State::of(&repo);

    repo.rb("sprint start 4");
    function(&repo, "sub", "echo $(($1 - $2))\n", "1\n");
    let good = commit(&repo, "Subtracting works");
    function(&repo, "mul", "echo $(($1 + $2))\n", "2\n");
    commit(&repo, "Multiplying, fast");
    function(&repo, "neg", "echo -$1\n", "-2\n");
    let also_good = commit(&repo, "Negating works");
    repo.append("src/mul.sh", "# why?\n");
    repo.write("notes.txt", "try again with a loop\n");
    repo.write("out.log", "ignored\n");
    let failed_state = State::of(&repo);

    let fail = repo.rollback(&[
        "sprint",
        "fail",
        "4",
        "--reason",
        "multiplying adds",
        "--severity",
        "high",
        "--cause",
        "arithmetic",
        "--started",
        "10m",
        "--json",
    ]);
    let fail = fail.ok().json();
    let story = &fail["story"];
    assert_eq!(story["tests"]["result"], "1 of 4 tests failed", "{story}");
    assert_eq!(story["tests"]["suite"]["failing"][0]["name"], "mul");
    let backup = story["backup"].as_str().unwrap().to_owned();
    let report = repo.git(&["show", &format!("{backup}:rollbacks/sprint-4/report.md")]).stdout();
    assert!(report.contains("multiplying adds") && report.contains("- `mul`"), "{report}");
    assert_eq!(repo.git(&["show", &format!("{backup}:notes.txt")]).stdout(), "try again with a loop\n");

    let analysis = repo.rb("analyze --json").json();
    let failing: Vec<&Value> = analysis["newly_failing"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(failing, ["mul"], "{analysis}");
    assert_eq!(analysis["runs"][0]["name"], "size");
    assert_eq!(
        (&analysis["runs"][1]["failed"], &analysis["runs"][1]["baseline"]),
        (&"1 of 4 tests failed".into(), &"1 of 1 test passed".into())
    );
    let text = std::fs::read_to_string(repo.path(analysis["file"].as_str().unwrap())).unwrap();
    for part in [
        "1 test fails that passes on the baseline",
        "Timeline",
        "last good commit",
        "Multiplying, fast",
        "the trouble began",
        "(this one)",
        "backup/sprint-4-",
        "disk: ",
        "2026-01-01T",
    ] {
        assert!(text.contains(part), "{part} is not in the analysis\n{text}");
    }
    assert!(!text.contains("PATH=") && !text.contains("XDG_STATE_HOME"), "nothing of the environment\n{text}");
    let worktrees = repo.answer(&["worktree", "list", "--porcelain"]);
    assert_eq!(worktrees.matches("worktree ").count(), 1, "temporary worktrees are gone: {worktrees}");

    repo.rollback(&["recover", "--from", "refactor/sprint-4", "--here", &good, &also_good]).ok();
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "refactor/sprint-4-retry");
    assert_eq!(repo.answer(&["log", "--format=%s", "baseline..HEAD"]), "Negating works\nSubtracting works");
    repo.sh("sh tests.sh");

    let stats = repo.rb("stats --json").json();
    assert_eq!((&stats["total"], &stats["causes"][0]["name"]), (&1.into(), &"arithmetic".into()), "{stats}");
    let high = &stats["severities"][0];
    assert_eq!(
        (&high["severity"], &high["within"], &high["budget"]),
        (&"high".into(), &1.into(), &1800.0.into()),
        "{stats}"
    );
    assert!(high["recovery"]["mean"].as_f64().unwrap() >= 600.0, "{stats}");
    repo.rb("notify --to team");
    let told = std::fs::read_to_string(repo.base().join("told.md")).unwrap();
    assert!(told.contains("multiplying adds") && told.contains(&backup) && told.contains("lead: Ada"), "{told}");

    // Recovering, the analysis, the failure, the start; commits are the user's own, and undone by nobody else.
    repo.rb("undo -y");
    repo.rb("undo -y");
    repo.rb("undo -y");
    State::of(&repo).must_be(&failed_state, "undo back to the failed state");
    repo.rb("undo -y");
    let now = State::of(&repo);
    let branch = "ref refs/heads/refactor/sprint-4";
    now.without("worktree out.log")
        .without(branch)
        .must_be(&start.without("worktree out.log").without(branch), "undo back to the start");
    repo.fsck();
    assert_eq!(repo.leftovers(), Vec::<std::path::PathBuf>::new());
}

/// C4: what is not trusted is not run, and without running anything the rest is written all the same.
#[test]
fn c4_an_analysis_without_running_anything() {
    let repo = settled();
    repo.rb("baseline set");
    function(&repo, "sub", "echo nothing\n", "1\n");
    repo.write("Cargo.lock", "changed\n");
    commit(&repo, "A bad one");
    repo.write("migrations/1.sql", "drop table\n");
    repo.rollback(&["to", "baseline", "-y", "--reason", "x"]).ok();
    let before = State::of(&repo);
    repo.rollback(&["analyze"]).code(1).says("--no-run");
    State::of(&repo).must_be(&before, "refused");
    repo.rb("analyze --no-run --dry-run");
    State::of(&repo).must_be(&before, "dry run");
    let analysis = repo.rb("analyze --no-run --json").json();
    let causes: Vec<&str> =
        analysis["causes"].as_array().unwrap().iter().map(|c| c["what"].as_str().unwrap()).collect();
    assert!(causes[0].starts_with("Schema") && causes[1].starts_with("Dependencies"), "{causes:?}");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
    repo.rollback(&["analyze", "ffffffff"]).code(1).says("no operation");
}

/// C2: a baseline from before there were settings: they stay where work goes on, at the start and at the end.
#[test]
fn c2_settings_younger_than_the_baseline_stay() {
    let repo = project();
    repo.rb("baseline set");
    repo.write("rollback.toml", SETTINGS);
    commit(&repo, "Settings");
    trust(&repo);
    let before = State::of(&repo);
    repo.rb("sprint start 4");
    assert_eq!(std::fs::read_to_string(repo.path("rollback.toml")).unwrap(), SETTINGS);
    repo.append("src/add.sh", "echo more\n");
    let fail = repo.rb("sprint fail 4 --json").json();
    assert_eq!(fail["story"]["tests"]["result"], "1 of 1 test failed", "{fail}");
    assert_eq!(std::fs::read_to_string(repo.path("rollback.toml")).unwrap(), SETTINGS);
    assert_eq!(repo.answer(&["status", "--porcelain"]), "?? rollback.toml");
    repo.rb("undo -y");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
}
