//! Rounds: git, ours, git, ours, each from the same state.

use super::lab::{Kind, Lab};
use super::options::Options;
use super::report::{self, Result};
use super::rows::{self, Row, Same, Side, Touches};
use super::run::{Cost, measure};
use std::collections::BTreeMap;

/// Measures all wanted rows, and reports.
pub(crate) fn all(options: &Options) {
    let rows = rows::all(options);
    if options.list {
        rows.iter().for_each(|row| println!("{:34} {}", row.name, row.against));
        return;
    }
    let home = options.dir.join(format!("git-rollback-compare-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let file_system = report::file_system(&home);
    println!("{} rounds on {file_system}; git {}", options.rounds, report::git_version(&home));
    println!("{}", report::heading());
    let mut by_kind: BTreeMap<Kind, Vec<Row>> = BTreeMap::new();
    for row in rows {
        by_kind.entry(row.kind).or_default().push(row);
    }
    let mut results = Vec::new();
    for (n, (kind, rows)) in by_kind.into_iter().enumerate() {
        let place = home.join(n.to_string());
        let lab = Lab::make(place.clone(), kind, options.repo.as_deref());
        for row in rows {
            let result = one(&lab, row, options.rounds);
            println!("{}", report::line(&result));
            results.push(result);
        }
        if !options.keep {
            std::fs::remove_dir_all(place).unwrap();
        }
    }
    if !options.keep {
        std::fs::remove_dir_all(&home).unwrap();
    }
    if let Some(file) = &options.json {
        std::fs::write(file, report::json(&results, &file_system)).unwrap();
    }
}

fn one(lab: &Lab, mut row: Row, rounds: usize) -> Result {
    row.kind.files = lab.files;
    let paths = lab.differing(row.paths);
    for cmd in row.git.timed.iter_mut().chain(&mut row.ours.timed) {
        cmd.0.extend(paths.iter().cloned());
    }
    lab.prepare(row.dirt);
    // The first round warms the caches and compares what was done; it is not counted.
    let git_did = side(lab, &row, &row.git, true).1;
    let ours_did = side(lab, &row, &row.ours, false).1;
    assert_eq!(git_did, ours_did, "{}: plain git and git rollback did not do the same", row.name);
    let mut result = Result { row, git: Vec::new(), ours: Vec::new() };
    for _ in 0..rounds {
        result.git.push(side(lab, &result.row, &result.row.git, true).0);
        result.ours.push(side(lab, &result.row, &result.row.ours, false).0);
    }
    result
}

/// One run of one side, from the row's state and back to it.
fn side(lab: &Lab, row: &Row, side: &Side, is_git: bool) -> (Cost, String) {
    if !side.before.is_empty() {
        measure(&lab.top, &side.before, &lab.out());
    }
    let cost = measure(&lab.top, &side.timed, &lab.out());
    let did = outcome(lab, row.same, is_git);
    match row.touches {
        Touches::Nothing => {}
        Touches::Git => lab.again(),
        Touches::Files => lab.prepare(row.dirt),
    }
    (cost, did)
}

fn outcome(lab: &Lab, same: Same, is_git: bool) -> String {
    match (same, is_git) {
        (Same::Nothing, _) => String::new(),
        (Same::Worktree, _) => lab.state(true),
        (Same::Tracked, _) => lab.state(false),
        (Same::Picked, _) => lab.picked(),
        (Same::Pushed, true) => lab.stash_trees("stash@{0}", true),
        (Same::Pushed, false) => lab.stash_trees(&lab.snapshot(), true),
        (Same::Lost, true) => tips(&std::fs::read_to_string(lab.out()).unwrap(), true),
        // What was timed prints one page.
        (Same::Lost, false) => tips(&super::run::ask(&lab.top, "rollback lost --limit 0"), false),
        (Same::Created, false) => lab.stash_trees(&lab.snapshot(), false),
        (Same::Created, true) => {
            let printed = std::fs::read_to_string(lab.out()).unwrap();
            match printed.trim() {
                // Nothing is changed: git makes no commit, and index and worktree are HEAD's.
                "" => super::run::ask(&lab.top, "rev-parse HEAD^{tree} HEAD^{tree}"),
                commit => lab.stash_trees(commit, false),
            }
        }
    }
}

/// The first digits of the tips of lost lines.
fn tips(printed: &str, is_git: bool) -> String {
    let ids = printed.lines().filter_map(|line| match is_git {
        true => line.strip_prefix("dangling commit ")?.get(..10),
        false => line.split('\t').next(),
    });
    ids.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
}
