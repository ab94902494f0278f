//! Who did something, and when.

use super::Time;
use serde::{Deserialize, Serialize};

/// A person and a moment, as a commit records them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The moment.
    pub time: Time,
}

impl Who {
    /// `Name <address> seconds +hhmm`, as git writes it into commits and reflogs.
    pub fn git_line(&self) -> String {
        let clean = |text: &str| text.chars().filter(|c| !c.is_control() && !"<>".contains(*c)).collect::<String>();
        let offset = self.time.offset_minutes;
        let sign = if offset < 0 { '-' } else { '+' };
        let offset = offset.abs();
        let (name, email) = (clean(&self.name), clean(&self.email));
        format!("{} <{}> {} {sign}{:02}{:02}", name.trim(), email.trim(), self.time.seconds, offset / 60, offset % 60)
    }
}
