//! What git does to a file's bytes on their way between worktree and repository
//! (<https://git-scm.com/docs/gitattributes>).

use super::repo::Repo;
use crate::host::fs;
use crate::model::RepoPath;
use crate::{Error, Result};
use gix_attributes::search::{MetadataCollection, Outcome};
use gix_attributes::{Search, StateRef};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// How one path is converted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    /// Bytes may change on their way into the repository.
    pub cleans: bool,
    /// Bytes may change on their way into the worktree.
    pub smudges: bool,
    /// Only `git` can do it: a filter driver or an encoding.
    pub external: bool,
    /// The filter driver's name.
    pub filter: Option<String>,
    /// Whether line ends are made LF on their way into the repository.
    pub text: Text,
    /// Whether `$Id$` is filled in.
    pub ident: bool,
}

/// What the attribute `text` and the settings beside it say of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Text {
    /// It is not text.
    #[default]
    Unset,
    /// It is text.
    Set,
    /// It is text when it looks like it.
    Auto,
}

impl Conversion {
    /// Whether the bytes pass unchanged both ways.
    pub fn is_none(&self) -> bool {
        !self.cleans && !self.smudges
    }
}

/// Attribute rules, and the settings for line ends.
pub struct Attributes {
    search: Search,
    names: MetadataCollection,
    auto_crlf: bool,
    crlf_out: bool,
    fold_case: bool,
    trivial: bool,
    /// Whether the end of a name tells all within a directory, or (`Some(true)`) everywhere.
    by_ending: Option<bool>,
}

const WANTED: [&str; 6] = ["text", "crlf", "eol", "ident", "filter", "working-tree-encoding"];

impl Attributes {
    /// Rules of a repository; `files` are the `.gitattributes` with their directories (empty: the top),
    /// outermost first.
    pub fn new(repo: &Repo, files: &[(RepoPath, Vec<u8>)]) -> Result<Attributes> {
        let mut names = MetadataCollection::default();
        let mut global = vec![PathBuf::from("/etc/gitattributes")];
        if crate::host::env::var("GIT_CONFIG_NOSYSTEM").is_some()
            || crate::host::env::var("GIT_ATTR_NOSYSTEM").is_some()
        {
            global.clear();
        }
        global.extend(repo.config_path("core.attributesfile").or_else(|| {
            let base = crate::host::env::var_os("XDG_CONFIG_HOME").filter(|v| !v.is_empty()).map(PathBuf::from);
            let base = base.or_else(|| crate::host::env::var_os("HOME").map(|home| Path::new(&home).join(".config")));
            base.map(|base| base.join("git/attributes"))
        }));
        let failed = |e: std::io::Error| Error::io("cannot read git's attributes", &e);
        let info = repo.common_dir().join("info/attributes");
        let (mut outside, mut by_ending) = (false, true);
        for path in global.iter().chain([&info]) {
            match fs::read_capped(path, MAX) {
                Ok(None) => {}
                Ok(Some(bytes)) => {
                    outside |= speaks_of_text(&bytes);
                    by_ending &= asks_for_endings(&bytes);
                }
                Err(_) => (outside, by_ending) = (true, false),
            }
        }
        let mut search = Search::new_globals(global, &mut Vec::new(), &mut names).map_err(failed)?;
        for (path, bytes) in files {
            let source = Path::new("/").join(path.to_os());
            let top = path.parent().is_empty();
            search.add_patterns_buffer(bytes, source, Some(Path::new("/")), &mut names, top).map_err(failed)?;
        }
        search.add_patterns_file(info, true, None, &mut Vec::new(), &mut names, true).map_err(failed)?;
        let auto = repo.config_string("core.autocrlf").unwrap_or_default().to_lowercase();
        let auto_out = repo.config_bool("core.autocrlf") == Some(true);
        let crlf_out = auto_out || (auto != "input" && repo.config_string("core.eol").as_deref() == Some("crlf"));
        let auto_crlf = auto_out || auto == "input";
        let known: Vec<&str> = names.iter().map(|(name, _)| name).collect();
        // `text` is always among the names: the built-in `binary` says `-text`, which converts nothing.
        let text = outside || files.iter().any(|(_, bytes)| speaks_of_text(bytes));
        let trivial = !auto_crlf && !text && !WANTED.iter().any(|w| *w != "text" && known.contains(w));
        let fold_case = repo.config_bool("core.ignorecase") == Some(true);
        by_ending &= trivial || files.iter().all(|(_, bytes)| asks_for_endings(bytes));
        let by_ending = by_ending.then(|| files.iter().all(|(path, _)| path.parent().is_empty()));
        Ok(Attributes { search, names, auto_crlf, crlf_out, fold_case, trivial, by_ending })
    }

    /// Whether no path is converted at all.
    pub fn is_trivial(&self) -> bool {
        self.trivial
    }

    /// How `path` is converted.
    pub fn conversion(&self, path: &RepoPath) -> Conversion {
        Lookup::new(self).conversion(path.as_bytes()).clone()
    }

    /// Whether `path` is merged as any text is, as far as attributes say.
    pub(super) fn merges_as_text(&self, path: &RepoPath) -> bool {
        let mut out = Outcome::default();
        out.initialize_with_selection(&self.names, ["merge"]);
        self.look_up(path.as_bytes(), &mut out);
        out.iter_selected().all(|one| matches!(one.assignment.state, StateRef::Set | StateRef::Unspecified))
    }

    fn look_up(&self, path: &[u8], out: &mut Outcome) {
        let case = if self.fold_case { gix_glob::pattern::Case::Fold } else { gix_glob::pattern::Case::Sensitive };
        self.search.pattern_matching_relative_path(path.into(), case, Some(false), out);
    }
}

/// Asks for the conversions of many paths, best in their order: what is the same for many is looked up once.
pub struct Lookup<'a> {
    attributes: &'a Attributes,
    out: Outcome,
    /// The directory that `known` is of.
    dir: Vec<u8>,
    /// By the ends of names.
    known: HashMap<Vec<u8>, Conversion>,
    last: Conversion,
}

impl<'a> Lookup<'a> {
    /// More ends of names are not kept.
    const MOST: usize = 1000;

    /// Asks these rules.
    pub fn new(attributes: &'a Attributes) -> Self {
        let mut out = Outcome::default();
        if !attributes.trivial {
            out.initialize_with_selection(&attributes.names, WANTED);
        }
        Lookup { attributes, out, dir: Vec::new(), known: HashMap::new(), last: Conversion::default() }
    }

    /// How `path` is converted.
    pub fn conversion(&mut self, path: &[u8]) -> &Conversion {
        if self.attributes.trivial {
            return &self.last;
        }
        let Some(everywhere) = self.attributes.by_ending else {
            self.last = self.ask(path);
            return &self.last;
        };
        let (dir, name) = path.split_at(memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1));
        if (!everywhere && self.dir != dir) || self.known.len() > Self::MOST {
            self.known.clear();
            self.dir = dir.to_vec();
        }
        let ending = &name[memchr::memchr(b'.', name).unwrap_or(name.len())..];
        if !self.known.contains_key(ending) {
            let found = self.ask(path);
            self.known.insert(ending.to_vec(), found);
        }
        self.known.get(ending).unwrap_or(&self.last)
    }

    fn ask(&mut self, path: &[u8]) -> Conversion {
        self.out.reset();
        self.attributes.look_up(path, &mut self.out);
        let mut found = Found::default();
        for one in self.out.iter_selected() {
            found.note(one.assignment.name.as_str(), one.assignment.state);
        }
        found.conversion(self.attributes.auto_crlf, self.attributes.crlf_out)
    }
}

/// Whether all rules of a file of attributes are for all names (`*`) or for those with some ending (`*.txt`).
fn asks_for_endings(bytes: &[u8]) -> bool {
    use gix_attributes::parse::Kind;
    use gix_glob::pattern::Mode;
    gix_attributes::parse(bytes).all(|line| match line {
        Ok((Kind::Macro(_), ..)) => true,
        Ok((Kind::Pattern(pattern), ..)) => {
            pattern.mode == Mode::NO_SUB_DIR | Mode::ENDS_WITH
                && (pattern.text == "*" || pattern.text.starts_with(b"*."))
        }
        Err(_) => false,
    })
}

/// More than any file of attributes.
const MAX: u64 = 100 << 20;

/// Whether a file of attributes can make something text: that word must stand in it then.
fn speaks_of_text(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"text").is_some()
}

#[derive(Default)]
struct Found {
    text: Option<Text>,
    eol: Option<bool>,
    ident: bool,
    filter: Option<String>,
    encoding: bool,
}

impl Found {
    fn note(&mut self, name: &str, state: StateRef<'_>) {
        let value = match state {
            StateRef::Value(value) => String::from_utf8_lossy(value.as_bstr()).into_owned(),
            _ => String::new(),
        };
        let (set, unset) = (matches!(state, StateRef::Set), matches!(state, StateRef::Unset));
        match name {
            "text" | "crlf" if self.text.is_none() || name == "text" => match (set, unset, value.as_str()) {
                (true, ..) => self.text = Some(Text::Set),
                (_, _, "auto") => self.text = Some(Text::Auto),
                (_, true, _) => self.text = Some(Text::Unset),
                (_, _, "input") => (self.text, self.eol) = (Some(Text::Set), Some(false)),
                _ => {}
            },
            "eol" if value == "crlf" => self.eol = Some(true),
            "eol" if value == "lf" => self.eol = Some(false),
            "ident" => self.ident = set,
            "filter" if !value.is_empty() => self.filter = Some(value),
            "working-tree-encoding" => self.encoding = !value.is_empty() && !value.eq_ignore_ascii_case("utf-8"),
            _ => {}
        }
    }

    fn conversion(self, auto_crlf: bool, crlf_out: bool) -> Conversion {
        let text = match self.text {
            Some(text) => text,
            None if self.eol.is_some() => Text::Set,
            None if auto_crlf => Text::Auto,
            None => Text::Unset,
        };
        let is_text = text != Text::Unset;
        let crlf = is_text && self.eol.unwrap_or(crlf_out);
        let external = self.filter.is_some() || self.encoding;
        Conversion {
            cleans: is_text || self.ident || external,
            smudges: crlf || self.ident || external,
            external,
            filter: self.filter,
            text,
            ident: self.ident,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;

    #[test]
    fn many_paths_are_answered_as_each_by_itself() {
        let repo = TestRepo::new();
        let opened = Repo::open_at(repo.root()).unwrap();
        let endings = "* text=auto\n*.sh eol=lf\n*.b.txt -text\n[attr]ours text\n*.o ours\n";
        let below = ("d/.gitattributes", "*.txt eol=crlf\n");
        let top = |rules| (".gitattributes", rules);
        let cases = [
            (vec![top(endings)], Some(true)),
            (vec![top(endings), below], Some(false)),
            (vec![top("* text\na* -text\n")], None),
            (vec![top("/*.txt text\n")], None),
            (vec![top("* text=auto\n*e/a.txt -text\n"), below], None),
        ];
        let names = ["a.sh", "a.txt", "a.b.txt", "b.x.txt", ".txt", "o", "x.o", "A.TXT", "a.", "a"];
        for (files, by_ending) in cases {
            let files: Vec<_> =
                files.iter().map(|(path, bytes)| (RepoPath::from(*path), bytes.as_bytes().to_vec())).collect();
            let mut attributes = Attributes::new(&opened, &files).unwrap();
            assert_eq!(attributes.by_ending, by_ending, "{files:?}");
            let paths = || ["", "d/", "d/e/", "f/", "f.d/"].into_iter().flat_map(|d| names.map(|n| format!("{d}{n}")));
            let mut lookup = Lookup::new(&attributes);
            let together: Vec<_> = paths().map(|path| lookup.conversion(path.as_bytes()).clone()).collect();
            attributes.by_ending = None;
            let alone: Vec<_> = paths().map(|path| attributes.conversion(&RepoPath::from(path.as_str()))).collect();
            assert_eq!(together, alone, "{files:?}");
            assert!(alone.iter().any(|one| *one != alone[0]), "{files:?}");
        }
    }

    #[test]
    fn only_attributes_that_convert_are_looked_up_for_each_file() {
        let repo = TestRepo::new();
        let of = |file: &str| {
            let opened = Repo::open_at(repo.root()).unwrap();
            Attributes::new(&opened, &[(RepoPath::from(".gitattributes"), file.as_bytes().to_vec())]).unwrap()
        };
        for plain in ["", "*.js diff\n*.png binary\n*.lock -diff merge=ours\n"] {
            assert!(of(plain).is_trivial(), "{plain}");
        }
        let path = RepoPath::from("a.js");
        for converts in
            ["* text=auto\n", "[attr]ours text\n*.js ours\n", "*.js crlf\n", "*.js filter=x\n", "*.js eol=lf\n"]
        {
            assert!(!of(converts).conversion(&path).is_none(), "{converts}");
        }
        repo.write(".git/info/attributes", "* text=auto\n");
        let opened = Repo::open_at(repo.root()).unwrap();
        assert_eq!(Attributes::new(&opened, &[]).unwrap().conversion(&path).text, Text::Auto);
    }
}
