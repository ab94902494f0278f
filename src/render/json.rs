//! JSON documents: `{"schema": 1, "kind": "<name>", ...}`, one line, nothing in it that could steer a terminal.

use super::escape;
use crate::model::report::{Report, SCHEMA};
use crate::{Error, Result};
use serde::Serialize;

#[derive(Serialize)]
struct Document<T> {
    schema: u32,
    #[serde(flatten)]
    content: T,
}

/// `kind: "error"`.
#[derive(Serialize)]
struct ErrorContent<'a> {
    kind: &'static str,
    code: u8,
    message: &'a str,
    causes: &'a [String],
    help: &'a [String],
}

pub(super) fn report(report: &Report) -> Result<String> {
    write(report)
}

pub(super) fn error(error: &Error) -> Result<String> {
    write(ErrorContent {
        kind: "error",
        code: error.kind().exit_code(),
        message: error.message(),
        causes: error.causes(),
        help: error.helps(),
    })
}

fn write<T: Serialize>(content: T) -> Result<String> {
    let document = Document { schema: SCHEMA, content };
    let text = serde_json::to_string(&document)
        .map_err(|error| Error::fault("cannot write the answer as JSON").because(error))?;
    Ok(escape::json(&text) + "\n")
}
