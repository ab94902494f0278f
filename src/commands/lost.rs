//! `git rollback lost`: what git no longer shows and can still be brought back.

use super::Ctx;
use crate::Result;
use crate::git::Pathspecs;
use crate::host::env;
use crate::model::LostKind;
use crate::model::report::{LostReport, Outcome};
use crate::plan::lost::{self, Filter};
use crate::store::session::Session;
use std::ffi::OsString;

/// List work that git no longer shows and that can still be brought back
///
/// Dropped stashes, commits left behind by reset, amend, rebase or a detached HEAD, deleted branches and tags, content
/// that was staged and never committed, and what this tool saved; the newest first. `show ID` looks into an item,
/// `recover ID` brings it back. Edits that were never staged, stashed or saved are not in git.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  git rollback lost                            the newest items
  git rollback lost --since 2d                 lost or made in the last two days
  git rollback lost --kind stash --all         every lost stash, with every commit id
  git rollback lost --content 'fn parse_age'   what has this text in a file
  git rollback show 3f2a9c1b                   look into an item of the list")]
pub struct Args {
    /// Only what was lost or made since then: an age (30m, 2h, 3d, 2w) or a date
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,

    /// Only by authors whose name has TEXT in it
    #[arg(long, value_name = "TEXT")]
    pub author: Option<String>,

    /// Only what touches these paths (may be given several times)
    #[arg(long = "path", value_name = "PATHSPEC", value_hint = clap::ValueHint::AnyPath)]
    pub paths: Vec<OsString>,

    /// Only what has TEXT in a message
    #[arg(long, value_name = "TEXT")]
    pub grep: Option<String>,

    /// Only what has TEXT in a lost file
    #[arg(long, value_name = "TEXT")]
    pub content: Option<OsString>,

    /// Only items of this kind (may be given several times)
    #[arg(long = "kind", value_enum, value_name = "KIND")]
    pub kinds: Vec<Kind>,

    /// At most this many; 0: all [default: 20 on a terminal, else 50]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,

    /// Every item with every commit id; also looks for staged content in every pack, which takes longer
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
}

/// The kinds of lost work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A stash entry that was dropped, popped or cleared
    Stash,
    /// A deleted branch
    Branch,
    /// A deleted annotated tag
    Tag,
    /// Commits that a branch or a detached HEAD left behind
    Commit,
    /// Content that was staged and never committed
    Staged,
    /// A merge, rebase or the like that was given up
    State,
    /// What this tool saved
    Saved,
}

impl From<Kind> for LostKind {
    fn from(kind: Kind) -> LostKind {
        match kind {
            Kind::Stash => LostKind::Stash,
            Kind::Branch => LostKind::Branch,
            Kind::Tag => LostKind::Tag,
            Kind::Commit => LostKind::Commit,
            Kind::Staged => LostKind::Staged,
            Kind::State => LostKind::State,
            Kind::Saved => LostKind::Saved,
        }
    }
}

/// A page on a terminal, and elsewhere: describing tens of thousands of items takes longer than finding them.
const PAGE: usize = 20;
const LONG_PAGE: usize = 50;
/// How many commits of an item are listed without `--all`.
const COMMITS: usize = 10;

/// Runs the command.
pub fn run(ctx: &mut Ctx<'_>, args: Args) -> Result<Outcome> {
    let session = Session::open()?;
    let page = if ctx.talk.can_ask() && !ctx.global.json { PAGE } else { LONG_PAGE };
    let limit = if args.all { 0 } else { args.limit.unwrap_or(page) };
    let all = args.all;
    let filter = filter(&session, args, limit)?;
    let found = lost::find(&session, &filter)?;
    let mut items = found.items;
    if !all {
        items.iter_mut().for_each(|item| item.commits.truncate(COMMITS));
    }
    let (more, damaged, warnings, unseen) = (found.more, found.damaged, found.warnings, found.unseen);
    Ok(LostReport { items, more, damaged, warnings, unseen }.into())
}

fn filter(session: &Session, args: Args, limit: usize) -> Result<Filter> {
    let since = args.since.as_deref().map(super::record::since);
    let typed: Vec<Vec<u8>> = args.paths.iter().map(|path| env::bytes(path)).collect();
    let paths = Pathspecs::parse(&typed, &env::prefix_below(session.repo.root()))?;
    Ok(Filter {
        since: since.transpose()?,
        author: args.author,
        paths: (!typed.is_empty()).then_some(paths),
        grep: args.grep,
        content: args.content.map(|text| env::bytes(&text)),
        kinds: args.kinds.into_iter().map(LostKind::from).collect(),
        thorough: args.all,
        limit,
    })
}
