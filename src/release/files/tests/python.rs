//! Files of Python projects.

use super::{case, run_all};

#[test]
fn pyproject_toml() {
    run_all(&[
        case(
            "PEP 621, comments, the same number elsewhere, its own spelling",
            "1.2.1-rc.1",
            &[(
                "pyproject.toml",
                "[build-system]\nrequires = [\"x==1.2.0\"] # 1.2.0\n[project]\nname = \"a\"\nversion = '«1.2.0→1.2.1rc1»'   # keep 1.2.0\n\
                 requires-python = \">=1.2.0\"\ndependencies = [\"b==1.2.0\"]\n[tool.x]\nversion = \"1.2.0\"\n",
            )],
        ),
        case(
            "Poetry",
            "1.2.1",
            &[(
                "pyproject.toml",
                "[tool.poetry]\nname = \"ä\"\nversion = \"«1.2.0→1.2.1»\"\n[tool.poetry.dependencies]\npython = \"^1.2.0\"\nb = {version = \"1.2.0\"}\n",
            )],
        ),
        case(
            "both tables, inline",
            "1.3.0-beta.2",
            &[(
                "pyproject.toml",
                "project = { name = \"A.b_c\", version = \"«1.2→1.3.0b2»\" }\ntool.poetry = { version = \"«1.2.0→1.3.0b2»\", name = \"a-b-c\" }\n",
            )],
        ),
        case(
            "a version that stands in a source, and a workspace that asks for it",
            "1.2.1",
            &[
                (
                    "pyproject.toml",
                    "[project]\nname = \"a\"\ndynamic = [\"version\"]\n[tool.hatch.version]\npath = \"lib/about.py\"\n[tool.uv.workspace]\nmembers = [\"m/*\"]\n",
                ),
                ("lib/about.py", "__version__ = \"«1.2.0→1.2.1»\"\n"),
                (
                    "m/x/pyproject.toml",
                    "[project]\nname = \"x\"\nversion = \"0.1.0\"\ndependencies = [\"A[all] == «1.2.0→1.2.1»; python_version>'3'\", \"b==1.2.0\"]\n",
                ),
            ],
        ),
    ]);
}

#[test]
fn uv_lock() {
    const MANIFEST: (&str, &str) = ("pyproject.toml", "[project]\nname = \"a.b\"\nversion = \"«1.2.0→1.2.1rc1»\"\n");
    run_all(&[
        case(
            "editable, and another package of the same number",
            "1.2.1-rc.1",
            &[
                MANIFEST,
                (
                    "uv.lock",
                    "version = 1\nrequires-python = \">=3.9\"\n\n[[package]]\nname = \"a-b\"\nversion = \"«1.2.0→1.2.1rc1»\"\nsource = { editable = \".\" }\n\
                     dependencies = [\n    { name = \"c\" },\n]\n\n[[package]]\nname = \"c\"\nversion = \"1.2.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n",
                ),
            ],
        ),
        case(
            "virtual, comments",
            "1.2.1-rc.1",
            &[
                MANIFEST,
                (
                    "uv.lock",
                    "[[package]]\nname = \"a-b\" # 1.2.0\nversion = '«1.2.0→1.2.1rc1»' # x\nsource = { virtual = \".\" }\n",
                ),
            ],
        ),
        case(
            "a member of a workspace that stays",
            "1.2.1-rc.1",
            &[
                MANIFEST,
                (
                    "uv.lock",
                    "[[package]]\nname = \"m\"\nversion = \"1.2.0\"\nsource = { editable = \"m\" }\n[[package]]\nname = \"a-b\"\nversion = \"«1.2.0→1.2.1rc1»\"\n\
                     source = { directory = \".\" }\n[[package]]\nname = \"a-b\"\nversion = \"1.2.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n",
                ),
            ],
        ),
    ]);
}

#[test]
fn setup_cfg() {
    run_all(&[
        case(
            "comments, other sections",
            "1.2.1-alpha.3",
            &[(
                "setup.cfg",
                "# version = 1.2.0\n[bumpversion]\nversion = 9.9.9\n[metadata]\nname = a\nversion = «1.2.0→1.2.1a3»  # 1.2.0\n[options]\nversion = 1.2.0\n",
            )],
        ),
        case(
            "a colon and capitals",
            "1.2.1",
            &[("setup.cfg", "[metadata]\nVersion: «1.2.0→1.2.1»\ndescription = é\n  version = 1.2.0\n")],
        ),
        case(
            "the value on its own line",
            "1.2.1",
            &[("setup.cfg", "[metadata]\nversion =\n\t«1.2.0→1.2.1»\nname=a\n; version=1\n")],
        ),
        case(
            "a version that stands in a source",
            "1.2.1",
            &[
                ("setup.cfg", "[metadata]\nversion = attr: pkg.about.__version__\n"),
                ("src/pkg/about.py", "__version__ = '«1.2.0→1.2.1»'\n"),
            ],
        ),
    ]);
}

#[test]
fn python_sources() {
    const PROJECT: (&str, &str) = ("pyproject.toml", "[project]\nname = \"a\"\ndynamic = [\"version\"]\n");
    run_all(&[
        case(
            "texts and comments with the same number",
            "1.2.1-rc.1",
            &[
                PROJECT,
                (
                    "src/a/__init__.py",
                    "\"\"\"A.\n\n__version__ = '1.2.0'\n\"\"\"\n# __version__ = '1.2.0'\nif True:\n    __version__ = '1.2.0'\n\
                     __version__ = '«1.2.0→1.2.1rc1»'  # 1.2.0\nother = '1.2.0'\n",
                ),
            ],
        ),
        case(
            "a type, several names, a tuple",
            "1.2.1",
            &[
                PROJECT,
                (
                    "a/_version.py",
                    "__version__: str = version = \"«1.2.0→1.2.1»\"\n__version_info__ = («1, 2, 0→1, 2, 1», 'final')\nX = (1, 2, 0)\n",
                ),
            ],
        ),
        case(
            "long quotes, beside a setup.py that reads it, and a tuple of something else",
            "1.2.1",
            &[
                ("setup.py", "setup(version='1.2.0')\n"),
                (
                    "a/__init__.py",
                    "VERSION = (3, 8, 0)\ns = 'it\\'s' \\\n  '__version__'\n__version__ = u'''«1.2.0→1.2.1»'''\n",
                ),
                ("a/b/__init__.py", "__version__ = '7.0'\n"),
            ],
        ),
        case(
            "beside a version in pyproject.toml",
            "1.2.1",
            &[
                ("pyproject.toml", "[project]\nname='a'\nversion = '«1.2.0→1.2.1»'\n"),
                ("a/__init__.py", "é = 1\n__version__='«1.2→1.2.1»'\n"),
                ("tests/__init__.py", "\n"),
            ],
        ),
    ]);
}
