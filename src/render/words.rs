//! Numbers and sizes in words.

/// `1 file`, `3 files`.
pub(super) fn count(count: u64, one: &str) -> String {
    match (count, one) {
        (1, _) => format!("1 {one}"),
        (_, one) if one.ends_with('y') && !one.ends_with("ay") => format!("{count} {}ies", &one[..one.len() - 1]),
        _ => format!("{count} {one}s"),
    }
}

/// `512 bytes`, `1.5 MiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return count(bytes, "byte");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        // 1023.95 would be written as 1024.0.
        if value < 1023.95 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// `0.4 s`, `2 min 5 s`, `3 h 20 min`, `4 d 2 h`.
pub(super) fn duration(millis: u64) -> String {
    crate::model::report::Duration::of(millis).words()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(count(0, "file"), "0 files");
        assert_eq!(count(1, "entry"), "1 entry");
        assert_eq!(count(2, "entry"), "2 entries");
        assert_eq!(count(2, "day"), "2 days");
        assert_eq!(size(1023), "1023 bytes");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(1024 * 1024 - 1), "1.0 MiB");
        assert_eq!(size(u64::MAX), "16384.0 PiB");
        assert_eq!(duration(430), "0.4 s");
        assert_eq!(duration(125_000), "2 min 5 s");
        assert_eq!(duration(12_000_000), "3 h 20 min");
        assert_eq!(duration(360_000_000), "4 d 4 h");
    }
}
