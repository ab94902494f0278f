//! `git rollback completion`: completion scripts for shells.

use super::Ctx;
use crate::model::report::{Outcome, TextReport};
use crate::{Error, Result};
use clap_complete::Shell;

/// What bash needs beyond clap's script: git's own completion calls `_git_rollback` for `git rollback <TAB>`.
const BASH_SHIM: &str = include_str!("completion.bash");

/// Print a completion script for a shell
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback completion bash > ~/.local/share/bash-completion/completions/git-rollback
  git rollback completion zsh > ~/.zfunc/_git-rollback
  git rollback completion fish > ~/.config/fish/completions/git-rollback.fish

For `git rollback <TAB>` in bash, git's own completion must be loaded and the script be read once:
  source <(git rollback completion bash)")]
pub struct Args {
    /// The shell
    pub shell: Shell,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut (ctx.command_line)(), "git-rollback", &mut script);
    let mut text = String::from_utf8(script)
        .map_err(|error| Error::fault("the completion script is not valid text").because(error))?;
    if args.shell == Shell::Bash {
        text = for_git(&text);
    }
    Ok(TextReport { what: "completion".to_owned(), text }.into())
}

/// The script for bash, also for the command in two words.
fn for_git(script: &str) -> String {
    // clap spells the state of a hyphenated program in two ways, so that nothing completes behind a command:
    // https://github.com/clap-rs/clap/issues/6421
    let script = script.replace("git__subcmd__rollback", "git__rollback");
    let function = script.split_once("() {").map_or("_git__rollback", |(name, _)| name.trim());
    format!("{script}{}", BASH_SHIM.replace("_clap_function", function))
}
