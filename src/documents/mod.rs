//! Reports and messages, written by templates: the built-in ones, or users' own of the same name.

use crate::host::fs;
use crate::{Error, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use std::path::Path;

/// A kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// The report of a failed sprint.
    Report,
    /// What others are told.
    Notification,
    /// The analysis of a failed state.
    Analysis,
    /// What happened to a release.
    Postmortem,
}

impl Document {
    /// All of them.
    pub const ALL: [Document; 4] = [Document::Report, Document::Notification, Document::Analysis, Document::Postmortem];

    /// The file name of its template, the same for the built-in one and for users' own.
    pub fn name(self) -> &'static str {
        match self {
            Document::Report => "report.md",
            Document::Notification => "notification.md",
            Document::Analysis => "analysis.md",
            Document::Postmortem => "postmortem.md",
        }
    }

    /// The built-in template.
    pub fn built_in(self) -> &'static str {
        match self {
            Document::Report => include_str!("report.md"),
            Document::Notification => include_str!("notification.md"),
            Document::Analysis => include_str!("analysis.md"),
            Document::Postmortem => include_str!("postmortem.md"),
        }
    }
}

/// A template above this size is not one.
const MOST_BYTES: u64 = 1 << 20;
/// A template that runs longer than this does not come to its end.
const MOST_STEPS: u64 = 5_000_000;

/// Writes a document. `own` is a directory with users' own templates; where it has none of this kind, the built-in one
/// serves.
///
/// # Errors
/// Refused: a template that cannot be read, or that names what there is not; the message has its line and the name.
pub fn write(document: Document, own: Option<&Path>, context: &impl Serialize) -> Result<String> {
    let place = own.map(|dir| dir.join(document.name()));
    let text = match &place {
        Some(place) => fs::read_capped(place, MOST_BYTES)?,
        None => None,
    };
    let shown = place.filter(|_| text.is_some()).map(|place| place.display().to_string());
    let text = match text {
        Some(bytes) => String::from_utf8(bytes)
            .map_err(|e| Error::refused("a template is not UTF-8").because(e).help("save it as UTF-8"))?,
        None => document.built_in().to_owned(),
    };
    let name = shown.unwrap_or_else(|| format!("the built-in {}", document.name()));
    fill(&text, context).map_err(|wrong| {
        Error::refused(format!("the template {name} cannot be used"))
            .because(wrong)
            .help("correct it; docs/templates.md lists what a template can name")
    })
}

/// Fills a template in; an error is a sentence with the line and what was named.
fn fill(text: &str, context: &impl Serialize) -> Result<String, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.map_err(|error| error.to_string())?);
    environment.set_debug(true);
    environment.set_fuel(Some(MOST_STEPS));
    environment.add_filter("line", line);
    environment.add_filter("count", count);
    let rendered = environment.template_from_str(text).and_then(|template| template.render(Serde(context)));
    rendered.map_err(|error| explain(text, &error))
}

/// One line that cannot end a cell of a table or begin a tag.
fn line(value: &Value) -> String {
    let text = value.to_string();
    let plain: Vec<&str> = text.split_whitespace().collect();
    plain.join(" ").replace('|', "\\|").replace('<', "&lt;")
}

/// `1 file`, `3 files`.
fn count(number: u64, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

fn explain(text: &str, error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    let named = error.range().and_then(|range| text.get(range)).map(str::trim).filter(|named| !named.is_empty());
    let what = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    match named {
        Some(named) if !what.contains(named) => format!("{line}{what} (`{named}`)"),
        _ => format!("{line}{what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::report::Story;
    use serde_json::json;

    #[test]
    fn an_error_names_the_line_and_the_variable() {
        let story = Story::default();
        let wrong = fill("# {{ title }}\n\n{{ sprnt }}\n", &story).unwrap_err();
        assert!(wrong.starts_with("line 3: ") && wrong.contains("sprnt"), "{wrong}");
        let wrong = fill("a\n{% for x in baseline.nam %}{% endfor %}", &story).unwrap_err();
        assert!(wrong.starts_with("line 2: ") && wrong.contains("baseline.nam"), "{wrong}");
        let wrong = fill("a\nb\n{{ title | shout }}", &story).unwrap_err();
        assert!(wrong.starts_with("line 3: ") && wrong.contains("shout"), "{wrong}");
        let wrong = fill("{% if %}", &story).unwrap_err();
        assert!(wrong.starts_with("line 1: "), "{wrong}");
        assert!(
            fill("{% for x in range(100000) %}{% for y in range(100000) %}{% endfor %}{% endfor %}", &story).is_err()
        );
    }

    #[test]
    fn names_cannot_break_a_table() {
        let out = fill("{{ a | line }}", &json!({ "a": "x|y\n<script>" })).unwrap();
        assert_eq!(out, "x\\|y &lt;script>");
        let out = fill("{{ 1 | count('file') }}, {{ n | count('file') }}", &json!({ "n": 3 })).unwrap();
        assert_eq!(out, "1 file, 3 files");
    }
}
