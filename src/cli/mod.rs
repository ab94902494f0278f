//! The program around the library: arguments, terminal, prompts, progress, exit codes.

mod exit;
mod picker;
mod progress;
mod root;
mod signals;
#[cfg(test)]
mod tests;
mod ui;
mod usage;

pub use root::{Root, When, command_line};

use crate::commands::{self, Command, Ctx};
use crate::{Error, Kind};
use std::ffi::OsString;
use std::process::ExitCode;
use ui::Ui;

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    ExitCode::from(run(&arguments))
}

fn run(arguments: &[OsString]) -> u8 {
    let root = match root::parse(arguments) {
        Ok(root) => root,
        Err(error) => return usage::answer(&error, usage::asks_for_json(arguments)),
    };
    let mut global = root.global;
    if let Some(Command::Unknown(words)) = &root.command {
        // Behind a word that is no command, clap reads no options.
        global.json |= usage::asks_for_json(words);
    }
    let ui = Ui::new(&global, root.color);
    if let Some(dir) = &global.dir
        && let Err(error) = std::env::set_current_dir(dir)
    {
        let error = Error::io(format!("cannot change into {}", dir.display()), &error).with_kind(Kind::Refused);
        return exit::finish(&ui, Err(error));
    }
    let mut ctx = Ctx { global, talk: &ui, command_line };
    let result = commands::run(&mut ctx, root.command.unwrap_or_default());
    exit::finish(&ui, result)
}
