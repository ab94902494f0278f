use super::Runner;
use crate::Result;
use crate::host::clock::instant;
use crate::host::talk::{NoBar, ProgressBar, Talk};
use crate::model::report::PlanReport;
use crate::model::{Action, HttpCheck, Ran, Task};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Somebody who listens, and may interrupt.
#[derive(Default)]
struct Listener {
    lines: Mutex<Vec<String>>,
    interrupted: AtomicBool,
}

impl Talk for Listener {
    fn note(&self, _message: &str) {}

    fn warn(&self, _message: &str) {}

    fn output(&self, task: &str, line: &str) {
        self.lines.lock().unwrap().push(format!("{task}|{line}"));
    }

    fn progress(&self, _what: &str, _total: Option<u64>) -> Box<dyn ProgressBar> {
        Box::new(NoBar)
    }

    fn approve(&self, _plan: &PlanReport) -> Result<bool> {
        Ok(true)
    }

    fn can_ask(&self) -> bool {
        false
    }

    fn choose(&self, _question: &str, _options: &[String]) -> Result<Option<usize>> {
        Ok(None)
    }

    fn signal(&self) -> Option<u8> {
        self.interrupted.load(Ordering::SeqCst).then_some(2)
    }
}

fn task(action: Action) -> Task {
    Task {
        name: "job".to_owned(),
        action,
        timeout: Duration::from_secs(20),
        cwd: String::new(),
        environment: Default::default(),
        retries: 0,
        interval: Duration::from_millis(20),
    }
}

fn shell(line: &str) -> Task {
    task(Action::Shell(line.to_owned()))
}

fn run_in(dir: &Path, task: &Task) -> (Ran, Vec<String>) {
    let listener = Listener::default();
    let ran = Runner::new(&listener, dir).run(task);
    (ran, listener.lines.into_inner().unwrap())
}

fn run(task: &Task) -> Ran {
    run_in(Path::new("/"), task).0
}

/// The processes of a group that are still there, zombies apart.
fn alive(pid_file: &Path) -> bool {
    let pid = std::fs::read_to_string(pid_file).unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[track_caller]
fn dies(pid_file: &Path) {
    let began = instant();
    while alive(pid_file) {
        assert!(began.elapsed() < Duration::from_secs(5), "a process was left behind");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn output_of_both_kinds_comes_in_order_with_the_exit_code() {
    let (ran, lines) = run_in(Path::new("/"), &shell("echo one; echo two >&2; printf three; exit 3"));
    assert!(!ran.ok);
    assert_eq!((ran.code, ran.why.as_deref(), ran.tries), (Some(3), Some("exit code 3"), 1));
    assert_eq!(ran.output, "one\ntwo\nthree\n");
    assert_eq!(lines, ["job|one", "job|two", "job|three"]);
    assert_eq!(ran.failure(), "job failed: exit code 3");
}

#[test]
fn a_list_is_run_as_it_is_in_its_directory_with_its_variables() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    let mut one = task(Action::Program(vec!["printf".to_owned(), "%s".to_owned(), "$HOME; x".to_owned()]));
    one.cwd = "sub".to_owned();
    assert_eq!(run_in(dir.path(), &one).0.output, "$HOME; x\n");
    let mut two = shell("pwd; echo $COLOUR $MORE");
    two.cwd = "sub".to_owned();
    two.environment.insert("COLOUR".to_owned(), "blue".to_owned());
    let listener = Listener::default();
    let ran = Runner::new(&listener, dir.path()).with("MORE", "more").with("COLOUR", "red").run(&two);
    assert_eq!(ran.output, format!("{}\nblue more\n", dir.path().canonicalize().unwrap().join("sub").display()));
}

#[test]
fn what_cannot_be_started_says_why_and_is_not_tried_again() {
    let mut missing = task(Action::Program(vec!["/no/such/program".to_owned()]));
    missing.retries = 5;
    let ran = run(&missing);
    assert!(!ran.ok && ran.tries == 1 && ran.why.unwrap().contains("cannot start /no/such/program"));
    let mut nowhere = shell("true");
    nowhere.cwd = "not-there".to_owned();
    assert!(run(&nowhere).why.unwrap().contains("not-there is not there"));
    assert!(run(&shell("no-such-program-at-all")).why.unwrap().contains("127"));
}

#[test]
fn a_command_has_no_input_and_no_terminal() {
    let ran = run(&shell("cat; (: < /dev/tty) 2>/dev/null || echo no terminal"));
    assert!(ran.ok);
    assert_eq!(ran.output, "no terminal\n");
}

#[test]
fn what_hangs_is_ended_with_all_it_has_started() {
    let dir = tempfile::tempdir().unwrap();
    // Deaf to the first request, and so is its child.
    let mut deaf =
        shell("trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > child; while :; do sleep 1; done' & wait; wait");
    deaf.timeout = Duration::from_millis(400);
    let began = instant();
    let (ran, _) = run_in(dir.path(), &deaf);
    assert!(ran.why.unwrap().contains("it took more than 400ms and was ended"));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    dies(&dir.path().join("child"));
}

#[test]
fn what_is_left_behind_ends_unless_it_may_live_on() {
    let dir = tempfile::tempdir().unwrap();
    let leaves = shell("sleep 100 & echo $! > child");
    let began = instant();
    assert!(run_in(dir.path(), &leaves).0.ok);
    assert!(began.elapsed() < Duration::from_secs(5), "waited for a process in the background");
    dies(&dir.path().join("child"));

    // It prints after its parent has ended: a closed pipe would end it.
    let server = shell("sh -c 'echo $$ > child; sleep 0.5; seq 200000; echo told > told; exec sleep 100' & sleep 0.1");
    let listener = Listener::default();
    let ran = Runner::new(&listener, dir.path()).leaving_children().run(&server);
    assert!(ran.ok, "{ran:?}");
    assert!(alive(&dir.path().join("child")));
    let began = instant();
    while !dir.path().join("told").exists() {
        assert!(began.elapsed() < Duration::from_secs(10), "the server cannot print any more");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(alive(&dir.path().join("child")));
    assert!(run_in(dir.path(), &shell("kill $(cat child)")).0.ok);
    dies(&dir.path().join("child"));

    let fails = shell("sleep 100 & echo $! > child; exit 1");
    assert!(!Runner::new(&listener, dir.path()).leaving_children().run(&fails).ok);
    dies(&dir.path().join("child"));
}

#[test]
fn a_flood_is_kept_in_part_and_ended_in_time() {
    let (ran, lines) = run_in(Path::new("/"), &shell("seq 300000"));
    assert!(ran.ok);
    assert_eq!(lines.len(), 300_000);
    assert!(ran.output.len() < 70_000 && ran.output.starts_with("1\n2\n") && ran.output.ends_with("300000\n"));
    assert!(ran.left_out > 1_000_000 && ran.output.contains("bytes are left out"));
    let mut endless = shell("yes");
    endless.timeout = Duration::from_millis(300);
    let began = instant();
    assert!(!run(&endless).ok);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let ran = run(&shell("head -c 50000000 /dev/zero"));
    assert!(ran.ok && ran.output.len() < 70_000);
}

#[test]
fn progress_bars_are_lines() {
    assert_eq!(run(&shell("printf '10%%\\r50%%\\r\\n100%%\\r\\n'")).output, "10%\n50%\n100%\n");
    assert_eq!(run(&shell("printf 'a\\n\\nb\\n'")).output, "a\n\nb\n");
}

#[test]
fn a_failing_command_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut third = shell("echo x >> tries; test $(wc -l < tries) -ge 3");
    third.retries = 5;
    let (ran, _) = run_in(dir.path(), &third);
    assert!(ran.ok && ran.tries == 3, "{ran:?}");
    let mut never = shell("false");
    never.retries = 2;
    assert_eq!(run(&never).tries, 3);
}

#[test]
fn a_signal_ends_a_command_and_its_retries() {
    let listener = Listener::default();
    let mut slow = shell("sleep 30");
    slow.retries = 9;
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(200));
            listener.interrupted.store(true, Ordering::SeqCst);
        });
        let began = instant();
        let ran = Runner::new(&listener, Path::new("/")).run(&slow);
        assert!(began.elapsed() < Duration::from_secs(5));
        ran
    });
    assert_eq!((ran.tries, ran.why.as_deref()), (1, Some("it was interrupted")));
}

#[test]
fn secrets_are_neither_shown_nor_kept() {
    let mut tells = shell(
        "echo the token is $API_TOKEN; echo $DATABASE_URL; echo $PLAIN; head -c 9000 /dev/zero | tr '\\0' x; echo $API_TOKEN",
    );
    for (name, value) in
        [("API_TOKEN", "abc-def-ghi"), ("DATABASE_URL", "pg://me:hunter22@db/x"), ("PLAIN", "not secret")]
    {
        tells.environment.insert(name.to_owned(), value.to_owned());
    }
    let (ran, lines) = run_in(Path::new("/"), &tells);
    for text in [ran.output.clone(), lines.join("\n")] {
        assert!(!text.contains("abc-def") && !text.contains("hunter22"), "{text}");
        assert!(text.contains("the token is ***") && text.contains("pg://me:***@db/x") && text.contains("not secret"));
    }
}

#[test]
fn input_is_given_and_need_not_be_read() {
    let listener = Listener::default();
    let runner = Runner::new(&listener, Path::new("/"));
    assert_eq!(runner.run_with_input(&shell("cat"), Some(b"hello")).output, "hello\n");
    assert!(runner.run_with_input(&shell("true"), Some(&vec![b'x'; 1 << 20])).ok);
}

#[test]
fn the_first_failure_ends_a_list() {
    let listener = Listener::default();
    let ran = Runner::new(&listener, Path::new("/")).run_all(&[shell("true"), shell("false"), shell("true")]);
    assert_eq!(ran.iter().map(|ran| ran.ok).collect::<Vec<_>>(), [true, false]);
}

/// A server for one test: `answer` gets the request and the connection, again and again.
fn server(answer: impl Fn(usize, String, &mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while let Ok(got) = stream.read(&mut buffer) {
                request.extend_from_slice(&buffer[..got]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let length = text
                    .to_lowercase()
                    .split_once("content-length: ")
                    .map_or(0, |(_, rest)| rest.split("\r\n").next().unwrap().parse::<usize>().unwrap());
                if got == 0 || text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length) {
                    break;
                }
            }
            answer(count, String::from_utf8_lossy(&request).into_owned(), &mut stream);
        }
    });
    address
}

fn say(stream: &mut TcpStream, status: &str, body: &str) {
    let text = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    drop(stream.write_all(text.as_bytes()));
}

fn ask(url: &str) -> HttpCheck {
    HttpCheck { url: url.to_owned(), expect: Vec::new(), contains: None, within: None }
}

#[test]
fn a_server_answers_well_or_not() {
    let address = server(|_, request, stream| match request.split(' ').nth(1).unwrap() {
        "/ok" => say(stream, "200 OK", "all is well"),
        "/teapot" => say(stream, "418 I'm a teapot", "short and stout"),
        "/moved" => drop(
            stream.write_all(b"HTTP/1.1 302 Found\r\nlocation: /ok\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
        ),
        "/garbage" => drop(stream.write_all(b"not http at all\r\n\r\n")),
        "/half" => drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")),
        _ => {}
    });
    let run = |path: &str, change: &dyn Fn(&mut HttpCheck)| {
        let mut check = ask(&format!("{address}{path}"));
        change(&mut check);
        run(&task(Action::Http(check)))
    };
    let ran = run("/ok", &|_| {});
    assert!(ran.ok && ran.code == Some(200), "{ran:?}");
    assert!(run("/ok", &|check| check.contains = Some("is well".to_owned())).ok);
    let ran = run("/ok", &|check| check.contains = Some("on fire".to_owned()));
    assert!(ran.why.unwrap().contains("does not contain \"on fire\"") && ran.output.contains("all is well"));
    let ran = run("/teapot", &|_| {});
    assert_eq!(ran.why.as_deref(), Some("the answer was 418 instead of 200 to 299"));
    assert!(ran.output.contains("short and stout"));
    assert!(run("/teapot", &|check| check.expect = vec![200, 418]).ok);
    assert_eq!(run("/moved", &|_| {}).code, Some(200));
    assert_eq!(run("/moved", &|check| check.expect = vec![302]).code, Some(302));
    for path in ["/garbage", "/half", "/nothing"] {
        assert!(!run(path, &|_| {}).ok, "{path}");
    }
}

#[test]
fn a_slow_server_and_one_that_never_answers() {
    let address = server(|_, _, stream| {
        // A byte now and then keeps a connection alive, not a deadline.
        for byte in b"HTTP/1.1 200 OK\r\n".iter().cycle() {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let mut slow = task(Action::Http(ask(&address)));
    slow.timeout = Duration::from_millis(300);
    let began = instant();
    let ran = run(&slow);
    assert_eq!(ran.why.as_deref(), Some("there was no answer in time"));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn a_server_that_comes_up_late_is_waited_for() {
    let place = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = place.local_addr().unwrap();
    drop(place);
    let mut check = ask(&format!("http://{address}/"));
    let ran = run(&task(Action::Http(check.clone())));
    assert!(ran.why.as_deref().unwrap().contains("refused"), "{ran:?}");
    check.within = Some(Duration::from_millis(300));
    let began = instant();
    let ran = run(&task(Action::Http(check.clone())));
    assert!(!ran.ok && ran.tries > 2 && began.elapsed() < Duration::from_secs(2), "{ran:?}");
    check.within = Some(Duration::from_secs(10));
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        let (mut stream, _) = TcpListener::bind(address).unwrap().accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        say(&mut stream, "204 No Content", "");
    });
    let ran = run(&task(Action::Http(check)));
    assert!(ran.ok && ran.tries > 1, "{ran:?}");
}

#[test]
fn an_address_may_name_variables_which_stay_out_of_the_record() {
    let ran = run(&task(Action::Http(ask("http://localhost:${NO_SUCH_PORT}/"))));
    assert_eq!(ran.why.as_deref(), Some("the variable NO_SUCH_PORT is not set"));
    assert_eq!(ran.command, "GET http://localhost:${NO_SUCH_PORT}/");
}

#[test]
fn a_message_is_sent_and_sent_again() {
    let address = server(|count, request, stream| {
        assert!(request.starts_with("POST /hook") && request.contains("application/json"), "{request}");
        assert!(request.ends_with("{\"text\":\"hello\"}"), "{request}");
        match request.contains("/hook/never") {
            true => say(stream, "404 Not Found", "no such hook"),
            false if count == 0 => say(stream, "503 Busy", ""),
            false => say(stream, "200 OK", "ok"),
        }
    });
    let listener = Listener::default();
    let mut hook = task(Action::Webhook(format!("{address}/hook")));
    hook.retries = 2;
    let send = |task: &Task| Runner::new(&listener, Path::new("/")).run_with_input(task, Some(b"{\"text\":\"hello\"}"));
    let ran = send(&hook);
    assert!(ran.ok && ran.tries == 2, "{ran:?}");
    hook.action = Action::Webhook(format!("{address}/hook/never"));
    let ran = send(&hook);
    assert!(!ran.ok && ran.tries == 1 && ran.output == "no such hook", "{ran:?}");
}
