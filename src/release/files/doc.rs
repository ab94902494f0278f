//! TOML, JSON and YAML as one tree in which every text knows its bytes in the file.

use super::spot::Span;
use crate::{Error, Result};

/// A value of a document.
#[derive(Clone, Debug, Default)]
pub(super) enum Node {
    /// A text, and where it stands, without quotes.
    Text(String, Span),
    /// Keys with their values, in the order of the file where the format has one.
    Map(Vec<(String, Node)>),
    /// A list.
    List(Vec<Node>),
    /// Whatever else: a number, a date, a reference.
    #[default]
    Other,
}

/// Deeper than any manifest; deeper ones are made to exhaust the stack.
const DEEPEST: usize = 100;

impl Node {
    /// The value at a path of keys. A key that stands twice is not found: nobody can say which one counts.
    pub fn get(&self, keys: &[&str]) -> Option<&Node> {
        let Some((first, rest)) = keys.split_first() else { return Some(self) };
        let Node::Map(entries) = self else { return None };
        let mut found = entries.iter().filter(|(key, _)| key == first);
        match (found.next(), found.next()) {
            (Some((_, node)), None) => node.get(rest),
            _ => None,
        }
    }

    /// A text at a path of keys.
    pub fn text(&self, keys: &[&str]) -> Option<(&str, &Span)> {
        match self.get(keys)? {
            Node::Text(text, span) => Some((text, span)),
            _ => None,
        }
    }

    /// The text alone.
    pub fn str(&self, keys: &[&str]) -> Option<&str> {
        self.text(keys).map(|(text, _)| text)
    }

    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[(String, Node)] {
        match self {
            Node::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Node] {
        match self {
            Node::List(items) => items,
            _ => &[],
        }
    }

    /// The texts of a list.
    pub fn texts(&self) -> Vec<String> {
        let text = |node: &Node| match node {
            Node::Text(text, _) => Some(text.clone()),
            _ => None,
        };
        self.items().iter().filter_map(text).collect()
    }

    /// Refuses a key that stands twice in this map.
    pub fn refuse_twice(&self, key: &str) -> Result<()> {
        if self.entries().iter().filter(|(name, _)| name == key).count() > 1 {
            return Err(Error::refused(format!("\"{key}\" stands in it twice")));
        }
        Ok(())
    }
}

/// The part of a quoted text that is its value.
fn within(source: &str, span: Span, value: &str) -> Span {
    let raw = &source[span.clone()];
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|q| raw.starts_with(q) && raw.len() >= 2 * q.len());
    let quote = quote.map_or(0, str::len);
    let inner = span.start + quote..span.end - quote;
    let text = &source[inner.clone()];
    // A long text may begin on the next line. Written with escapes it is not found: then all of it is the value.
    match text.find(value).filter(|_| text.trim() == value.trim()) {
        Some(at) => inner.start + at..inner.start + at + value.len(),
        None => inner,
    }
}

/// Reads TOML.
pub(super) fn toml(source: &str) -> Result<Node> {
    use toml::de::{DeTable, DeValue};
    fn node(source: &str, value: &toml::Spanned<DeValue<'_>>) -> Node {
        match value.get_ref() {
            DeValue::String(text) => Node::Text(text.to_string(), within(source, value.span(), text)),
            DeValue::Table(table) => Node::Map(entries(source, table)),
            DeValue::Array(items) => Node::List(items.iter().map(|item| node(source, item)).collect()),
            _ => Node::Other,
        }
    }
    fn entries(source: &str, table: &DeTable<'_>) -> Vec<(String, Node)> {
        table.iter().map(|(key, value)| (key.get_ref().to_string(), node(source, value))).collect()
    }
    let table = DeTable::parse(source).map_err(|e| Error::refused("it is not valid TOML").because(e.message()))?;
    Ok(Node::Map(entries(source, table.get_ref())))
}

/// Reads JSON.
pub(super) fn json(source: &str) -> Result<Node> {
    use jsonc_parser::ast::Value;
    fn node(source: &str, value: &Value<'_>) -> Node {
        match value {
            Value::StringLit(text) => {
                Node::Text(text.value.to_string(), within(source, text.range.start..text.range.end, &text.value))
            }
            Value::Object(object) => Node::Map(
                object
                    .properties
                    .iter()
                    .map(|property| (property.name.as_str().to_owned(), node(source, &property.value)))
                    .collect(),
            ),
            Value::Array(array) => Node::List(array.elements.iter().map(|item| node(source, item)).collect()),
            _ => Node::Other,
        }
    }
    let strict = jsonc_parser::ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        ..jsonc_parser::ParseOptions::default()
    };
    let parsed = jsonc_parser::parse_to_ast(source, &jsonc_parser::CollectOptions::default(), &strict)
        .map_err(|e| Error::refused("it is not valid JSON").because(e))?;
    let value = parsed.value.ok_or_else(|| Error::refused("it is not valid JSON").because("it is empty"))?;
    Ok(node(source, &value))
}

/// A YAML value without its anchor and tag.
fn without_properties(source: &str, mut span: Span) -> Span {
    while source[span.clone()].starts_with(['&', '!']) {
        let raw = &source[span.clone()];
        let word = raw.find(char::is_whitespace).unwrap_or(raw.len());
        span.start += raw.len() - raw[word..].trim_start().len();
    }
    span
}

/// Reads YAML: its documents.
pub(super) fn yaml(source: &str) -> Result<Vec<Node>> {
    use saphyr_parser::{Event, Parser};
    /// A map or a list that is not at its end yet.
    enum Open {
        Map(Vec<(String, Node)>, Option<String>),
        List(Vec<Node>),
    }
    let wrong = |why: String| Error::refused("it is not valid YAML").because(why);
    let bytes: Vec<usize> = source.char_indices().map(|(at, _)| at).chain([source.len()]).collect();
    let at = |index: usize| bytes.get(index).copied().unwrap_or(source.len());
    let (mut documents, mut open) = (Vec::new(), Vec::<Open>::new());
    for event in Parser::new_from_str(source) {
        let (event, span) = event.map_err(|e| wrong(e.to_string()))?;
        if open.len() > DEEPEST {
            return Err(wrong("it is nested too deeply".to_owned()));
        }
        let done = match event {
            Event::MappingStart(..) => {
                open.push(Open::Map(Vec::new(), None));
                continue;
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => match open.pop() {
                Some(Open::Map(entries, _)) => Node::Map(entries),
                Some(Open::List(items)) => Node::List(items),
                None => Node::Other,
            },
            Event::Scalar(text, ..) => {
                let span = without_properties(source, at(span.start.index())..at(span.end.index()));
                Node::Text(text.to_string(), within(source, span, text.trim_end()))
            }
            Event::Alias(_) => Node::Other,
            _ => continue,
        };
        match open.last_mut() {
            None => documents.push(done),
            Some(Open::List(items)) => items.push(done),
            Some(Open::Map(entries, key)) => match key.take() {
                Some(key) => entries.push((key, done)),
                None => {
                    *key = Some(match done {
                        Node::Text(text, _) => text,
                        _ => String::new(),
                    });
                }
            },
        }
    }
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<'s>(source: &'s str, node: &Node, keys: &[&str]) -> &'s str {
        let (_, span) = node.text(keys).unwrap_or_else(|| panic!("{keys:?} in {source}"));
        &source[span.clone()]
    }

    #[test]
    fn the_bytes_of_a_text_are_found_in_every_format() {
        let source = "\"é\" = 'x'\r\n[a]\r\nb = { v = '1.0' } # 1.0\r\nc = \"\"\"\r\n2.0\"\"\"\nd = \"\\u0033.0\"";
        let node = toml(source).unwrap();
        assert_eq!(at(source, &node, &["a", "b", "v"]), "1.0");
        assert_eq!(at(source, &node, &["a", "c"]), "2.0");
        assert_eq!(at(source, &node, &["a", "d"]), "\\u0033.0");
        assert_eq!(node.str(&["a", "d"]), Some("3.0"));
        let source = "{\r\n\t\"é\": \"1.0\", \"v\" : \"\\u0031.0\",\"l\":[{\"w\":\"2\"}], \"e\": \"\"}";
        let node = json(source).unwrap();
        assert_eq!(at(source, &node, &["v"]), "\\u0031.0");
        assert_eq!(at(source, &node.get(&["l"]).unwrap().items()[0], &["w"]), "2");
        assert_eq!(at(source, &node, &["e"]), "");
        let source = "# é\r\nv: 1.0  # beside\r\na: &x '2.0'\r\nb: *x\r\nc: \"3.0\"\r\n---\r\nv: 4.0\r\nm:\r\n  - n: 5";
        let nodes = yaml(source).unwrap();
        assert_eq!(at(source, &nodes[0], &["v"]), "1.0");
        assert_eq!(at(source, &nodes[0], &["a"]), "2.0");
        assert_eq!(at(source, &nodes[0], &["c"]), "3.0");
        assert!(nodes[0].text(&["b"]).is_none());
        assert_eq!(at(source, &nodes[1], &["v"]), "4.0");
        assert_eq!(at(source, &nodes[1].get(&["m"]).unwrap().items()[0], &["n"]), "5");
    }

    #[test]
    fn what_stands_twice_is_not_found_and_what_is_broken_is_refused() {
        let node = json("{\"v\":\"1\",\"v\":\"2\"}").unwrap();
        assert!(node.text(&["v"]).is_none());
        assert!(node.refuse_twice("v").is_err());
        assert!(json("{\"v\":\"1\",}").is_err() && json("").is_err() && json("// x\n{}").is_err());
        assert!(toml("v = 1\nv = 2").is_err() && yaml("a: [").is_err());
        assert!(yaml(&"[".repeat(5000)).is_err());
        assert!(json(&"[".repeat(50_000)).is_err() && toml(&format!("a = {}", "[".repeat(50_000))).is_err());
    }
}
