//! Sprints: started, failed, tried again.

use super::common::{State, TestRepo};
use serde_json::Value;

/// A repository with a baseline, settings, and a test command that fails as soon as `src/f1.txt` says `broken`.
fn project() -> TestRepo {
    let repo = TestRepo::fixture("working-day");
    repo.sh("git reset -q --hard baseline; git clean -qfdx");
    repo.write(
        "rollback.toml",
        "[check]\ndisk = 100\n[commands]\ntest = \"sh check.sh\"\n[contacts]\nlead = \"Ada <ada@example.org>\"\n[report]\ntemplates = \"templates\"\n",
    );
    repo.write(
        "check.sh",
        "echo running\nif grep -q broken src/f1.txt; then r=FAILED; else r=ok; fi\n\
         echo \"test one ... $r\"\necho \"test two ... ok\"\n\
         if [ $r = ok ]; then echo 'test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured'; exit 0; fi\n\
         echo 'test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured'; exit 101\n",
    );
    repo.sh("git add -A; git commit -qm settings; git tag -f -a -m baseline baseline > /dev/null");
    trust(&repo);
    repo
}

fn trust(repo: &TestRepo) {
    let hash = repo.sh("sha256sum rollback.toml | cut -d' ' -f1").stdout();
    repo.rb(&format!("trust --hash {hash}"));
}

fn broken_work(repo: &TestRepo) {
    repo.sh("echo more >> src/f2.txt; git commit -qam 'Good one'
         echo broken >> src/f1.txt; git commit -qam 'Bad one'
         echo staged > staged.txt; git add staged.txt; echo then >> staged.txt
         echo wip >> src/f3.txt; echo loose > loose.txt; echo log > debug.log");
}

fn fail(repo: &TestRepo, more: &[&str]) -> Value {
    let run = repo.rollback(&[&["sprint", "fail", "4", "--reason", "it broke", "--json"][..], more].concat());
    run.ok().json()
}

fn show(repo: &TestRepo, what: &str) -> String {
    repo.git(&["show", what]).stdout()
}

/// C2: everything is on the backup branch, the report says what happened, and the retry branch is the baseline.
#[test]
fn c2_a_failed_sprint_keeps_everything_and_starts_again() {
    let repo = project();
    repo.rb("sprint start 4");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "refactor/sprint-4");
    broken_work(&repo);
    let before = State::with_points(&repo);
    // A hook that would stop any commit.
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 1\n");
    repo.chmod(".git/hooks/pre-commit", 0o755);
    let answer = fail(&repo, &["--severity", "high", "--cause", "tests", "--started", "20m"]);
    let story = &answer["story"];
    let backup = story["backup"].as_str().unwrap();
    assert!(backup.starts_with("backup/sprint-4-202601"), "{backup}");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "refactor/sprint-4-retry");
    assert_eq!(repo.answer(&["rev-parse", "HEAD"]), repo.answer(&["rev-parse", "baseline^{commit}"]));
    assert_eq!(repo.answer(&["status", "--porcelain"]), "");
    assert!(repo.path("debug.log").exists(), "ignored files stay");
    // The work, exactly, with its author, one commit behind the report.
    assert_eq!(show(&repo, &format!("{backup}:staged.txt")), "staged\nthen\n");
    assert_eq!(show(&repo, &format!("{backup}:loose.txt")), "loose\n");
    assert_eq!(repo.answer(&["rev-parse", &format!("{backup}~2")]), repo.answer(&["rev-parse", "refactor/sprint-4"]));
    assert_eq!(repo.answer(&["log", "-1", "--format=%ce", backup]), "committer@example.com");

    let report = show(&repo, &format!("{backup}:rollbacks/sprint-4/report.md"));
    for text in [
        "# Sprint 4 failed",
        "| Severity | high |",
        "| Cause | tests |",
        "it broke",
        "1 of 2 tests failed",
        "- `one`",
        "Bad one",
        "- [x] The whole state is saved",
        // `sprint start` has run them.
        "- [x] The baseline passes its tests: they passed on 2026-01-01",
        "in 2 commits and in work that was not committed; the commits add 2 lines and remove 0.",
        "- lead: Ada",
        "2026-01-01T",
        "of 30 min",
    ] {
        assert!(report.contains(text), "{text} is not in the report\n{report}");
    }
    let log = show(&repo, &format!("{backup}:rollbacks/sprint-4/log.txt"));
    assert_eq!(log.lines().count(), 2, "{log}");
    let changes = show(&repo, &format!("{backup}:rollbacks/sprint-4/changes.txt"));
    assert!(
        changes.contains("modified  +1      -0      src/f1.txt") && changes.contains("added     loose.txt"),
        "{changes}"
    );
    assert!(show(&repo, &format!("{backup}:rollbacks/sprint-4/tests.txt")).contains("test one ... FAILED"));

    let row = repo.rb("history --json").json()["rollbacks"][0].clone();
    assert_eq!(
        (&row["sprint"], &row["severity"], &row["command"]),
        (&"4".into(), &"high".into(), &"sprint fail".into())
    );
    assert!(row["recovery"].as_f64().unwrap() >= 1200.0, "{row}");
    let sprint = repo.rb("sprint show 4 --json").json();
    assert_eq!((&sprint["state"], &sprint["failures"], &sprint["here"]), (&"failed".into(), &1.into(), &true.into()));
    assert_eq!(sprint["branches"].as_array().unwrap().len(), 3, "{sprint}");
    repo.rb("undo -y");
    State::with_points(&repo).must_be(&before, "undo");
    repo.fsck();
    assert_eq!(repo.rb("sprint show 4 --json").json()["failures"], 0);
}

/// C2: a second failure gets names of its own.
#[test]
fn c2_a_second_failure_has_its_own_names() {
    let repo = project();
    repo.rb("sprint start 4");
    broken_work(&repo);
    let first = fail(&repo, &[]);
    broken_work(&repo);
    let second = fail(&repo, &[]);
    assert_eq!(second["story"]["recovery_branch"], "refactor/sprint-4-retry-2");
    assert_ne!(second["story"]["backup"], first["story"]["backup"]);
    let sprints = repo.rb("sprint list --json").json();
    assert_eq!(sprints["sprints"][0]["failures"], 2, "{sprints}");
    assert_eq!(sprints["sprints"][0]["retries"].as_array().unwrap().len(), 2);
    assert!(repo.rb("sprint list").stdout().contains("failed 2 times"));
}

/// C2: a clean tree whose tests pass fails as well, when somebody says so; there is no empty commit of work.
#[test]
fn c2_nothing_uncommitted_makes_no_commit_of_work() {
    let repo = project();
    repo.rb("sprint start 4");
    repo.sh("echo more >> src/f2.txt; git commit -qam 'Good one'");
    let answer = fail(&repo, &[]);
    let backup = answer["story"]["backup"].as_str().unwrap();
    assert_eq!(repo.answer(&["rev-parse", &format!("{backup}~1")]), repo.answer(&["rev-parse", "refactor/sprint-4"]));
    assert_eq!(answer["story"]["tests"]["result"], "2 of 2 tests passed");
}

/// C2: the report stays in the worktree where the settings say so, and the settings stay where the baseline has none.
#[test]
fn c2_the_report_in_the_worktree() {
    let repo = TestRepo::fixture("working-day");
    repo.write(
        "rollback.toml",
        "[sprint]\nreport = \"worktree\"\nretry = \"again/{n}\"\n[report]\ndirectory = \"docs/failures\"\n",
    );
    let before = State::of(&repo);
    repo.rb("sprint fail x1 --no-tests -y");
    assert_eq!(repo.answer(&["symbolic-ref", "--short", "HEAD"]), "again/x1");
    let status = repo.answer(&["status", "--porcelain", "--untracked-files=all"]);
    let files = ["changes.txt", "log.txt", "report.md", "tests.txt"];
    let mut expected: Vec<String> = files.iter().map(|file| format!("?? docs/failures/sprint-x1/{file}")).collect();
    expected.push("?? rollback.toml".to_owned());
    assert_eq!(status.lines().collect::<Vec<_>>(), expected, "{status}");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
    repo.rb("redo -y");
    assert!(repo.path("docs/failures/sprint-x1/report.md").exists());
}

/// C2: what makes no sense, or is not trusted, is refused before anything changes.
#[test]
fn c2_refusals_change_nothing() {
    let repo = project();
    repo.rb("sprint start 4");
    broken_work(&repo);
    repo.append("rollback.toml", "# changed\n");
    let before = State::with_points(&repo);
    repo.rollback(&["sprint", "fail", "4"]).code(1).says("--no-tests");
    repo.rollback(&["sprint", "fail", "../4"]).code(1).says("cannot name a sprint");
    repo.rollback(&["sprint", "start", "4"]).code(1).says("started already");
    repo.rollback(&["sprint", "show", "5"]).code(1).says("no sprint 5");
    repo.rollback(&["sprint", "fail", "5", "--no-tests"]).code(1).says("HEAD is on refactor/sprint-4");
    repo.write("templates/report.md", "# {{ title }}\n{{ titel }}\n");
    let with_template = State::with_points(&repo);
    repo.rollback(&["sprint", "fail", "4", "--no-tests"]).code(1).says("line 2").says("titel");
    State::with_points(&repo).must_be(&with_template, "refused");
    repo.remove("templates");
    State::with_points(&repo).must_be(&before, "refused");
    repo.sh("git tag -d baseline > /dev/null");
    repo.rollback(&["sprint", "fail", "4", "--no-tests"]).code(1).says("baseline");
}

/// C11: users' own templates take the place of the built-in ones.
#[test]
fn c11_own_templates() {
    let repo = project();
    repo.rb("sprint start 4");
    repo.write("templates/report.md", "{{ sprint }}/{{ reason }}/{{ commits | length }}/{{ tests.suite.failed }}\n");
    broken_work(&repo);
    let answer = fail(&repo, &[]);
    let backup = answer["story"]["backup"].as_str().unwrap();
    assert_eq!(show(&repo, &format!("{backup}:rollbacks/sprint-4/report.md")), "4/it broke/2/1\n");
}

/// C2: branches that are in the way are found before anything runs, and another sprint's branch is not taken for this one's.
#[test]
fn c2_branches_in_the_way() {
    let repo = project();
    repo.rb("sprint start 40");
    broken_work(&repo);
    let before = State::with_points(&repo);
    repo.rollback(&["sprint", "fail", "4"]).code(1).says("HEAD is on refactor/sprint-40");
    repo.rollback(&["sprint", "fail", &"4".repeat(101)]).code(1).says("cannot name a sprint");
    repo.git(&["branch", "backup"]);
    let run = repo.rollback(&["sprint", "fail", "40"]).code(1).says("beside the branch backup");
    assert!(!run.stderr().contains("running"), "tests ran in vain\n{run}");
    repo.git(&["branch", "-D", "-q", "backup"]);
    State::with_points(&repo).must_be(&before, "refused");
    repo.git(&["branch", "refactor/sprint-40-retry/mine"]);
    let answer = repo.rollback(&["sprint", "fail", "40", "--json"]).ok().json();
    assert_eq!(answer["story"]["recovery_branch"], "refactor/sprint-40-retry-2");
}

/// C2: however the directory of reports is spelled, git gets a path that it takes; what it would not take is refused.
#[test]
fn c2_the_directory_of_reports() {
    let repo = TestRepo::fixture("working-day");
    repo.write("rollback.toml", "[report]\ndirectory = \"./docs//./failures/\"\n");
    let answer = repo.rb("sprint fail 1 -y --json").json();
    let backup = answer["story"]["backup"].as_str().unwrap();
    assert!(show(&repo, &format!("{backup}:docs/failures/sprint-1/report.md")).starts_with("# Sprint 1 failed"));
    assert_eq!(repo.git(&["fsck", "--strict"]).stderr(), "");
    for bad in [".", "./", "", "..", "a/../b", "/abs", ".git", "x/.GIT/hooks", ".git/x"] {
        repo.write("rollback.toml", format!("[report]\ndirectory = \"{bad}\"\n"));
        repo.rollback(&["sprint", "fail", "1", "-y"]).code(1).says("rollback.toml cannot be used");
    }
    // Spellings that only some file systems take for git's own directory.
    repo.write("rollback.toml", "[report]\ndirectory = \"x/git~1\"\n");
    repo.rollback(&["sprint", "fail", "1", "-y"]).code(1).says("git's own directory");
}
