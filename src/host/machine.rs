//! What the machine has: never what is in its environment.

use super::fs;
use std::path::Path;

/// Facts about the machine and the file system of `path`, a sentence each.
pub fn facts(path: &Path) -> Vec<String> {
    let mib = |bytes: u64| bytes >> 20;
    let mut out = Vec::new();
    if let Ok(stat) = rustix::fs::statvfs(path) {
        let all = stat.f_blocks.saturating_mul(stat.f_frsize);
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        let used = stat.f_blocks.saturating_sub(stat.f_bfree).saturating_mul(stat.f_frsize);
        let part = (u128::from(used) * 100).checked_div(u128::from(used) + u128::from(free)).unwrap_or(0);
        out.push(format!("disk: {} MiB free of {} MiB, {part} % used", mib(free), mib(all)));
    }
    let memory = fs::read_capped(Path::new("/proc/meminfo"), 1 << 16).ok().flatten().unwrap_or_default();
    let memory = String::from_utf8_lossy(&memory).into_owned();
    let kib = |key: &str| {
        let line = memory.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    if let (Some(free), Some(all)) = (kib("MemAvailable:"), kib("MemTotal:")) {
        out.push(format!("memory: {} MiB free of {} MiB", free >> 10, all >> 10));
    }
    let load = fs::read_capped(Path::new("/proc/loadavg"), 1 << 10).ok().flatten().unwrap_or_default();
    let load = String::from_utf8_lossy(&load).into_owned();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    if load.len() == 3 {
        out.push(format!("load: {} (1, 5 and 15 minutes), {} processors", load.join(", "), super::threads(usize::MAX)));
    }
    let system = rustix::system::uname();
    out.push(format!(
        "system: {} {} on {}",
        system.sysname().to_string_lossy(),
        system.release().to_string_lossy(),
        system.machine().to_string_lossy()
    ));
    out
}
