//! `Cargo.toml` and `Cargo.lock`.

use super::{case, run_all};

#[test]
fn cargo_toml() {
    run_all(&[
        case(
            "comments, the same number elsewhere, literal quotes",
            "1.2.1",
            &[(
                "Cargo.toml",
                "# 1.2.0 is the version\n[package]\nname = \"a\"   # not 1.2.0\nversion = '«1.2.0→1.2.1»' # version = \"1.2.0\"\n\
                 rust-version = \"1.2.0\"\n\n[dependencies]\nserde = \"1.2.0\"\nb = { version = \"1.2.0\", features = [\n  \"x\",\n] }\n",
            )],
        ),
        case(
            "keys with dots, odd spaces, tabs, an inline table",
            "2.0.0-rc.1",
            &[(
                "Cargo.toml",
                "package.name=\"a\"\npackage  .\tversion =\t\"«1.9.9→2.0.0-rc.1»\"\npackage.metadata = { version = \"1.9.9\" }\n",
            )],
        ),
        case(
            "an inline table as the whole package, and a long text",
            "1.2.1",
            &[("Cargo.toml", "package = { name = \"a\", version = \"\"\"«1.2.0→1.2.1»\"\"\", edition = \"2024\" }\n")],
        ),
        case(
            "quoted keys and umlauts",
            "1.2.1",
            &[(
                "Cargo.toml",
                "[\"package\"]\n\"name\" = \"ä\"\n'version' = \"«1.2.0→1.2.1»\"\ndescription = \"überall 1.2.0\"\n",
            )],
        ),
    ]);
}

#[test]
fn cargo_workspaces() {
    run_all(&[
        case(
            "members that inherit, one with its own, path dependencies",
            "1.2.1",
            &[
                (
                    "Cargo.toml",
                    "[workspace]\nmembers = [\"crates/*\", \"tools/x\"]\nexclude = [\"crates/old\"]\n\n[workspace.package]\n\
                     version = \"«1.2.0→1.2.1»\" # all\n\n[workspace.dependencies]\na = { path = \"crates/a\", version = \"=«1.2.0→1.2.1»\" }\n\
                     b = { version = \"^«1.2.0→1.2.1»\", path = \"crates/b\" }\nz = \"1.2.0\"\nown = { path = \"tools/x\", version = \"1.2.0\" }\n",
                ),
                ("crates/a/Cargo.toml", "[package]\nname = \"a\"\nversion.workspace = true\n"),
                (
                    "crates/b/Cargo.toml",
                    "[package]\nname = \"b\"\nversion = { workspace = true }\n\n[dependencies]\na.workspace = true\n\n\
                     [target.'cfg(unix)'.dev-dependencies.c]\npath = \"../c\"\nversion = \"~«1.2.0→1.2.1»\"\n",
                ),
                ("crates/c/Cargo.toml", "[package]\nname = \"c\"\nversion = \"«1.2.0→1.2.1»\"\n"),
                ("crates/old/Cargo.toml", "[package]\nname = \"old\"\nversion = \"1.2.0\"\n"),
                ("tools/x/Cargo.toml", "[package]\nname = \"own\"\nversion = \"0.3.0\"\n"),
                (
                    "Cargo.lock",
                    "# generated\nversion = 4\n\n[[package]]\nname = \"a\"\nversion = \"«1.2.0→1.2.1»\"\n\n[[package]]\nname = \"b\"\n\
                     version = \"«1.2.0→1.2.1»\"\ndependencies = [\n \"a\",\n \"c «1.2.0→1.2.1»\",\n \"c 0.9.0\",\n \"z\",\n]\n\n[[package]]\n\
                     name = \"c\"\nversion = \"0.9.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"12\"\n\n\
                     [[package]]\nname = \"c\"\nversion = \"«1.2.0→1.2.1»\"\n\n[[package]]\nname = \"own\"\nversion = \"0.3.0\"\n\n\
                     [[package]]\nname = \"z\"\nversion = \"1.2.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
                ),
            ],
        ),
        case(
            "a root package that inherits from its own workspace",
            "0.2.0",
            &[
                (
                    "Cargo.toml",
                    "[workspace]\nmembers = [\"m\"]\npackage = { version = \"«0.1.9→0.2.0»\" }\n[package]\nname = \"r\"\nversion.workspace = true\n",
                ),
                ("m/Cargo.toml", "[package]\nname = \"m\"\nversion = \"0.1.0\"\n[dependencies]\nr = { path = \"..\", version = \"«0.1→0.2»\" }\n"),
            ],
        ),
        case(
            "one member of a workspace, with its path and its own version",
            "1.0.1",
            &[
                ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n[workspace.package]\nversion = \"1.0.0\"\n"),
                ("crates/a/Cargo.toml", "[package]\nname = \"a\"\nversion = \"«1.0.0→1.0.1»\"\n"),
                ("crates/b/Cargo.toml", "[package]\nname = \"b\"\nversion = \"1.0.0\"\n[dependencies]\na = { path = \"../a\", version = \"«1.0.0→1.0.1»\" }\n"),
                (
                    "Cargo.lock",
                    "[[package]]\nname = \"a\"\nversion = \"«1.0.0→1.0.1»\"\n\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\ndependencies = [\n \"a\",\n]\n",
                ),
            ],
        )
        .at("crates/a"),
    ]);
}

#[test]
fn cargo_lock() {
    run_all(&[
        case(
            "a crate of the same name and number from a registry",
            "1.2.1",
            &[
                ("Cargo.toml", "[package]\nname = \"a\"\nversion = \"«1.2.0→1.2.1»\"\n"),
                (
                    "Cargo.lock",
                    "version = 3\n\n[[package]]\nname = \"a\"\nversion = \"«1.2.0→1.2.1»\"\ndependencies = [\n \
                     \"a 1.2.0 (registry+https://github.com/rust-lang/crates.io-index)\",\n]\n\n[[package]]\nname = \"a\"\nversion = \"1.2.0\"\n\
                     source = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
                ),
            ],
        ),
        case(
            "the oldest form, with the package itself apart",
            "1.2.1",
            &[
                ("Cargo.toml", "[package]\nname = \"a\"\nversion = \"«1.2.0→1.2.1»\"\n"),
                (
                    "Cargo.lock",
                    "[root]\nname = \"a\"\nversion = \"«1.2.0→1.2.1»\"\ndependencies = [\n \"b 1.2.0 (git+https://x/y#12)\",\n]\n\n[[package]]\n\
                     name = \"b\"\nversion = \"1.2.0\"\nsource = \"git+https://x/y#12\"\n\n[metadata]\n\"checksum a 1.2.0\" = \"<none>\"\n",
                ),
            ],
        ),
        case(
            "a lock file of a workspace further up",
            "1.2.1",
            &[
                ("r/Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"),
                ("r/a/Cargo.toml", "[package]\nname = \"a\"\nversion = \"«1.2.0→1.2.1»\"\n"),
                ("r/Cargo.lock", "[[package]]\nname = 'a' # 1.2.0\nversion = '«1.2.0→1.2.1»'\n"),
            ],
        )
        .at("r/a"),
    ]);
}
