//! One table of every command that changes something, and what must be true of each.

use super::common::repo::words;
use super::common::{RepoFiles, Report, State, TestRepo};

/// How a command is taken back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// By bare `undo`.
    Undo,
    /// By `undo OP`: making or deleting a point is not what bare `undo` takes.
    UndoById,
    /// By `redo`: the command is itself an undo.
    Redo,
    /// Not at all; it says so, and changes nothing the user has.
    Nothing,
}

/// One mutating command.
pub struct Case {
    /// The command line; `{op:N}` stands for the N-th newest operation.
    pub line: &'static str,
    /// What is run first: lines of the program, or shell lines after a `$`.
    pub first: &'static [&'static str],
    /// How it is taken back.
    pub back: Back,
    /// Whether it works on a branch only.
    branch_only: bool,
}

const fn case(line: &'static str, back: Back) -> Case {
    Case { line, first: &[], back, branch_only: false }
}

const fn after(first: &'static [&'static str], line: &'static str, back: Back) -> Case {
    Case { line, first, back, branch_only: false }
}

const fn on_branch(line: &'static str) -> Case {
    Case { line, first: &[], back: Back::Undo, branch_only: true }
}

/// Lost things, made without touching anything else; `{lost}` stands for the last one's id.
const LOST_COMMIT: &str = "$ git commit-tree -m lost -p HEAD v1^{tree} > $(git rev-parse --git-common-dir)/lost-id";
const LOST_BRANCH: &str =
    "$ git config remote.here.url .; git config remote.here.fetch '+refs/heads/*:refs/remotes/here/*'
    git update-ref refs/remotes/here/gone HEAD~1; git commit-tree -m lost -p HEAD v1^{tree} > ../lost
    echo \"$(cat ../lost) $(git rev-parse HEAD) A <a@b> 1767225600 +0000\tcheckout: moving from gone to main\" \\
        >> $(git rev-parse --git-path logs/HEAD); rm ../lost";
const LOST_STASH: &str = "$ index=$(git commit-tree -m 'index on main: x' -p HEAD HEAD^{tree})
    git commit-tree -m 'On main: lost' -p HEAD -p $index v1^{tree} > $(git rev-parse --git-common-dir)/lost-id";
const LOST_NEW_FILES: &str = "$ export GIT_INDEX_FILE=$(git rev-parse --git-common-dir)/lost-index; git read-tree HEAD
    blob=$(echo lost | git hash-object -w --stdin); git update-index --add --cacheinfo 100644,$blob,lost/staged.txt
    index=$(git commit-tree -m 'index on main: x' -p HEAD $(git write-tree))
    git update-index --add --cacheinfo 100755,$blob,lost/staged.txt --cacheinfo 100644,$blob,lost/other.txt
    work=$(git write-tree); git read-tree --empty; git update-index --add --cacheinfo 100644,$blob,lost.untracked
    rest=$(git commit-tree -m 'untracked files on main: x' $(git write-tree)); rm $GIT_INDEX_FILE; unset GIT_INDEX_FILE
    git commit-tree -m 'On main: lost' -p HEAD -p $index -p $rest $work > $(git rev-parse --git-common-dir)/lost-id";
const LOST_BLOB: &str = "$ echo staged | git hash-object -w --stdin > $(git rev-parse --git-common-dir)/lost-id";
const LOST_TAG: &str = "$ git tag -a -m gone gone v1; git rev-parse gone > $(git rev-parse --git-common-dir)/lost-id
    git tag -d gone";

/// A hotfix with a commit, and `HEAD` on a branch that it does not come to.
const OPEN_HOTFIX: &str = "$ export GIT_INDEX_FILE=$(git rev-parse --git-common-dir)/fix-index; git read-tree v1
    git update-index --add --cacheinfo 100644,$(echo 1.0.0 | git hash-object -w --stdin),VERSION
    git branch hotfix/1.0.1 $(git commit-tree -m fix -p v1^{commit} $(git write-tree)); rm $GIT_INDEX_FILE
    unset GIT_INDEX_FILE; git branch old $(git commit-tree -m old -p v1^{commit} v1^{tree})
    git branch -f work HEAD; git symbolic-ref HEAD refs/heads/work";

/// A release with a version file, committed beside whatever else is staged.
const RELEASED: &str = "$ blob=$(echo 9.0.0 | git hash-object -w --stdin); echo 9.0.0 > VERSION
    git update-index --add --cacheinfo 100644,$blob,VERSION
    export GIT_INDEX_FILE=$(git rev-parse --git-common-dir)/released; git read-tree HEAD
    git update-index --add --cacheinfo 100644,$blob,VERSION; tree=$(git write-tree); rm $GIT_INDEX_FILE; unset GIT_INDEX_FILE
    git update-ref HEAD $(git commit-tree -m nine -p HEAD $tree); git tag v9.0.0";

/// Every command that changes something.
pub const COMMANDS: &[Case] = &[
    case("checkpoint", Back::UndoById),
    case("checkpoint everything --ignored --nested -m all", Back::UndoById),
    case("checkpoint named --tag", Back::UndoById),
    case("backup -m later", Back::UndoById),
    case("backup --clean", Back::Undo),
    case("baseline set HEAD~1 --name good", Back::UndoById),
    case("release add 3.0.0 -m three", Back::UndoById),
    case("release add 1.0.0 -m adopted --unstable", Back::UndoById),
    after(&["$ git tag v9.0.0"], "release repair 9.0.0 --delete-tag", Back::UndoById),
    after(&["$ git tag -a -m nine v9.0.0"], "release repair 9.0.0 --renumber", Back::UndoById),
    after(&["release add 9.0.0 HEAD~1", "$ git tag -f v9.0.0 HEAD"], "release repair 9.0.0", Back::UndoById),
    Case {
        line: "release repair 9.0.0 --renumber --reason taken",
        first: &[RELEASED],
        back: Back::Undo,
        branch_only: true,
    },
    after(&["release add 1.0.0"], "release mark v1 --unstable --reason broken", Back::UndoById),
    after(&["checkpoint cp"], "points delete cp -y", Back::UndoById),
    case("to baseline --clean all -y", Back::Undo),
    case("to baseline --clean untracked -y", Back::Undo),
    case("to v1 -y", Back::Undo),
    case("to HEAD~1 --keep-changes -y", Back::Undo),
    on_branch("to HEAD~1 --reset -y"),
    on_branch("to HEAD~1 --revert -y"),
    case("to HEAD~1 --branch rescue -y", Back::Undo),
    case("to HEAD~1 --detach -y", Back::Undo),
    after(
        &["checkpoint cp --ignored", "$ echo since >> src/f1.txt; echo since > since.txt; rm -f debug.log"],
        "to cp -y",
        Back::Undo,
    ),
    after(&["checkpoint cp --ignored", "$ git reset -q --hard HEAD~1; echo since > since.txt"], "to cp -y", Back::Undo),
    case("restore --from HEAD~2 src/f1.txt src/f2.txt src/f3.txt -y", Back::Undo),
    case("restore --from v1 --staged src -y", Back::Undo),
    case("restore --from v1 --staged --worktree src docs -y", Back::Undo),
    case("restore --from v1 --no-overlay src -y", Back::Undo),
    after(&["to v1 -y"], "undo -y", Back::Redo),
    after(&["to v1 -y", "undo -y"], "redo -y", Back::Undo),
    after(&["to HEAD~1 -y", "$ echo since >> src/f2.txt; echo since > since.txt"], "undo -y", Back::Redo),
    after(&["restore --from v1 src/f2.txt -y", "restore --from v1 src/f3.txt -y"], "undo {op:1} -y", Back::Redo),
    after(&["to v1 -y"], "to op:{op:0}^ -y", Back::Undo),
    after(&[LOST_COMMIT], "recover {lost}", Back::Undo),
    after(&[LOST_COMMIT], "recover {lost} --branch back/again", Back::Undo),
    after(&[LOST_BRANCH], "recover gone", Back::Undo),
    after(&[LOST_STASH], "recover {lost}", Back::Undo),
    after(&[LOST_NEW_FILES], "recover {lost} --apply", Back::Undo),
    after(&[LOST_TAG], "recover {lost}", Back::Undo),
    after(&[LOST_BLOB], "recover {lost}", Back::Undo),
    after(&[LOST_BLOB], "recover {lost} -o deep/er/file.txt", Back::Undo),
    after(&[LOST_BLOB], "recover {lost} v1 HEAD~1", Back::Undo),
    after(&[LOST_COMMIT], "recover {lost} --pin", Back::UndoById),
    after(&[LOST_BLOB], "recover {lost} --pin", Back::UndoById),
    after(&[LOST_TAG], "recover {lost} --pin", Back::UndoById),
    case("sprint start 4 --allow-dirty --no-check", Back::Undo),
    case("sprint fail 4 --no-tests -y", Back::Undo),
    after(&["$ echo 'sprint.report = \"worktree\"' > rollback.toml"], "sprint fail 4 --no-tests -y", Back::Undo),
    after(&["$ git tag 1.0.0 v1"], "hotfix start 1.0.0", Back::Undo),
    after(&[OPEN_HOTFIX], "hotfix finish 1.0.1", Back::Undo),
    after(&[OPEN_HOTFIX, "$ git symbolic-ref HEAD refs/heads/main; git reset -q --hard"], "hotfix finish", Back::Undo),
    after(&[OPEN_HOTFIX, "$ git tag v1.0.1 hotfix/1.0.1"], "hotfix backport 1.0.1 old", Back::Undo),
    after(&["$ git tag 1.0.0 v1; git tag 1.0.1 HEAD~1"], "hotfix start 1.0.0 -m why --exact", Back::Undo),
    case("release candidate 9.9.0 --keep-files", Back::UndoById),
    after(&["$ git tag v9.9.0-rc.1 HEAD~1"], "release promote 9.9.0 -m nine", Back::UndoById),
    after(&["$ git tag 1.0.0 v1"], "hotfix start 1.0.0 --worktree ../hot", Back::UndoById),
    after(&["$ git tag 1.0.0 v1; git branch hotfix/1.0.1 HEAD~1"], "hotfix abandon", Back::UndoById),
    after(&["$ git tag 1.0.0 v1", "hotfix start 1.0.0 --worktree ../hot"], "hotfix abandon 1.0.1", Back::UndoById),
    after(
        &["$ git tag 1.0.0 v1", "hotfix start 1.0.0", "$ git commit -q --allow-empty -m fix; echo x >> src/f1.txt"],
        "hotfix abandon --reason no",
        Back::Undo,
    ),
    case("recover --from HEAD --onto HEAD~2 --all -x", Back::Undo),
    after(&["checkpoint one", "to v1 -y", "undo -y"], "gc", Back::Nothing),
];

/// The repositories; in the first one no command may refuse.
const SETUPS: &[&str] = &["working-day", "working-day-detached", "working-day-linked", "working-day-merging"];

/// Makes the repository of a case and runs what comes first; the command line is returned, filled in.
#[track_caller]
pub fn prepare(repo: &TestRepo, case: &Case) -> Vec<String> {
    for line in case.first {
        match line.strip_prefix("$ ") {
            Some(script) => repo.sh(script),
            None => repo.rb(line),
        };
    }
    fill_in(repo, case.line)
}

#[track_caller]
fn fill_in(repo: &TestRepo, line: &str) -> Vec<String> {
    let mut line = line.to_owned();
    if line.contains("{op:") {
        for (at, id) in repo.operations().iter().enumerate() {
            line = line.replace(&format!("{{op:{at}}}"), id);
        }
    }
    if line.contains("{lost}") {
        let id = std::fs::read_to_string(repo.common_dir().join("lost-id")).unwrap();
        line = line.replace("{lost}", id.trim());
    }
    words(&line)
}

fn with(args: &[String], more: &[&str]) -> Vec<String> {
    args.iter().cloned().chain(more.iter().map(|arg| (*arg).to_owned())).collect()
}

/// Every case in every setup, each in a fresh repository.
fn every_case(body: impl Fn(&TestRepo, &Case, bool)) {
    let mut report = Report::default();
    for (at, setup) in SETUPS.iter().enumerate() {
        let template = TestRepo::fixture(setup);
        for case in COMMANDS {
            if case.branch_only && setup.contains("detached") {
                continue;
            }
            let name = format!("{setup}: {} (after {:?})", case.line, case.first);
            report.case(&name, || body(&template.copy(), case, at == 0));
        }
    }
    report.finish();
}

/// F1, F5: a dry run leaves every byte of the git directory and of the worktree as it is, as text and as JSON.
#[test]
fn f1_a_dry_run_changes_not_one_byte() {
    every_case(|repo, case, must_work| {
        let args = prepare(repo, case);
        let before = RepoFiles::of(repo);
        let text = repo.rollback(&with(&args, &["--dry-run"]));
        RepoFiles::of(repo).must_be(&before, "dry run");
        let json = repo.rollback(&with(&args, &["--dry-run", "--json"]));
        RepoFiles::of(repo).must_be(&before, "dry run as JSON");
        json.json();
        let code = text.exit();
        assert!(code == 0 || code == 1 && !must_work, "dry run refused\n{text}");
        json.code(code);
    });
}

/// F1, F5: the command does what the dry run announced, `undo` takes all of it back, `redo` does it again.
#[test]
fn f1_every_command_can_be_undone_and_redone() {
    every_case(|repo, case, must_work| {
        let args = prepare(repo, case);
        let before = State::with_points(repo);
        let announced = repo.rollback(&with(&args, &["--dry-run", "-q"])).exit();
        let run = repo.rollback(&with(&args, &["--json"]));
        assert!(run.exit() == announced, "the dry run ended with {announced}\n{run}");
        let answer = run.json();
        repo.fsck();
        if !must_work && announced == 1 {
            State::with_points(repo).must_be(&before, "a refused command changes nothing");
            return;
        }
        let run = run.ok();
        let after = State::with_points(repo);
        let undo = match case.back {
            Back::Nothing => {
                after.must_be(&before, "it has nothing to take back");
                return;
            }
            Back::Undo => "undo -y".to_owned(),
            Back::UndoById => {
                let id = answer["operation"].as_str().unwrap_or_else(|| panic!("no operation\n{run}"));
                format!("undo {id} -y")
            }
            Back::Redo => "redo -y".to_owned(),
        };
        assert_eq!(answer["kind"], "done", "{run}");
        if must_work {
            after.must_differ(&before, case.line);
        }
        repo.rb(&undo);
        State::with_points(repo).must_be(&before, &undo);
        repo.fsck();
        if case.back != Back::Redo {
            repo.rb("redo -y");
            State::with_points(repo).must_be(&after, "redo -y");
            repo.fsck();
        }
        let left = repo.leftovers();
        assert!(left.is_empty(), "left behind: {left:?}");
    });
}

/// F1: the last line of a command that overwrote something says how to come back, and that command works.
#[test]
fn f1_the_last_line_says_the_way_back() {
    let repo = TestRepo::fixture("working-day");
    let before = State::of(&repo);
    let run = repo.rb("to v1 -y");
    let said = run.stdout() + &run.stderr();
    let last = said.trim_end().lines().last().unwrap_or_default();
    let (_, line) = last.split_once("git rollback ").unwrap_or_else(|| panic!("no way back in {last:?}\n{run}"));
    let line = line.trim_end_matches(['`', '\'', '"', ')']);
    repo.rb(&format!("{line} -y"));
    State::of(&repo).must_be(&before, last);
}

/// F1: several operations are undone one after the other, and done again one after the other.
#[test]
fn f1_undo_walks_back_and_redo_forward() {
    let repo = TestRepo::fixture("working-day");
    let mut states = vec![State::of(&repo)];
    for line in ["to HEAD~1 -y", "restore --from v1 src/f1.txt -y", "to v1 --detach -y", "to baseline --clean all -y"] {
        repo.rb(line);
        states.push(State::of(&repo));
    }
    for at in (0..states.len() - 1).rev() {
        repo.rb("undo -y");
        State::of(&repo).must_be(&states[at], &format!("undo to state {at}"));
    }
    repo.rollback(&["undo", "-y"]).code(1);
    State::of(&repo).must_be(&states[0], "nothing more to undo");
    for (at, state) in states.iter().enumerate().skip(1) {
        repo.rb("redo -y");
        State::of(&repo).must_be(state, &format!("redo to state {at}"));
    }
    repo.rollback(&["redo", "-y"]).code(1);
    repo.fsck();
}

/// F1: a new operation ends `redo`.
#[test]
fn f1_a_new_operation_ends_redo() {
    let repo = TestRepo::fixture("working-day");
    for line in ["to HEAD~1 -y", "undo -y", "restore --from v1 src/f1.txt -y"] {
        repo.rb(line);
    }
    let before = State::of(&repo);
    repo.rollback(&["redo", "-y"]).code(1);
    State::of(&repo).must_be(&before, "a refused redo");
}

/// F1: work done since the operation is saved before `undo` replaces it, and can be gone back to.
#[test]
fn f1_work_done_in_between_is_not_lost() {
    let repo = TestRepo::fixture("working-day");
    let before = State::of(&repo);
    repo.rb("to v1 -y");
    repo.sh("echo since >> src/f1.txt; echo staged > src/new.txt; git add src/new.txt; echo since > since.txt");
    let since = State::of(&repo);
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
    let undo = repo.operations().remove(0);
    repo.rb(&format!("to op:{undo}^ -y"));
    State::of(&repo).must_be(&since, "the state before the undo");
}

/// C1: back to the baseline with everything cleared away, and every ignored byte comes back.
#[test]
fn c1_full_rollback_to_the_baseline_deletes_nothing() {
    let repo = TestRepo::fixture("working-day");
    let before = State::of(&repo);
    repo.rb("to baseline --clean all -y");
    assert_eq!(repo.answer(&["rev-parse", "HEAD"]), repo.answer(&["rev-parse", "baseline^{commit}"]));
    assert_eq!(repo.answer(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!(repo.answer(&["status", "--porcelain"]), "");
    assert!(!repo.path("debug.log").exists(), "ignored files are cleared away");
    assert!(!repo.path("ignored/sub").exists(), "ignored directories are cleared away");
    assert!(repo.path("ignored/.env").exists(), ".env never moves");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
}

/// C3: a file that the point does not have is reported and stays, unless `--no-overlay` asks for its removal.
#[test]
fn c3_restore_reports_what_the_point_does_not_have() {
    let repo = TestRepo::fixture("working-day");
    let run = repo.rb("restore --from v1 src -y");
    assert!((run.stdout() + &run.stderr()).contains("src/staged.txt"), "not reported\n{run}");
    assert_eq!(std::fs::read(repo.path("src/staged.txt")).unwrap(), b"then-edited\n");
    assert_eq!(repo.answer(&["diff", "--name-only", "v1", "--", "src/f1.txt", "src/f6.txt"]), "");
    repo.rb("restore --from v1 --no-overlay src -y");
    assert!(!repo.path("src/staged.txt").exists());
}

/// C3: nothing but the named paths changes, and without `--staged` the index does not either.
#[test]
fn c3_restore_touches_only_the_named_paths() {
    let repo = TestRepo::fixture("working-day");
    let rest = |repo: &TestRepo| State::of(repo).without("worktree src/f1.txt");
    let before = rest(&repo);
    repo.rb("restore --from v1 src/f1.txt -y");
    rest(&repo).must_be(&before, "restore of one file");
    assert_eq!(repo.answer(&["hash-object", "src/f1.txt"]), repo.answer(&["rev-parse", "v1:src/f1.txt"]));
}

/// C3, F1: a restore saves what it replaces; its undo brings that back and leaves what was done elsewhere.
#[test]
fn c3_undo_of_a_restore_leaves_other_work() {
    let repo = TestRepo::fixture("working-day");
    repo.write("src/f1.txt", "mine\n");
    repo.write("src/new/file", "untracked\n");
    let before = State::of(&repo);
    repo.rb("restore --from v1 src/f1.txt -y");
    assert_ne!(std::fs::read(repo.path("src/f1.txt")).unwrap(), b"mine\n");
    let id = repo.operations().remove(0);
    repo.write("src/f2.txt", "later\n");
    repo.sh("git add src/f2.txt");
    let later = State::of(&repo);
    repo.rb("undo -y");
    State::of(&repo).must_be(&later.with_path_of(&before, "src/f1.txt"), "undo of the restore");
    // Such a snapshot is no state to go to, and says so; what it has can be fetched.
    let refused = State::of(&repo);
    for place in [format!("op:{id}^"), format!("op:{id}")] {
        repo.rollback(&["to", &place, "-y"]).code(1).says("some paths").says("restore --from");
        repo.rollback(&["restore", "--from", &place, "src", "-y"]).code(1).says("src/f1.txt");
    }
    State::of(&repo).must_be(&refused, "refused commands");
    let shown = repo.rb(&format!("show op:{id}^")).stdout();
    assert!(shown.contains("these paths only, which a restore was about to replace: src/f1.txt"), "{shown}");
    repo.write("src/f1.txt", "again\n");
    repo.rb(&format!("restore --from op:{id}^ src/f1.txt -y"));
    assert_eq!(std::fs::read(repo.path("src/f1.txt")).unwrap(), b"mine\n");
    repo.fsck();
}

/// C3: a pathspec that matches nothing in the point nor here is refused.
#[test]
fn c3_restore_of_an_unknown_path_is_refused() {
    let repo = TestRepo::fixture("working-day");
    let before = State::of(&repo);
    repo.rollback(&["restore", "--from", "v1", "no/such/file", "-y"]).code(1).says("no/such/file");
    State::of(&repo).must_be(&before, "a refused restore");
}

/// F1: `backup --clean` leaves what `git stash push -u` leaves.
#[test]
fn f1_backup_clean_leaves_a_clean_tree() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("backup --clean -m day");
    assert_eq!(repo.answer(&["status", "--porcelain"]), "");
    assert!(repo.path("ignored/.env").exists(), "ignored files stay, as with git stash push -u");
}

/// F5: looking commands give one JSON document and change nothing.
#[test]
fn f5_looking_commands_answer_in_json_and_change_nothing() {
    let repo = TestRepo::fixture("working-day");
    repo.rb("checkpoint cp");
    repo.rb("to v1 -y");
    let before = RepoFiles::of(&repo);
    for (line, kind) in [
        ("--json", "status"),
        ("status --json", "status"),
        ("log --json", "log"),
        ("points --json", "points"),
        ("show cp --json", ""),
        ("show v1 --stat --json", ""),
        ("baseline show --json", ""),
        ("baseline list --json", ""),
        ("doctor --json", ""),
    ] {
        let answer = repo.rb(line).json();
        assert!(kind.is_empty() || answer["kind"] == kind, "{line}: {answer}");
        repo.rb(line.strip_suffix("--json").unwrap_or(line));
        RepoFiles::of(&repo).must_be(&before, line);
    }
    let points = repo.rb("points --json").json();
    let names: Vec<_> = points["points"].as_array().unwrap().iter().map(|point| &point["name"]).collect();
    assert!(names.iter().any(|name| *name == "cp"), "{points}");
    assert!(repo.rb("status --json").json()["unfinished"].is_null());
}
