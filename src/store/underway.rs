//! A merge, rebase, ... under way, in words: from the git directory, or from a snapshot of it.

use crate::model::ObjectId;

/// One operation of git that waits for its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Git's word for it.
    pub what: &'static str,
    /// How far it is, and with what; may be empty.
    pub detail: String,
}

/// What is under way; `read` gives the bytes of a file of the git directory.
pub fn under_way(read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Vec<UnderWay> {
    let text = |name: &str| read(name).map(|bytes| crate::model::readable(&bytes).trim().to_owned());
    let mut out = Vec::new();
    let mut add = |what, detail: Option<String>| out.push(UnderWay { what, detail: detail.unwrap_or_default() });
    let merging = ["head-name", "onto", "git-rebase-todo"].iter().any(|f| read(&format!("rebase-merge/{f}")).is_some());
    if merging {
        add("rebase", progress(&text, "rebase-merge", "msgnum", "end"));
    } else if read("rebase-apply/rebasing").is_some() {
        add("rebase", progress(&text, "rebase-apply", "next", "last"));
    } else if read("rebase-apply/next").is_some() {
        add("am", progress(&text, "rebase-apply", "next", "last"));
    }
    for (file, what) in [("MERGE_HEAD", "merge"), ("CHERRY_PICK_HEAD", "cherry-pick"), ("REVERT_HEAD", "revert")] {
        if let Some(ids) = text(file) {
            let short: Vec<String> =
                ids.lines().take(3).filter_map(|id| ObjectId::from_hex(id.as_bytes())).map(|id| id.short()).collect();
            add(what, (!short.is_empty()).then(|| format!("of {}", short.join(", "))));
        }
    }
    if read("BISECT_LOG").is_some() {
        add(
            "bisect",
            text("BISECT_START").map(|from| format!("started on {}", from.trim_start_matches("refs/heads/"))),
        );
    }
    out
}

/// `step 3 of 7, feature onto 0123456789`.
fn progress(text: &dyn Fn(&str) -> Option<String>, dir: &str, at: &str, of: &str) -> Option<String> {
    let file = |name: &str| text(&format!("{dir}/{name}"));
    let step = file(at).zip(file(of)).map(|(at, of)| format!("step {at} of {of}"));
    let branch = file("head-name").map(|name| name.trim_start_matches("refs/heads/").to_owned());
    let onto = file("onto").and_then(|id| ObjectId::from_hex(id.as_bytes())).map(|id| format!("onto {}", id.short()));
    let which: Vec<String> = [branch, onto].into_iter().flatten().collect();
    let parts: Vec<String> = [step, (!which.is_empty()).then(|| which.join(" "))].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebase_in_the_middle() {
        let files = [
            ("rebase-merge/msgnum", "2\n"),
            ("rebase-merge/end", "5\n"),
            ("rebase-merge/head-name", "refs/heads/topic\n"),
            ("rebase-merge/onto", "4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"),
            ("CHERRY_PICK_HEAD", "nonsense"),
        ];
        let read = |name: &str| files.iter().find(|(n, _)| *n == name).map(|(_, text)| text.as_bytes().to_vec());
        let found = under_way(&read);
        assert_eq!(found[0].what, "rebase");
        assert_eq!(found[0].detail, "step 2 of 5, topic onto 4b825dc642");
        assert_eq!((found[1].what, found[1].detail.as_str()), ("cherry-pick", ""));
    }
}
