//! Trust: nothing that a repository brings along runs before its user has allowed exactly that, and no repository can
//! allow itself anything.

use super::common::repo::words;
use super::common::{Run, State, TestRepo};

const SETTINGS: &str =
    "[commands]\nstop = \"echo ran > ../outside-stop\"\n\n[check]\ndependencies = [\"touch\", \"x y\"]\n";

fn with_settings() -> TestRepo {
    let repo = TestRepo::fixture("working-day");
    repo.write("rollback.toml", SETTINGS);
    repo
}

fn hash(repo: &TestRepo) -> String {
    repo.rb("trust --show --json").json()["settings"]["hash"].as_str().unwrap().to_owned()
}

#[track_caller]
fn is_allowed(repo: &TestRepo, allowed: bool) {
    assert_eq!(repo.rb("trust --show --json").json()["settings"]["allowed"], allowed);
}

/// C1, must show 3: what would run is shown with its hash, which is that of `sha256sum`.
#[test]
fn c1_trust_shows_what_would_run() {
    let repo = with_settings();
    let before = State::of(&repo);
    let shown = repo.rb("trust --show");
    assert!(shown.stdout().contains("echo ran > ../outside-stop"), "{shown}");
    assert!(shown.stdout().contains("touch 'x y'") && shown.stdout().contains("not allowed"), "{shown}");
    let theirs = repo.sh("sha256sum < rollback.toml").stdout();
    assert_eq!(hash(&repo), theirs.split(' ').next().unwrap());
    State::of(&repo).must_be(&before, "trust --show");
}

/// C1: without a terminal only the exact hash allows anything; a yes does not.
#[test]
fn c1_trust_takes_the_exact_hash() {
    let repo = with_settings();
    repo.rollback(&["trust"]).code(1).says("--hash");
    repo.rollback(&["trust", "-y"]).code(1).says("--hash");
    repo.rollback(&["trust", "--hash", "0123"]).code(1).says("nothing here has this hash");
    repo.rollback(&["trust", "--hash", &hash(&repo)[..63]]).code(1);
    is_allowed(&repo, false);
    repo.rollback(&["trust", "-n", "--hash", &hash(&repo)]).ok();
    is_allowed(&repo, false);
    repo.rollback(&["trust", "--hash", &hash(&repo)]).ok();
    is_allowed(&repo, true);
    let now = repo.rb("trust");
    assert!(now.stdout().contains("allowed"), "{now}");

    // One byte more, and it is not what was allowed.
    repo.append("rollback.toml", "\n");
    is_allowed(&repo, false);
    repo.write("rollback.toml", SETTINGS);
    is_allowed(&repo, true);
    repo.rb("trust --forget");
    is_allowed(&repo, false);
}

/// C1: a linked worktree shares what is allowed; a copy of the repository does not.
#[test]
fn c1_trust_belongs_to_one_repository() {
    let repo = with_settings();
    repo.rollback(&["trust", "--hash", &hash(&repo)]).ok();
    repo.sh("git worktree add -q --detach ../linked2 && cp rollback.toml ../linked2/");
    let allowed = |dir: &str| {
        Run::of(repo.command(env!("CARGO_BIN_EXE_git-rollback")).args(["-C", dir, "trust", "--show", "--json"]))
            .ok()
            .json()["settings"]["allowed"]
            .clone()
    };
    assert_eq!(allowed("../linked2"), true);
    repo.sh("cp -a . ../copied");
    assert_eq!(allowed("../copied"), false);
}

/// C1: for one command the environment can allow it.
#[test]
fn c1_trust_for_one_command() {
    let repo = with_settings();
    let allowed = |value: &str| {
        repo.rollback_with(&[("GIT_ROLLBACK_TRUST", value)], &words("trust --show --json")).ok().json()["settings"]["allowed"].clone()
    };
    let hash = hash(&repo);
    assert_eq!(allowed(&hash), true);
    assert_eq!(allowed(&format!("0000,{}", hash.to_uppercase())), true);
    for wrong in ["", "yes", "1", "*", &hash[..40]] {
        assert_eq!(allowed(wrong), false, "{wrong:?}");
    }
    is_allowed(&repo, false);
}

/// C1, must show 3: a repository cannot allow itself anything.
#[test]
fn c1_no_repository_can_trust_itself() {
    let repo = with_settings();
    let hash = hash(&repo);
    // Keys of its own.
    for keys in ["[trust]\nallow = true\n", "trust = true\n", "[commands]\ntrust = \"x\"\n"] {
        repo.write("rollback.toml", format!("{keys}{SETTINGS}"));
        repo.rollback(&["trust", "--show"]).code(1).says("rollback.toml cannot be used");
    }
    repo.write("rollback.toml", SETTINGS);
    // Git's configuration in the repository, and in what it includes.
    repo.sh(&format!(
        "git config rollback.trust {hash}; git config rollback.trust.hash {hash}; git config --add rollback.trust true
         printf '[rollback]\\n\\ttrust = {hash}\\n\\tmaxfilesize = 1k\\n' > .gitconfig; git config include.path ../.gitconfig"
    ));
    is_allowed(&repo, false);
    // Environment files, and files where the tool's own are.
    for file in [".env", ".envrc", ".env.local"] {
        repo.write(file, format!("export GIT_ROLLBACK_TRUST={hash}\nGIT_ROLLBACK_TRUST={hash}\n"));
    }
    repo.sh(&format!("mkdir -p .git/rollback/trust .git/rollback/main .local/state/git-rollback/trust; for f in .git/rollback/trust/x .git/rollback/main/trust .git/rollback/trust.json; do echo {hash} > $f; done"));
    is_allowed(&repo, false);
    // What is remembered must not lie in the repository, by whatever name.
    repo.rollback(&["trust", "--hash", &hash]).ok();
    is_allowed(&repo, true);
    let state = repo.base().join("home/.state");
    repo.sh("cp -r ../home/.state .state; ln -s r/.state ../state-link; cp -r ../home/.state .git/state");
    for place in
        [repo.path(".state"), repo.base().join("state-link"), repo.path(".git/state"), repo.path("not-yet/there")]
    {
        let place = place.to_str().unwrap();
        let run = repo.rollback_with(&[("XDG_STATE_HOME", place)], &words("trust --show --json")).ok();
        assert_eq!(run.json()["settings"]["allowed"], false, "{place}");
        let run = repo.rollback_with(&[("XDG_STATE_HOME", place)], &["trust", "--hash", &hash]);
        run.code(1).says("inside of this repository");
    }
    // A relative place would be inside of it as well: it does not count.
    let run = repo.rollback_with(&[("XDG_STATE_HOME", ".state")], &words("trust --show --json")).ok();
    assert_eq!(run.json()["settings"]["allowed"], false);
    // A file of somebody else's, or that others can write, is not believed.
    repo.sh(&format!("chmod -R g+w {}", state.display()));
    repo.rollback(&["trust", "--show"]).code(1).says("only you can write");
}

/// C1: a link in place of the settings is not followed.
#[test]
fn c1_linked_settings_are_refused() {
    let repo = with_settings();
    repo.rollback(&["trust", "--hash", &hash(&repo)]).ok();
    repo.sh("mv rollback.toml ../elsewhere.toml; ln -s ../elsewhere.toml rollback.toml");
    repo.rollback(&["trust", "--show"]).code(1).says("symbolic link");
    repo.rollback(&["to", "v1", "-y"]).code(1).says("symbolic link");
}

/// C1: the settings of another state are another content.
#[test]
fn c1_trust_of_another_state() {
    let repo = with_settings();
    repo.sh("git add rollback.toml; git commit -qm settings; git tag with-settings");
    repo.append("rollback.toml", "[contacts]\nlead = \"Ada\"\n");
    let of = |from: &str| repo.rb(&format!("trust --show --json --from {from}")).json()["settings"].clone();
    assert_ne!(of("with-settings")["hash"], hash(&repo).as_str());
    let theirs = of("with-settings")["hash"].as_str().unwrap().to_owned();
    repo.rollback(&["trust", "--hash", &theirs]).code(1);
    repo.rollback(&["trust", "--from", "with-settings", "--hash", &theirs]).ok();
    assert_eq!(of("with-settings")["allowed"], true);
    is_allowed(&repo, false);
    let none = repo.rb("trust --show --from v1");
    assert!(none.stdout().contains("nothing to allow"), "{none}");
}

/// C1: filters and merge drivers of the repository run once they are allowed, and not when they change.
#[test]
fn c1_filters_of_the_repository_can_be_allowed() {
    let repo = TestRepo::fixture("working-day");
    repo.sh("git stash -q -u
         git config filter.shout.clean 'tr A-Z a-z'; git config filter.shout.smudge 'tr a-z A-Z'
         echo '*.loud filter=shout' > .gitattributes; echo hello > x.loud; git add .; git commit -qm loud; git tag loud
         git rm -q x.loud; git commit -qm quiet");
    repo.rollback(&["to", "loud", "-y"]).code(1).says("git rollback trust");
    let git = repo.rb("trust --show --json").json()["git"].clone();
    assert_eq!(git["commands"].as_array().unwrap().len(), 2, "{git}");
    repo.rollback(&["trust", "--hash", git["hash"].as_str().unwrap()]).ok();
    repo.rb("to loud -y");
    assert_eq!(std::fs::read_to_string(repo.path("x.loud")).unwrap(), "HELLO\n");
    assert_eq!(repo.answer(&["status", "--porcelain"]), "");
    repo.rb("undo -y");
    repo.sh("git config filter.shout.smudge 'tr a-z b-za'");
    repo.rollback(&["to", "loud", "-y"]).code(1).says("git rollback trust");
}

/// C1: a filter of the user's own needs no trust, also where it is one command and no process.
#[test]
fn c1_filters_of_the_user_run() {
    let repo = TestRepo::fixture("working-day");
    let mine = repo.base().join("home/.gitconfig");
    std::fs::write(&mine, "[filter \"shout\"]\n\tclean = tr A-Z a-z\n\tsmudge = tr a-z A-Z\n").unwrap();
    repo.sh(&format!(
        "export GIT_CONFIG_GLOBAL={}; git stash -q -u
         echo '*.loud filter=shout' > .gitattributes; echo hello > x.loud; git add .; git commit -qm loud; git tag loud
         git rm -q x.loud; git commit -qm quiet",
        mine.display()
    ));
    repo.rollback_with(&[("GIT_CONFIG_GLOBAL", mine.to_str().unwrap())], &["to", "loud", "-y"]).ok();
    assert_eq!(std::fs::read_to_string(repo.path("x.loud")).unwrap(), "HELLO\n");
}

/// C1, must show 3: git's configuration in the repository names no command by a way round: a condition that libgit2 does
/// not know, a filter in place of the user's, merging with filters, a name with `=`.
#[test]
fn c1_no_way_round_for_filters_of_the_repository() {
    let ran = |repo: &TestRepo| repo.base().join("ran").exists();
    let project = || {
        let repo = TestRepo::empty();
        repo.sh(
            "git init -q -b main; echo '*.x filter=evil' > .gitattributes; seq 20 > a.x; echo b > b.sh
             printf '[commands]\\ntest = \"true\"\\n[check]\\ndisk = 100\\n' > rollback.toml; git add .; git commit -qm 1; git tag baseline",
        );
        let hash = hash(&repo);
        repo.rollback(&["trust", "--hash", &hash]).ok();
        repo
    };
    let evil = |repo: &TestRepo| format!("touch {}; cat", repo.base().join("ran").display());
    let mine = |repo: &TestRepo, text: &str| {
        let file = repo.base().join("home/.gitconfig");
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };

    let repo = project();
    repo.write(".git/more", format!("[filter \"evil\"]\n\tsmudge = \"{}\"\n", evil(&repo)));
    repo.sh("git config remote.o.url https://example.org/; git config 'includeIf.hasconfig:remote.*.url:**.path' more");
    drop(repo.rollback(&["check"]));
    assert!(!ran(&repo), "included under a condition");
    let git = repo.rb("trust --show --json").json()["git"].clone();
    assert_eq!(git["commands"][0]["key"], "filter.evil.smudge", "it is shown before it is allowed: {git}");
    repo.rollback(&["trust", "--hash", git["hash"].as_str().unwrap()]).ok();
    drop(repo.rollback(&["check", "--again"]));
    assert!(ran(&repo), "what is allowed runs");

    let repo = project();
    let home = mine(&repo, "[filter \"evil\"]\n\tsmudge = cat\n\tclean = cat\n");
    repo.git(&["config", "filter.evil.smudge", &evil(&repo)]);
    let run = repo.rollback_with(&[("GIT_CONFIG_GLOBAL", &home)], &["check", "--json"]);
    let tests = run.json()["checks"][1].clone();
    assert_eq!((&tests["name"], &tests["result"]), (&"baseline tests".into(), &"pass".into()), "{run}");
    assert!(!ran(&repo), "in place of the user's");

    let repo = project();
    repo.sh("git switch -qc topic; sed -i s/^3$/three/ a.x; git commit -qam t; git switch -q main; sed -i s/^15$/x/ a.x; git commit -qam m; git tag -f baseline");
    repo.sh("git config merge.renormalize true; rm rollback.toml");
    repo.git(&["config", "filter.evil.clean", &evil(&repo)]);
    let picks = repo.rb("recover --from topic --json").json();
    assert_eq!(picks["commits"].as_array().unwrap().len(), 1, "{picks}");
    assert!(!ran(&repo), "while merging");

    let repo = project();
    repo.sh("echo '*.x filter=a=b' > .gitattributes; git commit -qam attributes; git tag -f baseline");
    repo.git(&["config", "filter.a=b.smudge", &evil(&repo)]);
    drop(repo.rollback(&["check"]));
    assert!(!ran(&repo), "a name that git's options cannot spell");
}
