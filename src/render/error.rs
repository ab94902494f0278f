//! Errors: what happened, why, and the way out.

use super::page::{Page, bad, bold, dim, plain};
use crate::Error;

pub(super) fn render(page: &mut Page<'_>, error: &Error) {
    page.line([bad("error: "), bold(error.message())]);
    for cause in error.causes() {
        page.line([dim("  because: "), plain(cause)]);
    }
    for help in error.helps() {
        page.line([dim("  help: "), plain(help)]);
    }
}
