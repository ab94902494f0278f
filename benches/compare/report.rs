//! The table, and the same as JSON.

use super::rows::Row;
use super::run::{Cost, ask};
use std::path::Path;

/// The figures of one row.
pub(crate) struct Result {
    pub row: Row,
    pub git: Vec<Cost>,
    pub ours: Vec<Cost>,
}

impl Result {
    /// The median of the ratios, each taken inside one round: what else the machine does hits both sides alike.
    fn ratio(&self) -> f64 {
        median(self.git.iter().zip(&self.ours).map(|(git, ours)| ours.millis / git.millis).collect())
    }

    fn ratios(&self) -> (f64, f64) {
        let all = self.git.iter().zip(&self.ours).map(|(git, ours)| ours.millis / git.millis);
        all.fold((f64::INFINITY, 0.0), |(low, high), ratio| (low.min(ratio), high.max(ratio)))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

fn millis(costs: &[Cost]) -> f64 {
    median(costs.iter().map(|cost| cost.millis).collect())
}

fn cpu(costs: &[Cost]) -> f64 {
    median(costs.iter().map(|cost| cost.cpu).collect())
}

fn mebibytes(costs: &[Cost]) -> f64 {
    costs.iter().map(|cost| cost.peak).max().unwrap_or(0) as f64 / 1024.0
}

/// The first lines of the table.
pub(crate) fn heading() -> String {
    "| row | files | against | git ms | rollback ms | ratio (low to high) | at most | CPU ms | CPU ratio | git MiB | rollback MiB |\n\
     |---|---|---|---|---|---|---|---|---|---|---|"
        .to_owned()
}

/// One line of the table.
pub(crate) fn line(result: &Result) -> String {
    let row = &result.row;
    let (low, high) = result.ratios();
    let at_most = row.at_most.map_or_else(|| "-".to_owned(), |at_most| format!("{at_most}"));
    let files = if row.kind.points == 0 {
        row.kind.files.to_string()
    } else {
        format!("{}, {} points", row.kind.files, row.kind.points)
    };
    format!(
        "| {} | {files} | `{}` | {:.1} | {:.1} | **{:.2}** ({low:.2} to {high:.2}) | {at_most} | {:.0} / {:.0} | {:.2} | {:.0} | {:.0} |",
        row.name,
        row.against,
        millis(&result.git),
        millis(&result.ours),
        result.ratio(),
        cpu(&result.git),
        cpu(&result.ours),
        cpu(&result.ours) / cpu(&result.git),
        mebibytes(&result.git),
        mebibytes(&result.ours),
    )
}

/// All figures, every single run among them.
pub(crate) fn json(results: &[Result], file_system: &str) -> String {
    let side = |costs: &[Cost]| {
        serde_json::json!({
            "median_ms": millis(costs),
            "runs_ms": costs.iter().map(|cost| cost.millis).collect::<Vec<_>>(),
            "median_cpu_ms": cpu(costs),
            "peak_mib": mebibytes(costs),
        })
    };
    let rows: Vec<_> = results
        .iter()
        .map(|result| {
            serde_json::json!({
                "row": result.row.name,
                "against": result.row.against,
                "files": result.row.kind.files,
                "points": result.row.kind.points,
                "at_most": result.row.at_most,
                "ratio": result.ratio(),
                "git": side(&result.git),
                "rollback": side(&result.ours),
            })
        })
        .collect();
    format!("{:#}\n", serde_json::json!({ "file_system": file_system, "rows": rows }))
}

/// What kind of file system a directory is on.
pub(crate) fn file_system(dir: &Path) -> String {
    // The numbers are in linux/magic.h.
    let kind = rustix::fs::statfs(dir).map_or(0, |stat| stat.f_type);
    match kind as u64 & 0xffff_ffff {
        0x0102_1994 => "tmpfs".to_owned(),
        0xef53 if has_journal(dir) => "ext4 with a journal".to_owned(),
        0xef53 => "ext4 without a journal".to_owned(),
        0x5846_5342 => "xfs".to_owned(),
        0x9123_683e => "btrfs".to_owned(),
        0x794c_7630 => "overlayfs".to_owned(),
        other => format!("a file system of type {other:#x}"),
    }
}

/// Whether the system has a journal open for the device that a directory is on.
fn has_journal(dir: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = std::fs::metadata(dir).map_or(0, |meta| meta.dev());
    let number = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mount = mounts.lines().find(|line| line.split(' ').nth(2) == Some(&number));
    let source = mount.and_then(|line| line.split(" - ").nth(1)?.split(' ').nth(1)?.rsplit('/').next());
    let Some(source) = source else { return false };
    let journals = std::fs::read_dir("/proc/fs/jbd2").into_iter().flatten().flatten();
    let mut names = journals.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.any(|name| name.strip_prefix(source).is_some_and(|rest| rest.starts_with('-')))
}

/// Git's version.
pub(crate) fn git_version(dir: &Path) -> String {
    ask(dir, "version").trim_start_matches("git version ").to_owned()
}
