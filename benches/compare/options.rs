//! The command line.

use std::path::PathBuf;

/// What to measure, and where.
#[derive(Debug)]
pub(crate) struct Options {
    /// The directory the repositories are made in.
    pub dir: PathBuf,
    /// 500,000 files too.
    pub big: bool,
    /// A real repository to clone instead of the made ones.
    pub repo: Option<PathBuf>,
    /// How many points the listing rows have.
    pub points: usize,
    /// Timed rounds of each row.
    pub rounds: usize,
    /// Where the figures go as JSON.
    pub json: Option<PathBuf>,
    /// Only rows whose name holds one of these.
    pub filters: Vec<String>,
    /// Only name the rows.
    pub list: bool,
    /// Leave the repositories.
    pub keep: bool,
}

const HELP: &str = "Compares plain git with git rollback, side by side in one run.

Usage: cargo bench --bench compare -- [OPTIONS] [FILTER]...

FILTER          only rows whose name holds it; without one, all rows
--list          name the rows
--dir DIR       where the repositories are made (default: the system's temporary directory)
--rounds N      timed rounds of each row (default 5)
--big           rows of 500,000 files too, and a million objects for the rows of `lost`
--points N      points in the listing rows (default 10000)
--repo PATH     clone this repository and use it instead of the made ones
--json FILE     write the figures there
--keep          leave the repositories";

impl Options {
    /// Parses the arguments; `None` when only help was wanted.
    pub(crate) fn from_args() -> Option<Options> {
        let mut options = Options {
            dir: std::env::temp_dir(),
            big: false,
            repo: None,
            points: 10_000,
            rounds: 5,
            json: None,
            filters: Vec::new(),
            list: false,
            keep: false,
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().unwrap_or_else(|| panic!("{arg} needs a value"));
            match arg.as_str() {
                // Cargo adds the first to everything it runs as a benchmark.
                "--bench" => {}
                "--help" | "-h" => {
                    println!("{HELP}");
                    return None;
                }
                "--big" => options.big = true,
                "--list" => options.list = true,
                "--keep" => options.keep = true,
                "--dir" => options.dir = value().into(),
                "--repo" => options.repo = Some(value().into()),
                "--json" => options.json = Some(value().into()),
                "--points" => options.points = value().parse().expect("--points takes a number"),
                "--rounds" => options.rounds = value().parse().expect("--rounds takes a number"),
                other if other.starts_with('-') => panic!("{other} is not an option (see --help)"),
                filter => options.filters.push(filter.to_owned()),
            }
        }
        Some(options)
    }

    /// Whether a row is wanted.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter.as_str()))
    }
}
