//! XML as a tree in which every text knows its bytes in the file.

use super::spot::Span;
use crate::{Error, Result};
use quick_xml::events::Event;

/// An element.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    /// Its name, without a prefix.
    pub name: String,
    /// The elements in it.
    pub children: Vec<Element>,
    /// Its own text in pieces: comments and the bounds of CDATA come between. White space around the whole is left out.
    pieces: Vec<(String, Span)>,
    /// Where its content begins; none: it has no end tag.
    begins: Option<usize>,
}

/// Deeper than any manifest; deeper ones are made to exhaust the stack.
const DEEPEST: usize = 200;

impl Element {
    /// The only element of a name; none when there are several.
    pub fn child(&self, name: &str) -> Option<&Element> {
        let mut found = self.children.iter().filter(|child| child.name == name);
        found.next().filter(|_| found.next().is_none())
    }

    /// All elements of a name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The only element at a path of names.
    pub fn at(&self, names: &[&str]) -> Option<&Element> {
        names.iter().try_fold(self, |element, name| element.child(name))
    }

    /// Its text.
    pub fn text(&self) -> String {
        self.pieces.iter().map(|(text, _)| text.as_str()).collect()
    }

    /// Where its text stands; of an empty element, where it would.
    pub fn spans(&self) -> Vec<Span> {
        let empty = self.begins.map(|at| at..at).filter(|_| self.pieces.is_empty());
        self.pieces.iter().map(|(_, span)| span.clone()).chain(empty).collect()
    }

    /// Every element below it, itself first.
    pub fn everything(&self) -> Vec<&Element> {
        let mut out = vec![self];
        let mut at = 0;
        while at < out.len() {
            let element = out[at];
            out.extend(&element.children);
            at += 1;
        }
        out
    }

    /// Leaves out the white space before and after the text.
    fn trim(&mut self) {
        let blank = |piece: &(String, Span)| piece.0.trim().is_empty();
        let first = self.pieces.iter().position(|piece| !blank(piece)).unwrap_or(self.pieces.len());
        self.pieces.drain(..first);
        while self.pieces.last().is_some_and(blank) {
            self.pieces.pop();
        }
        if let Some((text, span)) = self.pieces.first_mut() {
            let cut = text.len() - text.trim_start().len();
            span.start += cut;
            text.drain(..cut);
        }
        if let Some((text, span)) = self.pieces.last_mut() {
            let cut = text.len() - text.trim_end().len();
            span.end -= cut;
            text.truncate(text.len() - cut);
        }
    }
}

/// Reads XML: its root element.
pub(super) fn parse(source: &str) -> Result<Element> {
    let wrong = |why: String| Error::refused("it is not valid XML").because(why);
    let mut reader = quick_xml::Reader::from_str(source);
    let mut open = vec![Element::default()];
    loop {
        let start = reader.buffer_position() as usize;
        let event = reader.read_event().map_err(|e| wrong(e.to_string()))?;
        let end = reader.buffer_position() as usize;
        let piece = match event {
            Event::Eof => break,
            Event::Start(tag) => {
                if open.len() > DEEPEST {
                    return Err(wrong("it is nested too deeply".to_owned()));
                }
                let name = tag.local_name().as_ref().to_owned();
                open.push(Element { name, begins: Some(end), ..Element::default() });
                continue;
            }
            Event::End(_) => {
                let mut done = open.pop().unwrap_or_default();
                done.trim();
                open.last_mut().ok_or_else(|| wrong("an end without a beginning".to_owned()))?.children.push(done);
                continue;
            }
            Event::Empty(tag) => {
                let done = Element { name: tag.local_name().as_ref().to_owned(), ..Element::default() };
                if let Some(parent) = open.last_mut() {
                    parent.children.push(done);
                }
                continue;
            }
            Event::Text(_) => (source[start..end].to_owned(), start..end),
            Event::CData(_) => {
                let inner = start + "<![CDATA[".len()..end - "]]>".len();
                (source[inner.clone()].to_owned(), inner)
            }
            Event::GeneralRef(_) => (resolved(&source[start..end]), start..end),
            _ => continue,
        };
        if let Some(element) = open.last_mut() {
            element.pieces.push(piece);
        }
    }
    let root = open.pop().filter(|_| open.is_empty()).unwrap_or_default();
    root.children.into_iter().next().ok_or_else(|| wrong("it does not come to its end".to_owned()))
}

/// The character that an entity such as `&#45;` stands for; entities that a document defines stay as they are.
fn resolved(entity: &str) -> String {
    quick_xml::escape::unescape(entity).map_or_else(|_| entity.to_owned(), |text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_found_among_comments_and_cdata() {
        let source = "\u{e9}<?xml?>\r\n<!DOCTYPE a>\n<a xmlns:p='x'>\n<!-- <v>9</v> --><p:v >\n <![CDATA[1.0]]>-S<!-- c -->&#45;1 \
                      </p:v ><v2/><w a='<'>2</w></a>\n";
        let source = source.trim_start_matches('\u{e9}').replace("'<'", "'&lt;'");
        let root = parse(&source).unwrap();
        let v = root.at(&["v"]).unwrap();
        assert_eq!(v.text(), "1.0-S-1");
        let pieces: Vec<&str> = v.spans().into_iter().map(|span| &source[span]).collect();
        assert_eq!(pieces, ["1.0", "-S", "&#45;", "1"]);
        assert_eq!(root.child("v2").unwrap().text(), "");
        assert_eq!(root.child("w").unwrap().text(), "2");
    }

    #[test]
    fn what_is_broken_or_made_to_break_is_refused() {
        assert!(parse("<a><b></a>").is_err());
        assert!(parse("<a>").is_err());
        assert!(parse("").is_err());
        assert!(parse(&"<a>".repeat(100_000)).is_err());
    }
}
