//! Values that must not get into a record or onto a screen.

use crate::model::{Action, Task};

/// Values of variables that look secret by their name, longest first.
pub(super) struct Secrets(Vec<String>);

/// What the names of secret variables contain.
const TELLING: &[&str] = &[
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "APIKEY",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "WEBHOOK",
    "AUTH",
];

/// What they end in.
const ENDINGS: &[&str] = &["_KEY", "_PASS", "_PWD", "_PAT", "_DSN"];

/// Shorter values would hide half of the output.
const SHORTEST: usize = 6;

impl Secrets {
    /// Those that a task can see: from the environment, and its own.
    pub(super) fn of(task: &Task, more: &[(String, String)]) -> Secrets {
        let own = task.environment.iter().chain(more.iter().map(|(name, value)| (name, value)));
        let own = own.map(|(name, value)| (name.clone(), value.clone()));
        let mut out = Vec::new();
        for (name, value) in crate::host::env::all().into_iter().chain(own) {
            if is_secret(&name) {
                // A value of several lines, such as a key, is printed line by line.
                out.extend(value.lines().map(str::to_owned));
                out.push(value);
            } else {
                out.extend(password_of(&value));
            }
        }
        if let Action::Http(crate::model::HttpCheck { url, .. }) | Action::Webhook(url) = &task.action {
            out.extend(super::http::variables(url).filter_map(crate::host::env::var));
            out.extend(password_of(url));
        }
        out.retain(|value| value.len() >= SHORTEST);
        out.sort_by_key(|value| std::cmp::Reverse(value.len()));
        out.dedup();
        Secrets(out)
    }

    /// The text with every secret replaced.
    pub(super) fn hide(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for secret in &self.0 {
            if out.contains(secret.as_str()) {
                out = out.replace(secret.as_str(), "***");
            }
        }
        out
    }

    /// The longest one, in bytes.
    pub(super) fn longest(&self) -> usize {
        self.0.first().map_or(0, String::len)
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    TELLING.iter().any(|word| name.contains(word)) || ENDINGS.iter().any(|end| name.ends_with(end))
}

/// The password in an address such as `postgres://user:password@host/`.
fn password_of(value: &str) -> Option<String> {
    let (_, rest) = value.split_once("://")?;
    let (user, _) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_names() {
        for name in ["GITHUB_TOKEN", "db_password", "AWS_SECRET_ACCESS_KEY", "SLACK_WEBHOOK_URL", "SIGNING_KEY"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["PATH", "HOME", "KEYBOARD", "PASSENGERS", "LANG"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn passwords_in_addresses() {
        assert_eq!(password_of("postgres://me:hunter22@db/x").as_deref(), Some("hunter22"));
        assert_eq!(password_of("https://example.org/a:b@c"), None);
        assert_eq!(password_of("me:pw@host"), None);
    }

    #[test]
    fn longer_secrets_are_hidden_first() {
        let secrets = Secrets(vec!["secret-and-more".to_owned(), "secret".to_owned()]);
        assert_eq!(secrets.hide("a secret-and-more, a secret"), "a ***, a ***");
    }
}
