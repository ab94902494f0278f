//! The commands: one file each, with what can be typed (`Args`) and what it does (`run`). They print nothing.

pub mod abort;
pub mod analyze;
pub mod backup;
pub mod baseline;
mod change;
pub mod check;
pub mod checkpoint;
pub mod completion;
pub mod r#continue;
pub mod decide;
pub mod doctor;
mod facts;
pub mod gc;
pub mod history;
pub mod hotfix;
pub mod init;
pub mod log;
pub mod lost;
pub mod man;
pub mod notify;
pub mod points;
pub mod record;
pub mod recover;
pub mod redo;
pub mod release;
pub mod restore;
mod send;
pub mod show;
pub mod skip;
pub mod sprint;
pub mod stats;
pub mod status;
mod story;
mod tested;
pub mod to;
pub mod trust;
pub mod undo;
pub mod validate;

use crate::host::talk::Talk;
use crate::model::report::Outcome;
use crate::{Error, Kind, Result};
use std::ffi::OsString;
use std::path::PathBuf;

/// What every command gets.
pub struct Ctx<'a> {
    /// The options that every command has.
    pub global: Global,
    /// The way to the person.
    pub talk: &'a dyn Talk,
    /// The whole command line as clap sees it: what completion scripts and man pages are made from.
    pub command_line: fn() -> clap::Command,
}

/// The options that every command has.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Options for every command")]
pub struct Global {
    /// Answer with one JSON document on standard output
    #[arg(long, global = true)]
    pub json: bool,

    /// Show what would be done, and do nothing
    #[arg(long, short = 'n', global = true)]
    pub dry_run: bool,

    /// Say yes to what the plan says
    #[arg(long, short, global = true)]
    pub yes: bool,

    /// Say nothing when all went well
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more: full lists and every step
    #[arg(long, short, global = true)]
    pub verbose: bool,

    /// Run as if started in DIR
    #[arg(short = 'C', global = true, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub dir: Option<PathBuf>,

    /// Record why, in the operation log
    #[arg(long, global = true, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// From one list: what can be typed, what each command alone is for clap, and which code runs.
macro_rules! commands {
    ($($name:ident: $module:ident,)*) => {
        /// What can be typed after `git rollback`. The words of each command's help stand at its `Args`.
        #[derive(Clone, Debug, clap::Subcommand)]
        #[allow(missing_docs, reason = "clap would take words here instead of those at the Args")]
        #[allow(clippy::large_enum_variant, reason = "one value a run")]
        pub enum Command {
            $($name($module::Args),)*
            #[command(external_subcommand)]
            Unknown(Vec<OsString>),
        }

        /// What clap is told of one command.
        pub(crate) fn described(typed: &str) -> Option<clap::Command> {
            $({
                let name = stringify!($module).trim_start_matches("r#");
                if name == typed {
                    return Some(<$module::Args as clap::Args>::augment_args(clap::Command::new(name)));
                }
            })*
            None
        }

        /// Runs a command.
        pub fn run(ctx: &mut Ctx<'_>, command: Command) -> Result<Outcome> {
            match command {
                $(Command::$name(args) => $module::run(ctx, args),)*
                Command::Unknown(words) => Err(unknown(ctx, &words)),
            }
        }
    };
}

commands! {
    Status: status,
    Checkpoint: checkpoint,
    Backup: backup,
    Baseline: baseline,
    Points: points,
    Show: show,
    To: to,
    Restore: restore,
    Undo: undo,
    Redo: redo,
    Release: release,
    Hotfix: hotfix,
    Recover: recover,
    Log: log,
    History: history,
    Stats: stats,
    Lost: lost,
    Sprint: sprint,
    Analyze: analyze,
    Decide: decide,
    Notify: notify,
    Continue: r#continue,
    Skip: skip,
    Abort: abort,
    Init: init,
    Check: check,
    Validate: validate,
    Trust: trust,
    Gc: gc,
    Doctor: doctor,
    Completion: completion,
    Man: man,
}

/// What people call things elsewhere.
const OTHER_WORDS: &[(&str, &str)] = &[
    ("list", "points"),
    ("ls", "points"),
    ("save", "checkpoint"),
    ("snapshot", "checkpoint"),
    ("stash", "backup"),
    ("metrics", "stats"),
    ("revert", "undo"),
    ("back", "undo"),
    ("reset", "to"),
    ("checkout", "to"),
    ("clean", "gc"),
];

/// The answer to a first word that is no command: a mistyped command, or a point that wants `to` in front of it.
fn unknown(ctx: &Ctx<'_>, words: &[OsString]) -> Error {
    let word = words.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    let error = Error::new(Kind::Refused, format!("`{word}` is not a command"));
    let line = (ctx.command_line)();
    let names: Vec<&str> = line.get_subcommands().map(clap::Command::get_name).collect();
    let other_word = OTHER_WORDS.iter().find(|(other, _)| *other == word).map(|(_, name)| *name);
    let error = match other_word.or_else(|| crate::model::nearest(&word, &names)) {
        Some(name) => error.help(format!("did you mean `git rollback {name}`?")),
        None => error.help(format!("did you mean `git rollback to {word}`?")),
    };
    error.help("see all commands with `git rollback -h`")
}
