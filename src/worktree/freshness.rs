//! When the times of a file tell whether it was changed.

use super::dirs::{open_path, to_stat};
use crate::Result;
use crate::host::fs::create_dir_all_private;
use crate::model::Stat;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The coarsest file systems count in steps of two seconds.
const COARSE: Duration = Duration::from_secs(2);
/// No file system that has fractions of a second counts in longer steps, nor does a kernel's clock.
const FINE: Duration = Duration::from_millis(100);
/// How far a file system's clock may be behind ours to pass for the same: one tick of the kernel's, and some.
const BEHIND: Duration = Duration::from_millis(20);

/// How fresh the times of a file may be for another change to have left them as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Freshness {
    /// The file system whose clock is this machine's and has fractions of a second.
    fine: Option<u64>,
}

impl Freshness {
    /// Asks the file system of the directory `probe`, which is made, for the time.
    pub(crate) fn ask(probe: &Path) -> Result<Freshness> {
        create_dir_all_private(probe)?;
        let stat = rustix::fs::fstat(open_path(probe)?).map(|stat| to_stat(&stat));
        Ok(Freshness::told(stat.ok(), crate::host::clock::file_time()))
    }

    /// From a file or directory that was changed just before `now`. A file system that gave it an older time, as one on
    /// another machine may, is believed less; so is one that an old directory stands on.
    fn told(probe: Option<Stat>, now: SystemTime) -> Freshness {
        let near = |stat: &Stat| stat.mtime.1 != 0 && time_of(stat) >= Some(now - BEHIND);
        Freshness { fine: probe.filter(near).map(|stat| stat.dev) }
    }

    /// Whether a file that was looked at no earlier than `at` may have been changed since without other times.
    pub(crate) fn is_racy(self, stat: &Stat, at: SystemTime) -> bool {
        let step = if self.fine == Some(stat.dev) && stat.mtime.1 != 0 { FINE } else { COARSE };
        time_of(stat).is_none_or(|time| time >= at - step)
    }
}

/// The time of the last change; `None`: before 1970, or not to be told.
fn time_of(stat: &Stat) -> Option<SystemTime> {
    let (seconds, nanos) = stat.mtime;
    UNIX_EPOCH.checked_add(Duration::new(u64::try_from(seconds).ok()?, nanos.min(999_999_999)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(dev: u64, millis: u64, nanos: u32) -> Stat {
        Stat { dev, mtime: ((millis / 1000) as i64, (millis % 1000) as u32 * 1_000_000 + nanos), ..Stat::default() }
    }

    #[test]
    fn a_second_tells_where_the_clock_is_ours_and_fine() {
        let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        let fine = Freshness::told(Some(stat(7, 9_995, 3)), at(10_000));
        let looked = at(9_000);
        assert!(!fine.is_racy(&stat(7, 8_800, 1), looked));
        assert!(fine.is_racy(&stat(7, 8_950, 1), looked));
        assert!(fine.is_racy(&stat(7, 9_500, 1), looked), "changed after the look");
        assert!(fine.is_racy(&stat(8, 8_800, 1), looked), "another file system");
        assert!(fine.is_racy(&stat(7, 8_000, 0), looked), "a time in whole seconds");
        assert!(!fine.is_racy(&stat(7, 6_000, 0), looked));
        // The clock of the file system is behind ours, has no fractions, or was not asked.
        for probe in [Some(stat(7, 9_900, 3)), Some(stat(7, 10_000, 0)), None] {
            let coarse = Freshness::told(probe, at(10_000));
            assert!(coarse.is_racy(&stat(7, 8_800, 1), looked), "{probe:?}");
            assert!(!coarse.is_racy(&stat(7, 6_900, 1), looked), "{probe:?}");
        }
    }

    #[test]
    fn the_file_system_is_asked() {
        let dir = tempfile::tempdir().unwrap();
        let fresh = Freshness::ask(&dir.path().join("stage")).unwrap();
        let now = crate::host::clock::file_time();
        let long_ago = Stat { mtime: (1_000_000_000, 1), ..Stat::default() };
        assert!(!fresh.is_racy(&long_ago, now));
    }
}
