//! Text from a repository: bytes that are usually, but not always, UTF-8.

/// The bytes as text, with each byte that is not part of valid UTF-8 as `\xNN`.
///
/// Control characters stay: making text safe for a terminal is the renderer's work.
pub fn readable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn bad_bytes_are_spelled() {
        assert_eq!(super::readable(b"a\xffb\n"), "a\\xffb\n");
    }
}
