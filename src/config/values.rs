//! Values of settings that have a spelling of their own: sizes, lengths of time, parts of a hundred.

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use std::fmt;
use std::time::Duration;

/// Bytes: `500k`, `20m`, `2g` as git spells them, or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub u64);

/// A length of time: `500ms`, `90s`, `10m`, `2h`, `1d`, or a number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span(pub Duration);

/// Parts of a hundred: `90%` or `90`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Percent(pub u8);

/// Reads a size.
pub(super) fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_lowercase();
    let (digits, factor) = match text.strip_suffix(['k', 'm', 'g']) {
        Some(digits) if text.ends_with('k') => (digits, 1 << 10),
        Some(digits) if text.ends_with('m') => (digits, 1 << 20),
        Some(digits) => (digits, 1 << 30),
        None => (text.as_str(), 1),
    };
    let number: u64 = digits.parse().ok()?;
    Some(number.saturating_mul(factor))
}

/// Reads a length of time, of at most a year.
pub(super) fn span(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let mut rest = text.trim();
    if !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()) {
        return limited(rest.parse::<u64>().ok()?.checked_mul(1000)?);
    }
    let mut millis = 0u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let (_, factor) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        millis = millis.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        rest = after.trim_start();
    }
    (millis > 0).then(|| limited(millis)).flatten()
}

fn limited(millis: u64) -> Option<Duration> {
    (millis <= 366 * 86_400_000).then(|| Duration::from_millis(millis))
}

fn percent(text: &str) -> Option<u8> {
    text.trim().trim_end_matches('%').parse().ok().filter(|number| *number <= 100)
}

/// Text or a number, read by one function.
struct Spelled<T> {
    expected: &'static str,
    read: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for Spelled<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        (self.read)(&number.to_string()).ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Spelled { expected: "a size such as 500k, 20m or 2g", read: size }).map(Size)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a length of time such as 500ms, 30s, 10m or 2h";
        deserializer.deserialize_any(Spelled { expected, read: span }).map(Span)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(Spelled { expected: "a part of a hundred such as 90%", read: percent })
            .map(Percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_spelled_as_git_does() {
        assert_eq!(size("2k"), Some(2048));
        assert_eq!(size(" 1G "), Some(1 << 30));
        assert_eq!(size("7"), Some(7));
        assert_eq!(size("many"), None);
    }

    #[test]
    fn lengths_of_time() {
        let millis = |text| span(text).map(|d| d.as_millis());
        assert_eq!(millis("500ms"), Some(500));
        assert_eq!(millis("90s"), Some(90_000));
        assert_eq!(millis("1h 30m"), Some(5_400_000));
        assert_eq!(millis("1h30m"), Some(5_400_000));
        assert_eq!(millis("20"), Some(20_000));
        assert_eq!(millis("0"), Some(0));
        for bad in ["", "m", "soon", "-1s", "1.5s", "10 minutes", "5x", "999999d", "99999999999999999999s"] {
            assert_eq!(millis(bad), None, "{bad}");
        }
    }

    #[test]
    fn parts_of_a_hundred() {
        assert_eq!(percent("90%"), Some(90));
        assert_eq!(percent("5"), Some(5));
        assert_eq!(percent("101%"), None);
    }
}
