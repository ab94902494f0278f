//! A moment with the clock's offset at that place, and how people say how long ago it was.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// The first second that RFC 3339 can write: the start of the year 0.
const EARLIEST: i64 = -62_167_219_200;
/// The last one: the end of the year 9999.
const LATEST: i64 = 253_402_300_799;
/// One day less a minute: no place on earth is further from Greenwich, and RFC 3339 has no room for more.
const WIDEST_OFFSET: i32 = 24 * 60 - 1;

/// A moment: seconds since 1970 and the minutes that local time was ahead of UTC.
///
/// Written as RFC 3339 (`2026-01-10T17:00:00+01:00`). Values outside the years 0 to 9999 are pulled to that range,
/// because dates in a repository are input and may be nonsense.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time {
    /// Seconds since 1970-01-01 00:00 UTC.
    pub seconds: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

/// Which end of a minute or a day is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Its first second.
    Start,
    /// Its last second.
    End,
}

impl Time {
    /// From seconds since 1970 and minutes east of UTC.
    pub fn new(seconds: i64, offset_minutes: i32) -> Self {
        Time { seconds, offset_minutes }
    }

    /// Reads RFC 3339; parts of a second are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, clock) = text.split_once(['T', 't', ' '])?;
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let at = clock.find(['Z', 'z', '+', '-'])?;
        let (clock, zone) = clock.split_at(at);
        let [hour, minute, second] = numbers(clock.split('.').next()?, ':', [2, 2, 2])?;
        let offset = match zone.split_at(1) {
            ("Z" | "z", "") => 0,
            (sign, rest) => {
                let [hours, minutes] = numbers(rest, ':', [2, 2])?;
                if hours > 23 || minutes > 59 {
                    return None;
                }
                (hours * 60 + minutes) * if sign == "-" { -1 } else { 1 }
            }
        };
        let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
        let local = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        in_range.then(|| Time::new(local - offset * 60, offset as i32))
    }

    /// Seconds since 1970 of a moment as people tell it, seen from this one: `2h` ago, `17:05` today, a local date,
    /// a local date and time, or RFC 3339. Where seconds are not told, `edge` says which end of the span is meant.
    pub fn told(self, text: &str, edge: Edge) -> Option<i64> {
        if let Some(unit) = text.chars().last().filter(|c| c.is_ascii_alphabetic() && !text.contains('-')) {
            let factor = match unit {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86_400,
                'w' => 7 * 86_400,
                _ => return None,
            };
            let count: i64 = text[..text.len() - 1].parse().ok().filter(|count| *count >= 0)?;
            return self.seconds.checked_sub(count.checked_mul(factor)?);
        }
        let (day_edge, edge) = match edge {
            Edge::Start => ("00:00:00", "00"),
            Edge::End => ("23:59:59", "59"),
        };
        let full = match text.len() {
            5 => format!("{}T{text}:{edge}", &self.to_string()[..10]),
            10 => format!("{text}T{day_edge}"),
            16 => format!("{text}:{edge}"),
            _ => text.to_owned(),
        };
        if let Some(time) = Time::parse(&full) {
            return Some(time.seconds);
        }
        let local = Time::parse(&format!("{full}Z"))?;
        Some(local.seconds - i64::from(self.offset_minutes) * 60)
    }

    /// Local time for names: `20260110-170000`.
    pub fn compact(self) -> String {
        let digits: String = self.to_string().chars().take(19).filter(char::is_ascii_digit).collect();
        format!("{}-{}", &digits[..8], &digits[8..])
    }

    /// How long before `now` this was, in words: `3 minutes ago`.
    pub fn age(self, now: Time) -> String {
        let seconds = i128::from(now.seconds) - i128::from(self.seconds);
        let words = span_words(seconds.unsigned_abs());
        match (words, seconds > 0) {
            (None, _) => "just now".to_owned(),
            (Some(words), true) => format!("{words} ago"),
            // A clock that was ahead when the record was made: saying so beats a negative age.
            (Some(words), false) => format!("in {words}"),
        }
    }
}

/// `3 minutes`; nothing for less than ten seconds.
fn span_words(seconds: u128) -> Option<String> {
    const UNITS: [(u128, &str); 7] = [
        (365 * 86_400, "year"),
        (30 * 86_400, "month"),
        (7 * 86_400, "week"),
        (86_400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    if seconds < 10 {
        return None;
    }
    let (size, name) = UNITS.into_iter().find(|(size, _)| seconds >= *size)?;
    let count = seconds / size;
    Some(format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
}

/// Numbers of exactly these many digits with `by` between them.
fn numbers<const N: usize>(text: &str, by: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut out = [0; N];
    let mut parts = text.split(by);
    for (slot, want) in out.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != want || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
}

/// Days since 1970 of a date in the Gregorian calendar (the year starts in March, so that leap days come last).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date of a day counted from 1970.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.offset_minutes.clamp(-WIDEST_OFFSET, WIDEST_OFFSET);
        let local = self.seconds.saturating_add(i64::from(offset) * 60).clamp(EARLIEST, LATEST);
        let (year, month, day) = civil_from_days(local.div_euclid(86_400));
        let second = local.rem_euclid(86_400);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        // By hand: there are lists of ten thousands.
        let mut text = *b"0000-00-00T00:00:00";
        let places = [(0, year / 100), (2, year % 100), (5, month), (8, day), (11, hour), (14, minute), (17, second)];
        for (at, number) in places {
            text[at] += (number / 10) as u8;
            text[at + 1] += (number % 10) as u8;
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())?;
        match offset {
            0 => f.write_str("Z"),
            _ => {
                let sign = if offset < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
            }
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'_, str>>::deserialize(deserializer)?;
        Time::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Edge, Time};
    use proptest::prelude::*;

    #[test]
    fn known_moments() {
        assert_eq!(Time::new(0, 0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Time::new(1_709_164_800, 60).to_string(), "2024-02-29T01:00:00+01:00");
        assert_eq!(Time::new(-1, -330).to_string(), "1969-12-31T18:29:59-05:30");
        assert_eq!(Time::new(i64::MAX, i32::MAX).to_string(), "9999-12-31T23:59:59+23:59");
        assert_eq!(Time::new(i64::MIN, i32::MIN).to_string(), "0000-01-01T00:00:00-23:59");
    }

    #[test]
    fn ages_in_words() {
        let now = Time::new(1_000_000, 0);
        let age = |before: i64| Time::new(1_000_000 - before, 0).age(now);
        assert_eq!(age(3), "just now");
        assert_eq!(age(59), "59 seconds ago");
        assert_eq!(age(60), "1 minute ago");
        assert_eq!(age(7200), "2 hours ago");
        assert_eq!(age(-7200), "in 2 hours");
        assert_eq!(age(i64::MAX), "292471208677 years ago");
        assert_eq!(Time::new(i64::MAX, 0).age(Time::new(i64::MIN, 0)), "in 584942417355 years");
    }

    #[test]
    fn compact_times() {
        assert_eq!(Time::new(1_709_164_800, 60).compact(), "20240229-010000");
    }

    #[test]
    fn nonsense_is_not_a_time() {
        for text in
            ["", "2024", "2024-02-29", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00+1:00"]
        {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn told_times_are_ages_or_local_dates() {
        let now = Time { seconds: 1_000_000, offset_minutes: 60 };
        assert_eq!(now.told("2h", Edge::End), Some(1_000_000 - 7200));
        assert_eq!(now.told("1970-01-02T01:00", Edge::End), Some(86_400 + 59));
        assert_eq!(now.told("1970-01-02T01:00", Edge::Start), Some(86_400));
        assert_eq!(now.told("1970-01-02", Edge::Start), Some(86_400 - 3600));
        assert_eq!(now.told("1970-01-02T01:00:00Z", Edge::End), Some(86_400 + 3600));
        assert_eq!(now.to_string(), "1970-01-12T14:46:40+01:00");
        assert_eq!(now.told("14:05", Edge::Start), Time::parse("1970-01-12T14:05:00+01:00").map(|t| t.seconds));
        for bad in ["2x", "-2h", "", "h", "25:00", "yesterday"] {
            assert_eq!(now.told(bad, Edge::End), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_comes_back(seconds in -60_000_000_000i64..250_000_000_000, offset in -1439i32..1440) {
            let time = Time::new(seconds, offset);
            prop_assert_eq!(Time::parse(&time.to_string()), Some(time));
        }
    }
}
