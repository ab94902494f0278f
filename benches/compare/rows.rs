//! What is measured.

use super::lab::{Dirt, Kind};
use super::options::Options;
use super::run::Cmd;

/// What the commands of a row change, so that it is put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touches {
    /// Nothing.
    Nothing,
    /// The git directory.
    Git,
    /// Files of the worktree too.
    Files,
}

/// What must be the same after both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Same {
    /// Nothing can be compared.
    Nothing,
    /// The trees of the stash commit that git prints, and of the snapshot's.
    Created,
    /// The same, untracked files too, with git's entry in the stash list.
    Pushed,
    /// HEAD, index and worktree.
    Worktree,
    /// The same, what is ignored left out.
    Tracked,
    /// The tips of lost lines that both print.
    Lost,
    /// The trees and messages of the commits on the branch `picked`, and the worktree.
    Picked,
}

/// One side of a comparison.
#[derive(Clone, Debug, Default)]
pub(crate) struct Side {
    /// Run first, not timed.
    pub before: Vec<Cmd>,
    /// Timed.
    pub timed: Vec<Cmd>,
}

/// A comparison.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub name: String,
    /// What plain git runs, in words.
    pub against: String,
    /// The ratio aimed at.
    pub at_most: Option<f64>,
    pub kind: Kind,
    pub dirt: Dirt,
    pub touches: Touches,
    pub same: Same,
    /// So many paths whose files differ in the tag `many` are added to both sides' commands.
    pub paths: usize,
    pub git: Side,
    pub ours: Side,
}

impl Row {
    fn new(name: impl Into<String>, files: usize, against: &str, ours: Vec<Cmd>, at_most: f64) -> Row {
        let timed = against.split(" && ").map(Cmd::git).collect();
        Row {
            name: name.into(),
            against: format!("git {}", against.replace(" && ", " && git ")),
            at_most: Some(at_most),
            kind: Kind::of(files),
            dirt: Dirt::default(),
            touches: Touches::Files,
            same: Same::Worktree,
            paths: 0,
            git: Side { before: Vec::new(), timed },
            ours: Side { before: Vec::new(), timed: ours },
        }
    }

    fn dirty(self, changed: usize, new: usize) -> Row {
        Row { dirt: Dirt { changed, new, ..self.dirt }, ..self }
    }

    fn with(self, touches: Touches, same: Same) -> Row {
        Row { touches, same, ..self }
    }
}

/// All rows that these options ask for.
pub(crate) fn all(options: &Options) -> Vec<Row> {
    let mut rows = saving(options);
    rows.extend(going(100_000));
    rows.extend(clearing(100_000));
    rows.extend(restoring(100_000));
    rows.extend(picking());
    rows.extend(looking(options));
    rows.extend(finding(options));
    rows.extend(growth(options));
    if options.repo.is_some() {
        // One repository, whatever its size: rows that differ by size only are one, and not that of a small one.
        rows.retain(|row| !row.name.ends_with("-5k"));
        let mut names = std::collections::BTreeSet::new();
        rows.retain(|row| row.kind.points == 0 && !row.name.starts_with("growth") && !row.name.starts_with("pick"));
        rows.iter_mut().for_each(|row| row.name = row.name.replace("-500k", ""));
        rows.iter_mut().for_each(|row| (row.kind.files, row.kind.commits) = (0, 0));
        rows.retain(|row| names.insert(row.name.clone()) && row.name != "lost-small");
    }
    rows.retain(|row| options.wants(&row.name));
    rows
}

fn saving(options: &Options) -> Vec<Row> {
    let mut rows = Vec::new();
    let checkpoint = || vec![Cmd::ours("checkpoint")];
    let mut sizes = vec![(5_000, "-5k", 1.2), (100_000, "", 0.6)];
    if options.big {
        sizes.push((500_000, "-500k", 0.6));
    }
    for (files, size, at_most) in sizes {
        for (what, against, same) in
            [("stash-create", "stash create", Same::Created), ("status", "status", Same::Nothing)]
        {
            let row = Row::new(format!("checkpoint-clean-{what}{size}"), files, against, checkpoint(), at_most);
            rows.push(row.with(Touches::Git, same));
        }
    }
    // Each file could have other bytes than git would write back: the sizes of all blobs are needed, found or remembered.
    for (name, before) in [("-first", Vec::new()), ("", checkpoint())] {
        let row = Row::new(format!("checkpoint-clean-text-auto{name}"), 100_000, "status", checkpoint(), 0.7);
        let mut row = Row { kind: Kind { text_auto: true, ..row.kind }, ..row }.with(Touches::Git, Same::Nothing);
        row.at_most = row.at_most.filter(|_| !before.is_empty());
        row.ours.before = before;
        rows.push(row);
    }
    for (present, objects, create) in [(false, "absent", 0.45), (true, "present", 0.65)] {
        let dirt = Dirt { changed: 1000, new: 1000, present, ..Dirt::default() };
        let name = |what| format!("checkpoint-dirty-{objects}-{what}");
        let row = Row::new(name("stash-create"), 100_000, "stash create", checkpoint(), create);
        rows.push(Row { dirt, ..row }.with(Touches::Git, Same::Created));
        let row = Row::new(name("stash-push"), 100_000, "stash push -q -u", checkpoint(), 0.25);
        rows.push(Row { dirt, ..row }.with(Touches::Files, Same::Pushed));
    }
    let row = Row::new("backup-clean", 100_000, "stash push -q -u", vec![Cmd::ours("backup --clean --yes")], 0.5);
    rows.push(row.dirty(1000, 1000));
    // For its memory.
    let row = Row::new("checkpoint-huge", 1_000, "stash push -q -u", checkpoint(), 1.0);
    let dirt = Dirt { huge: 1024, ..Dirt::default() };
    rows.push(Row { dirt, at_most: None, ..row }.with(Touches::Files, Same::Pushed));
    rows
}

fn going(files: usize) -> Vec<Row> {
    let to = |name: &str, tag: &str, at_most| {
        let ours = vec![Cmd::ours(&format!("to {tag} --detach --yes"))];
        Row::new(name, files, &format!("checkout -q {tag}"), ours, at_most)
    };
    let clean = Row::new(
        "to-clean-untracked",
        files,
        "stash push -q -u && checkout -q few && clean -fdq",
        vec![Cmd::ours("to few --detach --clean untracked --yes")],
        0.4,
    );
    vec![to("to-few", "few", 0.6), to("to-many", "many", 0.8), to("to-most", "most", 0.8), clean.dirty(1000, 1000)]
}

fn clearing(files: usize) -> Vec<Row> {
    let hand = "stash push -q -u && reset -q --hard baseline && clean -fdxq";
    let ours = || vec![Cmd::ours("to baseline --clean all --yes")];
    let dirt = Dirt { changed: 1000, new: 1000, ignored: 20_000, ..Dirt::default() };
    let there = Row { dirt, ..Row::new("to-baseline-clean-all", files, hand, ours(), 0.3) };
    let back = Row::new(
        "undo-of-that",
        files,
        "reset -q --hard ORIG_HEAD && stash pop -q --index",
        vec![Cmd::ours("undo --yes")],
        0.5,
    );
    let mut back = Row { dirt, ..back.with(Touches::Files, Same::Tracked) };
    back.git.before = there.git.timed.clone();
    back.ours.before = ours();
    vec![there, back]
}

fn restoring(files: usize) -> Vec<Row> {
    let row = |name: &str, paths: usize| {
        let ours = vec![Cmd::ours("restore --yes --worktree --from many --")];
        Row { paths, ..Row::new(name, files, "restore --source=many --", ours, 1.0) }
    };
    vec![row("restore-1", 1), row("restore-1000", 1000)]
}

/// Fifty commits of a branch onto a new one at `main`, which is elsewhere; the content of a file is merged in every fifth.
fn picking() -> Vec<Row> {
    let row = |name: &str, files: usize| {
        let ours = vec![Cmd::ours("recover --from picks --onto main --all --branch picked --yes")];
        let git = "checkout -q -b picked main && cherry-pick main..picks";
        Row::new(name, files, git, ours, 0.15).with(Touches::Files, Same::Picked)
    };
    vec![row("pick-50-small", 300), row("pick-50", 50_000)]
}

fn looking(options: &Options) -> Vec<Row> {
    let mut rows = Vec::new();
    let format = "--format=%(refname)%20%(creatordate)%20%(subject) refs/rollback/points";
    for (packed, how) in [(true, "packed"), (false, "loose")] {
        for (limit, what, at_most) in [(20, "newest", 0.15), (0, "all", 0.4)] {
            let ours = vec![Cmd::ours(&format!("points --limit {limit}"))];
            let git = format!("for-each-ref --sort=-refname {format}");
            let row = Row::new(format!("points-{what}-{how}"), 1_000, &git, ours, at_most);
            let kind = Kind { points: options.points, packed, ..Kind::of(1_000) };
            rows.push(Row { kind, against: "git for-each-ref (name, date, subject)".to_owned(), ..row });
        }
    }
    // Through git's own dispatch, as a person types it.
    let status = Row::new("status-small", 200, "status", vec![Cmd::git("rollback")], 1.3);
    rows.push(status.dirty(3, 3));
    rows.push(Row::new("status", 100_000, "status", vec![Cmd::git("rollback")], 1.3).dirty(3, 3));
    rows.into_iter().map(|row| row.with(Touches::Nothing, Same::Nothing)).collect()
}

/// Lost commits among very many objects, and in a small repository.
fn finding(options: &Options) -> Vec<Row> {
    let fsck = "fsck --connectivity-only --lost-found --no-reflogs";
    let row = |name: &str, commits: usize, at_most: f64| {
        let row = Row::new(name, 1_000, fsck, vec![Cmd::ours("lost")], at_most);
        // A real repository may have lost stashes and tags, too.
        let same = if options.repo.is_some() { Same::Nothing } else { Same::Lost };
        Row { kind: Kind { packed: true, commits, ..Kind::of(1_000) }, ..row }.with(Touches::Git, same)
    };
    // Each commit of these has four objects: a million with `--big`.
    let many = if options.big { 260_000 } else { 130_000 };
    let mut again = row("lost-again", many, 0.04);
    again.ours.before = vec![Cmd::ours("lost")];
    let mut difference = row("lost-set-difference", many, 0.4).with(Touches::Git, Same::Nothing);
    difference.against = "git cat-file --batch-all-objects, git rev-list --all, and comm".to_owned();
    difference.git.timed = vec![Cmd::shell(
        "git cat-file --batch-all-objects --batch-check='%(objecttype) %(objectname)' | sed -n 's/^commit //p' > ../all
        git rev-list --all | sort > ../held; comm -23 ../all ../held",
    )];
    vec![row("lost-small", 250, 0.15), row("lost", many, 0.08), difference, again]
}

/// How time grows with what did not change: no ratio is aimed at.
fn growth(options: &Options) -> Vec<Row> {
    let mut rows = Vec::new();
    let checkpoint = || vec![Cmd::ours("checkpoint")];
    let sizes = [1_000, 10_000, 100_000, 500_000];
    for files in sizes.into_iter().take(if options.big { 4 } else { 3 }) {
        let row = Row::new(format!("growth-checkpoint-{files}"), files, "stash create", checkpoint(), 0.0);
        rows.push(row.dirty(100, 100).with(Touches::Git, Same::Created));
        let ours = vec![Cmd::ours("to few --detach --yes")];
        rows.push(Row::new(format!("growth-to-{files}"), files, "checkout -q few", ours, 0.0));
    }
    for points in [1, 100, options.points] {
        let row = Row::new(format!("growth-points-{points}"), 1_000, "stash create", checkpoint(), 0.0);
        let row = Row { kind: Kind { points, packed: true, ..Kind::of(1_000) }, ..row };
        rows.push(row.dirty(100, 100).with(Touches::Git, Same::Created));
    }
    rows.into_iter().map(|row| Row { at_most: None, ..row }).collect()
}
