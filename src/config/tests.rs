use super::*;
use crate::model::Action;
use std::time::Duration;

fn load(text: &str) -> Result<Config> {
    let mut config = Config::default();
    File::parse(text.as_bytes(), &[])?.apply(&mut config)?;
    Ok(config)
}

#[track_caller]
fn refused(text: &str, said: &[&str]) {
    let error = load(text).unwrap_err();
    let all = format!("{error} {}", error.helps().join(" "));
    for words in said {
        assert!(all.contains(words), "{all:?} does not say {words:?}");
    }
}

#[test]
fn every_table_is_understood() {
    let config = load(
        r#"
[baseline]
name = "good"
tests = "pytest -q"
[protect]
branches = ["live"]
reason = "required"
[keep]
paths = ["*.sqlite"]
[snapshot]
max-file-size = "2g"
max-total-size = "9g"
[commands]
stop = "systemctl --user stop app"
install = ["npm", "ci"]
start = { run = "./start", timeout = "10s", cwd = "backend", environment = { PORT = "8080" } }
verify = [
    { run = "./verify", retries = 3, interval = "500ms" },
    { name = "web", http = "http://localhost:8080/health", expect = [200, 204], contains = "ok", within = "20s" },
]
notify = [{ name = "team", webhook = "${SLACK_URL}" }, { name = "log", run = "logger -t rollback" }]
[validate]
map = [{ from = "src/{path}.py", to = "tests/{path}_test.py" }]
run = ["pytest", "{files}"]
[check]
disk = "80%"
dependencies = "npm audit"
[sprint]
branch = "sprints/{n}"
report = "worktree"
[recovery]
branch = "saved/{timestamp}"
[report]
directory = "docs/rollbacks"
templates = "docs/templates"
[analyze]
coverage = "cov"
[contacts]
lead = "Ada <ada@example.org>"
"#,
    )
    .unwrap();
    assert_eq!(config.baseline, "good");
    assert!(config.reason_required && config.is_protected("live") && config.is_protected("main"));
    assert_eq!((config.max_file_size, config.total_size(0)), (2 << 30, 9 << 30));
    let commands = &config.commands;
    assert_eq!(commands.tests()[0].action, Action::Shell("pytest -q".to_owned()));
    assert_eq!(commands.install[0].action, Action::Program(vec!["npm".to_owned(), "ci".to_owned()]));
    let start = &commands.start[0];
    assert_eq!((start.name.as_str(), start.timeout, start.cwd.as_str()), ("start", Duration::from_secs(10), "backend"));
    assert_eq!(start.environment["PORT"], "8080");
    assert_eq!(commands.verify.iter().map(|task| task.name.as_str()).collect::<Vec<_>>(), ["verify 1", "web"]);
    assert_eq!((commands.verify[0].retries, commands.verify[0].interval), (3, Duration::from_millis(500)));
    let Action::Http(web) = &commands.verify[1].action else { panic!("no question") };
    assert_eq!((web.expect.as_slice(), web.within), (&[200, 204][..], Some(Duration::from_secs(20))));
    assert_eq!(commands.notify[0].action, Action::Webhook("${SLACK_URL}".to_owned()));
    assert_eq!(config.validate.map[0].from, "src/{path}.py");
    assert_eq!((config.check.disk, config.check.dependencies.len()), (80, 1));
    assert_eq!((config.sprint.branch.as_str(), config.sprint.report), ("sprints/{n}", ReportPlace::Worktree));
    assert_eq!(config.recovery.branch, "saved/{timestamp}");
    assert!(config.keep.contains(&"/docs/rollbacks/".to_owned()));
    assert_eq!(config.analyze["coverage"][0].name, "coverage");
    assert_eq!(config.contacts["lead"], "Ada <ada@example.org>");
}

/// A package has the tasks of `[release]` where it has none of its own; `[]` is none at all.
#[test]
fn packages_publish_in_their_own_way() {
    let config = load(
        "[release]\npublish = \"all\"\nyank = \"back\"\n[[package]]\nname = \"a\"\n[[package]]\nname = \"b\"\npublish = \"own\"\n\
         published = { http = \"http://x/b\" }\nyank = []\n",
    )
    .unwrap();
    let spelled = |tasks: &[crate::model::Task]| tasks.iter().map(|task| task.spelled()).collect::<Vec<_>>().join(" ");
    let [a, b] = &config.release.packages[..] else { panic!("not two packages") };
    assert_eq!((spelled(&a.publishing.publish), spelled(&a.publishing.yank)), ("all".to_owned(), "back".to_owned()));
    assert_eq!((spelled(&b.publishing.publish), spelled(&b.publishing.yank)), ("own".to_owned(), String::new()));
    assert_eq!(b.publishing.published.len(), 1);
    let keys: Vec<String> = config.tasks().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["release publish", "release yank", "package b publish", "package b published"]);
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_what_was_meant() {
    refused(
        "[keep]\npaths = []\n\n[sprint]\nbrnach = \"x\"\n",
        &["line 5", "no key `brnach`", "did you mean `branch`?"],
    );
    refused("[comands]\nstop = \"x\"\n", &["line 1", "did you mean `commands`?"]);
    refused("[commands]\nhalt = \"x\"\n", &["line 2", "known here: stop, install, start"]);
    refused("[commands]\nstop = { rum = \"x\" }\n", &["line 2", "did you mean `run`?"]);
    refused("[commands]\nverify = [{ run = \"x\", retry = 3 }]\n", &["line 2", "known here", "retries"]);
    refused("[[package]]\nname = \"a\"\npublihs = \"x\"\n", &["line 3", "did you mean `publish`?"]);
    refused("[hooks]\nstop = \"x\"\n", &["line 1", "known here"]);
    refused("[keep\n", &["line 1"]);
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for (text, said) in [
        ("[commands]\nstop = 3\n", "line 2"),
        ("[commands]\nstop = \"\"\n", "empty"),
        ("[commands]\nstop = [\"a\", { run = \"b\" }]\n", "not both"),
        ("[commands]\nstop = { run = \"a\", http = \"http://x\" }\n", "exactly one"),
        ("[commands]\nstop = { http = \"http://x\" }\n", "`stop` takes no `http`"),
        ("[commands]\nverify = { webhook = \"http://x\" }\n", "`verify` takes no `webhook`"),
        ("[commands]\nverify = { http = \"ftp://x\" }\n", "not an address"),
        ("[commands]\nverify = { http = \"http://x\", expect = 1000 }\n", "status code"),
        ("[commands]\nverify = { run = \"a\", within = \"3s\" }\n", "belong to `http`"),
        ("[commands]\nverify = { http = \"http://x\", cwd = \"a\" }\n", "belong to `run`"),
        ("[commands]\nstop = { run = \"a\", cwd = \"../..\" }\n", "below the top"),
        ("[commands]\nstop = { run = \"a\", cwd = \"/etc\" }\n", "below the top"),
        ("[commands]\nstop = { run = \"a\", timeout = \"soon\" }\n", "length of time"),
        ("[commands]\nstop = { run = \"a\", environment = { \"A=B\" = \"x\" } }\n", "name of a variable"),
        ("[commands]\nstop = [{ run = \"a\", name = \"x\" }, { run = \"b\", name = \"x\" }]\n", "two tasks called x"),
        ("[[package]]\nname = \"a\"\npublish = { http = \"http://x\" }\n", "[[package]] a: `publish` takes no `http`"),
        ("[[package]]\npath = \"a\"\n", "a name of its own"),
        ("[[package]]\nname = \"a\"\npath = \"../a\"\n", "below the top"),
        ("[check]\ndisk = \"110%\"\n", "90%"),
        ("[sprint]\nretry = \"again\"\n", "must contain {n}"),
        ("[recovery]\nbranch = \"again\"\n", "must contain"),
        ("[hotfix]\nbranch = \"hotfix\"\n", "must contain"),
        ("[report]\ndirectory = \"../out\"\n", "below the top"),
        ("[report]\ndirectory = \".git/x\"\n", "below the top"),
        ("[snapshot]\nmax-file-size = \"big\"\n", "size such as"),
        ("[protect]\nreason = \"maybe\"\n", "required"),
    ] {
        refused(text, &[said]);
    }
}

/// A repository can make the program more careful, never less.
#[test]
fn the_file_can_only_raise_what_is_saved() {
    let config =
        load("[snapshot]\nmax-file-size = \"1k\"\nmax-total-size = \"1k\"\n[protect]\nreason = \"optional\"\n")
            .unwrap();
    assert_eq!(config.max_file_size, 1 << 30);
    assert_eq!(config.total_size(100 << 30), 10 << 30);
}

#[test]
fn what_overrides_the_file_is_named_when_it_is_wrong() {
    let with = |value: &str| {
        let source = "the variable GIT_ROLLBACK_CHECK_DISK".to_owned();
        File::parse(
            b"[check]\ndisk = 50\n",
            &[Override { table: "check", key: "disk", value: value.to_owned(), source }],
        )
    };
    let mut config = Config::default();
    with("70%").unwrap().apply(&mut config).unwrap();
    assert_eq!(config.check.disk, 70);
    assert_eq!(with("much").unwrap_err().message(), "the variable GIT_ROLLBACK_CHECK_DISK cannot be used");
    // Every override is a key that the file knows.
    for (table, key) in OVERRIDES {
        let error = File::parse(format!("[{table}]\n{key} = 1.5\n").as_bytes(), &[]).unwrap_err().to_string();
        assert!(!error.contains("no key"), "{table}.{key}: {error}");
    }
}
