//! Files of npm, Composer, Helm, Dart, and what patterns find.

use super::{case, run_all};

#[test]
fn package_json() {
    run_all(&[
        case(
            "tabs, the same number elsewhere, a big number, escapes",
            "1.2.1",
            &[(
                "package.json",
                "{\n\t\"name\": \"a\",\n\t\"version\" : \"«1.2.0→1.2.1»\",\n\t\"config\": { \"version\": \"1.2.0\", \"n\": 12345678901234567890123 },\n\
                 \t\"files\": [\"a\",\"b\"],\n\t\"description\": \"\\u00e9 1.2.0\",\n\t\"dependencies\": {\"x\": \"1.2.0\", \"y\":\"^1.2.0\"}\n}\n",
            )],
        ),
        case(
            "one line, version last, written with escapes",
            "1.2.1",
            &[(
                "package.json",
                "{\"engines\":{\"node\":\">=1.2.0\"},\"name\":\"a\",\"version\":\"«1.2\\u002e0→1.2.1»\"}\n",
            )],
        ),
        case(
            "workspaces, ranges among them, links",
            "2.0.0",
            &[
                (
                    "package.json",
                    "{\n  \"private\": true,\n  \"workspaces\": [\"packages/*\", \"!packages/old\"],\n  \"devDependencies\": {\"@s/a\": \"workspace:*\"}\n}\n",
                ),
                ("packages/a/package.json", "{\n  \"name\": \"@s/a\",\n  \"version\": \"«1.2.0→2.0.0»\"\n}\n"),
                (
                    "packages/b/package.json",
                    "{\n  \"name\": \"b\",\n  \"version\": \"«1.2.0→2.0.0»\",\n  \"dependencies\": {\n    \"@s/a\": \"^«1.2.0→2.0.0»\",\n    \"c\": \"1.2.0\"\n  },\n  \
                     \"peerDependencies\": { \"@s/a\": \"workspace:~«1.2.0→2.0.0»\" },\n  \"optionalDependencies\": {\"@s/a\": \"file:../a\"}\n}\n",
                ),
                ("packages/old/package.json", "{\"name\": \"old\", \"version\": \"0.1.0\"}\n"),
                ("node_modules/@s/a/package.json", "{\"name\": \"@s/a\", \"version\": \"1.2.0\"}\n"),
            ],
        ),
        case(
            "workspaces of pnpm, and a version that stands for none at the top",
            "1.2.1",
            &[
                ("package.json", "{ \"name\": \"r\", \"version\": \"0.0.0\", \"private\": true }\n"),
                ("pnpm-workspace.yaml", "packages:\n  - 'apps/**' # 1.2.0\n"),
                ("apps/x/y/package.json", "{ \"name\": \"y\", \"version\": \"«1.2.0→1.2.1»\" }\n"),
            ],
        ),
    ]);
}

#[test]
fn package_lock_json() {
    const MANIFEST: (&str, &str) =
        ("package.json", "{\"name\": \"a\", \"version\": \"«1.2.0→1.2.1»\", \"dependencies\": {\"b\": \"^1.2.0\"}}\n");
    run_all(&[
        case(
            "version 1",
            "1.2.1",
            &[
                MANIFEST,
                (
                    "package-lock.json",
                    "{\n  \"name\": \"a\",\n  \"version\": \"«1.2.0→1.2.1»\",\n  \"lockfileVersion\": 1,\n  \"requires\": true,\n  \"dependencies\": {\n    \
                     \"b\": {\n      \"version\": \"1.2.0\",\n      \"requires\": { \"a\": \"^1.2.0\" }\n    }\n  }\n}\n",
                ),
            ],
        ),
        case(
            "version 2, with workspaces",
            "1.2.1",
            &[
                (
                    "package.json",
                    "{\n\t\"name\": \"r\",\n\t\"version\": \"«1.2.0→1.2.1»\",\n\t\"workspaces\": {\"packages\": [\"./packages/a/\"]}\n}\n",
                ),
                (
                    "packages/a/package.json",
                    "{\"version\":\"«1.2.0→1.2.1»\",\"name\":\"a\",\"devDependencies\":{\"r\":\"«1.2.0→1.2.1»\"}}\n",
                ),
                (
                    "package-lock.json",
                    "{\n\t\"name\": \"r\",\n\t\"version\": \"«1.2.0→1.2.1»\",\n\t\"lockfileVersion\": 2,\n\t\"packages\": {\n\t\t\"\": {\n\t\t\t\"name\": \"r\",\n\
                     \t\t\t\"version\": \"«1.2.0→1.2.1»\"\n\t\t},\n\t\t\"node_modules/a\": {\n\t\t\t\"resolved\": \"packages/a\",\n\t\t\t\"link\": true\n\t\t},\n\
                     \t\t\"node_modules/b\": {\n\t\t\t\"version\": \"1.2.0\",\n\t\t\t\"peerDependencies\": {\"a\": \"^1.2.0\"}\n\t\t},\n\t\t\"packages/a\": {\n\
                     \t\t\t\"version\": \"«1.2.0→1.2.1»\",\n\t\t\t\"devDependencies\": {\n\t\t\t\t\"r\": \"«1.2.0→1.2.1»\"\n\t\t\t}\n\t\t}\n\t},\n\t\"dependencies\": {\n\
                     \t\t\"a\": {\n\t\t\t\"version\": \"file:packages/a\",\n\t\t\t\"requires\": {\n\t\t\t\t\"r\": \"«1.2.0→1.2.1»\"\n\t\t\t}\n\t\t}\n\t}\n}\n",
                ),
            ],
        ),
        case(
            "version 3",
            "1.2.1",
            &[
                MANIFEST,
                (
                    "package-lock.json",
                    "{\n  \"name\": \"a\",\n  \"version\": \"«1.2.0→1.2.1»\",\n  \"lockfileVersion\": 3,\n  \"packages\": {\n    \"\": {\n      \"name\": \"a\",\n      \
                     \"version\": \"«1.2.0→1.2.1»\",\n      \"dependencies\": { \"b\": \"^1.2.0\" }\n    },\n    \"node_modules/b\": {\n      \"version\": \"1.2.0\",\n      \
                     \"integrity\": \"sha512-1.2.0==\"\n    }\n  }\n}\n",
                ),
            ],
        ),
        case(
            "a shrinkwrap",
            "1.2.1",
            &[
                MANIFEST,
                ("npm-shrinkwrap.json", "{\"name\":\"a\",\"version\":\"«1.2.0→1.2.1»\",\"lockfileVersion\":1}\n"),
            ],
        ),
    ]);
}

#[test]
fn composer_json() {
    run_all(&[
        case(
            "plain",
            "1.2.1",
            &[(
                "composer.json",
                "{\n    \"name\": \"v/p\",\n    \"version\": \"«1.2.0→1.2.1»\",\n    \"require\": {\"v/q\": \"1.2.0\"}\n}\n",
            )],
        ),
        case(
            "with a v",
            "1.2.1",
            &[("composer.json", "{\"version\":\"«v1.2.0→v1.2.1»\",\"extra\":{\"version\":\"1.2.0\"}}\n")],
        ),
        case(
            "beside another file",
            "1.2.1-rc.1",
            &[
                (
                    "composer.json",
                    "{ \"extra\": { \"a\\\"version\": \"1.2.0\" },\n\"version\":\n\t\"«1.2.0→1.2.1-rc.1»\"\n}\n",
                ),
                ("VERSION", "«1.2.0→1.2.1-rc.1»\n"),
            ],
        ),
    ]);
}

#[test]
fn chart_yaml() {
    run_all(&[
        case(
            "comments, quotes, both versions, dependencies",
            "1.10.0",
            &[(
                "Chart.yaml",
                "# version: 1.2.0\napiVersion: v2\nname: a\nversion: «1.2.0→1.10.0»   # chart, not 1.2.0\nappVersion: \"«1.2.0→1.10.0»\"\n\
                 dependencies:\n  - name: b\n    version: 1.2.0\n",
            )],
        ),
        case(
            "a chart of something else, single quotes, a v",
            "1.2.1",
            &[(
                "Chart.yaml",
                "apiVersion: v2\nversion: '«1.2.0→1.2.1»'\nappVersion: v9.9.9\ndescription: >-\n  version: 1.2.0\n  é\n",
            )],
        ),
        case(
            "an anchor, several documents, a flow map",
            "1.2.1",
            &[(
                "Chart.yaml",
                "---\n# nothing\nname: x\n---\nversion: &v \"«1.2.0→1.2.1»\"\nappVersion: *v\nannotations: {version: 1.2.0, \"appVersion\": 1.2.0}\n...\n",
            )],
        ),
        case(
            "a v before the version of the program",
            "1.2.1",
            &[("Chart.yaml", "{version: «1.2.0→1.2.1», appVersion: «v1.2.0→v1.2.1»}\n")],
        ),
    ]);
}

#[test]
fn pubspec_yaml() {
    run_all(&[
        case(
            "builds are counted",
            "1.2.1",
            &[(
                "pubspec.yaml",
                "name: a\nversion: «1.2.0+45→1.2.1+46» # 1.2.0+45\nenvironment:\n  sdk: '>=1.2.0 <4.0.0'\n",
            )],
        ),
        case(
            "without a count",
            "1.2.1",
            &[("pubspec.yaml", "version:   '«1.2.0→1.2.1»'\ndependencies:\n  b: ^1.2.0\n  c: {version: 1.2.0}\n")],
        ),
        case(
            "a count that is given",
            "2.0.0-beta.1+7",
            &[("pubspec.yaml", "\n\n\"version\": \"«1.2.0+45→2.0.0-beta.1+7»\"\nname: é\n")],
        ),
    ]);
}

#[test]
fn version_files() {
    run_all(&[
        case("alone", "1.2.1", &[("VERSION", "«1.2.0→1.2.1»\n")]),
        case("with a v and blank lines", "1.2.1-rc.1", &[("VERSION", "\n  «v1.2.0→v1.2.1-rc.1»  \n\n")]),
        case(
            "as Python spells it, beside Python",
            "1.2.1-rc.1",
            &[("VERSION", "«1.2.0→1.2.1rc1»\n"), ("setup.cfg", "[metadata]\nversion = file: VERSION\n")],
        ),
        case(
            "as Cargo spells it, beside Cargo and Python",
            "1.2.1-rc.1",
            &[
                ("VERSION", "«1.2.0→1.2.1-rc.1»\n"),
                ("Cargo.toml", "[package]\nname = \"a\"\nversion = \"«1.2.0→1.2.1-rc.1»\"\n"),
                ("pyproject.toml", "[project]\nname = \"a\"\nversion = \"«1.2.0→1.2.1rc1»\"\n"),
            ],
        ),
    ]);
}

#[test]
fn patterns() {
    run_all(&[
        case(
            "several times in a text",
            "1.2.1",
            &[
                ("VERSION", "«1.2.0→1.2.1»\n"),
                ("docs/a.md", "# app-«1.2.0→1.2.1».tar.gz\n1.2.0 app-«1.2.0→1.2.1».tar.gz\napp-x.tar.gz\n"),
            ],
        )
        .with("docs/a.md", Some("app-{version}.tar.gz"), Some(2)),
        case(
            "a kind that is not known, with umlauts",
            "1.2.1",
            &[("mix.exs", "é\n  version: \"«1.2.0→1.2.1»\", # 1.2.0\n  elixir: \"~> 1.2.0\"\n")],
        )
        .with("mix.exs", Some("version: \"{version}\""), None),
        case(
            "Python spells it in its own way",
            "1.2.1-rc.1",
            &[
                ("a/b.py", "VERSION='«1.2.0→1.2.1rc1»'\nx='1.2.0'\n"),
                ("a/Cargo.toml", "[package]\nname='a'\nversion='«1.2.0→1.2.1-rc.1»'\n"),
            ],
        )
        .at("a")
        .with("b.py", Some("VERSION='{version}'"), None),
        case(
            "named files only",
            "1.2.1",
            &[("x/package.json", "{\"version\":\"«1.2.0→1.2.1»\"}\n"), ("VERSION", "9.9.9\n")],
        )
        .with("x/package.json", None, None),
    ]);
}
