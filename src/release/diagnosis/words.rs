//! What was found, for people: one line each.

use super::{Answer, FilesSay, Findings};
use crate::git::Signature;
use crate::model::report::{Check, Verdict};

fn line(name: &str, verdict: Verdict, detail: impl Into<String>) -> Check {
    Check { name: name.to_owned(), verdict, detail: detail.into(), help: None }
}

/// What was found of one version.
pub fn facts(found: &Findings) -> Vec<Check> {
    let mut out = vec![here(found), there(found)];
    if found.commit().is_some() {
        out.push(signature(found));
        out.push(match &found.line {
            Some(line_name) => line("line", Verdict::Ok, format!("{line_name} contains it")),
            None => line("line", Verdict::Warn, "no branch leads to it"),
        });
        out.push(match &found.files {
            FilesSay::Nothing => line("version files", Verdict::Ok, "there are none"),
            FilesSay::TheVersion(places) => line("version files", Verdict::Ok, format!("say it in {}", count(*places))),
            FilesSay::Another(version, place) => {
                line("version files", Verdict::Fail, format!("{place} says {version}"))
            }
            FilesSay::Unclear(why) => line("version files", Verdict::Warn, why),
        });
        out.push(match &found.changelog {
            None => line("changelog", Verdict::Ok, "there is none"),
            Some((path, true)) => line("changelog", Verdict::Ok, format!("{path} has an entry")),
            Some((path, false)) => line("changelog", Verdict::Warn, format!("{path} has no entry")),
        });
    }
    out.push(answer("registry", &found.published));
    out.push(answer("files to download", &found.assets));
    out.push(match (found.broken, &found.why) {
        (true, Some(why)) if found.yanked => line("marks", Verdict::Fail, format!("withdrawn: {why}")),
        (true, Some(why)) => line("marks", Verdict::Fail, format!("not to be relied on: {why}")),
        (true, None) => line("marks", Verdict::Fail, "not to be relied on"),
        (false, _) => line(
            "marks",
            Verdict::Ok,
            if found.published_here.is_some() { "published from here" } else { "none against it" },
        ),
    });
    out
}

fn count(places: usize) -> String {
    if places == 1 { "1 place".to_owned() } else { format!("{places} places") }
}

fn here(found: &Findings) -> Check {
    let Some(tag) = found.tag() else { return line("tag here", Verdict::Fail, "there is none") };
    let names: Vec<&str> = found.tags.iter().map(|tag| tag.name.as_str()).collect();
    let Some(commit) = tag.commit else {
        return line("tag here", Verdict::Fail, format!("{}: its commit is not there", tag.name));
    };
    let kind = if tag.annotated { "annotated" } else { "lightweight" };
    match tag.recorded.filter(|recorded| *recorded != commit) {
        Some(recorded) => line(
            "tag here",
            Verdict::Fail,
            format!("{} at {}, recorded at {}", tag.name, commit.short(), recorded.short()),
        ),
        None if found.tags.iter().any(|other| other.commit != tag.commit) => {
            let at = |tag: &super::LocalTag| tag.commit.map_or("nothing".to_owned(), |commit| commit.short());
            let each: Vec<String> = found.tags.iter().map(|tag| format!("{} at {}", tag.name, at(tag))).collect();
            line("tag here", Verdict::Fail, each.join(", "))
        }
        None if names.len() > 1 => {
            line("tag here", Verdict::Warn, format!("{} at {}", names.join(" and "), commit.short()))
        }
        None => line("tag here", Verdict::Ok, format!("{} at {}, {kind}", tag.name, commit.short())),
    }
}

fn there(found: &Findings) -> Check {
    let Some(remote) = &found.remote else { return line("tag on the remote", Verdict::Unknown, "there is no remote") };
    let name = format!("tag on {remote}");
    let there = match (&found.there, found.tag_there()) {
        (Err(why), _) => return line(&name, Verdict::Unknown, why),
        (Ok(_), None) => return line(&name, Verdict::Fail, "it has none"),
        (Ok(_), Some(there)) => there,
    };
    let at = format!("{} at {}", there.name, there.commit.short());
    match found.tag() {
        Some(tag) if tag.commit.is_some_and(|commit| commit != there.commit) => {
            line(&name, Verdict::Fail, format!("{at}: another commit"))
        }
        Some(tag) if tag.name == there.name && tag.id != there.id => {
            line(&name, Verdict::Warn, format!("{at}: the same commit, another tag object"))
        }
        _ => line(&name, Verdict::Ok, at),
    }
}

fn signature(found: &Findings) -> Check {
    match &found.signature {
        Signature::None => line("signature", Verdict::Ok, "none"),
        Signature::Good => line("signature", Verdict::Ok, "good"),
        Signature::Bad(why) => line("signature", Verdict::Fail, why),
        Signature::Unknown(why) => line("signature", Verdict::Unknown, format!("cannot be verified here: {why}")),
    }
}

fn answer(name: &str, answer: &Answer) -> Check {
    match answer {
        Answer::Yes(what) => line(name, Verdict::Ok, format!("there ({what})")),
        Answer::No(what) => line(name, Verdict::Fail, format!("not there ({what})")),
        Answer::Partly(what) => line(name, Verdict::Fail, what),
        Answer::NotAsked(why) => line(name, Verdict::Unknown, why),
        Answer::NotSet(key) => line(name, Verdict::Unknown, format!("no command is set ([release] {key})")),
    }
}
