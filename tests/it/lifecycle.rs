//! C1: the commands around a full rollback.

use super::common::repo::words;
use super::common::server::{closed, server};
use super::common::{Run, State, TestRepo};
use std::path::Path;

/// A repository with a baseline, later work, ignored files, and commands that write down that they ran.
fn app(settings: &str) -> TestRepo {
    let repo = TestRepo::empty();
    repo.sh("git init -q -b main; printf 'node_modules/\\n*.log\\n' > .gitignore; echo good > app.txt; git add .; git commit -qm good; git tag baseline");
    repo.sh("echo bad > app.txt; echo new > new.txt; git add .; git commit -qm bad; echo dirty >> app.txt; echo u > untracked.txt");
    repo.sh("mkdir node_modules; echo old > node_modules/x; echo SECRET=1 > .env");
    repo.write("rollback.toml", settings);
    trust(&repo);
    repo
}

fn trust(repo: &TestRepo) {
    let hash = repo.sh("sha256sum < rollback.toml").stdout();
    repo.rollback(&["trust", "--hash", hash.split(' ').next().unwrap()]).ok();
}

const ALL: &str = r#"
[commands]
stop = "echo stop $(cat app.txt | head -1) >> ../ran"
install = "echo install $(cat app.txt) >> ../ran; mkdir -p node_modules; echo fresh > node_modules/x; git status --porcelain rollback.toml app.txt >> ../ran"
start = ["sh", "-c", "echo start >> ../ran"]
verify = { run = "echo verify >> ../ran; test -e ../works", retries = 1, interval = "10ms" }
"#;

fn ran(repo: &TestRepo) -> String {
    std::fs::read_to_string(repo.base().join("ran")).unwrap_or_default()
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// C1: stop, git, install, start, verify, each at its time; then undo brings back even what install has replaced.
#[test]
fn c1_full_rollback_runs_commands_around_it() {
    let repo = app(ALL);
    std::fs::write(repo.base().join("works"), "").unwrap();
    let before = State::of(&repo);

    let plan = repo.rb("to baseline --clean all -n");
    assert!(plan.stdout().contains("1. stop: echo stop") && plan.stdout().contains("verify: echo verify"), "{plan}");
    repo.rollback(&words("to baseline --clean all")).code(1).says("--yes");
    assert_eq!(ran(&repo), "", "nothing runs before a yes");
    State::of(&repo).must_be(&before, "dry run and a missing yes");

    let done = repo.rb("to baseline --clean all -y");
    // `git status` in install: the worktree is the baseline's, and rollback.toml is never cleaned away.
    assert_eq!(ran(&repo), "stop bad\ninstall good\n?? rollback.toml\nstart\nverify\n", "{done}");
    assert!(done.stderr().contains("install: ") && done.stdout().contains("verify"), "{done}");
    assert_eq!(read(repo.path("app.txt")), "good\n");
    assert_eq!(read(repo.path("node_modules/x")), "fresh\n");
    assert_eq!(read(repo.path(".env")), "SECRET=1\n");
    let id = &repo.operations()[0];
    let entry = repo.rb(&format!("log {id} --json")).json();
    let names: Vec<&str> = entry["runs"].as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["stop", "install", "start", "verify"], "{entry}");
    // C12: the checklists know what ran.
    for line in ["[x] `stop` ran well", "[x] `verify` ran well", "[-] Others were told"] {
        assert!(done.stdout().contains(line), "{line} is not said\n{done}");
    }

    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
    assert_eq!(read(repo.path("node_modules/x")), "old\n");
    repo.fsck();
}

/// C1: a failing stop stops everything; in an emergency it does not, and nothing is verified.
#[test]
fn c1_a_failing_stop_stops_the_rollback() {
    let repo = app(&ALL.replace("echo stop", "echo cannot stop; exit 7; echo stop"));
    let before = State::of(&repo);
    let run = repo.rollback(&words("to baseline --clean all -y")).code(1).says("stop failed: exit code 7");
    assert!(run.stderr().contains("stop | cannot stop") && run.stderr().contains("nothing was changed"), "{run}");
    State::of(&repo).must_be(&before, "a failing stop");
    assert_eq!(ran(&repo), "");
    let run = repo.rollback(&words("to baseline --clean all --emergency")).ok().says("going on all the same");
    assert_eq!(ran(&repo), "install good\n?? rollback.toml\nstart\n", "{run}");
    assert_eq!(read(repo.path("app.txt")), "good\n");
}

/// C1: a failing verify is exit code 2: it was done and recorded, and can be undone.
#[test]
fn c1_a_failing_verify_is_exit_2() {
    let repo = app(ALL);
    let before = State::of(&repo);
    let run = repo.rollback(&words("to baseline --clean all -y")).code(2);
    assert!(run.stdout().contains("NOT VERIFIED") && run.stdout().contains("verify"), "{run}");
    // What failed is said once in each place: the state itself is as planned.
    assert!(
        run.stdout().contains("[x] The state was read again") && !run.stdout().contains("warning: verify"),
        "{run}"
    );
    assert!(ran(&repo).ends_with("verify\nverify\n"), "tried twice: {}", ran(&repo));
    assert_eq!(read(repo.path("app.txt")), "good\n");
    assert_eq!(repo.rollback(&words("history --json")).ok().json()["rollbacks"][0]["result"], "unverified", "{run}");
    repo.rb("undo -y");
    State::of(&repo).must_be(&before, "undo");
}

/// C1: a failing install is exit code 2 as well, and what comes after it does not run. The same command tries again.
#[test]
fn c1_a_failing_install_leaves_the_rest_out() {
    let repo = app(&ALL.replace("mkdir -p node_modules", "test -e ../works || exit 3; mkdir -p node_modules"));
    let run = repo.rollback(&words("to baseline --clean all -y")).code(2).says("install");
    assert_eq!(ran(&repo), "stop bad\ninstall good\n", "{run}");
    assert_eq!(read(repo.path("app.txt")), "good\n");
    std::fs::write(repo.base().join("works"), "").unwrap();
    repo.rb("to baseline --clean all -y");
    assert!(ran(&repo).ends_with("stop good\ninstall good\n?? rollback.toml\nstart\nverify\n"), "{}", ran(&repo));
    // The second one changed nothing of git's: undo takes back the first.
    repo.rb("undo -y");
    assert_eq!(read(repo.path("app.txt")), "bad\ndirty\n");
}

/// C1, must show 3: what is not allowed, here or there, runs nothing and changes nothing.
#[test]
fn c1_untrusted_commands_refuse_the_rollback() {
    let repo = app(ALL);
    repo.append("rollback.toml", "# changed\n");
    let before = State::of(&repo);
    repo.rollback(&words("to baseline --clean all -y"))
        .code(1)
        .says("not the one that was allowed")
        .says("git rollback trust");
    State::of(&repo).must_be(&before, "untrusted");
    assert_eq!(ran(&repo), "");
    repo.rb("to baseline --clean all -y --no-commands");
    assert_eq!(ran(&repo), "");
    repo.rb("undo -y");
    trust(&repo);

    // The baseline has commands of its own, which count for what is started, and were never looked at.
    repo.sh("git stash -q -u; git checkout -q baseline; printf '[commands]\\nstart = \"echo start of baseline >> ../ran\"\\n' > rollback.toml; git add rollback.toml; git commit -qm settings; git tag -f baseline; git checkout -q main; git stash pop -q");
    let before = State::of(&repo);
    let run = repo.rollback(&words("to baseline --clean all -y --reset")).code(1).says("trust --from baseline");
    State::of(&repo).must_be(&before, "the baseline's commands are not allowed");
    assert_eq!(ran(&repo), "", "{run}");
    let hash = repo.rb("trust --show --from baseline --json").json()["settings"]["hash"].as_str().unwrap().to_owned();
    repo.rollback(&["trust", "--from", "baseline", "--hash", &hash]).ok();
    repo.rb("to baseline --clean all -y --reset");
    assert_eq!(
        ran(&repo),
        "stop bad\nstart of baseline\n",
        "stop of what is left, start of what is gone to, nothing mixed"
    );
}

/// C1: what stop changes is saved too, and what it makes does not pass for a change by somebody else.
#[test]
fn c1_what_stop_changes_is_part_of_what_is_saved() {
    let repo = app("[commands]\nstop = \"echo flushed > untracked.txt; echo state > state.txt; echo l > app.log\"\n");
    repo.rb("to baseline --clean all -y");
    assert!(!repo.path("state.txt").exists() && !repo.path("app.log").exists());
    repo.rb("undo -y");
    assert_eq!(read(repo.path("untracked.txt")), "flushed\n");
    assert_eq!((read(repo.path("state.txt")).as_str(), read(repo.path("app.log")).as_str()), ("state\n", "l\n"));
}

/// C1: a rollback that cannot be done is found before anything is stopped; `stop` having run is said.
#[test]
fn c1_nothing_is_stopped_in_vain() {
    let repo = app(ALL);
    repo.sh("echo '[protect]' >> rollback.toml; echo 'reason = \"required\"' >> rollback.toml");
    trust(&repo);
    repo.rollback(&words("to baseline --clean all -y")).code(1).says("reason");
    assert_eq!(ran(&repo), "");
    // Git's index is locked by somebody else, who does not let go.
    repo.sh("echo x > .git/index.lock");
    let run = repo.rollback(&words("to baseline --clean all -y --reason r")).code(4);
    run.says("what `stop` has stopped is not running").says("echo start");
}

/// F2, C1: killed while commands run, `continue` runs the rest and `abort` takes back exactly, whatever was installed.
#[test]
fn f2_a_kill_between_commands_can_be_continued_and_aborted() {
    let template = app(ALL);
    std::fs::write(template.base().join("works"), "").unwrap();
    let before = State::of(&template);
    let mut stops = 0;
    for n in 1.. {
        let repo = template.copy();
        // What is allowed belongs to a place: the copy has another.
        trust(&repo);
        let run = repo
            .rollback_with(&[("GIT_ROLLBACK_TEST_STOP_AFTER", &n.to_string())], &words("to baseline --clean all -y"));
        if !run.was_stopped() {
            break;
        }
        if repo.rb("status --json").json()["unfinished"].is_null() {
            continue;
        }
        stops += 1;
        let other = repo.copy();
        trust(&other);
        repo.rb("abort -y");
        State::of(&repo).must_be(&before, &format!("abort after event {n}"));
        assert_eq!(read(repo.path("node_modules/x")), "old\n");
        repo.fsck();
        other.rb("continue -y");
        assert!(
            ran(&other).contains("start\n") && ran(&other).ends_with("verify\n"),
            "continue after event {n}: {}",
            ran(&other)
        );
        assert_eq!(read(other.path("app.txt")), "good\n");
        assert_eq!(read(other.path("node_modules/x")), "fresh\n");
        other.rb("undo -y");
        State::of(&other).must_be(&before, &format!("undo after continue after event {n}"));
    }
    assert!(stops > 10, "only {stops} stops");
}

/// C1: `continue` runs nothing that is not allowed any more.
#[test]
fn c1_continue_needs_trust_too() {
    let repo = app(ALL);
    for n in 8..200 {
        let copy = repo.copy();
        trust(&copy);
        let run = copy
            .rollback_with(&[("GIT_ROLLBACK_TEST_STOP_AFTER", &n.to_string())], &words("to baseline --clean all -y"));
        if !run.was_stopped() || copy.rb("status --json").json()["unfinished"].is_null() {
            continue;
        }
        let sofar = ran(&copy);
        if !sofar.contains("install") || sofar.contains("start") {
            continue;
        }
        copy.rb("trust --forget");
        copy.rollback(&["continue", "-y"]).code(3).says("never allowed");
        assert_eq!(ran(&copy), sofar);
        copy.rb("abort -y");
        return;
    }
    panic!("it never stopped between install and start");
}

/// C1: Ctrl-C while a command runs ends it; the rest waits for `continue` or `abort`.
#[test]
fn c1_an_interrupted_command_waits() {
    let repo = app("[commands]\ninstall = \"echo here > ../here; sleep 60\"\nstart = \"echo start >> ../ran\"\n");
    let mut command = repo.command(env!("CARGO_BIN_EXE_git-rollback"));
    command.args(["to", "baseline", "--clean", "all", "-y"]).stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let began = std::time::Instant::now();
    while !repo.base().join("here").exists() {
        assert!(began.elapsed().as_secs() < 30, "install never ran");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Run::of(repo.command("kill").args(["-INT", &child.id().to_string()])).ok();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(began.elapsed().as_secs() < 40);
    repo.rollback(&["checkpoint", "x"]).code(1).says("git rollback continue");
    repo.sh("git update-index --refresh");
    repo.rb("abort -y");
    assert_eq!(read(repo.path("app.txt")), "bad\ndirty\n");
    assert_eq!(ran(&repo), "");
}

/// C1: going back without commands needs no trust, and `--clean all` alone no more than it ever did.
#[test]
fn c1_without_commands_nothing_is_asked() {
    let repo = app("[contacts]\nlead = \"Ada\"\n");
    repo.rb("trust --forget");
    let done = repo.rb("to baseline --clean all -y");
    assert!(repo.path("rollback.toml").exists() && repo.path(".env").exists());
    assert!(done.stdout().contains("rollback.toml (kept"), "{done}");
    repo.rb("undo -y");
    repo.write("rollback.toml", ALL);
    repo.rb("to baseline --clean untracked -y");
    assert!(repo.path("rollback.toml").exists(), "never cleaned away");
    assert_eq!(ran(&repo), "");
}

/// C1, must show 1: `verify` asks a real server: good, bad, slow, late, silent, broken off, or not there at all.
#[test]
fn c1_verify_asks_a_server() {
    // What it answers, one after the other; more settings; the exit code; what is said.
    let cases: [(&'static [&'static str], &str, i32, &str); 9] = [
        (&["200 OK"], "", 0, "verify"),
        (&["503 Busy", "500 Broken", "200 OK"], "within = \"20s\", interval = \"10ms\"", 0, "verify"),
        (&["slow 200 OK"], "timeout = \"10s\"", 0, "verify"),
        (&["500 Broken|<h1>out of memory</h1>"], "", 2, "the answer was 500 instead of 200 to 299"),
        (&["200 OK|starting"], "contains = \"ready\"", 2, "the answer does not contain \"ready\""),
        (&["404 Not Found"], "expect = [200, 204]", 2, "the answer was 404 instead of 200 or 204"),
        (
            &["hang", "hang", "hang"],
            "timeout = \"200ms\", retries = 1, interval = \"10ms\"",
            2,
            "there was no answer in time",
        ),
        (&["drop", "drop"], "", 2, "verify"),
        (&[], "within = \"300ms\", interval = \"50ms\"", 2, "the connection was refused: nobody listens there"),
    ];
    for (answers, more, code, said) in cases {
        let url = if answers.is_empty() { closed() } else { server(answers).0 };
        let more = if more.is_empty() { String::new() } else { format!(", {more}") };
        let repo = app(&format!("[commands]\nverify = {{ http = \"{url}\"{more} }}\n"));
        let began = std::time::Instant::now();
        let run = repo.rollback(&words("to baseline --clean all -y")).code(code);
        assert!(run.stdout().contains(said), "{answers:?}: {said} is not said\n{run}");
        assert!(began.elapsed().as_secs() < 15, "{answers:?} took {:?}", began.elapsed());
        assert_eq!(run.stdout().contains("NOT VERIFIED"), code == 2, "{answers:?}: {run}");
        assert_eq!(read(repo.path("app.txt")), "good\n", "the rollback itself is done");
        repo.rb("undo -y");
        assert_eq!(read(repo.path("app.txt")), "bad\ndirty\n");
    }
}
