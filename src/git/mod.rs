//! The only code that names `git2` and `gix`, or starts `git`.
