//! The clock, and who is using the program.

use crate::model::{Time, Who};

/// Now, with the local offset. `GIT_ROLLBACK_NOW` (seconds since 1970) sets another time, for tests and for
/// reproducible records.
pub fn now() -> Time {
    let (seconds, _) = precise();
    let offset = jiff::Timestamp::from_second(seconds)
        .map(|at| jiff::tz::TimeZone::system().to_offset(at).seconds() / 60)
        .unwrap_or(0);
    Time { seconds, offset_minutes: offset }
}

/// Now: seconds since 1970 and nanoseconds.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn precise() -> (i64, u32) {
    if let Some(seconds) = super::env::var("GIT_ROLLBACK_NOW").and_then(|v| v.parse().ok()) {
        return (seconds, 0);
    }
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    (since.as_secs() as i64, since.subsec_nanos())
}

/// The identity for records: git's own variables, then `name` and `email` of its configuration, then user@host.
pub fn identity(name: Option<String>, email: Option<String>) -> Who {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let user = super::env::var("USER").or_else(|| super::env::var("LOGNAME")).unwrap_or_else(|| "unknown".to_owned());
    let set = |value: Option<String>| value.filter(|v| !v.trim().is_empty());
    let name = set(super::env::var("GIT_COMMITTER_NAME")).or(set(name)).unwrap_or_else(|| user.clone());
    let email = set(super::env::var("GIT_COMMITTER_EMAIL")).or(set(email)).unwrap_or_else(|| format!("{user}@{host}"));
    Who { name, email, time: now() }
}

/// The machine's name.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The current time of a step's length, for measuring.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn instant() -> std::time::Instant {
    std::time::Instant::now()
}

/// The time as files have it.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn file_time() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
