//! What a point, operation or revision is, holds and would mean.

use super::page::{Page, Part, bad, bold, code, dim, good, id, plain};
use super::parts;
use crate::model::report::{Going, Holds, ShowReport, StatLine};

pub(super) fn render(page: &mut Page<'_>, show: &ShowReport) {
    page.line([plain(&show.what), plain(" "), bold(&show.name)]);
    if let Some(commit) = &show.commit {
        page.line([plain("  on "), id(commit.short()), plain(" "), plain(&show.subject)]);
    }
    let made: Vec<String> =
        [show.time.map(|time| page.look.time(time)), Some(show.who.clone()).filter(|who| !who.is_empty())]
            .into_iter()
            .flatten()
            .collect();
    if !made.is_empty() {
        page.line([plain("  made "), plain(made.join(" by "))]);
    }
    if let Some(item) = &show.lost {
        super::lost::facts(page, item);
    }
    if !show.message.trim().is_empty() {
        page.gap();
        page.message("    ", &show.message);
    }
    if let Some(holds) = &show.holds {
        self::holds(page, holds);
    }
    if let Some(going) = &show.going {
        self::going(page, going);
    }
    if let Some(compared) = &show.compared {
        page.heading("Changes");
        page.line([dim("  between "), dim(compared)]);
    }
    stat(page, &show.stat);
    if let Some(patch) = &show.patch.0 {
        page.gap();
        self::patch(page, patch);
    }
    closing(page, show);
}

fn closing(page: &mut Page<'_>, show: &ShowReport) {
    // Behind a patch, lines of ours would be taken for a part of it.
    if show.patch.0.is_some() {
        return;
    }
    page.gap();
    parts::warnings(page, &show.warnings);
    if let Some(way) = &show.way_there {
        let label = if show.lost.is_some() { "bring it back with: " } else { "go there with: " };
        page.line([dim(label), code(way)]);
    }
    if let Some(recipe) = &show.recover_with_git {
        page.line([dim("with plain git: "), code(recipe)]);
    }
}

fn holds(page: &mut Page<'_>, holds: &Holds) {
    page.heading("Holds");
    page.line([plain("  on ")].into_iter().chain(parts::head(&holds.head)));
    for state in &holds.in_progress {
        page.line([plain("  ")].into_iter().chain(parts::in_progress(state)));
    }
    let lists = [
        ("with conflicts", &holds.conflicts),
        ("staged", &holds.staged),
        ("changed and not staged", &holds.changed),
        ("untracked", &holds.untracked),
        ("ignored", &holds.ignored),
    ];
    let mut nothing = holds.in_progress.is_empty();
    for (label, list) in lists {
        nothing &= list.is_empty();
        parts::files(page, label, "file", list);
    }
    if nothing {
        page.line([plain("  no change beyond the commit")]);
    }
    if !holds.nested.is_empty() {
        page.line([plain("  nested repositories:")]);
        parts::paths(page, &holds.nested, holds.nested.len() as u64);
    }
    parts::left_in_place(page, "not captured", &holds.not_captured);
}

fn going(page: &mut Page<'_>, going: &Going) {
    page.heading("Going there");
    if going.changes.is_empty() && going.loses.is_empty() {
        page.line([plain("  changes nothing")]);
        return;
    }
    let label = |label: &str| format!("  {label:<8}");
    for sentence in &going.changes {
        page.line([plain(label("changes")), plain(sentence)]);
    }
    for sentence in &going.loses {
        page.line([bad(label("loses")), plain(sentence)]);
    }
    for sentence in &going.keeps {
        page.line([good(label("keeps")), plain(sentence)]);
    }
}

fn stat(page: &mut Page<'_>, stat: &[StatLine]) {
    if stat.is_empty() {
        return;
    }
    let number =
        |count: Option<u64>, sign: char| count.map_or_else(|| "-".to_owned(), |count| format!("{sign}{count}"));
    let row = |line: &StatLine| {
        vec![good(number(line.added, '+')), bad(number(line.removed, '-')), plain(line.path.as_bytes())]
    };
    page.table("  ", &[], stat.iter().map(row));
}

fn patch(page: &mut Page<'_>, patch: &[u8]) {
    if !page.look.color {
        page.body(patch);
        return;
    }
    for line in patch.strip_suffix(b"\n").unwrap_or(patch).split(|byte| *byte == b'\n') {
        let style: fn(&[u8]) -> Part = match line {
            [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => |text| bold(text),
            [b'+', ..] => |text| good(text),
            [b'-', ..] => |text| bad(text),
            [b'@', ..] => |text| code(text),
            _ => |text| plain(text),
        };
        page.patch_line(style, line);
    }
}
