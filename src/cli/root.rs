//! The command line as a whole.

use crate::commands::{Command, Global, Typed, status};
use clap::{CommandFactory, Parser};
use std::ffi::OsString;

/// Go back to any known-good state of a git repository; lose nothing; come back again
///
/// Everything that a command would overwrite or remove is saved first, and the last line says how to bring it back.
/// It covers what this tool or git has seen: edits that were never saved, staged or committed cannot come back.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "git-rollback", bin_name = "git rollback", version, max_term_width = 100)]
#[command(disable_help_flag = true, subcommand_value_name = "COMMAND")]
#[command(after_help = "Without a command: status. Examples and details: git rollback help COMMAND")]
#[command(after_long_help = "Examples:
  git rollback                          where am I, what is unsaved, what next?
  git rollback checkpoint               save the whole working state
  git rollback to v1.2.0 --dry-run      what would going to v1.2.0 do?
  git rollback undo                     take the last operation back

Exit codes: 0 done; 1 refused, nothing changed; 2 done but not verified; 3 stopped, `continue` or `abort`;
4 locked or changed meanwhile, try again; 128 fault of git or the disk; 129 wrong usage; 130 interrupted.")]
pub struct Root<C: clap::Subcommand = Command> {
    /// The options that every command has.
    #[command(flatten)]
    pub global: Global,

    /// Use colours
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Options for every command"
    )]
    pub color: When,

    // clap's own words name `--help`, which git keeps for itself: `git rollback --help` opens the manual page.
    /// Print help (more with `git rollback help ...`)
    #[arg(short, long, global = true, action = clap::ArgAction::Help)]
    help: Option<bool>,

    /// The command; without one, `status`.
    #[command(subcommand)]
    pub command: Option<C>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// On a terminal, unless the environment says otherwise
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Default for Command {
    fn default() -> Self {
        Command::Status(status::Args::default())
    }
}

/// Reads the command line.
///
/// To describe all commands to clap took a quarter of a start, so at first only the one that was typed is described. Help and
/// errors tell of all of them, and come from a second reading.
pub(super) fn parse(arguments: &[OsString]) -> Result<Root, clap::Error> {
    match Root::<Typed>::try_parse_from(arguments) {
        Ok(Root { global, color, help, command }) => {
            Ok(Root { global, color, help, command: command.map(Command::from) })
        }
        Err(_) => Root::try_parse_from(arguments),
    }
}

/// The whole command line as clap sees it.
pub fn command_line() -> clap::Command {
    Root::<Command>::command()
}
