//! Tasks as the settings spell them: a line for the shell, a list that is run as it is, a table with limits, or a
//! list of tables.

use super::values::Span;
use crate::model::{Action, HttpCheck, Task};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The tasks under one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tasks(pub Vec<Spelled>);

/// One task as it is spelled, without what is left to the defaults of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelled {
    action: Action,
    limits: Limits,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Limits {
    name: Option<String>,
    timeout: Option<Duration>,
    cwd: Option<String>,
    environment: BTreeMap<String, String>,
    retries: u32,
    interval: Option<Duration>,
}

/// Which kinds of tasks make sense under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Commands.
    Commands,
    /// Commands and questions to a server.
    Checks,
    /// Commands and addresses that a message is sent to.
    Messages,
}

/// A server that has not answered by then is asked again.
const ANSWER: Duration = Duration::from_secs(10);

impl Tasks {
    /// The tasks with the name and the time limit of their key.
    ///
    /// # Errors
    /// When a task makes no sense there; a sentence.
    pub(super) fn under(self, key: &str, timeout: Duration, takes: Takes) -> Result<Vec<Task>, String> {
        let count = self.0.len();
        let mut out: Vec<Task> = Vec::new();
        for (at, Spelled { action, limits }) in self.0.into_iter().enumerate() {
            let odd = match action {
                Action::Http(_) if takes != Takes::Checks => Some("http"),
                Action::Webhook(_) if takes != Takes::Messages => Some("webhook"),
                _ => None,
            };
            if let Some(odd) = odd {
                return Err(format!("`{key}` takes no `{odd}`"));
            }
            let name =
                limits.name.unwrap_or_else(|| if count == 1 { key.to_owned() } else { format!("{key} {}", at + 1) });
            if out.iter().any(|task| task.name == name) {
                return Err(format!("`{key}` has two tasks called {name}"));
            }
            let is_http = matches!(action, Action::Http(_));
            out.push(Task {
                name,
                action,
                timeout: limits.timeout.unwrap_or(if is_http { timeout.min(ANSWER) } else { timeout }),
                cwd: limits.cwd.unwrap_or_default(),
                environment: limits.environment,
                retries: limits.retries,
                interval: limits.interval.unwrap_or(Duration::from_secs(2)),
            });
        }
        Ok(out)
    }
}

/// The table form.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Table {
    run: Option<Line>,
    http: Option<String>,
    webhook: Option<String>,
    expect: Option<Codes>,
    contains: Option<String>,
    within: Option<Span>,
    name: Option<String>,
    timeout: Option<Span>,
    cwd: Option<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    retries: u32,
    interval: Option<Span>,
}

impl Table {
    fn spelled<E: Error>(self) -> Result<Spelled, E> {
        let asks_http = self.expect.is_some() || self.contains.is_some() || self.within.is_some();
        let action = match (self.run, self.http, self.webhook) {
            (Some(Line(action)), None, None) => action,
            (None, Some(url), None) => Action::Http(HttpCheck {
                url: address(url)?,
                expect: self.expect.map(|codes| codes.0).unwrap_or_default(),
                contains: self.contains,
                within: self.within.map(|span| span.0),
            }),
            (None, None, Some(url)) => Action::Webhook(address(url)?),
            _ => return Err(E::custom("a task has exactly one of `run`, `http` and `webhook`")),
        };
        let is_command = matches!(action, Action::Shell(_) | Action::Program(_));
        if asks_http && !matches!(action, Action::Http(_)) {
            return Err(E::custom("`expect`, `contains` and `within` belong to `http`"));
        }
        if !is_command && (self.cwd.is_some() || !self.environment.is_empty()) {
            return Err(E::custom("`cwd` and `environment` belong to `run`"));
        }
        if let Some(cwd) = &self.cwd
            && !is_below(cwd)
        {
            return Err(E::custom(format!("`cwd` must be a directory below the top of the worktree, not {cwd:?}")));
        }
        if let Some(bad) = self.environment.keys().find(|key| key.is_empty() || key.contains(['=', '\0'])) {
            return Err(E::custom(format!("{bad:?} cannot be the name of a variable")));
        }
        if self.timeout.is_some_and(|span| span.0.is_zero()) {
            return Err(E::custom("`timeout` must be more than nothing"));
        }
        let limits = Limits {
            name: self.name,
            timeout: self.timeout.map(|span| span.0),
            cwd: self.cwd,
            environment: self.environment,
            retries: self.retries,
            interval: self.interval.map(|span| span.0),
        };
        Ok(Spelled { action, limits })
    }
}

/// Whether a path stays below where it starts.
pub(super) fn is_below(path: &str) -> bool {
    !path.contains(['\0', '\n'])
        && std::path::Path::new(path)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir))
}

fn address<E: Error>(url: String) -> Result<String, E> {
    let known = url.starts_with("http://") || url.starts_with("https://") || url.starts_with("${");
    if known {
        Ok(url)
    } else {
        Err(E::custom(format!("{url:?} is not an address: it begins with http:// or https://")))
    }
}

/// `run`: a line or a list.
struct Line(Action);

fn line<E: Error>(text: &str) -> Result<Action, E> {
    if text.trim().is_empty() || text.contains('\0') {
        return Err(E::custom("a command is empty"));
    }
    Ok(Action::Shell(text.to_owned()))
}

fn program<E: Error>(words: Vec<String>) -> Result<Action, E> {
    if words.first().is_none_or(|word| word.is_empty()) || words.iter().any(|word| word.contains('\0')) {
        return Err(E::custom("a command is empty"));
    }
    Ok(Action::Program(words))
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lines;
        impl<'de> Visitor<'de> for Lines {
            type Value = Line;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a line for the shell, or a list of a program and its arguments")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Line, E> {
                line(text).map(Line)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Line, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = seq.next_element()? {
                    words.push(word);
                }
                program(words).map(Line)
            }
        }
        deserializer.deserialize_any(Lines)
    }
}

fn status_code<E: Error>(code: i64) -> Result<u16, E> {
    let known = u16::try_from(code).ok().filter(|code| (100..600).contains(code));
    known.ok_or_else(|| E::custom("a status code is between 100 and 599"))
}

/// `expect`: one status code or several.
struct Codes(Vec<u16>);

impl<'de> Deserialize<'de> for Codes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Codes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a status code such as 200, or a list of them")
            }

            fn visit_i64<E: Error>(self, code: i64) -> Result<Codes, E> {
                status_code(code).map(|code| Codes(vec![code]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Codes, A::Error> {
                let mut codes = Vec::new();
                while let Some(code) = seq.next_element::<i64>()? {
                    codes.push(status_code(code)?);
                }
                Ok(Codes(codes))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// An element of a list: a word of a command, or a task of its own.
enum Element {
    Word(String),
    Task(Spelled),
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements;
        impl<'de> Visitor<'de> for Elements {
            type Value = Element;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word, or a table with `run`, `http` or `webhook`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Element, E> {
                Ok(Element::Word(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Element, A::Error> {
                Table::deserialize(MapAccessDeserializer::new(map))?.spelled().map(Element::Task)
            }
        }
        deserializer.deserialize_any(Elements)
    }
}

impl<'de> Deserialize<'de> for Tasks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Tasks;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a line for the shell, a list of a program and its arguments, a table, or a list of tables")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Tasks, E> {
                let plain = |action| Spelled { action, limits: Limits::default() };
                line(text).map(|action| Tasks(vec![plain(action)]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Tasks, A::Error> {
                Table::deserialize(MapAccessDeserializer::new(map))?.spelled().map(|task| Tasks(vec![task]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tasks, A::Error> {
                let (mut words, mut tasks) = (Vec::new(), Vec::new());
                while let Some(element) = seq.next_element()? {
                    match element {
                        Element::Word(word) => words.push(word),
                        Element::Task(task) => tasks.push(task),
                    }
                }
                match (words.is_empty(), tasks.is_empty()) {
                    (true, _) => Ok(Tasks(tasks)),
                    (false, true) => {
                        program(words).map(|action| Tasks(vec![Spelled { action, limits: Limits::default() }]))
                    }
                    (false, false) => Err(A::Error::custom("a list has words or tables, not both")),
                }
            }
        }
        deserializer.deserialize_any(Any)
    }
}
