//! B1 to B4: what `diagnose` shows is typed into a shell as it stands there, and then the release is not in that state any more.

use super::common::repo::words;
use super::common::{Report, TestRepo};
use super::diagnose::{FAILURES, Scene};

/// More failures of 1.1.0, rarer ones: the state that is named, and what was done.
const RARE: &[(&str, &str)] = &[
    // Signatures.
    ("bad-signature", "FORGED"),
    ("bad-signature", "FORGED; git push -q origin v1.1.0"),
    ("bad-signature", "FORGED; git push -q origin v1.1.0; git rollback release add 1.1.0; cp Cargo.toml REG/app-1.1.0"),
    ("bad-signature", "FORGED; git remote remove origin"),
    // Two tags.
    ("duplicate", "git tag v1.1.0; git tag 1.1.0 HEAD~1; git push -q origin v1.1.0 1.1.0"),
    ("duplicate", "git tag v1.1.0; git tag 1.1.0 HEAD~1"),
    ("duplicate", "git tag v1.1.0 HEAD~1; git tag 1.1.0"),
    ("duplicate", "git tag v1.1.0; git tag 1.1.0; git remote remove origin"),
    ("duplicate", "git tag v1.1.0; git tag 1.1.0"),
    ("duplicate", "git tag 1.1.0; git rollback release add 1.1.0; git tag v1.1.0; git push -q origin 1.1.0"),
    ("duplicate", "git tag v1.1.0; git tag v1.1; git push -q origin v1.1.0"),
    // Tags that moved.
    ("moved", "git tag v1.1.0; git rollback release add 1.1.0; git tag -f v1.1.0 HEAD~1; git remote remove origin"),
    ("moved", "git tag v1.1.0; git rollback release add 1.1.0; git tag -f v1.1.0 HEAD~1; git push -q origin v1.1.0"),
    ("moved", "git tag -am x v1.1.0; git rollback release add 1.1.0; git tag -fam y v1.1.0 HEAD~1; echo x > REG/app-1.1.0"),
    (
        "moved",
        "git commit -q --allow-empty -m gone; git tag v1.1.0; git rollback release add 1.1.0; git tag -f v1.1.0 HEAD~1
         git reset -q --hard HEAD~1; LOSE",
    ),
    // Files.
    ("files-differ", "git tag v1.1.0 HEAD~1"),
    ("files-differ", "git tag v1.1.0 HEAD~1; git push -q origin v1.1.0"),
    ("files-differ", "git tag v1.1.0 HEAD~1; git push -q origin v1.1.0; git switch -q --detach v1.0.0; git branch -D main"),
    // Commits that no branch, or nothing, leads to.
    ("unreachable", "OUT; git commit -q --allow-empty -m x; git tag v1.1.0; git push -q origin v1.1.0; git reset -q --hard HEAD~1"),
    (
        "unreachable",
        "OUT; git commit -q --allow-empty -m x; git tag v1.1.0; git push -q origin v1.1.0; git reset -q --hard HEAD~1
         git branch line/v1.1.0",
    ),
    (
        "unreachable",
        "OUT; git commit -q --allow-empty -m x; git tag v1.1.0; git push -q origin v1.1.0; git reset -q --hard HEAD~1
         git branch line",
    ),
    ("not-here", "git commit -q --allow-empty -m x; git tag v1.1.0; git push -q origin v1.1.0; git reset -q --hard HEAD~1; LOSE"),
    (
        "not-here",
        "git commit -q --allow-empty -m x; git tag v1.1.0; git push -q origin v1.1.0:refs/tags/1.1.0; git reset -q --hard HEAD~1
         git tag -d v1.1.0; LOSE",
    ),
    ("not-here", "git commit -q --allow-empty -m x; git tag v1.1.0; git reset -q --hard HEAD~1; LOSE"),
    ("not-here", "echo x > REG/app-1.1.0; git commit -q --allow-empty -m x; git tag v1.1.0; git reset -q --hard HEAD~1; LOSE"),
    ("not-here", "git commit -q --allow-empty -m x; git tag v1.1.0; git reset -q --hard HEAD~1; LOSE; git remote remove origin"),
    (
        "moved",
        "git commit -q --allow-empty -m gone; git tag v1.1.0; git rollback release add 1.1.0; git push -q origin v1.1.0
         git tag -f v1.1.0 HEAD~1; git reset -q --hard HEAD~1; LOSE",
    ),
    // The registry.
    ("version-conflict", "OUT"),
    ("version-conflict", "echo x > REG/app-1.1.0.tar.gz"),
    ("version-conflict", "git tag v1.1.0; echo x > REG/app-1.1.0.tar.gz"),
    ("version-conflict", "echo x > REG/app-1.1.0; sed -i s/1.1.0/1.2.0/ Cargo.toml; git commit -qam 'version 1.2.0'"),
    ("version-conflict", "echo x > REG/app-1.1.0; git reset -q --hard HEAD~1"),
    ("version-conflict", "git tag v1.1.0; git push -q origin v1.1.0; git tag -fam mine v1.1.0 HEAD~1"),
    ("partial", "git tag v1.1.0; git rollback release publish 1.1.0"),
    ("not-pushed", "git tag v1.1.0; mkdir REG/app-1.1.0.tar.gz; ! git rollback release publish 1.1.0; rmdir REG/app-1.1.0.tar.gz"),
    ("partial", "git tag v1.1.0; git push -q origin v1.1.0; git rollback release publish 1.1.0; rm REG/app-1.1.0"),
    ("publish-failed", "git tag v1.1.0; git push -q origin v1.1.0; git rollback release publish 1.1.0; rm REG/app*"),
    ("publish-failed", "git tag v1.1.0; git remote remove origin"),
    ("not-pushed", "git tag v1.1.0; git rollback release publish 1.1.0; rm REG/app*"),
];

/// A scene in which 1.1.0 went wrong.
fn went_wrong(script: &str) -> Scene {
    let scene = Scene::new();
    for line in script.split([';', '\n']).map(str::trim) {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("FORGED", _) => forge(&scene),
            ("LOSE", _) => lose(&scene.repo),
            ("OUT", _) => ["app-1.1.0", "app-1.1.0.tar.gz"].iter().for_each(|name| scene.registry.put(name)),
            _ => drop(scene.repo.typed(&line.replace("REG", scene.registry.dir()).replace(" -y", "")).ok()),
        }
    }
    scene
}

/// v1.1.0 has a signature that belongs to another tag.
fn forge(scene: &Scene) {
    scene.sh("ssh-keygen -q -t ed25519 -N '' -f ../key; echo \"committer@example.com $(cat ../key.pub)\" > ../allowed
         git config gpg.format ssh; git config user.signingkey ../key; git config gpg.ssh.allowedSignersFile ../allowed
         git tag -s -m signed v1.1.0
         git cat-file tag v1.1.0 | sed s/signed/forged/ | git hash-object -t tag -w --stdin > ../forged
         git update-ref refs/tags/v1.1.0 $(cat ../forged)");
}

/// What no branch leads to is not in the object database any more, whatever tags say.
fn lose(repo: &TestRepo) {
    repo.sh("git for-each-ref --format='%(refname) %(objectname)' 'refs/tags/*1.1.0' > ../tags
         git for-each-ref --format='delete %(refname)' 'refs/tags/*1.1.0' refs/rollback/snapshots | git update-ref --stdin
         git reflog expire --expire=now --all; git gc -q --prune=now
         while read name id; do mkdir -p .git/$(dirname $name); echo $id > .git/$name; done < ../tags");
}

/// B1, B2, B3: typing what is shown, and nothing else, leads out of each state.
#[test]
fn b1_what_is_shown_is_typed_and_helps() {
    let mut report = Report::default();
    let known = FAILURES.iter().filter(|(state, _)| *state != "broken");
    for (state, script) in known.chain(RARE) {
        report.case(&format!("{state}: {script}"), || follow(&went_wrong(script), "1.1.0", state));
    }
    report.finish();
}

/// Types what is shown of a version until nothing is left to do.
#[track_caller]
fn follow(scene: &Scene, version: &str, state: &str) {
    let look = || scene.repo.rollback(&["release", "diagnose", version, "--json"]);
    let (mut state, mut typed) = (state.to_owned(), Vec::new());
    let mut command = scene.is(version, &state);
    assert!(!command.is_empty(), "nothing is shown for {state}");
    while !command.is_empty() {
        let text = scene.repo.rollback(&["release", "diagnose", version]).code(1).stdout();
        assert!(text.contains(&command), "{command}\n{text}");
        scene.repo.typed(&command).ok();
        typed.push(command);
        // Nothing at all is known of a version whose tag went with all that it led to.
        let answer = look().json();
        if answer["kind"] == "error" {
            assert!(answer["message"].as_str().unwrap().starts_with("there is no release"), "{answer}");
            break;
        }
        let one = &answer["releases"][0];
        assert_ne!(one["state"], state, "{typed:#?}\n{one:#}");
        assert!(typed.len() < 5, "{typed:#?} leads nowhere\n{one:#}");
        state = one["state"].as_str().unwrap().to_owned();
        command = one["next"]["command"].as_str().unwrap_or_default().to_owned();
    }
    scene.repo.fsck();
}

/// The settings without the commands that publish.
fn publish_by_hand(repo: &TestRepo) {
    let text = std::fs::read_to_string(repo.path("rollback.toml")).unwrap();
    let (begin, rest) = text.split_once("publish = [").unwrap();
    let (_, rest) = rest.split_once("\n]\n").unwrap();
    repo.write("rollback.toml", format!("{begin}{rest}"));
    repo.trust();
}

/// B1, B3: where no command is set that publishes, a worktree is shown to do it from by hand.
#[test]
fn b3_what_is_published_by_hand_is_published_from_the_tag() {
    for (state, script) in [("publish-failed", ""), ("partial", "echo x > REG/app-1.1.0")] {
        let scene = went_wrong(&format!("git tag v1.1.0; git push -q origin v1.1.0; {script}"));
        publish_by_hand(&scene.repo);
        let command = scene.is("1.1.0", state);
        scene.repo.typed(&command).ok();
        scene.sh(
            "cd ../release-1.1.0; git describe --tags --exact-match; cp Cargo.toml REG/app-1.1.0; touch REG/app-1.1.0.tar.gz",
        );
        scene.is("1.1.0", "fine");
    }
}

/// B1, B4: what is shown of a broken release leads to the hotfix that replaces it, one step after the other.
#[test]
fn b4_the_way_out_of_a_broken_release_is_shown_to_its_end() {
    let scene =
        went_wrong("OUT; git tag v1.1.0; git push -q origin v1.1.0; git rollback release mark 1.1.0 --unstable");
    let start = scene.is("1.1.0", "broken");
    assert_eq!(start, "git rollback hotfix start 1.1.0");
    scene.repo.typed(&start).ok();
    let status = scene.is("1.1.0", "broken");
    assert_eq!(status, "git rollback hotfix status 1.1.1");
    assert!(scene.repo.typed(&status).ok().stdout().contains("commit the fix on that branch"));
    scene.sh("echo fixed > fixed; git add .; git commit -qm fix");
    let finish = scene.is("1.1.0", "broken");
    assert_eq!(finish, "git rollback hotfix finish 1.1.1");
    scene.repo.typed(&finish).ok();
    assert_eq!(scene.is("1.1.0", "broken"), "", "settled: 1.1.1 came after it");
    assert!(scene.diagnosis("1.1.0")["summary"].as_str().unwrap().ends_with("v1.1.1 came after it"));
    follow(&scene, "1.1.1", "not-pushed");
}

/// B2: a number that was given up is never used again, by whatever command.
#[test]
fn b2_a_burned_number_stays_burned() {
    let scene = went_wrong("echo x > REG/app-1.1.0; git reset -q --hard HEAD~1");
    let repair = scene.is("1.1.0", "version-conflict");
    scene.repo.typed(&repair).ok();
    assert_eq!(scene.is("1.1.0", "given-up"), "");
    scene.sh("rm REG/app-1.1.0");
    assert_eq!(scene.is("1.1.0", "given-up"), "", "also when the registry has forgotten it");
    scene.repo.rb("release candidate 1.1.0");
    for line in ["release add 1.1.0", "release promote 1.1.0-rc.1"] {
        scene.repo.rollback(&words(line)).code(1).says("was given up");
    }
    scene.repo.rb("release add 1.1.1");
}

/// B1, B2: of two tags at different commits that nobody else has, the one counts whose commit says the version; the facts are of that one.
#[test]
fn b1_of_two_tags_the_right_one_counts() {
    let scene = went_wrong("git tag v1.1.0 HEAD~1; git tag 1.1.0");
    let one = scene.diagnosis("1.1.0");
    assert_eq!((&one["state"], &one["tag"]), (&"duplicate".into(), &"1.1.0".into()), "{one:#}");
    let fact = |name: &str| one["facts"].as_array().unwrap().iter().find(|fact| fact["name"] == name).unwrap().clone();
    assert_eq!(fact("version files")["verdict"], "ok", "{one:#}");
    let at = |rev: &str| scene.repo.answer(&["rev-parse", "--short=10", rev]);
    assert_eq!(fact("tag here")["detail"], format!("1.1.0 at {}, v1.1.0 at {}", at("HEAD"), at("HEAD~1")));
    scene.repo.typed(one["next"]["command"].as_str().unwrap()).ok();
    assert_eq!(scene.repo.answer(&["tag", "-l", "*1.1.0"]), "1.1.0");
}
