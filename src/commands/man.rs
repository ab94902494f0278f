//! `git rollback man`: the manual pages.

use super::Ctx;
use crate::model::report::{MessageReport, Outcome, TextReport};
use crate::{Error, Result};
use std::path::PathBuf;

/// Print the manual page, or write all pages to a directory
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback man | man -l -                            read the main page
  git rollback man --dir ~/.local/share/man/man1         install all pages
  man git-rollback-to                                    then read one")]
pub struct Args {
    /// Write git-rollback.1 and one page a command here
    // `-C` has the name `dir` already.
    #[arg(id = "pages", long = "dir", value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}

/// A page: its file name and its text.
struct Page {
    file: String,
    text: Vec<u8>,
}

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let mut line = (ctx.command_line)().disable_help_subcommand(true);
    line.build();
    let mut pages = Vec::new();
    collect(line, "git-rollback", &mut pages)?;
    match args.dir {
        None => main_page(pages),
        // Like any other path on a command line, a relative one is meant from where `-C` says.
        Some(dir) => write_pages(ctx, ctx.global.dir.clone().unwrap_or_default().join(dir), &pages),
    }
}

fn main_page(pages: Vec<Page>) -> Result<Outcome> {
    let page = pages.into_iter().next().ok_or_else(|| Error::fault("there is no manual page"))?;
    let text = String::from_utf8(page.text)
        .map_err(|error| Error::fault("the manual page is not valid text").because(error))?;
    Ok(TextReport { what: "man".to_owned(), text }.into())
}

/// The page of a command, then those of the commands below it, named as git names its pages (`git-rollback-to`).
fn collect(command: clap::Command, name: &str, pages: &mut Vec<Page>) -> Result<()> {
    let below: Vec<clap::Command> = command.get_subcommands().filter(|c| !c.is_hide_set()).cloned().collect();
    let man = clap_mangen::Man::new(command.display_name(name.to_owned()));
    let mut text = Vec::new();
    man.render(&mut text).map_err(|error| Error::io(format!("cannot make the manual page {name}"), &error))?;
    pages.push(Page { file: format!("{name}.1"), text });
    for command in below {
        let name = format!("{name}-{}", command.get_name());
        collect(command, &name, pages)?;
    }
    Ok(())
}

fn write_pages(ctx: &Ctx<'_>, dir: PathBuf, pages: &[Page]) -> Result<Outcome> {
    let count = pages.len();
    if ctx.global.dry_run {
        return Ok(MessageReport::new(format!("would write {count} manual pages to {}", dir.display())).into());
    }
    std::fs::create_dir_all(&dir).map_err(|error| Error::io(format!("cannot make {}", dir.display()), &error))?;
    for page in pages {
        let path = dir.join(&page.file);
        crate::host::fs::write_atomic(&path, &page.text)?;
    }
    Ok(MessageReport::new(format!("wrote {count} manual pages to {}", dir.display())).into())
}
