//! Choosing from a long list: what is typed narrows it down, and below it stands what the chosen line holds.

use crate::render::escape;
use dialoguer::console::{Key, Term, truncate_str};
use std::io;

/// Rows of the list that are shown at once.
const ROWS: usize = 10;
/// Lines below the list, where the terminal has room.
const PREVIEW: usize = 16;

/// A list under the hands of a person.
pub(super) struct Picker<'a> {
    question: String,
    rows: &'a [String],
    preview: &'a dyn Fn(usize) -> String,
    filter: String,
    /// Rows that match the filter, best first.
    shown: Vec<usize>,
    /// The row under the cursor, as a place in `shown`.
    at: usize,
    marked: Vec<usize>,
    /// The preview that was made last.
    looked_at: Option<(usize, String)>,
}

/// What a key leads to.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    GoOn,
    Chosen(Vec<usize>),
    Given,
}

/// Lets a person choose rows; `None`: none of them.
pub(super) fn pick(
    term: &Term,
    question: &str,
    rows: &[String],
    preview: &dyn Fn(usize) -> String,
) -> io::Result<Option<Vec<usize>>> {
    let rows: Vec<String> = rows.iter().map(escape::line).collect();
    let mut picker = Picker::new(question, &rows, preview);
    loop {
        let (height, width) = term.size();
        let lines = picker.lines(usize::from(height), usize::from(width));
        for line in &lines {
            term.write_line(line)?;
        }
        let key = term.read_key();
        term.clear_last_lines(lines.len())?;
        match picker.key(key?) {
            Next::GoOn => {}
            Next::Chosen(rows) => return Ok(Some(rows)),
            Next::Given => return Ok(None),
        }
    }
}

impl<'a> Picker<'a> {
    fn new(question: &str, rows: &'a [String], preview: &'a dyn Fn(usize) -> String) -> Self {
        let (filter, marked) = (String::new(), Vec::new());
        let shown = (0..rows.len()).collect();
        Picker { question: escape::line(question), rows, preview, filter, shown, at: 0, marked, looked_at: None }
    }

    fn key(&mut self, key: Key) -> Next {
        let last = self.shown.len().saturating_sub(1);
        match key {
            Key::Enter if !self.marked.is_empty() => return Next::Chosen(std::mem::take(&mut self.marked)),
            Key::Enter => return self.shown.get(self.at).map_or(Next::GoOn, |row| Next::Chosen(vec![*row])),
            Key::Escape | Key::CtrlC => return Next::Given,
            Key::ArrowUp | Key::BackTab => self.at = self.at.saturating_sub(1),
            Key::ArrowDown => self.at = (self.at + 1).min(last),
            Key::PageUp => self.at = self.at.saturating_sub(ROWS),
            Key::PageDown => self.at = (self.at + ROWS).min(last),
            Key::Home => self.at = 0,
            Key::End => self.at = last,
            Key::Tab => {
                if let Some(row) = self.shown.get(self.at) {
                    match self.marked.iter().position(|marked| marked == row) {
                        Some(at) => drop(self.marked.remove(at)),
                        None => self.marked.push(*row),
                    }
                }
                self.at = (self.at + 1).min(last);
            }
            Key::Backspace => {
                self.filter.pop();
                self.narrow();
            }
            Key::Char('\u{15}') => {
                self.filter.clear();
                self.narrow();
            }
            Key::Char(c) if !c.is_control() => {
                self.filter.push(c);
                self.narrow();
            }
            _ => {}
        }
        Next::GoOn
    }

    fn narrow(&mut self) {
        let mut ranked: Vec<(u8, usize)> = (0..self.rows.len())
            .filter_map(|row| rank(&self.filter, &self.rows[row]).map(|rank| (rank, row)))
            .collect();
        ranked.sort();
        self.shown = ranked.into_iter().map(|(_, row)| row).collect();
        self.at = 0;
    }

    fn lines(&mut self, height: usize, width: usize) -> Vec<String> {
        let width = width.max(20);
        let mut out = vec![cut(&format!("{}: {}", self.question, escape::line(&self.filter)), width)];
        let first = (self.at + 1).saturating_sub(ROWS);
        for (at, row) in self.shown.iter().enumerate().skip(first).take(ROWS) {
            let cursor = if at == self.at { '>' } else { ' ' };
            let mark = if self.marked.contains(row) { '*' } else { ' ' };
            out.push(cut(&format!("{cursor}{mark} {}", self.rows[*row]), width));
        }
        let marked = if self.marked.is_empty() { String::new() } else { format!(", {} marked", self.marked.len()) };
        let help = "type to search, Tab marks several, Enter chooses, Esc leaves";
        out.push(cut(&format!("  {} of {}{marked} ({help})", self.shown.len(), self.rows.len()), width));
        let room = height.saturating_sub(out.len() + 2).min(PREVIEW);
        if let Some(row) = self.shown.get(self.at).copied().filter(|_| room > 2) {
            if self.looked_at.as_ref().is_none_or(|(looked, _)| *looked != row) {
                self.looked_at = Some((row, (self.preview)(row)));
            }
            let text = self.looked_at.as_ref().map(|(_, text)| escape::body(text)).unwrap_or_default();
            out.push("-".repeat(width - 1));
            out.extend(text.lines().take(room - 1).map(|line| cut(&line.replace('\t', "    "), width)));
        }
        out
    }
}

/// A line that does not wrap.
fn cut(line: &str, width: usize) -> String {
    truncate_str(line, width, "…").into_owned()
}

/// How well a row matches, 0 best: all words are in it, or at least their letters in this order; `None`: not.
fn rank(filter: &str, row: &str) -> Option<u8> {
    let row = row.to_lowercase();
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    if words.iter().all(|word| row.contains(word.as_str())) {
        return Some(0);
    }
    let scattered = |word: &String| {
        let mut letters = row.chars();
        word.chars().all(|wanted| letters.any(|letter| letter == wanted))
    };
    words.iter().all(scattered).then_some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_in(picker: &mut Picker<'_>, text: &str) {
        text.chars().for_each(|c| assert_eq!(picker.key(Key::Char(c)), Next::GoOn));
    }

    #[test]
    fn typing_narrows_the_list_down_and_enter_chooses() {
        let rows: Vec<String> =
            ["stash On main: parser", "commit Fix the lexer", "file src/parser.rs"].map(str::to_owned).to_vec();
        let preview = |row: usize| format!("this is\trow {row}\nand more\u{1b}[31m");
        let mut picker = Picker::new("Which?", &rows, &preview);
        assert!(picker.lines(24, 80).join("\n").contains("> "));
        type_in(&mut picker, "PARSER");
        assert_eq!(picker.shown, [0, 2]);
        type_in(&mut picker, " file");
        let lines = picker.lines(24, 80);
        assert!(lines[1].starts_with(">  file src/parser.rs") && lines[2].contains("1 of 3"), "{lines:?}");
        assert!(
            lines.contains(&"this is    row 2".to_owned()) && lines.last().unwrap().contains("\\u{1b}"),
            "{lines:?}"
        );
        assert_eq!(picker.key(Key::Enter), Next::Chosen(vec![2]));
        assert_eq!(picker.key(Key::Escape), Next::Given);
    }

    #[test]
    fn letters_in_order_are_enough_but_rank_behind_words() {
        assert_eq!(rank("flx", "commit Fix the lexer"), Some(1));
        assert_eq!(rank("lexer fix", "commit Fix the lexer"), Some(0));
        assert_eq!(rank("xyz", "commit Fix the lexer"), None);
        assert_eq!(rank("", "x"), Some(0));
    }

    #[test]
    fn several_are_marked_and_nothing_leaves_the_terminal() {
        let rows: Vec<String> = (0..30).map(|n| format!("row {n} {}", "x".repeat(200))).collect();
        let mut picker = Picker::new("Which?", &rows, &|_| "long ".repeat(100));
        picker.key(Key::Tab);
        picker.key(Key::ArrowDown);
        picker.key(Key::Tab);
        picker.key(Key::PageDown);
        picker.key(Key::PageDown);
        picker.key(Key::PageDown);
        assert_eq!(picker.at, 29);
        let lines = picker.lines(12, 40);
        assert!(lines.len() < 14 && lines.iter().all(|line| line.chars().count() <= 40), "{lines:?}");
        assert_eq!(picker.key(Key::Enter), Next::Chosen(vec![0, 2]));
        type_in(&mut picker, "nothing like it");
        assert_eq!(picker.key(Key::Enter), Next::GoOn, "there is nothing to choose");
    }
}
