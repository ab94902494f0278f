//! Texts, merged by the code that git merges with.
//!
//! libgit2 has git's own `xdiff` in it, unchanged. Git merges with its histogram, which cannot be chosen through libgit2's
//! own interface, so `xdl_merge` is called here as git calls it.

use std::ffi::{c_char, c_int, c_long, c_ulong, c_void};

/// What became of three texts.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// They go together, as this.
    Merged(Vec<u8>),
    /// A person must decide.
    Conflict,
    /// They are no texts, or too much.
    Unsure,
}

/// How far conflicts are taken apart, which follows from how they are shown: `merge.conflictStyle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Merge = 0,
    Diff3 = 1,
    ZealousDiff3 = 2,
}

/// What git takes for binary has a zero among its first bytes.
const LOOKED_AT: usize = 8000;
/// Bigger texts are for another process.
const MOST: usize = 8 << 20;

/// `mmfile_t` and `mmbuffer_t`.
#[repr(C)]
struct Bytes {
    at: *mut c_char,
    size: c_long,
}

/// `xmparam_t`, with the `xpparam_t` that it begins with.
#[repr(C)]
struct Settings {
    flags: c_ulong,
    ignored: *mut *mut c_void,
    ignored_count: usize,
    anchors: *mut *mut c_char,
    anchors_count: usize,
    marker_size: c_int,
    level: c_int,
    favor: c_int,
    style: c_int,
    names: [*const c_char; 3],
}

const HISTOGRAM: c_ulong = 1 << 15;
const ZEALOUS: c_int = 2;
const MARKERS: c_int = 7;

#[expect(unsafe_code, reason = "no safe function does it; declared as in libgit2's `xdiff.h`")]
unsafe extern "C" {
    fn xdl_merge(
        base: *const Bytes,
        ours: *const Bytes,
        theirs: *const Bytes,
        settings: *const Settings,
        out: *mut Bytes,
    ) -> c_int;
}

/// Merges what changed from `base` to `theirs` into `ours`.
pub(super) fn merge(texts: [&[u8]; 3], style: Style) -> Text {
    if texts.iter().any(|text| text.len() > MOST || text.iter().take(LOOKED_AT).any(|&byte| byte == 0)) {
        return Text::Unsure;
    }
    libgit2_sys::init();
    let [base, ours, theirs] = texts.map(|text| Bytes { at: text.as_ptr() as *mut c_char, size: text.len() as c_long });
    let settings = Settings {
        flags: HISTOGRAM,
        ignored: std::ptr::null_mut(),
        ignored_count: 0,
        anchors: std::ptr::null_mut(),
        anchors_count: 0,
        marker_size: MARKERS,
        level: ZEALOUS,
        favor: 0,
        style: style as c_int,
        names: [c"".as_ptr(); 3],
    };
    let mut out = Bytes { at: std::ptr::null_mut(), size: 0 };
    #[expect(unsafe_code, reason = "as above")]
    // SAFETY: libgit2 is initialised, the three texts are only read and outlive the call, and `out` is filled by it with
    // `size` bytes that libgit2 allocated, or left empty. Its own function for results gives them back, once.
    unsafe {
        let conflicts = xdl_merge(&base, &ours, &theirs, &settings, &mut out);
        let text = match (out.at.is_null(), usize::try_from(out.size)) {
            (false, Ok(size)) => std::slice::from_raw_parts(out.at.cast::<u8>(), size).to_vec(),
            _ => Vec::new(),
        };
        let mut result: libgit2_sys::git_merge_file_result = std::mem::zeroed();
        result.ptr = out.at;
        libgit2_sys::git_merge_file_result_free(&mut result);
        match conflicts {
            0 => Text::Merged(text),
            1.. => Text::Conflict,
            _ => Text::Unsure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::pack::{ObjectKind, name_of};
    use crate::git::testing::TestRepo;
    use std::collections::{BTreeMap, BTreeSet};

    fn merged(base: &str, ours: &str, theirs: &str) -> Text {
        merge([base, ours, theirs].map(str::as_bytes), Style::Merge)
    }

    #[test]
    fn texts_that_go_together_and_texts_that_do_not() {
        let base = "a\nb\nc\nd\ne\n";
        assert_eq!(merged(base, "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE"), Text::Merged(b"A\nb\nc\nd\nE".to_vec()));
        assert_eq!(merged(base, "A\nb\nc\nd\ne\n", "B\nb\nc\nd\ne\n"), Text::Conflict);
        assert_eq!(merged(base, "", base), Text::Merged(Vec::new()));
        assert_eq!(merged("", "a\n", "a\n"), Text::Merged(b"a\n".to_vec()));
        assert_eq!(merged(base, "\0", base), Text::Unsure);
    }

    /// The same numbers each time.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % end.max(1)
        }

        /// Lines of which many are equal, and what a side makes of them: lines go, come, change, move, and line ends too.
        fn text(&mut self, kinds: usize) -> Vec<String> {
            (0..self.below(40)).map(|_| format!("{}\n", self.below(kinds))).collect()
        }

        fn changed(&mut self, text: &[String], kinds: usize) -> Vec<String> {
            let mut out = text.to_vec();
            for _ in 0..1 + self.below(4) {
                let at = self.below(out.len());
                let many = self.below(4).min(out.len() - at);
                match self.below(6) {
                    0 => drop(out.drain(at..at + many)),
                    1 => out.splice(at..at, (0..many).map(|_| format!("{}\n", self.below(kinds)))).for_each(drop),
                    2 => {
                        let moved: Vec<String> = out.drain(at..at + many).collect();
                        let to = self.below(out.len());
                        out.splice(to..to, moved).for_each(drop);
                    }
                    3 => drop(out.last_mut().map(|line| *line = line.trim_end().to_owned())),
                    4 => out[at..at + many].iter_mut().for_each(|line| *line = line.replace('\n', "\r\n")),
                    _ => out[at..at + many].iter_mut().for_each(|line| line.insert(0, 'x')),
                }
            }
            out
        }
    }

    /// Git merges many small files at once, and says which are in conflict: each is compared.
    #[test]
    fn the_same_as_git_with_texts_made_by_chance() {
        let repo = TestRepo::new();
        let mut chance = Chance(1);
        let mut files = Vec::new();
        for n in 0..600 {
            let kinds = 2 + n % 30;
            let base = chance.text(kinds);
            let sides = [base.clone(), chance.changed(&base, kinds), chance.changed(&base, kinds)];
            files.push(sides.map(|lines| lines.concat()));
        }
        let mut sides = Vec::new();
        for side in 0..3 {
            for (n, texts) in files.iter().enumerate() {
                repo.write(format!("{n}"), &texts[side]);
            }
            repo.git(&["add", "-A"]);
            let tree = String::from_utf8(repo.git(&["write-tree"])).unwrap();
            let commit = repo.git(&["commit-tree", "-m", "c", tree.trim()]);
            sides.push(String::from_utf8(commit).unwrap().trim().to_owned());
        }
        let question = format!("{} -- {} {}\n", sides[0], sides[1], sides[2]);
        for (name, style) in [("merge", Style::Merge), ("diff3", Style::Diff3), ("zdiff3", Style::ZealousDiff3)] {
            let setting = format!("merge.conflictStyle={name}");
            let args = ["-c", &setting, "merge-tree", "--stdin", "--no-messages"];
            let answer = String::from_utf8(repo.git_with_input(&args, question.as_bytes())).unwrap();
            let mut parts = answer.split('\0').skip(1);
            let tree = parts.next().unwrap().to_owned();
            let in_conflict: BTreeSet<&str> =
                parts.filter_map(|part| part.split_once('\t')).map(|(_, path)| path).collect();
            let listed = String::from_utf8(repo.git(&["ls-tree", "-z", &tree])).unwrap();
            let wanted: BTreeMap<&str, &str> = listed
                .split_terminator('\0')
                .map(|line| line.split_once('\t').unwrap())
                .map(|(entry, path)| (path, entry.rsplit_once(' ').unwrap().1))
                .collect();
            let mut merged = 0;
            for (n, texts) in files.iter().enumerate() {
                let path = n.to_string();
                match merge([&texts[0], &texts[1], &texts[2]].map(|text| text.as_bytes()), style) {
                    Text::Merged(text) => {
                        merged += 1;
                        assert!(!in_conflict.contains(&*path), "{name}: {texts:?} is in conflict for git");
                        let id = name_of(ObjectKind::Blob, &text).unwrap().to_string();
                        assert_eq!(wanted.get(&*path), Some(&&*id), "{name}: {texts:?}");
                    }
                    Text::Conflict => assert!(in_conflict.contains(&*path), "{name}: {texts:?} is clean for git"),
                    Text::Unsure => panic!("{texts:?}"),
                }
            }
            assert!(merged > 100 && in_conflict.len() > 100, "{name}: {merged} merged, {} not", in_conflict.len());
        }
    }
}
