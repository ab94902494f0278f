//! A file's bytes as text, and back: exactly the same bytes, whatever the encoding.

use crate::{Error, Result};

/// How bytes stand for characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Little,
    Utf16Big,
    /// Not UTF-8: each byte stands for itself. What is ASCII in it can be read, the rest passes through.
    Bytes,
}

/// A file that was read as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    encoding: Encoding,
    mark: bool,
    /// The text, without a byte-order mark.
    pub text: String,
}

impl Text {
    /// Reads bytes.
    ///
    /// # Errors
    /// Refused when they are not text.
    pub fn read(bytes: &[u8]) -> Result<Text> {
        let (encoding, mark, rest) = match bytes {
            [0xef, 0xbb, 0xbf, rest @ ..] => (Encoding::Utf8, true, rest),
            [0xff, 0xfe, rest @ ..] => (Encoding::Utf16Little, true, rest),
            [0xfe, 0xff, rest @ ..] => (Encoding::Utf16Big, true, rest),
            _ => (Encoding::Utf8, false, bytes),
        };
        let not_text = || Error::refused("it is not a text file");
        let (encoding, text) = match encoding {
            Encoding::Utf16Little | Encoding::Utf16Big => {
                let pair = |b: &[u8]| match encoding {
                    Encoding::Utf16Little => u16::from_le_bytes([b[0], b[1]]),
                    _ => u16::from_be_bytes([b[0], b[1]]),
                };
                let units: Vec<u16> = rest.chunks_exact(2).map(pair).collect();
                (encoding, String::from_utf16(&units).map_err(|_| not_text())?)
            }
            _ => match std::str::from_utf8(rest) {
                Ok(text) => (Encoding::Utf8, text.to_owned()),
                Err(_) => (Encoding::Bytes, rest.iter().map(|&b| char::from(b)).collect()),
            },
        };
        let text = Text { encoding, mark, text };
        if text.text.contains('\0') || text.bytes_of(&text.text) != bytes {
            return Err(not_text());
        }
        Ok(text)
    }

    /// The bytes of another text in the same encoding.
    pub fn bytes_of(&self, text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        match self.encoding {
            Encoding::Utf8 => {
                out.extend_from_slice(if self.mark { &[0xef, 0xbb, 0xbf] } else { &[] });
                out.extend_from_slice(text.as_bytes());
            }
            Encoding::Utf16Little => {
                out.extend_from_slice(&[0xff, 0xfe]);
                out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
            }
            Encoding::Utf16Big => {
                out.extend_from_slice(&[0xfe, 0xff]);
                out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
            }
            Encoding::Bytes => {
                out.extend_from_slice(if self.mark { &[0xef, 0xbb, 0xbf] } else { &[] });
                // What was read from a byte goes back to that byte; versions are ASCII.
                out.extend(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')));
            }
        }
        out
    }

    /// The line (from 1) at a position, for people.
    pub fn line(&self, at: usize) -> usize {
        1 + self.text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_comes_back_as_it_was() {
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("é 1.0".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let big: Vec<u8> = [0xfe, 0xff].into_iter().chain("é 1.0".encode_utf16().flat_map(u16::to_be_bytes)).collect();
        for bytes in [b"a\r\n".to_vec(), b"\xef\xbb\xbfa".to_vec(), b"caf\xe9 1.0".to_vec(), utf16, big, Vec::new()] {
            let text = Text::read(&bytes).unwrap();
            assert_eq!(text.bytes_of(&text.text), bytes);
        }
        assert!(Text::read(b"a\0b").is_err());
        assert!(Text::read(&[0xff, 0xfe, 0x41]).is_err());
    }
}
