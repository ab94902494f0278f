//! The command line as a whole.

use crate::commands::{Command, Global, described, status};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
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

/// The commands, of which clap is told none.
struct Untold(Command);

impl FromArgMatches for Untold {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Command::from_arg_matches(matches).map(Untold)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl Subcommand for Untold {
    fn augment_subcommands(cmd: clap::Command) -> clap::Command {
        cmd
    }

    fn augment_subcommands_for_update(cmd: clap::Command) -> clap::Command {
        cmd
    }

    fn has_subcommand(name: &str) -> bool {
        Command::has_subcommand(name)
    }
}

/// Reads the command line.
///
/// To describe all commands to clap took a quarter of a start, so at first it is told only of the one that was typed. Help and
/// errors tell of all of them, and come from a second reading.
pub(super) fn parse(arguments: &[OsString]) -> Result<Root, clap::Error> {
    match read_one(arguments) {
        Some(Root { global, color, help, command }) => {
            Ok(Root { global, color, help, command: command.map(|Untold(command)| command) })
        }
        None => Root::try_parse_from(arguments),
    }
}

/// The command line when a command is its first word, or nothing was typed.
fn read_one(arguments: &[OsString]) -> Option<Root<Untold>> {
    let all = Root::<Untold>::command();
    let all = match arguments.get(1) {
        Some(first) => all.subcommand(described(first.to_str()?)?),
        None => all,
    };
    Root::from_arg_matches(&all.try_get_matches_from(arguments).ok()?).ok()
}

/// The whole command line as clap sees it.
pub fn command_line() -> clap::Command {
    Root::<Command>::command()
}
