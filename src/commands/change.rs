//! What `points delete` and `baseline set` do.

use super::Ctx;
use crate::model::report::Outcome;
use crate::{Error, Result};

/// Deletes a point.
pub(super) fn delete_point(_ctx: &mut Ctx<'_>, _name: &str, _purge: bool) -> Result<Outcome> {
    Err(Error::refused("not built yet"))
}

/// Sets a baseline.
pub(super) fn set_baseline(
    _ctx: &mut Ctx<'_>,
    _rev: Option<String>,
    _name: Option<String>,
    _force: bool,
) -> Result<Outcome> {
    Err(Error::refused("not built yet"))
}
