//! The only way by which text from a repository (names, messages, paths, authors) reaches an output.
//!
//! A name may hold anything but a zero byte: sequences that move the cursor or change the window's title, line ends that
//! fake a line of ours, marks that turn the reading direction. All of them are spelled out.

use std::fmt::Write;

/// One line: nothing in it can end the line, move the cursor or turn the reading direction.
///
/// Invalid UTF-8 becomes `\xNN`; line end, carriage return and tab become `\n`, `\r`, `\t`; all other dangerous
/// characters become `\u{..}`.
pub fn line(bytes: impl AsRef<[u8]>) -> String {
    escape(bytes.as_ref(), |_| false)
}

/// A text of several lines: as [`line()`], but line ends stay.
pub fn lines(bytes: impl AsRef<[u8]>) -> String {
    escape(bytes.as_ref(), |c| c == '\n')
}

/// A patch or a script: as [`line()`], but line ends and tabs stay.
pub fn body(bytes: impl AsRef<[u8]>) -> String {
    escape(bytes.as_ref(), |c| matches!(c, '\n' | '\t'))
}

/// JSON that was serialised already: what is dangerous stands only inside strings there, where `\uNNNN` means the same.
pub(super) fn json(document: &str) -> String {
    if is_plain(document.as_bytes()) {
        return document.to_owned();
    }
    let mut out = String::with_capacity(document.len());
    for c in document.chars() {
        if is_dangerous(c) {
            push(&mut out, format_args!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a character could do more than be read.
pub fn is_dangerous(c: char) -> bool {
    // C0, DEL and C1 controls; marks that turn the reading direction; separators of lines and paragraphs.
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Most texts are: there is nothing in them to look at.
fn is_plain(bytes: &[u8]) -> bool {
    // Without a way out in the middle, so that many bytes are compared at a time.
    bytes.iter().fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte))
}

fn escape(bytes: &[u8], stays: impl Fn(char) -> bool) -> String {
    if is_plain(bytes)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return text.to_owned();
    }
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                c if !is_dangerous(c) || stays(c) => out.push(c),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c => push(&mut out, format_args!("\\u{{{:x}}}", u32::from(c))),
            }
        }
        for byte in chunk.invalid() {
            push(&mut out, format_args!("\\x{byte:02x}"));
        }
    }
    out
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_kind_of_danger() {
        assert_eq!(line(b"a\x1b[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(line("a\n\tb\r"), "a\\n\\tb\\r");
        assert_eq!(line("\u{7f}\u{85}\u{9b}31m"), "\\u{7f}\\u{85}\\u{9b}31m");
        assert_eq!(line("\u{202e}gpj.exe\u{2066}\u{200f}\u{2028}"), "\\u{202e}gpj.exe\\u{2066}\\u{200f}\\u{2028}");
        assert_eq!(line(b"caf\xe9 \xff"), "caf\\xe9 \\xff");
        assert_eq!(line("héllo 日本 🦀"), "héllo 日本 🦀");
        assert_eq!(lines("a\nb\tc"), "a\nb\\tc");
        assert_eq!(body("a\nb\tc\r"), "a\nb\tc\\r");
        assert_eq!(json("\"\u{9b}\u{202e}é\""), "\"\\u009b\\u202eé\"");
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_left(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(!line(&bytes).chars().any(is_dangerous));
            prop_assert!(!body(&bytes).chars().any(|c| is_dangerous(c) && !matches!(c, '\n' | '\t')));
        }

        #[test]
        fn no_character_is_overlooked(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(is_dangerous));
            prop_assert!(!json(&text).chars().any(is_dangerous));
        }
    }
}
