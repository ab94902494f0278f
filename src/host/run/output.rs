//! What a command prints: line by line to the person, and up to a limit into the record.

use super::secrets::Secrets;
use crate::host::Talk;
use std::collections::VecDeque;

/// A line above this length is cut.
const LONGEST_LINE: usize = 8 << 10;

/// Takes what a command prints.
pub(super) struct Output<'a> {
    talk: &'a dyn Talk,
    name: &'a str,
    secrets: &'a Secrets,
    line: Vec<u8>,
    /// Whether the rest of this line is dropped.
    cut: bool,
    kept: Kept,
}

impl<'a> Output<'a> {
    pub(super) fn new(talk: &'a dyn Talk, name: &'a str, secrets: &'a Secrets, keep: usize) -> Self {
        Output { talk, name, secrets, line: Vec::new(), cut: false, kept: Kept::new(keep) }
    }

    /// More bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        // A carriage return redraws a line: each state is a line of its own here.
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let ends = piece.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r'));
            let text = if ends { &piece[..piece.len() - 1] } else { piece };
            // One secret more than is shown: what is cut off is never half of one.
            let room = (LONGEST_LINE + self.secrets.longest()).saturating_sub(self.line.len());
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            self.cut |= text.len() > room;
            self.kept.left_out += text.len().saturating_sub(room) as u64;
            if ends && !(piece == b"\n" && self.line.is_empty() && self.kept.after_return) {
                self.end_line();
            }
            self.kept.after_return = piece.ends_with(b"\r");
        }
    }

    fn end_line(&mut self) {
        let text = self.secrets.hide(&String::from_utf8_lossy(&self.line));
        let mut end = text.len().min(if self.cut { LONGEST_LINE } else { usize::MAX });
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = if self.cut { format!("{} ...", &text[..end]) } else { text };
        self.talk.output(self.name, &text);
        self.kept.add(text);
        self.line.clear();
        self.cut = false;
    }

    /// The end: what is kept, and how much is not.
    pub(super) fn finish(mut self) -> (String, u64) {
        if !self.line.is_empty() {
            self.end_line();
        }
        self.kept.finish()
    }
}

/// The beginning and the end of a text.
struct Kept {
    head: String,
    tail: VecDeque<String>,
    tail_bytes: usize,
    limit: usize,
    left_out: u64,
    after_return: bool,
}

impl Kept {
    fn new(limit: usize) -> Self {
        let (head, tail) = (String::new(), VecDeque::new());
        Kept { head, tail, tail_bytes: 0, limit, left_out: 0, after_return: false }
    }

    fn add(&mut self, line: String) {
        // A quarter for the beginning: the end of an output says more.
        if self.tail.is_empty() && self.left_out == 0 && self.head.len() + line.len() < self.limit / 4 {
            self.head.push_str(&line);
            self.head.push('\n');
            return;
        }
        self.tail_bytes += line.len() + 1;
        self.tail.push_back(line);
        while self.tail_bytes > self.limit * 3 / 4 && self.tail.len() > 1 {
            let Some(gone) = self.tail.pop_front() else { break };
            self.tail_bytes -= gone.len() + 1;
            self.left_out += gone.len() as u64 + 1;
        }
    }

    fn finish(self) -> (String, u64) {
        let mut out = self.head;
        if self.left_out > 0 {
            out.push_str(&format!("[... {} bytes are left out ...]\n", self.left_out));
        }
        for line in self.tail {
            out.push_str(&line);
            out.push('\n');
        }
        (out, self.left_out)
    }
}
