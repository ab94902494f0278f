//! A text under construction. Whatever is put on it is escaped, so nothing can be forgotten.

use super::escape;
use crate::model::Time;
use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How a text shall look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// With colours.
    pub color: bool,
    /// For a person: aligned columns with a head and ages; otherwise plain lines with tabs and full times.
    pub table: bool,
    /// Full lists.
    pub verbose: bool,
    /// Columns of the terminal, where it is one.
    pub width: Option<usize>,
    /// What time it is, for ages.
    pub now: Time,
}

impl Look {
    /// A time for this output.
    pub(super) fn time(&self, time: Time) -> String {
        if self.table { time.age(self.now) } else { time.to_string() }
    }
}

/// A piece of a line: escaped text in one style.
#[derive(Clone, Debug)]
pub(super) struct Part {
    style: Style,
    text: String,
}

const fn color(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
}

macro_rules! styles {
    ($($(#[$doc:meta])* $name:ident = $style:expr;)*) => {$(
        $(#[$doc])*
        pub(super) fn $name(text: impl AsRef<[u8]>) -> Part {
            Part { style: $style, text: escape::line(text) }
        }
    )*};
}

styles! {
    /// As it is.
    plain = Style::new();
    /// What to see first.
    bold = Style::new().bold();
    /// Secondary.
    dim = Style::new().dimmed();
    /// An identifier.
    id = color(AnsiColor::Yellow);
    /// Something to type.
    code = color(AnsiColor::Cyan);
    /// As it should be.
    good = color(AnsiColor::Green);
    /// Deserves a look.
    warn = color(AnsiColor::Yellow).bold();
    /// Not as it should be.
    bad = color(AnsiColor::Red).bold();
}

/// The text.
pub(super) struct Page<'a> {
    pub(super) look: &'a Look,
    out: String,
}

impl<'a> Page<'a> {
    pub(super) fn new(look: &'a Look) -> Self {
        Page { look, out: String::new() }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// One line.
    pub(super) fn line(&mut self, parts: impl IntoIterator<Item = Part>) {
        for part in parts {
            self.push(&part);
        }
        self.out.push('\n');
    }

    /// An empty line, unless there is one or nothing above it.
    pub(super) fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A heading, with a gap above it.
    pub(super) fn heading(&mut self, text: &str) {
        self.gap();
        self.line([bold(text)]);
    }

    /// A text of several lines, each behind `indent`.
    pub(super) fn message(&mut self, indent: &str, text: &str) {
        for line in escape::lines(text.trim_end()).lines() {
            self.out.push_str(if line.is_empty() { "" } else { indent });
            self.out.push_str(line);
            self.out.push('\n');
        }
    }

    /// A text for another program, with its line ends and tabs.
    pub(super) fn body(&mut self, text: impl AsRef<[u8]>) {
        self.out.push_str(&escape::body(text));
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// A line of a patch in one style, with its tabs.
    pub(super) fn patch_line(&mut self, style: fn(&[u8]) -> Part, line: &[u8]) {
        let text = escape::body(line);
        self.push(&Part { text, ..style(b"") });
        self.out.push('\n');
    }

    /// Rows with aligned columns below a head, or lines with tabs in a pipe.
    pub(super) fn table(&mut self, indent: &str, head: &[&str], rows: impl IntoIterator<Item = Vec<Part>>) {
        if !self.look.table {
            for row in rows {
                for (at, part) in row.iter().enumerate() {
                    self.out.push_str(if at == 0 { "" } else { "\t" });
                    self.out.push_str(&part.text);
                }
                self.out.push('\n');
            }
            return;
        }
        let mut all: Vec<Vec<Part>> = Vec::new();
        if !head.is_empty() {
            all.push(head.iter().map(dim).collect());
        }
        all.extend(rows);
        self.columns(indent, &all);
    }

    fn columns(&mut self, indent: &str, rows: &[Vec<Part>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |at: usize| rows.iter().filter_map(|r| r.get(at)).map(|p| p.text.width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows {
            self.out.push_str(indent);
            let mut used = indent.width();
            let end = row.iter().rposition(|part| !part.text.is_empty()).map_or(0, |at| at + 1);
            for (at, part) in row[..end].iter().enumerate() {
                if at + 1 == end {
                    // Only the last cell is long; a line that wraps makes the table unreadable.
                    self.push(&fit(part, self.look.width.filter(|_| !self.look.verbose), used));
                } else {
                    self.push(part);
                    let pad = widths[at] - part.text.width() + 2;
                    self.out.extend(std::iter::repeat_n(' ', pad));
                    used += widths[at] + 2;
                }
            }
            self.out.push('\n');
        }
    }

    fn push(&mut self, part: &Part) {
        if self.look.color && part.style != Style::new() && !part.text.is_empty() {
            self.out.push_str(&format!("{}{}{}", part.style.render(), part.text, part.style.render_reset()));
        } else {
            self.out.push_str(&part.text);
        }
    }
}

/// The part, cut where the terminal ends.
fn fit(part: &Part, width: Option<usize>, used: usize) -> Part {
    let Some(room) = width.map(|width| width.saturating_sub(used).max(20)) else { return part.clone() };
    if part.text.width() <= room {
        return part.clone();
    }
    let mut text = String::new();
    let mut used = 0;
    for c in part.text.chars() {
        used += c.width().unwrap_or(0);
        if used >= room {
            break;
        }
        text.push(c);
    }
    text.push('…');
    Part { style: part.style, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(look: Look) -> String {
        let mut page = Page::new(&look);
        page.table("  ", &["NAME", "WHAT"], vec![vec![id("日本"), plain("a\tb")], vec![id("x"), plain("")]]);
        page.finish()
    }

    #[test]
    fn columns_are_aligned_for_people_and_tabbed_for_pipes() {
        assert_eq!(table(Look { table: true, ..Look::default() }), "  NAME  WHAT\n  日本  a\\tb\n  x\n");
        assert_eq!(table(Look::default()), "日本\ta\\tb\nx\t\n");
    }

    #[test]
    fn long_cells_are_cut_to_the_terminal() {
        let part = fit(&plain("0123456789012345678901234567890"), Some(30), 5);
        assert_eq!(part.text, "012345678901234567890123…");
    }
}
