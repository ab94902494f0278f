//! Questions to servers, and messages for them.

use super::{Runner, TICK, Try};
use crate::host::Talk;
use crate::model::HttpCheck;
use std::sync::mpsc;
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// How much of an answer is read.
const LONGEST_ANSWER: u64 = 1 << 20;
/// How much of a wrong answer is kept.
const SHOWN: usize = 2000;

/// Asks once.
pub(super) fn ask(runner: &Runner<'_>, check: &HttpCheck, timeout: Duration) -> Try {
    let url = match filled(&check.url, &runner.environment) {
        Ok(url) => url,
        Err(why) => return Try { last: true, ..Try::failed(why) },
    };
    // Who expects a redirection wants to see it.
    let follows = if check.expect.iter().any(|code| (300..400).contains(code)) { 0 } else { 5 };
    let answer = elsewhere(runner.talk, timeout, move || call(agent(timeout, follows).get(&url).call()));
    let (code, body) = match answer {
        Ok(answer) => answer,
        Err(end) => return end,
    };
    let good = if check.expect.is_empty() { (200..300).contains(&code) } else { check.expect.contains(&code) };
    let why = match &check.contains {
        _ if !good => Some(format!("the answer was {code} instead of {}", expected(check))),
        Some(text) if !body.contains(text.as_str()) => Some(format!("the answer does not contain {text:?}")),
        _ => None,
    };
    Try { output: if why.is_some() { beginning(&body) } else { String::new() }, ..answered(code, why) }
}

/// Sends a document once.
pub(super) fn send(runner: &Runner<'_>, url: &str, body: &[u8], timeout: Duration) -> Try {
    let url = match filled(url, &runner.environment) {
        Ok(url) => url,
        Err(why) => return Try { last: true, ..Try::failed(why) },
    };
    let body = body.to_vec();
    let answer = elsewhere(runner.talk, timeout, move || {
        call(agent(timeout, 0).post(&url).header("content-type", "application/json").send(&body[..]))
    });
    let (code, body) = match answer {
        Ok(answer) => answer,
        Err(end) => return end,
    };
    let good = (200..300).contains(&code);
    // A request that the server has understood and refused will not get better.
    let last = (400..500).contains(&code) && !matches!(code, 408 | 425 | 429);
    let output = if good { String::new() } else { beginning(&body) };
    Try { output, last, ..answered(code, (!good).then(|| format!("the answer was {code}"))) }
}

fn answered(code: u16, why: Option<String>) -> Try {
    Try { code: Some(i32::from(code)), why, output: String::new(), left_out: 0, last: false }
}

fn expected(check: &HttpCheck) -> String {
    match &check.expect[..] {
        [] => "200 to 299".to_owned(),
        codes => codes.iter().map(u16::to_string).collect::<Vec<_>>().join(" or "),
    }
}

fn beginning(body: &str) -> String {
    body.chars().take(SHOWN).collect()
}

fn agent(timeout: Duration, follows: u32) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(follows)
        .max_redirects_will_error(false)
        .tls_config(tls)
        .user_agent(concat!("git-rollback/", env!("CARGO_PKG_VERSION")));
    config.build().into()
}

type Answer = Result<(u16, String), String>;

fn call(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = response.map_err(|error| reason(&error))?;
    let code = response.status().as_u16();
    let mut bytes = Vec::new();
    let mut body = std::io::Read::take(response.body_mut().as_reader(), LONGEST_ANSWER);
    std::io::Read::read_to_end(&mut body, &mut bytes).map_err(|error| format!("the answer broke off: {error}"))?;
    Ok((code, String::from_utf8_lossy(&bytes).into_owned()))
}

fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "there was no answer in time".to_owned(),
        ureq::Error::HostNotFound => "the name of the server is not known".to_owned(),
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            "the connection was refused: nobody listens there".to_owned()
        }
        other => other.to_string(),
    }
}

/// Works on a thread of its own, so that a signal need not wait for a slow server.
fn elsewhere(
    talk: &dyn Talk,
    timeout: Duration,
    work: impl FnOnce() -> Answer + Send + 'static,
) -> Result<(u16, String), Try> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || drop(sender.send(work())));
    let until = crate::host::clock::instant() + timeout + Duration::from_secs(1);
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(answer) => return answer.map_err(Try::failed),
            Err(mpsc::RecvTimeoutError::Timeout) if talk.interrupted() => {
                return Err(Try { last: true, ..Try::failed("it was interrupted") });
            }
            // Looking up a name cannot be ended from outside.
            Err(mpsc::RecvTimeoutError::Timeout) if !super::left(until).is_zero() => {}
            Err(_) => return Err(Try::failed("there was no answer in time")),
        }
    }
}

/// The variables that an address names.
pub(super) fn variables(url: &str) -> impl Iterator<Item = &str> {
    url.split("${").skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

/// The address with the values of its variables: those that the runner gives, then those of the environment.
fn filled(url: &str, given: &[(String, String)]) -> Result<String, String> {
    let mut out = url.to_owned();
    for name in variables(url) {
        let given = given.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let value = given.or_else(|| crate::host::env::var(name));
        let value = value.ok_or_else(|| format!("the variable {name} is not set"))?;
        out = out.replace(&format!("${{{name}}}"), &value);
    }
    Ok(out)
}
