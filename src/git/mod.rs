//! The only code that names `git2` and `gix`, or starts `git`.

pub mod ignore;
pub mod index;
#[cfg(test)]
pub(crate) mod testing;
